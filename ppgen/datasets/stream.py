"""The order of samples and their randomness as pure functions of (seed, position).

Nothing is stored in a checkpoint, and one process or two read the same stream: each takes its share of
every batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np

from ppgen.errors import DataError


class Samples(Protocol):
    """What a dataset offers: a length, the group of each sample, and one sample by index."""

    groups: Sequence[str]

    def __len__(self) -> int: ...

    def sample(self, index: int, rng: np.random.Generator | None) -> dict[str, Any]: ...


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
            missing = set(groups) ^ set(turns)
            if missing:
                raise DataError(
                    f"loader.turns: expected exactly the groups {sorted(set(groups))}, found {sorted(turns)}"
                )
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


def collate(samples: list[dict[str, Any]]) -> dict[str, Any]:
    """Arrays are stacked along a new first axis, everything else becomes a list."""
    return {
        key: np.stack([s[key] for s in samples]) if isinstance(value, np.ndarray) else [s[key] for s in samples]
        for key, value in samples[0].items()
    }


class BatchStream:
    """Batches by step number, read ahead by threads.

    Args:
        batch_size: over all processes; it must divide by their number.
        turns: see `Order`.
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
    ) -> None:
        self.dataset, self.seed = dataset, seed
        self._share = batch_size // world
        self._batch_size, self._rank = batch_size, rank
        self._order = Order(dataset.groups, seed, turns)
        self._pool = ThreadPoolExecutor(max(workers, 1))
        self._ahead: dict[int, list[Future]] = {}

    def _request(self, step: int) -> None:
        first = step * self._batch_size + self._rank * self._share
        jobs = []
        for position in range(first, first + self._share):
            rng = np.random.default_rng([self.seed, 13, position])
            jobs.append(self._pool.submit(self.dataset.sample, self._order(position), rng))
        self._ahead[step] = jobs

    def batch(self, step: int, ahead: int = 2) -> dict[str, Any]:
        """This process's share of the batch of `step`; the next `ahead` are started."""
        for wanted in range(step, step + 1 + ahead):
            if wanted not in self._ahead:
                self._request(wanted)
        return collate([job.result() for job in self._ahead.pop(step)])

    def close(self) -> None:
        """Stop the reading threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)
