"""What a hostile case is, and what became of one."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple


class Case(NamedTuple):
    """A file, folder, text or server that a stranger made, and the way of ppgen that it takes.

    Attributes:
        name: "kind/what it is"; no two alike.
        run: makes it in the working directory, which is an empty folder, and hands it to ppgen.
        waits: it waits for a server, so that time is what a clock says; otherwise it is the processor's.
    """

    name: str
    run: Callable[[], object]
    waits: bool = False

    @property
    def kind(self) -> str:
        """What comes before the slash."""
        return self.name.partition("/")[0]


FAULTS = ("executed", "tracebacks", "over 5 s", "over 1 GiB", "unprintable")


class Outcome(NamedTuple):
    """What became of a case.

    Attributes:
        status: "done", "refused" (one of ppgen's errors, or exit code 2), "traceback", or "ended": the process crashed,
            or was stopped as it went on for longer than the runner waits.
        executed: what it did besides, such as a program it started or a file it wrote elsewhere; "" for nothing.
        seconds: taken; see `Case.waits`.
        peak_mib: the most memory the process had meanwhile.
        said: what a user reads.
    """

    name: str
    status: str
    executed: str
    seconds: float
    peak_mib: float
    said: str

    @property
    def kind(self) -> str:
        """Its case's."""
        return self.name.partition("/")[0]

    def faults(self, seconds: float = 5.0, mebibytes: float = 1024.0) -> list[str]:
        """The columns of the report that it counts in."""
        found = {
            "executed": bool(self.executed), "tracebacks": self.status in ("traceback", "ended"),
            "over 5 s": self.seconds > seconds, "over 1 GiB": self.peak_mib > mebibytes,
            "unprintable": self.unprintable,
        }  # fmt: skip
        return [name for name, is_so in found.items() if is_so]

    @property
    def unprintable(self) -> bool:
        """Whether what was said holds characters that move a terminal's cursor, or goes on for pages."""
        lines = self.said.splitlines()
        strange = any(not letter.isprintable() for line in self.said.split("\n") for letter in line if letter != "\t")
        return strange or len(lines) > 60 or any(len(line) > 2000 for line in lines)


def command(*argv: object) -> int:
    """`ppgen ARGV` in this process; its exit code."""
    from ppgen.cli import main

    return main([str(word) for word in argv])


when_written: list[Callable[[], None]] = []  # told, as making a file costs time and memory that are not ppgen's
Content = bytes | str | Callable[[], bytes]  # of a file; what takes time is made when its case runs


def written(name: str, content: Content) -> Path:
    """A file in the working directory, its folders made."""
    path = Path(name)
    content = content() if callable(content) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
    for tell in when_written:
        tell()
    return path


def sampled(cases: Sequence[Case], count: int) -> list[Case]:
    """At most `count` of them, evenly."""
    return [cases[number * len(cases) // count] for number in range(count)] if len(cases) > count else list(cases)
