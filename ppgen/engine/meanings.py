"""What the names in a run's log mean, for its page; and which losses a progress bar has room for."""

import re
from collections.abc import Iterable, Mapping

_SHOWN = 3  # losses of a bar

# The first pattern that a whole name matches says it
_MEANINGS = {
    r"d|discriminator(_a|_b)?|(global|local)_(a|b)": "the discriminator's loss: how badly it tells real from made",
    r"g|adversarial(_\w+)?": "the generator's adversarial loss: how seldom it deceives the discriminator",
    r"d_real(_\w+)?": "what the discriminator says of real pictures; the farther from d_fake, the surer it is",
    r"d_fake(_\w+)?": "what the discriminator says of made pictures",
    r"r1|r2": "penalty on the discriminator's gradient at real (r1) or made (r2) pictures; every few steps",
    r"path(_length)?": "path length: how evenly the picture changes with the latent; every few steps",
    r"penalty|gradient_penalty": "penalty that keeps the critic's gradient near length 1",
    r"drift": "penalty that keeps the critic's answers near 0",
    r"cycle(_\w+)?": "how far a picture is from itself after both translations",
    r"identity(_\w+)?": "how much a picture changes that is of the target domain already, or how far apart faces are",
    r"cam(_\w+)?": "the attention's classifier: which domain a picture is of",
    r"face(_\w+)?": "how far the face's identity moved",
    r"pixels?|l1|mse|reconstruction": "distance of the pixels to the picture that was wanted",
    r"edges?|lines?": "distance of the contours to those that were wanted",
    r"features?|perceptual": "distance in a network's features: whether it looks alike",
    r"kl": "how far the codes' distribution is from the normal one",
    r"dice|entropy|iou": "how well the mask fits",
    r"ada|augment\w*": "how strongly pictures are augmented: it rises when the discriminator knows them by heart",
    r"norm\W?_?\w*": "length of a network's gradient; sudden leaps are a warning",
    r"rate_factor|lr|learning_rate": "what the schedule makes of the learning rate",
    r"images_per_second": "speed since the line before",
    r"wait_share|wait_seconds": "how much of the time the networks waited for data",
    r"peak_memory_gb": "the most memory so far",
    r"(val_)?fid": "Frechet inception distance of made to real pictures: lower is better",
    r"(val_)?kid(_\w+)?": "kernel inception distance of made to real pictures: lower is better",
    r"(val_)?(precision|density)": "share of made pictures that look like real ones: higher is better",
    r"(val_)?(recall|coverage)": "share of real pictures that the made ones cover: higher is better",
    r"(val_)?overall": "the cartoon scores in one number",
}
#: losses that say most, the first of them first
_FIRST = ("d", "g", "discriminator", "adversarial", "pixel", "l1", "cycle", "reconstruction", "kl", "latent")


def meaning(name: str) -> str:
    """A sentence on a number of the log; "" where none is known."""
    plain = name.rpartition("/")[2]
    return next((text for pattern, text in _MEANINGS.items() if re.fullmatch(pattern, plain)), "")


def main_losses(losses: Iterable[str]) -> list[str]:
    """Two or three that a bar shows: those that say most, then those that come first."""
    names = list(losses)
    known = [name for name in _FIRST if name in names]
    return list(dict.fromkeys([*known, *names]))[:_SHOWN]


def numbers(row: Mapping[str, float]) -> str:
    """`d 1.29  g 1.05`."""
    return "  ".join(f"{name} {value:.3g}" for name, value in row.items())
