"""The sections of a config that belong to the engine; their defaults live here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ppgen.errors import ConfigError


def _at_least_one(settings: object, section: str, *names: str) -> None:
    for name in names:
        if getattr(settings, name) < 1:
            raise ConfigError(f"{section}.{name}: expected 1 or more, found {getattr(settings, name)}")


@dataclass(frozen=True)
class LoaderSettings:
    """How samples become batches.

    Attributes:
        batch_size: over all processes.
        workers: reading threads a process.
        turns: group -> turns it takes in a round, so that small groups are not drowned; empty: no groups.
    """

    batch_size: int = 4
    workers: int = 1
    turns: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        _at_least_one(self, "loader", "batch_size", "workers")
        for group, turns in self.turns.items():
            if not isinstance(turns, int) or turns < 1:
                raise ConfigError(f"loader.turns.{group}: expected a whole number from 1 up, found {turns!r}")


@dataclass(frozen=True)
class ScheduleSettings:
    """Learning rate over time; see `optimizers.rate_factor`."""

    shape: Literal["constant", "linear", "cosine"] = "constant"
    warmup: int = 0
    start: float = 0.5
    floor: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.start < 1 or not 0 <= self.floor <= 1:
            found = f"start {self.start}, floor {self.floor}"
            raise ConfigError(f"schedule: expected 0 <= start < 1 and 0 <= floor <= 1, found {found}")


@dataclass(frozen=True)
class EmaSettings:
    """Which networks are averaged, with what half-life in images."""

    networks: list = field(default_factory=list)
    half_life: float = 1000.0


@dataclass(frozen=True)
class LogSettings:
    """Steps between log lines, and between sample grids and curves."""

    interval: int = 20
    visual_interval: int = 200

    def __post_init__(self) -> None:
        _at_least_one(self, "log", "interval", "visual_interval")


@dataclass(frozen=True)
class CheckpointSettings:
    """Steps between checkpoints, and how many are kept."""

    interval: int = 200
    keep: int = 2

    def __post_init__(self) -> None:
        _at_least_one(self, "checkpoint", "interval", "keep")


@dataclass(frozen=True)
class ValidateSettings:
    """Scores on `dataset.validation`.

    Attributes:
        interval: steps between validations.
        metric: config of a metric.
        best: the score whose lowest (or highest) value marks the weights to keep.
        network: the network that is kept as `best.safetensors`.
    """

    metric: dict = field(default_factory=dict)
    interval: int = 500
    best: str = ""
    mode: Literal["min", "max"] = "min"
    network: str = "generator"
    batch_size: int = 8

    def __post_init__(self) -> None:
        _at_least_one(self, "validate", "interval", "batch_size")
