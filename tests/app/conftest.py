"""The app as it is served, in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

RUN = "toy-20260101-000000"


class Served(NamedTuple):
    """The app's address, and where it keeps its files."""

    address: str
    root: Path


@pytest.fixture(scope="session")
def served(tmp_path_factory) -> Iterator[Served]:
    """The whole app at a free port, with one training to show; its files are gone afterwards."""
    pytest.importorskip("gradio", reason="gradio is not installed: pip install gradio")
    import uvicorn

    from ppgen.app.files import Files
    from ppgen.app.listening import Place, listen
    from ppgen.app.serve import build_app

    runs = tmp_path_factory.mktemp("runs")
    (runs / RUN / "samples").mkdir(parents=True)
    (runs / RUN / "index.html").write_text("<p>a training's page</p>")
    (runs / RUN / "config.yaml").write_text("secret: true")
    listener, files = listen(Place(port=0)), Files()
    app = build_app(Place(port=listener.getsockname()[1], runs=runs), files)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield Served(f"http://127.0.0.1:{listener.getsockname()[1]}", files.root)
    server.should_exit = True
    thread.join()
    files.close()
