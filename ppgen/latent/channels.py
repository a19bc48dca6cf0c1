"""Single channels of S, StyleGAN's space of styles: how far they spread, which an attribute hangs on, moving them.

Wu et al., "StyleSpace Analysis: Disentangled Controls for StyleGAN Image Generation" (CVPR 2021). A channel scales one
feature map of one convolution, so that it changes less beside what it is meant for than a direction of W does.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import paddle
from tqdm.auto import tqdm

from ppgen.errors import ConfigError, DataError
from ppgen.io.brief import short
from ppgen.latent.attributes import parse_amounts
from ppgen.latent.render import Call, batch_of, draw
from ppgen.latent.seeds import latents, parse_seeds
from ppgen.networks.protocols import StyleGenerator

#: of each style, as a network's `styles` lists them: float32 (n, channels)
Styles = list[np.ndarray]

FEWEST = 2  # samples with an attribute: a spread of one is none


class Channel(NamedTuple):
    """One channel of S."""

    style: int  # its place in what `styles` returns
    number: int

    def __str__(self) -> str:
        return f"{self.style}:{self.number}"


@short
class Spread(NamedTuple):
    """How the channels of S are distributed over a network's samples."""

    mean: Styles  # (channels,) each
    deviation: Styles  # (channels,) each


def styles_of(network: StyleGenerator, w_plus: np.ndarray) -> Styles:
    """S of W+ (n, count, latent_dim)."""
    with paddle.no_grad():
        return [style.numpy() for style in network.styles(paddle.to_tensor(np.asarray(w_plus, np.float32)))]


def sampled_styles(network: StyleGenerator, count: int = 1000, seed: int = 0, truncation: float = 1.0) -> Styles:
    """S of `count` samples of one seed."""
    with paddle.no_grad():
        w = network.map(paddle.to_tensor(latents(seed, count, network.latent_dim)))
        return [style.numpy() for style in network.styles(network.spread(w, truncation))]


def spread_of(styles: Styles) -> Spread:
    """Mean and deviation of each channel over samples."""
    return Spread([s.mean(axis=0) for s in styles], [s.std(axis=0) for s in styles])


# ---- which channels --------------------------------------------------------------------------------------


def parse_channel(text: str) -> Channel:
    """ "9:45" -> Channel(9, 45); ConfigError where it does not parse."""
    parts = re.fullmatch(r"\s*(\d+):(\d+)\s*", text)
    if not parts:
        raise ConfigError(f"channel '{text}': expected STYLE:INDEX, such as 9:45; `ppgen channels` lists some")
    return Channel(int(parts[1]), int(parts[2]))


def parse_moves(items: Iterable[str]) -> dict[Channel, float]:
    """ "9:45=3" -> {Channel(9, 45): 3.0}, amounts in standard deviations.

    Raises:
        ConfigError: an item does not parse, or names a channel twice.
    """
    amounts = parse_amounts(items, "a channel as STYLE:INDEX=AMOUNT", "9:45=3")
    return {parse_channel(name): amount for name, amount in amounts.items()}


def parse_styles(text: str, network: StyleGenerator) -> list[int]:
    """ "0-5" or "1,4" -> places of styles; ConfigError where it does not parse or the network has no such style."""
    places = parse_seeds(text, "--styles")
    last = len(widths_of(network)) - 1
    if max(places) > last:
        raise ConfigError(f"--styles {text}: this network has styles 0 to {last}")
    return sorted(set(places))


def check_channels(network: StyleGenerator, channels: Iterable[Channel]) -> None:
    """ConfigError for a channel that a network does not have."""
    widths = widths_of(network)
    for channel in channels:
        if not 0 <= channel.style < len(widths):
            raise ConfigError(f"channel {channel}: this network has styles 0 to {len(widths) - 1}")
        if not 0 <= channel.number < widths[channel.style]:
            last = widths[channel.style] - 1
            raise ConfigError(f"channel {channel}: style {channel.style} has channels 0 to {last}")


def widths_of(network: StyleGenerator) -> list[int]:
    """Channels of each style."""
    return [style.shape[1] for style in styles_of(network, np.zeros((1, network.count, network.latent_dim)))]


def relevance(styles: Styles, has: np.ndarray) -> list[np.ndarray]:
    """How surely each channel tells those with an attribute from everybody: (channels,) for each style.

    Section 5 of the paper: with a sample's channel normalized by everybody's mean and deviation, the mean over those
    with the attribute, over their deviation; here signed, so that a channel which falls with the attribute is below 0.
    Channels that never change, and of which nothing can be said, get 0.

    Args:
        styles: of samples, (n, channels) each. has: bool (n,).
    Raises:
        DataError: fewer than two have the attribute.
    """
    has = np.asarray(has, bool)
    if has.sum() < FEWEST:
        raise DataError(f"{int(has.sum())} of {len(has)} samples have the attribute; draw more with --samples")
    scores = []
    for style in styles:
        deviation = style.std(axis=0)
        moves = deviation > 1e-8
        normal = (style[has] - style.mean(axis=0)) / np.where(moves, deviation, 1)
        theirs = normal.std(axis=0)
        usable = moves & (theirs > 1e-8)
        scores.append(np.where(usable, normal.mean(axis=0) / np.where(usable, theirs, 1), 0.0))
    return scores


def strongest(scores: Sequence[np.ndarray], count: int) -> dict[Channel, float]:
    """The `count` channels of the largest scores, either sign, the largest first."""
    flat = np.concatenate(list(scores))
    places = [Channel(style, index) for style, values in enumerate(scores) for index in range(len(values))]
    order = np.argsort(-np.abs(flat), kind="stable")[:count]
    return {places[i]: float(flat[i]) for i in order}


def effects(
    network: StyleGenerator, styles: Styles, spread: Spread, chosen: Sequence[int] | None = None, amount: float = 3.0
) -> list[np.ndarray]:
    """How much each channel changes a picture: mean absolute grey levels between -amount and +amount deviations.

    Args:
        styles: of one picture, (1, channels) each. chosen: styles to look at; None: all. The others' channels get 0.
    Returns:
        (channels,) for each style.
    """
    picked = range(len(styles)) if chosen is None else chosen
    scores = [np.zeros(style.shape[1]) for style in styles]
    places = [Channel(style, index) for style in picked for index in range(styles[style].shape[1])]
    step = max(1, batch_of(network) // 2)
    for start in tqdm(range(0, len(places), step), desc="channels", disable=None, delay=2):
        part = places[start : start + step]
        both = [moved_styles(styles, spread, {channel: sign * amount}) for sign in (-1, 1) for channel in part]
        pictures = paint(network, [np.concatenate(rows) for rows in zip(*both)]).astype(np.float32)
        changes = np.abs(pictures[len(part) :] - pictures[: len(part)]).mean(axis=(1, 2, 3))
        for channel, change in zip(part, changes):
            scores[channel.style][channel.number] = change
    return scores


# ---- moving them -----------------------------------------------------------------------------------------


def moved_styles(styles: Styles, spread: Spread, amounts: Mapping[Channel, float]) -> Styles:
    """S (n, channels) each with channels moved by so many standard deviations."""
    result = [np.array(style, np.float32) for style in styles]
    for (style, index), amount in amounts.items():
        result[style][:, index] += amount * spread.deviation[style][index]
    return result


def paint(
    network: StyleGenerator, styles: Styles, noise: Sequence[np.ndarray] | None = None, call: Call | None = None
) -> np.ndarray:
    """Pictures of S, in passes that memory holds: uint8 (n, H, W, 3); noise (1, 1, h, w) a layer, None: the stored.

    call: who runs the network's methods, see `ppgen.latent.render`; None: the network itself.
    """
    run, count = call or (lambda method, *inputs: getattr(network, method)(*inputs)), len(styles)
    maps = [np.broadcast_to(np.asarray(n, np.float32), (len(styles[0]), *n.shape[1:])) for n in noise or []]

    def painted(*part: paddle.Tensor) -> paddle.Tensor:
        return run("paint", list(part[:count]), list(part[count:]) or None)

    return draw(painted, *styles, *maps, batch=batch_of(network), label="")
