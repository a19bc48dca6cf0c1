"""Difficult and broken photos, with the real detector: each does what the table beside them expects."""

import csv

import numpy as np
import pytest
from conftest import shared_dir

from ppgen.errors import DataError, NoFaceError
from ppgen.faces import align_face, find_faces
from ppgen.io.image import load_image

pytest.importorskip("dlib", reason="dlib is not installed")

FOLDER = shared_dir("hard")
with open(FOLDER / "cases.csv", newline="") as _handle:
    CASES = list(csv.DictReader(_handle))
# how the table puts it -> words of the message
REFUSALS = {
    "refuse: damaged": "damaged",
    "refuse: too small": "too small",
    "refuse: empty": "empty",
    "refuse by pixel limit": "megapixels",
    "refuse: not an image": "not an image",
    "refuse: no face": "no usable face",
}
MAY_BE_REFUSED = ("drawn or refused clearly", "either refuse clearly")
POSE = "drawn with a warning, or a clear refusal that names the pose"


def _crop(path, aligner="dlib"):
    image = load_image(path)
    faces = find_faces(image, name=path.name, aligner=aligner)
    aligned = align_face(image, faces[0].landmarks)
    assert aligned.crop.shape == (256, 256, 3) and aligned.pad_frac < 0.5
    assert np.abs(np.diff(aligned.landmarks[[36, 45]], axis=0)[0, 1]) < 1e-6
    return faces, aligned


def _one_line(error, name):
    assert name in str(error) and "\n" not in str(error) and ";" in str(error)


@pytest.mark.parametrize("aligner", ["dlib", "mesh"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["kind"])
def test_as_expected(case, aligner):
    expected, path = case["expected"], FOLDER / case["file"]
    for beginning, words in REFUSALS.items():
        if expected.startswith(beginning):
            with pytest.raises(DataError, match=words) as caught:
                find_faces(path, aligner=aligner)
            _one_line(caught.value, path.name)
            return
    may_refuse = expected.startswith((*MAY_BE_REFUSED, POSE))
    drawn = "succeed" in expected or "decode" in expected or "drawn with a warning: small" in expected
    assert may_refuse or drawn, "a new kind of case: say here what it asks for"
    try:
        faces, _ = _crop(path, aligner)
    except NoFaceError as error:
        assert may_refuse, error
        assert expected != POSE or "in profile" in str(error)
        _one_line(error, path.name)
        return
    assert len(faces) == 1
    if expected == POSE:
        assert any("strong pose: the head is" in text for text in faces[0].warnings)
    if "small face" in expected:
        assert any("small face" in text for text in faces[0].warnings)


def test_same_person_same_crop_whatever_the_encoding():
    """One portrait turned, with alpha, in CMYK, grey and with a palette: the same colours, the same place."""
    kinds = {"EXIF": 0, "RGBA": 4, "CMYK": 4, "GIF": 8, "single-channel": None}  # mean grey levels apart
    paths = {kind: FOLDER / case["file"] for kind in kinds for case in CASES if case["kind"].startswith(kind)}
    images = {kind: load_image(path).astype(int) for kind, path in paths.items()}
    height, width = images["EXIF"].shape[:2]
    centre = np.s_[height // 4 : -height // 4, width // 4 : -width // 4]
    for kind, tolerance in kinds.items():
        if tolerance is not None:
            assert np.abs(images[kind] - images["EXIF"])[centre].mean() <= tolerance, kind
    eyes = [_crop(path)[1].landmarks[[36, 45], 0].mean() for path in paths.values()]
    assert len(eyes) == 5 and np.ptp(eyes) < 6
