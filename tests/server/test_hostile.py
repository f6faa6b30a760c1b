"""A hundred connections that mean harm: an honest client is answered as if it were alone; nothing is left of them."""

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosedError

from speakstream.server.wire import FULL, Bye, encode
from tests.program import PATIENCE, Running
from tests.rig.sound import poll
from tests.server.hostile_client import BINARY, Attacker
from tests.server.listener import Listener, Turn
from tests.server.scripted_server import REPLIES
from tests.server.serving import SCRIPTED, Served

COUNT = 100

TURNS = 8

MUCH = 64_000_000
"""Bytes; what the sockets of two systems hold back is less."""

GROWTH = 24_000_000
"""Bytes that memory may be larger by in the second half of the attack than in the first: both do the same."""


class Attack(Running):
    """A hundred of them, in a process of their own."""

    def __init__(self, folder: Path, server: Served, asks: bool) -> None:
        """``asks``: some of them ask for replies, too."""
        root = str(Path(__file__).parents[2])
        command = [sys.executable, "-m", "tests.server.hostile_client"]
        super().__init__(
            folder,
            [str(server.port), "--count", str(COUNT), *(["--asks"] if asks else [])],
            {"PYTHONPATH": root},
            command,
        )


async def honest(server: Served, folder: Path) -> tuple[list[Turn], list[int]]:
    """The turns of a client beside the attack, and the server's memory after each."""
    turns, memory = [], []
    async with Listener(server.url) as client:
        await client.ask("short")
        with Attack(folder, server, asks=True) as attack:
            await asyncio.to_thread(attack.wait_for, b"attacking")
            for number in range(TURNS):
                turns.append(await client.ask("alphabet" if number % 4 == 3 else "short"))
                memory.append(server.resident())
        await client.leave()
    return turns, memory


def open_files(server: Served) -> int:
    """Descriptors of the server."""
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def test_a_hundred_hostile_connections_take_nothing_from_an_honest_one(tmp_path: Path) -> None:
    with Served(tmp_path, command=SCRIPTED, env={"HASTY": "1"}) as server:
        files = open_files(server)
        turns, memory = asyncio.run(honest(server, tmp_path))

        for number, turn in enumerate(turns):
            wanted = "".join(REPLIES["alphabet" if number % 4 == 3 else "short"])
            assert (turn.text, turn.errors) == (wanted, [])
            assert turn.ended is not None and turn.ended["reason"] == "finished"
            assert turn.played is not None and turn.played.received > 0

        half = TURNS // 2
        assert max(memory[half:]) - max(memory[:half]) < GROWTH, memory
        assert poll(lambda: server.gauge("speakstream_sessions") == 0, PATIENCE), "seats of theirs are still held"
        assert server.gauge("speakstream_queue") == 0
        assert poll(lambda: open_files(server) <= files + 2, PATIENCE), "connections of theirs are still open"
        server.process.terminate()
        _, _, told = server.finish()
    assert b"Traceback" not in told, told.decode()[-3000:]
    assert b"PWNED" not in told and len(told) < 20_000, "who attacks fills the log"


def test_who_sends_on_after_the_end_is_cut_off(tmp_path: Path) -> None:
    async def sends_on(port: int) -> int:
        one = Attacker(port, asks=False)
        await one.enter()
        await one.say(encode(Bye()))
        sent = 0
        with suppress(ConnectionError):
            while sent < MUCH:
                await one.say(bytes(1_000_000 // 16), BINARY)
                sent += 1_000_000 // 16
        one.close()
        return sent

    with Served(tmp_path, command=SCRIPTED) as server:
        assert asyncio.run(sends_on(server.port)) < MUCH


def test_when_all_seats_are_taken_who_comes_next_is_told_so_and_gets_the_first_that_is_free(tmp_path: Path) -> None:
    async def visits(url: str) -> None:
        async with Listener(url) as first, Listener(url) as second:
            with pytest.raises(ConnectionError, match="busy: 2 of 2"):
                await Listener(url).__aenter__()
            await first.leave()
            async with asyncio.timeout(PATIENCE):
                while not await comes_in(url):
                    pass
            assert (await second.ask("short")).text

    async def comes_in(url: str) -> bool:
        try:
            async with Listener(url) as third:
                return (await third.ask("short")).text != ""
        except (ConnectionError, ConnectionClosedError) as error:
            assert "busy" in str(error) or f"{FULL}" in str(error)
            return False

    with Served(tmp_path, command=SCRIPTED, env={"SPEAKSTREAM_MAX_SESSIONS": "2"}) as server:
        asyncio.run(visits(server.url))
