"""Whatever stands in a command line, a YAML file, a table or metadata: an exit code and a sentence, no traceback.

All in this process, through `main(argv)`. A command that has worked for some seconds is interrupted: what was
wrong with its arguments would have been said by then.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import yaml
from hostile.weights import described
from hostile.yamls import GOOD
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from style_networks import tiny

from ppgen.cli import build_parser, launch, main
from ppgen.io.image import save_image
from ppgen.io.weights import network_arrays, save_network

_WORKED, _WAITED = 1.5, 300.0  # seconds of the processor, and of the clock, after which a command is interrupted
_SERVED = 5.0  # of the clock, for a server, which waits without working
_NOT_HERE = {"--ray", "--actors", "--jobs"}  # start clusters and processes
_ALWAYS = {"app": ["--port=x"], "demo": ["--output=folder/a.png"]}  # what would serve, or draw for a minute
_ARGUMENTS = {"latent_dim": 4, "width": 8, "image_size": 8, "channels": 1}

# What the system hands to a program: no NUL, and bytes that are no UTF-8 as such surrogates.
_WORDS = st.text(st.characters(exclude_characters="\0",
exclude_categories=("Cs",)) | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF), max_size=12)  # fmt: skip
_NUMBERS = st.one_of(st.integers(-3, 3), st.integers(), st.floats()).map(str)
_ODD = st.sampled_from((
    "", " ", "-1", "0", "1e400", "nan", "-inf", "1_0", "٣", "1.5", "9" * 400, str(2**31), str(2**64), "true", "None",
    "[]", "{}", "a=b", "a=", "=1", "a=b=c",
    "0-3", "3-0", "0-", "-3", "0-999999999999", "1,2", ",", "0,0,0", "x,y", "../x", ".", "..", "~", "~nobody/x",
    "folder", "empty", "photo.png", "broken.png", "model.safetensors",
    "style.safetensors", "broken.safetensors", "list.txt", "table.csv", "missing.png", "out.png", "out.gif",
    "out.xyz", "out", "/dev/null", "/dev/null/x", "/proc/x/y", "x" * 300, "a/" * 200 + "b",
    "\x1b[2J", "%s%n", "*", "?", "$HOME", "`id`", "http://127.0.0.1:9/x", "s3://x/y", "file:///etc/passwd", "face_id",
    "GAN", "fid,kid", "2:1", "1/2", "0/0", "2/1", "smile=1", "smile=1e999",
))  # fmt: skip


def leaves(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list]]:
    """Every command with its arguments."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for name, each in below[0].choices.items() if below else ():
        yield from leaves(each, (*path, name))
    if not below:
        yield path, [action for action in parser._actions if action.dest not in ("help", "debug")]


_COMMANDS = {" ".join(path): actions for path, actions in leaves(build_parser())}
_COMMANDS["train"] = [action for action in launch.parser()._actions if action.dest not in ("help", "nproc", "debug")]


def values(action: argparse.Action) -> st.SearchStrategy[list[str]]:
    """What may stand behind an argument's name, or in its place."""
    if action.nargs == 0:
        return st.just([])
    known = st.sampled_from(sorted(map(str, action.choices))) if action.choices else _ODD
    models = st.sampled_from(("model.safetensors", "style.safetensors", "broken.safetensors", "face_id"))
    one = models | _ODD if action.dest in ("model", "weights") else st.one_of(known, _ODD, _NUMBERS, _WORDS)
    several = action.nargs in ("+", "*") or isinstance(action.nargs, int)
    return st.lists(one, min_size=1, max_size=3) if several else one.map(lambda word: [word])


@st.composite
def command_lines(draw: st.DrawFn, command: str) -> list[str]:
    """Words for a command: what it needs, and some of what it may be given."""
    named, placed = [], []
    for action in _COMMANDS[command]:
        if _NOT_HERE & set(action.option_strings):
            continue
        needed = action.required or action.dest == "model"
        if not needed and not draw(st.integers(0, 3)) == 0:
            continue
        words = draw(values(action))
        if not action.option_strings:
            placed += words
        elif len(words) == 1 and draw(st.booleans()):
            named.append(f"{action.option_strings[-1]}={words[0]}")
        else:
            named += [action.option_strings[0], *words]
    separator = ["--"] if draw(st.booleans()) else []
    always = ["-c", "good.yaml", "--dry-run", "--no-cuda"] if command == "train" else _ALWAYS.get(command, [])
    return [*command.split(), *named, *always, *separator, *placed]


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Iterator[Path]:
    """A working directory some folders deep, with good and broken files."""
    folder = tmp_path_factory.mktemp("home") / "a" / "b" / "c"
    (folder / "folder").mkdir(parents=True)
    (folder / "empty").mkdir()
    for name in ("photo.png", "folder/a.png", "folder/b.png"):
        save_image(folder / name, np.random.default_rng(len(name)).integers(0, 256, (24, 16, 3), np.uint8))
    from ppgen.registry import NETWORKS

    save_network(NETWORKS.build({"name": "MLPGenerator", **_ARGUMENTS}), folder / "model.safetensors")
    save_network(tiny(), folder / "style.safetensors")
    for name, content in {
        "broken.png": "x", "broken.safetensors": "x" * 100, "list.txt": "photo.png\nmissing.png\n",
        "table.csv": "id,gender\na,M\nb,F\n", "good.yaml": GOOD,
    }.items():  # fmt: skip
        (folder / name).write_text(content)
    before = os.getcwd()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder.parents[2]))
        patch.setenv("PPGEN_DATA", str(folder / "data"))
        patch.setenv("PPGEN_SHARED", str(folder / "shared"))
        os.chdir(folder)
        yield folder
        os.chdir(before)


@contextmanager
def interrupted(waited: float) -> Iterator[None]:
    """As by Ctrl-C, after some seconds."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    timers = {signal.SIGPROF: (signal.ITIMER_PROF, _WORKED), signal.SIGALRM: (signal.ITIMER_REAL, waited)}
    before = {number: signal.signal(number, stop) for number in timers}
    for timer, seconds in timers.values():
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for number, (timer, _) in timers.items():
            signal.setitimer(timer, 0)
            signal.signal(number, before[number])


def ended_well(argv: list[str]) -> None:
    """Run a command line; what raises anything but argparse's exit fails the test."""
    try:
        with interrupted(_SERVED if argv[0] == "serve" else _WAITED):
            assert main(argv) in (0, 1, 2, 130)
    except SystemExit as stop:
        assert stop.code in (0, 2)
    except KeyboardInterrupt:  # between two lines of this function
        pass


def odd(examples: int) -> settings:
    """The same examples each time; a fixture of files is shared on purpose."""
    checks = [
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ]
    return settings(max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=checks)


@odd(40)
@given(data=st.data())
def test_odd_arguments(place, data):
    command = data.draw(st.sampled_from(sorted(_COMMANDS)))
    ended_well(data.draw(command_lines(command)))


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(_COMMANDS))
def test_odd_arguments_of_each_command(place, command):
    odd(int(os.environ.get("PPGEN_EXAMPLES", "200")))(given(argv=command_lines(command))(ended_well))()


_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(("GAN", "Adam", "../x", "1e-4", "~")),
)
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_PATHS = st.sampled_from((
    "total_iters", "model", "model.generator", "model.generator.width", "model.objective", "dataset.train",
    "dataset.train.size", "dataset.validation", "loader", "loader.batch_size",
    "optimizer", "optimizer.generator", "optimizer.generator.learning_rate", "schedule", "ema", "validate",
    "validate.metric", "checkpoint", "checkpoint.interval", "log", "stages", "load", "seed",
    "output_dir", "card", "_base_", "x",
))  # fmt: skip


def _changed(settings: dict, path: str, value: object) -> dict:
    *parents, last = path.split(".")
    node = settings
    for key in parents:
        node[key] = node.get(key) if isinstance(node.get(key), dict) else {}
        node = node[key]
    node[last] = value
    return settings


def _yaml(place: Path, path: str, value: object, cut: int, piece: str) -> None:
    text = yaml.safe_dump(_changed(yaml.safe_load(GOOD), path, value), allow_unicode=True)
    where = cut % (len(text) + 1)
    text = text[:where] + piece + text[where:] if cut % 3 == 0 else text
    Path("odd.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    ended_well(["train", "-c", "odd.yaml", "--dry-run", "--no-cuda"])


def _table(place: Path, header: list[str], rows: list[list[str]], end: str) -> None:
    lines = [",".join(["id", *header]), *(",".join(row) for row in rows)]
    Path("folder/meta.csv").write_bytes(end.join(lines).encode("utf-8", "surrogatepass"))
    ended_well(["data", "stats", "folder", "-o", "out.png"])
    ended_well(["data", "portraits", "folder", "-o", "made", "--meta", "folder/meta.csv"])


def _metadata(place: Path, network: str, arguments: object, card: object, value_range: object) -> None:
    from ppgen.registry import NETWORKS

    arrays = network_arrays(NETWORKS.build({"name": "MLPGenerator", **_ARGUMENTS}))
    told = {"class": network, "args": arguments, "card": card, "value_range": value_range}
    Path("odd.safetensors").write_bytes(described(arrays, **told))
    ended_well(["sample", "--model", "odd.safetensors", "-o", "out.png"])


_CELLS = st.one_of(
    st.text(max_size=6), st.sampled_from(("a", "b", "M", "F", "", "1", "nan", "-1", "1e999", '"', '"a', "../a", "=1+1"))
)
_COLUMNS = st.one_of(
    st.text(max_size=4), st.sampled_from(("gender", "approx_age", "age_group", "has_glasses", "id", "smile"))
)
_CARDS = st.one_of(
    _TREES,
    st.fixed_dictionaries(
        {}, optional={key: _TREES for key in ("title", "dataset", "classes", "labels", "scores", "limits")}
    ),
)
_GIVEN = st.one_of(
    _TREES,
    st.fixed_dictionaries({}, optional={key: st.one_of(st.just(value), _SCALARS) for key, value in _ARGUMENTS.items()}),
)
_FILES = {
    "yaml": (_yaml, {"path": _PATHS, "value": _TREES, "cut": st.integers(0, 10**4), "piece": st.text(max_size=3)}),
    "table": (_table,
    {"header": st.lists(_COLUMNS, max_size=3), "rows": st.lists(st.lists(_CELLS, max_size=4), max_size=3),
    "end": st.sampled_from(("\n", "\r\n", "\r", "\n\n"))}),
    "metadata": (_metadata,
    {"network": st.one_of(st.just("MLPGenerator"), st.text(max_size=5)), "arguments": _GIVEN, "card": _CARDS,
    "value_range": st.one_of(st.just([-1, 1]), _TREES)}),
}  # fmt: skip


def _files(place: Path, kind: str, examples: int) -> None:
    take, strategies = _FILES[kind]
    odd(examples)(given(**strategies)(lambda **given: take(place, **given)))()


@pytest.mark.parametrize("kind", _FILES)
def test_odd_files(place, kind):
    _files(place, kind, 6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", _FILES)
def test_many_odd_files(place, kind):
    _files(place, kind, 200)


def test_the_check_itself_sees_a_traceback(monkeypatch):
    monkeypatch.setitem(json.__dict__, "dumps", None)
    monkeypatch.setattr("ppgen.cli._parse", lambda words: argparse.Namespace(run=lambda args: json.dumps(1)))
    with pytest.raises(TypeError):
        ended_well(["list"])
