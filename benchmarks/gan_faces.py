"""How close generators come to held-back faces: KID of each beside a Gaussian in PCA space and the training faces.

    python benchmarks/gan_faces.py WEIGHTS [WEIGHTS ...] [-n 2000] [--features dlib-face dlib-face@8] [--out FILE]

Needs `make data`. WEIGHTS are shipped names or weights files, of generators or VAEs. The Gaussian ("eigenfaces") has
the training faces' mean and covariance; a generator that is no closer to the held-back faces has learnt less than
that. `train` is the floor: real faces against real faces. All at the generator's own size, rounded to 8 bits. Exit
code 1 where a generator is not below the Gaussian at the first of the features.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the clone's own ppgen comes first

from ppgen.datasets.image_folder import ImageFolder  # noqa: E402
from ppgen.errors import ConfigError, PPGenError  # noqa: E402
from ppgen.io.atomic import write_json  # noqa: E402
from ppgen.latent import pca  # noqa: E402
from ppgen.latent.render import draw, generator_of, size_of  # noqa: E402
from ppgen.latent.seeds import latents  # noqa: E402
from ppgen.metrics.features import DLIB_FACE, extractor  # noqa: E402
from ppgen.metrics.kid import kid  # noqa: E402
from ppgen.metrics.reference import cached_features  # noqa: E402

GAUSSIAN, FLOOR = "PCA Gaussian", "training faces"


def faces(size: int, split: str) -> list[np.ndarray]:
    """Colour faces of faces128, uint8 (size, size, 3) each."""
    dataset = ImageFolder("faces128", size, attributes="meta.csv", where={"colour": 1}, split=split)
    return [dataset.picture(i) for i in range(len(dataset))]


def gaussian_faces(train: list[np.ndarray], count: int, seed: int, batch: int = 256) -> np.ndarray:
    """Samples of the Gaussian fitted to training faces: uint8 (count, S, S, 3)."""
    fitted = pca.fit(np.stack(train))
    z = latents(seed, count, len(fitted.deviations))
    parts = [fitted.generate(z[i : i + batch]) for i in range(0, count, batch)]
    return np.concatenate([np.rint(part.clip(0, 255)).astype(np.uint8) for part in parts])


def drawn(source: str, network: Any, count: int, seed: int) -> np.ndarray:
    """A generator's pictures, uint8 (count, S, S, 3)."""
    if getattr(network, "classes", None) is not None:
        raise ConfigError(f"{source}: draws classes, and these faces have none")
    return draw(generator_of(network, source), latents(seed, count, network.latent_dim), label=Path(source).name)


def measure(candidates: dict[str, np.ndarray], held: list[np.ndarray], features: str) -> dict[str, dict[str, float]]:
    """KID and its standard error of each against the held-back faces, by one kind of features; best first."""
    network = extractor(features)
    real, found = cached_features(network, held), {}
    for name, pictures in candidates.items():
        distance = kid(real, cached_features(network, pictures) if name == FLOOR else network(pictures))
        found[name] = {"kid": distance.value, "error": distance.error, "pictures": len(pictures)}
    return dict(sorted(found.items(), key=lambda item: item[1]["kid"]))


def report(figures: dict[str, Any]) -> str:
    """A table for each kind of features, ranked."""
    lines = []
    for features, found in figures["kid"].items():
        lines.append(f"KID ({features}) against {figures['held_back']} held-back faces at {figures['size']} pixels")
        for rank, (name, row) in enumerate(found.items(), start=1):
            lines.append(f"  {rank}. {name:40} {row['kid']:.5f} ± {row['error']:.5f}  n={row['pictures']}")
    return "\n".join(lines)


def run(weights: list[str], count: int, features: list[str], seed: int) -> dict[str, Any]:
    """All figures. ConfigError where the generators draw different sizes."""
    from ppgen import hub

    networks = {source: hub.load(source) for source in weights}
    sizes = {size_of(network) for network in networks.values()}
    if len(sizes) > 1:
        raise ConfigError(f"these generators draw {', '.join(map(str, sorted(sizes)))} pixels; compare one size a run")
    size = sizes.pop()
    train, held = faces(size, "train"), faces(size, "validation")
    candidates: dict[str, Any] = {FLOOR: train, GAUSSIAN: gaussian_faces(train, count, seed)}
    candidates |= {source: drawn(source, network, count, seed) for source, network in networks.items()}
    scores = {name: measure(candidates, held, name) for name in features}
    return {"size": size, "seed": seed, "train": len(train), "held_back": len(held), "kid": scores}


def main() -> int:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("weights", nargs="+", metavar="WEIGHTS")
    parser.add_argument("-n", type=int, default=2000, help="pictures a generator draws (default: 2000)")
    parser.add_argument("--features", nargs="+", default=[DLIB_FACE], help=f"default: {DLIB_FACE}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", help="also write the figures to this JSON file")
    options = parser.parse_args()
    try:
        figures = run(options.weights, options.n, options.features, options.seed)
        if options.out:
            write_json(options.out, figures)
    except PPGenError as error:
        print(error, file=sys.stderr)
        return 2
    print(report(figures))
    first = figures["kid"][options.features[0]]
    return 0 if all(first[source]["kid"] < first[GAUSSIAN]["kid"] for source in options.weights) else 1


if __name__ == "__main__":
    sys.exit(main())
