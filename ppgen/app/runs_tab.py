"""The page of a training, inside the app's."""

from __future__ import annotations

import html
from pathlib import Path
from urllib.parse import quote

import gradio as gr

from ppgen.app.labels import Labels
from ppgen.app.words import Language, say

PAGE = "index.html"
ROUTE = "/runs"  # where `serve.py` serves the pages


def run_names(folder: Path) -> list[str]:
    """The trainings of a folder that have a page, the newest first; a tree's parts are called TREE/PART."""
    pages = [*folder.glob(f"*/{PAGE}"), *folder.glob(f"*/*/{PAGE}")]
    newest = sorted(pages, key=lambda page: page.stat().st_mtime, reverse=True)
    return [page.parent.relative_to(folder).as_posix() for page in newest]


def runs_tab(labels: Labels, tab: gr.Tab, folder: Path) -> None:
    """A choice of trainings, and the page of the chosen one."""
    labels.note("runs.about", folder=str(folder))
    with gr.Row():
        chosen = labels.make(gr.Dropdown, {"label": "runs.choose"}, choices=run_names(folder), value=None, scale=5)
        refresh = labels.make(gr.Button, {"value": "runs.refresh"}, scale=1, min_width=120)
    page = gr.HTML()

    def show(name: str | None, language: Language) -> str:
        if name not in run_names(folder):
            return f"<p>{html.escape(say('runs.none', language, folder=str(folder)))}</p>"
        # its own origin: the page runs its script, and reaches nothing of the app's
        address = f"{ROUTE}/{quote(name)}/{PAGE}"
        return f'<iframe src="{address}" sandbox="allow-scripts" style="width:100%;height:75vh;border:0"></iframe>'

    def look(name: str | None, language: Language) -> tuple[object, str]:
        names = run_names(folder)
        name = name if name in names else next(iter(names), None)
        return gr.update(choices=names, value=name), show(name, language)

    inputs = [chosen, labels.language]
    chosen.input(show, inputs, [page], queue=False, api_visibility="private")
    for event in (refresh.click, tab.select):
        event(look, inputs, [chosen, page], queue=False, api_visibility="private")
