"""The list of conversations: what it shows, and what the app is told when it is used, by keys alone."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Input, Static

from speakstream.history import Found, StoredConversation, StoredMessage
from speakstream.tui.rows import RowList
from speakstream.tui.sidebar import Sidebar
from speakstream.tui.when import when
from tests.tui.pilot import run

NOW = datetime(2026, 11, 10, 15, 0, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(0), "today 15:00"),
        (timedelta(hours=14, minutes=55), "today 0:05"),
        (timedelta(hours=15, minutes=1), "yesterday"),
        (timedelta(days=2), "Sun"),
        (timedelta(days=6), "Wed"),
        (timedelta(days=7), "3 Nov"),
        (timedelta(days=400), "6 Oct 2025"),
        (timedelta(days=-1), "11 Nov"),
    ],
)
def test_a_moment_is_told_shortly(ago: timedelta, said: str) -> None:
    assert when((NOW - ago).timestamp(), NOW) == said


def conversation(id: int, title: str, messages: int = 2) -> StoredConversation:
    moment = datetime.now().timestamp()
    return StoredConversation(id, title, moment, moment, messages, "")


def found(id: int, title: str, message: int, excerpt: str, *marks: tuple[int, int]) -> Found:
    stored = StoredMessage(message, id, "user", excerpt, None, "", "", "", "", datetime.now().timestamp(), {})
    return Found(conversation(id, title), stored, excerpt, marks)


THREE = (
    conversation(3, "A poem", 12),
    conversation(2, "[bold]The sky[/bold]", 1),
    conversation(1, "\x1b[31mOld\n" * 9),
)


class Host(App[None]):
    """Shows a sidebar beside a text and keeps what it posts."""

    def __init__(self, conversations: Sequence[StoredConversation] = THREE, current: int | None = 2) -> None:
        super().__init__()
        self.conversations = conversations
        self.current = current
        self.told: list[Message] = []

    def compose(self) -> ComposeResult:
        yield Sidebar()
        yield Static("the transcript")

    def on_mount(self) -> None:
        self.bar.show(self.conversations, self.current)
        self.bar.focus_list()

    @property
    def bar(self) -> Sidebar:
        return self.query_one(Sidebar)

    def on_sidebar_chosen(self, message: Message) -> None:
        self.told.append(message)

    on_sidebar_search_changed = on_sidebar_rename = on_sidebar_delete = on_sidebar_chosen
    on_sidebar_undo = on_sidebar_new = on_sidebar_closed = on_sidebar_chosen

    def texts(self) -> list[str]:
        """The lines of the sidebar as they are on the screen."""
        rows = self.bar.query_one(RowList)
        lines = ["".join(segment.text for segment in rows.render_line(y)).rstrip() for y in range(rows.size.height)]
        empty = str(self.bar.query_one(".empty", Static).render()) if self.bar.query_one(".empty").display else ""
        return [line for line in [empty, *lines, str(self.bar.query_one(".hint", Static).render())] if line]


def test_each_row_has_a_title_a_time_and_a_number_and_the_current_one_is_marked() -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        lines = app.texts()
        clock = when(THREE[0].updated, datetime.now())
        assert lines[0] == "  A poem"
        assert lines[1] == f"  {clock} · 12 messages"
        assert lines[2] == "● [bold]The sky[/bold]"
        assert lines[3] == f"  {clock} · 1 message"
        assert lines[4] == "  Old Old Old Old Old Old …"  # no control character, one line, cut
        assert app.bar.query_one(RowList).highlighted == 1

    run(app, act)


def test_without_conversations_it_says_so() -> None:
    app = Host((), None)

    async def act(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        assert app.texts()[0] == "No conversations yet"
        await pilot.press("enter", "r", "d", "n")
        assert [type(message) for message in app.told] == [Sidebar.New]

    run(app, act)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (["enter"], [Sidebar.Chosen(2)]),
        (["up", "enter"], [Sidebar.Chosen(3)]),
        (["end", "enter"], [Sidebar.Chosen(1)]),
        (["n"], [Sidebar.New()]),
        (["u"], [Sidebar.Undo()]),
        (["d"], [Sidebar.Delete(2)]),
        (["delete", "delete"], [Sidebar.Delete(2), Sidebar.Delete(1)]),
        (["d", "d", "d", "d", "u"], [Sidebar.Delete(2), Sidebar.Delete(1), Sidebar.Delete(3), Sidebar.Undo()]),
        (["escape"], [Sidebar.Closed()]),
        (["r", "home", "N", "o", "space", "enter"], [Sidebar.Rename(2, "No [bold]The sky[/bold]")]),
        (["f2", "ctrl+u", "space", "enter"], []),
        (["f2", "x", "escape"], []),
        (["slash", "d", "r"], [Sidebar.SearchChanged("d"), Sidebar.SearchChanged("dr")]),
    ],
    ids=lambda value: "-".join(value) if value and isinstance(value[0], str) else "",
)
def test_keys_alone_do_all_of_it(keys: list[str], told: list[Message]) -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        for key in keys:
            await pilot.press(key)
        await pilot.pause()
        assert [(type(message), vars_of(message)) for message in app.told] == [
            (type(message), vars_of(message)) for message in told
        ]

    run(app, act)


def vars_of(message: Message) -> tuple[object, ...]:
    return tuple(getattr(message, name, None) for name in ("conversation", "message", "title", "query"))


def test_what_was_deleted_is_gone_at_once_and_the_way_back_is_told() -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        await pilot.press("up", "d")
        await pilot.pause()
        assert app.texts()[0] == "● [bold]The sky[/bold]"
        assert app.texts()[-1] == "Deleted “A poem”  u: undo"
        app.bar.show(THREE[1:], 2)  # as the app does when it has been deleted
        assert app.texts()[-1] == "Deleted “A poem”  u: undo"
        await pilot.press("u")
        app.bar.show(THREE, 2)
        await pilot.pause()
        assert app.texts()[0] == "  A poem"
        assert "undo" not in app.texts()[-1]

    run(app, act)


def test_the_cursor_stays_on_its_conversation_when_the_list_changes() -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        await pilot.press("down")
        app.bar.show((conversation(9, "Newer"), *THREE), 9)
        await pilot.press("enter")
        await pilot.pause()
        assert vars_of(app.told[-1])[0] == 1

    run(app, act)


def test_a_search_shows_what_was_found_with_the_words_marked_and_opens_the_message() -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        app.bar.focus_search("sky")
        await pilot.pause()
        assert vars_of(app.told[-1])[3] == "sky"
        app.bar.show_found([found(3, "A poem", 30, "…blue sky…", (6, 9)), found(1, "Old", 11, "the \x07sky", (5, 8))])
        await pilot.pause()
        rows = app.bar.query_one(RowList)
        assert app.texts()[1] == "…blue sky…"
        assert app.texts()[3] == "the sky"
        marked = [segment.text for segment in rows.render_line(1) if segment.style and segment.style.underline]
        assert marked == ["sky"]
        await pilot.press("down", "down", "enter")
        await pilot.pause()
        assert vars_of(app.told[-1])[:2] == (1, 11)
        await pilot.press("up", "d")
        assert vars_of(app.told[-1])[0] == 3
        assert app.texts()[0].startswith("Old")
        await pilot.press("escape")
        await pilot.pause()
        assert app.texts()[0] == "● [bold]The sky[/bold]"
        assert app.bar.query_one(RowList).has_focus
        app.bar.show_found([found(3, "late", 30, "an answer that comes too late")])
        assert app.texts()[0] == "● [bold]The sky[/bold]"
        await pilot.press("escape")
        assert isinstance(app.told[-1], Sidebar.Closed)

    run(app, act)


@pytest.mark.parametrize(
    ("excerpt", "row"),
    [
        ("A rain jacket and a tea flask", "…and a tea flask"),
        ("Your tea flask", "Your tea flask"),
        ("Pneumonoultramicrotea", "…tea"),
    ],
    ids=["far", "near", "in a long word"],
)
def test_a_hit_far_behind_in_its_excerpt_is_on_the_screen_all_the_same(excerpt: str, row: str) -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        app.bar.focus_search("tea")
        await pilot.pause()
        start = excerpt.index("tea")
        app.bar.show_found([found(1, "Packing", 11, excerpt, (start, start + 3))])
        assert app.texts()[1] == row

    run(app, act)


def test_enter_in_the_search_box_opens_the_best_hit_and_none_is_said() -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        app.bar.focus_search()
        await pilot.press("[", "b", "]")
        app.bar.show_found([found(3, "A poem", 30, "[b]", (0, 3))])
        await pilot.press("enter")
        assert vars_of(app.told[-1])[:2] == (3, 30)
        app.bar.show_found([])
        await pilot.pause()
        assert app.texts()[0] == "Nothing found for “[b]”"
        await pilot.press("enter", "escape")
        assert app.bar.query_one(Input).value == ""

    run(app, act)


@pytest.mark.parametrize(("columns", "width"), [(40, 40), (69, 69), (70, 30), (120, 30)])
def test_it_covers_a_narrow_screen_and_stands_beside_the_text_on_a_wide_one(columns: int, width: int) -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        assert app.bar.outer_size.width == width
        await pilot.resize_terminal(40 if columns >= 70 else 100, 24)  # to the other side of the limit and back
        await pilot.pause()
        await pilot.resize_terminal(columns, 24)
        await pilot.pause()
        assert app.bar.outer_size.width == width

    run(app, act, (columns, 24))


def test_two_thousand_conversations_are_all_there() -> None:
    app = Host([conversation(id, f"Number {id}") for id in range(2000, 0, -1)], 1)

    async def act(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        assert app.bar.query_one(RowList).virtual_size.height == 4000
        assert "● Number 1" in app.texts()
        await pilot.press("home", "pagedown", "enter")
        assert vars_of(app.told[-1])[0] == 2000 - app.bar.query_one(RowList).size.height // 2

    run(app, act)


@pytest.mark.parametrize("theme", ["textual-dark", "ansi-dark"])
def test_the_cursor_can_be_seen_without_colour(monkeypatch: pytest.MonkeyPatch, theme: str) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        app.theme = theme
        await pilot.pause()
        rows = app.bar.query_one(RowList)
        reversed_rows = [y for y in range(6) if all(s.style and s.style.reverse for s in rows.render_line(y))]
        assert reversed_rows == [2, 3]

    run(app, act)
