"""Safetensors: headers that lie, and metadata that describe networks which nobody should build."""

import json
import struct
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from hostile.case import Case, command, written

_ODD = (
    -1,
    0,
    1.5,
    10**9,
    2**70,
    True,
    None,
    "8",
    "x" * 5000,
    [],
    [512],
    {"a": 1},
    float("nan"),
    float("inf"),
    [2**20] * 5,
)
_TEXTS = ("\x1b[2Ja\nerror: sent", "a\x00b", "../../x", "é" * 300, "\ud800", "", " ", "\u202egnp", "x" * 100_000)
FILE = "w.safetensors"


def packed(header: object, data: bytes = b"", length: int | None = None) -> bytes:
    """A safetensors file; a header that is text stays as it is."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode("utf-8", "surrogatepass")
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(dtype: object = "F32", shape: object = (2,), offsets: object = (0, 8), **more: object) -> dict:
    """What a header says of an array."""
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets, **more}


def _headers() -> Iterator[tuple[str, bytes]]:
    """Files that are damaged, or lie about their arrays."""
    good = packed({"a": entry()}, bytes(8))
    for length in (0, 1, 2, 7, 100, 2**20, 10**8, 2**31, 2**32 - 1, 2**53, 2**63 - 1, 2**63, 2**64 - 1):
        yield f"length {length}", packed({"a": entry()}, bytes(8), length)
    for end in range(0, len(good), 5):
        yield f"cut at {end}", good[:end]
    for text in (
        b"", b"{", b"}", b"[]", b"null", b"1", b'"a"', b"{}{}", b'{"a":', b'{"a":1}', b'{"a":[]}', b'{"a":{}}',
        b"\xff\xfe{}",
        b"[" * 3000, b'{"a":' * 3000, b"[" * 200_000, b'{"a":1e999}', b'{"a":' + b"9" * 5000 + b"}", b'{"\\ud800":{}}',
        b'{"__metadata__":1}', b'{"__metadata__":{"class":1}}', b'{"__metadata__":{"class":{}}}',
        b'{"__metadata__":[]}',
        b" " * 1000 + b"{}", b"{}" + b" " * 1000, b"{}\0\0", b'{"a":{"dtype":"F32"}}', b'{"a":{"shape":[2]}}',
        b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
    ):  # fmt: skip
        yield f"header {text[:40]!r} of {len(text)}", packed(text, bytes(8))
    for dtype in (
        "F4",
        "F64",
        "I64",
        "BOOL",
        "BF16",
        "F8_E4M3",
        "U8",
        "O",
        "",
        "f32",
        1,
        None,
        ["F32"],
        "x" * 9999,
        "C64",
    ):
        yield f"dtype {str(dtype)[:20]!r}", packed({"a": entry(dtype)}, bytes(8))
    for shape in (
        (-2,), (2.0,), (2**62,), (2**63,), (2**64,), (2**33, 2**33), (0,), (0, 2**62), (1,) * 5000, ("2",), None, 2,
        {}, (3,), (),
        (True, 2), (10**30,), [[2]],
    ):  # fmt: skip
        yield f"shape {str(shape)[:40]}", packed({"a": entry(shape=shape)}, bytes(8))
    for offsets in (
        (8, 0), (-8, 0), (0, 7), (0, 9), (4, 12), (0, 2**63), (2**63, 2**63 + 8), (0,), (0, 8, 16), None, "08",
        (0.0, 8.0), (1, 9),
        (8, 16), (0, 10**30),
    ):  # fmt: skip
        yield f"offsets {offsets}", packed({"a": entry(offsets=offsets)}, bytes(8))
    yield "two arrays over one another", packed({"a": entry(), "b": entry()}, bytes(8))
    yield "a gap", packed({"a": entry(), "b": entry(offsets=(16, 24))}, bytes(24))
    yield "more data than said", packed({"a": entry()}, bytes(10_000))
    yield "a million empty arrays", packed({f"{n}": entry(shape=(0,), offsets=(0, 0)) for n in range(100_000)})
    yield (
        "a thousand keys of 9,000 letters",
        packed({f"{n}" * 3000: entry(shape=(0,), offsets=(0, 0)) for n in range(100, 999)}),
    )
    yield "unknown fields", packed({"a": entry(code="import os")}, bytes(8))
    for text in _TEXTS:
        yield f"an array called {text[:12]!r} of {len(text)}", packed({text: entry()}, bytes(8))


def described(arrays: dict[str, np.ndarray] | None = None, **metadata: object) -> bytes:
    """A file that says which network it fills; what is no text is written as JSON, NaN included."""
    held = {"a": np.zeros(2, np.float32)} if arrays is None else arrays
    header, data = {}, b""
    for key, value in held.items():
        header[key] = entry(shape=value.shape, offsets=(len(data), len(data) + value.nbytes))
        data += value.astype(np.float32).tobytes()
    told = {key: value if isinstance(value, str) else json.dumps(value) for key, value in metadata.items()}
    return packed({"__metadata__": {"format": "ppgen-1", **told}, **header}, data)


def _claims() -> Iterator[tuple[str, bytes]]:
    """Metadata: every network with odd values for each of its arguments."""
    import inspect

    from ppgen.registry import NETWORKS

    for number, name in enumerate(NETWORKS.names()):
        parameters = list(inspect.signature(NETWORKS.get(name).__init__).parameters)[1:]
        for place, parameter in enumerate(parameters):
            for step in range(4):
                odd = _ODD[(4 * (number + place) + step) % len(_ODD)]
                yield (
                    f"{name} {parameter}={str(odd)[:20]} ({step})",
                    described(**{"class": name, "args": {parameter: odd}}),
                )
    for text in (*_TEXTS, "os.system", "Layer", "__import__('os').system('touch canary')", "paddle.nn.Linear"):
        yield f"class {text[:20]!r} of {len(text)}", described(**{"class": text, "args": {}})
    for text in (
        "",
        "[]",
        "null",
        "1",
        "{",
        '{"a":' * 5000,
        '{"name": "Other"}',
        '{"width": ' + "9" * 5000 + "}",
        '{"": 1}',
        '"x"',
    ):
        yield f"args {text[:20]!r} of {len(text)}", described(**{"class": "MLPGenerator", "args": text})
    for text in _TEXTS:
        yield (
            f"an argument called {text[:12]!r} of {len(text)}",
            described(**{"class": "MLPGenerator", "args": {text: 1}}),
        )
        yield (
            f"an argument that is {text[:12]!r} of {len(text)}",
            described(**{"class": "MLPGenerator", "args": {"width": text}}),
        )
    for value in (
        "",
        "[]",
        "[0]",
        "[0, 1, 2]",
        "[null, 1]",
        "[NaN, 1]",
        "[1e999, 0]",
        '["a", "b"]',
        "{}",
        "[[0], 1]",
        "[1, 0]",
        "[0, 0]",
    ):
        yield f"value_range {value}", described(**{"class": "MLPGenerator", "args": {}, "value_range": value})


def _small_network() -> tuple[dict, dict[str, np.ndarray]]:
    """(arguments, arrays) of a generator that is drawn from at once."""
    from ppgen.io.weights import network_arrays
    from ppgen.registry import NETWORKS

    arguments = {"latent_dim": 4, "width": 8, "image_size": 8, "channels": 1}
    return arguments, network_arrays(NETWORKS.build({"name": "MLPGenerator", **arguments}))


def _with_card(**metadata: object) -> None:
    """Draw with a small generator whose metadata are odd."""
    arguments, arrays = _small_network()
    written(FILE, described(arrays, **{"class": "MLPGenerator", "args": arguments, **metadata}))
    return command("sample", "--model", FILE, "-o", "out.png")


def _with_arrays(change: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]) -> int:
    """Draw with a small generator whose arrays were changed."""
    arguments, arrays = _small_network()
    written(FILE, described(change(arrays), **{"class": "MLPGenerator", "args": arguments}))
    return command("sample", "--model", FILE, "-o", "out.png")


_CARDS: tuple[object, ...] = (
    "", "null", "[]", "1", "{", '{"a":' * 5000, {"title": "\x1b[2J\x1b[1;1Hok"}, {"title": ["x"] * 1000},
    {"title": None},
    {"dataset": 1}, {"dataset": {"train": None}}, {"dataset": {"train": {"size": 60000}}},
    {"dataset": {"train": {"size": -1}}},
    {"dataset": {"train": {"size": "big"}}}, {"dataset": {"train": {"size": [1]}}},
    {"dataset": {"train": {"size": 1e308}}},
    {"classes": ["a"] * 10**5}, {"classes": 5}, {"classes": [{}]}, {"classes": {"a": 1}},
    {"scores": {"kid": float("nan")}},
    {"labels": ["\n\nerror: x"]}, {"seed": 2**80}, {"command": "rm -rf ~"}, {"licence": "x" * 10**6}, {"": ""},
    {"network": 3},
    {"limits": {"a": {"b": {"c": {}}}}}, {"title": "\u202e" * 50},
    {"dataset": {"train": {"name": "ImageFolder", "dataroot": "/etc"}}},
)  # fmt: skip
_CHANGES: dict[str, Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]] = {
    "NaN": lambda held: {key: np.full_like(value, np.nan) for key, value in held.items()},
    "infinity": lambda held: {key: np.full_like(value, np.inf) for key, value in held.items()},
    "huge": lambda held: {key: np.full_like(value, 3e38) for key, value in held.items()},
    "one missing": lambda held: dict(list(held.items())[1:]),
    "all missing": lambda held: {},
    "more": lambda held: {**held, "b": np.zeros(3, np.float32)},
    "transposed": lambda held: {key: value.T for key, value in held.items()},
    "scalars": lambda held: {key: np.zeros((), np.float32) for key in held},
    "other names": lambda held: {f"module.{key}": value for key, value in held.items()},
    "scales of nothing": lambda held: {**held, "x@scale": np.zeros(2, np.float32)},
    "scales that do not fit": lambda held: {**held, **{f"{key}@scale": np.zeros(3, np.float32) for key in held}},
    "extra": lambda held: {**held, "extra/": np.zeros(2, np.float32), "extra/../../x": np.zeros(2, np.float32)},
    "thousands more": lambda held: {**held, **{f"\x1b[2J{n}": np.zeros(1, np.float32) for n in range(5000)}},
}


def _read_all(content: bytes) -> None:
    """Everything that reads a weights file, one after the other; each may refuse it."""
    from ppgen import hub
    from ppgen.errors import PPGenError
    from ppgen.io.weights import card_of, read_extra

    path: Path = written(FILE, content)
    for read in (card_of, read_extra, hub.load):
        try:
            read(path)
        except PPGenError as error:
            last = error
    raise last


def cases() -> Iterator[Case]:
    """Headers and claims through the readers, cards and arrays through `ppgen sample`."""
    for what, content in (*_headers(), *_claims()):
        yield Case(f"weights/{what}", partial(_read_all, content))
    for number, card in enumerate(_CARDS):
        yield Case(f"weights/card {number} {str(card)[:40]!r}", partial(_with_card, card=card))
        yield Case(f"weights/extra {number} {str(card)[:40]!r}", partial(_with_card, extra=card))
    for what, change in _CHANGES.items():
        yield Case(f"weights/arrays: {what}", partial(_with_arrays, change))
