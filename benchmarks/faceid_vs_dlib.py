"""FaceID in Paddle against dlib's own descriptor, from the photo on.

    python benchmarks/faceid_vs_dlib.py [--photos FOLDER] [--count 100] [--out results.json]

Both sides get the same photo and the landmarks dlib finds in it. dlib cuts its chip and describes it with
its .dat; ppgen cuts its own chip and describes it with the shipped float16 weights. Photos that dlib finds no
face in are skipped. Exit code 1 where the two differ by 1e-3 or more, or a cosine is 0.9999 or less.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the clone's own ppgen comes first

from ppgen.compat.dlib_dat import find_model  # noqa: E402
from ppgen.errors import DataError, PPGenError  # noqa: E402
from ppgen.faces.identify import describe_chips, face_chip  # noqa: E402
from ppgen.io.atomic import write_json  # noqa: E402
from ppgen.io.image import list_images, load_image  # noqa: E402

MAX_DIFFERENCE, MIN_COSINE = 1e-3, 0.9999


def dlib_side(paths: list[Path], count: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """(photo, landmarks, dlib's chip, dlib's descriptor) of the first `count` photos with a face."""
    import dlib

    models = find_model().parent
    detect = dlib.get_frontal_face_detector()
    predict = dlib.shape_predictor(str(models / "shape_predictor_68_face_landmarks.dat"))
    encode = dlib.face_recognition_model_v1(str(find_model()))
    found = []
    for path in paths:
        if len(found) == count:
            break
        photo = load_image(path)
        boxes = detect(photo, 1)
        if not boxes:
            continue
        shape = predict(photo, max(boxes, key=lambda box: box.area()))
        landmarks = np.array([(part.x, part.y) for part in shape.parts()], dtype=np.float64)
        descriptor = np.array(encode.compute_face_descriptor(photo, shape))
        found.append((photo, landmarks, dlib.get_face_chip(photo, shape, 150, 0.25), descriptor))
    return found


def compare(samples: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]) -> dict[str, float]:
    """The largest differences between the two sides."""
    chips = np.stack([face_chip(photo, landmarks) for photo, landmarks, _, _ in samples])
    theirs = np.stack([descriptor for *_, descriptor in samples])
    ours = describe_chips(chips).astype(np.float64)
    cosine = (ours * theirs).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
    chip_difference = np.abs(chips.astype(int) - np.stack([chip for _, _, chip, _ in samples]))
    return {
        "photos": len(samples),
        "chip_max_difference_levels": int(chip_difference.max()),
        "descriptor_max_difference": float(np.abs(ours - theirs).max()),
        "descriptor_min_cosine": float(cosine.min()),
    }


def timings(batch: int = 4, repeats: int = 5) -> dict[str, float]:
    """Milliseconds an image, best of `repeats`: forward, and forward with backward to the input."""
    import paddle

    from ppgen import hub
    network = hub.load("face_id")
    x = paddle.uniform([batch, 3, 150, 150], min=-1, max=1)
    forward, both = [], []
    for _ in range(repeats):
        start = time.perf_counter()
        with paddle.no_grad():
            network(x).numpy()
        forward.append(time.perf_counter() - start)
        x.stop_gradient = False
        start = time.perf_counter()
        network(x).sum().backward()
        both.append(time.perf_counter() - start)
        x.clear_gradient()
    milliseconds = 1000 / batch
    return {"forward_ms": min(forward) * milliseconds, "forward_backward_ms": min(both) * milliseconds}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", default="data/portraits/train/photo", help="a folder of portraits")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--out", help="also write the figures to this JSON file")
    options = parser.parse_args()
    os.environ.setdefault("FLAGS_paddle_num_threads", "1")  # for the timings; read when Paddle is imported
    try:
        samples = dlib_side(list_images(options.photos), options.count)
        if not samples:
            raise DataError(f"{options.photos}: dlib finds no face in any photo here")
        figures = {**compare(samples), **timings()}
        if options.out:
            write_json(options.out, figures)
    except PPGenError as error:
        print(error, file=sys.stderr)
        return 2
    for name, value in figures.items():
        print(f"{name:28} {value:.7g}" if isinstance(value, int) else f"{name:28} {value:.7f}")
    good = (
        figures["descriptor_max_difference"] < MAX_DIFFERENCE
        and figures["descriptor_min_cosine"] > MIN_COSINE
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
