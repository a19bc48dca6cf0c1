"""Sizes that networks are built with, and of the pictures they take."""

import paddle

from ppgen.errors import ConfigError, DataError


def check_sizes(owner: str, **sizes: int | None) -> None:
    """ConfigError for the first size below 1; None, which stands for "there is none", passes.

    Args:
        owner: whose they are, for the message.
    """
    for name, size in sizes.items():
        if size is not None and size < 1:
            raise ConfigError(f"{owner}: {name} must be 1 or more, got {size}")


def check_sides(owner: str, pictures: paddle.Tensor, cell: int, least: int = 0) -> None:
    """DataError unless the sides of (N, C, H, W) are multiples of `cell` and at least `least`."""
    height, width = pictures.shape[2:]
    if height % cell or width % cell or min(height, width) < least:
        bound = f" and at least {least}" if least > cell else ""
        needs = f"height and width that are multiples of {cell}{bound}"
        raise DataError(f"{owner} needs {needs}, got {height}x{width}")


def check_full(owner: str, pictures: paddle.Tensor, image_size: int) -> None:
    """DataError unless (N, C, H, W) have the side that a full (not light) network is bound to."""
    height, width = pictures.shape[2:]
    if {height, width} != {image_size}:
        what = f"this full {owner} network reads {image_size}x{image_size} images only, got {height}x{width}"
        raise DataError(f"{what}; resize the picture or build the network with image_size={height}")


def checked_labels(labels: paddle.Tensor | None, classes: int) -> paddle.Tensor:
    """The labels that a network of so many classes is given; DataError where there are none."""
    if labels is None:
        raise DataError(f"this network was built for {classes} classes: give a label (0 to {classes - 1}) a picture")
    return labels
