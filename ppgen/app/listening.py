"""Where a server listens, by what names it may be called, and when it is ready."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import uvicorn

from ppgen.errors import PPGenError

ANY = ("0.0.0.0", "::", "")  #: hosts that stand for all addresses of this machine


class Place(NamedTuple):
    """Where the app listens, and whose trainings it shows."""

    host: str = "127.0.0.1"
    port: int = 7860
    runs: Path = Path("runs")


def names_of(host: str, more: tuple[str, ...] = ()) -> list[str]:
    """What this machine may be called in a request; where it listens to all and no name is given, anything."""
    if host in ANY and not more:
        return ["*"]
    own = [] if host in ANY else [host]
    return list(dict.fromkeys([*own, "127.0.0.1", "localhost", *more]))


class Server(uvicorn.Server):
    """Says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's."""
        await super().startup(sockets)
        if self.started:
            self._ready()


def listen(place: Place) -> socket.socket:
    """A socket at the address; PPGenError where it cannot be had."""
    try:
        family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
        return socket.create_server((place.host, place.port), family=family)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        advice = "choose another with --port or --host"
        raise PPGenError(f"{place.host}:{place.port}: cannot be listened at ({reason}); {advice}") from error
