"""A portrait as a translation network redraws it, and where its attention looked."""

from __future__ import annotations

import gradio as gr

from ppgen.app.answers import warned
from ppgen.app.desk import Desk, given
from ppgen.app.nobody_tab import large, picture
from ppgen.app.words import Language


def translation_tab(desk: Desk) -> None:
    """Photo and network at the left; what the network saw, what it made and its attention at the right."""
    labels, models = desk.labels, desk.studio.translators()
    labels.note("translation.about")
    with gr.Row():
        with gr.Column(scale=2):
            photo = desk.photo()
            desk.example(photo)
            model = labels.make(gr.Dropdown, {"label": "model"}, choices=models, value="photo2cartoon")
            background = labels.make(gr.Checkbox, {"label": "translation.background"}, value=False)
            button = labels.make(gr.Button, {"value": "translation.run"}, variant="primary")
        with gr.Column(scale=3):
            with gr.Row():
                shown = [picture(desk, f"translation.{name}") for name in ("photo", "drawn", "attention")]
            warnings = gr.Markdown(visible=False)

    def run(photo: str | None, model: str, background: bool, language: Language) -> tuple[object, ...]:
        made = desk.studio.translation(given(photo), model, background)
        pictures = [None if array is None else large(array) for array in (made.photo, made.picture, made.attention)]
        attention = gr.update(value=pictures[-1], visible=made.attention is not None)
        return *pictures[:-1], attention, warned(made.warnings, language)

    desk.on(button.click, run, [photo, model, background], [*shown, warnings], "translate")
