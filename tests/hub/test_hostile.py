"""Files that claim what they do not hold are refused in one sentence, before memory is taken."""

import json
import time

import numpy as np
import pytest

from ppgen import hub
from ppgen.errors import WeightsError
from ppgen.io.weights import write_arrays

CLAIMS = [
    ("MLPGenerator", {"width": 70000}),
    ("MLPGenerator", {"width": -5}),
    ("MLPGenerator", {"width": 1.5}),
    ("MLPGenerator", {"width": [512]}),
    ("MLPGenerator", {"width": True}),
    ("MLPGenerator", {"image_size": 10**9}),
    ("ResNetGenerator", {"blocks": 10**9}),
    ("ResNetGenerator", {"base_channels": 0}),
    ("UNetGenerator", {"levels": 10**9}),
    ("PatchDiscriminator", {"layers": 10**6}),
    ("AttentionDiscriminator", {"layers": 10**6}),
    ("Photo2CartoonGenerator", {"blocks": 10**9}),
    ("Photo2CartoonGenerator", {"image_size": 16 * 10**9, "light": False}),
    ("LeanPhoto2CartoonGenerator", {"hourglass_depth": 10**6}),
    ("SegmentationUNet", {"levels": 10**6}),
    ("StyleGAN2Generator", {"mapping_layers": 10**9}),
    ("StyleGAN2Generator", {"mapping_rate": float("nan")}),
    ("StyleGAN2Generator", {"channel_multiplier": float("inf")}),
    ("StyleGANGenerator", {"image_size": 10**9}),
    ("DCGANGenerator", {"image_size": 4 * 2**3000}),
    ("DCGANGenerator", {"classes": 10**9}),
    ("DCGANDiscriminator", {"image_size": 2**20, "classes": 2}),
    ("UpsamplingGenerator", {"image_size": 4 * 10**9}),
    ("PGGANGenerator", {"widths": [2**20] * 5}),
    ("PGGANGenerator", {"widths": []}),
    ("ConvVAE", {"widths": ["a"]}),
    ("FoldedPatchDiscriminator", {"base_channels": 10**9}),
    ("SkinTone", {"features": 10**12}),
]


@pytest.mark.parametrize(("network", "arguments"), CLAIMS)
def test_what_a_small_file_claims_is_refused_at_once(tmp_path, network, arguments):
    metadata = {"class": network, "args": json.dumps(arguments)}
    path = write_arrays(tmp_path / "x.safetensors", {"a": np.zeros(2, np.float32)}, metadata)
    started = time.monotonic()
    with pytest.raises(WeightsError) as caught:
        hub.load(path)
    told = str(caught.value)
    assert told.startswith(f"{path}: its network cannot be built (") and "\n" not in told and len(told) < 800
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("model: x", "holds no network that draws"),
        ("model: [1]", "holds no network that draws"),
        ("model: {generator: {name: MLPGenerator, width: 70000}}\nvalidate: [1]", "larger than the arrays"),
        ("model: {generator: {name: MLPGenerator, wide: 5}}\nvalidate: x", "args.wide: unknown key"),
        ("model: {generator: {name: [a]}}", "cannot be built"),
    ],
)
def test_what_a_run_says_of_itself(tmp_path, config, told):
    write_arrays(tmp_path / "checkpoints/step_00000001/weights.safetensors", {"generator.a": np.zeros(2, np.float32)})
    write_arrays(tmp_path / "checkpoints/step_00000001/state.safetensors", {"a": np.zeros(2, np.float32)})
    (tmp_path / "config.yaml").write_text(config)
    (tmp_path / "checkpoints/latest").symlink_to("/dev/full")  # which has no end
    with pytest.raises(WeightsError, match=told):
        hub.load(tmp_path)
