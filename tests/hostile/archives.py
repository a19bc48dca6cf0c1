"""Zips and tars: entries that leave the folder, links, bombs, absurd headers, damage."""

import bz2
import gzip
import io
import lzma
import random
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial

from hostile.case import Case, command, written

_NAMES = (
    "../victim.txt", "../../victim.txt", "/etc/victim.txt", "a/../../victim.txt", "..\\victim.txt", "C:\\x", "C:x",
    "\\\\host\\x", "", ".", "..", "/", "a/",
    "./a", "a//b", "a\0b", "a:b", "con", "nul.txt", "aux/b", "com1.png", "x" * 201, "x" * 5000, "/".join("d" * 2000),
    "/".join(["d"] * 200), " ", "a ", "a.",
    "-rf", "~", "$HOME/x", "`id`", "\x1b[2J\x1b[1;1Herror: sent", "a\nb", "\u202egnp.exe", "é", "e\u0301", "\ud800",
    "👩" * 60, "%2e%2e/x", "....//x",
    "data/../../x", "\\..\\x", "a\\..\\..\\x", "/./../x", "\t", "a|b", "a*b", 'a"b', "<a>", ".git/config", ".bashrc",
    "__MACOSX/x", "Thumbs.db", "PRN", "LPT9.jpg",
)  # fmt: skip


def zipped(entries: list[tuple[str | zipfile.ZipInfo, bytes]], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of names and contents."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", kind, strict_timestamps=False) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return file.getvalue()


def tarred(entries: list[tuple[tarfile.TarInfo, bytes]], mode: str = "w", kind: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar of headers and contents."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode, format=kind, errors="surrogateescape") as archive:
        for info, data in entries:
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def member(name: str, size: int = 1, kind: bytes = tarfile.REGTYPE, link: str = "", **more: object) -> tarfile.TarInfo:
    """A tar's header."""
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, link
    for key, value in more.items():
        setattr(info, key, value)
    return info


def _linked(target: str) -> bytes:
    info = zipfile.ZipInfo("a/link")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return zipped([(info, target.encode()), ("a/link/b.txt", b"x")])


def _name(name: str) -> Iterator[tuple[str, Callable[[], bytes]]]:
    shown = f"{name[:24]!r} of {len(name)}"

    def raw_zip(*others: str) -> bytes:
        """Names that the library would repair are put in by hand."""
        safe = "Q" * max(1, len(name.encode("utf-8", "surrogatepass")))
        data = zipped([(each, b"x") for each in (safe, *others)], zipfile.ZIP_STORED)
        return data.replace(safe.encode(), name.encode("utf-8", "surrogatepass") or b"\0")

    yield f"zip entry {shown}", raw_zip
    yield f"zip entry {shown} among others", partial(raw_zip, "s/a.png", "s/b.png")
    yield f"tar entry {shown}", lambda: tarred([(member(name.replace("\0", "?").replace("\ud800", "\udc80")), b"x")])


def _zips() -> Iterator[tuple[str, Callable[[], bytes]]]:
    good = zipped([("set/a.png", b"x" * 100), ("set/b.png", b"y" * 100)])
    for target in ("../victim.txt", "/etc/passwd", ".", "a"):
        yield f"zip link to {target}", partial(_linked, target)
    for kind in (stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK):
        info = zipfile.ZipInfo("a/dev")
        info.create_system, info.external_attr = 3, (kind | 0o777) << 16
        yield f"zip with a {stat.filemode(kind)[0]}", partial(zipped, [(info, b"")])
    yield "zip bomb of 1 GB", lambda: zipped([("a", bytes(2**28))] + [(f"b{n}", bytes(2**26)) for n in range(3)])
    yield "zip bomb by bzip2", lambda: zipped([("a", bytes(2**27))], zipfile.ZIP_BZIP2)
    yield "zip bomb by lzma", lambda: zipped([("a", bytes(2**27))], zipfile.ZIP_LZMA)
    yield "zip in zips", lambda: zipped([("a.zip", zipped([("b.zip", zipped([("c.txt", bytes(10**6))]))]))])
    yield "2,000 empty entries", lambda: zipped([(f"{n}", b"") for n in range(2000)])
    yield "the same entry twice", lambda: zipped([("a", b"x"), ("a", b"y")])
    yield "the same but for case", lambda: zipped([("A", b"x"), ("a", b"y")])
    yield "a file and a folder of one name", lambda: zipped([("a", b"x"), ("a/b", b"y")])
    yield "empty zip", lambda: zipped([])
    yield "only folders", lambda: zipped([("a/", b""), ("b/", b"")])
    yield "a comment of 65,535", lambda: good[:-2] + b"\xff\xff" + b"PK\x05\x06" * 16383 + b"abc"
    yield (
        "encrypted",
        lambda: good.replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00"),
    )
    for method in (1, 6, 9, 12, 14, 93, 99, 255):
        yield (
            f"method {method}",
            lambda method=method: good.replace(
                b"PK\x01\x02\x14\x03\x14\x00\x00\x00\x08\x00",
                b"PK\x01\x02\x14\x03\x14\x00\x00\x00" + bytes([method, 0]),
            ),
        )
    for size in (0, 1, 99, 101, 2**31, 2**32 - 1):
        yield (
            f"entries that say {size} bytes",
            lambda size=size: good.replace(struct.pack("<I", 100), struct.pack("<I", size)),
        )
    yield "overlapping entries", lambda: _overlapping(good)
    yield "text before the zip", lambda: b"#!/bin/sh\ntouch canary\n" + good
    yield "text behind the zip", lambda: good + b"x" * 1000
    yield "listing at a wrong place", lambda: good[:-6] + struct.pack("<I", 2**32 - 2) + good[-2:]
    yield "listing of 65,535 entries", lambda: good[:-12] + b"\xff\xff" + good[-10:]
    yield (
        "zip64 of 2**63 entries",
        lambda: good[:-22] + b"PK\x06\x06" + b"\xff" * 52 + b"PK\x06\x07" + b"\xff" * 16 + good[-22:],
    )
    yield "year 2107", lambda: good.replace(b"\x21\x00", b"\xff\xff")
    for end in range(0, len(good), 16):
        yield f"zip cut at {end}", lambda end=end: good[:end]
    for number in range(60):
        yield f"zip mutated {number}", partial(_mutated, good, number)


def _overlapping(good: bytes) -> bytes:
    """Both names in the listing lead to the first entry."""
    place = good.rindex(b"PK\x01\x02")
    return good[: place + 42] + bytes(4) + good[place + 46 :]


def _mutated(good: bytes, number: int) -> bytes:
    rng, data = random.Random(number), bytearray(good)
    for _ in range(rng.randint(1, 6)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def _tars() -> Iterator[tuple[str, Callable[[], bytes]]]:
    good = tarred([(member("set/a.png", 100), b"x" * 100), (member("set/b.png", 100), b"y" * 100)])
    kinds = {"link": tarfile.SYMTYPE, "hard link": tarfile.LNKTYPE, "pipe": tarfile.FIFOTYPE,
    "device": tarfile.CHRTYPE, "block": tarfile.BLKTYPE,
             "sparse": tarfile.GNUTYPE_SPARSE, "contiguous": tarfile.CONTTYPE, "unknown": b"Z",
             "folder": tarfile.DIRTYPE}  # fmt: skip
    for what, kind in kinds.items():
        yield (
            f"tar {what}",
            lambda kind=kind: tarred([(member("a/x", 0, kind, "../../victim.txt"), b""), (member("a/x/y"), b"x")]),
        )
    for size in (10**9, 10**12, 2**62, 8**11 - 1):
        yield (
            f"tar entry that says {size} bytes",
            lambda size=size: (
                tarred([(member("a", 1), b"x")])[:124] + _octal(size) + tarred([(member("a", 1), b"x")])[136:]
            ),
        )
    for key, value in {
        "path": "../victim.txt", "size": "9" * 30, "size of text": "x", "linkpath": "/etc/passwd",
        "GNU.sparse.map": "0,9" * 1000, "GNU.sparse.size": "9" * 20,
        "GNU.sparse.major": "1", "mtime": "nan", "uid": "9" * 50, "hdrcharset": "BINARY", "comment": "x" * 10**6,
        "path of 600 MB": "",
    }.items():  # fmt: skip
        yield f"tar with {key}", partial(_pax, key.split(" of ")[0], value)
    yield "tar name of 600 MB", lambda: _long_header(b"L", 600 * 2**20)
    yield "tar facts of 600 MB", lambda: _long_header(b"x", 600 * 2**20)
    yield "tar common facts of 600 MB", lambda: _long_header(b"g", 600 * 2**20)
    yield "tar name of 600 MB, gzipped", lambda: gzip.compress(_long_header(b"L", 600 * 2**20, whole=True), 1)
    yield "tar names of names", lambda: b"".join(_long_header(b"L", 512, whole=True) for _ in range(5000))
    yield "tar by gzip bomb", lambda: gzip.compress(tarred([(member("a", 2**27), bytes(2**27))]), 1)
    yield "tar by bzip2 bomb", lambda: bz2.compress(tarred([(member("a", 2**26), bytes(2**26))]))
    yield "tar by lzma bomb", lambda: lzma.compress(tarred([(member("a", 2**26), bytes(2**26))]), preset=0)
    yield "2,000 tar entries", lambda: tarred([(member(f"{n}", 0), b"") for n in range(2000)])
    yield "two tars in a row", lambda: good + good
    yield "zeros", lambda: bytes(10**6)
    yield "gzip of nothing", lambda: gzip.compress(b"")
    yield "gzip of zeros", lambda: gzip.compress(bytes(10**8))
    yield "setuid", lambda: tarred([(member("a/x", 1, mode=0o6777), b"x")])
    for end in range(0, len(good), 700):
        yield f"tar cut at {end}", lambda end=end: good[:end]
    for number in range(60):
        yield f"tar mutated {number}", partial(_mutated, good, number)
        if number < 20:
            yield f"tgz mutated {number}", lambda number=number: _mutated(gzip.compress(good, mtime=0), number)


def _octal(size: int) -> bytes:
    return b"%011o\0" % size if size < 8**11 else b"\x80" + size.to_bytes(11, "big")


def _pax(key: str, value: str) -> bytes:
    return tarred([(member("a/x", 1, pax_headers={key: value}), b"x")], kind=tarfile.PAX_FORMAT)


def _long_header(kind: bytes, size: int, whole: bool = False) -> bytes:
    """A header before a file's that says it is so long; `whole`: and is."""
    info = member("././@LongLink", size, kind)
    return info.tobuf(tarfile.GNU_FORMAT) + b"a" * (size if whole else 1024) + tarred([(member("b"), b"x")])


def _unpack(make: Callable[[], bytes], name: str) -> int:
    return command("data", "unpack", written(name, make()), "-d", "target")


def cases() -> Iterator[Case]:
    """All through `ppgen data unpack`."""
    for name in _NAMES:
        for what, make in _name(name):
            yield Case(f"archives/{what}", partial(_unpack, make, "set.zip"))
    for what, make in (*_zips(), *_tars()):
        yield Case(f"archives/{what}", partial(_unpack, make, "set.tar.gz"))
    for name in ("-rf.zip", ".zip", "....tar.gz", "data.zip", "a b.zip", "\x1b[2J.zip"):
        yield Case(
            f"archives/called {name!r}",
            partial(_unpack, lambda: zipped([("a.png", b"x"), ("b.png", b"y")]), f"in/{name}"),
        )
