"""Large files fetched in as many goes as it takes: a download that broke off goes on where it was."""

import json
import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from filelock import FileLock, Timeout
from tqdm.auto import tqdm

from ppgen.errors import DownloadError, OutputError
from ppgen.io.atomic import write_json
from ppgen.io.download import Answer, cache_folder, chunks, digest


def fetch_resumable(url: str, sha256: str | None = None, timeout: float = 30.0) -> Path:
    """A local copy of `url` in the cache's `downloads/`, of the size that the server announces.

    What an earlier call fetched is kept, if the server still has the same file (by its ETag or date) and can send the
    rest; otherwise it begins anew.

    Args:
        sha256: of the whole file, where it is known.
    Raises:
        DownloadError: no connection, an answer that is cut short, another digest, another process that fetches it.
        OutputError: the cache cannot be written.
    """
    folder = cache_folder() / "downloads"
    target = folder / (Path(unquote(urlsplit(url).path)).name or "file")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{target}.lock", blocking=False):
            _fetch(url, target, timeout)
    except Timeout:
        raise DownloadError(f"{url}: another process is fetching it; wait for that") from None
    except OSError as error:
        what = f"cannot be kept in the cache folder {folder} ({error.strerror or error})"
        raise OutputError(f"{url}: {what}; PPGEN_CACHE names another one") from error
    if sha256 is not None and (got := digest(target)) != sha256:
        target.unlink()
        raise DownloadError(f"{url}: its SHA-256 is {got[:16]}… and not {sha256[:16]}…: damaged or changed")
    return target


def forget(target: Path) -> None:
    """Remove a fetched file that is needed no more."""
    for name in (target, Path(f"{target}.lock")):
        with suppress(OSError):
            name.unlink()


def _fetch(url: str, target: Path, timeout: float) -> None:
    if target.is_file():
        return
    part, note = Path(f"{target}.part"), Path(f"{target}.part.json")
    known = _note(note, url) if part.is_file() else ""
    came = part.stat().st_size if known else 0
    headers = {"Range": f"bytes={came}-", "If-Range": known} if came else {}
    with open(part, "ab" if came else "wb") as file, tqdm(
        desc=target.name, unit="B", unit_scale=True, initial=came, disable=None
    ) as bar:

        def begun(answer: Answer) -> int:
            """Bytes that are here already; of an answer that is whole none are."""
            rest = answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {came}-")
            if not rest:
                file.truncate(0)
            mark = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
            write_json(note, {"url": url, "mark": "" if mark.startswith("W/") else mark})
            size = answer.headers.get("Content-Length", "")
            bar.reset(total=int(size) + came * rest if size.isdecimal() else None)
            bar.update(came * rest)
            return came * rest

        try:
            for chunk in chunks(url, timeout, headers=headers, begun=begun):
                file.write(chunk)
                bar.update(len(chunk))
        except DownloadError as error:
            if came and " 416 " in str(error):  # there is no rest: what is here is of another length
                note.unlink(missing_ok=True)
            raise
    os.replace(part, target)
    note.unlink(missing_ok=True)


def _note(path: Path, url: str) -> str:
    """The mark by which the server will know the file that was begun; "": it cannot be gone on with."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return str(said["mark"]) if said["url"] == url else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""
