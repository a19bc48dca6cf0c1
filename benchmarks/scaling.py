"""How the time of a cartoon grows: with the photo's size, the batch, the folder and the processes; eager Paddle beside.

    python benchmarks/scaling.py PHOTOS [--repeats N] [--chart FILE.png] [--json FILE]

PHOTOS is a folder of portraits. "photo" is scikit-image's astronaut at several heights, from a JPEG file to two PNG
files, warm; "batch" the cartoon generator alone, at 256 pixels; both in turns with eager Paddle, medians, the first
turn left out. "folder" is `ppgen cartoon PHOTOS` with one worker and with two, a process of its own each time;
"processes" the largest of these folders by one to three workers. For the figures of the pages a quiet machine is
needed.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import JSON, Figures, Namespace, Result, argument, at_least, benchmark, chart, new_file

import numpy as np
from skimage.data import astronaut

from folders import command, copies, timed
from peers import machine
from ppgen.apps import Photo2CartoonPredictor
from ppgen.datasets.files import resize
from ppgen.hub.compiled import CompiledNetwork
from ppgen.io.image import save_image
from runtime import chosen

HEIGHTS = (300, 600, 1200, 2400)
BATCHES = (1, 2, 4, 8)
FOLDERS = (10, 40, 160)
WORKERS = (1, 2, 3)


def medians(work: Callable[[], Any], repeats: int) -> Figures:
    """Seconds of both backends in turns."""
    seconds: dict[str, list[float]] = {"eager": [], "onnx": []}
    for _ in range(repeats + 1):
        for backend, each in seconds.items():
            with chosen(backend):
                start = time.perf_counter()
                work()
                each.append(time.perf_counter() - start)
    return {backend: float(np.median(each[1:])) for backend, each in seconds.items()}


def by_height(folder: Path, repeats: int) -> Figures:
    """Seconds of a photo, by its height in pixels; 4 to 5."""
    predictor, drawn, rows = Photo2CartoonPredictor(folder / "0"), 0, {}
    for height in HEIGHTS:
        margin = height // 10
        whole = resize(astronaut(), (height, height))[:, margin : height - margin]
        photo = save_image(folder / f"{height}.jpg", np.ascontiguousarray(whole))

        def cartoon() -> None:
            nonlocal drawn
            drawn += 1
            predictor.output_path = folder / f"drawn{drawn}"  # nothing is replaced
            predictor.run(photo)  # noqa: B023 (called before the next height)

        rows[str(height)] = {"height": height, **medians(cartoon, repeats)}
    return rows


def by_batch(repeats: int) -> Figures:
    """Seconds a picture of the generator, by the batch."""
    generator, rows = CompiledNetwork("photo2cartoon"), {}
    for batch in BATCHES:
        pictures = np.random.default_rng(0).uniform(-1, 1, (batch, 3, 256, 256)).astype(np.float32)
        skin = np.zeros((batch, 3), np.float32)
        found = medians(lambda: generator.call("translate", pictures, skin), repeats)  # noqa: B023
        rows[str(batch)] = {"batch": batch, **{name: seconds / batch for name, seconds in found.items()}}
    return rows


def by_folder(photos: Path, root: Path) -> tuple[Figures, Figures]:
    """Photos a second, a whole command: by how many photos there are, and by how many workers draw them."""
    sizes: Figures = {}
    workers: Figures = {}
    for count in FOLDERS:
        some = copies(photos, count, root / f"photos{count}")
        for jobs in WORKERS if count == max(FOLDERS) else WORKERS[:2]:
            took = timed(command(some, root / f"out{count}x{jobs}", "--jobs", str(jobs)))
            if jobs <= 2:
                sizes.setdefault(str(count), {"photos": count})[f"jobs {jobs}"] = count / took
            if count == max(FOLDERS):
                workers[str(jobs)] = {"workers": jobs, "photos a second": count / took}
    return sizes, workers


def draw(path: Path, figures: Figures) -> None:
    """Four panels."""
    labels = {"eager": "eager Paddle", "onnx": "ppgen's runtime"}
    with chart(path, columns=4, size=(14, 3.4)) as (photo, batch, folder, processes):
        for plot, rows, across in ((photo, figures["photo"], "height"), (batch, figures["batch"], "batch")):
            for name, label in labels.items():
                points = [(row[across], row[name]) for row in rows.values()]
                plot.plot(*zip(*points), "o-", label=label)
            plot.set(ylim=0)
        for name in ("jobs 1", "jobs 2"):
            points = [(row["photos"], row[name]) for row in figures["folder"].values()]
            folder.plot(*zip(*points), "o-", label=f"--{name}")
        points = [(row["workers"], row["photos a second"]) for row in figures["processes"].values()]
        processes.plot(*zip(*points), "o-", label=f"{max(FOLDERS)} photos")
        photo.set(title="one photo", xlabel="height, pixels", ylabel="seconds")
        batch.set(title="the generator", xlabel="batch", ylabel="seconds a picture", xticks=BATCHES)
        folder.set(title="a folder", xlabel="photos", ylabel="photos a second", ylim=0)
        processes.set(title="processes", xlabel="--jobs", ylabel="photos a second", xticks=WORKERS, ylim=0)


@benchmark(
    __doc__,
    argument("photos", type=Path, metavar="PHOTOS"),
    argument("--repeats", type=at_least(1), default=7),
    argument("--chart", type=new_file(".png"), metavar="FILE", help="also draw the figures"),
    JSON,
)
def main(options: Namespace) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        figures = machine()
        figures |= {"photo": by_height(root, options.repeats), "batch": by_batch(options.repeats)}
        figures["folder"], figures["processes"] = by_folder(options.photos, root)
    if options.chart:
        draw(options.chart, figures)
    return Result(figures)
