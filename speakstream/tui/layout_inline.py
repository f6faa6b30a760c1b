"""Inline Markdown as characters with looks: emphasis, code, links with their addresses."""

from collections.abc import Iterable, Sequence

from speakstream.text.inline import Node, Style
from speakstream.text.span import Span
from speakstream.tui.layout_flow import Flow, Look

FULL = 60
"""Characters from which on a line of the source was broken because it was full: what follows goes on with it. The
end of a shorter line is meant: a verse, an address."""

_NESTING = (Style.EMPHASIS, Style.STRONG, Style.STRIKE)


def add_inline(flow: Flow, nodes: Sequence[Node], source: str, look: Look = (), breaks: str = "\n") -> None:
    """Add what ``nodes`` of the text ``source`` show, and ``breaks`` between its lines."""
    for node in nodes:
        match node.style:
            case Style.BREAK:
                flow.add(breaks, (node.span.start,), look)
            case Style.SPACE:
                begin = source.rfind("\n", 0, node.span.start) + 1
                flow.add(" " if node.span.start - begin >= FULL else breaks, (node.span.start,), look)
            case Style.LINK:
                _add_link(flow, node, source, look, breaks)
            case Style.IMAGE:
                flow.mark("[image: ", (*look, "aside"))
                _add_leaf(flow, node, source, (*look, "link"), len("!["))
                flow.mark("]", (*look, "aside"))
                _add_address(flow, node, source, look)
            case Style.CODE:
                ticks = len(_ticks(source, node.span))
                _add_leaf(flow, node, source, (*look, "code"), ticks)
            case Style.HTML:
                _add_leaf(flow, node, source, (*look, "aside"))
            case style if style in _NESTING:
                add_inline(flow, node.children, source, (*look, str(style)), breaks)
            case _:
                _add_leaf(flow, node, source, look)


def _add_link(flow: Flow, node: Node, source: str, look: Look, breaks: str) -> None:
    add_inline(flow, node.children, source, (*look, "link"), breaks)
    text = "".join(child.text for child in node.children)
    if node.href.removeprefix("mailto:").removesuffix("/") != text.removesuffix("/"):
        _add_address(flow, node, source, look)


def _add_address(flow: Flow, node: Node, source: str, look: Look) -> None:
    """Where a link leads: a person is to see it, since nothing can be clicked."""
    shown = source[node.span.start : node.span.end]
    at = shown.rfind(node.href) if node.href else -1
    if at < 0 and shown.startswith("<"):
        return  # an address in angle brackets, with letters that the parser has encoded
    flow.mark(" (", (*look, "aside"))
    if at >= 0:
        start = node.span.start + at
        flow.add(node.href, range(start, start + len(node.href)), (*look, "aside"))
    else:
        flow.mark(node.href, (*look, "aside"))
    flow.mark(")", (*look, "aside"))


def _add_leaf(flow: Flow, node: Node, source: str, look: Look, marks: int = 0) -> None:
    """The text of ``node``, which stands behind so many characters of marks."""
    text = node.text.replace("\t", " ").replace("\n", " ")
    flow.add(text, places(node.text, source, Span(node.span.start + marks, node.span.end)), look)


def places(text: str, source: str, span: Span) -> Iterable[int]:
    """The place in ``source`` of each character of ``text``, which was read from the part in ``span``.

    They are not all beside each other where an entity was decoded or where code goes on in the next line of a quote.
    """
    if (found := source.find(text, span.start, span.end)) >= 0:
        return range(found, found + len(text))
    result = []
    at, last = span.start, max(span.end - 1, span.start)
    for char in text:
        end = min(at + 64, span.end)
        found = source.find("\n" if char == " " and source[at : at + 1] != " " else char, at, end)
        if found >= 0:
            at = found
        result.append(min(at, last))
        at += 1
    return result


def _ticks(source: str, span: Span) -> str:
    """The backticks that open a code span."""
    shown = source[span.start : span.end]
    return shown[: len(shown) - len(shown.lstrip("`"))]
