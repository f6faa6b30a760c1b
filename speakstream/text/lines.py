"""What kind of block a line of Markdown starts or goes on with, decided on as few characters as will do.

The decisions are those of CommonMark and GitHub's tables, but for three that suit what models write: indented
code is not recognised (models mean nested lists), a list item may be nested by two columns, and a table's
rows must begin with a bar as its header does, or else hold one (so that a line of text right after a table is
heard). Of GitHub's other additions, footnotes and the kinds of notes ("[!WARNING]") are known.

``read_line`` is given the beginning of a line, and answers None while more of it could change the answer. An
answer never depends on more than ``LINE_LIMIT`` characters.
"""

import re
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from speakstream.text.vocabulary import word_set

LINE_LIMIT = 1024
"""Characters of a line that are looked at to tell its kind; a line that leaves it open for longer is text."""

TAB_STOP = 4


class Kind(StrEnum):
    """Kinds of leaf blocks."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    ITEM = "item"
    """The first paragraph of a list item; what else the item holds are blocks of their own."""
    CODE = "code"
    TABLE = "table"
    RULE = "rule"
    HTML = "html"
    MATH = "math"
    FOOTNOTE = "footnote"
    REFERENCE = "reference"
    """Where the links of a name lead: one line, not for a reader."""


class Role(StrEnum):
    """What a line is, seen from the block that is open before it."""

    BLANK = "blank"
    TEXT = "text"
    HEADING = "heading"
    UNDERLINE = "underline"  # makes the open paragraph a heading
    ITEM = "item"
    FENCE = "fence"
    RULE = "rule"
    BAR = "bar"  # may be a table's header
    HTML = "html"
    MATH = "math"
    FOOTNOTE = "footnote"
    REFERENCE = "reference"
    ALERT = "alert"  # the kind of the note that a quote is, in a line of its own


class Line(NamedTuple):
    """A line's role and where its parts begin, counted from the line's first character."""

    role: Role
    marker: int  # where the marker (or else the content) begins: after indentation and quote marks
    content: int  # where the content begins
    quote: int = 0  # depth of block quotes
    column: int = 0  # of the marker
    level: int = 0  # heading level
    ordinal: int | None = None  # of an ordered list's item
    checked: bool | None = None  # of a task
    mark: str = ""  # the fence, the list marker's character, a footnote's name, or the end of an HTML or maths block


class Before(NamedTuple):
    """What of the open block matters to the next line."""

    paragraph: bool = False  # a paragraph, or an item's, is open: some blocks can't interrupt it
    item: bool = False  # the open block is a list item
    quote: int = 0
    indent: int = 0  # the column from which a line belongs to the open item and not to what is around it


_PLAIN = Line(Role.TEXT, 0, 0)
_EMPTY = Line(Role.BLANK, 0, 0)
PREFIX = re.compile(r"(?:\s*>)*\s*")
_FENCE = re.compile(r"(`{3,}|~{3,})")
_HEADING = re.compile(r"#{1,6}(?=[ \t]|$)")
_UNDERLINE = re.compile(r"(=+|-+)[ \t]*$")
_RULE = re.compile(r"([-*_])[ \t]*(?:\1[ \t]*){2,}$")
_RULE_SO_FAR = re.compile(r"([-*_])(?:[ \t]*\1)*[ \t]*$")
_ITEM = re.compile(r"(?:([-*+•])|(\d{1,9})([.)]))(?=[ \t]|$)")
_ITEM_SO_FAR = re.compile(r"\d{1,9}[.)]?$")
_TASK = re.compile(r"\[([ xX])\](?=[ \t])")
_TASK_SO_FAR = re.compile(r"\[(?:[ xX](?:\]?))?$")
_LABEL = re.compile(r"\[(\^?)([^\[\]^]{1,100})\]:[ \t]*")
_LABEL_SO_FAR = re.compile(r"\[\^?[^\[\]^]{0,100}(?:\]:?)?$")
_TARGET = re.compile(r"(?=\S*(?:[/#@]|\.\w))\S+(?:[ \t]+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?[ \t]*$")
_TARGET_SO_FAR = re.compile(r"\S*(?:[ \t]+(?:[\"'(].*)?)?$")
_ALERT = re.compile(r"\[!([A-Za-z]+)\][ \t]*$")
_ALERT_SO_FAR = re.compile(r"\[(?:![A-Za-z]*(?:\][ \t]*)?)?$")
_MATH = {"$$": "$$", "\\[": "\\]"}
_TAG_SO_FAR = re.compile(r"<(?:/?(?:[A-Za-z][A-Za-z0-9-]*(?:[\s/][^<>]*)?)?|!(?:-|--)?)$")
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)(?:[\s/][^<>]*)?>")
_BLOCK_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)(?=[\s/>]|$)")
_HTML_END = {"script": "</script>", "pre": "</pre>", "style": "</style>", "textarea": "</textarea>"}
_BLOCK_TAGS = word_set(
    "address article aside base blockquote body caption center col colgroup dd details dialog dir div dl dt "
    "fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html iframe "
    "legend li link main menu menuitem nav noframes ol optgroup option p param search section summary table "
    "tbody td tfoot th thead title tr track ul"
)
_DELIMITER_ROW = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")


def columns(text: str) -> int:
    """The width of leading white space, with tab stops of four."""
    width = 0
    for char in text:
        width += TAB_STOP - width % TAB_STOP if char == "\t" else 1
    return width


def cells(row: str) -> list[tuple[int, int]]:
    """The ranges of a table row's cells, without the white space around them. Escaped bars do not divide."""
    bars = [found.start() for found in re.finditer(r"\\.|(\|)", row) if found[1]]
    stripped = row.rstrip()
    edges = [-1, *bars, len(stripped)]
    if bars and not row[: bars[0]].strip():
        edges.pop(0)
    if len(bars) > 1 and bars[-1] == len(stripped) - 1:
        edges.pop()
    ranges = []
    for left, right in pairwise(edges):
        cell = row[left + 1 : right]
        start = left + 1 + len(cell) - len(cell.lstrip())
        ranges.append((start, max(start, left + 1 + len(cell.rstrip()))))
    return ranges


def is_delimiter_row(row: str, header: str) -> bool:
    """Whether ``row`` under ``header`` makes the two a table."""
    return bool(_DELIMITER_ROW.match(row)) and len(cells(row)) == len(cells(header))


def could_be_delimiter_row(beginning: str) -> bool:
    """Whether a line that begins like this may still become a delimiter row."""
    return not beginning.strip(" \t|:-")


def read_line(line: str, ended: bool, before: Before) -> Line | None:
    """The role of a line of which ``line`` is the beginning, or all when ``ended``; None while undecided."""
    if line[:1].isalpha():
        return _PLAIN
    if not line:
        return _EMPTY if ended else None
    if len(line) >= LINE_LIMIT:
        line, ended = line[:LINE_LIMIT], True
    at = quote = column = 0
    if line[0] == ">" or line[0].isspace():
        prefix = PREFIX.match(line)
        assert prefix is not None  # every part of it is optional
        at = prefix.end()
        quote = line.count(">", 0, at)
        column = columns(line[line.rfind(">", 0, at) + 1 : at])
    if at == len(line):
        return Line(Role.BLANK, at, at, quote, column) if ended else None
    if quote != before.quote and not (before.paragraph and quote < before.quote):
        before = Before()  # another quote: nothing is open in it
    return read_marker(line, at, ended, before, quote, column)


def read_marker(line: str, at: int, ended: bool, before: Before, quote: int = 0, column: int = 0) -> Line | None:
    """The same for what begins at ``at``, after indentation and quote marks (or after a list marker)."""
    rest = line[at:]
    char = rest[0]
    text = Line(Role.TEXT, at, at, quote, column)
    if char.isalpha() or char not in "`~#=-_*+•0123456789|<$\\[":
        return text
    if char in "`~":
        return _read_fence(rest, at, ended, text)
    if char == "#":
        found = _HEADING.match(rest)
        if found:
            after = rest[found.end() :].lstrip(" \t")
            content = at + len(rest) - len(after)
            heading = Line(Role.HEADING, at, content, quote, column, level=found.end())
            return heading if ended or after else None
        return text
    if char in "=-_*" and (decided := _read_rule(rest, at, ended, before, text)) is not text:
        return decided
    if char in "-*+•0123456789":
        return _read_item(rest, at, ended, before, text)
    if char == "|":
        return Line(Role.BAR, at, at, quote, column)
    if char == "[":
        return _read_bracket(rest, at, ended, before, text)
    if char == "<":
        return _read_tag(rest, at, ended, before, text)
    if char in "$\\":
        return _read_math(rest, at, ended, text)
    return text


def _read_fence(rest: str, at: int, ended: bool, text: Line) -> Line | None:
    found = _FENCE.match(rest)
    if not found:
        return None if not ended and len(rest) < 3 and not rest.strip(rest[0]) else text
    if not ended:
        return text if rest[0] == "`" and "`" in rest[found.end() :] else None
    if rest[0] == "`" and "`" in rest[found.end() :]:
        return text  # ```code``` within a line
    return Line(Role.FENCE, at, at + found.end(), text.quote, text.column, mark=found[1])


def _read_rule(rest: str, at: int, ended: bool, before: Before, text: Line) -> Line | None:
    """A thematic break or a heading's underline; ``text`` itself when it is neither."""
    underlines = before.paragraph and text.quote == before.quote and text.column >= before.indent
    if not ended:
        open_ended = _RULE_SO_FAR.match(rest) or (underlines and _UNDERLINE.match(rest))
        return None if open_ended else text
    if underlines and (found := _UNDERLINE.match(rest)):
        level = 1 if found[1][0] == "=" else 2
        return Line(Role.UNDERLINE, at, at + len(rest), text.quote, text.column, level=level)
    if _RULE.match(rest):
        return Line(Role.RULE, at, at + len(rest), text.quote, text.column)
    return text


def _read_item(rest: str, at: int, ended: bool, before: Before, text: Line) -> Line | None:
    found = _ITEM.match(rest)
    if not found:
        return None if not ended and _ITEM_SO_FAR.match(rest) else text
    if not ended and found.end() == len(rest):
        return None
    after = rest[found.end() :].lstrip(" \t")
    if not after and not ended:
        return None
    number = int(found[2]) if found[2] else None
    if before.paragraph and not before.item and (not after or number not in (None, 1)):
        return text
    if not ended and _TASK_SO_FAR.match(after):
        return None
    content = at + len(rest) - len(after)
    checked = None
    if task := _TASK.match(after):
        checked = task[1] != " "
        content += task.end() + 1
    mark = found[1] or found[3]
    return Line(Role.ITEM, at, content, text.quote, text.column, ordinal=number, checked=checked, mark=mark)


def _read_tag(rest: str, at: int, ended: bool, before: Before, text: Line) -> Line | None:
    if rest.startswith("<!--"):
        return Line(Role.HTML, at, at, text.quote, text.column, mark="-->")
    if not ended and _TAG_SO_FAR.match(rest):
        return None
    block = _BLOCK_TAG.match(rest)
    if not block:
        return text
    name = block[1].lower()
    if name in _HTML_END and not rest.startswith("</"):
        return Line(Role.HTML, at, at, text.quote, text.column, mark=_HTML_END[name])
    if name in _BLOCK_TAGS:
        return Line(Role.HTML, at, at, text.quote, text.column)
    tag = _TAG.match(rest)
    if not tag or before.paragraph or rest[tag.end() :].strip():
        return text
    return Line(Role.HTML, at, at, text.quote, text.column) if ended else None


def _read_bracket(rest: str, at: int, ended: bool, before: Before, text: Line) -> Line | None:
    """A footnote, where a link's name leads, or a note's kind."""
    if rest.startswith("[!"):
        if _ALERT.match(rest) and ended and text.quote and not before.paragraph:
            return text._replace(role=Role.ALERT)
        return None if not ended and text.quote and _ALERT_SO_FAR.match(rest) else text
    if before.paragraph and rest[1:2] not in ("", "^"):
        return text
    label = _LABEL.match(rest)
    if not label:
        return None if not ended and _LABEL_SO_FAR.match(rest) else text
    if label[1]:
        content = at + label.end()
        footnote = text._replace(role=Role.FOOTNOTE, content=content, mark=label[2])
        return footnote if ended or content < at + len(rest) else None
    if before.paragraph:
        return text
    if not ended:
        return None if _TARGET_SO_FAR.match(rest, label.end()) else text
    return text._replace(role=Role.REFERENCE) if _TARGET.match(rest, label.end()) else text


def _read_math(rest: str, at: int, ended: bool, text: Line) -> Line | None:
    end = _MATH.get(rest[:2])
    if end is None:
        return None if not ended and len(rest) < 2 else text
    if not ended:
        return None
    closed = rest.find(end, 2)
    if closed >= 0 and rest[closed + 2 :].strip():
        return text  # a formula within a line of text
    return Line(Role.MATH, at, at + 2, text.quote, text.column, mark=end)
