"""Chips and descriptors equal dlib's."""

import cv2
import numpy as np
import pytest

from ppgen.errors import DataError
from ppgen.faces.identify import describe, describe_chips, face_chip

dlib = pytest.importorskip("dlib")


def as_dlib(landmarks):
    parts = [dlib.point(int(x), int(y)) for x, y in landmarks]
    return dlib.full_object_detection(dlib.rectangle(0, 0, 9, 9), parts)


def scene(scale, angle, shift=0):
    """A synthetic photo with texture at every scale and landmarks of a face in it, whole pixels."""
    from ppgen.networks.face_geometry import CHIP_POINTS, chip_points

    side = int(400 * scale)
    rng = np.random.default_rng(7)
    coarse = cv2.resize(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8), (side, side))
    image = cv2.addWeighted(coarse, 0.7, rng.integers(0, 256, (side, side, 3), dtype=np.uint8), 0.3, 0)
    turn = 140 * scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = np.zeros((68, 2))
    points[list(CHIP_POINTS)] = (chip_points(1, 0.0) - 0.5 + rng.normal(0, 0.02, (33, 2))) @ turn.T
    return image, np.round(points + side / 2 - shift)


@pytest.mark.parametrize("scale", [0.2, 0.5, 1, 1.7, 3, 6])
@pytest.mark.parametrize("angle", [0, 0.4, 1.5, 3])
@pytest.mark.parametrize("outside", [False, True])
def test_chip_is_dlibs_pixel_by_pixel(scale, angle, outside):
    image, landmarks = scene(scale, angle, shift=130 * scale if outside else 0)
    theirs = dlib.get_face_chip(image, as_dlib(landmarks), 150, 0.25)
    ours = face_chip(image, landmarks)
    # a sample that falls on a whole grey level may be cut off to its neighbour: rounding of the last bit
    difference = np.abs(ours.astype(int) - theirs)
    assert difference.max() <= 1 and (difference > 0).mean() < 1e-3


def test_chip_of_another_size_and_padding():
    image, landmarks = scene(2, 0.2)
    theirs = dlib.get_face_chip(image, as_dlib(landmarks), 96, 0.4)
    assert np.abs(face_chip(image, landmarks, 96, 0.4).astype(int) - theirs).max() <= 1


def test_face_wholly_outside_is_black():
    image, landmarks = scene(1, 0)
    assert not face_chip(image, landmarks + 5000).any()
    assert not face_chip(image[:4, :4], landmarks).any()


def test_descriptor_is_dlibs_from_the_photo():
    data = pytest.importorskip("skimage.data")
    from ppgen.compat.dlib_dat import find_model

    photo = np.ascontiguousarray(data.astronaut())
    models = find_model().parent
    predict = dlib.shape_predictor(str(models / "shape_predictor_68_face_landmarks.dat"))
    encode = dlib.face_recognition_model_v1(str(find_model()))
    box = max(dlib.get_frontal_face_detector()(photo, 0), key=lambda r: r.area())
    shape = predict(photo, box)
    landmarks = np.array([(part.x, part.y) for part in shape.parts()])
    theirs = np.array(encode.compute_face_descriptor(photo, shape))
    ours = describe(photo, landmarks)
    assert np.abs(ours - theirs).max() < 1e-3
    assert ours @ theirs / np.linalg.norm(ours) / np.linalg.norm(theirs) > 0.9999
    several = describe(photo, np.stack([landmarks, landmarks + 3]))
    assert several.shape == (2, 128) and np.allclose(several[0], ours, atol=1e-6)


def test_nothing_to_describe():
    assert describe_chips(np.zeros((0, 150, 150, 3), np.uint8)).shape == (0, 128)
    assert describe(np.zeros((9, 9, 3), np.uint8), np.zeros((0, 68, 2))).shape == (0, 128)


def test_bad_input():
    landmarks = scene(1, 0)[1]
    for image in (np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), np.float32), "photo.jpg"):
        with pytest.raises(DataError, match="load_image"):
            face_chip(image, landmarks)
    with pytest.raises(DataError, match="68 finite"):
        face_chip(np.zeros((9, 9, 3), np.uint8), landmarks[:5])
