"""Archives that must be refused leave nothing behind; honest ones arrive whole."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from ppgen import cli
from ppgen.errors import DataError, OutputError
from ppgen.prepare import unpack as module
from ppgen.prepare.unpack import Limits, unpack

HONEST = {"set/trainA/a.png": b"a" * 10, "set/trainB/b.png": b"b" * 20, "__MACOSX/set/._a": b"x", "set/.DS_Store": b"x"}


def make_zip(path: Path, entries: dict[str, bytes], modes: dict[str, int] | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (modes or {}).get(name, stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content)
    return path


def make_tar(path: Path, entries: dict[str, bytes], kinds: dict[str, bytes] | None = None) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in entries.items():
            info = tarfile.TarInfo(name)
            info.size, info.type = len(content), (kinds or {}).get(name, tarfile.REGTYPE)
            info.linkname = "/etc/passwd"
            archive.addfile(info, io.BytesIO(content))
    return path


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("make, name", [(make_zip, "x.zip"), (make_tar, "x.tar.gz")])
def test_one_folder_keeps_its_name(tmp_path, make, name):
    done = unpack(make(tmp_path / name, HONEST), tmp_path / "data")
    assert done == (tmp_path / "data" / "set", 2, 30)
    assert files(tmp_path / "data") == {"set/trainA/a.png": b"a" * 10, "set/trainB/b.png": b"b" * 20}


@pytest.mark.parametrize("make, name", [(make_zip, "faces.zip"), (make_tar, "faces.tar.gz")])
def test_several_at_the_top_get_the_archives_name(tmp_path, make, name):
    done = unpack(make(tmp_path / name, {"trainA/a.png": b"1", "b.txt": b"2"}), tmp_path / "data")
    assert done.path == tmp_path / "data" / "faces"
    assert files(done.path) == {"trainA/a.png": b"1", "b.txt": b"2"}


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("photo2cartoon_dataset.zip", ""),
        ("photo2cartoon_dataset.zip", "photo2cartoon/"),
        ("x.zip", "photo2cartoon_dataset/"),
        ("photo2cartoon_dataset.zip", "dataset/"),
        ("x.zip", "dataset/photo2cartoon/"),
    ],
)
def test_photo2cartoon_arrives_where_its_config_looks(tmp_path, name, folder):
    """Whatever folders the archive has around it: the command that a config prints must make what the config reads."""
    archive = make_zip(tmp_path / name, {f"{folder}{d}/a.png": d.encode() for d in ("trainA", "trainB")})
    done = unpack(archive, tmp_path / "data")
    assert done.path == tmp_path / "data" / "photo2cartoon"
    assert files(done.path) == {"trainA/a.png": b"trainA", "trainB/a.png": b"trainB"}


def test_a_name_that_is_all_suffix_stays(tmp_path):
    assert unpack(make_zip(tmp_path / "_dataset.zip", {"a.txt": b"1", "b.txt": b"2"}), tmp_path).path.name == "_dataset"
    assert unpack(make_zip(tmp_path / "dataset.zip", {"dataset/a.txt": b"1"}), tmp_path).path.name == "dataset"


BAD_NAMES = ["../out.txt", "set/../../out.txt", "/abs.txt", "C:\\x.txt", "set\\..\\..\\x.txt", "set/con.txt", "a:b"]


@pytest.mark.parametrize("make, name", [(make_zip, "x.zip"), (make_tar, "x.tar.gz")])
@pytest.mark.parametrize("bad", BAD_NAMES)
def test_names_that_leave_are_refused(tmp_path, make, name, bad):
    archive = make(tmp_path / name, {"set/good.png": b"g", bad: b"bad"})
    with pytest.raises(DataError, match="entry"):
        unpack(archive, tmp_path / "data")
    assert sorted(p.name for p in tmp_path.iterdir()) == [name]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_in_zips(tmp_path, kind):
    archive = make_zip(tmp_path / "x.zip", {"set/a": b"1", "set/l": b"/etc/passwd"}, {"set/l": kind | 0o777})
    with pytest.raises(DataError, match="link or a device"):
        unpack(archive, tmp_path / "data")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_in_tars(tmp_path, kind):
    archive = make_tar(tmp_path / "x.tar.gz", {"set/a": b"1", "set/l": b""}, {"set/l": kind})
    with pytest.raises(DataError, match="link or a device"):
        unpack(archive, tmp_path / "data")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("make, name", [(make_zip, "x.zip"), (make_tar, "x.tar.gz")])
@pytest.mark.parametrize(
    "limits, what",
    [
        (Limits(files=1, ratio=1e9), "more than 1 files"),
        (Limits(size=1000, ratio=1e9), "GB, the limit"),
        (Limits(ratio=5), "bomb"),
    ],
)
def test_bombs(tmp_path, make, name, limits, what):
    archive = make(tmp_path / name, {"set/a": b"\0" * 3_000_000, "set/b": b"1"})
    with pytest.raises(DataError, match=what):
        unpack(archive, tmp_path / "data", limits)
    assert not (tmp_path / "data").exists()


def test_an_entry_larger_than_declared(tmp_path, monkeypatch):
    """The sizes in a listing are the archive's own word; what is read is counted."""
    archive = make_zip(tmp_path / "x.zip", {"set/a": b"1" * 100})
    honest = module._zip_entries
    monkeypatch.setattr(module, "_zip_entries", lambda *args: (entry._replace(size=10) for entry in honest(*args)))
    with pytest.raises(DataError, match="does not have the size"):
        unpack(archive, tmp_path / "data")
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize("second", ["set/A.png", "set/a.png/inner"])
def test_collisions(tmp_path, second):
    with pytest.raises(DataError, match="two entries|at once"):
        unpack(make_zip(tmp_path / "x.zip", {"set/a.png": b"1", second: b"2"}), tmp_path / "data")


def test_damage_leaves_nothing(tmp_path):
    path = make_zip(tmp_path / "x.zip", {"set/a": bytes(range(256)) * 40})
    whole = bytearray(path.read_bytes())
    whole[60] ^= 255
    path.write_bytes(whole)
    with pytest.raises(DataError, match="damaged"):
        unpack(path, tmp_path / "data")
    tar = make_tar(tmp_path / "x.tar.gz", {"set/a": bytes(range(256)) * 40})
    tar.write_bytes(tar.read_bytes()[:-40])
    with pytest.raises(DataError, match="x.tar.gz"):
        unpack(tar, tmp_path / "data")
    assert list((tmp_path / "data").iterdir()) == []
    half = make_zip(tmp_path / "half.zip", {"set/a": bytes(range(256)) * 40})
    half.write_bytes(half.read_bytes()[:-40])
    with pytest.raises(DataError, match="half.zip: the zip archive is cut short"):
        unpack(half, tmp_path / "data")


def test_what_exists_is_kept(tmp_path):
    archive = make_zip(tmp_path / "x.zip", HONEST)
    (tmp_path / "data" / "set").mkdir(parents=True)
    (tmp_path / "data" / "set" / "mine").write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        unpack(archive, tmp_path / "data")
    assert files(tmp_path / "data") == {"set/mine": b"mine"}


def test_a_data_folder_that_is_a_file(tmp_path, capsys):
    archive = make_zip(tmp_path / "x.zip", HONEST)
    (tmp_path / "file").write_text("mine")
    for place, words in (("file", "file: is not a folder"), ("file/in", "file is not a folder")):
        assert cli.main(["data", "unpack", str(archive), "-d", str(tmp_path / place)]) == 2
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1 and "exists" not in error


def test_the_command(tmp_path, capsys):
    archive = make_zip(tmp_path / "x.zip", HONEST)
    assert cli.main(["data", "unpack", str(archive), "-d", str(tmp_path / "data")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'data' / 'set'}: 2 files, 0.0 MB\n"
    (tmp_path / "text.zip").write_text("no archive")
    for bad in ("text.zip", "missing.zip"):
        assert cli.main(["data", "unpack", str(tmp_path / bad), "-d", str(tmp_path / "data")]) == 2
        error = capsys.readouterr().err
        assert bad in error and error.count("\n") == 1


def test_a_name_that_is_no_utf8_though_its_flag_says_so(tmp_path):
    archive = make_zip(tmp_path / "a.zip", {"d/\u00e9.png": b"x"})
    archive.write_bytes(archive.read_bytes().replace("\u00e9".encode(), b"\xe9\xe9"))
    with pytest.raises(DataError, match="a.zip: the archive is damaged"):
        unpack(archive, tmp_path / "data")


def pax(name: str, value: bytes, kind: bytes = b"x") -> bytes:
    """A header that tells something of the next entry, or of all."""
    info = tarfile.TarInfo("pax")
    info.type, info.size = kind, len(value)
    return info.tobuf(tarfile.USTAR_FORMAT) + value + bytes(-len(value) % 512)


def entry(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


def sparse(blocks: int) -> bytes:
    """An entry whose list of gaps goes on for so many blocks."""
    head = bytearray(entry("set/a.png", tarfile.GNUTYPE_SPARSE))
    head[482] = 1
    head[148:156] = b"%06o\0 " % (sum(head[:148]) + sum(head[156:]) + 8 * 32)
    block = b"00000000001\0" * 42 + b"\1" + bytes(7)
    return bytes(head) + block * blocks


STRANGE = {
    "a header of MBs": pax("x", b"1048600 path=" + b"a" * 2**22) + entry("set/a"),
    "a header of MBs for all": pax("x", b"1048600 comment=" + b"a" * 2**22, b"g") + entry("set/a"),
    "a GNU name of MBs": entry("././@LongLink", tarfile.GNUTYPE_LONGNAME, 2**22) + b"a" * 2**22 + entry("set/a"),
    "a header of 600 MB that is not there": entry("x", tarfile.XHDTYPE, 600 * 2**20),
    "gaps without end": sparse(4000),
    "headers of headers": pax("x", b"") * 2000 + entry("set/a"),
    "folders and nothing else": entry("set/", tarfile.DIRTYPE) * 20_000,
    "a negative size": entry("set/a").replace(b"00000000000\0", b"\xff" * 12, 1),
    "an empty name": entry(""),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_tar_listings_take_little_memory_and_no_traceback(tmp_path, kind):
    import gzip
    import tracemalloc

    for name, data in (("x.tar.gz", gzip.compress(STRANGE[kind])), ("x.tar", STRANGE[kind])):
        (tmp_path / name).write_bytes(data + bytes(1024) * (name == "x.tar"))
        tracemalloc.start()
        try:
            with pytest.raises(DataError, match=name) as caught:
                unpack(tmp_path / name, tmp_path / "data")
            assert tracemalloc.get_traced_memory()[1] < 2**24
        finally:
            tracemalloc.stop()
        assert "\n" not in str(caught.value) and len(str(caught.value)) < len(str(tmp_path)) + 250
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("make, name", [(make_zip, "x.zip"), (make_tar, "x.tar.gz")])
@pytest.mark.parametrize("bad", ["", ".", "a/" * 2000 + "b.png", "a" * 600 + "/b.png", "a/" * 60 + "b.png"])
def test_names_that_no_dataset_has(tmp_path, make, name, bad):
    archive = make(tmp_path / name, {"set/good.png": b"g", bad: b""})
    with pytest.raises(DataError, match="entry|damaged"):
        unpack(archive, tmp_path / "data")
    assert sorted(p.name for p in tmp_path.iterdir()) == [name]


def test_a_zip_listing_longer_than_its_files_may_be(tmp_path):
    archive = make_zip(tmp_path / "x.zip", {f"set/{n:0190}.png": b"" for n in range(6000)})
    with pytest.raises(DataError, match="listing claims too much"):
        unpack(archive, tmp_path / "data", Limits(files=100))


def test_long_names_and_folders_of_their_own_are_unpacked(tmp_path):
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "made by a script"}) as archive:
        for name in ("set", "set/deep"):
            folder = tarfile.TarInfo(name)
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
        for name in ("set/" + "n" * 150 + ".png", "set/deep/中文.png"):
            info = tarfile.TarInfo(name)
            info.size = 3
            archive.addfile(info, io.BytesIO(b"abc"))
    done = unpack(path, tmp_path / "data")
    assert done.files == 2 and files(done.path) == {"n" * 150 + ".png": b"abc", "deep/中文.png": b"abc"}
