"""`ppgen app`."""

import argparse
import os
import sys
import webbrowser
from importlib.util import find_spec
from pathlib import Path

from ppgen.cli.command import command, option
from ppgen.errors import PPGenError
from ppgen.io.terminal import say


def _ready(address: str, browser: bool) -> None:
    """Say where the app is, and open it where there is a screen."""
    say(f"ppgen is at {address}  (Ctrl+C ends it)")
    screen = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if browser and screen:
        webbrowser.open(address)


@command(
    "open ppgen in the browser",
    option("--host", default="127.0.0.1", help="address to listen at (default: 127.0.0.1, this computer only)"),
    option("--port", type=int, default=7860, help="default: 7860; 0: any that is free"),
    option("--runs", default="runs", metavar="DIR", help="folder of trainings to show (default: runs)"),
    option("--no-browser", action="store_true", help="only print the address"),
)
def app(args: argparse.Namespace) -> None:
    """Serve a page on which photos become cartoons and faces are made, mixed and edited, in English and Chinese.

    Nothing is sent to the internet. Uploads are removed after an hour and when the app ends.
    """
    if find_spec("gradio") is None:
        raise PPGenError("Gradio, which makes the page, is not installed: pip install gradio")
    from ppgen.app.listening import Place
    from ppgen.app.serve import serve

    place = Place(args.host, args.port, Path(args.runs).expanduser())
    serve(place, lambda address: _ready(address, not args.no_browser))


COMMANDS = {"app": app}
