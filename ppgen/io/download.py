"""Files fetched once: checked against their SHA-256 and kept in a folder of the user's."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ppgen.errors import DownloadError, OutputError
from ppgen.io.atomic import atomic_path

_CHUNK = 1 << 20


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
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise DownloadError(f"{url}: is not a web address; give http:// or https://")
    # The digest leads the name, so that two files of one name never meet.
    target = cache_folder() / f"{sha256[:12]}-{Path(unquote(parts.path)).name or 'file'}"
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


def download(url: str, target: Path, timeout: float = 30.0) -> None:
    """Write what lies at `url` into `target`; DownloadError where it cannot be had, OSError where `target` cannot."""
    with open(target, "wb") as handle:
        for chunk in _chunks(url, timeout):  # errors of writing stay outside: a full disk is not the server's fault
            handle.write(chunk)


def _chunks(url: str, timeout: float) -> Iterator[bytes]:
    """The bytes at `url`, piece by piece; DownloadError for whatever goes wrong on the way."""
    import http.client  # only who downloads waits for these
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            expected, came = answer.headers.get("Content-Length", ""), 0
            while chunk := answer.read(_CHUNK):
                came += len(chunk)
                yield chunk
        if expected.isdecimal() and came < int(expected):
            raise http.client.HTTPException(f"{came} of {expected} bytes came")
    except urllib.error.HTTPError as error:
        raise DownloadError(f"{url}: the server answered {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise DownloadError(f"{url}: cannot be reached ({error.reason}); check the connection") from error
    except (http.client.HTTPException, OSError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DownloadError(f"{url}: gave no whole answer ({reason}); check the connection and try again") from error
