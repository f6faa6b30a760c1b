"""From a message to the lines that are drawn, each character with its place in the message.

The blocks are those of ``text/document.py``: nothing here parses Markdown. A ``ReplyLayout`` keeps the lines of the
blocks that will not change any more, so that a delta costs no more than the block it belongs to.
"""

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection

from speakstream.text.document import Block, Document, Kind
from speakstream.tui.layout_blocks import MEASURE, RUNNING, STOPPED, running_lines, standing_lines, unread_letters
from speakstream.tui.layout_code import CodeLayout
from speakstream.tui.layout_flow import BLANK, Flow, Line, Look, behind, wrap

LEAST = 14
"""Columns that are left for text, however deeply it is nested."""

_APART = frozenset((Kind.HEADING, Kind.CODE, Kind.TABLE, Kind.MATH, Kind.RULE))
"""Kinds with a blank line before and after them, whether the source has one or not."""


def lay_out_plain(text: str, width: int, look: Look = ()) -> list[Line]:
    """The lines of a text that is shown as it is: a prompt."""
    flow = Flow()
    at = 0
    for part in re.split("(\t)", text):
        flow.add("    " if part == "\t" else part, (at,) * 4 if part == "\t" else range(at, at + len(part)), look)
        at += len(part)
    return wrap(flow, min(width, MEASURE))


class ReplyLayout:
    """The lines of a reply, at one width, while it grows."""

    def __init__(
        self, width: int, hear_key: str = "", cut: int | None = None, unread: Collection[Kind] = (), unread_to: int = 0
    ) -> None:
        """``hear_key``: what is pressed to hear what is not read. ``cut``: the place at which the reply was stopped.

        ``unread``: kinds of blocks that were not read aloud, of those that end before ``unread_to``.
        """
        self.lines: list[Line] = []
        self._width = width
        self._hear_key = hear_key
        self._cut = cut
        self._unread = unread
        self._unread_to = unread_to
        self._silent: list[tuple[int, str]] = []  # where what is not read begins, and why it is not
        self._ends: list[int] = []  # of the frozen blocks that are laid out
        self._before: list[tuple[int, tuple[int, ...]]] = []  # each of these: the lines, and the lists' columns
        self._frozen_lines = 0
        self._columns: tuple[int, ...] = ()  # at which the text of the open lists begins, the outermost first
        self._code = CodeLayout()

    def silence(self, start: int, why: str) -> None:
        """What begins at ``start`` is not read, for the reason ``why``. The next ``update`` shows it."""
        insort(self._silent, (start, why))
        block = bisect_right(self._ends, start)
        if block < len(self._ends):
            self._frozen_lines, self._columns = self._before[block]
            del self._ends[block:], self._before[block:]

    def silent(self, block: Block) -> str:
        """Why ``block``, or some of it, is not read aloud; "" when it is."""
        at = bisect_left(self._silent, (block.span.start, ""))
        if at < len(self._silent) and self._silent[at][0] < block.span.end:
            return self._silent[at][1]
        return str(block.kind) if block.kind in self._unread and block.span.end <= self._unread_to else ""

    def update(self, source: str, document: Document) -> int:
        """Lay out what is new in ``document``, which has read ``source``. The first line that is another now."""
        first, frozen = self._frozen_lines, document.frozen
        old = self.lines[first:]
        del self.lines[first:]
        stopped = -1  # the block that was cut
        if self._cut is not None:
            stopped = bisect_left(frozen, self._cut, key=lambda block: block.span.start) - 1
            if stopped < 0 and not self.lines:
                self.lines.append(STOPPED.line())
        for number in range(len(self._ends), len(frozen)):
            block = frozen[number]
            self._before.append((len(self.lines), self._columns))
            self._ends.append(block.span.end)
            self._add(block, frozen[number - 1] if number else None, source, self._cut if number == stopped else None)
        self._frozen_lines, columns = len(self.lines), self._columns
        previous = frozen[-1] if frozen else None
        for block in document.tail:
            self._add(block, previous, source, None)
            previous = block
        self._columns = columns
        same = 0
        for one, other in zip(old, self.lines[first:], strict=False):
            if one != other:
                break
            same += 1
        return first + same

    def _add(self, block: Block, previous: Block | None, source: str, cut: int | None) -> None:
        """The lines of a block, and the blank one before it."""
        if self.lines and _parted(previous, block, source):
            self.lines.append(BLANK)
        bars = Flow("│ " * min(block.quote, self._width // 8), ("quote-bar",))
        inside = self._columns[: block.depth - 1 if block.kind is Kind.ITEM else block.depth]
        column = min(inside[-1] if inside else 0, max(self._width - bars.width - LEAST, 0))
        bars.mark(" " * column)
        why = self.silent(block)
        if block.kind in RUNNING:
            lines, text = running_lines(block, bars, self._width, source, cut)
            if block.kind is Kind.ITEM:
                self._columns = (*inside, *(column,) * (block.depth - 1 - len(inside)), text - len(bars) + column)
            self.lines += lines
            if why:
                self.lines += unread_letters(bars, self._width)
            return
        lines = standing_lines(block, self._width - bars.width, source, self._code, why, self._hear_key)
        if cut is not None:
            lines.append(STOPPED.line())
        self.lines += [behind(bars, line) for line in lines] if len(bars) else lines


def _parted(previous: Block | None, block: Block, source: str) -> bool:
    """Whether a blank line parts two blocks that follow each other."""
    if previous is None:
        return False
    if block.kind is previous.kind is Kind.ITEM and block.quote == previous.quote:
        return False
    if block.kind in _APART or previous.kind in _APART:
        return True
    return source.count("\n", previous.span.end, block.span.start) > 1
