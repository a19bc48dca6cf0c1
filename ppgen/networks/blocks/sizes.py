"""Sizes that networks are built with."""

from __future__ import annotations

from ppgen.errors import ConfigError


def check_sizes(owner: str, **sizes: int | None) -> None:
    """ConfigError for the first size below 1; None, which stands for "there is none", passes.

    Args:
        owner: whose they are, for the message.
    """
    for name, size in sizes.items():
        if size is not None and size < 1:
            raise ConfigError(f"{owner}: {name} must be 1 or more, got {size}")
