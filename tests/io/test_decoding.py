"""Pictures whose headers, passes, tiles or blocks ask for more work than their pixels: read, or one sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, features

from ppgen.datasets.files import picture_size
from ppgen.errors import DataError
from ppgen.io import jpeg, tiff
from ppgen.io.decoding import _COSTS, open_image
from ppgen.io.image import load_image

BLUE, NINE = (9, 99, 200), range(1, 10)


def image(format_name, size=(64, 48), color=BLUE, mode="RGB", **options):
    file = io.BytesIO()
    Image.new(mode, size, color).save(file, format_name, **options)
    return file.getvalue()


def segment(marker, payload):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(payload) + 2) + payload


def in_jpeg(*segments):
    whole = image("JPEG")
    return whole[:2] + b"".join(segments) + whole[2:]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def in_png(*chunks):
    whole = image("PNG")
    return whole[:33] + b"".join(chunks) + whole[33:]


def in_gif(block):
    whole = image("GIF", mode="P", color=3)
    at = whole.index(b"\x2c")
    return whole[:at] + block + whole[at:]


def directory(*entries, after=b""):
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + packed + struct.pack("<I", 0) + after


def exif(entries, size, orientation=6):
    """An EXIF block whose entries all claim the same `size` bytes."""
    at = 8 + 2 + 12 * (entries + 1) + 4
    claims = [(0x9000 + n, 5, size // 8, at) for n in range(entries)]
    return directory((tiff.ORIENTATION, 3, 1, orientation), *claims, after=bytes(size))


def tiled(width, height, tile, count=1):
    tags = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1), (277, 3, 1, 1),
            (322, 4, 1, tile[0]), (323, 4, 1, tile[1]), (324, 4, count, 150), (325, 4, count, 150)]  # fmt: skip
    return directory(*tags, after=zlib.compress(bytes(2**20)) * 2 + bytes(4 * count))


def scans(count):
    """A progressive JPEG, and `count` passes more of 25 bytes each."""
    tables = b"\xff\xc4" + struct.pack(">HB", 20, 0x10) + bytes([1] + [0] * 15) + b"\xe0"
    more = tables + b"\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x10" + b"\x7f\xfe" * 6 + b"\x7f"
    return image("JPEG", (1000, 900), progressive=True)[:-2] + more * count + b"\xff\xd9"


READ = {
    "an EXIF block that claims itself again and again": in_jpeg(segment(0xE1, b"Exif\0\0" + exif(3000, 20_000))),
    "EXIF in parts": in_jpeg(*[segment(0xE1, b"Exif\0\0" + exif(500, 50_000))] * 3),
    "a list of pictures that claims itself": in_jpeg(segment(0xE2, b"MPF\0" + exif(3000, 20_000))),
    "EXIF of PNG": in_png(chunk(b"eXIf", exif(20_000, 100_000))),
    "EXIF of PNG as text": in_png(
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\n\n\n" + exif(9000, 99_000).hex().encode()))
    ),
    "a profile of zeros": in_jpeg(*(segment(0xE2, b"ICC_PROFILE\0" + bytes([n, 9]) + bytes(65_000)) for n in NINE)),
    "bytes behind the pixels": image("GIF", mode="P", color=3) + bytes(10**6),
    "some passes more than usual": scans(20),
}  # fmt: skip
CLAIMED = b"RIFF\x16\0\0\0WEBPVP8%b\x0a\0\0\0%b"  # WebP: kind, the beginning of its pixels
REFUSED = {
    "fill bytes": (in_jpeg(b"\xff" * 400_000), "far more reading"),
    "comments": (in_jpeg(segment(0xFE, b"") * 400_000), "far more reading|passes"),
    "passes": (scans(4000), "its pixels come in 4010 passes"),
    "passes over many pixels": (
        image("JPEG", (8000, 6000), progressive=True)[:-2] + scans(60).partition(b"\xff\xc4\x00\x14\x10")[2],
        "48.0 megapixels in .* passes may take .* s",
    ),
    "packed text": (in_png(chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**7)))), "damaged"),
    "a packed profile": (in_png(chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(10**7)))), "damaged"),
    "chunks": (in_png(chunk(b"abCd", b"") * 200_000), "far more reading"),
    "a comment of MBs": (in_gif(b"!\xfe" + (b"\xff" + b"a" * 255) * 8000 + b"\0"), "far more reading"),
    "a directory that claims the file": (exif(2000, 2**20), "far more reading|damaged"),
    "a tile far larger than the picture": (tiled(1, 1, (20_000, 20_000)), "tiles of 20000x20000"),
    "rows of tiles that are higher than it": (tiled(100_000, 1, (16, 65_536), 6250), "tiles of 16x65536"),
    "strips": (
        directory((256, 4, 1, 10), (257, 4, 1, 400_000), (259, 3, 1, 1), (273, 4, 400_000, 8), after=bytes(64)),
        "cut into 400000 pieces",
    ),
    "numbers as text": (b"P3\n2000 2000\n255\n" + b"1 " * 4_500_000, "8 MB of pixels written as text"),
    "pixels that are read one by one": (b"P6\n800 800\n200\n" + b"\1" * 1_920_000, "far more reading"),
    "runs": (
        b"BM" + struct.pack("<IHHIIiiHHIIiiII", 0, 0, 0, 1078, 40, 9000, 9000, 1, 8, 1, 0, 0, 0, 256, 0) + bytes(1024)
        + b"\1\0" * 200_000, "far more reading",
    ),
    "a canvas of 268 megapixels": (
        CLAIMED % (b"X", b"\2\0\0\0" + b"\xfe\x3f\0" * 2), "268.4 megapixels"
    ),
    "a lossless canvas of 268 megapixels": (CLAIMED % (b"L", b"\x2f\xff\xff\xff\x0f" + bytes(5)), "268.4 megapixels"),
    "a lossy canvas of 98 megapixels": (
        CLAIMED % (b" ", b"\x30\1\0\x9d\1\x2a\xff\x3f\x70\x17"), "98.3 megapixels as WEBP need 1.7 GB"
    ),
    "more megapixels than WebP has memory for": (image("WEBP", (9000, 8000)), "need 1.2 GB of memory"),
    "progressive, and larger than memory": (image("JPEG", (10_000, 9990), progressive=True), "need 1.3 GB of memory"),
}  # fmt: skip

LONG = ("comments", "chunks", "pixels that are read one by one", "runs")  # seconds each, refused as fill bytes are
SLOW = pytest.mark.slow


@pytest.mark.parametrize("kind", READ)
def test_what_pixels_do_not_need_is_passed_over(tmp_path, kind):
    (tmp_path / "a").write_bytes(READ[kind])
    assert load_image(tmp_path / "a").shape in ((48, 64, 3), (900, 1000, 3))
    assert picture_size(tmp_path / "a") in ((48, 64), (900, 1000))


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=SLOW) if kind in LONG else kind for kind in REFUSED])
def test_work_without_end_is_refused(tmp_path, kind):
    data, told = REFUSED[kind]
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with pytest.raises(DataError, match=f"a.png: .*({told})") as caught:
        load_image(path)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < len(str(path)) + 250
    assert picture_size(path) is None or " canvas of " not in kind


def test_a_caller_who_allows_more_pixels_gets_more_work(tmp_path):
    path = tmp_path / "a.webp"
    path.write_bytes(REFUSED["more megapixels than WebP has memory for"][0])
    with pytest.raises(DataError, match="over the limit of 10"):
        load_image(path, max_pixels=10_000_000)
    with pytest.raises(DataError, match="limit of 0.8;"):
        load_image(path, max_pixels=72_000_000)


def test_an_ordinary_photo_of_a_camera(tmp_path):
    """A header as cameras write it: turned, with a thumbnail's worth of EXIF and a profile in two parts."""
    block = directory((tiff.ORIENTATION, 3, 1, 6), (0x010F, 2, 900, 8 + 2 + 24 + 4), after=b"camera" * 200)
    path = tmp_path / "a.jpg"
    path.write_bytes(in_jpeg(segment(0xE1, b"Exif\0\0" + block), segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>")))
    assert load_image(path).shape == (64, 48, 3) and picture_size(path) == (64, 48)
    assert np.abs(load_image(path).astype(int) - BLUE).max() < 6


def test_a_photo_that_others_follow_is_the_first(tmp_path):
    first, second = (Image.new("RGB", (64, 48), colour) for colour in (BLUE, "red"))
    first.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[second])
    with Image.open(tmp_path / "a.jpg") as opened:
        assert opened.format == "MPO" and opened.n_frames == 2
    assert np.abs(load_image(tmp_path / "a.jpg").astype(int) - BLUE).max() < 6


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "BMP", "PPM", "GIF", "TIFF", "AVIF", "HEIF"])
def test_what_each_format_costs_is_known(tmp_path, format_name):
    if format_name == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    elif format_name == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow reads no AVIF")
    (tmp_path / "a").write_bytes(image(format_name))
    with open_image(tmp_path / "a", max_pixels=10_000) as opened:
        assert opened.format == format_name and format_name in _COSTS
    assert np.abs(load_image(tmp_path / "a").astype(int) - BLUE).max() < 12


def test_a_header_longer_than_what_is_looked_at_first(tmp_path):
    (tmp_path / "a").write_bytes(in_jpeg(*[segment(0xE1, b"http://ns.adobe.com/xmp/extension/" + bytes(65_000))] * 20))
    assert picture_size(tmp_path / "a") == (48, 64) and load_image(tmp_path / "a").shape == (48, 64, 3)


def test_a_file_of_gigabytes_is_not_opened(tmp_path):
    with (tmp_path / "a.bmp").open("wb") as file:
        file.write(image("BMP"))
        file.truncate(500 * 2**20)  # of which next to none is on the disk
    with pytest.raises(DataError, match="500 MB is over the limit of 400"):
        load_image(tmp_path / "a.bmp")


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_the_exif_block_of_boxed_pictures_is_looked_at_before(tmp_path):
    data = bytearray(image("AVIF", exif=directory((0x010F, 2, 60_000, 26), after=b"a" * 60_000)))
    (tmp_path / "a.avif").write_bytes(data)
    assert load_image(tmp_path / "a.avif").shape == (48, 64, 3)
    at = max(data.find(b"II*\0"), data.find(b"MM\0*"))
    data[at : at + 50_000] = exif(3000, 20_000)[:50_000]
    (tmp_path / "a.avif").write_bytes(data)
    with pytest.raises(DataError, match="its EXIF block claims too much"):
        load_image(tmp_path / "a.avif")


@pytest.mark.parametrize(
    "options",
    [{"compression": "jpeg"}, {"compression": "tiff_lzw"}, {"big_tiff": True}, {"compression": "tiff_adobe_deflate"}],
)
def test_tiff_of_every_kind(tmp_path, options):
    (tmp_path / "a.tif").write_bytes(image("TIFF", **options))
    assert np.abs(load_image(tmp_path / "a.tif").astype(int) - BLUE).max() < 6


def test_numbers_with_a_point_are_a_picture(tmp_path):
    levels = np.linspace(0, 1, 64 * 48, dtype=np.float32).reshape(48, 64)
    Image.fromarray(levels).save(tmp_path / "a.tif")
    assert np.abs(load_image(tmp_path / "a.tif")[..., 0] - levels * 255).max() <= 0.5
    Image.new("F", (8000, 6000)).save(tmp_path / "b.tif", compression="tiff_adobe_deflate")
    with pytest.raises(DataError, match="48.0 megapixels as TIFF need 1.2 GB"):
        load_image(tmp_path / "b.tif")


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"II*\0",
        b"II*\0" + struct.pack("<I", 2**31) + bytes(9),
        b"no block at all, and long enough",
        directory((tiff.ORIENTATION, 3, 1, 77)),
        directory((tiff.ORIENTATION, 2, 9, 8)),
        directory(*[(0x8769, 4, 1, 8)] * 4),  # which leads back to itself
    ],
)
def test_blocks_that_say_nothing_turn_nothing(tmp_path, block):
    (tmp_path / "a.jpg").write_bytes(in_jpeg(segment(0xE1, b"Exif\0\0" + block)))
    assert load_image(tmp_path / "a.jpg").shape == (48, 64, 3)


def test_blocks_of_big_tiff_and_circles_are_no_modest_ones():
    assert not tiff.is_modest(b"Exif\0\0MM\0+\0\x08\0\0" + bytes(30))
    assert not tiff.is_modest(directory(*[(0x8769, 4, 1, 8)] * 4)) and tiff.is_modest(exif(3, 8))


def test_passes_are_counted_to_the_first_end():
    thumbnail = segment(0xE1, b"xxxx" + image("JPEG", (8, 8)))
    usual = in_jpeg(thumbnail) + image("JPEG", progressive=True) * 50  # further pictures behind the first
    assert jpeg.outline(usual).scans == 1 and not jpeg.outline(usual).progressive
    assert jpeg.outline(scans(7)).scans == 10 + 7 and jpeg.outline(scans(7)).progressive
    assert jpeg.outline(b"\xff\xd8" + b"\xff" * 1000).scans == 0


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "LA", "P", "CMYK", "I;16", "1"])
def test_large_pictures_are_converted_in_bands_as_in_one(tmp_path, monkeypatch, mode):
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 256, (70, 90, 4), dtype=np.uint8)
    source = Image.fromarray(levels, "RGBA") if mode != "I;16" else Image.fromarray(levels[..., 0] * np.uint16(257))
    format_name = "TIFF" if mode == "CMYK" else "PNG"
    source.convert(mode).save(tmp_path / "a", format_name, **({"transparency": 3} if mode == "P" else {}))
    whole = load_image(tmp_path / "a")
    monkeypatch.setattr("ppgen.io.image._BAND", 90 * 16)
    assert np.array_equal(load_image(tmp_path / "a"), whole) and whole.std() > 10
