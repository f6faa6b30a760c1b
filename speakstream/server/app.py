"""The web application: its addresses, and what the browser client is told of the settings."""

import logging
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from speakstream import __version__
from speakstream.personas import personas
from speakstream.server.access import Access, Rules, problem
from speakstream.server.api import Api
from speakstream.server.hall import RESUME_SECONDS, Hall
from speakstream.server.metrics import CONTENT_TYPE, Metrics
from speakstream.server.pages import Pages, page
from speakstream.server.wire import MAX_MESSAGE_BYTES, POSITION_SECONDS, VERSION
from speakstream.session import FASTEST, SLOWEST
from speakstream.settings import Settings
from speakstream.tts import voices

log = logging.getLogger(__name__)

AT_THE_ROOT = {"/": "index.html", "/sw.js": "sw.js", "/manifest.webmanifest": "manifest.webmanifest"}
"""Files with an address of their own: a service worker sees what lies beside and below it."""

NOT_STORED = {"cache-control": "no-store"}


def build(settings: Settings, hall: Hall, api: Api, metrics: Metrics, rules: Rules, keeps_history: bool) -> ASGIApp:
    """The application. ``keeps_history``: the hall has the person's."""
    pages = Pages()

    async def at_the_root(request: Request) -> Response:
        return pages.answer(request, AT_THE_ROOT[request.url.path])

    async def static(request: Request) -> Response:
        return pages.answer(request, request.path_params["name"])

    def config(request: Request) -> Response:  # in a thread: it looks into files
        return JSONResponse(_config(settings, hall, keeps_history), headers=NOT_STORED)

    async def health(request: Request) -> Response:
        return PlainTextResponse("ok\n", headers=NOT_STORED)

    async def readiness(request: Request) -> Response:
        why = hall.ready()
        return PlainTextResponse(f"{why or 'ready'}\n", 503 if why else 200, headers=NOT_STORED)

    async def counted(request: Request) -> Response:
        return Response(metrics.render(), headers={**NOT_STORED, "content-type": CONTENT_TYPE})

    async def visit(websocket: WebSocket) -> None:
        await hall.visit(websocket)

    app = Starlette(
        routes=[
            *(Route(path, at_the_root) for path in AT_THE_ROOT),
            Route("/static/{name}", static),
            Route("/config", config),
            Route("/healthz", health),
            Route("/readyz", readiness),
            Route("/metrics", counted),
            WebSocketRoute("/ws", visit),
            *api.routes,
        ],
        exception_handlers={HTTPException: _refused, Exception: _failed},
    )
    app.router.redirect_slashes = False
    return Access(app, rules, metrics)


def _config(settings: Settings, hall: Hall, keeps_history: bool) -> dict[str, Any]:
    """What a client needs to know before it connects. No secret is in it."""
    voice = hall.voice(settings.tts_model_name) if settings.enable_audio else None
    is_loaded = voice is not None and voice.done() and voice.exception() is None
    return {
        "protocol": VERSION,
        "version": __version__,
        "model": settings.llm_model_name,
        "models": [settings.llm_model_name],
        "voice": settings.tts_model_name,
        "voices": [{"name": one.name, "language": one.language, "description": one.about} for one in voices()],
        "personas": [{"name": one.name, "description": one.about} for one in personas(log.warning)],
        "speed": {"min": SLOWEST, "max": FASTEST, "default": settings.tts_speed},
        "volume": settings.default_volume,
        "sample_rate": voice.result().sample_rate if voice is not None and is_loaded else None,
        "audio": settings.enable_audio,
        "buffer_seconds": settings.audio_buffer_seconds,
        "position_seconds": POSITION_SECONDS,
        "resume_seconds": RESUME_SECONDS,
        "max_prompt_chars": settings.max_prompt_chars,
        "max_message_bytes": MAX_MESSAGE_BYTES,
        "history_limit": settings.max_chat_history,
        "keeps_history": keeps_history,
    }


async def _refused(request: Request, error: Exception) -> Response:
    """No such address, or not with this method."""
    assert isinstance(error, HTTPException)
    text = {404: "there is no such page", 405: f"{request.method} does nothing here"}.get(error.status_code)
    return _in_their_shape(request, error.status_code, text or error.detail, dict(error.headers or {}))


async def _failed(request: Request, error: Exception) -> Response:
    """A fault of ours. It is raised again behind this: uvicorn puts it into the log, and nobody else learns of it."""
    return _in_their_shape(request, 500, "something went wrong here; the server's log says what", {})


def _in_their_shape(request: Request, status: int, text: str, headers: dict[str, str]) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        answer: Response = page(status, "This did not work", f"{text[:1].upper()}{text[1:]}.", link=True)
    else:
        answer = problem(status, text)
    answer.headers.update(headers)
    return answer
