"""Files that claim what they do not hold are refused in one sentence, before memory is taken."""

import json
import time

import numpy as np
import pytest

from ppgen import hub
from ppgen.apps.portrait_generator import _size_in
from ppgen.errors import PPGenError, WeightsError
from ppgen.io.arrays import read_arrays
from ppgen.io.weights import write_arrays
from ppgen.tree.routing import Router

HANG = 60.0  # seconds of the processor: no bound of speed

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
    started = time.process_time()
    with pytest.raises(WeightsError) as caught:
        hub.load(path)
    told = str(caught.value)
    assert told.startswith(f"{path}: its network cannot be built (") and "\n" not in told and len(told) < 800
    assert time.process_time() - started < HANG


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


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("value_range", "[NaN, 1]"),
        ("value_range", "[1, -1]"),
        ("value_range", "[-1e999, 1]"),
        ("value_range", "[0, 1" + "0" * 400 + "]"),
        ("value_range", "[[0], 1]"),
        ("card", "3"),
        ("extra", "[[1], 2]"),
        ("args", "[" * 9000),
        ("class", "a\n\x1b[2Jb"),
    ],
)
def test_what_a_file_says_of_itself_is_checked(tmp_path, field, told):
    metadata = {"class": "MLPGenerator", "args": "{}", field: told}
    path = write_arrays(tmp_path / "x.safetensors", {"a": np.zeros(2, np.float32)}, metadata)
    with pytest.raises(WeightsError) as caught:
        hub.load(path)
    assert str(caught.value).startswith(str(path)) and str(caught.value).isprintable()


def a_run(tmp_path, model: str):
    step = tmp_path / "run/checkpoints/step_00000001"
    step.mkdir(parents=True)
    for name in ("weights", "state"):
        write_arrays(step / f"{name}.safetensors", {"generator.a": np.zeros(2, np.float32)})
    (tmp_path / "run/config.yaml").write_text(model)
    return tmp_path / "run"


@pytest.mark.parametrize(
    "model",
    [
        "model: {generator: {name: MLPGenerator, width: 70000}}",
        "model: {generator: {name: ResNetGenerator, blocks: 1000000000}}",
        "model: {generator: {name: 3}}",
        "model: {generator: [1], 3: 4}",
        "model: [generator]\nvalidate: [network]",
        "model: 3\nvalidate: {network: [a]}",
        "3",
    ],
)
def test_a_run_folder_of_a_stranger_claims_no_more_than_it_holds(tmp_path, model):
    with pytest.raises(PPGenError) as caught:
        hub.load(a_run(tmp_path, model))
    assert str(tmp_path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_network_that_another_file_describes_is_no_larger_than_that_file(tmp_path):
    metadata = {"class": "MLPGenerator", "args": '{"width": 70000}'}
    like = write_arrays(tmp_path / "like.safetensors", {"a": np.zeros(2, np.float32)}, metadata)
    plain = write_arrays(tmp_path / "x.safetensors", {"a": np.zeros(2, np.float32)})
    with pytest.raises(WeightsError, match="like.safetensors: its network cannot be built"):
        hub.load(plain, network=like)


def test_scales_that_would_blow_up_a_matrix_are_refused(tmp_path):
    wide, high = np.zeros((1, 50_000), np.int8), np.ones((50_000, 1), np.float32)
    path = write_arrays(tmp_path / "x.safetensors", {"w": wide, "w@scale": high})
    with pytest.raises(WeightsError, match="does not fit a matrix"):
        read_arrays(path)


@pytest.mark.parametrize(
    ("config", "size"),
    [
        ("dataset: {train: {size: 64}}", 64),
        ("dataset: {train: {size: 60000}}", None),
        ("dataset: 3", None),
        ("[" * 5000, None),
        ("!!int x", None),
        ("a: &a [x, x]\nb: &b [*a, *a]", None),
        ({"dataset": {"train": {"size": True}}}, None),
        (7, None),
    ],
)
def test_a_card_says_a_size_or_none(config, size):
    assert _size_in({"config": config}) == size


@pytest.mark.parametrize(
    "tree",
    [
        "3", "[]", "[" * 100_000, '{"nodes": [], "levels": []}', '{"nodes": [3], "levels": []}',
        '{"nodes": [], "levels": [{"by": "age", "groups": [1]}]}',
        '{"nodes": [], "levels": [{"by": "age", "groups": {"a": {"from": "x"}}}]}',
        '{"nodes": [{"name": "a", "attributes": 3, "weights": "tree.json"}], "levels": []}',
        '{"nodes": [{"name": "a", "attributes": {}, "weights": "\\u0000"}], "levels": []}',
        '{"nodes": [{"name": "a", "attributes": {}, "weights": "tree.json", "score": "x", "parent_score": "a"}],'
        ' "levels": []}',
    ],
)  # fmt: skip
def test_a_tree_of_a_stranger_is_one_sentence(tmp_path, tree):
    (tmp_path / "tree.json").write_text(tree)
    with pytest.raises(WeightsError) as caught:
        Router(tmp_path)
    assert str(caught.value).startswith(str(tmp_path)) and "\n" not in str(caught.value)
