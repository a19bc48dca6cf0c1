"""The shipped networks and their cards: what they are, whose data, which licence, how to make them again.

A card is a dict in the metadata of a weights file; the Markdown beside it is written from that dict.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ppgen.errors import WeightsError
from ppgen.hub import published
from ppgen.hub.measured import keep, measured
from ppgen.io.atomic import write_text
from ppgen.io.weights import Facts, card_of, description, save_network
from ppgen.registry import unknown

if TYPE_CHECKING:
    from paddle import nn

ASSETS = Path(__file__).parent / "assets"
FACES = "styleganv2-nobody-128"  #: the generator of faces that is taken where none is named
#: What every card says; more fields may follow.
REQUIRED = ("title", "licence", "data", "command", "scores", "limits")


def names() -> list[str]:
    """Names of the shipped networks."""
    return sorted(path.stem for path in ASSETS.glob("*.safetensors"))


def _file(name: str) -> Path:
    if name not in names():
        raise WeightsError(unknown("shipped network", name, names()))
    return ASSETS / f"{name}.safetensors"


def card(name: str) -> Facts:
    """The card of a shipped network, from its weights file, or of one of PaddleGAN's; WeightsError for others."""
    if name in published.PUBLISHED and name not in names():
        return published.card(name)
    path = _file(name)
    return {**card_of(path), **measured(path)}


def crop_of(path: str | os.PathLike) -> str:
    """How faces are cut out for a network, as the card in its weights file says (`crop`); "" where it does not say.

    Best and final weights of a run hold the config, whose section `card` says it. Raises WeightsError.
    """
    facts = card_of(path)
    config = facts.get("config")
    inner = config.get("card") if isinstance(config, Mapping) else None
    found = facts.get("crop") or (inner.get("crop") if isinstance(inner, Mapping) else None)
    return found if isinstance(found, str) else ""


def card_text(name: str) -> str:
    """The card as Markdown."""
    if name in published.PUBLISHED and name not in names():
        return _text(name, card(name), f"{published.PUBLISHED[name].network}()", (-1, 1))
    path = _file(name)
    return markdown(name, path, measured(path))


def markdown(name: str, path: str | os.PathLike, further: Mapping[str, object] | None = None) -> str:
    """The card in a weights file as Markdown, and further headings; `name`: of the network. Raises WeightsError."""
    described = description(path)
    if described is None:
        raise WeightsError(f"{path}: does not say which network it belongs to, so it has no card")
    arguments = ", ".join(f"{k}={v!r}" for k, v in described.arguments.items())
    facts = {**described.card, **described.extra, **(further or {})}
    return _text(name, facts, f"{described.network}({arguments})", described.value_range)


def _text(name: str, facts: Facts, network: str, value_range: tuple[float, float]) -> str:
    low, high = value_range
    title = f"# {facts.get('title', name)}"
    lines = [title, "", f"{_loaded(name)} · `{network}` · images in [{low:g}, {high:g}]", ""]
    for key, value in facts.items():
        if key == "title":
            continue
        lines += [f"## {key.replace('_', ' ').capitalize()}", "", *_section(value), ""]
    return "\n".join(lines)


def add_figures(name: str, figures: Facts) -> None:
    """Tell figures, by headings, in the card of a shipped network, as long as its weights are these."""
    path = _file(name)
    keep(path, figures)
    write_text(path.with_suffix(".md"), card_text(name))


def is_card(name: str, path: Path) -> bool:
    """Whether a file is a network's card as `markdown` writes it, and no other text."""
    try:
        return any(line.startswith(_loaded(name)) for line in path.read_text().splitlines()[:3])
    except (OSError, ValueError):  # not ours to judge, so not ours to overwrite
        return False


def _loaded(name: str) -> str:
    return f'`ppgen.hub.load("{name}")`'


def _section(value: object) -> list[str]:
    if isinstance(value, Mapping) and all(isinstance(row, Mapping) for row in value.values()):
        columns = list(dict.fromkeys(key for row in value.values() for key in row))
        rows = [[name, *(str(row.get(key, "")) for key in columns)] for name, row in value.items()]
        return [f"| {' | '.join(row)} |" for row in (["", *columns], ["---"] * (len(columns) + 1), *rows)]
    if isinstance(value, Mapping):
        return ["| what | value |", "|---|---|", *(f"| {k} | {v} |" for k, v in value.items())]
    if isinstance(value, (list, tuple)):
        return [f"- {item}" for item in value]
    return [str(value)]


def publish(
    network: nn.Layer,
    path: str | os.PathLike,
    facts: Facts,
    half: bool = True,
    value_range: tuple[float, float] = (-1, 1),
    eight_bit: bool = False,
) -> Path:
    """Write `path` (.safetensors) and its card beside it (.md).

    Args:
        network: a registered network, trained.
        facts: the card; at least the fields in `REQUIRED`.
        half: matrices and kernels as float16.
        eight_bit: large matrices of linear layers as int8 with a scale a column.
    Raises:
        WeightsError: a required field is missing. OutputError: cannot be written.
    """
    missing = [field for field in REQUIRED if not facts.get(field)]
    if missing:
        raise WeightsError(f"{path}: its card lacks {', '.join(missing)}")
    path = save_network(network, path, facts, half=half, value_range=value_range, eight_bit=eight_bit)
    write_text(path.with_suffix(".md"), markdown(path.stem, path))
    return path
