"""What a pickle asks for is held against its length, and nothing that it names changes."""

import pickle
import struct
import tracemalloc

import numpy as np
import pytest

from ppgen.errors import WeightsError
from ppgen.io import pdparams, weights

ARRAY = pickle.dumps(np.zeros(2**17, np.float32), protocol=4)[2:-1]  # half a MB, without start and stop
TEXT = b"X" + struct.pack("<I", 2**19) + b"a" * 2**19
MANY = 20_000


def named_again(value: bytes, again: bytes) -> bytes:
    """A list of a value in memo 9999 and of what is made of it, many times."""
    return b"\x80\x04](" + value + b"r\x0f\x27\x00\x00" + again * MANY + b"e."


HOSTILE = {
    "memo index": b"\x80\x02]r\x00\x00\x00\x14.",
    "bytes that are not there": b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"a.",
    "bytearray that is not there": b"\x80\x05\x96" + struct.pack("<Q", 2**62) + b"a.",
    "frame that is not there": b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"].",
    "one text encoded again and again": named_again(
        b"c_codecs\nencode\n" + TEXT, b"c_codecs\nencode\nj\x0f\x27\x00\x00\x85R"
    ),
    "one array named again and again": b"\x80\x04}(X\x01\x00\x00\x00a" + ARRAY + b"r\x0f\x27\x00\x00"
    + b"".join(b"X\x05\x00\x00\x00%05dj\x0f\x27\x00\x00" % n for n in range(MANY)) + b"u.",
    "a list of one array": b"\x80\x04}X\x01\x00\x00\x00a](" + ARRAY + b"r\x0f\x27\x00\x00" + b"j\x0f\x27\x00\x00" * MANY
    + b"es.",
    "long texts in a list": pickle.dumps({"w": ["a" * 100_000, *["b"] * 10_000]}, protocol=4),
    "a whole number of a MB": b"\x80\x02\x8b" + struct.pack("<i", 2**20) + b"\x7f" * 2**20 + b".",
    "more and more on the stack": b"\x80\x02" + b"]" * 1_500_000 + b".",
    "a step that no array needs": b"\x80\x02]0N.",
    "keys of equal hash": b"\x80\x02}(" + b"".join(b"J%bK\x01\x86N" % struct.pack("<i", n) for n in range(9)) + b"u.",
    "a type by nested lists": b"\x80\x04cnumpy\ndtype\n(" + b"](" * 5 + b"e" * 5 + b"tR.",
    "fewer values than taken": b"\x80\x02s.",
    "a mark that is not there": b"\x80\x02e.",
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_memory_follows_the_length_of_the_file(tmp_path, kind):
    path = tmp_path / "bomb.pdparams"
    path.write_bytes(HOSTILE[kind])
    tracemalloc.start()
    try:
        with pytest.raises(WeightsError, match="bomb.pdparams: ") as caught:
            weights.read_arrays(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(str(caught.value)) < len(str(path)) + 200 and "\n" not in str(caught.value)
    assert peak < 12 * len(HOSTILE[kind]) + 2**27


def build(named: bytes, state: dict) -> bytes:
    """A pickle that gives a state to what it names."""
    return b"\x80\x02c" + named + pickle.dumps(state, protocol=2)[2:-1] + b"b."


@pytest.mark.parametrize("named", [b"_codecs\nencode\n", b"numpy\nndarray\n", b"numpy\ndtype\n", b"builtins\nbytes\n",
                                   b"numpy.core.multiarray\nscalar\n", b"collections\nOrderedDict\n"])  # fmt: skip
@pytest.mark.parametrize("state", [{"x": 1}, ({}, {"call": 1, "__defaults__": (1,)}), {"restore": 1}])
def test_a_file_sets_no_attribute_on_what_it_names(tmp_path, named, state):
    path = tmp_path / "evil.pdparams"
    path.write_bytes(build(named, state))
    before = {
        name: vars(value) for name, value in vars(pdparams).items() if callable(value) and hasattr(value, "__dict__")
    }
    before = {name: dict(value) for name, value in before.items()}
    with pytest.raises(WeightsError, match=r"evil\.pdparams: calls or changes"):
        weights.read_arrays(path)
    assert before == {name: dict(vars(getattr(pdparams, name))) for name in before}
    whole = pickle.dumps({"a": np.arange(3, dtype=np.float32)}, protocol=2)
    assert pdparams.read_pdparams(whole, "whole")["a"].tolist() == [0, 1, 2]


def test_a_name_that_would_forge_a_line_is_printed_plainly(tmp_path):
    path = tmp_path / "evil.pdparams"
    path.write_bytes(b"\x80\x04\x8c\x17os\nerror: \x1b[31mall well\x8c\x06system\x93.")
    with pytest.raises(WeightsError, match="asks to run os error: ") as caught:
        weights.read_arrays(path)
    assert str(caught.value).isprintable()


def test_tied_arrays_of_a_whole_checkpoint_are_read():
    shared = np.arange(1000, dtype=np.float32)
    content = {"netG": {f"layer{n}.weight": np.full((3, 4), n, np.float32) for n in range(3000)}, "epoch": 3}
    content["netG"] |= {"a": shared, "b": shared}
    read = pdparams.read_pdparams(pickle.dumps(content, protocol=2), "all")
    assert read["epoch"] == 3 and read["netG"]["layer2999.weight"].mean() == 2999 and len(read["netG"]) == 3002
    assert np.array_equal(read["netG"]["a"], shared) and np.array_equal(read["netG"]["b"], shared)
