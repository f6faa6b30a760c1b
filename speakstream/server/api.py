"""The part of OpenAI's API that this program can do: chat completions, the models, and speech (``api_speech.py``).

https://platform.openai.com/docs/api-reference/chat
"""

import json
import secrets
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from speakstream.engine import TEMPLATE_MARGIN, loaded
from speakstream.events import Metrics as TurnMetrics
from speakstream.events import Reason
from speakstream.llm import Generation, LanguageModel, Message, Role, prompt_read, reply_end
from speakstream.loading import generation, load_lexicon
from speakstream.server.api_speech import Speaker, engines
from speakstream.server.calls import Answer, Calls, Refused, asked
from speakstream.server.hall import Hall
from speakstream.server.metrics import Metrics
from speakstream.settings import Settings
from speakstream.text.control import ControlFilter

ROLES: dict[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}

MAX_STOPS = 16

_NOT_DONE: dict[str, list[Any]] = {
    "tools": [[], None],
    "functions": [[], None],
    "tool_choice": ["none", "auto", None],
    "response_format": [{"type": "text"}, None],
    "logprobs": [False, None],
    "top_logprobs": [0, None],
    "modalities": [["text"], None],
    "audio": [None],
    "frequency_penalty": [0, None],
    "presence_penalty": [0, None],
    "logit_bias": [{}, None],
    "n": [1, None],
}
"""What would change the reply and can't be done here, and the values with which it changes nothing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A chat completion, as it was asked for."""

    messages: tuple[Message, ...]
    options: Generation
    stream: bool
    include_usage: bool


class Api:
    """Its addresses, and what is under way. To be made in the event loop."""

    def __init__(self, settings: Settings, hall: Hall, metrics: Metrics) -> None:
        self._settings = settings
        self._hall = hall
        self._metrics = metrics
        self._calls = Calls(settings.max_sessions, metrics)
        self._speaker = Speaker(settings, hall, load_lexicon(lambda line: None))
        self._since = int(time.time())
        self.routes = [
            Route("/v1/models", self._models),
            Route("/v1/models/{name:path}", self._model),
            Route("/v1/chat/completions", _answered(self._chat), methods=["POST"]),
            Route("/v1/audio/speech", _answered(self._speech), methods=["POST"]),
        ]

    async def close(self, seconds: float) -> None:
        """Let what runs end within ``seconds``, and end the rest then."""
        await self._calls.close(seconds)

    # -- models --------------------------------------------------------------------------------------------

    async def _models(self, request: Request) -> Response:
        names = [self._settings.llm_model_name, *(engines() if self._settings.enable_audio else ())]
        return JSONResponse({"object": "list", "data": [self._described(name) for name in names]})

    async def _model(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name != self._settings.llm_model_name and name not in engines():
            return _unknown_model(name, self._settings.llm_model_name).answer()
        return JSONResponse(self._described(name))

    def _described(self, name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": self._since, "owned_by": "speakstream"}

    # -- chat ----------------------------------------------------------------------------------------------

    async def _chat(self, request: Request) -> Response:
        wanted = chat_asked(await asked(request), self._settings)
        completion = _Completion(self._settings.llm_model_name, wanted)
        if wanted.stream:
            return Answer(
                self._calls,
                lambda cancelled: completion.chunks(self._deltas(wanted, completion, cancelled)),
                "text/event-stream",
                broken=_broken_stream,
            )
        return Answer(
            self._calls,
            lambda cancelled: completion.whole(self._deltas(wanted, completion, cancelled)),
            "application/json",
        )

    def _deltas(self, wanted: Asked, completion: "_Completion", cancelled: threading.Event) -> Iterator[str]:
        """The reply as it is written. In a thread. Raises Refused."""
        metrics = TurnMetrics(time.monotonic())
        model = loaded(self._hall.queued_model(lambda position: None), cancelled)
        if model is None:
            return
        options = _fitting(model, wanted, completion)
        control, reason = ControlFilter(), Reason.FAILED
        try:
            for delta in model.stream(wanted.messages, options, cancelled):
                metrics.tokens += 1
                metrics.first_token = metrics.first_token or time.monotonic()
                if (text := control.push(delta)) != "":
                    yield text
            if (text := control.flush()) != "":
                yield text
            if cancelled.is_set():
                reason = Reason.INTERRUPTED
                return
            reason = Reason.FINISHED
            completion.ended(model, metrics, options)
        except GeneratorExit:
            reason = Reason.INTERRUPTED
            raise
        finally:
            metrics.prompt_tokens = completion.prompt_tokens
            self._metrics.turn_ended(reason.value, metrics)

    # -- speech --------------------------------------------------------------------------------------------

    async def _speech(self, request: Request) -> Response:
        wanted = self._speaker.asked(await asked(request))
        return Answer(
            self._calls, lambda cancelled: self._speaker.pieces(wanted, cancelled), wanted.media_type, most_waiting=2
        )


class _Completion:
    """One reply, in the shape in which OpenAI sends it."""

    def __init__(self, model: str, wanted: Asked) -> None:
        self._head = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": model}
        self._wanted = wanted
        self._why = "stop"
        self._tokens = 0
        self.prompt_tokens = 0
        self.cached_tokens = 0

    def ended(self, model: LanguageModel, metrics: TurnMetrics, options: Generation) -> None:
        """The reply is complete. In the thread that had it of ``model``."""
        end, read = reply_end(model), prompt_read(model, metrics.submitted)
        self._tokens = end.tokens if end is not None else metrics.tokens
        cut_off = end.cut_off if end is not None else metrics.tokens >= options.max_new_tokens
        self._why = "length" if cut_off else "stop"
        if read is not None:
            self.prompt_tokens, self.cached_tokens = read.tokens, read.cached

    def whole(self, deltas: Iterator[str]) -> Iterator[bytes]:
        """All at once, at its end."""
        message = {"role": "assistant", "content": "".join(deltas), "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._why}
        yield _json({**self._head, "object": "chat.completion", "choices": [choice], "usage": self._usage()})

    def chunks(self, deltas: Iterator[str]) -> Iterator[bytes]:
        """As it comes, as server-sent events."""
        role: dict[str, str] | None = {"role": "assistant", "content": ""}
        for delta in deltas:
            if role is not None:
                yield self._chunk(role)
                role = None
            yield self._chunk({"content": delta})
        if role is not None:
            yield self._chunk(role)
        yield self._chunk({}, self._why)
        if self._wanted.include_usage:
            yield self._event({"choices": [], "usage": self._usage()})
        yield b"data: [DONE]\n\n"

    def _chunk(self, delta: dict[str, str], why: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": why}
        return self._event({"choices": [choice], **({"usage": None} if self._wanted.include_usage else {})})

    def _event(self, said: dict[str, Any]) -> bytes:
        return _event({**self._head, "object": "chat.completion.chunk", **said})

    def _usage(self) -> dict[str, Any]:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self._tokens,
            "total_tokens": self.prompt_tokens + self._tokens,
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens},
        }


def _fitting(model: LanguageModel, wanted: Asked, completion: _Completion) -> Generation:
    """The options, for a reply that fits the context behind its prompt. Raises Refused when none does."""
    completion.prompt_tokens = tokens = model.count(wanted.messages)
    room = model.context_length - tokens - TEMPLATE_MARGIN
    if room < 1:
        raise Refused(
            400,
            f"the messages have {tokens} tokens, and the model sees {model.context_length} at once, reply included; "
            "shorten them, or raise CONTEXT_LENGTH",
            "context_length_exceeded",
            "messages",
        )
    return replace(wanted.options, max_new_tokens=min(wanted.options.max_new_tokens, room))


def _json(said: Any) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _event(said: Any) -> bytes:
    return b"data: " + _json(said) + b"\n\n"


def _broken_stream(refused: Refused) -> bytes:
    error = {"message": str(refused), "type": "server_error", "param": None, "code": refused.code}
    return _event({"error": error})


def _answered(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except Refused as refused:
            return refused.answer()

    return answer


def _unknown_model(name: str, known: str) -> Refused:
    return Refused(404, f"The model {name[:80]!r} does not exist here; use {known!r}", "model_not_found", "model")


# -- what is asked for -------------------------------------------------------------------------------------


def chat_asked(body: dict[str, Any], settings: Settings) -> Asked:
    """What a request asks for. Raises Refused, which names the field."""
    model = body.get("model")
    if not isinstance(model, str):
        raise Refused(400, f"model: name one, as in {settings.llm_model_name!r}", None, "model")
    if model != settings.llm_model_name:
        raise _unknown_model(model, settings.llm_model_name)
    for name, harmless in _NOT_DONE.items():
        if name in body and body[name] not in harmless:
            raise Refused(400, f"{name}: this is not done here; leave it out", "unsupported_parameter", name)
    stream_options = body.get("stream_options") or {}
    if not isinstance(stream_options, dict):
        raise Refused(400, "stream_options: this is no object", None, "stream_options")
    return Asked(
        _messages(body.get("messages")),
        _options(body, generation(settings)),
        _truth(body, "stream"),
        _truth(stream_options, "include_usage"),
    )


def _messages(given: Any) -> tuple[Message, ...]:
    if not isinstance(given, list) or not given:
        raise Refused(400, "messages: give a list with at least one message", None, "messages")
    return tuple(_message(one, f"messages[{number}]") for number, one in enumerate(given))


def _message(given: Any, place: str) -> Message:
    if not isinstance(given, dict):
        raise Refused(400, f"{place}: a message is an object with role and content", None, place)
    role = ROLES.get(given["role"]) if isinstance(given.get("role"), str) else None
    if role is None:
        raise Refused(400, f"{place}.role: use one of {', '.join(ROLES)}", None, f"{place}.role")
    return Message(role, _content(given.get("content"), f"{place}.content"))


def _content(given: Any, place: str) -> str:
    if isinstance(given, str):
        return given
    if not isinstance(given, list):
        raise Refused(400, f"{place}: give text, or a list of parts of the type text", None, place)
    texts = []
    for number, part in enumerate(given):
        text = part.get("text") if isinstance(part, dict) and part.get("type") in ("text", "input_text") else None
        if not isinstance(text, str):
            raise Refused(400, f"{place}[{number}]: only parts of the type text are understood here", None, place)
        texts.append(text)
    return "\n".join(texts)


def _options(body: dict[str, Any], usual: Generation) -> Generation:
    tokens = _number(body, "max_completion_tokens", 1, 1_000_000, whole=True)
    if tokens is None:
        tokens = _number(body, "max_tokens", 1, 1_000_000, whole=True)
    temperature = _number(body, "temperature", 0, 2)
    top_p = _number(body, "top_p", 0, 1)
    seed = _number(body, "seed", -(2**63), 2**63 - 1, whole=True)
    return replace(
        usual,
        max_new_tokens=usual.max_new_tokens if tokens is None else int(tokens),
        temperature=usual.temperature if temperature is None else temperature,
        top_p=usual.top_p if top_p is None else max(top_p, 1e-6),
        seed=usual.seed if seed is None else int(seed) & 0x7FFFFFFF,
        stop=_stops(body.get("stop"), usual.stop),
    )


def _number(body: dict[str, Any], name: str, low: float, high: float, whole: bool = False) -> float | None:
    given = body.get(name)
    if given is None:
        return None
    kinds = (int,) if whole else (int, float)
    if isinstance(given, bool) or not isinstance(given, kinds) or not low <= given <= high:
        kind = "a whole number" if whole else "a number"
        raise Refused(400, f"{name}: {str(given)[:40]!r} is not allowed; use {kind} from {low} to {high}", None, name)
    return given


def _stops(given: Any, usual: tuple[str, ...]) -> tuple[str, ...]:
    if given is None:
        return usual
    stops = [given] if isinstance(given, str) else given
    if not isinstance(stops, list) or len(stops) > MAX_STOPS or not all(isinstance(one, str) and one for one in stops):
        raise Refused(400, f"stop: give a text, or a list of at most {MAX_STOPS}, none empty", None, "stop")
    return tuple(stops)


def _truth(body: dict[str, Any], name: str) -> bool:
    given = body.get(name)
    if given is not None and not isinstance(given, bool):
        raise Refused(400, f"{name}: use true or false", None, name)
    return bool(given)
