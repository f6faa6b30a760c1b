"""A bad network: a TCP proxy on the way to a server, which delays, slows down, cuts, and counts."""

import asyncio
import random
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

CHUNK = 16 * 1024

HELD = 64
"""Chunks; more, and the server has to wait, as with any network."""


@dataclass(slots=True)
class Weather:
    """How the network is at this moment; may be changed at any time."""

    jitter: float = 0.0
    """Seconds: what comes from the server is held for a time from 0 to this one; it stays in order, and whole."""
    rate: float = 0.0
    """Bytes a second from the server; 0: as fast as it can."""
    down: bool = False
    """Connections are refused at once."""


class Proxy:
    """Runs in a thread of its own while the ``with`` block lasts."""

    def __init__(self, port: int, seed: str = "weather") -> None:
        """``port``: of the server, at 127.0.0.1; it may be another one later: ``target``."""
        self.target = port
        self.weather = Weather()
        self.port = 0
        self.received = 0
        """Bytes from the server so far."""
        self._chance = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proxy")

    def __enter__(self) -> Self:
        self._thread.start()
        self._begun.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join()

    @property
    def url(self) -> str:
        """Where a browser goes."""
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Break all connections, as a network that goes away does: neither side closes its web socket."""
        self._call(self._cut)

    def go_down(self) -> None:
        """Break all connections, and refuse others."""
        self.weather.down = True
        self.cut()

    def come_up(self) -> None:
        """Let others through again."""
        self.weather.down = False

    def _call(self, work: Callable[[], None]) -> None:
        done = threading.Event()

        def run() -> None:
            work()
            done.set()

        self._loop.call_soon_threadsafe(run)
        done.wait()

    def _cut(self) -> None:
        for writer in self._writers:
            raw: socket.socket = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, and no good-bye
            writer.transport.abort()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._ending = asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._begun.set()
        await self._ending.wait()
        server.close()
        self._cut()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.weather.down:
            writer.transport.abort()
            return
        try:
            to_server = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, to_server[1]}
        try:
            await asyncio.gather(self._pass(reader, to_server[1]), self._hold(to_server[0], writer))
        except (ConnectionError, asyncio.CancelledError):
            pass  # one side has gone, or the test is over
        finally:
            for one in (writer, to_server[1]):
                self._writers.discard(one)
                one.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """From the server to the client, as the weather is."""
        held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(HELD)

        async def deliver() -> None:
            while True:
                due, data = await held.get()
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                if self.weather.rate:
                    await asyncio.sleep(len(data) / self.weather.rate)
                writer.write(data)
                await writer.drain()
                held.task_done()

        delivering = asyncio.create_task(deliver())
        try:
            while data := await reader.read(CHUNK):
                self.received += len(data)
                await held.put((self._loop.time() + self._chance.uniform(0.0, self.weather.jitter), data))
            await held.join()
            writer.write_eof()
        finally:
            delivering.cancel()
