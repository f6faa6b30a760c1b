"""Many people at once on one server: listeners that hear in real time, and a hundred connections that mean harm."""

import asyncio
import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks.choices import Choices
from benchmarks.memory import rollup
from benchmarks.prompts import CHAT
from tests.server.listener import Listener, Turn
from tests.server.serving import Served
from tests.server.test_hostile import COUNT, Attack

SAMPLE_SECONDS = 0.5

HEARD_SECONDS = 1.5
"""Of a reply that is asked for beside the attack; then it is stopped."""

THINKING_SECONDS = 0.5


def talk(choices: Choices, server: Served, people: int, seconds: float) -> dict[str, Any]:
    """So many people who ask again as soon as they have heard a reply, for so long; then all of them are stopped."""
    choices.progress(f"{people} who talk at once, {seconds:.0f} s")
    return asyncio.run(_talk(server, people, seconds))


async def _talk(server: Served, people: int, seconds: float) -> dict[str, Any]:
    before, _ = rollup(server.process.pid)
    begun = time.monotonic()
    watching = asyncio.create_task(_memory(server))
    found = await asyncio.gather(*(_person(server, number, begun + seconds) for number in range(people)))
    took = time.monotonic() - begun
    watching.cancel()
    memory = await watching
    turns = [turn for one in found for turn in one["turns"]]
    return {
        "people": people,
        "seconds": took,
        "at_once": at_once([turn["talk"] for turn in turns if turn["talk"] is not None]),
        "first_audio": [turn["first_audio"] for turn in turns],
        "first_turn": [one["turns"][0]["first_audio"] for one in found],
        "tokens": sum(turn["tokens"] for turn in turns),
        "underruns": sum(one["underruns"] for one in found),
        "without_underruns": sum(not one["underruns"] for one in found),
        "pss_before": before,
        "pss": max(memory, default=before),
        "sound_bytes": sum(one["sound_bytes"] for one in found),
        "frame_bytes": sum(one["frame_bytes"] for one in found),
        "all_bytes": sum(one["all_bytes"] for one in found),
    }


async def _memory(server: Served) -> list[int]:
    """PSS of the server, again and again, until it is cancelled."""
    samples: list[int] = []
    try:
        while True:
            samples.append((await asyncio.to_thread(rollup, server.process.pid))[0])
            await asyncio.sleep(SAMPLE_SECONDS)
    except asyncio.CancelledError:
        return samples


async def _person(server: Served, number: int, until: float) -> dict[str, Any]:
    turns: list[dict[str, Any]] = []
    async with Listener(server.url) as one:
        for prompt in cycle(CHAT[number:] + CHAT[:number]):
            if time.monotonic() > until - 1.0 and turns:
                break
            turns.append(_row(await one.ask(prompt, until=until)))
        await one.leave()
    return {
        "turns": turns,
        "underruns": one.underruns,
        "sound_bytes": one.sound_bytes,
        "frame_bytes": one.frame_bytes,
        "all_bytes": one.all_bytes,
    }


def _row(turn: Turn) -> dict[str, Any]:
    if turn.errors:
        raise RuntimeError(f"the server says: {turn.errors[0]}")
    first = None if turn.first_sound is None else turn.first_sound - turn.asked
    talk = None if turn.first_sound is None or turn.done is None else (turn.first_sound, turn.done)
    return {"first_audio": first, "tokens": turn.tokens, "talk": talk}


def at_once(talks: Sequence[tuple[float, float]]) -> int:
    """How many of these, each with its begin and end, went on at the same time at most."""
    return max((sum(begin <= moment < end for begin, end in talks) for moment, _ in talks), default=0)


def beside_attackers(choices: Choices, server: Served, folder: Path, turns: int) -> dict[str, Any]:
    """Seconds to the first audio of an honest client, alone and beside a hundred hostile connections; the memory.

    Once those do all but ask for replies, which are work like anybody's, and once some of them do that, too.
    """
    choices.progress(f"an honest client, alone and beside {COUNT} hostile ones: {turns} turns each")
    return asyncio.run(_beside(server, folder, turns))


async def _beside(server: Served, folder: Path, turns: int) -> dict[str, Any]:
    found: dict[str, Any] = {"alone": await _asks(server, turns), "rss_alone": server.resident()}
    for name, asks in (("beside", False), ("beside_asking", True)):
        async with Listener(server.url) as one:  # is let in before they come, as who talks already
            with Attack(folder, server, asks) as attack:
                await asyncio.to_thread(attack.wait_for, b"attacking")
                found[name] = await _asks_of(one, turns)
                found[f"rss_{name}"] = server.resident()
            await one.leave()
    return found


async def _asks(server: Served, turns: int) -> list[float | None]:
    async with Listener(server.url) as one:
        found = await _asks_of(one, turns)
        await one.leave()
    return found


async def _asks_of(one: Listener, turns: int) -> list[float | None]:
    """Of a new conversation: one that is longer takes longer to answer."""
    found = []
    for prompt in CHAT[:turns]:
        await asyncio.sleep(THINKING_SECONDS)
        found.append(_row(await one.ask(prompt, HEARD_SECONDS))["first_audio"])
    return found
