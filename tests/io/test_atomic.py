"""Atomic files: whole or absent, with one sentence when the place cannot be written."""

import errno
import json
import os

import pytest

from ppgen.errors import OutputError
from ppgen.io.atomic import (
    atomic_path,
    atomic_paths,
    check_output,
    say_replaced,
    write_bytes,
    write_files,
    write_json,
    write_text,
)


def test_writes_and_replaces(tmp_path):
    target = tmp_path / "deep" / "er" / "a.txt"
    write_text(target, "one\r\ntwo é")
    write_bytes(target, target.read_bytes() + b"!")
    assert target.read_bytes() == "one\r\ntwo é!".encode()
    assert [p.name for p in target.parent.iterdir()] == ["a.txt"]


def test_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "a.bin"
    write_bytes(target, b"old")
    with pytest.raises(KeyboardInterrupt), atomic_path(target) as temporary:
        assert temporary.parent == target.parent and temporary.suffix == ".bin"
        temporary.write_bytes(b"half")
        raise KeyboardInterrupt
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_files_that_belong_together_are_all_written_or_none(tmp_path):
    paths = [tmp_path / "a" / "one.bin", tmp_path / "two.bin"]
    write_files({path: path.name.encode() for path in paths})
    assert [path.read_bytes() for path in paths] == [b"one.bin", b"two.bin"]
    with pytest.raises(KeyboardInterrupt), atomic_paths(paths) as temporaries:
        for temporary in temporaries:
            temporary.write_bytes(b"new")
        raise KeyboardInterrupt
    with pytest.raises(OutputError, match="one.bin: nothing was written"), atomic_paths(paths) as (_, second):
        second.write_bytes(b"new")
    with pytest.raises(OutputError, match="two.bin: cannot be written"), atomic_paths(paths) as (first, second):
        first.write_bytes(b"new")
        raise OSError(errno.EIO, "Input/output error", str(second))
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="folder: is a folder"):
        write_files({paths[0]: b"new", tmp_path / "folder": b"new"})
    assert [path.read_bytes() for path in paths] == [b"one.bin", b"two.bin"]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "folder", "one.bin", "two.bin"]


def test_json(tmp_path):
    write_json(tmp_path / "a.json", {"ü": [1, 2.5, None]})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"ü": [1, 2.5, None]}
    with pytest.raises(ValueError):
        write_json(tmp_path / "a.json", float("nan"))
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"ü": [1, 2.5, None]}


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match=r"/file: is not a folder; choose another output folder"):
        write_text(tmp_path / "file" / "a.txt", "x")
    with pytest.raises(OutputError, match=r"/file/in: \S+/file is not a folder; choose another output folder"):
        write_text(tmp_path / "file" / "in" / "a.txt", "x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        write_text(tmp_path / "folder", "x")
    with pytest.raises(OutputError, match="nothing was written"), atomic_path(tmp_path / "none.txt"):
        pass
    assert not (tmp_path / "none.txt").exists()


def test_output_is_checked_without_writing(tmp_path):
    check_output(tmp_path / "new" / "deeper")
    check_output(tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("x")
    (tmp_path / "dead").symlink_to(tmp_path / "nowhere")
    for bad in ("file", "file/in", "dead", "dead/in"):
        with pytest.raises(OutputError, match="is not a folder; choose another output folder"):
            check_output(tmp_path / bad)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written"):
        check_output(tmp_path / "out")


def test_full_disk_is_an_output_error_but_other_errors_keep_their_type(tmp_path):
    with pytest.raises(OutputError, match=r"/a: .*No space left on device\); .*free some space"):
        with atomic_path(tmp_path / "a") as temporary:
            raise OSError(errno.ENOSPC, "No space left on device", str(temporary))
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a"):
        (tmp_path / "missing input").read_bytes()
    assert list(tmp_path.iterdir()) == []


def test_what_is_replaced_is_said_and_nothing_else(tmp_path, capsys):
    (tmp_path / "there.png").write_bytes(b"x")
    say_replaced(tmp_path / "new.png")
    assert capsys.readouterr() == ("", "")
    say_replaced(tmp_path / "there.png", tmp_path / "new.png")
    assert capsys.readouterr() == ("", f"replaced: {tmp_path / 'there.png'}\n")


def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path):
    (tmp_path / "real.txt").write_text("old")
    link = tmp_path / "link.txt"
    link.symlink_to("real.txt")
    write_text(link, "new")
    assert not link.is_symlink() and link.read_text() == "new" and (tmp_path / "real.txt").read_text() == "old"
