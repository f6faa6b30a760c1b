"""The list of conversations, and what a search through all of them found.

It is given values and posts messages; what is stored and what is opened is the app's affair.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from speakstream.history import Found, StoredConversation
from speakstream.text.control import ControlFilter
from speakstream.tui.pickers import Ask
from speakstream.tui.rows import Line, RowList
from speakstream.tui.when import when

COVERS_BELOW = 70
"""A screen of fewer columns is covered by the sidebar: there is no room for two."""

_BEFORE_HIT = 12
"""Characters that are shown before a hit, at most."""

_HINT = "Enter open · r rename\nd delete · n new\n/ search · Escape close"
_SEARCH_HINT = "Down to the hits\nEnter open · Escape back"


class Sidebar(Widget):
    """Conversations, the newest first, with a search box above them and a line of hints below."""

    DEFAULT_CSS = """
    Sidebar {
        dock: left;
        width: 30;
        height: 100%;
        background: $surface;
        border-right: solid $border-blurred;
        &.-narrow { width: 100%; border-right: none; }
        &:focus-within { border-right: solid $border; }
        &.-narrow:focus-within { border-right: none; }

        & Line { padding: 0 1; margin: 0 0 1 0; }
        & Line:focus { text-style: bold; }
        & RowList { height: 1fr; padding: 0 1; }
        & .empty { height: auto; padding: 0 1; color: $text-muted; }
        & .hint { height: auto; padding: 0 1; color: $text-muted; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r,f2", "rename", "Rename", show=False),
        Binding("d,delete", "delete", "Delete", show=False),
        Binding("u", "undo", "Undo", show=False),
        Binding("n", "new", "New", show=False),
        Binding("slash", "search", "Search", show=False),
        Binding("down", "to_list", "To the list", show=False),  # from the search box
        Binding("escape", "back", "Close", show=False),
    ]

    @dataclass
    class Chosen(Message):
        """To be opened, at ``message`` when it was found there."""

        conversation: int
        message: int | None = None

    @dataclass
    class SearchChanged(Message):
        """What is sought now; `Sidebar.show_found` takes what was found. "" ends the search."""

        query: str

    @dataclass
    class Rename(Message):
        """``title`` is what the person wrote, without white space at its ends, and not empty."""

        conversation: int
        title: str

    @dataclass
    class Delete(Message):
        """The row is gone from the list already."""

        conversation: int

    class Undo(Message):
        """The conversation deleted last is wanted back."""

    class New(Message):
        """A new conversation is wanted."""

    class Closed(Message):
        """The person is done with it."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._conversations: list[StoredConversation] = []
        self._found: list[Found] | None = None  # None: not searching, or nothing was answered yet
        self._current: int | None = None
        self._query = ""

    def compose(self) -> ComposeResult:
        yield Line(placeholder="Search all", select_on_focus=False)
        yield Static(classes="empty")
        yield RowList(lines=2)
        yield Static(_HINT, classes="hint", markup=False)

    def on_mount(self) -> None:
        self.screen.screen_layout_refresh_signal.subscribe(self, self._fit)
        self._fit(self.screen)
        self._fill(self._current)

    def _fit(self, screen: Screen[object]) -> None:
        self.set_class(screen.size.width < COVERS_BELOW, "-narrow")

    # ------------------------------------------------------------------------------------- what is shown

    def show(self, conversations: Sequence[StoredConversation], current: int | None) -> None:
        """Show these, with ``current`` marked; the row that was selected stays so."""
        selected = self._selected
        self._conversations = list(conversations)
        self._current = current
        if not self._query and self.is_mounted:
            self._fill(selected.id if selected else current)

    def show_found(self, found: Sequence[Found]) -> None:
        """Show these hits, unless the search is over."""
        if self._query:
            self._found = list(found)
            self._fill(None)

    def say(self, text: str) -> None:
        """Show a line in the place of the hints, until something else is done."""
        self._hint(_plain(text))

    def _hint(self, text: str) -> None:
        self.query_one(".hint", Static).update(Content(text))

    def focus_search(self, query: str = "") -> None:
        """Go to the search box; with ``query``, search for it."""
        box = self.query_one(Input)
        box.focus()
        if query:
            box.value = query
            box.cursor_position = len(query)

    def focus_list(self) -> None:
        """The list takes the keys."""
        self.query_one(RowList).focus()

    def _fill(self, selected: int | None) -> None:
        now = datetime.now()
        rows = self.query_one(RowList)
        if self._found is not None:
            ids = [hit.conversation.id for hit in self._found]
            rows.set_options(Option(_hit_row(hit, now)) for hit in self._found)
        else:
            ids = [conversation.id for conversation in self._conversations]
            rows.set_options(Option(self._row(conversation, now)) for conversation in self._conversations)
        rows.highlighted = ids.index(selected) if selected in ids else 0
        empty = self.query_one(".empty", Static)
        empty.display = not ids
        empty.update(Content(f"Nothing found for “{_plain(self._query)}”" if self._query else "No conversations yet"))

    def _row(self, conversation: StoredConversation, now: datetime) -> Content:
        count = f"{conversation.messages} message{'' if conversation.messages == 1 else 's'}"
        return Content.assemble(
            "● " if conversation.id == self._current else "  ",
            (_plain(conversation.title), "bold"),
            f"\n  {when(conversation.updated, now)} · {count}",
        )

    def _say_hints(self) -> None:
        self._hint(_SEARCH_HINT if self._query else _HINT)

    # ------------------------------------------------------------------------------------- what is done

    @property
    def _selected(self) -> StoredConversation | None:
        at = self.query_one(RowList).highlighted if self.is_mounted else None
        if at is None:
            return None
        return self._conversations[at] if self._found is None else self._found[at].conversation

    @on(Input.Changed)
    def _sought(self, event: Input.Changed) -> None:
        event.stop()
        query = event.value.strip()
        if query != self._query:
            self._query = query
            if not query:
                self._found = None
                self._fill(self._current)
            self._say_hints()
            self.post_message(self.SearchChanged(query))

    def on_descendant_focus(self) -> None:
        """In the box, Enter takes the row at the cursor too."""
        self.query_one(RowList).led = self.query_one(Line).has_focus

    def on_descendant_blur(self) -> None:
        self.query_one(RowList).led = False

    @on(Input.Submitted)
    def _choose_from_box(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one(RowList).action_select()

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self._found is not None:
            hit = self._found[event.option_index]
            self.post_message(self.Chosen(hit.conversation.id, hit.message.id))
        else:
            self.post_message(self.Chosen(self._conversations[event.option_index].id))

    @on(OptionList.OptionHighlighted)
    def _moved(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()

    def action_to_list(self) -> None:
        self.focus_list()

    def action_search(self) -> None:
        self.focus_search()

    def action_rename(self) -> None:
        if conversation := self._selected:
            identity = conversation.id

            def given(title: str | None) -> None:
                if title is not None and title.strip():
                    self.post_message(self.Rename(identity, title.strip()))

            self.app.push_screen(Ask("Rename", conversation.title), given)

    def action_delete(self) -> None:
        if conversation := self._selected:
            ids = [one.id for one in self._conversations]
            after = ids.index(conversation.id) if conversation.id in ids else 0
            self._conversations = [one for one in self._conversations if one.id != conversation.id]
            if self._found is not None:
                self._found = [hit for hit in self._found if hit.conversation.id != conversation.id]
            rest = [one.id for one in self._conversations]
            self._fill(rest[min(after, len(rest) - 1)] if rest else None)
            self.say(f"Deleted “{conversation.title}”  u: undo")
            self.post_message(self.Delete(conversation.id))

    def action_undo(self) -> None:
        self._say_hints()
        self.post_message(self.Undo())

    def action_new(self) -> None:
        self.post_message(self.New())

    def action_back(self) -> None:
        """Out of the search, then out of the sidebar."""
        box = self.query_one(Input)
        if box.value:
            box.value = ""
            self.focus_list()
        else:
            self.post_message(self.Closed())


def _hit_row(hit: Found, now: datetime) -> Content:
    at = _begin(hit)
    parts: list[str | tuple[str, str]] = ["…"] if at else []
    for start, end in hit.marks:
        parts += [_plain(hit.excerpt[at:start]), (_plain(hit.excerpt[start:end]), "bold underline")]
        at = end
    return Content.assemble(
        (_plain(hit.conversation.title), "bold"),
        f"  {when(hit.message.created, now)}\n",
        *parts,
        _plain(hit.excerpt[at:]),
    )


def _begin(hit: Found) -> int:
    """Where the excerpt is shown from: a word little before the hit, so that a narrow row has the hit in it."""
    first = hit.marks[0][0] if hit.marks else 0
    return 0 if first <= _BEFORE_HIT else hit.excerpt.find(" ", first - _BEFORE_HIT, first) + 1 or first


def _plain(text: str) -> str:
    """What history holds may come from anywhere: no control characters, no line ends."""
    return re.sub(r"\s", " ", ControlFilter().push(text))
