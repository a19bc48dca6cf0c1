"""Latents from seeds, made by NumPy: the same on every device, so a picture can be shared by its seed."""

import re

import numpy as np

from ppgen.errors import ConfigError

MOST = 10_000  # pictures of a sheet, and seeds a list may name


def check_seed(seed: int) -> None:
    """ConfigError for a seed below 0 or one that is no whole number."""
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ConfigError(f"a seed is a whole number from 0 up, found {seed}")


def check_count(count: int, what: str = "pictures") -> None:
    """ConfigError for more of them than a sheet or film can hold."""
    if count > MOST:
        raise ConfigError(f"{count} {what} are more than the {MOST} that a sheet or film can hold")


def latents(seed: int, count: int, dim: int) -> np.ndarray:
    """`count` latents of N(0, 1) from one seed, float32 (count, dim); the first ones do not depend on `count`.

    Raises:
        ConfigError: a seed below 0, or no whole number.
    """
    check_seed(seed)
    return np.random.default_rng([seed]).standard_normal((count, dim), dtype=np.float32)


def latents_of(seeds: list[int], dim: int) -> np.ndarray:
    """One latent a seed, float32 (len(seeds), dim): row i is `latents(seeds[i], 1, dim)[0]`.

    Raises:
        ConfigError: no seeds, or one that is none.
    """
    if len(seeds) == 0:
        raise ConfigError("no seed was given; give at least one")
    return np.concatenate([latents(seed, 1, dim) for seed in seeds])


def parse_seeds(text: str, option: str = "--seeds") -> list[int]:
    """ "7", "0-63" or "1,5,9-12" -> numbers; `option` is what the messages call them.

    Raises:
        ConfigError: it does not parse, a range runs backwards, or there are more than `MOST`.
    """
    result: list[int] = []
    for part in text.split(","):
        numbers = re.fullmatch(r"\s*(\d+)(?:\s*-\s*(\d+))?\s*", part)
        if not numbers:
            raise ConfigError(f"{option} {text}: '{part.strip()}' is no number or range; write 7 or 0-63 or 1,5,9-12")
        first, last = int(numbers[1]), int(numbers[2] or numbers[1])
        if last < first:
            raise ConfigError(f"{option} {text}: the range {part.strip()} runs backwards")
        if len(result) + last - first >= MOST:
            raise ConfigError(f"{option} {text}: names more than {MOST} of them; draw them in parts")
        result += range(first, last + 1)
    return result
