"""Which files of a folder count as pictures."""

import os

import numpy as np
import pytest
from PIL import Image

from ppgen.datasets.files import picture_size, pictures_under
from ppgen.errors import DataError
from ppgen.io.image import load_image, save_image
from ppgen.io.listing import left_out, list_images


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (16, 24, 3)).astype(np.uint8)


def test_list_images(tmp_path, picture):
    with pytest.raises(DataError, match="no such folder"):
        list_images(tmp_path / "none")
    with pytest.raises(DataError, match="holds no image"):
        list_images(tmp_path)
    for name in ("b.png", "a.JPG", ".hidden.png"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "notes.txt").write_text("x")
    save_image(tmp_path / "sub" / "c.png", picture)
    assert [p.name for p in list_images(tmp_path)] == ["a.JPG", "b.png"]
    for litter in (".ipynb_checkpoints/a.png", "__MACOSX/sub/._c.png", "sub/.thumbnails/c.png"):
        save_image(tmp_path / litter, picture)
    assert [p.name for p in list_images(tmp_path, recursive=True)] == ["a.JPG", "b.png", "c.png"]
    assert list_images(tmp_path / ".ipynb_checkpoints", recursive=True)  # asked for by name
    with pytest.raises(DataError, match="is a file"):
        list_images(tmp_path / "b.png")


def test_linked_folders_are_followed_and_circles_end(linked):
    names = [path.relative_to(linked).as_posix() for path in list_images(linked, recursive=True)]
    assert names == ["c.png", "linked/deep/b.png", "real/a.png"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_listed_is_an_error(tmp_path, picture):
    save_image(tmp_path / "a" / "a.png", picture)
    save_image(tmp_path / "b" / "b.png", picture)
    (tmp_path / "b").chmod(0)
    try:
        with pytest.raises(DataError, match="b: cannot be listed"):
            list_images(tmp_path, recursive=True)
    finally:
        (tmp_path / "b").chmod(0o700)


@pytest.mark.parametrize("suffix, format_name", [
    (".jfif", "JPEG"), (".jpe", "JPEG"), (".tif", "TIFF"), (".avif", "AVIF"), (".heic", "HEIF"),
])  # fmt: skip
def test_every_kind_of_picture_that_can_be_read_is_listed(tmp_path, picture, suffix, format_name):
    if format_name == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    path = tmp_path / f"a{suffix}"
    Image.fromarray(picture).save(path, format_name)
    assert list_images(tmp_path) == [path]
    assert picture_size(path) == (16, 24)
    assert load_image(path).shape == (16, 24, 3)


def test_what_is_not_read_is_counted_by_type(tmp_path, picture, capsys):
    save_image(tmp_path / "a.png", picture)
    assert left_out(tmp_path) == ""
    for name in ("b.psd", "c.PSD", "d.mp4", "meta.csv", ".hidden.raw", "noise"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "sub").mkdir()
    said = "not read: 2 .psd, 1 .mp4, 1 without suffix, 1 broken links"
    assert sorted(left_out(tmp_path, recursive=True)[10:].split(", ")) == sorted(said[10:].split(", "))
    assert "1 subfolders" in left_out(tmp_path)
    pictures_under(tmp_path)
    assert "2 .psd" in capsys.readouterr().err
    (tmp_path / "a.png").unlink()
    with pytest.raises(DataError, match=r"no image \(not read: .*2 .psd"):
        list_images(tmp_path)
