"""`ppgen convert`, `list` and `env`."""

import argparse
import itertools
import re
from pathlib import Path

import ppgen
from ppgen import device
from ppgen.cli.command import command, option
from ppgen.cli.files import keep_inputs
from ppgen.io.terminal import say

KINDS = ("models", "networks", "datasets", "weights", "configs", "metrics", "styles")


@command(
    "turn PaddleGAN's weights into safetensors",
    option("source", metavar="FILE", help="PaddleGAN's .pdparams, or .safetensors of a training"),
    option("-o", "--output", required=True, metavar="FILE", help="the .safetensors to write"),
    option("--network", help="its class, ours or PaddleGAN's (default: by the file's published name)"),
    option("-a", "--arguments", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="of its constructor"),
    option("--key", help="which network, of a file that holds several"),
)
def convert(args: argparse.Namespace) -> None:
    """Turn weights of PaddleGAN's into a safetensors file that says itself which network it fills."""
    from ppgen.config import apply_overrides
    from ppgen.errors import WeightsError
    from ppgen.hub.convert import convert as converted

    if not Path(args.source).is_file():
        raise WeightsError(f"{args.source}: no such file; give the weights file that is to be converted")
    keep_inputs(args.output, args.source)
    arguments = apply_overrides({}, args.arguments)
    for line in converted(Path(args.source), Path(args.output), args.network, arguments, args.key):
        say(line)


@command(
    "list models, networks, datasets, weights, configs, styles",
    option("what", nargs="?", choices=KINDS, help="one kind only"),
)
def list_names(args: argparse.Namespace) -> None:
    """List what can be named: in a YAML, to hub.load, to --config-file."""
    for kind in [args.what] if args.what else KINDS:
        if args.what is None:
            say(f"{kind}:")
        rows = _names(kind)
        width = max([28, *(len(name) for name, _ in rows)])
        for name, about in rows:
            say(f"{'' if args.what else '  '}{name:<{width}} {about}".rstrip())


def _names(kind: str) -> list[tuple[str, str]]:
    """(name, what it is) of everything of a kind."""
    if kind == "configs":
        return _configs()

    if kind == "styles":
        from ppgen.apps.styles import STYLES

        return list(STYLES.items())

    if kind == "weights":
        from ppgen import hub
        from ppgen.hub.published import PUBLISHED

        shipped = [(name, str(hub.card(name).get("title", ""))) for name in hub.names()]
        return [
            *shipped,
            *((name, f"PaddleGAN's {p.network}, fetched at first use from {p.url}") for name, p in PUBLISHED.items()),
        ]
    from ppgen.registry import DATASETS, METRICS, MODELS, NETWORKS

    registry = {"models": MODELS, "networks": NETWORKS, "datasets": DATASETS, "metrics": METRICS}[kind]
    return [(name, (registry.get(name).__doc__ or "").strip().split("\n")[0]) for name in registry.names()]


def _configs() -> list[tuple[str, str]]:
    """The shipped configs, as -c takes them here: files at the root of a clone, names elsewhere."""
    from ppgen.config import shipped

    folder, here = shipped.folder(), Path("configs")
    at_root = here.is_dir() and here.samefile(folder)
    return [
        (str(here / f"{name}.yaml") if at_root else name, _first_sentence(folder / f"{name}.yaml"))
        for name in shipped.names()
    ]


def _first_sentence(path: Path) -> str:
    """Of the comment a config begins with, which may go over several lines."""
    lines = itertools.takewhile(lambda line: line.startswith("#"), path.read_text(encoding="utf-8").splitlines())
    comment = " ".join(line.lstrip("# ") for line in lines)
    # A sentence goes on in capitals: "et al. 2017" does not end one.
    return re.split(r"(?<=\.)\s+(?=[A-Z])", comment, maxsplit=1)[0]


@command("print what was found on this machine and chosen")
def env(args: argparse.Namespace) -> None:
    """Print what was found on this machine and what ppgen chose."""
    from ppgen.faces.detect import which_landmarks
    from ppgen.runtime import threads
    from ppgen.runtime.backend import describe

    facts = {
        "ppgen": ppgen.__version__, **device.describe(), "runtime": describe(threads()), "landmarks": which_landmarks(),
        "opencv": device.opencv(),
    }  # fmt: skip
    width = max(map(len, facts))
    for name, value in facts.items():
        say(f"{name:<{width}}  {value}")


COMMANDS = {"convert": convert, "list": list_names, "env": env}
