"""What a judge of attributes is worth, told to who relies on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ppgen.cli.command import Option, option
from ppgen.io.terminal import say

if TYPE_CHECKING:
    from ppgen.latent.supervised import Score

OPTIMIZED = "optimized"  # by gradient descent; the others are closed forms, `ppgen.latent.attributes.METHODS`


def method(usual: str) -> Option:
    """`--method` of --data."""
    about = f"of --data (default: {usual}): difference of means, the others held equal, or their scores, or by descent"
    return option("--method", choices=("means", "partial", "conditional", OPTIMIZED), help=about)


def print_scores(scores: dict[str, Score]) -> None:
    """How good a judge is on faces it has not seen, a line an attribute."""
    for name, score in scores.items():
        share = f"the judge is right on {score.balanced:.1%} of held-back faces (mean of with and without)"
        say(f"{name:<20} {share}: {score.yes} with, {score.no} without")
