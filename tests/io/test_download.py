"""What goes wrong on the way; what comes whole is tested in tests/hub/test_cache.py."""

import errno
import hashlib
import http.client
import io

import pytest

from ppgen.errors import DownloadError
from ppgen.io import answers, download
from ppgen.io.download import cache_folder, fetch

CONTENT = b"weights" * 1000


class Answer(io.BytesIO):
    """A server's: `content`, then `fault`."""

    def __init__(self, content: bytes = CONTENT, fault: Exception | None = None, announced: int = len(CONTENT)) -> None:
        super().__init__(content)
        self.headers, self._fault = {"Content-Length": str(announced)}, fault

    def read1(self, *arguments):
        found = super().read1(*arguments)
        if not found and self._fault:
            raise self._fault
        return found


@pytest.fixture
def answer(tmp_path, monkeypatch):
    """`answer(x)` is what the next request gets, an exception at once."""
    monkeypatch.setenv("PPGEN_CACHE", str(tmp_path / "cache"))

    def serve(given):
        def opened(url, timeout, patience):
            if isinstance(given, Exception):
                raise given
            return given

        monkeypatch.setattr(answers, "opened", opened)

    return serve


def get():
    return fetch("https://example.org/a.bin", hashlib.sha256(CONTENT).hexdigest())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (http.client.BadStatusLine("nonsense"), "gave no whole answer .nonsense"),
        (Answer(b"we", http.client.IncompleteRead(b"we", 6998)), "gave no whole answer .IncompleteRead"),
        (Answer(b"we", OSError(errno.EIO, "Input/output error")), "gave no whole answer .*Input/output error"),
        (Answer(b"we", TimeoutError()), "gave no whole answer .TimeoutError"),
        (Answer(b"we"), "gave no whole answer .2 of 7000 bytes came"),
    ],
)
def test_what_breaks_off_is_one_sentence_and_leaves_nothing(answer, given, words):
    answer(given)
    with pytest.raises(DownloadError, match=f"^https://example.org/a.bin: {words}"):
        get()
    assert not list(cache_folder().iterdir())


def test_whole(answer):
    answer(Answer())
    assert get().read_bytes() == CONTENT


def test_a_cache_folder_that_cannot_be_made(answer, tmp_path, monkeypatch):
    answer(Answer())
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("PPGEN_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(DownloadError, match="a.bin: cannot be kept in the cache folder .*file/cache .*PPGEN_CACHE"):
        get()


def test_a_file_without_end_and_one_that_drips_are_given_up(monkeypatch, tmp_path):
    class Endless(Answer):
        def read1(self, *arguments):
            return b"x" * 1000

    monkeypatch.setattr(answers, "opened", lambda *_, **__: Endless())
    monkeypatch.setattr(download, "MOST", 10_000)
    with pytest.raises(DownloadError, match="more than 0 GB came"):
        download.download("http://a/b", tmp_path / "b")
    monkeypatch.setattr(download, "MOST", 10**12)
    monkeypatch.setattr(download, "LEAST_RATE", 10**12)
    with pytest.raises(DownloadError, match="bytes came in 0.01 s"):
        download.download("http://a/b", tmp_path / "b", patience=0.01)


def test_a_redirect_to_no_address_is_one_line(monkeypatch, tmp_path):
    def refuse(*_, **__):
        raise ValueError("unknown url type: 'http:///[\x1b[31m'")

    monkeypatch.setattr(answers, "opened", refuse)
    with pytest.raises(DownloadError, match="gave no whole answer") as caught:
        download.download("http://a/b", tmp_path / "b")
    assert str(caught.value).isprintable()

