"""Figures that were measured of a network after its weights were written, in `NAME.measured.json` beside them.

A card tells them as long as the weights are those that were measured.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from ppgen.io.atomic import write_json
from ppgen.io.download import digest
from ppgen.io.weights import Facts

SUFFIX = ".measured.json"


def measured(weights: str | os.PathLike) -> Facts:
    """What the file beside the weights tells of them: headings of the card and figures; {} where there is none.

    Of a shipped network: the file is trusted, as code is.
    """
    beside = Path(weights).with_suffix(SUFFIX)
    if not beside.is_file():
        return {}
    told = json.loads(beside.read_text(encoding="utf-8"))
    return told["figures"] if told["weights"] == digest(weights) else {}


def keep(weights: str | os.PathLike, figures: Facts) -> None:
    """Write figures of these weights, by headings of the card, beside them. Raises OutputError."""
    write_json(Path(weights).with_suffix(SUFFIX), {"weights": digest(weights), "figures": figures})
