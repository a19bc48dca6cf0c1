"""Files fetched once: checked against their SHA-256 and kept in a folder of the user's."""

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from email.message import Message
from pathlib import Path
from types import MappingProxyType
from typing import Protocol
from urllib.parse import unquote, urlsplit

from ppgen.errors import DownloadError, OutputError, short
from ppgen.io.atomic import atomic_path
from ppgen.io.names import short_name

_CHUNK = 1 << 20
MOST = 8 * 10**9  # bytes of a file
LEAST_RATE, PATIENCE = 1000, 60.0  # bytes a second, over so many seconds


def cache_folder() -> Path:
    """`PPGEN_CACHE`, else `ppgen` in the system's cache folder (`XDG_CACHE_HOME` or `~/.cache`)."""
    own = os.environ.get("PPGEN_CACHE")
    if own:
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ppgen"


def digest(path: str | os.PathLike) -> str:
    """SHA-256 of a file, in hexadecimal."""
    sha256 = hashlib.sha256()
    with open(path, "rb") as handle:
        while chunk := handle.read(_CHUNK):
            sha256.update(chunk)
    return sha256.hexdigest()


def fetch(url: str, sha256: str, timeout: float = 30.0) -> Path:
    """A local copy of `url`; downloaded only where the cache does not hold it.

    Args:
        url: http or https.
        sha256: of the whole file; a copy with another digest is refused and removed.
        timeout: seconds without an answer.
    Raises:
        DownloadError: no connection, another digest, not a web address, a cache that cannot be written.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise DownloadError(f"{url}: is not a web address ({short(str(error))})") from error
    if parts.scheme not in ("http", "https"):
        raise DownloadError(f"{url}: is not a web address; give http:// or https://")
    # The digest leads the name, so that two files of one name never meet.
    name = re.sub(r"[^\w.+-]+", "_", Path(unquote(parts.path)).name)
    target = cache_folder() / f"{sha256[:12]}-{short_name(name, 100) or 'file'}"
    if target.is_file() and digest(target) == sha256:
        return target
    try:
        with atomic_path(target) as temporary:
            download(url, temporary, timeout)
            if (got := digest(temporary)) != sha256:
                raise DownloadError(f"{url}: its SHA-256 is {got[:16]}… and not {sha256[:16]}…: damaged or changed")
    except OutputError as error:  # who asks for a download has no say in where it is kept
        reason = error.__cause__.strerror if isinstance(error.__cause__, OSError) else error
        what = f"cannot be kept in the cache folder {target.parent} ({reason})"
        raise DownloadError(f"{url}: {what}; PPGEN_CACHE names another one") from error
    return target


def download(url: str, target: Path, timeout: float = 30.0, patience: float = PATIENCE) -> None:
    """Write what lies at `url` into `target`; DownloadError where it cannot be had, OSError where `target` cannot.

    What is larger than `MOST`, or slower than `LEAST_RATE` for `patience` seconds, cannot be had.
    """
    with open(target, "wb") as handle:
        for chunk in chunks(url, timeout, patience):
            # errors of writing stay outside: a full disk is not the server's fault
            handle.write(chunk)


class Answer(Protocol):
    """What a server says before it sends a file."""

    status: int
    headers: Message


def chunks(
    url: str,
    timeout: float,
    patience: float = PATIENCE,
    headers: Mapping[str, str] = MappingProxyType({}),
    begun: Callable[[Answer], int] = lambda answer: 0,
) -> Iterator[bytes]:
    """The bytes at `url`, piece by piece; DownloadError for whatever goes wrong on the way.

    headers: to send. begun: is told the answer, and says how many bytes of the file are here already.
    """
    import http.client  # only who downloads waits for these
    import urllib.error
    import urllib.request

    from ppgen.io.answers import opened

    try:
        request = urllib.request.Request(url, headers=dict(headers)) if headers else url
        with opened(request, timeout, patience) as answer:
            expected, came, here = answer.headers.get("Content-Length", ""), 0, begun(answer)
            since, before = time.monotonic(), 0
            while chunk := answer.read1(_CHUNK):  # what has come, however little
                came += len(chunk)
                if here + came > MOST:
                    raise http.client.HTTPException(f"more than {MOST / 1e9:.0f} GB came, which no such file has")
                if time.monotonic() - since > patience:
                    if came - before < LEAST_RATE * patience:
                        raise http.client.HTTPException(f"{came - before} bytes came in {patience:g} s")
                    since, before = time.monotonic(), came
                yield chunk
        if expected.isdecimal() and came < int(expected):
            raise http.client.HTTPException(f"{came} of {expected} bytes came")
    except urllib.error.HTTPError as error:
        raise DownloadError(f"{url}: the server answered {error.code} {short(str(error.reason))}") from error
    except urllib.error.URLError as error:
        raise DownloadError(f"{url}: cannot be reached ({short(str(error.reason))}); check the connection") from error
    except (http.client.HTTPException, OSError, ValueError) as error:  # ValueError: a redirect to what is no address
        reason = short(str(error)) or type(error).__name__
        raise DownloadError(f"{url}: gave no whole answer ({reason}); check the connection and try again") from error
