"""The lines of one block of a reply."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from speakstream.text.document import Block, Kind, inline
from speakstream.tui.layout_code import CodeLayout, title
from speakstream.tui.layout_flow import Flow, Line, Look, wrap
from speakstream.tui.layout_inline import add_inline
from speakstream.tui.layout_table import table_lines

MEASURE = 96
"""Columns that running text takes at most: longer lines are hard to read."""

RUNNING = frozenset((Kind.PARAGRAPH, Kind.HEADING, Kind.ITEM, Kind.FOOTNOTE))
"""Kinds that are text, wrapped at words."""

READABLE = frozenset((Kind.CODE, Kind.TABLE))
"""Kinds that are not read aloud of themselves, and are when a person asks for it."""

STOPPED = Flow("— stopped here —", ("stopped",))

_VERBATIM: Mapping[Kind, Look] = MappingProxyType(
    {Kind.MATH: ("math",), Kind.HTML: ("aside",), Kind.REFERENCE: ("aside",)}
)
_NAMES: Mapping[str, str] = MappingProxyType(
    {"math": "Formula", "html": "HTML", "reference": "Address of a link", "script": "Letters of another script"}
)
_BULLETS = "•–·"
_NUMBER = re.compile(r"\d+[.)]")
_TASK = re.compile(r"\[[ xX]\]")
_ALERT = re.compile(r"\[![A-Za-z]+\]")


def running_lines(block: Block, before: Flow, width: int, source: str, cut: int | None) -> tuple[list[Line], int]:
    """The lines of a paragraph, heading, item or footnote of ``source``, behind ``before``, and its text's column.

    ``cut``: the place at which the reply was stopped, when that is in this block.
    """
    first, rest, flow = Flow(), Flow(), Flow()
    first.append(before)
    _add_marker(first, block, source)
    rest.append(before)
    rest.mark(" " * (first.width - before.width))
    look: Look = ("quote",) if block.quote else ()
    if block.kind is Kind.HEADING:
        look = (f"heading-{min(block.level, 3)}",)
    elif block.quote and _ALERT.fullmatch(block.text.strip()):
        look = ("strong",)
    add_inline(flow, inline(block), source, look)
    if cut is not None:
        flow = flow.with_mark(cut, STOPPED.text, STOPPED.looks[0][1])
    return wrap(flow, min(width, MEASURE), first, rest), first.width


def _add_marker(flow: Flow, block: Block, source: str) -> None:
    """What stands before the text of an item or a footnote."""
    start = block.span.start
    if block.kind is Kind.ITEM:
        head = source[start : block.content[0].start if block.content else block.span.end]
        number, task = _NUMBER.match(head), _TASK.search(head)
        if number:
            flow.add(number[0], range(start, start + number.end()), ("bullet",))
        elif not task:
            flow.add(_BULLETS[min(block.depth, len(_BULLETS)) - 1], (start,), ("bullet",))
        if task:
            flow.mark(" " if number else "")
            flow.add(task[0], range(start + task.start(), start + task.end()), ("bullet",))
        flow.mark(" ")
    elif block.kind is Kind.FOOTNOTE:
        head = source[start : block.content[0].start if block.content else block.span.end].split("\n")[0].rstrip()
        flow.add(head, range(start, start + len(head)), ("aside",))
        flow.mark(" ")


def standing_lines(block: Block, width: int, source: str, code: CodeLayout, why: str, hear_key: str) -> list[Line]:
    """The lines of any other block, with a line above that names it or says ``why`` it is not read aloud."""
    lines = _label(block, width, why, hear_key)
    if block.kind is Kind.CODE:
        return lines + code.lines(block, width)
    if block.kind is Kind.TABLE:
        return lines + table_lines(block, source, width)
    if block.kind is Kind.RULE:
        return [*lines, Flow("─" * min(width, MEASURE), ("rule",)).line(block.span)]
    flow = Flow()
    for row, span in zip(block.lines, block.content, strict=True):
        if not row.strip():
            continue
        flow.mark("\n" if len(flow) else "")
        flow.add(row.replace("\t", " "), range(span.start, span.end), _VERBATIM[block.kind])
    indent = Flow("  ")
    return lines + wrap(flow, min(width, MEASURE), indent, indent)


def _label(block: Block, width: int, why: str, hear_key: str) -> list[Line]:
    """What stands above a block."""
    if block.kind is Kind.CODE:
        name = title(block)
    elif block.kind is Kind.TABLE:
        rows = block.cells()
        name = f"Table, {_count(len(rows[0]), 'column')} and {_count(len(rows) - 1, 'row')}"
    else:
        name = _NAMES.get(str(block.kind), "")
    if not why:
        return wrap(Flow(name, ("label",)), width, about=block.span, role="label") if block.kind is Kind.CODE else []
    can_hear = block.kind in READABLE
    note = Flow(f"▷ {name}: not read", ("silent",))
    note.mark(f", {hear_key} to hear it" if can_hear and hear_key else "", ("silent",))
    return wrap(note, width, about=block.span, role="silent" if can_hear else "label")


def unread_letters(before: Flow, width: int) -> list[Line]:
    """What stands under running text of which some is not read aloud, for want of sounds."""
    return wrap(Flow("▷ not read: letters that the voice has no sounds for", ("silent",)), width, before, before)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
