"""How good a face model's samples are: KID at several depths, FID, precision, recall, path length, nearest photos.

    python benchmarks/stylegan_scores.py [--weights styleganv2-portraits-64] [-n 5000] [--out FILE] [--nearest FILE]

KID is against the held-back faces; FID, precision and recall (`dlib-face`, depth 17) against the training faces. Beside
the generator stand real faces (KID: the training faces, the rest: the held-back ones) and a Gaussian in PCA space. FID
of few pictures is too large: compare rows of one `n` only. The Gaussian has as many pictures as the generator;
precision and recall take as many of each as there are held-back faces. Perceptual path lengths are in W and Z, by
FaceID's features (not comparable with figures by LPIPS).

Nearest: the training face, or its mirror image, whose descriptor is nearest to each of 16 samples (truncation 0.7), as
a picture with the photo below its sample: it shows photos, so it is not to be published. As a number: the mean
distance to the nearest training face, of the generator's samples (not truncated) and of held-back faces. A generator
that draws photos from memory lies far below them; one that does not lies near them, and so do pictures that are no
faces at all, such as an untrained generator's noise, so the number says nothing good about the samples.
"""

from typing import Any

from harness import OUT, Figures, Namespace, Result, argument, at_least, benchmark, kid_to, new_file, report

import numpy as np

from gan_faces import faces, gaussian_faces
from ppgen.apps import StyleGANv2Predictor
from ppgen.io.image import save_image
from ppgen.latent.seeds import latents
from ppgen.latent.sheet import sheet
from ppgen.metrics import dlib_features, features, reference
from ppgen.metrics.fid import frechet_distance, gaussian
from ppgen.metrics.ppl import lengths_in_z_and_w, perceptual_path_length
from ppgen.metrics.pr import distances, precision_recall

DEPTHS = ("72", "35", "17", "8", "4", "2")
MAIN = "dlib-face@17"
SHOWN = 16
GENERATOR, GAUSSIAN, TRAIN, HELD = "generator", "PCA Gaussian", "training faces", "held-back faces"


def distributions(by_set: dict[str, dict[str, np.ndarray]]) -> Figures:
    """KID, FID, precision and recall, of features by (whose pictures, depth)."""
    scores: Figures = {"kid": {}, "fid": {}, "precision_recall": {}}
    for depth in DEPTHS:
        name = f"dlib-face@{depth}"
        rows = {who: kid_to(by_set[HELD][name], by_set[who][name]) for who in (TRAIN, GAUSSIAN, GENERATOR)}
        scores["kid"][name] = {who: {"kid": row["kid"], "error": row["kid_error"]} for who, row in rows.items()}
    train = by_set[TRAIN][MAIN]
    for who in (HELD, GAUSSIAN, GENERATOR):
        theirs = by_set[who][MAIN]
        scores["fid"][who] = {"fid": frechet_distance(gaussian(train), gaussian(theirs)), "pictures": len(theirs)}
        scores["precision_recall"][who] = precision_recall(train, theirs[: len(by_set[HELD][MAIN])])._asdict()
    return scores


def path_length(network: Any, pairs: int) -> Figures:
    """Perceptual path lengths in Z and W, with standard errors."""
    lengths = lengths_in_z_and_w(network, pairs, dlib_features.perceptual_distance)
    return {space: perceptual_path_length(values)._asdict() for space, values in lengths.items()}


def nearest(descriptors: np.ndarray, train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each row of (n, d), the nearest of (m, d): its place and how far it is."""
    apart = distances(descriptors.astype(np.float64), train.astype(np.float64))
    return apart.argmin(axis=1), apart.min(axis=1)


def memory(samples: np.ndarray, shown: np.ndarray, train: list[np.ndarray], held: list[np.ndarray]) -> tuple:
    """Mean distances to the nearest training face; and the picture of `shown` above theirs."""
    network = features.extractor(features.DESCRIPTOR)
    train = [*train, *(np.ascontiguousarray(face[:, ::-1]) for face in train)]  # it learnt from both
    known = reference.cached_features(network, train)
    own, far = nearest(network(samples), known)[1], nearest(reference.cached_features(network, held), known)[1]
    places, how_far = nearest(network(shown), known)
    half = len(shown) // 2 or 1
    rows, titles = [], []
    for start in range(0, len(shown), half):
        part = slice(start, start + half)
        rows += [shown[part], np.stack([train[i] for i in places[part]])]
        titles += ["sample"] * len(shown[part]) + [f"{d:.2f}" for d in how_far[part]]
    picture = sheet(np.concatenate(rows), half, titles=titles)
    return {"generator": float(own.mean()), HELD: float(far.mean()), "samples": len(samples)}, picture


def measure(weights: str, count: int, pairs: int) -> tuple[Figures, np.ndarray]:
    """All figures, and the picture of the nearest training faces."""
    predictor = StyleGANv2Predictor(weight_path=weights)
    size, dim = predictor.network.image_size, predictor.network.latent_dim
    train, held = faces(size, "train"), faces(size, "validation")
    made = predictor.draw(latents(0, count, dim)).arrays
    sets = {TRAIN: np.stack(train), HELD: np.stack(held), GAUSSIAN: gaussian_faces(train, count, 0), GENERATOR: made}
    figures = {"weights": weights, "samples": count, TRAIN: len(train), HELD: len(held)}
    figures |= distributions({who: dlib_features.all_depths(pictures) for who, pictures in sets.items()})
    figures["path_length"] = path_length(predictor.network, pairs)
    shown = predictor.draw(latents(1, SHOWN, dim), truncation=0.7).arrays
    figures["nearest"], picture = memory(made[: len(held)], shown, train, held)
    return figures, picture


MEANING = (
    "Distance to the nearest training face: far below held-back: photos from memory; near it: new faces, or no faces, "
    "which it cannot tell apart."
)


@benchmark(
    __doc__,
    argument("--weights", default="styleganv2-portraits-64", help="a generator's weights or shipped name"),
    argument("-n", type=at_least(2), default=5000, help="samples (default: 5000)"),
    argument("--paths", type=at_least(2), default=200, help="paths in each space (default: 200)"),
    argument("--nearest", type=new_file(".png", ".jpg"), default="output/nearest.png", help="default: %(default)s"),
    OUT,
)
def main(options: Namespace) -> Result:
    figures, picture = measure(options.weights, options.n, options.paths)
    path = save_image(options.nearest, picture)
    return Result(figures, text=f"{report(figures)}\n{MEANING}\n{path}")
