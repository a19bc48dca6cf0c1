"""Make the notebooks of notebooks/, in English and Chinese, from the pages of notebooks/source/.

    python tools/notebooks.py

A page holds the text of both languages, each part after `<!-- en -->` or `<!-- zh -->`, and the code once: what stands
in ```python blocks becomes a cell of both. `<!-- include FILE -->` stands for what several pages have in common. The
English notebook is called like the page, the Chinese one `NAME_cn.ipynb`.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "notebooks/source"
LANGUAGES = {"en": "", "zh": "_cn"}
INCLUDED = re.compile(r"^<!-- include (\S+) -->\n", re.M)
CODE, TEXT = r"^```python\n(?P<code>.*?)^```$", r"^<!-- (?P<language>en|zh) -->\n(?P<text>.*?)(?=^<!--|^```python|\Z)"
PART = re.compile(f"{CODE}|{TEXT}", re.M | re.S)


def read(path: Path) -> str:
    """A page with what it includes."""
    text = path.read_text(encoding="utf-8")
    return INCLUDED.sub(lambda found: (SOURCES / found[1]).read_text(encoding="utf-8"), text)


def cells(page: str, language: str) -> list[tuple[str, str]]:
    """(kind, text) of each cell, kind 'markdown' or 'code', of a page in a language."""
    found = []
    for part in PART.finditer(page):
        if part["code"] is not None:
            found.append(("code", part["code"].strip("\n")))
        elif part["language"] == language:
            found.append(("markdown", part["text"].strip("\n")))
    return found


def notebook(page: str, language: str) -> str:
    """The notebook as JSON of nbformat 4.5, without outputs."""
    made = []
    for number, (kind, text) in enumerate(cells(page, language)):
        cell = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": text.splitlines(keepends=True)}
        made.append(cell | {"execution_count": None, "outputs": []} if kind == "code" else cell)
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    whole = {"cells": made, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def all_notebooks() -> dict[Path, str]:
    """Every notebook and what it should hold."""
    pages = {path: read(path) for path in sorted(SOURCES.glob("*.md"))}
    return {
        ROOT / "notebooks" / f"{path.stem}{ending}.ipynb": notebook(page, language)
        for path, page in pages.items()
        for language, ending in LANGUAGES.items()
    }


def main() -> int:
    """Write them all."""
    for path, text in all_notebooks().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
