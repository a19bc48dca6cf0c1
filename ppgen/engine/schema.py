"""What a training config may hold: every section against the signature of what it becomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ppgen.datasets  # noqa: F401  (these four fill the registries)
import ppgen.metrics  # noqa: F401
import ppgen.models  # noqa: F401
import ppgen.networks  # noqa: F401
from ppgen.config import apply_overrides, check_call, check_config, read_yaml
from ppgen.config.validate import check_named
from ppgen.engine import settings
from ppgen.engine.optimizers import OPTIMIZERS
from ppgen.errors import ConfigError
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
            faults += check_call(OPTIMIZERS[name], item, f"{where}.{network}", supplied=("parameters",))
    return faults


def _datasets(value: Any, where: str) -> list[str]:
    if not isinstance(value, dict) or "train" not in value:
        return [f"{where}.train: is missing"]
    known = ("train", "validation")
    faults = [f"{where}.{key}: unknown key (accepted: {', '.join(known)})" for key in value if key not in known]
    for key in known:
        if key in value:
            faults += check_named(DATASETS, value[key], f"{where}.{key}")
    return faults


def _validate(value: Any, where: str) -> list[str]:
    faults = _section(settings.ValidateSettings)(value, where)
    metric = value.get("metric") if isinstance(value, dict) else None
    return faults + (check_named(METRICS, metric, f"{where}.metric") if metric else [])


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
    "validate": _validate,
    "card": _of_type(dict),
}


def load_config(path: str, overrides: list[str], seed: int | None = None) -> dict[str, Any]:
    """The resolved, validated config; one ConfigError lists every fault of the file."""
    config = apply_overrides(read_yaml(path), overrides)
    if seed is not None:
        config["seed"] = seed
    try:
        check_config(config, CHECKS, required=("model", "dataset", "optimizer"))
        if "epochs" not in config and "total_iters" not in config:
            raise ConfigError("total_iters: is missing (or give epochs)")
    except ConfigError as error:
        raise ConfigError(f"{path}: " + str(error).replace("\n", f"\n{path}: ")) from None
    config.setdefault("seed", 0)
    config.setdefault("output_dir", "runs")
    return config
