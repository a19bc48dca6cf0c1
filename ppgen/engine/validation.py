"""Scores on data that was not trained on."""

import math
import sys
from collections.abc import Iterator, Sized
from contextlib import contextmanager

import numpy as np
from paddle import nn
from tqdm.auto import tqdm

from ppgen.datasets.base import Dataset, WithClasses
from ppgen.datasets.stream import Reader
from ppgen.engine import distributed
from ppgen.engine.settings import ValidateSettings
from ppgen.errors import ConfigError
from ppgen.metrics.base import Metric
from ppgen.models.base import Batch, Model
from ppgen.registry import METRICS, unknown


@contextmanager
def resting(networks: dict[str, nn.Layer]) -> Iterator[None]:
    """Networks in evaluation mode: looking at pictures must not move the statistics of a normalization."""
    for network in networks.values():
        network.eval()
    try:
        yield
    finally:
        for network in networks.values():
            network.train()


def evaluate(
    model: Model, networks: dict[str, nn.Layer], reader: Reader, wanted: ValidateSettings, together: bool = False
) -> dict[str, float]:
    """Scores of what `networks` make of a dataset.

    Args:
        model: whose `predict` makes it, and whose networks rest meanwhile.
        networks: by name, as people will use them.
        reader: of the dataset.
        together: all processes call this and predict a share each; the first one scores, the others get {}.
    """
    if not wanted.metric:
        raise ConfigError("validate: give dataset.validation and validate.metric to evaluate")
    world, rank = (distributed.world_size(), distributed.rank()) if together else (1, 0)
    metric, count = METRICS.build(wanted.metric) if rank == 0 else None, len(reader.dataset)
    if metric is not None and isinstance(reader.dataset, WithClasses):
        metric.classes = reader.dataset.classes
    once = Once()
    batches = [range(at, min(at + wanted.batch_size, count)) for at in range(0, count, wanted.batch_size)]
    if world > 1:  # running statistics are each process's own: the first one's are judged
        distributed.broadcast([value for network in networks.values() for value in network.state_dict().values()])
    quiet = not (sys.stderr.isatty() and rank == 0)
    with resting(model.networks):
        for start in tqdm(range(0, len(batches), world), desc="validation", leave=False, disable=quiet):
            batch = reader.batch(batches[start + rank]) if start + rank < len(batches) else None
            made = None if batch is None else model.predict(batch, networks)
            each = distributed.gather(made) if together else [made]
            if metric is not None:
                for offset, rows in enumerate(each):
                    if rows is None:
                        continue
                    judged = batch if offset == 0 else reader.batch(batches[start + offset])
                    if judged is not None:
                        metric.update(*once(judged, rows))
    return metric.compute() if metric is not None else {}


class Once:
    """Takes pictures of two unpaired domains that come again out of batches.

    The smaller domain starts again when it is through, and to a metric each of its pictures must count once: twenty
    pictures five times over look as far from a hundred of the same kind as another domain does.
    """

    def __init__(self) -> None:
        self._seen: dict[str, set[str]] = {"id": set(), "id_b": set()}

    def __call__(self, batch: Batch, made: np.ndarray) -> tuple[Batch, np.ndarray]:
        """The batch and what was made of its `a`, without those seen before; as they are where B has no ids."""
        if "id_b" not in batch:
            return batch, made
        a, b = self._new(batch, "id"), self._new(batch, "id_b")
        if len(a) == len(made) == len(b):
            return batch, made
        kept = {key: _rows(value, b if key in ("b", "id_b") else a) for key, value in batch.items()}
        return kept, made[a]

    def _new(self, batch: Batch, key: str) -> list[int]:
        fresh = []
        for row, name in enumerate(batch[key]):
            if name not in self._seen[key]:
                self._seen[key].add(name)
                fresh.append(row)
        return fresh


def _rows(values: np.ndarray | list, rows: list[int]) -> np.ndarray | list:
    return values[rows] if isinstance(values, np.ndarray) else [values[row] for row in rows]


def distinct(dataset: Sized) -> int:
    """Pictures that a metric can learn of: of two unpaired domains the smaller one's."""
    return dataset.distinct if isinstance(dataset, Dataset) else len(dataset)


def check_enough(wanted: ValidateSettings, count: int, where: str = "dataset.validation") -> None:
    """ConfigError where the validation dataset is smaller than its metric needs, or the metric cannot be built.

    Found before training, as the first validation may be hours away. The message begins with `where`.
    """
    if not wanted.metric:
        return
    metric: Metric = METRICS.build(wanted.metric)
    if count < metric.least:
        needs = f"{wanted.metric['name']} needs at least {metric.least} pictures and this dataset has {count}"
        raise ConfigError(f"{where}: {needs}; add some, or take validate.metric out")


def improvement(scores: dict[str, float], wanted: ValidateSettings, best: float | None, step: int) -> float | None:
    """The score that decides, where it is better than the best so far, and counts at this step."""
    if wanted.best and wanted.best not in scores:
        raise ConfigError(f"validate.best: {unknown('score', wanted.best, scores)}")
    value, sign = scores.get(wanted.best, math.nan), 1 if wanted.mode == "min" else -1
    better = step >= wanted.best_from and math.isfinite(value) and (best is None or sign * value < sign * best)
    return value if better else None
