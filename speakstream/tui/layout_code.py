"""Code blocks: the name of the language, colours by Pygments, long lines going on under a mark, nothing lost."""

from collections.abc import Sequence

from speakstream.text import highlight
from speakstream.text.document import Block
from speakstream.text.span import Span
from speakstream.tui.layout_flow import Flow, Line, Look, wrap

CODE: Look = ("code-block",)

WHOLE = 3_000
"""Characters of a growing block up to which all of it is coloured anew when a line is complete. Beyond, only the last
lines are, so that a line costs no more in a long block; when the block is complete, all of it is once more."""

_LATEST = 20  # lines
_TAB_STOP = 4
_INDENT, _GOES_ON = Flow(" ", CODE), Flow(" ↳ ", (*CODE, "aside"))


def title(block: Block) -> str:
    """What a code block is: "Python code, 12 lines"."""
    name = highlight.language(block.info)
    lines = f"{len(block.lines)} line{'' if len(block.lines) == 1 else 's'}"
    return f"{name} code, {lines}" if name else f"Code, {lines}"


class CodeLayout:
    """The lines of a code block while it grows; those of its complete rows are kept."""

    def __init__(self) -> None:
        self._block = (-1, 0)  # that is kept: where it begins, and its width
        self._rows = 0  # of it, complete
        self._lines: list[Line] = []  # of these

    def lines(self, block: Block, width: int) -> list[Line]:
        """The block's lines, without a label."""
        if block.closed or not block.lines:
            return _laid(block.lines, block.content, block.info, width)
        if self._block != (block.span.start, width):
            self._block, self._rows, self._lines = (block.span.start, width), 0, []
        complete = len(block.lines) - 1
        if complete != self._rows:
            anew = 0 if block.span.end - block.span.start <= WHOLE else max(0, min(self._rows, complete - _LATEST))
            self._cut(anew)
            self._lines += _laid(block.lines[anew:complete], block.content[anew:complete], block.info, width)
            self._rows = complete
        return self._lines + _laid(block.lines[complete:], block.content[complete:], block.info, width)

    def _cut(self, rows: int) -> None:
        """Keep the lines of the first ``rows`` rows."""
        while self._rows > rows:
            self._lines.pop()
            while self._lines and self._lines[-1].joint != "\n":
                self._lines.pop()
            self._rows -= 1


def _laid(rows: Sequence[str], spans: Sequence[Span], info: str, width: int) -> list[Line]:
    """The lines of some rows of code."""
    if not rows:
        return []
    text = "\n".join(rows)
    runs = highlight.runs(text, info)
    end, found = next(runs)
    flow, at = Flow(), 0
    for row, span in zip(rows, spans, strict=True):
        if at:
            flow.mark("\n", CODE)
        begin, column = at, 0
        while at < begin + len(row):
            while end <= at:
                end, found = next(runs)
            stop = min(end, begin + len(row))
            column = _add(flow, text[at:stop], span.start + at - begin, (*CODE, found) if found else CODE, column)
            at = stop
        at += 1
    return wrap(flow, width, _INDENT, _GOES_ON, again=_INDENT, fill=CODE, words=False)


def _add(flow: Flow, text: str, place: int, look: Look, column: int) -> int:
    """Add code that begins at ``column``, a tab as the spaces up to its stop; the column at which it ends."""
    for number, part in enumerate(text.split("\t")):
        if number:
            spaces = _TAB_STOP - column % _TAB_STOP
            flow.add(" " * spaces, (place,) * spaces, look)
            place, column = place + 1, column + spaces
        flow.add(part, range(place, place + len(part)), look)
        place, column = place + len(part), column + len(part)
    return column
