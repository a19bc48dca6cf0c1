"""Eager Paddle against the compiled runtime, in turns in one run: pictures, time, processor time.

    python benchmarks/runtime.py [--repeats N] [--also NAME ...] [--cold] [--out output/runtime.json]

Each turn rests, calls once without watching, and is measured at the second call.
"ratio" is the median of runtime / eager over the turns, with the quartiles, of wall time; "processor" the same of
processor time, all threads together, which other processes on the machine disturb less. The photo is scikit-image's
astronaut at 480x600 pixels, from a JPEG file to two PNG files, warm; "outside" is the share of its wall time that is
not spent in networks. "apart" is the largest difference of what both give: of pictures in levels of 255, of landmarks
in pixels. --also adds generators by their names in the hub. --cold starts new processes: with an empty cache, then with
what is kept. Threads: `PPGEN_THREADS`.
Exit code 1 where a reach is missed. For the figures of the pages a quiet machine is needed.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from harness import OUT, ROOT, Figures, Namespace, Result, argument, at_least, benchmark, judged

import numpy as np
from skimage.data import astronaut

from ppgen.apps import Photo2CartoonPredictor
from ppgen.datasets.files import resize
from ppgen.faces.detect_mesh import find_mesh_faces
from ppgen.faces.segment import person_mask
from ppgen.hub.compiled import CompiledNetwork
from ppgen.io.image import save_image
from ppgen.runtime import graph, threads
from ppgen.runtime.backend import VARIABLE, version

_COLD = "import sys; from ppgen.cli import main; sys.exit(main(['cartoon', sys.argv[1], '-o', sys.argv[2]]))"
#: seconds: Paddle's threads wait in a loop for a while after their work, and would take the cores from what follows
REST = 0.3
Work = Callable[[], np.ndarray]


class Spent(NamedTuple):
    """Seconds of one call, and what it gave."""

    wall: float
    processor: float
    networks: float  # of the wall time, within ONNX Runtime
    result: np.ndarray


@contextmanager
def chosen(backend: str) -> Iterator[None]:
    """The backend within."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = backend
    try:
        yield
    finally:
        del os.environ[VARIABLE]
        if before is not None:
            os.environ[VARIABLE] = before


class Stopwatch:
    """Adds up the seconds in which one or more of ONNX Runtime's sessions run."""

    def __init__(self) -> None:
        self.seconds, self._running, self._since, self._lock = 0.0, 0, 0.0, threading.Lock()
        run = graph.Session.run

        def timed(session: graph.Session, arrays: list[np.ndarray]) -> list[np.ndarray]:
            self._count(1)
            try:
                return run(session, arrays)
            finally:
                self._count(-1)

        graph.Session.run = timed  # type: ignore[method-assign, assignment]

    def _count(self, change: int) -> None:
        now = time.perf_counter()
        with self._lock:
            self.seconds += (now - self._since) if self._running else 0.0
            self._running, self._since = self._running + change, now


def spent(work: Work, watch: Stopwatch) -> Spent:
    wall, processor, before = time.perf_counter(), time.process_time(), watch.seconds
    result = work()
    return Spent(time.perf_counter() - wall, time.process_time() - processor, watch.seconds - before, result)


def compared(work: Work, repeats: int, watch: Stopwatch) -> Figures:
    """One row: both backends in turns, the first turn left out."""
    turns: dict[str, list[Spent]] = {"eager": [], "onnx": []}
    for _ in range(repeats + 1):
        for backend, each in turns.items():
            with chosen(backend):
                time.sleep(REST)
                work()  # the other's work is no longer in the processor's caches
                each.append(spent(work, watch))
    eager, fast = turns["eager"][1:], turns["onnx"][1:]
    ratio = np.array([b.wall / a.wall for a, b in zip(eager, fast)])
    processor = np.array([b.processor / a.processor for a, b in zip(eager, fast)])
    apart = np.abs(eager[-1].result.astype(np.float64) - fast[-1].result)
    return {
        "eager, ms": float(np.median([a.wall for a in eager]) * 1000),
        "runtime, ms": float(np.median([b.wall for b in fast]) * 1000),
        "ratio": float(np.median(ratio)),
        "ratio_interval": tuple(np.quantile(ratio, (0.25, 0.75)).tolist()),
        "processor": float(np.median(processor)),
        "processor_interval": tuple(np.quantile(processor, (0.25, 0.75)).tolist()),
        "outside": float(np.median([1 - b.networks / b.wall for b in fast])),
        "apart": float(apart.max()),
    }


def works(folder: Path, also: list[str]) -> dict[str, Work]:
    """What is measured, by name."""
    whole = np.ascontiguousarray(resize(astronaut(), (600, 600))[:, 60:540])
    photo = save_image(folder / "photo.jpg", whole)
    predictor = Photo2CartoonPredictor(folder / "0")
    crop = predictor.run(photo, full=True).crop

    def cartoon() -> np.ndarray:
        predictor.output_path = folder / str(int(predictor.output_path.name) + 1)  # nothing is replaced
        return predictor.run(photo)

    generator = CompiledNetwork("photo2cartoon")
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 3, 256, 256)).astype(np.float32)
    skin = np.zeros((1, 3), np.float32)
    found: dict[str, Work] = {
        "generator": lambda: generator.call("translate", picture, skin)[0],
        "segmentation": lambda: person_mask(crop),
        "detection and mesh": lambda: find_mesh_faces(whole, "photo")[0].landmarks,
        "photo": cartoon,
    }
    for name in also:
        found[name] = _generator(name)
    return found


def _generator(name: str) -> Work:
    """Pictures of the hub's network: four of a latent, or one of a portrait."""
    network = CompiledNetwork(name)
    rng = np.random.default_rng(0)
    if hasattr(network.network, "latent_dim"):
        from ppgen.apps.latent_model import latent_model

        model = latent_model(None, name, name)
        z = rng.standard_normal((4, model.network.latent_dim), dtype=np.float32)
        labels = None if model.network.classes is None else 0
        return lambda: model.draw(z, labels).arrays
    side = network.traits.image_size or 256
    picture = rng.uniform(-1, 1, (1, 3, side, side)).astype(np.float32)
    skin = np.zeros((1, 3), np.float32) if network.traits.takes_skin else None
    return lambda: network.call("translate", picture, skin)[0]


def cold(folder: Path) -> Figures:
    """Seconds of new processes that draw one cartoon: nothing kept, then all graphs kept; eager beside them."""
    rows: Figures = {}
    cache = {"PPGEN_CACHE": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
    for name, backend in (
        ("first ever", "onnx"), ("graphs kept", "onnx"), ("eager", "eager"), ("graphs kept, again", "onnx")
    ):  # fmt: skip
        start, before = time.perf_counter(), os.times()
        command = [sys.executable, "-c", _COLD, str(folder / "photo.jpg"), str(folder / "cold")]
        subprocess.run(command, env={**os.environ, **cache, VARIABLE: backend}, check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        processor = after.children_user + after.children_system - before.children_user - before.children_system
        rows[name] = {"seconds": time.perf_counter() - start, "processor": processor}
    return rows


@benchmark(
    __doc__,
    argument("--repeats", type=at_least(1), default=15),
    argument("--also", nargs="+", default=[], metavar="NAME", help="generators of the hub to compare as well"),
    argument("--cold", action="store_true", help="also start new processes"),
    OUT,
)
def main(options: Namespace) -> Result:
    watch = Stopwatch()
    versions = {name: version(name) for name in ("paddlepaddle", "onnxruntime", "paddle2onnx")}
    figures: Figures = {**versions, "threads": threads()}
    with tempfile.TemporaryDirectory() as folder:
        measured = works(Path(folder), options.also)
        rows = {name: compared(work, options.repeats, watch) for name, work in measured.items()}
        figures["in turns"] = rows
        if options.cold:
            figures["new process"] = cold(Path(folder))
    targets = [
        judged("generator, ratio", rows["generator"]["ratio"], at_most=0.30),
        judged("photo, ratio", rows["photo"]["ratio"], at_most=0.35),
        judged("photo, share outside the networks", rows["photo"]["outside"], at_most=0.40),
        judged("photo, levels apart", rows["photo"]["apart"], at_most=2),
        judged("detection and mesh, ms", rows["detection and mesh"]["runtime, ms"], at_most=25),
    ]
    if options.cold:
        targets.append(judged("new process, s", figures["new process"]["graphs kept, again"]["seconds"], at_most=2.0))
    figures["targets"] = targets
    return Result(figures, all(row["pass"] for row in targets))
