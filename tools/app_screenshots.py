"""Screenshots of the app for the documentation, made in a real browser.

    python tools/app_screenshots.py [--output docs/images]

Needs `pip install -e '.[cpu,app]' playwright`, Chromium and a Chinese font (Debian: apt-get install chromium
fonts-wqy-microhei). The page is that of `ppgen app`, the photo its own, the astronaut. Writes app_en.png and
app_zh.png, her cartoon in both languages, and app_faces.png, faces of nobody.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from ppgen.cli import guarded
from ppgen.errors import ConfigError
from ppgen.io.atomic import atomic_path
from ppgen.io.terminal import say

ROOT = Path(__file__).resolve().parents[1]
WINDOW = {"width": 1180, "height": 925}
PATIENCE = 180_000  # ms, of a machine that has other things to do
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")


@contextmanager
def app() -> Iterator[str]:
    """The address of `ppgen app` at a free port, as long as the block lasts."""
    words = [sys.executable, "-m", "ppgen", "app", "--port", "0", "--no-browser"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            for line in process.stdout or ():
                if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                    yield found[0]
                    return
            raise ConfigError("ppgen app ended before it told its address: what it wrote stands above")
        finally:
            process.terminate()


def settled(page: Page) -> None:
    """Wait until no result is in the making, and leave the button that was pressed."""
    page.locator(".progress-text:visible, .eta-bar:visible").first.wait_for(state="hidden")
    page.mouse.move(0, 0)
    page.wait_for_timeout(1500)


def cartoon(page: Page, language: str, draw: str, download: str) -> None:
    """The first tab, in a language, with the astronaut drawn."""
    page.locator("#language label", has_text=language).click()
    page.get_by_role("button", name=draw, exact=True).click()
    page.locator(f"a[download$='_cartoon.png'], button:has-text('{download}'):visible").first.wait_for()
    settled(page)


def faces(page: Page) -> None:
    """The second tab, with 16 faces made."""
    page.get_by_role("tab", name="Faces of nobody").click()
    page.locator("button:visible", has_text="Make").click()
    page.locator("img[src]:visible").first.wait_for()
    settled(page)


def run(output: Path) -> int:
    """Write the three pictures; ConfigError where there is no browser."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise ConfigError("no Chromium is installed (Debian: apt-get install chromium)")
    with app() as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport=WINDOW)
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        page.get_by_text("Try the astronaut").first.click()
        page.locator("img[src]:visible").first.wait_for()
        shots = {
            "app_zh.png": lambda: cartoon(page, "中文", "开始画", "下载"),
            "app_en.png": lambda: cartoon(page, "English", "Draw", "Download"),
            "app_faces.png": lambda: faces(page),
        }
        for name, prepare in shots.items():
            prepare()
            with atomic_path(output / name) as path:
                page.screenshot(path=path, type="png")
            say(output / name)
        browser.close()
    return 0


def main() -> int:
    """The script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "images", help="folder (default: docs/images)")
    options = parser.parse_args()
    return guarded(lambda: run(options.output), False)


if __name__ == "__main__":
    sys.exit(main())
