"""The app as a program meets it: answers, refusals, and what it keeps to itself."""

from __future__ import annotations

import contextlib
import json
import os
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
from PIL import Image

from ppgen import hub
from ppgen.app.files import Files
from ppgen.apps import Photo2CartoonPredictor, StyleGANv2EditingPredictor
from ppgen.io.image import save_image

pytest.importorskip("gradio", reason="gradio is not installed: pip install gradio")
from gradio_client import Client, handle_file  # noqa: E402
from gradio_client.exceptions import AppError  # noqa: E402

RUN = "toy-20260101-000000"


@pytest.fixture(scope="module")
def client(served):
    return Client(served.address, verbose=False)


@pytest.fixture
def photo(astronaut, tmp_path):
    return handle_file(str(save_image(tmp_path / "me & you.png", astronaut)))


def status(address: str, host: str | None = None, data: bytes | None = None, kind: str = "application/json") -> int:
    headers = {"Content-Type": kind, **({"Host": host} if host else {})}
    with contextlib.suppress(urllib.error.HTTPError):
        return urllib.request.urlopen(urllib.request.Request(address, data, headers)).status
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(address, data, headers))
    return refused.value.code


def test_a_cartoon_is_the_predictors_own_and_can_be_downloaded(client, photo, astronaut, tmp_path):
    asked = (photo, "photo2cartoon", 512, "largest", "en")
    shown, gallery, download, warnings = client.predict(*asked, api_name="/cartoon")
    own = Photo2CartoonPredictor(tmp_path).run(astronaut)
    assert np.array_equal(np.asarray(Image.open(shown["value"])), own)
    assert np.array_equal(np.asarray(Image.open(download["value"])), own)
    assert (shown["visible"], gallery["visible"], warnings["visible"]) == (True, False, False)


def test_a_direction_moves_the_face_of_a_seed(client):
    from ppgen.app.studio import Studio

    count = sum(len(StyleGANv2EditingPredictor(model).directions) for model in Studio.style_models())
    amounts = [0] * count
    same = client.predict(hub.FACES, 3, 0.7, *amounts, "en", api_name="/directions")
    amounts[0] = 2
    moved = client.predict(hub.FACES, 3, 0.7, *amounts, "en", api_name="/directions")
    pictures = [np.asarray(Image.open(path), np.float32) for path in (*same, *moved)]
    assert np.array_equal(pictures[0], pictures[1]) and np.array_equal(pictures[0], pictures[2])
    assert np.abs(pictures[3] - pictures[2]).mean() > 1


def test_styles_are_mixed(client):
    path = client.predict(hub.FACES, "0-1", "10-12", 3, 0.7, "en", api_name="/mixing")
    sheet = np.asarray(Image.open(path), np.float32)
    assert sheet.shape == (3 * 130 - 2, 4 * 130 - 2, 3)  # 128 pixels each, two between
    cells = [[sheet[y : y + 128, x : x + 128] for x in range(0, 520, 130)] for y in range(0, 390, 130)]
    assert (cells[0][0] == 255).all()
    others = (cells[2][1], cells[1][2], cells[1][0], cells[0][1])  # the columns' faces above, the rows' at the left
    assert all(np.abs(cells[1][1] - other).mean() > 1 for other in others)


def test_an_attribute_changes_the_face_and_nothing_does_not(client, photo):
    from ppgen.app.studio import Studio

    amounts = [0.0] * len(Studio().vae.attributes)
    answers = [client.predict(photo, first, *amounts[1:], "en", api_name="/attributes") for first in (0, 3)]
    pictures = [np.asarray(Image.open(path), np.float32) for one in answers for path in one]
    seen, same, still, _, rebuilt, edited = pictures
    assert np.array_equal(same, still) and np.array_equal(same, rebuilt) and not np.array_equal(seen, rebuilt)
    assert np.abs(edited - rebuilt).mean() > 1


def test_a_translation_shows_where_it_looked(client, photo):
    seen, drawn, attention, warnings = client.predict(photo, "photo2cartoon", False, "en", api_name="/translate")
    pictures = [np.asarray(Image.open(path), np.float32) for path in (seen, drawn, attention["value"])]
    assert attention["visible"] and not warnings["visible"]
    assert all(np.abs(one - other).mean() > 5 for one, other in zip(pictures, [*pictures[1:], pictures[0]]))


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "no usable face found in 300x300"), ("zh", "me.png：没有找到可用的人脸（300x300 像素）")],
)
def test_errors_are_one_sentence_in_the_chosen_language(client, served, tmp_path, language, words):
    grey = handle_file(str(save_image(tmp_path / "me.png", np.full((300, 300, 3), 90, np.uint8))))
    with pytest.raises(AppError) as refused:
        client.predict(grey, "photo2cartoon", 512, "largest", language, api_name="/cartoon")
    assert words in str(refused.value) and str(served.root) not in str(refused.value)


def test_what_is_no_picture_says_so(client, tmp_path):
    (tmp_path / "letter.png").write_text("dear all")
    with pytest.raises(AppError, match="letter.png: is a text file, not an image"):
        client.predict(handle_file(str(tmp_path / "letter.png")), "ink", 512, "all", "en", api_name="/cartoon")
    with pytest.raises(AppError, match="请先选一张照片"):
        client.predict(None, "ink", 512, "all", "zh", api_name="/cartoon")
    with pytest.raises(AppError, match="Give 2 to 12 seeds"):
        client.predict(hub.FACES, "7", 4, 0.7, "en", api_name="/walk")


def test_only_this_machine_is_served_and_only_what_was_uploaded(served, tmp_path):
    assert status(served.address) == 200
    assert status(served.address, host="evil.example") == 400  # DNS rebinding
    (tmp_path / "secret.txt").write_text("secret")
    for place in ("/etc/passwd", tmp_path / "secret.txt", "ppgen/__init__.py", "../secret"):
        assert status(f"{served.address}/gradio_api/file={place}") in (403, 404)
    for path in (str(tmp_path / "secret.txt"), "http://example.com/x.png"):
        picture = {"path": path, "meta": {"_type": "gradio.FileData"}}
        call = {"data": [picture, "ink", 512, "all", "en"]}
        assert status(f"{served.address}/gradio_api/run/cartoon", data=json.dumps(call).encode()) >= 400


def test_uploads_are_limited(served):
    part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="big.png"\r\n\r\n%b\r\n--x--\r\n'
    kind, upload = "multipart/form-data; boundary=x", f"{served.address}/gradio_api/upload"
    assert status(upload, data=part % b"small", kind=kind) == 200
    assert status(upload, data=part % bytes(21_000_000), kind=kind) == 413


def test_pages_fetch_nothing_from_elsewhere(served):
    with urllib.request.urlopen(served.address) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self'") and "http" not in policy
        assert b"fonts.googleapis" not in answer.read()


def test_of_a_training_the_page_is_served_and_nothing_else(served):
    pages = f"{served.address}/runs/{RUN}"
    assert status(f"{pages}/index.html") == 200
    assert status(f"{pages}/config.yaml") == status(f"{pages}/samples/../config.yaml") == 404


def test_old_files_are_removed():
    files = Files()
    old, new = files.new("old.png"), files.new("new.png")
    for path in (old, new):
        path.write_bytes(b"x")
    hours = time.time() - 7200
    os.utime(old, (hours, hours))
    os.utime(old.parent, (hours, hours))
    files.clean(3600)
    assert (old.parent.exists(), new.exists()) == (False, True)
    files.close()
    assert not files.root.exists()
