"""How large ppgen is: its wheel, and what `pip install 'paddle-ppgen[cpu]'` brings beyond Paddle, as installed here.

    python benchmarks/sizes.py [--extras cpu,app]

A package counts with all that it requires; what Paddle requires too counts as Paddle's. Megabytes are 10^6 bytes of the
files that the packages list, so without the bytecode that Python adds. The wheel is built from this clone, with a
setuptools that pip fetches.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from harness import JSON, ROOT, Figures, Namespace, Result, argument, benchmark, judged

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ppgen.errors import DataError

_OURS, _PADDLE = "paddle-ppgen", "paddlepaddle"
_MB = 1e6
_LARGEST = 10  # packages that are listed


def required(name: str, extras: frozenset[str]) -> Iterator[Requirement]:
    """What a package asks for on this machine, with these of its extras."""
    for text in metadata.requires(name) or []:
        wanted = Requirement(text)
        if wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in extras or {""}):
            yield wanted


def closure(name: str, extras: Iterable[str] = ()) -> set[str]:
    """A package and all that it requires, directly or not; DataError where one is not installed."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(canonicalize_name(name), frozenset(extras))]
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        try:
            waiting += [(canonicalize_name(one.name), frozenset(one.extras)) for one in required(*each)]
        except metadata.PackageNotFoundError as error:
            raise DataError(f"{each[0]} is not installed: pip install -e '.[cpu]' first") from error
    return {found for found, _ in seen}


def size(name: str) -> float:
    """MB of a package's files."""
    files = [Path(str(file.locate())) for file in metadata.files(name) or []]
    return sum(file.stat().st_size for file in files if file.suffix != ".pyc" and file.is_file()) / _MB


def wheel_size() -> float:
    """MB of the wheel of this clone."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, "."]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            raise DataError(f"the wheel could not be built: {done.stderr[-500:]}")
        (wheel,) = Path(folder).glob("*.whl")
        return wheel.stat().st_size / _MB


@benchmark(__doc__, argument("--extras", default="cpu", help="of ppgen, separated by commas (default: cpu)"), JSON)
def main(options: Namespace) -> Result:
    """The wheel first, then what is installed."""
    wheel, paddle = wheel_size(), closure(_PADDLE)
    beyond = {name: size(name) for name in closure(_OURS, options.extras.split(",")) - paddle - {_OURS}}
    largest = sorted(beyond, key=lambda name: -beyond[name])[:_LARGEST]
    figures: Figures = {
        "wheel_mb": wheel, "paddle_and_what_it_requires_mb": sum(map(size, paddle)),
        "beyond_paddle_mb": sum(beyond.values()), "packages_beyond_paddle": len(beyond),
        "largest": {name: {"mb": beyond[name]} for name in largest},
        "targets": [judged("the wheel, MB", wheel, at_most=90)],
    }  # fmt: skip
    return Result(figures, reached=figures["targets"][0]["pass"])
