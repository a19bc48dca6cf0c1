"""Lay the pages of the documentation site out in a folder, from README, docs/, data/ and CONTRIBUTING.

    python tools/site_pages.py build/pages && zensical build --strict     # this is `make docs`

The sources are written for GitHub. Links between pages follow them to their places. A link to a file that is no page of
the site becomes its name; a line that is only a link to a YAML file becomes that file, folded. The pages of the Python
API are made from docstrings by mkdocstrings.
"""

import argparse
import posixpath
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MOVED = {
    "README.md": "index.md",
    "README_cn.md": "zh/index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "data/README.md": "data.md",
    "notebooks/README.md": "notebooks.md",
    "docs/README.md": "pages.md",
    "docs/zh/README.md": "zh/pages.md",
}
API = {  # a page of the Python API, and what stands on it
    "predictors": ["ppgen.apps.photo2cartoon", "ppgen.apps.portrait", "ppgen.apps.translate", "ppgen.apps.gan",
                   "ppgen.apps.vae", "ppgen.apps.stylegan2", "ppgen.apps.stylegan2_editing",
                   "ppgen.apps.stylegan2_model"],
    "results": ["ppgen.apps.drawings", "ppgen.apps.batch", "ppgen.apps.folders"],
    "hub": ["ppgen.hub", "ppgen.hub.load", "ppgen.io.weights", "ppgen.errors"],
    "networks": ["ppgen.networks.protocols"],
    "recipes": ["ppgen.models.base"],
    "settings": ["ppgen.engine.settings"],
}  # fmt: skip
FENCED = re.compile(r"^ *```.*?^ *```$", re.M | re.S)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
LIST_AFTER_TEXT = re.compile(r"^((?![-*] |\d+\. |\||#| ).+\n)(?=(?:[-*]|1\.) )", re.M)
YAML_LINE = re.compile(r"^\[([^\]]+)\]\(([^)\s]+\.yaml)\)$", re.M)


def sources(root: Path) -> dict[str, str]:
    """The place in the site of every page and picture of the repository, both relative."""
    places = {name: place for name, place in MOVED.items() if (root / name).is_file()}
    for path in sorted((root / "docs").rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and name not in places:
            place = name.removeprefix("docs/")
            places[name] = posixpath.join(posixpath.dirname(place), "index.md") if path.name == "README.md" else place
    return places


def outside_code(change, text: str) -> str:
    """`change` applied to what stands outside fenced blocks."""
    pieces, end = [], 0
    for block in FENCED.finditer(text):
        pieces += [change(text[end : block.start()]), block[0]]
        end = block.end()
    return "".join([*pieces, change(text[end:])])


def page(name: str, places: dict[str, str], root: Path) -> str:
    """A page of the repository as the site shows it."""

    def link(found: re.Match[str]) -> str:
        picture, words, target = found.groups()
        if re.match(r"https?:|mailto:|#", target):
            return found[0]
        path, _, anchor = target.partition("#")
        file = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        file = f"{file}/README.md" if f"{file}/README.md" in places else file
        if file not in places:
            return LINK.sub(link, words)
        place = posixpath.relpath(places[file], posixpath.dirname(places[name]) or ".")
        return f"{picture}[{LINK.sub(link, words)}]({place}{'#' + anchor if anchor else ''})"

    def folded(found: re.Match[str]) -> str:
        words, target = found.groups()
        text = (root / posixpath.normpath(posixpath.join(posixpath.dirname(name), target))).read_text(encoding="utf-8")
        lines = "".join(f"    {line}\n" if line else "\n" for line in text.splitlines())
        return f'??? example "{words.strip("`")}"\n    ```yaml\n{lines}    ```\n'

    text = outside_code(lambda part: YAML_LINE.sub(folded, part), (root / name).read_text(encoding="utf-8"))
    text = outside_code(lambda part: LIST_AFTER_TEXT.sub(r"\1\n", part), text)  # GitHub needs no empty line there
    return outside_code(lambda part: LINK.sub(link, part), text)


def lay_out(out: Path, root: Path = ROOT) -> None:
    """Write all pages into `out`, which is emptied first."""
    shutil.rmtree(out, ignore_errors=True)
    places = sources(root)
    for name, place in places.items():
        (out / place).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".md"):
            (out / place).write_text(page(name, places, root), encoding="utf-8")
        else:
            shutil.copyfile(root / name, out / place)
    (out / "api").mkdir()
    for name, modules in API.items():
        text = f"# {name.capitalize()}\n\n" + "\n".join(f"::: {module}\n" for module in modules)
        (out / "api" / f"{name}.md").write_text(text, encoding="utf-8")


def main(argv: list[str] | None = None) -> int:
    """Parse the folder's name and write."""
    parser = argparse.ArgumentParser(description="Lay the pages of the documentation site out in a folder.")
    parser.add_argument("out", type=Path, help="folder to write, emptied first")
    lay_out(parser.parse_args(argv).out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
