"""The same work on a Ray cluster: Ray Data hands photos to actors, each of which holds the networks."""

from __future__ import annotations

import json
import logging
import math
import platform
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from ppgen.apps.folders.log import Entry
from ppgen.apps.folders.photos import Photo
from ppgen.apps.folders.pool import Crew
from ppgen.apps.folders.work import Work
from ppgen.device import threads_environment
from ppgen.errors import ConfigError, PPGenError

_BLOCKS = 5000  # Ray's tasks in a run, at most: each costs milliseconds where they are handed out
_ENDED = 3  # actors that one photo may end


class RayActors:
    """Draws with actors on a Ray cluster; ppgen has to be installed on its nodes, and reach inputs and outputs.

    address: of the cluster; "": that of RAY_ADDRESS, one that runs on this machine, or a new one here.
    actors: how many work at a time; None: as many as the cluster has CPUs. timeout: seconds a photo may take; 0: any
    time. threads: of each actor, and CPUs that it takes.

    Raises ConfigError: Ray is not installed, or there is no cluster at the address.
    """

    def __init__(self, address: str = "", actors: int | None = None, timeout: float = 0.0, threads: int = 1) -> None:
        try:
            import ray.data
        except ImportError as error:
            raise ConfigError("Ray is not installed; run pip install 'paddle-ppgen[ray]'") from error
        if actors is not None and actors < 1:
            raise ConfigError(f"actors: expected 1 or more, found {actors}")
        if not ray.is_initialized():
            try:
                ray.init(address or None, log_to_driver=False, logging_level=logging.ERROR)
            except (ConnectionError, ValueError, RuntimeError) as error:
                raise ConfigError(f"{address or 'Ray'}: no cluster can be reached there ({error})") from error
        for name in ("ray.data", "ray.data._internal"):  # plans and progress of its own
            logging.getLogger(name).setLevel(logging.ERROR)
        self.threads, self.timeout = threads, timeout
        self.actors = actors or max(1, int(ray.cluster_resources().get("CPU", 1)) // threads)

    def __call__(self, work: Work, photos: Sequence[Photo]) -> Iterator[Entry]:
        """An entry for each photo, as they get done.

        Ray gives what an ended actor had in hand to another, until a ledger knows that a photo ended several.
        """
        import ray.data

        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.max_errored_blocks = -1
        size = math.ceil(len(photos) / _BLOCKS)
        tasks = math.ceil(len(photos) / size)
        ledger = ray.remote(num_cpus=0)(_Ledger).remote()
        drawn = ray.data.from_items(
            [{"photo": json.dumps(asdict(photo))} for photo in photos], override_num_blocks=tasks
        ).map_batches(
            _Actor,
            fn_constructor_args=(work, self.timeout, ledger),
            batch_size=None,
            compute=ray.data.ActorPoolStrategy(size=min(self.actors, tasks), max_tasks_in_flight_per_actor=2),
            num_cpus=self.threads,
            runtime_env={"env_vars": threads_environment(self.threads)},
        )
        left = {photo.path: photo for photo in photos}
        for row in drawn.iter_rows():
            entry = Entry.of_line(row["entry"])
            if entry is not None and entry.path in left:
                del left[entry.path]
                yield entry
        for photo in left.values():
            yield Entry.failed(photo, f"{photo.name}: Ray lost its task; run the command again to retry")


class _Ledger:
    """An actor that knows which photos were begun and never ended."""

    def __init__(self) -> None:
        self._begun: Counter[str] = Counter()

    def begin(self, path: str) -> int:
        """How many actors have ended while they drew this photo."""
        self._begun[path] += 1
        return self._begun[path] - 1

    def end(self, path: str) -> None:
        """It is drawn."""
        self._begun.pop(path, None)


class _Actor:
    """Holds the networks of one slot; with a time limit, in a process of its own that can be ended."""

    def __init__(self, work: Work, timeout: float, ledger: Any) -> None:
        self.work, self.timeout, self.ledger = work, timeout, ledger
        self._draw: Callable[[Sequence[Photo]], Iterator[Entry]] | None = None

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[str]]:
        photos = [Photo(**json.loads(text)) for text in batch["photo"]]
        return {"entry": [self._entry(photo).line() for photo in photos]}

    def _entry(self, photo: Photo) -> Entry:
        import ray

        ended = ray.get(self.ledger.begin.remote(photo.path))
        if ended >= _ENDED:
            return Entry.failed(photo, f"{photo.name}: {ended} actors ended while they drew it")
        try:
            entry = next(self._open()([photo]))
        except (PPGenError, ImportError) as error:  # weights that this node does not have, say
            entry = Entry.failed(photo, f"{photo.name}: on {platform.node()}: {error}")
        self.ledger.end.remote(photo.path)
        return entry

    def _open(self) -> Callable[[Sequence[Photo]], Iterator[Entry]]:
        if self._draw is None:
            self._draw = Crew(self.work, 1, self.timeout).run if self.timeout else partial(map, self.work.open())
        return self._draw
