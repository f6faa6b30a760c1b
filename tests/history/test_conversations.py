"""What a person has said and heard is kept, listed, renamed, deleted, brought back and cut."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from speakstream.errors import HistoryError
from speakstream.history import KEPT, History, StoredMessage


@pytest.fixture(params=["file", "memory"])
def history(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[History]:
    opened = History(tmp_path / "history.sqlite3" if request.param == "file" else None)
    yield opened
    opened.close()


def talk(history: History, *prompts: str, conversation: int | None = None) -> tuple[int, list[StoredMessage]]:
    """A conversation in which each prompt was answered "Answer to it.", and heard whole."""
    id = history.begin() if conversation is None else conversation
    for prompt in prompts:
        history.add_prompt(id, prompt)
        reply = history.begin_reply(id, "tiny", "hibari/heart")
        for piece in ("Answer ", "to ", f"{prompt}."):
            history.append(reply.id, piece)
        history.end_reply(reply.id, "finished", len(prompt) + 11, "", {"tokens": 3})
    return id, history.messages(id)


def test_a_turn_is_stored_as_it_happens(history: History) -> None:
    id = history.begin("pirate")
    prompt = history.add_prompt(id, "  Why?\nSay it.  ")
    assert (prompt.role, prompt.text, prompt.reason, prompt.heard) == ("user", "  Why?\nSay it.  ", "", None)
    reply = history.begin_reply(id, "loading", "hibari/heart")
    assert (reply.role, reply.text, reply.reason, reply.heard) == ("assistant", "", "writing", 0)
    history.append(reply.id, "Because")
    history.append(reply.id, " it is.")
    history.set_heard(reply.id, 5)
    writing = history.messages(id)[1]
    assert (writing.text, writing.reason, writing.heard) == ("Because it is.", "writing", 5)
    history.end_reply(reply.id, "failed", 7, "it broke", {"first_token": 0.1, "token_times": [0.1, None]}, model="tiny")
    ended = history.message(reply.id)
    assert ended == history.messages(id)[1]
    assert ended is not None
    assert (ended.text, ended.reason, ended.heard, ended.error) == ("Because it is.", "failed", 7, "it broke")
    assert (ended.model, ended.voice, ended.metrics) == (
        "tiny",
        "hibari/heart",
        {"first_token": 0.1, "token_times": [0.1, None]},
    )
    history.set_heard(reply.id, 14)
    assert history.messages(id)[1].heard == 14
    told = history.conversation(id)
    assert told is not None
    assert (told.title, told.messages, told.persona) == ("Why? Say it.", 2, "pirate")
    assert told.created <= prompt.created <= ended.created <= told.updated


def test_a_silent_reply_was_heard_by_nobody(history: History) -> None:
    id = history.begin()
    assert history.begin_reply(id, "tiny", "").heard is None


def test_conversations_are_listed_newest_first_once_something_was_said(history: History) -> None:
    empty = history.begin()
    first, _ = talk(history, "one")
    second, _ = talk(history, "two")
    assert [told.id for told in history.conversations()] == [second, first]
    assert [told.id for told in history.conversations(1)] == [second]
    talk(history, "three", conversation=first)
    assert [(told.id, told.title, told.messages) for told in history.conversations()] == [
        (first, "one", 4), (second, "two", 2),
    ]  # fmt: skip
    latest = history.latest()
    assert latest is not None and latest.id == first
    untouched = history.conversation(empty)
    assert untouched is not None and untouched.messages == 0


def test_only_the_newest_messages_are_read_when_so_many_are_asked_for(history: History) -> None:
    id, messages = talk(history, "one", "two", "three")
    assert [message.text for message in messages[:2]] == ["one", "Answer to one."]
    assert history.messages(id, 3) == messages[-3:]
    assert history.messages(id, 0) == []


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("Why is the sky blue?", "Why is the sky blue?"),
        ("  two\n\n lines\t", "two lines"),
        ("\x1b]0;evil\x07\x1b[31mred\x9b0m‮", "red"),
        ("word " * 20, "word " * 11 + "word…"),
        ("x" * 61, "x" * 59 + "…"),
        ("x" * 60, "x" * 60),
        ("\x07", "Untitled"),
        ("a" * 5_000_000, "a" * 59 + "…"),
    ],
)
def test_the_title_is_the_first_prompt_on_one_line(history: History, prompt: str, title: str) -> None:
    id, _ = talk(history, prompt, "another")
    told = history.conversation(id)
    assert told is not None
    assert told.title == title
    assert len(title) <= 60


def test_a_name_that_a_person_gives_stays_until_it_is_taken_back(history: History) -> None:
    id, _ = talk(history, "one")

    def title() -> str:
        told = history.conversation(id)
        assert told is not None
        return told.title

    history.rename(id, "  My\n\x1b[1mtalk ")
    talk(history, "two", conversation=id)
    assert title() == "My talk"
    history.rename(id, " ")
    assert title() == "one"


def test_what_is_deleted_can_be_brought_back_and_after_30_days_it_is_gone(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, _ = talk(history, "kept")
    id, messages = talk(history, "deleted")
    history.delete(id)
    history.purge()
    assert [told.id for told in history.conversations()] == [kept]
    assert history.conversation(id) is None
    assert history.search("deleted") == [] and history.prompts() == ["kept"]
    history.restore(id)
    assert {told.id for told in history.conversations()} == {kept, id}
    assert history.messages(id) == messages
    history.delete(id)
    assert (deleted := history.message(messages[0].id)) is not None and deleted.text == "deleted"
    later = messages[0].created + KEPT + 60
    monkeypatch.setattr("speakstream.history.time.time", lambda: later)
    history.purge()
    assert history.message(messages[0].id) is None
    with pytest.raises(HistoryError, match=f"there is no conversation {id}; see: speakstream history list"):
        history.restore(id)
    assert [told.id for told in history.conversations()] == [kept]


def test_a_conversation_in_which_nothing_was_said_is_cleaned_up_a_day_later(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = history.begin()
    told = history.conversation(empty)
    assert told is not None
    history.purge()
    assert history.conversation(empty) is not None
    later = told.created + 90_000
    monkeypatch.setattr("speakstream.history.time.time", lambda: later)
    begun = history.begin()
    history.purge()
    assert history.conversation(empty) is None
    assert history.conversation(begun) is not None, "it may be just about to be used"


def test_an_edited_prompt_takes_the_place_of_what_followed(history: History) -> None:
    id, messages = talk(history, "one", "two", "three")
    history.cut(id, messages[2].id)
    assert history.messages(id) == messages[:2]
    assert history.message(messages[4].id) is None
    assert history.search("three") == [] and history.prompts() == ["one"]
    talk(history, "four", conversation=id)
    assert [message.text for message in history.messages(id)] == ["one", "Answer to one.", "four", "Answer to four."]
    history.cut(id, messages[0].id)
    assert history.conversations() == []
    talk(history, "five", conversation=id)
    assert [(told.title, told.messages) for told in history.conversations()] == [("five", 2)]
    with pytest.raises(HistoryError, match=f"conversation {id} has no message {messages[0].id}"):
        history.cut(id, messages[0].id)


def test_the_prompts_are_each_there_once_newest_first(history: History) -> None:
    talk(history, "one", "two", "one", "three")
    talk(history, "two", "four")
    assert history.prompts() == ["four", "two", "three", "one"]
    assert history.prompts(2) == ["four", "two"]


def test_drafts_are_kept_for_each_conversation_and_for_the_one_not_begun(history: History) -> None:
    id, _ = talk(history, "one")
    assert (history.draft(None), history.draft(id)) == ("", "")
    history.set_draft(None, "new\nlines")
    history.set_draft(id, "half a tho")
    history.set_draft(id, "half a thought")
    assert (history.draft(None), history.draft(id)) == ("new\nlines", "half a thought")
    history.set_draft(None, "")
    history.erase(id)
    assert (history.draft(None), history.draft(id)) == ("", "")


def test_text_comes_back_as_it_was_whatever_is_in_it(history: History) -> None:
    id = history.begin("\ud800")
    text = "a\0b \x1b]52;c;QQ==\x07 \ud83d é 👩‍👩‍👧 ‮ \\ ' \" % _ ; --"
    kept = text.replace("\ud83d", "\ufffd")
    history.add_prompt(id, text)
    reply = history.begin_reply(id, text, text)
    for mark in text:
        history.append(reply.id, mark)
    history.end_reply(reply.id, "failed", 3, text, {"a": text})
    history.set_draft(id, text)
    prompt, reply = history.messages(id)
    assert (prompt.text, reply.text, reply.error, reply.model, reply.voice) == (kept,) * 5
    assert history.draft(id) == kept


@pytest.mark.parametrize("id", [0, -1, 999, 2**63, 10**30])
def test_an_id_that_is_not_there_is_an_error_or_nothing(history: History, id: int) -> None:
    assert history.conversation(id) is None and history.message(id) is None
    assert history.messages(id) == [] and history.draft(id) == ""
    for change in (history.delete, history.restore, history.erase):
        with pytest.raises(HistoryError, match=f"there is no conversation {id};"):
            change(id)
    with pytest.raises(HistoryError, match=f"there is no conversation {id};"):
        history.rename(id, "x")
    with pytest.raises(HistoryError, match=f"there is no conversation {id};"):
        history.add_prompt(id, "x")
    with pytest.raises(HistoryError, match=f"there is no conversation {id};"):
        history.set_draft(id, "x")
    with pytest.raises(HistoryError, match=f"there is no conversation {id};"):
        history.begin_reply(id, "", "")
    with pytest.raises(HistoryError, match=f"message {id} is not being written"):
        history.append(id, "x")
    with pytest.raises(HistoryError, match=f"message {id} "):
        history.set_heard(id, 1)


def test_a_reply_can_only_be_written_until_it_ends(history: History) -> None:
    _, messages = talk(history, "one")
    calls: list[Callable[[], object]] = [
        lambda: history.append(messages[1].id, "more"),
        lambda: history.end_reply(messages[1].id, "finished", None, "", {}),
        lambda: history.append(messages[0].id, "more"),
    ]
    for call in calls:
        with pytest.raises(HistoryError, match="is not being written"):
            call()
    assert history.messages(messages[0].conversation) == messages


def test_erasing_one_that_is_not_there_erases_none(history: History) -> None:
    id, _ = talk(history, "one")
    with pytest.raises(HistoryError, match="there is no conversation 77"):
        history.erase(id, 77)
    assert len(history.messages(id)) == 2


def test_a_reply_whose_conversation_is_erased_meanwhile_says_so(history: History) -> None:
    id = history.begin()
    reply = history.begin_reply(id, "tiny", "").id
    history.append(reply, "a")
    history.erase(id)
    calls: list[Callable[[], object]] = [
        lambda: history.append(reply, "b"),
        lambda: history.set_heard(reply, 1),
        lambda: history.end_reply(reply, "finished", None, "", {}),
    ]
    for call in calls:
        with pytest.raises(HistoryError, match=f"message {reply} is no longer in the history"):
            call()


def test_closing_ends_what_is_being_written_and_nothing_is_stored_afterwards(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite3")
    id = history.begin()
    reply = history.begin_reply(id, "tiny", "").id
    history.append(reply, "half a sen")
    history.close()
    history.close()
    calls: list[Callable[[], object]] = [lambda: history.append(reply, "tence"), history.begin]
    for call in calls:
        with pytest.raises(HistoryError, match="the history is closed"):
            call()
    again = History(tmp_path / "history.sqlite3")
    assert [(m.text, m.reason) for m in again.messages(id)] == [("half a sen", "interrupted")]
    again.close()
    assert [file.name for file in tmp_path.iterdir()] == ["history.sqlite3"], "nothing is left lying about"


def test_threads_write_and_read_at_once(history: History) -> None:
    failures: list[BaseException] = []
    done = threading.Event()

    def write(name: str) -> None:
        try:
            id = history.begin(name)
            for _ in range(5):
                reply = history.begin_reply(id, "tiny", "").id
                for number in range(50):
                    history.append(reply, f"{name}{number} ")
                history.end_reply(reply, "finished", None, "", {})
        except BaseException as error:
            failures.append(error)

    def read() -> None:
        try:
            while not done.is_set():
                for told in history.conversations():
                    for message in history.messages(told.id):
                        words = message.text.split()
                        assert words == [f"{told.persona}{number}" for number in range(len(words))]
                history.search("a1")
        except BaseException as error:
            failures.append(error)

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert failures == []
    assert sorted((told.persona, told.messages) for told in history.conversations()) == [("a", 5), ("b", 5), ("c", 5)]
    assert all(len(m.text.split()) == 50 for told in history.conversations() for m in history.messages(told.id))


def test_a_prompt_with_files_keeps_what_was_typed_and_what_the_model_was_told() -> None:
    history = History(None)
    prompt = history.add_prompt(history.begin(), "Read @a.txt", "Read @a.txt\n\nhello")
    assert (prompt.text, prompt.told) == ("Read @a.txt", "Read @a.txt\n\nhello")
    assert history.message(prompt.id) == prompt
    history.close()
