"""The mesh is laid on the face, whatever its place, size and tilt; its points become 68 landmarks and a pose."""

import cv2
import numpy as np
import paddle
import pytest

from ppgen.faces.blaze import Detection, detect_faces
from ppgen.faces.mesh import Square, cut, lay_mesh, lit, square_around
from ppgen.faces.mesh_table import TABLE, Pose, head_pose, landmarks68
from ppgen.networks.face_mesh import RawMesh


def marked(photo):
    return lay_mesh(photo, detect_faces(photo)[0])


def test_cut_and_to_photo_agree():
    """A bright spot in a photo is where the matrix says it is in the crop."""
    photo = np.zeros((200, 300, 3), np.uint8)
    photo[80:83, 120:123] = 255
    square = Square(np.array([130.0, 90.0]), 96.0, 0.4)
    spot = np.argwhere(cut(photo, square, 192)[..., 0] > 200).mean(axis=0)[::-1]
    affine = square.to_photo(192)
    assert np.allclose(affine[:, :2] @ spot + affine[:, 2], (121, 81), atol=0.3)


def test_large_crops_are_averaged_not_sampled():
    stripes = np.zeros((800, 800, 3), np.uint8)
    stripes[::2] = 200
    crop = cut(stripes, Square(np.array([399.5, 399.5]), 768.0, 0.0), 192)
    assert np.abs(crop.astype(int) - 100).max() < 3


def test_square_around_grows_the_longer_side():
    square = square_around(np.array([(10.0, 20.0), (30.0, 80.0)]), 0.1)
    assert square.centre.tolist() == [20, 50] and square.side == 90 and square.angle == 0.1


def test_only_dark_crops_are_lit():
    dark = np.full((4, 4, 3), 20, np.uint8)
    assert lit(dark).max() == 200 and lit(np.zeros_like(dark)).max() == 0
    bright = np.full((4, 4, 3), 150, np.uint8)
    assert lit(bright) is bright


def fake(points, presence, asked):
    def network(x):
        asked.append(x)
        return RawMesh(paddle.to_tensor(points[None].astype(np.float32)), paddle.to_tensor([presence]))

    return network


def detection(nose_x=50.0):
    points = [(40, 40), (60, 40), (nose_x, 50), (50, 60), (35, 45), (65, 45)]
    return Detection(np.array([30, 30, 70, 70.0]), np.array(points, dtype=np.float64), 0.9)


def test_points_come_back_in_the_photos_pixels():
    points = np.zeros((468, 3))
    points[0] = 95.5, 95.5, 192  # the middle of the crop
    photo = np.full((100, 100, 3), 150, np.uint8)
    mesh = lay_mesh(photo, detection(), fake(points, 3.0, []), passes=1)
    assert np.allclose(mesh.points[0], (50, 50, 60)) and np.isclose(mesh.presence, 1 / (1 + np.exp(-3)))


def test_a_second_look_only_where_there_is_a_face():
    points = np.random.default_rng(0).uniform(0, 191, (468, 3))
    photo = np.full((100, 100, 3), 150, np.uint8)
    for presence, looks in ((3.0, 2), (-3.0, 1)):
        asked = []
        lay_mesh(photo, detection(), fake(points, presence, asked))
        assert len(asked) == looks


def test_mesh_lies_on_the_astronaut(astronaut):
    mesh = marked(astronaut)
    assert mesh.presence > 0.95
    landmarks = landmarks68(mesh.points)
    eyes = landmarks[36:42].mean(0), landmarks[42:48].mean(0)
    assert np.abs(np.array(eyes) - [(203, 101), (247, 103)]).max() < 5
    assert landmarks[8, 1] > landmarks[57, 1] > landmarks[33, 1] > landmarks[27, 1]


@pytest.mark.parametrize("degrees", [30, 90, -60])
def test_mesh_turns_with_the_photo(degrees, astronaut):
    turn = cv2.getRotationMatrix2D((220, 130), degrees, 1.0)
    turned = cv2.warpAffine(astronaut, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    straight, tilted = landmarks68(marked(astronaut).points), landmarks68(marked(turned).points)
    moved = straight @ turn[:, :2].T + turn[:, 2]
    interocular = np.linalg.norm(straight[36:42].mean(0) - straight[42:48].mean(0))
    assert np.linalg.norm(moved - tilted, axis=1).mean() < 0.06 * interocular
    assert abs(head_pose(marked(turned).points).roll + degrees - head_pose(marked(astronaut).points).roll) < 5


def test_table_names_68_different_places_symmetrically(astronaut):
    assert len(TABLE) == 68 and len({frozenset(points) for points in TABLE}) == 68
    assert all(0 <= point < 468 for points in TABLE for point in points)
    mesh = marked(astronaut).points
    mirrored = {0: 16, 4: 12, 7: 9, 17: 26, 21: 22, 31: 35, 36: 45, 39: 42, 48: 54}
    landmarks, middle = landmarks68(mesh), landmarks68(mesh)[[27, 30, 33, 51, 57, 8], 0].mean()
    for right, left in mirrored.items():
        assert landmarks[right, 0] < middle < landmarks[left, 0]
        assert abs(landmarks[right, 1] - landmarks[left, 1]) < 12


def turned_head(yaw, pitch, roll):
    """A frontal head of points that mirror each other, turned by degrees: yaw right, pitch down, roll clockwise."""
    rng = np.random.default_rng(1)
    from ppgen.faces import mesh_table as table

    points = rng.uniform(-1, 1, (468, 3))
    points[table._LEFT] = points[table._RIGHT] * (-1, 1, 1)
    points[table._RIGHT, 0] = -np.abs(points[table._RIGHT, 0])
    points[table._LEFT, 0] = np.abs(points[table._LEFT, 0])
    lean = np.tan(np.radians(table._LEAN))
    points[table._FOREHEAD], points[table._CHIN] = (0, -1, -lean), (0, 1, lean)  # as the mesh has it
    a, b, c = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return points @ (about_z @ about_y @ about_x).T


@pytest.mark.parametrize("wanted", [(0, 0, 0), (40, 0, 0), (-40, 0, 0), (0, 15, 0), (0, -15, 0), (0, 0, 20)])
def test_pose_of_a_turned_head(wanted):
    assert np.allclose(head_pose(turned_head(*wanted)), wanted, atol=1.5)


def test_pose_in_words():
    assert Pose(3, -9, 40).words == ""
    assert Pose(-38.4, 27, 0).words == "38 degrees to the left and 27 degrees down"
    assert Pose(60, 0, 0).words == "60 degrees to the right"
