"""CONTRIBUTING.md's parts work as they stand there: in a copy of the package, as somebody would add them."""

import re
import shutil

import pytest
from conftest import ROOT
from test_docs import blocks

PAGE = ROOT / "CONTRIBUTING.md"


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The package with every file of the page at the place that its first line names."""
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "ppgen", folder / "ppgen", ignore=shutil.ignore_patterns("assets", "__pycache__"))
    shutil.copytree(ROOT / "configs", folder / "configs")
    for code in blocks(PAGE, "python") + blocks(PAGE, "yaml"):
        path = folder / code.split("\n", 1)[0].removeprefix("# ")
        assert not path.exists(), "the page shows how to add a file, not how to change one"
        path.write_text(code)
    return folder


def test_every_kind_of_part_is_shown():
    kinds = [re.match(r"# ppgen/(\w+)/\w+\.py\n", code)[1] for code in blocks(PAGE, "python")]
    assert kinds == ["networks", "losses", "datasets", "metrics", "models"]


@pytest.mark.parametrize("name", ["stripes", "denoiser"])
def test_parts_train_together(copy, run_python, name):
    small = ["total_iters=4", "loader.batch_size=4", "log.interval=1", "validate.interval=4"]
    command = ["-m", "ppgen", "train", "-c", f"configs/{name}.yaml", "-o", *small]
    done = run_python(*command, cwd=copy, PYTHONPATH=str(copy))
    assert done.returncode == 0, done.stderr
    assert "brightness_gap" in done.stdout
    assert "brightness_gap" in next(copy.glob(f"runs/{name}-*/log.jsonl")).read_text()


def test_a_wrong_name_is_answered_with_the_page_s(copy, run_python):
    command = ["-m", "ppgen", "train", "-c", "configs/stripes.yaml", "-o", "model.objective=pearsen"]
    done = run_python(*command, cwd=copy, PYTHONPATH=str(copy))
    assert done.returncode == 2 and "did you mean 'pearson'" in done.stderr
