"""Landmarks: the model's file is found without its package, and scale does not matter."""

import subprocess
import sys

import numpy as np
import pytest

from ppgen.compat.dlib_trees import read_trees
from ppgen.errors import DataError, WeightsError
from ppgen.faces import landmarks
from ppgen.faces.landmarks import LANDMARK_FILE, model_file, predict_landmarks

pytest.importorskip("dlib", reason="dlib is not installed")
skimage_data = pytest.importorskip("skimage.data", reason="the astronaut comes with scikit-image")
BOX = (179, 83, 266, 170)


def test_file_is_found_without_importing_the_package():
    code = (
        "import sys; from ppgen.faces.landmarks import model_file, LANDMARK_FILE; model_file(LANDMARK_FILE);"
        "heavy = {'face_recognition_models', 'pkg_resources', 'dlib', 'paddle'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
    assert model_file(LANDMARK_FILE).stat().st_size > 90_000_000


def test_missing_file_says_what_to_install():
    with pytest.raises(WeightsError, match="pip install face_recognition_models"):
        model_file("no_such_model.dat")


def test_equal_to_dlib_where_nothing_is_scaled():
    import dlib

    image = skimage_data.astronaut()
    box = (170, 75, 275, 180)
    shape = dlib.shape_predictor(str(model_file(LANDMARK_FILE)))(image, dlib.rectangle(*box))
    assert np.array_equal(predict_landmarks(image, box), [(p.x, p.y) for p in shape.parts()])


def test_order_is_dlibs():
    points = predict_landmarks(skimage_data.astronaut(), BOX)
    assert points[36, 0] < points[39, 0] < points[42, 0] < points[45, 0]
    assert points[27, 1] < points[30, 1] < points[51, 1] < points[8, 1]
    assert points[0, 0] < points[36, 0] and points[45, 0] < points[16, 0]


@pytest.mark.parametrize("box", [(5, 5, 5, 20), (600, 600, 700, 700)])
def test_boxes_without_a_face_in_them(box):
    with pytest.raises(DataError, match="box"):
        predict_landmarks(skimage_data.astronaut(), box)


@pytest.fixture(scope="module")
def dlib_s():
    import dlib

    return dlib.shape_predictor(str(model_file(LANDMARK_FILE)))


def test_the_trees_of_the_file_give_dlib_s_landmarks_everywhere(dlib_s, monkeypatch, tmp_path):
    import dlib

    monkeypatch.setenv("PPGEN_CACHE", str(tmp_path))
    landmarks._trees.cache_clear()
    read = landmarks._trees()
    landmarks._trees.cache_clear()
    kept = landmarks._trees()
    landmarks._trees.cache_clear()
    assert len(list((tmp_path / "graphs").iterdir())) == 1
    image, rng = skimage_data.astronaut(), np.random.default_rng(0)
    for _ in range(100):  # over its edges too
        left, top = (int(value) for value in rng.integers(-100, 500, 2))
        box = (left, top, left + int(rng.integers(20, 300)), top + int(rng.integers(20, 300)))
        wanted = [(p.x, p.y) for p in dlib_s(image, dlib.rectangle(*box)).parts()]
        assert np.array_equal(read(image, box), wanted) and np.array_equal(kept(image, box), wanted)


@pytest.mark.parametrize("damage", ["cut", "words", "empty"])
def test_a_damaged_file_is_said(damage, tmp_path):
    whole = model_file(LANDMARK_FILE).read_bytes()[:300_000]
    path = tmp_path / "trees.dat"
    path.write_bytes({"cut": whole, "words": b"no numbers at all", "empty": b""}[damage])
    with pytest.raises(WeightsError, match=r"trees\.dat: is damaged, or no landmark predictor"):
        read_trees(path)
