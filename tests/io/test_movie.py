"""Films: what is written is read back; without encoders a GIF takes an MP4's place."""

import sys

import numpy as np
import pytest
from PIL import Image

from ppgen.errors import DataError, OutputError
from ppgen.io import movie
from ppgen.io.movie import is_movie, save_movie

COLOURS = np.array([(200, 30, 30), (30, 200, 30), (30, 30, 200)], np.uint8)
FRAMES = np.ones((3, 33, 48, 3), np.uint8) * COLOURS[:, None, None]


def frames_of(path) -> list[np.ndarray]:
    with Image.open(path) as image:
        found = []
        for i in range(image.n_frames):
            image.seek(i)
            found.append(np.asarray(image.convert("RGB")))
        return found


def test_gif_keeps_frames_time_and_runs_on(tmp_path):
    path, note = save_movie(tmp_path / "a" / "film.gif", FRAMES, fps=8)
    assert note is None
    found = frames_of(path)
    assert len(found) == 3 and found[0].shape == (33, 48, 3)
    for frame, colour in zip(found, COLOURS):
        assert np.abs(frame.astype(int) - colour).max() <= 6
    with Image.open(path) as image:
        assert image.info["duration"] == 120 and image.info["loop"] == 0


def test_mp4_is_read_back(tmp_path, monkeypatch):
    cv2 = pytest.importorskip("cv2")
    path, note = save_movie(tmp_path / "film.mp4", FRAMES, fps=8)
    reader = cv2.VideoCapture(str(path))
    assert reader.get(cv2.CAP_PROP_FPS) == pytest.approx(8)
    for colour in COLOURS:
        good, frame = reader.read()
        assert good and frame.shape == (34, 48, 3)  # even sides
        assert np.abs(frame[..., ::-1].reshape(-1, 3).mean(axis=0) - colour).max() < 12
    assert list(tmp_path.iterdir()) == [path]


def test_without_encoders_a_gif_and_a_word(tmp_path, monkeypatch):
    monkeypatch.setattr(movie, "ffmpeg_program", lambda: str(tmp_path / "no such program"))
    path, note = save_movie(tmp_path / "film.mp4", FRAMES)
    assert path == tmp_path / "film.gif" and "GIF" in note and len(frames_of(path)) == 3
    assert not (tmp_path / "film.mp4").exists()


def test_ffmpeg_gets_the_pixels(tmp_path, monkeypatch):
    """A stand-in for ffmpeg that keeps its input."""
    script = tmp_path / "ffmpeg"
    script.write_text(
        f"#!{sys.executable}\nimport sys\nopen(sys.argv[-1], 'wb').write(sys.stdin.buffer.read())\n"
        "assert sys.argv[sys.argv.index('-s') + 1] == '48x34'\n"
    )
    script.chmod(0o755)
    monkeypatch.setattr(movie, "ffmpeg_program", lambda: str(script))
    path, note = save_movie(tmp_path / "film.mp4", FRAMES)
    pixels = np.frombuffer(path.read_bytes(), np.uint8).reshape(3, 34, 48, 3)
    assert note is None and (pixels[:, :33] == FRAMES).all() and (pixels[:, 33] == FRAMES[:, 32]).all()


def test_an_ffmpeg_that_gives_up_while_it_is_fed(tmp_path, monkeypatch):
    script = tmp_path / "ffmpeg"
    script.write_text("#!/bin/sh\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setattr(movie, "ffmpeg_program", lambda: str(script))
    large = FRAMES.repeat(6, axis=1).repeat(6, axis=2)  # more than a pipe holds
    path, note = save_movie(tmp_path / "film.mp4", large)
    assert path == tmp_path / "film.gif" and "GIF" in note and len(frames_of(path)) == 3


def test_what_is_no_film(tmp_path):
    with pytest.raises(OutputError, match=".gif or .mp4"):
        save_movie(tmp_path / "film.avi", FRAMES)
    for bad in ([], [FRAMES[0], FRAMES[0][:8]], [FRAMES[0].astype(float)]):
        with pytest.raises(DataError):
            save_movie(tmp_path / "film.gif", bad)
    with pytest.raises(DataError, match="pictures a second"):
        save_movie(tmp_path / "film.gif", FRAMES, fps=0)
    assert is_movie("a.MP4") and not is_movie("a.png") and list(tmp_path.iterdir()) == []
