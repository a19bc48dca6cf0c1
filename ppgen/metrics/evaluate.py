"""Scores of a folder of fakes, or of a generator, against a folder of real pictures: what `ppgen evaluate` calls."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from tqdm import tqdm

from ppgen.errors import ConfigError, DataError
from ppgen.io.image import list_images, load_image, to_uint8
from ppgen.metrics.accumulate import Score
from ppgen.metrics.features import DLIB_FACE, dimension
from ppgen.metrics.fid import require_samples
from ppgen.metrics.generative import NAMES, GenerativeScores
from ppgen.metrics.identity import Identity
from ppgen.metrics.ppl import EPSILON, perceptual_lengths, perceptual_path_length
from ppgen.registry import nearest

PPL = "ppl"
_BATCH = 16

#: seed, count, dimension -> float32 (count, dimension)
Latents = Callable[[int, int, int], np.ndarray]


class Side(NamedTuple):
    """One of the two sets.

    Attributes:
        name: as the user gave it.
        count: pictures that are used.
        pictures: gives them, uint8 (n, H, W, 3), batch by batch.
        stems: file names without extension, in order; empty for a generator.
        network: the generator, or None.
    """

    name: str
    count: int
    pictures: Callable[[], Iterator[np.ndarray]]
    stems: tuple[str, ...] = ()
    network: Any = None


def evaluate(
    metrics: Sequence[str],
    real: str,
    fake: str,
    count: int | None = None,
    features: str = DLIB_FACE,
    weights: str | None = None,
    seed: int = 0,
    size: int | None = None,
    latents: Latents | None = None,
) -> list[Score]:
    """The scores, in the order asked for.

    Args:
        metrics: of fid, kid, pr, identity, is, swd, ms-ssim, ppl.
        real: folder of real pictures; all are used.
        fake: folder of pictures, or a generator: a shipped name or a weights file.
        count: fakes that are used; of a folder, a choice by seed. None: all of a folder, and as many as there are
            reals of a generator.
        features, weights: see `ppgen.metrics.features.extractor`.
        seed: of latents and choices.
        size: scale both sides to this many pixels first; needed where their sizes differ.
        latents: makes a generator's latents from a seed.
    Raises:
        ConfigError, DataError, WeightsError: one sentence; all that can be checked is, before any network runs.
    """
    names = _checked(metrics, count, size)
    reals = _folder(real, None, seed, size)
    fakes = _folder(fake, count, seed, size) if Path(fake).is_dir() else None
    if fakes is None:
        fakes = _generator(fake, count or reals.count, seed, size, latents)
    if "fid" in names:
        require_samples(reals.count, fakes.count, dimension(features, weights))
    if PPL in names and fakes.network is None:
        raise ConfigError(f"{fake}: is a folder, and ppl walks through a generator's latents: give its weights file")
    over_pictures = [name for name in names if name != PPL]
    scores = _run(over_pictures, reals, fakes, features, weights) if over_pictures else []
    if PPL in names:
        scores += _path_length(fakes, seed, latents)
    return scores


def table(scores: list[Score]) -> str:
    """One line a score: its value, its standard error, its protocol."""
    rows = [(s.name, f"{s.value:.6g}", f"± {s.error:.2g}" if s.error is not None else "", s.protocol) for s in scores]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0])) for row in rows)


def _checked(metrics: Sequence[str], count: int | None, size: int | None) -> list[str]:
    known = [*NAMES, PPL]
    for name in metrics:
        if name not in known:
            raise ConfigError(f"no metric is called '{name}'{nearest(name, known)} (there are: {', '.join(known)})")
    if not metrics:
        raise ConfigError(f"name at least one metric of {', '.join(known)}")
    for value, what, least in ((count, "number of fakes", 2), (size, "size", 16)):
        if value is not None and value < least:
            raise ConfigError(f"the {what} must be {least} or more, not {value}")
    return list(dict.fromkeys(metrics))


def _folder(folder: str, count: int | None, seed: int, size: int | None) -> Side:
    paths = list_images(folder)
    if count is not None and count > len(paths):
        raise DataError(f"{folder}: holds {len(paths)} pictures, and {count} were asked for")
    if count is not None and count < len(paths):
        chosen = np.random.default_rng([seed, 3]).choice(len(paths), count, replace=False)
        paths = [paths[i] for i in np.sort(chosen)]
    return _files(folder, paths, size)


def _files(folder: str, paths: list[Path], size: int | None) -> Side:
    def pictures() -> Iterator[np.ndarray]:
        for path in paths:
            yield _sized(load_image(path)[None], size)

    return Side(str(folder), len(paths), pictures, tuple(path.stem for path in paths))


def _generator(source: str, count: int, seed: int, size: int | None, latents: Latents | None) -> Side:
    network = _load_generator(source)
    if latents is None:
        raise ConfigError(f"{source}: a generator needs latents, and no source of them was given")

    def pictures() -> Iterator[np.ndarray]:
        z = latents(seed, count, network.latent_dim)
        for start in range(0, count, _BATCH):
            labels = np.arange(start, min(start + _BATCH, count))
            yield _sized(to_uint8(_generated(network, z[start : start + _BATCH], labels)), size)

    return Side(source, count, pictures, network=network)


def _load_generator(source: str) -> Any:
    from ppgen import hub
    from ppgen.networks.protocols import LatentGenerator

    return hub.load(source, kind=LatentGenerator)


def _generated(network: Any, z: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Pictures (n, 3, H, W) of latents (n, d); a conditional generator's classes take turns."""

    import paddle
    classes = getattr(network, "classes", None)
    labels = paddle.to_tensor(numbers % classes) if classes else None
    with paddle.no_grad():
        found = network.generate(paddle.to_tensor(z), labels).numpy()
    return found if found.shape[1] == 3 else np.repeat(found[:, :1], 3, axis=1)


def _sized(pictures: np.ndarray, size: int | None) -> np.ndarray:
    if size is None or pictures.shape[1:3] == (size, size):
        return pictures
    shrinks = size < min(pictures.shape[1:3])
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.stack([cv2.resize(picture, (size, size), interpolation=how) for picture in pictures])


def _partners(reals: Side, fakes: Side) -> np.ndarray | None:
    """The number of the real that each fake is named after; None where one has no namesake, or two."""
    numbers = {stem: i for i, stem in enumerate(reals.stems)}
    if not fakes.stems or len(numbers) < len(reals.stems) or not set(fakes.stems) <= set(numbers):
        return None
    return np.array([numbers[stem] for stem in fakes.stems])


def _run(names: list[str], reals: Side, fakes: Side, features: str, weights: str | None) -> list[Score]:
    partners = _partners(reals, fakes)
    scores = GenerativeScores(names, features, weights, paired=partners is not None)
    for metric in scores.metrics:
        if isinstance(metric, Identity):
            metric.partners = partners
    first = next(reals.pictures()).shape[1:3], next(fakes.pictures()).shape[1:3]
    if first[0] != first[1]:
        (h, w), (fh, fw) = first
        raise DataError(
            f"{reals.name} holds pictures of {w}x{h} pixels, {fakes.name} gives {fw}x{fh}: "
            f"scale both with --size {min(h, w, fh, fw)}, or the sharpness alone will tell them apart"
        )
    for side, what in ((reals, "add_real"), (fakes, "add_fake")):
        bar = tqdm(total=side.count, desc=what[4:], unit="picture", disable=not sys.stderr.isatty())
        for pictures in _in_batches(side.pictures()):
            for sink in scores.sinks:
                getattr(sink, what)(pictures)
            bar.update(len(pictures))
        bar.close()
    return scores.scores()


def _in_batches(pictures: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """The same pictures, up to 16 of one size together."""
    held: list[np.ndarray] = []
    for part in pictures:
        if held and (held[0].shape[1:] != part.shape[1:] or sum(map(len, held)) >= _BATCH):
            yield np.concatenate(held)
            held = []
        held.append(part)
    if held:
        yield np.concatenate(held)


def _path_length(fakes: Side, seed: int, latents: Latents) -> list[Score]:
    from ppgen.hub.stylegan2 import mapping_and_synthesis
    from ppgen.metrics.dlib_features import perceptual_distance

    network, pairs = fakes.network, fakes.count // 2
    z = latents(seed, 2 * pairs, network.latent_dim)

    def generate(points: np.ndarray) -> np.ndarray:
        # by place in the batch: both ends of a step are then of one class
        return _generated(network, points, np.arange(len(points)))

    lengths = {"z": perceptual_lengths(generate, perceptual_distance, z, seed)}
    if hasattr(network, "spread"):  # a style generator
        mapping, from_w = mapping_and_synthesis(network)
        lengths["w"] = perceptual_lengths(from_w, perceptual_distance, z, seed, "w", mapping)
    scores = []
    for space, values in lengths.items():
        found = perceptual_path_length(values)
        protocol = f"{PPL}/dlib-face/n={found.count}/space={space}/epsilon={EPSILON:g}"
        scores.append(Score(PPL if space == "z" else f"{PPL}_{space}", protocol, found.mean, found.error))
    return scores
