"""What the artist does differently for different groups of people.

These are conventions of drawing, as illustrators have them, chosen by us so that a group can be told in a small
picture and a generator can learn it. They say nothing about how anybody is or should look.
"""

from dataclasses import dataclass

from ppgen.errors import ConfigError

GENDERS = ("F", "M")
AGE_GROUPS = ("young", "middle", "senior")


@dataclass(frozen=True)
class Style:
    """Strengths in [0, 1]; the defaults are what is drawn where nothing is known about the person.

    blush: of the cheeks. glow: highlights on forehead, cheekbones, nose and chin. relief: how strongly light and
    shade of the photo are drawn. catch: size of the light in the eyes. wrinkles: how many lines are drawn and how
    faint a fold of the photo still is. grey: how far hair, beard and brows turn grey.
    lashes: length and weight of the eyelashes. lids: colour on the upper lids. lips: how full and how colored they
    are. beard: 1 where facial hair may be drawn, 0 where not. stubble: the shade of a shaved beard. brows: weight of
    the brows.
    """

    blush: float = 0.2
    glow: float = 0.0
    relief: float = 0.9
    catch: float = 0.4
    wrinkles: float = 0.25
    grey: float = 0.0
    lashes: float = 0.25
    lids: float = 0.0
    lips: float = 0.35
    beard: float = 1.0
    stubble: float = 0.0
    brows: float = 0.5


_AGES: dict[str | None, dict[str, float]] = {
    "young": {"blush": 0.8, "glow": 0.9, "relief": 0.7, "catch": 1.0, "wrinkles": 0.0},
    "middle": {},
    "senior": {"blush": 0.0, "catch": 0.2, "wrinkles": 1.0, "grey": 0.28},
    None: {},
}
_GENDERS: dict[str | None, dict[str, float]] = {
    "F": {"lashes": 1.0, "lids": 0.6, "lips": 0.7, "beard": 0.0, "brows": 0.25},
    "M": {"lashes": 0.0, "lips": 0.2, "stubble": 0.4},
    None: {},
}


def style_of(gender: str | None = None, age_group: str | None = None) -> Style:
    """The style of a group; None is unknown. Raises ConfigError for another word."""
    if gender not in _GENDERS:
        raise ConfigError(f"gender={gender!r}: give 'F', 'M' or None for unknown")
    if age_group not in _AGES:
        raise ConfigError(f"age_group={age_group!r}: give {', '.join(map(repr, AGE_GROUPS))} or None for unknown")
    return Style(**_AGES[age_group], **_GENDERS[gender])
