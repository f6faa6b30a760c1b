"""The player by itself, sample by sample: with an audio worklet, and without one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.browser.conftest import Visit
from tests.browser.page import Client, Samples
from tests.browser.test_player import without_worklet
from tests.server.serving import Served

RATE = 24_000
SECOND = RATE

FADE = 128
"""Samples at the beginning of a sound, at most, that are not as loud as they were."""

TOOLS = """
window.told = [];
for (const name of ["started", "underrun", "ended"]) speakstream.player.addEventListener(name, () => told.push(name));
const noise = (at) => ((31 * at * at + 7919 * at) % 1000003) % 20011 - 10000;
window.push = (speech, first, end) => {
  const pcm = Int16Array.from({ length: end - first }, (_, at) => noise(first + at));
  speakstream.player.push({ speech, first, pcm });
};
speakstream.player.volume = 1;
speakstream.player.unlock();
"""

Alone = Callable[[], Client]


def noise(first: int, end: int) -> Samples:
    """What ``push`` pushes: no part of it is like another one."""
    at = np.arange(first, end)
    return (((31 * at * at + 7919 * at) % 1000003 % 20011 - 10000) / 32768).astype(np.float32)


@pytest.fixture(params=["worklet", "scheduled"])
def alone(request: pytest.FixtureRequest, scripted: Served, visit: Visit) -> Alone:
    """A page with a player that is listened to, and nothing that uses it."""

    def opened() -> Client:
        client = visit(f"{scripted.url}/static/audio-debug.html")
        if request.param == "scheduled":
            without_worklet(client)
        client.page.evaluate(TOOLS)
        client.wait("speakstream.player.unlocked && ear.context !== null")
        client.wait(f"speakstream.player.way === '{request.param}'")
        return client

    return opened


def do(client: Client, *steps: str) -> None:
    client.page.evaluate(
        "".join(f"{'' if step.startswith('push') else 'speakstream.player.'}{step};" for step in steps)
    )


def told(client: Client) -> list[str]:
    found: list[str] = client.page.evaluate("told")
    return found


def report(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.page.evaluate("speakstream.player.report()")
    return found


def ended(client: Client) -> Samples:
    """What was heard of a speech, once it is over."""
    client.wait("told.includes('ended')")
    client.quiet()
    return client.sound().samples


def places(heard: Samples, wanted: Samples) -> list[int]:
    """Where ``wanted`` is in what was heard, exactly as it was."""
    close = np.abs(heard[: len(heard) - len(wanted) + 1] - wanted[0]) < 1e-3
    return [int(at) for at in np.flatnonzero(close) if np.allclose(heard[at : at + len(wanted)], wanted, atol=1e-3)]


def test_every_sample_is_heard_once_and_in_its_place(alone: Alone) -> None:
    client = alone()
    do(
        client,
        f"begin(2, {RATE})",
        "push(2, 0, 5000)",
        "push(1, 5000, 9000)",
        "push(2, 4000, 9000)",
        "push(2, 0, 5000)",
    )
    do(client, f"push(2, 9000, {SECOND})", "end(1, 9000)", f"end(2, {SECOND})")
    heard = ended(client)
    (at,) = places(heard, noise(FADE, SECOND))
    assert at >= FADE and not heard[: at - FADE].any() and not heard[at + SECOND - FADE :].any()
    assert told(client) == ["started", "ended"]
    assert report(client)["position"] == SECOND
    assert report(client)["underruns"] == 0


def test_a_part_that_never_came_is_silence_and_the_rest_keeps_its_time(alone: Alone) -> None:
    client = alone()
    do(client, f"begin(1, {RATE})", "push(1, 0, 6000)", "push(1, 8000, 14000)", "end(1, 14000)")
    heard = ended(client)
    (at,) = places(heard, np.concatenate([noise(FADE, 6000), np.zeros(2000, np.float32), noise(8000, 14000)]))
    assert at >= FADE
    assert report(client)["position"] == 14000


def test_a_speech_that_runs_dry_goes_on_where_it_was_and_the_gap_is_counted(alone: Alone) -> None:
    client = alone()
    do(client, f"begin(1, {RATE})", f"push(1, 0, {SECOND // 2})")
    client.wait("speakstream.player.report().starved")
    assert report(client)["underruns"] == 0, "it may have been the end"
    target = report(client)["target"]
    assert target > 0.04, "nothing was learnt from it"
    do(client, f"push(1, {SECOND // 2}, {SECOND})", f"end(1, {SECOND})")
    heard = ended(client)
    (first,) = places(heard, noise(FADE, SECOND // 2))
    (second,) = places(heard, noise(SECOND // 2 + FADE, SECOND))
    assert second > first + SECOND // 2, "there was no gap"
    assert told(client) == ["started", "underrun", "ended"]
    assert (report(client)["underruns"], report(client)["position"]) == (1, SECOND)


def test_a_speech_whose_end_is_told_late_has_no_gap(alone: Alone) -> None:
    client = alone()
    do(client, f"begin(1, {RATE})", "push(1, 0, 6000)")
    client.wait("speakstream.player.report().starved")
    do(client, "end(1, 6000)")
    assert len(places(ended(client), noise(FADE, 6000))) == 1
    assert told(client) == ["started", "ended"]
    assert report(client)["position"] == 6000


def test_a_pause_holds_the_place_and_no_sample_is_missing_afterwards(alone: Alone) -> None:
    client = alone()
    do(client, f"begin(1, {RATE})", f"push(1, 0, {2 * SECOND})", f"end(1, {2 * SECOND})")
    client.wait("speakstream.player.position() > 6000")
    do(client, "pause()")
    client.quiet(0.5)
    held = report(client)["position"]
    client.quiet(1.0)
    assert (report(client)["position"], report(client)["paused"]) == (held, True)
    assert report(client)["buffered"] == pytest.approx(2 - held / RATE)
    before = client.sound().samples
    assert len(places(before, noise(FADE, held - FADE))) == 1
    do(client, "resume()")
    heard = ended(client)
    assert len(places(heard, noise(held + FADE, 2 * SECOND))) == 1
    assert told(client) == ["started", "ended"]
    assert (report(client)["underruns"], report(client)["position"]) == (0, 2 * SECOND)


def test_silence_is_for_good(alone: Alone) -> None:
    client = alone()
    do(client, f"begin(3, {RATE})", f"push(3, 0, {2 * SECOND})", "silence(2)")
    client.wait("speakstream.player.position() > 6000")
    do(client, "silence(3)")
    stopped = report(client)["position"]
    do(client, f"push(3, {2 * SECOND}, {3 * SECOND})", f"end(3, {3 * SECOND})", "pause()", "resume()")
    client.quiet(1.0)
    found = report(client)
    assert (found["position"], found["buffered"], found["sounding"]) == (stopped, 0, False)
    assert told(client) == ["started"]
    sound = client.sound()
    assert stopped <= sound.last - sound.first < 2 * SECOND
    do(client, f"begin(4, {RATE})", "push(4, 0, 6000)", "end(4, 6000)")
    assert len(places(ended(client), noise(FADE, 6000))) > 0, "nor is anything heard of the next one"


def test_a_new_speech_takes_the_place_of_another(alone: Alone) -> None:
    client = alone()
    do(client, f"begin(1, {RATE})", f"push(1, 0, {2 * SECOND})")
    client.wait("speakstream.player.position() > 12000")
    do(client, f"begin(2, {RATE})", "push(1, 0, 9000)", "push(2, 50000, 50000)", "push(2, 0, 9000)", "end(2, 9000)")
    heard = ended(client)
    assert len(places(heard, noise(FADE, 9000))) == 2
    assert not places(heard, noise(2 * SECOND - 1000, 2 * SECOND)), "the rest of the first one was heard"
    assert told(client) == ["started", "started", "ended"]
    assert report(client)["position"] == 9000


def test_what_begins_held_waits_and_what_is_mute_takes_its_time(alone: Alone) -> None:
    client = alone()
    do(client, f"begin(1, {RATE}, true)", "push(1, 0, 9000)", "end(1, 9000)", "muted = true")
    client.quiet(1.0)
    assert (report(client)["position"], told(client)) == (0, [])
    do(client, "resume()")
    client.wait("told.includes('ended')")
    assert report(client)["position"] == 9000
    client.quiet()
    assert not np.any(np.abs(client.sound().samples) > 1e-4)


def test_a_speech_without_sound_ends_at_once(alone: Alone) -> None:
    client = alone()
    do(client, f"begin(1, {RATE})", "end(1, 0)")
    assert told(client) == ["ended"]
