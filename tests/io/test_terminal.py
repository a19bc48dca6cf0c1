"""Whatever a file is called, what is printed stays one line and moves nothing on the screen."""

import ast
import pickle
import re
import sys
from pathlib import Path

import pytest

import ppgen
from ppgen.apps.batch import Failure, Report
from ppgen.apps.folders.run import FolderReport
from ppgen.cli import main
from ppgen.errors import ConfigError, DataError, PPGenError, in_lines, visible
from ppgen.io.image import load_image
from ppgen.io.terminal import say, show

FORGED = "me\nerror: all is lost\r\x1b[2J\x9b31m\u202egnp.exe\u2028\u2066.png"
MOVES = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029\u2066-\u2069]")
on_unix = pytest.mark.skipif(sys.platform == "win32", reason="Windows takes no such names")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain.png", "plain.png"),
        ("中文 名字　宽.png", "中文 名字　宽.png"),
        ("naïve 👩‍🔬.png", "naïve 👩‍🔬.png"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\u202egnp", r"\u202egnp"),
        ("\udcff.png", r"\udcff.png"),
        ("\u2028", r"\u2028"),
    ],
)
def test_what_is_unseen_is_shown(text, shown):
    assert visible(text) == shown == str(DataError(text))


def test_a_name_of_a_megabyte_fills_no_screen():
    told = str(DataError(f"{'x' * 10**6}: no such file"))
    assert told.startswith("xxx") and told.endswith("x: no such file") and len(told) < 2000


def test_lines_of_an_error_are_its_arguments():
    error = ConfigError("a.yaml: x\ny", "a.yaml: z")
    assert str(error) == "a.yaml: x\\ny\na.yaml: z"
    again = pickle.loads(pickle.dumps(error))  # as worker processes hand it over
    assert str(again) == str(error) and type(again) is ConfigError


def test_printed_on_either_stream(capsys):
    say(FORGED, Path("a"))
    say(FORGED, aside=True)
    show(in_lines([FORGED, "b"]))
    out, err = capsys.readouterr()
    assert out.count("\n") == 4 and err.count("\n") == 1 and not MOVES.search(out + err)


def test_reports_name_files_visibly():
    failures = [Failure(FORGED, DataError(f"{FORGED}: is damaged"))]
    batch = Report(failures=failures, tried=2, notes=[FORGED])
    folder = FolderReport(2, "log", failures=[FORGED], warnings=[FORGED], notes=[FORGED])
    assert str(batch).count("\n") == 2 and str(folder).count("\n") == 3
    assert not MOVES.search(f"{batch}{folder}{batch!r}{folder!r}{batch._repr_html_()}")


@on_unix
def test_errors_and_commands_name_files_visibly(tmp_path, capsys):
    (tmp_path / FORGED).write_bytes(b"no picture")
    with pytest.raises(DataError) as caught:
        load_image(tmp_path / FORGED)
    assert not MOVES.search(str(caught.value)) and "\n" not in str(caught.value)
    (tmp_path / "Male.png").write_bytes(b"no picture either")
    commands = (
        ["data", "stats", str(tmp_path)], ["data", "stats", str(tmp_path / FORGED)],
        ["evaluate", "--real", str(tmp_path), "--fake", str(tmp_path)], ["convert", str(tmp_path / FORGED), "-o", "a"],
        ["train", "-c", str(tmp_path / FORGED)], ["data", "unpack", str(tmp_path / FORGED)],
    )  # fmt: skip
    for command in commands:
        main(command)
        out, err = capsys.readouterr()
        assert out + err and not MOVES.search(out + err), command
        assert not any(line.startswith("error: all is lost") for line in (out + err).splitlines()), command


def test_nothing_is_printed_in_another_way():
    root = Path(ppgen.__file__).parent
    printed = [
        f"{path.relative_to(root)}:{node.lineno}"
        for path in sorted(root.rglob("*.py"))
        if path != root / "io/terminal.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not printed, "ppgen.io.terminal.say prints what may name a file"
    assert all(issubclass(kind, PPGenError) for kind in (ConfigError, DataError))
