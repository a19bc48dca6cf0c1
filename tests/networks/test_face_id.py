"""FaceID and the differentiable crop."""

import numpy as np
import paddle
import pytest

from ppgen import hub
from ppgen.compat import dlib_dat
from ppgen.errors import DataError, WeightsError
from ppgen.io.arrays import read_arrays
from ppgen.io.download import digest
from ppgen.networks.face_crop import chip_matrix, crop_chips
from ppgen.networks.face_geometry import CHIP_POINTS, chip_points, similarity


def a_face(size=256.0, angle=0.3, centre=(120.0, 130.0)):
    """68 landmarks whose chip points are the mean face, turned and scaled; the others anywhere."""
    turn = size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = np.random.default_rng(0).uniform(-1, 1, (68, 2)) * size + centre
    points[list(CHIP_POINTS)] = (chip_points(1, 0.0) - 0.5) @ turn.T + centre
    return points


def smooth_image(height=96, width=112):
    y, x = np.mgrid[0:height, 0:width] / 16
    return np.stack([np.sin(x), np.cos(y), np.sin(x + y)])[None].astype(np.float32) * 0.9


@pytest.fixture(scope="module")
def network():
    return hub.load("face_id")


def test_features_are_named_by_their_side(network):
    found = network.features(paddle.zeros([1, 3, 150, 150]))
    for name, value in zip(found._fields[:-1], found):
        assert value.shape[-1] == value.shape[-2] == int(name.removeprefix("side"))
    assert found.descriptor.shape == [1, 128]


def test_other_shapes_are_refused(network):
    for shape in ([1, 3, 128, 128], [1, 1, 150, 150], [3, 150, 150]):
        with pytest.raises(DataError, match="150, 150"):
            network(paddle.zeros(shape))


def test_gradient_reaches_the_photo(network):
    """The slope along the gradient, photo -> crop -> descriptor, against a central difference."""
    photo = paddle.to_tensor(smooth_image())
    matrices = chip_matrix(a_face(40, centre=(56, 48)))[None]
    photo.stop_gradient = False
    target = paddle.ones([1, 128]) * 0.1

    def loss(x):
        return ((network(crop_chips(x, matrices)) - target) ** 2).sum()

    loss(photo).backward()
    slope = float(photo.grad.square().sum().sqrt())
    direction, step = photo.grad / slope, 0.005
    with paddle.no_grad():
        difference = float(loss(photo + step * direction) - loss(photo - step * direction)) / (2 * step)
    assert slope > 1e-3 and abs(slope - difference) < 0.02 * slope


def test_similarity_finds_what_was_done():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(9, 2))
    truth = np.array([[1.2, -0.7, 4.0], [0.7, 1.2, -3.0]])
    assert np.allclose(similarity(points, points @ truth[:, :2].T + truth[:, 2]), truth)


def test_crop_puts_the_face_in_its_place():
    """A linear ramp makes pixel values equal to coordinates, at any shrinkage."""
    for size in (60.0, 300.0, 700.0):
        side = int(2.5 * size)
        y, x = np.mgrid[0:side, 0:side].astype(np.float32)
        matrix = chip_matrix(a_face(size, 0.2, (side / 2, side / 2)))
        chip = crop_chips(paddle.to_tensor(np.stack([x, y])[None]), matrix[None]).numpy()[0]
        column, row = np.meshgrid(np.arange(150.0), np.arange(150.0))
        expected = np.einsum("ij,jrc->irc", matrix, np.stack([column, row, np.ones_like(row)]))
        assert np.abs(chip - expected)[:, 20:-20, 20:-20].max() < 0.02


def test_crop_averages_where_it_shrinks():
    """A chessboard of single pixels becomes grey, and all of its pixels get a gradient."""
    y, x = np.mgrid[0:600, 0:600]
    board = paddle.to_tensor(((x + y) % 2 * 2.0 - 1)[None, None].astype(np.float32))
    board.stop_gradient = False
    chip = crop_chips(board, chip_matrix(a_face(250, 0.0, (300, 300)))[None])
    assert float(chip.abs().max()) < 0.01
    chip.sum().backward()
    assert float((board.grad.abs()[0, 0, 250:350, 250:350] > 0).astype("float32").mean()) == 1


def test_crop_refuses_what_does_not_belong_together():
    with pytest.raises(DataError, match="matrices"):
        crop_chips(paddle.zeros([2, 3, 32, 32]), np.zeros((1, 2, 3)))
    for points in (np.zeros((67, 2)), np.full((68, 2), np.nan), np.ones((68, 2))):
        with pytest.raises(DataError, match="landmarks"):
            chip_matrix(points)


def test_weights_are_dlibs(network):
    """The shipped float16 file against the source file, array by array."""
    pytest.importorskip("dlib")
    source = dlib_dat.find_model()
    assert digest(source) == dlib_dat.SHA256
    shipped, exact = read_arrays(hub.path_of("face_id")), dlib_dat.face_id_arrays(source)
    assert shipped.keys() == exact.keys()
    for key, value in exact.items():
        # half a unit in float16's last place, or half its smallest step
        assert (np.abs(shipped[key] - value) <= np.maximum(np.abs(value) * 2**-11, 2**-25)).all(), key


def test_exact_weights_give_dlibs_descriptor(tmp_path):
    dlib = pytest.importorskip("dlib")
    from ppgen.io.weights import load_into
    from ppgen.networks.face_id import FaceID
    from tools.convert_dlib import publish_face_id

    exact = FaceID()
    load_into(exact, dlib_dat.face_id_arrays(dlib_dat.find_model()))
    exact.eval()
    chip = np.ascontiguousarray((smooth_image(150, 150)[0].transpose(1, 2, 0) + 1) * 127.5).astype(np.uint8)
    theirs = np.array(
        dlib.face_recognition_model_v1(str(dlib_dat.find_model())).compute_face_descriptor(chip)
    )
    ours = exact(paddle.to_tensor(chip.transpose(2, 0, 1)[None].astype(np.float32) / 127.5 - 1)).numpy()[0]
    assert np.abs(ours - theirs).max() < 2e-6
    # converting again gives the file we ship, bit for bit
    made = publish_face_id(target=tmp_path / "face_id.safetensors")
    assert made.read_bytes() == hub.path_of("face_id").read_bytes()


def test_other_dat_files_are_refused(tmp_path):
    data = dlib_dat.find_model().read_bytes()
    for name, content in (
        ("empty", b""),
        ("text", b"hello " * 500),
        ("cut", data[:5_000_000]),
        ("end", data[:-200]),
    ):
        path = tmp_path / f"{name}.dat"
        path.write_bytes(content)
        with pytest.raises(WeightsError, match=f"{name}.dat"):
            dlib_dat.read_layers(path)
    with pytest.raises(WeightsError, match="cannot be read"):
        dlib_dat.read_layers(tmp_path / "absent.dat")
