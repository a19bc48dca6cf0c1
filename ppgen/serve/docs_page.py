"""The page that explains the server, made from its OpenAPI description; it needs nothing from the internet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>ppgen serve</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }}
code, pre {{ font: 14px/1.4 monospace; background: #8882; padding: 0 .3em; }} pre {{ padding: .6em; overflow: auto; }}
h2 {{ margin-top: 2em; }} td {{ padding: .1em .8em .1em 0; vertical-align: top; }}
</style>
<h1>ppgen serve</h1>
<p>The description that programs read is <a href="openapi.json">openapi.json</a>.</p>
<form action="v1/cartoon" method="post" enctype="multipart/form-data">
<input type="file" name="file" accept="image/*" required> <button>Draw</button></form>
{parts}
<h2>Errors</h2>
<p>Every error is JSON: <code>{{"error": {{"type": "NoFaceError", "message": "…"}}}}</code></p>
<table>{errors}</table>
</html>
"""
_CURL = "curl -F file=@photo.jpg http://127.0.0.1:8000/v1/cartoon -o cartoon.png"
_ERRORS = {
    400: "something that cannot be asked for", 408: "the upload took too long", 413: "the photo is too large",
    422: "the photo cannot be used: no picture, no face", 429: "too many wait already; try again",
    503: "a process ended, or the server is ending; try again", 504: "the photo took longer than the limit",
}  # fmt: skip


def docs_page(description: Mapping[str, Any]) -> str:
    """HTML of an OpenAPI description."""
    parts = "\n".join(
        _operation(path, method, operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    )
    errors = "".join(f"<tr><td>{code}<td>{escape(text)}" for code, text in _ERRORS.items())
    return _PAGE.format(parts=parts, errors=errors)


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> str:
    """One thing that can be asked."""
    about = escape(operation.get("description", ""))
    example = f"<pre>{escape(_CURL)}</pre>" if method == "post" else ""
    rows = "".join(_rows(operation.get("parameters", [])))
    table = f"<table>{rows}</table>" if rows else ""
    return f"<h2>{method.upper()} {escape(path)}</h2><p>{escape(operation['summary'])}. {about}</p>{table}{example}"


def _rows(parameters: list[Mapping[str, Any]]) -> Iterator[str]:
    for each in parameters:
        default = escape(str(each["schema"].get("default", "")))
        yield f"<tr><td><code>{escape(each['name'])}</code><td>{escape(each.get('description', ''))}<td>{default}"
