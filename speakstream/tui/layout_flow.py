"""Characters on their way to the screen: where each comes from, how it looks, and how they are broken into lines.

Nothing here knows of Markdown or of a terminal. Widths are those that Textual reckons with (``rich.cells``).
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rich.cells import cell_len, split_graphemes

from speakstream.text.span import Span

Look = tuple[str, ...]
"""How a character is drawn: names of styles, the outermost first. ``Transcript`` has a colour for each."""

Role = Literal["", "label", "silent"]
"""Of a line: it names the block it belongs to; it says that the block is not read aloud, and how to hear it."""

NOWHERE = -1
"""The place of a character that is not in the message: a bullet's space, a table's border, a label."""

_SINGLE = re.compile("[\n\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u0373\u2010-\u2027]*")
"""Text of which every character is surely one cell wide."""

_WORD = re.compile(r"(?:\S|[\u00a0\u202f\u2007])+")
_WIDE = "\u1100-\u115f\u2e80-\u2fff\u3003-\u3007\u3021-\ua4cf\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003fffd"
_PIECE = re.compile(f"[{_WIDE}][^{_WIDE}\\w]*|[^{_WIDE}]+")
"""Scripts that have no spaces may be broken between any two signs, but not before a mark that closes."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the screen. ``places`` has for each character the code point of the message that it shows."""

    text: str
    places: Sequence[int]
    looks: tuple[tuple[int, Look], ...]  # each with the character at which it ends
    joint: str = "\n"  # what parts it from the next when both are copied: a line end, or what the wrapping left out
    fill: Look = ()  # how the row goes on to its right end
    about: Span | None = None  # the block that a line belongs to which shows nothing of the message
    role: Role = ""

    @property
    def first(self) -> int:
        """The first place that is shown; NOWHERE when there is none."""
        return next((place for place in self.places if place >= 0), NOWHERE)

    @property
    def last(self) -> int:
        """The last place that is shown; NOWHERE when there is none."""
        return next((place for place in reversed(self.places) if place >= 0), NOWHERE)

    @property
    def width(self) -> int:
        """In cells."""
        return cell_len(self.text)

    def index_at(self, column: int) -> int | None:
        """The character that is drawn at a column, counted from the line's left end."""
        at = 0
        for start, _, width in split_graphemes(self.text)[0]:
            at += width
            if 0 <= column < at:
                return start
        return None

    def cluster(self, index: int) -> tuple[int, int]:
        """Where the sign begins and ends that the character at ``index`` is a part of: a row is not cut within one."""
        if self.text.isascii():
            return index, index + 1
        return next((start, end) for start, end, _ in split_graphemes(self.text)[0] if end > index)


BLANK = Line("", (), ())


class Flow:
    """A growing run of characters with their places and looks. A line feed among them ends a line."""

    __slots__ = ("_length", "_parts", "looks", "places")

    def __init__(self, text: str = "", look: Look = ()) -> None:
        """``text``: what is drawn first and is no part of the message."""
        self._parts: list[str] = []
        self._length = 0
        self.places = array("q")
        self.looks: list[tuple[int, Look]] = []  # each with the character at which it ends
        self.mark(text, look)

    def __len__(self) -> int:
        return self._length

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._parts)

    @property
    def width(self) -> int:
        """In cells, of a flow of one line."""
        return cell_len(self.text)

    def mark(self, text: str, look: Look = ()) -> None:
        """Add what is no part of the message."""
        self.add(text, (NOWHERE,) * len(text), look)

    def add(self, text: str, places: Iterable[int], look: Look = ()) -> None:
        """Add characters of the message, with the place of each."""
        if text:
            self._parts.append(text)
            self.places.extend(places)
            self._length += len(text)
            if self.looks and self.looks[-1][1] == look:
                self.looks.pop()
            self.looks.append((self._length, look))

    def append(self, other: "Flow | Line", start: int = 0, stop: int | None = None, shown: bool = True) -> None:
        """Add some characters of ``other``; unless ``shown``, as no part of the message: they stand elsewhere."""
        text, at = other.text, start
        for end, look in other.looks:
            if stop is not None:
                end = min(end, stop)
            if end > at:
                self.add(text[at:end], other.places[at:end] if shown else (NOWHERE,) * (end - at), look)
                at = end

    def with_mark(self, place: int, text: str, look: Look) -> "Flow":
        """The same with ``text`` as a word of its own, before what stands at ``place`` in the message or after it."""
        whole = self.text
        index = next((number for number, at in enumerate(self.places) if at >= place), len(whole))
        marked = Flow()
        marked.append(self, stop=index)
        marked.mark(" " if whole[:index] and not whole[index - 1].isspace() else "")
        marked.mark(text, look)
        marked.mark(" " if whole[index:] and not whole[index].isspace() else "")
        marked.append(self, start=index)
        return marked

    def line(self, about: Span | None = None, fill: Look = ()) -> Line:
        """All of it, as one line."""
        return Line(self.text, self.places, tuple(self.looks), fill=fill, about=about)


EMPTY = Flow()


def wrap(
    flow: Flow,
    width: int,
    first: Flow = EMPTY,
    rest: Flow = EMPTY,
    *,
    again: Flow | None = None,
    fill: Look = (),
    words: bool = True,
    about: Span | None = None,
    role: Role = "",
) -> list[Line]:
    """The lines of ``flow``, none wider than ``width``, in linear time.

    ``first`` stands before the first line, ``rest`` before the others, but ``again`` where the text has a line end of
    its own. Lines are broken between words, or where they are full: a word that is longer than a line, and every line
    unless ``words``.
    """
    text = flow.text
    before, again = first, rest if again is None else again
    rooms = max(width - max(first.width, again.width), 1), max(width - rest.width, 1)
    lines: list[Line] = []
    at = 0  # in the flow's looks
    for start, end, joint in _breaks(text, *rooms, words):
        shift = len(before) - start
        runs = list(before.looks)
        while at < len(flow.looks) and flow.looks[at][0] <= start:
            at += 1
        run, reached = at, start
        while reached < end:
            stop, look = flow.looks[run]
            reached = min(stop, end)
            runs.append((reached + shift, look))
            run += 1
        places = before.places + flow.places[start:end]
        lines.append(Line(before.text + text[start:end], places, tuple(runs), joint, fill, about, role))
        before = again if joint == "\n" else rest
    return lines


def behind(before: Flow, line: Line) -> Line:
    """``line``, moved to the right."""
    shift = len(before)
    looks = (*before.looks, *((end + shift, look) for end, look in line.looks))
    return replace(line, text=before.text + line.text, places=before.places + array("q", line.places), looks=looks)


def _breaks(text: str, first_room: int, room: int, by_words: bool) -> Iterator[tuple[int, int, str]]:
    """Where each line begins and ends, and what parts it from the next.

    ``first_room``: columns for what begins a line of the text; ``room``: for how it goes on.
    """
    columns = _columns(text)
    at = 0
    for row in text.split("\n"):
        end = at + len(row)
        begin = stop = at  # of the line that is being filled
        free = first_room
        for start, after in _words(text, at, end) if by_words else [(at, at + len(row.rstrip()))]:
            if columns[after] - columns[begin] > free:
                if stop > begin:
                    yield begin, stop, text[stop:start]
                    begin, free = start, room
                elif columns[start] - columns[begin] + 1 > free or columns[after] - columns[start] <= free:
                    begin = start  # indented too far
                while columns[after] - columns[begin] > free:
                    cut = max(bisect_right(columns, columns[begin] + free, begin + 1, after + 1) - 1, begin + 1)
                    yield begin, cut, ""
                    begin, free = cut, room
            stop = after
        yield begin, stop, "\n"
        at = end + 1


def _words(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """What may not be broken, unless it is longer than a line."""
    for word in _WORD.finditer(text, start, end):
        if word[0].isascii():
            yield word.span()
        else:
            for piece in _PIECE.finditer(text, *word.span()):
                yield piece.span()


def _columns(text: str) -> Sequence[int]:
    """The column at which each character begins, if all of the text were one line, and that of the end.

    What follows the first character of a cluster begins where the cluster ends.
    """
    if _SINGLE.fullmatch(text):
        return range(len(text) + 1)
    columns, column = array("q"), 0
    for start, end, width in split_graphemes(text)[0]:
        columns.append(column)
        column += width
        columns.extend([column] * (end - start - 1))
    columns.append(column)
    return columns
