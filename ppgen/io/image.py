"""The one way images come in and go out: files, arrays, PIL <-> uint8 HWC RGB <-> float CHW [-1, 1]."""

from __future__ import annotations

import io
import os
import stat
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from ppgen.errors import DataError, OutputError
from ppgen.io.atomic import atomic_path, check_output, write_bytes, write_files
from ppgen.io.decoding import MAX_PIXELS, check_pixels, open_image, usable_profile
from ppgen.io.listing import READABLE
from ppgen.io.tiff import orientation

if TYPE_CHECKING:
    import paddle
    from matplotlib.figure import Figure

#: what `load_image` reads: a path, an array (H, W, 3) RGB and the like, or a PIL image
ImageSource = str | os.PathLike | np.ndarray | Image.Image

_BAND = 2**22  # pixels whose colours are converted at a time, so that little more than the picture is held
# Run lengths: of a portrait and its cartoon, 2 % more bytes than Pillow's own way in a quarter of the time.
_PNG = {"compress_level": 1, "compress_type": 3}
# First bytes of what people hand over by mistake: (offset, one of these, what it is).
_SIGNATURES = (
    (0, (b"%PDF",), "a PDF document"),
    (0, (b"PK\x03\x04",), "a zip archive or office document"),
    (0, (b"II*\x00", b"MM\x00*"), "a TIFF image"),
    (4, (b"ftypheic", b"ftypheix", b"ftypmif1"), "a HEIC photo (with `pip install pillow-heif` it may be)"),
    (4, (b"ftypavif",), "an AVIF image (with Pillow 11.3 or newer it may be)"),
    (4, (b"ftyp",), "a video"),
    (0, (b"8BPS",), "a Photoshop document"),
    (0, (b"\x1aE\xdf\xa3",), "a video"),
    (0, (b"\x1f\x8b",), "a gzip archive"),
)


def load_image(source: ImageSource, max_pixels: int = MAX_PIXELS, min_side: int = 1) -> np.ndarray:
    """Read an image from a path, an array or a PIL image as uint8 (H, W, 3) RGB.

    Files: JPEG, PNG, WebP, TIFF, BMP, PPM, GIF (the first frame), AVIF and, with pillow-heif, HEIC, in any mode.
    EXIF orientation is applied, alpha composited on white, 16-bit scaled to 8, an embedded colour profile turned
    into sRGB.
    Arrays: (H, W), (H, W, 1), (H, W, 3) RGB or (H, W, 4) RGBA; uint8, uint16 (full range 65535), bool,
    or numbers in [0, 1] or [0, 255].
    From the header and the length it is checked, before anything is decoded, that there are at most `max_pixels`, and
    that decoding takes about 5 s and 0.8 GB at most (in proportion for larger `max_pixels`).
    Raises DataError, one sentence that names the file, what was found and what to do.
    """
    name = source_name(source)
    if isinstance(source, Image.Image):
        rgb = _from_pil(source, name, max_pixels)
    elif isinstance(source, (str, os.PathLike)):
        rgb = _from_file(Path(os.path.expanduser(source)), name, max_pixels)
    elif isinstance(source, np.ndarray):
        rgb = _from_array(source, name, max_pixels)
    else:
        raise DataError(f"{name}: is neither a path nor an array nor a PIL image; give one of these")
    height, width = rgb.shape[:2]
    if min(height, width) < min_side:
        raise DataError(f"{name}: {width}x{height} pixels is too small; give at least {min_side} pixels a side")
    return rgb


def save_image(path: str | os.PathLike, image: np.ndarray, quality: int = 95) -> Path:
    """Write a uint8 image, (H, W, 3) RGB, (H, W, 4) RGBA (not JPEG) or (H, W), as its suffix says; atomic.

    Returns the path. `quality` is for JPEG and WebP. Raises OutputError where it cannot be written.
    """
    target = Path(path)
    write_bytes(target, image_bytes(target, image, quality))
    return target


def save_images(images: Mapping[Path, np.ndarray]) -> None:
    """Write several, all of them or none; images and errors as `save_image`."""
    with ThreadPoolExecutor(len(images) or 1) as pool:  # encoders let other threads work
        write_files(dict(zip(images, pool.map(image_bytes, images.keys(), images.values()))))


def image_bytes(target: Path, image: np.ndarray, quality: int = 95) -> bytes:
    """What a file of this name holds; arguments and errors as `save_image`."""
    formats = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".bmp": "BMP", ".ppm": "PPM"}
    format_name = formats.get(target.suffix.lower())
    if format_name is None:
        what = target.suffix or "files without suffix"
        raise OutputError(f"{target}: images are not written as {what}; use a name that ends in .png or .jpg")
    image = np.asarray(image)
    shape_ok = image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (3, 4))
    if image.dtype != np.uint8 or not shape_ok or image.size == 0:
        what = f"{image.dtype} {image.shape}"
        raise DataError(f"{target}: expected a uint8 image of shape (H, W, 3), got {what}; convert it with to_uint8")
    picture = Image.fromarray(np.ascontiguousarray(image))
    if format_name == "JPEG" and picture.mode == "RGBA":
        picture = _on_white(picture)
    # chroma kept at full resolution: drawings have hard coloured edges
    options = {"JPEG": {"quality": quality, "subsampling": 0}, "WEBP": {"quality": quality}, "PNG": _PNG}
    buffer = io.BytesIO()
    picture.save(buffer, format=format_name, **options.get(format_name, {}))
    return buffer.getvalue()


def to_tensor_array(image: np.ndarray) -> np.ndarray:
    """uint8 (H, W, C) or (N, H, W, C) -> float32 (C, H, W) or (N, C, H, W) in [-1, 1]."""
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.ndim not in (3, 4):
        what = f"{image.dtype} {image.shape}"
        raise DataError(f"expected uint8 (H, W, C) or (N, H, W, C), got {what}; read it with load_image")
    scaled = image.astype(np.float32) / np.float32(127.5) - np.float32(1)
    return np.ascontiguousarray(np.moveaxis(scaled, -1, -3))


def to_uint8(array: np.ndarray | paddle.Tensor) -> np.ndarray:
    """Float (C, H, W) or (N, C, H, W) in [-1, 1] -> uint8 (H, W, C) or (N, H, W, C), rounded and clipped.

    Takes a NumPy array or a tensor. Inverse of `to_tensor_array`. Raises DataError on NaN.
    """
    array = np.asarray(array)
    if array.ndim not in (3, 4) or not np.issubdtype(array.dtype, np.floating):
        what = f"{array.dtype} {array.shape}"
        raise DataError(f"expected float (C, H, W) or (N, C, H, W) in [-1, 1], got {what}; convert it first")
    levels = (array.astype(np.float32) + np.float32(1)) * np.float32(127.5)
    if np.isnan(levels).any():
        raise DataError("the image holds NaN; the network or its weights are broken")
    return np.ascontiguousarray(np.moveaxis(np.rint(levels.clip(0, 255)).astype(np.uint8), -3, -1))


def source_name(source: object) -> str:
    """How messages name an image: its path as given, or what it is."""
    if isinstance(source, (str, os.PathLike)):
        return os.fsdecode(source) or "''"
    if isinstance(source, np.ndarray):
        return f"array {source.dtype} {source.shape}"
    if isinstance(source, Image.Image):
        return str(source.filename if isinstance(source, ImageFile.ImageFile) and source.filename else "PIL image")
    return type(source).__name__


def _from_file(path: Path, name: str, max_pixels: int) -> np.ndarray:
    _check_file(path, name)
    try:
        with warnings.catch_warnings():
            # Pillow's own limit only warns at 89 megapixels; ours is checked right after
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            warnings.simplefilter("ignore", UserWarning)  # of odd metadata; damaged pixels raise
            with open_image(path, name, max_pixels) as image:
                return _from_pil(image, name, max_pixels)
    except DataError:
        raise
    except UnidentifiedImageError as error:
        raise DataError(f"{name}: {_describe_stranger(path)}; give a {READABLE} image") from error
    except Image.DecompressionBombError as error:
        limit = f"{max_pixels / 1e6:g} megapixels, the limit"
        raise DataError(f"{name}: has far more than {limit}; scale it down first") from error
    except Exception as error:  # Pillow's parsers raise nearly anything on damaged bytes
        raise _damaged(name, error) from error


def _check_file(path: Path, name: str) -> None:
    try:
        info = path.stat()
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        if isinstance(error, (FileNotFoundError, NotADirectoryError)):
            raise DataError(f"{name}: no such file; check the path") from error
        raise DataError(f"{name}: cannot be opened ({error}); check the path") from error
    if stat.S_ISDIR(info.st_mode):
        raise DataError(f"{name}: is a folder, not an image; give one of the files in it")
    if not stat.S_ISREG(info.st_mode):
        raise DataError(f"{name}: is not a regular file; give a {READABLE} image")
    if info.st_size == 0:
        raise DataError(f"{name}: the file is empty (0 bytes); copy or download it again")
    if not os.access(path, os.R_OK):
        raise DataError(f"{name}: may not be read; change its permissions")


def _describe_stranger(path: Path) -> str:
    """What a file is that is no image we read, from its first bytes."""
    with open(path, "rb") as handle:
        head = handle.read(1024)
    for offset, magics, what in _SIGNATURES:
        if head.startswith(magics, offset):
            return f"is {what}, which cannot be read here"
    if b"<svg" in head:
        return "is an SVG drawing, which cannot be read here"
    if all(byte >= 32 or byte in b"\t\n\r\f" for byte in head):
        return "is a text file, not an image"
    return "is not an image, or its beginning is damaged"


def _damaged(name: str, error: Exception) -> DataError:
    detail = " ".join(str(error).split())[:120] or type(error).__name__
    return DataError(f"{name}: the image is damaged or cut short ({detail}); copy or download it again")


def _from_pil(image: Image.Image, name: str, max_pixels: int) -> np.ndarray:
    check_pixels(*image.size, name, max_pixels)
    try:
        image.load()  # decodes; for an animation, the frame it stands at (the first, when just opened)
        turn = orientation(image)
        if image.mode == "F":
            rgb = _from_array(np.asarray(image, np.float32), name, max_pixels)  # its range is known from the whole
        else:
            rgb = _in_bands(image, _deep(image) or _to_rgb(image))
    except DataError:
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged bytes
        raise _damaged(name, error) from error
    return rgb if turn is None else np.array(Image.fromarray(rgb).transpose(turn))


def _in_bands(image: Image.Image, convert: Callable[[Image.Image], Image.Image | np.ndarray]) -> np.ndarray:
    """What `convert` makes of an image, uint8 (H, W, 3), some rows at a time."""
    rows = max(1, _BAND // image.width)
    if rows >= image.height:
        return np.array(convert(image), np.uint8)
    rgb = np.empty((image.height, image.width, 3), np.uint8)
    for top in range(0, image.height, rows):
        bottom = min(top + rows, image.height)
        rgb[top:bottom] = np.asarray(convert(image.crop((0, top, image.width, bottom))))
    return rgb


def _to_rgb(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """How bands of an 8-bit image become RGB: palettes resolved, alpha on white, colours by the profile to sRGB."""
    has_alpha = image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info
    if image.mode == "P" and image.palette is not None and image.palette.mode == "RGBA":
        has_alpha = True
    is_grey = image.mode in ("1", "L", "LA")
    plain = image.mode == "CMYK" and not has_alpha
    to_srgb = _plainly if is_grey else _to_srgb("CMYK" if plain else "RGB", usable_profile(image))

    def convert(band: Image.Image) -> Image.Image:
        if not has_alpha:
            return to_srgb(band if plain else band.convert("RGB"))
        band = band.convert("LA") if band.mode == "La" else band
        return to_srgb(_on_white(band.convert("RGBA")))

    return convert


def _on_white(image: Image.Image) -> Image.Image:
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, image).convert("RGB")


def _plainly(image: Image.Image) -> Image.Image:
    return image.convert("RGB")


def _to_srgb(mode: str, profile: bytes | None) -> Callable[[Image.Image], Image.Image]:
    """How RGB or CMYK become sRGB: through an embedded ICC profile, or plainly without one (or with a broken one)."""
    if not profile:
        return _plainly
    from PIL import ImageCms

    broken = (ImageCms.PyCMSError, OSError, ValueError, TypeError)
    try:
        embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        colour_space = embedded.profile.xcolor_space.strip()
        is_srgb = "srgb" in (ImageCms.getProfileDescription(embedded) or "").lower()
        if colour_space != mode or is_srgb:
            return _plainly
        transform = ImageCms.buildTransform(embedded, ImageCms.createProfile("sRGB"), mode, "RGB")
    except broken:
        return _plainly

    def convert(image: Image.Image) -> Image.Image:
        try:
            return ImageCms.applyTransform(image, transform) or _plainly(image)
        except broken:  # the numbers as they are
            return _plainly(image)

    return convert


def _deep(image: Image.Image) -> Callable[[Image.Image], np.ndarray] | None:
    """How bands of modes I;16* and I become RGB; None for other modes.

    Pillow gives 16-bit PNG and PGM as I;16 or as I with full range 65535. An I image made in memory may
    hold 8-bit values instead; a file that dark would be black either way.
    """
    if image.mode != "I" and not image.mode.startswith("I;16"):
        return None
    is_low = image.mode == "I" and image.format is None and np.asarray(image).max() <= 255

    def convert(band: Image.Image) -> np.ndarray:
        levels = np.asarray(band if band.mode == "I" else band.convert("I"))
        eight = levels.clip(0, 255) if is_low else np.rint(levels.clip(0, 65535) / 257.0)
        return np.repeat(eight.astype(np.uint8)[..., None], 3, axis=2)

    return convert


def _from_array(array: np.ndarray, name: str, max_pixels: int) -> np.ndarray:
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        hint = "; move the channels last" if array.ndim == 3 and array.shape[0] in (1, 3, 4) else ""
        raise DataError(f"{name}: an image array has shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4){hint}")
    check_pixels(array.shape[1], array.shape[0], name, max_pixels)
    levels = _to_levels(array, name)
    if levels.shape[2] == 1:
        return np.repeat(levels, 3, axis=2)
    if levels.shape[2] == 4:
        return np.array(_on_white(Image.fromarray(np.ascontiguousarray(levels))))
    return np.array(levels, order="C")  # a copy: the caller may write into what he gets


def _to_levels(array: np.ndarray, name: str) -> np.ndarray:
    """An array of any numeric type to uint8; the range is known from the type or seen from the values."""
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype == np.uint16:
        return np.rint(array / 257.0).astype(np.uint8)
    if not (np.issubdtype(array.dtype, np.floating) or np.issubdtype(array.dtype, np.integer)):
        raise DataError(f"{name}: holds {array.dtype} values; give uint8, uint16 or float")
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise DataError(f"{name}: holds NaN or infinite values; repair them first")
    if low < 0 or high > 255:
        raise DataError(f"{name}: values run from {low:g} to {high:g}; scale them to [0, 1] or [0, 255]")
    scale = 255.0 if high <= 1 and np.issubdtype(array.dtype, np.floating) else 1.0
    return np.rint(array.astype(np.float64) * scale).astype(np.uint8)


def on_white(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) with white where the mask, float (H, W) in [0, 1], is 0."""
    share = mask[..., None].astype(np.float32)
    white = image * share
    white += 255 * (1 - share)
    return np.rint(white, out=white).astype(np.uint8)


def check_figure(path: str | os.PathLike) -> None:
    """OutputError, before any work, where a figure with axes cannot be written as `path`."""
    from matplotlib.figure import Figure

    target = Path(path).expanduser()
    if target.is_dir():
        raise OutputError(f"{path}: is a folder; name a file in it, such as {target / 'figure.png'}")
    if target.suffix[1:].lower() not in Figure().canvas.get_supported_filetypes():
        raise OutputError(f"{path}: cannot be written as a picture; end the name in .png, .pdf or .svg")
    check_output(target.parent)


def save_figure(path: str | os.PathLike, figure: Figure, dpi: float | Literal["figure"] = "figure") -> Path:
    """Write a figure of matplotlib as the suffix says; atomic. Returns the path. Raises OutputError."""
    target = Path(path)
    with atomic_path(target) as temporary:
        figure.savefig(temporary, dpi=dpi)
    return target
