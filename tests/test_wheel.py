"""What a wheel holds: the README as a package index shows it, the licences, and not too many weights."""

import importlib.util
import shutil
import subprocess
import sys
from email.parser import Parser

import pytest
from conftest import ROOT


def readme(text, url):
    spec = importlib.util.spec_from_file_location("ppgen_setup", ROOT / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.readme(text, url)


def test_links_are_absolute_or_words():
    text = "![a](pages/a.png)\n[page](pages/p.md), [site](https://x.example/y), [above](#top)\n"
    assert readme(text, "") == "page, [site](https://x.example/y), [above](#top)\n"
    assert readme(text, "https://r.example/b").startswith("![a](https://r.example/b/pages/a.png)\n[page](https://r.")
    whole = readme((ROOT / "README.md").read_text(encoding="utf-8"), "")
    assert "](docs/" not in whole and "![" not in whole and "ppgen cartoon" in whole


def test_the_licences_are_in_its_metadata(tmp_path):
    pytest.importorskip("setuptools", "77", reason="pyproject.toml asks for setuptools 77")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("ppgen", "configs"):
        (tmp_path / name).mkdir()
    shutil.copy(ROOT / "ppgen/__init__.py", tmp_path / "ppgen")
    subprocess.run([sys.executable, "setup.py", "-q", "dist_info"], cwd=tmp_path, check=True, capture_output=True)
    (folder,) = tmp_path.glob("*.dist-info")
    told = Parser().parsestr((folder / "METADATA").read_text(encoding="utf-8")).get_all("License-File")
    assert sorted(told) == ["LICENSE", "NOTICE"]
    for name in told:
        assert (folder / "licenses" / name).read_bytes() == (ROOT / name).read_bytes()


def test_the_weights_in_it_stay_small():
    files = [path for path in (ROOT / "ppgen/hub/assets").rglob("*") if path.is_file()]
    assert 0 < sum(path.stat().st_size for path in files) < 80e6
