"""Scores of a folder of fakes, or of a generator, against a folder of real pictures: what `ppgen evaluate` calls."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from tqdm.auto import tqdm

from ppgen import hub
from ppgen.datasets.files import picture_size
from ppgen.errors import ConfigError, DataError, in_lines
from ppgen.hub.runs import is_run
from ppgen.io.image import load_image
from ppgen.io.listing import list_images
from ppgen.latent.render import drawn, painted
from ppgen.latent.seeds import latents
from ppgen.metrics.accumulate import Score, Side
from ppgen.metrics.dlib_features import perceptual_distance
from ppgen.metrics.extractor import FeatureExtractor
from ppgen.metrics.features import DLIB_FACE, dimension
from ppgen.metrics.fid import require_samples
from ppgen.metrics.generative import GenerativeScores, check_names, kinds
from ppgen.metrics.identity import Identity
from ppgen.metrics.ppl import EPSILON, lengths_in_z_and_w, perceptual_lengths, perceptual_path_length
from ppgen.networks.protocols import LatentGenerator, StyleGenerator

PPL = "ppl"
_BATCH, _MOST = 16, 1_000_000


class PictureSet(NamedTuple):
    """One of the two sets.

    Attributes:
        name: as the user gave it.
        total: pictures that are used.
        shape: (height, width) of every one.
        batches: gives them, uint8 (n, H, W, 3), batch by batch.
        stems: file names without extension, in order; empty for a generator.
    """

    name: str
    total: int
    shape: tuple[int, int]
    batches: Callable[[], Iterator[np.ndarray]]
    stems: tuple[str, ...] = ()


def evaluate(
    metrics: Sequence[str],
    real: str,
    fake: str | LatentGenerator,
    count: int | None = None,
    features: str | FeatureExtractor = DLIB_FACE,
    weights: str | None = None,
    seed: int = 0,
    size: int | None = None,
) -> list[Score]:
    """The scores, in the order asked for.

    Args:
        metrics: of fid, kid, pr, identity, is, swd, ms-ssim, ppl.
        real: folder of real pictures; all are used.
        fake: folder of pictures, or a generator: a shipped name, a weights file, a run folder, or the network itself.
        count: fakes that are used; of a folder, a choice by seed. None: all of a folder, and as many as there are
            reals of a generator.
        features, weights: see `ppgen.metrics.features.extractor`.
        seed: of latents and choices.
        size: scale both sides to this many pixels first; needed where their sizes differ.
    Raises:
        ConfigError, DataError, WeightsError: one sentence; all that can be checked is, before any network runs.
    """
    names = _checked(metrics, count, size)
    reals = _folder(real, None, seed, size)
    network = None
    if isinstance(fake, str) and Path(fake).is_dir() and not is_run(Path(fake)):
        fakes = _folder(fake, count, seed, size)
    else:
        network = hub.load(fake, kind=LatentGenerator) if isinstance(fake, str) else fake
        fakes = _generated(network, str(fake), count or reals.total, seed, size)
    if "fid" in names:
        require_samples(reals.total, fakes.total, dimension(features, weights))
    if PPL in names and network is None:
        raise ConfigError(f"{fake}: is a folder, and ppl walks through a generator's latents: give its weights file")
    over_pictures = [name for name in names if name != PPL]
    scores = _over_pictures(over_pictures, reals, fakes, features, weights) if over_pictures else []
    if PPL in names and network is not None:
        scores += _path_length(network, fakes.total // 2, seed)
    return scores


def table(scores: list[Score]) -> str:
    """One line a score: its value, its standard error, its protocol."""
    rows = [(s.name, f"{s.value:.6g}", f"± {s.error:.2g}" if s.error is not None else "", s.protocol) for s in scores]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return in_lines("  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0])) for row in rows)


def _checked(metrics: Sequence[str], count: int | None, size: int | None) -> list[str]:
    check_names(metrics, [*kinds(), PPL])
    for value, what, least in ((count, "number of fakes", 2), (size, "size", 16)):
        if value is not None and value < least:
            raise ConfigError(f"the {what} must be {least} or more, not {value}")
    if count is not None and count > _MOST:
        raise ConfigError(f"the number of fakes must be {_MOST} or less, not {count}")
    return list(dict.fromkeys(metrics))


def _folder(folder: str, count: int | None, seed: int, size: int | None) -> PictureSet:
    paths = list_images(folder)
    if count is not None and count > len(paths):
        raise DataError(f"{folder}: holds {len(paths)} pictures, and {count} were asked for")
    if count is not None and count < len(paths):
        chosen = np.random.default_rng([seed, 3]).choice(len(paths), count, replace=False)
        paths = [paths[i] for i in np.sort(chosen)]

    def batches() -> Iterator[np.ndarray]:
        """Up to 16 pictures together."""
        for start in range(0, len(paths), _BATCH):
            yield np.stack([_scaled(load_image(path), size) for path in paths[start : start + _BATCH]])

    shape = _one_size(folder, paths) if size is None else (size, size)
    return PictureSet(str(folder), len(paths), shape, batches, tuple(path.stem for path in paths))


def _one_size(folder: str, paths: list[Path]) -> tuple[int, int]:
    """The (height, width) that all pictures of a folder have by their headers; DataError for one of another size."""
    sizes = []
    for path in tqdm(paths, f"headers of {folder}", delay=2, leave=False, disable=None):
        found = picture_size(path)
        sizes.append(load_image(path).shape[:2] if found is None else found)  # says what is wrong with it
    (height, width), count = Counter(sizes).most_common(1)[0]
    for path, (h, w) in zip(paths, sizes):
        if (h, w) != (height, width):
            others = f"{count} of {len(paths)} pictures there are {width}x{height}"
            advice = f"scale all with --size {min(min(size) for size in sizes)}"
            raise DataError(f"{path}: is {w}x{h} pixels, {others}; {advice}, or take it out")
    return height, width


def _generated(network: LatentGenerator, name: str, count: int, seed: int, size: int | None) -> PictureSet:
    def batches() -> Iterator[np.ndarray]:
        z = latents(seed, count, network.latent_dim)
        for pictures in drawn(network.generate, z, _labels(network, count), batch=_BATCH, label=""):
            yield np.stack([_scaled(picture, size) for picture in pictures])

    side = network.image_size if size is None else size
    return PictureSet(name, count, (side, side), batches)


def _labels(network: LatentGenerator, count: int) -> np.ndarray | None:
    """A conditional generator's classes take turns: (count,); None where it has none."""
    return np.arange(count) % network.classes if network.classes else None


def _scaled(picture: np.ndarray, size: int | None) -> np.ndarray:
    if size is None or picture.shape[:2] == (size, size):
        return picture
    shrinks = size < min(picture.shape[:2])
    return cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def _partners(reals: PictureSet, fakes: PictureSet) -> np.ndarray | None:
    """The number of the real that each fake is named after; None where one has no namesake, or two."""
    numbers = {stem: i for i, stem in enumerate(reals.stems)}
    if not fakes.stems or len(numbers) < len(reals.stems) or not set(fakes.stems) <= set(numbers):
        return None
    return np.array([numbers[stem] for stem in fakes.stems])


def _over_pictures(
    names: list[str], reals: PictureSet, fakes: PictureSet, features: str | FeatureExtractor, weights: str | None
) -> list[Score]:
    partners = _partners(reals, fakes)
    scores = GenerativeScores(names, features, weights, paired=partners is not None)
    for metric in scores.metrics:
        if isinstance(metric, Identity):
            metric.partners = partners
    (h, w), (fh, fw) = reals.shape, fakes.shape
    if (h, w) != (fh, fw):
        advice = f"scale both with --size {min(h, w, fh, fw)}, or the sharpness alone will tell them apart"
        raise DataError(f"{reals.name} holds pictures of {w}x{h} pixels, {fakes.name} gives {fw}x{fh}: {advice}")
    for metric in scores.metrics:
        if min(reals.total, fakes.total) < metric.least:
            there = f"there are {reals.total} real and {fakes.total} fake ones"
            raise DataError(f"{metric.short} needs at least {metric.least} pictures on each side, and {there}")
        if min(h, w) < metric.least_side:
            raise DataError(f"{metric.short} needs pictures of at least {metric.least_side} pixels a side, not {w}x{h}")
    sides: tuple[tuple[Side, PictureSet], ...] = ("real", reals), ("fake", fakes)
    for side, pictures in sides:
        with tqdm(total=pictures.total, desc=side, unit="picture", disable=None) as bar:
            for batch in pictures.batches():
                scores.add(side, batch)
                bar.update(len(batch))
    return scores.scores()


def _path_length(network: LatentGenerator, pairs: int, seed: int) -> list[Score]:
    if isinstance(network, StyleGenerator):
        lengths = lengths_in_z_and_w(network, pairs, perceptual_distance, seed)
    else:

        def generate(points: np.ndarray) -> np.ndarray:
            # labels by place in the batch: both ends of a step are then of one class
            return next(painted(network.generate, points, _labels(network, len(points)), label=""))

        z = latents(seed, 2 * pairs, network.latent_dim)
        lengths = {"z": perceptual_lengths(generate, perceptual_distance, z, seed)}
    scores = []
    for space, values in lengths.items():
        trimmed = perceptual_path_length(values)
        protocol = f"{PPL}/dlib-face/n={trimmed.paths}/space={space}/epsilon={EPSILON:g}"
        scores.append(Score(PPL if space == "z" else f"{PPL}_{space}", protocol, trimmed.mean, trimmed.error))
    return scores
