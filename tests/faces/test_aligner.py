"""dlib first, MediaPipe's mesh where it finds nothing or is not there, or the mesh alone."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

from ppgen.errors import ConfigError, NoFaceError
from ppgen.faces import align_face, find_faces
from ppgen.faces.detect import find_dlib_faces, which_landmarks

data = pytest.importorskip("skimage.data")


def photographer():
    """A head half turned away, which dlib does not see."""
    return np.repeat(data.camera()[..., None], 3, axis=2)


def test_mesh_and_dlib_cut_out_the_same_face():
    pytest.importorskip("dlib", reason="what is compared with")
    photo = data.astronaut()
    (ours,), (theirs,) = find_faces(photo, aligner="mesh"), find_dlib_faces(photo, "astronaut")
    assert ours.pose is not None and theirs.pose is None
    corners = np.array([(-0.5, -0.5), (255.5, 255.5)])
    squares = []
    for face in (ours, theirs):
        back = np.linalg.inv(align_face(photo, face.landmarks).matrix)
        squares.append(corners @ back[:2, :2].T + back[:2, 2])
    side = np.linalg.norm(squares[1][1] - squares[1][0]) / np.sqrt(2)
    assert np.linalg.norm((squares[0] - squares[1]).mean(axis=0)) < 0.03 * side
    assert np.abs(ours.landmarks - theirs.landmarks).mean() < 3


def test_where_dlib_finds_nothing_the_mesh_serves_and_says_so():
    pytest.importorskip("dlib", reason="what finds nothing")
    with pytest.raises(NoFaceError):
        find_dlib_faces(photographer(), "photographer")
    (face,) = find_faces(photographer())
    assert "dlib found no face" in face.warnings[0] and any("degrees to the right" in text for text in face.warnings)
    assert not any("dlib" in text for text in find_faces(photographer(), aligner="mesh")[0].warnings)


def test_nothing_is_found_where_neither_sees_a_face():
    for aligner in ("dlib", "mesh"):
        with pytest.raises(NoFaceError, match="grass: no usable face"):
            find_faces(np.repeat(data.grass()[..., None], 3, axis=2), name="grass", aligner=aligner)


def test_unknown_aligner():
    with pytest.raises(ConfigError, match="did you mean 'mesh'"):
        find_faces(data.astronaut(), aligner="mesch")


def test_what_is_in_use_is_said():
    pytest.importorskip("dlib", reason="what is in use")
    assert "300-W" in which_landmarks() and "exclude commercial use" in which_landmarks()


@pytest.mark.slow
def test_a_machine_without_dlib_draws(tmp_path):
    """In a process where neither dlib nor its models can be imported."""
    code = f"""
        import sys
        for name in ("dlib", "face_recognition_models", "_dlib_pybind11"):
            sys.modules[name] = None
        from skimage import data
        from ppgen.apps import Photo2CartoonPredictor, TranslationPredictor
        from ppgen.faces.detect import which_landmarks

        photo = data.astronaut()
        told = Photo2CartoonPredictor({str(tmp_path)!r}, aligner="mesh").run(photo, full=True)
        assert told.cartoon.shape == (256, 256, 3) and told.warnings == (), told.warnings
        untold = TranslationPredictor({str(tmp_path)!r}).run(photo)
        assert "dlib cannot be imported" in untold.warnings[0] and "mesh" in untold.warnings[0], untold.warnings
        assert which_landmarks().startswith("MediaPipe's face mesh"), which_landmarks()
        assert all(sys.modules.get(name) is None for name in ("dlib", "_dlib_pybind11"))
        print("drawn")
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert done.stdout.endswith("drawn\n"), done.stderr
