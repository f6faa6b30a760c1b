"""How the transcript is drawn, row by row: what sounds, what was heard, the selected message, what the mouse marks."""

from typing import NamedTuple

from rich.segment import Segment
from textual.geometry import Region
from textual.reactive import reactive
from textual.selection import Selection
from textual.strip import Strip

from speakstream.text.span import Span
from speakstream.tui.entry import Entry, Setting
from speakstream.tui.entry_list import EntryList
from speakstream.tui.layout_blocks import MEASURE
from speakstream.tui.layout_flow import NOWHERE, Line
from speakstream.tui.looks import CSS, LOOKS, PREFIX
from speakstream.tui.paint import GUTTER, MARGIN, Hearing, Palette, paint

LEAST = 16
"""Columns for which it is laid out at least."""

_LINES = 1 << 20
"""More lines than an entry has. What the mouse marks is kept by entry and line, which do not shift as rows do."""


STRIPS = 400
"""Drawn rows that are kept: some screens full."""

State = tuple[int, bool, Hearing | None, tuple[int, int] | None]
"""What a line's strip depends on besides the line: the arguments of ``paint``."""


class Light(NamedTuple):
    """What is spoken of which message: ``Transcript.light``."""

    message: int | None = None
    word: Span | None = None
    heard: int = 0
    announced: bool = False  # the word is a block whose name is said: the line that names it is lit

    @property
    def sounds(self) -> bool:
        """Whether something has sounded."""
        return self.message is not None and (self.word is not None or self.heard > 0)


class TranscriptView(EntryList):
    """See above."""

    COMPONENT_CLASSES = {PREFIX + name for name in LOOKS}  # noqa: RUF012 -- as Textual declares it
    DEFAULT_CSS = CSS

    selected: reactive[int | None] = reactive[int | None](None, init=False, repaint=False)
    """A message, which replay, copy and edit are about; a bar stands at its left."""
    speaker: reactive[str] = reactive("", init=False)
    """Who answers, as it stands above replies; "": each reply's model."""
    hear_key: reactive[str] = reactive("Alt+H", init=False)
    """What is pressed to hear what is not read aloud, as it is shown."""
    follow_key: reactive[str] = reactive("End", init=False)
    """What is pressed to have the screen follow again, as it is shown."""
    aloud: reactive[frozenset[str]] = reactive(frozenset[str](), init=False)
    """Kinds of blocks that are read aloud: "code", "table"."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._numbers: dict[int, int] = {}  # of the entries, by message
        self._light = Light()
        self._palette: Palette | None = None
        self._strips: dict[int, tuple[Line, State, Strip]] = {}
        self._following: bool = True

    @property
    def setting(self) -> Setting:
        """What the entries are laid out for."""
        width = max(self.columns - GUTTER - MARGIN, LEAST)
        rest = sum(self._rows[number] for number in range(1, len(self._rows))) if self._welcomes else 0
        return Setting(width, self.size.height - rest, self.speaker, self.hear_key, self.aloud)

    def watch_speaker(self) -> None:
        """Another name above the replies."""
        self._lay_out_anew()

    def watch_hear_key(self) -> None:
        """Another key in the marks."""
        self._lay_out_anew()

    def watch_aloud(self) -> None:
        """Other blocks are read."""
        self._lay_out_anew()

    def watch_selected(self, old: int | None, new: int | None) -> None:
        """The bar goes to another message."""
        for message in (old, new):
            self._refresh_message(message)

    def notify_style_update(self) -> None:
        """Another theme."""
        super().notify_style_update()
        self._palette = None
        self._strips.clear()

    # -- rows ----------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """A row of the screen."""
        palette, width = self._colours(), self.columns
        found = self._line_at(y)
        if found is None:
            strip = Strip.blank(width, palette.base)
        else:
            number, at, line = found
            entry, place = self._entries[number], number * _LINES + at
            chosen = self.text_selection.get_span(place) if self.text_selection else None
            selected = entry.id is not None and entry.id == self.selected and at < len(entry.lines) - 1
            state = (width, selected, self._hearing(entry, self._light), chosen)
            strip = self._drawn(place, line, state, palette)
        if self.suspended and y == self.size.height - 1:
            strip = self._with_marker(strip, palette)
        return strip

    def _drawn(self, place: int, line: Line, state: State, palette: Palette) -> Strip:
        """The strip of a line; as it was drawn before, when nothing has changed: most of a scrolled screen has not."""
        kept = self._strips.get(place)
        if kept is not None and kept[0] is line and kept[1] == state:
            return kept[2]
        width, selected, hearing, chosen = state
        strip = paint(line, width, palette, selected, hearing, chosen).apply_offsets(0, place)
        if len(self._strips) >= STRIPS:
            self._strips.clear()
        self._strips[place] = (line, state, strip)
        return strip

    def _line_at(self, y: int) -> tuple[int, int, Line] | None:
        """The entry, the number of its line and the line that a row of the screen shows."""
        row = self.scroll_offset.y + y
        if not self._entries or not 0 <= row < self._rows.total:
            return None
        number, at = self._rows.at(row)
        lines = self._entries[number].lines
        return (number, at, lines[at]) if at < len(lines) else None

    def _colours(self) -> Palette:
        if self._palette is None:
            chosen = self.screen.get_component_rich_style("screen--selection")
            self._palette = Palette(
                self.rich_style, lambda name: self.get_component_rich_style(PREFIX + name, partial=True), chosen
            )
        return self._palette

    def place_at(self, x: int, y: int) -> tuple[int, int] | None:
        """The message, and the code point of it, that a cell of the widget shows."""
        found = self._character_at(x, y)
        if found is None or found[1].places[found[2]] == NOWHERE:
            return None
        entry, line, index = found
        return (entry.id, line.places[index]) if entry.id is not None else None

    def _character_at(self, x: int, y: int) -> tuple[Entry, Line, int] | None:
        found = self._line_at(y)
        index = found[2].index_at(x - GUTTER) if found is not None else None
        return (self._entries[found[0]], found[2], index) if found is not None and index is not None else None

    # -- the light -----------------------------------------------------------------------------------------

    def _hearing(self, entry: Entry, light: Light) -> Hearing | None:
        """How far an entry was heard; None when that makes no difference."""
        spoken = entry.message is not None and (light.sounds or entry.message.voice != "")
        if light.message is not None and light.message == entry.id and spoken:
            return Hearing(light.heard, light.word, light.announced, "to-come")
        return None if entry.unheard is None else Hearing(entry.unheard, None, False, "unheard")

    def _refresh_light(self, before: Light, after: Light) -> None:
        """Draw the lines again that look otherwise after a step of the light."""
        if before.message != after.message:
            self._refresh_message(before.message)
            self._refresh_message(after.message)
            return
        number = self._numbers.get(after.message) if after.message is not None else None
        if number is None:
            return
        entry = self._entries[number]
        one, other = self._hearing(entry, before), self._hearing(entry, after)
        if one is None or other is None or one.rest != other.rest:
            self._refresh_message(after.message)
            return
        words = [word for word in (before.word, after.word) if word is not None]
        start = min([one.limit, other.limit, *(word.start for word in words)])
        stop = max([one.limit, other.limit, *(word.end for word in words)])
        top = self.scroll_offset.y - self._rows.top(number)
        for at in range(max(0, top), min(len(entry.lines), top + self.size.height)):
            line = entry.lines[at]
            first, last = (line.about.start, line.about.end) if line.about else (line.first, line.last)
            if first < stop and last >= start:
                self._refresh_entry(number, at, at + 1)

    def _refresh_message(self, message: int | None) -> None:
        number = self._numbers.get(message) if message is not None else None
        if number is not None:
            self._refresh_entry(number, 0, self._rows[number])

    # -- the marker ----------------------------------------------------------------------------------------

    @property
    def suspended(self) -> bool:
        """Whether the screen does not follow because the reader has scrolled away."""
        return not self._following

    def _marker(self) -> tuple[int, str]:
        """Where in the last row it begins, and what it says: what brings the screen back."""
        text = f" ▼ {self.follow_key}: follow again "[: self.columns]
        return max(0, min(self.columns, MEASURE + GUTTER + MARGIN) - len(text)), text

    def _with_marker(self, strip: Strip, palette: Palette) -> Strip:
        at, text = self._marker()
        marker = Strip([Segment(text, palette[("follow",)])])
        return Strip.join([strip.crop(0, at), marker, strip.crop(at + len(text), self.columns)])

    def _refresh_last_row(self) -> None:
        self.refresh(Region(0, max(0, self.size.height - 1), self.size.width, 1))

    # -- what the mouse marks ------------------------------------------------------------------------------

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw what is marked."""
        self.refresh()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """What is marked, as text, without what was drawn before it."""
        start = selection.start.y if selection.start else 0
        end = selection.end.y if selection.end else len(self._entries) * _LINES
        parts: list[str] = []
        for number in range(start // _LINES, min(end // _LINES + 1, len(self._entries))):
            if not self._entries[number].lines:
                self._lay_out(number)
            for at, line in enumerate(self._entries[number].lines):
                if (span := selection.get_span(number * _LINES + at)) is not None:
                    first = next((index for index, place in enumerate(line.places) if place != NOWHERE), 0)
                    stop = len(line.text) if span[1] < 0 else max(0, span[1] - GUTTER)
                    parts += [line.text[max(first, span[0] - GUTTER) : stop], line.joint]
        return "".join(parts[:-1]), "\n"
