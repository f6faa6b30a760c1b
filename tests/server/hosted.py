"""A Hall on a real uvicorn, in a thread, with a scripted model and voice; and guests who come over real sockets."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from speakstream.audio.chunk import AudioChunk
from speakstream.history import History
from speakstream.llm import Generation, LanguageModel, Message
from speakstream.loading import Resources
from speakstream.server import hall as halls
from speakstream.server import wire
from speakstream.server.hall import Hall
from speakstream.server.metrics import Metrics
from speakstream.server.wire import AudioFrame
from speakstream.settings import Settings
from speakstream.tts import ALONE, Place, Voice, check_name
from tests.llm.test_engines import poll
from tests.scripted import ScriptedModel, ScriptedVoice, ready

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds after which what a test waits for does not come any more."""


@dataclass
class AnswersByPrompt(ScriptedModel):
    """Answers a prompt with itself, once its gate, if it has one, is open."""

    context_length: int = 4096
    open_at: dict[str, threading.Event] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)

    def stream(self, messages: Sequence[Message], options: Generation, cancelled: threading.Event) -> Iterator[str]:
        prompt = messages[-1].content
        self.begun.append(prompt)
        self.running += 1
        try:
            gate = self.open_at.get(prompt)
            while gate is not None and not gate.wait(0.005):
                if cancelled.is_set():
                    return
            yield f"You said {prompt}."
        finally:
            self.running -= 1


@dataclass
class RampVoice(ScriptedVoice):
    """Every sample is another one than those beside it: what is lost or repeated shows."""

    def synthesize(
        self, text: str, speed: float, cancelled: threading.Event, place: Place = ALONE
    ) -> Iterator[AudioChunk]:
        for chunk in super().synthesize(text, speed, cancelled, place):
            ramp = np.arange(1, len(chunk.samples) + 1) / 32767
            yield AudioChunk(ramp.astype(np.float32), chunk.sample_rate, chunk.words)


@dataclass
class Hosted:
    """It. ``with`` runs it; the end closes the hall, and fails when anything is left over."""

    model: ScriptedModel = field(default_factory=lambda: ScriptedModel(context_length=4096))
    voice: ScriptedVoice = field(default_factory=ScriptedVoice)
    settings: Settings = field(default_factory=Settings)
    history: History | None = None
    loaded_voices: list[str] = field(default_factory=list)
    metrics: Metrics = field(default_factory=Metrics)
    grace: float = 0.0
    """Seconds that running replies get at the end."""

    def __post_init__(self) -> None:
        self.resources = Resources()
        self._ready: Future[None] = Future()
        self._guests = ExitStack()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="server")

    def _load_model(self, *_: Any, **__: Any) -> "Future[LanguageModel]":
        return ready(self.model)

    def _load_voice(self, settings: Settings, resources: Resources, *_: Any) -> "Future[Voice]":
        check_name(settings.tts_model_name)
        self.loaded_voices.append(settings.tts_model_name)
        resources.closers.append(self.voice.close)
        return ready(self.voice)

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.failures: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda _, context: self.failures.append(context))
        kept = {name: vars(halls)[name] for name in ("load_model", "load_voice")}
        vars(halls).update(load_model=self._load_model, load_voice=self._load_voice)
        try:
            self.hall = Hall(self.settings, self.resources, self.history, self.metrics)
            app = Starlette(routes=[WebSocketRoute("/ws", self.hall.visit)])
            config = uvicorn.Config(
                app, ws="websockets-sansio", ws_per_message_deflate=False, ws_max_size=wire.MAX_MESSAGE_BYTES,
                log_level="error", lifespan="off",
            )  # fmt: skip
            self.server = uvicorn.Server(config)
            listening = socket.create_server(("127.0.0.1", 0))
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)  # so that who does not read is noticed
            self.port = listening.getsockname()[1]
            self._ready.set_result(None)
            await self.server.serve([listening])
            self.left_over = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise
        finally:
            vars(halls).update(kept)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.result(PATIENCE)
        return self

    def __exit__(self, *failure: object) -> None:
        try:
            self._guests.close()
            self.close(self.grace)
        finally:
            self.server.should_exit = True
            self._thread.join(PATIENCE)
            self.resources.close()
        if failure == (None, None, None):
            assert not self._thread.is_alive()
            assert self.failures == []
            assert self.left_over == []
            assert [thread.name for thread in threading.enumerate() if thread.name in ("llm", "voice")] == []

    def close(self, seconds: float) -> None:
        """Close the hall."""
        self.do(self.hall.close(seconds))

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Have the loop do it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def guest(self, **hello: Any) -> "Guest":
        """Who has come in, and was told what there is."""
        guest = self.stranger()
        guest.send(wire.Hello(**hello))
        guest.welcome = guest.until("welcome")
        guest.opened = guest.until("opened")
        return guest

    def stranger(self) -> "Guest":
        """A connection over which nothing was said yet."""
        address = f"ws://127.0.0.1:{self.port}/ws"
        connection = connect(address, compression=None, max_size=None, close_timeout=1)
        guest = Guest(connection.__enter__())

        def close() -> None:
            with suppress(ConnectionClosed):  # the server has closed it, as some tests want it
                connection.__exit__(None, None, None)

        self._guests.callback(close)
        return guest

    def seats(self) -> int:
        """How many there are."""
        return len(self.hall._seats)


class Guest:
    """One connection, and all that came over it."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.welcome: dict[str, Any] = {}
        self.opened: dict[str, Any] = {}
        self.got: list[dict[str, Any] | AudioFrame] = []
        self.bytes = 0

    @property
    def session(self) -> str:
        """As it is known to the server."""
        return str(self.welcome["session"])

    def send(self, message: Any) -> None:
        """Say it."""
        self.socket.send(wire.encode(message))

    def next(self) -> dict[str, Any] | AudioFrame:
        """What comes next."""
        frame = self.socket.recv(PATIENCE)
        self.bytes += len(frame)
        got = AudioFrame.decode(frame) if isinstance(frame, bytes) else json.loads(frame)
        self.got.append(got)
        return got

    def until(self, type: str, where: Callable[[dict[str, Any]], bool] = lambda message: True) -> dict[str, Any]:
        """The next message of this type that is so."""
        while True:
            got = self.next()
            if isinstance(got, dict) and got["type"] == type and where(got):
                return got

    def frame(self) -> AudioFrame:
        """The next sound."""
        while True:
            if isinstance(got := self.next(), AudioFrame):
                return got

    def synchronise(self) -> list[dict[str, Any] | AudioFrame]:
        """All that came before the server answers now."""
        before = len(self.got)
        self.send(wire.Ping(number := len(self.got) + 1))
        self.until("pong", lambda pong: pong["id"] == number)
        return self.got[before:-1]

    def hear(self, type: str = "ended", samples: int | None = None) -> dict[str, Any]:
        """Hear all sound at once as it comes, and say so, until a message of this type; or just ``samples`` of it."""
        while True:
            got = self.next()
            if isinstance(got, AudioFrame):
                end = got.first + len(got.pcm) // 2
                self.send(wire.Position(got.speech, end if samples is None else min(end, samples)))
            elif got["type"] == type:
                return got

    def of(self, type: str) -> list[dict[str, Any]]:
        """All that came of this type."""
        return [got for got in self.got if isinstance(got, dict) and got["type"] == type]

    def sound(self, speech: int) -> list[AudioFrame]:
        """All of a speech that came."""
        return [got for got in self.got if isinstance(got, AudioFrame) and got.speech == speech]

    def text(self, message: int) -> str:
        """A reply, as its pieces give it."""
        return "".join(got["delta"] for got in self.of("text") if got["message"] == message)

    def closed(self) -> int:
        """Read on until the server closes; its code."""
        try:
            while True:
                self.next()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd is not None else 1006

    def lose(self) -> None:
        """The network is gone: no close is said."""
        self.socket.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def leave(self, code: int = 1000) -> None:
        """Close it for good."""
        self.socket.close(code)


def samples(frames: Sequence[AudioFrame]) -> bytes:
    """PCM16 of frames that must go on from one to the next."""
    at = frames[0].first if frames else 0
    for frame in frames:
        assert frame.first == at, f"a gap or an overlap at sample {at}"
        at += len(frame.pcm) // 2
    return b"".join(frame.pcm for frame in frames)


__all__ = ["PATIENCE", "Guest", "Hosted", "poll", "samples"]
