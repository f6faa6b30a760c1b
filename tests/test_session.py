"""The chat without an interface: what is said, stored, cut off and taken up again. On scripted parts."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from speakstream.engine import Engine
from speakstream.errors import HistoryError, VoiceError
from speakstream.events import Reason
from speakstream.happenings import Added, Changed, Ended, Grown, Happening, Opened, Silent, Spoken, Told
from speakstream.history import History, StoredMessage
from speakstream.llm import Generation
from speakstream.personas import Persona
from speakstream.session import Session, Start
from speakstream.tts import Voice
from speakstream.turn import Delivery
from tests.llm.test_engines import poll
from tests.scripted import HandSink, ScriptedModel, ScriptedVoice, ready

TWO_SENTENCES = ["One two three four five. ", "Six seven eight nine ten."]


@dataclass
class Chat:
    """A session on scripted parts, and all that it told."""

    model: ScriptedModel = field(default_factory=lambda: ScriptedModel(TWO_SENTENCES))
    voice: ScriptedVoice = field(default_factory=ScriptedVoice)
    sink: HandSink = field(default_factory=HandSink)
    history: History = field(default_factory=lambda: History(None))
    told: list[Happening] = field(default_factory=list)
    other_voice: "Future[Voice] | None" = None
    speaks: bool = True
    max_messages: int = 100

    def __post_init__(self) -> None:
        engine = (
            Engine(ready(self.model), ready(self.voice), self.sink)
            if self.speaks
            else Engine(ready(self.model), None, None)
        )
        start = Start("Be brief.", Generation(max_new_tokens=20), Delivery(), "scripted/voice", 0.8, self.max_messages)
        self.session = Session(engine, self.history, start, self.told.append, self._load)

    def _load(self, name: str) -> "Future[Voice]":
        return self.other_voice or ready(ScriptedVoice(name=name))

    def of(self, kind: type) -> list[Happening]:
        return [happening for happening in self.told if isinstance(happening, kind)]

    def play_to_the_end(self, before: int | None = None) -> StoredMessage:
        """Hear all of it; the reply as it is stored then. ``before``: turns that had ended when it was asked for."""
        if before is None:
            before = len(self.of(Ended))

        def ended() -> bool:
            self.sink.play(1.0)
            return len(self.of(Ended)) > before

        poll(ended)
        last = self.of(Ended)[-1]
        assert isinstance(last, Ended)
        return last.message

    def ask(self, prompt: str) -> StoredMessage:
        before = len(self.of(Ended))
        self.session.ask(prompt)
        return self.play_to_the_end(before)

    def says_more_than(self, segments: int) -> None:
        """Wait until the voice was given another one."""
        poll(lambda: len(self.voice.said) > segments)

    def sounds(self, word: str) -> None:
        """Play until ``word`` of what is spoken sounds."""
        text = "".join(self.model.deltas)
        start = text.index(word)

        def found() -> bool:
            now = self.session.now()
            if now.word is not None and now.word.start == start:
                return True
            self.sink.play(0.02)
            return False

        poll(found)


@pytest.fixture
def chat() -> Iterator[Chat]:
    chat = Chat()
    yield chat
    chat.session.close()
    chat.history.close()


def test_a_turn_is_told_in_order_and_stored(chat: Chat) -> None:
    reply = chat.ask("Count")
    assert (reply.text, reply.reason, reply.heard) == ("".join(TWO_SENTENCES), "finished", len("".join(TWO_SENTENCES)))
    assert reply.model == "scripted"
    assert reply.voice == "scripted/voice"
    assert reply.metrics["tokens"] == 2
    kinds = [type(happening) for happening in chat.told if not isinstance(happening, Changed | Spoken)]
    assert kinds == [Added, Added, Grown, Grown, Ended]
    conversation = chat.session.conversation
    assert conversation is not None
    assert [message.text for message in chat.history.messages(conversation)] == ["Count", "".join(TWO_SENTENCES)]


def test_each_part_is_told_right_before_its_sound_also_of_a_replay(chat: Chat) -> None:
    written: list[int] = []

    def listen(happening: Happening) -> None:
        chat.told.append(happening)
        if isinstance(happening, Spoken):
            written.append(chat.sink.log.count("write"))

    chat.session._listener = listen
    reply = chat.ask("Count")
    chat.session.speak(reply.id)
    poll(lambda: len(chat.of(Spoken)) == 4)
    told = [spoken for spoken in chat.of(Spoken) if isinstance(spoken, Spoken)]
    assert {spoken.message for spoken in told} == {reply.id}
    texts = [reply.text[spoken.segment.span.start : spoken.segment.span.end] for spoken in told]
    assert texts == [sentence.strip() for sentence in TWO_SENTENCES] * 2
    assert written == [0, 2, 4, 6], "a sentence, and the pause after it"


def test_a_reply_that_was_stopped_is_heard_again_when_that_is_asked_for(chat: Chat) -> None:
    chat.session.ask("Count")
    chat.sounds("three")
    chat.session.stop()
    poll(lambda: bool(chat.of(Ended)))
    (ended,) = chat.of(Ended)
    assert isinstance(ended, Ended) and ended.message.reason == "interrupted"
    said = len(chat.voice.said)
    chat.session.speak(ended.message.id)
    chat.says_more_than(said)
    assert TWO_SENTENCES[0].startswith(chat.voice.said[said])
    assert len(chat.of(Ended)) == 1, "a replay ends no reply anew"


def test_what_is_shown_is_stored_already(chat: Chat) -> None:
    seen: list[str] = []

    def listen(happening: Happening) -> None:
        if isinstance(happening, Grown):
            stored = chat.history.message(happening.message)
            assert stored is not None
            seen.append(stored.text)

    chat.session._listener = listen
    chat.session.ask("Count")
    poll(lambda: len(seen) == 2)
    assert seen == [TWO_SENTENCES[0], "".join(TWO_SENTENCES)]


def test_stop_keeps_what_was_heard_and_no_more(chat: Chat) -> None:
    chat.session.ask("Count")
    chat.sounds("four")
    chat.session.stop()
    poll(lambda: bool(chat.of(Ended)))
    ended = chat.of(Ended)[0]
    assert isinstance(ended, Ended)
    reply = ended.message
    assert reply.reason == "interrupted"
    assert reply.heard is not None
    assert reply.text[: reply.heard] == "One two three"
    assert not chat.session.now().speaking


def test_a_new_prompt_interrupts_and_the_model_is_told_where(chat: Chat) -> None:
    chat.session.ask("Count")
    chat.sounds("four")
    chat.ask("Stop")
    assert [message.content for message in chat.model.asked[-1]] == [
        "Be brief.",
        "Count",
        "One two three",
        '(You were interrupted after "One two three".)\nStop',
    ]
    stored = chat.history.messages(chat.session.conversation or 0)
    assert [message.text for message in stored if message.role == "user"] == ["Count", "Stop"], "as it was typed"


def test_a_conversation_is_gone_on_with_as_it_was_heard(chat: Chat) -> None:
    chat.session.ask("Count")
    chat.sounds("four")
    chat.session.stop()
    poll(lambda: bool(chat.of(Ended)))
    number = chat.session.conversation
    assert number is not None
    chat.session.new()
    assert chat.session.conversation is None
    chat.session.open(number)
    opened = chat.of(Opened)[-1]
    assert isinstance(opened, Opened)
    assert [message.role for message in opened.messages] == ["user", "assistant"]
    chat.ask("Go on")
    assert [message.content for message in chat.model.asked[-1]][2:] == [
        "One two three",
        '(You were interrupted after "One two three".)\nGo on',
    ]


def test_only_the_newest_messages_are_restored_and_the_rest_is_counted() -> None:
    chat = Chat(max_messages=2)
    chat.ask("First")
    chat.ask("Second")
    chat.session.open(chat.session.conversation or 0)
    opened = chat.of(Opened)[-1]
    assert isinstance(opened, Opened)
    assert opened.messages[0].text == "Second"
    assert opened.older == 2
    chat.session.close()


def test_opening_what_is_not_there_is_one_clear_error(chat: Chat) -> None:
    with pytest.raises(HistoryError, match="no conversation 77"):
        chat.session.open(77)


def test_another_speed_makes_the_rest_again_from_the_present_word(chat: Chat) -> None:
    chat.session.ask("Count")
    chat.sounds("four")
    said = len(chat.voice.said)
    chat.session.set_speed(2.0)
    chat.says_more_than(said)
    assert chat.voice.said[said].startswith("four five")
    assert chat.play_to_the_end().reason == "finished"
    assert chat.session.speed == 2.0


@pytest.mark.parametrize(("asked", "taken"), [(9.0, 3.0), (0.1, 0.5)])
def test_a_speed_out_of_range_goes_to_the_limit(chat: Chat, asked: float, taken: float) -> None:
    chat.session.set_speed(asked)
    assert chat.session.speed == taken


def test_a_pause_holds_through_a_change_of_speed(chat: Chat) -> None:
    chat.session.ask("Count")
    chat.sounds("four")
    assert chat.session.toggle_pause()
    chat.session.set_speed(1.5)
    assert chat.session.now().paused
    assert chat.sink.log[-1] == "pause" or "pause" in chat.sink.log[chat.sink.log.index("begin", 1) :]
    assert not chat.session.toggle_pause()


def test_another_voice_goes_on_from_the_present_word(chat: Chat) -> None:
    other = ScriptedVoice(name="scripted/other")
    chat.other_voice = ready(other)
    chat.session.ask("Count")
    chat.sounds("four")
    chat.session.set_voice("scripted/other")
    poll(lambda: bool(other.said))
    assert other.said[0].startswith("four five")
    assert chat.session.voice == "scripted/other"


def test_a_voice_that_cannot_be_loaded_leaves_the_speech_as_it_is(chat: Chat) -> None:
    failed: Future[Voice] = Future()
    failed.set_exception(VoiceError("no such voice"))
    chat.other_voice = failed
    chat.session.ask("Count")
    chat.sounds("four")
    with pytest.raises(VoiceError):
        chat.session.set_voice("scripted/none")
    assert chat.session.now().speaking
    assert chat.session.voice == "scripted/voice"


@pytest.mark.parametrize(
    ("at", "step", "then"), [("two", +1, "Six seven"), ("nine", -1, "Six seven"), ("Six", -1, "One two")]
)
def test_sentences_can_be_gone_through(
    chat: Chat, at: str, step: int, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat.session.ask("Count")
    chat.sounds(at)
    if at == "nine":
        chat.sink.play(0.05)
    said = len(chat.voice.said)
    monkeypatch.setattr("speakstream.playback.BACK_SECONDS", 0.25)  # a scripted word takes a tenth of a second
    chat.session.sentence(step)
    chat.says_more_than(said)
    assert chat.voice.said[said].startswith(then)


def test_the_last_reply_and_an_older_one_are_spoken_again_and_nothing_is_stored_twice(chat: Chat) -> None:
    first, second = chat.ask("Count"), chat.ask("Again")
    for message in (second, first):
        said = len(chat.voice.said)
        chat.session.speak(message.id)
        chat.says_more_than(said)
        assert chat.session.now().message == message.id
        assert chat.session.now().speaking
        chat.session.stop()
        poll(lambda: not chat.session.now().speaking)
    assert len(chat.history.messages(chat.session.conversation or 0)) == 4
    assert chat.history.message(first.id) == first


def test_a_word_that_is_clicked_is_where_the_speech_goes_on(chat: Chat) -> None:
    reply = chat.ask("Count")
    said = len(chat.voice.said)
    chat.session.speak(reply.id, reply.text.index("eight"))
    chat.says_more_than(said)
    assert chat.voice.said[said] == "eight nine ten."


def test_code_is_read_when_it_is_asked_for_and_nothing_else() -> None:
    chat = Chat(ScriptedModel(["Look:\n\n```python\n", "x = 1\n```\n\nThat is all."]))
    reply = chat.ask("Code")
    silent = chat.of(Silent)[0]
    assert isinstance(silent, Silent)
    assert silent.why == "code"
    assert reply.text[silent.span.start : silent.span.end].startswith("```python")
    said = len(chat.voice.said)
    chat.session.speak(reply.id, silent.span.start, silent.span.end, aloud=True)
    chat.says_more_than(said)

    def done() -> bool:
        chat.sink.play(1.0)
        return not chat.session.now().speaking

    poll(done)
    assert "x equals" in " ".join(chat.voice.said[said:])
    assert "That is all" not in " ".join(chat.voice.said[said:])
    chat.session.close()


def test_an_edited_prompt_takes_the_place_of_what_followed(chat: Chat) -> None:
    chat.ask("First")
    chat.ask("Second")
    conversation = chat.session.conversation
    assert conversation is not None
    first = chat.history.messages(conversation)[0]
    chat.session.edit(first.id, "Changed")
    chat.play_to_the_end()
    assert [message.text for message in chat.history.messages(conversation) if message.role == "user"] == ["Changed"]
    assert [message.content for message in chat.model.asked[-1]] == ["Be brief.", "Changed"]


def test_a_persona_answers_from_the_next_prompt_on_and_can_be_left(chat: Chat) -> None:
    persona = Persona(
        name="pirate",
        system_prompt="Speak like a pirate.",
        voice="scripted/other",
        speed=1.5,
        temperature=0.1,
        source=Path("pirate.toml"),
    )
    chat.session.set_persona(persona)
    chat.ask("Hello")
    assert chat.model.asked[-1][0].content == "Speak like a pirate."
    assert chat.model.options[-1].temperature == 0.1
    assert (chat.session.speed, chat.session.voice) == (1.5, "scripted/other")
    chat.session.set_persona(None)
    chat.ask("Hello")
    assert chat.model.asked[-1][0].content == "Be brief."
    assert (chat.session.speed, chat.session.voice) == (1.0, "scripted/voice")


def test_a_conversation_is_gone_on_with_by_its_persona_and_one_that_is_gone_is_told(chat: Chat) -> None:
    kept, lost = chat.history.begin("brief"), chat.history.begin("nobody-of-this-name")
    for number in (kept, lost):
        chat.history.add_prompt(number, "Hello")
    chat.session.open(kept)
    assert chat.session.status().persona == "brief"
    chat.session.open(lost)
    assert chat.session.status().persona == "brief"
    assert any("nobody-of-this-name" in told.text for told in chat.of(Told) if isinstance(told, Told))
    chat.session.open(chat.history.begin())
    assert chat.session.status().persona == ""


def test_what_was_typed_is_shown_and_the_model_is_told_the_files_too_also_later(chat: Chat) -> None:
    chat.session.ask("Sum up @notes.txt", "Sum up @notes.txt\n\nnotes.txt:\nBuy milk.")
    chat.play_to_the_end()
    number = chat.session.conversation
    assert number is not None
    assert chat.history.messages(number)[0].text == "Sum up @notes.txt"
    assert "Buy milk." in chat.model.asked[-1][-1].content
    chat.session.open(number)
    chat.ask("And now?")
    assert "Buy milk." in chat.model.asked[-1][1].content


@pytest.mark.parametrize(
    ("draft", "rests", "read"),
    [
        ("Why is the sk", False, "Why is the"),
        ("Why is the sky blue?", False, "Why is the sky blue?"),
        ("Why is the sk", True, "Why is the sk"),
    ],
)
def test_what_is_typed_is_prefilled_as_far_as_it_is_settled(chat: Chat, draft: str, rests: bool, read: str) -> None:
    chat.session.typing(draft, rests)
    poll(lambda: [sent[-1].content for sent in chat.model.prefilled] == [read])


def test_no_command_is_prefilled_and_an_emptied_prompt_leaves_what_was_read_in_place(chat: Chat) -> None:
    chat.session.typing("Why is the sky blue?")
    poll(lambda: len(chat.model.prefilled) == 1)
    for draft in ("/speed 1", ""):
        chat.session.typing(draft, rests=True)
    poll(lambda: all(thread.name != "prefill" for thread in threading.enumerate()))
    assert len(chat.model.prefilled) == 1


def test_what_is_typed_while_a_reply_runs_is_prefilled_when_it_has_ended() -> None:
    chat = Chat(ScriptedModel(TWO_SENTENCES, {1: threading.Event()}))
    chat.session.ask("Count")
    poll(lambda: chat.model.reached == 1)
    chat.session.typing("The next prompt ")
    assert chat.model.prefilled == []
    chat.model.gates[1].set()
    chat.play_to_the_end()
    poll(lambda: [sent[-1].content for sent in chat.model.prefilled] == ["The next prompt"])
    chat.ask("The next prompt is this")
    poll(lambda: [sent[-1].content for sent in chat.model.prefilled] == ["The next prompt", ""])
    chat.session.close()


def test_without_a_voice_all_of_it_works_in_silence() -> None:
    chat = Chat(speaks=False)
    reply = chat.ask("Count")
    assert reply.heard is None
    assert reply.voice == ""
    assert not chat.session.now().speaking
    chat.session.sentence(+1)
    chat.session.set_speed(2.0)
    chat.session.close()


def test_a_model_that_fails_keeps_what_was_said() -> None:
    chat = Chat(ScriptedModel(TWO_SENTENCES, fail_at=1))
    reply = chat.ask("Count")
    assert reply.reason == str(Reason.FAILED)
    assert "broken model" in reply.error
    assert reply.text == TWO_SENTENCES[0]
    chat.session.close()


def test_a_prompt_that_waits_for_the_model_can_be_stopped() -> None:
    model: Future[ScriptedModel] = Future()
    told: list[Happening] = []
    session = Session(
        Engine(model, ready(ScriptedVoice()), HandSink()),  # type: ignore[arg-type]
        History(None),
        Start("", Generation(), Delivery()),
        told.append,
    )
    session.ask("Hello?")
    session.stop()
    poll(lambda: any(isinstance(happening, Ended) for happening in told))
    session.close()


def test_when_the_history_fails_it_is_said_once_and_the_chat_goes_on(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise HistoryError("the disk is full; free some space")

    monkeypatch.setattr(chat.history, "append", full)
    chat.session.ask("Count")
    chat.play_to_the_end()
    lines = [happening.text for happening in chat.of(Told) if isinstance(happening, Told)]
    assert lines == ["this conversation is not being saved: the disk is full; free some space"]
