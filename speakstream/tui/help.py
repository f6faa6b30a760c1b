"""The help screen: every action with its keys as they are now and its slash command, the prompt's keys, the mouse, and
where the files are."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.events import Click
from textual.screen import ModalScreen
from textual.widgets import Static

from speakstream.errors import one_line
from speakstream.tui.actions import ACTIONS, Action
from speakstream.tui.key_names import key_labels

BESIDE = 50
"""Columns from which keys and what they do stand beside each other."""

PROMPT_KEYS = (
    ("Enter", "Send; while a reply is spoken, this interrupts it"),
    ("Ctrl+J", "A new line; Shift+Enter and Alt+Enter too, where the terminal tells them from Enter"),
    ("Up, Down", "On the first or last line: the prompts before, and back"),
    ("Tab", "Complete a /command or an @file"),
    ("@file", "Put a file's text behind the prompt"),
    ("Escape", "Close the completions; else stop the reply"),
)
MOUSE = (
    ("Click a word", "Speak from there"),
    ("Click a mark", "Read aloud what was not spoken"),
    ("Wheel", "Scroll; nothing pulls you back until you are at the end again"),
    ("Shift+drag", "Select with the terminal itself"),
)


class HelpScreen(ModalScreen[None]):
    """All of it on one page that scrolls. ``keys``: as in `Keymap.keys`. ``places``: what is kept, and where."""

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        & > VerticalScroll {
            width: 92;
            max-width: 100%;
            height: auto;
            max-height: 100%;
            background: $surface;
            border: round $border;
            border-title-style: bold;
            border-subtitle-color: $text-muted;
            padding: 0 1;
        }
        & Static { width: 100%; height: auto; }
        & .group { text-style: bold underline; margin-top: 1; }
        & .first { margin-top: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,f1,ctrl+g", "close", "Close", show=False)]

    def __init__(self, keys: Mapping[str, str], places: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._keys = keys
        self._places = places

    def compose(self) -> ComposeResult:
        page = VerticalScroll()
        page.border_title = "Help"
        page.border_subtitle = "Escape closes"
        groups: list[tuple[str, Sequence[tuple[str, str]]]] = [
            *((group, [self._row(action) for action in rows]) for group, rows in groupby(ACTIONS, _group)),
            ("Prompt", PROMPT_KEYS),
            ("Mouse", MOUSE),
            ("Files", [(what, one_line(path)) for what, path in self._places]),
        ]
        with page:
            for at, (group, rows) in enumerate(groups):
                yield Static(Text(group), classes="group" if at else "group first")
                yield Static(_Rows(rows))

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_close(self) -> None:
        self.dismiss(None)

    def on_click(self, event: Click) -> None:
        if event.widget is self:
            self.dismiss(None)

    def _row(self, action: Action) -> tuple[str, str]:
        command = f"{action.command} {action.argument}".rstrip()
        return key_labels(self._keys.get(action.name, action.keys)) or "–", f"{action.about} ({command})"


def _group(action: Action) -> str:
    return action.group


class _Rows:
    """What it is beside what it does; below each other where there is no room."""

    def __init__(self, rows: Sequence[tuple[str, str]]) -> None:
        self._rows = rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        wide = options.max_width >= BESIDE
        table = Table.grid(padding=(0, 2) if wide else 0, expand=True)
        if wide:
            table.add_column(width=15)
        table.add_column(ratio=1, overflow="fold")
        for name, about in self._rows:
            if wide:
                table.add_row(Text(name, "bold"), Text(about))
            else:
                table.add_row(Text(name, "bold"))
                table.add_row(Padding(Text(about, overflow="fold"), (0, 0, 0, 2)))
        yield table
