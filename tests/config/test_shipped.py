"""The configs that come with ppgen are found in a clone and in an installed package."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ppgen import cli
from ppgen.apps.translate import weights_of
from ppgen.config import read_yaml, shipped
from ppgen.engine.schema import load_config
from ppgen.errors import ConfigError, WeightsError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["clone", "installed"])
def elsewhere(request, tmp_path, monkeypatch):
    """A folder outside the clone, for a clone and for a package as setup.py installs it."""
    if request.param == "installed":
        shutil.copytree(ROOT / "configs", tmp_path / "site" / "ppgen" / "configs")
        monkeypatch.setattr(shipped, "PACKAGE", tmp_path / "site" / "ppgen")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return request.param


def test_outside_a_clone_they_are_listed_and_read_by_name(elsewhere, capsys):
    assert shipped.in_clone() == (elsewhere == "clone")
    assert cli.main(["list", "configs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(list((ROOT / "configs").glob("*.yaml")))
    assert "dcgan_mnist                  DCGAN (Radford et al. 2016) on handwritten digits." in lines
    tree = next(line for line in lines if line.startswith("photo2cartoon_progressive "))
    assert tree.endswith("six groups of age and gender from those.")  # a sentence over two lines of the file
    wanted = read_yaml(ROOT / "configs/cond_dcgan_mnist.yaml")
    for name in ("cond_dcgan_mnist", "cond_dcgan_mnist.yaml", "configs/cond_dcgan_mnist.yaml"):
        assert read_yaml(name) == wanted
    told = {"clone": "python tools/main.py -c configs/dcgan_mnist.yaml", "installed": "ppgen train -c dcgan_mnist"}
    assert shipped.how_to_train("dcgan_mnist") == told[elsewhere]


def test_at_the_root_of_a_clone_they_are_listed_as_files(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    cli.main(["list", "configs"])
    assert f"{Path('configs/vae_faces64.yaml')}" in [line.split()[0] for line in capsys.readouterr().out.splitlines()]


def test_a_file_of_that_name_comes_first_and_a_folder_is_meant(elsewhere):
    Path("dcgan_mnist.yaml").write_text("seed: 5\n")
    assert read_yaml("dcgan_mnist.yaml") == {"seed": 5}
    with pytest.raises(ConfigError, match="no config file my/dcgan_mnist.yaml"):
        read_yaml("my/dcgan_mnist.yaml")


def test_a_wrong_name_is_one_sentence(elsewhere):
    with pytest.raises(ConfigError, match="no config file dcgan_mnst, did you mean 'dcgan_mnist'"):
        read_yaml("dcgan_mnst")
    with pytest.raises(ConfigError, match="no config file zzz; `ppgen list configs` shows"):
        read_yaml("zzz")


@pytest.mark.slow
def test_a_wheel_holds_them(tmp_path):
    setuptools = pytest.importorskip("setuptools", "77", reason="pyproject.toml asks for setuptools 77")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("ppgen", "configs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("assets", "__pycache__"))
    command = [sys.executable, "setup.py", "-q", "build_py", "--build-lib", "lib"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    made = {path.name for path in (tmp_path / "lib/ppgen/configs").glob("*.yaml")}
    assert made == {path.name for path in (ROOT / "configs").glob("*.yaml")}, setuptools.__version__
    packages = {path.parent.relative_to(ROOT) for path in (ROOT / "ppgen").rglob("*.py")}
    assert packages == {path.parent.relative_to(tmp_path / "lib") for path in (tmp_path / "lib").rglob("*.py")}


def test_advice_names_no_file_that_an_installed_package_lacks(elsewhere, tmp_path, monkeypatch):
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path / "data"))
    with pytest.raises(ConfigError) as caught:
        load_config("dcgan_faces64", [])
    with pytest.raises(WeightsError, match=r"no weights for it come with ppgen; train it") as lacks:
        weights_of("ugatit")
    for text, file in ((caught.value, "data/README.md"), (lacks.value, "tools/main.py")):
        assert (file in str(text)) == (elsewhere == "clone")


def test_usage_names_the_command_that_was_called(capsys):
    with pytest.raises(SystemExit):
        cli.main(["train", "--help"])
    assert capsys.readouterr().out.startswith("usage: ppgen train ")
