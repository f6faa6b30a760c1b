"""What a person does in the chat, and what comes of it: on scripted parts, in a terminal that is not there."""

from dataclasses import replace
from pathlib import Path

import pytest
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot

from speakstream.history import History
from speakstream.tui.actions import ACTIONS, BY_NAME
from speakstream.tui.pickers import Picker
from speakstream.tui.sidebar import Sidebar
from tests.tui.talk import Talk, settled, talk, typed


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))


def key(action: str) -> str:
    """The first key of an action."""
    return BY_NAME[action].keys.partition(",")[0]


def replies(app: Talk) -> list[str]:
    """The ends of the replies of the present conversation."""
    assert app.session is not None
    number = app.session.conversation
    return [] if number is None else [m.reason for m in app.history_.messages(number) if m.role == "assistant"]


async def heard(app: Talk, pilot: Pilot[int], count: int) -> None:
    """Play until so many replies have ended."""

    def ended() -> bool:
        app.sink.play(1.0)
        return [reason for reason in replies(app) if reason != "writing"].__len__() >= count

    await settled(pilot, ended)


async def sounds(app: Talk, pilot: Pilot[int], word: str) -> None:
    """Play until ``word`` sounds."""
    start = "".join(app.model.deltas).index(word)

    def sounding() -> bool:
        assert app.session is not None
        now = app.session.now().word
        if now is not None and now.start == start:
            return True
        app.sink.play(0.02)
        return False

    await settled(pilot, sounding)


def test_a_prompt_is_answered_spoken_and_kept() -> None:
    async def act(app: Talk, pilot: Pilot[int]) -> None:
        await typed(pilot, "count to eight")
        await heard(app, pilot, 1)
        assert replies(app) == ["finished"]
        assert "count to eight" in app.screen_text
        assert "Six seven eight." in app.screen_text
        assert app.prompt.value == ""
        assert " ".join(app.voice_.said) == "One two three four five. Six seven eight."
        assert "count to eight" in str(app.title_line.content)

    talk(Talk(), act)


def test_escape_is_silence_and_what_was_heard_is_kept() -> None:
    async def act(app: Talk, pilot: Pilot[int]) -> None:
        await typed(pilot, "count")
        await sounds(app, pilot, "four")
        await pilot.press("escape")
        await settled(pilot, lambda: replies(app) == ["interrupted"])
        assert app.sink.cleared
        assert app.session is not None
        stored = app.history_.messages(app.session.conversation or 0)[-1]
        assert stored.text[: stored.heard] == "One two three"
        await pilot.pause()
        assert "stopped" in app.screen_text

    talk(Talk(), act)


def test_a_prompt_while_it_speaks_interrupts_and_answers() -> None:
    async def act(app: Talk, pilot: Pilot[int]) -> None:
        await typed(pilot, "count")
        await sounds(app, pilot, "four")
        await typed(pilot, "stop")
        await heard(app, pilot, 2)
        assert replies(app) == ["interrupted", "finished"]
        assert app.model.asked[-1][-1].content == '(You were interrupted after "One two three".)\nstop'

    talk(Talk(), act)


def test_the_keys_of_the_transport_do_what_they_say() -> None:
    async def act(app: Talk, pilot: Pilot[int]) -> None:
        session = app.session
        assert session is not None
        await typed(pilot, "count")
        await sounds(app, pilot, "three")
        await pilot.press(key("pause"))
        assert session.now().paused
        assert "paused" in app.screen_text
        await pilot.press(key("pause"))
        assert not session.now().paused
        said = len(app.voice_.said)
        await pilot.press(key("next"))
        await settled(pilot, lambda: len(app.voice_.said) > said)
        assert app.voice_.said[said].startswith("Six")
        await pilot.press(key("faster"))
        await settled(pilot, lambda: session.speed == 1.1)
        await pilot.press(key("slower"))
        await settled(pilot, lambda: session.speed == 1.0)
        await pilot.press(key("mute"))
        assert app.sink.gain == 0.0
        await pilot.press(key("mute"))
        assert app.sink.gain == 0.8
        await pilot.press(key("softer"))
        assert app.sink.gain == 0.7
        await heard(app, pilot, 1)
        said = len(app.voice_.said)
        await pilot.press(key("replay"))
        await settled(pilot, lambda: len(app.voice_.said) > said)
        assert app.voice_.said[said].startswith("One")

    talk(Talk(), act)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("/speed 9", "speed '9' is not allowed: use a number from 0.5 to 3, as in /speed 1.2"),
        ("/speed fast", "speed 'fast' is not allowed"),
        ("/volume 200", "volume '200' is not allowed"),
        ("/spede 1", "there is no command /spede; did you mean /speed?"),
        ("/xyzzy", "there is no command /xyzzy; /help shows all"),
        ("/follow me", "/follow me: use one of word, newest, off"),
        ("/theme mud", "mud"),
        ("/persona nobody", "nobody"),
        ("/rename new", "this conversation has not begun yet"),
        ("/undo", "nothing was deleted"),
        ("/replay", "there is no reply to speak yet"),
        ("/edit", "there is no prompt to edit yet"),
        ("/copy", "there is nothing to copy yet"),
        ("/copy-code", "there is no code"),
        ("/hear", "all of it was spoken"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line_and_nothing_is_asked(command: str, told: str) -> None:
    async def act(app: Talk, pilot: Pilot[int]) -> None:
        app.prompt.fill(command)
        await pilot.press("enter")
        await settled(pilot, lambda: told in app.screen_text.replace("\n", " "))
        assert not app.model.asked

    talk(Talk(), act, (160, 30))


def test_every_action_has_its_method_and_commands_reach_them() -> None:
    app = Talk()
    assert all(callable(getattr(app, f"action_{action.name}", None)) for action in ACTIONS)

    async def act(app: Talk, pilot: Pilot[int]) -> None:
        app.prompt.fill("/speed 1.5")
        await pilot.press("enter")
        await settled(pilot, lambda: app.session is not None and app.session.speed == 1.5)
        app.prompt.fill("/volume 30")
        await pilot.press("enter")
        await settled(pilot, lambda: app.sink.gain == 0.3)

    talk(app, act)


def test_a_word_that_is_clicked_is_where_it_goes_on() -> None:
    async def act(app: Talk, pilot: Pilot[int]) -> None:
        await typed(pilot, "count")
        await heard(app, pilot, 1)
        lines = app.screen_text.split("\n")
        row = next(number for number, line in enumerate(lines) if "Six seven" in line)
        said = len(app.voice_.said)
        await pilot.click(offset=(lines[row].index("seven") + 1, row))
        await settled(pilot, lambda: len(app.voice_.said) > said)
        assert app.voice_.said[said] == "seven eight."

    talk(Talk(), act)


def test_code_is_marked_as_not_spoken_and_heard_at_a_key() -> None:
    async def act(app: Talk, pilot: Pilot[int]) -> None:
        await typed(pilot, "code")
        await heard(app, pilot, 1)
        assert "Alt+H" in app.screen_text
        said = len(app.voice_.said)
        await pilot.press(key("hear"))
        await settled(pilot, lambda: len(app.voice_.said) > said)
        await settled(pilot, lambda: "equals" in " ".join(app.voice_.said[said:]))

    talk(Talk(["Look:\n\n```python\nx = 1\n```\n\n", "Done."]), act)


def test_a_prompt_is_edited_and_asked_anew_in_its_place() -> None:
    async def act(app: Talk, pilot: Pilot[int]) -> None:
        await typed(pilot, "first")
        await heard(app, pilot, 1)
        await pilot.press(key("edit"))
        assert app.prompt.value == "first"
        app.prompt.fill("changed")
        await pilot.press("enter")
        await settled(pilot, lambda: len(app.model.asked) == 2)
        await heard(app, pilot, 1)
        assert [message.content for message in app.model.asked[-1]] == ["Be brief.", "changed"]
        assert "first" not in app.screen_text

    talk(Talk(), act)


def test_a_conversation_is_begun_deleted_brought_back_renamed_found_and_opened() -> None:
    async def act(app: Talk, pilot: Pilot[int]) -> None:
        session = app.session
        assert session is not None
        await typed(pilot, "first")
        await heard(app, pilot, 1)
        first = session.conversation
        assert first is not None
        await pilot.press("ctrl+n")
        await settled(pilot, lambda: session.conversation is None)
        await typed(pilot, "second")
        await heard(app, pilot, 1)
        app.prompt.fill("/rename The second one")
        await pilot.press("enter")
        await settled(pilot, lambda: "The second one" in app.screen_text)
        await pilot.press("ctrl+o")
        assert app.sidebar.display
        await settled(pilot, lambda: "The second one" in app.screen_text and "first" in app.screen_text)
        await pilot.press("ctrl+o")
        app.prompt.fill("/delete")
        await pilot.press("enter")
        await settled(pilot, lambda: len(app.history_.conversations()) == 1)
        await pilot.press(key("undo"))
        await settled(pilot, lambda: len(app.history_.conversations()) == 2)
        app.post_message(Sidebar.Chosen(first, None))
        await settled(pilot, lambda: session.conversation == first)
        await settled(pilot, lambda: "first" in app.screen_text)

    talk(Talk(), act)


def test_a_conversation_is_resumed_with_its_draft() -> None:
    history = History(None)
    number = history.begin()
    history.add_prompt(number, "an old question")
    reply = history.begin_reply(number, "m", "v")
    history.append(reply.id, "an old answer")
    history.end_reply(reply.id, "finished", 13, "", {})
    history.set_draft(number, "not sent yet")

    async def act(app: Talk, pilot: Pilot[int]) -> None:
        await settled(pilot, lambda: "an old answer" in app.screen_text)
        assert app.prompt.value == "not sent yet"
        await pilot.press("enter")
        await heard(app, pilot, 2)
        assert [message.content for message in app.model.asked[-1]] == [
            *("Be brief.", "an old question", "an old answer", "not sent yet"),
        ]
        assert history.draft(number) == ""

    talk(Talk(history=history, resume=number), act)


def test_without_sound_the_text_comes_all_the_same_and_the_status_says_so() -> None:
    async def act(app: Talk, pilot: Pilot[int]) -> None:
        await typed(pilot, "count")
        await heard(app, pilot, 1)
        assert "Six seven eight." in app.screen_text
        assert "no sound" in app.screen_text

    talk(Talk(speaks=False), act)


@pytest.mark.parametrize("size", [(40, 24), (80, 24), (20, 5), (200, 60)])
def test_it_can_be_used_at_any_size(size: tuple[int, int]) -> None:
    async def act(app: Talk, pilot: Pilot[int]) -> None:
        await typed(pilot, "hi")
        await heard(app, pilot, 1)
        for key in ("ctrl+o", "ctrl+o", "f1", "escape"):
            await pilot.press(key)
        await pilot.resize_terminal(30, 10)
        await pilot.resize_terminal(*size)
        assert replies(app) == ["finished"]

    talk(Talk(), act, size)


def test_a_file_that_cannot_be_read_leaves_the_prompt_as_it_was_typed() -> None:
    async def act(app: Talk, pilot: Pilot[int]) -> None:
        app.prompt.fill("read @./not-there.txt")
        await pilot.press("enter")
        await settled(pilot, lambda: "not-there.txt" in app.screen_text)
        await settled(pilot, lambda: app.prompt.value == "read @./not-there.txt")
        assert not app.model.asked

    talk(Talk(), act)


def test_what_a_model_writes_is_text_and_never_markup_or_a_sequence() -> None:
    async def act(app: Talk, pilot: Pilot[int]) -> None:
        await typed(pilot, "x")
        await heard(app, pilot, 1)
        assert "[bold red]not markup[/]" in app.screen_text
        assert "\x1b" not in app.screen_text

    talk(Talk(["[bold red]not markup[/] \x1b]52;c;UFdO\x07 ", "and more."]), act)


def test_a_file_in_a_prompt_is_read_and_the_screen_shows_what_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("Buy milk.")

    async def act(app: Talk, pilot: Pilot[int]) -> None:
        app.prompt.fill("Sum up @notes.txt please")
        await pilot.press("enter")
        await heard(app, pilot, 1)
        assert "Sum up @notes.txt please" in app.screen_text
        assert "Buy milk." not in app.screen_text
        assert "Buy milk." in app.model.asked[-1][-1].content

    talk(Talk(), act)


def test_keys_of_the_file_count_also_where_there_were_none_and_where_they_are_taken_away(tmp_path: Path) -> None:
    folder = tmp_path / "speakstream"
    folder.mkdir()
    (folder / "keys.toml").write_text('log = ""\nvolume = "f12"\nnew = "ctrl+x"\nhlep = "f9"\n')

    async def act(app: Talk, pilot: Pilot[int]) -> None:
        await typed(pilot, "count to eight")
        await heard(app, pilot, 1)
        await pilot.press("f12")
        await pilot.pause()
        assert not app.log_panel.display
        await pilot.press("ctrl+x")  # TextArea's own "cut"
        await settled(pilot, lambda: app.session is not None and app.session.conversation is None)

    talk(Talk(), act)


def test_the_keys_of_actions_wait_while_a_question_is_open() -> None:
    async def act(app: Talk, pilot: Pilot[int]) -> None:
        await typed(pilot, "count to eight")
        await heard(app, pilot, 1)
        await pilot.press(key("theme"))
        await pilot.pause()
        await pilot.press(key("new"), key("conversations"))
        await pilot.press("escape")
        await settled(pilot, lambda: len(app.screen_stack) == 1)
        assert not app.sidebar.display
        assert app.session is not None and app.session.conversation is not None

    talk(Talk(), act)


def test_the_chosen_theme_is_shown_while_choosing_and_kept() -> None:
    async def act(app: Talk, pilot: Pilot[int]) -> None:
        await pilot.press(key("theme"))
        await pilot.pause()
        await pilot.press("down")
        await settled(pilot, lambda: app.theme == "speakstream-light")
        await pilot.press("escape")
        await settled(pilot, lambda: app.theme == "speakstream")
        await pilot.press(key("theme"))
        await pilot.pause()
        await pilot.press("down", "enter")
        await settled(pilot, lambda: app.theme == "speakstream-light")

    async def again(app: Talk, pilot: Pilot[int]) -> None:
        assert app.theme == "speakstream-light"

    talk(Talk(), act)
    talk(Talk(), again)


def test_ctrl_c_asks_too_before_a_text_goes_through_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_TTY", "/dev/pts/1")
    monkeypatch.delenv("TMUX", raising=False)
    sent: list[str] = []
    monkeypatch.setattr(HeadlessDriver, "write", lambda driver, data: sent.append(data))

    async def act(app: Talk, pilot: Pilot[int]) -> None:
        app.prompt.fill("a secret")
        await pilot.press("shift+home", "ctrl+c")
        await settled(pilot, lambda: isinstance(app.screen, Picker))
        assert app.clipboard == "a secret"
        await pilot.press("escape")
        await settled(pilot, lambda: "not copied" in app.screen_text)
        assert not [data for data in sent if "]52;" in data]

    talk(Talk(), act)


def test_of_a_long_conversation_the_newest_messages_are_shown_below_a_word_on_the_others() -> None:
    history = History(None)
    number = history.begin()
    for count in range(6):
        history.add_prompt(number, f"question {count}")

    async def act(app: Talk, pilot: Pilot[int]) -> None:
        assert app.session is not None
        app.session._start = replace(app.session._start, max_messages=2)
        app.with_session(lambda session: session.open(number))
        await settled(pilot, lambda: "question 5" in app.screen_text)
        assert "question 3" not in app.screen_text
        assert app.screen_text.index("4 older messages are kept") < app.screen_text.index("question 4")

    talk(Talk(history=history), act)
