"""The predictor on the real astronaut with the real detector; the networks are small ones filled at random.

What the shipped networks draw is tested in `test_shipped.py`.
"""

import types

import numpy as np
import pytest
from PIL import Image

from ppgen import hub
from ppgen.apps import Photo2CartoonPredictor
from ppgen.apps.photo2cartoon import SIZE, CartoonResult
from ppgen.errors import ConfigError, DataError, NoFaceError, OutputError, WeightsError
from ppgen.faces import segment
from ppgen.faces.typical import typical_landmarks
from ppgen.hub import cards
from ppgen.io.image import load_image
from ppgen.io.weights import save_network

pytest.importorskip("dlib", reason="dlib is not installed")
data = pytest.importorskip("skimage.data", reason="scikit-image is not installed")

SKIN = np.array([0.5, 0.25, 0.0], np.float32)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A folder of small networks: a segmentation that finds the person everywhere, and two generators."""
    folder = tmp_path_factory.mktemp("assets")
    import paddle

    from ppgen.networks.photo2cartoon import Photo2CartoonGenerator
    from ppgen.networks.photo2cartoon_lean import LeanPhoto2CartoonGenerator
    from ppgen.networks.segmentation import SegmentationUNet

    paddle.seed(1)
    everywhere = SegmentationUNet(width=4, levels=2)
    everywhere.logit.bias.set_value(np.full(16, 30, np.float32))
    save_network(everywhere, folder / "segmentation.safetensors")
    lean = LeanPhoto2CartoonGenerator(ngf=8, n_blocks=1, hourglass_depth=1, detail=8)
    save_network(lean, folder / "photo2cartoon.safetensors", half=True)
    classic = Photo2CartoonGenerator(base_channels=4, blocks=1)
    save_network(classic, folder / "classic.safetensors")
    return folder


@pytest.fixture
def seen(weights, monkeypatch):
    """Small networks in place of the shipped ones; what the skin estimate was asked is recorded."""
    asked = []

    def estimate_skin(crop, landmarks):
        asked.append((crop, landmarks))
        return SKIN

    skin = types.ModuleType("ppgen.faces.skin")
    skin.estimate_skin = estimate_skin
    monkeypatch.setitem(__import__("sys").modules, "ppgen.faces.skin", skin)
    monkeypatch.setattr(hub, "ASSETS", weights)
    monkeypatch.setattr(cards, "ASSETS", weights)
    segment._network.cache_clear()
    yield asked
    segment._network.cache_clear()


@pytest.fixture(scope="module")
def astronaut():
    return data.astronaut()


@pytest.fixture(scope="module")
def two_faces(astronaut):
    """The astronaut, and beside her again, a little smaller."""
    right = np.full((512, 440, 3), 255, np.uint8)
    right[:440] = np.array(Image.fromarray(astronaut).resize((440, 440)))
    return np.hstack([astronaut, right])


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_one_photo_writes_two_pictures_and_returns_the_cartoon(seen, astronaut, tmp_path):
    cartoon = Photo2CartoonPredictor(output_path=tmp_path / "out").run(astronaut)
    assert cartoon.shape == (SIZE, SIZE, 3) and cartoon.dtype == np.uint8
    assert names(tmp_path / "out") == ["p2c_cartoon.png", "p2c_photo.png"]
    assert np.array_equal(load_image(tmp_path / "out" / "p2c_cartoon.png"), cartoon)
    photo = load_image(tmp_path / "out" / "p2c_photo.png")
    assert photo.shape == cartoon.shape  # np.hstack of both works
    assert np.array_equal(photo, seen[0][0])  # the crop before masking is what skin is read from


def test_every_way_to_give_a_photo_gives_the_same(seen, astronaut, tmp_path):
    predictor = Photo2CartoonPredictor(output_path=tmp_path / "out")
    path = tmp_path / "woman.png"
    Image.fromarray(astronaut).save(path)
    reference = predictor.run(astronaut)
    for source in (
        str(path),
        path,
        Image.open(path),
        np.dstack([astronaut, np.full((512, 512), 255, np.uint8)]),
    ):
        assert np.array_equal(predictor.run(source), reference)
    assert names(tmp_path / "out") == ["p2c_cartoon.png", "p2c_photo.png"]


def test_full_results(seen, astronaut, tmp_path):
    result = Photo2CartoonPredictor(output_path=tmp_path).run(astronaut, full=True)
    assert isinstance(result, CartoonResult)
    left, top, right, bottom = result.box
    assert 150 < left < right < 320 and 40 < top < bottom < 220 and result.score > 1
    assert result.landmarks.shape == result.crop_landmarks.shape == (68, 2)
    assert result.crop.shape == result.cartoon.shape == (256, 256, 3)
    assert result.mask.shape == (256, 256) and result.mask.dtype == np.float32
    assert (
        set(result.timings) == {"find", "align", "segment", "skin", "draw"}
        and min(result.timings.values()) > 0
    )
    assert result.warnings == () and np.array_equal(result.skin, SKIN)
    assert result.photo_path == tmp_path / "p2c_photo.png"
    assert np.array_equal(seen[0][1], result.crop_landmarks)


def test_faces(seen, two_faces, tmp_path):
    predictor = Photo2CartoonPredictor(output_path=tmp_path)
    largest = predictor.run(two_faces, full=True)
    assert largest.box[0] < 512 and any("several faces" in text for text in largest.warnings)
    every = predictor.run(two_faces, faces="all", full=True)
    assert [result.face_index for result in every] == [0, 1]
    assert every[0].box[2] < 512 < every[1].box[0] and not any(
        "several" in t for r in every for t in r.warnings
    )
    assert {"image0_0_photo.png", "image0_1_cartoon.png", "p2c_photo.png"} <= set(names(tmp_path))
    second = predictor.run(two_faces, faces=1)
    assert np.array_equal(second, every[1].cartoon)
    with pytest.raises(NoFaceError, match="2 faces were found; choose faces=0 to 1, not 2"):
        predictor.run(two_faces, faces=2)


@pytest.mark.parametrize("faces", ["both", -1, True, 1.5, None])
def test_wrong_faces(seen, faces, tmp_path):
    with pytest.raises(ConfigError, match="'largest', 'all' or an index"):
        Photo2CartoonPredictor(output_path=tmp_path).run("unread.jpg", faces=faces)


def test_several_inputs_give_a_list_and_names_of_their_own(seen, astronaut, tmp_path):
    for name in ("a.jpg", "a.png"):
        Image.fromarray(astronaut).save(tmp_path / name)
    out = tmp_path / "out"
    predictor = Photo2CartoonPredictor(output_path=out)
    cartoons = predictor.run([tmp_path / "a.jpg", tmp_path / "a.png"])
    assert len(cartoons) == 2
    expected = ["a-2_0_cartoon.png", "a-2_0_photo.png", "a_0_cartoon.png", "a_0_photo.png"]
    assert names(out) == expected
    assert len(predictor.run(tmp_path)) == 2  # the folder
    assert isinstance(predictor.run([astronaut]), list)


def test_a_batch_finishes_and_then_says_what_failed(seen, astronaut, tmp_path):
    blank = np.full((200, 200, 3), 255, np.uint8)
    out = tmp_path / "out"
    predictor = Photo2CartoonPredictor(output_path=out)
    report = predictor.run_many([blank, tmp_path / "missing.jpg", astronaut])
    assert len(report.results) == 1 and report.tried == 3
    assert [type(failure.error) for failure in report.failures] == [NoFaceError, DataError]
    assert names(out) == ["image2_0_cartoon.png", "image2_0_photo.png"]
    with pytest.raises(NoFaceError, match="2 of 3 pictures failed"):
        predictor.run([blank, tmp_path / "missing.jpg", astronaut])


def test_bad_input_leaves_nothing_behind(seen, tmp_path):
    broken = {"text.jpg": b"hello", "empty.jpg": b""}
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder").mkdir()
    out = tmp_path / "out"
    predictor = Photo2CartoonPredictor(output_path=out)
    for source in (*(tmp_path / name for name in broken), tmp_path / "gone.png", tmp_path / "folder"):
        with pytest.raises(DataError) as caught:
            predictor.run(source)
        assert source.name in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(DataError, match="1x1"):
        predictor.run(np.zeros((1, 1, 3), np.uint8))
    assert not out.exists() and not predictor._generators  # no network was loaded for nothing


def test_an_output_that_cannot_be_written_is_known_before_the_work(seen, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="file"):
        Photo2CartoonPredictor(output_path=tmp_path / "file").run("never read.jpg")


def test_both_pictures_or_none(seen, astronaut, tmp_path):
    (tmp_path / "p2c_cartoon.png").mkdir()
    with pytest.raises(OutputError, match="p2c_cartoon.png"):
        Photo2CartoonPredictor(output_path=tmp_path).run(astronaut)
    assert names(tmp_path) == ["p2c_cartoon.png"]


def test_the_input_is_not_overwritten(seen, astronaut, tmp_path):
    path = tmp_path / "p2c_photo.png"
    Image.fromarray(astronaut).save(path)
    before = path.read_bytes()
    with pytest.raises(OutputError, match="overwritten"):
        Photo2CartoonPredictor(output_path=tmp_path).run(path)
    assert path.read_bytes() == before and names(tmp_path) == ["p2c_photo.png"]


def test_a_crop_given_again_keeps_its_pixels(seen, astronaut, tmp_path):
    predictor = Photo2CartoonPredictor(output_path=tmp_path)
    aligned = predictor.run(astronaut, full=True)
    again = predictor.run(aligned.crop, align=False, full=True)
    assert np.array_equal(again.crop, aligned.crop)
    assert np.abs(again.crop_landmarks - aligned.crop_landmarks).mean() < 3
    large = np.array(Image.fromarray(aligned.crop).resize((600, 600)))
    beside = np.pad(aligned.crop, ((0, 0), (0, 60), (0, 0)), constant_values=255)  # no square: white is added
    wide = predictor.run(beside, align=False, full=True)
    assert np.abs(wide.landmarks - aligned.crop_landmarks).mean() < 3  # in pixels of what was given
    scaled = predictor.run(large, align=False, full=True)
    assert scaled.crop.shape == (256, 256, 3)
    assert np.abs(scaled.crop_landmarks - aligned.crop_landmarks).mean() < 3


def test_a_crop_without_a_face_is_drawn_and_warned_about(seen, tmp_path):
    result = Photo2CartoonPredictor(output_path=tmp_path).run(
        np.full((100, 60, 3), 90, np.uint8), align=False, full=True
    )
    assert result.box is None and result.landmarks is None and "no face was found" in result.warnings[0]
    assert np.array_equal(result.crop_landmarks, typical_landmarks(256))
    assert (result.crop[:, 0] == 255).all() and (result.crop[:, 128] == 90).all()  # white made it square


def test_nobody_in_the_crop(seen, tmp_path, monkeypatch):
    monkeypatch.setattr(segment, "_share", lambda crop: np.zeros(crop.shape[:2], np.float32))
    result = Photo2CartoonPredictor(output_path=tmp_path).run(
        np.full((64, 64, 3), 90, np.uint8), align=False, full=True
    )
    assert "no person" in result.warnings[-1] and result.mask.min() == 1


def test_networks_are_loaded_once(seen, astronaut, tmp_path, monkeypatch):
    loaded = []
    real = hub.load
    monkeypatch.setattr(hub, "load", lambda name, *a, **k: loaded.append(str(name)) or real(name, *a, **k))
    predictor = Photo2CartoonPredictor(output_path=tmp_path)
    assert loaded == []
    predictor.run([astronaut, astronaut])
    assert sorted(name.rsplit("/")[-1].split(".")[0] for name in loaded) == ["photo2cartoon", "segmentation"]


def test_skin_reaches_the_generator_that_takes_it(seen, astronaut, tmp_path):
    predictor = Photo2CartoonPredictor(output_path=tmp_path)
    light = predictor.run(astronaut)
    assert np.array_equal(predictor.run(astronaut), light)  # no randomness
    SKIN[:] = -SKIN
    try:
        assert not np.array_equal(predictor.run(astronaut), light)
    finally:
        SKIN[:] = -SKIN


def test_own_weights(seen, weights, astronaut, tmp_path):
    shipped = Photo2CartoonPredictor(output_path=tmp_path).run(astronaut)
    classic = Photo2CartoonPredictor(tmp_path, weights / "classic.safetensors").run(astronaut)
    assert classic.shape == shipped.shape and not np.array_equal(classic, shipped)


def test_wrong_weights(seen, weights, astronaut, tmp_path):
    with pytest.raises(WeightsError, match="no such file"):
        Photo2CartoonPredictor(weight_path=tmp_path / "gone.safetensors")
    with pytest.raises(WeightsError, match="SegmentationUNet, which draws nothing"):
        Photo2CartoonPredictor(tmp_path, weights / "segmentation.safetensors").run(astronaut)
    (tmp_path / "damaged.pdparams").write_bytes(b"\x80\x04 not much of a pickle")
    with pytest.raises(WeightsError, match="damaged.pdparams"):
        Photo2CartoonPredictor(tmp_path / "out", tmp_path / "damaged.pdparams").run(astronaut)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_paddlegan_weights(seen, astronaut, tmp_path):
    """A flat .pdparams with PaddleGAN's keys, filled by the rule of the goldens."""
    import goldens
    import paddle
    state = goldens.filled(goldens.manifest("p2c_gen_default"))
    path = tmp_path / "photo2cartoon_genA2B_weight.pdparams"
    paddle.save({key: paddle.to_tensor(value) for key, value in state.items()}, str(path))
    cartoon = Photo2CartoonPredictor(tmp_path / "out", path).run(astronaut)
    assert cartoon.shape == (256, 256, 3)
