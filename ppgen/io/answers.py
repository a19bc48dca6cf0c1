"""Answers of servers whose headers come in time: Python's own client waits for ever where they trickle or never end."""

import http.client
import io
import math
import socket
import time
import urllib.request
from functools import partial
from typing import Any


class _Timed(io.RawIOBase):
    """What a socket gives; TimeoutError for what is asked for after `end`, in seconds of the monotonic clock."""

    def __init__(self, raw: io.RawIOBase, end: float) -> None:
        self.raw, self.end = raw, end

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """As the socket's."""
        if time.monotonic() > self.end:
            raise TimeoutError("its headers did not come in time")
        return self.raw.readinto(buffer)

    def close(self) -> None:
        """The socket's too."""
        self.raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, patience: float, **settings: Any) -> None:
        super().__init__(sock, *args, **settings)
        self.fp.close()
        self._timed = _Timed(sock.makefile("rb", buffering=0), time.monotonic() + patience)
        self.fp = io.BufferedReader(self._timed)

    def begin(self) -> None:
        """Read status and headers; the body is read with the patience of whoever reads it."""
        super().begin()
        self._timed.end = math.inf


def opened(url: str | urllib.request.Request, timeout: float, patience: float) -> Any:
    """As `urllib.request.urlopen`; TimeoutError where headers take longer than `patience` seconds."""

    def patient(kind: type[http.client.HTTPConnection], host: str, **settings: Any) -> http.client.HTTPConnection:
        connection = kind(host, **settings)
        connection.response_class = partial(_Response, patience=patience)  # type: ignore[assignment]
        return connection

    class Plain(urllib.request.HTTPHandler):
        def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(partial(patient, http.client.HTTPConnection), request)

    class Secure(urllib.request.HTTPSHandler):
        def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(partial(patient, http.client.HTTPSConnection), request)

    return urllib.request.build_opener(Plain, Secure).open(url, timeout=timeout)
