"""What becomes of a photo that was sent: done in a worker process, which a time limit can end."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from ppgen.apps.folders.job import Lost
from ppgen.apps.photo2cartoon import CartoonResult, Photo2CartoonPredictor
from ppgen.apps.portrait import Faces, PortraitPipeline
from ppgen.apps.portrait_generator import PortraitGenerator
from ppgen.apps.styles import NETWORK, SIZE
from ppgen.errors import PPGenError
from ppgen.io.image import load_image

_NAME = "photo"  # how messages call what was sent
FAULT = "Fault"  #: the kind of an error that is ppgen's own
LATE, ENDED = "TimeLimit", "WorkerEnded"


@dataclass(frozen=True)
class Task:
    """A photo as it was sent, and what to make of it; see `Photo2CartoonPredictor`."""

    photo: bytes = field(repr=False)
    style: str = NETWORK
    size: int = SIZE
    faces: Faces = "largest"


@dataclass(frozen=True)
class DrawnFace:
    """cartoon, photo: PNG files. box, score: as `CartoonResult` has them. seconds: of each step."""

    cartoon: bytes = field(repr=False)
    photo: bytes = field(repr=False)
    box: tuple[float, ...] | None
    score: float | None
    warnings: tuple[str, ...]
    seconds: dict[str, float]


@dataclass(frozen=True)
class Answer:
    """The faces; or why there are none: a sentence, and the kind of error, a class of `ppgen.errors` or one above."""

    faces: tuple[DrawnFace, ...] = ()
    error: str = ""
    kind: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Cartoons:
    """The work of the server's processes. max_pixels: of a photo, known before it is decoded."""

    max_pixels: int

    def open(self) -> Cartoonist:
        """In a worker process, whose first photo is not to wait for the networks."""
        cartoonist = Cartoonist(self.max_pixels)
        cartoonist.predictor(".", NETWORK, SIZE).warm_up()
        return cartoonist

    def lost(self, task: Task, lost: Lost, seconds: float) -> Answer:
        """See `Job`."""
        return Answer(error=f"the {_NAME} {lost.reason}", kind=LATE if lost.late else ENDED, seconds=seconds)


class Cartoonist:
    """Draws photo after photo; the networks are loaded once."""

    def __init__(self, max_pixels: int) -> None:
        self.max_pixels, self.pipeline = max_pixels, PortraitPipeline()
        self._generators: dict[Path, PortraitGenerator] = {}

    def warm_up(self) -> None:
        """Done when it was opened."""

    def __call__(self, task: Task) -> Answer:
        """Whatever is wrong with a photo is an answer."""
        start, folder = time.perf_counter(), tempfile.mkdtemp(prefix="ppgen-serve-")
        try:
            answer = Answer(self._faces(task, Path(folder)))
        except PPGenError as error:
            answer = Answer(error=str(error).replace(str(Path(folder, _NAME)), _NAME), kind=type(error).__name__)
        except MemoryError:
            answer = Answer(error=f"there is not enough memory for this {_NAME}", kind="DataError")
        except Exception as error:  # one odd photo must not end the server
            text = " ".join(f"{type(error).__name__}: {error}".split())
            answer = Answer(error=f"a fault of ppgen, please report it ({text})", kind=FAULT)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return Answer(answer.faces, answer.error, answer.kind, round(time.perf_counter() - start, 3))

    def _faces(self, task: Task, folder: Path) -> tuple[DrawnFace, ...]:
        """Raises what the predictor raises."""
        (folder / _NAME).write_bytes(task.photo)
        load = load_image(folder / _NAME, max_pixels=self.max_pixels)
        report = self.predictor(folder, task.style, task.size).run_many(load, task.faces, keep_pictures=False)
        report.raise_first()
        return tuple(map(_drawn, report.results))

    def predictor(self, folder: Path | str, style: str, size: int) -> Photo2CartoonPredictor:
        """A predictor that writes into a folder, with the networks that are loaded already."""
        predictor = Photo2CartoonPredictor(folder, pipeline=self.pipeline, style=style, size=size)
        predictor.generators = self._generators
        return predictor


def _drawn(result: CartoonResult) -> DrawnFace:
    photo, cartoon = (path.read_bytes() for path in result.paths)
    seconds = {name: round(value, 4) for name, value in result.timings.items()}
    box = None if result.box is None else tuple(round(float(side), 1) for side in result.box)
    return DrawnFace(cartoon, photo, box, result.score, result.warnings, seconds)
