"""Yes/no attributes of faces under CelebA's names, and where our own tables say the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

# The 40 names of list_attr_celeba.txt (Liu et al. 2015, "Deep Learning Face Attributes in the Wild").
CELEBA_NAMES = (
    "5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive", "Bags_Under_Eyes", "Bald", "Bangs", "Big_Lips", "Big_Nose",
    "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair", "Bushy_Eyebrows", "Chubby", "Double_Chin", "Eyeglasses",
    "Goatee", "Gray_Hair", "Heavy_Makeup", "High_Cheekbones", "Male", "Mouth_Slightly_Open", "Mustache",
    "Narrow_Eyes", "No_Beard", "Oval_Face", "Pale_Skin", "Pointy_Nose", "Receding_Hairline", "Rosy_Cheeks",
    "Sideburns", "Smiling", "Straight_Hair", "Wavy_Hair", "Wearing_Earrings", "Wearing_Hat", "Wearing_Lipstick",
    "Wearing_Necklace", "Wearing_Necktie", "Young",
)  # fmt: skip


class Rule(NamedTuple):
    """How a column of our CSV files answers one of CelebA's questions.

    `yes` takes the cell's text and returns None where that says neither yes nor no; an empty cell never reaches it
    (the answer is unknown).
    """

    column: str
    yes: Callable[[str], bool | None]


_GENDERS = {"M": True, "MALE": True, "1": True, "F": False, "FEMALE": False, "0": False}


# CelebA's name -> our column. CelebA's "Young" has no age; under 50 is our tables' youngest group.
OUR_COLUMNS: dict[str, Rule] = {
    "Male": Rule("gender", lambda text: _GENDERS.get(text.upper())),
    "Eyeglasses": Rule("has_glasses", lambda text: float(text) > 0),
    "Smiling": Rule("smile", lambda text: float(text) > 0),
    "Young": Rule("approx_age", lambda text: float(text) < 50),
}


def numbers(values: list[str]) -> np.ndarray | None:
    """The values as float32 with NaN for empty ones; None where one is not a number."""
    try:
        return np.array([float(value) if value.strip() else np.nan for value in values], np.float32)
    except ValueError:
        return None


def yes_or_no(rule: Rule, values: list[str]) -> np.ndarray:
    """1 for yes, 0 for no, NaN where the cell is empty or says neither: float32 (n,).

    Raises:
        ValueError: a cell that the rule cannot read.
    """
    answers = [rule.yes(value.strip()) if value.strip() else None for value in values]
    return np.array([np.nan if answer is None else float(answer) for answer in answers], np.float32)
