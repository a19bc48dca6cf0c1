"""What the benchmarks share. It puts this clone's ppgen first on the path, so it is imported before ppgen is.

A benchmark is a function from its options to a `Result`, which `benchmark` makes a command of:

    @benchmark(__doc__, argument("--count", type=at_least(1), default=24), OUT)
    def main(options: Namespace) -> Result:
        ...
        return Result(figures, reached=figures["rank1"] > 0.33)

`main(argv)` prints the figures, writes them as JSON where asked, and returns the exit code: 0 where the target is
reached, 1 where it is not, 2 where the benchmark could not be run, which is one line on stderr.
"""

import argparse
import os
import subprocess
import sys
from argparse import Namespace as Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from ppgen.cli.command import Option, guarded
from ppgen.cli.command import option as argument
from ppgen.cli.files import check_new_file
from ppgen.errors import DataError, PPGenError
from ppgen.io.atomic import write_json
from ppgen.io.image import save_figure
from ppgen.metrics.bootstrap import interval

ROOT = Path(__file__).resolve().parents[1]  #: of the clone
Figures = dict[str, Any]  #: what a benchmark measures, as JSON holds it


# ---- command lines ---------------------------------------------------------------------------------------


def at_least(least: int) -> Callable[[str], int]:
    """An argument's `type`: whole numbers from `least` up."""

    def number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value}: expected {least} or more")
        return value

    return number


def new_file(*suffixes: str) -> Callable[[str], Path]:
    """An argument's `type`: a file that can be written, checked before any work; one of these suffixes, if any."""

    def path(text: str) -> Path:
        if suffixes and not text.lower().endswith(suffixes):
            raise argparse.ArgumentTypeError(f"{text}: expected a name that ends in {' or '.join(suffixes)}")
        check_new_file(text)
        return Path(text)

    return path


OUT = argument("--out", type=new_file(), metavar="FILE", help="also write the figures to this JSON file")
JSON = argument("--json", type=new_file(), dest="out", metavar="FILE", help="also write the figures to this JSON file")
SEED = argument("--seed", type=int, default=0)
RUNS = argument("runs", nargs="+", metavar="RUN")
OVERRIDES = argument("-o", nargs="+", default=[], dest="overrides", metavar="KEY=VALUE")


class Result(NamedTuple):
    """What a benchmark found."""

    figures: Figures | None = None  #: for `OUT` or `JSON`
    reached: bool = True  #: whether no target is missed
    text: str | None = None  #: for people; None: `report` of the figures
    error: PPGenError | None = None  #: what kept it from measuring more


def benchmark(
    doc: str | None, *arguments: Option
) -> Callable[[Callable[[Namespace], Result]], Callable[[Sequence[str] | None], int]]:
    """A decorator: a function from options to a `Result` becomes `main(argv=None) -> exit code`.

    Where the file is the script that was started, it runs at once: the decorated function stands last.
    """

    def command(measure: Callable[[Namespace], Result]) -> Callable[[Sequence[str] | None], int]:
        def main(argv: Sequence[str] | None = None) -> int:
            parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
            for declare in arguments:
                declare(parser)
            return guarded(lambda: _run(measure, parser.parse_args(argv)))

        if measure.__module__ == "__main__":
            raise SystemExit(main())
        return main

    return command


def _run(measure: Callable[[Namespace], Result], options: Namespace) -> int:
    """Measure, write, print; the exit code."""
    figures, reached, text, error = measure(options)
    if figures is not None and vars(options).get("out"):
        write_json(options.out, figures)
    if text or figures:
        print(report(figures) if text is None else text)
    if error:
        raise error
    return 0 if reached else 1


# ---- figures ---------------------------------------------------------------------------------------------


def mean_with_interval(name: str, values: Sequence[float] | np.ndarray) -> Figures:
    """The mean of independent cases under `name`, its bootstrap interval under `name`_interval."""
    return {name: float(np.mean(values)), f"{name}_interval": interval(values)}


def kid_to(real: np.ndarray, fake: np.ndarray, name: str = "kid") -> Figures:
    """KID of two sets of features (n, d) under `name`, its standard error under `name`_error."""
    from ppgen.metrics.kid import kid

    distance = kid(real, fake)
    return {name: distance.value, f"{name}_error": distance.error}


def judged(what: str, figure: float, at_least: float | None = None, at_most: float | None = None) -> Figures:
    """A row of targets: a figure, the least and the most that it may be, and whether it is."""
    reached = (at_least is None or figure >= at_least) and (at_most is None or figure <= at_most)
    reach = f"<= {at_most}" if at_least is None else f">= {at_least}" if at_most is None else f"{at_least}-{at_most}"
    return {"what": what, "figure": figure, "reach": reach, "pass": bool(reached)}


def scikit_learn() -> Any:
    """The library, with the parts that classifiers here are put together from; DataError where it is missing."""
    try:
        import sklearn.linear_model
        import sklearn.pipeline
        import sklearn.svm
    except ImportError as error:
        raise DataError("the classifier comes with scikit-learn: pip install scikit-learn") from error
    return sklearn


def report(figures: Figures, heading: str = "") -> str:
    """Figures as text: the single ones first, a line each; then a table for each set of rows."""
    single = {key: value for key, value in figures.items() if not _holds_more(value)}
    lines = [heading] if heading and single else []
    lines += [f"{key:28} {cell(single, key)}" for key in _columns([single])]
    for key, value in figures.items():
        if not _holds_more(value):
            continue
        name = f"{heading} / {key}" if heading else key
        rows = value if isinstance(value, dict) else {str(number): row for number, row in enumerate(value, start=1)}
        flat = all(isinstance(row, dict) and not any(map(_holds_more, row.values())) for row in rows.values())
        lines += ["", name, *table(rows)] if flat else ["", report(rows, name)]
    return "\n".join(lines).lstrip("\n")


def table(rows: Mapping[str, Figures]) -> list[str]:
    """Lines: a row each, or a figure each where there are more figures than rows."""
    columns = _columns(rows.values())
    cells = [["", *columns], *([name, *(cell(row, key) for key in columns)] for name, row in rows.items())]
    if len(columns) > len(rows):
        cells = [list(line) for line in zip(*cells)]
    widths = [max(map(len, column)) for column in zip(*cells)]
    aligned = ([f"{first:{widths[0]}}", *map(str.rjust, rest, widths[1:])] for first, *rest in cells)
    return ["  ".join(line).rstrip() for line in aligned]


def markdown(rows: Mapping[str, Figures]) -> str:
    """A page's table: a row each."""
    columns = _columns(rows.values())
    lines = [["", *columns], ["---"] * (len(columns) + 1)]
    lines += [[name, *(cell(row, key) for key in columns)] for name, row in rows.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(row: Figures, key: str) -> str:
    """A figure with its interval or error, "" where the row has none."""
    value = row.get(key)
    if value is None:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "ok" if value else "MISSED"
    if isinstance(value, list) and value and isinstance(value[0], float):
        return " ".join(f"{each:.2g}" for each in value)
    text = f"{value:.4g}" if isinstance(value, float) else _range(value) if isinstance(value, tuple) else str(value)
    text += f" ({_range(row[f'{key}_interval'])})" if f"{key}_interval" in row else ""
    return text + (f" ± {row[f'{key}_error']:.2g}" if f"{key}_error" in row else "")


def _range(ends: Sequence[float]) -> str:
    return " .. ".join(f"{end:.3g}" for end in ends)


def _columns(rows: Iterable[Figures]) -> list[str]:
    keys = dict.fromkeys(key for row in rows for key in row)
    return [key for key in keys if not (key.endswith(("_interval", "_error")) and key.rpartition("_")[0] in keys)]


def _holds_more(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


# ---- pictures --------------------------------------------------------------------------------------------


@contextmanager
def chart(path: Path, columns: int = 2, size: tuple[float, float] = (10, 4), dpi: int = 110) -> Iterator[list[Any]]:
    """Axes side by side; what is drawn on them is written to `path`, with legends."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    plots = list(figure.subplots(1, columns, squeeze=False)[0])
    yield plots
    for axes in plots:
        if axes.lines:
            axes.legend(fontsize=8)
    save_figure(path, figure, dpi)


def evenly(count: int, wanted: int) -> np.ndarray:
    """Places of at most `wanted` pictures, evenly from all `count`."""
    return np.linspace(0, count - 1, min(wanted, count)).astype(int)


# ---- trainings -------------------------------------------------------------------------------------------


def single_threaded(threads: int = 1) -> dict[str, str]:
    """This process's environment for a child that computes with so many threads."""
    return {**os.environ, "FLAGS_paddle_num_threads": str(threads), "OMP_NUM_THREADS": str(threads)}


def start_training(config: str, folder: Path, overrides: Iterable[str], *flags: str, **popen: Any) -> subprocess.Popen:
    """A training as a user starts it, into `folder`."""
    command = [sys.executable, str(ROOT / "tools/main.py"), "-c", config, *flags]
    return subprocess.Popen([*command, "-o", *overrides, f"output_dir={folder}"], cwd=ROOT, **popen)
