"""`--dry-run`: what the first step, sample grid and validation of a training would find, and how long it will take."""

import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ppgen.datasets.base import Dataset, Random, Sample, Samples, WithClasses
from ppgen.datasets.stream import Reader
from ppgen.engine.log import draw_grid, span
from ppgen.engine.trainer import Trainer
from ppgen.engine.validation import evaluate, improvement
from ppgen.errors import ConfigError, PPGenError
from ppgen.registry import METRICS

SECONDS = 60.0
_FEW = 2  # samples of a small step: normalizations need more than one


class First(Dataset):
    """The first so many samples of a dataset."""

    def __init__(self, dataset: Samples, count: int) -> None:
        self.whole, self.groups = dataset, dataset.groups[:count]
        self.classes: Sequence[str] = dataset.classes if isinstance(dataset, WithClasses) else ()
        self.labels: np.ndarray | None = None

    def relabel(self, classes: Sequence[str]) -> None:
        """They are those of the whole."""

    def sample(self, index: int, rng: Random = None) -> Sample:
        """See the base."""
        return self.whole.sample(index, rng)


def rehearse(trainer: Trainer, seconds: float = SECONDS) -> list[str]:
    """Try a training in memory, with as few samples as it takes; its networks are worth nothing afterwards.

    Returns:
        lines for people: how long a step and the whole training take, and what was not tried.
    Raises:
        PPGenError: what would have come up later.
    """
    end, batch = time.perf_counter() + seconds, trainer.config.loader.batch_size
    few = min(batch, _FEW)
    lines = []
    with understood("the first step"):
        took = trainer.rehearse(few)
        if time.perf_counter() + took < end:
            took = trainer.rehearse(few)  # without the work of a first time
        tried = few
        if batch > few and time.perf_counter() + 2 * took * batch / few < end:
            took, tried = trainer.rehearse(batch), batch
    step = took * batch / tried
    sized = "" if tried == batch else f" (reckoned from {tried} of a batch's {batch} samples)"
    lines.append(f"a step takes about {span(step)}{sized}, the training {span(step * trainer.config.total_iters)}")
    with understood("the first sample grid"), tempfile.TemporaryDirectory() as folder:
        if time.perf_counter() > end:
            lines.append("not tried for want of time: the sample grid")
        elif pictures := trainer.pictures():
            draw_grid(pictures, Path(folder) / "grid.png")
    if trainer.validation is not None and trainer.config.validate.metric:
        with understood("the first validation"):
            lines += _validate(trainer, trainer.validation, end)
    return lines


def _validate(trainer: Trainer, dataset: Samples, end: float) -> list[str]:
    """As few samples as the metric takes."""
    wanted, networks = trainer.config.validate, trainer.snapshot.smooth_networks()
    least = min(len(dataset), max(_FEW, METRICS.build(wanted.metric).least))
    reader = Reader(dataset, trainer.config.loader.on_corrupt)
    began = time.perf_counter()
    batch = reader.batch(range(min(_FEW, least)))
    if batch is not None:
        trainer.model.predict(batch, networks)
    needs = (time.perf_counter() - began) * least / _FEW
    if time.perf_counter() + needs > end:
        return [f"not tried for want of time: a validation of {least} samples, which takes {span(needs)} at least"]
    improvement(evaluate(trainer.model, networks, Reader(First(dataset, least)), wanted), wanted, None, 0)
    return []


@contextmanager
def understood(what: str) -> Iterator[None]:
    """Within, an error that is none of ours becomes one sentence: ConfigError."""
    try:
        yield
    except PPGenError:
        raise
    except Exception as error:  # whatever Paddle, a recipe or a metric raises
        raise ConfigError(f"{what} would fail: {sentence(error)}") from error


def sentence(error: Exception) -> str:
    """What an error of Paddle's says, without its stack and hints."""
    text = " ".join(str(error).split()) or type(error).__name__
    found = re.search(r"\([A-Z][a-z]+[A-Z][A-Za-z]+\) (.*)", text)  # Paddle's kinds, such as (InvalidArgument)
    return (found[1] if found else text).split("[Hint")[0][:240].strip()
