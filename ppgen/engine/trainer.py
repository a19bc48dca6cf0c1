"""The loop: batches in, phases run, averages, scores, checkpoints out."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from tqdm import tqdm

from ppgen.datasets.stream import BatchStream, Reader, split
from ppgen.engine import checkpoint, distributed, settings
from ppgen.engine.amp import Precision
from ppgen.engine.ema import Average
from ppgen.engine.lock import FolderLock
from ppgen.engine.observe import Observer
from ppgen.engine.optimizers import build_optimizers, rate_factor
from ppgen.engine.signals import StopSignals
from ppgen.engine.state import (
    NetworkState,
    OptimizerState,
    check_declared,
    check_finite,
    enlarged,
    gather,
    split_prefix,
    spread,
)
from ppgen.engine.update import Updater
from ppgen.engine.validation import check_enough, distinct, evaluate, improvement, resting
from ppgen.errors import ConfigError, DataError, DownloadError, OutputError, TrainingDiverged, WeightsError
from ppgen.io.weights import read_metadata, save_network
from ppgen.models.base import Model, Stateful, Step
from ppgen.registry import nearest

_SAMPLES = 6  # columns of a sample grid


class Trainer:
    """Runs a recipe.

    Args:
        model: the recipe.
        config: validated config.
        folder: of this run; made if missing.
        train: dataset to learn from.
        validation: dataset to score on, or None.
        precision: half precision or not.
        profile: its `step` is called with the number of each step before it runs; where that returns True the run
            ends there.

    Attributes:
        stopped_by: the signal that ended `run` early, or None.
    """

    def __init__(
        self,
        model: Model,
        config: dict[str, Any],
        folder: Path,
        train: Any,
        validation: Any = None,
        precision: Precision | None = None,
        profile: Any = None,
    ) -> None:
        self.model, self.config, self.folder, self.validation = model, config, folder, validation
        self.seed, self.total, self.profile = config.get("seed", 0), config["total_iters"], profile
        self._read_settings()
        check_declared(model)
        if validation is not None:
            check_enough(self.validate_settings, distinct(validation))
        self.averages = {n: Average(model.networks[n], self.ema.half_life, self.ema.ramp_up) for n in self.ema.networks}
        self.precision = precision or Precision()
        self.optimizers = build_optimizers(config["optimizer"], model)
        self.rates = {name: optimizer.get_lr() for name, optimizer in self.optimizers.items()}
        self.precision.decorate(model.networks, self.optimizers)
        self.updater = Updater(model, self.optimizers, self.precision, self.guard.gradient_interval)
        self.step, self.stop_at, self.best, self.seconds = 0, self.total, None, 0.0
        self.rollbacks, self.stopped_by, self._validation_reader = 0, None, None
        self.stream = BatchStream(
            train,
            self.loader.batch_size,
            self.seed,
            self.loader.turns,
            distributed.rank(),
            distributed.world_size(),
            self.loader.workers,
            self.loader.on_corrupt,
        )

    def _read_settings(self) -> None:
        config = self.config
        self.loader = settings.LoaderSettings(**config.get("loader", {}))
        self.schedule = settings.ScheduleSettings(**config.get("schedule", {}))
        self.log_settings = settings.LogSettings(**config.get("log", {}))
        self.checkpoints = settings.CheckpointSettings(**config.get("checkpoint", {}))
        self.validate_settings = settings.ValidateSettings(**config.get("validate", {}))
        self.guard = settings.GuardSettings(**config.get("guard", {}))
        self.ema = settings.EmaSettings(**config.get("ema", {}))
        self._check_names("ema.networks", self.ema.networks)
        if self.validate_settings.metric:
            self._check_names("validate.network", [self.validate_settings.network])
        pieces = distributed.world_size() * self.loader.accumulate
        if self.loader.batch_size % pieces:
            raise ConfigError(
                f"loader.batch_size: {self.loader.batch_size} cannot be shared by {distributed.world_size()} processes"
                + (f" in {self.loader.accumulate} pieces each" if self.loader.accumulate > 1 else "")
            )

    def _check_names(self, where: str, names: list[str]) -> None:
        for name in names:
            if name not in self.model.networks:
                known = list(self.model.networks)
                hint = f"{nearest(name, known)} (there are: {', '.join(known)})"
                raise ConfigError(f"{where}: no network is called '{name}'{hint}")

    @property
    def writes(self) -> bool:
        """Whether this process is the one that writes."""
        return distributed.rank() == 0

    def smooth_networks(self) -> dict[str, Any]:
        """The networks people will use: averaged where there is an average."""
        return {**self.model.networks, **{name: a.network for name, a in self.averages.items()}}

    # ---- state -------------------------------------------------------------------------------------------

    def networks_state(self) -> dict[str, Stateful]:
        """The networks that train, by name: what `weights.safetensors` holds."""
        return {name: NetworkState(name, network) for name, network in self.model.networks.items()}

    def other_state(self) -> dict[str, Stateful]:
        """All else that a resumed run must find as it was: what `state.safetensors` holds."""
        networks = self.model.networks
        return {
            **{f"ema.{name}": average for name, average in self.averages.items()},
            **{f"optimizer.{n}": OptimizerState(o, {n: networks[n]}) for n, o in self.optimizers.items()},
            **{f"model.{name}": part for name, part in self.model.stateful().items()},
            "precision": self.precision,
        }

    @property
    def images(self) -> int:
        """Images seen in this training."""
        return self.step * self.loader.batch_size

    def load_weights(self, source: Path) -> None:
        """Start from the networks of a checkpoint folder, or of a run folder's newest checkpoint.

        StyleGAN2's may be of fewer pixels a side: the layers of the further resolutions then start anew. Averages go on
        as they were, and so does what a recipe says goes with its networks (the strength of ADA, the path length); an
        average that the other training had not begins at its network.
        """
        found = checkpoint.load(checkpoint.newest(source / "checkpoints") or source)
        for name, part in self.networks_state().items():
            part.restore(enlarged(self.model.networks[name], split_prefix(found.weights, name)))
        for name, average in self.averages.items():
            arrays = split_prefix(found.state, f"ema.{name}") or split_prefix(found.weights, name)
            average.restore(enlarged(average.network, arrays))
            average.go_on(found.facts.get("averaged_images", {}).get(name))
        for name, part in self.model.stateful().items():
            arrays = split_prefix(found.state, f"model.{name}")
            if arrays and name in self.model.goes_with_networks:
                part.restore(arrays)

    def resume(self, source: Path) -> None:
        """Go on exactly where a checkpoint was written.

        Raises:
            ConfigError: it belongs to a run with another seed.
            WeightsError: it cannot be read or belongs to other networks.
        """
        self._take(checkpoint.load(source), source)

    def resume_newest(self) -> list[str]:
        """Go on from the newest checkpoint of the run's folder that is whole; returns what is wrong with newer ones.

        All processes take the one that the first chooses.
        """
        root = self.folder / "checkpoints"
        source, found, passed_over = checkpoint.load_newest(root)
        chosen = root / f"step_{distributed.agree(found.facts['step']):08d}"
        self._take(found if chosen == source else checkpoint.load(chosen), chosen)
        return passed_over

    def _take(self, found: checkpoint.Checkpoint, source: Path) -> None:
        facts = found.facts
        if facts.get("seed", self.seed) != self.seed:
            raise ConfigError(
                f"{source}: belongs to a run with seed {facts['seed']}, this config says {self.seed}; "
                f"give --seed {facts['seed']} to go on, or start a new run without --resume"
            )
        averaged = {key.split(".")[1] for key in found.state if key.startswith("ema.")}
        if averaged != set(self.averages):
            raise ConfigError(
                f"{source}: holds averages of {', '.join(sorted(averaged)) or 'no network'}, and ema.networks says "
                f"{', '.join(self.averages) or 'none'}; set it back, or start a new run with --load {source}"
            )
        spread(self.networks_state(), found.weights)
        spread(self.other_state(), found.state)
        mine = split_prefix(found.state, f"rank{distributed.rank()}")
        if mine:  # what this process kept for itself; a run resumed with more processes starts them from the first's
            spread({f"model.{name}": part for name, part in self.model.stateful().items()}, mine)
        self.step, self.seconds, self.rollbacks = facts["step"], facts["seconds"], facts.get("rollbacks", 0)
        for name, average in self.averages.items():
            average.earlier = facts.get("averaged_images", {}).get(name, self.images) - self.images
        self.best = self._score_of_best()

    def _score_of_best(self) -> float | None:
        """The score of the weights kept so far: a validation may have come after the checkpoint."""
        path = self.folder / "best.safetensors"
        if not path.is_file():
            return None
        return read_metadata(path).get("card", {}).get("scores", {}).get(self.validate_settings.best)

    def save(self, together: bool = True) -> None:
        """Write a checkpoint of everything that has state; all processes must call this.

        Args:
            together: what the other processes keep for themselves (image pools) goes into it; False where only the
                first can come here.
        """
        own = gather({f"model.{name}": part for name, part in self.model.stateful().items()})
        each = distributed.gather(own) if together else [own]
        if self.writes:
            averaged = {name: average.earlier + self.images for name, average in self.averages.items()}
            facts = {"seconds": self.seconds, "seed": self.seed, "rollbacks": self.rollbacks}
            facts["averaged_images"] = averaged  # what the ramp of the averages goes by, wherever it goes on
            weights, state = gather(self.networks_state()), gather(self.other_state())
            check_finite(weights, self.step)
            state |= {f"rank{n}.{k}": v for n, arrays in enumerate(each) if n for k, v in arrays.items()}
            checkpoint.save(self.folder / "checkpoints", self.step, weights, state, facts, self.checkpoints.keep)

    # ---- the loop ----------------------------------------------------------------------------------------

    def run(self, until: int | None = None, started: Callable[[], None] | None = None) -> None:
        """Train from `self.step` to the end, or to the step `until` (the schedule keeps the whole length).

        `started` is called in the process that writes, once no other training can write into the run folder.

        SIGINT and SIGTERM end it between two steps with a checkpoint; `stopped_by` says so.

        Raises:
            TrainingDiverged: a loss or gradient is not finite, and the guard's roll-backs are used up.
            OutputError: the run folder or a checkpoint cannot be written, or another training writes there.
        """
        self.stop_at = self.total if until is None else until
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or error
            raise OutputError(
                f"{self.folder}: this folder cannot be made ({reason}); choose another with -o output_dir=…"
            ) from error
        for network in self.model.networks.values():
            network.train()
        with ExitStack() as stack:
            stack.callback(self.stream.close)
            observer = None
            if self.writes:
                stack.enter_context(FolderLock(self.folder))
                if started is not None:
                    started()
                observer = Observer(self.folder, self.step, self.total, self.loader.batch_size, self.log_settings)
                stack.callback(observer.close)
            if self.profile is not None:
                stack.callback(self.profile.close)
            signals = stack.enter_context(StopSignals(watch_parent=distributed.world_size() > 1))
            self.run_token = distributed.agree(time.time_ns() % 10**9)
            distributed.broadcast([v for net in self.model.networks.values() for v in net.state_dict().values()])
            self._loop(observer, signals)
            if self.writes and self.step == self.total:
                self._keep_final()

    def _loop(self, observer: Observer | None, signals: StopSignals) -> None:
        while self.step < self.stop_at:
            if self.profile is not None and self.profile.step(self.step):
                return
            started = time.perf_counter()
            try:
                losses, reports, state, waited = self._one_step()
            except TrainingDiverged as error:
                self._roll_back(error, observer)
                continue
            self.seconds += time.perf_counter() - started
            last = self.step == self.stop_at
            if observer is not None:
                observer.after_step(self.step, losses, reports, state, waited, self.seconds / 3600, last)
            try:
                saved = self._occasionally(observer, last)
            except (ConfigError, DataError, WeightsError, DownloadError):
                self.save(together=False)  # a score that cannot be computed must not cost the steps before it
                raise
            if distributed.any_rank(signals.received is not None):
                self.stopped_by = signals.received or signal.SIGTERM
                if not saved:
                    self.save()
                return

    def _steps(self) -> list[Step]:
        """One `Step` for each piece of the batch."""
        rank, world, images = distributed.rank(), distributed.world_size(), self.images
        steps = []
        for piece in range(self.loader.accumulate):
            own = np.random.default_rng([self.seed, 17, self.step, rank, piece])
            common = np.random.default_rng([self.seed, 19, self.step, piece])
            steps.append(Step(self.step, own, common, images, rank, world))
        return steps

    def _one_step(self) -> tuple[dict[str, float], dict[str, float], dict[str, float], float]:
        """(losses, reports, state, seconds waited for data)."""
        waited = time.perf_counter()
        batch = self.stream.batch(self.step)
        waited = time.perf_counter() - waited
        parts = list(zip(split(batch, self.loader.accumulate), self._steps(), strict=True))
        paddle.seed(int(parts[0][1].rng.integers(2**31)))  # for dropout and the like
        factor = rate_factor(self.step, self.total, **vars(self.schedule)) * self.guard.factor**self.rollbacks
        look = self._is_looked_at(self.step + 1)
        losses: dict[str, float] = {}
        for phase in self.model.phases():
            if self.step % phase.every == 0:
                for name in phase.trains:
                    self.optimizers[name].set_lr(self.rates[name] * factor)
                losses |= self.updater.run(phase, parts, look)
        self.step += 1
        for average in self.averages.values():
            average.update(self.images, self.loader.batch_size)
        if self.step % self.guard.compare_interval == 0:
            distributed.check_same(self.model.networks, self.step)
        left_out = len(self.stream.reader.damaged)  # samples of the training set that this process could not read
        counted = {"damaged_samples": left_out} if left_out else {}
        return losses, parts[0][1].report, {**parts[0][1].state, "rate_factor": factor, **counted}, waited

    def _is_looked_at(self, step: int) -> bool:
        """Whether pictures, scores or a checkpoint are made after a step: all its gradients must be sound then."""
        intervals = [self.log_settings.visual_interval, self.checkpoints.interval]
        if self.validation is not None:
            intervals.append(self.validate_settings.interval)
        return step == self.stop_at or any(step % interval == 0 for interval in intervals)

    def _roll_back(self, error: TrainingDiverged, observer: Observer | None) -> None:
        """To an earlier checkpoint with a lower rate, or raise the error."""
        places = checkpoint.newest_first(self.folder / "checkpoints")
        if self.guard.action == "stop":
            raise TrainingDiverged(f"{error}; lower the learning rate and --resume, or set guard.action to rollback")
        if self.rollbacks >= self.guard.times or not places:
            why = f"after {self.rollbacks} roll-backs" if places else "before the first checkpoint"
            raise TrainingDiverged(f"{error}; this came {why}: a lower learning rate may help") from error
        times = self.rollbacks + 1
        for network in self.model.networks.values():
            network.clear_gradients(set_to_zero=False)  # layers that begin later must not step meanwhile
        self._take(*checkpoint.first_whole(places[min(self.guard.back, len(places)) - 1 :]))
        self.rollbacks = times
        distributed.agree(0)  # nobody writes a new checkpoint before everybody has read this one
        if observer is not None:
            observer.went_back(self.step)
            observer.note(step=self.step, event="rolled back", reason=str(error), rollbacks=times)
            tqdm.write(f"{error}\nrolled back to step {self.step}, learning rate times {self.guard.factor**times:g}")

    def _occasionally(self, observer: Observer | None, last: bool) -> bool:
        """Draw, validate, save where it is due; returns whether a checkpoint was written."""
        if observer is not None and (observer.due_for_pictures(self.step) or last):
            epoch = self.step * self.loader.batch_size / len(self.stream.dataset)
            observer.draw(self.step, self._pictures(), _SAMPLES, epoch)
        if self.step % self.log_settings.visual_interval == 0 or last:
            self._wait_for_first("drawn")
        better = False
        if self.validation is not None and (self.step % self.validate_settings.interval == 0 or last):
            better = distributed.any_rank(self._validate(observer))
        due = self.step % self.checkpoints.interval == 0 or last or better
        if due:
            if better and self.writes:
                checkpoint.mark_best(self.folder / "checkpoints", self.step)
            self.save()
            self._wait_for_first("saved")
        return due

    def _wait_for_first(self, what: str) -> None:
        """After work that only the first process does, and before the next collective."""
        distributed.wait_for_first(self.folder / f".{what}", f"{self.run_token} {self.step}")

    def _pictures(self) -> dict[str, np.ndarray]:
        source = self.validation if self.validation is not None else self.stream.dataset
        places = np.linspace(0, len(source) - 1, _SAMPLES).astype(int)
        batch = self._reader(source).batch(int(place) for place in places)
        with resting(self.model.networks):
            return self.model.visuals(batch, self.smooth_networks()) if batch is not None else {}

    def _reader(self, source: Any) -> Reader:
        """One a dataset, so that a damaged sample is named once."""
        if source is self.stream.dataset:
            return self.stream.reader
        if self._validation_reader is None:
            self._validation_reader = Reader(source, self.loader.on_corrupt)
        return self._validation_reader

    # ---- scores ------------------------------------------------------------------------------------------

    def evaluate(self, together: bool = False) -> dict[str, float]:
        """Scores of the averaged networks on the validation dataset; `together`: all processes call this."""
        if self.validation is None:
            raise ConfigError("validate: give dataset.validation and validate.metric to evaluate")
        reader = self._reader(self.validation)
        return evaluate(self.model, self.smooth_networks(), reader, self.validate_settings, together)

    def _validate(self, observer: Observer | None) -> bool:
        """All processes predict; rank 0 scores, and keeps the weights if they are the best so far: then True."""
        better = False
        scores = self.evaluate(together=True) if self.validate_settings.metric else {}
        if observer is not None and scores:
            observer.scored(self.step, scores)
            value = improvement(scores, self.validate_settings, self.best)
            if value is not None:
                self.best, better = value, True
                self._keep_best(scores)
        self._wait_for_first("validated")
        return better

    def _keep_best(self, scores: dict[str, float]) -> None:
        name = self.validate_settings.network
        save_network(
            self.smooth_networks()[name], self.folder / "best.safetensors", card=self._facts(name, scores=scores)
        )

    def _keep_final(self) -> None:
        """Every network as people will use it, each in a file that describes itself."""
        for name, network in self.smooth_networks().items():
            save_network(network, self.folder / "final" / f"{name}.safetensors", card=self._facts(name))

    def _facts(self, network: str, **more: Any) -> dict[str, Any]:
        """What a weights file says of its training."""
        return {
            "network": network, "config": self.config, "seed": self.seed, "step": self.step,
            "images": self.images, "hours": round(self.seconds / 3600, 3),
            "processes": distributed.world_size(), **more,
        }  # fmt: skip
