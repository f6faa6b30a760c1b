"""The screens that ask one thing."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Static

from speakstream.errors import AudioError
from speakstream.tui.pickers import Ask, Picker, Row, match
from speakstream.tui.rows import RowList
from tests.tui.pilot import run

VOICES = (
    Row("hibari/heart", "hibari/heart", "US English"),
    Row("piper/joe", "piper/joe", "US English, 58 MB", current=True),
    Row("coqui/glow", "coqui/glow", "English", disabled="pip install 'speakstream[coqui]'"),
    Row("espeak/de", "espeak [de]", "German"),
)


class Host(App[None]):
    answers: list[str | None]

    def ask(self, screen: Picker | Ask) -> None:
        self.answers = []
        self.push_screen(screen, self.answers.append)

    def lines(self) -> list[str]:
        rows = self.screen.query_one(RowList)
        return ["".join(segment.text for segment in rows.render_line(y)).rstrip() for y in range(rows.option_count)]

    def state(self) -> str:
        line = self.screen.query_one(".state", Static)
        return str(line.render()) if line.display else ""


def asked(keys: Sequence[str], screen: Picker | Ask) -> list[str | None]:
    """What the screen answers to these keys."""
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        app.ask(screen)
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
        await pilot.pause()

    run(app, act)
    return app.answers


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["enter"], ["piper/joe"]),
        (["up", "enter"], ["hibari/heart"]),
        (["down", "enter"], ["espeak/de"]),  # past the one that can't be picked
        (["pageup", "enter"], ["hibari/heart"]),
        (["h", "r", "t", "enter"], ["hibari/heart"]),
        ([*"german", "enter"], ["espeak/de"]),
        ([*"[de]", "enter"], ["espeak/de"]),
        ([*"us jo", "enter"], ["piper/joe"]),
        ([*"glow", "enter"], []),
        ([*"nothing like it", "enter"], []),
        ([*"xyz", "ctrl+u", "enter"], ["piper/joe"]),
        (["escape"], [None]),
    ],
    ids=lambda value: "".join(value) if value and value[0] and len(value) > 1 else "",
)
def test_typing_filters_and_enter_picks(keys: list[str], answer: list[str | None]) -> None:
    assert asked([key if key != " " else "space" for key in keys], Picker("Voice", VOICES)) == answer


def test_the_current_row_is_marked_and_one_that_cannot_be_picked_says_why() -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        app.ask(Picker("Voice", VOICES))
        await pilot.pause()
        assert app.lines() == [
            "  hibari/heart  US English",
            "● piper/joe     US English, 58 MB",
            "  coqui/glow    not now: pip install 'speakstream[coqui]'",
            "  espeak [de]   German",
        ]

    run(app, act)


@pytest.mark.parametrize(
    ("query", "fits"), [("", True), ("HEART", True), ("hbr eng", True), ("english us", True), ("trh", False)]
)
def test_every_word_has_to_fit(query: str, fits: bool) -> None:
    assert bool(match(query, VOICES[0])[0]) is fits


def test_a_name_is_better_than_a_description_and_its_letters_are_marked() -> None:
    by_name, marks = match("joe", VOICES[1])
    assert by_name > match("us", VOICES[1])[0]
    assert marks == {6, 7, 8}


def test_rows_that_take_time_come_when_they_are_there() -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        gate = asyncio.Event()

        async def fetch() -> Sequence[Row]:
            await gate.wait()
            return VOICES

        app.ask(Picker("Voice", fetch))
        await pilot.pause()
        assert app.state() == "Looking…"
        await pilot.press(*"espeak", "enter")
        assert app.answers == []
        gate.set()
        await app.workers.wait_for_complete()
        assert app.lines() == ["  espeak [de]   German"]  # what was typed meanwhile counts
        await pilot.press("enter")
        assert app.answers == ["espeak/de"]

    run(app, act)


def test_leaving_while_rows_are_fetched_ends_the_fetching() -> None:
    app = Host()
    ended: list[str] = []

    async def act(pilot: Pilot[Any]) -> None:
        async def fetch() -> Sequence[Row]:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("fetch")
            return ()

        app.ask(Picker("Voice", fetch))
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert app.answers == [None]
        assert ended == ["fetch"]

    run(app, act)


async def failing() -> Sequence[Row]:
    raise AudioError("no sound server\x1b[31m; start it")


async def nothing() -> Sequence[Row]:
    return ()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (failing, "no sound server\\x1b[31m; start it"),
        (nothing, "There is nothing to choose from"),
        ((), "There is nothing to choose from"),
    ],
)
def test_nothing_to_choose_from_is_one_line(rows: Any, said: str) -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        app.ask(Picker("Device", rows))
        await pilot.pause()
        await app.workers.wait_for_complete()
        assert app.state() == said
        await pilot.press("x", "enter", "escape")
        assert app.answers == [None]

    run(app, act)


def test_rows_moved_to_are_previewed() -> None:
    previewed: list[str] = []
    assert asked(["up", "down", "down", "escape"], Picker("Theme", VOICES, preview=previewed.append)) == [None]
    assert previewed == ["piper/joe", "hibari/heart", "piper/joe", "espeak/de"]


def test_a_click_beside_the_box_leaves_it_and_one_on_a_row_picks() -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        app.ask(Picker("Voice", VOICES))
        await pilot.pause()
        await pilot.click(offset=(0, 0))
        assert app.answers == [None]
        app.ask(Picker("Voice", VOICES))
        await pilot.pause()
        await pilot.click(RowList, offset=(4, 0))
        assert app.answers == ["hibari/heart"]

    run(app, act)


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["enter"], ["chat.md"]),
        (["escape"], [None]),
        (["ctrl+u", "a", "enter"], ["a"]),
        (["ctrl+u", "enter", "b", "enter"], ["b"]),  # refused, then mended
    ],
)
def test_a_line_of_text_is_asked_for_until_it_is_right(keys: list[str], answer: list[str | None]) -> None:
    screen = Ask("Export to", "chat.md", check=lambda text: "" if text else "a name is wanted")
    assert asked(keys, screen) == answer


def test_what_is_wrong_with_a_line_is_said() -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        app.ask(Ask("Export to", "", about="Where to", check=lambda text: "a name is wanted"))
        await pilot.press("enter")
        assert app.state() == "a name is wanted"
        assert app.answers == []

    run(app, act, (40, 24))


@pytest.mark.parametrize("size", [(80, 24), (40, 24), (24, 8)])
def test_it_fits_the_screen(size: tuple[int, int]) -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        app.ask(Picker("Voice", [Row(str(n), f"voice {n}", "about " * 20) for n in range(50)]))
        await pilot.pause()
        box = app.screen.query_one("Vertical").region
        assert box.width <= size[0]
        assert box.height <= size[1]
        await pilot.press(*["pagedown"] * 12, "enter")
        assert app.answers == ["49"]

    run(app, act, size)
