"""FaceID in Paddle against dlib's own descriptor, from the photo on.

    python benchmarks/faceid_vs_dlib.py [--photos FOLDER] [--count 100] [--out results.json]

Both sides get the same photo and the landmarks dlib finds in it. dlib cuts its chip and describes it with
its .dat; ppgen cuts its own chip and describes it with the shipped float16 weights. Photos that dlib finds no
face in are skipped. Exit code 1 where the two differ by 1e-3 or more, or a cosine is 0.9999 or less.
"""

import os
import timeit
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("FLAGS_paddle_num_threads", "1")  # for the timings; read when Paddle is imported

from harness import OUT, Figures, Namespace, Result, argument, benchmark

import numpy as np
import paddle

from ppgen import hub
from ppgen.compat.dlib_dat import find_model
from ppgen.errors import DataError
from ppgen.faces.identify import describe_chips, face_chip
from ppgen.io.image import load_image
from ppgen.io.listing import list_images

MAX_DIFFERENCE, MIN_COSINE = 1e-3, 0.9999


class DlibFace(NamedTuple):
    """What dlib makes of a photo."""

    photo: np.ndarray
    landmarks: np.ndarray
    chip: np.ndarray
    descriptor: np.ndarray


def dlib_side(paths: list[Path], count: int) -> list[DlibFace]:
    """The first `count` photos with a face."""
    import dlib

    detect = dlib.get_frontal_face_detector()
    predict = dlib.shape_predictor(str(find_model().parent / "shape_predictor_68_face_landmarks.dat"))
    encode = dlib.face_recognition_model_v1(str(find_model()))
    faces: list[DlibFace] = []
    for path in paths:
        if len(faces) == count:
            break
        photo = load_image(path)
        boxes = detect(photo, 1)
        if boxes:
            shape = predict(photo, max(boxes, key=lambda box: box.area()))
            landmarks = np.array([(part.x, part.y) for part in shape.parts()], dtype=np.float64)
            descriptor = np.array(encode.compute_face_descriptor(photo, shape))
            faces.append(DlibFace(photo, landmarks, dlib.get_face_chip(photo, shape, 150, 0.25), descriptor))
    return faces


def compare(faces: list[DlibFace]) -> Figures:
    """The largest differences between the two sides."""
    chips = np.stack([face_chip(face.photo, face.landmarks) for face in faces])
    theirs = np.stack([face.descriptor for face in faces])
    ours = describe_chips(chips).astype(np.float64)
    cosine = (ours * theirs).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
    chip_difference = np.abs(chips.astype(int) - np.stack([face.chip for face in faces]))
    return {
        "photos": len(faces),
        "chip_max_difference_levels": int(chip_difference.max()),
        "descriptor_max_difference": float(np.abs(ours - theirs).max()),
        "descriptor_min_cosine": float(cosine.min()),
    }


def timings(batch: int = 4, repeats: int = 5) -> dict[str, float]:
    """Milliseconds an image, best of `repeats`: forward, and forward with backward to the input."""
    network = hub.load("face_id")
    x = paddle.uniform([batch, 3, 150, 150], min=-1, max=1)
    with paddle.no_grad():
        forward = timeit.repeat(lambda: network(x).numpy(), number=1, repeat=repeats)
    x.stop_gradient = False
    both = timeit.repeat(lambda: network(x).sum().backward(), x.clear_gradient, number=1, repeat=repeats)
    return {"forward_ms": min(forward) * 1000 / batch, "forward_backward_ms": min(both) * 1000 / batch}


@benchmark(
    __doc__,
    argument("--photos", default="data/portraits/train/photo", help="a folder of portraits"),
    argument("--count", type=int, default=100),
    OUT,
)
def main(options: Namespace) -> Result:
    faces = dlib_side(list_images(options.photos), options.count)
    if not faces:
        raise DataError(f"{options.photos}: dlib finds no face in any photo here")
    figures = {**compare(faces), **timings()}
    near = figures["descriptor_max_difference"] < MAX_DIFFERENCE
    text = "\n".join(f"{name:28} {value:.7g}" for name, value in figures.items())
    return Result(figures, near and figures["descriptor_min_cosine"] > MIN_COSINE, text)
