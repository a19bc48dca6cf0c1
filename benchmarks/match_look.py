"""Do people recognize a VAE's reconstruction: which of five photos is it of?

    python benchmarks/match_look.py --weights vae_nobody64 [--count 32] [--folder output/match]
    python benchmarks/match_look.py --judges one.txt two.txt

The first writes sheets from held-back faces: in each row the reconstruction, then photos A to E, one of which it was
made from; the others are of the same gender where that is known. A judge writes a line "NUMBER A" to "NUMBER E" for
each row. The second counts what two judges found, who do not know each other's answers; chance is one in five. Needs
`make data` and `python -m ppgen.prepare.nobody_faces`. The sheets show photos, so they are not to be published.
"""

from pathlib import Path
from typing import NamedTuple

from harness import OUT, Figures, Namespace, Result, argument, at_least, benchmark, report

import cv2
import numpy as np

from blind_look import read_choices
from gan_faces import NOBODY_FACES, face_dataset, pictures_of
from ppgen import hub
from ppgen.datasets.image_folder import ImageFolder
from ppgen.errors import DataError
from ppgen.io.image import save_image
from ppgen.latent.attributes import answers_of
from ppgen.latent.render import draw, encode_all
from ppgen.latent.sheet import sheet

LETTERS, SIZE, SIDE, ROWS = "ABCDE", 64, 128, 8  # photos in a row; pixels of a face, and on a sheet; rows of a sheet


class Row(NamedTuple):
    """One question: the face that is rebuilt, and those that are shown beside it, by their places in the data."""

    face: int
    shown: list[int]

    @property
    def answer(self) -> str:
        """The letter of the photo it was made from."""
        return LETTERS[self.shown.index(self.face)]


def questions(faces: ImageFolder, count: int) -> list[Row]:
    """The same for the same data and count; DataError where there are too few faces."""
    if count > len(faces) or len(faces) < len(LETTERS):
        raise DataError(f"{len(faces)} held-back faces are too few for {count} rows of {len(LETTERS)} photos")
    rng, male = np.random.default_rng(count), answers_of(faces)["Male"]
    rows = []
    for face in map(int, rng.permutation(len(faces))[:count]):
        alike = [i for i in range(len(faces)) if i != face and (male[i] == male[face] or np.isnan(male[face]))]
        shown = [face, *rng.choice(alike, len(LETTERS) - 1, replace=False)]
        rows.append(Row(face, [int(i) for i in rng.permutation(shown)]))
    return rows


def write_sheets(weights: str, faces: ImageFolder, rows: list[Row], folder: Path) -> list[Path]:
    """Sheets of the rows in order."""
    network, photos = hub.load(weights), pictures_of(faces)
    rebuilt = draw(network.generate, encode_all(network, faces).mu)
    written = []
    for number, start in enumerate(range(0, len(rows), ROWS), start=1):
        part, titles = [], []
        for place, row in enumerate(rows[start : start + ROWS], start=start + 1):
            part += [rebuilt[row.face], *photos[row.shown]]
            titles += [str(place), *LETTERS]
        large = np.stack([cv2.resize(each, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for each in part])
        written.append(save_image(folder / f"match_{number}.png", sheet(large, 1 + len(LETTERS), titles=titles)))
    return written


def count_found(judges: dict[str, dict[str, list[str]]], rows: list[Row]) -> Figures:
    """The share of rows whose photo each judge found."""
    found = {}
    for name, said in judges.items():
        hits = [said[str(place)][0] == row.answer for place, row in enumerate(rows, start=1)]
        found[name] = {"found": float(np.mean(hits))}
    return {"rows": len(rows), "chance": 1 / len(LETTERS), "judges": found}


@benchmark(
    __doc__,
    argument("--weights", help="a VAE's weights or shipped name: write the sheets"),
    argument("--judges", nargs=2, type=Path, metavar="FILE", help="count what two judges found"),
    argument("--count", type=at_least(1), default=32, help="rows (default: %(default)s)"),
    argument("--folder", type=Path, default=Path("output/match"), help="of the sheets (default: %(default)s)"),
    OUT,
)
def main(options: Namespace) -> Result:
    if bool(options.weights) == bool(options.judges):
        raise DataError("give --weights to write the sheets, or --judges with two files to count what was found")
    faces = face_dataset(SIZE, "validation", NOBODY_FACES)
    rows = questions(faces, options.count)
    if options.weights:
        return Result(text="\n".join(map(str, write_sheets(options.weights, faces, rows, options.folder))))
    said = {str(path): read_choices(path, tuple(LETTERS), len(rows)) for path in options.judges}
    figures = count_found(said, rows)
    return Result(figures, text=report(figures))
