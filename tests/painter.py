"""A quick predictor for tests of folders, importable in worker processes: a drawing is the photo's mean colour."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ppgen.apps.batch import Item, write_pictures
from ppgen.apps.folders import Processes, Work, run_folder
from ppgen.io.image import load_image, save_image


class Patch(NamedTuple):
    """One face's results."""

    paths: tuple[Path, ...]
    warnings: tuple[str, ...] = ()
    leaf: str | None = None


class Painter:
    """Photos called `dies`, `slow` or `bug` do what they are called, unless `tame`; each takes `seconds`."""

    def __init__(self, output_path: str, tame: bool = False, seconds: float = 0.0) -> None:
        self.folder, self.tame, self.seconds = Path(output_path), tame, seconds

    def facts(self) -> dict[str, object]:
        return {}

    def warm_up(self) -> None:
        pass

    def worker(self, colour: int = 0) -> Callable[[Item], list[Patch]]:
        return lambda item: [self._patch(item, colour)]

    def _patch(self, item: Item, colour: int) -> Patch:
        if item.stem == "dies" and not self.tame:
            os.kill(os.getpid(), signal.SIGKILL)
        if item.stem == "bug" and not self.tame:
            raise ValueError("odd")
        time.sleep(600 if item.stem == "slow" and not self.tame else self.seconds)
        mean = load_image(item.source).mean(axis=(0, 1)) + colour
        picture = np.tile(mean.astype(np.uint8), (4, 4, 1))
        pictures = {"photo": picture, "cartoon": picture}
        return Patch(write_pictures(self.folder, f"{item.stem}_0", pictures, item.batch, item.again))


class Painting(Work):
    """Work for a `Painter`."""

    def predictor_class(self) -> type[Painter]:
        return Painter


def painting(output: Path | str, colour: int = 0, **arguments: object) -> Painting:
    """Work into a folder."""
    return Painting("painter", str(output), arguments, {"colour": colour} if colour else {})


def write_photos(folder: Path, *names: str) -> None:
    """A picture of its own colour under each name."""
    for level, name in enumerate(names):
        save_image(folder / f"{name}.png", np.full((8, 8, 3), 10 * level, np.uint8))


if __name__ == "__main__":  # PHOTOS OUTPUT: with two processes, a tenth of a second each
    print(run_folder(painting(sys.argv[2], seconds=0.1), [sys.argv[1]], Processes(2)))
