"""Pictures: headers that lie, and good files of every kind with bytes changed."""

import io
import os
import random
import struct
import zlib
from collections.abc import Iterator
from functools import cache, partial

import numpy as np
from hostile.case import Case, Content, command, written

NUMBERED = {"mutated": "io", "predicted": "predictor"}  # kinds of as many cases as are asked for


def _png(width: int, height: int, depth: int = 8, colour: int = 2, data: bytes = b"", more: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width % 2**32, height % 2**32, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + more + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    )


def _bomb(kind: bytes) -> bytes:
    """A PNG with a compressed text or profile of 100 MB."""
    head = b"a\0\1\0\0\0" if kind == b"iTXt" else b"a\0\0"
    return _png(8, 8, data=bytes(200), more=chunk(kind, head + zlib.compress(bytes(10**8), 1)))


def chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG's."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _encoded(kind: str, picture: np.ndarray | None = None, **options: object) -> bytes:
    from PIL import Image

    array = _pattern() if picture is None else picture
    file = io.BytesIO()
    Image.fromarray(array).save(file, kind, **options)
    return file.getvalue()


def _pattern(side: int = 32) -> np.ndarray:
    y, x = np.mgrid[:side, :side]
    return np.stack([x * 7 % 256, y * 5 % 256, (x + y) * 3 % 256], -1).astype(np.uint8)


def _scans(count: int) -> bytes:
    """A progressive JPEG that repeats a scan so many times."""
    data = _encoded("JPEG", np.tile(_pattern(), (16, 16, 1)), progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


def _exif(entries: int, data: bytes = b"") -> bytes:
    """A JPEG whose EXIF block lists so many entries."""
    block = (
        b"Exif\0\0MM\0*\0\0\0\x08"
        + struct.pack(">H", entries % 2**16)
        + b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0" * min(entries, 5000)
        + data
    )
    plain = _encoded("JPEG")
    return plain[:2] + b"\xff\xe1" + struct.pack(">H", min(65535, len(block) + 2)) + block[:65533] + plain[2:]


def _made() -> Iterator[tuple[str, Content]]:
    row = b"\0" + bytes(3 * 8)
    for width, height in (
        (0, 0),
        (0, 8),
        (1, 10**8),
        (10**8, 1),
        (2**31 - 1, 2**31 - 1),
        (2**32 - 1, 1),
        (60_000, 60_000),
        (10_000, 10_000),
        (20_000, 5_000),
    ):
        yield f"png of {width}x{height}", _png(width, height, data=row * 8)
    for depth, colour in ((16, 6), (16, 2), (1, 0), (16, 0), (3, 2), (8, 3), (8, 5), (255, 255), (0, 0)):
        yield f"png of depth {depth}, colour {colour}", _png(8, 8, depth, colour, row * 60)
    yield "png of 10,000x9,999 with alpha", lambda: _png(10_000, 9_999, 8, 6, bytes(10**6))
    for kind in (b"iCCP", b"zTXt", b"iTXt", b"tEXt", b"eXIf", b"tRNS", b"PLTE", b"acTL", b"fcTL"):
        yield f"png with {kind.decode()} that unpacks to 100 MB", partial(_bomb, kind)
        yield f"png with {kind.decode()} of zeros", _png(8, 8, data=row * 8, more=chunk(kind, bytes(300)))
    yield "png with 100,000 text chunks", lambda: _png(8, 8, data=row * 8, more=chunk(b"tEXt", b"a\0b") * 100_000)
    yield "png with 100,000 empty parts", lambda: _png(8, 8, data=row * 8, more=chunk(b"IDAT", b"") * 100_000)
    yield "png that goes on for 20 MB", lambda: b"\x89PNG\r\n\x1a\n" + chunk(b"tEXt", b"a\0b") * (20 * 2**20 // 15)
    yield "png whose pixels are a bomb", lambda: _png(8, 8, data=bytes(3 * 10**8))
    for scans in (100, 4000):
        yield f"jpeg of {scans} scans", partial(_scans, scans)
    plain = _encoded("JPEG")
    yield "jpeg that goes on for 20 MB", lambda: plain[:2] + (b"\xff\xfe\x00\x04ab") * (20 * 2**20 // 6) + plain[2:]
    yield "jpeg with 20 MB of fill", lambda: plain[:2] + b"\xff" * (20 * 2**20) + plain[2:]
    yield "jpeg of 65535x65535", plain.replace(b"\0\x20\0\x20", b"\xff\xff\xff\xff")
    yield "jpeg of 65535x1500", plain.replace(b"\0\x20\0\x20", b"\x05\xdc\xff\xff")
    yield "jpeg without end", plain[:-200]
    for entries in (1, 100, 5000, 65535):
        yield f"jpeg with {entries} EXIF entries", _exif(entries)
    yield "jpeg with an EXIF loop", _exif(1, b"\0\0\0\x08")
    yield (
        "jpeg with a profile of zeros",
        plain[:2] + b"\xff\xe2\xff\xffICC_PROFILE\0\x01\x01" + bytes(65519) + plain[2:],
    )
    yield "jpeg with 255 parts of a profile", plain[:2] + b"\xff\xe2\0\x20ICC_PROFILE\0\xff\xff" + bytes(16) + plain[2:]
    for offset in (0, 8, 2**31, 2**32 - 1):
        yield f"tiff with its list at {offset}", b"II*\0" + struct.pack("<I", offset) + b"\xff\xff" + bytes(1000)
    yield "tiff of a million pages", lambda: _tiff_loop(1_000_000)
    yield "tiff that leads to itself", lambda: b"II*\0\x08\0\0\0\0\0\x08\0\0\0"
    yield "tiff of 100,000 pixels squared", lambda: _tiff([(256, 4, 1, 100_000), (257, 4, 1, 100_000), (273, 4, 1, 8)])
    yield "tiff with a tag of 4 GB", lambda: _tiff([(256, 4, 1, 8), (257, 4, 1, 8), (270, 2, 2**32 - 1, 8)])
    yield (
        "tiff with strips of 4 GB",
        lambda: _tiff(
            [(256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 8), (259, 3, 1, 5), (273, 4, 2**30, 8), (279, 4, 2**30, 8)]
        ),
    )
    for version in (b"87a", b"89a"):
        yield (
            f"gif{version.decode()} of 65535x1000",
            b"GIF" + version + b"\xff\xff\xe8\x03\x80\0\0" + bytes(6) + b",\0\0\0\0\xff\xff\xe8\x03\0\x02\x01\0\0;",
        )
    yield (
        "gif of 100,000 frames",
        lambda: (
            b"GIF89a\x08\0\x08\0\x80\0\0" + bytes(6) + (b",\0\0\0\0\x08\0\x08\0\0\x02\x02\x84\x51\0") * 100_000 + b";"
        ),
    )
    yield "gif of comments", lambda: b"GIF89a\x08\0\x08\0\x80\0\0" + bytes(6) + b"!\xfe\x01a\0" * 1_000_000
    yield "bmp of negative height", lambda: _bmp(8, -8)
    for width, height in ((2**31 - 1, 1), (-8, 8), (0, 0), (30_000, 3_000), (60_000, 60_000)):
        yield f"bmp of {width}x{height}", _bmp(width, height)
    yield "bmp by runs", lambda: _bmp(9_000, 9_000, 1)
    for text in (
        b"P6 9999999999 9999999999 255\n",
        b"P6\n#" + b"x" * 10**6,
        b"P5 8 8 0\n",
        b"P5 8 8 65536\n",
        b"P3 8 8 255\n" + b"1 " * 10,
        b"P6 8 8 " + b"9" * 5000,
        b"P4 30000 3000\n",
        b"P6 -8 8 255\n",
        b"Pf 8 8 nan\n",
        b"P7\nWIDTH 8\n",
        b"P6 " + b" " * 10**6,
        b"P3 3000 3000 255\n" + b"1 " * 5_000_000,
        b"PF 100 100 -1.0\n" + b"\xff" * 120_000,
    ):
        yield f"ppm {text[:20]!r} of {len(text)}", text
    yield "webp of 16383x16383", lambda: _webp(16383, 16383)
    yield "webp of 16383x6000", lambda: _webp(16383, 6000)
    yield "webp that says 4 GB", lambda: b"RIFF\xff\xff\xff\xffWEBPVP8X" + bytes(100)
    yield "avif that says 4 GB", lambda: b"\xff\xff\xff\xffftypavif" + bytes(100)
    yield (
        "avif boxes in boxes",
        b"\0\0\0\x18ftypavif\0\0\0\0avifmif1"
        + b"".join(struct.pack(">I", 8 * (5000 - n)) + b"meta" for n in range(5000)),
    )
    yield "heic without a picture", lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\x08meta"
    for head in (
        b"",
        b"\0",
        b"%PDF-1.7",
        b"<svg xmlns='x' onload='alert(1)'/>",
        b"<html>",
        b"PK\x03\x04",
        b"%!PS-Adobe\n(touch canary) system",
        b"BM",
        b"GIF89a",
        b"\xff\xd8\xff",
        b"RIFF",
        b"push graphic-context\nimage over 0,0 0,0 'https://127.0.0.1:9/x'",
        b"8BPS",
        b"\0\0\x01\0",
        b"IC",
        b"\x0a\x05\x01\x08",
        b"SIMPLE  =",
        b"\x89HDF\r\n\x1a\n",
        b"\xd0\xcf\x11\xe0",
        b"\x01\xda",
    ):
        yield f"file that begins {head[:16]!r}", head + bytes(200 if head else 0)


def _tiff(entries: list[tuple[int, int, int, int]]) -> bytes:
    return (
        b"II*\0\x08\0\0\0"
        + struct.pack("<H", len(entries))
        + b"".join(struct.pack("<HHII", *each) for each in entries)
        + bytes(4)
    )


def _tiff_loop(pages: int) -> bytes:
    return b"II*\0\x08\0\0\0" + b"".join(b"\0\0" + struct.pack("<I", 8 + 6 * (page + 1)) for page in range(pages))


def _bmp(width: int, height: int, packing: int = 0) -> bytes:
    bits = 8 if packing else 24
    return (
        b"BM"
        + struct.pack("<IIIIiiHHIIIIII", 1000, 0, 54, 40, width, height, 1, bits, packing, 0, 0, 0, 0, 0)
        + bytes(1000)
    )


def _webp(width: int, height: int) -> bytes:
    import cv2

    ok, data = cv2.imencode(".webp", np.zeros((height // 60, width // 60, 3), np.uint8), [cv2.IMWRITE_WEBP_QUALITY, 1])
    content = bytearray(data.tobytes() if ok else b"")
    place = content.find(b"\x9d\x01\x2a")
    content[place + 3 : place + 7] = struct.pack("<HH", width, height)
    return bytes(content)


@cache
def _seeds(large: bool) -> tuple[tuple[str, bytes], ...]:
    """Good files, with their suffixes: patterns, or for the predictor a portrait."""
    picture = _portrait() if large else _pattern()
    grey, alpha = picture[..., 0].copy(), np.dstack([picture, picture[..., 0]])
    made = [
        (".jpg", _encoded("JPEG", picture, quality=90)), (".jpg", _encoded("JPEG", picture, progressive=True)),
        (".png", _encoded("PNG", picture)),
        (".png", _encoded("PNG", alpha)), (".png", _encoded("PNG", grey)), (".webp", _encoded("WEBP", picture)),
        (".webp", _encoded("WEBP", picture, lossless=True)),
        (".bmp", _encoded("BMP", picture)), (".gif", _encoded("GIF", picture)), (".tif", _encoded("TIFF", picture)),
        (".tif", _encoded("TIFF", picture, compression="tiff_lzw")),
        (".tif", _encoded("TIFF", picture, compression="tiff_adobe_deflate")), (".ppm", _encoded("PPM", picture)),
        (".png", _encoded("PNG", grey.astype(np.uint16) * 257)),
        (".jpg", _exif(3)),
    ]  # fmt: skip
    return tuple(made)


def _portrait() -> np.ndarray:
    from skimage.data import astronaut

    return np.ascontiguousarray(astronaut()[:300, 60:360])


def mutated(data: bytes, number: int) -> bytes:
    """A file with a few bytes changed, cut, doubled or set to a limit; most changes near the beginning."""
    rng, changed = random.Random(number), bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        end = len(changed) if rng.random() < 0.5 else min(len(changed), 300)
        if not end:
            break
        place, kind = rng.randrange(end), rng.randrange(7)
        if kind < 3:
            changed[place] = rng.randrange(256)
        elif kind == 3:
            changed[place] ^= 1 << rng.randrange(8)
        elif kind == 4:
            changed[place : place + 4] = rng.choice((b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff", b"\0\0\0\x01"))
        elif kind == 5:
            changed[place:place] = changed[place : place + rng.randint(1, 64)]
        else:
            del changed[place : place + rng.choice((1, 4, 64, len(changed)))]
    return bytes(changed)


def _load(name: str, content: Content) -> None:
    from ppgen.io.image import load_image

    load_image(written(name, content))


@cache
def _predictor() -> object:
    from ppgen.apps import Photo2CartoonPredictor

    os.environ.pop("PPGEN_RUNTIME", None)  # as users run it; other cases' networks are too many to be exported
    predictor = Photo2CartoonPredictor(output_path="out")  # of the case, as it is relative
    predictor.run(_portrait())  # networks are loaded at first use, which is no picture's fault
    return predictor


def _predict(name: str, content: Content) -> None:
    predictor = _predictor()  # before the clock starts
    predictor.run(str(written(name, content)))


def numbered(kind: str, number: int) -> Case:
    """The mutated file of a number, through the loader or the whole predictor."""
    suffix, data = _seeds(kind == "predicted")[number % len(_seeds(kind == "predicted"))]
    run = _predict if kind == "predicted" else _load
    return Case(f"{kind}/{number}", partial(run, f"x{suffix}", mutated(data, number)))


def cases() -> Iterator[Case]:
    """Made ones through the loader, and every fourth through `ppgen cartoon`."""
    for number, (what, content) in enumerate(_made()):
        yield Case(f"images/{what}", partial(_load, "x.jpg", content))
        if number % 4 == 0:
            yield Case(
                f"images/{what}, cartoon",
                partial(lambda content: command("cartoon", written("x.jpg", content), "-o", "out"), content),
            )
