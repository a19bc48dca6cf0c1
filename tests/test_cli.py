"""The doors: exit codes, one-line errors, arguments that reach the function below, and links to datasets."""

import subprocess
import sys
import types
from pathlib import Path
from types import SimpleNamespace

import pytest

import ppgen
from ppgen import cli
from ppgen.errors import DataError, OutputError
from ppgen.prepare import link


def install_module(monkeypatch, name: str, **members: object) -> None:
    """Put a module with `members` where the command will import it from."""
    module = types.ModuleType(name)
    vars(module).update(members)
    monkeypatch.setitem(sys.modules, name, module)
    parent, _, child = name.rpartition(".")
    if parent != "ppgen":
        return
    monkeypatch.setattr(ppgen, child, module, raising=False)


def test_every_command_has_help(capsys):
    for name in cli.COMMANDS:
        if name == "train":  # its help is the launcher's
            continue
        with pytest.raises(SystemExit) as stop:
            cli.main([name, "--help"])
        assert stop.value.code == 0
        assert f"ppgen {name}" in capsys.readouterr().out


@pytest.mark.parametrize("argv", [[], ["nonsense"], ["cartoon"], ["cartoon", "a.jpg", "--faces", "two"]])
def test_wrong_usage_exits_2(argv, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(argv)
    assert stop.value.code == 2
    assert "usage: ppgen" in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"ppgen {ppgen.__version__}\n"


def failing(error: BaseException):
    def action():
        raise error

    return action


def test_guarded_exit_codes(capsys):
    assert cli.guarded(lambda: None) == 0
    assert cli.guarded(lambda: 1) == 1
    assert cli.guarded(failing(KeyboardInterrupt())) == 130
    capsys.readouterr()
    assert cli.guarded(failing(DataError("photo.jpg is empty"))) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "error: photo.jpg is empty\n"


def test_guarded_lets_bugs_through():
    with pytest.raises(ZeroDivisionError):
        cli.guarded(lambda: 1 // 0)


def test_debug_shows_the_traceback(run_python, tmp_path):
    argv = ["data", "link", "--shared", str(tmp_path / "gone")]
    quiet = run_python("-m", "ppgen", *argv)
    assert (quiet.returncode, quiet.stdout) == (2, "")
    assert quiet.stderr.startswith("error: ") and quiet.stderr.count("\n") == 1
    for loud in (["--debug", *argv], [*argv, "--debug"]):
        result = run_python("-m", "ppgen", *loud)
        assert "Traceback" in result.stderr and "DataError" in result.stderr


def test_cartoon_hands_on_its_arguments(monkeypatch, capsys):
    seen = {}

    class Report:
        failed = ["b.png"]

        def __str__(self) -> str:
            return "1 drawn, 1 failed"

    class Predictor:
        def __init__(self, **arguments):
            seen.update(arguments)

        def run_many(self, inputs, **arguments):
            seen.update(arguments, inputs=inputs)
            return Report()

    install_module(monkeypatch, "ppgen.apps", Photo2CartoonPredictor=Predictor)
    code = cli.main(["cartoon", "a.jpg", "b.png", "-o", "out", "--faces", "1", "--no-align"])
    assert code == 1
    assert capsys.readouterr().out == "1 drawn, 1 failed\n"
    assert seen == {
        "output_path": "out", "weight_path": None, "inputs": ["a.jpg", "b.png"], "faces": 1, "align": False
    }  # fmt: skip
    Report.failed = []
    assert cli.main(["cartoon", "a.jpg"]) == 0
    assert seen["faces"] == "largest" and seen["align"] is True


def test_demo_hands_the_astronaut_to_the_predictor(monkeypatch, capsys, tmp_path):
    seen = []

    class Predictor:
        def __init__(self, output_path):
            seen.append(output_path)

        def run(self, photo):
            seen.append(photo.shape)

    install_module(monkeypatch, "ppgen.apps", Photo2CartoonPredictor=Predictor)
    assert cli.main(["demo", "-o", str(tmp_path)]) == 0
    assert seen == [str(tmp_path), (512, 512, 3)]
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [f"{tmp_path}/p2c_photo.png", f"{tmp_path}/p2c_cartoon.png"]
    assert lines[2].startswith("drawing took ")


@pytest.mark.parametrize("leading", [[], ["--debug"]])
def test_train_hands_everything_on(monkeypatch, leading):
    seen = []
    launch = SimpleNamespace(main=lambda argv: seen.extend(argv))
    install_module(monkeypatch, "ppgen.engine", launch=launch)
    rest = ["--config-file", "c.yaml", "-o", "a.b=1", "--help", "--version"]
    assert cli.main([*leading, "train", *rest, "--debug"]) == 0
    assert seen == rest


@pytest.fixture
def folders(tmp_path) -> tuple[Path, Path]:
    shared = tmp_path / "shared"
    (shared / "portraits" / "train").mkdir(parents=True)
    (shared / "faces128").mkdir()
    (shared / "secret").mkdir()
    return tmp_path / "data", shared


def outcomes(done: list[link.Linked]) -> dict[str, str]:
    return {item.name: item.outcome for item in done}


def test_link_makes_links_and_nothing_else(folders):
    data, shared = folders
    assert outcomes(link.link_datasets(data, shared)) == {
        "portraits": "linked", "faces128": "linked", "hard": "absent"
    }  # fmt: skip
    assert sorted(p.name for p in data.iterdir()) == ["faces128", "portraits"]
    assert all(p.is_symlink() for p in data.iterdir())
    assert (data / "portraits" / "train").is_dir()


def test_link_keeps_what_is_there_and_mends_dead_links(folders):
    data, shared = folders
    (data / "portraits").mkdir(parents=True)
    (data / "portraits" / "mine.txt").write_text("mine")
    (data / "faces128").symlink_to(shared / "moved away")
    assert outcomes(link.link_datasets(data, shared))["portraits"] == "kept"
    assert (data / "portraits" / "mine.txt").read_text() == "mine"
    assert (data / "faces128").resolve() == shared / "faces128"
    assert outcomes(link.link_datasets(data, shared))["faces128"] == "kept"


def test_link_without_datasets_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PPGEN_SHARED", str(tmp_path / "nothing"))
    assert cli.main(["data", "link"]) == 0
    assert "nothing was linked" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_link_follows_the_environment(folders, monkeypatch, capsys):
    data, shared = folders
    monkeypatch.setenv("PPGEN_DATA", str(data))
    monkeypatch.setenv("PPGEN_SHARED", str(shared))
    assert cli.main(["data", "link"]) == 0
    assert (data / "portraits").is_symlink()
    assert "linked" in capsys.readouterr().out


def test_link_into_a_file_is_an_error(folders):
    data, shared = folders
    data.write_text("a file, not a folder")
    with pytest.raises(OutputError, match="cannot be linked"):
        link.link_datasets(data, shared)


def test_tools_main_has_the_same_error_handling(tmp_path):
    script = Path(__file__).resolve().parents[1] / "tools" / "main.py"
    arguments = ["--config-file", str(tmp_path / "missing.yaml")]
    result = subprocess.run(
        [sys.executable, str(script), *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 2, result.stderr
    assert "missing.yaml" in result.stderr
    assert "Traceback" not in result.stderr
