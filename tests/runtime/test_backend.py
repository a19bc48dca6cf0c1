"""Which backend runs networks where ONNX Runtime is missing."""

import sys

import numpy as np
import paddle
import pytest

from ppgen import hub
from ppgen.errors import ConfigError
from ppgen.hub.compiled import CompiledNetwork
from ppgen.runtime import backend
from ppgen.runtime.backend import describe


def test_without_onnx_runtime_networks_run_by_paddle(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # as Python marks a module that cannot be imported
    monkeypatch.delenv("PPGEN_RUNTIME", raising=False)
    monkeypatch.setenv("PPGEN_CACHE", str(tmp_path))
    assert backend() == "eager" and describe(2).startswith("eager Paddle (")
    features = np.random.default_rng(1).standard_normal((3, 137), dtype=np.float32)
    (told,) = CompiledNetwork("skin_tone")(features)
    np.testing.assert_allclose(told, hub.load("skin_tone")(paddle.to_tensor(features)).numpy(), atol=1e-6)
    assert not list(tmp_path.rglob("*"))  # no graph was exported
    monkeypatch.setenv("PPGEN_RUNTIME", "onnx")
    with pytest.raises(ConfigError, match="pip install onnxruntime"):
        backend()
