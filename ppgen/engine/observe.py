"""What a run shows while it trains: progress, log lines, curves, sample grids, its page, other writers."""

import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm.auto import tqdm

from ppgen import device
from ppgen.engine.log import RunLog, draw_curves, draw_grid, read_log, span
from ppgen.engine.meanings import main_losses, numbers
from ppgen.engine.page import RunPage
from ppgen.engine.settings import LogSettings
from ppgen.engine.writers import Writers
from ppgen.io.terminal import say

_TRIED, _LONG = 3, 2 * 86400  # steps, and seconds of a run that is said to be long


class StepReport(NamedTuple):
    """What a step tells.

    Attributes:
        losses: of its phases. reports: other numbers; both are logged as means over the steps between two lines.
        state: numbers to log as they are at the step of a line.
        waited: seconds it waited for data.
    """

    losses: dict[str, float]
    reports: dict[str, float]
    state: dict[str, float]
    waited: float


class Observer:
    """Shows a run to people: the process of rank 0 has one, the others have none.

    Args:
        folder: of the run.
        step: the run goes on from here; log lines after it are dropped.
        total: steps of the whole training.
        batch_size: over all processes.
    """

    def __init__(self, folder: Path, step: int, total: int, batch_size: int, settings: LogSettings) -> None:
        self.folder, self.total, self.batch_size, self.settings = folder, total, batch_size, settings
        self.log = RunLog(folder / "log.jsonl", step)
        self.writers = Writers(settings.writers, folder, step)
        self.losses: dict[str, None] = {}  # names, in the order they came
        self._last: dict[str, float] = {}
        self._sums: dict[str, tuple[float, int]] = {}
        self.page = RunPage(folder, losses=self.losses)
        self.bar = tqdm(total=total, initial=step, disable=not sys.stderr.isatty())
        self._began, self._began_at = step, time.perf_counter()
        self._start_interval(step)

    def _start_interval(self, step: int) -> None:
        self._since, self._since_step, self._waited = time.perf_counter(), step, 0.0
        self._sums = {}

    def close(self) -> None:
        """At the end of the run, however it came."""
        self.bar.close()
        self.writers.close()

    def went_back(self, step: int) -> None:
        """The run was set back to `step`: what was logged after it is dropped."""
        self.log = RunLog(self.folder / "log.jsonl", step)
        self.bar.n = step
        self._start_interval(step)

    def after_step(self, step: int, report: StepReport, hours: float, last: bool) -> None:
        """Advance the bar; at the log interval write a line and renew the page.

        A line holds means over the steps since the last one, of each number over the steps that had it: what is
        computed now and then, such as a lazy penalty, would otherwise never fall on a line.
        """
        self.bar.update()
        self._waited += report.waited
        self._warn_of_long(step)
        self.losses |= dict.fromkeys(report.losses)
        for name, value in {**report.losses, **report.reports}.items():
            total, count = self._sums.get(name, (0.0, 0))
            self._sums[name] = (total + value, count + 1)
        if step % self.settings.interval and not last:
            return
        means = {name: total / count for name, (total, count) in self._sums.items()}
        self._last = {name: means[name] for name in self.losses if name in means}
        row = {**means, **report.state, **self._rates(step)}
        self.log.write(step=step, images=step * self.batch_size, hours=hours, **row)
        self.writers.scalars(step, row)
        self.bar.set_postfix_str(numbers({name: self._last[name] for name in main_losses(self._last)}), refresh=False)
        if not sys.stderr.isatty():
            say(self._line(step, {**means, **report.state}, row))
        self.page.write()

    def _line(self, step: int, values: dict[str, float], row: dict[str, float]) -> str:
        """A step for people: `step 200/3000  d 1.29  g 1.05 | 46 images/s, 3 min left, 0.4 GB`."""
        told = {name: value for name, value in values.items() if not name.startswith("norm") and name != "rate_factor"}
        left = f", {span(row['eta_hours'] * 3600)} left" if step < self.total else ""
        rate = f"{row['images_per_second']:.3g} images/s{left}, {row['peak_memory_gb']:.2g} GB"
        return f"step {step}/{self.total}  {numbers(told)} | {rate}"

    def _warn_of_long(self, step: int) -> None:
        """Once, after the third step: a run of days should not begin without a word."""
        if step - self._began != _TRIED:
            return
        pace = (time.perf_counter() - self._began_at) / _TRIED
        if (self.total - step) * pace > _LONG:
            whole = f"{span((self.total - step) * pace)} for the {self.total - step} to come"
            say(f"a step takes {span(pace)}: {whole}; smaller pictures or a GPU take less")

    def _rates(self, step: int) -> dict[str, float]:
        """Speed since the last log line; it starts anew."""
        steps, seconds = max(step - self._since_step, 1), max(time.perf_counter() - self._since, 1e-9)
        rates = {
            "images_per_second": steps * self.batch_size / seconds,
            "wait_share": self._waited / seconds,
            "eta_hours": (self.total - step) * seconds / steps / 3600,
            "peak_memory_gb": device.peak_memory(),
        }
        self._start_interval(step)
        return rates

    def sampled(self, step: int, pictures: dict[str, np.ndarray], most: int, epoch: float) -> None:
        """Curves and a sample grid, titled with the epoch and the losses."""
        draw_curves(read_log(self.folder / "log.jsonl"), self.folder / "curves.png")
        if pictures:
            path = self.folder / "samples" / f"step_{step:08d}.png"
            losses = "  ".join(f"{name} {value:.3g}" for name, value in self._last.items())
            draw_grid(pictures, path, most, f"step {step}, epoch {epoch:.1f}: {losses}")
            self.writers.image(step, "samples", path)

    def scored(self, step: int, scores: dict[str, float]) -> None:
        """Log a validation. A name with a slash tells the protocol of a score: that one is printed, not logged."""
        row = {f"val_{key}": value for key, value in scores.items() if "/" not in key}
        self.log.write(step=step, **row)
        self.writers.scalars(step, row)
        printed = {key: value for key, value in scores.items() if "/" in key} or scores
        tqdm.write(f"step {step} validation " + " ".join(f"{k}={v:.4g}" for k, v in printed.items()))
        sys.stdout.flush()

    def note(self, **event: object) -> None:
        """Something that happened to the run, as a line of events.jsonl."""
        RunLog.append(self.folder / "events.jsonl", event)
