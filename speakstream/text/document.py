"""A reply as blocks, while it grows: what a front end draws and what "read me that code" refers to.

Finished blocks are frozen, and only the last one changes; what a delta costs does not depend on how long
the reply is. Inline marks are parsed when they are asked for, so a front end that draws only what is new
parses only that.
"""

from dataclasses import dataclass, field

from speakstream.text.block_events import Became, Closed, Event, LineBreak, Opened, Text
from speakstream.text.blocks import BlockScanner
from speakstream.text.inline import Node, parse_inline
from speakstream.text.lines import Kind, cells
from speakstream.text.span import Span

__all__ = ["Block", "Document", "Kind", "inline", "sides"]


_MAY_BEGIN_EMPTY = (Kind.MATH, Kind.ITEM, Kind.FOOTNOTE)


@dataclass(frozen=True, slots=True)
class Block:
    """A leaf block. ``span`` holds its markers; ``lines`` its content, without markers, line by line."""

    kind: Kind
    span: Span
    lines: tuple[str, ...]
    content: tuple[Span, ...]  # of each of the lines
    level: int = 0  # of a heading, 1 to 6
    depth: int = 0  # of lists around it: 1 is an item of an outermost list
    quote: int = 0  # of block quotes around it
    ordinal: int | None = None  # of an ordered list's item
    checked: bool | None = None  # of a task
    info: str = ""  # the word after a code block's fence: "python"; a footnote's name
    closed: bool = True  # False while the block may still grow

    @property
    def text(self) -> str:
        """The content, its lines joined."""
        return "\n".join(self.lines)

    def cells(self) -> tuple[tuple[Span, ...], ...]:
        """A table's cells, row by row, the header first."""
        return tuple(
            tuple(Span(span.start + a, span.start + b) for a, b in cells(line))
            for line, span in zip(self.lines, self.content, strict=True)
        )


def inline(block: Block, part: Span | None = None) -> tuple[Node, ...]:
    """The inline nodes of a paragraph, heading, item, or table (all cells); ``part`` limits it, to a cell."""
    if block.kind in (Kind.CODE, Kind.MATH, Kind.HTML, Kind.RULE, Kind.REFERENCE):
        return ()
    if block.kind is Kind.TABLE and part is None:
        return tuple(node for row in block.cells() for cell in row for node in inline(block, cell))
    lines = []
    for line, span in zip(block.lines, block.content, strict=True):
        start = max(span.start, part.start) if part is not None else span.start
        end = min(span.end, part.end) if part is not None else span.end
        if start < end or part is None:
            lines.append((line[start - span.start : end - span.start], start))
    return parse_inline(lines)


def sides(table: Block, source: str) -> list[str]:
    """To which side each column's text goes, as the colons of the row below the header say: left, center or right."""
    start = source.find("\n", table.content[0].end) + 1
    end = source.find("\n", start)
    row = source[start : end if end >= 0 else len(source)].lstrip(" \t>")
    marks = [row[a:b] for a, b in cells(row)]
    return [("center" if mark.startswith(":") else "right") if mark.endswith(":") else "left" for mark in marks]


@dataclass(slots=True)
class _Growing:
    """The open block."""

    opened: Opened
    lines: list[list[str]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)

    def block(self, closed: Closed | None = None) -> Block:
        opened = self.opened
        lines = ["".join(parts) for parts in self.lines]
        kind, level = opened.kind, opened.level
        if kind is not Kind.CODE:
            lines = [line.rstrip() if number == len(lines) - 1 else line for number, line in enumerate(lines)]
        if kind is Kind.HEADING and lines:
            lines[0] = _without_closing_marks(lines[0])
        if closed and closed.underlined:
            kind, level = Kind.HEADING, closed.level
        content = tuple(Span(start, start + len(line)) for line, start in zip(lines, self.starts, strict=True))
        ends = [start + len(line.rstrip()) for line, start in zip(lines, self.starts, strict=True) if line.strip()]
        end = closed.end if closed else ends[-1] if ends else opened.marker_end
        return Block(
            kind,
            Span(opened.start, end),
            tuple(lines),
            content,
            level,
            opened.depth,
            opened.quote,
            opened.ordinal,
            opened.checked,
            "" if opened.kind is Kind.HTML else opened.info,
            closed is not None,
        )


def _without_closing_marks(line: str) -> str:
    """ "Title ##" -> "Title"."""
    bare = line.rstrip("#")
    if bare == line or (bare and not bare[-1].isspace()):
        return line
    return bare.rstrip()


class Document:
    """``push`` deltas, then ``finish``; ``blocks`` at any time."""

    def __init__(self) -> None:
        self._scanner = BlockScanner()
        self._frozen: list[Block] = []
        self._growing: _Growing | None = None

    @property
    def frozen(self) -> list[Block]:
        """The blocks that will not change any more. Not a copy: it only ever grows."""
        return self._frozen

    @property
    def tail(self) -> list[Block]:
        """The open block, and text whose kind is not yet known, as a paragraph."""
        tail = [self._growing.block()] if self._growing else []
        start, pending = self._scanner.pending
        if visible := pending.strip():
            start += len(pending) - len(pending.lstrip())
            span = Span(start, start + len(visible))
            lines = visible.split("\n")
            content, at = [], start
            for line in lines:
                content.append(Span(at, at + len(line)))
                at += len(line) + 1
            tail.append(Block(Kind.PARAGRAPH, span, tuple(lines), tuple(content), closed=False))
        return tail

    @property
    def blocks(self) -> list[Block]:
        """All blocks, those that may still change last."""
        return [*self._frozen, *self.tail]

    def push(self, delta: str) -> None:
        """More of the reply."""
        growing = self._growing
        if growing and self._scanner.goes_on(delta):
            growing.lines[-1].append(delta)
        else:
            self._take(self._scanner.push(delta))

    def finish(self) -> None:
        """The reply is complete: every block is closed."""
        self._take(self._scanner.finish())

    def _take(self, events: list[Event]) -> None:
        for event in events:
            growing = self._growing
            if isinstance(event, Opened):
                self._growing = _Growing(event)
                if event.kind not in (Kind.CODE, Kind.RULE):
                    self._growing.lines.append([])
                    self._growing.starts.append(event.content)
            elif growing is None:
                continue
            elif isinstance(event, Became):
                growing.opened = event.table
            elif isinstance(event, Text):
                growing.lines[-1].append(event.text)
            elif isinstance(event, LineBreak):
                if growing.starts and not growing.lines[-1] and growing.opened.kind in _MAY_BEGIN_EMPTY:
                    growing.lines.pop()
                    growing.starts.pop()  # nothing stood behind the marker
                growing.lines.append([])
                growing.starts.append(event.content)
            else:
                self._frozen.append(growing.block(event))
                self._growing = None
