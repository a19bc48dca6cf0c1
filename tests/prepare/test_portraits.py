"""Photos become a dataset: what is kept and dropped, how it is laid out, that a stopped run goes on."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from metrics.schematic import drawing, face_points

from ppgen import cli
from ppgen.datasets.paired_images import PairedImages
from ppgen.datasets.portraits import Portraits
from ppgen.datasets.unpaired_images import UnpairedImages
from ppgen.errors import ConfigError, DataError, NoFaceError, OutputError
from ppgen.faces.record import Face
from ppgen.io.image import load_image, save_image
from ppgen.prepare import marker, portraits
from ppgen.prepare.people import read_people
from ppgen.prepare.portraits import Wanted, prepare_portraits


@pytest.fixture
def chain(monkeypatch):
    """Stand-ins for the networks: the face is where `schematic` draws it; returns the photos looked at."""
    looked = []

    def find(image, name):
        looked.append(Path(name).stem)
        if image.mean() > 250:
            raise NoFaceError(f"{name}: no usable frontal face found")
        points = face_points().astype(np.float64) * (image.shape[0] / 256)
        return [Face((60.0, 60.0, 200.0, 200.0), 1.0, 0, points)]

    def mask(crop, points):
        return (crop.mean(axis=-1) < 250).astype(np.float32)

    monkeypatch.setattr(portraits, "find_dlib_faces", find)
    monkeypatch.setattr(portraits, "person_mask", mask)
    monkeypatch.setattr(portraits, "likeness", lambda *args: 0.5)
    return looked


@pytest.fixture
def photos(tmp_path):
    root = tmp_path / "photos"
    for number in range(12):
        save_image(root / f"p{number}.png", drawing(120 + 9 * number))
    save_image(root / "deep er" / "p1.png", drawing(117))
    save_image(root / "blank.png", np.full((64, 64, 3), 255, np.uint8))
    save_image(root / "tiny.png", drawing()[::4, ::4])
    save_image(root / "again.png", drawing(120))
    (root / "broken.jpg").write_bytes(b"no picture")
    return root


def starter(folder: Path) -> Path:
    """A folder as `ppgen data starter` leaves it, with files of our photos' names; returns one."""
    for half in ("trainA", "testA"):
        for number in range(12):
            save_image(folder / half / f"p{number}.png", np.zeros((8, 8, 3), np.uint8))
    marker.mark(folder, "Of nobody.")
    return folder / "trainA" / "p0.png"


def dark(crop, landmarks, mask, person):
    return (255 - (mask[..., None] * 255)).astype(np.uint8).repeat(3, axis=-1)


def run(photos: Path, out: Path, monkeypatch, **options):
    monkeypatch.setattr(portraits, "drawer", lambda name: dark)
    return prepare_portraits(photos, out, Wanted(**options))


def test_what_is_kept_and_why_not(chain, photos, tmp_path, monkeypatch):
    report = run(photos, tmp_path / "out", monkeypatch, cartoon="artist")
    reasons = {one.id: one.why for one in report.dropped}
    assert reasons == {"blank": "no face", "tiny": "small", "p0": "duplicate", "broken": "unreadable"}
    counts = report.counts()
    assert counts["kept"] == counts["cartoons"] == counts["train"] + counts["test"] == 13 and counts["test"] > 0
    table = list(csv.DictReader(report.csv.open()))
    assert len(table) == 17 and {row["status"] for row in table} == {"kept", "dropped"}
    assert json.loads(report.json.read_text())["counts"]["reasons"]["duplicate"] == 1
    assert "deep_er_p1" in {row["id"] for row in table}
    assert "blank.png" in str(report) and "warning" not in str(report)


def test_a_split_that_stays_empty_is_said(chain, photos, tmp_path, monkeypatch):
    monkeypatch.setattr(portraits, "is_held_back", lambda identifier: False)
    report = run(photos, tmp_path / "out", monkeypatch)
    (line,) = [line for line in str(report).split("\n") if line.startswith("warning")]
    assert report.counts()["test"] == 0 and "testA stays empty" in line


def test_the_datasets_read_it(chain, photos, tmp_path, monkeypatch):
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    report = run(photos, tmp_path / "out", monkeypatch, cartoon="artist")
    unpaired = UnpairedImages("out/trainA", "out/trainB", size=64)
    paired = PairedImages("out/trainA", "out/trainB", size=64)
    assert len(unpaired) == len(paired) == report.counts()["train"]
    for split, count in (("train", "train"), ("validation", "test")):
        dataset = Portraits("out", split=split)
        assert len(dataset) == report.counts()[count]
        assert all((tmp_path / "out" / f"{count}A" / f"{row['id']}.png").is_file() for row in dataset.rows)
    sample = Portraits("out").sample(0)
    white = load_image(tmp_path / "out" / "trainA" / f"{sample['id']}.png")
    assert np.abs(white / 127.5 - 1 - sample["photo"].transpose(1, 2, 0)).mean() < 0.02  # JPEG


def test_a_stopped_run_goes_on(chain, photos, tmp_path, monkeypatch):
    out, find = tmp_path / "out", portraits.find_dlib_faces

    def stopping(image, name):
        if Path(name).stem == "p5":
            raise KeyboardInterrupt
        return find(image, name)

    monkeypatch.setattr(portraits, "find_dlib_faces", stopping)
    with pytest.raises(KeyboardInterrupt):
        run(photos, out, monkeypatch)
    before = len(chain)
    monkeypatch.setattr(portraits, "find_dlib_faces", find)
    report = run(photos, out, monkeypatch)
    assert report.reused > 0 and not set(chain[:before]) & set(chain[before:])
    chain.clear()
    assert run(photos, out, monkeypatch).counts()["kept"] == 13 and chain == []
    (out / "photo" / "p7.jpg").unlink()
    save_image(photos / "p3.png", drawing(60))
    run(photos, out, monkeypatch)
    assert sorted(chain) == ["p3", "p7"]
    assert not list(out.rglob(".*"))


def test_another_wish_makes_it_again(chain, photos, tmp_path, monkeypatch):
    out = tmp_path / "out"
    run(photos, out, monkeypatch, cartoon="artist")
    assert (out / "trainB").is_dir()
    run(photos, out, monkeypatch)
    assert not (out / "trainB").exists() and not (out / "cartoon").exists()
    strict = run(photos, out, monkeypatch, min_eyes=1000)
    assert strict.counts()["kept"] == 0 and not (out / "trainA").exists()
    assert not (out / "meta.csv").exists()


def test_two_sources_never_mix_under_one_name(chain, photos, tmp_path, monkeypatch):
    run(photos, tmp_path / "out", monkeypatch)
    save_image(tmp_path / "others" / "p3.png", drawing(77))
    with pytest.raises(OutputError, match="p3"):
        run(tmp_path / "others", tmp_path / "out", monkeypatch)


def test_a_row_that_fits_two_photos_is_given_to_nobody(tmp_path):
    for folder in "ab":
        save_image(tmp_path / "photos" / folder / "x.png", drawing(ord(folder)))
    meta = tmp_path / "meta.csv"
    meta.write_text("id,gender\nx,F\n")
    with pytest.raises(DataError, match="the id 'x' fits 2 photos in different folders; list each .* 'a_x', 'b_x'"):
        prepare_portraits(tmp_path / "photos", tmp_path / "out", Wanted(), meta)
    people = read_people(meta)
    people.check_unambiguous([("x", "a_x"), ("y", "b_x")])
    meta.write_text("id,gender\na_x,F\nb_x,M\n")
    people = read_people(meta)
    people.check_unambiguous([("x", "a_x"), ("x", "b_x")])
    assert people.find("b_x", "x").gender == "M"


def test_groups_reach_the_artist_and_the_table(chain, photos, tmp_path, monkeypatch):
    meta, seen = tmp_path / "meta.csv", {}
    meta.write_text("id,gender,age_group,has_glasses\np3,F,senior,1\n")

    def draw(crop, landmarks, mask, person):
        seen[len(seen)] = (person.gender, person.group, person.glasses)
        return dark(crop, landmarks, mask, person)

    monkeypatch.setattr(portraits, "drawer", lambda name: draw)
    prepare_portraits(photos, tmp_path / "out", Wanted(cartoon="artist"), meta)
    assert ("F", "senior", True) in seen.values() and (None, None, None) in seen.values()
    rows = {row["id"]: row for row in csv.DictReader((tmp_path / "out" / "meta.csv").open())}
    assert (rows["p3"]["gender"], rows["p3"]["has_glasses"], rows["p4"]["gender"]) == ("F", "1", "")
    meta.write_text("id,gender\np3,X\n")
    with pytest.raises(DataError, match="gender"):
        prepare_portraits(photos, tmp_path / "out2", Wanted(), meta)


def test_years_become_groups_and_stay_in_the_table(chain, photos, tmp_path):
    meta = tmp_path / "meta.csv"
    meta.write_text("id,approx_age\np3,49\np4,50\np5,65.5\n")
    prepare_portraits(photos, tmp_path / "out", Wanted(), meta)
    rows = {row["id"]: row for row in csv.DictReader((tmp_path / "out" / "meta.csv").open())}
    groups = [(rows[name]["age_group"], rows[name]["approx_age"]) for name in ("p3", "p4", "p5", "p6") if name in rows]
    assert groups[:3] == [("young", "49"), ("middle", "50"), ("senior", "65.5")]
    meta.write_text("id,approx_age\np3,old\n")
    with pytest.raises(DataError, match="approx_age of p3"):
        prepare_portraits(photos, tmp_path / "out2", Wanted(), meta)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,gender\np3,female\n", ["gender of p3 is 'female'; give F or M, or leave it empty for unknown"]),
        ("id,age_group\np3,\np4,old\n", ["age_group of p4 is 'old'; give young, middle or senior, or leave it empty"]),
        ("id,has_glasses\np3,yes\n", ["has_glasses of p3 is 'yes'; give 0 or 1, or leave it empty for unknown"]),
        ("id,approx_age\np3,nan\n", ["approx_age of p3 is 'nan'; give years from 0 to 150, or leave it empty"]),
        ("id,gendr\np3,F\n", ["none of the columns gender, age_group, approx_age, has_glasses", "mean 'gender'?"]),
        ("id\np3\n", ["none of the columns gender, age_group"]),
        ("id,gender\n", ["has no row"]),
    ],
)
def test_a_table_that_does_not_fit_is_refused_before_any_work(chain, photos, tmp_path, capsys, text, words):
    meta = tmp_path / "meta.csv"
    meta.write_text(text)
    assert cli.main(["data", "portraits", str(photos), "-o", str(tmp_path / "out"), "--meta", str(meta)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and all(one in error for one in (str(meta), *words)), error
    assert chain == [] and not (tmp_path / "out").exists()


def test_the_report_says_how_many_photos_the_table_knows(chain, photos, tmp_path):
    meta = tmp_path / "meta.csv"
    meta.write_text("id,gender,age_groop\np3,F,young\np4,,\nstranger,M,\n")
    report = prepare_portraits(photos, tmp_path / "out", Wanted(), meta)
    assert f"2 of 17 photos are in {meta} (columns read: gender)" in str(report)
    assert f"warning: {meta}: not read is the column 'age_groop', did you mean 'age_group'?" in str(report)
    assert json.loads(report.json.read_text())["notes"] == report.notes
    meta.write_text("id,gender\np3.png,F\n")
    nobody = str(prepare_portraits(photos, tmp_path / "out", Wanted(), meta))
    assert f"0 of 17 photos are in {meta}" in nobody and "'p3.png'" in nobody and "warning" in nobody
    assert "photos are in" not in str(prepare_portraits(photos, tmp_path / "out"))


@pytest.mark.parametrize("place", ["file", "file/in"])
def test_an_output_that_is_a_file_is_refused_before_any_work(chain, photos, tmp_path, capsys, place):
    (tmp_path / "file").write_text("mine")
    assert cli.main(["data", "portraits", str(photos), "-o", str(tmp_path / place)]) == 2
    error = capsys.readouterr().err
    assert "is not a folder; choose another output folder" in error and error.count("\n") == 1
    assert chain == [] and (tmp_path / "file").read_text() == "mine"


def test_a_folder_in_place_of_a_file(chain, photos, tmp_path, capsys):
    arguments = ["data", "portraits", str(photos), "-o", str(tmp_path / "out")]
    (tmp_path / "out" / "records" / "p1.json").mkdir(parents=True)
    assert cli.main(arguments) == 2
    assert f"{tmp_path / 'out/records/p1.json'}: is a folder where a file should be" in capsys.readouterr().err
    (tmp_path / "out" / "records" / "p1.json").rmdir()
    (tmp_path / "out" / "mask" / "p1.png").mkdir(parents=True)
    assert cli.main(arguments) == 2
    assert f"{tmp_path / 'out/mask/p1.png'}: is there, and no earlier run made it" in capsys.readouterr().err


@pytest.mark.parametrize("folder", ["photo", "trainA", "records"])
def test_photos_inside_the_output_are_not_written_over(chain, photos, tmp_path, folder):
    root = photos.rename(tmp_path / folder)
    before = {path: path.read_bytes() for path in root.rglob("*.*")}
    with pytest.raises(OutputError, match=f"its {folder}/ holds the photos and would be written over"):
        prepare_portraits(root, tmp_path)
    assert {path: path.read_bytes() for path in root.rglob("*.*")} == before


def test_drawings_of_the_users_own_stay(chain, photos, tmp_path, monkeypatch):
    out = tmp_path / "out"
    own = [save_image(out / "trainB" / f"{name}.png", drawing(9)) for name in ("p3", "blank")]
    before = [path.read_bytes() for path in own]
    run(photos, out, monkeypatch)
    assert [path.read_bytes() for path in own] == before
    monkeypatch.setattr(portraits, "find_dlib_faces", lambda *_, **__: pytest.fail("worked first"))
    with pytest.raises(OutputError, match="is there, and no earlier run made it"):
        run(photos, out, monkeypatch, cartoon="artist")
    assert [path.read_bytes() for path in own] == before


def test_what_a_stopped_run_began_is_ours(chain, photos, tmp_path, monkeypatch):
    save = portraits.save_image

    def stopping(path, image):
        if path.parent.name == "mask" and path.stem == "p5":
            raise KeyboardInterrupt
        return save(path, image)

    monkeypatch.setattr(portraits, "save_image", stopping)
    with pytest.raises(KeyboardInterrupt):
        run(photos, tmp_path / "out", monkeypatch, cartoon="artist")
    assert (tmp_path / "out" / "cartoon" / "p5.png").is_file()
    monkeypatch.setattr(portraits, "save_image", save)
    run(photos, tmp_path / "out", monkeypatch)
    assert not (tmp_path / "out" / "cartoon").exists() and not (tmp_path / "out" / "trainB").exists()


def test_a_file_that_later_counts_under_another_name_is_in_the_set_once(chain, tmp_path, monkeypatch):
    save_image(tmp_path / "photos" / "b.png", drawing(99))
    run(tmp_path / "photos", tmp_path / "out", monkeypatch)
    (tmp_path / "photos" / "a.png").write_bytes((tmp_path / "photos" / "b.png").read_bytes())
    report = run(tmp_path / "photos", tmp_path / "out", monkeypatch)
    assert report.counts()["kept"] == 1 and report.counts()["reasons"] == {"duplicate": 1}
    assert [path.stem for path in (tmp_path / "out" / "photo").iterdir()] == ["a"]
    assert [path.stem for path in (tmp_path / "out" / "records").iterdir()] == ["a"]
    assert "b" not in [line.split(",")[0] for line in (tmp_path / "out" / "meta.csv").read_text().splitlines()]


def test_names_that_are_no_utf8_and_long_ones(chain, tmp_path, monkeypatch):
    import os

    folder = tmp_path / "photos"
    save_image(folder / "x.png", drawing(99))
    os.rename(folder / "x.png", os.fsencode(folder) + b"/caf\xe9.png")
    save_image(folder / ("\u6f22" * 60) / ("\u5b57" * 60 + ".png"), drawing(77))
    assert run(folder, tmp_path / "out", monkeypatch).counts()["kept"] == 2
    assert run(folder, tmp_path / "out", monkeypatch).reused == 2


@pytest.mark.parametrize(
    "text", ['{"key":1,"outcome":2}', '{"key":{},"outcome":{}}', '{"key":{"digest":"x"},"outcome":{"id":"p3"}}', "[]"]
)
def test_a_record_that_is_none_is_made_again(chain, photos, tmp_path, monkeypatch, text):
    whole = run(photos, tmp_path / "out", monkeypatch)
    chain.clear()
    (tmp_path / "out" / "records" / "p3.json").write_text(text)
    (tmp_path / "out" / "records" / "stranger.json").write_text(text)
    again = run(photos, tmp_path / "out", monkeypatch)
    assert chain == ["p3"] and again.counts()["kept"] == whole.counts()["kept"]


def test_bad_places(chain, photos, tmp_path):
    with pytest.raises(OutputError, match="inside"):
        prepare_portraits(photos, photos / "out")
    with pytest.raises(DataError, match="no such folder"):
        prepare_portraits(tmp_path / "gone", tmp_path / "out")
    with pytest.raises(ConfigError, match="artist"):
        prepare_portraits(photos, tmp_path / "out", Wanted(cartoon="crayon"))


def test_the_command(chain, photos, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(portraits, "drawer", lambda name: dark)
    arguments = ["data", "portraits", str(photos), "-o", str(tmp_path / "out"), "--cartoon", "artist"]
    assert cli.main(arguments) == 0
    assert "13 of 17 photos kept" in capsys.readouterr().out
    assert cli.main([*arguments, "--min-eyes", "1000"]) == 1


def test_starter_data_give_way_but_not_to_a_refusal(chain, photos, tmp_path, monkeypatch):
    out = tmp_path / "out"
    one = starter(out)
    (tmp_path / "meta.csv").write_text("id,gender\np1,F\n")  # two photos are called p1
    with pytest.raises(DataError, match="p1"):
        prepare_portraits(photos, out, Wanted(), tmp_path / "meta.csv")
    (out / "trainA" / "mine.png").write_bytes(b"mine")
    with pytest.raises(OutputError, match="mine.png"):
        run(photos, out, monkeypatch)
    assert one.is_file() and marker.is_marked(out) and chain == []
    (out / "trainA" / "mine.png").unlink()
    report = run(photos, out, monkeypatch)
    assert not marker.is_marked(out)
    pictures = [path for half in ("trainA", "testA") for path in (out / half).iterdir()]
    assert len(pictures) == report.counts()["kept"] == 13
    assert {load_image(path).shape for path in pictures} == {(256, 256, 3)}
