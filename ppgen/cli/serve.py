"""`ppgen serve`."""

import argparse
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from ppgen.cli.command import command, option
from ppgen.cli.options import jobs
from ppgen.errors import PPGenError
from ppgen.io.terminal import say

_NEEDS = "pip install fastapi uvicorn python-multipart"


def _number(least: float, most: float, whole: bool = False) -> Callable[[str], float]:
    """A type for `option`: a number in a range."""

    def checked(text: str) -> float:
        try:
            number = int(text) if whole else float(text)
        except ValueError:
            number = -1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"expected {least:g} to {most:g}, found {text}")
        return number

    return checked


@command(
    "answer requests for cartoons over HTTP",
    option("--host", default="127.0.0.1", help="address to listen at (default: 127.0.0.1, this computer only)"),
    option("--port", type=int, default=8000, help="default: 8000; 0: any that is free"),
    option("--jobs", type=jobs, metavar="N", help="processes that draw, or auto: one a core (default: auto)"),
    option("--queue", type=_number(0, 10_000, whole=True), default=16, metavar="N", help="photos that may wait (16)"),
    option("--timeout", type=_number(1, 3600), default=60.0, metavar="S", help="seconds a photo may take (60)"),
    option("--upload", type=_number(0.001, 1000), default=20.0, metavar="MB", help="size of a photo, at most (20)"),
    option("--pixels", type=_number(0.01, 100), default=40.0, metavar="MP", help="its megapixels, at most (40)"),
    option("--allow-host", action="append", default=[], metavar="NAME", help="a name that it may be called by"),
    option("--app", action="store_true", help="serve the page of `ppgen app` at / as well"),
    option("--runs", default="runs", metavar="DIR", help="with --app: folder of trainings to show (default: runs)"),
)
def serve(args: argparse.Namespace) -> None:
    """Answer requests: POST /v1/cartoon turns a photo into its cartoon; /docs explains it.

    Photos are drawn in processes of their own, which --timeout ends. Who comes when --queue photos wait gets status
    429. Nothing is kept, and nothing is sent to the internet.
    """
    if find_spec("fastapi") is None or find_spec("uvicorn") is None or find_spec("python_multipart") is None:
        raise PPGenError(f"what the server is made with is not installed: {_NEEDS}")
    from ppgen.app.listening import Place
    from ppgen.serve.api import Limits
    from ppgen.serve.run import Load, serve

    place = Place(args.host, args.port, Path(args.runs).expanduser())
    limits = Limits(int(args.upload * 1e6), int(args.pixels * 1e6), args.timeout)
    serve(place, Load(args.jobs or 0, args.queue), limits, tuple(args.allow_host), args.app, _ready)


def _ready(address: str) -> None:
    say(f"ppgen serves at {address}  ({address}/docs explains it, Ctrl+C ends it)")


COMMANDS = {"serve": serve}
