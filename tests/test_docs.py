"""What the documentation shows works as it stands there."""

import argparse
import ast
import importlib.util
import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

PAGES = [
    *sorted(ROOT.glob("*.md")),
    ROOT / "data/README.md",
    ROOT / "notebooks/README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
CHINESE = [*sorted((ROOT / "docs/zh").glob("*.md")), *sorted((ROOT / "docs/zh/models").glob("*.md"))]
SOURCES = ("ppgen", "benchmarks", "tools", "applications", "tests", "configs")
FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.M | re.S)


def page_id(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(path: Path, language: str) -> list[str]:
    """The fenced code blocks of a language; "" for those of commands and folders."""
    return [code for name, code in FENCED.findall(path.read_text(encoding="utf-8")) if name == language]


def spans(path: Path) -> list[str]:
    """What stands between backticks outside the blocks, on one line each."""
    text = FENCED.sub("", path.read_text(encoding="utf-8"))
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)]


def command_lines(path: Path) -> list[str]:
    """The lines of blocks without a language, continued lines joined."""
    return "".join(blocks(path, "")).replace("\\\n", " ").splitlines()


def words_of(line: str) -> list[str] | None:
    """The arguments of a command of ppgen, `train` first for `tools/main.py`; None: it is another command."""
    line = line.split("  #")[0].split(" # ")[0].strip()
    begin = re.match(r"(?:\.venv/bin/|python -m )?ppgen(?!\S)|python tools/main\.py(?!\S)", line)
    if begin is None:
        return None
    words = shlex.split(line[begin.end() :].replace("…", ""))
    return words if "ppgen" in begin[0] else ["train", *words]


class Refused(Exception):
    """argparse's complaint."""


@pytest.fixture
def parse(monkeypatch):
    """Parse the arguments of `ppgen` as the command line does; raises Refused."""
    from ppgen.cli import build_parser, launch

    def refuse(self, message):
        raise Refused(message)

    monkeypatch.setattr(argparse.ArgumentParser, "error", refuse)

    def run(words: list[str]) -> None:
        parser = launch.parser() if words[:1] == ["train"] else build_parser()
        try:
            parser.parse_args(words[1:] if words[:1] == ["train"] else words)
        except SystemExit as done:  # --help, --version
            assert done.code == 0

    return run


def faults(lines, parse, whole: bool) -> list[str]:
    """The lines that the parser refuses; where they need not be `whole`, arguments may be missing."""
    wrong = []
    for line in lines:
        words = words_of(line)
        try:
            if words and words[0] != "COMMAND":
                parse(words)
        except Refused as error:
            if whole or not re.search("the following arguments are required|expected .*argument", str(error)):
                wrong.append(f"{line}: {error}")
    return wrong


@pytest.mark.parametrize("path", PAGES, ids=page_id)
def test_every_command_of_ppgen_is_one(path, parse):
    assert faults(command_lines(path), parse, whole=True) == []
    assert faults(spans(path), parse, whole=False) == []


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("ppgen cartoon a.jpg --faces all", ""),
        ("ppgen cartoon a.jpg --heads all", "unrecognized arguments: --heads all"),
        ("ppgen draw   # nothing", "invalid choice: 'draw'"),
        ("python tools/main.py --dry-run", "required: -c"),
        ("python tools/main.py -c configs/vae_mnist.yaml --nproc auto   # a comment", ""),
        ("pip install -e .", ""),
    ],
)
def test_the_check_of_commands_itself(line, complaint, parse):
    refusal = "".join(faults([line], parse, whole=True))
    assert complaint in refusal if complaint else refusal == ""


def test_a_missing_argument_matters_in_blocks_only(parse):
    assert faults(["ppgen project"], parse, whole=True) and not faults(["ppgen project"], parse, whole=False)


@pytest.mark.parametrize("path", PAGES, ids=page_id)
def test_scripts_have_the_flags_that_are_shown(path):
    places = ("benchmarks/harness*.py", "ppgen/cli/**/*.py", "ppgen/engine/publish.py")  # where several share flags
    shared = "".join(file.read_text() for place in places for file in ROOT.glob(place))
    for line in [*command_lines(path), *spans(path)]:
        called = re.match(r"(?:python )?((?:benchmarks|tools|applications)/\S+\.py)", line.strip())
        if called and called[1] != "tools/main.py" and not NOT_YET.search(called[1]):
            source = (ROOT / called[1]).read_text() + shared
            for flag in re.findall(r"(?<=\s)--[\w-]+", line.split("  #")[0]):
                assert re.search(rf'"{flag}\b', source), f"{line}: {called[1]} has no {flag}"


def test_configs_and_models_that_commands_name_exist():
    from ppgen.cli.cartoon import TRANSLATORS
    from ppgen.config.shipped import names
    from ppgen.hub.published import PUBLISHED

    there = {p.stem for p in (ROOT / "ppgen/hub/assets").glob("*.safetensors")} | set(PUBLISHED)
    there |= {*TRANSLATORS, "ugatit_light"}
    seen = set()
    for line in (line for path in PAGES for line in [*command_lines(path), *spans(path)]):
        words = words_of(line) or []
        for flag, name in zip(words, words[1:]):
            if re.fullmatch(r"[a-z][\w-]*", name) and flag in ("-c", "--model"):
                seen.add(name)
                assert name in (names() if flag == "-c" else there), line
    assert len(seen) > 5


@pytest.mark.parametrize("path", PAGES, ids=page_id)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", FENCED.sub("", path.read_text(encoding="utf-8"))):
        if re.match(r"https?:|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        page = (path.parent / name).resolve() if name else path
        assert page.exists(), target
        if anchor:
            assert anchor in anchors(page), target


def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


FOLDERS = "configs|benchmarks|tools|applications|ppgen|tests|docs|data"
NAMED = re.compile(rf"(?<![\w./-])(?:{FOLDERS})/[\w./-]*\w\.(?:yaml|py|md|json|png|svg)\b")
NOT_YET = re.compile(r"/NAME\.|relativistic_gan\.")  # stands for any; what a reader would write


@pytest.mark.parametrize("path", PAGES, ids=page_id)
def test_python_imports_yaml_parses_and_named_files_exist(path):
    for block in blocks(path, "python"):
        for node in ast.walk(ast.parse(block, str(path))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("ppgen"):
                module = importlib.import_module(node.module)
                missing = [alias.name for alias in node.names if not hasattr(module, alias.name)]
                assert [name for name in missing if importlib.util.find_spec(f"{node.module}.{name}") is None] == []
    for block in blocks(path, "yaml"):
        for line in block.splitlines() if block.startswith("{") else [block]:  # datasets, one a line
            yaml.safe_load(line)
    shown = {block.split("\n")[0].removeprefix("# ") for name in ("python", "yaml") for block in blocks(path, name)}
    named = set(NAMED.findall(path.read_text(encoding="utf-8"))) - shown
    missing = [name for name in named if not (ROOT / name).is_file()]
    assert [name for name in missing if not NOT_YET.search(name)] == []


def test_pages_that_code_and_configs_name_exist():
    pattern, missing = re.compile(r"(?<![\w./-])(?:docs|data)/[\w/-]+\.md\b"), []
    for path in (p for folder in SOURCES for p in sorted((ROOT / folder).rglob("*")) if p.suffix in (".py", ".yaml")):
        named = pattern.findall(path.read_text(encoding="utf-8"))
        missing += [f"{page_id(path)}: {name}" for name in named if not (ROOT / name).is_file()]
    assert missing == []


def test_the_architecture_page_names_files_of_the_package():
    named = re.findall(r"`(\w+/\w+\.py)`", (ROOT / "docs/architecture.md").read_text(encoding="utf-8"))
    assert len(named) > 10
    assert [name for name in named if not (ROOT / "ppgen" / name).is_file() and not (ROOT / name).is_file()] == []


def test_the_architecture_page_tells_the_layers_that_are_checked():
    from test_layers import LAYERS, PACKAGE, WITHIN_LAYER

    table = (
        (ROOT / "docs/architecture.md").read_text(encoding="utf-8").split("|---|---|---|---|---|\n")[1].split("\n\n")[0]
    )
    told: list[set[str]] = []
    for row in table.splitlines():
        layer, package, *_, uses = [cell.strip() for cell in row.strip("|").split("|")]
        name = package.strip("`").removesuffix(".py")
        told += [set()] if layer else []
        told[-1].add(name)
        assert set(re.findall(r"`(\w+)`", uses)) == WITHIN_LAYER.get(name, set()), name
    there = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert told == [packages & there - {"__main__"} for packages in LAYERS]


def without_comments(path: Path) -> list[str]:
    """The commands and code of a page, without what is said about them."""
    code = [code for _, code in FENCED.findall(path.read_text(encoding="utf-8"))]
    lines = [line.split("  #")[0].split(" # ")[0].rstrip() for line in "".join(code).splitlines()]
    return [re.split(r"(?<=\S) {3,}", line)[0] for line in lines]  # what a file of a folder is stands in a column


def english(path: Path) -> Path:
    """The page that a Chinese page is the twin of."""
    moved = {"README_cn.md": "README.md", "results.md": "docs/results/README.md", "data.md": "data/README.md"}
    return ROOT / moved.get(path.name, Path("docs", *path.relative_to(ROOT).parts[2:]))


@pytest.mark.parametrize("path", [ROOT / "README_cn.md", *CHINESE], ids=page_id)
def test_chinese_pages_show_the_same_code(path):
    assert without_comments(path) == without_comments(english(path))


@pytest.mark.parametrize("path", [ROOT / "README_cn.md", *CHINESE], ids=page_id)
def test_figures_of_chinese_pages_are_the_english_ones(path):
    """So a figure that was measured anew cannot stay behind in the other language."""
    number, twin = re.compile(r"\d+\.\d+"), english(path)
    pages = twin.parent.glob("*.md") if path.name == "results.md" else [twin]
    there = {found for page in pages for found in number.findall(page.read_text(encoding="utf-8"))}
    assert set(number.findall(path.read_text(encoding="utf-8"))) <= there


def test_a_gan_of_one_file_and_one_yaml_trains(run_python, tmp_path):
    """The toy recipe of docs/engine.md, as a newcomer would add it: in a copy of the package."""
    (recipe,), (_, config) = blocks(ROOT / "docs/engine.md", "python"), blocks(ROOT / "docs/engine.md", "yaml")
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
    assert "starting at step 0" in done.stdout and re.search(r"\bg \d", done.stdout)
    assert next(tmp_path.glob("runs/relativistic_gan-*/index.html")).stat().st_size > 1000
