"""BlazeFace's outputs become faces: letterbox, anchors, scores, suppression."""

import cv2
import numpy as np
import paddle
import pytest

from ppgen.faces.blaze import Detection, anchors, decode, detect_faces, letterbox, overlap, suppress
from ppgen.networks.blazeface import RawFaces


def face_at(x, y, width, height):
    """(8, 2): two corners, then six points in the middle."""
    corners = [(x - width / 2, y - height / 2), (x + width / 2, y + height / 2)]
    return np.array([*corners, *[(x, y)] * 6], dtype=np.float64)


def test_anchors_are_the_cells_of_both_maps():
    assert anchors().shape == (896, 2)
    assert anchors()[[0, 1, 2]].tolist() == [[8, 8], [8, 8], [24, 8]]  # two an anchor, row by row
    assert anchors()[512].tolist() == [16, 16] and anchors()[-1].tolist() == [240, 240]


@pytest.mark.parametrize("height, width", [(600, 480), (100, 300), (256, 256), (3, 7)])
def test_letterbox_keeps_the_shape_and_says_where_the_photo_is(height, width):
    photo = np.full((height, width, 3), 200, np.uint8)
    square, scale, (x, y) = letterbox(photo, 256)
    inside = square[..., 0] > 0
    assert inside.any(axis=0).sum() == max(1, round(width * scale))
    assert max(inside.sum(axis=0).max(), inside.sum(axis=1).max()) == 256
    assert inside[y, x] and not inside[:y].any() and not inside[:, :x].any()


def test_decode_keeps_the_sure_ones_best_first():
    boxes, logits = np.zeros((896, 16)), np.full(896, -5.0)
    boxes[[3, 700], 2:4] = 40, 60  # width, height
    boxes[3, 0] = 5
    boxes[9, 2:4] = -1, 3  # no box at all
    logits[[3, 700, 9]] = 1, 2, 3
    faces, scores = decode(boxes, logits, 0.5)
    assert np.allclose(scores, [1 / (1 + np.exp(-2)), 1 / (1 + np.exp(-1))])
    assert np.allclose(faces[1, 1] - faces[1, 0], (40, 60)) and np.allclose(faces[1, :2].mean(0), anchors()[3] + (5, 0))
    assert np.allclose(faces[1, 2:], anchors()[3])


def test_suppression_averages_what_overlaps():
    faces = np.stack([face_at(100, 100, 40, 40), face_at(104, 100, 40, 40), face_at(200, 100, 40, 40)])
    (first, score), (second, other) = suppress(faces, np.array([0.9, 0.6, 0.7]))
    assert (score, other) == (0.9, 0.7) and np.allclose(second, faces[2])
    assert np.allclose(first[2], (100 * 0.9 + 104 * 0.6) / 1.5 * np.array([1, 0]) + (0, 100))


def test_overlap_is_intersection_over_union():
    one = face_at(0, 0, 2, 2)
    assert np.allclose(overlap(one, np.stack([one, face_at(1, 0, 2, 2), face_at(9, 9, 2, 2)])), [1, 1 / 3, 0])


def test_points_come_back_in_the_photos_pixels():
    """A network that always sees a face in the middle, asked about a photo of another shape."""

    def network(x):
        assert list(x.shape) == [1, 3, 256, 256]
        boxes, logits = np.zeros((1, 896, 16), np.float32), np.full((1, 896), -9, np.float32)
        boxes[0, 700] = [*(128 - anchors()[700]), 64, 64, *np.tile(128 - anchors()[700], 6)]
        logits[0, 700] = 9
        return RawFaces(paddle.to_tensor(boxes), paddle.to_tensor(logits))

    (face,) = detect_faces(np.zeros((512, 256, 3), np.uint8), network=network)
    assert np.allclose(face.points, (127.5, 255.5)) and np.allclose(face.box, (63.5, 191.5, 191.5, 319.5))
    assert face.score > 0.99


def seen(nose_x, tilt=0.0):
    """A detection with ears at -10 and 10 around (50, 50), turned clockwise."""
    flat = np.array([(-4, -3), (4, -3), (nose_x, 0), (0, 4), (-10, 0), (10, 0)], dtype=np.float64)
    cos, sin = np.cos(tilt), np.sin(tilt)
    return Detection(np.array([40, 40, 60, 60.0]), flat @ [[cos, sin], [-sin, cos]] + 50, 0.9)


@pytest.mark.parametrize("tilt", [0.0, 0.5, -2.5])
def test_angle_and_turn(tilt):
    assert np.isclose(seen(0, tilt).angle, tilt) and np.isclose(seen(3, tilt).turn, 0.3)
    assert not seen(9, tilt).past_ear and seen(11, tilt).past_ear and seen(-11, tilt).past_ear


@pytest.mark.parametrize("scale", [0.25, 1, 3])
def test_the_astronaut_is_found_at_any_size(scale, astronaut):
    photo = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    (face,) = detect_faces(photo)
    eyes = face.points[:2] / scale
    assert np.abs(eyes - [(203, 101), (247, 103)]).max() < 8 and face.score > 0.7 and not face.past_ear


def test_nothing_is_found_where_nobody_is():
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    assert detect_faces(noise) == [] and detect_faces(np.zeros((9, 500, 3), np.uint8)) == []
