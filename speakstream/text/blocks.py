"""The block structure of a growing Markdown text, as events: a block opened, text, a line's end, closed.

Each character is looked at a bounded number of times, whatever came before it, and the events (with the texts
of neighbouring ``Text`` events joined) do not depend on how the reply was split into deltas. markdown-it-py
can't do this: it wants the whole text, and parsing the whole anew for each token is quadratic. ``Document``
collects the events into blocks; ``Segmenter`` cuts their text into clauses.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from speakstream.text.lines import (
    LINE_LIMIT,
    PREFIX,
    Before,
    Kind,
    Line,
    Role,
    could_be_delimiter_row,
    is_delimiter_row,
    read_line,
)

NESTING_LIMIT = 16
"""List markers on one line, and nested lists, beyond which a marker is text and a level is not counted."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A block begins at ``start`` with its marker; its first line's content follows at ``content``."""

    kind: Kind
    start: int
    marker_end: int
    content: int
    quote: int = 0  # depth of block quotes around it
    depth: int = 0  # depth of lists around it, its own item included
    level: int = 0  # of a heading, 1 to 6
    ordinal: int | None = None  # of an ordered list's item
    checked: bool | None = None  # of a task
    info: str = ""  # of fenced code


@dataclass(frozen=True, slots=True)
class Text:
    """More content of the open block, all on one line."""

    start: int
    text: str


@dataclass(frozen=True, slots=True)
class LineBreak:
    """The open block goes on in a new line; that line's content begins at ``content``."""

    content: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The open block is over; a paragraph with an underline turns out to have been a heading of ``level``."""

    end: int
    underlined: bool = False
    level: int = 0


Event = Opened | Text | LineBreak | Closed


class _At(Enum):
    LINE = 0  # the beginning of a line, or what was read of it does not tell its kind yet
    MARKER = 1  # after a list item's marker: another block may begin here
    TEXT = 2  # within a line whose kind is known


class BlockScanner:
    """Takes deltas, gives the events that are certain."""

    def __init__(self) -> None:
        self._buffer = ""
        self._at = 0  # in the buffer
        self._base = 0  # of the buffer in the reply
        self._place = _At.LINE
        self._open: Opened | None = None
        self._end = 0  # of the open block's last visible character
        self._filled = False  # the open block has text
        self._mark = ""  # what ends the open block
        self._indent = 0  # of the open fence
        self._lists: list[int] = []  # the marker columns of the open list items
        self._list_quote = 0
        self._nested = 0  # markers on this line

    @property
    def pending(self) -> tuple[int, str]:
        """Text that is not yet part of any event, with its offset in the reply."""
        return self._base + self._at, self._buffer[self._at :]

    def push(self, delta: str) -> list[Event]:
        """Events that ``delta`` makes certain."""
        self._buffer += delta
        events = list(self._run(final=False))
        self._base += self._at
        self._buffer = self._buffer[self._at :]
        self._at = 0
        return events

    def finish(self) -> list[Event]:
        """Events at the end of the text; closes the open block."""
        events = list(self._run(final=True))
        events.extend(self._close())
        self._base += len(self._buffer)
        self._buffer = ""
        self._at = 0
        self._place = _At.LINE
        self._lists.clear()
        return events

    def _run(self, final: bool) -> Iterator[Event]:
        while self._at < len(self._buffer):
            if self._place is _At.TEXT:
                yield from self._rest_of_line()
                continue
            limit = self._at + LINE_LIMIT
            newline = self._buffer.find("\n", self._at, limit)
            line = self._buffer[self._at : newline if newline >= 0 else limit]
            ended = newline >= 0 or final or len(line) >= LINE_LIMIT
            events = self._line(line, ended, newline >= 0, final)
            if events is None:
                return
            yield from events

    # Each of these answers None while the kind of the line is undecided; else it has moved on.

    def _line(self, line: str, ended: bool, newline: bool, final: bool) -> list[Event] | None:
        opened = self._open
        if opened and opened.kind is Kind.CODE:
            return self._code_line(opened, line, ended)
        if opened and opened.kind in (Kind.HTML, Kind.MATH):
            return self._verbatim_line(opened, line, ended)
        inside = self._place is _At.MARKER
        before = Before()
        if opened and opened.kind in (Kind.PARAGRAPH, Kind.ITEM) and not inside:
            indent = self._lists[-1] + 2 if self._lists else 0
            before = Before(self._filled, opened.depth > 0, opened.quote, indent)
        read = read_line(line, ended, before)
        if read is None:
            return None
        if read.role is Role.BAR:
            table = self._table(line, read, newline, final, opened)
            if table is None:
                return None
            if table:
                return table
            read = Line(Role.TEXT, read.marker, read.content, read.quote, read.column)
        if read.role is Role.ITEM and inside and self._nested >= NESTING_LIMIT:
            read = Line(Role.TEXT, read.marker, read.marker, read.quote, read.column)
        return self._begin(line, read, inside)

    def _begin(self, line: str, read: Line, inside: bool) -> list[Event]:
        """A line's kind is known: go on with the open block, or close it and open the line's own."""
        start = self._base + self._at
        opened = self._open
        quote = read.quote + (opened.quote if inside and opened else 0)
        if read.role is Role.BLANK:
            self._skip_line(line)
            return [] if inside else self._close()
        if read.role is Role.TEXT and opened and opened.kind in (Kind.PARAGRAPH, Kind.ITEM):
            if inside and not read.quote:
                self._move(read.content, _At.TEXT)
                return [] if read.content == 0 else [LineBreak(start + read.content)]
            if not inside and quote <= opened.quote:
                self._move(read.content, _At.TEXT)
                return [LineBreak(start + read.content)]
        if read.role is Role.UNDERLINE:
            self._open = None
            self._skip_line(line)
            return [Closed(start + len(line.rstrip()), underlined=True, level=read.level)]
        events = self._close()
        column = read.column + (self._lists[-1] + 2 if inside and self._lists else 0)
        if quote != self._list_quote and not inside:
            self._lists.clear()
        self._list_quote = quote
        while self._lists and (column < self._lists[-1] + 2 or column == 0):
            self._lists.pop()
        if read.role is Role.ITEM:
            self._nested = self._nested + 1 if inside else 1
            self._lists.append(column)
        return events + self._open_block(line, read, quote, column)

    def _open_block(self, line: str, read: Line, quote: int, column: int) -> list[Event]:
        start = self._base + self._at
        kind = {
            Role.TEXT: Kind.PARAGRAPH,
            Role.HEADING: Kind.HEADING,
            Role.ITEM: Kind.ITEM,
            Role.FENCE: Kind.CODE,
            Role.RULE: Kind.RULE,
            Role.HTML: Kind.HTML,
            Role.MATH: Kind.MATH,
        }[read.role]
        info = line[read.content :].strip() if kind is Kind.CODE else ""
        opened = Opened(
            kind,
            start + read.marker,
            start + read.marker + len(line[read.marker : read.content].rstrip()),
            start + read.content,
            quote,
            min(len(self._lists), NESTING_LIMIT),
            read.level,
            read.ordinal,
            read.checked,
            info,
        )
        self._open = opened
        self._filled = False
        self._end = opened.marker_end
        self._mark = read.mark
        self._indent = column
        if kind in (Kind.RULE, Kind.CODE):
            self._end = start + len(line.rstrip())
            self._skip_line(line)
            return [opened, *self._close()] if kind is Kind.RULE else [opened]
        if kind in (Kind.HTML, Kind.MATH):
            self._move(read.content, _At.LINE)
            return [opened]
        self._move(read.content, _At.MARKER if kind is Kind.ITEM else _At.TEXT)
        return [opened]

    def _rest_of_line(self) -> Iterator[Event]:
        """Text up to the line's end or the buffer's."""
        newline = self._buffer.find("\n", self._at)
        end = newline if newline >= 0 else len(self._buffer)
        text = self._buffer[self._at : end]
        if text:
            start = self._base + self._at
            yield Text(start, text)
            if visible := text.rstrip():
                self._end = start + len(visible)
                self._filled = True
        self._at = end
        if newline >= 0:
            self._at += 1
            self._place = _At.LINE
            if self._open and self._open.kind is Kind.HEADING:
                yield from self._close()

    def _code_line(self, opened: Opened, line: str, ended: bool) -> list[Event] | None:
        prefix = re.match(rf"(?:[ \t]*>){{{opened.quote}}}", line)
        if not prefix:
            if not ended and not line.strip(" \t>"):
                return None
            return self._close()  # the quote is over, and the code with it
        at = prefix.end()
        if opened.quote and line[at : at + 1] == " ":
            at += 1
        body = line[at:]
        fence = self._mark[0]
        if not body.lstrip(" \t").strip(fence).strip(" \t"):
            if not ended:
                return None
            run = body.strip(" \t")
            if len(run) >= len(self._mark) and not run.strip(fence):
                self._end = self._base + self._at + len(line.rstrip())
                self._skip_line(line)
                return self._close()
        indent = re.match(rf"[ \t]{{0,{self._indent}}}", body)
        at += indent.end() if indent else 0
        start = self._base + self._at
        self._move(at, _At.TEXT)
        return [LineBreak(start + at)]

    def _verbatim_line(self, opened: Opened, line: str, ended: bool) -> list[Event] | None:
        """A line of HTML or of a formula; a line longer than can be looked at is taken in parts."""
        if not ended:
            return None
        start = self._base + self._at
        first = not self._filled
        prefix = PREFIX.match(line) if opened.quote else None
        at = prefix.end() if prefix and not first else 0
        if opened.quote and not first and line.count(">", 0, at) < opened.quote:
            return self._close()
        body = line[at:]
        blank = not body.strip()
        if blank and (not self._mark or opened.kind is Kind.MATH) and not first:
            self._skip_line(line)
            return self._close()
        done = bool(self._mark) and self._mark in body
        if done and opened.kind is Kind.MATH:
            body = body[: body.index(self._mark)]
        events: list[Event] = [] if first else [LineBreak(start + at)]
        if body:
            events.append(Text(start + at, body))
        self._filled = True
        if not blank:
            self._end = start + len(line.rstrip())
        self._skip_line(line)
        return events + self._close() if done else events

    def _table(self, line: str, read: Line, newline: bool, final: bool, opened: Opened | None) -> list[Event] | None:
        """A row, or a header with its delimiter row; an empty list when the line is text after all."""
        start = self._base + self._at
        if opened and opened.kind is Kind.TABLE:
            self._move(read.content, _At.TEXT)
            return [LineBreak(start + read.content)]
        if not newline:
            return [] if final or len(line) >= LINE_LIMIT else None
        after = self._at + len(line) + 1
        end = self._buffer.find("\n", after, after + LINE_LIMIT)
        below = self._buffer[after : end if end >= 0 else after + LINE_LIMIT]
        prefix = PREFIX.match(below) if read.quote else None
        row = below[prefix.end() :] if prefix else below
        if end < 0 and not final:
            return None if len(below) < LINE_LIMIT and could_be_delimiter_row(row) else []
        header = line[read.marker :]
        if not is_delimiter_row(row, header):
            return []
        events = self._close()
        while self._lists and (read.column < self._lists[-1] + 2 or read.column == 0):
            self._lists.pop()
        self._open = Opened(
            Kind.TABLE,
            start + read.marker,
            start + read.marker,
            start + read.content,
            read.quote,
            len(self._lists),
        )
        self._filled = True
        events += [self._open, Text(start + read.content, header)]
        self._end = self._base + after + len(below.rstrip())
        self._skip_line(line)
        self._skip_line(below)
        return events

    def _close(self) -> list[Event]:
        if not self._open:
            return []
        self._open = None
        return [Closed(self._end)]

    def _move(self, count: int, place: _At) -> None:
        self._at += count
        self._place = place

    def _skip_line(self, line: str) -> None:
        """Go to the next line; a line cut at the limit goes on where it was cut."""
        self._at += len(line)
        if self._buffer.startswith("\n", self._at):
            self._at += 1
        self._place = _At.LINE
