"""A training's config with types; the engine's defaults live here and nowhere else."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from typing import Literal

from ppgen.config import Settings
from ppgen.engine.writers import WRITERS
from ppgen.errors import ConfigError
from ppgen.registry import unknown


def _at_least_one(section: str, **values: int) -> None:
    for name, value in values.items():
        if value < 1:
            raise ConfigError(f"{section}.{name}: expected 1 or more, found {value}")


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
        _at_least_one("loader", batch_size=self.batch_size, workers=self.workers, accumulate=self.accumulate)
        for group, turns in self.turns.items():
            if not isinstance(turns, int) or turns < 1:
                raise ConfigError(f"loader.turns.{group}: expected a whole number from 1 up, found {turns!r}")


@dataclass(frozen=True)
class ScheduleSettings:
    """Learning rate over time.

    Attributes:
        warmup: steps of linear rise from 0.
        start, end: shares of the training between which `linear` falls.
        floor: the factor at the end of `linear` and `cosine`.
        milestones, gamma: `steps` multiplies with gamma at each of these steps.
    """

    shape: Literal["constant", "linear", "cosine", "steps"] = "constant"
    warmup: int = 0
    start: float = 0.5
    end: float = 1.0
    floor: float = 0.0
    milestones: list = field(default_factory=list)
    gamma: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end or not 0 <= self.floor <= 1:
            given = f"start {self.start}, end {self.end}, floor {self.floor}"
            raise ConfigError(f"schedule: expected 0 <= start < end and 0 <= floor <= 1, found {given}")
        if not all(isinstance(step, int) and step > 0 for step in self.milestones):
            raise ConfigError(f"schedule.milestones: expected steps (whole numbers from 1 up), found {self.milestones}")
        if self.warmup < 0 or not self.gamma > 0:
            given = f"warmup {self.warmup}, gamma {self.gamma}"
            raise ConfigError(f"schedule: expected warmup >= 0 and gamma > 0, found {given}")

    def factor(self, step: int, total: int) -> float:
        """What the learning rate is multiplied with at a step: a pure function, so a resume needs no state."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        progress = min(step / max(total, 1), 1.0)
        if self.shape == "linear":
            fallen = max(0.0, progress - self.start) / (self.end - self.start)
            return max(self.floor, 1 - fallen * (1 - self.floor))
        if self.shape == "cosine":
            return self.floor + (1 - self.floor) * 0.5 * (1 + math.cos(math.pi * progress))
        if self.shape == "steps":
            return self.gamma ** sum(step >= milestone for milestone in self.milestones)
        return 1.0


@dataclass(frozen=True)
class EmaSettings:
    """Which networks are averaged, with what half-life in images; see `ema.Average`."""

    networks: list = field(default_factory=list)
    half_life: float = 1000.0
    ramp_up: float = 0.05

    def __post_init__(self) -> None:
        if not self.half_life >= 0 or not self.ramp_up > 0:
            given = f"half_life {self.half_life}, ramp_up {self.ramp_up}"
            raise ConfigError(f"ema: expected half_life >= 0 and ramp_up > 0, found {given}")


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
        _at_least_one("log", interval=self.interval, visual_interval=self.visual_interval)
        for name in self.writers:
            if name not in WRITERS:
                raise ConfigError(f"log.writers: {unknown('writer', name, WRITERS)}")


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
        _at_least_one("checkpoint", interval=self.interval, keep=self.keep)


@dataclass(frozen=True)
class ValidateSettings:
    """Scores on `dataset.validation`.

    Attributes:
        interval: steps between validations.
        metric: config of a metric.
        best: the score whose lowest (or highest) value marks the weights to keep.
        best_from: the first step whose score counts, as a VAE is nearest to its pictures before its KL has its weight.
        network: the network that is kept as `best.safetensors`.
    """

    metric: dict = field(default_factory=dict)
    interval: int = 500
    best: str = ""
    mode: Literal["min", "max"] = "min"
    best_from: int = 0
    network: str = "generator"
    batch_size: int = 8

    def __post_init__(self) -> None:
        _at_least_one("validate", interval=self.interval, batch_size=self.batch_size)


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
        _at_least_one("guard", gradient_interval=self.gradient_interval, back=self.back, times=self.times)
        _at_least_one("guard", compare_interval=self.compare_interval)
        if not 0 < self.factor <= 1:
            raise ConfigError(f"guard.factor: expected a number above 0 and up to 1, found {self.factor}")


@dataclass(frozen=True)
class TrainingConfig:
    """A whole training: what its YAML says, and the defaults of what it leaves out.

    Attributes:
        output_dir: where its run folder is made.
        total_iters: steps; 0 as long as `epochs` says it, which `assemble` turns into steps.
        model, optimizer: of the recipe, and of each of its networks.
        dataset: `train`, and `validation` where there is one.
        amp: half precision, see `amp.Precision`.
        load: the weights to start from, see `starts.load`.
        card: what a card says of the weights when they are shipped.
        stages: of a tree of trainings, which `ppgen.tree` reads.
        on_cpu: what to know before training it on a CPU, which is said at the start there.
        batch_is_per_process: the YAML is in PaddleGAN's words and its batch was counted for each process.
        overrides: what was said with -o, which a resumed run need not be told again.
    """

    seed: int = 0
    output_dir: str = "runs"
    total_iters: int = 0
    epochs: int = 0
    model: Settings = field(default_factory=dict)
    dataset: dict[str, Settings] = field(default_factory=dict)
    optimizer: dict[str, Settings] = field(default_factory=dict)
    loader: LoaderSettings = LoaderSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    ema: EmaSettings = EmaSettings()
    log: LogSettings = LogSettings()
    checkpoint: CheckpointSettings = CheckpointSettings()
    guard: GuardSettings = GuardSettings()
    validate: ValidateSettings = ValidateSettings()
    amp: Literal["O1", "O2"] | None = None
    load: str | list[str] = field(default_factory=list)
    card: Settings = field(default_factory=dict)
    stages: Settings = field(default_factory=dict)
    on_cpu: str = ""
    batch_is_per_process: bool = False
    overrides: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> TrainingConfig:
        """Of what a YAML says, which must have passed `schema.faults_of`."""
        return cls(**{key: SECTIONS[key](**value) if key in SECTIONS else value for key, value in settings.items()})

    def as_settings(self) -> Settings:
        """What the run's config.yaml holds: all of this with its defaults, without what is empty."""
        settings = asdict(self)
        for key in ("batch_is_per_process", "overrides"):  # settled by now
            del settings[key]
        return {key: value for key, value in settings.items() if value or key == "seed"}

    def in_steps(self, samples: int) -> TrainingConfig:
        """With steps for the epochs of a dataset of so many samples."""
        epoch = max(1, samples // self.loader.batch_size)
        kept = self.checkpoint
        if kept.interval_epochs:
            kept = replace(kept, interval=kept.interval_epochs * epoch, interval_epochs=0)
        return replace(self, total_iters=self.epochs * epoch or self.total_iters, epochs=0, checkpoint=kept)


#: the parts of a config that have a class of settings
SECTIONS: dict[str, type] = {one.name: type(one.default) for one in fields(TrainingConfig) if is_dataclass(one.default)}
