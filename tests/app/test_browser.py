"""The app as a person meets it, in Chromium: a photo in, its cartoon out, in English and in Chinese.

One page serves all tests, in their order.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from ppgen.apps import Photo2CartoonPredictor
from ppgen.io.image import save_image

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

_PATIENCE = 180_000  # ms, of a machine that has other things to do
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser_page(served) -> Iterator[tuple[Page, list[str]]]:
    """A page of the app, and the addresses elsewhere that it asked for."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(_PATIENCE)
        elsewhere: list[str] = []
        page.on("request", lambda request: elsewhere.append(request.url) if is_elsewhere(request.url) else None)
        page.goto(served.address)
        page.get_by_text("Try the astronaut").first.wait_for()
        yield page, elsewhere
        browser.close()


def is_elsewhere(address: str) -> bool:
    return not address.startswith(("http://127.0.0.1:", "data:", "blob:"))


def choose(page: Page, language: str) -> None:
    page.locator("#language label", has_text=language).click()


def test_a_photo_is_uploaded_and_its_cartoon_downloaded(browser_page, astronaut, tmp_path):
    page, _ = browser_page
    page.locator("input[type=file]").first.set_input_files(str(save_image(tmp_path / "me.png", astronaut)))
    page.locator("img[alt='']").first.wait_for()
    page.get_by_role("button", name="Draw", exact=True).click()
    link = page.locator("a[download='me_cartoon.png'], button:has-text('Download'):visible").first
    link.wait_for()
    with page.expect_download() as download:
        link.click()
    download.value.save_as(tmp_path / "downloaded.png")
    own = Photo2CartoonPredictor(tmp_path).run(astronaut)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "downloaded.png")), own)


def test_every_tab_speaks_the_chosen_language(browser_page):
    page, _ = browser_page
    tabs = page.get_by_role("tab")
    english = tabs.all_inner_texts()
    choose(page, "中文")
    page.get_by_role("button", name="开始画").wait_for()
    chinese = tabs.all_inner_texts()
    assert len(english) == len(chinese) and not set(english) & set(chinese)
    choose(page, "English")
    page.get_by_role("button", name="Draw", exact=True).wait_for()
    assert tabs.all_inner_texts() == english


def photo(page: Page, label: str) -> Locator:
    """The place of the open tab that takes a photo under this label."""
    return page.locator("div.block:visible").filter(has=page.get_by_text(label, exact=True)).last


def test_two_photos_are_morphed_and_one_is_found_in_stylegan2(browser_page, astronaut, tmp_path):
    page, _ = browser_page
    choose(page, "English")
    page.get_by_role("tab", name="Edit and morph").click()
    page.get_by_role("tab", name="Morph", exact=True).click()
    for label, picture in (("From", astronaut), ("To", astronaut[:, ::-1])):
        place = photo(page, label)
        assert place.get_by_label("Capture from camera").count() == 1
        place.locator("input[type=file]").set_input_files(str(save_image(tmp_path / f"{label}.png", picture)))
        place.locator("img[src]").first.wait_for()
    page.locator("button:visible", has_text="Make").click()
    page.locator("img[src*='.gif']:visible").wait_for()
    page.get_by_role("tab", name="Find in StyleGAN2").click()
    page.locator("button:visible", has_text="Try the astronaut").click()
    photo(page, "Photo").locator("img[src]").first.wait_for()
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_text("Download the latent (.npz)").wait_for()
    assert page.locator("img[src]:visible").count() == 4  # the photo, as the network sees it, found, moved


def test_what_went_wrong_is_said_in_chinese(browser_page, tmp_path):
    page, _ = browser_page
    choose(page, "中文")
    page.get_by_role("tab", name="图像翻译").click()
    page.get_by_role("button", name="开始翻译").click()
    message = page.get_by_text("请先选一张照片。")
    message.wait_for()
    assert message.is_visible()


def test_nothing_was_fetched_from_elsewhere(browser_page):
    _, elsewhere = browser_page
    assert elsewhere == []
