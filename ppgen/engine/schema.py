"""What a training config may hold: every section against the signature of what it becomes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ppgen.compat import paddlegan_yaml
from ppgen.config import apply_overrides, check_call, check_config, read_yaml
from ppgen.config.validate import check_named
from ppgen.datasets.files import data_root
from ppgen.datasets.pipeline import check_steps
from ppgen.engine import settings
from ppgen.engine.distributed import world_size
from ppgen.engine.optimizers import OPTIMIZERS, value_faults
from ppgen.errors import ConfigError
from ppgen.io.places import LINKED
from ppgen.registry import DATASETS, METRICS, MODELS, NETWORKS

Check = Callable[[Any, str], list[str]]


def _section(cls: type) -> Check:
    def check(value: Any, where: str) -> list[str]:
        return check_call(cls, value, where) or _refused(cls, value)

    return check


def _refused(cls: type, value: dict[str, Any]) -> list[str]:
    try:
        cls(**value)
    except ConfigError as error:
        return [str(error)]
    return []


def _of_type(kind: type, least: int | None = None) -> Check:
    def check(value: Any, where: str) -> list[str]:
        good = isinstance(value, kind) and not isinstance(value, bool) and (least is None or value >= least)
        wanted = kind.__name__ + (f" >= {least}" if least is not None else "")
        return [] if good else [f"{where}: expected {wanted}, found {value!r}"]

    return check


def _one_of(*words: str) -> Check:
    def check(value: Any, where: str) -> list[str]:
        return [] if value in words else [f"{where}: expected one of {', '.join(words)}, found {value!r}"]

    return check


def _optimizers(value: Any, where: str) -> list[str]:
    if not isinstance(value, dict) or not all(isinstance(item, dict) for item in value.values()):
        return [f"{where}: expected network names, each with the arguments of its optimizer"]
    faults = []
    for network, item in value.items():
        name = item.get("name", "Adam")
        if name not in OPTIMIZERS:
            faults.append(
                f"{where}.{network}.name: no optimizer is called '{name}' (there are: {', '.join(OPTIMIZERS)})"
            )
        else:
            wrong = check_call(OPTIMIZERS[name], item, f"{where}.{network}", supplied=("parameters",))
            faults += wrong or value_faults(item, f"{where}.{network}")
    return faults


def _datasets(value: Any, where: str) -> list[str]:
    if not isinstance(value, dict) or "train" not in value:
        return [f"{where}.train: is missing"]
    known = ("train", "validation")
    faults = [f"{where}.{key}: unknown key (accepted: {', '.join(known)})" for key in value if key not in known]
    for key in known:
        if key in value:
            wrong = check_named(DATASETS, value[key], f"{where}.{key}")
            faults += wrong or _steps(value[key], f"{where}.{key}")
    return faults


def _steps(config: dict[str, Any], where: str) -> list[str]:
    """Faults of PaddleGAN's lists of transforms."""
    faults = []
    for key in ("preprocess", "transforms"):
        if isinstance(config.get(key), list):
            faults += check_steps(config[key], f"{where}.{key}", pictures=key == "transforms")
    return faults


def missing_folders(datasets: dict[str, Any]) -> list[str]:
    """Folders of datasets (arguments called `dataroot…`) that are not there; a sentence for each way to get them."""
    by_advice: dict[str, list[str]] = {}
    for name, config in datasets.items():
        for key, folder in _folders(config).items():
            if not data_root(folder).is_dir():
                place = f"dataset.{name}.{key}: there is no folder {data_root(folder).absolute()}"
                by_advice.setdefault(_how_to_get(folder), []).append(place)
    return [f"{', '.join(places)}; {advice}" for advice, places in by_advice.items()]


def _folders(config: Any) -> dict[str, str]:
    """The folders a dataset cannot do without, by argument."""
    if not isinstance(config, dict) or config.get("name") not in DATASETS.names():
        return {}
    cls = DATASETS.get(config["name"])
    if getattr(cls, "dataroot_optional", False):
        return {}
    defaults = {k: p.default for k, p in inspect.signature(cls).parameters.items() if isinstance(p.default, str)}
    return {k: v for k, v in {**defaults, **config}.items() if k.startswith("dataroot") and isinstance(v, str) and v}


def _lacks_cartoons(place: Path) -> bool:
    """Whether `place` is the cartoons of a half whose portraits `ppgen data portraits` has made."""
    made = place.parent == data_root("photo2cartoon") or (place.parent / "records").is_dir()
    return made and place.name in ("trainB", "testB") and place.with_name(f"{place.name[:-1]}A").is_dir()


def _how_to_get(folder: str) -> str:
    if _lacks_cartoons(data_root(folder)):
        return (
            f"the portraits are there and their cartoons are not: run the same `ppgen data portraits SRC -o "
            f"{data_root(folder).parent}` again with `--cartoon artist`"
        )
    if Path(folder).is_absolute():
        return f"check the path (one that does not start with {Path(folder).anchor} is looked for in {data_root('')})"
    top = Path(folder).parts[0]
    if top == "photo2cartoon":
        place = data_root(top)
        if place.is_dir():
            return f"{place} lacks it: `ppgen data portraits` fills both halves from some dozens of photos"
        return (
            f"make it with `ppgen data unpack photo2cartoon_dataset.zip -d {place.parent}/`, or from photos of your "
            f"own with `ppgen data portraits SRC -o {place} --cartoon artist` (--meta TABLE.csv for a style a group)"
        )
    if top not in LINKED:
        return (
            f"put it there, or set PPGEN_DATA to the folder that holds {top} (data/README.md says how datasets are "
            "laid out)"
        )
    return (
        "run `make data` to link what lies beside the project, or set PPGEN_DATA to the folder that holds "
        f"{top} (data/README.md says how it is laid out)"
    )


def _validate(value: Any, where: str) -> list[str]:
    faults = _section(settings.ValidateSettings)(value, where)
    metric = value.get("metric") if isinstance(value, dict) else None
    if metric:
        faults += check_named(METRICS, metric, f"{where}.metric")
    if isinstance(metric, dict) and isinstance(metric.get("real"), dict):  # a dataset that drawings are compared with
        faults += check_named(DATASETS, metric["real"], f"{where}.metric.real")
    return faults


def _load(value: Any, where: str) -> list[str]:
    several = isinstance(value, list) and value and all(isinstance(one, str) for one in value)
    return [] if several else _of_type(str)(value, where)


CHECKS: dict[str, Check] = {
    "seed": _of_type(int, 0),
    "total_iters": _of_type(int, 1),
    "epochs": _of_type(int, 1),
    "output_dir": _of_type(str),
    "model": lambda value, where: check_named(MODELS, value, where, NETWORKS),
    "dataset": _datasets,
    "optimizer": _optimizers,
    "loader": _section(settings.LoaderSettings),
    "schedule": _section(settings.ScheduleSettings),
    "ema": _section(settings.EmaSettings),
    "log": _section(settings.LogSettings),
    "checkpoint": _section(settings.CheckpointSettings),
    "guard": _section(settings.GuardSettings),
    "validate": _validate,
    "card": _of_type(dict),
    "stages": _of_type(dict),  # read by ppgen.tree, which has a check of its own
    "amp": _one_of("O1", "O2"),
    "load": _load,
}


def load_config(
    path: str,
    overrides: list[str],
    seed: int | None = None,
    need_data: bool = True,
    checks: Mapping[str, Check] = MappingProxyType({}),
) -> dict[str, Any]:
    """The resolved, validated config; one ConfigError lists every fault of the file.

    A YAML in PaddleGAN's words is translated after the overrides, so that these may use its words too.

    Args:
        need_data: a dataset folder that is not there is a fault.
        checks: section -> check, of sections that another package reads.
    """
    config = apply_overrides(read_yaml(path), overrides)
    try:
        if paddlegan_yaml.is_paddlegan(config):
            config = paddlegan_yaml.translate(config, processes=world_size())
        if seed is not None:
            config["seed"] = seed
        faults = _faults(config, {**CHECKS, **checks}, need_data)
    except ConfigError as error:
        faults = str(error).split("\n")
    if faults:
        raise ConfigError("\n".join(f"{path}: {fault}" for fault in faults))
    config.setdefault("seed", 0)
    config.setdefault("output_dir", "runs")
    return config


def _faults(config: dict[str, Any], checks: dict[str, Check], need_data: bool) -> list[str]:
    faults = []
    try:
        check_config(config, checks, required=("model", "dataset", "optimizer"))
    except ConfigError as error:
        faults = str(error).split("\n")
    if "epochs" not in config and "total_iters" not in config:
        faults.append("total_iters: is missing (or give epochs)")
    datasets = config.get("dataset")
    if need_data and isinstance(datasets, dict):
        faults += missing_folders(datasets)
    return faults
