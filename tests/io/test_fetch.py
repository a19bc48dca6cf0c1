"""Downloads: checked, kept, never half there. Served by this machine."""

import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ppgen.errors import DownloadError
from ppgen.io.download import cache_folder, download, fetch

CONTENT = b"weights" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    asked = 0
    over = threading.Event()

    def do_GET(self):
        Handler.asked += 1
        self.send_response(404 if "absent" in self.path else 200)
        self.end_headers()
        self.wfile.write(CONTENT)
        if "slow" in self.path:
            self.wfile.flush()
            Handler.over.wait(60)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("PPGEN_CACHE", str(tmp_path / "cache"))
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    Handler.asked = 0
    found = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{found.server_port}"
    found.shutdown()
    found.server_close()


def test_fetched_once(server):
    first = fetch(f"{server}/a.pdparams", DIGEST)
    assert first.read_bytes() == CONTENT and first.name.endswith("-a.pdparams")
    assert fetch(f"{server}/a.pdparams", DIGEST) == first and Handler.asked == 1
    first.write_bytes(b"damaged")
    assert fetch(f"{server}/a.pdparams", DIGEST).read_bytes() == CONTENT and Handler.asked == 2


def test_wrong_digest_leaves_nothing(server):
    with pytest.raises(DownloadError, match="SHA-256"):
        fetch(f"{server}/a.pdparams", "0" * 64)
    assert not list(cache_folder().iterdir())


def test_failures_are_one_sentence(server):
    with pytest.raises(DownloadError, match="404"):
        fetch(f"{server}/absent", DIGEST)
    with pytest.raises(DownloadError, match="cannot be reached"):
        fetch("http://127.0.0.1:9/a", DIGEST, timeout=2)
    with pytest.raises(DownloadError, match="web address"):
        fetch("file:///etc/hostname", DIGEST)
    assert not [path for path in cache_folder().iterdir() if path.is_file()]


@pytest.mark.parametrize("path", ["/" + "x" * 20_000, "/a%00b", "/%2e%2e%2f%2e%2e%2fa", "/%1b%5b2J", "/é‮"])
def test_odd_names_are_kept_under_others(server, path):
    found = fetch(server + path.encode("ascii", "ignore").decode(), DIGEST)
    assert found.parent == cache_folder() and found.name.isprintable() and found.read_bytes() == CONTENT


def test_what_is_no_address(server):
    for url in ("http://[::1/a", "", "a", "http://127.0.0.1:x/a", "http://127.0.0.1:99999/"):
        with pytest.raises(DownloadError):
            fetch(url, DIGEST, timeout=2)


@pytest.mark.parametrize("piece", [b"HTTP/1.1 100 Continue\r\n\r\n" * 100, b"X: y\r\n"])
def test_headers_that_never_end_are_given_up(piece, tmp_path):
    def serve():
        client, _ = listener.accept()
        with contextlib.suppress(OSError), client:
            client.sendall(piece if piece.startswith(b"HTTP") else b"HTTP/1.1 200 OK\r\n")
            while True:
                client.sendall(piece)
                time.sleep(0.02)  # 100 headers, after which Python's client gives up by itself, take longer

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/a"
        with pytest.raises(DownloadError, match="did not come in time"):
            download(address, tmp_path / "a", timeout=5, patience=0.3)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without telling them")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_download_that_is_stopped_leaves_no_part(server, tmp_path, name):
    code = f"""if True:
        from ppgen import cli
        from ppgen.io.download import fetch
        cli.cartoon.COMMANDS  # the commands are imported, and none is run: this one is
        cli.build_parser = lambda: type("P", (), {{"parse_args": lambda self, words: self, "run": lambda self, args:
            fetch("{server}/slow.bin", "{DIGEST}")}})()
        raise SystemExit(cli.main(["fetch"]))
    """
    Handler.over.clear()
    number = getattr(signal, name)
    before = signal.signal(number, signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)  # maybe ignored
    try:
        child = subprocess.Popen([sys.executable, "-c", code], env={**os.environ}, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(number, before)
    limit = time.monotonic() + 60
    while not any(cache_folder().glob(".*")) and child.poll() is None and time.monotonic() < limit:
        time.sleep(0.05)
    assert any(cache_folder().glob(".*")), child.communicate()
    child.send_signal(getattr(signal, name))
    told = child.communicate(timeout=60)[1]
    Handler.over.set()
    assert child.returncode == {"SIGTERM": 143, "SIGHUP": 129, "SIGINT": 130}[name], told
    assert list(cache_folder().iterdir()) == [] and "Traceback" not in told
