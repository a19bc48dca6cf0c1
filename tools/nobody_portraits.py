# ruff: noqa: E402  (the clone is found before it is imported)
"""Nobody's portraits as a dataset with person masks, to train segmentation and cartoons on: aligned, 256 x 256.

    python tools/nobody_portraits.py TEACHER.tflite [-o data/nobody_portraits] [--most N]

Needs `make data` and `pip install ai-edge-litert`. TEACHER is MediaPipe's selfie segmentation (Apache-2.0), the file
`mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite` in the wheel of mediapipe 0.10.21. It sees each
whole portrait and its mirror image; the mean is sharpened at the portrait's own edges (guided filter, He et al.
2010), reduced to one person without holes, and moved into the aligned crop. A mask that leaves out a part of the face
is not kept. What lies outside the portrait is white and nobody. The layout is that of `data/portraits/train`, without
cartoons.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the clone's own ppgen comes first

import cv2
import numpy as np
from tqdm import tqdm

from ppgen.cli import guarded
from ppgen.datasets.files import data_root, read_landmarks, read_table
from ppgen.errors import DataError
from ppgen.faces.align import align_face
from ppgen.faces.segment import follow_edges
from ppgen.io.atomic import write_bytes
from ppgen.io.image import load_image, save_image

SIZE = 256
SMOOTH = 1e-4  # variance of [0, 1] greys that counts as an edge
FACE_INSIDE = 0.97  # share of the landmarks' hull that a mask has to cover
DEEP, MEDIUM = 35, 50  # L* of the skin as lit in the picture, below which it counts as such
COLUMNS = (
    "id", "tone_hint", "gender", "age_group", "has_glasses", "beard", "bald", "hair", "fantasy", "yaw", "pad_frac",
    "has_cartoon", "suspect",
)  # fmt: skip

Teacher = Callable[[np.ndarray], np.ndarray]


def read_teacher(path: Path) -> Teacher:
    """uint8 (H, W, 3) -> share of the person, float32 (256, 256)."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise DataError("the teacher needs a package: pip install ai-edge-litert") from error
    if not path.is_file():
        raise DataError(f"{path}: no such file; it is in the wheel of mediapipe 0.10.21")
    interpreter = Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def teacher(photo: np.ndarray) -> np.ndarray:
        small = cv2.resize(photo, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
        interpreter.set_tensor(source, small[None])
        interpreter.invoke()
        return interpreter.get_tensor(target)[0, :, :, 0].copy()

    return teacher


def one_person(share: np.ndarray) -> np.ndarray:
    """The largest connected part, its holes filled; its soft edge stays."""
    solid = (share > 0.5).astype(np.uint8)
    _, labels, facts, _ = cv2.connectedComponentsWithStats(solid)
    if len(facts) < 2:
        return np.zeros_like(share)
    person = (labels == 1 + int(facts[1:, cv2.CC_STAT_AREA].argmax())).astype(np.uint8)
    outline, _ = cv2.findContours(person, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros_like(person), outline, -1, 1, cv2.FILLED)
    near = cv2.dilate(filled, np.ones((5, 5), np.uint8))
    return np.where(filled & (1 - person), 1.0, share * near).astype(np.float32)


def mask_of(photo: np.ndarray, teacher: Teacher) -> np.ndarray:
    """The person in a photo, float32 (H, W) in [0, 1]."""
    share = (teacher(photo) + teacher(photo[:, ::-1])[:, ::-1]) / 2
    share = cv2.resize(share, photo.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return one_person(follow_edges(photo, share, SMOOTH))


def covers_face(mask: np.ndarray, landmarks: np.ndarray) -> bool:
    """Whether the mask holds what the landmarks enclose, as far as that is in the picture."""
    hull = np.zeros(mask.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(landmarks.round().astype(np.int32)), 1)
    return bool((mask[hull > 0] > 0.5).mean() >= FACE_INSIDE)


def facts_of(row: dict[str, str], pad_frac: float) -> dict[str, object]:
    """The row of meta.csv, in the words of `data/portraits`."""
    lightness = float(row["skin_l"])
    return {
        **{name: row[name] for name in ("id", "beard", "bald", "hair", "fantasy", "yaw")},
        "tone_hint": "deep" if lightness < DEEP else "medium" if lightness < MEDIUM else "light",
        "gender": "M" if float(row["male"]) >= 0.5 else "F",
        "age_group": "young" if float(row["young"]) >= 0.5 else "middle",
        "has_glasses": row["glasses"],
        "pad_frac": round(pad_frac, 3),
        "has_cartoon": 0,
        "suspect": 0,
    }


def write_table(path: Path, rows: list[dict[str, object]]) -> None:
    """meta.csv, atomic."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_bytes(path, text.getvalue().encode())


def write_landmarks(path: Path, points: dict[str, np.ndarray]) -> None:
    """landmarks.npz, atomic."""
    data = io.BytesIO()
    np.savez_compressed(data, ids=np.array(list(points)), p68=np.stack(list(points.values())).astype(np.float32))
    write_bytes(path, data.getvalue())


def make(teacher: Teacher, out: Path, most: int | None) -> str:
    """Write the dataset; a sentence on what was kept."""
    root = data_root("nobody")
    rows = read_table(root / "meta.csv", ["id", "skin_l", "male", "young", "fantasy"])[:most]
    landmarks = read_landmarks(root / "landmarks.npz", [row["id"] for row in rows])
    kept: list[dict[str, object]] = []
    points: dict[str, np.ndarray] = {}
    for row, own in zip(tqdm(rows, desc="masks", disable=None), landmarks):
        photo = load_image(root / "photo" / f"{row['id']}.jpg")
        mask = mask_of(photo, teacher)
        if not covers_face(mask, own):
            continue
        aligned = align_face(photo, own, SIZE)
        view = cv2.warpAffine(mask, aligned.matrix[:2], (SIZE, SIZE), flags=cv2.INTER_LINEAR)
        save_image(out / "photo" / f"{row['id']}.jpg", aligned.crop)
        save_image(out / "mask" / f"{row['id']}.png", np.repeat((view * 255).round().astype(np.uint8)[..., None], 3, 2))
        kept.append(facts_of(row, aligned.pad_frac))
        points[row["id"]] = aligned.landmarks
    write_landmarks(out / "landmarks.npz", points)
    write_table(out / "meta.csv", kept)
    return f"{out}: {len(kept)} of {len(rows)} portraits; {len(rows) - len(kept)} masks left out a part of the face"


def main() -> int:
    """Parse and make."""
    parser = argparse.ArgumentParser(description="Nobody's portraits, aligned, with person masks of a teacher.")
    parser.add_argument("teacher", type=Path, help="selfie_segmentation.tflite of MediaPipe")
    parser.add_argument("-o", "--output", type=Path, default=None, help="default: nobody_portraits in the data folder")
    parser.add_argument("--most", type=int, help="the first so many only")
    options = parser.parse_args()

    def run() -> None:
        output = options.output or data_root("nobody_portraits")
        print(make(read_teacher(options.teacher), output, options.most))

    return guarded(run)


if __name__ == "__main__":
    sys.exit(main())
