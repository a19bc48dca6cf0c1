"""Whether a generator's pictures are those its discriminator reads: known at building, not at the first wrong step."""

from __future__ import annotations

from typing import Any

from ppgen.errors import ConfigError

# What the networks' constructors call the side and the channels of a picture.
_SIDE, _MADE, _READ = ("image_size", "size"), ("out_channels", "channels"), ("in_channels", "channels")


def check_fit(generator: Any, discriminator: Any) -> None:
    """ConfigError where the two were built for pictures of another size or of other channels.

    Only arguments that both constructors have are compared.
    """
    for what, words in (("size", (_SIDE, _SIDE)), ("channels", (_MADE, _READ))):
        found = [_argument(network, names) for network, names in zip((generator, discriminator), words)]
        if None not in found and found[0][1] != found[1][1]:
            (made, value), (read, other) = found
            raise ConfigError(
                f"model: both networks need the same {what}, found generator.{made}: {value} and "
                f"discriminator.{read}: {other}"
            )


def _argument(network: Any, names: tuple[str, ...]) -> tuple[str, Any] | None:
    given = getattr(network, "constructor_args", {})
    return next(((name, given[name]) for name in names if name in given), None)
