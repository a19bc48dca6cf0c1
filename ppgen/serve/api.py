"""What can be asked of the server."""

from __future__ import annotations

import asyncio
import base64
import time
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException

import ppgen
from ppgen import hub
from ppgen.apps.portrait import Faces, check_faces
from ppgen.apps.styles import LARGEST, NETWORK, SIZE, STYLES, check_style
from ppgen.errors import ConfigError, PPGenError
from ppgen.serve import uploads
from ppgen.serve.docs_page import docs_page
from ppgen.serve.drawing import ENDED, FAULT, LATE, Answer, Task
from ppgen.serve.metrics import Metrics
from ppgen.serve.workers import Workers

#: the status of an answer, by the kind of error
STATUSES = {
    "ConfigError": 400, "TooSlow": 408, "TooLarge": 413, "DataError": 422, "NoFaceError": 422, "Busy": 429,
    FAULT: 500, ENDED: 503, LATE: 504,
}  # fmt: skip
_RETRY = {"Retry-After": "2"}
_PNG = {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}
_BINARY = {"type": "string", "format": "binary"}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": {"type": "object", "properties": {uploads.FIELD: _BINARY}}},
            "image/*": {"schema": _BINARY},
        },
    }
}


class Limits(NamedTuple):
    """upload: bytes of a photo. pixels: of a photo. seconds: that one may take."""

    upload: int = 20_000_000
    pixels: int = 40_000_000
    seconds: float = 60.0


class Failed(Exception):
    """A request that gets an error for an answer."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


class Service:
    """The answers. workers: who draws; they are started and closed by whoever made them."""

    def __init__(self, workers: Workers[Task, Answer], limits: Limits) -> None:
        self.workers, self.limits, self.metrics = workers, limits, Metrics()

    async def draw(self, request: Request, style: str, size: int, faces: str) -> Answer:
        """The faces of the photo in a request, drawn. Raises Failed."""
        try:
            check_style(style, size)
            wanted: Faces = int(faces) if faces.isdecimal() else faces
            check_faces(wanted)
            photo = await uploads.photo_of(request, self.limits.upload)
            answer = await asyncio.wrap_future(self.workers.submit(Task(photo, style, size, wanted)))
        except asyncio.CancelledError as error:
            raise Failed(ENDED, "the server is ending; send the photo again") from error
        except PPGenError as error:
            raise Failed(type(error).__name__, str(error)) from error
        if answer.kind:
            raise Failed(answer.kind, answer.error)
        return answer

    def health(self) -> dict[str, object]:
        """How it is now."""
        workers = self.workers
        state = {"workers": workers.jobs, "idle": workers.idle, "busy": workers.busy, "queued": workers.queued}
        return {"status": "failing" if workers.failure else "ok", **state, "error": workers.failure}


def add_api(app: FastAPI, service: Service) -> None:
    """The routes below /v1, the page that explains them, and errors as JSON."""
    router = APIRouter(prefix="/v1")
    _add_cartoon(router, service)

    @router.get("/health", summary="Whether the server draws, and how busy it is")
    async def health() -> JSONResponse:
        state = service.health()
        return JSONResponse(state, 200 if state["status"] == "ok" else 503)

    @router.get("/models", summary="The styles and networks that can be asked for")
    async def models() -> dict[str, object]:
        return {
            "ppgen": ppgen.__version__,
            "styles": [{"name": name, "about": about} for name, about in STYLES.items()],
            "networks": [{"name": name, "title": str(hub.card(name).get("title", ""))} for name in hub.names()],
        }

    @router.get("/metrics", response_class=PlainTextResponse, summary="Counts and times, as Prometheus reads them")
    async def metrics() -> str:
        workers = service.workers
        return service.metrics.text(idle=workers.idle, busy=workers.busy, queued=workers.queued)

    app.include_router(router)

    @app.get("/docs", response_class=HTMLResponse, include_in_schema=False)
    async def docs() -> str:
        return docs_page(app.openapi())

    app.add_exception_handler(Failed, _failed)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def _add_cartoon(router: APIRouter, service: Service) -> None:
    @router.post("/cartoon", summary="The cartoon of a photo", response_class=Response, responses={200: _PNG},
                 openapi_extra=_BODY)  # fmt: skip
    async def cartoon(
        request: Request,
        style: Annotated[str, Query(description=f"one of {', '.join(STYLES)}")] = NETWORK,
        size: Annotated[int, Query(description=f"pixels a side of the artist's styles, {SIZE} to {LARGEST}")] = SIZE,
        faces: Annotated[str, Query(description="'largest', 'all' (as JSON), or an index from 0")] = "largest",
    ) -> Response:
        """Send a photo as the field `file` of a form, or as the body.

        The answer is a PNG; for `Accept: application/json` it is JSON with the pictures in base64, the boxes of the
        faces, warnings and times.
        """
        start, status = time.perf_counter(), 500
        try:
            as_json = "application/json" in request.headers.get("accept", "")
            if faces == "all" and not as_json:
                raise Failed("ConfigError", "faces=all gives several pictures: send Accept: application/json")
            answer = await service.draw(request, style, size, faces)
            status = 200
            return _as_json(answer, style) if as_json else _as_png(answer)
        except Failed as error:
            status = STATUSES.get(error.kind, 500)
            raise
        finally:
            service.metrics.count(status, time.perf_counter() - start)


def _as_png(answer: Answer) -> Response:
    face = answer.faces[0]
    return Response(face.cartoon, media_type="image/png", headers={"X-Ppgen-Warnings": str(len(face.warnings))})


def _as_json(answer: Answer, style: str) -> JSONResponse:
    faces = [
        {
            "cartoon": base64.b64encode(face.cartoon).decode(), "photo": base64.b64encode(face.photo).decode(),
            "box": face.box, "score": face.score, "warnings": face.warnings, "seconds": face.seconds,
        }
        for face in answer.faces
    ]  # fmt: skip
    return JSONResponse({"style": style, "faces": faces, "seconds": answer.seconds})


def _error(status: int, kind: str, message: str) -> JSONResponse:
    headers = _RETRY if status in (429, 503) else None
    return JSONResponse({"error": {"type": kind, "message": message}}, status, headers)


async def _failed(request: Request, error: Any) -> JSONResponse:
    return _error(STATUSES.get(error.kind, 500), error.kind, error.message)


async def _invalid(request: Request, error: Any) -> JSONResponse:
    first = error.errors()[0]
    return _error(400, ConfigError.__name__, f"{first['loc'][-1]}: {first['msg']}")


async def _http(request: Request, error: Any) -> JSONResponse:
    return _error(error.status_code, "HTTPError", f"{request.method} {request.url.path}: {error.detail}; see /docs")


