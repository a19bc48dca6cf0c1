"""How many pictures of seeds two judges call broken, who do not know each other's answers.

    python benchmarks/seeds_look.py --weights W [--seeds 0-63] [--folder output/seeds]
    python benchmarks/seeds_look.py --judges one.txt two.txt [--seeds 0-63]

The first writes sheets of the seeds' pictures, none left out, at truncation 0.7, each with its seed above. A judge who
knows nothing of the training looks at the sheets and writes a line "NUMBER ok|broken" for each picture. The second
counts. Exit code 1 where more than 3 of 64 are called broken by both (issue 21).
"""

from pathlib import Path

from harness import OUT, Figures, Namespace, Result, argument, at_least, benchmark, judged, report

import cv2
import numpy as np

from blind_look import read_choices
from ppgen.apps import StyleGANv2Predictor
from ppgen.errors import DataError
from ppgen.io.image import save_image
from ppgen.latent.seeds import latents_of, parse_seeds
from ppgen.latent.sheet import sheet

SIDE, ROWS, COLUMNS = 192, 4, 8  # pixels of a picture; pictures down and across a sheet
TRUNCATION = 0.7
WORDS = ("ok", "broken")
MOST_BROKEN = 3 / 64  # by both


def write_sheets(weights: str, seeds: list[int], folder: Path, side: int = SIDE) -> list[Path]:
    """Sheets of the seeds' pictures in order; WeightsError."""
    predictor = StyleGANv2Predictor(weight_path=weights)
    pictures = predictor.draw(latents_of(seeds, predictor.network.latent_dim), truncation=TRUNCATION).arrays
    pictures = np.stack([cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC) for picture in pictures])
    written, room = [], ROWS * COLUMNS
    for number, start in enumerate(range(0, len(seeds), room), start=1):
        part, titles = pictures[start : start + room], [str(seed) for seed in seeds[start : start + room]]
        written.append(save_image(folder / f"seeds_{number}.png", sheet(part, COLUMNS, titles=titles)))
    return written


def read_verdicts(path: Path, seeds: list[int]) -> list[bool]:
    """Whether a judge calls each seed's picture broken; DataError where one has no verdict, or a line is no verdict."""
    said = read_choices(path, WORDS)
    if missing := [str(seed) for seed in seeds if str(seed) not in said]:
        raise DataError(f"{path}: no verdict on {', '.join(missing)}")
    if strange := sorted(set(said) - {str(seed) for seed in seeds}):
        raise DataError(f"{path}: {', '.join(strange)}: not on the sheets (--seeds says which are)")
    return [said[str(seed)][0] == "broken" for seed in seeds]


def count_broken(judges: dict[str, list[bool]], seeds: list[int]) -> Figures:
    """How many each calls broken, and how many both do, with their seeds."""
    both = [seed for seed, *said in zip(seeds, *judges.values()) if all(said)]
    figures: Figures = {
        "pictures": len(seeds),
        "broken": {name: {"broken": sum(said)} for name, said in judges.items()},
    }
    return figures | {"broken by both": len(both), "seeds broken by both": ", ".join(map(str, both)) or "none"}


@benchmark(
    __doc__,
    argument("--weights", help="a generator's weights or shipped name: write the sheets"),
    argument("--judges", nargs=2, type=Path, metavar="FILE", help="count the verdicts of two judges"),
    argument("--seeds", default="0-63", help="default: %(default)s"),
    argument("--folder", type=Path, default=Path("output/seeds"), help="of the sheets (default: %(default)s)"),
    argument("--side", type=at_least(16), default=SIDE, help="pixels of a picture on a sheet (default: %(default)s)"),
    OUT,
)
def main(options: Namespace) -> Result:
    seeds = list(dict.fromkeys(parse_seeds(options.seeds)))
    if bool(options.weights) == bool(options.judges):
        raise DataError("give --weights to write the sheets, or --judges with two files to count what was said")
    if options.weights:
        written = write_sheets(options.weights, seeds, options.folder, options.side)
        return Result(text="\n".join(map(str, written)))
    one, two = options.judges
    if one.resolve() == two.resolve():
        raise DataError(f"--judges: {one} was named twice; a target holds where two judges looked")
    figures = count_broken({str(path): read_verdicts(path, seeds) for path in (one, two)}, seeds)
    figures["targets"] = [judged("broken by both", figures["broken by both"], at_most=int(MOST_BROKEN * len(seeds)))]
    return Result(figures, figures["targets"][0]["pass"], report(figures))
