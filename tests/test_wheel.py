"""What a package index shows of the README, where no file lies beside it."""

import importlib.util

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
