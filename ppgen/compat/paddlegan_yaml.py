"""A PaddleGAN YAML -> our config, dict -> dict; nothing is built and no file is looked at.

What it says is kept, in our words: networks and their arguments (`names`), losses and weights (`paddlegan_models`),
one optimizer entry a network, the schedule as shares of the training. Where the meaning needs the length of the data,
our config says it so that the engine can work it out: `checkpoint.interval_epochs`. Sections in our own words
(`seed`, `loader`, `schedule`, `ema`, `log`, `checkpoint`, `guard`, `card`) may stand beside PaddleGAN's and win.

Noted and not used: `find_unused_parameters`, `image_num`, `export_model` (its names are checked), `to_static`,
`validate.save_img`, `lr_scheduler.iters_per_epoch`.
"""

import copy

from ppgen.compat.names import DATASET_NAMES, MODEL_NAMES, ModelName, our_root
from ppgen.compat.paddlegan_models import Recipe, recipe_of
from ppgen.compat.section import Section, Settings
from ppgen.errors import ConfigError
from ppgen.registry import DATASETS, MODELS

_SIGNS = ("lr_scheduler", "log_config", "snapshot_config", "export_model")
_OWN = ("seed", "loader", "schedule", "ema", "log", "checkpoint", "guard", "card")
_IGNORED = ("find_unused_parameters", "image_num")
_STEP_NAMES = {"Transfroms": "Transforms"}  # so spelt in its older files
_DECAYS = ("beta1", "beta2", "epsilon", "weight_decay")
_OPTIMIZERS: dict[str, tuple[str, ...]] = {
    "Adam": _DECAYS,
    "AdamW": _DECAYS,
    "SGD": ("weight_decay",),
    "Momentum": ("momentum", "weight_decay"),
    "RMSProp": ("rho", "epsilon", "momentum", "weight_decay"),
}
_PADDLE_DEFAULTS = {"Adam": {"beta1": 0.9}}  # where ours differ
_SCALE_INVARIANT = ("Adam", "AdamW", "RMSProp")  # a loss times a constant changes none of their steps


def is_paddlegan(config: Settings) -> bool:
    """Whether a config speaks PaddleGAN's language: by the name of its model, or by sections that only it has."""
    model = config.get("model")
    name = model.get("name") if isinstance(model, dict) else None
    if isinstance(name, str) and (name in MODEL_NAMES or name in MODELS.names()):
        return name in MODEL_NAMES
    return any(sign in config for sign in _SIGNS)


def translate(config: Settings, processes: int = 1) -> Settings:
    """Our config.

    Args:
        config: as the YAML has it, overrides applied; it is not changed.
        processes: how many the training has: `batch_size` is of one process there, of all of them here.

    Raises:
        ConfigError: every fault on a line of its own, with the YAML path in PaddleGAN's words.
    """
    faults: list[str] = []
    top = Section(copy.deepcopy(config), "", faults)
    recipe, entry = recipe_of(top.section("model", required=True)) or (Recipe({}), None)
    result: Settings = _length(top)
    if (folder := top.take("output_dir", str)) is not None:
        result["output_dir"] = folder
    result["model"] = recipe.config
    result["dataset"], batch_size, workers = _datasets(top, recipe)
    batch_size *= processes
    result["loader"] = {"batch_size": batch_size, "workers": max(workers, 1)}
    rate, result["schedule"] = _schedule(top, result)
    result["optimizer"] = _optimizers(top, entry, recipe, rate) if entry else {}
    if recipe.average_steps:
        half_life = recipe.average_steps * batch_size
        result["ema"] = {"networks": [recipe.judged], "half_life": half_life, "ramp_up": 1.0}
    result |= {"log": _log(top), "checkpoint": _checkpoint(top, by_epoch="epochs" in result)}
    if validate := _validate(top, recipe):
        result["validate"] = validate
    if "metric" in validate and "validation" not in result["dataset"]:
        top.fault("dataset.test", "is missing, and validate.metrics needs it")
    _exports(top, entry)
    top.take("min_max", ([-1, 1],))
    _add_own(result, top)
    top.know("optimizer", *_IGNORED)
    top.close(tolerated=_OWN)
    if faults:
        raise ConfigError(*faults)
    return result


def _add_own(result: Settings, top: Section) -> None:
    """Put the sections in our own words over the translated ones."""
    for key in (key for key in _OWN if key in top):
        value, theirs = top.values[key], result.get(key)
        result[key] = {**theirs, **value} if isinstance(value, dict) and isinstance(theirs, dict) else value
    own = top.values.get("checkpoint")
    if isinstance(own, dict) and "interval" in own:
        result["checkpoint"].pop("interval_epochs", None)  # which would be used in its place


def _length(top: Section) -> dict[str, int]:
    """`epochs` or `total_iters`."""
    top.know("epochs", "total_iters")
    given = [key for key in ("epochs", "total_iters") if key in top]
    if len(given) == 1:
        return {given[0]: top.take(given[0], int, 1, least=1)}
    top.fault("total_iters", "is missing (or give epochs)" if not given else "give it or epochs, not both")
    return {"total_iters": 1}


# ---- data --------------------------------------------------------------------------------------------------


def _datasets(top: Section, recipe: Recipe) -> tuple[Settings, int, int]:
    """(our `dataset`, the training's batch size, its workers)."""
    both = top.section("dataset", required=True)
    result, batch_size, workers = {}, 1, 1
    for theirs, ours in (("train", "train"), ("test", "validation")):
        part = both.section(theirs, required=theirs == "train")
        if theirs not in both:
            continue
        size, count = part.take("batch_size", int, 1, least=1), part.take("num_workers", int, 0, least=0)
        if theirs == "train":
            batch_size, workers = size, count
        result[ours] = _dataset(part, recipe.swapped)
    both.close()
    return result, batch_size, workers


def _dataset(part: Section, swapped: bool) -> Settings:
    loader = ("batch_size", "num_workers", "use_shared_memory")
    name = part.named([*DATASET_NAMES, *DATASETS.names()], "dataset")
    if name is None or name not in DATASET_NAMES:
        return {k: v for k, v in part.values.items() if k not in loader}
    entry = DATASET_NAMES[name]
    part.know(*entry.arguments, *loader)
    given = {key: part.values[key] for key in entry.arguments if key in part}
    given |= {key: our_root(part.take(key, str, "")) for key in given if key.startswith("dataroot")}
    if entry.steps in given:
        given[entry.steps] = [_step(step, swapped) for step in part.take(entry.steps, list, [])]
    if swapped and "dataroot_a" in given and "dataroot_b" in given:
        given["dataroot_a"], given["dataroot_b"] = given["dataroot_b"], given["dataroot_a"]
    part.close()
    return {"name": entry.name, **given}


def _step(step: object, swapped: bool) -> object:
    """One transform; with `swapped` the pictures A and B have exchanged their names."""
    if not isinstance(step, dict):
        return step
    exchange = {"A": "B", "B": "A"} if swapped else {}
    result = {**step, "name": _renamed(step.get("name"), _STEP_NAMES), "key": _renamed(step.get("key"), exchange)}
    for key in ("paired_keys", "input_keys", "output_keys"):
        if isinstance(step.get(key), list):
            result[key] = [_renamed(word, exchange) for word in step[key]]
    return {key: value for key, value in result.items() if key in step}


def _renamed(word: object, names: dict[str, str]) -> object:
    return names.get(word, word) if isinstance(word, str) else word


# ---- optimization ------------------------------------------------------------------------------------------


def _schedule(top: Section, length: Settings) -> tuple[float, Settings]:
    """(the learning rate of all optimizers, our schedule)."""
    part = top.section("lr_scheduler", required=True)
    if "lr_scheduler" not in top:
        return 0.0, {}
    rate = part.take("learning_rate", float, 1.0, required=True, least=0)
    name = part.named(list(_SCHEDULES), "schedule here called")
    if name is None:
        return rate, {}
    schedule = _SCHEDULES[name](part, length, rate)
    part.close()
    return rate, schedule


def _linear(part: Section, length: Settings, rate: float) -> Settings:
    """1 - max(0, e + 1 - start) / (decay + 1) in epoch e: ours is equal to it at the end of every epoch.

    Where the length is given in steps, `start` and `decay` are read as shares of the whole.
    """
    start = part.take("start_epoch", int, 0, required=True, least=0)
    decay = part.take("decay_epochs", int, 1, required=True, least=0)
    part.know("iters_per_epoch")
    whole = length.get("epochs") or max(start + decay, 1)
    return {"shape": "linear", "start": round(start / whole, 6), "end": round((start + decay + 1) / whole, 6)}


def _steps(part: Section, length: Settings, rate: float) -> Settings:
    """Its milestones count steps whatever the length is given in."""
    milestones = part.take("milestones", list, [], required=True)
    return {"shape": "steps", "milestones": milestones, "gamma": part.take("gamma", float, 0.1)}


def _cosine(part: Section, length: Settings, rate: float) -> Settings:
    """One period, which must be the whole training: ours does not start again."""
    periods = part.take("periods", list, [], required=True)
    part.take("restart_weights", ([1],))
    if periods and periods != [length.get("total_iters")]:
        part.fault("periods", f"expected [total_iters], found {periods}: the schedule here does not restart")
    least = part.take("eta_min", float, 0.0, least=0)
    return {"shape": "cosine", "floor": least / rate if rate else 0.0}


_SCHEDULES = {"LinearDecay": _linear, "MultiStepDecay": _steps, "CosineAnnealingRestartLR": _cosine}


def _optimizers(top: Section, entry: ModelName, recipe: Recipe, rate: float) -> dict[str, Settings]:
    """One entry for each of our networks."""
    whole = top.section("optimizer", required=True)
    if "optimizer" not in top:
        return {}
    parts = [whole] if "name" in whole else [whole.section(key) for key in whole.values]
    result: dict[str, Settings] = {}
    for part in parts:
        arguments = _optimizer(part, rate)
        names = part.take("net_names", list, [], required=True)
        part.close()
        for network in names:
            ours = entry.networks.get(network) if isinstance(network, str) else None
            if ours is None:
                part.fault("net_names", f"the model has no network '{network}' (it has {', '.join(entry.networks)})")
            elif ours in result:
                part.fault("net_names", f"'{network}' has another optimizer already")
            else:
                result[ours] = _for_network(arguments, recipe, ours)
    left = [theirs for theirs, ours in entry.networks.items() if ours not in result]
    if left:
        whole.faults.append(f"optimizer: no net_names name {', '.join(left)}")
    return result


def _optimizer(part: Section, rate: float) -> Settings:
    name = part.named(list(_OPTIMIZERS), "optimizer")
    if name is None:
        part.know(*part.values)
        return {}
    given = {key: part.take(key, float) for key in _OPTIMIZERS[name]}
    given = {key: value for key, value in given.items() if value is not None}
    return {"name": name, "learning_rate": rate, **_PADDLE_DEFAULTS.get(name, {}), **given}


def _for_network(shared: Settings, recipe: Recipe, network: str) -> Settings:
    """The same updates as there, though our losses differ by a factor and our engine corrects lazy phases itself."""
    arguments = dict(shared)
    factor, correction = recipe.gradients.get(network, 1.0), recipe.corrections.get(network, 1.0)
    if factor != 1.0 and arguments.get("name") != "AdamW":
        if arguments.get("name") not in _SCALE_INVARIANT and "learning_rate" in arguments:
            arguments["learning_rate"] *= factor
        if arguments.get("weight_decay"):
            arguments["weight_decay"] /= factor
    for beta in {"beta1", "beta2"} & arguments.keys() if correction != 1.0 else ():
        arguments[beta] **= 1 / correction
    return arguments


# ---- what is written, and when -----------------------------------------------------------------------------


def _log(top: Section) -> Settings:
    part = top.section("log_config")
    misspelt = part.take("visiual_interval", int, least=1)  # so in all of its files
    result = {
        "interval": part.take("interval", int, least=1),
        "visual_interval": part.take("visual_interval", int, misspelt, least=1),
    }
    part.close()
    if top.take("enable_visualdl", bool, False):
        result["writers"] = ["visualdl"]
    return {key: value for key, value in result.items() if value is not None}


def _checkpoint(top: Section, by_epoch: bool) -> dict[str, int]:
    """With `epochs` the interval counts epochs, which the engine turns into steps."""
    part = top.section("snapshot_config")
    interval = part.take("interval", int, least=1)
    part.close()
    return {} if interval is None else {"interval_epochs" if by_epoch else "interval": interval}


def _validate(top: Section, recipe: Recipe) -> Settings:
    """FID becomes KID unless the file of its network is named: KID needs no thousands of pictures to mean something."""
    part = top.section("validate")
    interval = part.take("interval", int, -1)
    part.know("save_img", "save_imig")
    metrics = part.section("metrics")
    part.close()
    result: Settings = {"interval": interval} if interval > 0 else {}
    configs = [metrics] if "name" in metrics else [metrics.section(key) for key in metrics.values]
    for number, metric in enumerate(configs):
        name = metric.named(["FID"], "metric of PaddleGAN here called")
        size = metric.take("batch_size", int, 8, least=1)
        file = metric.take("premodel_path", str)
        metric.know("use_GPU", "dims", "model")
        metric.close()
        if number:
            metric.fault("name", "a training is judged by one metric; name one")
        elif name is not None:
            kind = {"name": "FID", "features": "inception-v3", "weights": file} if file else {"name": "KID"}
            result |= {"metric": {**kind, "key": recipe.real}, "best": kind["name"].lower(), "mode": "min"}
            result |= {"network": recipe.judged, "batch_size": size}
    return result if interval > 0 else {}


def _exports(top: Section, entry: ModelName | None) -> None:
    """Check the names; nothing is exported."""
    known = {**entry.networks, **entry.averages} if entry else {}
    for number, value in enumerate(top.take("export_model", list, [])):
        part = Section(value, f"export_model[{number}]", top.faults)
        if entry:
            part.named(list(known), "network of this model")
        part.know("name")
        part.take("inputs_num", int, least=1)
        part.close()
