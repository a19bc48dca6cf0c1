"""Detection on the astronaut: right face first, at any orientation and size."""

import numpy as np
import pytest
from PIL import Image

from ppgen.errors import DataError, NoFaceError
from ppgen.faces import FaceRecord, align_face, find_faces
from ppgen.faces.detect import _detect, _face, find_dlib_faces

pytest.importorskip("dlib", reason="dlib is not installed")
skimage_data = pytest.importorskip("skimage.data", reason="the astronaut comes with scikit-image")


@pytest.fixture(scope="module")
def face(astronaut):
    return find_faces(astronaut)[0]


def _is_her_face(box):
    left, top, right, bottom = box
    return left < 224 < right and top < 125 < bottom and right - left < 140


def test_the_astronaut(face):
    assert _is_her_face(face.box) and face.score > 1 and face.rotation == 0 and face.warnings == ()
    assert face.landmarks.shape == (68, 2) and 35 < face.interocular < 50


def test_her_face_ranks_before_her_suit(astronaut):
    """Enlarged, the detector fires on the suit too, with a box as large as the face."""
    found = _detect(astronaut, 2, 0.0)
    faces = sorted((_face(astronaut, box, score, 0) for box, score in found), key=lambda f: -f.rank)
    assert _is_her_face(faces[0].box)
    thorough = find_faces(astronaut, thorough=True)
    assert _is_her_face(thorough[0].box) and len(thorough) == 1


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_turned_photos(astronaut, face, quarter):
    turned = np.ascontiguousarray(np.rot90(astronaut, quarter))
    found = find_faces(turned)[0]
    assert found.rotation == 360 - 90 * quarter
    assert (
        np.abs(
            align_face(turned, found.landmarks).landmarks - align_face(astronaut, face.landmarks).landmarks
        ).max()
        < 4
    )
    with pytest.raises(NoFaceError, match="no usable frontal face"):
        find_dlib_faces(turned, "turned", rotate=False)


@pytest.mark.parametrize("scale", [0.3, 0.6, 4.0, 10.0])
def test_photos_of_any_size(astronaut, face, scale):
    size = round(512 * scale)
    other = find_faces(np.array(Image.fromarray(astronaut).resize((size, size), Image.Resampling.BICUBIC)))[0]
    expected = (face.landmarks + 0.5) * scale - 0.5
    assert np.linalg.norm(other.landmarks - expected, axis=1).mean() < 0.08 * face.interocular * scale
    assert any("small face" in text for text in other.warnings) == (scale == 0.3)


def test_several_faces_are_said(astronaut):
    small = np.array(Image.fromarray(astronaut).resize((400, 400)))
    group = np.full((512, 912, 3), 255, np.uint8)
    group[:400, 512:], group[:, :512] = small, astronaut
    found = find_faces(group)
    assert len(found) == 2 and _is_her_face(found[0].box) and found[1].box[0] > 512
    assert "several faces: 2" in found[0].warnings[0] and found[1].warnings == ()


def test_record_is_json(astronaut, face):
    import json

    record = FaceRecord("a.png", (512, 512), face, align_face(astronaut, face.landmarks))
    loaded = json.loads(json.dumps(record.as_dict()))
    assert loaded["native_size"] > 100 and len(loaded["landmarks"]) == 68 and loaded["rotation"] == 0


def test_no_face_is_one_sentence():
    with pytest.raises(
        NoFaceError, match=r"^wall\.png: no usable face found in 300x200 pixels; use "
    ):
        find_faces(np.full((200, 300, 3), 128, np.uint8), name="wall.png")
    with pytest.raises(NoFaceError, match="1x1 pixels is too small"):
        find_faces(np.zeros((1, 1, 3), np.uint8))
    with pytest.raises(DataError, match="no such file"):
        find_faces("nowhere/at_all.jpg")
