"""A reply as a reader sees it, Markdown's marks gone: plain text, each character with its place in the reply."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from speakstream.text.document import Block, Document, Kind, inline
from speakstream.text.inline import Node, Style, places
from speakstream.text.span import Span

_AS_IT_STANDS = (Kind.CODE, Kind.MATH, Kind.HTML)


@dataclass(frozen=True, slots=True)
class Shown:
    """The text of a block, of a table's row or of a line of code.

    ``kind`` and ``span`` are the block's; ``places`` has the code point of the reply that each character stands for.
    """

    kind: Kind
    span: Span
    text: str
    places: Sequence[int]


def shown(reply: str) -> Iterator[Shown]:
    """What a complete reply shows, in order."""
    document = Document()
    document.push(reply)
    document.finish()
    for block in document.blocks:
        for part in _parts(block, reply):
            if characters := list(part):
                text = "".join(char for char, _ in characters)
                yield Shown(block.kind, block.span, text, [place for _, place in characters])


def _parts(block: Block, reply: str) -> Iterator[Iterable[tuple[str, int]]]:
    """Characters and their places: all of a block, or row by row, or line by line."""
    if block.kind in _AS_IT_STANDS:
        for line, span in zip(block.lines, block.content, strict=True):
            yield zip(line, range(span.start, span.end), strict=True)
    elif block.kind is Kind.TABLE:
        for row in block.cells():
            yield [pair for cell in row for pair in (*_leaves(inline(block, cell), reply), (" ", cell.end))]
    elif block.kind is not Kind.RULE:
        yield [*_marker(block), *_leaves(inline(block), reply)]


def _marker(block: Block) -> Iterator[tuple[str, int]]:
    """What is said of an item's marker: its number, or whether the task is done."""
    if block.checked is not None:
        marker = "☑ " if block.checked else "☐ "
    else:
        marker = "" if block.ordinal is None else f"{block.ordinal}. "
    for char in marker:
        yield char, block.span.start


def _leaves(nodes: Sequence[Node], reply: str) -> Iterator[tuple[str, int]]:
    for node in nodes:
        if node.style in (Style.SPACE, Style.BREAK):
            yield " ", node.span.start
        elif node.children:
            yield from _leaves(node.children, reply)
        elif node.style is not Style.HTML:
            yield from zip(node.text, places(node, reply), strict=True)
