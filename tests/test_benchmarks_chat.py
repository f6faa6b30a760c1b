"""What the benchmarks of the chat call typed, saved, shown and busy; and that the pictures show this program."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks import interface, pictures, screenshots, typeahead
from benchmarks.interface import Turn, further_up, history_file, marked, shown, write_history
from benchmarks.keys import KEYS_PER_SECOND, rest, typed
from benchmarks.pictures_talk import CONVERSATIONS, WORDS
from benchmarks.screen import LETTERS, Screen
from speakstream.history import History, StoredMessage

# -- typing ------------------------------------------------------------------------------------------------------


def test_a_person_types_every_letter_at_an_uneven_pace_that_is_the_same_each_time() -> None:
    text = "Why is the sky blue? " * 40
    keys = list(typed(text, "a seed"))
    assert keys == list(typed(text, "a seed")) != list(typed(text, "another"))
    assert [state for _, state in keys] == [text[: end + 1] for end in range(len(text))]
    moments = [moment for moment, _ in keys]
    intervals = [after - before for before, after in pairwise(moments)]
    assert min(intervals) > 0
    assert max(intervals) > 3 * min(intervals)
    assert len(text) / moments[-1] == pytest.approx(KEYS_PER_SECOND, rel=0.1)
    assert rest("a seed") == rest("a seed") > 0
    assert list(typed("", "a seed")) == []


# -- type-ahead --------------------------------------------------------------------------------------------------


def pair(on: float | None, off: float | None) -> dict[str, dict[str, float | None]]:
    """The first sound with and without type-ahead."""
    return {"on": {"first_audio": on}, "off": {"first_audio": off}}


def test_what_type_ahead_saves_is_told_by_pairs() -> None:
    saved, with_it, without = typeahead.compared([pair(0.1, 0.2), pair(0.1, 0.16), pair(0.2, 0.19)], "first_audio", "x")
    assert saved.value == pytest.approx(60)
    assert [with_it.value, without.value] == pytest.approx([100, 190])
    assert saved.verdict == "aim"
    assert "sooner in 2" in saved.detail


@pytest.mark.parametrize(
    ("pairs", "verdict"),
    [([pair(0.105, 0.11)], "reach"), ([pair(0.2, 0.1)], "MISSED"), ([pair(None, 0.1)], "-")],
    ids=["little", "slower", "silent"],
)
def test_type_ahead_that_helps_little_or_not_is_seen(pairs: list[dict[str, dict[str, float]]], verdict: str) -> None:
    assert typeahead.compared(pairs, "first_audio", "x")[0].verdict == verdict


# -- the interface -----------------------------------------------------------------------------------------------


def test_the_long_conversation_is_stored_and_its_messages_can_be_told_on_a_screen(tmp_path: Path) -> None:
    write_history(tmp_path, 20)
    history = History(history_file(tmp_path))
    latest = history.latest()
    assert latest is not None
    messages = history.messages(latest.id)
    history.close()
    assert [message.role for message in messages] == ["user", "assistant"] * 10
    assert [shown(message.text.encode()) for message in messages] == [[number] for number in range(1, 21)]
    assert shown(latest.title.encode()) == [], "else the title would be taken for a message"


def test_a_page_up_has_come_when_an_older_message_has() -> None:
    came = f"\x1b[1;3H{marked(12)} and \x1b[48;5;16m{marked(13)}".encode()
    assert shown(came) == [12, 13]
    assert further_up(13)(came)
    assert not further_up(12)(came)


def reply(**metrics: float) -> StoredMessage:
    """A reply as it is stored, with these figures."""
    return StoredMessage(2, 1, "assistant", "Yes.", 4, "finished", "", "model", "voice", 0.0, metrics)


def test_the_work_of_a_turn_is_taken_between_two_of_its_moments() -> None:
    turn = Turn(100.0, reply=reply(first_token=0.2, last_token=2.2))
    turn.work = [(100 + 0.1 * step, 5 + 0.01 * step, 9 + 0.12 * step) for step in range(40)]
    found = turn.busy(turn.moment("first_token"), turn.moment("last_token"))
    assert found is not None
    assert list(found) == pytest.approx([0.1, 1.2])
    assert turn.busy(100.0, 100.3) is None, "too short to tell"


def test_a_run_of_the_interface_is_judged() -> None:
    turn = {"written": [0.01] * 10, "spoken": [0.2], "busy": (0.1, 1.2), "underruns": 0}
    talk = {"busy": None, "underruns": 1, "talk_seconds": 20.0}
    raw = {
        "starts": {"prompt": [0.5, 0.6], "resumed_prompt": [0.5, 0.5], "resumed_conversation": [1.4, 1.7]},
        "pages": [0.02, 0.03],
        "turns": [turn],
        "soak": [talk],
    }
    figures = interface.figures(raw)
    told = {figure.name: figure for figure in figures}
    assert len(told) == len(figures)
    verdicts = {
        "chat: process start to prompt, a key shown": ("aim", 550),
        "chat --resume, 1000 messages: later than an empty one by": ("aim", 1000),
        "... process start to prompt and conversation": ("", 1550),
        "key to screen while the model writes, p95": ("aim", 10),
        "... while it speaks, nothing is written, p95": ("MISSED", 200),
        "the interface's thread while text and speech stream, of one core": ("aim", 10),
        "underruns": ("MISSED", 1),
    }
    for name, (verdict, value) in verdicts.items():
        assert told[name].verdict == verdict, name
        assert told[name].value == pytest.approx(value), name


def test_a_chat_that_does_not_start_is_an_error_that_shows_what_it_said(tmp_path: Path) -> None:
    with Screen(tmp_path, ["--no-such-option"], {}) as screen, pytest.raises(TimeoutError, match="no-such-option"):
        screen.ready(LETTERS[0])


# -- the pictures ------------------------------------------------------------------------------------------------


def text_of(svg: str) -> str:
    """What stands in a picture."""
    return "\n".join(re.findall(r"<text[^>]*>(.*?)</text>", svg))


@pytest.mark.parametrize("picture", pictures.PICTURES, ids=lambda picture: picture.name)
def test_a_picture_shows_what_the_program_shows(picture: pictures.Picture) -> None:
    kept = (pictures.FOLDER / f"{picture.name}.svg").read_text("utf-8")
    assert text_of(pictures.draw(picture)) == text_of(kept), "the screen is another: python -m benchmarks.pictures"
    assert len(kept) < 200_000
    assert "http" not in re.sub(r'xmlns="[^"]*"|<!--.*?-->', "", kept), "nothing is fetched"


def test_a_picture_is_the_same_each_time() -> None:
    assert pictures.draw(pictures.PICTURES[0]) == pictures.draw(pictures.PICTURES[0])


def test_every_picture_is_shown_somewhere() -> None:
    root = pictures.FOLDER.parent.parent
    pages = "".join(path.read_text("utf-8") for path in (root / "README.md", *(root / "docs").glob("*.md")))
    taken = {f"{picture.name}.svg" for picture in pictures.PICTURES}
    taken |= {f"{picture.name}.png" for picture in screenshots.PICTURES}
    assert {path.name for path in pictures.FOLDER.iterdir()} == taken
    assert all(f"pictures/{name}" in pages for name in taken)


def test_the_last_reply_is_being_written_and_all_others_have_ended() -> None:
    history = History(None)
    pictures.write_history(history)
    latest = history.latest()
    assert latest is not None
    assert len(history.conversations()) == len(CONVERSATIONS)
    assert [message.reason for message in history.messages(latest.id)] == ["", "finished", "", "writing"]
    assert history.messages(latest.id)[-1].text == WORDS
    history.close()
