"""The errors ppgen raises: each message is one line that says what is wrong and what to do."""


class PPGenError(Exception):
    """Base of every error a user may meet; the command line prints its message and exits 2."""


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
    """One printable line of a text that somebody else wrote: no control characters, at most so long."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * most])
    line = " ".join(plain.split())
    return line if len(line) <= most else line[: most - 1] + "…"
