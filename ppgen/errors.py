"""The errors ppgen raises: each message is one line that says what is wrong and what to do.

Files, addresses and servers say how they are called: `visible` keeps that from looking like a message of ours.
"""

import unicodedata
from collections.abc import Iterable

_JOINERS = "\u200c\u200d"  # within words of some scripts, and emoji; they move nothing
_LONGEST = 2000  # letters of a line
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # controls, marks of direction, halves of characters, ends of lines


def visible(text: object) -> str:
    """A text as one line that shows what is in it: line ends, escape characters, bytes that are no UTF-8 and marks
    that turn the direction of writing as Python writes them. Of what would fill screens, the beginning and the end."""
    line = _cut(str(text))
    return line if line.isprintable() else _cut("".join(map(_visible, line)))


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]} … {line[-_LONGEST // 3 :]}"


def _visible(letter: str) -> str:
    if unicodedata.category(letter) not in _UNSEEN or letter in _JOINERS:
        return letter
    return letter.encode("unicode_escape").decode()


def in_lines(lines: Iterable[object]) -> str:
    """Lines as one text, each visible as one."""
    return "\n".join(map(visible, lines))


class PPGenError(Exception):
    """Base of every error a user may meet; the command line prints its message and exits 2.

    Each argument is a line of the message, made `visible`.
    """

    def __init__(self, *lines: object, **facts: object) -> None:
        super().__init__(*map(visible, lines), **facts)

    def __str__(self) -> str:
        return "\n".join(self.args)


class ConfigError(PPGenError):
    """A YAML file, an override or a constructor argument that cannot be used."""


class DataError(PPGenError):
    """An image or dataset that cannot be read or used."""


class NoFaceError(DataError):
    """A photo in which no usable face was found."""


class WeightsError(PPGenError):
    """A weights file that is damaged, unsafe or belongs to another network."""


class OtherWeightsError(WeightsError):
    """A weights file that is whole and safe, but holds another network, or several."""


class DownloadError(PPGenError):
    """A file that could not be fetched or whose checksum is wrong."""


class OutputError(PPGenError):
    """A folder or file that cannot be written."""


class TrainingDiverged(PPGenError):
    """A loss or gradient that is not finite."""


def short(text: str, most: int = 200) -> str:
    """One line of a text that somebody else wrote, `visible` and at most so long; gaps are single spaces."""
    line = visible(" ".join(text[: 4 * most].split()))
    return line if len(line) <= most else line[: most - 1] + "…"
