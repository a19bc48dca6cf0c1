"""Photos in latent spaces: attributes and morphs by the autoencoder, projection into StyleGAN2."""

from __future__ import annotations

import gradio as gr
import numpy as np

from ppgen.app.answers import Missing, warned
from ppgen.app.desk import Desk, given
from ppgen.app.nobody_tab import FURTHEST, film, large, picture
from ppgen.app.words import Language
from ppgen.io.atomic import write_bytes
from ppgen.latent.sheet import sheet
from ppgen.latent.w_plus import Latent, latent_bytes

_FURTHEST = 4.0  # along an attribute of the autoencoder's
_LONGEST = 300  # steps of a projection
_KEPT = 3600  # seconds that a visitor's latent is remembered


def latents_tab(desk: Desk) -> None:
    """A tab for each of the three."""
    make = desk.labels.make
    with gr.Tabs():
        with make(gr.Tab, {"label": "arithmetic"}):
            _arithmetic(desk)
        with make(gr.Tab, {"label": "morph"}):
            _morph(desk)
        with make(gr.Tab, {"label": "project"}):
            _projection(desk)


def _arithmetic(desk: Desk) -> None:
    labels, names = desk.labels, list(desk.studio.vae.attributes)
    labels.note("arithmetic.about")
    with gr.Row():
        with gr.Column(scale=2):
            photo = desk.photo()
            desk.example(photo)
            button = labels.make(gr.Button, {"value": "arithmetic.run"}, variant="primary")
        with gr.Column(scale=3):
            with gr.Row():
                shown = [picture(desk, f"arithmetic.{name}") for name in ("seen", "rebuilt", "edited")]
            with gr.Row():
                sliders = labels.sliders(names, _FURTHEST)

    def run(photo: str | None, *amounts: float, language: Language) -> list[np.ndarray]:
        return [large(array) for array in desk.studio.edited(given(photo), dict(zip(names, amounts)))]

    for name, event in [("attributes", button.click), *((f"attributes_{s.label}", s.release) for s in sliders)]:
        desk.on(event, run, [photo, *sliders], shown, name)


def _morph(desk: Desk) -> None:
    labels = desk.labels
    labels.note("morph.about")
    with gr.Row():
        with gr.Column(scale=2):
            first = desk.photo("morph.from")
            desk.example(first)
            last = desk.photo("morph.to")
            steps = labels.make(gr.Slider, {"label": "morph.steps"}, minimum=2, maximum=24, value=8, step=1)
            button = labels.make(gr.Button, {"value": "make"}, variant="primary")
        with gr.Column(scale=3):
            strip, moving = picture(desk, "morph.strip"), picture(desk, "morph.film")

    def run(first: str | None, last: str | None, steps: float, language: Language) -> tuple[np.ndarray, str]:
        drawings = desk.studio.morph(given(first, "need.two"), given(last, "need.two"), int(steps))
        return sheet(drawings.frames(), min(len(drawings), 8)), film(desk, drawings, "morph.gif")

    desk.on(button.click, run, [first, last, steps], [strip, moving], "morph")


def _projection(desk: Desk) -> None:
    labels, studio = desk.labels, desk.studio
    model = studio.style_models()[0]
    names, encodes = list(studio.painter(model).directions), studio.painter(model).model.encodes
    labels.note("project.about")
    with gr.Row():
        with gr.Column(scale=2):
            photo = desk.photo()
            desk.example(photo)
            least, usual = (0, 0) if encodes else (10, 100)  # 0: the encoder alone
            steps = labels.make(
                gr.Slider, {"label": "project.steps"}, minimum=least, maximum=_LONGEST, value=usual, step=10
            )
            button = labels.make(gr.Button, {"value": "project.run"}, variant="primary")
        with gr.Column(scale=3):
            with gr.Row():
                shown = [picture(desk, label) for label in ("arithmetic.seen", "project.found", "project.edited")]
            with gr.Row():
                sliders = labels.sliders(names, FURTHEST)
            download = labels.make(gr.DownloadButton, {"label": "project.download"}, visible=False)
            warnings = gr.Markdown(visible=False)
    found = gr.State(None, time_to_live=_KEPT)

    def find(photo: str | None, steps: float, *amounts: float, language: Language) -> tuple[object, ...]:
        fitted = studio.projection(given(photo), model, int(steps))
        place = desk.files.new("latent.npz")
        write_bytes(place, latent_bytes(place, fitted.latent))
        edited = studio.moved(model, fitted.latent, dict(zip(names, amounts)))
        pictures = [large(array) for array in (fitted.crop, fitted.picture, edited)]
        return *pictures, fitted.latent, gr.update(value=str(place), visible=True), warned(fitted.warnings, language)

    def move(latent: Latent | None, *amounts: float, language: Language) -> np.ndarray:
        if latent is None:
            raise Missing("need.found")
        return large(studio.moved(model, latent, dict(zip(names, amounts))))

    desk.on(button.click, find, [photo, steps, *sliders], [*shown, found, download, warnings], "project")
    for number, slider in enumerate(sliders):
        desk.on(slider.release, move, [found, *sliders], [shown[-1]], f"project_{number}")
