"""Graphs equal eager Paddle, are kept and found again, and what cannot be exported runs as before."""

import threading
import warnings
from typing import NamedTuple

import numpy as np
import paddle
import pytest
from paddle import nn

from ppgen.errors import ConfigError, PPGenError
from ppgen.runtime import Methods, backend, cache, compiled, later, set_threads, threads
from ppgen.runtime.graph import Graph
from ppgen.runtime.trees import flatten, rebuild

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
pytest.importorskip("paddle2onnx", reason="paddle2onnx is not installed")


class Both(NamedTuple):
    """What the network below returns."""

    image: paddle.Tensor
    nothing: None
    mean: paddle.Tensor


class Toy(nn.Layer):
    """A convolution, a leaky ReLU whose slope has to survive the export, and a sum with an optional second input."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2D(3, 4, 3, padding=1)

    def forward(self, x, shift=None):
        y = nn.functional.leaky_relu(self.conv(x), 0.3)
        y = nn.functional.leaky_relu(y, 0.7) if shift is None else y + shift[0].unsqueeze([2, 3])
        return Both(y, None, y.mean(axis=[2, 3]))

    def noisy(self, x):
        return x + paddle.rand(x.shape)


@pytest.fixture
def runtime(monkeypatch, tmp_path):
    """ONNX Runtime with an empty cache, which is returned."""
    monkeypatch.setenv("PPGEN_RUNTIME", "onnx")
    monkeypatch.setenv("PPGEN_CACHE", str(tmp_path))
    return tmp_path / "graphs"


@pytest.fixture
def toy():
    paddle.seed(3)
    network = Toy()
    network.eval()
    return network


def pictures(count=2, side=8):
    return np.random.default_rng(count).uniform(-1, 1, (count, 3, side, side)).astype(np.float32)


def test_equal_to_eager_for_every_batch_in_the_network_s_own_nesting(runtime, toy):
    fast = compiled(toy, [pictures()])
    for count in (1, 2, 5):
        x = pictures(count)
        got, wanted = fast(x), toy(paddle.to_tensor(x))
        assert isinstance(got, Both) and got.nothing is None and isinstance(got.image, np.ndarray)
        np.testing.assert_allclose(got.image, wanted.image.numpy(), atol=1e-5)
        np.testing.assert_allclose(got.mean, wanted.mean.numpy(), atol=1e-5)
    assert len(list(runtime.iterdir())) == 1  # one graph for all of them


def test_tensors_give_tensors_and_inputs_may_be_nested(runtime, toy):
    x, shift = paddle.to_tensor(pictures()), paddle.ones([2, 4])
    got = compiled(toy, [x, [shift]])(x, [shift])
    assert isinstance(got.image, paddle.Tensor)
    np.testing.assert_allclose(got.image.numpy(), toy(x, [shift]).image.numpy(), atol=1e-5)


def test_a_kept_graph_is_found_without_the_network(runtime, toy):
    wanted = Methods(toy, "weights 1")("forward", pictures())

    def fail():
        raise AssertionError("the network was asked for")

    found = Methods(fail, "weights 1").arrays("forward", pictures())
    assert np.array_equal(found[0], wanted.image) and found[1] is None
    with pytest.raises(AssertionError, match="was asked for"):
        Methods(fail, "weights 2").arrays("forward", pictures())


def test_other_weights_have_another_graph(runtime, toy):
    first = compiled(toy, [pictures()])(pictures()).image
    toy.conv.bias.set_value(toy.conv.bias + 1.0)
    second = compiled(toy, [pictures()])(pictures()).image
    assert np.abs(first - second).min() > 0.1 and len(list(runtime.iterdir())) == 2


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_damaged_graph_is_made_anew(runtime, toy, damage):
    wanted = compiled(toy, [pictures()])(pictures()).image
    (entry,) = runtime.iterdir()
    whole = entry.read_bytes()
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    entry.write_bytes({"cut": whole[:-100], "flip": flipped, "empty": b""}[damage])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(compiled(toy, [pictures()])(pictures()).image, wanted)
    assert cache.read(entry.stem) is not None


def test_what_the_graph_computes_otherwise_runs_in_paddle_with_one_warning(runtime, toy):
    fast = Methods(toy)
    with pytest.warns(UserWarning, match=r"Toy\.noisy could not be exported .*away from Paddle") as seen:
        for _ in range(3):
            assert fast("noisy", pictures()).shape == (2, 3, 8, 8)
    assert len(seen) == 1 and not runtime.exists()


def unreadable(graph):
    return Graph(graph.inputs, graph.outputs, b"no model")


def test_a_shipped_graph_that_cannot_be_opened_is_exported_with_one_warning(runtime, toy):
    shipped = Methods(toy, "weights", known=lambda _: unreadable(Graph("leaf", "leaf", b"")))
    with pytest.warns(UserWarning, match=r"comes with ppgen cannot be opened \(.*rotobuf.*\).* exported") as seen:
        got = shipped("forward", pictures())
    assert len(seen) == 1 and len(list(runtime.iterdir())) == 1
    np.testing.assert_allclose(got.image, toy(paddle.to_tensor(pictures())).image.numpy(), atol=1e-5)


def test_a_kept_graph_that_cannot_be_opened_is_exported_with_one_warning(runtime, toy):
    wanted = compiled(toy, [pictures()])(pictures()).image
    (entry,) = runtime.iterdir()
    cache.write(entry.stem, unreadable(Graph.of_bytes(cache.read(entry.stem))).to_bytes())
    with pytest.warns(UserWarning, match=r"a kept graph cannot be opened \(.*rotobuf.*\).* exported") as seen:
        assert np.array_equal(compiled(toy, [pictures()])(pictures()).image, wanted)
    assert len(seen) == 1


def test_a_cache_that_cannot_be_written_costs_a_warning_only(runtime, toy, monkeypatch):
    runtime.write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="cannot be kept .*PPGEN_CACHE"):
        got = compiled(toy, [pictures()])(pictures())
    np.testing.assert_allclose(got.image, toy(paddle.to_tensor(pictures())).image.numpy(), atol=1e-5)


def test_eager_is_eager_and_training_is_refused(monkeypatch, toy, runtime):
    monkeypatch.setenv("PPGEN_RUNTIME", "eager")
    got = compiled(toy, [pictures()])(pictures())
    assert np.array_equal(got.image, toy(paddle.to_tensor(pictures())).image.numpy()) and not runtime.exists()
    toy.train()
    with pytest.raises(PPGenError, match=r"Toy: is in training mode; call eval\(\)"):
        compiled(toy, [pictures()])(pictures())


def test_the_switch(monkeypatch):
    for word in ("eager", "onnx"):
        monkeypatch.setenv("PPGEN_RUNTIME", word)
        assert backend() == word
    monkeypatch.setenv("PPGEN_RUNTIME", "fast")
    with pytest.raises(ConfigError, match="PPGEN_RUNTIME=fast: give eager or onnx"):
        backend()


def test_threads(monkeypatch):
    monkeypatch.setenv("PPGEN_THREADS", "3")
    assert threads() == 3
    set_threads(1)
    try:
        assert threads() == 1
    finally:
        set_threads(None)
    monkeypatch.setenv("PPGEN_THREADS", "many")
    with pytest.raises(ConfigError, match="PPGEN_THREADS=many"):
        threads()
    with pytest.raises(ConfigError, match="expected 1 or more, found 0"):
        set_threads(0)


@pytest.mark.parametrize("value", [1.0, None, (1.0, None), [1.0, (2.0, 3.0)], Both(1.0, None, [2.0])])
def test_nesting_comes_back(value):
    leaves, shape = flatten(value, lambda leaf: isinstance(leaf, float))
    assert rebuild(shape, iter(leaves)) == value


def test_what_is_no_array_is_refused():
    with pytest.raises(TypeError, match="found a dict"):
        flatten(({},), lambda leaf: isinstance(leaf, float))


@pytest.mark.parametrize("backend_name, aside", [("onnx", True), ("eager", False)])
def test_later_is_in_a_thread_where_that_is_safe(monkeypatch, backend_name, aside):
    monkeypatch.setenv("PPGEN_RUNTIME", backend_name)
    monkeypatch.setenv("PPGEN_THREADS", "2")
    name, sum_of = later(lambda: threading.current_thread().name), later(lambda *numbers: sum(numbers), 1, 2)
    assert (name() != threading.current_thread().name) is aside and sum_of() == 3
    failing = later(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        failing()


def test_kept_arrays_come_back_and_damage_is_seen(runtime):
    arrays = {
        "a": np.arange(7, dtype=np.int32),
        "of nothing": np.zeros((0, 3)),
        "b": np.full((2, 3), np.pi, np.float32),
    }
    cache.write_arrays("some", arrays)
    found = cache.read_arrays("some")
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype and np.array_equal(found[name], array)
    (entry,) = runtime.iterdir()
    entry.write_bytes(entry.read_bytes()[:-1])
    assert cache.read_arrays("some") is None and cache.read_arrays("other") is None
