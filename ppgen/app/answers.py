"""What the page says of warnings and errors, in the chosen language and without a traceback."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import gradio as gr

from ppgen.app.words import Language, say, sentence
from ppgen.errors import PPGenError

_UPLOAD = re.compile(r"\S*?/[0-9a-f]{64}/")  # the folder of an upload, called by the hash of what it holds
_SECONDS = 20  # that a message stays


class Missing(PPGenError):
    """Something that the visitor has not given yet: the key of the sentence that asks for it, and what fills it."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(say(key, "en", **values))
        self.key, self.values = key, values


def plain(text: str) -> str:
    """A message with the names of uploads instead of their places."""
    return _UPLOAD.sub("", text)


def said(error: PPGenError, language: Language) -> str:
    """An error's sentence."""
    if isinstance(error, Missing):
        return say(error.key, language, **error.values)
    return sentence(plain(str(error)), language)


@contextmanager
def told(language: Language) -> Iterator[None]:
    """What fails in the block becomes a message on the page; what ppgen did not foresee is also logged."""
    try:
        yield
    except PPGenError as error:
        raise _message(said(error, language), language) from None
    except Exception as error:
        logging.getLogger("ppgen.app").exception("the app failed")
        raise _message(say("error.other", language), language) from error


def _message(text: str, language: Language) -> gr.Error:
    # Gradio shows a message as HTML, and a file may be called like markup
    return gr.Error(html.escape(text), _SECONDS, title=say("error", language), print_exception=False)


def warned(warnings: Iterable[str], language: Language) -> dict[str, object]:
    """An update of a Markdown of warnings, hidden where there are none."""
    lines = [html.escape(sentence(plain(text), language)) for text in dict.fromkeys(warnings)]
    return gr.update(value="\n".join(f"- {line}" for line in lines), visible=bool(lines))
