"""A Document's blocks as JSON that a browser draws with ``textContent``: every shown character knows its place.

docs/protocol.md describes it. Places count UTF-16 code units of the message's text. What is default is left out, since
the block that grows is sent again and again. A leaf's ``text`` runs parallel to the message from ``at`` on; where what
is shown does not, a node's ``children`` are leaves that do.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from speakstream.text import highlight
from speakstream.text.document import Block, Kind, inline, sides
from speakstream.text.inline import Node, Style, is_line_end, places

ADDRESS = "address"
"""The style of a leaf that says where a link leads which may not be followed."""

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_MAY_BE_FOLLOWED = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x20]+", re.IGNORECASE)
_ALERT = re.compile(r"\[!([A-Za-z]+)\]")
_NUMBER = re.compile(r"\d+[.)]")
_NESTING = (Style.EMPHASIS, Style.STRONG, Style.STRIKE)

_JSON = dict[str, Any]


class Utf16:
    """Places in a growing text: from code points to UTF-16 code units, as JavaScript counts, and back."""

    def __init__(self, text: str = "") -> None:
        self._astral = array("q")  # code points of the characters that take two units
        self._code_points = 0
        self.push(text)

    @property
    def length(self) -> int:
        """Of the text, in units."""
        return self._code_points + len(self._astral)

    def push(self, text: str) -> None:
        """The text goes on with this."""
        if not text.isascii():
            self._astral.extend(self._code_points + found.start() for found in _ASTRAL.finditer(text))
        self._code_points += len(text)

    def of(self, code_point: int) -> int:
        """The place in units at which the character begins."""
        return code_point + bisect_left(self._astral, code_point)

    def code_point(self, units: int) -> int:
        """The character that stands at a place in units, within it or at its beginning. Clamped to the text."""
        units = min(max(units, 0), self.length)
        numbers = range(len(self._astral))
        before = bisect_right(numbers, units - 2, key=lambda number: self._astral[number] + number)
        inside = before < len(numbers) and self._astral[before] + before + 1 == units
        return units - before - inside


def block(block: Block, text: str, utf16: Utf16) -> _JSON:
    """``block`` of the reply ``text``, which ``utf16`` has read as far as the block goes."""
    shape: _JSON = {"kind": str(block.kind), "start": utf16.of(block.span.start), "end": utf16.of(block.span.end)}
    shape |= _present(level=block.level, depth=block.depth, quote=block.quote, info=block.info, open=not block.closed)
    if block.ordinal is not None:
        shape["ordinal"] = block.ordinal
    if block.checked is not None:
        shape["checked"] = block.checked
    if marker := _marker(block, text):
        shape["marker"] = _leaf(marker, block.span.start, utf16)
    if block.kind is Kind.TABLE:
        shape["rows"] = [[_nodes(inline(block, cell), text, utf16) for cell in row] for row in block.cells()]
        aligned = sides(block, text)
        shape |= _present(align=aligned if set(aligned) != {"left"} else None)
    elif block.kind in (Kind.CODE, Kind.MATH, Kind.HTML, Kind.REFERENCE):
        shape |= _present(language=highlight.language(block.info) if block.kind is Kind.CODE else "")
        shape["lines"] = [
            _leaf(line, span.start, utf16)
            for line, span in zip(block.lines, block.content, strict=True)
            if line.strip() or block.kind is Kind.CODE
        ]
        if block.kind is Kind.CODE and block.closed:
            _colour(shape["lines"], block)
    elif block.kind is not Kind.RULE:
        alert = _ALERT.fullmatch(block.text.strip()) if block.quote else None
        shape |= _present(alert=alert[1].lower() if alert else "")
        shape["nodes"] = _nodes(inline(block), text, utf16)
    return shape


def _present(**fields: Any) -> _JSON:
    """Those that are not default."""
    return {name: value for name, value in fields.items() if value}


def _marker(block: Block, text: str) -> str:
    """What stands before an item or a footnote and is drawn as it is written: "3.", "[^1]:"."""
    if block.kind not in (Kind.ITEM, Kind.FOOTNOTE):
        return ""
    head = text[block.span.start : block.content[0].start if block.content else block.span.end]
    if block.kind is Kind.FOOTNOTE:
        return head.split("\n")[0].rstrip()
    number = _NUMBER.match(head)
    return number[0] if number else ""


# -- inline nodes ------------------------------------------------------------------------------------------


def _nodes(nodes: Sequence[Node], text: str, utf16: Utf16) -> list[_JSON]:
    """``nodes`` as JSON; plain leaves that stand beside each other are one."""
    found: list[_JSON] = []
    for node in nodes:
        for shape in _shapes(node, text, utf16):
            last = found[-1] if found else {}
            if shape.keys() == last.keys() == {"text", "at"} and last["at"] + _units(last["text"]) == shape["at"]:
                last["text"] += shape["text"]
            else:
                found.append(shape)
    return found


def _shapes(node: Node, text: str, utf16: Utf16) -> Iterator[_JSON]:
    if node.style in (Style.BREAK, Style.SPACE):
        at = utf16.of(node.span.start)
        yield {"style": "break", "at": at} if is_line_end(node, text) else {"text": " ", "at": at}
    elif node.style in _NESTING:
        yield {"style": str(node.style), "children": _nodes(node.children, text, utf16)}
    elif node.style is Style.LINK:
        yield {"style": "link", "children": _nodes(node.children, text, utf16), **_address(node.href)}
        yield from _unfollowed(node, text, utf16)
    else:
        leaves = _leaves(node, text, utf16)
        if node.style is Style.TEXT:
            yield from leaves
            return
        shown = leaves[0] if len(leaves) == 1 else {"children": leaves}
        yield {"style": str(node.style), **shown, **_address(node.href)}
        yield from _unfollowed(node, text, utf16)


def _leaves(leaf: Node, text: str, utf16: Utf16) -> list[_JSON]:
    """What ``leaf`` shows, in runs that are parallel to the message."""
    shown, at = leaf.text.replace("\n", " "), places(leaf, text)
    if isinstance(at, range):
        return [_leaf(shown, at.start, utf16)]
    found: list[_JSON] = []
    end = -1  # in the message, of the last run
    for char, place in zip(shown, at, strict=True):
        if utf16.of(place) == end:
            found[-1]["text"] += char
        else:
            found.append(_leaf(char, place, utf16))
        end = utf16.of(place) + _units(char)
    return found


def _leaf(shown: str, place: int, utf16: Utf16) -> _JSON:
    """Characters that stand in the message one behind the other."""
    return {"text": shown, "at": utf16.of(place)}


def _address(href: str) -> _JSON:
    """The address of a link, if a click may lead there."""
    return {"href": href} if _MAY_BE_FOLLOWED.fullmatch(href) else {}


def _unfollowed(node: Node, text: str, utf16: Utf16) -> Iterator[_JSON]:
    """Any other address, as text: a person is to see it."""
    if not node.href or _address(node.href):
        return
    source = text[node.span.start : node.span.end]
    at = source.rfind(node.href)
    place = {"at": utf16.of(node.span.start + at)} if at >= 0 else {}
    yield {"style": ADDRESS, "text": node.href, **place}


# -- code --------------------------------------------------------------------------------------------------


def _colour(lines: Sequence[_JSON], block: Block) -> None:
    """Give the lines of a code block the classes of their characters, as runs: how many units, and of which class."""
    found = highlight.runs(block.text, block.info)
    end, name = next(found)
    at = 0
    for line, row in zip(lines, block.lines, strict=True):
        runs: list[tuple[int, str]] = []
        begin = at
        while at < begin + len(row):
            while end <= at:
                end, name = next(found)
            stop = min(end, begin + len(row))
            runs.append((_units(row[at - begin : stop - begin]), name))
            at = stop
        at += 1
        joined = [[sum(length for length, _ in same), name] for name, same in groupby(runs, key=lambda run: run[1])]
        if joined and not joined[-1][1]:
            joined.pop()
        line |= _present(runs=joined)


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
