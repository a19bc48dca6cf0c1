"""The detector in the file is dlib's own."""

import pytest

from ppgen.faces.dlib_models import DETECTOR, face_detector

dlib = pytest.importorskip("dlib", reason="dlib is not installed")


def test_the_file_is_what_dlib_unpacks(tmp_path):
    dlib.get_frontal_face_detector().save(str(tmp_path / "detector.svm"))
    assert DETECTOR.read_bytes() == (tmp_path / "detector.svm").read_bytes()


def test_it_sees_the_face(astronaut):
    (box,), (score,), _ = face_detector().run(astronaut, 0, 0.0)
    assert score > 1 and 150 < box.left() < box.right() < 300
