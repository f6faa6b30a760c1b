"""Calls of the API: each is worked at in a thread of its own, sent as it comes, and ended when its client goes."""

import asyncio
import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from speakstream.errors import SpeakStreamError
from speakstream.server.access import problem
from speakstream.server.metrics import Metrics

log = logging.getLogger(__name__)

MAX_BODY = 1024 * 1024
"""Bytes of a request."""

BODY_SECONDS = 30.0
"""For all of it to come."""

SEND_SECONDS = 60.0
"""For a client to read so much that the next piece finds room."""

Work = Callable[[threading.Event], Iterator[bytes]]
"""Makes an answer, piece by piece, and ends early when its event is set. Runs in a thread."""


class Refused(Exception):
    """A call is not answered; the text is one line that says why, and what would be."""

    def __init__(self, status: int, text: str, code: str | None = None, param: str | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.param = param

    def answer(self) -> Response:
        """As a client reads it."""
        return problem(self.status, str(self), self.code, self.param)


class Calls:
    """All that are under way. To be used in one event loop."""

    def __init__(self, most: int, metrics: Metrics) -> None:
        """``most``: at once; one more is refused."""
        self._most = most
        self._metrics = metrics
        self._running: set[threading.Event] = set()
        self._none = asyncio.Event()
        self._none.set()
        self._ending = False
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="api")

    def begin(self) -> threading.Event:
        """One more; the event ends it. Raises Refused. Give it to ``end`` afterwards."""
        if self._ending:
            raise Refused(503, "the server is ending; try again in a moment")
        if len(self._running) >= self._most:
            self._metrics.refused("full")
            raise Refused(429, f"the server is busy: {self._most} of {self._most} calls are under way; try again later")
        self._running.add(cancelled := threading.Event())
        self._none.clear()
        return cancelled

    def end(self, cancelled: threading.Event) -> None:
        """It is over."""
        self._running.discard(cancelled)
        if not self._running:
            self._none.set()

    def work(self, work: Callable[[], None]) -> "asyncio.Future[None]":
        """In a thread."""
        return asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def close(self, seconds: float) -> None:
        """Let what runs end within ``seconds``, and end the rest then."""
        self._ending = True
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._none.wait()
        for cancelled in self._running:
            cancelled.set()
        await self._none.wait()
        self._threads.shutdown()


class Answer(Response):
    """Sends what a thread makes as it makes it.

    What is refused before the first piece is answered with its status. After that the status is gone: ``broken`` says
    what is sent then; without it the connection breaks, so that nobody takes the part for the whole.
    """

    def __init__(
        self,
        calls: Calls,
        work: Work,
        media_type: str,
        most_waiting: int | None = None,
        broken: Callable[[Refused], bytes] | None = None,
    ) -> None:
        """``most_waiting``: pieces that are made ahead of a client who reads slowly; None: all."""
        self.status_code = 200
        self.background = None
        self.body = b""
        self.media_type = media_type
        self.init_headers({"cache-control": "no-store"})
        del self.headers["content-length"]
        self._calls = calls
        self._work = work
        self._most_waiting = most_waiting
        self._broken = broken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        try:
            cancelled = self._calls.begin()
        except Refused as refused:
            await refused.answer()(scope, receive, send)
            return
        pieces = _Pieces(self._most_waiting)
        making = self._calls.work(lambda: pieces.make(self._work, cancelled))
        gone = asyncio.create_task(_until_gone(receive))
        gone.add_done_callback(lambda _: cancelled.set())
        try:
            await self._send_all(pieces, cancelled, scope, receive, send)
        finally:
            cancelled.set()
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.shield(making)
            self._calls.end(cancelled)

    async def _send_all(
        self, pieces: "_Pieces", cancelled: threading.Event, scope: Scope, receive: Receive, send: Send
    ) -> None:
        async def give(body: bytes, more: bool = True) -> None:
            async with asyncio.timeout(SEND_SECONDS):
                await send({"type": "http.response.body", "body": body, "more_body": more})

        ending, begun = Refused(503, "the server is ending; try again in a moment"), False
        try:
            while (piece := await pieces.next()) is not None:
                if not begun:
                    await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                begun = True
                await give(piece)
            if cancelled.is_set():
                raise ending
            await give(b"", more=False)
        except TimeoutError:
            log.info("what was sent is not read")
        except Refused as refused:
            if not begun:
                await refused.answer()(scope, receive, send)
            elif self._broken is not None:
                await give(self._broken(refused))
                await give(b"", more=False)


class _Pieces:
    """From the thread that makes them to the event loop that sends them."""

    def __init__(self, most: int | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._most = most
        self._changed = threading.Condition()
        self._waiting: deque[bytes | Refused | None] = deque()
        self._came = asyncio.Event()

    def make(self, work: Work, cancelled: threading.Event) -> None:
        """All of them. In the thread."""
        last: Refused | None = None
        made = work(cancelled)
        try:
            for piece in made:
                with self._changed:
                    while self._most is not None and len(self._waiting) >= self._most and not cancelled.is_set():
                        self._changed.wait(0.1)
                if cancelled.is_set():
                    break
                self._put(piece)
        except Refused as refused:
            last = refused
        except SpeakStreamError as error:
            log.warning("a call failed", exc_info=True)
            last = Refused(500, str(error))
        except Exception:
            log.exception("a call failed")
            last = Refused(500, "something went wrong here; the server's log says what")
        finally:
            made.close()  # type: ignore[attr-defined]  # a generator
            self._put(last)
            self._put(None)

    def _put(self, piece: bytes | Refused | None) -> None:
        with self._changed:
            self._waiting.append(piece)
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._came.set)

    async def next(self) -> bytes | None:
        """The next; None: there is none. Raises Refused."""
        while True:
            with self._changed:
                if self._waiting:
                    piece = self._waiting.popleft()
                    self._changed.notify_all()
                    break
                self._came.clear()
            await self._came.wait()
        if isinstance(piece, Refused):
            raise piece
        return piece


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def asked(request: Request) -> dict[str, Any]:
    """The JSON object that a request is. Raises Refused."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, "send JSON, with the header Content-Type: application/json")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > MAX_BODY:
                    raise Refused(413, f"a request has at most {MAX_BODY} bytes")
    except TimeoutError as error:
        raise Refused(408, f"the request did not come within {BODY_SECONDS:.0f} seconds") from error
    except ClientDisconnect as error:
        raise Refused(400, "the request ended too soon") from error
    try:
        read = json.loads(bytes(body))
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"the request is no JSON: {str(error)[:100]}") from error
    if not isinstance(read, dict):
        raise Refused(400, "the request is no JSON object")
    return read
