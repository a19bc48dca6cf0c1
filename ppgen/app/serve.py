"""The server of the app: this machine only unless told otherwise, and nothing but what the page needs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

# Gradio reads these when it is imported and would ask its makers for news and tell them of its use
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import gradio as gr
import uvicorn
from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware

from ppgen.app.files import Files
from ppgen.app.guard import OnlyFromHere
from ppgen.app.listening import ANY, Place, Server, listen, names_of
from ppgen.app.page import build_page
from ppgen.app.runs_tab import PAGE, ROUTE, run_names
from ppgen.app.studio import Studio

UPLOAD = "20mb"  # at most
_OLD, _EVERY = 3600, 600  # seconds after which files are removed, and between two looks
_FAREWELL = 3  # seconds that a page may still be answered when the server is to end


def build_app(place: Place, files: Files, server: FastAPI | None = None) -> FastAPI:
    """The page and the pages of trainings; uploads and results are below `files`, and removed after an hour.

    server: what else is served, guarded already, which this is added to.
    """
    os.environ["GRADIO_TEMP_DIR"] = str(files.root)
    app = server or _guarded(place)
    _clean_while_running(app, files)
    _serve_runs(app, place.runs)
    page = build_page(Studio(), files, place.runs)
    return gr.mount_gradio_app(
        app, page, path="/", server_name=place.host, server_port=place.port, footer_links=[], run_history=False,
        max_file_size=UPLOAD, ssr_mode=False, show_error=False, enable_monitoring=False, pwa=False, mcp_server=False,
        theme=gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["monospace"]), css=_CSS,
    )  # fmt: skip


_CSS = """
.gradio-container { width: 100% !important; max-width: 1200px !important; margin: 0 auto !important; }
#language .wrap { justify-content: flex-end; }
"""


def _guarded(place: Place) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(OnlyFromHere)
    # a page elsewhere may have its own name point to this machine (DNS rebinding); it cannot change the Host header
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=names_of(place.host))
    return app


def _clean_while_running(app: FastAPI, files: Files) -> None:
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        cleaner = asyncio.create_task(_clean(files))
        async with inner(app):
            yield
        cleaner.cancel()

    app.router.lifespan_context = lifespan


async def _clean(files: Files) -> None:
    while True:
        await asyncio.sleep(_EVERY)
        with suppress(OSError):
            await asyncio.to_thread(files.clean, _OLD)


def _serve_runs(app: FastAPI, folder: Path) -> None:
    """The pages of trainings, their sample grids, and no other file."""

    @app.get(ROUTE + "/{path:path}")
    def of_run(path: str) -> FileResponse:
        for name in run_names(folder):
            allowed = {f"{name}/{PAGE}": folder / name / PAGE}
            allowed |= {f"{name}/samples/{grid.name}": grid for grid in (folder / name / "samples").glob("*.png")}
            if path in allowed:
                return FileResponse(allowed[path])
        raise HTTPException(404)


def serve(place: Place, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is told the address.

    Raises PPGenError where the address cannot be had.
    """
    listener = listen(place)
    port = listener.getsockname()[1]
    files = Files()
    try:
        app = build_app(place._replace(port=port), files)
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=_FAREWELL)
        shown = "127.0.0.1" if place.host in ANY else place.host
        Server(config, lambda: ready(f"http://{shown}:{port}")).run([listener])
    finally:
        files.close()
