"""Connections that mean harm, until this is ended: ``python -m tests.server.hostile_client PORT --count 100``.

Each does one thing, over and over: the functions below ``ATTACKS``. Prints "attacking" when each of them has begun.
"""

import argparse
import asyncio
import base64
import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path

from speakstream.server.wire import MAX_MESSAGE_BYTES, Ask, Hello, Kept, Ping, Typing, encode

PAUSE_SECONDS = 0.5
"""Before it comes again, when the server has got rid of it."""

TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9


class Attacker:
    """One connection, by hand: no library would do what it does."""

    def __init__(self, port: int, asks: bool) -> None:
        self.port = port
        self.asks = asks
        self.begun = asyncio.Event()

    async def connect(self, receive_buffer: int | None = None) -> None:
        """Only TCP."""
        raw = socket.socket()
        raw.setblocking(False)
        if receive_buffer is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", self.port))
        self.reader, self.writer = await asyncio.open_connection(sock=raw, limit=1024)
        self.begun.set()

    def request(self, origin: str = "", host: str = "", more: str = "") -> bytes:
        """What opens a web socket."""
        here = f"127.0.0.1:{self.port}"
        key = base64.b64encode(os.urandom(16)).decode()
        return (
            f"GET /ws HTTP/1.1\r\nHost: {host or here}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nOrigin: {origin or f'http://{here}'}\r\n{more}\r\n"
        ).encode()

    async def open(self, receive_buffer: int | None = None) -> None:
        """A web socket, as an honest client has it."""
        await self.connect(receive_buffer)
        await self.send(self.request())
        answer = await self.reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in answer:
            raise ConnectionError(answer.decode())

    async def enter(self, receive_buffer: int | None = None, hello: Hello | None = None) -> None:
        """A session, as an honest client has it."""
        await self.open(receive_buffer)
        await self.say(encode(hello or Hello()))

    async def send(self, data: bytes) -> None:
        """Bytes, as they are."""
        self.writer.write(data)
        await self.writer.drain()
        await asyncio.sleep(0)  # the others have their turn: ``drain`` alone waits for nobody

    async def say(self, text: str | bytes, opcode: int = TEXT) -> None:
        """One frame."""
        await self.send(frame(text.encode() if isinstance(text, str) else text, opcode))

    async def ask(self) -> None:
        """For a reply that takes long, if it is to."""
        if self.asks:
            await self.say(encode(Ask("Tell me something long")))

    async def read_on(self) -> None:
        """Read until the server ends it."""
        while await self.reader.read(4096):
            pass

    def close(self, reset: bool = False) -> None:
        """Without a good-bye."""
        if reset:
            raw = self.writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


def frame(data: bytes, opcode: int = TEXT, last: bool = True, masked: bool = True, length: int | None = None) -> bytes:
    """A web socket's frame; ``length``: the one it says it has."""
    size = len(data) if length is None else length
    head = bytes([opcode | (0x80 if last else 0)])
    mark = 0x80 if masked else 0
    if size < 126:
        head += bytes([mark | size])
    elif size < 65536:
        head += bytes([mark | 126]) + struct.pack(">H", size)
    else:
        head += bytes([mark | 127]) + struct.pack(">Q", size)
    if not masked:
        return head + data
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))


# -- what they do ----------------------------------------------------------------------------------------------


async def says_nothing(one: Attacker) -> None:
    """Connects."""
    await one.connect()
    await one.read_on()


async def never_finishes_its_request(one: Attacker) -> None:
    """A header that goes on and on, a little at a time."""
    await one.connect()
    await one.send(b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    while not one.reader.at_eof():
        await one.send(b"X-More: 1\r\n")
        await asyncio.sleep(1.0)


async def never_says_hello(one: Attacker) -> None:
    """A web socket of which nothing comes."""
    await one.open()
    await one.read_on()


async def never_reads(one: Attacker) -> None:
    """Has much sent to it, and reads none of it."""
    kept = tuple(Kept("assistant", "All of this comes back. " * 500) for _ in range(4))
    await one.enter(2048, Hello(restore=kept))
    await one.ask()
    while True:
        await one.say(encode(Ping(1)))
        await asyncio.sleep(0.05)


async def sends_too_much(one: Attacker) -> None:
    """A message a little longer than allowed."""
    await one.enter()
    await one.say(json.dumps({"type": "ask", "text": "x" * MAX_MESSAGE_BYTES}))
    await one.read_on()


async def promises_too_much(one: Attacker) -> None:
    """A frame that says it has 4 EB, and of which a little comes now and then."""
    await one.enter()
    await one.send(frame(b"x" * 100, length=1 << 62))
    while not one.reader.at_eof():
        await one.send(b"x" * 1000)
        await asyncio.sleep(0.1)


async def sends_a_message_without_end(one: Attacker) -> None:
    """Fragment after fragment."""
    await one.enter()
    await one.send(frame(b'{"type":"ask","text":"', last=False))
    while not one.reader.at_eof():
        await one.send(frame(b"x" * 1000, opcode=0, last=False))
        await asyncio.sleep(0.01)


async def comes_from_elsewhere(one: Attacker) -> None:
    """Another page, whose visitor's browser is made use of."""
    await one.connect()
    await one.send(one.request(origin="https://pwned.invalid"))
    await one.read_on()


async def hides_where_it_comes_from(one: Attacker) -> None:
    """A frame in a sandbox."""
    await one.connect()
    await one.send(one.request(origin="null"))
    await one.read_on()


async def rebinds_a_name(one: Attacker) -> None:
    """A name of its own that now leads here: Origin and Host are the same."""
    await one.connect()
    await one.send(one.request(origin="http://pwned.invalid", host="pwned.invalid"))
    await one.read_on()


async def sends_rubbish(one: Attacker) -> None:
    """Text that is no message, as fast as it goes."""
    await one.enter()
    for text in cycle(("{", "[]", '{"type":"no such"}', '{"type":"ask"}', "\x00" * 500, "[" * 5000, '"' * 3, "null")):
        await one.say(text)
        if one.reader.at_eof():
            return


async def sends_bytes(one: Attacker) -> None:
    """Binary frames, and no text."""
    await one.enter()
    while not one.reader.at_eof():
        await one.say(os.urandom(2000), BINARY)


async def breaks_the_protocol(one: Attacker) -> None:
    """Frames without a mask, with bits that are reserved, that are no UTF-8."""
    for wrong in (frame(b"{}", masked=False), frame(b"{}", 0x70 | TEXT), frame(b"\xff\xfe"), frame(b"x" * 200, PING)):
        await one.enter()
        await one.send(wrong)
        await one.read_on()
        one.close()


async def floods(one: Attacker) -> None:
    """Messages that are right, as fast as it goes."""
    await one.enter()
    for number in range(1_000_000):
        await one.say(encode(Typing("x" * (number % 1000))) if number % 2 else encode(Ping(number)))
        if one.reader.at_eof():
            return


async def comes_and_goes(one: Attacker) -> None:
    """Takes a seat, and is gone."""
    await one.enter()
    await one.ask()
    await one.reader.read(100)
    one.close(reset=True)


async def asks_for_what_is_not_there(one: Attacker) -> None:
    """Requests that are none, and files that are none of its business."""
    up = "GET /static/../../../etc/passwd", "GET /static/%2e%2e/%2e%2e/etc/passwd"
    for line in (*up, "POST /ws", "\x16\x03\x01 /"):
        await one.connect()
        await one.send(f"{line} HTTP/1.1\r\nHost: 127.0.0.1:{one.port}\r\n\r\n".encode())
        await one.reader.read(100)
        one.close()


ATTACKS: tuple[Callable[[Attacker], Awaitable[None]], ...] = (
    never_reads, says_nothing, never_finishes_its_request, never_says_hello, sends_too_much, promises_too_much,
    sends_a_message_without_end, comes_from_elsewhere, hides_where_it_comes_from, rebinds_a_name, sends_rubbish,
    sends_bytes, breaks_the_protocol, floods, comes_and_goes, asks_for_what_is_not_there,
)  # fmt: skip


async def again_and_again(one: Attacker, attack: Callable[[Attacker], Awaitable[None]]) -> None:
    """For ever."""
    while True:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await attack(one)
        if one.begun.is_set():
            one.close()
        await asyncio.sleep(PAUSE_SECONDS)


def give_way() -> None:
    """Use what the server leaves of the processors: who attacks has a machine of his own."""
    os.nice(19)
    group = Path("/proc/self/autogroup")  # Linux shares processors between terminal sessions first: sched(7)
    if group.exists():
        group.write_text("19", "ascii")


async def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--asks", action="store_true", help="some of them ask for replies, too")
    chosen = parser.parse_args()
    give_way()
    attackers = [Attacker(chosen.port, chosen.asks) for _ in range(chosen.count)]
    async with asyncio.TaskGroup() as group:
        for one, attack in zip(attackers, islice(cycle(ATTACKS), chosen.count), strict=True):
            group.create_task(again_and_again(one, attack))
        for one in attackers:
            await one.begun.wait()
        print("attacking", flush=True)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
