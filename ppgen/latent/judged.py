"""Attribute vectors of a VAE from what judges see in its pictures, for attributes that codes of photos hardly tell.

A soft decoder draws no rims of glasses, so the mean codes of faces with and without them hardly differ. Judges learnt
on real faces still tell which change of a latent makes its picture look more as if: their scores of pictures drawn
from N(0, I) are regressed on the latents, and a vector is the shortest one along which both judges' scores of its
attribute rise and all scores of the other attributes stay. After Shen et al., "Interpreting the Latent Space of GANs
for Semantic Face Editing" (CVPR 2020, section 3.2: conditional manipulation), with regressions for their planes.

Two judges, one of edges and one of colours, because what pleases one alone is often no more than its blind spot.
Neither uses FaceID, with which `benchmarks/vae_faces.py` measures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ppgen.errors import DataError
from ppgen.io.image import to_uint8
from ppgen.latent.attributes import Directions
from ppgen.latent.render import draw, encode
from ppgen.latent.seeds import latents
from ppgen.latent.supervised import fit_judge

PENALTY = 1.0  # of the judges; as in `fit_judge`
TURNED = 0.9  # share of the training faces that a vector's length turns, in the judges' eyes
_MOST = 4000  # faces the judges learn from
_BINS = 6  # of edges' angles


def edges(pictures: np.ndarray) -> np.ndarray:
    """How strong edges are by place and angle, on two scales: uint8 (n, S, S, 3), S >= 8 -> (n, d).

    Histograms of oriented gradients (Dalal and Triggs 2005) with one normalization a picture.
    """
    grey = np.sqrt(pictures.mean(axis=3, dtype=np.float32) / 255)
    down, right = np.gradient(grey, axis=(1, 2))
    strength, angle = np.hypot(down, right), np.mod(np.arctan2(down, right), np.pi) / np.pi * _BINS
    found = []
    for number in range(_BINS):
        apart = np.abs(angle - number)
        share = np.clip(1 - np.minimum(apart, _BINS - apart), 0, 1) * strength
        found += [_pooled(share[..., None], cells) for cells in (8, 16) if cells <= len(share[0])]
    flat = np.concatenate(found, axis=1)
    return np.sqrt(flat / np.sqrt(np.square(flat).mean(axis=1, keepdims=True) + 1e-12))


def colours(pictures: np.ndarray) -> np.ndarray:
    """Mean colours of up to 16 x 16 squares: uint8 (n, S, S, 3) -> (n, d) in [0, 1]."""
    return _pooled(pictures.astype(np.float32) / 255, min(16, pictures.shape[1]))


def _pooled(pictures: np.ndarray, cells: int) -> np.ndarray:
    """Means over cells x cells squares, flat; rows and columns that fill no whole square are left out."""
    side = pictures.shape[1] // cells
    n, channels = len(pictures), pictures.shape[3]
    whole = pictures[:, : cells * side, : cells * side]
    return whole.reshape(n, cells, side, cells, side, channels).mean(axis=(2, 4)).reshape(n, -1)


def judged_vectors(
    network: Any, dataset: Any, answers: Mapping[str, np.ndarray], samples: int = 2000, seed: int = 0
) -> Directions:
    """Vectors of the attributes, all of comparable length: z + v turns nine of ten training faces, as judges see it.

    Args:
        network: a VAE.
        dataset: of training faces (`ImageFolder`, `CelebA`); at most 4000 are used, evenly spread.
        answers: by name, (n,): 1 with, 0 without, NaN unknown.
        samples: pictures drawn to learn what a latent does; more than ten a dimension are wise.
    Raises:
        DataError: nobody with or without an attribute, no more samples than dimensions, or attributes that the judges
            cannot tell apart. WeightsError: the network has no encoder.
    """
    if samples <= network.latent_dim + 1:
        raise DataError(f"samples: expected more than the {network.latent_dim} dimensions of the latent, found {samples}")
    rows = np.unique(np.linspace(0, len(dataset) - 1, min(len(dataset), _MOST)).astype(int))
    images = np.stack([dataset.sample(int(i))["image"] for i in rows])
    real = to_uint8(images)
    real = real if real.shape[3] == 3 else np.repeat(real[..., :1], 3, axis=3)
    redrawn = draw(network.generate, encode(network, images).mu)
    z = latents(seed, samples, network.latent_dim)
    drawn = draw(network.generate, z, label="sampling")
    known = {name: np.asarray(values)[rows] for name, values in answers.items()}
    slopes, amounts = zip(*(_judged(look, real, redrawn, z, drawn, known) for look in (edges, colours)))
    slopes = np.concatenate(slopes)
    if np.linalg.matrix_rank(slopes) < len(slopes):
        raise DataError(f"the judges cannot tell {', '.join(answers)} apart in this network's pictures: leave one out")
    wanted = np.concatenate([np.diag(amount) for amount in amounts])  # both scores of its own, none of the others'
    vectors = dict(zip(answers, (np.linalg.pinv(slopes) @ wanted).T.astype(np.float32)))
    facts = {
        name: f"judged; {(known[name] == 1).sum()} with, {(known[name] == 0).sum()} without; "
        f"length {np.linalg.norm(v):.2f}"
        for name, v in vectors.items()
    }
    return Directions(vectors, facts=facts)


def _judged(
    look: Callable[[np.ndarray], np.ndarray],
    real: np.ndarray,
    redrawn: np.ndarray,
    z: np.ndarray,
    drawn: np.ndarray,
    answers: Mapping[str, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """One judge: slopes of its k scores in the latent (k, d), and how far they must move to turn faces (k,)."""
    shown = [look(real), look(real[:, :, ::-1]), look(_softened(real))]
    judge = fit_judge(np.concatenate(shown), {name: np.tile(v, len(shown)) for name, v in answers.items()}, PENALTY)
    scores = judge.scores(look(drawn))
    design = np.concatenate([np.ones((len(z), 1)), z], axis=1).astype(np.float64)
    slopes = np.linalg.lstsq(design, scores, rcond=None)[0][1:].T
    return slopes, np.quantile(np.abs(judge.scores(look(redrawn))), TURNED, axis=0)


def _softened(pictures: np.ndarray) -> np.ndarray:
    """Pictures about as soft as a VAE draws them: each pixel with its neighbours, 1 : 2 : 1 twice over."""
    soft = pictures.astype(np.float32)
    for axis in (1, 2, 1, 2):
        ends = [slice(None)] * 4
        ends[axis] = slice(1, None)
        after = np.concatenate([soft[tuple(ends)], np.take(soft, [-1], axis)], axis)
        ends[axis] = slice(None, -1)
        before = np.concatenate([np.take(soft, [0], axis), soft[tuple(ends)]], axis)
        soft = (before + 2 * soft + after) / 4
    return soft
