"""Reading, overriding and validating YAML."""

from pathlib import Path

import pytest

from ppgen.config import apply_overrides, check_call, read_yaml
from ppgen.engine.schema import load_config
from ppgen.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
PAIRED = ROOT / "configs" / "photo2cartoon_paired.yaml"


def write(folder: Path, text: str, name: str = "a.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_base_files_are_merged_and_another_class_replaces(tmp_path):
    write(tmp_path, "a: {x: 1, y: 2}\nnet: {name: A, width: 3}\n", "base.yaml")
    path = write(tmp_path, "_base_: base.yaml\na: {y: 5}\nnet: {name: B}\n")
    assert read_yaml(path) == {"a": {"x": 1, "y": 5}, "net": {"name": "B"}}


def test_numbers_without_a_dot_are_numbers(tmp_path):
    assert read_yaml(write(tmp_path, "rate: 1e-4\nword: east\n")) == {"rate": 1e-4, "word": "east"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\na: 2\n", "given twice"),
        ("a: [1\n", "not valid YAML"),
        ("- 1\n", "top level"),
        ("_base_: a.yaml\n", "back to itself"),
        ("_base_: 5\n", "expected a file name"),
        ("? [1]\n: 2\n", "not valid YAML"),
    ],
)
def test_broken_files_are_named(tmp_path, text, words):
    with pytest.raises(ConfigError, match=words):
        read_yaml(write(tmp_path, text))


def test_anchors_can_be_merged(tmp_path):
    assert read_yaml(write(tmp_path, "a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\n"))["b"] == {"p": 1, "q": 3}


def test_a_file_that_is_not_text(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xff\xfe\x00a")
    with pytest.raises(ConfigError, match="UTF-8"):
        read_yaml(path)


def test_missing_file_offers_the_nearest(tmp_path):
    write(tmp_path, "a: 1\n", "photo2cartoon.yaml")
    with pytest.raises(ConfigError, match=r"did you mean 'photo2cartoon.yaml'"):
        read_yaml(tmp_path / "photo2cartoom.yaml")


def test_overrides_are_yaml_and_never_code():
    changed = apply_overrides({"a": {"b": [1, 2]}, "epochs": 3}, ["a.b.1=7", "a.c=__import__('os')", "total_iters=9"])
    assert changed == {"a": {"b": [1, 7], "c": "__import__('os')"}, "total_iters": 9}


@pytest.mark.parametrize("item", ["a", "=3", "a.b.9=1", "a.b.0.c=1"])
def test_overrides_that_cannot_be_applied(item):
    with pytest.raises(ConfigError):
        apply_overrides({"a": {"b": [1, 2]}}, [item])


def test_every_fault_is_listed_at_once_with_its_path():
    overrides = ["model.generator.ngff=3", "loader.batch_size=many", "model.name=PairedPhoto2Cartoom", "modle=1"]
    with pytest.raises(ConfigError) as caught:
        load_config(str(PAIRED), overrides, need_data=False)
    message = str(caught.value)
    assert "loader.batch_size: expected int, found 'many'" in message
    assert "did you mean 'PairedPhoto2Cartoon'" in message
    assert "modle: unknown key, did you mean 'model'" in message
    with pytest.raises(ConfigError, match=r"model.generator.block: unknown key, did you mean 'blocks'"):
        load_config(str(PAIRED), ["model.generator.block=3"], need_data=False)


def test_epochs_and_total_iters_together_are_refused(tmp_path):
    path = write(tmp_path, f"_base_: {PAIRED}\nepochs: 3\n")
    with pytest.raises(ConfigError, match="give one of them"):
        load_config(str(path), [])


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda p: p.stem)
def test_shipped_configs_are_valid(path):
    config = load_config(str(path), [], need_data=False)
    assert max(config.total_iters, config.epochs) > 0


def test_missing_and_wrongly_typed_arguments():
    def build(width: int, mode: str = "a", *, deep: bool = False) -> None:
        """Something to call."""

    faults = check_call(build, {"mode": 3, "deep": 1}, "net")
    assert len(faults) == 3
    assert any("net.width: is missing" in fault for fault in faults)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("checkpoint.interval=0", "checkpoint.interval: expected 1 or more"),
        ("loader.batch_size=0", "loader.batch_size: expected 1 or more"),
        (f"seed={2**64}", r"seed: expected less than 2\*\*63"),
        ("validate.metric=null", "validate.metric: expected dict, found None"),
        ("schedule.start=1", "0 <= start < end"),
        ("loader.turns.deep=often", "loader.turns.deep"),
    ],
)
def test_values_that_cannot_work_are_refused_before_anything_is_built(item, words):
    with pytest.raises(ConfigError, match=words):
        load_config(str(PAIRED), [item], need_data=False)


def test_an_absolute_folder_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    with pytest.raises(ConfigError) as caught:
        load_config(str(PAIRED), [f"dataset.train.dataroot={tmp_path}/nope"])
    message = str(caught.value)
    assert f"there is no folder {tmp_path}/nope; check the path" in message and "holds  (" not in message


def test_a_home_and_an_archive_as_a_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "x").mkdir(parents=True)
    (tmp_path / "x.zip").write_bytes(b"PK")
    with pytest.raises(ConfigError) as caught:
        load_config(str(PAIRED), ["dataset.train.dataroot=~/x", "dataset.validation.dataroot=x.zip"])
    assert str(caught.value).count("\n") == 0 and f"`ppgen data unpack {tmp_path / 'x.zip'}`" in str(caught.value)


def test_missing_dataset_folders_are_named_with_the_other_faults(monkeypatch, tmp_path):
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    with pytest.raises(ConfigError) as caught:
        load_config(str(PAIRED), ["model.generator.ngff=3", "loader.batch_size=0"])
    message = str(caught.value)
    assert message.count(f"there is no folder {tmp_path / 'portraits/train'}") == 2 and "make data" in message
    assert "ngff" in message and "loader.batch_size: expected 1 or more" in message


def test_where_only_the_cartoons_are_missing_the_artist_is_advised(monkeypatch, tmp_path):
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    for half in ("trainA", "testA"):
        (tmp_path / "photo2cartoon" / half).mkdir(parents=True)
    (tmp_path / "mine" / "trainA").mkdir(parents=True)
    (tmp_path / "mine" / "records").mkdir()
    path = str(ROOT / "configs/ugatit_photo2cartoon.yaml")
    with pytest.raises(ConfigError) as caught:
        load_config(path, ["dataset.train.dataroot_a=mine/trainA", "dataset.train.dataroot_b=mine/trainB"])
    for name, half in (("mine", "trainB"), ("photo2cartoon", "testB")):
        (line,) = [line for line in str(caught.value).split("\n") if f"{tmp_path / name / half};" in line]
        assert f"`ppgen data portraits SRC -o {tmp_path / name}` again with `--cartoon artist`" in line
    (tmp_path / "photo2cartoon" / "testA").rmdir()
    with pytest.raises(ConfigError, match="fills both halves from some dozens of photos"):
        load_config(path, [])


@pytest.mark.parametrize(("name", "linked"), [("horse2zebra", False), ("faces128", True)])
def test_make_data_is_advised_only_for_what_it_brings(monkeypatch, tmp_path, name, linked):
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    (tmp_path / name / "trainA").mkdir(parents=True)
    roots = [f"dataset.train.dataroot_{half.lower()}={name}/train{half}" for half in "AB"]
    with pytest.raises(ConfigError) as caught:
        load_config(str(ROOT / "configs/ugatit_photo2cartoon.yaml"), roots)
    (line,) = [line for line in str(caught.value).split("\n") if f"{name}/trainB" in line]
    assert "data/README.md" in line and ("make data" in line) is linked and "cartoon artist" not in line


def test_the_commands_that_make_the_photo2cartoon_dataset_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    with pytest.raises(ConfigError) as caught:
        load_config(str(ROOT / "configs/ugatit_photo2cartoon.yaml"), [])
    assert f"-d {tmp_path}/`" in str(caught.value) and str(caught.value).count("ppgen data unpack") == 1
    assert f"`ppgen data portraits SRC -o {tmp_path / 'photo2cartoon'}" in str(caught.value)
    assert all(f"{tmp_path / 'photo2cartoon'}/{half}" in str(caught.value) for half in ("trainA", "trainB", "testA"))


def test_a_date_is_text(tmp_path):
    (tmp_path / "a.yaml").write_text("card: {date: 2026-05-01, other: 2026-13-45}\n")
    assert read_yaml(tmp_path / "a.yaml") == {"card": {"date": "2026-05-01", "other": "2026-13-45"}}


def test_the_dataset_of_a_metric_is_checked_too(tmp_path):
    metric = "validate.metric={name: LabelAccuracy, real: {name: Digits, splitt: train}}"
    with pytest.raises(ConfigError, match="validate.metric.real.*splitt"):
        load_config("configs/cond_dcgan_mnist.yaml", [metric], need_data=False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: !!int x\n", "is not valid YAML"),
        ("a: !!int ''\n", "is not valid YAML"),
        ("a: !!bool x\n", "is not valid YAML"),
        ("# " + "x" * 150_000 + "\n", "is larger than 150 kB"),
        ("a: 0x" + "f" * 5000 + "\n", "a number of 6000 digits, which no setting is"),
        ("a: " + "9" * 5000 + "\n", "is not valid YAML"),
        ("a: " + "[" * 3000 + "\n", "too many brackets"),
        ("a: " + "[" * 60 + "]" * 60 + "\n", "more than 50 levels deep"),
        ("a: &a [*a]\n", "anchors make more than"),
        ("a0: &a0 [x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}]\n" for n in range(40)), "anchors make"),
        ('a: "x\\0y"\n', "NUL character"),
        ("model: {name: [GAN]}\n", "model.name: expected a name, found"),
        ("loader: {name: x}\n", "loader.name: unknown key"),
        ("name: x\n", "name: unknown key"),
        ("seed: &s {a: [" + "x," * 3000 + "]}\n", "seed: expected int, found"),
        ("optimizer: {generator: {name: {}}}\n", "optimizer.generator.name"),
    ],
)  # fmt: skip
def test_hostile_yaml_is_one_sentence_a_fault(tmp_path, text, words):
    with pytest.raises(ConfigError, match=words) as caught:
        load_config(str(write(tmp_path, text)), [], need_data=False)
    assert all(line.isprintable() and len(line) < 1200 for line in str(caught.value).split("\n"))


def test_bases_that_share_bases_are_read_once(tmp_path):
    (tmp_path / "b0.yaml").write_text("a: 1\n")
    for n in range(1, 20):
        (tmp_path / f"b{n}.yaml").write_text(f"_base_: [b{n - 1}.yaml, b{n - 1}.yaml]\n")
    assert read_yaml(tmp_path / "b19.yaml") == {"a": 1}


@pytest.mark.parametrize("path", ["x\0y.yaml", "x" * 5000 + ".yaml"])
def test_paths_that_no_file_system_takes(path, tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match="no config file"):
        read_yaml(path)
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    with pytest.raises(ConfigError):
        load_config(str(PAIRED), [f"dataset.train.dataroot={path.removesuffix('.yaml')}"])

