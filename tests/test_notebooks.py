"""The notebooks are what their pages say, in both languages, and run from top to bottom."""

import importlib.util
import json
import os
import re

import pytest
from conftest import ROOT

NAMES = [path.stem for path in sorted((ROOT / "notebooks/source").glob("*.md"))]
QUICK = "cartoon"


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("make_notebooks", ROOT / "tools/notebooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_notebooks_are_those_of_their_pages(maker):
    made = maker.all_notebooks()
    assert set(made) == set((ROOT / "notebooks").glob("*.ipynb"))
    assert [path.name for path, text in made.items() if path.read_text(encoding="utf-8") != text] == []


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_have_the_same_code_and_as_many_texts(maker, name):
    page = maker.read(ROOT / f"notebooks/source/{name}.md")
    english, chinese = (maker.cells(page, language) for language in ("en", "zh"))
    assert [kind for kind, _ in english] == [kind for kind, _ in chinese]
    assert [text for kind, text in english if kind == "code"] == [text for kind, text in chinese if kind == "code"]
    assert all(re.search(r"[\u4e00-\u9fff]", text) for kind, text in chinese if kind == "markdown")
    assert not any(re.search(r"[\u4e00-\u9fff]", text) for kind, text in english if kind == "markdown")
    assert page.count("```python") == len([kind for kind, _ in english if kind == "code"])


def test_links_of_the_notebooks_lead_somewhere():
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        texts = ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
        for target in re.findall(r"\]\(([^)\s]+)\)", "\n".join(texts)):
            assert "://" in target or (path.parent / target).exists(), f"{path.name}: {target}"


@pytest.mark.parametrize(
    "name", [name if name == QUICK else pytest.param(name, marks=pytest.mark.slow) for name in NAMES]
)
def test_a_notebook_runs_and_shows_its_pictures(name, tmp_path, monkeypatch):
    nbclient = pytest.importorskip("nbclient", reason="pip install -e '.[notebooks]'")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("MPLBACKEND", "agg")
    (tmp_path / "data").mkdir()
    book = nbformat.read(ROOT / f"notebooks/{name}.ipynb", as_version=4)
    for cell in book.cells:  # as few steps as show that it works
        cell.source = re.sub(r"^STEPS = \d+$", "STEPS = 4", cell.source, flags=re.M)
        cell.source = re.sub(r"^COUNT, STEPS = .*$", "COUNT, STEPS = 24, 20", cell.source, flags=re.M)
    nbclient.NotebookClient(
        book, timeout=1800, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) >= 3
    assert all(len(output["data"].get("text/plain", "")) < 1024 for output in outputs if "data" in output)
