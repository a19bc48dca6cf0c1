"""Files fetched once: checked against their SHA-256 and kept in a folder of the user's."""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ppgen.errors import DownloadError
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
    with open(path, "rb") as handle:
        return (
            hashlib.file_digest(handle, "sha256").hexdigest()
            if hasattr(hashlib, "file_digest")
            else hashlib.sha256(handle.read()).hexdigest()
        )


def fetch(url: str, sha256: str, timeout: float = 30.0) -> Path:
    """A local copy of `url`; downloaded only where the cache does not hold it.

    Args:
        url: http or https.
        sha256: of the whole file; a copy with another digest is refused and removed.
        timeout: seconds without an answer.
    Raises:
        DownloadError: no connection, another digest, not a web address.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise DownloadError(f"{url}: is not a web address; give http:// or https://")
    # The digest leads the name, so that two files of one name never meet.
    target = cache_folder() / f"{sha256[:12]}-{Path(unquote(parts.path)).name or 'file'}"
    if target.is_file() and digest(target) == sha256:
        return target
    with atomic_path(target) as temporary:
        download(url, temporary, timeout)
        found = digest(temporary)
        if found != sha256:
            raise DownloadError(
                f"{url}: its SHA-256 is {found[:16]}…, {sha256[:16]}… was expected; "
                "the file changed or was damaged on its way"
            )
    return target


def download(url: str, target: Path, timeout: float = 30.0) -> None:
    """Write what lies at `url` into `target`; DownloadError where it cannot be had."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer, open(target, "wb") as handle:
            while chunk := answer.read(_CHUNK):
                handle.write(chunk)
    except urllib.error.HTTPError as error:
        raise DownloadError(f"{url}: the server answered {error.code} {error.reason}") from error
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", error)
        raise DownloadError(
            f"{url}: cannot be reached ({reason}); check the connection, or put the file at {target.parent}"
        ) from error
