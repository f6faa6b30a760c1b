"""A turn's life: how it begins, how it is cut at every stage, and that it ends exactly once."""

import threading
from collections.abc import Callable, Iterable, Iterator

import pytest

from speakstream.engine import Engine
from speakstream.errors import EngineError
from speakstream.events import Notice, NotSpoken, Reason, ReplyStarted, SegmentSpoken, TextDelta, TurnEnded
from speakstream.turn import Delivery, Turn
from tests.llm.test_engines import poll
from tests.scripted import HandSink, Ledger, ScriptedModel, ScriptedVoice, ready

TEXT = "Hello there, my friend. How are you?"


class Stage:
    """One turn of a scripted model, voice and sink."""

    def __init__(
        self,
        model: ScriptedModel | None = None,
        voice: ScriptedVoice | None = None,
        sink: HandSink | None = None,
        delivery: Delivery | None = None,
    ) -> None:
        self.model = model or ScriptedModel()
        self.voice = voice or ScriptedVoice()
        self.sink = sink or HandSink()
        self.events = Ledger()
        self.threads = threading.active_count()
        engine = Engine(None, ready(self.voice), self.sink)
        self.turn: Turn = engine.turn(self.events)
        from speakstream.llm import Generation, Message

        self.turn.start(
            lambda cancelled: self.model.stream([Message("user", "Hi")], Generation(), cancelled),
            delivery or Delivery(),
        )

    def play_all(self) -> None:
        """Hear everything until the turn is over."""
        while not self.turn.wait(0.002):
            self.sink.play(1.0)
        self.turn.join()

    def check_over(self, reason: Reason) -> TurnEnded:
        """The turn ended once, for ``reason``, and nothing of it runs any more."""
        assert self.turn.wait(30)
        self.turn.join()
        ended = self.events.of(TurnEnded)
        assert len(ended) == 1
        assert self.events[-1] is ended[0], "nothing comes after the end"
        assert isinstance(ended[0], TurnEnded)
        assert ended[0].reason is reason
        assert (self.model.running, self.voice.running) == (0, 0)
        assert threading.active_count() == self.threads
        return ended[0]


def test_a_turn_shows_and_says_everything_in_order() -> None:
    stage = Stage()
    stage.play_all()
    ended = stage.check_over(Reason.FINISHED)
    assert isinstance(stage.events[0], ReplyStarted)
    deltas = [event for event in stage.events if isinstance(event, TextDelta)]
    assert "".join(event.text for event in deltas) == TEXT
    assert [event.offset for event in deltas] == [0, 13, 24]
    segments = [event for event in stage.events if isinstance(event, SegmentSpoken)]
    assert " ".join(event.spoken for event in segments) == TEXT
    assert [TEXT[w.span.start : w.span.end].strip(",.?") for s in segments for w in s.words] == [
        *("Hello", "there", "my", "friend", "How", "are", "you"),
    ]
    assert ended.heard == TEXT
    assert [e.offset for e in segments] == sorted(e.offset for e in segments)
    assert stage.sink.log[0] == "begin"
    assert stage.sink.log[-1] == "drain"


def test_metrics_tell_the_order_of_things() -> None:
    stage = Stage()
    stage.play_all()
    metrics = stage.check_over(Reason.FINISHED).metrics
    moments = [metrics.submitted, metrics.first_token, metrics.first_clause, metrics.first_synthesis]
    moments += [metrics.first_write, metrics.ended]
    assert all(moment is not None for moment in moments)
    assert moments == sorted(moment for moment in moments if moment is not None)
    assert metrics.tokens == 3
    assert metrics.speech_seconds > 0.7


def test_speech_begins_before_the_reply_is_written() -> None:
    gate = threading.Event()
    stage = Stage(ScriptedModel(("Hello there, my friend. How", " are you?"), {1: gate}))
    poll(lambda: bool(stage.events.of(SegmentSpoken)))
    assert not stage.turn.reply.ended
    gate.set()
    stage.play_all()
    stage.check_over(Reason.FINISHED)


def cut_waiting_for_the_model() -> Stage:
    stage = Stage(ScriptedModel(gates={0: threading.Event()}))
    poll(lambda: stage.model.reached == 0)
    return stage


def cut_while_decoding() -> Stage:
    stage = Stage(ScriptedModel(gates={2: threading.Event()}))
    poll(lambda: stage.model.reached == 2)
    return stage


def cut_while_synthesizing() -> Stage:
    stage = Stage(voice=ScriptedVoice(gate=threading.Event()))
    assert stage.voice.entered.wait(30)
    return stage


def cut_with_a_full_buffer() -> Stage:
    stage = Stage(sink=HandSink(capacity=0.15))
    assert stage.sink.full.wait(30)
    return stage


def cut_while_the_last_words_sound() -> Stage:
    stage = Stage()
    assert stage.sink.draining.wait(30)
    return stage


@pytest.mark.parametrize(
    "reach",
    [
        cut_waiting_for_the_model,
        cut_while_decoding,
        cut_while_synthesizing,
        cut_with_a_full_buffer,
        cut_while_the_last_words_sound,
    ],
)
def test_a_cut_ends_the_turn_at_any_stage(reach: Callable[[], Stage]) -> None:
    stage = reach()
    stage.turn.cancel()
    stage.check_over(Reason.INTERRUPTED)
    assert stage.sink.cleared, "and what was buffered is silent"
    written = stage.sink.written
    stage.turn.cancel()
    assert stage.sink.written == written


def test_what_was_heard_is_what_had_sounded_at_the_cut() -> None:
    stage = cut_while_the_last_words_sound()
    stage.sink.play(0.16)  # "Hello", and more than half of "there,"
    stage.turn.cancel()
    assert stage.check_over(Reason.INTERRUPTED).heard == "Hello there,"


def test_nothing_was_heard_when_nothing_had_sounded() -> None:
    stage = cut_while_the_last_words_sound()
    stage.turn.cancel()
    assert stage.check_over(Reason.INTERRUPTED).heard == ""


def test_cancelling_from_many_threads_ends_the_turn_once() -> None:
    stage = cut_while_decoding()
    threads = [threading.Thread(target=stage.turn.cancel) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stage.check_over(Reason.INTERRUPTED)


def test_cancelling_after_the_end_changes_nothing() -> None:
    stage = Stage()
    stage.play_all()
    stage.turn.cancel()
    stage.check_over(Reason.FINISHED)


def test_a_broken_model_keeps_what_was_said() -> None:
    stage = Stage(
        ScriptedModel(("Hello there, my friend.\n\n", "x"), fail_at=1, error=EngineError("the model fell over"))
    )
    stage.play_all()
    ended = stage.check_over(Reason.FAILED)
    assert ended.error == "the model fell over"
    assert ended.heard == "Hello there, my friend."
    assert stage.voice.said == ["Hello there, my friend."]


def test_an_unforeseen_error_is_one_line_too() -> None:
    ended = Stage(ScriptedModel(fail_at=0))
    ended.play_all()
    assert "broken model" in ended.check_over(Reason.FAILED).error


def test_when_the_voice_breaks_the_text_goes_on_and_says_so() -> None:
    stage = Stage(voice=ScriptedVoice(fail_at=0))
    stage.play_all()
    ended = stage.check_over(Reason.FINISHED)
    assert ended.heard == TEXT
    notices = [event.text for event in stage.events if isinstance(event, Notice)]
    assert len(notices) == 1
    assert "goes on in silence" in notices[0]
    assert "broken voice" in notices[0]


def test_a_turn_without_sound_is_its_text() -> None:
    events = Ledger()
    turn = Engine(None, None, None).read(lambda _: ["Hello ", "there."], events, Delivery())
    assert turn.wait(30)
    turn.join()
    assert turn.speech is None
    assert turn.result is not None
    assert (turn.result.reason, turn.result.heard) == (Reason.FINISHED, "Hello there.")


def test_a_text_is_read_without_a_model() -> None:
    events, voice, sink = Ledger(), ScriptedVoice(), HandSink()
    turn = Engine(None, ready(voice), sink).read(lambda _: ["Just ", "this text."], events, Delivery())
    while not turn.wait(0.002):
        sink.play(1.0)
    turn.join()
    assert voice.said == ["Just this text."]


def test_reading_can_start_in_the_middle() -> None:
    stage = Stage(delivery=Delivery(start=TEXT.index("How")))
    stage.play_all()
    assert stage.voice.said == ["How are you?"]
    stage = Stage(delivery=Delivery(start=TEXT.index("friend")))
    stage.play_all()
    assert stage.voice.said == ["friend.", "How are you?"]


def test_a_new_speech_on_the_same_reply_does_not_end_the_turn() -> None:
    stage = Stage(ScriptedModel(("Hello there, my friend. ", "How ", "are you?"), {2: threading.Event()}))
    poll(lambda: "my friend." in " ".join(stage.voice.said))
    first = stage.turn.speech
    stage.sink.play(0.5)
    stage.turn.speak_from(Delivery(speed=2.0))
    assert stage.turn.speech is not first
    assert not stage.events.of(TurnEnded)
    stage.model.gates[2].set()
    stage.play_all()
    stage.check_over(Reason.FINISHED)
    assert " ".join(stage.voice.said).count("Hello") == 2
    assert stage.sink.log.count("begin") == 2


def test_going_back_does_not_unhear() -> None:
    stage = cut_while_the_last_words_sound()
    stage.sink.play(0.45)
    stage.turn.speak_from(Delivery())
    stage.turn.cancel()
    assert stage.check_over(Reason.INTERRUPTED).heard == "Hello there, my friend."


def test_a_replay_after_the_end_sounds_and_ends_nothing_twice() -> None:
    stage = Stage()
    stage.play_all()
    spoken = stage.turn.metrics.speech_seconds
    stage.turn.speak_from(Delivery())
    speech = stage.turn.speech
    assert speech is not None
    while stage.sink.heard < 0.7 or not stage.sink.draining.is_set():
        stage.sink.play(0.1)
    stage.sink.play(9.0)
    speech.join()
    assert stage.voice.said.count(stage.voice.said[0]) == 2
    assert len(stage.events.of(TurnEnded)) == 1
    assert stage.turn.metrics.speech_seconds == spoken, "a replay is not counted into the turn"
    assert threading.active_count() == stage.threads


def test_code_is_announced_and_marked_as_not_read() -> None:
    text = "Look here:\n\n```python\nprint(1)\n```\n\nThat is all."
    stage = Stage(ScriptedModel([text]))
    stage.play_all()
    marked = [event for event in stage.events if isinstance(event, NotSpoken)]
    assert [event.why for event in marked] == ["code"]
    assert text[marked[0].span.start : marked[0].span.end].startswith("```python")
    assert not any("print" in said for said in stage.voice.said)
    assert "That is all." in stage.voice.said


def test_control_sequences_never_reach_a_front_end() -> None:
    stage = Stage(ScriptedModel(["Hello \x1b]52;c;", "aGk=\x07", "there \x9b31m", "friend."]))
    stage.play_all()
    shown = "".join(event.text for event in stage.events if isinstance(event, TextDelta))
    assert shown == "Hello there friend."


def test_only_so_many_sentences_wait_for_the_voice() -> None:
    """MAX_QUEUE_SIZE: a long text is taken up no faster than it is spoken."""

    def source(_: threading.Event) -> Iterator[str]:
        yield "One two three. " * 50

    events, voice, sink = Ledger(), ScriptedVoice(), HandSink(capacity=0.5)
    turn = Engine(None, ready(voice), sink).read(source, events, Delivery(max_queue=2))
    assert sink.full.wait(30)
    assert len(voice.said) < 5
    turn.cancel()
    turn.join()


def sources() -> Iterable[tuple[str, list[str]]]:
    yield "no text at all", []
    yield "only white space", [" \n\n ", "\t"]
    yield "only marks", ["...", " — ", "**", "\n---\n"]


@pytest.mark.parametrize(("what", "deltas"), list(sources()))
def test_a_reply_with_nothing_to_say_ends(what: str, deltas: list[str]) -> None:
    stage = Stage(ScriptedModel(deltas))
    stage.play_all()
    stage.check_over(Reason.FINISHED)
    assert stage.voice.said == [], what


def test_a_delivery_may_end_before_the_reply_does() -> None:
    stage = Stage(ScriptedModel(["One two. ", "Three four. ", "Five six."]), delivery=Delivery(start=4, stop=21))
    stage.play_all()
    stage.check_over(Reason.FINISHED)
    assert stage.voice.said == ["two.", "Three four."]


def test_a_replay_is_ended_by_a_cancel_and_the_turn_stays_as_it_ended() -> None:
    stage = Stage()
    stage.play_all()
    stage.check_over(Reason.FINISHED)
    said = len(stage.voice.said)
    stage.turn.speak_from(Delivery())
    poll(lambda: len(stage.voice.said) > said)
    stage.turn.cancel()
    stage.turn.join()
    assert stage.turn.result is not None
    assert stage.turn.result.reason is Reason.FINISHED
    assert stage.sink.cleared


def test_a_speech_that_is_over_keeps_its_place_when_another_one_sounds() -> None:
    stage = Stage()
    stage.play_all()
    first = stage.turn.speech
    assert first is not None
    ended = first.position()
    stage.turn.speak_from(Delivery())
    assert first.position() == ended > 0
    assert first.done
    stage.turn.cancel()
    stage.turn.join()
