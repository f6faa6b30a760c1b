"""A long list of entries, of which only those on the screen or near it are laid out.

How high the others are is guessed, and found out when they come near, or in idle moments. Whatever changes above, what
the reader looks at stays where it is: the screen's top is kept as an entry and a row in it.
"""

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from textual import events
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.timer import Timer
from textual.widget import Widget

from speakstream.tui.entry import Entry, Setting
from speakstream.tui.entry_rows import EntryRows

IDLE, SLICE = 0.2, 0.006
"""Seconds between looks at what is only guessed, and what each may take."""

KEPT = 200
"""Entries whose lines are kept: with more, those far away are let go of."""


class Anchor(NamedTuple):
    """Where the screen's top is: a row of an entry; below 0 it is so many rows above it."""

    entry: int
    row: int


class EntryList(ScrollView):
    """The list and its scrolling. What is drawn is for the widget made of it to say."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.laid_out = 0  # how often an entry was, for tests
        self._entries: list[Entry] = []
        self._rows = EntryRows()
        self._width = 0  # for which it is laid out; 0 until it is on the screen
        self._top = Anchor(0, 0)  # as it is drawn
        self._at_end = True
        self._idle: Timer | None = None

    @property
    def guesses(self) -> bool:
        """Whether some heights are only guessed."""
        return not all(entry.exact for entry in self._entries)

    @property
    def columns(self) -> int:
        """How wide the rows are, without the scroll bar."""
        return self.size.width - int(self.styles.scrollbar_size_vertical)

    @property
    def setting(self) -> Setting:
        """What the entries are laid out for."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Have what is guessed looked at now and then."""
        self._idle = self.set_interval(IDLE, self._find_out, pause=True)

    # -- the entries ---------------------------------------------------------------------------------------

    def _replace(self, entries: Iterable[Entry]) -> None:
        """Show other entries; nothing is laid out yet."""
        self._entries, self._top = list(entries), Anchor(0, 0)
        self._begin_anew()

    def _append(self, entry: Entry) -> None:
        """Show one more entry, at the end."""
        self._entries.append(entry)
        self._rows.append(entry.guess(self._width))
        if self._width:
            self._lay_out(len(self._entries) - 1)
            self._refresh_entry(len(self._entries) - 1)

    def _begin_anew(self) -> None:
        """Nothing that was laid out holds."""
        for entry in self._entries:
            entry.forget()
            entry.exact = False
        self._rows = EntryRows(entry.guess(self._width) for entry in self._entries)
        if self._idle is not None:
            self._idle.resume()

    def _lay_out(self, number: int) -> int:
        """Lay an entry out; the first of its lines that is another now."""
        entry = self._entries[number]
        first = entry.lay_out(self.setting)
        entry.exact = True
        self.laid_out += 1
        self._rows[number] = len(entry.lines)
        return first

    def _lay_out_between(self, first: int, last: int) -> bool:
        """Lay out the entries that have rows from ``first`` up to ``last``; whether any was not."""
        changed = False
        number = self._rows.at(first)[0]
        while number < len(self._entries) and self._rows.top(number) < last:
            if not self._entries[number].lines:
                self._lay_out(number)
                changed = True
            number += 1
        return changed

    def _find_out(self) -> None:
        """Make some guesses exact, the nearest first."""
        if not self._width:
            return
        deadline = time.monotonic() + SLICE
        here = self._rows.at(self.scroll_offset.y)[0] if self._entries else 0
        for number in [*range(here, -1, -1), *range(here, len(self._entries))]:
            entry = self._entries[number]
            if entry.exact:
                continue
            if time.monotonic() > deadline:
                break
            self._lay_out(number)
        else:
            if self._idle is not None:
                self._idle.pause()
        self._settle()
        self._let_go()

    # -- the screen's place in it --------------------------------------------------------------------------

    def _settle(self, end: bool = False, anchor: Anchor | None = None) -> None:
        """Lay out what is on the screen and near it.

        The screen shows the ``end``, or has its top at ``anchor``; otherwise what was drawn at its top stays there.
        """
        height = self.size.height
        if not self._width or not height:
            return
        if not self._entries:
            self._put(0)
            return
        new, anchor = False, anchor or self._top
        if not end:
            anchor = self._exactly(anchor)
        while True:
            last = max(0, self._rows.total - height)
            top = last if end else max(0, min(self._rows.top(anchor.entry) + anchor.row, last))
            if not self._lay_out_between(top - height, top + 2 * height):
                break
            new = True
        self._put(top)
        if new:
            self._let_go()
            self.refresh()

    def _anchor(self) -> Anchor:
        """Where the reader has scrolled to, by the first entry on the screen that is not only a guess."""
        top = self.scroll_offset.y
        first, row = self._rows.at(top)
        number = first
        while number < len(self._entries) and self._rows.top(number) < top + self.size.height:
            if self._entries[number].exact:
                return Anchor(number, top - self._rows.top(number))
            number += 1
        return Anchor(first, row)

    def _exactly(self, anchor: Anchor) -> Anchor:
        """The same place when its entry is laid out."""
        if self._entries[anchor.entry].exact:
            return anchor
        guessed = self._rows[anchor.entry]
        self._lay_out(anchor.entry)
        return anchor._replace(row=anchor.row * self._rows[anchor.entry] // max(guessed, 1))

    def _put(self, top: int) -> None:
        """Have the screen's top at a row, and the scroll bar show it. Only what is another now is drawn again.

        Textual's own way would arrange all widgets anew, for a line more, and draw all of the screen.
        """
        total, height = self._rows.total, self.size.height
        bar = self.vertical_scrollbar
        if self.virtual_size != (self.size.width, total):
            self.set_reactive(Widget.virtual_size, Size(self.size.width, total))
            bar.window_virtual_size = total
        if self.scroll_y != top:
            self.set_reactive(Widget.scroll_y, float(top))
            self.set_reactive(Widget.scroll_target_y, float(top))
            bar.position = top
        self._at_end = top >= total - height
        before, self._top = self._top, Anchor(*self._rows.at(top)) if self._entries else Anchor(0, 0)
        if before != self._top:
            self.refresh()

    def _let_go(self) -> None:
        """Forget the lines of entries far away, when there are too many."""
        laid = [number for number, entry in enumerate(self._entries) if entry.lines and not entry.writing]
        if len(laid) > KEPT:
            here = self._rows.at(self.scroll_offset.y)[0]
            for number in sorted(laid, key=lambda number: abs(number - here))[KEPT // 2 :]:
                self._entries[number].forget()

    def _reveal(self, number: int) -> None:
        """Bring an entry on the screen, all of it if there is room."""
        if not self._width:
            return
        self._lay_out_between(self._rows.top(number), self._rows.top(number) + 1)
        height, rows = self.size.height, self._rows[number]
        above = self._rows.top(number) - self.scroll_offset.y
        if above < 0 or rows >= height:
            self._settle(anchor=Anchor(number, 0))
        elif above + rows > height:
            self._settle(anchor=Anchor(number, rows - height))

    @property
    def _welcomes(self) -> bool:
        """Whether there is nothing yet, and a text that says so."""
        return bool(self._entries) and self._entries[0].role == "welcome"

    def on_resize(self, event: events.Resize) -> None:
        """Keep the reader's place, or the end."""
        if not self.size.height:
            return
        if self.setting.width != self._width:
            self._width = self.setting.width
            self._lay_out_anew()
        elif self._welcomes:
            self._lay_out(0)
            self.refresh()
        self._settle(self._at_end)

    def _lay_out_anew(self) -> None:
        """Nothing that was laid out holds any more; the reader's place is kept."""
        if not self._width:
            return
        anchor, place = self._top, None
        if anchor.entry < len(self._entries):
            lines = self._entries[anchor.entry].lines[anchor.row :]
            place = next((line.first for line in lines if line.first >= 0), None)
        self._begin_anew()
        if place is not None:
            self._lay_out(anchor.entry)
            lines = self._entries[anchor.entry].lines
            anchor = anchor._replace(row=next((at for at, line in enumerate(lines) if line.last >= place), 0))
        self._settle(self._at_end, anchor)
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The reader scrolled: everything here that scrolls goes through ``_put``."""
        super().watch_scroll_y(old_value, new_value)
        if self._width and round(old_value) != round(new_value) and self._entries:
            up = new_value < old_value
            self._settle(not up and new_value >= self.max_scroll_y, self._anchor())
            self._reader_scrolled(up)

    def scroll_to(self, *place: Any, **how: Any) -> None:
        """At once: an animation would go to rows that have shifted meanwhile, and is slow over a network."""
        super().scroll_to(*place, **{**how, "animate": False})

    def scroll_end(self, *_: Any, **__: Any) -> None:
        """To the end, wherever it turns out to be."""
        self._settle(end=True)
        self._reader_scrolled(up=False)

    def _reader_scrolled(self, up: bool) -> None:
        """A hook."""

    # -- drawing again -------------------------------------------------------------------------------------

    def _refresh_entry(self, number: int, first: int = 0, last: int | None = None) -> None:
        """Draw some lines of an entry again, and what is below when ``last`` is not given."""
        top = self._rows.top(number) - self.scroll_offset.y
        start = max(0, top + first)
        stop = self.size.height if last is None else min(self.size.height, top + last)
        if start < stop:
            self.refresh(Region(0, start, self.size.width, stop - start))
