"""How good a face model's samples are: KID at several depths, FID, precision, recall, path length, faces in them.

    python benchmarks/stylegan_scores.py [--weights styleganv2-nobody-128] [-n 5000] [--out FILE] [--nearest FILE]

Faces are those that the weights learnt from: nobody's (`nobody`: without fantasy, in the whole frame; `nobody_faces`:
with portraits cut alike), or the colour ones of faces128; `--data` says others. KID is against the held-back faces;
FID, precision and recall (`dlib-face`, depth 17) against the training faces. Beside the generator stand real faces
(KID: the training faces, the rest: the held-back ones) and a Gaussian in PCA space. FID of few pictures is too large:
compare rows of one `n` only. The Gaussian has as many pictures as the generator;
precision and recall take as many of each as there are held-back faces. Perceptual path lengths are in W and Z, by
FaceID's features (not comparable with figures by LPIPS).

Nearest: the training face, or its mirror image, whose descriptor is nearest to each of 16 samples (truncation 0.7), as
a picture with the photo below its sample: it shows photos, so it is not to be published. As a number: the mean
distance to the nearest training face, of the generator's samples (not truncated) and of held-back faces. A generator
that draws photos from memory lies far below them; one that does not lies near them, and so do pictures that are no
faces at all, such as an untrained generator's noise, so the number says nothing good about the samples.

Looks: how many of 1000 samples (truncation 0.7) show a face that BlazeFace finds, and how many of these faces are a
woman's, as `face_attributes` takes them; beside them the held-back faces.

Exit code 1 where the data is `nobody` and a target of issue 21 is missed. Other faces have no targets.
"""

from typing import Any

from harness import OUT, Figures, Namespace, Result, argument, at_least, benchmark, judged, kid_to, new_file, report

import numpy as np
from tqdm.auto import tqdm

from gan_faces import BOXES, CROPS, DATA, FACES128, NOBODY, data_of, faces, gaussian_faces
from ppgen.apps import StyleGANv2Predictor
from ppgen.faces.attributes import attributes_of_crops
from ppgen.faces.blaze import detect_faces
from ppgen.io.image import save_image
from ppgen.latent.seeds import latents
from ppgen.latent.sheet import sheet
from ppgen.metrics import dlib_features, features, reference
from ppgen.metrics.fid import frechet_distance, gaussian
from ppgen.metrics.ppl import lengths_in_z_and_w, perceptual_path_length
from ppgen.metrics.pr import distances, precision_recall

DEPTHS = ("72", "35", "17", "8", "4", "2")
MAIN = "dlib-face@17"
SHOWN, AT_ONCE = 16, 32
GENERATOR, GAUSSIAN, TRAIN, HELD = "generator", "PCA Gaussian", "training faces", "held-back faces"


def frechet_parts(train: np.ndarray, theirs: np.ndarray) -> Figures:
    """FID of features (n, d) and (m, d), how much of it lies between the means, and how much the pictures vary.

    variance: the trace of their covariance, over that of the training faces; below 1: too much alike.
    """
    real, made = gaussian(train), gaussian(theirs)
    return {
        "fid": frechet_distance(real, made),
        "between means": float(np.square(real.mean - made.mean).sum()),
        "variance": float(np.trace(made.covariance) / np.trace(real.covariance)),
        "pictures": len(theirs),
    }


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
        scores["fid"][who] = frechet_parts(train, theirs)
        scores["precision_recall"][who] = precision_recall(train, theirs[: len(by_set[HELD][MAIN])])._asdict()
    return scores


def path_length(network: Any, pairs: int) -> Figures:
    """Perceptual path lengths in Z and W, with standard errors."""
    lengths = lengths_in_z_and_w(network, pairs, dlib_features.perceptual_distance)
    return {space: perceptual_path_length(values)._asdict() for space, values in lengths.items()}


def looks(pictures: np.ndarray, box: tuple[float, float, float, float]) -> Figures:
    """Shares of pictures (n, S, S, 3) that show a face, and of these faces that are women's; `box`: where faces lie."""
    found = [bool(detect_faces(picture)) for picture in tqdm(pictures, desc="finding faces", disable=None, delay=2)]
    shown = pictures[np.array(found)]
    parts = [attributes_of_crops(shown[i : i + AT_ONCE], box)[0] for i in range(0, len(shown), AT_ONCE)]
    women = float((np.concatenate(parts) > 0).mean()) if parts else 0.0
    return {"pictures": len(pictures), "found": len(shown) / len(pictures), "women": women}


def nearest(descriptors: np.ndarray, train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each row of (n, d), the nearest of (m, d): its place and how far it is."""
    apart = distances(descriptors.astype(np.float64), train.astype(np.float64))
    return apart.argmin(axis=1), apart.min(axis=1)


def memory(
    samples: np.ndarray, shown: np.ndarray, train: list[np.ndarray], held: list[np.ndarray], data: str = FACES128
) -> tuple:
    """Mean distances to the nearest training face; and the picture of `shown` above theirs."""
    network = features.extractor(features.descriptor(CROPS[data]))
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


def measure(weights: str, count: int, pairs: int, seen: int, data: str) -> tuple[Figures, np.ndarray]:
    """All figures, and the picture of the nearest training faces."""
    predictor = StyleGANv2Predictor(weight_path=weights)
    size, dim = predictor.network.image_size, predictor.network.latent_dim
    train, held = faces(size, "train", data), faces(size, "validation", data)
    made = predictor.draw(latents(0, count, dim)).arrays
    sets = {TRAIN: np.stack(train), HELD: np.stack(held), GAUSSIAN: gaussian_faces(train, count, 0), GENERATOR: made}
    figures = {"weights": weights, "data": data, "samples": count, TRAIN: len(train), HELD: len(held)}
    figures |= distributions({who: dlib_features.all_depths(pictures) for who, pictures in sets.items()})
    figures["path_length"] = path_length(predictor.network, pairs)
    asked = predictor.draw(latents(2, seen, dim), truncation=0.7).arrays
    figures["looks"] = {who: looks(each, BOXES[data]) for who, each in ((GENERATOR, asked), (HELD, sets[HELD]))}
    shown = predictor.draw(latents(1, SHOWN, dim), truncation=0.7).arrays
    figures["nearest"], picture = memory(made[: len(held)], shown, train, held, data)
    return figures, picture


def targets(figures: Figures) -> list[Figures]:
    """Issue 21's, each beside the same figure of real faces."""
    kid, fid, looked = figures["kid"][MAIN], figures["fid"], figures["looks"]
    real, made = (figures["precision_recall"][who] for who in (HELD, GENERATOR))
    rows = [
        judged(f"KID {MAIN}", kid[GENERATOR]["kid"], at_most=0.010) | {"real faces": kid[TRAIN]["kid"]},
        judged("recall", made["recall"], at_least=0.35) | {"real faces": real["recall"]},
        judged("precision", made["precision"], at_least=0.60) | {"real faces": real["precision"]},
        judged("FID over real faces'", fid[GENERATOR]["fid"] / fid[HELD]["fid"], at_most=3) | {"real faces": 1},
    ]
    for what, reach in (("found", {"at_least": 0.99}), ("women", {"at_least": 0.4, "at_most": 0.6})):
        rows.append(judged(what, looked[GENERATOR][what], **reach) | {"real faces": looked[HELD][what]})
    return rows


MEANING = (
    "Distance to the nearest training face: far below held-back: photos from memory; near it: new faces, or no faces, "
    "which it cannot tell apart."
)


@benchmark(
    __doc__,
    argument("--weights", default="styleganv2-nobody-128", help="a generator's weights or shipped name"),
    argument("-n", type=at_least(2), default=5000, help="samples (default: 5000)"),
    argument("--paths", type=at_least(2), default=200, help="paths in each space (default: 200)"),
    argument("--seen", type=at_least(1), default=1000, help="samples to find faces in (default: 1000)"),
    DATA,
    argument("--nearest", type=new_file(".png", ".jpg"), default="output/nearest.png", help="default: %(default)s"),
    OUT,
)
def main(options: Namespace) -> Result:
    data = options.data or data_of(options.weights)
    figures, picture = measure(options.weights, options.n, options.paths, options.seen, data)
    figures["targets"] = targets(figures) if data == NOBODY else []
    path = save_image(options.nearest, picture)
    reached = all(row["pass"] for row in figures["targets"])
    return Result(figures, reached, f"{report(figures)}\n{MEANING}\n{path}")
