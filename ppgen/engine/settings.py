"""The sections of a config that belong to the engine; their defaults live here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ppgen.engine.writers import WRITERS
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
        accumulate: a process's share of the batch goes through the networks in so many pieces, whose gradients
            are averaged: for batches that do not fit into memory.
        on_corrupt: an image that cannot be read is named and passed over, or ends the training.
    """

    batch_size: int = 4
    workers: int = 1
    turns: dict = field(default_factory=dict)
    accumulate: int = 1
    on_corrupt: Literal["skip", "stop"] = "skip"

    def __post_init__(self) -> None:
        _at_least_one(self, "loader", "batch_size", "workers", "accumulate")
        for group, turns in self.turns.items():
            if not isinstance(turns, int) or turns < 1:
                raise ConfigError(f"loader.turns.{group}: expected a whole number from 1 up, found {turns!r}")


@dataclass(frozen=True)
class ScheduleSettings:
    """Learning rate over time; see `optimizers.rate_factor`."""

    shape: Literal["constant", "linear", "cosine", "steps"] = "constant"
    warmup: int = 0
    start: float = 0.5
    end: float = 1.0
    floor: float = 0.0
    milestones: list = field(default_factory=list)
    gamma: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end or not 0 <= self.floor <= 1:
            found = f"start {self.start}, end {self.end}, floor {self.floor}"
            raise ConfigError(f"schedule: expected 0 <= start < end and 0 <= floor <= 1, found {found}")
        if not all(isinstance(step, int) and step > 0 for step in self.milestones):
            raise ConfigError(f"schedule.milestones: expected steps (whole numbers from 1 up), found {self.milestones}")
        if self.warmup < 0 or not self.gamma > 0:
            found = f"warmup {self.warmup}, gamma {self.gamma}"
            raise ConfigError(f"schedule: expected warmup >= 0 and gamma > 0, found {found}")


@dataclass(frozen=True)
class EmaSettings:
    """Which networks are averaged, with what half-life in images; see `ema.Average`."""

    networks: list = field(default_factory=list)
    half_life: float = 1000.0
    ramp_up: float = 0.05

    def __post_init__(self) -> None:
        if not self.half_life >= 0 or not self.ramp_up > 0:
            found = f"half_life {self.half_life}, ramp_up {self.ramp_up}"
            raise ConfigError(f"ema: expected half_life >= 0 and ramp_up > 0, found {found}")


@dataclass(frozen=True)
class LogSettings:
    """Steps between log lines (each renews the run's page), and between sample grids and curves.

    Attributes:
        writers: also write for `visualdl` or `tensorboard`, where these are installed.
    """

    interval: int = 20
    visual_interval: int = 200
    writers: list = field(default_factory=list)

    def __post_init__(self) -> None:
        _at_least_one(self, "log", "interval", "visual_interval")
        for name in self.writers:
            if name not in WRITERS:
                raise ConfigError(f"log.writers: no writer is called {name!r} (there are: {', '.join(WRITERS)})")


@dataclass(frozen=True)
class CheckpointSettings:
    """Steps between checkpoints, and how many of the newest are kept; the best by `validate` stays besides.

    Attributes:
        interval_epochs: takes the place of `interval` where it is not 0.
    """

    interval: int = 200
    keep: int = 2
    interval_epochs: int = 0

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


@dataclass(frozen=True)
class GuardSettings:
    """What is watched while training, and what happens when a loss or gradient is not finite.

    Attributes:
        gradient_interval: steps between checks of gradient norms.
        action: stop with a report; or roll back and go on with a lower rate.
        back: how many checkpoints to go back, 1 for the newest.
        times: roll back so often at most, then stop.
        factor: the learning rate is multiplied with this at each rollback.
        compare_interval: steps between comparisons of the weights of several processes.
    """

    gradient_interval: int = 10
    action: Literal["stop", "rollback"] = "stop"
    back: int = 1
    times: int = 3
    factor: float = 0.5
    compare_interval: int = 100

    def __post_init__(self) -> None:
        _at_least_one(self, "guard", "gradient_interval", "back", "times", "compare_interval")
        if not 0 < self.factor <= 1:
            raise ConfigError(f"guard.factor: expected a number above 0 and up to 1, found {self.factor}")
