"""From a YAML file to a typed config (`load_config`), each section checked against the signature of what it becomes."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ppgen.compat import paddlegan_yaml
from ppgen.config import Settings, apply_overrides, check_call, read_yaml, shipped
from ppgen.config.validate import check_named
from ppgen.datasets.base import Dataset
from ppgen.datasets.files import data_root
from ppgen.datasets.sample_steps import check_steps
from ppgen.engine.distributed import world_size
from ppgen.engine.optimizers import DEFAULT_OPTIMIZER, OPTIMIZERS, value_faults
from ppgen.engine.settings import SECTIONS, TrainingConfig
from ppgen.errors import ConfigError, short
from ppgen.io.places import LINKED, start
from ppgen.registry import DATASETS, METRICS, MODELS, NETWORKS

Check = Callable[[Any, str], list[str]]  # (what the YAML says, its path) -> faults


def _section(cls: type, value: Any, where: str) -> list[str]:
    if faults := check_call(cls, value, where, settings=True):
        return faults
    try:
        cls(**value)
    except ConfigError as error:
        return [str(error)]
    return []


def _optimizers(value: object, where: str) -> list[str]:
    if not isinstance(value, dict) or not all(isinstance(item, dict) for item in value.values()):
        return [f"{where}: expected network names, each with the arguments of its optimizer"]
    faults = []
    for network, item in value.items():
        place = f"{where}.{network}"
        try:
            rule = OPTIMIZERS.get(item.get("name", DEFAULT_OPTIMIZER))
        except ConfigError as error:
            faults.append(f"{place}.name: {error}")
        else:
            faults += check_call(rule, item, place) or value_faults(item, place)
    return faults


def _datasets(value: object, where: str) -> list[str]:
    if not isinstance(value, dict) or "train" not in value:
        return [f"{where}.train: is missing"]
    known = ("train", "validation")
    faults = [f"{where}.{key}: unknown key (accepted: {', '.join(known)})" for key in value if key not in known]
    for key in known:
        if key in value:
            wrong = check_named(DATASETS, value[key], f"{where}.{key}")
            faults += wrong or _transforms(value[key], f"{where}.{key}")
    return faults


def _transforms(config: Settings, where: str) -> list[str]:
    """Faults of the transforms that a dataset in PaddleGAN's words lists."""
    faults = []
    for key in ("preprocess", "transforms"):
        if isinstance(config.get(key), list):
            faults += check_steps(config[key], f"{where}.{key}", pictures=key == "transforms")
    return faults


def missing_folders(datasets: Settings) -> list[str]:
    """Folders of datasets (arguments called `dataroot…`) that are not there; a sentence for each way to get them."""
    by_advice: dict[str, list[str]] = {}
    for key, folder in folders_of(datasets).items():
        try:
            if data_root(folder).is_dir():
                continue
            place, advice = str(data_root(folder).absolute()), _how_to_get(folder)
        except (OSError, ValueError, RuntimeError):  # too long a path, or the ~ of nobody
            place, advice = short(folder), "check the path"
        by_advice.setdefault(advice, []).append(f"dataset.{key}: there is no folder {place}")
    return [f"{', '.join(places)}; {advice}" for advice, places in by_advice.items()]


def folders_of(datasets: Settings) -> dict[str, str]:
    """The folders that datasets cannot do without, by where the config names them."""
    found: dict[str, str] = {}
    for name, config in datasets.items():
        parts = {"": config}
        if isinstance(config, dict) and isinstance(config.get("datasets"), list):  # of `Several`
            parts |= {f"datasets.{index}.": part for index, part in enumerate(config["datasets"])}
        for where, part in parts.items():
            found |= {f"{name}.{where}{key}": folder for key, folder in _folders(part).items()}
    return found


def _folders(config: object) -> dict[str, str]:
    """The folders a dataset cannot do without, by argument."""
    if not isinstance(config, dict) or config.get("name") not in DATASETS.names():
        return {}
    cls = DATASETS.get(config["name"])
    if issubclass(cls, Dataset) and cls.dataroot_optional:
        return {}
    defaults = {k: p.default for k, p in inspect.signature(cls).parameters.items() if isinstance(p.default, str)}
    return {k: v for k, v in {**defaults, **config}.items() if k.startswith("dataroot") and isinstance(v, str) and v}


def _lacks_cartoons(place: Path) -> bool:
    """Whether `place` is the cartoons of a half whose portraits `ppgen data portraits` has made."""
    made = place.parent == data_root("photo2cartoon") or (place.parent / "records").is_dir()
    return made and place.name in ("trainB", "testB") and place.with_name(f"{place.name[:-1]}A").is_dir()


def _how_to_get(folder: str) -> str:
    place, top = data_root(folder), Path(folder).parts[0]
    if _lacks_cartoons(place):
        again = f"run the same `ppgen data portraits SRC -o {place.parent}` again with `--cartoon artist`"
        return f"the portraits are there and their cartoons are not: {again}"
    if place.is_file():
        return f"it is a file: unpack an archive with `ppgen data unpack {place}`, which says where it lies then"
    if Path(folder).expanduser().is_absolute():
        return f"check the path (one that does not start with {place.anchor} is looked for in {data_root('')})"
    if top != "photo2cartoon":
        linked = f"`{shipped.how_to_link()}` links what lies beside the project" if top in LINKED else "put it there"
        others = f"set PPGEN_DATA to the folder that holds {top}{shipped.where_layouts_are()}"
        return f"{start(top)}{linked}, or {others}"
    place = data_root(top)
    if place.is_dir():
        return f"{place} lacks it: `ppgen data portraits` fills both halves from some dozens of photos"
    own = f"photos of your own with `ppgen data portraits SRC -o {place} --cartoon artist`"
    unpacked = f"`ppgen data unpack photo2cartoon_dataset.zip -d {place.parent}/`"
    return f"{start(top)}make it with {unpacked}, or from {own} (--meta TABLE.csv for a style a group)"


def _validate(value: object, where: str) -> list[str]:
    faults = _section(SECTIONS["validate"], value, where)
    metric = value.get("metric") if isinstance(value, dict) else None
    if metric:
        faults += check_named(METRICS, metric, f"{where}.metric")
    if isinstance(metric, dict) and isinstance(metric.get("real"), dict):  # a dataset that drawings are compared with
        faults += check_named(DATASETS, metric["real"], f"{where}.metric.real")
    return faults


CHECKS: dict[str, Check] = {
    "model": lambda value, where: check_named(MODELS, value, where, NETWORKS),
    "dataset": _datasets,
    "optimizer": _optimizers,
    **{name: partial(_section, cls) for name, cls in SECTIONS.items()},
    "validate": _validate,
}
_LEAST = {"seed": 0, "total_iters": 1, "epochs": 1}


def load_config(
    path: str,
    overrides: list[str],
    seed: int | None = None,
    need_data: bool = True,
    checks: Mapping[str, Check] = MappingProxyType({}),
) -> TrainingConfig:
    """The resolved, validated config; one ConfigError lists every fault of the file.

    A YAML in PaddleGAN's words is translated after the overrides, so that these may use its words too.

    Args:
        need_data: a dataset folder that is not there is a fault.
        checks: section -> check, of sections that another package reads.
    """
    settings = apply_overrides(read_yaml(path), overrides)
    translated = paddlegan_yaml.is_paddlegan(settings)
    try:
        if translated:
            settings = paddlegan_yaml.translate(settings, processes=world_size())
        if seed is not None:
            settings["seed"] = seed
        faults = faults_of(settings, {**CHECKS, **checks})
        if need_data and isinstance(settings.get("dataset"), dict):
            faults += missing_folders(settings["dataset"])
    except ConfigError as error:
        faults = list(error.args)
    if faults:
        raise ConfigError(*(f"{path}: {fault}" for fault in faults))
    return replace(TrainingConfig.of(settings), batch_is_per_process=translated, overrides=tuple(overrides))


def faults_of(settings: Settings, checks: Mapping[str, Check] = CHECKS) -> list[str]:
    """Every fault of a training's YAML, each with its path."""
    faults = check_call(TrainingConfig, settings, "", supplied=("batch_is_per_process", "overrides"), settings=True)
    for key in [key for key in settings if key in checks]:
        faults += checks[key](settings[key], key)
    for key in [key for key in settings if key in _LEAST]:
        if isinstance(settings[key], int) and settings[key] < _LEAST[key]:
            faults.append(f"{key}: expected {_LEAST[key]} or more, found {settings[key]}")
    if isinstance(settings.get("seed"), int) and settings["seed"] >= 2**63:
        faults.append(f"seed: expected less than 2**63, found {settings['seed']}")
    faults += [f"{key}: is missing" for key in ("model", "dataset", "optimizer") if key not in settings]
    if "epochs" in settings and "total_iters" in settings:
        faults.append("epochs, total_iters: give one of them, not both")
    if "epochs" not in settings and "total_iters" not in settings:
        faults.append("total_iters: is missing (or give epochs)")
    return faults
