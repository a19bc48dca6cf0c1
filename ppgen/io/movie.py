"""Films of pictures: GIF through Pillow, MP4 (H.264, which browsers play) through ffmpeg; without ffmpeg a GIF."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ppgen.errors import DataError, OutputError
from ppgen.io.atomic import atomic_path, write_bytes

SUFFIXES = (".gif", ".mp4")
_COLOURS = 255
_PALETTE_FRAMES = 16  # frames the palette is chosen from
_NO_MP4 = "no ffmpeg that writes H.264 was found (pip install imageio-ffmpeg brings one), so it was written as a GIF"


class Movie(NamedTuple):
    """What was written, and a sentence where that is not quite what was asked for."""

    path: Path
    note: str | None = None


def is_movie(path: str | os.PathLike) -> bool:
    """Whether a name asks for a film."""
    return Path(path).suffix.lower() in SUFFIXES


def written_as(path: Path) -> list[Path]:
    """The files that a picture or film of this name may become: where nothing writes MP4, it is a GIF beside it."""
    return [path, path.with_suffix(".gif")] if path.suffix.lower() == ".mp4" else [path]


def save_movie(path: str | os.PathLike, frames: Iterable[np.ndarray], fps: float = 12) -> Movie:
    """Write a film, as the suffix says; a GIF runs on and on. Atomic, with a progress bar on a terminal.

    Args:
        path: ends in .gif or .mp4. Where nothing can write MP4 the film becomes a GIF beside it.
        frames: uint8 (H, W, 3) RGB of one size. An odd side of an MP4 grows by one repeated row or column.
        fps: pictures a second; a GIF counts in hundredths of a second.
    Raises:
        DataError: no frames, or of different sizes. OutputError: another suffix, or it cannot be written.
    """
    target = Path(path)
    if not is_movie(target):
        raise OutputError(f"{target}: films are written as .gif or .mp4; use a name that ends so")
    if not 0 < fps <= 100:
        raise DataError(f"{target}: a film has more than 0 and at most 100 pictures a second, not {fps}")
    pictures = _checked(list(frames), target)
    if target.suffix.lower() == ".gif":
        return Movie(_save_gif(target, pictures, fps))
    film = _encode_mp4(pictures, fps)
    if film is None:
        return Movie(_save_gif(target.with_suffix(".gif"), pictures, fps), _NO_MP4)
    write_bytes(target, film)
    return Movie(target)


def ffmpeg_program() -> str | None:
    """The ffmpeg to use: that of the package imageio-ffmpeg where installed, else the system's."""
    try:
        import imageio_ffmpeg

        return imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):  # RuntimeError: the package without its program
        return shutil.which("ffmpeg")


def _checked(frames: list[np.ndarray], target: Path) -> list[np.ndarray]:
    if not frames:
        raise DataError(f"{target}: a film needs at least one picture")
    for frame in frames:
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or frame.shape != frames[0].shape:
            found = f"{frame.dtype} {frame.shape} after {frames[0].shape}"
            raise DataError(f"{target}: a film is made of uint8 pictures (H, W, 3) of one size, not {found}")
    return frames


def _bar(frames: Sequence[np.ndarray]) -> Iterable[np.ndarray]:
    from tqdm.auto import tqdm

    return tqdm(frames, desc="film", unit="picture", disable=None, delay=2)


def _save_gif(target: Path, frames: list[np.ndarray], fps: float) -> Path:
    # One palette for the whole film: colours of its own for every frame would flicker.
    step = max(1, len(frames) // _PALETTE_FRAMES)
    seen = Image.fromarray(np.concatenate(frames[::step]))
    palette = seen.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT)
    pages = [Image.fromarray(frame).quantize(palette=palette) for frame in _bar(frames)]
    with atomic_path(target) as temporary:
        milliseconds = 10 * max(2, round(100 / fps))  # below 20 many viewers take 100
        pages[0].save(temporary, "GIF", save_all=True, append_images=pages[1:], duration=milliseconds, loop=0)
    return target


def _even(frame: np.ndarray) -> np.ndarray:
    height, width = frame.shape[:2]
    return np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _encode_mp4(frames: list[np.ndarray], fps: float) -> bytes | None:
    """The bytes of an MP4 of H.264, which browsers play; None where no ffmpeg can make one."""
    height, width = _even(frames[0]).shape[:2]
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(fps), "-i", "-"]
    coded = ["-an", "-c:v", "libx264", "-crf", "16", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
    pipe, quiet = subprocess.PIPE, subprocess.DEVNULL
    with tempfile.TemporaryDirectory() as folder:  # encoders go back and forth in their file
        draft = Path(folder) / "film.mp4"
        command = [ffmpeg_program() or "ffmpeg", "-y", "-loglevel", "error", *raw, *coded, str(draft)]
        try:
            with subprocess.Popen(command, stdin=pipe, stdout=quiet, stderr=quiet) as process:
                assert process.stdin is not None  # a pipe, as asked for
                for frame in _bar(frames):  # one by one: a long film twice in memory is much
                    process.stdin.write(_even(frame).tobytes())
        except OSError:  # no such program, or one that went away while it was fed
            return None
        return draft.read_bytes() if process.returncode == 0 else None
