"""The page: a switch of languages, and a tab for each thing that ppgen can do."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from ppgen.app.cartoon_tab import cartoon_tab
from ppgen.app.desk import Desk
from ppgen.app.files import Files
from ppgen.app.labels import Labels
from ppgen.app.latents_tab import latents_tab
from ppgen.app.nobody_tab import nobody_tab
from ppgen.app.runs_tab import runs_tab
from ppgen.app.studio import Studio
from ppgen.app.translation_tab import translation_tab
from ppgen.app.words import LANGUAGES, Language, say

QUEUE = 16  # visitors who may wait


def build_page(studio: Studio, files: Files, runs: Path) -> gr.Blocks:
    """All of it. runs: the folder whose trainings can be looked at."""
    with gr.Blocks(title="ppgen", analytics_enabled=False) as page:
        with gr.Row(equal_height=True):
            about = gr.Markdown(_heading("en"))
            language = gr.Radio(
                [(name, code) for code, name in LANGUAGES.items()], value="en", show_label=False, container=False,
                elem_id="language", scale=0, min_width=230,
            )  # fmt: skip
        labels = Labels(language)
        desk = Desk(studio, labels, files)
        with gr.Tabs():
            with labels.make(gr.Tab, {"label": "cartoon"}):
                cartoon_tab(desk)
            with labels.make(gr.Tab, {"label": "nobody"}):
                nobody_tab(desk)
            with labels.make(gr.Tab, {"label": "latents"}):
                latents_tab(desk)
            with labels.make(gr.Tab, {"label": "translation"}):
                translation_tab(desk)
            with labels.make(gr.Tab, {"label": "runs"}) as tab:
                runs_tab(labels, tab, runs)
        _switch(page, labels, about)
    page.queue(max_size=QUEUE, default_concurrency_limit=1)
    return page


def _heading(language: Language) -> str:
    return f"# ppgen\n{say('about', language)}"


def _switch(page: gr.Blocks, labels: Labels, about: gr.Markdown) -> None:
    """Change all words when a language is chosen; begin with that of the address (?lang=zh) or of the browser."""

    def words(language: Language) -> list[object]:
        return [_heading(language), *labels.updates(language)]

    def begin(request: gr.Request) -> list[object]:
        asked = request.query_params.get("lang") or request.headers.get("accept-language", "en")
        language: Language = "zh" if asked.lower().startswith("zh") else "en"
        return [language, *(words(language) if language == "zh" else [gr.skip()] * (1 + len(labels.components)))]

    shown = [about, *labels.components]
    language = labels.language
    language.input(words, [language], shown, queue=False, api_visibility="private", show_progress="hidden")
    page.load(begin, [], [language, *shown], queue=False, api_visibility="private", show_progress="hidden")
