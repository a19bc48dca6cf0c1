"""Names of features, scaling, the shipped FaceID behind them, and the cache of what was computed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from metrics.test_picture_distances import textures

from ppgen.errors import ConfigError, DataError, WeightsError
from ppgen.io.image import to_tensor_array
from ppgen.metrics import features, reference
from ppgen.metrics.resize import as_float, linear_matrix, scaled


@pytest.mark.parametrize(
    ("name", "count"), [("dlib-face", 64), ("dlib-face@8+std", 256), ("dlib-face@descriptor", 128)]
)
def test_names_tell_the_dimension_without_a_network(name, count):
    assert features.dimension(name) == count
    assert features.dimension(Means()) == 3 and features.extractor(means := Means()) is means


@pytest.mark.parametrize(
    "name", ["dlib-face@16", "dlib-face@17+max", "dlib-face@descriptor+std", "inception-v3@17", "x"]
)
def test_unknown_names(name):
    with pytest.raises(ConfigError, match="there are: dlib-face|a depth of 72|expected dlib-face"):
        features.extractor(name)


def test_inception_without_its_weights(tmp_path):
    with pytest.raises(WeightsError, match="do not come with ppgen"):
        features.extractor("inception-v3")
    with pytest.raises(WeightsError, match="no such file"):
        features.extractor("inception-v3", str(tmp_path / "x.safetensors"))
    torch_file = tmp_path / "pt_inception.pth"
    torch_file.write_bytes(b"\x80\x02")
    with pytest.raises(WeightsError, match="PyTorch pickle"):
        features.extractor("inception-v3", str(torch_file))


def test_area_equals_opencv_where_it_shrinks():
    picture = np.random.default_rng(0).random((1, 1, 200, 200)).astype(np.float32)
    wanted = cv2.resize(picture[0, 0], (150, 150), interpolation=cv2.INTER_AREA)
    assert scaled(picture, 150)[0, 0] == pytest.approx(wanted, abs=1e-6)


def test_linear_equals_opencv():
    picture = np.random.default_rng(0).random((1, 1, 64, 80)).astype(np.float32)
    for side in (150, 40):
        wanted = cv2.resize(picture[0, 0], (side, side), interpolation=cv2.INTER_LINEAR)
        assert scaled(picture, side, "linear")[0, 0] == pytest.approx(wanted, abs=1e-5)
    assert linear_matrix(3, 3) == pytest.approx(np.eye(3))


def test_scaling_keeps_flat_pictures_flat():
    for source in (64, 128, 149, 256):
        assert scaled(np.full((1, 3, source, source), 0.3, np.float32), 150) == pytest.approx(0.3, abs=1e-6)
    with pytest.raises(ConfigError, match="area, linear"):
        scaled(np.zeros((1, 1, 9, 9), np.float32), 4, "lanczos")


@pytest.mark.parametrize(
    "bad", [np.zeros((2, 3, 8, 8), np.uint8), np.zeros((2, 8, 8, 3)), np.full((1, 3, 8, 8), np.nan)]
)
def test_what_is_no_picture(bad):
    with pytest.raises(DataError, match="features are taken|NaN"):
        as_float(bad)


def test_dlib_face_takes_bytes_and_floats():
    extractor = features.extractor("dlib-face@17+std")
    pictures = textures(2)
    found = extractor(pictures)
    assert extractor.name == "dlib-face@17+std" and found.shape == (2, 128) and found.dtype == np.float32
    assert extractor(to_tensor_array(pictures)) == pytest.approx(found, abs=1e-5)
    assert extractor(pictures[:0]).shape == (0, 128)
    with pytest.raises(DataError, match="no classes"):
        extractor.probabilities(pictures)


def test_all_depths_agree_with_single_ones():
    from ppgen.metrics.dlib_features import all_depths

    pictures = textures(2)
    found = all_depths(pictures)
    assert {name: x.shape[1] for name, x in found.items()} == {name: features.dimension(name) for name in found}
    assert len(found) == 12
    assert features.extractor()(pictures) == pytest.approx(found["dlib-face@17"], abs=1e-6)


def test_the_descriptor_looks_at_the_face_alone():
    from ppgen.metrics.dlib_features import cut_face

    pictures = textures(1, 100)
    framed = pictures.copy()
    framed[:, :20] = framed[:, 89:] = 0
    assert cut_face(as_float(pictures)).shape == (1, 3, 65, 65)
    descriptor, whole = features.extractor("dlib-face@descriptor"), features.extractor()
    assert (descriptor(framed) == descriptor(pictures)).all() and (whole(framed) != whole(pictures)).any()


def test_the_face_lies_where_the_pictures_are_cut_so():
    pictures = textures(1, 100)
    low = pictures.copy()
    low[:, 89:98] = 0  # chins of data/nobody
    close, nobody = (features.extractor(features.descriptor(crop)) for crop in ("close", "nobody"))
    assert (close(low) == close(pictures)).all() and (nobody(low) != nobody(pictures)).any()
    assert close.fingerprint != nobody.fingerprint and nobody.name == "dlib-face@descriptor-nobody"
    assert nobody(pictures).shape == (1, features.dimension(nobody.name)) == (1, 128)
    with pytest.raises(ConfigError, match="descriptor-nobody"):
        features.dimension("dlib-face@descriptor-nobody+std")


def test_perceptual_distance_is_of_second_order():
    from ppgen.metrics.dlib_features import perceptual_distance

    a, b = to_tensor_array(textures(2))[:, None]
    steps = [perceptual_distance(a, a + t * (b - a)).item() for t in (0.0, 0.01, 0.02)]
    assert steps[0] == 0 and steps[2] == pytest.approx(4 * steps[1], rel=0.3)


class Means(features.FeatureExtractor):
    """Mean colour; counts its calls."""

    name, dimension, input_size, resize = "means", 3, 4, "area"

    def __init__(self, fingerprint: str = "a") -> None:
        self.fingerprint, self.calls = fingerprint, 0

    def _features(self, x: np.ndarray) -> np.ndarray:
        self.calls += len(x)
        return x.mean(axis=(2, 3))


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("PPGEN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "features"


def test_features_are_kept_by_content(cache):
    pictures, means = list(textures(3)), Means()
    first = reference.cached_features(means, pictures)
    assert (reference.cached_features(means, [p.copy() for p in pictures]) == first).all() and means.calls == 3
    pictures[2] = pictures[2] // 2
    assert (reference.cached_features(means, pictures) != first).any() and means.calls == 6
    reference.cached_features(Means("b"), pictures)
    assert len(list(cache.iterdir())) == 3  # nothing left over beside them


def test_a_damaged_entry_is_computed_again(cache):
    pictures, means = list(textures(2)), Means()
    wanted = reference.cached_features(means, pictures)
    (entry,) = cache.iterdir()
    entry.write_bytes(entry.read_bytes()[:40])
    assert (reference.cached_features(means, pictures) == wanted).all() and means.calls == 4
    assert (reference.cached_features(means, pictures) == wanted).all() and means.calls == 4


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(monkeypatch, tmp_path):
    blocker = tmp_path / "file"
    blocker.write_text("")
    monkeypatch.setenv("PPGEN_CACHE", str(blocker))
    assert reference.cached_features(Means(), list(textures(2))).shape == (2, 3)


def test_sizes_may_differ(cache):
    mixed = [*textures(2, 64), *textures(1, 32)]
    assert [len(run) for run in reference.equal_shapes(mixed)] == [2, 1]
    assert reference.cached_features(Means(), mixed).shape == (3, 3)
