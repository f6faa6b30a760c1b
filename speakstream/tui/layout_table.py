"""Tables: columns that are as wide as they must be and can be, or row by row where the screen is too narrow."""

from collections.abc import Sequence

from speakstream.text.document import Block, inline, sides
from speakstream.tui.layout_flow import EMPTY, Flow, Line, wrap
from speakstream.tui.layout_inline import add_inline

LEAST = 10
"""Columns of the screen below which a table's column is not narrowed; then it is shown row by row."""

_BAR, _CROSS = " │ ", "─┼─"
_HANGING = Flow("  ")


def table_lines(block: Block, source: str, width: int) -> list[Line]:
    """The lines of the table ``block`` of the text ``source``."""
    rows: list[list[Flow]] = []
    for row in block.cells():
        rows.append([])
        for cell in row:
            flow = Flow()
            add_inline(flow, inline(block, cell), source, ("table-header",) if len(rows) == 1 else (), breaks=" ")
            rows[-1].append(flow)
    count = max(map(len, rows), default=0)
    for flows in rows:
        flows += [EMPTY] * (count - len(flows))
    widths = _fit(rows, width - len(_BAR) * (count - 1))
    if widths is None:
        return _row_by_row(rows, width)
    aligned = sides(block, source)
    lines: list[Line] = []
    for number, flows in enumerate(rows):
        lines += _row(flows, widths, [*aligned, *["left"] * (count - len(aligned))])
        if number == 0:
            border = Flow(_CROSS.join("─" * width for width in widths), ("table-border",))
            lines.append(border.line(about=block.span))
    return lines


def _fit(rows: Sequence[Sequence[Flow]], room: int) -> list[int] | None:
    """The columns' widths, in all no more than ``room``; None when that is too narrow to read."""
    wanted = [max(1, *(flow.width for flow in column)) for column in zip(*rows, strict=True)]
    if sum(wanted) <= room:
        return wanted
    if sum(min(width, LEAST) for width in wanted) > room:
        return None
    low, high = LEAST, room  # the widest that any of them may be
    while low < high:
        middle = (low + high + 1) // 2
        if sum(min(width, middle) for width in wanted) <= room:
            low = middle
        else:
            high = middle - 1
    widths = [min(width, low) for width in wanted]
    for number, width in enumerate(wanted):
        if width > low and sum(widths) < room:
            widths[number] += 1
    return widths


def _row(flows: Sequence[Flow], widths: Sequence[int], sides: Sequence[str]) -> list[Line]:
    """A row's lines: as many as its highest cell has."""
    columns = [wrap(flow, width) for flow, width in zip(flows, widths, strict=True)]
    lines = []
    for number in range(max(map(len, columns))):
        row = Flow()
        for column, (cell, width, side) in enumerate(zip(columns, widths, sides, strict=True)):
            if column:
                row.mark(_BAR, ("table-border",))
            line = cell[number] if number < len(cell) else None
            free = width - (line.width if line else 0)
            before = free if side == "right" else free // 2 if side == "center" else 0
            row.mark(" " * before)
            if line:
                row.append(line)
            if column < len(widths) - 1:
                row.mark(" " * (free - before))
        lines.append(row.line())
    return lines


def _row_by_row(rows: Sequence[Sequence[Flow]], width: int) -> list[Line]:
    """Each cell under the one before it, after its column's name."""
    lines: list[Line] = []
    header = rows[0]
    for number, row in enumerate(rows[1:]):
        if number:
            lines.append(Line("", (), ()))
        for name, cell in zip(header, row, strict=True):
            flow = Flow()
            flow.append(name, shown=not number)
            if len(name):
                flow.mark(": ", ("table-header",))
            flow.append(cell)
            lines += wrap(flow, width, rest=_HANGING)
    return lines or [line for name in header for line in wrap(name, width, rest=_HANGING)]
