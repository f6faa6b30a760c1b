"""One WebSocket, from its accept to its close: hello, what is received, what is sent, and the limits on both."""

import asyncio
import logging
from contextlib import suppress
from typing import Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from speakstream.server import wire
from speakstream.server.bucket import Bucket
from speakstream.server.metrics import Metrics
from speakstream.server.outbox import Close, Frame, Outbox
from speakstream.server.seat import Seat
from speakstream.server.wire import FULL, IDLE, MAX_MESSAGE_BYTES, TAKEN_OVER, TOO_MANY, TOO_SLOW, WireError

log = logging.getLogger(__name__)

HELLO_SECONDS = 10.0
"""For the first message."""

SEND_SECONDS = 20.0
"""For a client to read so much that the next frame finds room."""

CLOSE_SECONDS = 1.0
"""For the close itself: it is not read either by a client that does not read."""

RATE, BURST = 60.0, 120.0
"""Messages a second that are read of a client, and how many at once. What it sends above that has to wait."""

FLOOD_SECONDS = 10.0
"""For which a client may send faster than that, without a pause, before it is no client."""

MALFORMED, MALFORMED_COST = 20, 15.0
"""Frames that are no messages before a client is no client, and as how many messages each of them counts."""

REFUSED = {FULL: "full", TOO_SLOW: "slow", TOO_MANY: "rate"}
"""Close codes that are counted, and as what."""

LEFT = (1000, 1001)
"""Codes with which a client closes for good. A lost connection has 1005 or 1006."""


class Full(Exception):
    """There is no seat; the text is a line for a person."""


class Seats(Protocol):
    """Where a visit finds its seat."""

    metrics: Metrics
    idle_timeout: float

    async def admit(self, hello: wire.Hello) -> tuple[Seat, bool]:
        """A seat, and whether it is the one that was asked for. Raises Full."""

    def left(self, seat: Seat, for_good: bool) -> None:
        """It has no connection any more; not ``for_good``: its client may come back."""


class Visit:
    """One of them."""

    def __init__(self, websocket: WebSocket, seats: Seats) -> None:
        self._socket = websocket
        self._seats = seats
        self._loop = asyncio.get_running_loop()
        self._outbox = Outbox()
        self._bucket = Bucket(RATE, BURST)
        self._malformed = 0
        self._in_time = self._loop.time()  # when it last sent no faster than it may
        self._active = self._loop.time()
        self._seat: Seat | None = None
        self._left = False  # the client is gone for good

    def end(self, code: int, reason: str) -> None:
        """Have it closed, after what waits was sent."""
        self._outbox.close(code, reason, at_once=False)

    async def run(self) -> None:
        """All of it, until one side ends it."""
        await self._socket.accept()
        tasks = [asyncio.create_task(work) for work in (self._attend(), self._deliver(), self._watch())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for result in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
                    log.error("a connection failed", exc_info=result)
            seat = self._seat
            if seat is not None and (seat.detach(self._outbox) or not seat.attached):
                self._seats.left(seat, self._left)

    # -- what is received ----------------------------------------------------------------------------------

    async def _attend(self) -> None:
        """Find the client's seat, and have done what it asks. Returns never: ``_deliver`` closes."""
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                hello = await self._hello()
            self._seat, resumed = await self._seats.admit(hello)
        except TimeoutError:
            self.end(1008, "no hello came")
        except WireError as error:
            self._outbox.put(wire.Error("hello", str(error)))
            self.end(1008, "the first message is hello")
        except Full as full:
            self._outbox.put(wire.Error("hello", str(full)))
            self.end(FULL, "as many sessions as may be")
        else:
            await self._attach(self._seat, hello, resumed)
            await self._receive(self._seat)
        await asyncio.Future()

    async def _hello(self) -> wire.Hello:
        """The first message. Raises WireError when it is something else."""
        message = wire.decode(await self._frame())
        if not isinstance(message, wire.Hello):
            raise WireError(f"the first message is hello, not {wire.type_of(type(message))}")
        if message.version != wire.VERSION:
            raise WireError(f"this server speaks version {wire.VERSION} of the protocol; reload the page")
        return message

    async def _attach(self, seat: Seat, hello: wire.Hello, resumed: bool) -> None:
        """Take the seat; a long conversation takes a moment to tell, which is not the event loop's."""
        attaching = asyncio.create_task(asyncio.to_thread(seat.attach, self._outbox, hello, resumed))
        try:
            before = await asyncio.shield(attaching)
        except asyncio.CancelledError:
            await attaching  # it can't be stopped, and must not come after ``detach``
            raise
        if before is not None:
            before.close(TAKEN_OVER, "the session goes on over another connection")

    async def _frame(self) -> str:
        """The next text frame. Raises WebSocketDisconnect; WireError for sound, of which a client sends none."""
        received = await self._socket.receive()
        if received["type"] == "websocket.disconnect":
            self._left = self._left or received.get("code") in LEFT
            raise WebSocketDisconnect(received.get("code") or 1005)
        text: str | None = received.get("text")
        if text is None:
            raise WireError("a client sends text frames")
        if len(text) > MAX_MESSAGE_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_MESSAGE_BYTES:
            self._outbox.close(1009, f"a message has at most {MAX_MESSAGE_BYTES} bytes")
            raise WireError(f"a message has at most {MAX_MESSAGE_BYTES} bytes")
        return text

    async def _receive(self, seat: Seat) -> None:
        """Until there is no more to be heard."""
        while not self._left:
            try:
                message = wire.decode(await self._frame())
            except WireError as error:
                self._malformed += 1
                self._outbox.put(wire.Error("frame", str(error)))
                message = None
            await self._slow_down(1.0 if message is not None else MALFORMED_COST)
            if self._malformed > MALFORMED or self._loop.time() - self._in_time > FLOOD_SECONDS:
                return self._outbox.close(TOO_MANY, "too many messages")
            if isinstance(message, wire.Bye):
                self._left = True
                self._outbox.close(1000)
            elif message is not None:
                if not isinstance(message, wire.Ping):
                    self._active = self._loop.time()
                seat.receive(message)

    async def _slow_down(self, tokens: float) -> None:
        """Read no faster than a client may send. What it sends meanwhile stays with it: its socket is full."""
        if late := self._bucket.owe(tokens):
            await asyncio.sleep(late)
        else:
            self._in_time = self._loop.time()

    async def _watch(self) -> None:
        """Until nothing came for long, and nothing goes on."""
        while (left := self._active + self._seats.idle_timeout - self._loop.time()) > 0:
            await asyncio.sleep(left)
            if self._seat is not None and self._seat.busy:
                self._active = self._loop.time()
        self._left = True
        self._outbox.close(IDLE, "nothing came for long")
        await asyncio.Future()

    # -- what is sent --------------------------------------------------------------------------------------

    async def _deliver(self) -> None:
        """Until the connection is closed."""
        speech = 0
        while True:
            one = await self._outbox.take()
            if isinstance(one, Close):
                return await self._close(one)
            try:
                await self._send(one)
            except TimeoutError:
                return await self._close(Close(TOO_SLOW, "what was sent is not read"))
            if one.speech > speech and self._seat is not None:
                speech = one.speech
                self._seat.sound_sent()
            self._seats.metrics.sent(one.sound, one.size)

    async def _send(self, frame: Frame) -> None:
        """Raises TimeoutError when it is not read, WebSocketDisconnect when nobody is there."""
        async with asyncio.timeout(SEND_SECONDS):
            if isinstance(frame.data, bytes):
                await self._socket.send_bytes(frame.data)
            else:
                await self._socket.send_text(frame.data)

    async def _close(self, close: Close) -> None:
        if why := REFUSED.get(close.code):
            self._seats.metrics.refused(why)
        if self._socket.application_state is WebSocketState.CONNECTED:
            with suppress(TimeoutError, WebSocketDisconnect):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._socket.close(close.code, close.reason)
