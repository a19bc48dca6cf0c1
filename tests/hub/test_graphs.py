"""The graphs without weights that come with ppgen are in step with their networks' code and weights."""

import numpy as np
import pytest

from ppgen import hub
from ppgen.hub import graphs
from ppgen.io.arrays import read_arrays
from ppgen.io.weights import description, save_network
from ppgen.runtime.compiled import eager_arrays, signature
from ppgen.runtime.graph import Session
from ppgen.runtime.skeleton import with_weights, without_weights
from ppgen.runtime.trees import flatten
from tools.ship_graphs import SHIPPED, call_of, check

AGAIN = "run python tools/ship_graphs.py"


@pytest.mark.parametrize("name", SHIPPED)
def test_each_is_up_to_date(name):
    path = hub.path_of(name)
    found = graphs.shipped_for(path)
    assert found is not None, f"{name}: its graph is out of date; {AGAIN}"
    shapes = {key: list(array.shape) for key, array in read_arrays(path).items()}
    assert found.missing.items() <= shapes.items(), f"{name}: its weights are others; {AGAIN}"


@pytest.mark.parametrize(
    "name", ["skin_tone", *(pytest.param(name, marks=pytest.mark.slow) for name in SHIPPED if name != "skin_tone")]
)
def test_filled_it_computes_what_paddle_does(name):
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    network = hub.load(name)
    method, inputs = call_of(network, name)
    arrays, shape = flatten(tuple(inputs), lambda value: isinstance(value, np.ndarray))
    graph = graphs.filled(hub.path_of(name), signature(method, shape, arrays, True))
    assert graph is not None, f"{name}: is called otherwise than its graph; {AGAIN}"
    check(graph, network, method, arrays)


def test_other_weights_of_the_same_network_fill_it(tmp_path):
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    network = hub.load("skin_tone")
    network.linear.weight.set_value(network.linear.weight * 2)
    path = save_network(network, tmp_path / "mine.safetensors")
    found = graphs.shipped_for(path)
    features = np.random.default_rng(1).standard_normal((3, 137), dtype=np.float32)
    graph = graphs.filled(path, found.signature)
    np.testing.assert_allclose(Session(graph).run([features])[0], eager_arrays(network, features)[0], atol=1e-4)


def test_changed_code_or_arguments_are_not_served(monkeypatch, tmp_path):
    path = hub.path_of("skin_tone")
    told = description(path)
    assert graphs.filled(path, "another call") is None
    monkeypatch.setattr(graphs, "description", lambda path: told._replace(arguments={"features": 138}))
    assert graphs.shipped_for(path) is None
    monkeypatch.undo()
    monkeypatch.setattr(graphs, "files_digest", lambda files: "of code that was edited")
    assert graphs.shipped_for(path) is None


def test_the_code_is_found_through_imports():
    files = graphs.code_files("ppgen.networks.photo2cartoon_lean")
    assert "networks/photo2cartoon_lean.py" in files and any(name.startswith("networks/blocks/") for name in files)
    assert "networks/vae.py" not in files
    assert graphs.files_digest(files) != graphs.files_digest(files[1:])


def test_what_is_filled_is_the_model_it_was():
    onnx = pytest.importorskip("onnx", reason="the exporter's package is not installed")
    weight = np.arange(600, dtype=np.float32).reshape(2, 300)
    make = onnx.helper
    nodes = [
        make.make_node("Constant", [], ["w_0"], value=onnx.numpy_helper.from_array(weight)),
        make.make_node("MatMul", ["x", "w_0"], ["y"]),
    ]
    x, y = (
        make.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, size]) for name, size in (("x", 2), ("y", 300))
    )
    model = make.make_model(make.make_graph(nodes, "toy", [x], [y]))
    skeleton, missing = without_weights(model.SerializeToString(), {"w_0": "layer.weight"})
    assert missing == {"layer.weight": [2, 300]} and len(skeleton) < 200
    whole = onnx.load_from_string(with_weights(skeleton, {"layer.weight": weight}))
    onnx.checker.check_model(whole)
    assert np.array_equal(onnx.numpy_helper.to_array(whole.graph.initializer[0]), weight)
