"""The conversation, as one widget: what a person reads while it is spoken.

Textual's line API draws it, so that a streamed token, or a word that is lit, costs the rows that it changes. What
sounds is lit, what was heard looks plain, what is still to come, or was never heard, is dim.
"""

from collections.abc import Sequence
from typing import Literal

from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer

from speakstream.history import StoredMessage
from speakstream.text.span import Span
from speakstream.tui.entry import Entry
from speakstream.tui.entry_list import Anchor
from speakstream.tui.layout_flow import NOWHERE
from speakstream.tui.paint import GUTTER
from speakstream.tui.transcript_view import Light, TranscriptView

Follow = Literal["word", "newest", "off"]

FRAME = 1 / 20
"""Seconds for which what is streamed is gathered before it is laid out."""


class Transcript(TranscriptView, can_focus=True):
    """See above."""

    FOCUS_ON_CLICK = False  # who clicks a word goes on typing

    follow: reactive[Follow] = reactive[Follow]("word", init=False)
    """What stays on the screen: the word that sounds, the end, or what the reader chose."""
    empty: reactive[str] = reactive("", init=False)
    """What stands there while there is no message."""
    _following: reactive[bool] = reactive(True, init=False, repaint=False)

    class WordClicked(Message):
        """A word of a reply was clicked; it begins at ``offset``."""

        def __init__(self, message: int, offset: int) -> None:
            super().__init__()
            self.message = message
            self.offset = offset

    class SilentClicked(Message):
        """The line was clicked that says that the block in ``span`` is not read aloud."""

        def __init__(self, message: int, span: Span) -> None:
            super().__init__()
            self.message = message
            self.span = span

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._stale: set[int] = set()  # entries with text that is not laid out
        self._gathering: Timer | None = None
        self._pressed = (-1, -1)  # where the mouse's button was

    def on_mount(self) -> None:
        """Say something friendly while there is nothing."""
        if not self._entries:
            self._set([])

    # -- what is shown -------------------------------------------------------------------------------------

    def show(self, messages: Sequence[StoredMessage], above: str = "") -> None:
        """Show another conversation, at its end. Notices stay that were told before there was any message.

        ``above``: a line of the program's own before the first message.
        """
        first = [Entry("notice", above)] if above else []
        self._set([*first, *map(Entry.of, messages), *([] if self._numbers else self._notices())])
        self.selected = None
        self._following = True
        self._settle(end=True)

    def add(self, message: StoredMessage) -> None:
        """Show one more message. One's own prompt is always brought on the screen."""
        if self._numbers:
            self._numbers[message.id] = len(self._entries)
            self._append(Entry.of(message))
        else:
            self._set([*self._notices(), Entry.of(message)])
        if message.role == "user":
            self._following = True
        self._settle(end=message.role == "user" or self._sticks())

    def notice(self, text: str) -> None:
        """Show a line of the program's own."""
        self._append(Entry("notice", text))
        if self._welcomes and self._width:
            self._lay_out(0)
            self.refresh()
        self._settle(end=self._sticks())

    def grow(self, message: int, delta: str) -> None:
        """More of a reply; it appears with the next frame."""
        if (number := self._numbers.get(message)) is not None:
            self._entries[number].grow(delta)
            self._soon(number)

    def silent(self, message: int, span: Span, why: str) -> None:
        """The text in ``span`` is not read aloud; it is marked as such with the next frame."""
        if (number := self._numbers.get(message)) is not None:
            self._entries[number].silence(span.start, why)
            self._soon(number)

    def end(self, message: StoredMessage) -> None:
        """A reply is complete, or was stopped: then what was not heard is dim, and a mark stands where it was cut."""
        if (number := self._numbers.get(message.id)) is None:
            return
        end = self._at_end and self._sticks()
        self._stale.discard(number)
        self._entries[number].end(message)
        if self._width:
            self._lay_out(number)
            self._refresh_entry(number)
        self._settle(end)

    def _notices(self) -> list[Entry]:
        return [entry for entry in self._entries if entry.role == "notice"]

    def _set(self, entries: Sequence[Entry]) -> None:
        """Show these; and a welcome, when there is no message among them."""
        self._stale.clear()
        self._light = Light()
        welcome = [] if any(entry.message for entry in entries) else [Entry("welcome", self.empty)]
        shown = [*welcome, *entries]
        self._numbers = {entry.id: number for number, entry in enumerate(shown) if entry.id is not None}
        self._replace(shown)
        self.refresh()

    def watch_empty(self) -> None:
        """Another text while there is no message."""
        if self._welcomes:
            self._set(self._notices())
            self._settle()

    @property
    def behind(self) -> bool:
        """Whether text has come that is not drawn yet."""
        return bool(self._stale)

    def _soon(self, number: int) -> None:
        self._stale.add(number)
        if self._gathering is None and self.is_running:
            self._gathering = self.set_timer(FRAME, self._take_in)

    def _take_in(self) -> None:
        """Lay out what has grown."""
        if self._gathering is not None:
            self._gathering.stop()
            self._gathering = None
        if not self._width or not self._stale:
            return
        end = self._sticks()
        for number in self._stale:
            height = self._rows[number]
            first = self._lay_out(number)
            self._refresh_entry(number, first, height if height == self._rows[number] else None)
        self._stale.clear()
        self._settle(end)

    # -- what sounds, and what the screen follows ----------------------------------------------------------

    def light(self, message: int | None, word: Span | None, heard: int) -> None:
        """Light a word of a message of which ``heard`` code points were heard; None: nothing is spoken.

        May be called at any rate: only the rows that look otherwise are drawn again.
        """
        before = self._light
        if before[:3] == (message, word, heard):
            return
        if word is not None:
            self._take_in()  # the word may be in it
        number = self._numbers.get(message) if message is not None else None
        announced = number is not None and word is not None and self._entries[number].announces(word)
        self._light = after = Light(message, word, heard, announced)
        self._refresh_light(before, after)
        if word != before.word and self.follow == "word":
            self._keep_in_view()

    def follow_again(self) -> None:
        """Bring what is followed on the screen, and follow it from now on."""
        self._following = True
        if self.follow != "word" or self._word_row() is None:
            self._settle(end=True)
        else:
            self._keep_in_view()

    def watch_follow(self) -> None:
        """Another thing is followed."""
        if self.follow != "off":
            self.follow_again()
        self._refresh_last_row()

    def watch__following(self) -> None:
        """The marker comes or goes."""
        self._refresh_last_row()

    @property
    def suspended(self) -> bool:
        """Whether the screen does not follow because the reader has scrolled away."""
        return not self._following and self.follow != "off"

    def _sticks(self) -> bool:
        """Whether what is new at the end is brought on the screen."""
        return self._following and (self.follow == "newest" or (self.follow == "word" and not self._light.sounds))

    def _word_row(self) -> tuple[int, int, int] | None:
        """Where the word that sounds stands: its entry, the line, and the row of the screen."""
        message, word = self._light[:2]
        number = self._numbers.get(message) if message is not None else None
        if number is None or word is None or not self._width:
            return None
        if not self._entries[number].lines:
            self._lay_out(number)
        line = self._entries[number].line_of(word)
        return None if line is None else (number, line, self._rows.top(number) + line - self.scroll_offset.y)

    def _word_on_screen(self) -> bool:
        found = self._word_row()
        return found is not None and 0 <= found[2] < self.size.height

    def _keep_in_view(self) -> None:
        """Scroll when the word leaves the part of the screen where it is read with ease."""
        found, height = self._word_row(), self.size.height
        if found is None:
            return
        number, line, row = found
        if not self._following:
            self._following = self._at_end and 0 <= row < height  # it has come to where the reader waits
        elif not min(2, height // 4) <= row <= height * 2 // 3:
            self._settle(anchor=Anchor(number, line - height // 3))

    def _reader_scrolled(self, up: bool) -> None:
        """Up: the screen follows no more. At the end it follows again, unless what sounds is elsewhere."""
        speaks = self.follow == "word" and self._light.word is not None
        if up and not self._at_end:  # at the end, "up" means that the screen has become higher
            self._following = False
        elif self._at_end and (not speaks or self._word_on_screen()):
            self._following = True
        elif speaks and not self._word_on_screen():
            self._following = False

    # -- keys ----------------------------------------------------------------------------------------------

    def move(self, step: int) -> None:
        """Select the message before (-1) or after (+1) the selected one; from none, the last. Behind the last: none."""
        messages = sorted(self._numbers.items(), key=lambda pair: pair[1])
        if not messages:
            return
        ids = [message for message, _ in messages]
        at = (ids.index(self.selected) if self.selected in ids else len(ids)) + step
        if at >= len(ids):
            self.selected = None
            self.follow_again()
        else:
            self.go_to(ids[max(at, 0)])

    def go_to(self, message: int) -> None:
        """Select a message and bring it on the screen."""
        if (number := self._numbers.get(message)) is not None:
            self._take_in()
            self.selected = message
            self._reveal(number)
            self._following = self._at_end

    def action_scroll_end(self) -> None:
        """The End key."""
        self.follow_again()

    # -- the mouse -----------------------------------------------------------------------------------------

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Remember where, to tell a click from a mark that is drawn."""
        self._pressed = event.screen_offset

    def on_click(self, event: events.Click) -> None:
        """A word: speak from there. A mark of silence: hear it. Beside the text: select the message."""
        event.prevent_default()  # Textual would mark all of the conversation at a double click
        if event.button != 1 or event.screen_offset != self._pressed:
            return
        found, (marker, text) = self._line_at(event.y), self._marker()
        if self.suspended and event.y == self.size.height - 1 and marker <= event.x < marker + len(text):
            self.follow_again()
        elif found is not None and (message := self._entries[found[0]].message) is not None:
            line = found[2]
            index = line.index_at(event.x - GUTTER)
            if index is None or not found[1]:
                self.selected = message.id
            elif line.role == "silent" and line.about is not None:
                self.post_message(self.SilentClicked(message.id, line.about))
            elif message.role == "assistant" and line.places[index] != NOWHERE:
                while index and line.places[index - 1] != NOWHERE and not line.text[index - 1].isspace():
                    index -= 1
                self._following = True
                self.post_message(self.WordClicked(message.id, line.places[index]))

    # -- what is in it -------------------------------------------------------------------------------------

    def newest(self, role: str) -> int | None:
        """The selected message when it has this role, "user" or "assistant", or else the last that has."""
        numbers = [self._numbers[self.selected]] if self.selected in self._numbers else []
        for number in [*numbers, *reversed(range(len(self._entries)))]:
            if self._entries[number].role == role:
                return self._entries[number].id
        return None

    def code_blocks(self, message: int) -> list[str]:
        """The code in a message, block by block."""
        number = self._numbers.get(message)
        return [] if number is None else self._entries[number].code()

    def silent_near(self) -> tuple[int, Span] | None:
        """What is not read aloud and could be: in the selected message, on the screen, or else the last there is."""
        self._take_in()
        shown = [found for y in range(self.size.height) if (found := self._line_at(y)) is not None]
        for number, _, line in reversed(shown):
            message = self._entries[number].id
            if message is not None and line.role == "silent" and line.about and self.selected in (None, message):
                return message, line.about
        numbers = [self._numbers[self.selected]] if self.selected in self._numbers else self._numbers.values()
        for number in sorted(numbers, reverse=True):
            entry = self._entries[number]
            if not entry.lines and self._width:
                self._lay_out(number)
            if entry.id is not None and (spans := list(entry.silent_spans())):
                return entry.id, spans[-1]
        return None
