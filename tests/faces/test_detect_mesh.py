"""Faces without dlib: whole photos, turned ones, parts; poses named; nothing where there is nobody."""

import cv2
import numpy as np
import pytest

from ppgen.errors import NoFaceError
from ppgen.faces.detect_mesh import _parts, find_mesh_faces, turn_back
from ppgen.faces.mesh_table import Pose
from ppgen.faces.record import Face

data = pytest.importorskip("skimage.data")
EYES = np.array([(203, 101), (247, 103)])  # of the astronaut


def eyes(face):
    return np.array([face.landmarks[36:42].mean(axis=0), face.landmarks[42:48].mean(axis=0)])


def test_astronaut():
    (face,) = find_mesh_faces(data.astronaut(), "astronaut")
    assert np.abs(eyes(face) - EYES).max() < 4 and face.landmarks.shape == (68, 2)
    assert face.rotation == 0 and face.with_warnings().warnings == () and abs(face.pose.yaw) < 25


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_turned_photos(quarter):
    photo = np.ascontiguousarray(np.rot90(data.astronaut(), quarter))
    (face,) = find_mesh_faces(photo, "turned")
    assert np.abs(turn_back(eyes(face), quarter, photo.shape) - EYES).max() < 6


@pytest.mark.parametrize("degrees", [60, 165, 225])
def test_tilted_faces_whose_looks_upright_mislead(degrees):
    turn = cv2.getRotationMatrix2D((256, 256), degrees, 0.7)
    photo = cv2.warpAffine(data.astronaut(), turn, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    (face,) = find_mesh_faces(photo, "tilted")
    assert np.abs(eyes(face) - (EYES @ turn[:, :2].T + turn[:, 2])).max() < 4


def test_turn_back_undoes_rot90():
    photo = np.zeros((5, 7, 1), np.uint8)
    photo[1, 2] = 1
    for quarter in range(4):
        turned = np.rot90(photo, quarter)
        point = np.argwhere(turned[..., 0])[0][::-1][None]
        assert turn_back(point, quarter, turned.shape).tolist() == [[2, 1]]


def test_a_small_face_is_found_in_a_part():
    photo = np.full((900, 1200, 3), 90, np.uint8)
    photo[500:692, 800:992] = cv2.resize(data.astronaut(), (192, 192), interpolation=cv2.INTER_AREA)
    (face,) = find_mesh_faces(photo, "far")
    assert np.abs(eyes(face) - (EYES * 192 / 512 + (800, 500))).max() < 4


@pytest.mark.parametrize("height, width", [(600, 480), (300, 1000), (256, 256), (40, 50)])
def test_parts_cover_the_photo(height, width):
    seen = np.zeros((height, width), int)
    for (x, y), part in _parts(np.zeros((height, width, 3), np.uint8)):
        assert min(part.shape[:2]) > 0
        seen[y : y + part.shape[0], x : x + part.shape[1]] += 1
    assert max(height, width) <= 256 or seen.min() > 0


def test_both_of_two_people_are_found_once():
    two = np.concatenate([data.astronaut()] * 2, axis=1)
    faces = find_mesh_faces(two, "two", thorough=True)
    assert len(faces) == 2
    found = sorted(eyes(face)[0, 0] for face in faces)
    assert np.abs(np.array(found) - (EYES[0, 0], EYES[0, 0] + 512)).max() < 5


def test_a_head_half_turned_away_is_found_and_its_pose_named():
    (face,) = find_mesh_faces(np.repeat(data.camera()[..., None], 3, axis=2), "camera")
    assert face.pose.yaw > 25
    assert any("strong pose" in text and "degrees to the right" in text for text in face.with_warnings().warnings)


@pytest.mark.parametrize("name", ["coffee", "brick", "moon"])
def test_nothing_where_nobody_is(name):
    picture = getattr(data, name)()
    picture = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    with pytest.raises(NoFaceError, match=f"{name}: no usable face found in"):
        find_mesh_faces(picture, name)


def test_what_the_finder_says_stays_among_the_warnings():
    face = Face((0, 0, 90, 90), 0.9, 0, np.zeros((68, 2)), notes=("noted",), pose=Pose(40, 0, 0))
    first, *others = face.with_warnings().warnings
    assert first == "noted" and any("turned 40 degrees to the right" in text for text in others)
