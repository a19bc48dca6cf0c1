"""Where the time of a training's step goes: a row for each config.

    python benchmarks/step_parts.py [CONFIG ...] [-o KEY=VALUE ...] [--steps 6] [--out FILE]

Python's own profiler watches steps of the trainer after two that are not counted, in processor time of one thread.
Shares of the step:

- arithmetic: Paddle's operations, forward and backward, and oneDNN's convolutions; `backward` and `oneDNN` are parts
  of it, oneDNN's in both directions
- Python: whatever runs between them, and arithmetic that is written as `a * b`, which the profiler counts to the
  function where it stands. The profiler itself makes it look longer than it is, where calls are many
- optimizers, average, checks, data: parts of both of the above. Taking steps, moving the averaged weights, looking for
  losses and gradients that are not finite, waiting for the batch

"heaviest" is the operation of Paddle's, apart from backward, that takes most.
"""

import cProfile
import os
import pstats
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from harness import single_threaded  # isort: skip

os.environ |= single_threaded()  # before Paddle is imported: what other threads do would not be seen

from harness import OUT, OVERRIDES, Figures, Namespace, Result, argument, at_least, benchmark, table

from ppgen import device
from ppgen.engine.assemble import build_parts
from ppgen.engine.schema import load_config
from ppgen.engine.trainer import Trainer

FAMILIES = ("vae_faces64", "dcgan_faces64", "wgan_gp_faces64", "pggan_faces64", "stylegan_faces64",
            "styleganv2_nobody_64", "pix2pix_portraits", "cyclegan_portraits", "ugatit_portraits_64",
            "ugatit_photo2cartoon_64", "photo2cartoon_artist_128", "photo2cartoon_lite_128",
            "segmentation")  # fmt: skip
_QUIET = ["checkpoint.interval=100000", "validate.interval=100000", "validate.metric={}", "log.visual_interval=100000"]
_BEFORE = 2  # steps that warm up
#: (file, function) whose whole time counts as a part of a step
_PARTS = {
    "optimizers": [("paddle/optimizer/optimizer.py", "step"), ("paddle/optimizer/adam.py", "step")],
    "average": [("ppgen/engine/ema.py", "update")],
    "checks": [("ppgen/engine/update.py", "gradient_norm"), ("ppgen/engine/update.py", "_check_losses")],
    "data": [("ppgen/datasets/stream.py", "batch")],
}


class Call(NamedTuple):
    """What a function took over all its calls: by itself, and with what it called."""

    file: str
    name: str
    own: float
    whole: float

    @property
    def compiled(self) -> bool:
        """Whether this is no Python: an operation of Paddle's, or oneDNN called through its C interface."""
        return self.file == "~" or self.onednn

    @property
    def onednn(self) -> bool:
        """Whether this calls oneDNN."""
        return self.of("ppgen/runtime/onednn.py", "_call")

    def of(self, end: str, name: str) -> bool:
        """Whether this is the function of that name in the file whose path ends so."""
        return self.file.endswith(end) and self.name == name


class Window:
    """Takes a watcher's place in the trainer: profiles from one step to another."""

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last, self.profile = first, last, cProfile.Profile(time.thread_time)

    def step(self, index: int) -> bool:
        """Whether to end here."""
        if index == self.first:
            self.profile.enable()
        elif index == self.last:
            self.profile.disable()
        return index >= self.last

    def close(self) -> None:
        """Nothing to give back."""

    def calls(self) -> list[Call]:
        """Every function that ran."""
        found = pstats.Stats(self.profile).stats.items()  # type: ignore[attr-defined]
        return [Call(file, name, own, whole) for (file, _, name), (_, _, own, whole, _) in found]


def parts_of(calls: list[Call], steps: int) -> Figures:
    """A row."""
    total = sum(call.own for call in calls)
    row: Figures = {"ms a step": 1000 * total / steps}
    row["arithmetic"] = sum(call.own for call in calls if call.compiled) / total
    row["backward"] = sum(call.own for call in calls if call.file == "~" and "run_backward" in call.name) / total
    row["oneDNN"] = sum(call.own for call in calls if call.onednn) / total
    row["Python"] = 1 - row["arithmetic"]
    for part, functions in _PARTS.items():
        wholes = [call.whole for call in calls if any(call.of(*function) for function in functions)]
        row[part] = max(wholes, default=0.0) / total
    operations = [call for call in calls if call.file == "~" and ".ops." in call.name]
    heaviest = max(operations, key=lambda call: call.own)
    row["heaviest"] = f"{heaviest.name.rpartition('.')[2].rstrip('>')} {heaviest.own / total:.0%}"
    return row


def measured(config: str, overrides: list[str], steps: int) -> Figures:
    """A config's row."""
    until = _BEFORE + steps
    config_, model, train, _ = build_parts(load_config(config, [*_QUIET, f"total_iters={until + 1}", *overrides]))
    window = Window(_BEFORE, until)
    with tempfile.TemporaryDirectory() as folder:
        Trainer(model, config_, Path(folder), train, watcher=window).run()
    return parts_of(window.calls(), steps)


@benchmark(
    __doc__,
    argument("configs", nargs="*", default=list(FAMILIES), metavar="CONFIG"),
    OVERRIDES,
    argument("--steps", type=at_least(1), default=6),
    OUT,
)
def main(options: Namespace) -> Result:
    if device.on_cpu():
        device.keep_memory()  # as launch does
    rows: Figures = {}
    for config in options.configs:
        path = config if config.endswith(".yaml") else f"configs/{config}.yaml"
        rows[Path(path).stem] = measured(path, options.overrides, options.steps)
        print("\n".join(table({Path(path).stem: rows[Path(path).stem]})), flush=True)
    return Result({"steps": rows})
