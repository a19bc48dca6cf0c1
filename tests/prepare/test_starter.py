"""Starter data: what is made, that real data take its place and no other file goes, that every config trains on it."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from ppgen import cli
from ppgen.config import shipped
from ppgen.datasets.files import is_held_back
from ppgen.engine.log import read_log
from ppgen.engine.schema import folders_of, load_config
from ppgen.engine.settings import TrainingConfig
from ppgen.errors import ConfigError, DataError, OutputError
from ppgen.io.image import load_image, save_image
from ppgen.io.places import MARK, STARTED
from ppgen.prepare import marker, starter_faces
from ppgen.prepare.link import link_datasets
from ppgen.prepare.starter import make_starter
from ppgen.prepare.stats import dataset_stats
from ppgen.prepare.unpack import unpack

FEW = ("dcgan_faces64", "photo2cartoon_lite", "vae_celeba64")  # a folder with a table, portraits, CelebA's lists


def config_of(name: str) -> TrainingConfig:
    """A shipped config; its data need not be there."""
    return load_config(str(shipped.folder() / f"{name}.yaml"), [], need_data=False)


OF_FACES = [
    name for name in shipped.names()
    if any(Path(folder).parts[0] in STARTED for folder in folders_of(config_of(name).dataset).values())
]  # fmt: skip


@pytest.fixture(scope="session")
def data(tmp_path_factory) -> Path:
    """Starter data of 20 faces."""
    folder = tmp_path_factory.mktemp("starter") / "data"
    assert {each.outcome for each in make_starter(folder, count=20, jobs=1)} == {"made"}
    return folder


def test_layouts(data):
    assert sorted(path.name for path in data.iterdir()) == sorted(STARTED)
    for name, count in (("trainA", 18), ("trainB", 18), ("testA", 2), ("testB", 2)):
        pictures = sorted((data / "photo2cartoon" / name).iterdir())
        assert len(pictures) == count and {load_image(path).shape for path in pictures} == {(256, 256, 3)}
    report = dataset_stats(data / "photo2cartoon", data / "sheet.png", 2, 0)
    assert "18" in str(report) and (data / "sheet.png").is_file()
    (data / "sheet.png").unlink()
    faces = [load_image(path).astype(float) for path in sorted((data / "faces128/train").iterdir())]
    light = [face[40:88, 40:88].mean() for face in faces]
    assert max(light) > 1.5 * min(light)  # several colours, and no face twice
    assert min(np.abs(one - other).mean() for one, other in zip(faces, faces[1:])) > 5
    with (data / "portraits/train/meta.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["gender"] for row in rows].count("F") == 10
    train = [row for row in rows if not is_held_back(row["id"])]
    cells = {(row["gender"], row["age_group"]) for row in train}  # those that photo2cartoon_progressive asks for
    assert cells == {(gender, group) for gender in "FM" for group in ("young", "middle", "senior")}


def test_what_is_there_is_kept(data, tmp_path, capsys):
    (tmp_path / "data").mkdir()
    for name in STARTED:
        (tmp_path / "data" / name).mkdir()
    assert cli.main(["data", "starter", "--data", str(tmp_path / "data")]) == 0
    assert capsys.readouterr().out.count(" kept ") == len(STARTED)
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []
    with pytest.raises(ConfigError, match="20 faces"):
        make_starter(tmp_path, count=3)


def started(tmp_path: Path, name: str = "nobody") -> Path:
    """A folder as `ppgen data starter` leaves it."""
    folder = tmp_path / "data" / name
    save_image(folder / "photo" / "a.png", np.zeros((8, 8, 3), np.uint8))
    marker.mark(folder, "Of nobody.")
    return folder


def test_a_real_dataset_takes_its_place(tmp_path):
    folder, shared = started(tmp_path), tmp_path / "shared"
    (shared / "nobody/train").mkdir(parents=True)
    assert {item.name: item.outcome for item in link_datasets(tmp_path / "data", shared)}["nobody"] == "linked"
    assert folder.is_symlink() and not marker.is_marked(folder)


def test_an_archive_takes_its_place(tmp_path):
    import zipfile

    folder = started(tmp_path, "photo2cartoon")
    with zipfile.ZipFile(tmp_path / "photo2cartoon_dataset.zip", "w") as archive:
        archive.writestr("photo2cartoon/trainA/1.png", b"1")
    unpack(tmp_path / "photo2cartoon_dataset.zip", tmp_path / "data")
    assert [path.name for path in folder.iterdir()] == ["trainA"]
    with pytest.raises(OutputError, match="exists already"):
        unpack(tmp_path / "photo2cartoon_dataset.zip", tmp_path / "data")


def test_files_of_the_users_are_never_removed(tmp_path):
    folder = started(tmp_path)
    (folder / "photo" / "mine.png").write_bytes(b"mine")
    with pytest.raises(OutputError, match="mine.png"):
        marker.remove(folder)
    assert (folder / "photo" / "mine.png").is_file()
    outside = tmp_path / "outside.txt"
    outside.write_text("kept")
    (folder / MARK).write_text(f"x\n\n../../outside.txt\n{outside}\n")
    with pytest.raises(OutputError):
        marker.remove(folder)
    assert outside.read_text() == "kept"


def test_a_missing_folder_names_the_command_first(tmp_path, monkeypatch):
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    for name in ("dcgan_faces64", "ugatit_photo2cartoon", "ugatit_photo2cartoon_64"):
        with pytest.raises(ConfigError) as caught:
            load_config(str(ROOT / f"configs/{name}.yaml"), [])
        for line in str(caught.value).splitlines():
            assert line.split("; ")[1].startswith("`ppgen data starter`")
    from ppgen.datasets.portraits import Portraits

    with pytest.raises(DataError, match="; `ppgen data starter` makes one"):
        Portraits("portraits/train")


def test_a_folder_of_a_set_without_faces_is_not_promised(tmp_path, monkeypatch):
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    with pytest.raises(ConfigError) as caught:
        load_config(str(ROOT / "configs/dcgan_faces64.yaml"), ["dataset.train.dataroot=horses"])
    assert "data starter" not in [line for line in str(caught.value).splitlines() if "horses" in line][0]


def test_spread_is_even_and_takes_nothing_twice():
    values = np.concatenate([np.zeros(500), np.linspace(0, 100, 101)])
    chosen = starter_faces._even(values, 20, np.random.default_rng(0))
    assert len(set(chosen)) == 20 and sorted(values[chosen])[10] > 30


def needs_a_card(name: str) -> bool:
    """Whether one step takes a processor about a minute."""
    return name in ("stylegan_v2_256_ffhq", "ugatit_photo2cartoon")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in FEW else pytest.mark.slow) for name in sorted(OF_FACES)]
)
def test_the_first_steps_of_every_config(data, tmp_path, run_python, name):
    """As a user starts it, in a process of its own, but with the least batch: all of its networks and losses run."""
    steps = 1 if needs_a_card(name) else 2
    options = [f"total_iters={steps}", f"loader.batch_size={1 if steps == 1 else 2}"]
    tree = bool(config_of(name).stages)
    if tree:  # too long for a test: all of it is built. Twenty faces have both genders in both splits, but not all ages
        options += ["stages={levels: [{by: gender, groups: [F, M], total_iters: 2}]}"]
    else:
        options += ["validate={}"]
    done = run_python(
        "tools/main.py", "-c", f"configs/{name}.yaml", *["--dry-run"] * tree,
        "-o", *options, f"output_dir={tmp_path / 'runs'}",
        PPGEN_DATA=str(data), timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    if tree:
        assert "F: 2 steps from base; images: 9 train, 1 validation" in done.stdout
        return
    (run,) = (tmp_path / "runs").iterdir()
    assert (run / "final").is_dir() and read_log(run / "log.jsonl")[-1]["step"] == steps


def test_who_trains_on_it_is_told(data, tmp_path, monkeypatch, capsys):
    from ppgen.cli.start import _say_first

    monkeypatch.setenv("PPGEN_DATA", str(data))
    _say_first(config_of("ugatit_photo2cartoon"), on_cpu=True)
    starter, slow = capsys.readouterr().out.splitlines()
    assert "photo2cartoon: made by `ppgen data starter`" in starter
    assert slow.startswith("on a CPU") and "a minute" in slow and "ugatit_photo2cartoon_64" in slow
    _say_first(config_of("ugatit_photo2cartoon_64"), on_cpu=True)
    assert "on a CPU" not in capsys.readouterr().out
