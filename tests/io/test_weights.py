"""Weights files: safe to read, self-describing, loaded whole or not at all."""

import collections
import io
import json
import os
import pickle

import numpy as np
import paddle
import pytest

from ppgen.errors import WeightsError
from ppgen.io import weights
from ppgen.io.arrays import read_arrays, write_arrays
from ppgen.registry import NETWORKS


@NETWORKS.register("WeightsTestNet")
class WeightsTestNet(paddle.nn.Layer):
    def __init__(self, width=3, depth=1):
        super().__init__()
        self.layers = paddle.nn.LayerList([paddle.nn.Linear(width, width) for _ in range(depth)])
        self.norm = paddle.nn.BatchNorm1D(width)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.norm(x)


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


def test_saved_and_loaded_is_the_same(tmp_path):
    path = tmp_path / "net.safetensors"
    net = WeightsTestNet(4, depth=2)
    weights.save_network(net, path, card={"data": "none", "größe": [1, 2]}, value_range=(0, 1))
    told = weights.description(path)
    assert told.network == "WeightsTestNet" and told.arguments == {"width": 4, "depth": 2}
    assert told.card["größe"] == [1, 2] and told.value_range == (0, 1) and told.shapes["norm.bias"] == (4,)
    other = NETWORKS.build({"name": told.network, **told.arguments})
    report = weights.load_into(other, path)
    assert same(weights.network_arrays(net), weights.network_arrays(other))
    assert not report.missing and not report.unexpected and len(report.loaded) == 8
    assert list(tmp_path.iterdir()) == [path]


def test_file_is_reproducible(tmp_path):
    net = WeightsTestNet()
    files = [
        weights.save_network(net, tmp_path / f"{i}.safetensors", card={"a": 1, "b": 2}) for i in range(6)
    ]
    assert len({file.read_bytes() for file in files}) == 1


def test_half_keeps_vectors_exact_and_loads_as_float32(tmp_path):
    net = WeightsTestNet(8)
    path = weights.save_network(net, tmp_path / "half.safetensors", half=True)
    exact, read = weights.network_arrays(net), weights.read_arrays(path)
    assert all(array.dtype == np.float32 for array in read.values())
    assert np.array_equal(read["layers.0.bias"], exact["layers.0.bias"])
    assert 0 < np.abs(read["layers.0.weight"] - exact["layers.0.weight"]).max() < 1e-3
    assert weights.load_into(WeightsTestNet(8), path)


def test_half_refuses_what_does_not_fit(tmp_path):
    net = WeightsTestNet()
    net.layers[0].weight.set_value(np.full((3, 3), 1e6, np.float32))
    with pytest.raises(WeightsError, match="layers.0.weight.*half=False"):
        weights.save_network(net, tmp_path / "x.safetensors", half=True)
    assert not list(tmp_path.iterdir())


def test_unregistered_network_cannot_be_saved(tmp_path):
    with pytest.raises(WeightsError, match="NETWORKS"):
        weights.save_network(paddle.nn.Linear(2, 2), tmp_path / "x.safetensors")


@pytest.mark.parametrize(
    "change, told",
    [
        (lambda a: a.pop("norm.bias"), r"1 missing: norm\.bias"),
        (lambda a: a.update(extra=np.zeros(2)), "1 unexpected: extra"),
        (
            lambda a: a.update({"norm.bias": np.zeros(5)}),
            r"1 of another shape: norm\.bias is \(5,\), should be \(3,\)",
        ),
        (lambda a: [a.pop(k) for k in list(a)], "6 missing: .* and 2 more"),
    ],
)
def test_what_does_not_fit_is_listed_and_nothing_is_loaded(change, told):
    net = WeightsTestNet()
    before = weights.network_arrays(net)
    arrays = {key: np.ones_like(value) for key, value in before.items()}
    change(arrays)
    with pytest.raises(WeightsError, match=told):
        weights.load_into(net, arrays)
    assert same(weights.network_arrays(net), before)


def test_not_strict_loads_what_fits():
    net = WeightsTestNet()
    report = weights.load_into(net, {"norm.bias": np.full(3, 7.0), "extra": np.zeros(1)}, strict=False)
    assert report.loaded == ["norm.bias"] and report.unexpected == ["extra"] and len(report.missing) == 5
    assert float(net.norm.bias.sum()) == 21
    with pytest.raises(WeightsError, match="another shape"):
        weights.load_into(net, {"norm.bias": np.zeros(4)}, strict=False)
    with pytest.raises(WeightsError):
        weights.load_into(net, {"other": np.zeros(4)}, strict=False)


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("nested", [False, True])
def test_pdparams(tmp_path, protocol, nested):
    net, other = WeightsTestNet(), WeightsTestNet()
    path = str(tmp_path / "net.pdparams")
    paddle.save(
        {"netG": net.state_dict(), "epoch": 3} if nested else net.state_dict(), path, protocol=protocol
    )
    if nested:
        with pytest.raises(WeightsError, match="key=.*netG"):
            weights.load_into(other, path)
        with pytest.raises(WeightsError, match="'netX'.*netG"):
            weights.load_into(other, path, key="netX")
    weights.load_into(other, path, key="netG" if nested else None)
    assert same(weights.network_arrays(net), weights.network_arrays(other))


def test_key_takes_a_prefix_of_safetensors(tmp_path):
    arrays = {
        f"{name}.{key}": value
        for name in ("netG", "netD")
        for key, value in weights.network_arrays(WeightsTestNet()).items()
    }
    weights.write_arrays(tmp_path / "all.safetensors", arrays)
    report = weights.load_into(WeightsTestNet(), tmp_path / "all.safetensors", key="netD")
    assert sorted(report.loaded) == sorted(WeightsTestNet().state_dict())


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=">f4").reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.float32(3),
        np.arange(4, dtype=np.int64),
        np.array([True, False]),
        np.zeros((0, 3), np.float32),
        np.array(2.5),
    ],
    ids=["big-endian", "column-major", "scalar", "int64", "bool", "empty", "0-d"],
)
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_arrays_of_all_kinds_survive(tmp_path, array, protocol):
    path = tmp_path / "a.pdparams"
    path.write_bytes(pickle.dumps(collections.OrderedDict(a=array), protocol=protocol))
    read = weights.read_arrays(path)["a"]
    assert read.shape == np.shape(array) and np.array_equal(read, array) and read.dtype.isnative


class Harm:
    def __init__(self, call, *arguments):
        self.reduced = call, arguments

    def __reduce__(self):
        return self.reduced


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_crafted_pickle_runs_nothing(tmp_path, protocol):
    victim, path = tmp_path / "victim", tmp_path / "evil.pdparams"
    for harm in (
        Harm(os.system, f"touch {victim}"),
        Harm(eval, f"open({str(victim)!r}, 'w')"),
        Harm(io.open, str(victim), "w"),
        Harm(getattr, "", "join"),
    ):
        path.write_bytes(pickle.dumps({"w": np.zeros(2), "x": harm}, protocol=protocol))
        with pytest.raises(WeightsError, match="evil.pdparams: asks to run"):
            weights.load_into(WeightsTestNet(), path)
    assert not victim.exists()


@pytest.mark.parametrize("name", ["system", "__class__", "Unpickler"])
def test_no_dotted_or_odd_global_gets_through(tmp_path, name):
    path = tmp_path / "evil.pdparams"
    for module in (b"numpy", b"numpy.core.multiarray", b"collections", b"builtins", b"ppgen.io.pdparams"):
        path.write_bytes(
            b"\x80\x04\x8c"
            + bytes([len(module)])
            + module
            + b"\x8c"
            + bytes([len(name)])
            + name.encode()
            + b"\x93."
        )
        with pytest.raises(WeightsError):
            weights.read_arrays(path)


def test_arrays_of_objects_are_refused(tmp_path):
    path = tmp_path / "objects.pdparams"
    path.write_bytes(pickle.dumps({"w": np.array([{}, None], dtype=object)}))
    with pytest.raises(WeightsError, match="no plain number"):
        weights.read_arrays(path)


@pytest.mark.parametrize("cut", [0, 1, 5, 9, 60, 200])
def test_truncated_files(tmp_path, cut):
    net = WeightsTestNet()
    paddle.save(net.state_dict(), str(tmp_path / "net.pdparams"))
    weights.save_network(net, tmp_path / "net.safetensors")
    for name in ("net.pdparams", "net.safetensors"):
        path = tmp_path / name
        path.write_bytes(path.read_bytes()[:cut])
        with pytest.raises(WeightsError, match=name):
            weights.read_arrays(path)
    with pytest.raises(WeightsError):
        weights.description(tmp_path / "net.safetensors")


def test_damaged_bytes_never_escape_as_another_error(tmp_path):
    net, rng = WeightsTestNet(), np.random.default_rng(0)
    refused, escaped = {"a": 0, "b": 0}, []
    paddle.save(net.state_dict(), str(tmp_path / "a"))
    weights.save_network(net, tmp_path / "b")
    for name in ("a", "b"):
        whole = bytearray((tmp_path / name).read_bytes())
        for _ in range(150):
            broken = whole.copy()
            broken[int(rng.integers(len(broken)))] = int(rng.integers(256))
            (tmp_path / "c").write_bytes(broken)
            for read in (weights.read_arrays, weights.description):
                try:
                    read(tmp_path / "c")
                except WeightsError:
                    refused[name] += 1
                except Exception as error:  # noqa: BLE001  (that there is none is what is tested)
                    escaped.append((name, read.__name__, repr(error)))
    assert not escaped and min(refused.values()) > 0, (escaped[:3], refused)


def test_what_is_no_weights_file(tmp_path):
    for name, content in (("a.txt", b"hello, this is text"), ("b.json", json.dumps({"a": 1}).encode())):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(WeightsError, match=name):
            weights.read_arrays(tmp_path / name)
    with pytest.raises(WeightsError, match="cannot be read"):
        weights.read_arrays(tmp_path / "absent.safetensors")
    with pytest.raises(WeightsError, match="cannot be read"):
        weights.description(tmp_path)


def test_eight_bit_matrices_come_back_within_half_a_step(tmp_path):
    from ppgen.networks.skin_tone import SkinTone

    network = SkinTone(features=2000)
    before = network.linear.weight.numpy().copy()
    path = weights.save_network(network, tmp_path / "a.safetensors", half=True, eight_bit=True)
    assert path.stat().st_size < before.size * 1.5
    again = SkinTone(features=2000)
    weights.load_into(again, path)
    step = np.abs(before).max(axis=0) / 127
    assert (np.abs(again.linear.weight.numpy() - before) <= step * 0.5001 + 1e-9).all()
    assert np.array_equal(again.linear.bias.numpy(), network.linear.bias.numpy())


def test_a_container_that_is_named_a_hundred_times_is_read_once(tmp_path):
    content = [np.zeros(1, np.float32)]
    for _ in range(12):
        content = [content] * 100  # 10 to the power of 24 numbers, if each were read anew
    path = tmp_path / "bomb.pdparams"
    path.write_bytes(pickle.dumps({"w": content}, protocol=4))
    with pytest.raises(WeightsError, match="'w' is not an array of numbers"):
        weights.read_arrays(path)


def test_a_file_that_lists_more_arrays_than_any_network(tmp_path):
    write_arrays(tmp_path / "x.safetensors", {str(number): np.zeros(0, np.float32) for number in range(20_001)})
    with pytest.raises(WeightsError, match="lists 20001 arrays"):
        read_arrays(tmp_path / "x.safetensors")


def test_more_arrays_beside_the_networks_own(tmp_path):
    path = weights.save_network(WeightsTestNet(), tmp_path / "a.safetensors", card={"title": "A"})
    before = path.read_bytes()
    weights.add_extra(path, {"mean": np.arange(3)}, {"samples": 9}, tmp_path / "b.safetensors")
    assert path.read_bytes() == before and weights.read_extra(path) == {}
    found = weights.read_extra(tmp_path / "b.safetensors")
    assert found["mean"].tolist() == [0, 1, 2] and found["mean"].dtype == np.float32
    assert weights.description(tmp_path / "b.safetensors").extra == {"samples": 9}
    assert same(read_arrays(path), {k: v for k, v in read_arrays(tmp_path / "b.safetensors").items() if k != "@mean"})
    plain = write_arrays(tmp_path / "c.safetensors", {"a": np.zeros(1)})
    with pytest.raises(WeightsError, match="does not say which network"):
        weights.add_extra(plain, {"mean": np.arange(3)})


def test_a_card_that_is_no_json_is_refused(tmp_path):
    with pytest.raises(WeightsError, match="JSON-able"):
        weights.save_network(WeightsTestNet(), tmp_path / "a.safetensors", card={"title": object()})
