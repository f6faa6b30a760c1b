"""A cut at every stage of a real turn: real model, real voice, and a clock in the place of the device."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from speakstream.audio.clock import SilentClock
from speakstream.audio.speaker import Speaker
from speakstream.engine import Conversation, Engine
from speakstream.events import Reason, TextDelta, TurnEnded
from speakstream.llm import Generation
from speakstream.llm.llamacpp import LlamaCpp
from speakstream.tts import Voice
from speakstream.turn import Delivery, Turn
from tests.llm.test_engines import poll
from tests.scripted import Ledger, ready

STORY = "Tell me a long story about a fisherman and the sea."


@dataclass
class Talk:
    """A conversation on real parts."""

    llama: LlamaCpp
    speaker: Speaker
    conversation: Conversation
    events: Ledger
    threads: int

    def check_cut(self, turn: Turn) -> TurnEnded:
        """The turn ended once and at once; nothing of it runs on; the history holds what was heard."""
        turn.cancel()
        assert turn.wait(60)
        turn.join()
        callbacks = self.llama.callbacks
        (ended,) = [event for event in self.events if isinstance(event, TurnEnded)]
        assert ended.reason is Reason.INTERRUPTED
        assert ended.heard == turn.heard()
        assert threading.active_count() == self.threads
        assert self.speaker.buffered() == 0
        said = [message.content for message in self.conversation.messages if message.role == "assistant"]
        assert said == ([ended.heard.strip()] if ended.heard.strip() else [])
        self.llama.count(self.conversation.messages)  # a round trip to the engine: it has had time to call back
        assert self.llama.callbacks == callbacks
        return ended


@pytest.fixture
def talk(llama: LlamaCpp, heart: Voice) -> Iterator[Talk]:
    speaker = Speaker(24000, 0.5, 1024, 1.0)
    clock = SilentClock(speaker)
    events = Ledger()
    options = Generation(max_new_tokens=400, temperature=0.0)
    conversation = Conversation(
        Engine(ready(llama), ready(heart), speaker), "You are a helpful assistant.", options, Delivery(), events
    )
    yield Talk(llama, speaker, conversation, events, threading.active_count())
    conversation.stop()
    clock.close()


def test_a_cut_within_prefill(talk: Talk) -> None:
    begun = talk.llama.callbacks
    turn = talk.conversation.ask("There are many words here. " * 250)
    poll(lambda: talk.llama.callbacks > begun + 1)
    assert talk.check_cut(turn).heard == ""
    assert turn.reply.text == ""


def test_a_cut_while_decoding(talk: Talk) -> None:
    turn = talk.conversation.ask(STORY)
    poll(lambda: bool(talk.events.of(TextDelta)))
    assert not turn.reply.ended
    talk.check_cut(turn)
    assert len(turn.reply.text) < 300


def test_a_cut_while_the_voice_works(talk: Talk, heart: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    working, session = threading.Event(), heart._session

    class Held:
        """The voice's graph, that is still at work when the cut comes."""

        def run(self, *arguments: Any) -> Any:
            working.set()
            speech = turn.speech
            assert speech is not None and speech.cancelled.wait(60)
            return session.run(*arguments)

    monkeypatch.setattr(heart, "_session", Held())
    turn = talk.conversation.ask(STORY)
    assert working.wait(60)
    assert talk.check_cut(turn).heard == ""
    assert turn.metrics.first_write is None, "what was made too late never reached the sink"


def test_a_cut_with_a_full_buffer_keeps_what_was_heard(talk: Talk) -> None:
    turn = talk.conversation.ask(STORY)
    poll(lambda: talk.speaker.position() > 1.0)
    assert talk.speaker.buffered() > 0.2
    heard = talk.check_cut(turn).heard
    assert heard and turn.reply.text.startswith(heard)
    assert len(heard) < len(turn.reply.text)


def stages() -> list[Callable[[Talk], None]]:
    return [test_a_cut_within_prefill, test_a_cut_while_decoding, test_a_cut_with_a_full_buffer_keeps_what_was_heard]


@pytest.mark.parametrize("stage", stages())
def test_the_next_answer_is_whole(talk: Talk, stage: Callable[[Talk], None]) -> None:
    stage(talk)
    turn = talk.conversation.ask("What is the capital of France? Answer in one sentence.")
    assert turn.wait(120)
    turn.join()
    assert turn.result is not None
    assert (turn.result.reason, turn.result.heard) == (Reason.FINISHED, turn.reply.text)
    assert turn.reply.text.strip()
