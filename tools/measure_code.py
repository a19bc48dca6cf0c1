"""Measures of the code: python tools/measure_code.py prints those that the project keeps small.

A line of code holds a token that is no comment and no docstring. A circle is a set of files each of which imports every
other in the end, imports inside functions included.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LONGEST_FILE, LONGEST_FUNCTION = 400, 60
_LAYOUT = {getattr(tokenize, name) for name in "COMMENT NL NEWLINE INDENT DEDENT ENCODING ENDMARKER".split()}
_WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _docstring_lines(tree: ast.AST) -> set[int]:
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, _WITH_DOCSTRING) and ast.get_docstring(node, clean=False) is not None:
            lines.update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return lines


def code_lines(text: str) -> int:
    """Lines of Python that hold a token which is no comment and no docstring."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _LAYOUT:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - _docstring_lines(ast.parse(text)))


def long_functions(text: str) -> Iterator[tuple[str, int]]:
    """(name, lines) of functions over `LONGEST_FUNCTION` lines, decorators and docstring included."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            length = (node.end_lineno or first) - first + 1
            if length > LONGEST_FUNCTION:
                yield node.name, length


def imported_names(tree: ast.AST, package: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of every import, those inside functions too; relative ones are of `package`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
            if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                yield node.lineno, node.args[0].value


def imports_between_files(package: Path) -> dict[str, set[str]]:
    """Module -> the modules of the same package that it imports, by dotted name without the package's own."""
    files = {path.relative_to(package).with_suffix("").parts: path for path in sorted(package.rglob("*.py"))}
    modules = {".".join(parts).removesuffix("__init__").rstrip("."): path for parts, path in files.items()}
    graph: dict[str, set[str]] = {}
    for module, path in modules.items():
        inside = (package.name, *path.relative_to(package).parts[:-1])
        graph[module] = set()
        for _, name in imported_names(ast.parse(path.read_text(encoding="utf-8")), inside):
            if name.split(".")[0] != package.name:
                continue
            target = name.removeprefix(package.name).lstrip(".")
            while target not in modules:  # a class or function: its module
                target = target.rpartition(".")[0]
            graph[module] |= {target} - {module}
    return graph


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Sets of modules that import each other, each sorted."""
    reached: dict[str, set[str]] = {}
    for start in graph:
        seen, left = set(), list(graph[start])
        while left:
            module = left.pop()
            if module not in seen:
                seen.add(module)
                left += graph[module]
        reached[start] = seen
    groups = {tuple(sorted(m for m in reached[start] if start in reached[m])) for start in graph}
    return sorted(list(group) for group in groups if group)


def _matches(files: list[Path], pattern: str) -> int:
    return sum(bool(re.search(pattern, line)) for path in files for line in path.read_text("utf-8").splitlines())


def main() -> None:
    """Print the table."""
    package, benchmarks = (sorted((ROOT / name).rglob("*.py")) for name in ("ppgen", "benchmarks"))
    everything = [path for name in ("ppgen", "benchmarks", "tests", "tools") for path in (ROOT / name).rglob("*.py")]
    lines: Counter[str] = Counter()
    for path in [*package, *benchmarks]:
        parts = path.relative_to(ROOT).parts
        lines["/".join(parts[: 2 if parts[0] == "ppgen" else 1])] += code_lines(path.read_text(encoding="utf-8"))
    for name, count in lines.most_common():
        print(f"{count:7,}  {name}")
    print(f"{lines.total():7,}  lines of code in ppgen/ and benchmarks/")
    texts = {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in [*package, *benchmarks]}
    long_files = [f"{path} ({text.count(chr(10))})" for path, text in texts.items() if text.count("\n") > LONGEST_FILE]
    functions = [f"{path}:{name} ({n})" for path, text in texts.items() for name, n in long_functions(text)]
    rings = [" <-> ".join(names) for names in circles(imports_between_files(ROOT / "ppgen"))]
    for what, found in (
        (f"files over {LONGEST_FILE} lines", long_files),
        (f"functions over {LONGEST_FUNCTION} lines", functions),
        ("circles between files of ppgen/", rings),
    ):
        print(f"{len(found):7,}  {what}{': ' if found else ''}{', '.join(found)}")
    for what, files, pattern in (
        ("lines with hasattr or getattr in ppgen/", package, r"\b(hasattr|getattr)\("),
        ("lines with Any in ppgen/", package, r"\bAny\b"),
        ("noqa: E" + "402 in ppgen/, benchmarks/, tests/ and tools/", everything, "noqa: E" + "402"),
    ):
        print(f"{_matches(files, pattern):7,}  {what}")


if __name__ == "__main__":
    main()
