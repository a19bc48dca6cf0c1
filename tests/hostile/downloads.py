"""A server that lies, stalls, redirects, or never ends; on this machine."""

import contextlib
import gzip
import hashlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from hostile.case import Case

CONTENT = b"weights" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
Answer = Callable[[socket.socket], None]
_OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"


def _says(data: bytes) -> Answer:
    return lambda client: client.sendall(data)


def _slow(client: socket.socket) -> None:
    """A byte every twentieth of a second, for ever."""
    client.sendall(_OK + b"\r\n")
    while True:
        client.sendall(b"x")
        time.sleep(0.05)


def _endless(start: bytes, piece: bytes) -> Answer:
    def answer(client: socket.socket) -> None:
        client.sendall(start)
        while True:
            client.sendall(piece)

    return answer


def _silent(client: socket.socket) -> None:
    time.sleep(30)


def _reset(client: socket.socket) -> None:
    client.sendall(_OK + b"Content-Length: 7000\r\n\r\nwei")
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


def _redirect(place: bytes, code: int = 302) -> Answer:
    return _says(b"HTTP/1.1 %d Found\r\nLocation: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % (code, place))


_LOGIN = b"<html><title>Log in</title><form action=/login></form></html>"
_ANSWERS: dict[str, Answer] = {
    "nothing": _says(b""), "silence": _silent, "no HTTP": _says(b"SSH-2.0-OpenSSH_9\r\n"),
    "only a status": _says(b"HTTP/1.1 200"),
    "a status of text": _says(b"HTTP/1.1 abc OK\r\n\r\n"), "a negative status": _says(b"HTTP/1.1 -1 OK\r\n\r\n"),
    "status 999": _says(b"HTTP/1.1 999 x\r\n\r\n"),
    "a reason that moves the cursor": _says(b"HTTP/1.1 500 \x1b[2J\x1b[1;1Herror: sent\r\n\r\n"),
    "a reason of 60 KB": _says(b"HTTP/1.1 404 " + b"x" * 60_000 + b"\r\n\r\n"),
    "an endless status": _endless(b"", b"x" * 65536), "an endless header": _endless(_OK, b"X-A: b\r\n" * 1000),
    "a header line without end": _endless(_OK + b"X: ", b"x" * 65536),
    "a login page": _says(_OK + b"Content-Type: text/html\r\n\r\n" + _LOGIN),
    "an empty body": _says(_OK + b"Content-Length: 0\r\n\r\n"),
    "a cut body": _says(_OK + b"Content-Length: 7000\r\n\r\nweights"), "a reset": _reset,
    "a body that is too long": _says(_OK + b"Content-Length: 7\r\n\r\n" + CONTENT),
    "a length of text": _says(_OK + b"Content-Length: x\r\n\r\n" + CONTENT),
    "a negative length": _says(_OK + b"Content-Length: -5\r\n\r\n" + CONTENT),
    "a length of 10**30": _says(_OK + b"Content-Length: 1" + b"0" * 30 + b"\r\n\r\n" + CONTENT),
    "two lengths": _says(_OK + b"Content-Length: 7\r\nContent-Length: 9\r\n\r\n" + CONTENT),
    "gzip": _says(_OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(CONTENT)), "a slow body": _slow,
    "an endless body": _endless(_OK + b"\r\n", bytes(1 << 20)),
    "chunks that lie": _says(_OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffff\r\nabc\r\n0\r\n\r\n"),
    "chunks of text": _says(_OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n"),
    "a chunk of negative size": _says(_OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nabc\r\n"),
    "a chunk size without end": _endless(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1" * 65536),
    "100 without end": _endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "204": _says(b"HTTP/1.1 204 No\r\n\r\n"), "304": _says(b"HTTP/1.1 304 No\r\n\r\n"),
    "401": _says(b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"\x1b[2J\"\r\n\r\n"),
    "a redirect without place": _says(b"HTTP/1.1 302 Found\r\n\r\n"), "a redirect to itself": _redirect(b"/a"),
    "a redirect to a file": _redirect(b"file:///etc/passwd"),
    "a redirect to ftp": _redirect(b"ftp://127.0.0.1:9/x"), "a redirect to text": _redirect(b"http://[::1"),
    "a redirect to a port of text": _redirect(b"http://127.0.0.1:x/"),
    "a redirect to port 99999": _redirect(b"http://127.0.0.1:99999/"), "a redirect to nothing": _redirect(b""),
    "a redirect to bytes": _redirect(b"/\xff\xfe\x00"),
    "a redirect with spaces": _redirect(b"/a b\tc"), "a redirect of 60 KB": _redirect(b"/" + b"x" * 60_000),
    "a redirect to data": _redirect(b"data:text/plain,x"),
    "a redirect to a name of 300 letters": _redirect(b"http://" + b"a" * 300 + b"/"),
    "a redirect to a closed port": _redirect(b"http://127.0.0.1:9/"),
    "a redirect to javascript": _redirect(b"javascript:alert(1)"),
    "a redirect with a line break": _redirect(b"/a%0d%0aSet-Cookie: x"), "308": _redirect(b"/a", 308),
    "300": _redirect(b"/a", 300), "the right file": _says(_OK + b"\r\n" + CONTENT),
    "HTTP 0.9": _says(CONTENT), "HTTP 9": _says(b"HTTP/9.9 200 OK\r\n\r\n" + CONTENT),
    "a name in Content-Disposition": _says(_OK + b"Content-Disposition: attachment; filename=../../victim.txt\r\n\r\n"),
    "ten thousand headers": _says(_OK + b"X: y\r\n" * 10_000 + b"\r\n" + CONTENT),
    "a folded header": _says(_OK + b"X: y\r\n z\r\n\r\n" + CONTENT),
    "a pickle": _says(_OK + b"\r\n\x80\x02cos\nsystem\nU\x04true\x85R."),
}  # fmt: skip


@contextlib.contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """The address of a server that gives every client this answer."""
    listener = socket.create_server(("127.0.0.1", 0))

    def one(client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            client.settimeout(10)
            client.recv(65536)
            answer(client)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=one, args=(client,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        os.environ.pop(name, None)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def _plain(answer: Answer) -> None:
    """As a file is fetched, with less patience and a smaller limit than users have."""
    from ppgen.io import download

    most, download.MOST = download.MOST, 20 * 10**6
    try:
        with serving(answer) as address:
            download.download(f"{address}/a", Path("got"), timeout=1, patience=1)
    finally:
        download.MOST = most


def _known(answer: Answer, path: str = "/a") -> None:
    """With a digest that is known: nothing else may stay in the cache."""
    from ppgen.errors import PPGenError
    from ppgen.io import download

    os.environ["PPGEN_CACHE"] = os.path.abspath("cache")
    most, download.MOST = download.MOST, 20 * 10**6
    patience = download.download.__defaults__
    download.download.__defaults__ = (30.0, 1.0)
    try:
        with serving(answer) as address:
            found = download.fetch(address + path, DIGEST, timeout=1)
        if hashlib.sha256(found.read_bytes()).hexdigest() != DIGEST:
            raise AssertionError(f"{found} is not the file")
    except PPGenError:
        if left := [each.name for each in Path("cache").rglob("*") if each.is_file()]:
            raise AssertionError(f"left in the cache: {left}") from None
        raise
    finally:
        download.MOST, download.download.__defaults__ = most, patience


def _trusted(answer: Answer) -> None:
    """Without one: only what holds weights is recorded."""
    from ppgen.errors import PPGenError
    from ppgen.hub.published import fetch_on_trust
    from ppgen.io import download

    os.environ["PPGEN_CACHE"] = os.path.abspath("cache")
    most, download.MOST = download.MOST, 20 * 10**6
    patience = download.download.__defaults__
    download.download.__defaults__ = (30.0, 1.0)
    try:
        with serving(answer) as address:
            found = fetch_on_trust(f"{address}/a.pdparams", timeout=1)
        raise AssertionError(f"{found} was recorded")
    except PPGenError:
        if left := [each.name for each in Path("cache").rglob("*") if each.is_file()]:
            raise AssertionError(f"left in the cache: {left}") from None
        raise
    finally:
        download.MOST, download.download.__defaults__ = most, patience


_ADDRESSES = (
    "file:///etc/passwd", "ftp://127.0.0.1:9/a", "http://", "http:///a", "http://127.0.0.1:99999/a",
    "http://127.0.0.1:x/a", "http://[::1/a", "", "a", "//a", "data:,x",
    "http://127.0.0.1:9/\n", "http://127.0.0.1:9/\0", "http://127.0.0.1:9/ a", "http://127.0.0.1:9/é",
    "http://127.0.0.1:9/\x1b[2J", "javascript:x", "http://a" + "b" * 70 + "/",
    "HTTP://127.0.0.1:9/a", "http://user:pass@127.0.0.1:9/a", "http://127.0.0.1:-1/",
    "http://127.0.0.1:9/" + "x" * 100_000, "http://%00/", "http://127.0.0.1:9/..%2f..%2fvictim.txt",
)  # fmt: skip


def _address(url: str) -> None:
    from ppgen.io.download import fetch

    os.environ["PPGEN_CACHE"] = os.path.abspath("cache")
    fetch(url, DIGEST, timeout=1)


def cases() -> Iterator[Case]:
    """Answers in three ways of asking, addresses, and names that lead elsewhere."""
    for what, answer in _ANSWERS.items():
        yield Case(f"downloads/{what}", partial(_plain, answer), waits=True)
        yield Case(f"downloads/{what}, digest known", partial(_known, answer), waits=True)
        yield Case(f"downloads/{what}, on trust", partial(_trusted, answer), waits=True)
    for number, url in enumerate(_ADDRESSES):
        yield Case(f"downloads/address {number} {url[:24]!r}", partial(_address, url), waits=True)
    right = _ANSWERS["the right file"]
    for path in (
        "/../../victim.txt",
        "/%2e%2e%2fvictim.txt",
        "/",
        "/a%00b",
        "/" + "x" * 300,
        "/%1b%5b2J",
        "/.",
        "/..",
        "/a?b=/../x",
        "/con",
    ):
        yield Case(f"downloads/a file called {path[:20]!r}", partial(_known, right, path), waits=True)
