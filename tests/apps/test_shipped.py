"""What the shipped networks make of the astronaut: the whole way, nothing replaced."""

import numpy as np
import pytest

from ppgen import hub
from ppgen.apps import Photo2CartoonPredictor, TranslationPredictor
from ppgen.faces.colour import rgb_to_lab

pytest.importorskip("dlib", reason="dlib is not installed")
data = pytest.importorskip("skimage.data", reason="scikit-image is not installed")
_MISSING = {"segmentation", "face_id", "skin_tone", "photo2cartoon"} - set(hub.names())
pytestmark = pytest.mark.skipif(bool(_MISSING), reason=f"not shipped yet: {', '.join(sorted(_MISSING))}")


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return Photo2CartoonPredictor(tmp_path_factory.mktemp("out")).run(data.astronaut(), full=True)


def test_the_person_is_cut_out(result):
    assert result.mask[80:230, 90:170].min() > 0.5  # the face
    assert result.mask[:20, :20].max() < 0.5  # the wall behind her
    assert 0.3 < result.mask.mean() < 0.8


def test_the_drawing_lies_on_white_and_is_no_photo(result):
    outside = result.mask < 0.01
    far = np.s_[:12, :12]
    assert (result.cartoon[far] == 255).all() and np.median(result.cartoon[outside]) == 255
    inside = result.mask > 0.9
    difference = np.abs(result.cartoon.astype(int) - result.crop)[inside].mean()
    assert 5 < difference < 80


def test_eyes_and_mouth_are_drawn_where_they_are(result):
    """Dark lines of eyes and lips fall on the landmarks: darker there than on the cheeks."""
    grey = result.cartoon.mean(axis=2)

    def level(points):
        x, y = np.rint(result.crop_landmarks[points].mean(axis=0)).astype(int)
        return np.percentile(grey[y - 5 : y + 6, x - 8 : x + 9], 10)

    cheek = level([2, 31, 48])
    assert max(level(range(36, 42)), level(range(42, 48)), level(range(48, 68))) < cheek - 20


@pytest.mark.parametrize("style", ["photo2cartoon", "artist"])
def test_hair_of_a_grey_photo_is_no_skin(style, tmp_path):
    grey = np.repeat(data.astronaut().mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    cartoon = Photo2CartoonPredictor(tmp_path, style=style).run(grey)

    def redness(part):
        lab = rgb_to_lab(cartoon[part])
        return (lab[..., 1] > 8).mean()

    assert redness(np.s_[5:75, 90:190]) < 0.05 and redness(np.s_[120:150, 105:150]) > 0.7  # her hair, her cheeks


def test_skin_is_a_plausible_colour(result):
    red, green, blue = result.skin
    assert red > green > blue and red > 0.3


def test_translation_gives_the_same_cartoon(result, tmp_path):
    translation = TranslationPredictor(tmp_path, "photo2cartoon").run(data.astronaut())
    assert np.array_equal(translation.picture, result.cartoon)
