"""What the documentation shows works as it stands there."""

import re
import shutil
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

DOCS = [ROOT / "README.md", ROOT / "README_cn.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(path: Path, language: str) -> list[str]:
    """The fenced code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(encoding="utf-8"), re.S)


def test_a_gan_of_one_file_and_one_yaml_trains(run_python, tmp_path):
    """The toy recipe of docs/engine.md, as a newcomer would add it: in a copy of the package."""
    (recipe,), (config,) = blocks(ROOT / "docs/engine.md", "python"), blocks(ROOT / "docs/engine.md", "yaml")
    assert len([line for line in recipe.splitlines() if line.strip()]) <= 40
    ignore = shutil.ignore_patterns("assets", "__pycache__")
    shutil.copytree(ROOT / "ppgen", tmp_path / "ppgen", ignore=ignore)
    (tmp_path / "ppgen/models/relativistic_gan.py").write_text(recipe)
    (tmp_path / "configs").mkdir()
    shutil.copy(ROOT / "configs/dcgan_mnist.yaml", tmp_path / "configs")
    (tmp_path / "configs/relativistic_gan.yaml").write_text(config)
    small = ["total_iters=3", "loader.batch_size=4", "log.interval=1", "model.generator.base_channels=4",
             "model.discriminator.base_channels=4", "validate={}"]  # fmt: skip
    command = ["-m", "ppgen", "train", "-c", "configs/relativistic_gan.yaml", "-o", *small]
    done = run_python(*command, cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "starting at step 0" in done.stdout and "g=" in done.stdout
    assert next(tmp_path.glob("runs/relativistic_gan-*/index.html")).stat().st_size > 1000


@pytest.mark.parametrize("path", DOCS, ids=lambda p: p.name)
def test_python_compiles_yaml_parses_and_named_files_exist(path):
    for block in blocks(path, "python"):
        compile(block, str(path), "exec")
    for block in blocks(path, "yaml"):
        yaml.safe_load(block)
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r"(?:configs|benchmarks|tools|applications/tools)/\w+\.(?:yaml|py)", text):
        wanted = ROOT / name
        assert wanted.is_file() or name == "configs/NAME.yaml" or name.endswith("relativistic_gan.yaml"), name
