"""The loop of a training. The life of a step, in order (`Trainer._loop`):

 1. batch       the samples of this step, a function of (seed, step), read ahead by threads (`datasets.stream`)
 2. pieces      where gradients accumulate it is cut up; each piece has a `Step` with random numbers of its own
 3. phases      of the recipe, in order, those whose turn it is: one loss and the networks it trains
 4. update      backward, mean of the gradients over the processes, checks, clipping, optimizer (`update.Updater`)
 5. average     the smoothed copies of networks follow (`ema.Average`)
 6. log         a line every `log.interval` steps, and the run's page (`observe.Observer`)
 7. pictures    curves and a sample grid every `log.visual_interval` steps
 8. validation  scores every `validate.interval` steps; the best weights are kept (`validation.evaluate`)
 9. checkpoint  every `checkpoint.interval` steps, after a best score, and at the end (`snapshot.Snapshot.save`)

A loss or gradient that is not finite ends the step before any weight has changed: the run stops, or goes back to a
checkpoint with a lower rate (`guard`). A signal ends the run between two steps, with a checkpoint.
"""

import shutil
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import paddle
from tqdm.auto import tqdm

from ppgen.datasets.base import WithClasses
from ppgen.datasets.stream import BatchStream, Reader, Samples, split
from ppgen.engine import checkpoint, distributed
from ppgen.engine.lock import folder_lock
from ppgen.engine.observe import Observer, StepReport
from ppgen.engine.runs import make_folder
from ppgen.engine.settings import TrainingConfig
from ppgen.engine.signals import StopSignals
from ppgen.engine.snapshot import Snapshot
from ppgen.engine.update import Updater
from ppgen.engine.validation import check_enough, distinct, evaluate, improvement, resting
from ppgen.errors import ConfigError, OutputError, TrainingDiverged
from ppgen.models.base import Model, Step
from ppgen.runtime.convolutions import fast_convolutions

_GRID_COLUMNS = 6  # of a sample grid


class Watcher(Protocol):
    """Looks on while a training runs, such as `profile.Profile`."""

    def step(self, index: int) -> bool:
        """Step `index` begins; True where the run should end before it."""

    def close(self) -> None:
        """The run has ended."""


class Trainer:
    """Runs a recipe.

    Args:
        config: with `total_iters`.
        folder: of this run; made if missing.
        train: dataset to learn from.
        validation: dataset to score on, or None.
        watcher: sees every step.

    Attributes:
        snapshot: all that a checkpoint holds.
        stopped_by: the signal that ended `run` early, or None.
    """

    def __init__(
        self,
        model: Model,
        config: TrainingConfig,
        folder: Path,
        train: Samples,
        validation: Samples | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        self.model, self.config, self.folder, self.validation = model, config, folder, validation
        self.watcher, self.stop_at = watcher, config.total_iters
        self.stopped_by: signal.Signals | None = None
        loader = config.loader
        world = distributed.world_size()
        if loader.batch_size % (world * loader.accumulate):
            pieces = f" in {loader.accumulate} pieces each" if loader.accumulate > 1 else ""
            raise ConfigError(f"loader.batch_size: {loader.batch_size} cannot be shared by {world} processes{pieces}")
        classes = train.classes if isinstance(train, WithClasses) else ()
        self.snapshot = Snapshot(model, config, folder, classes)
        if validation is not None:
            check_enough(config.validate, distinct(validation))
        self.updater = Updater(model, self.snapshot.optimizers, self.snapshot.precision, config.guard.gradient_interval)
        self.stream = self._stream(train, loader.batch_size)
        self._validation_reader: Reader | None = None

    def _stream(self, dataset: Samples, batch_size: int) -> BatchStream:
        loader, (rank, world) = self.config.loader, (distributed.rank(), distributed.world_size())
        return BatchStream(
            dataset, batch_size, self.config.seed, loader.turns, rank, world, loader.workers, loader.on_corrupt
        )

    @property
    def step(self) -> int:
        """Steps done."""
        return self.snapshot.step

    @property
    def writes(self) -> bool:
        """Whether this process is the one that writes."""
        return distributed.rank() == 0

    # ---- the loop ----------------------------------------------------------------------------------------

    def run(self, until: int | None = None, started: Callable[[], None] | None = None) -> None:
        """Train from `self.step` to the end, or to the step `until` (the schedule keeps the whole length).

        `started` is called in the process that writes, once no other training can write into the run folder.

        SIGINT and SIGTERM end it between two steps with a checkpoint; `stopped_by` says so.

        Raises:
            TrainingDiverged: a loss or gradient is not finite, and the guard's roll-backs are used up.
            OutputError: the run folder or a checkpoint cannot be written, or another training writes there.
        """
        self.stop_at = self.config.total_iters if until is None else until
        is_new = not self.folder.exists()
        make_folder(self.folder)
        try:
            self._run(started)
        except BaseException:
            if self.writes and is_new and self.step == 0:  # a folder of nothing would be taken for a run
                shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _run(self, started: Callable[[], None] | None) -> None:
        for network in self.model.networks.values():
            network.train()
        with ExitStack() as stack:
            stack.callback(self.stream.close)
            observer = None
            if self.writes:
                stack.enter_context(folder_lock(self.folder))
                if started is not None:
                    started()
                config = self.config
                observer = Observer(self.folder, self.step, config.total_iters, config.loader.batch_size, config.log)
                stack.callback(observer.close)
            if self.watcher is not None:
                stack.callback(self.watcher.close)
            signals = stack.enter_context(StopSignals(watch_parent=distributed.world_size() > 1))
            self.run_token = distributed.agree(time.time_ns() % 10**9)
            distributed.broadcast([v for net in self.model.networks.values() for v in net.state_dict().values()])
            with fast_convolutions():
                self._loop(observer, signals)
            if self.writes and self.step == self.config.total_iters:
                self.snapshot.keep_final()

    def _loop(self, observer: Observer | None, signals: StopSignals) -> None:
        while self.step < self.stop_at:
            if self.watcher is not None and self.watcher.step(self.step):
                return
            started = time.perf_counter()
            try:
                report = self._one_step()
            except TrainingDiverged as error:
                self._roll_back(error, observer)
                continue
            self.snapshot.seconds += time.perf_counter() - started
            last = self.step == self.stop_at
            if observer is not None:
                observer.after_step(self.step, report, self.snapshot.seconds / 3600, last)
            try:
                saved = self._occasionally(observer, last)
            except (OutputError, TrainingDiverged):  # what saving itself says
                raise
            except Exception:  # a picture or score that cannot be had, or processes that lost each other meanwhile
                self.snapshot.save(together=False)  # must not cost the steps before it
                raise
            if distributed.any_rank(signals.received is not None):
                self.stopped_by = signals.received or signal.SIGTERM
                if not saved:
                    self.snapshot.save()
                return

    def _steps(self) -> list[Step]:
        """One `Step` for each piece of the batch."""
        seed, rank, world, images = self.config.seed, distributed.rank(), distributed.world_size(), self.snapshot.images
        steps = []
        for piece in range(self.config.loader.accumulate):
            own = np.random.default_rng([seed, 17, self.step, rank, piece])
            common = np.random.default_rng([seed, 19, self.step, piece])
            steps.append(Step(self.step, own, common, images, rank, world))
        return steps

    def _one_step(self) -> StepReport:
        config, now = self.config, self.snapshot
        waited = time.perf_counter()
        batch = self.stream.batch(now.step)
        waited = time.perf_counter() - waited
        pieces = list(zip(split(batch, config.loader.accumulate), self._steps(), strict=True))
        first = pieces[0][1]
        paddle.seed(int(first.rng.integers(2**31)))  # for dropout and the like
        factor = config.schedule.factor(now.step, config.total_iters) * config.guard.factor**now.rollbacks
        check = self._makes_results(now.step + 1)
        losses: dict[str, float] = {}
        for phase in self.model.phases():
            if now.step % phase.every == 0:
                for name in phase.trains:
                    now.optimizers[name].set_lr(now.rates[name] * factor)
                losses |= self.updater.run(phase, pieces, check)
        now.step += 1
        for average in now.averages.values():
            average.update(now.images, config.loader.batch_size)
        if now.step % config.guard.compare_interval == 0:
            distributed.check_same(self.model.networks, now.step)
        left_out = len(self.stream.reader.damaged)  # samples of the training set that this process could not read
        counted = {"damaged_samples": left_out} if left_out else {}
        return StepReport(losses, first.report, {**first.state, "rate_factor": factor, **counted}, waited)

    def _makes_results(self, step: int) -> bool:
        """Whether pictures, scores or a checkpoint are made after a step: all its gradients must be sound then."""
        intervals = [self.config.log.visual_interval, self.config.checkpoint.interval]
        if self.validation is not None:
            intervals.append(self.config.validate.interval)
        return step == self.stop_at or any(step % interval == 0 for interval in intervals)

    def _roll_back(self, error: TrainingDiverged, observer: Observer | None) -> None:
        """To an earlier checkpoint with a lower rate, or raise the error."""
        guard, now = self.config.guard, self.snapshot
        places = checkpoint.newest_first(self.folder / "checkpoints")
        if guard.action == "stop":
            raise TrainingDiverged(f"{error}; lower the learning rate and --resume, or set guard.action to rollback")
        if now.rollbacks >= guard.times or not places:
            why = f"after {now.rollbacks} roll-backs" if places else "before the first checkpoint"
            raise TrainingDiverged(f"{error}; this came {why}: a lower learning rate may help") from error
        times = now.rollbacks + 1
        for network in self.model.networks.values():
            network.clear_gradients(set_to_zero=False)  # layers that begin later must not step meanwhile
        place, saved, _ = checkpoint.first_whole(places[min(guard.back, len(places)) - 1 :], self.folder)
        now.take(saved, place)
        now.rollbacks = times
        distributed.agree(0)  # nobody writes a new checkpoint before everybody has read this one
        if observer is not None:
            observer.went_back(now.step)
            observer.note(step=now.step, event="rolled back", reason=str(error), rollbacks=times)
            tqdm.write(f"{error}\nrolled back to step {now.step}, learning rate times {guard.factor**times:g}")

    def rehearse(self, batch_size: int) -> float:
        """Seconds that a step with so many samples takes, in this process alone; it changes the networks."""
        whole, stream = self.config, self.stream
        self.config = replace(whole, loader=replace(whole.loader, batch_size=batch_size, accumulate=1))
        self.stream = self._stream(stream.dataset, batch_size)
        for network in self.model.networks.values():
            network.train()
        try:
            self.stream.batch(self.step, ahead=0)  # what is read once is not counted
            began = time.perf_counter()
            with fast_convolutions():
                self._one_step()
            return time.perf_counter() - began
        finally:
            self.stream.close()
            self.config, self.stream = whole, stream

    # ---- now and then ------------------------------------------------------------------------------------

    def _occasionally(self, observer: Observer | None, last: bool) -> bool:
        """After a step: draw, validate and save, each where it is due; returns whether a checkpoint was written."""
        config, step = self.config, self.step
        draws = step % config.log.visual_interval == 0 or last
        if observer is not None and draws:
            epoch = self.snapshot.images / len(self.stream.dataset)
            observer.sampled(step, self.pictures(), _GRID_COLUMNS, epoch)
        if draws:
            self._wait_for_first("drawn")
        better = False
        if self.validation is not None and (step % config.validate.interval == 0 or last):
            better = distributed.any_rank(self._validate(observer))
        due = step % config.checkpoint.interval == 0 or last or better
        if due:
            if better and self.writes:
                checkpoint.mark_best(self.folder / "checkpoints", step)
            self.snapshot.save()
            self._wait_for_first("saved")
        if observer is not None and (draws or better):
            observer.page.write()  # that of the log line came before
        return due

    def _wait_for_first(self, what: str) -> None:
        """After work that only the first process does, and before the next collective."""
        distributed.wait_for_first(self.folder / f".{what}", f"{self.run_token} {self.step}")

    def pictures(self) -> dict[str, np.ndarray]:
        """What a sample grid shows."""
        reader = self._validation_samples() if self.validation is not None else self.stream.reader
        places = np.linspace(0, len(reader.dataset) - 1, _GRID_COLUMNS).astype(int)
        batch = reader.batch(int(place) for place in places)
        with resting(self.model.networks):
            return self.model.visuals(batch, self.snapshot.smooth_networks()) if batch is not None else {}

    def _validation_samples(self) -> Reader:
        """The reader of the validation dataset, made once, so that a damaged sample is named only once."""
        if self.validation is None:
            raise ConfigError("validate: give dataset.validation and validate.metric to evaluate")
        if self._validation_reader is None:
            self._validation_reader = Reader(self.validation, self.config.loader.on_corrupt)
        return self._validation_reader

    def evaluate(self, together: bool = False) -> dict[str, float]:
        """Scores of the averaged networks on the validation dataset; `together`: all processes call this."""
        smooth = self.snapshot.smooth_networks()
        return evaluate(self.model, smooth, self._validation_samples(), self.config.validate, together)

    def _validate(self, observer: Observer | None) -> bool:
        """All processes predict; rank 0 scores, and keeps the weights if they are the best so far: then True."""
        better = False
        scores = self.evaluate(together=True) if self.config.validate.metric else {}
        if observer is not None and scores:
            observer.scored(self.step, scores)
            value = improvement(scores, self.config.validate, self.snapshot.best, self.snapshot.step)
            if value is not None:
                better = True
                self.snapshot.keep_best(scores, value)
        self._wait_for_first("validated")
        return better
