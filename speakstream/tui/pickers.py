"""Small screens that ask one thing: `Picker`, one of several rows; `Ask`, one line of text. Escape answers None."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content, Span
from textual.events import Click
from textual.fuzzy import FuzzySearch
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from speakstream.errors import SpeakStreamError, one_line
from speakstream.tui.rows import Line, RowList

_LABEL_CELLS = 28
"""The labels' column is at most this wide, so that what stands behind it begins at one place."""

_MOST_ROWS = 14
"""Shown at once; a small terminal shows fewer."""

_FUZZY_LETTERS = 60
"""Only so much of a label is matched letter by letter: the ways to do that grow fast with its length."""


@dataclass(frozen=True, slots=True)
class Row:
    """What can be picked."""

    value: str
    label: str
    about: str = ""
    current: bool = False
    disabled: str = ""  # why it can't be picked


Rows = Sequence[Row]


class Dialog(ModalScreen[str | None]):
    """A box in the middle of the screen, with a title and a line for what is the matter."""

    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        & > Vertical {
            width: 72;
            max-width: 100%;
            height: auto;
            max-height: 100%;
            background: $surface;
            border: round $border;
            padding: 0 1;
        }
        & .title { text-style: bold; }
        & .about { color: $text-muted; margin-bottom: 1; }
        & .state { color: $text-muted; }
        & RowList { height: auto; max-height: 14; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Close", show=False)]

    def say(self, text: str) -> None:
        """Show one line under the rest; "" takes it away."""
        line = self.query_one(".state", Static)
        line.update(Content(one_line(text)))
        line.display = bool(text)

    def action_cancel(self) -> None:
        self.dismiss(None)

    @on(Click)
    def _leave_by_click(self, event: Click) -> None:
        if event.widget is self:
            self.dismiss(None)


class Picker(Dialog):
    """One of several rows. Typing filters them; Up, Down, Page Up, Page Down move; Enter picks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move('cursor_up')", show=False),
        Binding("down", "move('cursor_down')", show=False),
        Binding("pageup", "move('page_up')", show=False),
        Binding("pagedown", "move('page_down')", show=False),
    ]

    def __init__(
        self,
        title: str,
        rows: Rows | Callable[[], Awaitable[Rows]],
        *,
        about: str = "",
        filtered: bool = True,
        preview: Callable[[str], None] | None = None,
    ) -> None:
        """``rows``: or what fetches them, while the screen says that it looks; its SpeakStreamErrors are shown.

        ``preview`` is called with the value of each row that is moved to.
        """
        super().__init__()
        self._title = title
        self._about = about
        self._source = rows
        self._rows: Rows = ()
        self._filtered = filtered
        self._preview = preview

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content(self._title), classes="title")
            if self._about:
                yield Static(Content(self._about), classes="about")
            if self._filtered:
                yield Line(placeholder="Type to filter")
            yield RowList()
            yield Static(classes="state")

    async def on_mount(self) -> None:
        rows = self.query_one(RowList)
        rows.can_focus = not self._filtered
        rows.led = self._filtered
        rows.display = False
        if callable(self._source):
            self.say("Looking…")
            self.run_worker(self._fetch(self._source))
        else:
            self._take(self._source)

    async def _fetch(self, source: Callable[[], Awaitable[Rows]]) -> None:
        try:
            rows = await source()
        except SpeakStreamError as error:
            self.say(str(error))
        else:
            self._take(rows)

    def _take(self, rows: Rows) -> None:
        self._rows = rows
        self.query_one(RowList).styles.min_height = min(len(rows), _MOST_ROWS)  # the box does not jump as one types
        self._show(self.query_one(Input).value if self._filtered else "")
        if not self._filtered:
            self.query_one(RowList).focus()

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        event.stop()
        if self._rows:
            self._show(event.value)

    def _show(self, query: str) -> None:
        """The rows that match ``query``, the best first; as they were given when there is no query."""
        ranked = [(score, row, marks) for row in self._rows for score, marks in [match(query, row)] if score]
        if query.strip():
            ranked.sort(key=lambda found: -found[0])
        width = min(
            _LABEL_CELLS, self.size.width // 3, max((Content(row.label).cell_length for row in self._rows), default=0)
        )
        shown = [row for _, row, _ in ranked]
        found = self.query_one(RowList)
        found.set_options(
            Option(_line(row, marks, width), id=row.value, disabled=bool(row.disabled)) for _, row, marks in ranked
        )
        found.display = bool(shown)
        self.say("" if shown else "Nothing matches" if self._rows else "There is nothing to choose from")
        enabled = [index for index, row in enumerate(shown) if not row.disabled]
        wanted = [index for index in enabled if shown[index].current and not query.strip()]
        found.highlighted = next(iter([*wanted, *enabled]), None)

    def action_move(self, how: str) -> None:
        getattr(self.query_one(RowList), f"action_{how}")()

    @on(Input.Submitted)
    def _pick(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one(RowList).action_select()

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option_id)

    @on(OptionList.OptionHighlighted)
    def _moved(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if self._preview and event.option_id is not None:
            self._preview(event.option_id)


class Ask(Dialog):
    """One line of text. Enter gives it, unless ``check`` finds something wrong with it and says what."""

    def __init__(
        self,
        title: str,
        value: str = "",
        *,
        about: str = "",
        placeholder: str = "",
        check: Callable[[str], str] = lambda text: "",
    ) -> None:
        super().__init__()
        self._title = title
        self._value = value
        self._about = about
        self._placeholder = placeholder
        self._check = check

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content(self._title), classes="title")
            if self._about:
                yield Static(Content(self._about), classes="about")
            yield Line(self._value, placeholder=self._placeholder)
            yield Static(classes="state")

    def on_mount(self) -> None:
        self.say("")

    @on(Input.Submitted)
    def _given(self, event: Input.Submitted) -> None:
        event.stop()
        wrong = self._check(event.value)
        if wrong:
            self.say(wrong)
        else:
            self.dismiss(event.value)


@lru_cache(maxsize=1)
def _search() -> FuzzySearch:
    return FuzzySearch()


def match(query: str, row: Row) -> tuple[float, frozenset[int]]:
    """How well ``row`` fits, 0 for not at all, and which characters of its label were meant.

    Each word of the query is to be found in the label, perhaps with letters between, or as it is in what stands behind.
    """
    score, marks = 1.0, frozenset[int]()
    for word in query.split():
        found, offsets = _search().match(word, row.label[:_FUZZY_LETTERS])
        if found:
            score += 2 * found
            marks |= frozenset(offsets)
        elif word.lower() in row.about.lower():
            score += len(word)
        else:
            return 0.0, frozenset()
    return score, marks


def _line(row: Row, marks: frozenset[int], width: int) -> Content:
    label = one_line(row.label)
    shown = Content(label, [Span(at, at + 1, "underline") for at in marks if label == row.label]).stylize("bold")
    about = row.disabled or row.about
    return Content.assemble(
        "● " if row.current else "  ",
        shown,
        " " * (2 + max(0, width - shown.cell_length)) if about else "",
        f"not now: {one_line(about)}" if row.disabled else one_line(about),
    )
