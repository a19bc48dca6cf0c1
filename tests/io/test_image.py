"""Images in and out: every PIL mode and array type, and one sentence for everything that is no image."""

import io
import warnings

import numpy as np
import pytest
from PIL import Image, ImageCms

from ppgen.errors import DataError, OutputError
from ppgen.io.image import (
    check_figure,
    load_image,
    on_white,
    save_figure,
    save_image,
    save_images,
    to_tensor_array,
    to_uint8,
)


@pytest.fixture
def picture():
    y, x = np.mgrid[:40, :60]
    return np.stack([x * 4, y * 6, (x + y) * 2], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("suffix, exact", [("png", True), ("bmp", True), ("ppm", True), ("jpg", False)])
def test_round_trip(tmp_path, picture, suffix, exact):
    path = save_image(tmp_path / f"a.{suffix}", picture)
    back = load_image(path)
    assert back.dtype == np.uint8 and back.shape == picture.shape
    assert np.abs(back.astype(int) - picture).max() <= (0 if exact else 6)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_webp_and_first_frame_of_gif(tmp_path, picture):
    Image.fromarray(picture).save(tmp_path / "a.webp", lossless=True)
    assert np.array_equal(load_image(tmp_path / "a.webp"), picture)
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert (load_image(str(tmp_path / "a.gif")) == (255, 0, 0)).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path, orientation):
    stored = np.zeros((16, 32, 3), np.uint8)
    stored[:8, :8] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(stored).save(tmp_path / "a.png", exif=exif)
    corner = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0), 5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}
    loaded = load_image(tmp_path / "a.png")
    assert loaded.shape == ((16, 32, 3) if orientation < 5 else (32, 16, 3))
    assert loaded[corner[orientation]].min() == 255 and (loaded == 255).mean() == 64 / 512


def test_a_broken_exif_block_is_ignored(tmp_path, picture):
    Image.fromarray(picture).save(tmp_path / "a.png", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert np.array_equal(load_image(tmp_path / "a.png"), picture)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "RGBa", "La"])
def test_alpha_on_white(mode):
    image = Image.new("RGBA", (4, 2), (0, 0, 0, 255))
    image.putpixel((0, 0), (0, 0, 0, 0))
    if mode == "RGBa":
        image = image.convert("RGBa")
    elif mode == "La":
        image = image.convert("LA").convert("La")
    elif mode == "PA":  # older Pillows lose alpha on the way there
        image = Image.new("PA", (4, 2), (0, 255))
        image.putpixel((0, 0), (0, 0))
    elif mode != "RGBA":
        image = image.convert(mode)
    loaded = load_image(image)
    assert loaded[0, 0].tolist() == [255, 255, 255] and loaded[1, 3].tolist() == [0, 0, 0]


def test_transparent_palette_and_transparent_colour(tmp_path):
    palette = Image.new("P", (4, 2), 1)
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.putpixel((0, 0), 0)
    palette.save(tmp_path / "p.png", transparency=0)
    Image.new("RGB", (4, 2), (9, 8, 7)).save(tmp_path / "t.png", transparency=(9, 8, 7))
    loaded = load_image(tmp_path / "p.png")
    assert loaded[0, 0].tolist() == [255] * 3 and loaded[1, 1].tolist() == [200, 100, 50]
    assert (load_image(tmp_path / "t.png") == 255).all()


@pytest.mark.parametrize(
    "mode", ["1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr", "HSV", "LAB", "I", "F", "I;16"]
)
def test_every_mode_white_stays_white(mode):
    if mode == "I;16":
        image = Image.fromarray(np.full((4, 5), 65535, np.uint16))
    elif mode == "LAB":
        image = Image.merge("LAB", [Image.new("L", (5, 4), v) for v in (255, 128, 128)])
    else:
        image = Image.new("RGB", (5, 4), "white").convert("L" if mode in ("I", "F") else "RGB").convert(mode)
    loaded = load_image(image)
    assert loaded.shape == (4, 5, 3) and loaded.min() >= 254


def test_sixteen_bits_are_scaled(tmp_path):
    levels = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    expected = np.rint(levels / 257).astype(np.uint8)
    Image.fromarray(levels).save(tmp_path / "a.png")
    (tmp_path / "a.pgm").write_bytes(b"P5 16 16 65535\n" + levels.astype(">u2").tobytes())
    for source in (tmp_path / "a.png", tmp_path / "a.pgm", levels, Image.fromarray(levels.astype(np.int32))):
        assert np.array_equal(load_image(source)[..., 1], expected)
    dark = np.full((4, 4), 200, np.uint16)  # a 16-bit file this dark is black, not 8-bit grey
    Image.fromarray(dark).save(tmp_path / "dark.png")
    assert load_image(tmp_path / "dark.png").max() == 1


def test_cmyk_and_profiles(tmp_path):
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "red.jpg", quality=95)
    red = load_image(tmp_path / "red.jpg")[4, 4].astype(int)
    assert red[0] > 240 and red[1:].max() < 15
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, b"broken profile", srgb[:200]):
        Image.new("RGB", (8, 8), (10, 200, 30)).save(tmp_path / "icc.png", icc_profile=profile)
        assert load_image(tmp_path / "icc.png")[0, 0].tolist() == [10, 200, 30]


@pytest.mark.parametrize(
    "convert",
    [
        lambda a: a,
        lambda a: a.astype(np.uint16) * 257,
        lambda a: a / 255,
        lambda a: a.astype(np.float32),
        lambda a: (a / 255).astype(np.float16),
        lambda a: a.astype(np.int64),
        lambda a: np.dstack([a, np.full(a.shape[:2], 255, np.uint8)]),
    ],
)
def test_arrays(picture, convert):
    loaded = load_image(convert(picture))
    assert np.abs(loaded.astype(int) - picture).max() <= 0 + (convert(picture).dtype == np.float16)
    assert not np.shares_memory(loaded, picture)


def test_grey_and_bool_arrays(picture):
    grey = picture[..., 0]
    assert np.array_equal(load_image(grey), load_image(grey[..., None]))
    assert load_image(grey > 100).max() == 255


@pytest.mark.parametrize(
    "array, words",
    [
        (np.zeros((3, 8, 8)), "channels last"),
        (np.zeros(5), "shape"),
        (np.zeros((0, 4, 3)), "no pixels"),
        (np.full((4, 4), np.nan), "NaN"),
        (np.full((4, 4), -1.0), "scale them"),
        (np.full((4, 4), 300), "scale them"),
        (np.zeros((4, 4), complex), "complex"),
        (np.full((4, 4), "a"), "uint8"),
    ],
)
def test_arrays_that_are_no_images(array, words):
    with pytest.raises(DataError, match=words):
        load_image(array)


def _png_header(width, height):
    chunk = io.BytesIO()
    Image.new("1", (1, 1)).save(chunk, "PNG")
    data = bytearray(chunk.getvalue())
    data[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    import zlib

    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


def test_what_bad_files_get(tmp_path, picture):
    whole = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)).save(whole, "JPEG")
    (tmp_path / "folder").mkdir()
    files = {
        "empty.jpg": (b"", "empty"),
        "text.jpg": (b"hello\n" * 50, "is a text file"),
        "photo.jpg": (b"\0\0\0\x18ftypheic" + bytes(64), "HEIC"),
        "a.pdf.png": (b"%PDF-1.7\n", "PDF"),
        "noise.png": (bytes(range(256)) * 4, "not an image"),
        "short.jpg": (whole.getvalue()[:9000], "damaged"),
        "head.png": (b"\x89PNG\r\n\x1a\n", "image"),
        "tiff.tif": (b"II*\0" + bytes(100), "TIFF"),
        "bomb.png": (_png_header(12000, 12000), "144.0 megapixels"),
        "strip.png": (_png_header(1, 90_000_000), "a side of more than 1000000 pixels"),
        "huge.png": (_png_header(60000, 60000), "megapixels"),
    }
    for name, (content, _) in files.items():
        (tmp_path / name).write_bytes(content)
    expected = {name: words for name, (_, words) in files.items()}
    expected |= {"folder": "is a folder", "missing.jpg": "no such file", "empty.jpg/x.jpg": "no such file"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, words in expected.items():
            with pytest.raises(DataError, match=words) as caught:
                load_image(tmp_path / name)
            message = str(caught.value)
            assert message.startswith(str(tmp_path / name)) and "\n" not in message, message
            assert ";" in message  # what was found; what to do


@pytest.mark.parametrize("format_name", ["PNG", "BMP", "PPM", "WEBP", "GIF", "JPEG"])
def test_truncated_files_never_crash(tmp_path, format_name):
    whole = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(whole, format_name)
    data = whole.getvalue()
    for share in (0.02, 0.1, 0.4, 0.8):
        path = tmp_path / f"{share}.{format_name.lower()}"
        path.write_bytes(data[: max(1, int(len(data) * share))])
        with pytest.raises(DataError):
            load_image(path)


def test_limits_are_arguments(picture):
    with pytest.raises(DataError, match="60x40 pixels is too small"):
        load_image(picture, min_side=64)
    for source in (picture, Image.fromarray(picture)):
        with pytest.raises(DataError, match="over the limit"):
            load_image(source, max_pixels=1000)
    with pytest.raises(DataError, match="NoneType"):
        load_image(None)


def test_saving_where_it_cannot_be(tmp_path, picture):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="is not a folder"):
        save_image(tmp_path / "file" / "a.png", picture)
    with pytest.raises(OutputError, match=".png"):
        save_image(tmp_path / "a.txt", picture)
    with pytest.raises(DataError, match="to_uint8"):
        save_image(tmp_path / "a.png", picture / 255)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_tensor_conversion(picture):
    tensor = to_tensor_array(picture)
    assert tensor.dtype == np.float32 and tensor.shape == (3, 40, 60) and tensor.flags.c_contiguous
    assert tensor.min() == -1 and tensor.max() <= 1
    every = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=3)
    assert np.array_equal(to_uint8(to_tensor_array(every)), every)
    assert to_uint8(np.full((3, 2, 2), 1.7)).max() == 255
    with pytest.raises(DataError, match="NaN"):
        to_uint8(np.full((3, 2, 2), np.nan))
    with pytest.raises(DataError):
        to_tensor_array(picture.astype(np.float32))


def test_a_mask_leaves_white():
    picture = np.full((2, 2, 3), 100, np.uint8)
    out = on_white(picture, np.array([[0, 1], [0.5, 0]]))
    assert out.dtype == np.uint8 and out[..., 0].tolist() == [[255, 100], [178, 255]]


def test_several_pictures_are_written_or_none(tmp_path, picture):
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    save_images(dict.fromkeys(paths, picture))
    assert all(np.array_equal(load_image(path), picture) for path in paths)
    with pytest.raises(DataError):
        save_images({tmp_path / "c.png": picture, tmp_path / "d.png": picture[0, 0]})
    assert sorted(tmp_path.iterdir()) == paths


def test_figures_with_axes(tmp_path):
    from matplotlib.figure import Figure

    assert load_image(save_figure(tmp_path / "a.png", Figure((2, 1), dpi=50))).shape == (50, 100, 3)
    check_figure(tmp_path / "a.pdf")
    for name, told in ((".", "is a folder"), ("a.txt", "cannot be written as a picture"), ("a.png/b.png", "folder")):
        with pytest.raises(OutputError, match=told):
            check_figure(tmp_path / name)


def test_a_profile_is_followed(tmp_path):
    """One whose red is sRGB's blue, and whose name is another."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for old, new in (("sRGB", "swap"), ("rXYZ", "kept"), ("bXYZ", "rXYZ"), ("kept", "bXYZ")):
        encoding = "utf-16-be" if old == "sRGB" else "ascii"
        profile = profile.replace(old.encode(encoding), new.encode(encoding))
    Image.new("RGB", (4, 4), "red").save(tmp_path / "a.png", icc_profile=profile)
    assert (load_image(tmp_path / "a.png") == (0, 0, 255)).all()


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "L"])
def test_a_profile_of_other_colours_changes_nothing(tmp_path, mode):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (lab, b"no profile", lab[:-200]):
        Image.new(mode, (4, 4), 99 if mode == "L" else "red").save(tmp_path / "a.jpg", icc_profile=profile, quality=95)
        Image.new(mode, (4, 4), 99 if mode == "L" else "red").save(tmp_path / "b.jpg", quality=95)
        assert np.array_equal(load_image(tmp_path / "a.jpg"), load_image(tmp_path / "b.jpg"))
