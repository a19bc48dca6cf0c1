"""Listening: the server of cartoons, alone or with the app."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import uvicorn
from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

import ppgen
from ppgen.app.guard import OnlyFromHere
from ppgen.app.listening import ANY, Place, Server, listen, names_of
from ppgen.device import cpu_count
from ppgen.serve.api import Limits, Service, add_api
from ppgen.serve.drawing import Answer, Cartoons, Task
from ppgen.serve.workers import Workers

_FAREWELL = 10  # seconds beyond a photo's limit in which requests in hand may end


class Load(NamedTuple):
    """jobs: processes that draw; 0: one a core. waiting: photos that may wait for one."""

    jobs: int = 0
    waiting: int = 16


def make_service(load: Load, limits: Limits) -> Service:
    """Its workers are not started yet."""
    workers: Workers[Task, Answer] = Workers(
        Cartoons(limits.pixels), load.jobs or cpu_count(), load.waiting, limits.seconds
    )
    return Service(workers, limits)


def build_server(service: Service, place: Place, hosts: tuple[str, ...] = ()) -> FastAPI:
    """The server without the app. hosts: names it may be called by, beside this machine's own."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service.workers.start()
        try:
            yield
        finally:  # also where the server does not end in its usual way
            service.workers.close()

    app = FastAPI(title="ppgen", version=ppgen.__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.add_middleware(OnlyFromHere)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=names_of(place.host, hosts))
    add_api(app, service)
    return app


def serve(
    place: Place, load: Load, limits: Limits, hosts: tuple[str, ...], with_app: bool, ready: Callable[[str], None]
) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is told the address. Photos in hand are done then.

    Raises PPGenError where the address cannot be had.
    """
    listener = listen(place)
    place = place._replace(port=listener.getsockname()[1])
    service = make_service(load, limits)
    shown = "127.0.0.1" if place.host in ANY else place.host
    farewell = int(limits.seconds) + _FAREWELL

    def run(app: FastAPI) -> None:
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=farewell)
        Server(config, lambda: ready(f"http://{shown}:{place.port}")).run([listener])

    if not with_app:
        run(build_server(service, place, hosts))
        return
    from ppgen.app.files import Files
    from ppgen.app.serve import build_app

    files = Files()
    try:
        run(build_app(place, files, build_server(service, place, hosts)))
    finally:
        files.close()
