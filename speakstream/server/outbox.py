"""What waits to be sent over one connection: put here by any thread, taken by the event loop. It is bounded.

Sound is bounded by its pacing, text by being put together: one pending Text a message, which is made when it is sent.
Of anything else, more than PENDING messages or PENDING_BYTES closes the connection: its client does not read.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from speakstream.server.wire import TOO_SLOW, Text, encode

PENDING = 1000
PENDING_BYTES = 4 * 1024 * 1024

TEXT_SECONDS = 0.05
"""Between two Texts while nothing else is to be sent: as often as a reader could tell."""

TEXT_BYTES = 200_000
"""Of Texts a second: the block that grows is sent whole each time, and a long one therefore less often."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What is to be sent. ``sound``: bytes of PCM16 in it; ``speech``: of which; 0: it is no sound."""

    data: str | bytes
    sound: int = 0
    speech: int = 0

    @property
    def size(self) -> int:
        """Bytes on the wire, the WebSocket's own header included."""
        size = len(self.data) if isinstance(self.data, bytes) else len(self.data.encode())
        return size + (2 if size < 126 else 4 if size < 65536 else 10)


@dataclass(frozen=True, slots=True)
class Close:
    """The connection is to be closed."""

    code: int
    reason: str = ""


class Outbox:
    """One connection's. ``take`` is for the event loop it was made in, the rest for any thread; none of it waits."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._waiting: deque[Frame | Close | Hashable] = deque()
        self._makers: dict[Hashable, Callable[[], Any]] = {}  # of what is made when it is sent
        self._count = self._bytes = 0  # of what is neither sound nor made later
        self._closed = False
        self._grown = asyncio.Event()
        self._waking = False
        self._text_due = 0.0

    def put(self, message: Any) -> None:
        """Send a message."""
        frame = Frame(text_of(message))
        with self._lock:
            if self._closed:
                return
            self._count += 1
            self._bytes += len(frame.data)
            if self._count > PENDING or (self._count > 1 and self._bytes > PENDING_BYTES):
                self._end(Close(TOO_SLOW, "what was sent is not read"))
            else:
                self._add(frame)

    def sound(self, frame: Frame) -> None:
        """Send sound."""
        with self._lock:
            if not self._closed:
                self._add(frame)

    def later(self, key: Hashable, make: Callable[[], Any]) -> None:
        """Send what ``make`` gives when its turn comes, if that is a message; once, however often this is called.

        ``make`` is called in the event loop.
        """
        with self._lock:
            if not self._closed and key not in self._makers:
                self._makers[key] = make
                self._add(key)

    def drop_sound(self, speech: int) -> None:
        """Do not send what is left of this speech and those before."""
        with self._lock:
            kept = [one for one in self._waiting if not (isinstance(one, Frame) and 0 < one.speech <= speech)]
            self._waiting = deque(kept)

    def close(self, code: int, reason: str = "", at_once: bool = True) -> None:
        """Have the connection closed; not ``at_once``: after what waits was sent."""
        with self._lock:
            if not self._closed:
                self._end(Close(code, reason), at_once)

    async def take(self) -> Frame | Close:
        """The next to be sent."""
        while True:
            with self._lock:
                self._grown.clear()
                patience = self._patience()
                one = self._waiting.popleft() if patience == 0.0 else None
                make = self._makers.pop(one, None) if one is not None else None
                if isinstance(one, Frame) and not one.speech:
                    self._count -= 1
                    self._bytes -= len(one.data)
            if isinstance(one, Frame | Close):
                return one
            if make is not None:
                if (message := make()) is not None:
                    frame = Frame(text_of(message))
                    if isinstance(message, Text):
                        self._text_due = self._loop.time() + max(TEXT_SECONDS, frame.size / TEXT_BYTES)
                    return frame
            else:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._grown.wait(), patience)

    def _patience(self) -> float | None:
        """Seconds until the next may be sent; None: there is none.

        What is made later waits for its time only while it is alone: what comes behind it may need it.
        """
        if not self._waiting:
            return None
        if len(self._waiting) > 1 or isinstance(self._waiting[0], Frame | Close):
            return 0.0
        return max(self._text_due - self._loop.time(), 0.0)

    def _end(self, close: Close, at_once: bool = True) -> None:
        self._closed = True
        if at_once:
            self._waiting.clear()
            self._makers.clear()
            self._count = self._bytes = 0
        self._add(close)

    def _add(self, one: "Frame | Close | Hashable") -> None:
        self._waiting.append(one)
        if not self._waking:
            self._waking = True
            with suppress(RuntimeError):  # the loop has ended: nobody reads any more
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        with self._lock:
            self._waking = False
        self._grown.set()


def text_of(message: Any) -> str:
    """A message as it is sent. Half of a surrogate pair, which UTF-8 can't have, becomes a question mark."""
    return encode(message).encode("utf-8", "replace").decode()
