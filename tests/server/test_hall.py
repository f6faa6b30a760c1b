"""Who may come in, who may come back, who waits for whom, and how it ends. Over real sockets, on scripted parts."""

import threading
from pathlib import Path

import pytest

from speakstream.history import History
from speakstream.server import hall as halls
from speakstream.server import wire
from speakstream.settings import Settings
from tests.scripted import ScriptedModel
from tests.server.hosted import AnswersByPrompt, Guest, Hosted, RampVoice, poll, samples

REPLY = "Hello there, my friend. How are you?"
ONE = Settings(parallel_replies=1)


def stuck() -> ScriptedModel:
    """Says one word, and then nothing."""
    return ScriptedModel(gates={1: threading.Event()}, context_length=4096)


def reply_of(guest: Guest) -> int:
    """The number of the newest reply."""
    return int([added["message"]["id"] for added in guest.of("added")][-1])


# -- coming back -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost_after", [0, 1, 3, 5])
def test_who_comes_back_in_the_middle_of_a_speech_loses_nothing_and_hears_nothing_twice(lost_after: int) -> None:
    with Hosted(ScriptedModel([REPLY], context_length=4096), RampVoice()) as hosted:
        whole = hosted.guest()
        whole.send(wire.Ask("Hello"))
        whole.hear()
        guest = hosted.guest()
        guest.send(wire.Ask("Hello"))
        guest.until("added", lambda added: added["message"]["role"] == "assistant")
        for _ in range(lost_after):
            guest.frame()
        there = samples(guest.sound(1))
        guest.lose()
        again = hosted.guest(session=guest.session, speech=1 if there else 0, samples=len(there) // 2)
        assert again.welcome["resumed"]
        if not again.of("spoken"):
            again.until("spoken")
        again.send(wire.Position(1, 10**6))
        ended = again.until("ended")
        assert there + samples(again.sound(1)) == samples(whole.sound(1))
        assert [one["samples"] for one in again.of("spoken")] == [len(samples(whole.sound(1))) // 2]
        assert again.of("segment") == whole.of("segment"), "all of them: the client may know none"
        assert again.opened["messages"][1]["text"] + again.text(2) == REPLY
        assert ended["message"]["reason"] == "finished"
        assert ended["message"]["heard"] == len(REPLY)


def test_who_comes_back_while_a_reply_is_written_has_all_of_its_text_once() -> None:
    model = stuck()
    with Hosted(model) as hosted:
        guest = hosted.guest(audio="off")
        guest.send(wire.Ask("Hello"))
        guest.until("text")
        guest.lose()
        model.gates[1].set()
        again = hosted.guest(session=guest.session, audio="off")
        if again.opened["messages"][1]["reason"] == "writing":
            again.until("ended")
        assert again.opened["messages"][1]["text"] + again.text(2) == REPLY


def test_a_session_goes_on_without_its_client_and_is_told_when_he_is_back() -> None:
    with Hosted() as hosted:
        guest = hosted.guest(audio="off")
        guest.send(wire.Ask("Hello"))
        guest.until("added")  # so that it came
        guest.lose()
        poll(lambda: bool(hosted.model.asked) and not hosted.hall._seats[guest.session].answering)
        again = hosted.guest(session=guest.session, audio="off")
        assert [message["text"] for message in again.opened["messages"]] == ["Hello", REPLY]
        assert again.opened["messages"][1]["reason"] == "finished"
        assert hosted.seats() == 1
        assert hosted.hall._held == {}, "it is not given up any more"


def test_a_connection_that_takes_a_session_over_ends_the_one_before() -> None:
    with Hosted() as hosted:
        guest = hosted.guest()
        other = hosted.guest(session=guest.session)
        assert other.welcome == {"type": "welcome", "session": guest.session, "resumed": True, "version": wire.VERSION}
        assert guest.closed() == wire.TAKEN_OVER
        other.send(wire.Ask("Hello"))
        assert other.hear()["message"]["reason"] == "finished"
        assert hosted.seats() == 1


def test_who_does_not_come_back_costs_nothing_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halls, "RESUME_SECONDS", 0.05)
    with Hosted(stuck()) as hosted:
        guest = hosted.guest()
        guest.send(wire.Ask("Hello"))
        guest.until("text")
        guest.lose()
        poll(lambda: hosted.seats() == 0 and hosted.model.running == 0)
        assert "speakstream_sessions 0.0" in hosted.metrics.render().decode()
        again = hosted.guest(session=guest.session, restore=(wire.Kept("user", "Hello"),))
        assert not again.welcome["resumed"]
        assert again.session != guest.session
        assert [message["text"] for message in again.opened["messages"]] == ["Hello"], "as the client kept it"


def test_what_a_client_kept_is_gone_on_with() -> None:
    kept = (
        wire.Kept("user", "Count 🎉"),
        wire.Kept("assistant", "🎉 One two three.", heard=6),
        wire.Kept("user", "Again"),
        wire.Kept("assistant", "Four."),
    )
    with Hosted() as hosted:
        guest = hosted.guest(session="gone", restore=kept)
        assert guest.opened["conversation"] is None
        told = [(one["role"], one["text"], one["heard"], one["reason"]) for one in guest.opened["messages"]]
        assert told == [
            ("user", "Count 🎉", None, ""),
            ("assistant", "🎉 One two three.", 6, "interrupted"),
            ("user", "Again", None, ""),
            ("assistant", "Four.", None, "finished"),
        ]
        guest.send(wire.Ask("And now?"))
        guest.hear()
        asked = [message.content for message in hosted.model.asked[-1]][1:]
        assert asked == ["Count 🎉", "🎉 One", "Again", "Four.", "And now?"]


# -- who may come in ---------------------------------------------------------------------------------------


def test_more_than_may_be_are_told_so_and_may_come_when_one_has_left() -> None:
    with Hosted(settings=Settings(max_sessions=2)) as hosted:
        first, _ = hosted.guest(), hosted.guest()
        third = hosted.stranger()
        third.send(wire.Hello())
        error = third.until("error")
        assert error["about"] == "hello"
        assert "2 of 2" in error["text"]
        assert third.closed() == wire.FULL
        first.leave()
        poll(lambda: hosted.seats() == 1)
        assert hosted.guest().welcome["session"]


def test_a_seat_that_is_held_with_nothing_going_on_is_given_to_who_comes() -> None:
    with Hosted(stuck(), settings=Settings(max_sessions=2)) as hosted:
        busy, idle = hosted.guest(), hosted.guest()
        busy.send(wire.Ask("Hello"))
        busy.until("text")
        for guest in (busy, idle):
            guest.lose()
        poll(lambda: len(hosted.hall._held) == 2)
        hosted.guest()
        assert busy.session in hosted.hall._seats
        assert idle.session not in hosted.hall._seats


def test_sessions_have_names_that_nobody_guesses() -> None:
    with Hosted() as hosted:
        names = {hosted.guest().session for _ in range(4)}
        assert len(names) == 4
        assert all(len(name) >= 32 for name in names)


# -- who waits for whom ------------------------------------------------------------------------------------


def test_prompts_are_answered_in_the_order_they_came_and_who_waits_is_told_his_place() -> None:
    model = AnswersByPrompt(open_at={"one": threading.Event(), "two": threading.Event()})
    with Hosted(model, settings=ONE) as hosted:
        guests = {}
        for number, prompt in enumerate(("one", "two", "three")):
            guests[prompt] = guest = hosted.guest(audio="off")
            guest.send(wire.Ask(prompt))
            if number:
                assert guest.until("queue")["position"] == number
            else:
                poll(lambda: model.begun == ["one"])
        model.open_at["one"].set()
        guests["three"].until("queue", lambda told: told["position"] == 1)
        model.open_at["two"].set()
        for prompt, guest in guests.items():
            assert guest.until("ended")["message"]["reason"] == "finished"
            assert guest.text(2) == f"You said {prompt}."
        assert model.begun == ["one", "two", "three"]
        places = {prompt: [told["position"] for told in guest.of("queue")] for prompt, guest in guests.items()}
        assert places == {"one": [], "two": [1, 0], "three": [2, 1, 0]}


def test_who_stops_waiting_or_leaves_holds_nobody_up() -> None:
    model = AnswersByPrompt(open_at={"one": threading.Event()})
    with Hosted(model, settings=ONE) as hosted:
        guests = {}
        for prompt in ("one", "stops", "leaves", "last"):
            guests[prompt] = guest = hosted.guest(audio="off")
            guest.send(wire.Ask(prompt))
            if prompt == "one":
                poll(lambda: model.begun == ["one"])
            else:
                guest.until("queue")
        guests["stops"].send(wire.Cancel())
        assert guests["stops"].until("ended")["message"]["reason"] == "interrupted"
        guests["leaves"].leave()
        guests["last"].until("queue", lambda told: told["position"] == 1)
        model.open_at["one"].set()
        assert guests["last"].until("ended")["message"]["reason"] == "finished"
        assert model.begun == ["one", "last"]


def test_who_comes_back_while_he_waits_keeps_his_place() -> None:
    model = AnswersByPrompt(open_at={"one": threading.Event()})
    with Hosted(model, settings=ONE) as hosted:
        first, second = hosted.guest(audio="off"), hosted.guest(audio="off")
        first.send(wire.Ask("one"))
        poll(lambda: model.begun == ["one"])
        second.send(wire.Ask("two"))
        second.until("queue")
        second.lose()
        again = hosted.guest(session=second.session, audio="off")
        assert again.until("queue")["position"] == 1
        model.open_at["one"].set()
        again.until("ended")


def test_sessions_know_nothing_of_each_other() -> None:
    with Hosted(AnswersByPrompt()) as hosted:
        one, other = hosted.guest(), hosted.guest()
        for guest, prompt in ((one, "secret"), (other, "else")):
            guest.send(wire.Ask(prompt))
            guest.hear()
        assert "secret" not in str(other.got)
        other.send(wire.List())
        assert [listed["title"] for listed in other.until("conversations")["conversations"]] == ["else"]


# -- how it ends -------------------------------------------------------------------------------------------


def test_an_end_saves_what_is_running(tmp_path: Path) -> None:
    history = History(tmp_path / "history.db")
    with Hosted(stuck(), history=history) as hosted:
        guest = hosted.guest(keep=True)
        guest.send(wire.Ask("Hello"))
        guest.until("text")
        hosted.close(0.0)
        assert guest.until("closing")["seconds"] == 0.0
        assert guest.closed() == 1012
        assert hosted.seats() == 0
        assert hosted.model.running == 0
    kept = history.messages(history.conversations()[0].id)
    assert [(one.text, one.reason) for one in kept] == [("Hello", ""), ("Hello there, ", "interrupted")]
    history.close()


def test_an_end_waits_for_what_is_heard_and_begins_nothing_more() -> None:
    with Hosted(stuck()) as hosted:
        guest = hosted.guest()
        guest.send(wire.Ask("Hello"))
        guest.until("text")
        ending = threading.Thread(target=hosted.close, args=(30.0,))
        ending.start()
        guest.until("closing")
        guest.send(wire.Ask("More"))
        assert "ending" in guest.until("error")["text"]
        hosted.model.gates[1].set()
        ended = guest.hear()
        assert ended["message"]["reason"] == "finished"
        assert ended["message"]["heard"] == len(REPLY)
        assert guest.closed() == 1012
        ending.join(30)
        stranger = hosted.stranger()
        stranger.send(wire.Hello())
        assert stranger.closed() == wire.FULL


def test_an_end_waits_for_nobody_who_is_not_there_or_paused() -> None:
    with Hosted(ScriptedModel(context_length=4096)) as hosted:
        gone, paused = hosted.guest(), hosted.guest()
        for guest in (gone, paused):
            guest.send(wire.Ask("Hello"))
            guest.frame()
        gone.lose()
        paused.send(wire.Pause())
        paused.synchronise()
        poll(lambda: len(hosted.hall._held) == 1)
        hosted.stranger()  # who has not said hello yet
        hosted.close(10**6)
        assert paused.closed() == 1012


def test_it_is_ready_when_model_and_voice_are() -> None:
    with Hosted() as hosted:
        assert hosted.hall.ready() == ""
