"""What docs/python.md and docs/latent.md show for Python runs as it stands there, from top to bottom."""

import os
import re
import subprocess
import sys

import pytest
from conftest import ROOT
from PIL import Image

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["docs/python.md", "docs/latent.md"])
def test_the_code_of_a_page_runs(page, astronaut, tmp_path):
    (tmp_path / "photos").mkdir()
    for name in ("photo.jpg", "a.jpg", "b.jpg", "photos/one.jpg"):
        Image.fromarray(astronaut).save(tmp_path / name)
    blocks = BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))
    programs = [block for block in blocks if "__main__" in block]  # worker processes import these, so each is a file
    code = "\n".join(["import matplotlib", "matplotlib.use('agg')", *(b for b in blocks if b not in programs)])
    for number, program in enumerate([code, *programs]):
        (tmp_path / f"page{number}.py").write_text(program, encoding="utf-8")
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        command = [sys.executable, f"page{number}.py"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=1200)
        assert done.returncode == 0, done.stderr
    named = set(re.findall(r"\.save\(\"([^\"]+)\"", code))
    assert len(named) > 1 and [name for name in named if not (tmp_path / name).stat().st_size] == []
