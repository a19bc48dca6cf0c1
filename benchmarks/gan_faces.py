"""How close generators come to held-back faces: KID of each beside a Gaussian in PCA space and the training faces.

    python benchmarks/gan_faces.py WEIGHTS [WEIGHTS ...] [-n 2000] [--features dlib-face dlib-face@8] [--out FILE]

Needs `make data`. WEIGHTS are shipped names or weights files, of generators or VAEs. Faces are those that the weights
learnt from, nobody's (`nobody`, or with portraits `nobody_faces`) or the colour ones of faces128; `--data` says others.
The Gaussian ("eigenfaces") has
the training faces' mean and covariance; a generator that is no closer to the held-back faces has learnt less than
that. `train` is the floor: real faces against real faces. All at the generator's own size, rounded to 8 bits. Exit
code 1 where a generator is not below the Gaussian at the first of the features.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness import OUT, SEED, Figures, Namespace, Result, argument, benchmark, kid_to

import numpy as np
import yaml

from ppgen import hub
from ppgen.datasets.image_folder import ImageFolder
from ppgen.errors import ConfigError
from ppgen.faces.typical import face_box
from ppgen.io.weights import card_of
from ppgen.latent import pca
from ppgen.latent.render import draw, generator_of
from ppgen.latent.seeds import latents
from ppgen.metrics.features import DLIB_FACE, extractor
from ppgen.metrics.reference import cached_features

GAUSSIAN, FLOOR = "PCA Gaussian", "training faces"
FACES128, NOBODY, NOBODY_FACES = "faces128", "nobody", "nobody_faces"
ALONE = {FACES128: {"colour": 1}, NOBODY: {"fantasy": "0"}}  # of these faces only
CROPS = {FACES128: "close", NOBODY: "nobody", NOBODY_FACES: "nobody"}  # how faces are cut
BOXES = {data: face_box(crop) for data, crop in CROPS.items()}  # where they lie
DATA = argument("--data", choices=tuple(CROPS), help="faces to measure with (default: those the weights learnt from)")


def face_dataset(size: int, split: str, data: str = FACES128) -> ImageFolder:
    """Faces with attributes; of faces128 those in colour, of nobody those without fantasy."""
    return ImageFolder(data, size, attributes="meta.csv", where=ALONE.get(data), split=split)


def data_of(weights: str) -> str:
    """The faces that weights were trained on, or else those that are cut alike.

    `nobody` and `nobody_faces`, which adds portraits, show the same frame, and cards say `crop: nobody` for both: the
    config in the card tells them apart.
    """
    path = hub.path_of(weights)
    cut_alike = NOBODY_FACES if hub.crop_of(path) == "nobody" else FACES128
    return data_in(card_of(path).get("config")) or cut_alike


def data_in(config: object) -> str | None:
    """Which faces of nobody a config trains on; None: others, or it does not say.

    config: as a run's weights hold it, or its YAML between fences, as a shipped card does.
    """
    part = config
    if isinstance(part, str):
        part = yaml.safe_load(part.strip().removeprefix("```yaml").removesuffix("```"))
    for key in ("dataset", "train", "dataroot"):
        part = part.get(key) if isinstance(part, Mapping) else None
    name = Path(part).name if isinstance(part, str) else None
    return name if name in (NOBODY, NOBODY_FACES) else None


def labelled(data: str) -> str:
    """The faces of the same frame whose table has CelebA's attributes."""
    return NOBODY_FACES if data == NOBODY else data


def pictures_of(dataset: ImageFolder, count: int | None = None) -> np.ndarray:
    """uint8 (n, S, S, 3), the first `count` in order of their names."""
    return np.stack([dataset.picture(i) for i in range(min(count or len(dataset), len(dataset)))])


def faces(size: int, split: str, data: str = FACES128) -> list[np.ndarray]:
    """The faces of `face_dataset`, uint8 (size, size, 3) each."""
    return list(pictures_of(face_dataset(size, split, data)))


def one_data(weights: list[str]) -> str:
    """The faces that all of these were trained on; ConfigError where there are several."""
    known = sorted({data_of(source) for source in weights})
    if len(known) > 1:
        raise ConfigError(f"these generators learnt from {', '.join(known)}; name the faces to compare with by --data")
    return known[0]


def one_size(networks: dict[str, Any]) -> int:
    """The size that all of these draw; ConfigError where they draw several."""
    sizes = sorted({network.image_size for network in networks.values()})
    if len(sizes) > 1:
        raise ConfigError(f"these generators draw {', '.join(map(str, sizes))} pixels; compare one size a run")
    return sizes[0]


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


def measure(candidates: dict[str, np.ndarray], held: list[np.ndarray], features: str) -> dict[str, Figures]:
    """KID and its standard error of each against the held-back faces, by one kind of features; best first."""
    network, scores = extractor(features), {}
    real = cached_features(network, held)
    for name, pictures in candidates.items():
        row = kid_to(real, cached_features(network, pictures) if name == FLOOR else network(pictures))
        scores[name] = {"kid": row["kid"], "error": row["kid_error"], "pictures": len(pictures)}
    return dict(sorted(scores.items(), key=lambda item: item[1]["kid"]))


def compare(weights: list[str], count: int, features: list[str], seed: int, data: str | None = None) -> Figures:
    """All figures. ConfigError where the generators draw different sizes, or learnt from different faces."""
    networks = {source: hub.load(source) for source in weights}
    size, data = one_size(networks), data or one_data(weights)
    train, held = faces(size, "train", data), faces(size, "validation", data)
    candidates: dict[str, Any] = {FLOOR: train, GAUSSIAN: gaussian_faces(train, count, seed)}
    candidates |= {source: drawn(source, network, count, seed) for source, network in networks.items()}
    scores = {name: measure(candidates, held, name) for name in features}
    counts = {"train": len(train), "held_back": len(held)}
    return {"size": size, "seed": seed, "data": data, **counts, "kid": scores}


@benchmark(
    __doc__,
    argument("weights", nargs="+", metavar="WEIGHTS"),
    argument("-n", type=int, default=2000, help="pictures a generator draws (default: 2000)"),
    argument("--features", nargs="+", default=[DLIB_FACE], help=f"default: {DLIB_FACE}"),
    DATA,
    SEED,
    OUT,
)
def main(options: Namespace) -> Result:
    figures = compare(options.weights, options.n, options.features, options.seed, options.data)
    first = figures["kid"][options.features[0]]
    reached = all(first[source]["kid"] < first[GAUSSIAN]["kid"] for source in options.weights)
    return Result(figures, reached)
