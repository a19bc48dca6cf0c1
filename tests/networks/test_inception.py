"""Inception-v3 against pytorch-fid's network, from weights made by the rule.

The golden was made with pytorch-fid 0.3.0: `InceptionV3([3])` with the weights below, on the picture scaled to
[0, 1], which it resizes to 299 itself; logits are features @ fc.weight.T.
"""

from __future__ import annotations

import goldens
import numpy as np
import paddle
import pytest

from ppgen.errors import DataError, WeightsError
from ppgen.io.weights import load_into, write_arrays
from ppgen.metrics.features import extractor
from ppgen.metrics.resize import scaled
from ppgen.networks.inception import InceptionV3


def torch_arrays() -> dict[str, np.ndarray]:
    """The rule's arrays under pytorch-fid's names."""
    shapes = {key: shape or [1] for key, shape in goldens.manifest("inception_v3").items()}
    arrays = goldens.filled(shapes)
    for key in arrays:
        if key.endswith("running_var"):  # smaller, or 94 layers would damp the picture away
            arrays[key] = arrays[key] * np.float32(0.3)
    return arrays


@pytest.fixture(scope="module")
def network():
    made = InceptionV3()
    made.eval()
    return made


@pytest.mark.slow  # 94 convolutions at 299 pixels
def test_equals_pytorch_fid(network):
    report = load_into(network, torch_arrays())
    assert not report.missing and not report.unexpected
    picture = scaled(goldens.image("inception_v3", (2, 3, 152, 152)), 299, "linear")
    with paddle.no_grad():
        found = network(paddle.to_tensor(picture))
    golden = np.load(goldens.DATA / "inception_v3.npz")
    for key in ("features", "logits"):
        wanted = golden[key]
        assert np.abs(getattr(found, key).numpy() - wanted).max() < 1e-5 * np.abs(wanted).max()
        assert np.abs(wanted[0] - wanted[1]).max() > 1e-2 * np.abs(wanted).max()  # it depends on the picture


def test_takes_every_array_of_pytorch_fid(network):
    arrays = torch_arrays()
    assert load_into(network, arrays).loaded and len(network.state_dict()) == 94 * 5 + 2
    del arrays["Mixed_7c.branch_pool.bn.running_mean"]
    with pytest.raises(WeightsError, match="Mixed_7c.branch_pool.bn._mean"):
        load_into(network, arrays)


def test_shapes(network):
    with paddle.no_grad():
        found = network(paddle.zeros([1, 3, 75, 75]))
    assert found.features.shape == [1, 2048] and found.logits.shape == [1, 1008]
    for shape in ([1, 3, 74, 90], [1, 1, 299, 299], [3, 299, 299]):
        with pytest.raises(DataError, match="299"):
            network(paddle.zeros(shape))


@pytest.mark.slow
def test_features_come_from_a_file(tmp_path):
    path = write_arrays(tmp_path / "fid.safetensors", torch_arrays())
    made = extractor("inception-v3", str(path))
    pictures = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), dtype=np.uint8)
    assert made(pictures).shape == (2, 2048) == (2, made.dimension)
    p = made.probabilities(pictures)
    assert p.shape == (2, 1008) and p.sum(axis=1) == pytest.approx(1) and (p[0] != p[1]).any()
    other = write_arrays(tmp_path / "other.safetensors", {"x": np.zeros(3, np.float32)})
    with pytest.raises(WeightsError, match="does not fit InceptionV3"):
        extractor("inception-v3", str(other))
