"""Options that several commands share. Their values are checked while they are read, before any work."""

import argparse
from collections.abc import Callable

from ppgen.cli.command import Option, option
from ppgen.cli.files import check_output_file, check_output_folder

ANY_MODEL = "a shipped network's name (ppgen list weights), a weights file or a run folder"
STYLE_MODEL = (
    "a generator of StyleGAN or StyleGAN2: a shipped or published name, a .safetensors or .pdparams file, a run folder"
)
NO_ALIGN = option("--no-align", action="store_true", help="photos are face crops already, or the network draws none")
ALIGNER = option(
    "--aligner",
    choices=("dlib", "mesh"),
    default="dlib",
    help="whose landmarks: dlib's (default) and, where it finds no face, MediaPipe's mesh; or the mesh alone",
)
LABEL = option("--label", metavar="NAME|K", help="class to draw, where there are classes: its name or number")
INPUTS = "pictures or folders of pictures"
_LARGEST = 8  # of --scale


def model(about: str = f"{STYLE_MODEL} (default: the shipped faces)", several: bool = False) -> Option:
    """`--model`, one or several."""
    if several:
        return option("--model", nargs="+", metavar="NAME|FILE", help=f"one or more, each {about}")
    return option("--model", metavar="NAME|FILE", help=about)


def any_model(about: str = ANY_MODEL) -> tuple[Option, Option]:
    """`--model` and `--weights`, of any network that draws."""
    return model(about), option("--weights", metavar="FILE", help="weights to use, if not those of --model")


def by_any(output: str, about: str = ANY_MODEL) -> tuple[Option, ...]:
    """`--model`, `--weights`, `-o`: a picture or film by any network that draws."""
    return *any_model(about), picture(output)


def by_style(output: str, film: bool = True, several: bool = False) -> tuple[Option, Option]:
    """`--model`, `-o`: a picture or film by one style generator, or by several."""
    return model(several=several), picture(output, film)


def folder(default: str = "output", about: str = "folder of the results") -> Option:
    """`-o`, a folder; a name that looks like a picture's or an array's is refused."""

    def checked(text: str) -> str:
        check_output_folder(text)
        return text

    help_text = f"{about} (default: {default})"
    return option("-o", "--output", type=checked, default=default, metavar="DIR", help=help_text)


def picture(default: str, film: bool = True) -> Option:
    """`-o`, a picture or, where `film`, a film by its suffix."""

    def checked(text: str) -> str:
        check_output_file(text, film)
        return text

    help_text = f"what to write (default: {default})"
    return option("-o", "--output", type=checked, default=default, metavar="FILE", help=help_text)


def number(name: str) -> Callable[[str], float]:
    """A type for `option`: a number that is finite in float32; `name` is what the message calls it."""

    def checked(text: str) -> float:
        from ppgen.apps.latent_model import check_finite

        check_finite(name, float(text))
        return float(text)

    checked.__name__ = "float"  # argparse: "invalid float value"
    return checked


def _seed(text: str) -> int:
    from ppgen.latent.seeds import check_seed

    check_seed(int(text))
    return int(text)


def seed(about: str, default: int | None = 0) -> Option:
    """`--seed`, a whole number from 0 up."""
    return option("--seed", type=_seed, default=default, help=f"{about} (default: 0)")


def seeds(about: str, default: str | None = None, flag: str = "--seeds") -> Option:
    """A list of seeds, such as 0-3 or 1,5."""

    def parsed(text: str) -> list[int]:
        from ppgen.latent.seeds import parse_seeds

        return parse_seeds(text, flag)

    said = f"{about} (default: {default})" if default else about
    return option(flag, type=parsed, default=default, metavar="LIST", help=said)


def truncation(default: float | None = 0.7, about: str = "") -> Option:
    """`--truncation`; default None: the command's own, which is 0.7 of style generators."""
    said = f"{about}1: all variety, 0: the mean picture (default: {0.7 if default is None else default:g})"
    return option("--truncation", type=number("truncation"), default=default, metavar="PSI", help=said)


def steps(default: int, about: str) -> Option:
    """`--steps`."""
    return option("--steps", type=int, default=default, help=f"{about} (default: {default})")


def _scale(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _LARGEST:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to {_LARGEST}, found {text}")
    return int(text)


def scale() -> Option:
    """`--scale`, how many times as large the pictures are shown."""
    about = f"show pictures N times as large, smoothly: 1 to {_LARGEST} (default: 1)"
    return option("--scale", type=_scale, default=1, metavar="N", help=about)


def span(default: float, unit: str = "") -> Option:
    """`--span`."""
    said = f"from -SPAN to SPAN{unit} (default: {default:g})"
    return option("--span", type=number("span"), default=default, help=said)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= 100:  # as `save_movie`
        raise argparse.ArgumentTypeError(f"expected a number above 0 and at most 100, found {text}")
    return rate


def fps() -> Option:
    """`--fps`, pictures a second of a film."""
    return option("--fps", type=_rate, default=12, help="of a film (default: 12)")


def jobs(text: str) -> int | None:
    """A type for `option`: a number of processes; 'auto' is None."""
    if text == "auto":
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"expected a number from 1 or 'auto', found {text}")
    return int(text)


def _face(text: str) -> str | int:
    if text in ("largest", "all"):
        return text
    if text.isdecimal():
        return int(text)
    raise argparse.ArgumentTypeError(f"'{text}' is neither 'largest', 'all' nor a number from 0")


def faces() -> Option:
    """`--faces`, as the predictors take it."""
    return option("--faces", type=_face, default="largest", help="'largest' (default), 'all' or an index from 0")
