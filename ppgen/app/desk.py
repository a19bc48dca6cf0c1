"""What every tab needs: the predictors, the words, the files, and how a button gets its work done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import gradio as gr
from gradio.blocks import Block
from gradio.data_classes import ImageData
from gradio_client.utils import is_http_url_like

from ppgen.app.answers import Missing, told
from ppgen.app.files import Files
from ppgen.app.labels import Labels
from ppgen.app.studio import Studio
from ppgen.app.words import Language
from ppgen.errors import ConfigError
from ppgen.io.image import save_image
from ppgen.latent.seeds import parse_seeds

_QUEUE = "predictors"  # one for all that works, as the predictors serve one visitor at a time
MOST_SEEDS = 12


async def _uploaded(path: str) -> str:
    """The path of an upload; an address of the internet is refused, where Gradio would fetch it."""
    if is_http_url_like(path):
        raise gr.Error("photos are uploaded, not fetched", print_exception=False)
    return path


def _path_of(payload: ImageData | None) -> str | None:
    """What an event gets of a photo; None: there is none."""
    return None if payload is None else payload.path


class Desk(NamedTuple):
    """Handed to each tab."""

    studio: Studio
    labels: Labels
    files: Files

    def on(
        self,
        event: Callable[..., object],
        action: Callable[..., object],
        inputs: Sequence[Block],
        outputs: Sequence[Block],
        name: str,
    ) -> None:
        """Call `action(*inputs, language=…)` at an event, one at a time; its errors become messages.

        name: of the call, for programs that use the app (`gradio_client`).
        """

        def run(*values: object) -> object:
            language: Language = "zh" if values[-1] == "zh" else "en"
            with told(language):
                return action(*values[:-1], language=language)

        event(
            run, [*inputs, self.labels.language], outputs, api_name=name, api_visibility="undocumented",
            concurrency_id=_QUEUE, concurrency_limit=1,
        )  # fmt: skip

    def photo(self, label: str = "photo") -> gr.Image:
        """A place for a photo from a file, the camera or the clipboard; events get the path of what was sent."""
        photo = self.labels.make(
            gr.Image, {"label": label, "placeholder": "upload"}, type="filepath", image_mode=None, height=300,
            buttons=[], sources=["upload", "webcam", "clipboard"],
        )  # fmt: skip
        # Gradio would decode it first, whatever its size; `load_image` is to be the first that looks at it. (A subclass
        # would be the way, but Gradio writes a .pyi file beside the source of each.)
        photo.preprocess = _path_of  # type: ignore[method-assign]
        photo.async_move_resource_to_block_cache = _uploaded  # type: ignore[method-assign, assignment]
        return photo

    def example(self, photo: gr.Image) -> None:
        """A button that puts scikit-image's astronaut there (a NASA portrait in the public domain)."""

        def astronaut() -> str:
            from skimage import data

            return str(save_image(self.files.new("astronaut.png"), data.astronaut()))

        button = self.labels.make(gr.Button, {"value": "example"}, size="sm")
        button.click(astronaut, [], [photo], queue=False, api_visibility="private")


def given(photo: str | None, key: str = "need.photo") -> str:
    """The photo; `Missing` where there is none."""
    if photo is None:
        raise Missing(key)
    return photo


def seed_of(value: float | None) -> int:
    """A number field's; `Missing` for what is no seed."""
    if value is None or value != int(value) or not 0 <= value < 2**32:
        raise Missing("need.number")
    return int(value)


def seeds_of(text: str, least: int = 1) -> list[int]:
    """A text field's; `Missing` for what is no list of them, or one of another length."""
    try:
        seeds = parse_seeds(text)
    except ConfigError:
        seeds = []
    if not least <= len(seeds) <= MOST_SEEDS:
        raise Missing("need.seeds", least=least, most=MOST_SEEDS)
    return seeds
