"""A network by name or file that the runtime runs: what is known of it without Paddle, and what it computes."""

import numpy as np
import pytest

from ppgen import hub
from ppgen.hub.compiled import CompiledNetwork, Traits
from ppgen.io.weights import save_network
from ppgen.networks.mlp_gan import MLPGenerator

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
pytest.importorskip("paddle2onnx", reason="paddle2onnx is not installed")


@pytest.fixture(autouse=True)
def runtime(monkeypatch, tmp_path):
    """ONNX Runtime with an empty cache."""
    monkeypatch.setenv("PPGEN_RUNTIME", "onnx")
    monkeypatch.setenv("PPGEN_CACHE", str(tmp_path / "cache"))


def refuses(*_: object, **__: object) -> None:
    raise AssertionError("the network was loaded")


def test_one_that_ships_its_graph_needs_no_paddle(monkeypatch):
    features = np.random.default_rng(1).standard_normal((3, 137), dtype=np.float32)
    monkeypatch.setenv("PPGEN_RUNTIME", "eager")
    slow = CompiledNetwork("skin_tone")
    wanted, traits = slow(features)[0], slow.traits
    monkeypatch.setenv("PPGEN_RUNTIME", "onnx")
    monkeypatch.setattr(hub, "load", refuses)
    fast = CompiledNetwork("skin_tone")
    assert fast.traits == traits == Traits("SkinTone", 0, False, False)
    np.testing.assert_allclose(fast(features)[0], wanted, atol=1e-4)
    assert set(fast.stored) >= {"linear.weight"}


def test_one_of_the_users_own_is_exported_once(monkeypatch, tmp_path):
    network = MLPGenerator(latent_dim=4, width=8, image_size=8, channels=1)
    path = save_network(network, tmp_path / "mine.safetensors")
    z = np.random.default_rng(2).standard_normal((2, 4), dtype=np.float32)
    first = CompiledNetwork(path)
    assert first.traits == Traits("MLPGenerator", 8, False, False)
    wanted = first.call("forward", z)[0]
    monkeypatch.setattr(hub, "load", refuses)
    again = CompiledNetwork(path)
    assert again.traits == first.traits and np.array_equal(again(z)[0], wanted)
