"""Run folders of strangers: links, facts that lie, logs that are no logs, configs that are no configs."""

import json
import os
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

import numpy as np
from hostile.case import Case, command, written
from hostile.weights import packed
from hostile.yamls import GOOD

RUN, STEP = "runs/x-20260101-000000", "step_00000001"
_SUM = "sha256"


@cache
def _weights() -> dict[str, bytes]:
    """The files of a checkpoint of the config GOOD at step 1, as far as loading goes before anything is trained."""
    import yaml
    from safetensors.numpy import save

    from ppgen.io.weights import network_arrays
    from ppgen.registry import NETWORKS

    model = yaml.safe_load(GOOD)["model"]
    arrays = {
        f"{name}.{key}": value
        for name in ("generator", "discriminator")
        for key, value in network_arrays(NETWORKS.build(model[name])).items()
    }
    return {"weights.safetensors": save(arrays), "state.safetensors": save({"a": np.zeros(1, np.float32)})}


def _facts(**more: object) -> dict:
    return {"step": 1, "seconds": 1.0, "seed": 1, **more}


def _signed(facts: dict) -> dict:
    """With the digests that a stranger can write as well as we."""
    import hashlib

    from ppgen.engine.checkpoint import _digest_of

    digests = {name: hashlib.sha256(data).hexdigest() for name, data in _weights().items()}
    return {**facts, _SUM: {**digests, "facts": _digest_of(facts)}}


def _run(**files: str | bytes | None) -> None:
    """A run folder; a file given as None is left out."""
    state = json.dumps(_signed(_facts()))
    usual: dict[str, str | bytes | None] = {
        "config.yaml": GOOD, "history.jsonl": json.dumps({"step": 0, "overrides": []}) + "\n",
        "log.jsonl": '{"step": 1, "loss": 1.0}\n',
        "checkpoints/latest": STEP, f"checkpoints/{STEP}/state.json": state,
        **{f"checkpoints/{STEP}/{name}": data for name, data in _weights().items()},
    }  # fmt: skip
    for name, content in (usual | files).items():
        if content is not None:
            written(f"{RUN}/{name}", content)


def _resume() -> int:
    return command("train", "--resume", RUN, "--no-cuda", "-o", "total_iters=2")


def _resumed(files: dict[str, str | bytes | None]) -> int:
    _run(**files)
    return _resume()


def _drawn(files: dict[str, str | bytes | None]) -> int:
    _run(**files)
    return command("sample", "--model", RUN, "-o", "out.png")


def _linked(name: str, target: str) -> int:
    """A file or folder of the run is a link to what lies outside."""
    _run()
    place = Path(RUN, name)
    if place.is_dir():
        place.rename(f"{RUN}/moved")
    elif place.exists():
        place.unlink()
    place.parent.mkdir(parents=True, exist_ok=True)
    os.symlink(os.path.abspath(target), place)
    return _resume()


def _state(change: Callable[[dict], object]) -> dict[str, str | bytes | None]:
    """state.json with other facts and the right digests, as far as there are any."""
    facts = change(_facts())
    told = _signed(facts) if isinstance(facts, dict) else facts
    return {f"checkpoints/{STEP}/state.json": json.dumps(told)}


_STATES: dict[str, Callable[[dict], object]] = {
    **{f"step {value!r}"[:40]: lambda facts, value=value: {**facts, "step": value} for value in (
        -1, 1.5, "1", None, True, [], {}, 10**30, 2**63, float("nan"), float("inf"), "x" * 10**6)},
    **{f"seconds {value!r}"[:40]: lambda facts, value=value: {**facts, "seconds": value} for value in (
        "x", None, [], float("nan"), float("inf"), -1e300, 10**400 if False else 1e308)},
    **{f"seed {value!r}"[:40]: lambda facts,
    value=value: {**facts, "seed": value} for value in ("x", None, [], -1, 2**80, 1.5)},
    **{f"best {value!r}"[:40]: lambda facts,
    value=value: {**facts, "best": value} for value in ("x", None, [], {}, float("nan"), 10**30)},
    "a list": lambda facts: [facts], "nothing": lambda facts: None, "a number": lambda facts: 5,
    "no step": lambda facts: {},
    "unknown facts": lambda facts: {**facts, "\x1b[2J": "\x1b[2J", "recipe": {"a": 1}, "pools": [1], "optimizers": {},
    "ema": 5, "schedule": "x"},
}  # fmt: skip
_TEXTS: tuple[str | bytes, ...] = (
    "", "{", "[]", "null", "[" * 100_000, '{"a":' * 5000, b"\xff\xfe\0", "\0" * 1000, "9" * 10_000, '"x"', "{}{}",
    "\x1b[2J", "x" * 10**6, '{"step": 1}\n' * 20_000,
    '{"step": "x"}', '{"step": 1, "loss": "\\u001b[2J"}', '{"step": 1, "loss": NaN}', '{"step": 1, "loss": [1]}',
    '{"step": 1e999}', '{"step": -5, "a": {}}',
    '{"step": 1, "overrides": ["model=5"]}', '{"step": 0, "overrides": ["output_dir=/etc"]}',
    '{"step": 0, "overrides": 5}', '{"step": 0, "overrides": ["\\u0000=1"]}',
)  # fmt: skip


def _digests() -> Iterator[tuple[str, dict[str, str | bytes | None]]]:
    """state.json that speaks of files elsewhere."""
    for name in (
        "/etc/passwd",
        "../../../../victim.txt",
        "/dev/zero",
        "/dev/tty",
        ".",
        "",
        "a" * 5000,
        "\0",
        "\x1b[2J",
        "facts",
        "weights.safetensors",
    ):
        told = {**_facts(), _SUM: {name: "0" * 64}}
        yield f"a digest of {name[:20]!r} of {len(name)}", {f"checkpoints/{STEP}/state.json": json.dumps(told)}
    for value in (5, None, [], "x", {"facts": 5}, {"facts": None}, {"weights.safetensors": []}):
        yield f"digests {value!r}", {f"checkpoints/{STEP}/state.json": json.dumps({**_facts(), _SUM: value})}


def cases() -> Iterator[Case]:
    """Through `--resume RUN` and `--model RUN`."""
    yield Case("runs/as it should be", partial(_drawn, {}))
    for what, change in _STATES.items():
        yield Case(f"runs/state: {what}", lambda change=change: _resumed(_state(change)))
    for what, files in _digests():
        yield Case(f"runs/{what}", partial(_resumed, files))
    for number, text in enumerate(_TEXTS):
        for name in (
            "config.yaml",
            "history.jsonl",
            "log.jsonl",
            "checkpoints/latest",
            "checkpoints/best",
            f"checkpoints/{STEP}/state.json",
        ):
            yield Case(f"runs/{name} {number} {str(text)[:16]!r}", partial(_resumed, {name: text}))
        yield Case(
            f"runs/weights {number} {str(text)[:16]!r}",
            partial(_drawn, {f"checkpoints/{STEP}/weights.safetensors": text}),
        )
    for name in (
        ".lock", "config.yaml", "history.jsonl", "log.jsonl", "checkpoints/latest", "checkpoints/best", "checkpoints",
        f"checkpoints/{STEP}", "index.html",
        "losses.png", "visuals", "final", "best.safetensors", "newest.safetensors", "tensorboard", "samples",
        "curves.json",
    ):  # fmt: skip
        for target in ("../victim.txt", "..", "nothing", "/dev/full"):
            yield Case(f"runs/{name} is a link to {target}", partial(_linked, name, target))
    for word in (
        "../../../victim.txt",
        "/etc",
        "..",
        "step_x",
        "step_00000001\n\n",
        "step_9" * 100,
        "\x1b[2J",
        "step_00000001/../..",
    ):
        yield Case(f"runs/latest names {word[:20]!r}", partial(_resumed, {"checkpoints/latest": word}))
        yield Case(f"runs/latest names {word[:20]!r}, drawn", partial(_drawn, {"checkpoints/latest": word}))
    huge = {"generator.a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}
    yield Case("runs/weights of 4 TB", partial(_drawn, {f"checkpoints/{STEP}/weights.safetensors": packed(huge)}))
    yield Case("runs/weights that are missing", partial(_drawn, {f"checkpoints/{STEP}/weights.safetensors": None}))
    for name, change in {
        "a network of any size": GOOD.replace("width: 8", "width: 70000"),
        "no generator": GOOD.replace("generator:", "g:"),
        "a network of a list": GOOD.replace("{name: MLPGenerator, latent_dim: 4, image_size: 8, width: 8}", "[1]"),
        "another network": GOOD.replace("MLPGenerator", "StyleGAN2Generator"),
        "validation of a list": GOOD + "validate: [1]\n",
        "validation of a text": GOOD + "validate: x\n", "a model of a text": "model: x\n",
        "a model of a list": "model: [1]\n", "a name that is none": GOOD + "validate: {network: [a]}\n",
    }.items():  # fmt: skip
        yield Case(f"runs/config: {name}", partial(_drawn, {"config.yaml": change}))
