"""The order of samples and their randomness as pure functions of (seed, position).

Nothing is stored in a checkpoint, and one process or two read the same stream: each takes its share of
every batch.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Literal

import numpy as np

from ppgen.datasets.base import Random, Sample, Samples, leave_out
from ppgen.errors import DataError

Batch = dict[str, Any]  #: by what the dataset calls it: arrays (N, …), and lists of N names


class Order:
    """Position in the endless stream -> sample index.

    Args:
        groups: the group of each sample.
        seed: of the run.
        turns: group -> how many of a round of positions it gets, whatever its size, so that a small group's
            samples come back more often; empty: all samples are one group.
    """

    def __init__(self, groups: Sequence[str], seed: int, turns: dict[str, int] | None = None) -> None:
        self.seed = seed
        if turns:
            if set(groups) != set(turns):
                raise DataError(f"loader.turns: expected the groups {sorted(set(groups))}, found {sorted(turns)}")
            # a group's turns are spread over the round, not in a row
            slots = sorted((((i + 0.5) / n, name) for name, n in turns.items() for i in range(n)))
            self._round = [name for _, name in slots]
        else:
            groups, self._round = ["all"] * len(groups), ["all"]
        self._members = {name: [i for i, g in enumerate(groups) if g == name] for name in set(self._round)}
        self._names = sorted(self._members)
        self._shuffled: dict[tuple[int, int], np.ndarray] = {}

    def __call__(self, position: int) -> int:
        rounds, slot = divmod(position, len(self._round))
        name = self._round[slot]
        turn = rounds * self._round.count(name) + self._round[:slot].count(name)
        members, group = self._members[name], self._names.index(name)
        epoch, place = divmod(turn, len(members))
        key = (group, epoch)
        if key not in self._shuffled:
            self._shuffled = {k: v for k, v in self._shuffled.items() if k[0] != group}
            self._shuffled[key] = np.random.default_rng([self.seed, 11, *key]).permutation(members)
        return int(self._shuffled[key][place])


def collate(samples: Sequence[Mapping[str, Any]]) -> Batch:
    """Arrays are stacked along a new first axis, everything else becomes a list.

    Raises DataError for arrays of different shapes.
    """
    return {
        key: _stacked(samples, key) if isinstance(value, np.ndarray) else [s[key] for s in samples]
        for key, value in samples[0].items()
    }


def _stacked(samples: Sequence[Mapping[str, Any]], key: str) -> np.ndarray:
    try:
        return np.stack([s[key] for s in samples])
    except ValueError as error:
        shapes = ", ".join(f"{s.get('id', i)} {np.shape(s[key])}" for i, s in enumerate(samples[:4]))
        raise DataError(f"a batch needs '{key}' of one shape, found {shapes}; scale or cut the pictures") from error


def split(batch: Batch, pieces: int) -> list[Batch]:
    """A collated batch in `pieces` of equal size, first rows first."""
    if pieces == 1:
        return [batch]
    rows = len(next(iter(batch.values()))) // pieces
    return [{key: value[i * rows : (i + 1) * rows] for key, value in batch.items()} for i in range(pieces)]


class Reader:
    """Samples of a dataset in which some files may be damaged.

    Args:
        on_corrupt: `skip` names such a sample at first sight and goes on, `stop` raises its DataError.

    Attributes:
        damaged: index -> what is wrong with it.
    """

    def __init__(self, dataset: Samples, on_corrupt: Literal["skip", "stop"] = "skip") -> None:
        self.dataset, self.on_corrupt = dataset, on_corrupt
        self.damaged: dict[int, str] = {}

    def read(self, index: int, rng: Random) -> Sample | None:
        """The sample, or None for a damaged one."""
        if index in self.damaged:
            return None
        try:
            return self.dataset.sample(index, rng)
        except DataError as error:
            if self.on_corrupt == "stop":
                raise
            leave_out(self.damaged, index, str(error))
            return None

    def nearest(self, index: int, key: Sequence[int]) -> Sample:
        """The sample with randomness from `key`, or for a damaged one the next that can be read; DataError if none."""
        for offset in range(len(self.dataset)):
            # a generator of its own: how far a damaged sample got must not change what comes after it
            rng = np.random.default_rng([*key, offset] if offset else key)
            sample = self.read((index + offset) % len(self.dataset), rng)
            if sample is not None:
                return sample
        raise DataError("no sample of the dataset can be read: " + next(iter(self.damaged.values())))

    def batch(self, indices: Iterable[int]) -> Batch | None:
        """Those samples that can be read, without randomness, as one batch; None if there are none."""
        samples = [sample for index in indices if (sample := self.read(index, None)) is not None]
        return collate(samples) if samples else None


class BatchStream:
    """Batches by step number, read ahead by threads.

    Args:
        batch_size: over all processes; it must divide by their number.
        turns: see `Order`.
        on_corrupt: a sample that cannot be read is named once and the next one takes its place, or it is an error.
    """

    def __init__(
        self,
        dataset: Samples,
        batch_size: int,
        seed: int,
        turns: dict[str, int] | None = None,
        rank: int = 0,
        world: int = 1,
        workers: int = 1,
        on_corrupt: Literal["skip", "stop"] = "skip",
    ) -> None:
        self.dataset, self.seed = dataset, seed
        self.reader = Reader(dataset, on_corrupt)
        self._share = batch_size // world
        self._batch_size, self._rank = batch_size, rank
        self._order = Order(dataset.groups, seed, turns)
        self._workers = max(workers, 1)
        self._pool: ThreadPoolExecutor | None = None
        self._ahead: dict[int, list[Future]] = {}

    def _request(self, step: int) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._workers)
        first = step * self._batch_size + self._rank * self._share
        self._ahead[step] = [
            self._pool.submit(self.reader.nearest, self._order(position), [self.seed, 13, position])
            for position in range(first, first + self._share)
        ]

    def batch(self, step: int, ahead: int = 2) -> Batch:
        """This process's share of the batch of `step`; the next `ahead` are started."""
        for wanted in range(step, step + 1 + ahead):
            if wanted not in self._ahead:
                self._request(wanted)
        return collate([job.result() for job in self._ahead.pop(step)])

    def close(self) -> None:
        """Stop the reading threads; asking for a batch starts them again."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool, self._ahead = None, {}
