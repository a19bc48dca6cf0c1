"""The loop: batches in, phases run, averages, logs, pictures, scores, checkpoints out."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from tqdm import tqdm

from ppgen.datasets.stream import BatchStream, collate
from ppgen.engine import checkpoint, distributed
from ppgen.engine.ema import Average
from ppgen.engine.log import RunLog, draw_curves, draw_grid, read_log
from ppgen.engine.optimizers import build_optimizer, optimizer_state, rate_factor, restore_optimizer
from ppgen.engine.settings import (
    CheckpointSettings,
    EmaSettings,
    LoaderSettings,
    LogSettings,
    ScheduleSettings,
    ValidateSettings,
)
from ppgen.engine.update import run_phase, trainable
from ppgen.errors import ConfigError, WeightsError
from ppgen.io.weights import read_metadata, save_network
from ppgen.models.base import Model, Step
from ppgen.registry import METRICS, nearest


def split_prefix(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """The entries whose key starts with `prefix.`, without it."""
    return {k[len(prefix) + 1 :]: v for k, v in arrays.items() if k.startswith(prefix + ".")}


class Trainer:
    """Runs a recipe.

    Args:
        model: the recipe.
        config: validated config.
        folder: of this run; made if missing.
        train: dataset to learn from.
        validation: dataset to score on, or None.
    """

    def __init__(self, model: Model, config: dict[str, Any], folder: Path, train: Any, validation: Any = None) -> None:
        self.model, self.config, self.folder = model, config, folder
        self.validation = validation
        self.seed, self.total = config.get("seed", 0), config["total_iters"]
        self.loader = LoaderSettings(**config.get("loader", {}))
        self.schedule = ScheduleSettings(**config.get("schedule", {}))
        self.log_settings = LogSettings(**config.get("log", {}))
        self.checkpoints = CheckpointSettings(**config.get("checkpoint", {}))
        self.validate_settings = ValidateSettings(**config.get("validate", {}))
        ema = EmaSettings(**config.get("ema", {}))
        self._check_names("ema.networks", ema.networks)
        if self.validate_settings.metric:
            self._check_names("validate.network", [self.validate_settings.network])
        self.averages = {name: Average(model.networks[name], ema.half_life) for name in ema.networks}
        self.optimizers = self._build_optimizers()
        self.step, self.stop_at, self.best, self.seconds = 0, self.total, None, 0.0
        if self.loader.batch_size % distributed.world_size():
            raise ConfigError(
                f"loader.batch_size: {self.loader.batch_size} cannot be shared by {distributed.world_size()} processes"
            )
        self.stream = BatchStream(
            train,
            self.loader.batch_size,
            self.seed,
            self.loader.turns,
            distributed.rank(),
            distributed.world_size(),
            self.loader.workers,
        )

    def _check_names(self, where: str, names: list[str]) -> None:
        for name in names:
            if name not in self.model.networks:
                known = list(self.model.networks)
                hint = f"{nearest(name, known)} (there are: {', '.join(known)})"
                raise ConfigError(f"{where}: no network is called '{name}'{hint}")

    def _build_optimizers(self) -> dict[str, paddle.optimizer.Optimizer]:
        self.rates, result = {}, {}
        for name, settings in self.config["optimizer"].items():
            if name not in self.model.networks:
                raise ConfigError(
                    f"optimizer.{name}: the model has no such network (it has {', '.join(self.model.networks)})"
                )
            result[name] = build_optimizer(settings, trainable([self.model.networks[name]]))
            self.rates[name] = result[name].get_lr()
        untrained = {n for phase in self.model.phases() for n in phase.trains} - set(result)
        if untrained:
            raise ConfigError(f"optimizer: no entry for {', '.join(sorted(untrained))}")
        return result

    @property
    def writes(self) -> bool:
        """Whether this process is the one that writes."""
        return distributed.rank() == 0

    def smooth_networks(self) -> dict[str, Any]:
        """The networks people will use: averaged where there is an average."""
        return {**self.model.networks, **{name: a.network for name, a in self.averages.items()}}

    # ---- state -------------------------------------------------------------------------------------------

    def load_weights(self, source: Path) -> None:
        """Start from the networks of a checkpoint folder."""
        weights, state, _ = checkpoint.load(source)
        self._set_networks(weights, state)

    def _set_networks(self, weights: dict[str, np.ndarray], state: dict[str, np.ndarray]) -> None:
        for name, network in self.model.networks.items():
            _set(network, split_prefix(weights, name), name)
        for name, average in self.averages.items():
            _set(average.network, split_prefix(state, f"ema.{name}"), f"ema.{name}")

    def resume(self, source: Path) -> None:
        """Go on exactly where a checkpoint was written."""
        weights, state, facts = checkpoint.load(source)
        self._set_networks(weights, state)
        for name, optimizer in self.optimizers.items():
            restore_optimizer(optimizer, split_prefix(state, f"optimizer.{name}"), {name: self.model.networks[name]})
        self.step, self.seconds = facts["step"], facts["seconds"]
        self.best = self._score_of_best()

    def _score_of_best(self) -> float | None:
        """The score of the weights kept so far: a validation may have come after the checkpoint."""
        path = self.folder / "best.safetensors"
        if not path.is_file():
            return None
        return read_metadata(path).get("card", {}).get("scores", {}).get(self.validate_settings.best)

    def save(self) -> None:
        """Write a checkpoint of everything that has state."""
        if not self.writes:
            return
        weights = {f"{n}.{k}": v.numpy() for n, net in self.model.networks.items() for k, v in net.state_dict().items()}
        state = {f"ema.{n}.{k}": v.numpy() for n, a in self.averages.items() for k, v in a.network.state_dict().items()}
        for name, optimizer in self.optimizers.items():
            moments = optimizer_state(optimizer, {name: self.model.networks[name]})
            state |= {f"optimizer.{name}.{k}": v for k, v in moments.items()}
        facts = {"seconds": self.seconds, "seed": self.seed}
        checkpoint.save(self.folder / "checkpoints", self.step, weights, state, facts, self.checkpoints.keep)

    # ---- the loop ----------------------------------------------------------------------------------------

    def run(self, until: int | None = None) -> None:
        """Train from `self.step` to the end, or to the step `until` (the schedule keeps the whole length)."""
        self.stop_at = self.total if until is None else until
        self.folder.mkdir(parents=True, exist_ok=True)
        for network in self.model.networks.values():
            network.train()
        self.run_token = distributed.agree(time.time_ns() % 10**9)
        distributed.broadcast([v for net in self.model.networks.values() for v in net.state_dict().values()])
        log = RunLog(self.folder / "log.jsonl", self.step) if self.writes else None
        bar = tqdm(total=self.total, initial=self.step, disable=not (self.writes and sys.stderr.isatty()))
        try:
            while self.step < self.stop_at:
                started = time.perf_counter()
                row = self._one_step()
                self.seconds += time.perf_counter() - started
                bar.update()
                self._occasionally(row, log)
        finally:
            bar.close()
            self.stream.close()

    def _one_step(self) -> dict[str, float]:
        waited = time.perf_counter()
        batch = self.stream.batch(self.step)
        waited = time.perf_counter() - waited
        step = Step(self.step, np.random.default_rng([self.seed, 17, self.step, distributed.rank()]))
        paddle.seed(int(step.rng.integers(2**31)))
        factor = rate_factor(self.step, self.total, **vars(self.schedule))
        row: dict[str, float] = {}
        for phase in self.model.phases():
            if self.step % phase.every == 0:
                for name in phase.trains:
                    self.optimizers[name].set_lr(self.rates[name] * factor)
                row |= run_phase(self.model, phase, batch, step, self.optimizers)
        self.step += 1
        for average in self.averages.values():
            average.update(self.step * self.loader.batch_size, self.loader.batch_size)
        return {**row, **step.report, "rate_factor": factor, "wait_seconds": waited}

    def _occasionally(self, row: dict[str, float], log: RunLog | None) -> None:
        last = self.step == self.stop_at
        if log is not None and (self.step % self.log_settings.interval == 0 or last):
            images = self.step * self.loader.batch_size
            log.write(step=self.step, images=images, hours=self.seconds / 3600, **row)
            if not sys.stderr.isatty():
                print(f"step {self.step}/{self.total} {self.seconds / self.step:.2f} s/step "
                      + " ".join(f"{k}={v:.3g}" for k, v in row.items()), flush=True)  # fmt: skip
        if log is not None and (self.step % self.log_settings.visual_interval == 0 or last):
            draw_curves(read_log(self.folder / "log.jsonl"), self.folder / "curves.png")
            self._draw_samples()
        if self.step % self.checkpoints.interval == 0 or last:
            self.save()
        if self.validation is not None and (self.step % self.validate_settings.interval == 0 or last):
            self._validate(log)

    def _draw_samples(self, most: int = 6) -> None:
        source = self.validation if self.validation is not None else self.stream.dataset
        places = np.linspace(0, len(source) - 1, most).astype(int)
        batch = collate([source.sample(int(i), None) for i in places])
        with self._resting():
            pictures = self.model.visuals(batch, self.smooth_networks())
        draw_grid(pictures, self.folder / "samples" / f"step_{self.step:08d}.png", most)

    def evaluate(self) -> dict[str, float]:
        """Scores of the averaged networks on the validation dataset."""
        settings = self.validate_settings
        if not settings.metric or self.validation is None:
            raise ConfigError("validate: give dataset.validation and validate.metric to evaluate")
        metric = METRICS.build(settings.metric)
        count, quiet = len(self.validation), not sys.stderr.isatty()
        with self._resting():
            for first in tqdm(range(0, count, settings.batch_size), desc="validation", leave=False, disable=quiet):
                places = range(first, min(first + settings.batch_size, count))
                batch = collate([self.validation.sample(i, None) for i in places])
                metric.update(batch, self.model.predict(batch, self.smooth_networks()))
        return metric.compute()

    @contextmanager
    def _resting(self) -> Iterator[None]:
        """Networks in evaluation mode: looking at pictures must not move the statistics of a normalization."""
        for network in self.model.networks.values():
            network.eval()
        try:
            yield
        finally:
            for network in self.model.networks.values():
                network.train()

    def _validate(self, log: RunLog | None) -> None:
        """Every process waits; rank 0 scores, and keeps the weights if they are the best so far."""
        if log is not None and self.validate_settings.metric:
            scores = self.evaluate()
            log.write(step=self.step, **{f"val_{k}": v for k, v in scores.items()})
            print(
                f"step {self.step} validation " + " ".join(f"{k}={v:.4g}" for k, v in scores.items()),
                flush=True,
            )
            wanted, sign = self.validate_settings.best, 1 if self.validate_settings.mode == "min" else -1
            if wanted and wanted not in scores:
                raise ConfigError(f"validate.best: no score is called '{wanted}' (there are: {', '.join(scores)})")
            value = scores.get(wanted, math.nan)
            if math.isfinite(value) and (self.best is None or sign * value < sign * self.best):
                self.best = value
                self._keep_best(scores)
        distributed.wait_for_first(self.folder / ".validated", f"{self.run_token} {self.step}")

    def _keep_best(self, scores: dict[str, float]) -> None:
        facts = {
            "config": self.config, "seed": self.seed, "step": self.step, "images": self.step * self.loader.batch_size,
            "hours": round(self.seconds / 3600, 3), "processes": distributed.world_size(), "scores": scores,
        }  # fmt: skip
        network = self.smooth_networks()[self.validate_settings.network]
        save_network(network, self.folder / "best.safetensors", card=facts)


def _set(network: Any, arrays: dict[str, np.ndarray], name: str) -> None:
    wanted = {k: tuple(v.shape) for k, v in network.state_dict().items()}
    found = {k: v.shape for k, v in arrays.items()}
    if wanted != found:
        different = sorted(set(wanted.items()) ^ set(found.items()))[:3]
        raise WeightsError(f"the checkpoint's '{name}' is another network than the config's (for example {different})")
    network.set_state_dict({k: paddle.to_tensor(v) for k, v in arrays.items()})
