"""The prompt in a small app, driven by its keys."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.pilot import Pilot
from textual.widgets import Button, Static

from speakstream.tui.actions import ACTIONS
from speakstream.tui.completion_list import CompletionList
from speakstream.tui.pastes import MAX_CHARACTERS, MAX_LINES, Pastes, clean
from speakstream.tui.prompt import Choice, PromptCommand, PromptInput
from tests.tui.pilot import run

QUIT = "ctrl+q"
"""Bound in every app."""

VOICES = [Choice("hibari/heart", "US"), Choice("hibari/emma", "GB")]


class Host(App[None]):
    """A prompt at the bottom of a screen, with the chat's keys; what it posts and what the keys do is kept."""

    ENABLE_COMMAND_PALETTE = False
    CSS = "#above { height: 1fr; } #bottom { height: auto; }"
    BINDINGS = [  # noqa: RUF012 -- as Textual declares it
        Binding(action.keys, f"note('{action.name}')") for action in ACTIONS if action.keys
    ]

    def __init__(self, history: Sequence[str] = (), folder: Path | None = None) -> None:
        super().__init__()
        self.sent: list[str] = []
        self.typed: list[str] = []
        self.done: list[str] = []
        commands = [PromptCommand(act, (lambda: VOICES) if act.name == "voice" else tuple) for act in ACTIONS]
        self.prompt = PromptInput(history, commands, folder=folder)

    def compose(self) -> ComposeResult:
        yield Static(id="above")
        yield Button("another")
        with Vertical(id="bottom"):
            yield self.prompt
            yield Static("below")

    def on_mount(self) -> None:
        self.prompt.focus()

    @on(PromptInput.Submitted)
    def _sent(self, message: PromptInput.Submitted) -> None:
        self.sent.append(message.text)

    @on(PromptInput.Typing)
    def _typed(self, message: PromptInput.Typing) -> None:
        self.typed.append(message.text)

    def action_note(self, name: str) -> None:
        self.done.append(name)

    @property
    def offered(self) -> list[str]:
        """The rows of the list as they are on the screen, the chosen one marked; [] when it is closed."""
        shown = self.query_one(CompletionList)
        return [row.rstrip() for row in shown.render().plain.split("\n")] if shown.display else []


def drive(act: Callable[[Host, Pilot[Any]], Awaitable[None]], size: tuple[int, int] = (80, 24), **host: Any) -> Host:
    app = Host(**host)

    async def acting(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        await act(app, pilot)

    run(app, acting, size)
    return app


async def keys(pilot: Pilot[Any], *pressed: str) -> None:
    """Type, all at once: a word is its letters, a name of a key in angle brackets is that key."""
    for word in pressed:
        for key in [word[1:-1]] if word.startswith("<") else word:
            pilot.app.post_message(events.Key(key, " " if key == "space" else None))
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


# -- writing and sending ----------------------------------------------------------------------------------


def test_enter_sends_and_the_others_begin_a_line() -> None:
    async def act(app: Host, pilot: Pilot[Any]) -> None:
        await keys(pilot, "<enter>", "<space>", "<enter>")
        assert not app.sent  # nothing but white space
        await keys(pilot, "a", "<ctrl+j>", "b", "<shift+enter>", "c", "<alt+enter>", "d")
        assert app.typed[-1] == " a\nb\nc\nd"
        await keys(pilot, "<enter>")
        assert (app.sent, app.prompt.text, app.typed[-1]) == ([" a\nb\nc\nd"], "", "")

    drive(act)


def test_it_grows_with_its_lines_up_to_eight_and_shrinks_again() -> None:
    async def act(app: Host, pilot: Pilot[Any]) -> None:
        async def rows() -> int:
            await pilot.pause()
            return app.prompt.content_size.height

        assert await rows() == 1
        await keys(pilot, "a", "<ctrl+j>", "b")
        assert await rows() == 2
        app.prompt.fill("word " * 30)  # wraps
        assert await rows() > 1
        app.prompt.fill("\n" * 30)
        assert await rows() == 8
        await keys(pilot, "x", "<enter>")
        assert await rows() == 1

    drive(act, size=(40, 24))


def test_keys_that_come_at_once_are_taken_in_their_order() -> None:
    """Textual takes those with a binding, as backspace, later than letters."""

    async def act(app: Host, pilot: Pilot[Any]) -> None:
        await keys(pilot, "ab", "<backspace>", "c", "<home>", "x", "<ctrl+j>", "y", "<end>", "z")
        assert app.prompt.text == "x\nyacz"

    drive(act)


def test_the_app_s_keys_reach_it_and_type_nothing() -> None:
    every = [(key, action.name) for action in ACTIONS for key in action.keys.split(",") if key and key != QUIT]

    async def act(app: Host, pilot: Pilot[Any]) -> None:
        await keys(pilot, "one", "<ctrl+j>", "two")
        for key, _ in every:
            app.post_message(events.Key(key, key[-1] if "+" in key else None))  # as some terminals send it along
        app.post_message(events.Key("alt+z", "z"))
        await keys(pilot)
        assert app.done == [name for _, name in every]
        assert (app.prompt.text, app.prompt.cursor_location, app.prompt.selected_text) == ("one\ntwo", (1, 3), "")

    drive(act)


def test_keys_that_a_person_gave_the_app_are_left_to_it() -> None:
    async def act(app: Host, pilot: Pilot[Any]) -> None:
        await keys(pilot, "two words")
        app.bind("ctrl+w", "note('remapped')")
        app.prompt.give_up(["ctrl+w"])
        await keys(pilot, "<ctrl+w>", "<ctrl+u>")
        assert (app.prompt.text, app.done) == ("", ["remapped"])

    drive(act)


def test_joiners_within_emoji_and_words_can_be_typed() -> None:
    async def act(app: Host, pilot: Pilot[Any]) -> None:
        for mark in "👩‍💻":
            app.post_message(events.Key("any", mark))
        await pilot.pause()
        assert app.prompt.text == "👩‍💻"

    drive(act)


def test_what_was_typed_can_be_undone_and_done_again() -> None:
    async def act(app: Host, pilot: Pilot[Any]) -> None:
        await keys(pilot, "draft")
        app.prompt.fill("an edited prompt")
        await keys(pilot, "<ctrl+underscore>")
        assert app.prompt.text == "draft"
        await keys(pilot, "<ctrl+y>")
        assert app.prompt.text == "an edited prompt"

    drive(act)


def test_an_empty_prompt_hints_as_far_as_there_is_room() -> None:
    for columns, hint in ((80, "Type a prompt; / for commands, @ for a file"), (40, "A prompt, /command or @file")):

        async def act(app: Host, pilot: Pilot[Any], hint: str = hint) -> None:
            assert str(app.prompt.placeholder) == hint

        drive(act, size=(columns, 24))


# -- the prompts before -----------------------------------------------------------------------------------


def test_up_and_down_walk_through_the_past_and_lose_nothing() -> None:
    async def act(app: Host, pilot: Pilot[Any]) -> None:
        seen = []
        await keys(pilot, "unfinished")
        for key in ("<up>", "<up>", "<up>", "<up>", "<down>", "<down>"):
            await keys(pilot, key)
            seen.append(app.prompt.text)
        assert seen == ["newest", "old\ntwo lines", "old\ntwo lines", "oldest", "old\ntwo lines", "newest"]
        await keys(pilot, "!", "<up>", "<down>", "<down>")
        assert app.prompt.text == "unfinished"
        await keys(pilot, "<up>")
        assert app.prompt.text == "newest!"  # as it was left
        await keys(pilot, "<enter>", "<up>")
        assert (app.sent, app.prompt.text) == (["newest!"], "newest!")
        await keys(pilot, "<up>")
        assert app.prompt.text == "newest"  # in the past itself nothing was changed

    drive(act, history=["newest", "old\ntwo lines", "oldest"])


def test_within_the_prompt_up_and_down_move_the_cursor() -> None:
    async def act(app: Host, pilot: Pilot[Any]) -> None:
        app.prompt.fill("word " * 10 + "\nlast")
        await keys(pilot, "<up>", "<up>")
        assert app.prompt.text.endswith("last")
        assert app.prompt.cursor_location[0] == 0
        await keys(pilot, "<shift+up>")
        assert app.prompt.selected_text
        await keys(pilot, "<up>")
        assert app.prompt.text == "before"

    drive(act, size=(40, 24), history=["before"])


def test_a_command_from_the_past_is_not_completed_in_the_way_of_others() -> None:
    async def act(app: Host, pilot: Pilot[Any]) -> None:
        await keys(pilot, "<up>")
        assert (app.prompt.text, app.offered) == ("/voice", [])
        await keys(pilot, "<up>")
        assert app.prompt.text == "before"
        await keys(pilot, "<down>", "<enter>")
        assert app.sent == ["/voice"]

    drive(act, history=["/voice", "before"])


def test_a_prompt_that_could_not_be_sent_comes_back_as_it_was() -> None:
    async def act(app: Host, pilot: Pilot[Any]) -> None:
        app.post_message(events.Paste("line\n" * 40))
        await keys(pilot, "sum @gone.txt", "<enter>")
        app.prompt.take_back()
        await pilot.pause()
        assert app.prompt.text == "[pasted 40 lines]sum @gone.txt"
        assert app.prompt.value == app.sent[0]
        app.prompt.fill("something new")
        app.prompt.take_back()
        assert app.prompt.text == "something new"

    drive(act)


# -- pastes -----------------------------------------------------------------------------------------------


def test_a_paste_is_text_and_nothing_else() -> None:
    async def act(app: Host, pilot: Pilot[Any]) -> None:
        app.post_message(events.Paste("a\x1b[31mb\rc\r\nd\x1b]52;c;AAAA\x07\te\x9b1m\u202e/"))
        await pilot.pause()
        assert (app.prompt.text, app.sent) == ("ab\nc\nd\te/", [])

    drive(act)


def test_large_pastes_are_folded_and_sent_whole() -> None:
    lines, long = "\n".join(f"{number}" for number in range(340)), "x" * 3000

    async def act(app: Host, pilot: Pilot[Any]) -> None:
        await keys(pilot, "one:")
        for text in (lines, long, lines):
            app.post_message(events.Paste(text))
            await pilot.pause()
        assert app.prompt.text == "one:[pasted 340 lines][pasted 3,000 characters][pasted 340 lines, 2]"
        assert app.typed[-1] == app.prompt.value == f"one:{lines}{long}{lines}"
        await keys(pilot, "<backspace>")  # a marker goes as one
        assert app.prompt.text == "one:[pasted 340 lines][pasted 3,000 characters]"
        await keys(pilot, "<backspace>", "<ctrl+underscore>", " end", "<left>", "<left>", "!", "<enter>")
        assert app.sent == [f"one:{lines}{long}{lines} e!nd"]
        await keys(pilot, "[pasted 340 lines]", "<enter>")
        assert app.sent[1] == "[pasted 340 lines]"  # typed by hand, it means nothing

    drive(act)


def test_a_marker_that_was_changed_is_text() -> None:
    async def act(app: Host, pilot: Pilot[Any]) -> None:
        app.post_message(events.Paste("line\n" * 21))
        await keys(pilot, "<left>", "<backspace>", "<enter>")
        assert app.sent == ["[pasted 21 line]"]

    drive(act)


def test_what_was_copied_in_the_program_is_pasted_in_the_same_way() -> None:
    async def act(app: Host, pilot: Pilot[Any]) -> None:
        app.copy_to_clipboard("line\n" * 21)
        await keys(pilot, "<ctrl+v>")
        assert app.prompt.text == "[pasted 21 lines]"

    drive(act)


def test_a_paste_names_no_files() -> None:
    pastes = Pastes()
    shown = "see @notes.txt " + pastes.fold("@app.route\n" * 30) + pastes.fold("@app.route\n" * 31)
    whole = pastes.whole(shown)
    assert whole == "see @notes.txt " + "\\@app.route\n" * 61


@given(st.lists(st.sampled_from(["a ", "[pasted 21 lines]", "b\n" * 21, "c" * 2001, "[", "\\@x.y"]), max_size=6))
def test_any_mix_of_text_and_pastes_comes_out_whole(parts: list[str]) -> None:
    pastes = Pastes()
    large = [part for part in parts if len(part) > MAX_CHARACTERS or part.count("\n") > MAX_LINES]
    shown = "".join(pastes.fold(part) for part in parts)
    if "[pasted 21 lines]" not in parts:
        assert pastes.whole(shown) == "".join(parts)
    assert len([place for line in shown.split("\n") for place in pastes.places(line)]) >= len(large)
    assert pastes.whole("nothing") == "nothing"


@given(st.text())
def test_nothing_but_text_gets_into_the_prompt(text: str) -> None:
    assert all(mark.isprintable() or mark in "\n\t" or ord(mark) > 0x9F for mark in clean(text))


# -- completion -------------------------------------------------------------------------------------------


def test_a_slash_offers_the_commands_with_what_they_do() -> None:
    async def act(app: Host, pilot: Pilot[Any]) -> None:
        await keys(pilot, "/")
        assert len(app.offered) == 8
        assert app.offered[0] == "› /stop      Silence at once; the reply ends where it was heard"
        assert app.offered[-1].endswith(" ↓")
        shown = app.query_one(CompletionList)
        assert shown.region.bottom == app.prompt.region.y  # above the prompt, and over what is there
        await keys(pilot, "<up>")
        assert app.offered[-1].startswith("› /quit") and app.offered[0].endswith(" ↑")
        await keys(pilot, "qq")
        assert app.offered == []

    drive(act)


@pytest.mark.parametrize("columns", [24, 40, 132])
def test_the_list_fits_any_screen(columns: int) -> None:
    async def act(app: Host, pilot: Pilot[Any]) -> None:
        await keys(pilot, "/")
        assert app.offered[0].startswith("› /stop") and "Silence" in app.offered[0]
        assert all(len(row) <= columns for row in app.offered)

    drive(act, size=(columns, 12))


def test_tab_or_enter_takes_and_enter_sends_what_is_complete() -> None:
    async def act(app: Host, pilot: Pilot[Any]) -> None:
        await keys(pilot, "/voi", "<tab>")
        assert (app.prompt.text, app.offered) == ("/voice ", ["› hibari/heart  US", "  hibari/emma   GB"])
        await keys(pilot, "<down>", "<enter>")
        assert (app.prompt.text, app.sent) == ("/voice hibari/emma", [])
        await keys(pilot, "<enter>", "/sto", "<enter>")
        assert (app.sent, app.prompt.text) == (["/voice hibari/emma"], "/stop")
        await keys(pilot, "<enter>", "/voice", "<enter>")
        assert app.sent == ["/voice hibari/emma", "/stop", "/voice"]
        await keys(pilot, "/speed", "<enter>")
        assert app.prompt.text == "/speed "  # it needs a number

    drive(act)


def test_escape_closes_the_list_and_then_is_the_app_s() -> None:
    async def act(app: Host, pilot: Pilot[Any]) -> None:
        await keys(pilot, "/s", "<escape>")
        assert (app.offered, app.done) == ([], [])
        await keys(pilot, "t", "<escape>")
        assert (app.offered, app.done, app.prompt.text) == ([], ["stop"], "/st")
        await keys(pilot, "<tab>")
        assert app.offered[0].startswith("› /stop")
        await keys(pilot, "<ctrl+u>", "/")
        assert app.offered  # another one

    drive(act)


def test_files_are_offered_and_folders_gone_into(tmp_path: Path) -> None:
    (tmp_path / "src dir").mkdir()
    (tmp_path / "src dir" / "main.py").touch()
    (tmp_path / "notes.txt").touch()
    (tmp_path / ".env").touch()

    async def act(app: Host, pilot: Pilot[Any]) -> None:
        await keys(pilot, "see @")
        assert app.offered == ["› notes.txt", "  src dir/"]
        await keys(pilot, "s", "<tab>")
        assert (app.prompt.text, app.offered) == ('see @"src dir/', ["› main.py"])
        await keys(pilot, "<tab>")
        assert (app.prompt.text, app.offered) == ('see @"src dir/main.py" ', [])
        await keys(pilot, "and @.")
        assert app.offered == ["› .env"]
        await keys(pilot, "<enter>", "<enter>")
        assert app.sent == ['see @"src dir/main.py" and @.env ']

    drive(act, folder=tmp_path)


def test_tab_waits_for_names_that_are_still_being_read(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()

    async def act(app: Host, pilot: Pilot[Any]) -> None:
        for mark in "@n":
            app.post_message(events.Key(mark, mark))
        app.post_message(events.Key("tab", "\t"))
        await pilot.pause()
        await keys(pilot)
        assert (app.prompt.text, app.focused) == ("@notes.txt ", app.prompt)

    drive(act, folder=tmp_path)


def test_tab_elsewhere_goes_on_to_the_next_widget() -> None:
    async def act(app: Host, pilot: Pilot[Any]) -> None:
        await keys(pilot, "words", "<tab>")
        assert isinstance(app.focused, Button)

    drive(act)


def test_the_list_closes_when_the_prompt_is_left_and_a_click_takes_a_row(tmp_path: Path) -> None:
    async def act(app: Host, pilot: Pilot[Any]) -> None:
        await keys(pilot, "/vo")
        app.query_one(Button).focus()
        await pilot.pause()
        assert app.offered == []
        app.prompt.focus()
        await pilot.pause()
        assert len(app.offered) == 2
        await pilot.click(CompletionList, offset=(4, 1))
        await keys(pilot)
        assert (app.prompt.text, app.focused) == ("/voice ", app.prompt)

    drive(act)
