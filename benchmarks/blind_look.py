"""Which of two networks, or of two artists, draws better, judged by eyes that do not know which drew which.

    python benchmarks/blind_look.py --first OLD.safetensors [OLD_SKIN.safetensors] --folder output/look [--count 48]
    python benchmarks/blind_look.py --artist CLONE --folder output/look [--count 48]
    python benchmarks/blind_look.py --choices one.txt two.txt --key output/look/key.json

`--artist` compares the artist of a clone of an earlier ppgen with this one's. The first two write sheets of validation
portraits of all kinds of people (`drawn`: real ones and nobody), each row "photo, left drawing, right drawing" with its
number, and `key.json`, which says what is left; the order is random. A judge looks at the sheets and writes a line
"NUMBER left|right|same [broken-left] [broken-right]" for each, before the key is opened. The last command counts.
Sheets show photos: their folder must stay out of git.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from harness import SEED, Figures, Namespace, Result, argument, at_least, benchmark

import cv2
import numpy as np

from p2c_montage import choose
from p2c_validation import Case, draw_with, read_cases
from ppgen.errors import DataError
from ppgen.io.atomic import write_json
from ppgen.io.image import save_image
from ppgen.prepare.artist import draw_cartoon
from ppgen.prepare.artist.modelling import LIKENESS

Draw = Callable[[list[Case]], list[np.ndarray]]
_DRAW = """
import sys
import numpy as np
from ppgen.prepare.artist import draw_cartoon
try:
    from ppgen.prepare.artist.modelling import LIKENESS
    more = {"likeness": LIKENESS}
except ImportError:
    more = {}
with np.load(sys.argv[1]) as seen:
    people = zip(seen["crops"], seen["points"], seen["masks"])
    np.savez(sys.argv[2], drawings=np.stack([draw_cartoon(*person, **more) for person in people]))
"""
SIDE, ROWS, COLUMNS = 224, 4, 2  # pixels of a picture; pairs down and across a sheet


def numbered(picture: np.ndarray, number: int) -> np.ndarray:
    """A photo with its number in a corner."""
    marked = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    cv2.rectangle(marked, (0, 0), (42, 22), (255, 255, 255), -1)
    return cv2.putText(marked, str(number), (4, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (200, 0, 0), 2)


def by_clone(clone: Path) -> Draw:
    """The artist of another clone of ppgen, told nothing about the people.

    Raises DataError where it is none, and when its artist does not draw.
    """
    if not (clone / "ppgen/prepare/artist").is_dir():
        raise DataError(f"--artist {clone}: expected a clone of ppgen, with ppgen/prepare/artist")

    def draw(cases: list[Case]) -> list[np.ndarray]:
        with tempfile.TemporaryDirectory() as folder:
            seen, found = Path(folder) / "seen.npz", Path(folder) / "found.npz"
            parts = {"crops": "crop", "points": "landmarks", "masks": "mask"}
            np.savez(seen, **{name: np.stack([getattr(case, part) for case in cases]) for name, part in parts.items()})
            command = [sys.executable, "-c", _DRAW, str(seen), str(found)]
            there = {**os.environ, "PYTHONPATH": str(clone.resolve())}
            done = subprocess.run(command, env=there, cwd=folder, stderr=subprocess.PIPE, text=True)
            if done.returncode:
                raise DataError(f"--artist {clone}: its artist does not draw: {done.stderr.strip().splitlines()[-1:]}")
            with np.load(found) as drawn:
                return list(drawn["drawings"])

    return draw


def by_network(weights: list[str], cases: list[Case]) -> list[np.ndarray]:
    """A network's drawings; weights: its own and, where another is meant, its skin estimate's."""
    return draw_with(weights[0], cases, *weights[1:])


def by_artist(cases: list[Case]) -> list[np.ndarray]:
    """This ppgen's artist, as `--style artist` draws."""
    return [draw_cartoon(case.crop, case.landmarks, case.mask, likeness=LIKENESS) for case in cases]


def write_sheets(folder: Path, named: Figures, draw: Sequence[Draw], count: int, seed: int) -> str:
    """Sheets and key; a sentence on it. `named`: what "first" and "second" are, for the key."""
    cases = read_cases("validation", "drawn")
    kinds = [[case for case in cases if (case.row["source"] == "portraits") == real] for real in (True, False)]
    chosen = [case for kind in kinds for case in choose(kind, count // 2)]
    order = np.random.default_rng(seed)
    chosen = [chosen[i] for i in order.permutation(len(chosen))]
    left_is_first = order.random(len(chosen)) < 0.5
    drawn = [each(chosen) for each in draw]
    rows = []
    for number, (case, swap) in enumerate(zip(chosen, left_is_first), start=1):
        pair = [drawings[number - 1] for drawings in (drawn if swap else drawn[::-1])]
        pair = [cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for one in pair]
        rows.append(np.hstack([numbered(case.crop, number), *pair]))
    for index, start in enumerate(range(0, len(rows), ROWS * COLUMNS), start=1):
        part = rows[start : start + ROWS * COLUMNS]
        part += [np.full_like(part[0], 255)] * (-len(part) % COLUMNS)
        lines = [np.hstack(part[i : i + COLUMNS]) for i in range(0, len(part), COLUMNS)]
        save_image(folder / f"sheet_{index}.png", np.vstack(lines))
    sides = {str(i): "first" if swap else "second" for i, swap in enumerate(left_is_first, start=1)}
    write_json(folder / "key.json", {**named, "seed": seed, "left": sides})
    return f"{folder}: {len(rows)} faces; look at the sheets, write the choices, then open key.json"


def read_choices(
    path: Path, known: tuple[str, ...] = ("left", "right", "same"), asked: int = 0
) -> dict[str, list[str]]:
    """Number -> words of a judge's line, the first a known one.

    Raises DataError for a line that cannot be read, and where one of the numbers from 1 to `asked` has none.
    """
    choices: dict[str, list[str]] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as text ({error})") from error
    for line in filter(None, map(str.strip, lines)):
        number, *words = line.split()
        if not words or words[0] not in known:
            raise DataError(f"{path}: the line {line!r} does not read NUMBER {'|'.join(known)}")
        if number in choices:
            raise DataError(f"{path}: two lines are on {number}")
        choices[number] = words
    if missing := [str(number) for number in range(1, asked + 1) if str(number) not in choices]:
        raise DataError(f"{path}: no answer to {', '.join(missing)}")
    return choices


def count_choices(choices: dict[str, list[str]], left: dict[str, str]) -> Figures:
    """How often each network was preferred and called broken."""
    if missing := sorted(set(left) - set(choices), key=int):
        raise DataError(f"no choice for {', '.join(missing)}")
    other = {"first": "second", "second": "first"}
    preferred, broken = Counter(), Counter()
    for number, side in left.items():
        at = {"left": side, "right": other[side]}
        word, *more = choices[number]
        preferred[at.get(word, "same")] += 1
        broken.update(at[place] for place in ("left", "right") if f"broken-{place}" in more)
    shares = {name: preferred[name] / len(left) for name in ("first", "second", "same")}
    return {"n": len(left), "preferred": shares, "broken": dict(broken)}


@benchmark(
    __doc__,
    argument("--first", nargs="+", metavar="W", help="weights of the one network, and of its skin estimate"),
    argument("--second", nargs="+", metavar="W", default=["photo2cartoon"], help="of the other"),
    argument("--artist", type=Path, metavar="CLONE", help="the artist of an earlier ppgen is first, this one's second"),
    argument("--folder", type=Path, default=Path("output/look"), help="of the sheets"),
    argument("--count", type=at_least(2), default=48),
    SEED,
    argument("--choices", nargs="+", type=Path, default=[], metavar="FILE", help="count these judges' choices"),
    argument("--key", type=Path, metavar="FILE", help="with --choices: the key.json of the sheets"),
)
def main(options: Namespace) -> Result:
    if not options.choices:
        if options.artist and options.first:
            raise DataError("give --first or --artist, not both")
        if options.artist:
            named: Figures = {"first": "the artist of an earlier commit", "second": "the artist"}
            draw: list[Draw] = [by_clone(options.artist), by_artist]
        elif options.first:
            named = {"first": options.first, "second": options.second}
            draw = [partial(by_network, weights) for weights in named.values()]
        else:
            raise DataError("give --first, the weights of one of the two networks, --artist, or --choices and --key")
        return Result(text=write_sheets(options.folder, named, draw, options.count, options.seed))
    if not options.key:
        raise DataError("--key: give the key.json that was written with the sheets")
    key = json.loads(options.key.read_text(encoding="utf-8"))
    judges = {path.stem: count_choices(read_choices(path), key["left"]) for path in options.choices}
    reached = all(j["preferred"]["second"] >= 0.8 and not j["broken"].get("second") for j in judges.values())
    return Result({"first": key["first"], "second": key["second"], "judges": judges}, reached)
