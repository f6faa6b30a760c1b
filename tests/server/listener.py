"""An honest client that speaks the wire and listens in real time, without a browser: many of them fit on one machine.

It plays nothing: its loudspeaker is a clock, which runs while there is sound that has come.
"""

import asyncio
import json
import math
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from speakstream.server.wire import POSITION_SECONDS, Ask, AudioFrame, Bye, Cancel, Hello, Position, encode

START_SECONDS = 0.06
"""Of sound that have come before it begins to play, as a browser's player has it; after an underrun, too."""

PATIENCE = 120.0


@dataclass
class Playing:
    """A loudspeaker that is a clock."""

    speech: int
    rate: int
    complete: bool = False
    received: int = 0
    underruns: int = 0
    _base: float = 0.0  # samples that were heard when ...
    _since: float | None = None  # ... it began to play, again

    def heard(self, now: float) -> int:
        """Samples that have sounded."""
        if self._since is None:
            return int(self._base)
        return min(self.received, int(self._base + (now - self._since) * self.rate))

    def push(self, samples: int, now: float) -> None:
        """More has come."""
        self._look(now)
        self.received += samples
        self._begin(now)

    def end(self, now: float) -> None:
        """No more comes."""
        self._look(now)
        self.complete = True
        self._begin(now)

    def over(self, now: float) -> bool:
        """Whether all of it was heard."""
        return self.complete and self.heard(now) >= self.received

    def _look(self, now: float) -> None:
        """Whether it stood still before what comes now."""
        if self._since is None or self.complete:
            return
        if self._base + (now - self._since) * self.rate > self.received:
            self.underruns += 1
            self._base, self._since = self.received, None

    def _begin(self, now: float) -> None:
        there = self.received - self._base
        if self._since is None and there and (self.complete or there >= START_SECONDS * self.rate):
            self._since = now


@dataclass
class Turn:
    """What came of a prompt; moments are ``time.monotonic()`` seconds."""

    asked: float
    first_text: float | None = None
    first_sound: float | None = None
    queued: int = 0
    text: str = ""
    ended: dict[str, Any] | None = None
    done: float | None = None
    errors: list[str] = field(default_factory=list)
    played: Playing | None = None

    @property
    def tokens(self) -> int:
        """Tokens of the reply."""
        return int(self.ended["metrics"]["tokens"]) if self.ended is not None else 0


class Listener:
    """One of them, within ``async with``."""

    def __init__(self, url: str, hello: Hello | None = None) -> None:
        """``url``: of the server's page."""
        self._url = url
        self._hello = hello or Hello()
        self._socket: ClientConnection | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._turn: Turn | None = None
        self._finished, self._ended = asyncio.Event(), asyncio.Event()
        self._welcome: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.playing: Playing | None = None
        self.sound_bytes = 0
        """PCM16 that came."""
        self.frame_bytes = 0
        """The frames it came in, their web socket's headers included."""
        self.all_bytes = 0
        """All frames, in the same way."""
        self.underruns = 0

    async def __aenter__(self) -> Self:
        address = self._url.replace("http", "ws", 1) + "/ws"
        self._socket = await connect(address, origin=Origin(self._url), compression=None, max_size=None)
        await self._send(self._hello)
        self._tasks = [asyncio.create_task(work) for work in (self._read(), self._report())]
        try:
            await asyncio.wait_for(asyncio.shield(self._welcome), PATIENCE)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        assert self._socket is not None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.close()

    async def ask(self, prompt: str, seconds: float = math.inf, until: float = math.inf) -> Turn:
        """Ask, and listen to the end; or for so many seconds of sound, or until a moment: then it is stopped."""
        self._finished.clear()
        self._ended.clear()
        self._turn = turn = Turn(time.monotonic())
        await self._send(Ask(prompt))
        while not self._finished.is_set():
            now = time.monotonic()
            if now > min(until, turn.asked + PATIENCE, (turn.first_sound or math.inf) + seconds):
                await self.stop()
                break
            await asyncio.sleep(0.02)
        await asyncio.wait_for(self._ended.wait(), PATIENCE)
        turn.played, turn.done = self.playing, time.monotonic()
        self.underruns += turn.played.underruns if turn.played is not None else 0
        self.playing = None
        return turn

    async def stop(self) -> None:
        """Silence."""
        playing = self.playing
        heard = (playing.speech, playing.heard(time.monotonic())) if playing is not None else (0, 0)
        await self._send(Cancel(*heard))

    async def send(self, message: Any) -> None:
        """Send a message."""
        await self._send(message)

    async def leave(self) -> None:
        """For good."""
        await self._send(Bye())

    async def _send(self, message: Any) -> None:
        assert self._socket is not None
        await self._socket.send(encode(message))

    async def _report(self) -> None:
        """Tell the position, as a browser does."""
        while True:
            await asyncio.sleep(POSITION_SECONDS)
            playing, now = self.playing, time.monotonic()
            if playing is None:
                continue
            await self._send(Position(playing.speech, playing.heard(now), self.underruns + playing.underruns))
            if playing.over(now) and self._turn is not None and self._turn.ended is not None:
                self._finished.set()

    async def _read(self) -> None:
        assert self._socket is not None
        async for data in self._socket:
            now = time.monotonic()
            length = len(data) if isinstance(data, bytes) else len(data.encode())
            size = length + (2 if length < 126 else 4 if length < 65536 else 10)
            self.all_bytes += size
            if isinstance(data, bytes):
                self._take_sound(AudioFrame.decode(data), size, now)
            else:
                self._take(json.loads(data), now)

    def _take_sound(self, frame: AudioFrame, size: int, now: float) -> None:
        self.sound_bytes += len(frame.pcm)
        self.frame_bytes += size
        if self.playing is None or frame.speech != self.playing.speech:
            return  # of a speech that was stopped
        assert frame.first == self.playing.received, "sound is missing, or came twice"
        self.playing.push(len(frame.pcm) // 2, now)
        if self._turn is not None and self._turn.first_sound is None:
            self._turn.first_sound = now

    def _take(self, message: dict[str, Any], now: float) -> None:
        turn, playing = self._turn, self.playing
        match message["type"]:
            case "welcome":
                self._welcome.set_result(message)
            case "error" if not self._welcome.done():
                self._welcome.set_exception(ConnectionError(message["text"]))
            case "error" if turn is not None:
                turn.errors.append(message["text"])
                self._finished.set()
            case "text" if turn is not None:
                turn.first_text = turn.first_text or now
                turn.text += message["delta"]
            case "queue" if turn is not None:
                turn.queued = max(turn.queued, message["position"])
            case "speech":
                self.playing = Playing(message["speech"], message["sample_rate"])
            case "spoken" if playing is not None and playing.speech == message["speech"]:
                assert playing.received == message["samples"], "sound is missing"
                playing.end(now)
            case "silence" if playing is not None and playing.speech <= message["speech"]:
                playing.end(now)
            case "ended" if turn is not None:
                turn.ended = message["message"]
                self._ended.set()
                if playing is None or turn.ended["reason"] == "interrupted":
                    self._finished.set()
