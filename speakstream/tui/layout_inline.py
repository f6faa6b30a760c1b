"""Inline Markdown as characters with looks: emphasis, code, links with their addresses."""

from collections.abc import Sequence

from speakstream.text.inline import Node, Style, is_line_end, places
from speakstream.tui.layout_flow import Flow, Look

_NESTING = (Style.EMPHASIS, Style.STRONG, Style.STRIKE)


def add_inline(flow: Flow, nodes: Sequence[Node], source: str, look: Look = (), breaks: str = "\n") -> None:
    """Add what ``nodes`` of the text ``source`` show, and ``breaks`` between its lines."""
    for node in nodes:
        match node.style:
            case Style.BREAK | Style.SPACE:
                flow.add(breaks if is_line_end(node, source) else " ", (node.span.start,), look)
            case Style.LINK:
                _add_link(flow, node, source, look, breaks)
            case Style.IMAGE:
                flow.mark("[image: ", (*look, "aside"))
                _add_leaf(flow, node, source, (*look, "link"))
                flow.mark("]", (*look, "aside"))
                _add_address(flow, node, source, look)
            case Style.CODE:
                _add_leaf(flow, node, source, (*look, "code"))
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


def _add_leaf(flow: Flow, node: Node, source: str, look: Look) -> None:
    flow.add(node.text.replace("\t", " ").replace("\n", " "), places(node, source), look)
