"""The documentation site: every page has its place, every link leads somewhere, nothing is fetched from elsewhere."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    pytest.skip("the site is built with Python 3.11 or newer", allow_module_level=True)


def tool(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / f"tools/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site_pages():
    return tool("site_pages")


def repository(folder: Path, **pages: str) -> Path:
    """A repository with these pages and one config."""
    for name, text in pages.items():
        path = folder / name.replace("__", "/")
        path = path.with_name(f"{path.name}.md")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "configs").mkdir()
    (folder / "configs/a.yaml").write_text("seed: 1\n\nmodel: {name: GAN}\n")
    return folder


def test_links_follow_pages_to_their_places(site_pages, tmp_path):
    root = repository(tmp_path, README="[l](docs/latent.md#w) [log](docs/log/) [c](configs/a.yaml) [x](https://x.y)",
                      docs__latent="[home](../README.md) [zh](zh/latent.md)", docs__zh__latent="[up](../latent.md#w)",
                      docs__log__README="![p](../images/p.png)")  # fmt: skip
    (root / "docs/images").mkdir()
    (root / "docs/images/p.png").write_bytes(b"png")
    site_pages.lay_out(tmp_path / "out", root)
    read = {
        path: (tmp_path / "out" / path).read_text()
        for path in ("index.md", "latent.md", "zh/latent.md", "log/index.md")
    }
    assert read["index.md"] == "[l](latent.md#w) [log](log/index.md) c [x](https://x.y)"
    assert read["latent.md"] == "[home](index.md) [zh](zh/latent.md)"
    assert read["zh/latent.md"] == "[up](../latent.md#w)"
    assert read["log/index.md"] == "![p](../images/p.png)"
    assert (tmp_path / "out/images/p.png").read_bytes() == b"png"


def test_a_line_that_links_to_a_config_is_followed_by_it_and_code_stays(site_pages, tmp_path):
    root = repository(tmp_path, docs__latent="[`configs/a.yaml`](../configs/a.yaml)\n\n```\n[no](../README.md)\n```\n")
    page = site_pages.page("docs/latent.md", site_pages.sources(root), root)
    assert page.startswith(
        '??? example "configs/a.yaml"\n    ```yaml\n    seed: 1\n\n    model: {name: GAN}\n    ```\n'
    )
    assert page.endswith("```\n[no](../README.md)\n```\n")


def test_a_list_below_text_is_one_there_too(site_pages, tmp_path):
    text = "Steps:\n1. one\n   more\n2. two\n\n| a |\n- b\n"
    root = repository(tmp_path, docs__latent=text)
    assert site_pages.page("docs/latent.md", site_pages.sources(root), root) == text.replace("Steps:", "Steps:\n")


DOCSTRING = """A summary.

one: what it is. two, three: both of them,
    told on two lines
name: no argument
Returns:
    what is
    made
Raises:
    DataError: a reason."""
SECTIONED = """A summary.

Args:
    one: what it is.
    two: both of them,
    three: both of them,
        told on two lines
        name: no argument

Returns:
    what is
        made

Raises:
    DataError: a reason."""


def test_what_a_docstring_says_of_arguments_becomes_sections():
    pytest.importorskip("griffe", reason="pip install -e '.[docs]'")
    sectioned = tool("docstring_sections").sectioned
    names = {"one", "two", "three"}
    assert sectioned(DOCSTRING, names, "Args").replace("\n\n\n", "\n\n") == SECTIONED
    assert sectioned(SECTIONED, names, "Args").replace("\n\n\n", "\n\n") == SECTIONED
    assert sectioned("A sentence: of words.\n\nx: y", names, "Args") == "A sentence: of words.\n\nx: y"


def named(entry: object) -> set[str]:
    """The pages of an entry of the navigation."""
    if isinstance(entry, str):
        return {entry}
    return set().union(*(named(one) for one in (entry.values() if isinstance(entry, dict) else entry)))


def test_every_page_is_in_the_navigation(site_pages):
    navigation = named(tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]["nav"])
    pages = {place for place in site_pages.sources(ROOT).values() if place.endswith(".md")}
    pages |= {f"api/{name}.md" for name in site_pages.API}
    assert navigation == pages, "zensical.toml names every page, and only these"


def test_the_site_is_built_without_a_warning_and_needs_nobody_else(site_pages, tmp_path):
    pytest.importorskip("zensical", reason="pip install -e '.[docs]'")
    site_pages.lay_out(tmp_path / "build/pages")
    for folder in ("ppgen", "tools"):  # mkdocstrings reads the sources, by an extension of ours
        (tmp_path / folder).symlink_to(ROOT / folder)
    shutil.copy(ROOT / "zensical.toml", tmp_path)
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "No issues found" in done.stdout + done.stderr and "griffe" not in done.stderr, done.stderr
    for page in (tmp_path / "build/site").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert re.findall(r'<(?:script|img|link)\b[^>]*(?:src|href)="?https?://[^">]*', text) == [], page
    predictors = (tmp_path / "build/site/api/predictors.html").read_text(encoding="utf-8")
    assert "Photo2CartoonPredictor" in predictors and "the best by score and size" in predictors
    for page in (tmp_path / "build/site/api").glob("*.html"):
        assert re.findall(r"<p>[^<]*\b(?:Args|Returns|Raises):\s[^<]*", page.read_text(encoding="utf-8")) == []
