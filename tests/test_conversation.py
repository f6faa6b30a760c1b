"""What the model is told from turn to turn, above all after an interruption."""

import threading
from collections.abc import Sequence
from itertools import pairwise

import pytest

from speakstream.engine import Conversation, Engine
from speakstream.events import Notice, Reason, SegmentSpoken, TurnEnded
from speakstream.llm import Generation, Message
from speakstream.turn import Delivery
from tests.llm.test_engines import poll
from tests.scripted import HandSink, Ledger, ScriptedModel, ScriptedVoice, ready


class Talk:
    """A conversation with scripted parts."""

    def __init__(self, model: ScriptedModel, max_messages: int = 100, options: Generation | None = None) -> None:
        self.model, self.voice, self.sink, self.events = model, ScriptedVoice(), HandSink(), Ledger()
        engine = Engine(ready(model), ready(self.voice), self.sink)
        self.conversation = Conversation(
            engine, "Be brief.", options or Generation(max_new_tokens=20), Delivery(), self.events, max_messages
        )

    def ask(self, prompt: str) -> TurnEnded:
        turn = self.conversation.ask(prompt)
        while not turn.wait(0.002):
            self.sink.play(1.0)
        turn.join()
        assert turn.result is not None
        return turn.result

    def sent(self) -> list[tuple[str, str]]:
        return [(message.role, message.content) for message in self.model.asked[-1]]


def test_every_turn_is_told_the_ones_before() -> None:
    talk = Talk(ScriptedModel(["Good ", "day."]))
    talk.ask("Hello")
    talk.ask("And now?")
    assert talk.sent() == [
        ("system", "Be brief."),
        ("user", "Hello"),
        ("assistant", "Good day."),
        ("user", "And now?"),
    ]


def test_a_new_prompt_interrupts_and_the_model_is_told_where() -> None:
    talk = Talk(ScriptedModel(["One two three four five six. ", "Seven eight nine."], {1: threading.Event()}))
    first = talk.conversation.ask("Count")
    poll(lambda: talk.model.reached == 1)
    talk.model.deltas = ["One two three four five six.\n\n", "Seven eight nine."]
    second_model_gate = talk.model.gates.pop(1)
    talk.conversation.stop()
    assert first.result is not None
    assert first.result.reason is Reason.INTERRUPTED
    assert first.result.heard == ""
    second_model_gate.set()

    talk.model.gates[1] = threading.Event()
    second = talk.conversation.ask("Count again")
    poll(lambda: bool(talk.events.of(SegmentSpoken)))
    poll(lambda: talk.sink.written > 0.5)
    talk.sink.play(0.37)  # "One two three" and most of "four"
    talk.model.gates.pop(1)
    third = talk.conversation.ask("Stop. What is next?")
    assert second.result is not None
    assert second.result.heard == "One two three four"
    third.cancel()
    third.join()
    assert talk.sent()[-2:] == [
        ("assistant", "One two three four"),
        ("user", '(You were interrupted after "One two three four".)\nStop. What is next?'),
    ]


def test_of_an_interrupted_reply_nothing_unheard_is_kept() -> None:
    talk = Talk(ScriptedModel(["Never heard."], {}))
    turn = talk.conversation.ask("Hi")
    assert talk.sink.draining.wait(30)
    turn.cancel()
    turn.join()
    talk.ask("Hello?")
    assert [content for _, content in talk.sent()] == ["Be brief.", "Hi", "Hello?"]


def test_the_oldest_turns_are_dropped_several_at_a_time_and_never_the_system_prompt() -> None:
    talk = Talk(ScriptedModel(["Some words of a reply."], context_length=200))
    prompts = [f"Question {number} of many with several words to fill the memory" for number in range(12)]
    first_sent: list[str] = []
    for prompt in prompts:
        talk.ask(prompt)
        sent = talk.sent()
        assert sent[0] == ("system", "Be brief.")
        assert sent[-1] == ("user", prompt)
        assert sent[1][0] == "user"
        assert talk.model.count(talk.model.asked[-1]) <= talk.model.context_length
        first_sent.append(sent[1][1])
    drops = sum(one != other for one, other in pairwise(first_sent))
    notices = talk.events.of(Notice)
    assert 1 <= drops <= 4, "several at a time: not one each turn"
    assert len(notices) == drops
    assert len(talk.conversation.messages) == 24, "and nothing is deleted"


def test_a_long_prompt_that_fits_leaves_the_last_turns_in_place() -> None:
    talk = Talk(ScriptedModel(["Yes."]), options=Generation(max_new_tokens=10))
    talk.ask("Remember me")
    talk.ask("word " * 50)
    assert [content for _, content in talk.sent()][:3] == ["Be brief.", "Remember me", "Yes."]


def test_the_reply_is_asked_to_be_no_longer_than_what_is_left() -> None:
    talk = Talk(ScriptedModel(["Yes."]), options=Generation(max_new_tokens=1000))
    talk.ask("word " * 60)
    assert talk.model.options[-1].max_new_tokens < 40


def test_no_more_messages_are_sent_than_max_chat_history() -> None:
    talk = Talk(ScriptedModel(["Yes."]), max_messages=3)
    for number in range(4):
        talk.ask(f"Question {number}")
    assert [content for _, content in talk.sent()] == ["Be brief.", "Question 2", "Yes.", "Question 3"]


def test_the_system_prompt_is_prefilled_and_asking_does_not_wait_for_it() -> None:
    talk = Talk(ScriptedModel(["Yes."]))
    talk.conversation.prefill()
    poll(lambda: bool(talk.model.prefilled))
    assert talk.model.prefilled[0][0] == Message("system", "Be brief.")
    assert talk.ask("Hi").reason is Reason.FINISHED


def test_a_model_that_can_not_be_loaded_fails_the_turn_in_one_line() -> None:
    from concurrent.futures import Future

    from speakstream.errors import ModelError
    from speakstream.llm import LanguageModel

    broken: Future[LanguageModel] = Future()
    broken.set_exception(ModelError("no weights; run: speakstream models pull"))
    events = Ledger()
    turn = Conversation(Engine(broken, None, None), "", Generation(), Delivery(), events).ask("Hi")
    assert turn.wait(30)
    turn.join()
    assert turn.result is not None
    assert (turn.result.reason, turn.result.error) == (Reason.FAILED, "no weights; run: speakstream models pull")


@pytest.mark.parametrize("library", ["textual", "starlette", "sounddevice", "uvicorn", "typer"])
def test_the_engine_can_be_used_without_any_front_end(library: str) -> None:
    import subprocess
    import sys

    rooms = ("engine", "loading", "models", "llm.llamacpp", "tts.hibari", "audio.speaker", "audio.wavfile")
    program = f"import sys, {', '.join('speakstream.' + room for room in rooms)}; sys.exit({library!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_of_what_is_typed_meanwhile_only_the_last_is_prefilled() -> None:
    talk = Talk(ScriptedModel(["Yes."]))
    entered, go_on = threading.Event(), threading.Event()
    before = talk.model.prefill

    def slow(messages: Sequence[Message], cancelled: threading.Event) -> None:
        before(messages, cancelled)
        entered.set()
        assert go_on.wait(30)

    talk.model.prefill = slow  # type: ignore[method-assign]
    talk.conversation.prefill("Why")
    assert entered.wait(30)
    talk.conversation.prefill("Why is")
    talk.conversation.prefill("Why is the")
    go_on.set()
    poll(lambda: len(talk.model.prefilled) == 2)
    assert talk.ask("Why is the sky blue?").reason is Reason.FINISHED
    assert [messages[-1].content for messages in talk.model.prefilled] == ["Why", "Why is the"]


def test_what_was_prefilled_last_is_not_read_again_but_after_a_turn() -> None:
    talk = Talk(ScriptedModel(["Yes."]))

    def prefilled(draft: str) -> list[str]:
        talk.conversation.prefill(draft)
        poll(lambda: all(thread.name != "prefill" for thread in threading.enumerate()))
        return [messages[-1].content for messages in talk.model.prefilled]

    assert prefilled("Why") == ["Why"]
    assert prefilled("Why") == ["Why"]
    assert prefilled("Why is") == ["Why", "Why is"]
    assert prefilled("Why") == ["Why", "Why is", "Why"]
    talk.ask("Why?")
    assert prefilled("Why") == ["Why", "Why is", "Why", "Why"]
    talk.conversation.restore(talk.conversation.messages)
    assert prefilled("Why") == ["Why", "Why is", "Why", "Why", "Why"]


def test_a_prompt_that_follows_a_prefill_leaves_nothing_to_count() -> None:
    talk = Talk(ScriptedModel(["Yes."], context_length=2000), options=Generation(max_new_tokens=10))
    counted: list[int] = []
    count = talk.model.count

    def counting(messages: Sequence[Message]) -> int:
        counted.append(len(messages))
        return count(messages)

    talk.model.count = counting  # type: ignore[method-assign]
    talk.conversation.restore([Message("user", "word " * 300), Message("assistant", "Yes.")])
    talk.conversation.prefill()
    poll(lambda: bool(talk.model.prefilled))
    assert counted == [4], "more bytes than half of the context: counted, with an empty prompt"
    talk.ask("Hi")
    assert talk.sent()[-1] == ("user", "Hi")
    assert counted == [4]


def test_asking_cancels_a_prefill_that_runs() -> None:
    talk = Talk(ScriptedModel(["Yes."]))
    entered, cancels = threading.Event(), list[bool]()

    def endless(messages: Sequence[Message], cancelled: threading.Event) -> None:
        entered.set()
        cancels.append(cancelled.wait(30))

    talk.model.prefill = endless  # type: ignore[method-assign]
    talk.conversation.prefill("Why")
    assert entered.wait(30)
    assert talk.ask("Hi").reason is Reason.FINISHED
    assert cancels == [True]


def test_a_conversation_can_be_taken_up_where_it_was_cut_off() -> None:
    talk = Talk(ScriptedModel(["Yes."]))
    talk.conversation.restore([Message("user", "Count"), Message("assistant", "One two")], interrupted=True)
    talk.ask("Go on")
    assert [content for _, content in talk.sent()][1:] == [
        "Count",
        "One two",
        '(You were interrupted after "One two".)\nGo on',
    ]
