"""VGG16 from torchvision's names, weighted by LPIPS's where the file holds them."""

import numpy as np
import paddle
import pytest

from ppgen.errors import WeightsError
from ppgen.io.weights import write_arrays
from ppgen.networks.vgg import load_vgg

WIDTHS = {0: (3, 64), 2: (64, 64), 5: (64, 128), 7: (128, 128), 10: (128, 256), 12: (256, 256), 14: (256, 256),
          17: (256, 512), 19: (512, 512), 21: (512, 512), 24: (512, 512), 26: (512, 512), 28: (512, 512)}  # fmt: skip


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    rng, found = np.random.default_rng(0), {}
    for place, (inside, outside) in WIDTHS.items():
        scale = np.sqrt(2 / (9 * inside))
        found[f"features.{place}.weight"] = rng.standard_normal((outside, inside, 3, 3), dtype=np.float32) * scale
        found[f"features.{place}.bias"] = np.zeros(outside, np.float32)
    return found


@pytest.mark.slow
def test_features_and_weights_of_channels(arrays, tmp_path):
    picture = paddle.to_tensor(np.random.default_rng(1).uniform(-1, 1, (1, 3, 32, 32)).astype(np.float32))
    plain = load_vgg(write_arrays(tmp_path / "vgg.safetensors", arrays)).features(picture)
    assert [list(f.shape[1:]) for f in plain] == [[64, 32, 32], [128, 16, 16], [256, 8, 8], [512, 4, 4], [512, 2, 2]]
    np.testing.assert_allclose((plain[0].square() * 64).sum(axis=1).numpy(), 1.0, atol=1e-3)
    weights = {"lin0.model.1.weight": np.arange(64, dtype=np.float32).reshape(1, 64, 1, 1)}
    weighted = load_vgg(write_arrays(tmp_path / "lpips.safetensors", {**arrays, **weights})).features(picture)
    ratio = weighted[0].square().sum(axis=[2, 3]).numpy() / np.maximum(plain[0].square().sum(axis=[2, 3]).numpy(), 1e-9)
    lit = plain[0].sum(axis=[2, 3]).numpy() > 1e-3
    np.testing.assert_allclose(ratio[lit], (64 * np.arange(64.0))[None][lit], rtol=1e-3)
    np.testing.assert_allclose(weighted[1].numpy(), plain[1].numpy(), atol=1e-6)


def test_another_file_is_refused(tmp_path):
    with pytest.raises(WeightsError, match="features.0.weight"):
        load_vgg(write_arrays(tmp_path / "x.safetensors", {"a": np.zeros(2)}))
