"""What a client may ask of its session, and what it is told. Over real sockets, on scripted parts."""

import threading
from pathlib import Path
from typing import Any

import pytest

from speakstream.history import History
from speakstream.server import wire
from speakstream.settings import Settings
from tests.scripted import RATE, ScriptedModel, ScriptedVoice
from tests.server.hosted import Guest, Hosted, poll, samples

TWO = ["One two three four five. ", "Six seven eight nine ten."]
REPLY = "".join(TWO)


def counting(**more: Any) -> ScriptedModel:
    return ScriptedModel(TWO, context_length=4096, **more)


def asked(hosted: Hosted, **hello: Any) -> tuple[Guest, int]:
    """A guest who has heard all of a reply, and its number."""
    guest = hosted.guest(**hello)
    guest.send(wire.Ask("Count"))
    return guest, int(guest.hear()["message"]["id"])


def listening(hosted: Hosted, heard: float) -> Guest:
    """A guest to whom a reply is read, ``heard`` seconds of it so far."""
    guest = hosted.guest()
    guest.send(wire.Ask("Count"))
    guest.until("spoken")
    guest.send(wire.Position(1, int(heard * RATE)))
    return guest


def test_a_turn_is_told_in_order() -> None:
    with Hosted(counting()) as hosted:
        guest, reply = asked(hosted)
        told = [got["type"] if isinstance(got, dict) else "sound" for got in guest.got]
        assert told[:3] == ["welcome", "status", "opened"]
        assert guest.opened == {"type": "opened", "conversation": None, "messages": [], "older": 0}
        happened = [kind for kind in told[3:] if kind != "status"]
        order = [kind for number, kind in enumerate(happened) if kind != (happened[number - 1] if number else "")]
        assert order[0] == "added"
        assert order.index("speech") < order.index("segment") < order.index("sound") < order.index("spoken")
        assert order[-1] == "ended"
        first_segment = happened.index("segment")
        assert "text" in happened[:first_segment], "the words that are lit are there before their sound"
        ended = guest.of("ended")[0]["message"]
        assert (ended["reason"], ended["heard"], ended["text"], ended["blocks"]) == ("finished", len(REPLY), "", [])
        assert guest.text(reply) == REPLY
        words = [word for segment in guest.of("segment") for word in segment["words"]]
        assert [REPLY[start:end] for start, end, _, _ in words] == REPLY.replace(".", "").split()
        assert words[5][2] == pytest.approx(0.7), "six words, and the pause of a sentence"


def test_a_cancel_keeps_what_was_heard() -> None:
    with Hosted(counting()) as hosted:
        guest = hosted.guest()
        guest.send(wire.Ask("Count"))
        guest.until("spoken")
        guest.send(wire.Cancel(1, int(0.29 * RATE)))
        ended = guest.until("ended")["message"]
        assert (ended["reason"], REPLY[: ended["heard"]]) == ("interrupted", "One two three")
        assert guest.of("silence") == [{"type": "silence", "speech": 1}]


def test_a_cancel_also_ends_what_was_asked_right_before_it() -> None:
    with Hosted(ScriptedModel(gates={0: threading.Event()}, context_length=4096)) as hosted:
        guest = hosted.guest()
        session = hosted.hall._seats[guest.session]._session
        assert session is not None
        with session._work:  # so that the prompt still waits
            guest.send(wire.Ask("Count"))
            guest.send(wire.Cancel())
            guest.synchronise()
        assert guest.until("ended")["message"]["reason"] == "interrupted"
        poll(lambda: hosted.model.running == 0)


def test_a_new_prompt_interrupts_and_its_speech_has_another_number() -> None:
    with Hosted(counting()) as hosted:
        guest = listening(hosted, 0.29)
        guest.send(wire.Ask("More"))
        assert guest.until("ended")["message"]["heard"] == len("One two three")
        assert guest.until("speech")["speech"] == 2
        assert guest.frame().first == 0
        guest.send(wire.Position(1, 10**6))
        guest.hear()
        assert [message.content for message in hosted.model.asked[-1]][2:] == [
            "One two three",
            '(You were interrupted after "One two three".)\nMore',
        ]


def test_another_speed_goes_on_from_the_present_word() -> None:
    with Hosted(counting()) as hosted:
        guest = listening(hosted, 0.35)
        guest.send(wire.Set(speed=2.0))
        guest.until("silence")
        assert guest.until("speech")["speech"] == 2
        segment = guest.until("segment")
        assert (REPLY[segment["start"] : segment["end"]], segment["begins"]) == ("four five.", 0.0)
        assert segment["words"][0][3] == pytest.approx(0.05), "half as long"
        ended = guest.hear()["message"]
        assert (ended["reason"], ended["heard"]) == ("finished", len(REPLY))
        assert [status["speed"] for status in guest.of("status")][-1] == 2.0


def test_a_pause_outlasts_another_speed() -> None:
    with Hosted(counting()) as hosted:
        guest = listening(hosted, 0.35)
        guest.send(wire.Pause())
        guest.send(wire.Set(speed=2.0))
        assert guest.until("speech", lambda speech: speech["speech"] == 2)["paused"]
        guest.send(wire.Resume())
        guest.hear()


def test_another_voice_is_used_from_the_present_word_on() -> None:
    with Hosted(counting()) as hosted:
        guest = listening(hosted, 0.35)
        guest.send(wire.Set(voice="hibari/emma"))
        segment = guest.until("segment", lambda told: told["speech"] == 2)
        assert REPLY[segment["start"] :].startswith("four")
        assert guest.hear()["message"]["voice"] == "hibari/emma"
        assert hosted.loaded_voices == ["hibari/heart", "hibari/emma"]


@pytest.mark.parametrize(("step", "start"), [(1, TWO[1][:3]), (-1, "One")])
def test_sentences_can_be_gone_through(step: int, start: str) -> None:
    with Hosted(counting()) as hosted:
        guest = listening(hosted, 0.45)
        guest.send(wire.Sentence(step))
        segment = guest.until("segment", lambda told: told["speech"] == 2)
        assert REPLY[segment["start"] :].startswith(start)
        guest.hear()


def test_a_click_on_a_word_goes_on_there_while_it_is_spoken_and_afterwards() -> None:
    with Hosted(counting()) as hosted:
        guest = listening(hosted, 0.1)
        reply = int(guest.of("added")[-1]["message"]["id"])
        for speech in (2, 3):
            guest.send(wire.Speak(reply, REPLY.index("eight")))
            segment = guest.until("segment", lambda told, n=speech: told["speech"] == n)  # type: ignore[misc]
            assert REPLY[segment["start"] : segment["end"]] == "eight nine ten."
            guest.hear("ended" if speech == 2 else "spoken")
        guest.synchronise()
        assert len(guest.of("ended")) == 1, "a replay is no second reply"


def test_an_older_reply_is_read_again_and_places_count_utf16() -> None:
    text = "🎉 One two. Three four."
    with Hosted(ScriptedModel([text], context_length=4096)) as hosted:
        guest, first = asked(hosted)
        guest.send(wire.Ask("More"))
        guest.hear()
        unit = len(text[: text.index("Three")].encode("utf-16-le")) // 2
        guest.send(wire.Speak(first, unit))
        speech = guest.until("speech")
        assert speech["message"] == first
        assert guest.until("segment")["start"] == unit


def test_only_a_part_is_read_where_that_is_asked_for() -> None:
    with Hosted(counting()) as hosted:
        guest, reply = asked(hosted)
        guest.send(wire.Speak(reply, 0, len(TWO[0])))
        guest.hear("spoken")
        assert [told["end"] for told in guest.of("segment") if told["speech"] == 2] == [len(TWO[0]) - 1]


def test_what_is_not_read_aloud_is_told_and_read_when_asked_for() -> None:
    reply = "Look:\n\n```python\nx = 1\n```\n\nThat is all."
    with Hosted(ScriptedModel([reply], context_length=4096)) as hosted:
        guest, message = asked(hosted)
        (silent,) = guest.of("silent")
        assert (silent["message"], silent["why"]) == (message, "code")
        assert reply[silent["start"] : silent["end"]].startswith("```python")
        said = len(hosted.voice.said)
        guest.send(wire.Speak(message, silent["start"], silent["end"], aloud=True))
        guest.hear("spoken")
        assert "x equals" in " ".join(hosted.voice.said[said:])


def test_an_edited_prompt_takes_the_place_of_what_followed() -> None:
    with Hosted(counting()) as hosted:
        guest, _ = asked(hosted)
        prompt = int(guest.of("added")[0]["message"]["id"])
        guest.send(wire.Edit(prompt, "Changed"))
        assert guest.until("opened")["messages"] == []
        guest.hear()
        assert [message.content for message in hosted.model.asked[-1]][1:] == ["Changed"]


def test_a_persona_answers_and_can_be_left() -> None:
    with Hosted(counting()) as hosted:
        guest = hosted.guest()
        guest.send(wire.Set(persona="brief"))
        assert guest.until("status", lambda status: status["persona"] == "brief")
        guest.send(wire.Set(persona=""))
        assert guest.until("status", lambda status: status["persona"] == "")
        guest.send(wire.Set(persona="nobody"))
        assert "nobody" in guest.until("error")["text"]


def test_the_volume_is_told_back() -> None:
    with Hosted(counting()) as hosted:
        guest = hosted.guest()
        guest.send(wire.Set(volume=0.3))
        assert guest.until("status", lambda status: status["volume"] == 0.3)


@pytest.mark.parametrize(
    ("message", "about", "says"),
    [
        (wire.Ask("x" * 101), "ask", "101 characters; use at most 100 (MAX_PROMPT_CHARS)"),
        (wire.Edit(1, "x" * 101), "edit", "at most 100"),
        (wire.Ask(" \n"), "ask", "empty"),
        (wire.Edit(77, "x"), "edit", "no message 77"),
        (wire.Speak(77), "speak", "no message 77"),
        (wire.Set(model="another/model"), "set", "--model"),
        (wire.Set(voice="hibari/nobody"), "set", "unknown"),
        (wire.Open(77), "open", "no conversation 77"),
        (wire.Rename(77, "x"), "rename", "no conversation 77"),
        (wire.Delete(77), "delete", "no conversation 77"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line_and_the_session_goes_on(message: Any, about: str, says: str) -> None:
    with Hosted(counting(), settings=Settings(max_prompt_chars=100)) as hosted:
        guest = hosted.guest()
        guest.send(message)
        error = guest.until("error")
        assert error["about"] == about
        assert says in error["text"]
        assert "\n" not in error["text"]
        guest.send(wire.Ask("Count"))
        assert guest.hear()["message"]["reason"] == "finished"


def test_a_failure_of_the_server_is_told_without_its_traceback_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret")

    with Hosted(counting()) as hosted:
        guest = hosted.guest()
        monkeypatch.setattr("speakstream.session.Session.sentence", broken)
        monkeypatch.setattr("speakstream.session.Session.pause", broken)
        for message, about in ((wire.Sentence(1), "sentence"), (wire.Pause(), "pause")):
            guest.send(message)
            error = guest.until("error")
            assert (error["about"], error["text"]) == (about, "the server failed at this; its log says why")
        assert "a secret" in caplog.text
        guest.synchronise()


def test_a_model_that_fails_is_told_and_so_is_a_voice() -> None:
    with Hosted(counting(fail_at=1), ScriptedVoice(fail_at=0)) as hosted:
        guest = hosted.guest()
        guest.send(wire.Ask("Count"))
        ended = guest.hear()["message"]
        assert ended["reason"] == "failed"
        assert "broken model" in ended["error"]
        assert any("in silence" in notice["text"] for notice in guest.of("notice"))


def test_without_sound_the_text_is_the_same() -> None:
    with Hosted(counting()) as hosted:
        guest = hosted.guest(audio="off")
        assert guest.of("status")[0]["voice_state"] == "off"
        guest.send(wire.Ask("Count"))
        ended = guest.until("ended")["message"]
        assert (ended["reason"], ended["heard"]) == ("finished", None)
        assert guest.text(2) == REPLY
        assert guest.of("speech") == []


def test_simple_clients_get_wav() -> None:
    with Hosted(counting()) as hosted:
        guest = hosted.guest(audio="wav")
        guest.send(wire.Ask("Count"))
        audio = guest.until("audio")
        assert (audio["speech"], audio["sequence"], audio["first"]) == (1, 0, 0)
        guest.until("spoken")
        guest.send(wire.Position(1, 10**6))
        assert guest.until("ended")["message"]["reason"] == "finished"


def test_what_is_typed_is_read_already() -> None:
    with Hosted(counting()) as hosted:
        guest = hosted.guest()
        guest.send(wire.Typing("Why is the sk"))
        poll(lambda: [sent[-1].content for sent in hosted.model.prefilled] == ["Why is the"])


def test_what_a_person_wants_kept_is_in_the_history_of_the_terminal(tmp_path: Path) -> None:
    history = History(tmp_path / "history.db")
    with Hosted(counting(), history=history) as hosted:
        own, keeper = hosted.guest(audio="off"), hosted.guest(audio="off", keep=True)
        for guest in (own, keeper):
            guest.send(wire.Ask("Count"))
            guest.until("ended")
        (kept,) = history.conversations()
        assert kept.messages == 2
        keeper.send(wire.Rename(kept.id, "Numbers"))
        keeper.send(wire.List("six"))
        (found,) = keeper.until("conversations")["conversations"]
        assert (found["id"], found["title"]) == (kept.id, "Numbers")
        assert "Six" in found["excerpt"]
        other = hosted.guest(audio="off", keep=True, conversation=kept.id)
        assert other.opened["conversation"] == kept.id
        assert [message["text"] for message in other.opened["messages"]] == ["Count", REPLY]
        other.send(wire.New())
        assert other.until("opened")["conversation"] is None
        other.send(wire.Open(kept.id))
        assert other.until("opened")["conversation"] == kept.id
        other.send(wire.Delete(kept.id))
        assert other.until("opened")["conversation"] is None, "what is open is closed first"
        other.synchronise()
        poll(lambda: history.conversations() == [])
        other.send(wire.Delete(kept.id, undo=True))
        poll(lambda: [one.id for one in history.conversations()] == [kept.id])
    history.close()


def test_a_server_that_keeps_nothing_says_so() -> None:
    with Hosted(counting()) as hosted:
        guest = hosted.guest(keep=True)
        assert "keeps no conversations" in guest.until("notice")["text"]
        guest.send(wire.Ask("Count"))
        assert guest.until("added")["message"]["text"] == "Count"


def test_a_conversation_that_is_gone_is_told_and_a_new_one_begins(tmp_path: Path) -> None:
    history = History(tmp_path / "history.db")
    with Hosted(counting(), history=history) as hosted:
        guest = hosted.guest(keep=True, conversation=77)
        assert guest.opened["messages"] == []
        assert "no conversation 77" in guest.until("notice")["text"]
    history.close()


@pytest.mark.parametrize(("message", "count", "says"), [(wire.Ask("x"), 21, "wait a moment"), (wire.New(), 51, "wait")])
def test_a_client_that_asks_without_end_is_told_to_wait(message: Any, count: int, says: str) -> None:
    with Hosted(counting(gates={1: threading.Event()})) as hosted:
        guest = hosted.guest()
        session = hosted.hall._seats[guest.session]._session
        assert session is not None
        with session._work:  # it can do none of it yet
            for _ in range(count):
                guest.send(message)
            guest.synchronise()
        assert [says in error["text"] for error in guest.of("error")] == [True]
        guest.send(wire.Cancel())


def test_sound_is_paced_by_what_was_heard() -> None:
    long = ["One two three four five six seven eight nine ten. " * 6]
    with Hosted(ScriptedModel(long, context_length=4096), settings=Settings(audio_buffer_seconds=1.0)) as hosted:
        guest = hosted.guest()
        guest.send(wire.Ask("Count"))
        guest.frame()
        poll(lambda: hosted.hall._seats[guest.session].sink.buffered() > 0.5)
        guest.synchronise()
        for heard in range(0, 5000, 500):
            guest.send(wire.Position(1, heard))
            guest.synchronise()
            assert len(samples(guest.sound(1))) // 2 <= heard + RATE
        guest.send(wire.Position(1, 10**6))
        guest.hear()
