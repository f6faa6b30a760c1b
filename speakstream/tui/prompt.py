"""Where the next prompt is typed: several lines, the prompts before, large pastes, completion."""

import logging
import re
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Key, Paste, Resize
from textual.message import Message
from textual.widget import Widget
from textual.widgets import TextArea

from speakstream.attachments import names_in
from speakstream.errors import SpeakStreamError
from speakstream.tui.actions import ACTIONS
from speakstream.tui.completion import Choice, PromptCommand, Wanted, command_offers, offers, wanted
from speakstream.tui.completion_list import CompletionList
from speakstream.tui.pastes import Pastes, clean

__all__ = ["Choice", "PromptCommand", "PromptInput"]

log = logging.getLogger(__name__)

HINTS = ("Type a prompt; / for commands, @ for a file", "A prompt, /command or @file", "Prompt")
"""The longest that fits is shown in an empty prompt."""

ACTIONS_KEYS = frozenset(key for action in ACTIONS for key in action.keys.split(","))

_JOINERS = "\u200c\u200d"
"""Not printable by themselves: emoji and Persian words are typed with them."""

_HELD = re.compile(r"\b(alt|ctrl|hyper|meta|super)\+")


class PromptInput(TextArea):
    """A TextArea that Enter sends. Put it into a vertical container: its completions lie above it."""

    DEFAULT_CSS = """
    PromptInput {
        height: auto;
        min-height: 3;
        max-height: 10;
        border: round $border-blurred;
        padding: 0 1;
        background: transparent;
        scrollbar-size-vertical: 1;
        &:focus { border: round $border; }
        & .text-area--placeholder { color: $text-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+j,shift+enter,alt+enter", "new_line", "New line", show=False),
        Binding("ctrl+underscore,ctrl+minus,super+z", "undo", "Undo", show=False),
    ]

    class Submitted(Message):
        """A prompt, or a command, is sent. ``text`` is whole: pastes are in it, in the place of their markers."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Typing(Message):
        """The prompt has changed; ``text`` is what Enter would send. A newer one replaces one not read yet."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

        def can_replace(self, message: Message) -> bool:
            """Whether ``message`` need not be read any more."""
            return isinstance(message, PromptInput.Typing)

    class _Listed(Message):
        """The names of a source are there."""

        def __init__(self, source: tuple[str, str], names: Sequence[Choice]) -> None:
            super().__init__()
            self.source = source
            self.names = names

    def __init__(
        self,
        history: Sequence[str] = (),
        commands: Sequence[PromptCommand] = (),
        *,
        folder: Path | None = None,
        id: str | None = None,
    ) -> None:
        """``history``: the prompts before, the newest first. ``folder``: what an ``@path`` is relative to, if not the
        working folder.
        """
        super().__init__(id=id, highlight_cursor_line=False, placeholder=Content(HINTS[0]))
        self.give_up(ACTIONS_KEYS)
        self._commands = commands
        self._folder = folder
        self._past = list(history)
        self._place = 0  # in the past; 0: what is being written
        self._left: dict[int, str] = {}  # the texts as they were left, by place
        self._pastes = Pastes()
        self._sent = ("", self._pastes)  # the prompt before, as it was shown
        self._list = CompletionList(self._take)
        self._wanted: Wanted | None = None
        self._names: tuple[tuple[str, str], Sequence[Choice]] | None = None
        self._dismissed: int | None = None  # the column of what is not to be completed, since Escape
        self._takes_first = False  # Tab was pressed before the names were there

    async def on_mount(self) -> None:
        """Put the list beside the prompt."""
        assert isinstance(self.parent, Widget)
        await self.parent.mount(self._list, before=self)

    # -- for the app ---------------------------------------------------------------------------------------

    @property
    def value(self) -> str:
        """What Enter would send."""
        return self._pastes.whole(self.text)

    def fill(self, text: str) -> None:
        """Have ``text`` in the prompt, the cursor behind it. Ctrl+_ brings back what was there."""
        self._put(clean(text))

    def take_back(self) -> None:
        """Have the prompt that was sent last in it again, as it was typed, unless something new was begun."""
        if not self.text:
            shown, self._pastes = self._sent
            self._put(shown)

    def remember(self, history: Sequence[str]) -> None:
        """Have other prompts to walk through, the newest first."""
        self._past = list(history)
        self._place, self._left = 0, {}

    def give_up(self, keys: Collection[str]) -> None:
        """Leave ``keys`` to the app, also those that a text area has a use for. Those of ACTIONS are left already."""
        for key in keys:
            self._bindings.key_to_bindings.pop(key, None)

    # -- keys ----------------------------------------------------------------------------------------------

    async def _on_key(self, event: Key) -> None:
        self._look()
        if event.key == "enter":
            if (offer := self._list.chosen) is not None and not offer.complete:
                self._take()
            else:
                self._send()
        elif event.key == "escape" and self._list.chosen is not None:
            self._close()
        elif event.key == "tab" and self._wanted is not None:
            self._complete()
        elif event.character and event.character in _JOINERS:
            self._replace_via_keyboard(event.character, *self.selection)
        elif not await self._run_binding(event.key):
            if _HELD.search(event.key):
                event.prevent_default()  # a key that is held with Alt or Ctrl types nothing
            return
        event.stop()
        event.prevent_default()

    async def _run_binding(self, key: str) -> bool:
        """Do what ``key`` is bound to here; False: nothing.

        Textual would look it up only when the key has come up to the app, and letters typed after it are quicker.
        """
        for binding in self._bindings.key_to_bindings.get(key, ()):
            if await self.app.run_action(binding.action, self):
                return True
        return False

    def action_new_line(self) -> None:
        """Go on below."""
        self._replace_via_keyboard("\n", *self.selection)

    def action_cursor_up(self, select: bool = False) -> None:
        """To the row above, the prompt before, or the offer above."""
        self._look()
        if self._list.chosen is not None and not select:
            self._list.move(-1)
        elif select or not self.navigator.is_first_wrapped_line(self.cursor_location) or not self._walk(+1):
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        """To the row below, the prompt after, or the offer below."""
        self._look()
        if self._list.chosen is not None and not select:
            self._list.move(+1)
        elif select or not self.navigator.is_last_wrapped_line(self.cursor_location) or not self._walk(-1):
            super().action_cursor_down(select)

    def action_delete_left(self) -> None:
        """Delete what is left of the cursor: a character, or the marker of a paste."""
        row, column = self.cursor_location
        for start, end in self._pastes.places(self.document[row]):
            if end == column and self.selection.is_empty:
                self._delete_via_keyboard((row, start), (row, end))
                return
        super().action_delete_left()

    def action_paste(self) -> None:
        """Put in what was copied within the program."""
        self._paste(self.app.clipboard)

    async def _on_paste(self, event: Paste) -> None:
        event.stop()
        event.prevent_default()
        self._paste(event.text)

    def _paste(self, text: str) -> None:
        if text := clean(text):
            self._replace_via_keyboard(self._pastes.fold(text), *self.selection)

    def _send(self) -> None:
        text, shown = self.value, self.text
        if not text.strip():
            return
        self._sent = (shown, self._pastes)
        self._pastes = Pastes()
        self.remember([text, *(past for past in self._past if past != text)])
        self.load_text("")
        self.post_message(self.Submitted(text))

    # -- the prompts before --------------------------------------------------------------------------------

    def _walk(self, step: int) -> bool:
        """Show the prompt ``step`` further in the past; False: there is none. No text is lost on the way."""
        place = self._place + step
        if not 0 <= place <= len(self._past):
            return False
        self._left[self._place] = self.text
        self._place = place
        self._put(self._left[place] if place in self._left else clean(self._past[place - 1]))
        return True

    def _put(self, text: str) -> None:
        """Replace all, so that it can be undone; what then stands there is not completed before it is changed."""
        self._replace_via_keyboard(text, self.document.start, self.document.end)
        self.move_cursor(self.document.end)
        if (want := self._want()) is not None:
            self._dismissed = want.start
        self._look()

    # -- completion ----------------------------------------------------------------------------------------

    def _want(self) -> Wanted | None:
        row, column = self.cursor_location
        if not self.has_focus or not self.selection.is_empty:
            return None
        return wanted(self.document[row], column, self.document.line_count == 1, self._commands)

    def _look(self) -> None:
        """Show what completes the text as it is now."""
        want = self._want()
        if want is None or want.start != self._dismissed:
            self._dismissed = None
        if want != self._wanted:
            self._takes_first = False
        self._wanted = want
        if want is None:
            self._names = None  # a folder is read again the next time
        if want is None or self._dismissed is not None:
            self._list.show((), 0)
        elif want.kind == "command":
            self._list.show(command_offers(want, self._commands), self.region.y)
        else:
            source = (want.kind, want.source)
            if self._names is None or self._names[0] != source:
                self._names = (source, ())
                self.run_worker(partial(self._fetch, source), thread=True, group="names", exclusive=True)
            self._list.show(offers(want, self._names[1]), self.region.y)

    def _fetch(self, source: tuple[str, str]) -> None:
        """In a thread: a folder may be far away."""
        kind, name = source
        names: list[Choice] = []
        if kind == "file":
            try:
                names = [Choice(found) for found in names_in((self._folder or Path()) / Path(name).expanduser())]
            except RuntimeError:
                log.info("no such home folder: %s", name)
        else:
            command = next(command for command in self._commands if command.name == name)
            try:
                names = [Choice(name) if isinstance(name, str) else name for name in command.choices()]
            except SpeakStreamError as error:
                log.warning("%s cannot be completed: %s", name, error)
        self.post_message(self._Listed(source, names))

    @on(_Listed)
    def _have_names(self, message: _Listed) -> None:
        if self._names is not None and self._names[0] == message.source:
            self._names = (message.source, message.names)
            takes_first = self._takes_first
            self._look()
            if takes_first and self._list.chosen is not None:
                self._take()

    def _complete(self) -> None:
        """Take the chosen offer; where the list was closed, open it."""
        self._dismissed = None
        was_open = self._list.chosen is not None
        self._look()
        if was_open:
            self._take()
        else:
            self._takes_first = self._list.chosen is None

    def _take(self) -> None:
        """Put the chosen offer in the place of what is typed."""
        offer, want = self._list.chosen, self._wanted
        if offer is None or want is None:
            return
        row, _ = self.cursor_location
        behind = self.document[row][want.end :]
        insert = offer.insert.rstrip(" ") if behind else offer.insert
        self._replace_via_keyboard(insert, (row, want.start), (row, want.end))
        self._look()

    def _close(self) -> None:
        self._dismissed = self._wanted.start if self._wanted is not None else None
        self._look()

    # -- what is shown -------------------------------------------------------------------------------------

    def get_line(self, line_index: int) -> Text:
        """A line as it is drawn: the markers of pastes look like one thing."""
        line = super().get_line(line_index)
        for start, end in self._pastes.places(line.plain):
            line.stylize("italic", start, end)
        return line

    @on(TextArea.Changed)
    def _tell(self, event: TextArea.Changed) -> None:
        event.stop()
        self._look()
        self.post_message(self.Typing(self.value))

    @on(TextArea.SelectionChanged)
    def _moved(self, event: TextArea.SelectionChanged) -> None:
        event.stop()
        self._look()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Only where keys go is anything completed."""
        super().watch_has_focus(has_focus)
        self._look()

    def on_resize(self, event: Resize) -> None:
        """Hint at what may be typed, as long as there is room."""
        room = self.content_size.width
        self.placeholder = Content(next((hint for hint in HINTS if len(hint) <= room), HINTS[-1]))
        self._look()
