"""Alignment: PaddleGAN's geometry to the pixel, and poses it could not turn."""

import json
from pathlib import Path

import numpy as np
import pytest

from ppgen.errors import DataError
from ppgen.faces import align_crop, align_face
from ppgen.faces.align import CLOSE, transform_points

DATA = Path(__file__).parents[1] / "data"
GOLDEN = json.loads((DATA / "align.json").read_text())
CASES = {case["name"]: case for case in GOLDEN["cases"]}


@pytest.fixture(scope="module")
def picture():
    y, x = np.mgrid[:300, :260]
    return np.stack([x * 255 // 259, y * 255 // 299, (x * 7 + y * 13) % 256], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("name", CASES)
def test_golden_crops(picture, name):
    case, landmarks = CASES[name], np.array(CASES[name]["landmarks_xy"])
    crop, matrix = align_crop(picture, landmarks)
    with np.load(DATA / "align_crops.npz") as crops:
        golden = crops[name]
    assert list(crop.shape) == case["crop_shape"]
    difference = np.abs(crop.astype(int) - golden)
    assert difference.max() <= 1 and (difference > 0).mean() < 1e-3  # a rounding tie here and there
    assert abs((crop == 255).all(axis=2).mean() - case["white_frac"]) < 1e-9
    eyes = transform_points(matrix, landmarks)[[36, 45]]
    spacing = np.subtract(*case["aligned_landmarks_36_45"][::-1])
    assert np.abs(eyes[1] - eyes[0] - spacing).max() < 1e-9


def test_face_at_size_has_matching_landmarks_and_matrix(picture):
    landmarks = np.array(CASES["tilt12"]["landmarks_xy"])
    aligned = align_face(picture, landmarks, size=256)
    assert aligned.crop.shape == (256, 256, 3) and aligned.crop.dtype == np.uint8
    assert aligned.native_size == 215 and aligned.pad_frac == 0
    assert abs(np.diff(aligned.landmarks[[36, 45], 1])[0]) < 1e-9
    assert np.allclose(transform_points(aligned.matrix, landmarks), aligned.landmarks)
    # channel 0 of the picture is its x: the crop must show, at each landmark, where the landmark was
    inside = [12, 20, 30, 40, 50, 60]
    seen = [aligned.crop[round(y), round(x), 0] for x, y in aligned.landmarks[inside]]
    assert np.abs(np.array(seen) - landmarks[inside, 0] * 255 / 259).max() < 2


def test_outside_is_white_and_counted(picture):
    case = CASES["edge"]
    aligned = align_face(picture, np.array(case["landmarks_xy"]), size=191)
    assert abs(aligned.pad_frac - case["white_frac"]) < 0.01
    assert (aligned.crop[:, 0] == 255).all()


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_any_orientation_gives_the_same_crop(picture, quarter):
    landmarks = np.array(CASES["flat"]["landmarks_xy"], dtype=float)
    upright = align_face(picture, landmarks)
    x, y = landmarks.T
    turned = {1: (y, 259 - x), 2: (259 - x, 299 - y), 3: (299 - y, x)}[quarter]
    other = align_face(np.rot90(picture, quarter), np.stack(turned, axis=1))
    # the canvas is centred by whole pixels, so the square may sit one pixel elsewhere
    assert abs(other.native_size - upright.native_size) <= 1
    assert np.abs(other.landmarks - upright.landmarks).max() < 2.5
    assert np.abs(other.crop[..., 1].astype(int) - upright.crop[..., 1]).mean() < 2


@pytest.mark.parametrize(
    "landmarks, words",
    [
        (np.zeros((67, 2)), "68"),
        (np.full((68, 2), np.nan), "finite"),
        (np.zeros((68, 2)), "one point"),
        (np.random.default_rng(0).uniform(-1e6, 1e6, (68, 2)), "do not belong"),
    ],
)
def test_landmarks_that_are_no_face(picture, landmarks, words):
    with pytest.raises(DataError, match=words):
        align_face(picture, landmarks)


def test_other_images_are_refused(picture):
    landmarks = np.array(CASES["flat"]["landmarks_xy"])
    with pytest.raises(DataError, match="uint8"):
        align_face(picture.astype(np.float32), landmarks)
    with pytest.raises(DataError, match="size 0"):
        align_face(picture, landmarks, size=0)


def test_close_margins_frame_the_face_alone(picture):
    """The box of data/faces128: 0.6 of its height above, 0.2 below, 0.25 of its width to each side, squared."""
    landmarks = np.array(CASES["flat"]["landmarks_xy"], dtype=float)
    aligned = align_face(picture, landmarks, 128, CLOSE)
    low, high = aligned.landmarks.min(axis=0), aligned.landmarks.max(axis=0)
    width, height = high - low
    side = max(1.5 * width, 1.8 * height)
    assert abs(side - 128) < 2
    left = 0.25 * width + (side - 1.5 * width) / 2
    assert abs(low[0] - left) < 1.5 and abs(low[1] - (0.6 * height + (side - 1.8 * height) / 2)) < 1.5
    assert aligned.native_size < align_face(picture, landmarks).native_size
    inside = [20, 30, 40, 50]
    seen = [aligned.crop[round(y), round(x), 0] for x, y in aligned.landmarks[inside]]
    assert np.abs(np.array(seen) - landmarks[inside, 0] * 255 / 259).max() < 2


@pytest.mark.parametrize("quarter", [0, 1])
def test_close_margins_repeat_the_edge_outside(picture, quarter):
    landmarks = np.array(CASES["flat"]["landmarks_xy"], dtype=float)
    landmarks[:, 0] -= landmarks[:, 0].max() - 40  # partly outside, on the left, where red is 0
    if quarter:
        x, y = landmarks.T
        picture, landmarks = np.rot90(picture).copy(), np.stack([y, 259 - x], axis=1)
    aligned = align_face(picture, landmarks, 64, CLOSE)
    assert aligned.pad_frac > 0.2
    assert aligned.crop[:, 0, 0].max() <= 1  # red is x, which ends at 0
    assert np.ptp(aligned.crop[:, 0, 1].astype(int)) > 30  # green is y, which goes on
    assert not (aligned.crop == 255).all(axis=2).any()
