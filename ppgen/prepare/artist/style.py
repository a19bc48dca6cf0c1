"""What the artist does differently for different groups of people."""

from __future__ import annotations

from dataclasses import dataclass

from ppgen.errors import ConfigError

GENDERS = ("F", "M")
AGE_GROUPS = ("young", "middle", "senior")


@dataclass(frozen=True)
class Style:
    """Strengths in [0, 1]; the defaults are what is drawn where nothing is known about the person.

    blush: of the cheeks. lashes: length of the eyelashes. lips: how much the lips are coloured.
    wrinkles: how faint a fold is still drawn. beard: whether facial hair may be drawn. stubble: the shade of a
    shaved beard. brows: weight of the brows.
    """

    blush: float = 0.3
    lashes: float = 0.25
    lips: float = 0.3
    wrinkles: float = 0.55
    beard: bool = True
    stubble: float = 0.0
    brows: float = 0.5


def style_of(gender: str | None = None, age_group: str | None = None) -> Style:
    """The style of a group; None is unknown. Raises ConfigError for another word."""
    if gender not in (None, *GENDERS):
        raise ConfigError(f"gender={gender!r}: give 'F', 'M' or None for unknown")
    if age_group not in (None, *AGE_GROUPS):
        raise ConfigError(f"age_group={age_group!r}: give {', '.join(map(repr, AGE_GROUPS))} or None for unknown")
    blush = {"young": 0.7, "middle": 0.3, "senior": 0.12, None: 0.3}[age_group]
    wrinkles = {"young": 0.2, "middle": 0.55, "senior": 1.0, None: 0.55}[age_group]
    if gender is None:
        return Style(blush=blush, wrinkles=wrinkles)
    if gender == "F":
        return Style(blush + 0.1, lashes=1.0, lips=0.75, wrinkles=0.8 * wrinkles, beard=False, brows=0.4)
    return Style(blush, lashes=0.0, lips=0.15, wrinkles=wrinkles, stubble=1.0, brows=0.6)
