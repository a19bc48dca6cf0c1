"""Components whose words follow the chosen language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import gradio as gr
from gradio.blocks import Block

from ppgen.app.words import Language, direction, say

C = TypeVar("C", bound=Block)
Settings = dict[str, Any]  # of a component


class Labels:
    """Makes components in English, and gives their words in any language.

    language: the component that holds the chosen one; made first, and an input of every event that says something.
    """

    def __init__(self, language: gr.Radio) -> None:
        self.language = language
        self._followers: list[tuple[Block, Callable[[Language], Settings]]] = []

    @property
    def components(self) -> list[Block]:
        """All that follow."""
        return [component for component, _ in self._followers]

    def updates(self, language: Language) -> list[object]:
        """For each of `components` its words."""
        return [gr.update(**words(language)) for _, words in self._followers]

    def make(self, kind: Callable[..., C], words: Mapping[str, str], **settings: object) -> C:
        """A component whose properties have the words of these keys, such as {"label": "photo"}."""
        return self.follow(kind, lambda language: {name: say(key, language) for name, key in words.items()}, **settings)

    def choice(self, label: str, choices: Mapping[str, str], value: str) -> gr.Radio:
        """One of several values, each by the words of its key."""

        def words(language: Language) -> Settings:
            return {"label": say(label, language), "choices": [(say(k, language), v) for v, k in choices.items()]}

        return self.follow(gr.Radio, words, value=value)

    def sliders(self, names: list[str], furthest: float) -> list[gr.Slider]:
        """One for each direction of a latent space, from -furthest to furthest."""

        def one(name: str) -> gr.Slider:
            return self.follow(
                gr.Slider, lambda language: {"label": direction(name, language)},
                minimum=-furthest, maximum=furthest, value=0, step=0.1, min_width=180,
            )  # fmt: skip

        return [one(name) for name in names]

    def follow(self, kind: Callable[..., C], words: Callable[[Language], Settings], **settings: object) -> C:
        """A component made with `settings` and the English `words`."""
        component = kind(**words("en"), **settings)
        self._followers.append((component, words))
        return component

    def note(self, key: str, **values: object) -> gr.Markdown:
        """A paragraph."""
        return self.follow(gr.Markdown, lambda language: {"value": say(key, language, **values)})
