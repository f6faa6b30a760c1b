"""The block structure of a growing Markdown text, as events: a block opened, text, a line's end, closed.

Each character is looked at a bounded number of times, whatever came before it, and the events (with the texts
of neighbouring ``Text`` events joined) do not depend on how the reply was split into deltas. markdown-it-py
can't do this: it wants the whole text, and parsing the whole anew for each token is quadratic. ``Document``
collects the events into blocks; ``Segmenter`` cuts their text into clauses.
"""

import re
from typing import Literal

from speakstream.text.block_events import Became, Closed, Event, LineBreak, Opened, Text
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

_Place = Literal[
    "line",  # the beginning of a line, or what was read of it does not tell its kind yet
    "marker",  # after a list item's marker: another block may begin here
    "text",  # within a line whose kind is known
]
_LEADING = (Kind.PARAGRAPH, Kind.ITEM, Kind.FOOTNOTE)
_VERBATIM = (Kind.HTML, Kind.MATH)
_KINDS = {
    Role.TEXT: Kind.PARAGRAPH,
    Role.HEADING: Kind.HEADING,
    Role.ITEM: Kind.ITEM,
    Role.FENCE: Kind.CODE,
    Role.RULE: Kind.RULE,
    Role.HTML: Kind.HTML,
    Role.MATH: Kind.MATH,
    Role.FOOTNOTE: Kind.FOOTNOTE,
    Role.REFERENCE: Kind.REFERENCE,
    Role.ALERT: Kind.PARAGRAPH,
}
_ONE_LINE = (Role.HEADING, Role.REFERENCE, Role.ALERT)
_NO_TABLE: list[Event] = []  # what is below is no delimiter row


class BlockScanner:
    """Takes deltas, gives the events that are certain."""

    def __init__(self) -> None:
        self._buffer = ""
        self._at = 0  # in the buffer
        self._base = 0  # of the buffer in the reply
        self._place: _Place = "line"
        self._open: Opened | None = None
        self._end = 0  # of the open block's last visible character
        self._filled = False  # the open block has text
        self._mark = ""  # what ends the open block
        self._one_line = False  # the open block ends with its line
        self._header: str | None = None  # the open paragraph's only line, while it may be a table's header
        self._bare = False  # the open table's rows do not begin with a bar
        self._indent = 0  # of the open fence
        self._lists: list[int] = []  # the marker columns of the open list items
        self._list_quote = 0
        self._nested = 0  # markers on this line
        self._wants_end = False  # of the line: nothing before it decides anything

    @property
    def pending(self) -> tuple[int, str]:
        """Text that is not yet part of any event, with its offset in the reply."""
        return self._base + self._at, self._buffer[self._at :]

    def goes_on(self, delta: str) -> bool:
        """Whether ``delta`` is no more than text of the open block, on the same line; it is then taken.

        Most deltas of a stream are: a caller that asks this first needs no event for them.
        """
        if self._place != "text" or "\n" in delta:
            return False
        if visible := delta.rstrip():
            self._end = self._base + len(visible)
            self._filled = True
        if self._header is not None and len(self._header) <= LINE_LIMIT:
            self._header += delta
        self._base += len(delta)
        return True

    def push(self, delta: str) -> list[Event]:
        """Events that ``delta`` makes certain."""
        self._buffer += delta
        if self._wants_end and "\n" not in delta and len(self._buffer) < LINE_LIMIT:
            return []
        events = self._run(final=False)
        self._base += self._at
        self._buffer = self._buffer[self._at :]
        self._at = 0
        return events

    def finish(self) -> list[Event]:
        """Events at the end of the text; closes the open block."""
        events = self._run(final=True)
        events += self._close()
        self._base += len(self._buffer)
        self._buffer = ""
        self._at = 0
        self._place = "line"
        self._lists.clear()
        return events

    def _run(self, final: bool) -> list[Event]:
        found: list[Event] = []
        self._wants_end = False
        while self._at < len(self._buffer):
            if self._place == "text":
                found += self._rest_of_line()
                continue
            limit = self._at + LINE_LIMIT
            newline = self._buffer.find("\n", self._at, limit)
            line = self._buffer[self._at : newline if newline >= 0 else limit]
            ended = newline >= 0 or final or len(line) >= LINE_LIMIT
            events = self._line(line, ended, newline >= 0, final)
            if events is None:
                break
            found += events
        return found

    # Each of these answers None while the kind of the line is undecided; else it has moved on.

    def _line(self, line: str, ended: bool, newline: bool, final: bool) -> list[Event] | None:
        opened = self._open
        if opened and opened.kind is Kind.CODE:
            return self._code_line(opened, line, ended)
        if opened and opened.kind in _VERBATIM:
            return self._verbatim_line(opened, line, ended)
        if self._header and (became := self._below_header(line, ended)) is not _NO_TABLE:
            return became
        inside = self._place == "marker"
        before = Before()
        if opened and opened.kind in _LEADING and not inside:
            indent = self._lists[-1] + 2 if self._lists else 0
            before = Before(self._filled, opened.depth > 0, opened.quote, indent)
        read = read_line(line, ended, before)
        if read is None:
            return None
        if self._bare and opened and opened.kind is Kind.TABLE and (read.role, read.quote) == (Role.TEXT, opened.quote):
            if "|" not in line and not ended:
                return None
            if "|" in line:
                self._move(read.content, "text")
                return [LineBreak(self._base + self._at)]
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
        if read.role is Role.TEXT and opened and opened.kind in _LEADING:
            if inside and not read.quote:
                self._move(read.content, "text")
                return [] if read.content == 0 else [LineBreak(start + read.content)]
            if not inside and quote <= opened.quote:
                self._header = None
                self._move(read.content, "text")
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
        kind = _KINDS[read.role]
        named = kind in (Kind.FOOTNOTE, Kind.HTML)
        info = line[read.content :].strip() if kind is Kind.CODE else read.mark if named else ""
        marker = line if kind is Kind.CODE else line[: read.content]
        opened = Opened(
            kind,
            start + read.marker,
            start + len(marker.rstrip()),
            start + read.content,
            quote,
            min(len(self._lists), NESTING_LIMIT),
            read.level,
            read.ordinal,
            read.checked,
            info,
        )
        self._open = opened
        self._one_line = read.role in _ONE_LINE
        self._header = "" if read.role is Role.TEXT else None
        self._filled = False
        self._end = opened.marker_end
        self._mark = read.mark
        self._indent = column
        if kind in (Kind.RULE, Kind.CODE):
            self._end = start + len(line.rstrip())
            self._skip_line(line)
            return [opened, *self._close()] if kind is Kind.RULE else [opened]
        if kind in _VERBATIM:
            self._move(read.content, "line")
            return [opened]
        self._move(read.content, "marker" if kind is Kind.ITEM else "text")
        return [opened]

    def _rest_of_line(self) -> list[Event]:
        """Text up to the line's end or the buffer's."""
        newline = self._buffer.find("\n", self._at)
        text = self._buffer[self._at : newline if newline >= 0 else len(self._buffer)]
        events: list[Event] = []
        if text:
            start = self._base + self._at
            events.append(Text(start, text))
            if visible := text.rstrip():
                self._end = start + len(visible)
                self._filled = True
            if self._header is not None:
                self._header += text
        if self._header is not None and (len(self._header) > LINE_LIMIT or (newline >= 0 and "|" not in self._header)):
            self._header = None
        self._at += len(text)
        if newline >= 0:
            self._at += 1
            self._place = "line"
            if self._one_line:
                events += self._close()
        return events

    def _code_line(self, opened: Opened, line: str, ended: bool) -> list[Event] | None:
        at = 0
        if opened.quote:
            prefix = re.match(rf"(?:[ \t]*>){{{opened.quote}}}", line)
            if not prefix:
                if not ended and not line.strip(" \t>"):
                    return None
                return self._close()  # the quote is over, and the code with it
            at = prefix.end()
            at += line.startswith(" ", at)
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
        at += min(len(body) - len(body.lstrip(" \t")), self._indent)
        start = self._base + self._at
        self._move(at, "text")
        return [LineBreak(start + at)]

    def _verbatim_line(self, opened: Opened, line: str, ended: bool) -> list[Event] | None:
        """A line of HTML or of a formula; a line longer than can be looked at is taken in parts."""
        if not ended:
            self._wants_end = True
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
            self._move(read.content, "text")
            return [LineBreak(start + read.content)]
        if not newline:
            self._wants_end = not (final or len(line) >= LINE_LIMIT)
            return None if self._wants_end else []
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
        self._bare = self._one_line = False
        self._header = None
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

    def _below_header(self, line: str, ended: bool) -> list[Event] | None:
        """The line that makes the open paragraph a table; undecided; or _NO_TABLE."""
        opened, header = self._open, self._header
        if opened is None or header is None or self._place != "line":
            return _NO_TABLE
        prefix = PREFIX.match(line)
        at = prefix.end() if prefix else 0
        row = line[at:]
        if not could_be_delimiter_row(row) or (row and line.count(">", 0, at) != opened.quote):
            return _NO_TABLE
        if not ended:
            return None
        if not is_delimiter_row(row, header):
            return _NO_TABLE
        start = self._base + self._at + at
        self._open = opened._replace(kind=Kind.TABLE)
        self._header, self._bare = None, True
        self._end = start + len(row.rstrip())
        self._skip_line(line)
        return [Became(self._open, header, start, self._end)]

    def _close(self) -> list[Event]:
        if not self._open:
            return []
        self._open = None
        return [Closed(self._end)]

    def _move(self, count: int, place: _Place) -> None:
        self._at += count
        self._place = place

    def _skip_line(self, line: str) -> None:
        """Go to the next line; a line cut at the limit goes on where it was cut."""
        self._at += len(line)
        if self._buffer.startswith("\n", self._at):
            self._at += 1
        self._place = "line"
