"""A photo becomes cartoons."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import gradio as gr

from ppgen.app.answers import warned
from ppgen.app.desk import Desk, given
from ppgen.app.words import Language
from ppgen.apps.photo2cartoon import CartoonResult
from ppgen.apps.styles import LARGEST, NETWORK, NETWORKS, SIZE, STYLES
from ppgen.io.atomic import write_bytes
from ppgen.io.image import image_bytes


def cartoon_tab(desk: Desk) -> None:
    """Photo and choices at the left, cartoons at the right."""
    labels = desk.labels
    labels.note("cartoon.about")
    with gr.Row():
        with gr.Column(scale=2):
            photo = desk.photo()
            desk.example(photo)
            style = labels.choice("cartoon.style", {name: f"style.{name}" for name in STYLES}, NETWORK)
            size = labels.make(
                gr.Slider, {"label": "cartoon.size"}, minimum=SIZE, maximum=LARGEST, value=512, step=64, visible=False
            )
            faces = labels.choice("cartoon.faces", {"largest": "faces.largest", "all": "faces.all"}, "largest")
            draw = labels.make(gr.Button, {"value": "cartoon.draw"}, variant="primary")
        with gr.Column(scale=3):
            alone = labels.make(
                gr.Image, {"label": "cartoon.result"}, format="png", height=480, buttons=["download", "fullscreen"],
                interactive=False,
            )  # fmt: skip
            gallery = labels.make(
                gr.Gallery, {"label": "cartoon.result"}, format="png", columns=3, height=480, object_fit="contain",
                buttons=["download", "fullscreen"], interactive=False, visible=False,
            )  # fmt: skip
            download = labels.make(gr.DownloadButton, {"label": "download"}, visible=False)
            warnings = gr.Markdown(visible=False)
    style.change(
        lambda chosen: gr.update(visible=chosen not in NETWORKS), [style], [size], queue=False, api_visibility="private"
    )

    def run(photo: str | None, style: str, size: int, faces: str, language: Language) -> tuple[object, ...]:
        results = desk.studio.cartoons(given(photo), style, SIZE if style in NETWORKS else int(size), faces)
        place = desk.files.new(_name(photo, results))
        write_bytes(place, _file(results))
        pictures = [result.cartoon for result in results]
        one = len(pictures) == 1
        shown = gr.update(value=pictures[0] if one else None, visible=one), gr.update(value=pictures, visible=not one)
        said = warned((text for result in results for text in result.warnings), language)
        return *shown, gr.update(value=str(place), visible=True), said

    desk.on(draw.click, run, [photo, style, size, faces], [alone, gallery, download, warnings], "cartoon")


def _name(photo: str | None, results: list[CartoonResult]) -> str:
    """Of the file that is downloaded."""
    stem = Path(photo or "photo").stem
    return f"{stem}_cartoon.png" if len(results) == 1 else f"{stem}_cartoons.zip"


def _file(results: list[CartoonResult]) -> bytes:
    """A picture, or a zip archive of several."""
    pictures = [image_bytes(Path("x.png"), result.cartoon) for result in results if result.cartoon is not None]
    if len(pictures) == 1:
        return pictures[0]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for index, picture in enumerate(pictures):
            archive.writestr(f"cartoon_{index}.png", picture)
    return buffer.getvalue()
