"""Inline Markdown with spans in the reply: emphasis, code, links, for a front end to draw.

The parsing is markdown-it-py's. It gives no places, so each token is found again in the source, in order:
every token's own characters stand there, apart from the marks around them, which are known from its kind.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from speakstream.text.span import Span


class Style(StrEnum):
    """Kinds of inline nodes."""

    TEXT = "text"
    EMPHASIS = "emphasis"
    STRONG = "strong"
    STRIKE = "strike"
    CODE = "code"
    LINK = "link"
    IMAGE = "image"
    BREAK = "break"  # a line ends here, by two spaces or a backslash
    SPACE = "space"  # a line ends in the source only
    HTML = "html"  # a tag, shown as it stands


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a block's text. ``span`` holds its marks too, ``text`` is what is shown (of a leaf)."""

    style: Style
    span: Span
    text: str = ""
    href: str = ""  # of a link or an image
    children: tuple["Node", ...] = ()


FULL = 60
"""Characters from which on a line of the source was broken because it was full: what follows goes on with it. The
end of a shorter line is meant: a verse, an address."""

_STYLES = {"em": Style.EMPHASIS, "strong": Style.STRONG, "s": Style.STRIKE, "link": Style.LINK}
_SPACE = re.compile(r"[ \t]*\\?\n?[ \t]*")


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"maxNesting": 20}).enable("strikethrough")


class _Reader:
    """Walks a block's tokens and its source side by side."""

    def __init__(self, source: str, places: list[int]) -> None:
        self.source = source
        self.places = places  # of each character of the source in the reply, and of the end
        self.at = 0

    def span(self, start: int, end: int) -> Span:
        first = self.places[start]
        return Span(first, self.places[end - 1] + 1 if end > start else first)

    def nodes(self, tokens: list[Token]) -> tuple[Node, ...]:
        stack: list[tuple[Style, int, str, list[Node]]] = []
        nodes: list[Node] = []
        for token in tokens:
            name, _, ending = token.type.rpartition("_")
            if ending == "open" and name in _STYLES:
                start = self._find(token.markup if name != "link" else "<" if token.markup else "[")
                stack.append((_STYLES[name], start, str(token.attrGet("href") or ""), nodes))
                nodes = []
            elif ending == "close" and stack:
                style, start, href, outer = stack.pop()
                if style is not Style.LINK:
                    self._find(token.markup)
                elif token.markup:
                    self._find(">")
                else:
                    self._skip_target()
                outer.append(Node(style, self.span(start, self.at), "", href, tuple(nodes)))
                nodes = outer
            elif node := self._leaf(token):
                nodes.append(node)
        while stack:  # never from markdown-it, whose tokens are balanced
            nodes = [*stack.pop()[3], *nodes]
        return tuple(nodes)

    def _leaf(self, token: Token) -> Node | None:
        if token.type in ("softbreak", "hardbreak"):
            start = self.at
            space = _SPACE.match(self.source, start)
            self.at = space.end() if space else start
            style = Style.BREAK if token.type == "hardbreak" else Style.SPACE
            return Node(style, self.span(start, self.at), "\n")
        if token.type == "code_inline":
            start = self._find(token.markup)
            end = self.source.find(token.markup, self.at)
            while end >= 0 and self.source.startswith("`", end + len(token.markup)):
                run = re.compile("`+").match(self.source, end)
                end = self.source.find(token.markup, run.end() if run else end + 1)
            self.at = end + len(token.markup) if end >= 0 else len(self.source)
            return Node(Style.CODE, self.span(start, self.at), token.content)
        if token.type == "image":
            start = self._find("![")
            depth = self.source.find(token.content, self.at)
            self.at = max(self.at, depth) + len(token.content)
            self._skip_target()
            href = str(token.attrGet("src") or "")
            return Node(Style.IMAGE, self.span(start, self.at), token.content, href)
        if not token.content:
            return None
        raw = token.markup if token.type == "text_special" else token.content
        style = Style.HTML if token.type == "html_inline" else Style.TEXT
        start = self._find(raw)
        return Node(style, self.span(start, self.at), token.content)

    def _find(self, text: str) -> int:
        """Where ``text`` stands next; goes on behind it."""
        start = self.source.find(text, self.at)
        if start < 0:  # decoded by the parser (a URL in angle brackets): take what is there
            start = self.at
        self.at = min(start + len(text), len(self.source))
        return start

    def _skip_target(self) -> None:
        """Over ``](href "title")``."""
        self._find("](")
        helpers, end = _parser().helpers, len(self.source)
        at = self.at + self._blank(self.at)
        target = helpers.parseLinkDestination(self.source, at, end)
        at = target.pos if target.ok else at
        at += self._blank(at)
        title = helpers.parseLinkTitle(self.source, at, end)
        at = title.pos if title.ok else at
        at += self._blank(at)
        self.at = min(at + 1, end)

    def _blank(self, at: int) -> int:
        found = re.compile(r"\s*").match(self.source, at)
        return len(found[0]) if found else 0


def parse_inline(lines: list[tuple[str, int]]) -> tuple[Node, ...]:
    """The nodes of a block whose content is ``lines``, each with its offset in the reply."""
    places: list[int] = []
    parts: list[str] = []
    for text, start in lines:
        if parts:
            parts.append("\n")
            places.append(places[-1] + 1 if places else start)
        parts.append(text)
        places.extend(range(start, start + len(text)))
    source = "".join(parts).rstrip()
    if not source.strip():
        return ()
    tokens: list[Token] = []
    parser = _parser()
    parser.inline.parse(source, parser, {}, tokens)
    return _Reader(source, places).nodes(tokens)


def is_line_end(node: Node, source: str) -> bool:
    """Whether a line of the text ``source`` ends for a reader, too, where ``node``, a BREAK or SPACE, stands."""
    begin = source.rfind("\n", 0, node.span.start) + 1
    return node.style is Style.BREAK or node.span.start - begin < FULL


def places(leaf: Node, source: str) -> Sequence[int]:
    """The place in ``source`` of each character that ``leaf`` shows.

    They are not all beside each other where an entity was decoded or where code goes on in the next line of a quote.
    """
    text, end = leaf.text, leaf.span.end
    start = leaf.span.start + _opening(leaf, source)
    if (found := source.find(text, start, end)) >= 0:
        return range(found, found + len(text))
    result = []
    at, last = start, max(end - 1, start)
    for char in text:
        near = min(at + 64, end)
        found = source.find("\n" if char == " " and source[at : at + 1] != " " else char, at, near)
        if found >= 0:
            at = found
        result.append(min(at, last))
        at += 1
    return result


def _opening(leaf: Node, source: str) -> int:
    """Characters of the marks before what ``leaf`` shows."""
    if leaf.style is Style.IMAGE:
        return len("![")
    shown = source[leaf.span.start : leaf.span.end] if leaf.style is Style.CODE else ""
    return len(shown) - len(shown.lstrip("`"))
