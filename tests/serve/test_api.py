"""The server as a program meets it: answers, refusals, limits, and processes that end."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import pytest
from echoes import Echoes
from PIL import Image

pytest.importorskip("fastapi", reason="FastAPI is not installed: pip install 'paddle-ppgen[app]'")
pytest.importorskip("uvicorn", reason="uvicorn is not installed: pip install 'paddle-ppgen[app]'")
import uvicorn  # noqa: E402

from ppgen.app.listening import Place, listen  # noqa: E402
from ppgen.serve.api import Limits, Service  # noqa: E402
from ppgen.serve.drawing import Cartoonist, Task  # noqa: E402
from ppgen.serve.metrics import Metrics  # noqa: E402
from ppgen.serve.run import build_server  # noqa: E402
from ppgen.serve.workers import Workers  # noqa: E402

WAITING, SECONDS = 2, 3.0


class Reply(NamedTuple):
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self):
        return json.loads(self.body)


class Client(NamedTuple):
    port: int

    def ask(self, path: str, data: bytes | None = None, **headers: str) -> Reply:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, names)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Reply(answer.status, answer.read(), dict(answer.headers))
        except urllib.error.HTTPError as error:
            return Reply(error.code, error.read(), dict(error.headers))

    def cartoon(self, photo: bytes, query: str = "", **headers: str) -> Reply:
        return self.ask(f"/v1/cartoon{query}", photo, **{"Content_Type": "image/png", **headers})


class Serving(NamedTuple):
    client: Client
    service: Service
    server: uvicorn.Server


@contextmanager
def serving() -> Iterator[Serving]:
    """A server of one process; told to stop and waited for in the end, whatever was in hand."""
    listener = listen(Place(port=0))
    port = listener.getsockname()[1]
    service = Service(Workers(Echoes(1000), 1, WAITING, SECONDS), Limits(upload=1000, seconds=SECONDS))
    app = build_server(service, Place(port=port))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=5))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        yield Serving(Client(port), service, server)
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving() as running:
        yield running.client
    assert not [thread for thread in threading.enumerate() if "_serve" in thread.name]


def form(photo: bytes, field: str = "file") -> tuple[bytes, str]:
    body = f'--x\r\nContent-Disposition: form-data; name="{field}"; filename="a.png"\r\n\r\n'.encode()
    return body + photo + b"\r\n--x--\r\n", "multipart/form-data; boundary=x"


def test_a_photo_comes_back_as_png_or_json(client):
    plain = client.cartoon(b"photo")
    assert (plain.status, plain.body, plain.headers["content-type"]) == (200, b"photo", "image/png")
    body, kind = form(b"photo")
    assert client.cartoon(body, Content_Type=kind).body == b"photo"
    told = client.cartoon(b"photo", "?faces=all&style=artist&size=512", Accept="application/json").json
    (face,) = told["faces"]
    assert base64.b64decode(face["cartoon"]) == b"photo" and face["warnings"] == ["small face"]
    assert told["style"] == "artist" and face["box"] == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("query", "photo", "headers", "status", "kind", "words"),
    [
        ("?style=cubist", b"x", {}, 400, "ConfigError", "cubist"),
        ("?size=300", b"x", {}, 400, "ConfigError", "style='artist' draws any size"),
        ("?size=big", b"x", {}, 400, "ConfigError", "size"),
        ("?faces=all", b"x", {}, 400, "ConfigError", "application/json"),
        ("?faces=both", b"x", {}, 400, "ConfigError", "both"),
        ("", b"x" * 1001, {}, 413, "TooLarge", "0.001 MB"),
        ("", form(b"x" * 1001)[0], {"Content_Type": form(b"")[1]}, 413, "TooLarge", "0.001 MB"),
        ("", form(b"x", "photo")[0], {"Content_Type": form(b"")[1]}, 422, "DataError", "'file'"),
        ("", b"no form", {"Content_Type": "multipart/form-data"}, 422, "DataError", "form"),
        ("", b"nobody", {}, 422, "NoFaceError", "no face"),
    ],
)
def test_refusals_are_our_errors_as_json(client, query, photo, headers, status, kind, words):
    reply = client.cartoon(photo, query, **headers)
    assert (reply.status, reply.json["error"]["type"]) == (status, kind) and words in reply.json["error"]["message"]


def test_a_process_that_takes_too_long_or_dies_is_replaced(client):
    late = client.cartoon(b"slow")
    assert (late.status, late.json["error"]["type"]) == (504, "TimeLimit") and "3 s" in late.json["error"]["message"]
    died = client.cartoon(b"dies")
    assert died.status == 503 and "signal 9" in died.json["error"]["message"]
    assert client.cartoon(b"photo").body == b"photo"


def test_who_comes_when_all_wait_is_sent_away(client):
    client.cartoon(b"photo")  # its process is ready now
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(client.cartoon, [b"waits"] * 8))
    statuses = [reply.status for reply in replies]
    assert set(statuses) == {200, 429} and statuses.count(200) in (WAITING, WAITING + 1)
    refused = next(reply for reply in replies if reply.status == 429)
    assert refused.json["error"]["type"] == "Busy" and refused.headers["retry-after"]
    text = client.ask("/v1/metrics").body.decode()
    assert 'ppgen_requests_total{status="429"}' in text and "ppgen_queued 0" in text


def test_a_server_that_is_told_to_stop_answers_the_photo_in_hand_first():
    with serving() as running, ThreadPoolExecutor(1) as pool:
        assert running.client.cartoon(b"photo").body == b"photo"  # its process is ready now
        reply = pool.submit(running.client.cartoon, b"waits")
        while not running.service.workers.busy:
            assert not reply.done()
            time.sleep(0.01)
        running.server.should_exit = True
        assert (reply.result().status, reply.result().body) == (200, b"waits")
    with pytest.raises(urllib.error.URLError):
        running.client.ask("/v1/health")


def test_other_hosts_and_other_pages(client):
    assert client.ask("/v1/health", Host="elsewhere.example").status == 400
    assert client.ask("/nothing").json["error"]["type"] == "HTTPError"
    health = client.ask("/v1/health").json
    assert health["status"] == "ok" and health["workers"] == 1
    models = client.ask("/v1/models").json
    assert {style["name"] for style in models["styles"]} > {"artist"}
    assert "photo2cartoon" in {network["name"] for network in models["networks"]}


def test_the_page_needs_nothing_from_elsewhere(client):
    page, description = client.ask("/docs"), client.ask("/openapi.json").json
    assert b"POST /v1/cartoon" in page.body and b"<script" not in page.body
    assert [word for word in page.body.split(b'"') if word.startswith((b"http", b"//"))] == []
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert set(description["paths"]["/v1/cartoon"]["post"]["requestBody"]["content"]) == {
        "multipart/form-data", "image/*"
    }  # fmt: skip


def test_an_announced_size_is_refused_before_it_comes(client):
    with socket.create_connection(("127.0.0.1", client.port)) as connection:
        head = f"POST /v1/cartoon HTTP/1.1\r\nHost: localhost\r\nContent-Length: {10**9}\r\n\r\n"
        connection.sendall(head.encode())
        assert b" 413 " in connection.recv(1000)


def test_the_times_are_counted():
    metrics = Metrics()
    for seconds in (0.05, 0.3, 100.0):
        metrics.count(200, seconds)
    lines = metrics.text(queued=3).splitlines()
    for line in ('bucket{le="0.1"} 1', 'bucket{le="0.5"} 2', 'bucket{le="60.0"} 2', 'bucket{le="+Inf"} 3'):
        assert f"ppgen_request_seconds_{line}" in lines
    assert "ppgen_queued 3" in lines and 'ppgen_requests_total{status="200"} 3' in lines


def test_the_cartoonist_draws_what_the_predictor_draws_and_keeps_nothing(astronaut, tmp_path, monkeypatch):
    from ppgen.apps import Photo2CartoonPredictor
    from ppgen.io.image import image_bytes

    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    photo = image_bytes(tmp_path / "a.png", astronaut)
    cartoonist = Cartoonist(astronaut.shape[0] * astronaut.shape[1])
    answer = cartoonist(Task(photo))
    (tmp_path / "got.png").write_bytes(answer.faces[0].cartoon)
    own = Photo2CartoonPredictor(tmp_path).run(astronaut)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "got.png")), own) and answer.faces[0].score
    text = cartoonist(Task(b"no picture"))
    assert text.kind == "DataError" and text.error.startswith("photo: ") and str(tmp_path) not in text.error
    large = Cartoonist(1000)(Task(photo))
    assert large.kind == "DataError" and "megapixels" in large.error
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.slow
def test_under_load_nothing_fails(benchmark, tmp_path, astronaut):
    from ppgen.io.image import save_image

    save_image(tmp_path / "photos" / "a.png", astronaut)
    options = ["--seconds", "20", "--clients", "4", "--json", str(tmp_path / "figures.json")]
    assert benchmark("server").main([str(tmp_path / "photos"), *options]) in (0, 1)  # 1: slower than its target
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["errors"] == 0, figures["statuses"]
    assert "200: " in figures["statuses"]
