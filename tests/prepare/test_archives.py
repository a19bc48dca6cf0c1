"""Public datasets: fetched from a server of this test's, in several goes; and the configs that train on them."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from ppgen import cli
from ppgen.config import shipped
from ppgen.engine.assemble import build_trainer
from ppgen.engine.schema import load_config
from ppgen.errors import ConfigError, DataError, DownloadError, OutputError
from ppgen.io.image import save_image
from ppgen.io.places import FETCHED
from ppgen.prepare import marker
from ppgen.prepare.archives import ARCHIVES, download_dataset

OURS = (
    "cyclegan_cityscapes", "cyclegan_horse2zebra", "pix2pix_cityscapes", "pix2pix_cityscapes_2gpus", "pix2pix_facades",
    "ugatit_selfie2anime_light",
)  # fmt: skip


def archive() -> bytes:
    noise = np.random.default_rng(0).bytes(200_000)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as content:
        for name in ("trainA/1.png", "trainB/1.png"):
            content.writestr(f"another_name/{name}", noise)
    return file.getvalue()


class Server(ThreadingHTTPServer):
    """Serves `content`, and breaks off after `most` bytes of an answer; `asked`: the ranges that came."""

    content, most, mark = archive(), 10**9, '"1"'

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append(wanted)
        goes_on = wanted is not None and self.headers.get("If-Range") == self.server.mark
        first = int(wanted.removeprefix("bytes=").rstrip("-")) if goes_on else 0
        body = self.server.content[first:]
        self.send_response(206 if goes_on else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", self.server.mark)
        if goes_on:
            whole = len(self.server.content)
            self.send_header("Content-Range", f"bytes {first}-{whole - 1}/{whole}")
        self.end_headers()
        self.wfile.write(body[: self.server.most])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("PPGEN_CACHE", str(tmp_path / "cache"))
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def address(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}/horse2zebra.zip"


def fetched(server: Server, tmp_path, sha256=None):
    return download_dataset("horse2zebra", tmp_path / "data", sha256, address(server))


def test_what_broke_off_goes_on_and_nothing_is_left_of_it(server, tmp_path):
    server.most = 150_000
    for _ in range(2):
        with pytest.raises(DownloadError, match="try again"):
            fetched(server, tmp_path)
    server.most = 10**9
    done = fetched(server, tmp_path, hashlib.sha256(server.content).hexdigest())
    assert server.asked == [None, "bytes=150000-", "bytes=300000-"]
    assert done.path == tmp_path / "data" / "horse2zebra" and (done.path / "trainA/1.png").stat().st_size == 200_000
    assert list((tmp_path / "cache/downloads").iterdir()) == []


def test_another_file_at_the_address_begins_anew(server, tmp_path):
    server.most = 150_000
    with pytest.raises(DownloadError):
        fetched(server, tmp_path)
    server.most, server.mark = 10**9, '"2"'
    fetched(server, tmp_path)
    assert (tmp_path / "data/horse2zebra/trainB/1.png").is_file()


def test_what_cannot_be_used(server, tmp_path):
    with pytest.raises(DownloadError, match="SHA-256"):
        fetched(server, tmp_path, "0" * 64)
    with pytest.raises(ConfigError, match="horse2zebra"):
        download_dataset("horse2zebras", tmp_path)
    server.content = server.content[:-100]
    with pytest.raises(DataError):
        fetched(server, tmp_path)
    (tmp_path / "data" / "horse2zebra").mkdir(parents=True)
    with pytest.raises(OutputError, match="exists already"):
        fetched(server, tmp_path)


def test_starter_data_give_way(server, tmp_path):
    folder = tmp_path / "data" / "horse2zebra"
    save_image(folder / "trainA" / "a.png", np.zeros((4, 4, 3), np.uint8))
    marker.mark(folder, "Of nobody.")
    fetched(server, tmp_path)
    assert [path.name for path in (folder / "trainA").iterdir()] == ["1.png"]


def test_names(capsys, tmp_path, monkeypatch):
    assert set(FETCHED) == set(ARCHIVES) and cli.main(["data", "download", "list"]) == 0
    assert "horse2zebra" in capsys.readouterr().out
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    with pytest.raises(ConfigError, match="; `ppgen data download facades` fetches it"):
        load_config(str(shipped.folder() / "pix2pix_facades.yaml"), [])


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name == "pix2pix_facades" else pytest.mark.slow) for name in OURS]
)
def test_a_step_of_paddlegans_other_configs(name, tmp_path, monkeypatch):
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path / "data"))
    picture = np.random.default_rng(0).integers(0, 255, (32, 64, 3), dtype=np.uint8)
    for dataset in ("cityscapes", "facades", "horse2zebra", "selfie2anime"):
        for folder in ("train", "test", "trainA", "trainB", "testA", "testB"):
            for number in range(2):
                save_image(tmp_path / "data" / dataset / folder / f"{number}.png", picture)
    narrow = {"cyclegan": ("generator", "discriminator"), "pix2pix": ("generator",)}
    parts = narrow.get(name.split("_")[0], ("generator", "global_discriminator", "local_discriminator"))
    overrides = [f"model.{part}.base_channels=4" for part in parts]
    overrides += ["total_iters=1", "validate.metric={}"]
    trainer = build_trainer(load_config(str(shipped.folder() / f"{name}.yaml"), overrides), tmp_path / "run")
    trainer.run()
    assert trainer.step == 1
