"""NumPy's files, idx files and gzips: headers that claim what is not there, objects, damage."""

import gzip
import io
import random
import struct
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from hostile.case import Case, Content, written


def npy(header: str, data: bytes = b"", version: bytes = b"\x01\x00", length: int | None = None) -> bytes:
    """A .npy whose header is any text."""
    text = header.encode("latin1", "replace") + b"\n"
    size = struct.pack("<H" if version[0] == 1 else "<I", len(text) if length is None else length)
    return b"\x93NUMPY" + version + size + text + data


def claims(shape: object = "(2,)", dtype: object = "'<f4'", fortran: object = "False") -> str:
    """The text of a header."""
    return f"{{'descr': {dtype}, 'fortran_order': {fortran}, 'shape': {shape}, }}"


def _npys() -> Iterator[tuple[str, bytes]]:
    for shape in (
        "(100000000000, 2)", "(10**11,)", "(-1,)", "(1.5,)", "(True,)", "None", "()", "2", "'2'", "(2,)*5",
        "(0, 99999999999)", "(3,)",
        f"({'1,' * 40})", f"({'9' * 5000},)", "[2]", "{}", "(2", "((2,),)", "(__import__('os'),)", "(0,)",
        f"({'0,' * 70})",
    ):  # fmt: skip
        yield f"shape {shape[:40]}", npy(claims(shape), bytes(8))
    for dtype in (
        "'|O'", "'<f8'", "'<U99999999'", "'S0'", "'V8'", "'<M8[s]'", "'<c16'", "''", "None", "'f4,f4'",
        "[('a', '<f4'), ('b', '|O')]",
        "'x'", "'<U0'", "[]", "['a']", "('<f4', (10**9,))", "{'names': ['a'], 'formats': ['O']}", "'\\x1b[2J'",
        "'<f2'", "'?'",
        "[('a', '<f4', (99999, 99999))]", "'" + "f" * 5000 + "'",
    ):  # fmt: skip
        yield f"dtype {dtype[:40]}", npy(claims(dtype=dtype), bytes(8))
    for text in (
        "", "{}", "[]", "(" * 5000, "{" * 5000, "1" * 5000, "__import__('os').system('touch canary')",
        "{'descr': '<f4'}", "\0" * 100,
        "{'shape': (2,)}", "[0] * 10**10", "'a' * 10**10", "10**10**10", claims(fortran="5"), claims(fortran="None"),
        claims() * 2,
        claims() + " " * 60_000,
    ):  # fmt: skip
        yield f"header {text[:30]!r} of {len(text)}", npy(text, bytes(8))
    for version in (b"\x00\x00", b"\x01\x05", b"\x02\x00", b"\x03\x00", b"\x09\x00", b"\xff\xff"):
        yield f"version {version.hex()}", npy(claims(), bytes(8), version)
    for length in (0, 1, 65535):
        yield f"length {length}", npy(claims(), bytes(8), length=length)
    yield "length of 4 GB", npy(claims(), bytes(8), b"\x02\x00", 2**32 - 1)
    for end in range(0, 80, 9):
        yield f"cut at {end}", npy(claims(), bytes(8))[:end]


def _npzs() -> Iterator[tuple[str, Content]]:
    good = npy(claims("(1, 68, 2)"), bytes(4 * 136))
    ids = npy(claims("(1,)", "'<U1'"), "a".encode("utf-32-le"))

    def packed(entries: list[tuple[str, bytes]], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", kind) as archive:
            for name, data in entries:
                archive.writestr(name, data)
        return file.getvalue()

    yield "nothing", packed([])
    yield "no arrays", packed([("ids.npy", b""), ("p68.npy", b"")])
    yield "0-d ids", packed([("ids.npy", npy(claims("()", "'<U1'"), b"a\0\0\0")), ("p68.npy", good)])
    yield "ids that are numbers", packed([("ids.npy", npy(claims("(1,)", "'<f4'"), bytes(4))), ("p68.npy", good)])
    yield (
        "ids of NaN twice",
        packed([("ids.npy", npy(claims("(2,)", "'<f4'"), b"\0\0\xc0\x7f" * 2)), ("p68.npy", good)]),
    )
    yield "points of text", packed([("ids.npy", ids), ("p68.npy", npy(claims("(1,68,2)", "'<U1'"), bytes(544)))])
    yield "points 0-d", packed([("ids.npy", ids), ("p68.npy", npy(claims("()"), bytes(4)))])
    yield "points of NaN", packed([("ids.npy", ids), ("p68.npy", npy(claims("(1,68,2)"), b"\0\0\xc0\x7f" * 136))])
    yield (
        "zeros of 2 GB",
        lambda: packed([("ids.npy", npy(claims("(2147483648,)", "'|u1'"), bytes(2**27))), ("p68.npy", good)]),
    )
    yield "one name twice", packed([("ids.npy", ids)] * 2 + [("p68.npy", good)])
    yield "names that leave", packed([("../../x.npy", ids), ("/etc/passwd", ids), ("p68.npy", good)])
    yield "names that move the cursor", packed([("\x1b[2J.npy", npy("x"))])
    yield "ten thousand entries", packed([(f"{n}.npy", b"") for n in range(10_000)])
    yield "w_plus and noise", packed([("w_plus.npy", good), ("noise_0.npy", ids), ("noise_5.npy", ids)])
    yield "only noise", packed([("noise_0.npy", ids)])
    for kind in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_STORED):
        yield f"packed by {kind}", packed([("ids.npy", ids), ("p68.npy", good)], kind)
    whole = packed([("ids.npy", ids), ("p68.npy", good)])
    for end in range(0, len(whole), len(whole) // 12):
        yield f"npz cut at {end}", whole[:end]
    for number in range(50):
        rng, data = random.Random(number), bytearray(whole)
        for _ in range(rng.randint(1, 5)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        yield f"npz mutated {number}", bytes(data)


def _idxs() -> Iterator[tuple[str, Content]]:
    def idx(*shape: int, kind: int = 8, dimensions: int | None = None, data: bytes = b"") -> bytes:
        head = bytes([0, 0, kind, len(shape) if dimensions is None else dimensions])
        return head + b"".join(struct.pack(">I", side % 2**32) for side in shape) + data

    yield "idx of 4 G pictures", idx(2**32 - 1, 2**32 - 1, 2**32 - 1)
    yield "idx of floats", idx(1, 2, 2, kind=13, data=bytes(16))
    yield "idx of 255 dimensions", idx(1, 2, 2, dimensions=255, data=bytes(4))
    yield "idx of no dimension", idx()
    yield "idx without pictures", idx(0, 28, 28)
    yield "idx of pictures without pixels", idx(5, 0, 0)
    yield "idx cut short", idx(5, 28, 28, data=bytes(100))
    yield "idx with more", idx(1, 2, 2, data=bytes(100))
    yield "idx empty", b""
    yield "idx of two bytes", b"\0\0"
    yield "gzip bomb", lambda: gzip.compress(idx(2**16, 128, 129, data=bytes(2**20))) + gzip.compress(bytes(2**24)) * 66
    yield "gzip cut", gzip.compress(idx(1, 2, 2, data=bytes(4)))[:-6]
    yield "gzip of gzip", gzip.compress(gzip.compress(idx(1, 2, 2, data=bytes(4))))
    yield "gzip with a wrong sum", gzip.compress(idx(1, 2, 2, data=bytes(4)))[:-8] + bytes(8)
    yield "gzip with a name that moves the cursor", b"\x1f\x8b\x08\x08\0\0\0\0\0\0\x1b[2J\0" + gzip.compress(b"")[10:]
    yield "gzip header only", b"\x1f\x8b"


def _landmarks(content: Content) -> None:
    from ppgen.datasets.files import read_landmarks

    read_landmarks(written("landmarks.npz", content), ["a"])


def _latent(content: Content) -> None:
    from ppgen.latent.w_plus import read_latent

    class Network:
        count, latent_dim = 4, 8

        @staticmethod
        def noise_shapes() -> list[tuple[int, int]]:
            return [(4, 4)]

    read_latent(written("latent.npy", content), Network())


def _mnist(content: Content) -> None:
    from ppgen.registry import DATASETS

    made = content() if callable(content) else content
    for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        written(f"mnist/{name}", made)
    DATASETS.build({"name": "MNIST", "dataroot": str(Path("mnist").resolve()), "split": "train"}).sample(0)


def cases() -> Iterator[Case]:
    """Arrays as landmarks and as latents, idx files as MNIST."""
    for what, content in _npys():
        yield Case(f"arrays/{what}", partial(_latent, content))
    for what, content in _npzs():
        yield Case(f"arrays/landmarks: {what}", partial(_landmarks, content))
    for what, content in _idxs():
        yield Case(f"arrays/{what}", partial(_mnist, content))
