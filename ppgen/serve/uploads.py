"""A photo out of a request, of which no more is read than may come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from ppgen.errors import DataError

_SECONDS = 60.0  # that an upload may take
_FORM = 65536  # bytes of a form beside its file
FIELD = "file"


class TooLarge(DataError):
    """More bytes than a photo may have."""


class TooSlow(DataError):
    """An upload that takes too long."""


async def photo_of(request: Request, most: int, seconds: float = _SECONDS) -> bytes:
    """The photo: the field `file` of a form, or the body as it is.

    Raises TooLarge, TooSlow, DataError.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > most + _FORM:
        raise _too_large(most)
    try:
        async with asyncio.timeout(seconds):
            if request.headers.get("content-type", "").startswith("multipart/form-data"):
                return await _of_form(request, most)
            return b"".join([chunk async for chunk in _bounded(request, most)])
    except TimeoutError as error:
        raise TooSlow(f"the photo did not come within {seconds:g} s; send it again") from error


async def _bounded(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    came = 0
    async for chunk in request.stream():
        came += len(chunk)
        if came > most:
            raise _too_large(most)
        yield chunk


async def _of_form(request: Request, most: int) -> bytes:
    parser = MultiPartParser(request.headers, _bounded(request, most + _FORM), max_files=1, max_fields=8)
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError) as error:
        raise DataError(f"the form cannot be read ({error}); send the photo in its field '{FIELD}'") from error
    try:
        file = form.get(FIELD)
        if not isinstance(file, UploadFile):
            raise DataError(f"the form has no file in a field called '{FIELD}'; name it so")
        photo = await file.read(most + 1)
    finally:
        await form.close()
    if len(photo) > most:
        raise _too_large(most)
    return photo


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"the photo has more than {most / 1e6:g} MB, the limit; send a smaller one")
