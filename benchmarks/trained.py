"""What a training left, for the benchmarks: its config, its log, its networks at any checkpoint that was kept."""

from pathlib import Path
from typing import Any, NamedTuple

from harness import Figures

from ppgen.config import read_yaml
from ppgen.engine import checkpoint
from ppgen.engine.log import read_log
from ppgen.engine.settings import TrainingConfig
from ppgen.engine.state import NetworkState, split_prefix
from ppgen.errors import ConfigError
from ppgen.registry import MODELS


class Run(NamedTuple):
    """A run folder (of a tree: one node's)."""

    folder: Path
    config: Figures
    log: list[Figures]  # rows of log.jsonl

    def places(self) -> dict[int, Path]:
        """Step -> checkpoint folder, in order; ConfigError where none is left."""
        kept = {int(p.name.removeprefix("step_")): p for p in sorted((self.folder / "checkpoints").glob("step_*"))}
        if not kept:
            raise ConfigError(f"{self.folder}: holds no checkpoint; give the run folder of a training")
        return kept

    def place(self, which: str) -> Path:
        """The checkpoint that scored `best`, or the `last`."""
        best = checkpoint.best(self.folder / "checkpoints") if which == "best" else None
        return best or list(self.places().values())[-1]

    def images(self, step: int) -> int:
        """Images seen until a step."""
        return step * TrainingConfig.of(self.config).loader.batch_size

    def hours(self, until: int | None = None) -> float | None:
        """Hours of training steps up to a step, None: to the end; None where the log does not say."""
        rows = [row for row in self.log if "hours" in row and (until is None or row["step"] <= until)]
        return max((row["hours"] for row in rows), default=None)

    def model(self) -> Any:
        """The recipe, with networks as they were before training."""
        return MODELS.build(self.config["model"])


def read_run(folder: str | Path) -> Run:
    """ConfigError where the folder is none of a training."""
    folder = Path(folder)
    if not (folder / "config.yaml").is_file():
        raise ConfigError(f"{folder}: no config.yaml there; give the run folder of a training")
    log = folder / "log.jsonl"
    return Run(folder, read_yaml(folder / "config.yaml"), read_log(log) if log.is_file() else [])


def networks_at(model: Any, place: Path) -> dict[str, Any]:
    """The recipe's networks with a checkpoint's weights, averaged ones where there are, to look at.

    Raises:
        WeightsError: it cannot be read, or holds other networks.
    """
    saved = checkpoint.load(place)
    for name, network in model.networks.items():
        arrays = split_prefix(saved.state, f"ema.{name}") or split_prefix(saved.weights, name)
        NetworkState(name, network).restore(arrays)
        network.eval()
    return model.networks
