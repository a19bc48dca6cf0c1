"""GANPredictor and the pictures it gives back, with tiny untrained networks."""

import csv
import io
import zlib

import numpy as np
import paddle
import pytest
import style_networks
from conftest import ROOT, shared_dir
from PIL import Image

from ppgen import hub
from ppgen.apps import GANPredictor
from ppgen.errors import ConfigError, OutputError, WeightsError
from ppgen.io.image import load_image
from ppgen.io.weights import network_arrays, save_network, write_arrays
from ppgen.metrics.features import extractor
from ppgen.metrics.kid import kid
from ppgen.networks.dcgan import DCGANGenerator


def saved(path, **arguments):
    paddle.seed(5)
    network = DCGANGenerator(latent_dim=6, base_channels=4, image_size=16, **arguments)
    network.eval()
    return save_network(network, path)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("gan") / "plain.safetensors")


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("gan") / "digits.safetensors", classes=3, out_channels=1)


def test_a_seed_is_one_picture_however_it_is_asked_for(weights):
    gan = GANPredictor(weight_path=weights)
    sheet = gan.seeds([7, 233])
    assert sheet.arrays.shape == (2, 16, 16, 3) and (sheet.arrays[0] != sheet.arrays[1]).any()
    for other in (gan.grid(233, 1), gan.grid(233, 5), gan.seeds([233])):
        assert np.abs(other.arrays[0].astype(int) - sheet.arrays[1]).max() <= 1


def test_sheets_films_and_single_pictures(weights, tmp_path):
    grid = GANPredictor(weight_path=weights).grid(7, 9)
    assert len(grid) == 9 and grid.sheet().shape == (3 * 16 + 4, 3 * 16 + 4, 3)
    assert (load_image(grid.save(tmp_path / "grid.png")) == grid.sheet()).all()
    assert (load_image(grid[2].save(tmp_path / "one.png")) == grid.arrays[2]).all()
    with Image.open(grid.save(tmp_path / "film.gif")) as film:
        assert film.n_frames == 9 and film.size == (256, 256)
    assert np.asarray(grid[0]).shape == (16, 16, 3) and np.asarray(grid).shape == (9, 16, 16, 3)
    assert len(grid[1:3]) == 2 and [p.array.shape for p in grid][:1] == [(16, 16, 3)]
    assert Image.open(io.BytesIO(grid._repr_png_())).size == (52, 52)


def test_classes_make_rows(digits):
    gan = GANPredictor(weight_path=digits)
    grid = gan.grid(1, 8)
    assert gan.classes == 3 and len(grid) == 9 and grid.columns == 3
    rows = gan.grid(1, 3, labels=2)
    assert np.abs(grid.arrays[6:].astype(int) - rows.arrays).max() <= 1
    with pytest.raises(ConfigError, match="0 to 2"):
        gan.seeds([1], labels=3)
    sheet = gan.seeds([4, 1], titled=True)
    assert len(sheet) == 6 and sheet.columns == 2
    assert np.abs(sheet.arrays[5].astype(int) - gan.seeds([1], labels=2).arrays[0]).max() <= 1


def test_a_class_is_called_by_its_name(tmp_path):
    network = DCGANGenerator(latent_dim=6, base_channels=4, image_size=16, classes=3)
    named = GANPredictor(weight_path=save_network(network, tmp_path / "a.safetensors", {"classes": ["cat", "2", "0"]}))
    drawn = {label: named.seeds([1], labels=label).arrays for label in (0, 1, 2, "cat", "2", "0", "1")}
    for name, number in (("cat", 0), ("2", 1), ("0", 2), ("1", 1)):  # a name comes before a number
        assert np.array_equal(drawn[name], drawn[number])
    with pytest.raises(ConfigError, match="no class is called 'dog'"):
        named.seeds([1], labels="dog")
    odd = GANPredictor(weight_path=save_network(network, tmp_path / "b.safetensors", {"classes": ["cat", 2]}))
    assert odd.model.class_names == ["0", "1", "2"]


def test_walks(weights):
    gan = GANPredictor(weight_path=weights)
    walk, ends = gan.walk([1, 2], 3, closed=True), gan.seeds([1, 2])
    assert len(walk) == 6 and np.abs(walk.arrays[[0, 3]].astype(int) - ends.arrays).max() <= 1
    assert len(gan.loop(1, 5)) == 5


def test_run_writes_one_file(weights, digits, tmp_path):
    found = GANPredictor(tmp_path / "a", weights).run(233)
    assert (load_image(tmp_path / "a" / "sample.png") == found.arrays[0]).all()
    assert len(GANPredictor(tmp_path / "b", digits).run(1)) == 3
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        GANPredictor(tmp_path / "file", "no such weights").run()


def test_which_network(weights, tmp_path):
    with pytest.raises(WeightsError, match="no network has this name"):
        GANPredictor(weight_path="dcgan_face64").grid()
    with pytest.raises(WeightsError, match="holds a FaceID"):
        GANPredictor(weight_path="face_id").grid()
    bare = write_arrays(tmp_path / "bare.safetensors", network_arrays(hub.load(weights)))
    with pytest.raises(WeightsError, match="name the model as well"):
        GANPredictor(weight_path=bare).grid()
    both = GANPredictor(weight_path=bare, model=weights).seeds([3])
    assert (both.arrays == GANPredictor(weight_path=weights).seeds([3]).arrays).all()
    assert not both.arrays[0].std() == 0


def test_style_generators_that_do_not_say_what_they_are(tmp_path):
    network = style_networks.tiny()
    wanted = GANPredictor(weight_path=save_network(network, tmp_path / "ours.safetensors")).seeds([3]).arrays
    theirs = style_networks.write_pdparams(tmp_path / "w.pdparams", style_networks.paddlegan_arrays(network))
    state = {f"generator.{key}": value for key, value in network_arrays(network).items()}
    checkpoint = write_arrays(tmp_path / "weights.safetensors", state)
    for named in ({"model": theirs}, {"weight_path": theirs}, {"model": checkpoint}, {"weight_path": checkpoint}):
        assert np.abs(GANPredictor(**named).seeds([3]).arrays.astype(int) - wanted).max() <= 1
    other = style_networks.write_pdparams(tmp_path / "other.pdparams", {"x": np.zeros((3, 3), np.float32)})
    with pytest.raises(WeightsError, match="holds no StyleGAN2 generator; name the model as well"):
        GANPredictor(model=other).grid()
    (tmp_path / "half.pdparams").write_bytes(theirs.read_bytes()[:200])
    with pytest.raises(WeightsError, match="is damaged"):
        GANPredictor(model=tmp_path / "half.pdparams").grid()


def test_script_from_any_folder(weights, run_python, tmp_path):
    script = str(ROOT / "applications" / "tools" / "dcgan.py")
    result = run_python(script, "--seed", "233", "--weight_path", str(weights), "--cpu", cwd=tmp_path, PYTHONPATH=None)
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["output/sample.png"] and load_image(tmp_path / "output/sample.png").shape == (
        16,
        16,
        3,
    )
    result = run_python(script, "--weight_path", "none.safetensors", cwd=tmp_path, PYTHONPATH=None)
    assert result.returncode == 2 and result.stderr.startswith("error: none.safetensors: no such file")


def test_the_shipped_network_draws_faces():
    root = shared_dir("faces128")
    with (root / "meta.csv").open() as file:
        colour = [row["id"] for row in csv.DictReader(file) if row["colour"] == "1"]
    names = [name for name in colour if zlib.crc32(name.encode()) % 10 == 2]
    real = [np.asarray(Image.open(root / "train" / f"{name}.jpg").resize((64, 64), Image.BOX)) for name in names]
    drawn = GANPredictor(model="dcgan_faces64").grid(seed=233, count=128).arrays
    assert drawn.shape == (128, 64, 64, 3)
    features = extractor()
    distance = kid(features(np.stack(real)), features(drawn)).value
    assert distance < 0.04  # 0.013 in benchmarks/gan_faces.py, where a Gaussian in PCA space is at 0.14
