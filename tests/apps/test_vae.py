"""VAEPredictor: photo to latent and back, with a tiny untrained network and a face drawn by nobody's camera."""

import numpy as np
import paddle
import pytest
from conftest import ROOT

from ppgen.apps import VAEPredictor
from ppgen.apps.portrait import PortraitPipeline
from ppgen.errors import ConfigError, DataError, NoFaceError, WeightsError
from ppgen.faces import Face
from ppgen.faces.align import CLOSE, align_face
from ppgen.faces.typical import typical_landmarks
from ppgen.io.image import load_image, save_image, to_tensor_array
from ppgen.io.weights import save_network
from ppgen.latent.attributes import Directions, save_directions
from ppgen.networks.dcgan import DCGANGenerator
from ppgen.networks.vae import ConvVAE

DIM, SIZE = 5, 16


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    paddle.seed(5)
    network = ConvVAE(DIM, SIZE, 3, [4, 8])
    network.eval()
    path = save_network(network, tmp_path_factory.mktemp("vae") / "vae.safetensors")
    vectors = {"Smiling": np.full(DIM, 8, np.float32), "Male": np.eye(1, DIM, 1, dtype=np.float32)[0]}
    return save_directions(path, Directions(vectors))


@pytest.fixture
def photo() -> np.ndarray:
    y, x = np.mgrid[:300, :260]
    return np.stack([x * 255 // 259, y * 255 // 299, (x * 7 + y * 13) % 256], axis=-1).astype(np.uint8)


FACE = Face((60, 80, 200, 240), 1.0, 0, typical_landmarks() + (0, 20), warnings=("small face",))


def find(image, name=None, **_):
    """A face on every photo that is not black."""
    if not np.asarray(image).any():
        raise NoFaceError(f"{name}: no usable frontal face found")
    return [FACE]


@pytest.fixture
def vae(weights, tmp_path):
    return VAEPredictor(tmp_path / "out", weights, pipeline=PortraitPipeline(find))


def test_a_photo_is_cut_as_the_training_faces_were(vae, photo):
    wanted = align_face(photo, FACE.landmarks, SIZE, CLOSE).crop
    assert (vae.crop(photo) == wanted).all()
    with paddle.no_grad():
        direct = vae.network.encode(paddle.to_tensor(to_tensor_array(wanted)[None])).mu.numpy()[0]
    z = vae.encode(photo)
    assert z.shape == (DIM,)
    np.testing.assert_allclose(z, direct, atol=1e-5)


def test_lists_folders_and_crops(vae, photo, tmp_path):
    save_image(tmp_path / "photos" / "a.png", photo)
    save_image(tmp_path / "photos" / "b.png", photo[:, ::-1])
    both = vae.encode(tmp_path / "photos")
    assert both.shape == (2, DIM)
    np.testing.assert_allclose(both[0], vae.encode(photo), atol=1e-4)
    crop = vae.crop(photo)
    assert (vae.crop(crop, align=False) == crop).all()
    with pytest.raises(NoFaceError):
        vae.encode([photo, np.zeros_like(photo)])


def test_arithmetic_is_z_plus_amount_times_vector(vae, photo):
    z = vae.encode(photo)
    by_hand = vae.decode(z + 1.5 * vae.attributes["Smiling"])
    assert (vae.arithmetic(photo, Smiling=1.5).array == by_hand.array).all()
    assert (vae.arithmetic(z, {"Smiling": 1.5}).array == by_hand.array).all()
    assert (vae.arithmetic(z, {"Smiling": 0}).array == vae.decode(z).array).all()
    assert (by_hand.array != vae.decode(z).array).any()
    with pytest.raises(ConfigError, match="did you mean 'Smiling'"):
        vae.arithmetic(z, Smilling=1)
    with pytest.raises(DataError, match=r"\(n, 5\)"):
        vae.decode(np.zeros(4))


def test_the_strongest_dimensions_come_first(vae):
    with paddle.no_grad():
        weight = vae.network.from_latent.weight
        weight.set_value(weight * paddle.to_tensor([[0.1], [10.0], [0.0], [3.0], [1.0]]))
    z = np.zeros(DIM, np.float32)
    moved = [np.asarray(vae.decode(z + 2 * row).array, np.float32) for row in np.eye(DIM, dtype=np.float32)]
    change = [np.square(picture - np.asarray(vae.decode(z).array, np.float32)).mean() for picture in moved]
    assert vae.strongest(z, 3) == [int(i) for i in np.argsort(change)[::-1][:3]]
    assert vae.strongest(z)[-1] == 2 and len(vae.strongest(z)) == DIM


def test_morph_and_traverse(vae, photo):
    other = np.zeros(DIM, np.float32)
    steps = vae.morph(photo, other, steps=5)
    assert len(steps) == 5 and steps.columns == 5
    assert vae.traverse(other, steps=2).columns == 2  # along the strongest
    assert (steps[0].array == vae.decode(vae.encode(photo)).array).all()
    assert np.abs(steps[4].array.astype(int) - vae.decode(other).array).max() <= 1
    rows = vae.traverse(other, ["Male", 3], span=2, steps=3)
    assert len(rows) == 6 and np.abs(rows[1].array.astype(int) - vae.decode(other).array).max() <= 1
    wanted = vae.decode(np.float32([0, 0, 0, 2, 0])).array
    assert np.abs(rows[5].array.astype(int) - wanted).max() <= 1
    with pytest.raises(DataError, match="0 to 4"):
        vae.traverse(other, [5])
    with pytest.raises(DataError, match="one picture is wanted"):
        vae.morph(other, [photo, photo])


def test_run_writes_three_pictures(vae, photo, tmp_path):
    result = vae.run(photo, {"Smiling": 1})
    names = [path.name for path in result.paths]
    assert names == ["vae_photo.png", "vae_rebuilt.png", "vae_edited.png"]
    for path, picture in zip(result.paths, (result.crop, result.rebuilt, result.edited)):
        assert (load_image(path) == picture).all()
    assert (result.rebuilt != result.edited).any() and result.warnings == ("small face",)
    report = vae.run_many([photo, np.zeros_like(photo)])
    assert len(report.results) == 1 and len(report.failures) == 1
    assert report.results[0].paths[0].name == "image0_photo.png"
    assert (report.results[0].rebuilt == report.results[0].edited).all()
    with pytest.raises(ConfigError, match="Smile"):  # before any work
        vae.run("none.jpg", {"Smile": 1})


def test_a_strip_is_cut_and_says_so(weights):
    vae = VAEPredictor(weight_path=weights)
    strip = np.zeros((500, 30, 3), np.uint8)
    strip[235:265] = 200
    seen = vae.pipeline.see(strip, 16, "none")
    assert (seen.crop == 200).all() and "is 30x500 and no square" in seen.warnings[0]
    assert vae.pipeline.see(strip[:32], 16, "none").warnings == ()


def test_grey_networks_draw_no_faces(tmp_path):
    paddle.seed(6)
    path = save_network(ConvVAE(2, 16, 1, [4]), tmp_path / "grey.safetensors")
    grey = VAEPredictor(weight_path=path)
    assert grey.encode(np.zeros((28, 28), np.uint8)).shape == (2,)
    assert grey.decode(np.zeros((3, 2))).arrays.shape == (3, 16, 16, 3)
    assert len(grey.attributes) == 0


def test_a_generator_has_no_latent_of_a_photo(tmp_path, photo):
    path = save_network(DCGANGenerator(3, 3, 4, 16), tmp_path / "gan.safetensors")
    with pytest.raises(WeightsError, match="cannot find the latent"):
        VAEPredictor(weight_path=path).encode(photo, align=False)


def test_script_from_any_folder(weights, run_python, tmp_path, photo):
    save_image(tmp_path / "crop.png", photo[:200, :200])
    script = str(ROOT / "applications" / "tools" / "vae.py")
    flags = ("--smile", "1.5", "--weight_path", str(weights), "--no_align", "--cpu")
    result = run_python(script, *flags, "crop.png", cwd=tmp_path, PYTHONPATH=None)
    assert result.returncode == 0, result.stderr
    assert "1 of 1 pictures done" in result.stdout
    edited, rebuilt = (load_image(tmp_path / "output" / f"vae_{what}.png") for what in ("edited", "rebuilt"))
    assert (edited != rebuilt).any()
    result = run_python(script, *flags, "--young", "1", "crop.png", cwd=tmp_path, PYTHONPATH=None)
    assert result.returncode == 2 and "no vector for 'Young'" in result.stderr
