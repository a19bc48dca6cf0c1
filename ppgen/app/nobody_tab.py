"""Faces of people who do not exist: samples, mixtures, walks, directions."""

from __future__ import annotations

import gradio as gr
import numpy as np

from ppgen.app.desk import Desk, seed_of, seeds_of
from ppgen.app.words import Language
from ppgen.apps.drawings import Drawings
from ppgen.apps.stylegan2_model import TRUNCATION
from ppgen.io.movie import save_movie
from ppgen.latent.sheet import repeat_pixels, sheet

FURTHEST = 2.5  # along a direction of StyleGAN2's
_SHOWN = 128  # pixels that small faces are enlarged to on a sheet, if there are few
_SEEDS = {"label": "seed"}


def nobody_tab(desk: Desk) -> None:
    """One network and truncation for all four."""
    labels, models = desk.labels, desk.studio.style_models()
    labels.note("nobody.about")
    with gr.Row():
        model = labels.make(gr.Dropdown, {"label": "model"}, choices=models, value=models[0])
        truncation = labels.make(
            gr.Slider, {"label": "truncation"}, minimum=0, maximum=1, value=TRUNCATION, step=0.05
        )
    with gr.Tabs():
        with labels.make(gr.Tab, {"label": "samples"}):
            _samples(desk, model, truncation)
        with labels.make(gr.Tab, {"label": "mixing"}):
            _mixing(desk, model, truncation)
        with labels.make(gr.Tab, {"label": "walk"}):
            _walk(desk, model, truncation)
        with labels.make(gr.Tab, {"label": "directions"}) as tab:
            _directions(desk, tab, model, truncation)


def _samples(desk: Desk, model: gr.Dropdown, truncation: gr.Slider) -> None:
    labels = desk.labels
    with gr.Row():
        with gr.Column(scale=2):
            seed = labels.make(gr.Number, _SEEDS, value=0, precision=0, minimum=0)
            count = labels.make(gr.Slider, {"label": "samples.count"}, minimum=1, maximum=64, value=16, step=1)
            button = labels.make(gr.Button, {"value": "make"}, variant="primary")
        with gr.Column(scale=3):
            result = picture(desk, "result")

    def run(model: str, seed: float | None, count: float, truncation: float, language: Language) -> np.ndarray:
        return enlarged(desk.studio.painter(model).grid(seed_of(seed), int(count), None, truncation))

    desk.on(button.click, run, [model, seed, count, truncation], [result], "samples")


def _mixing(desk: Desk, model: gr.Dropdown, truncation: gr.Slider) -> None:
    labels = desk.labels
    labels.note("mixing.about")
    with gr.Row():
        with gr.Column(scale=2):
            rows = labels.make(gr.Textbox, {"label": "mixing.rows", "info": "seeds.info"}, value="0-2")
            columns = labels.make(gr.Textbox, {"label": "mixing.columns", "info": "seeds.info"}, value="10-13")
            first = labels.make(gr.Slider, {"label": "mixing.first"}, minimum=1, maximum=9, value=3, step=1)
            button = labels.make(gr.Button, {"value": "make"}, variant="primary")
        with gr.Column(scale=3):
            result = picture(desk, "result")

    def run(
        model: str, rows: str, columns: str, first: float, truncation: float, language: Language
    ) -> np.ndarray:
        mixed = desk.studio.mixed(model, seeds_of(rows), seeds_of(columns), int(first), truncation)
        pictures = mixed.arrays.copy()
        pictures[0] = 255  # PaddleGAN's corner is black, the page is light
        return enlarged(Drawings(pictures, mixed.columns))

    desk.on(button.click, run, [model, rows, columns, first, truncation], [result], "mixing")


def _walk(desk: Desk, model: gr.Dropdown, truncation: gr.Slider) -> None:
    labels = desk.labels
    labels.note("walk.about")
    with gr.Row():
        with gr.Column(scale=2):
            seeds = labels.make(gr.Textbox, {"label": "walk.seeds", "info": "seeds.info"}, value="0-3")
            steps = labels.make(gr.Slider, {"label": "walk.steps"}, minimum=2, maximum=30, value=12, step=1)
            button = labels.make(gr.Button, {"value": "make"}, variant="primary")
        with gr.Column(scale=3):
            result = picture(desk, "result")

    def run(model: str, seeds: str, steps: float, truncation: float, language: Language) -> str:
        drawings = desk.studio.painter(model).walk_w(seeds_of(seeds, 2), int(steps), "spline", True, truncation)
        return film(desk, drawings, "walk.gif")

    desk.on(button.click, run, [model, seeds, steps, truncation], [result], "walk")


def _directions(desk: Desk, tab: gr.Tab, model: gr.Dropdown, truncation: gr.Slider) -> None:
    labels, studio = desk.labels, desk.studio
    names = {name: list(studio.painter(name).directions) for name in studio.style_models()}
    labels.note("directions.about")
    with gr.Row():
        with gr.Column(scale=2):
            seed = labels.make(gr.Number, _SEEDS, value=0, precision=0, minimum=0)
            with gr.Row():
                sliders = [slider for own in names.values() for slider in labels.sliders(own, FURTHEST)]
            reset = labels.make(gr.Button, {"value": "reset"}, size="sm")
        with gr.Column(scale=3), gr.Row():
            before, after = picture(desk, "before"), picture(desk, "after")
    owners = [(name, direction) for name, own in names.items() for direction in own]
    for slider, (owner, _) in zip(sliders, owners):
        slider.visible = owner == model.value

    def run(
        model: str, seed: float | None, truncation: float, *amounts: float, language: Language
    ) -> tuple[np.ndarray, np.ndarray]:
        said = {direction: amount for (owner, direction), amount in zip(owners, amounts) if owner == model}
        pair = studio.directed(model, seed_of(seed), said, truncation)
        return large(pair[0]), large(pair[1])

    inputs, outputs = [model, seed, truncation, *sliders], [before, after]
    for number, trigger in enumerate([*(slider.release for slider in sliders), seed.change, truncation.release]):
        desk.on(trigger, run, inputs, outputs, f"directions_{number}")
    model.change(
        lambda chosen: [gr.update(visible=owner == chosen, value=0) for owner, _ in owners], [model], sliders,
        queue=False, api_visibility="private",
    )  # fmt: skip
    zeros = reset.click(lambda: [0] * len(sliders), [], sliders, queue=False, api_visibility="private")
    desk.on(zeros.then, run, inputs, outputs, "directions")
    desk.on(tab.select, run, inputs, outputs, "directions_first")


def picture(desk: Desk, label: str) -> gr.Image:
    """A place for a picture that was made."""
    return desk.labels.make(
        gr.Image, {"label": label}, format="png", buttons=["download", "fullscreen"], interactive=False
    )


def large(array: np.ndarray) -> np.ndarray:
    """uint8 (S, S, 3), enlarged where it is small, pixel by pixel."""
    return Drawings(array[None]).frames()[0]


def enlarged(drawings: Drawings) -> np.ndarray:
    """The sheet, uint8 (H, W, 3), with small pictures enlarged, pixel by pixel."""
    return sheet(repeat_pixels(drawings.arrays, max(1, _SHOWN // drawings.arrays.shape[1])), drawings.columns)


def film(desk: Desk, drawings: Drawings, name: str) -> str:
    """The path of a GIF."""
    return str(save_movie(desk.files.new(name), drawings.frames()).path)
