"""The entry points: exit codes, one-line errors, arguments that reach the function below, and links to datasets."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import ROOT
from painter import Painter

import ppgen
from ppgen import apps, cli
from ppgen.apps.batch import Failure, Report
from ppgen.errors import DataError, OutputError
from ppgen.prepare import link


def hand_in(monkeypatch, predictor: type) -> None:
    """What `from ppgen.apps import Photo2CartoonPredictor` gives; the real one's module is not imported."""
    monkeypatch.setitem(vars(apps), "Photo2CartoonPredictor", predictor)


def test_every_command_has_help(capsys):
    for name in cli.COMMANDS:
        if name == "train":  # its help is the launcher's
            continue
        with pytest.raises(SystemExit) as stop:
            cli.main([name, "--help"])
        assert stop.value.code == 0
        assert f"ppgen {name}" in capsys.readouterr().out


def test_help_lists_every_command_under_a_heading_on_one_screen(capsys):
    groups = {"latent": "actions", "data": "actions", "explain": "figures"}
    for argv, titles in (([], cli.GROUPS), *(([name], [title]) for name, title in groups.items())):
        with pytest.raises(SystemExit):
            cli.main([*argv, "--help"])
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) <= 44 and all(f"{title}:" in lines for title in titles)
        assert argv or all(sum(line.startswith(f"  {name} ") for line in lines) == 1 for name in cli.COMMANDS)


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


def fake_predictor(seen: dict, report: object) -> type:
    """A predictor that records what it is asked and answers `report`."""

    class Predictor:
        def __init__(self, **arguments):
            seen.update(arguments)

        def run_many(self, inputs, **arguments):
            seen.update(arguments, inputs=inputs)
            return report

    return Predictor


def drawn(name: str) -> SimpleNamespace:
    path = Path("out") / f"{name}_0_cartoon.png"
    return SimpleNamespace(name=name, warnings=(), cartoon_path=path, both_path=None, leaf=None)


def test_cartoon_hands_on_its_arguments(monkeypatch, capsys):
    seen = {}
    report = Report([drawn("a")], [Failure("b.png", DataError("b.png: is empty"))], tried=2)
    hand_in(monkeypatch, fake_predictor(seen, report))
    code = cli.main(["cartoon", "a.jpg", "-o", "out", "--faces", "1", "--no-align"])
    assert code == 1
    assert capsys.readouterr().out.splitlines() == [
        str(Path("out/a_0_cartoon.png")), "1 of 2 pictures done, 1 face drawn", "failed: b.png: is empty"
    ]  # fmt: skip
    assert seen == {
        "output_path": "out", "weight_path": None, "inputs": ["a.jpg"], "faces": 1, "align": False,
        "routing": None, "attributes": {}, "keep_pictures": False, "aligner": "dlib",
        "style": "photo2cartoon", "size": 256, "side_by_side": False,
    }  # fmt: skip
    cli.main(["cartoon", "a.jpg", "--aligner", "mesh", "--style", "ink", "--size", "512"])
    assert (seen["aligner"], seen["style"], seen["size"]) == ("mesh", "ink", 512)


class Cartoonist(Painter):
    """The stand-in under the arguments of `ppgen cartoon`."""

    def __init__(self, output_path, **_):
        super().__init__(output_path)

    def worker(self, **_):
        return super().worker()


def test_cartoon_takes_a_linked_folder_and_says_which_it_leaves_out(monkeypatch, capsys, linked, tmp_path):
    hand_in(monkeypatch, Cartoonist)
    for folder, drawn, below in (("alias", "a", ""), ("linked/deep", "b", "1 subfolders"), (".", "c", "3 subfolders")):
        out = tmp_path / f"out_{drawn}"
        assert cli.main(["cartoon", str(linked / folder), "-o", str(out)]) == 0
        said = capsys.readouterr().out
        assert "1 of 1 pictures done" in said and (f"not read: {below}" if below else "") in said
        assert [path.name for path in out.glob("*_cartoon.png")] == [f"{drawn}_0_cartoon.png"]


def test_cartoon_hands_on_who_is_drawn_and_says_which_leaf_served(monkeypatch, capsys):
    seen, one = {}, drawn("a")
    one.leaf = "senior-F"
    hand_in(monkeypatch, fake_predictor(seen, Report([one], tried=1)))
    assert cli.main(["cartoon", "a.jpg", "--routing", "runs/x", "--age", "70", "--gender", "F"]) == 0
    assert seen["routing"] == "runs/x" and seen["attributes"] == {"age": 70, "gender": "F"}
    assert capsys.readouterr().out.splitlines()[0] == str(Path("out/a_0_cartoon.png")) + " by senior-F"
    cli.main(["cartoon", "a.jpg", "--routing", "runs/x", "--age", "senior"])
    assert seen["attributes"] == {"age": "senior"}


def test_cartoon_of_one_picture(monkeypatch, capsys):
    seen = {}
    report = Report([drawn("a")], tried=1)
    hand_in(monkeypatch, fake_predictor(seen, report))
    assert cli.main(["cartoon", "a.jpg", "--weights", "w.safetensors"]) == 0
    assert seen["inputs"] == ["a.jpg"]  # a list: files are called after their input
    assert (seen["faces"], seen["align"], seen["weight_path"]) == ("largest", True, "w.safetensors")
    report.results, report.failures = [], [Failure("a.jpg", DataError("a.jpg: is empty"))]
    capsys.readouterr()
    assert cli.main(["cartoon", "a.jpg"]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "error: a.jpg: is empty\n")


def test_cartoon_of_real_bad_files(run_python, tmp_path):
    """Through the real predictor, none of whose networks is needed to refuse these."""
    (tmp_path / "text.jpg").write_text("hello")
    out = tmp_path / "out"
    one = run_python("-m", "ppgen", "cartoon", str(tmp_path / "text.jpg"), "-o", str(out))
    assert one.returncode == 2 and one.stderr.startswith("error: ") and "text.jpg" in one.stderr
    both = run_python("-m", "ppgen", "cartoon", str(tmp_path / "text.jpg"), "missing.png", "-o", str(out))
    assert both.returncode == 1 and both.stderr == ""
    assert "0 of 2 pictures done" in both.stdout and both.stdout.count("failed: ") == 2
    assert [path.name for path in out.iterdir()] == ["cartoon.log.jsonl"]


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--jobs", "0"], "expected a number from 1 or 'auto'"),
        (["--timeout", "-1"], "expected seconds"),
        (["--shard", "5/3"], "give NUMBER/OF"),
        (["--actors", "2"], "--actors: has a meaning only with --ray"),
        (["--ray", "--jobs", "2"], "with --ray give --actors"),
    ],
)
def test_flags_of_folders_are_checked(tmp_path, capsys, flags, says):
    try:
        code = cli.main(["cartoon", str(tmp_path), *flags])
    except SystemExit as stop:
        code = stop.code
    assert code == 2 and says in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_ends_a_command(tmp_path):
    shell = f"{sys.executable} -m ppgen list configs | head -1"
    done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout.count("\n") == 1 and done.stderr == ""


@pytest.mark.parametrize(
    "words",
    [
        ["runs", "@"], ["data", "stats", "@"], ["data", "stats", ".", "-o", "@/a.png"], ["data", "unpack", "@"],
        ["data", "portraits", "@", "-o", "out"], ["data", "starter", "--data", "@"],
        ["evaluate", "--real", "@", "--fake", "."], ["sample", "--model", "@"], ["sample", "-o", "@/a.png"],
        ["train", "--resume", "@"], ["train", "-c", "@"], ["cartoon", "@"],
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["x" * 300, "~nobody of that name/x"])
def test_a_path_that_no_system_takes_is_one_line(words, name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main([word.replace("@", name) for word in words]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1 and list(tmp_path.iterdir()) == []


def test_too_little_memory_is_one_line(capsys):
    def fill():
        raise MemoryError("Unable to allocate 9 TiB")

    assert cli.guarded(fill) == 2
    assert capsys.readouterr().err.startswith("error: not enough memory (Unable to allocate 9 TiB)")


def test_demo_hands_the_astronaut_to_the_predictor(monkeypatch, capsys, tmp_path):
    pytest.importorskip("skimage", reason="scikit-image is not installed")
    seen = []

    class Predictor:
        def __init__(self, output_path):
            self.folder = Path(output_path)

        def run_many(self, photo, keep_pictures):
            seen.append((photo.shape, keep_pictures))
            paths = {"photo_path": self.folder / "p2c_photo.png", "cartoon_path": self.folder / "p2c_cartoon.png"}
            return Report([SimpleNamespace(**paths)], tried=1)

    hand_in(monkeypatch, Predictor)
    assert cli.main(["demo", "-o", str(tmp_path)]) == 0
    assert seen == [((512, 512, 3), False)]
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [str(tmp_path / "p2c_photo.png"), str(tmp_path / "p2c_cartoon.png")]
    assert lines[2].startswith("drawing took ")
    assert lines[3].startswith("Try next") and len(lines) == 7
    for line in lines[4:]:
        for command in line.strip().removeprefix("ppgen ").split(" && ppgen "):
            assert command.split()[0] in cli.COMMANDS


@pytest.mark.parametrize("leading", [[], ["--debug"]])
def test_train_hands_everything_on(monkeypatch, leading):
    seen = []
    launch = SimpleNamespace(main=lambda argv: seen.extend(argv))
    monkeypatch.setattr(cli, "launch", launch, raising=False)
    rest = ["--config-file", "c.yaml", "-o", "a.b=1", "--help", "--version"]
    assert cli.main([*leading, "train", *rest, "--debug"]) == 0
    assert seen == rest


@pytest.fixture
def folders(tmp_path) -> tuple[Path, Path]:
    shared = tmp_path / "shared"
    (shared / "portraits" / "train").mkdir(parents=True)
    (shared / "faces128").mkdir()
    (shared / "nobody/train").mkdir(parents=True)
    (shared / "secret").mkdir()
    return tmp_path / "data", shared


def outcomes(done: list[link.Linked]) -> dict[str, str]:
    return {item.name: item.outcome for item in done}


def test_link_makes_links_and_nothing_else(folders):
    data, shared = folders
    assert outcomes(link.link_datasets(data, shared)) == {
        "portraits": "linked", "faces128": "linked", "hard": "absent", "nobody": "linked"
    }  # fmt: skip
    assert sorted(p.name for p in data.iterdir()) == ["faces128", "nobody", "portraits"]
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
    with pytest.raises(OutputError, match="data: is not a folder"):
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


def test_converting_a_file_that_is_not_there_says_so(capsys):
    assert cli.main(["convert", "gone.pdparams", "-o", "x.safetensors"]) == 2
    assert capsys.readouterr().err.startswith("error: gone.pdparams: no such file; ")
