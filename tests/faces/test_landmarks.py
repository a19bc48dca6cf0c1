"""Landmarks: the model's file is found without its package, and scale does not matter."""

import subprocess
import sys

import numpy as np
import pytest

from ppgen.errors import DataError, WeightsError
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
