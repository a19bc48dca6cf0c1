"""The predictor on the real astronaut with the real detector; the networks are small ones filled at random.

What the shipped networks draw is tested in `test_shipped.py`.
"""

import numpy as np
import pytest
from PIL import Image

from ppgen.apps import Photo2CartoonPredictor, TranslationPredictor
from ppgen.apps.photo2cartoon import CartoonResult
from ppgen.apps.portrait import SIZE, PortraitPipeline, lit
from ppgen.apps.portrait_generator import PortraitGenerator
from ppgen.errors import ConfigError, DataError, NoFaceError, OutputError, WeightsError
from ppgen.faces.colour import LINEAR, encoded
from ppgen.faces.typical import typical_landmarks
from ppgen.io.image import load_image
from ppgen.io.weights import save_network

pytest.importorskip("dlib", reason="dlib is not installed")
data = pytest.importorskip("skimage.data", reason="scikit-image is not installed")

SKIN = np.array([0.5, 0.25, 0.0], np.float32)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A folder of small networks: two generators, and a segmentation, which is none."""
    folder = tmp_path_factory.mktemp("assets")
    import paddle

    from ppgen.networks.photo2cartoon import Photo2CartoonGenerator
    from ppgen.networks.photo2cartoon_lean import LeanPhoto2CartoonGenerator
    from ppgen.networks.segmentation import SegmentationUNet

    paddle.seed(1)
    save_network(SegmentationUNet(width=4, levels=2), folder / "segmentation.safetensors")
    lean = LeanPhoto2CartoonGenerator(base_channels=8, blocks=1, hourglass_depth=1, detail=8)
    save_network(lean, folder / "lean.safetensors", half=True)
    classic = Photo2CartoonGenerator(base_channels=4, blocks=1)
    save_network(classic, folder / "classic.safetensors")
    return folder


def middle(crop, landmarks):
    """A person who fills the middle of a crop."""
    mask = np.zeros(crop.shape[:2], np.float32)
    mask[20:236, 20:236] = 1
    return mask


class Skin:
    """An estimate that is always the same and keeps what it was asked."""

    def __init__(self, colour=SKIN):
        self.colour, self.asked = colour, []

    def __call__(self, crop, landmarks):
        self.asked.append((crop, landmarks))
        return self.colour


@pytest.fixture
def skin():
    return Skin()


@pytest.fixture
def cartoons(weights, skin):
    """Makes a predictor of a small network, with the real detector of faces."""

    def make(output_path, file="lean", **detectors):
        pipeline = PortraitPipeline(**{"segment": middle, "skin": skin, **detectors})
        return Photo2CartoonPredictor(output_path, weights / f"{file}.safetensors", pipeline=pipeline)

    return make


@pytest.fixture(scope="module")
def two_faces(astronaut):
    """The astronaut, and beside her again, a little smaller."""
    right = np.full((512, 440, 3), 255, np.uint8)
    right[:440] = np.array(Image.fromarray(astronaut).resize((440, 440)))
    return np.hstack([astronaut, right])


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_one_photo_writes_two_pictures_and_returns_the_cartoon(cartoons, skin, astronaut, tmp_path):
    cartoon = cartoons(tmp_path / "out").run(astronaut)
    assert cartoon.shape == (SIZE, SIZE, 3) and cartoon.dtype == np.uint8
    assert names(tmp_path / "out") == ["p2c_cartoon.png", "p2c_photo.png"]
    assert np.array_equal(load_image(tmp_path / "out" / "p2c_cartoon.png"), cartoon)
    photo = load_image(tmp_path / "out" / "p2c_photo.png")
    assert photo.shape == cartoon.shape  # np.hstack of both works
    assert np.array_equal(photo, skin.asked[0][0])  # the crop before masking is what skin is read from


def test_every_way_to_give_a_photo_gives_the_same(cartoons, astronaut, tmp_path):
    predictor = cartoons(tmp_path / "out")
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


def test_a_nearly_black_photo_is_drawn_brightened_and_says_so(weights):
    pipeline, draws = PortraitPipeline(segment=middle), PortraitGenerator(weights / "lean.safetensors")
    seen = pipeline.example()
    assert lit(seen) is seen
    dark = seen._replace(crop=encoded(LINEAR[seen.crop] / 48))
    assert dark.crop.max() < 64
    drawn = pipeline.draw(dark, draws)
    assert len(drawn.warnings) == 1 and "nearly black" in drawn.warnings[0]
    inner, usual = (part[64:192, 64:192].astype(float) for part in (drawn.photo, pipeline.draw(seen, draws).photo))
    assert np.abs(inner - usual).mean() < 0.6 * np.abs(dark.crop[64:192, 64:192] - usual).mean()


def test_full_results(cartoons, skin, astronaut, tmp_path):
    result = cartoons(tmp_path).run(astronaut, full=True)
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
    assert np.array_equal(skin.asked[0][1], result.crop_landmarks)


def test_faces(cartoons, two_faces, tmp_path):
    predictor = cartoons(tmp_path)
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
def test_wrong_faces(cartoons, faces, tmp_path):
    with pytest.raises(ConfigError, match="'largest', 'all' or an index"):
        cartoons(tmp_path).run("unread.jpg", faces=faces)


def test_several_inputs_give_a_list_and_names_of_their_own(cartoons, astronaut, tmp_path):
    for name in ("a.jpg", "a.png"):
        Image.fromarray(astronaut).save(tmp_path / name)
    out = tmp_path / "out"
    predictor = cartoons(out)
    cartoons = predictor.run([tmp_path / "a.jpg", tmp_path / "a.png"])
    assert len(cartoons) == 2
    expected = ["a-2_0_cartoon.png", "a-2_0_photo.png", "a_0_cartoon.png", "a_0_photo.png"]
    assert names(out) == expected
    assert len(predictor.run(tmp_path)) == 2  # the folder
    assert isinstance(predictor.run([astronaut]), list)


def test_a_batch_finishes_and_then_says_what_failed(cartoons, astronaut, tmp_path):
    blank = np.full((200, 200, 3), 255, np.uint8)
    out = tmp_path / "out"
    predictor = cartoons(out)
    report = predictor.run_many([blank, tmp_path / "missing.jpg", astronaut])
    assert len(report.results) == 1 and report.tried == 3
    assert [type(failure.error) for failure in report.failures] == [NoFaceError, DataError]
    assert names(out) == ["image2_0_cartoon.png", "image2_0_photo.png"]
    with pytest.raises(NoFaceError, match="2 of 3 pictures failed"):
        predictor.run([blank, tmp_path / "missing.jpg", astronaut])


def test_bad_input_leaves_nothing_behind(cartoons, tmp_path):
    broken = {"text.jpg": b"hello", "empty.jpg": b""}
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder").mkdir()
    out = tmp_path / "out"
    predictor = cartoons(out)
    for source in (*(tmp_path / name for name in broken), tmp_path / "gone.png", tmp_path / "folder"):
        with pytest.raises(DataError) as caught:
            predictor.run(source)
        assert source.name in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(DataError, match="1x1"):
        predictor.run(np.zeros((1, 1, 3), np.uint8))
    assert not out.exists() and not predictor.generators  # no network was loaded for nothing


def test_an_output_that_cannot_be_written_is_known_before_the_work(cartoons, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="file"):
        cartoons(tmp_path / "file").run("never read.jpg")


def test_both_pictures_or_none(cartoons, astronaut, tmp_path):
    (tmp_path / "p2c_cartoon.png").mkdir()
    with pytest.raises(OutputError, match="p2c_cartoon.png"):
        cartoons(tmp_path).run(astronaut)
    assert names(tmp_path) == ["p2c_cartoon.png"]


def test_the_input_is_not_overwritten(cartoons, astronaut, tmp_path):
    path = tmp_path / "p2c_photo.png"
    Image.fromarray(astronaut).save(path)
    before = path.read_bytes()
    with pytest.raises(OutputError, match="overwritten"):
        cartoons(tmp_path).run(path)
    assert path.read_bytes() == before and names(tmp_path) == ["p2c_photo.png"]


def test_a_crop_given_again_keeps_its_pixels(cartoons, astronaut, tmp_path):
    predictor = cartoons(tmp_path)
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


def test_a_crop_without_a_face_is_drawn_and_warned_about(cartoons, tmp_path):
    result = cartoons(tmp_path).run(
        np.full((100, 60, 3), 90, np.uint8), align=False, full=True
    )
    assert result.box is None and result.landmarks is None and "no face was found" in result.warnings[0]
    assert np.array_equal(result.crop_landmarks, typical_landmarks(256))
    assert (result.crop[:, 0] == 255).all() and (result.crop[:, 128] == 90).all()  # white made it square


def test_nobody_in_the_crop(cartoons, tmp_path):
    predictor = cartoons(tmp_path, segment=lambda crop, landmarks: np.zeros(crop.shape[:2], np.float32))
    result = predictor.run(np.full((64, 64, 3), 90, np.uint8), align=False, full=True)
    assert "no person" in result.warnings[-1] and result.mask.min() == 1


def test_the_cartoon_is_cut_out(cartoons, astronaut, tmp_path):
    result = cartoons(tmp_path).run(astronaut, full=True)
    assert (result.mask == middle(result.crop, None)).all()
    assert (result.cartoon[:12] == 255).all() and (result.cartoon[:, 244:] == 255).all()
    assert (result.cartoon[24:232, 24:232] < 255).any(axis=2).mean() > 0.9


def test_networks_are_loaded_once(cartoons, weights, astronaut, tmp_path):
    predictor = cartoons(tmp_path)
    predictor.run(astronaut)
    ((path, generator),) = predictor.generators.items()
    network = generator.network
    predictor.run([astronaut, astronaut])
    assert path == weights / "lean.safetensors" and list(predictor.generators.values()) == [generator]
    assert generator.network is network


def test_skin_reaches_the_generator_that_takes_it(cartoons, astronaut, tmp_path):
    light, again = (cartoons(tmp_path).run(astronaut) for _ in range(2))
    assert np.array_equal(again, light)  # no randomness
    assert not np.array_equal(cartoons(tmp_path, skin=Skin(-SKIN)).run(astronaut), light)
    classic, dark = cartoons(tmp_path, "classic").run(astronaut), cartoons(tmp_path, "classic", skin=Skin(-SKIN))
    assert np.array_equal(dark.run(astronaut), classic) and not np.array_equal(classic, light)


def test_translation_gives_the_same_picture(cartoons, weights, astronaut, tmp_path):
    """There is one way from a photo to its cartoon, the background and all."""
    cartoonist = cartoons(tmp_path / "cartoon")
    cartoon = cartoonist.run(astronaut)
    file, pipeline = weights / "lean.safetensors", cartoonist.pipeline
    translation = TranslationPredictor(tmp_path / "t", "photo2cartoon", file, pipeline=pipeline).run(astronaut)
    assert np.array_equal(translation.picture, cartoon) and not translation.warnings
    assert np.array_equal(load_image(tmp_path / "t" / "photo2cartoon_drawn.png"), cartoon)


def test_wrong_weights(cartoons, astronaut, tmp_path):
    with pytest.raises(WeightsError, match="no such file"):
        Photo2CartoonPredictor(weight_path=tmp_path / "gone.safetensors")
    with pytest.raises(WeightsError, match="holds a SegmentationUNet"):
        cartoons(tmp_path, "segmentation").run(astronaut)
    (tmp_path / "damaged.pdparams").write_bytes(b"\x80\x04 not much of a pickle")
    with pytest.raises(WeightsError, match="damaged.pdparams"):
        Photo2CartoonPredictor(tmp_path / "out", tmp_path / "damaged.pdparams").run(astronaut)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_paddlegan_weights(cartoons, astronaut, tmp_path):
    """A flat .pdparams with PaddleGAN's keys, filled by the rule of the goldens."""
    import goldens
    import paddle
    state = goldens.filled(goldens.manifest("p2c_gen_default"))
    path = tmp_path / "photo2cartoon_genA2B_weight.pdparams"
    paddle.save({key: paddle.to_tensor(value) for key, value in state.items()}, str(path))
    pipeline = cartoons(tmp_path).pipeline
    cartoon = Photo2CartoonPredictor(tmp_path / "out", path, pipeline=pipeline).run(astronaut)
    assert cartoon.shape == (256, 256, 3)


def test_crop_and_cartoon_in_one_picture(weights, skin, tmp_path):
    pipeline = PortraitPipeline(segment=middle, skin=skin)
    predictor = Photo2CartoonPredictor(tmp_path, weights / "lean.safetensors", pipeline=pipeline, side_by_side=True)
    result = predictor.run(data.astronaut(), full=True)
    both = load_image(result.both_path)
    assert np.array_equal(both, np.hstack([result.crop, result.cartoon])) and result.both_path in result.paths
    large = Photo2CartoonPredictor(tmp_path, style="artist", size=512, side_by_side=True, pipeline=pipeline)
    assert load_image(large.run(data.astronaut(), full=True).both_path).shape == (512, 1024, 3)
