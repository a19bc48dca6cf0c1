"""The trainings of docs/cookbook.md can be built from folders laid out as it says."""

import re
import shlex

import numpy as np
import pytest
from conftest import ROOT
from PIL import Image

PAGE = (ROOT / "docs/cookbook.md").read_text(encoding="utf-8")
BLOCKS = "".join(re.findall(r"^```\n(.*?)^```$", PAGE, re.M | re.S)).replace("\\\n", " ")
TRAININGS = [line for line in BLOCKS.splitlines() if line.startswith("ppgen train")]


@pytest.mark.slow
@pytest.mark.parametrize("line", TRAININGS, ids=lambda line: line.split()[3])
def test_a_recipe_builds_its_training(line, run_python, tmp_path):
    classes = ["cats", "dogs"] if "label: folder" in line else ["", "trainA", "trainB", "testA", "testB"]
    for name in classes:
        (tmp_path / "data/mine" / name).mkdir(parents=True, exist_ok=True)
        for number in range(20):
            picture = np.full((80, 80, 3), number, np.uint8)
            Image.fromarray(picture).save(tmp_path / "data/mine" / name / f"{number}.png")
    words = shlex.split(line.replace("--nproc auto", "").replace("--load runs/RUN", ""))[1:]
    done = run_python("-m", "ppgen", *words, "--dry-run", cwd=tmp_path, PPGEN_DATA=None)
    assert done.returncode == 0, done.stderr
    assert "a step takes about" in done.stdout and not (tmp_path / "runs").exists()
