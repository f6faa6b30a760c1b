"""What waits to be sent: in order, put together, bounded. No server."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from speakstream.server import outbox as outboxes
from speakstream.server import wire
from speakstream.server.outbox import Close, Frame, Outbox
from speakstream.server.wire import TOO_SLOW


def run(work: Callable[[Outbox], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await work(Outbox())

    asyncio.run(bounded())


async def taken(outbox: Outbox) -> Any:
    """The next message, as an object; sound and closes as they are."""
    one = await outbox.take()
    return json.loads(one.data) if isinstance(one, Frame) and isinstance(one.data, str) else one


def grown(text: str) -> wire.Text:
    return wire.Text(1, text, 0, [])


def test_messages_and_sound_come_in_the_order_in_which_they_were_put() -> None:
    async def work(outbox: Outbox) -> None:
        outbox.put(wire.Pong(1))
        outbox.sound(Frame(b"12", 2, 1))
        outbox.later("text", lambda: grown("a"))
        outbox.put(wire.Pong(2))
        assert (await taken(outbox))["id"] == 1
        assert await taken(outbox) == Frame(b"12", 2, 1)
        assert (await taken(outbox))["delta"] == "a"
        assert (await taken(outbox))["id"] == 2

    run(work)


def test_what_grows_is_made_once_when_its_turn_comes() -> None:
    async def work(outbox: Outbox) -> None:
        made = []

        def make() -> wire.Text:
            made.append(1)
            return grown(str(len(made)))

        for _ in range(100):
            outbox.later("text", make)
        assert made == []
        assert (await taken(outbox))["delta"] == "1"
        outbox.later("text", make)
        assert (await taken(outbox))["delta"] == "2"

    run(work)


def test_texts_alone_wait_for_each_other_and_not_for_what_comes_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outboxes, "TEXT_SECONDS", 1000.0)

    async def work(outbox: Outbox) -> None:
        outbox.later("text", lambda: grown("first"))
        assert (await taken(outbox))["delta"] == "first", "the first one at once"
        outbox.later("text", lambda: grown("second"))
        waiting = asyncio.create_task(taken(outbox))
        await asyncio.sleep(0)
        assert not waiting.done()
        outbox.put(wire.Pong(1))
        assert (await waiting)["delta"] == "second", "before what may need it"
        assert (await taken(outbox))["id"] == 1

    run(work)


def test_what_has_nothing_to_tell_any_more_is_left_out() -> None:
    async def work(outbox: Outbox) -> None:
        outbox.later("text", lambda: None)
        outbox.put(wire.Pong(1))
        assert (await taken(outbox))["id"] == 1

    run(work)


def test_it_can_be_filled_by_another_thread_while_it_is_waited_for() -> None:
    async def work(outbox: Outbox) -> None:
        def fill() -> None:
            for number in range(500):
                outbox.put(wire.Pong(number))

        filling = threading.Thread(target=fill)
        waiting = asyncio.create_task(taken(outbox))
        await asyncio.sleep(0)
        filling.start()
        assert (await waiting)["id"] == 0
        for number in range(1, 500):
            assert (await taken(outbox))["id"] == number
        filling.join()

    run(work)


def test_sound_of_a_speech_that_was_cut_is_not_sent() -> None:
    async def work(outbox: Outbox) -> None:
        for speech in (1, 2, 3):
            outbox.sound(Frame(b"..", 2, speech))
        outbox.put(wire.Pong(1))
        outbox.drop_sound(2)
        one = await taken(outbox)
        assert one.speech == 3
        assert (await taken(outbox))["id"] == 1

    run(work)


@pytest.mark.parametrize(("count", "size"), [(outboxes.PENDING + 1, 1), (5, outboxes.PENDING_BYTES // 4)])
def test_a_client_that_does_not_read_is_closed_and_holds_no_memory(count: int, size: int) -> None:
    async def work(outbox: Outbox) -> None:
        for _ in range(count):
            outbox.put(wire.Notice("x" * size))
        assert outbox._closed
        for _ in range(10_000):
            outbox.put(wire.Notice("x" * 1000))
            outbox.later("text", lambda: grown(""))
        assert len(outbox._waiting) == 1
        assert await taken(outbox) == Close(TOO_SLOW, "what was sent is not read")

    run(work)


def test_as_much_as_one_message_is_always_sent_and_sound_and_texts_do_not_count() -> None:
    async def work(outbox: Outbox) -> None:
        for _ in range(2 * outboxes.PENDING):
            outbox.sound(Frame(b"..", 2, 1))
            outbox.later("text", lambda: grown(""))
        outbox.put(wire.Notice("x" * 2 * outboxes.PENDING_BYTES))
        for _ in range(2 * outboxes.PENDING):
            one = await outbox.take()
            assert isinstance(one, Frame)
        assert not outbox._closed

    run(work)


def test_what_was_read_makes_room() -> None:
    async def work(outbox: Outbox) -> None:
        for _ in range(5 * outboxes.PENDING):
            outbox.put(wire.Pong(1))
            assert (await taken(outbox))["id"] == 1

    run(work)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_close_comes_at_once_or_after_what_waits(at_once: bool) -> None:
    async def work(outbox: Outbox) -> None:
        outbox.put(wire.Pong(1))
        outbox.close(1012, "why", at_once)
        outbox.put(wire.Pong(2))
        if not at_once:
            assert (await taken(outbox))["id"] == 1
        assert await taken(outbox) == Close(1012, "why")

    run(work)


def test_half_of_a_surrogate_pair_can_be_sent() -> None:
    async def work(outbox: Outbox) -> None:
        outbox.put(wire.Notice("a \ud800 b"))
        assert (await taken(outbox))["text"] == "a ? b"

    run(work)


def test_it_may_be_put_into_after_the_loop_has_ended() -> None:
    kept: list[Outbox] = []

    async def work(outbox: Outbox) -> None:
        kept.append(outbox)

    run(work)
    kept[0].put(wire.Pong(1))


@pytest.mark.parametrize(("length", "size"), [(10, 12), (125, 127), (126, 130), (65535, 65539), (65536, 65546)])
def test_the_size_of_a_frame_is_that_on_the_wire(length: int, size: int) -> None:
    assert Frame(b"x" * length).size == size
    assert Frame("x" * length).size == size
