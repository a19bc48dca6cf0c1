"""All hostile cases by kind; each module makes those of one."""

from collections.abc import Iterable, Iterator
from functools import cache

from hostile import archives, arrays, bad, downloads, images, pickles, runs, tables, weights, yamls
from hostile.case import Case

_MODULES = {
    "weights": weights, "pickles": pickles, "arrays": arrays, "tables": tables, "archives": archives, "yaml": yamls,
    "runs": runs, "downloads": downloads, "images": images,
}  # fmt: skip
KINDS = tuple(_MODULES)
_ALL = {**_MODULES, "bad": bad}


@cache
def cases(kind: str) -> tuple[Case, ...]:
    """The cases of a kind, always the same ones in the same order."""
    made = tuple(_ALL[kind].cases())
    assert len({case.name for case in made}) == len(made) and all(case.kind == kind for case in made)
    return made


def find(names: Iterable[str]) -> Iterator[Case]:
    """Cases by name; numbered ones of pictures are made as they are asked for."""
    for name in names:
        kind, _, what = name.partition("/")
        if kind in images.NUMBERED:
            yield images.numbered(kind, int(what))
        else:
            yield next(case for case in cases(kind) if case.name == name)
