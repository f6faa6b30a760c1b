"""The addresses of the web application, on a hall whose parts the test decides."""

import json
from concurrent.futures import Future
from typing import Any

import pytest
from starlette.types import ASGIApp

from speakstream import __version__
from speakstream.errors import VoiceError
from speakstream.server import wire
from speakstream.server.access import Rules
from speakstream.server.app import AT_THE_ROOT, build
from speakstream.server.metrics import Metrics
from speakstream.server.pages import Pages
from speakstream.settings import Settings
from speakstream.tts import Voice
from tests.scripted import ScriptedVoice, ready
from tests.server.asgi import Answer, ask


class Hall:
    """Has a voice, and fails when it is visited."""

    def __init__(self, voice: "Future[Voice]", why_not: str = "") -> None:
        self._voice = voice
        self._why_not = why_not

    def ready(self) -> str:
        return self._why_not

    def voice(self, name: str) -> "Future[Voice]":
        return self._voice

    async def visit(self, websocket: Any) -> None:
        await websocket.accept()


class Api:
    """None."""

    routes: tuple[()] = ()


def app(
    settings: Settings = Settings(),  # noqa: B008  frozen
    voice: "Future[Voice] | None" = None,
    why_not: str = "",
    keeps: bool = True,
    hall: Any = None,
) -> ASGIApp:
    hall = hall or Hall(voice or ready(ScriptedVoice()), why_not)
    api: Any = Api()
    return build(settings, hall, api, Metrics(), Rules(), keeps)


def test_the_front_page_and_all_files_are_there() -> None:
    the_app = app()
    assert ask(the_app, "/").body == Pages().files["index.html"].content.decode()
    for name in Pages().files:
        if not name.endswith((".png", ".ico", ".woff2")):
            assert ask(the_app, f"/static/{name}").status == 200
    for path, name in AT_THE_ROOT.items():
        if name in Pages().files:
            assert ask(the_app, path).body == Pages().files[name].content.decode()


def test_the_browser_is_told_the_settings_and_no_secret() -> None:
    settings = Settings(
        access_token="secret-token-0123456789",
        llm_api_key="secret-key",
        tts_api_key="secret-key",
        system_prompt="secret prompt",
        tts_speed=1.5,
        max_prompt_chars=500,
        audio_buffer_seconds=2.5,
    )
    answer = ask(app(settings), "/config")
    assert "secret" not in answer.body
    assert answer.headers["cache-control"] == "no-store"
    told = json.loads(answer.body)
    assert (told["protocol"], told["version"]) == (wire.VERSION, __version__)
    assert (told["model"], told["voice"]) == (settings.llm_model_name, settings.tts_model_name)
    assert told["speed"] == {"min": 0.5, "max": 3.0, "default": 1.5}
    assert (told["max_prompt_chars"], told["max_message_bytes"]) == (500, wire.MAX_MESSAGE_BYTES)
    assert (told["buffer_seconds"], told["sample_rate"], told["keeps_history"], told["audio"]) == (
        2.5,
        1000,
        True,
        True,
    )
    assert {"name": "hibari/heart", "language": "en-US", "description": "American female"} in told["voices"]
    assert "teacher" in [persona["name"] for persona in told["personas"]]


@pytest.mark.parametrize("state", ["loading", "failed", "off"])
def test_without_a_voice_the_browser_is_told_no_sample_rate(state: str) -> None:
    voice: Future[Voice] = Future()
    if state == "failed":
        voice.set_exception(VoiceError("no"))
    told = json.loads(ask(app(Settings(enable_audio=state != "off"), voice), "/config").body)
    assert told["sample_rate"] is None
    assert told["audio"] is (state != "off")


def test_who_looks_after_the_server_learns_how_it_is() -> None:
    assert ask(app(), "/healthz").status == 200
    assert (ask(app(), "/readyz").status, ask(app(), "/readyz").body) == (200, "ready\n")
    waiting = ask(app(why_not="the model: 34 %"), "/readyz")
    assert (waiting.status, waiting.body) == (503, "the model: 34 %\n")
    metrics = ask(app(), "/metrics")
    assert "speakstream_sessions 0.0" in metrics.body
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/nothing", "GET", 404), ("/static/", "GET", 404), ("/static/a/b.js", "GET", 404), ("/config", "DELETE", 405)],
)
def test_what_is_not_there_is_said_in_one_line(path: str, method: str, status: int) -> None:
    answer = ask(app(), path, method=method)
    assert answer.status == status
    page = ask(app(), path, [("accept", "text/html")], method)
    assert (page.status, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert page.headers["x-content-type-options"] == "nosniff"


def test_a_fault_shows_no_stack_to_a_client() -> None:
    class Broken(Hall):
        def ready(self) -> str:
            raise RuntimeError("/home/somebody/secret.py")

    broken = app(hall=Broken(ready(ScriptedVoice())))
    for accept in ("text/html", "application/json"):
        answer = Answer()
        with pytest.raises(RuntimeError):  # which uvicorn puts into the log
            ask(broken, "/readyz", [("accept", accept)], answer=answer)
        assert answer.status == 500
        assert "secret.py" not in answer.body and "RuntimeError" not in answer.body
        assert "something went wrong here" in answer.body.lower()
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_a_socket_goes_to_the_hall_and_only_from_our_own_page() -> None:
    assert ask(app(), "/ws", kind="websocket").accepted
    refused = ask(app(), "/ws", [("origin", "http://evil.example")], kind="websocket")
    assert (refused.accepted, refused.status) == (False, 403)
