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

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the clone's own ppgen comes first
sys.path.insert(1, str(Path(__file__).resolve().parent))

from gan_faces import faces, gaussian_faces  # noqa: E402

from ppgen.errors import ConfigError, OutputError, PPGenError  # noqa: E402
from ppgen.io.atomic import check_output, write_json  # noqa: E402

DEPTHS = ("72", "35", "17", "8", "4", "2")
MAIN = "dlib-face@17"
SHOWN = 16
GENERATOR, GAUSSIAN, TRAIN, HELD = "generator", "PCA Gaussian", "training faces", "held-back faces"


def distributions(features: dict[str, dict[str, np.ndarray]]) -> dict[str, Any]:
    """KID, FID, precision and recall, of features by (whose pictures, depth)."""
    from ppgen.metrics.fid import frechet_distance, gaussian
    from ppgen.metrics.kid import kid
    from ppgen.metrics.pr import precision_recall

    found: dict[str, Any] = {"kid": {}, "fid": {}, "precision_recall": {}}
    for depth in DEPTHS:
        name = f"dlib-face@{depth}"
        scores = {who: kid(features[HELD][name], features[who][name]) for who in (TRAIN, GAUSSIAN, GENERATOR)}
        found["kid"][name] = {who: {"kid": s.value, "error": s.error} for who, s in scores.items()}
    train = features[TRAIN][MAIN]
    for who in (HELD, GAUSSIAN, GENERATOR):
        theirs = features[who][MAIN]
        found["fid"][who] = {"fid": frechet_distance(gaussian(train), gaussian(theirs)), "pictures": len(theirs)}
        found["precision_recall"][who] = precision_recall(train, theirs[: len(features[HELD][MAIN])])._asdict()
    return found


def path_length(network: Any, pairs: int) -> dict[str, Any]:
    """Perceptual path lengths in Z and W, with standard errors."""
    from ppgen.latent.explain import path_inputs
    from ppgen.metrics.dlib_features import perceptual_distance
    from ppgen.metrics.ppl import perceptual_lengths, perceptual_path_length

    z, pictures, mapping = path_inputs(network, pairs)
    return {
        space: perceptual_path_length(
            perceptual_lengths(pictures[space], perceptual_distance, z, 0, space, mapping)
        )._asdict()
        for space in ("z", "w")
    }  # fmt: skip


def nearest(descriptors: np.ndarray, train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each row of (n, d), the nearest of (m, d): its place and how far it is."""
    from ppgen.metrics.pr import distances

    found = distances(descriptors.astype(np.float64), train.astype(np.float64))
    return found.argmin(axis=1), found.min(axis=1)


def memory(samples: np.ndarray, shown: np.ndarray, train: list[np.ndarray], held: list[np.ndarray]) -> tuple:
    """Mean distances to the nearest training face; and the picture of `shown` above theirs."""
    from ppgen.latent.sheet import sheet
    from ppgen.metrics.features import DESCRIPTOR, extractor
    from ppgen.metrics.reference import cached_features

    network = extractor(DESCRIPTOR)
    train = [*train, *(np.ascontiguousarray(face[:, ::-1]) for face in train)]  # it learnt from both
    known = cached_features(network, train)
    own, far = nearest(network(samples), known)[1], nearest(cached_features(network, held), known)[1]
    places, how_far = nearest(network(shown), known)
    half = len(shown) // 2 or 1
    rows, titles = [], []
    for start in range(0, len(shown), half):
        part = slice(start, start + half)
        rows += [shown[part], np.stack([train[i] for i in places[part]])]
        titles += ["sample"] * len(shown[part]) + [f"{d:.2f}" for d in how_far[part]]
    picture = sheet(np.concatenate(rows), half, titles=titles)
    return {"generator": float(own.mean()), HELD: float(far.mean()), "samples": len(samples)}, picture


def measure(weights: str, count: int, pairs: int) -> tuple[dict[str, Any], np.ndarray]:
    """All figures, and the picture of the nearest training faces."""
    from ppgen.apps import StyleGANv2Predictor
    from ppgen.latent.seeds import latents
    from ppgen.metrics.dlib_features import all_depths

    predictor = StyleGANv2Predictor(weight_path=weights)
    size, dim = predictor.network.size, predictor.network.latent_dim
    train, held = faces(size, "train"), faces(size, "validation")
    made = predictor.draw(latents(0, count, dim)).arrays
    sets = {TRAIN: np.stack(train), HELD: np.stack(held), GAUSSIAN: gaussian_faces(train, count, 0), GENERATOR: made}
    figures = {"weights": weights, "samples": count, TRAIN: len(train), HELD: len(held)}
    figures |= distributions({who: all_depths(pictures) for who, pictures in sets.items()})
    figures["path_length"] = path_length(predictor.network, pairs)
    shown = predictor.draw(latents(1, SHOWN, dim), truncation=0.7).arrays
    figures["nearest"], picture = memory(made[: len(held)], shown, train, held)
    return figures, picture


def report(figures: dict[str, Any]) -> str:
    """The figures as text."""
    lines = [f"{figures['samples']} samples, {figures[TRAIN]} training and {figures[HELD]} held-back faces"]
    for name, row in figures["kid"].items():
        cells = [f"{who} {score['kid']:.5f} ± {score['error']:.5f}" for who, score in row.items()]
        lines.append(f"KID {name:13} " + "   ".join(cells))
    for who, row in figures["fid"].items():
        both = figures["precision_recall"][who]
        lines.append(
            f"{who:16} FID {row['fid']:.5f} (n={row['pictures']})   "
            f"precision {both['precision']:.3f}   recall {both['recall']:.3f}"
        )
    for space, row in figures["path_length"].items():
        lines.append(f"path length in {space.upper()}: {row['mean']:.4g} ± {row['error']:.2g} ({row['count']} paths)")
    row = figures["nearest"]
    lines.append(
        f"distance to the nearest training face: samples {row['generator']:.3f}, held-back {row[HELD]:.3f} (far below "
        "held-back: photos from memory; near it: new faces, or no faces, which it cannot tell apart)"
    )
    return "\n".join(lines)


def check(options: argparse.Namespace) -> None:
    """ConfigError, OutputError for what would fail only after the work."""
    for flag, value in (("-n", options.n), ("--paths", options.paths)):
        if value < 2:
            raise ConfigError(f"{flag} {value}: expected 2 or more")
    if Path(options.nearest).suffix.lower() not in (".png", ".jpg"):
        raise ConfigError(f"--nearest {options.nearest}: expected a name that ends in .png or .jpg")
    for path in filter(None, (options.nearest, options.out)):
        if Path(path).is_dir():
            raise OutputError(f"{path}: is a folder; name a file in it")
        check_output(Path(path).parent)


def main() -> int:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--weights", default="styleganv2-portraits-64", help="a generator's weights or shipped name")
    parser.add_argument("-n", type=int, default=5000, help="samples (default: 5000)")
    parser.add_argument("--paths", type=int, default=200, help="paths in each space (default: 200)")
    parser.add_argument("--nearest", default="output/nearest.png", help="where the picture goes (%(default)s)")
    parser.add_argument("--out", help="also write the figures to this JSON file")
    options = parser.parse_args()
    from ppgen.io.image import save_image

    try:
        check(options)
        figures, picture = measure(options.weights, options.n, options.paths)
        print(report(figures))
        print(save_image(options.nearest, picture))
        if options.out:
            write_json(options.out, figures)
    except PPGenError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
