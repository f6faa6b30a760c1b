"""What a client is shown is what the reply is, however it grew and whenever it was asked. No server."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakstream import happenings
from speakstream.events import SegmentSpoken, SpokenWord
from speakstream.history import StoredMessage
from speakstream.server import wire
from speakstream.server.transcript import Transcript, shown
from speakstream.text.span import Span

REPLY = "Hi 🎉 *you*.\n\n- one\n- two 😀 `x`\n\n```python\nx = 1\n```\n\nThe | end\n--- | ---\n1 | 2\n"


def stored(id: int = 2, text: str = "", reason: str = "writing", role: Any = "assistant", **more: Any) -> StoredMessage:
    values = {"heard": None, "error": "", "model": "m", "voice": "v", "created": 1.0, "metrics": {}} | more
    return StoredMessage(id, 1, role, text, values.pop("heard"), reason, **values)


def whole(text: str) -> wire.ShownMessage:
    """A finished reply, as it is shown when its conversation is opened."""
    transcript = Transcript(10)
    transcript.show(1, [shown(stored(text=text, reason="finished"))], 0)
    return transcript.opened().messages[0]


class Client:
    """Puts together what it is told."""

    def __init__(self) -> None:
        self.text = ""
        self.blocks: list[Any] = []

    def take(self, told: wire.Text | None) -> None:
        if told is not None:
            self.text += told.delta
            self.blocks[told.first :] = told.blocks


@given(st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=40))
def test_a_reply_is_the_same_however_it_grew(steps: Sequence[tuple[int, bool]]) -> None:
    transcript, client, at = Transcript(10), Client(), 0
    transcript.add(1, stored())
    for size, told in steps:
        transcript.grow(2, REPLY[at : at + size])
        at += size
        if told:
            client.take(transcript.text(2))
    transcript.grow(2, REPLY[at:])
    transcript.end(stored(text=REPLY, reason="finished"))
    client.take(transcript.text(2))
    expected = whole(REPLY)
    assert (client.text, client.blocks) == (REPLY, list(expected.blocks))
    assert transcript.text(2) is None


def test_only_the_blocks_that_changed_are_told() -> None:
    transcript = Transcript(10)
    transcript.add(1, stored())
    transcript.grow(2, "One.\n\nTwo.\n\nThr")
    first = transcript.text(2)
    assert first is not None
    assert (first.first, len(first.blocks)) == (0, 3)
    transcript.grow(2, "ee.")
    second = transcript.text(2)
    assert second is not None
    assert (second.delta, second.first, len(second.blocks)) == ("ee.", 2, 1)


def test_who_comes_back_in_the_middle_is_told_all_and_then_only_what_is_new() -> None:
    transcript, client = Transcript(10), Client()
    transcript.add(1, stored())
    transcript.grow(2, REPLY[:30])
    transcript.text(2)
    transcript.grow(2, REPLY[30:40])
    snapshot = transcript.opened().messages[0]
    client.text, client.blocks = snapshot.text, list(snapshot.blocks)
    assert client.text == REPLY[:40]
    transcript.grow(2, REPLY[40:])
    transcript.end(stored(text=REPLY, reason="finished"))
    client.take(transcript.text(2))
    assert (client.text, client.blocks) == (REPLY, list(whole(REPLY).blocks))


def test_a_reply_that_ended_while_nobody_was_there_is_told_whole() -> None:
    transcript = Transcript(10)
    transcript.add(1, stored())
    transcript.grow(2, REPLY)
    transcript.end(stored(text=REPLY, reason="finished"))
    assert transcript.opened().messages[0] == whole(REPLY)


def test_places_are_told_in_utf16_and_taken_in_it() -> None:
    transcript = Transcript(10)
    transcript.show(1, [shown(stored(text="🎉 party", reason="interrupted", heard=3))], 0)
    assert transcript.opened().messages[0].heard == 4
    assert transcript.point(2, 3) == 2
    silent = transcript.silent(happenings.Silent(2, Span(2, 7), "code"))
    assert silent == wire.Silent(2, 3, 8, "code")
    assert transcript.silents() == [silent]
    assert transcript.silent(happenings.Silent(2, Span(2, 7), "code")) is None, "once is enough"
    segment = SegmentSpoken(Span(2, 7), "party", (SpokenWord(Span(2, 7), 0.1, 0.5),), 2.0, 0.6)
    assert transcript.segment(4, happenings.Spoken(2, segment)) == wire.Segment(4, 3, 8, 2.0, 2.6, ((3, 8, 2.1, 2.5),))


def test_the_newest_messages_are_shown_and_the_others_counted() -> None:
    transcript = Transcript(3)
    transcript.show(1, [shown(stored(id, "x", "finished")) for id in (1, 2, 3)], 7)
    transcript.add(1, stored(4, "prompt", "", "user"))
    opened = transcript.opened()
    assert [message.id for message in opened.messages] == [2, 3, 4]
    assert opened.older == 8
    assert 1 not in transcript


@pytest.mark.parametrize("call", ["grow", "text", "silent", "segment", "end"])
def test_what_happens_to_a_message_that_is_not_shown_any_more_is_not_told(call: str) -> None:
    transcript = Transcript(3)
    segment = SegmentSpoken(Span(0, 1), "x", (), 0.0, 0.1)
    calls: dict[str, Callable[[], object]] = {
        "grow": lambda: transcript.grow(9, "x"),
        "text": lambda: transcript.text(9),
        "silent": lambda: transcript.silent(happenings.Silent(9, Span(0, 1), "code")),
        "segment": lambda: transcript.segment(1, happenings.Spoken(9, segment)),
        "end": lambda: transcript.end(stored(9)),
    }
    told = calls[call]()
    assert told is None


def test_a_message_says_what_a_client_needs_and_no_long_lists() -> None:
    metrics = {"first_audio": 0.2, "token_times": [0.1] * 500, "segments": [{}]}
    message = replace(stored(text="Hi", reason="failed", metrics=metrics), error="broken")
    transcript = Transcript(3)
    transcript.show(None, [shown(message)], 0)
    told = transcript.opened().messages[0]
    assert told.metrics == {"first_audio": 0.2}
    assert (told.error, told.reason, told.model, told.voice) == ("broken", "failed", "m", "v")


def test_half_of_a_surrogate_pair_is_shown_as_a_replacement() -> None:
    transcript = Transcript(3)
    transcript.add(1, stored())
    transcript.grow(2, "a \ud83c")
    transcript.grow(2, "\udf89 b")
    told = transcript.text(2)
    assert told is not None
    assert told.delta == "a �� b"
