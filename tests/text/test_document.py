"""What is drawn is what was written, block by block, while it is being written."""

import itertools
import re

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from speakstream.text.document import Block, Document, Kind, inline
from speakstream.text.inline import Node, Style
from tests.text.replies import CODE, REPLIES, STEPS, TABLE
from tests.text.test_segmenter import texts


def document(*deltas: str) -> Document:
    grown = Document()
    for delta in deltas:
        grown.push(delta)
    grown.finish()
    return grown


LEAVES = {
    "heading_open": Kind.HEADING,
    "fence": Kind.CODE,
    "table_open": Kind.TABLE,
    "hr": Kind.RULE,
    "html_block": Kind.HTML,
}


def reference(text: str) -> list[tuple[Kind, str]]:
    """The leaf blocks that markdown-it-py sees; the first paragraph of a list item is an item."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"]).disable("code")
    tokens = parser.parse(text)
    leaves: list[tuple[Kind, str]] = []
    in_table = False
    for token, following in itertools.zip_longest(tokens, tokens[1:]):
        assert isinstance(token, Token)
        if token.type == "list_item_open" and following.type != "paragraph_open":
            leaves.append((Kind.ITEM, ""))
        in_table = (in_table or token.type == "table_open") and token.type != "table_close"
        if token.type in LEAVES:
            content = following.content if token.type == "heading_open" else token.content.rstrip("\n")
            leaves.append((LEAVES[token.type], "" if token.type in ("table_open", "html_block") else content))
        elif token.type == "paragraph_open" and not in_table:
            leaves.append((Kind.ITEM if opens_item(tokens, token) else Kind.PARAGRAPH, following.content))
    return leaves


def opens_item(tokens: list[Token], paragraph: Token) -> bool:
    return tokens[tokens.index(paragraph) - 1].type == "list_item_open"


def ours(text: str) -> list[tuple[Kind, str]]:
    leaves = []
    for block in document(text).blocks:
        content = block.text.strip() if block.kind is not Kind.CODE else block.text
        if block.kind in (Kind.PARAGRAPH, Kind.ITEM):
            content = re.sub(r"[ \t]*\n[ \t]*", "\n", content)
        if block.checked is not None:
            content = ("[x] " if block.checked else "[ ] ") + content
        leaves.append((block.kind, "" if block.kind in (Kind.TABLE, Kind.HTML, Kind.RULE) else content))
    return leaves


MORE = [
    "Para one\nlazy two\n\n# H1\n## H2 ##\n### H3\npara\n",
    "Setext\n===\nAnother\n---\n\n---\n***\n_ _ _\n",
    "- a\n- b\n  c\n- d\n\n  second paragraph of d\n- e\n\n1. x\n2. y\n   - z\n     - w\n3. v\n",
    "* star\n+ plus\n- minus\n\n10. ten\n11. eleven\n",
    "> q1\n> q2\nlazy\n\n> > nested\n> back\n\n> - item\n> - item\n\nafter\n",
    "```\nno info\n```\n~~~js\ncode ``` here\n~~~\n````\n```\n````\n",
    "text\n```py\ninterrupts()\n```\ntext\n",
    "- item\n  ```sh\n  ls\n    -l\n  ```\n- next\n",
    "| a | b |\n| - | - |\n| 1 | `x \\| y` |\n\npara | with bar\n\n| not a table\n",
    "intro:\n| a |\n|---|\n| 1 |\n\nend\n",
    "<div>\nhtml\n</div>\n\n<!-- comment\nmore -->\ntext <b>inline</b>\n",
    "#not a heading\n####### seven\n#\n\n-not a list\n1.not either\n2024. Not in a paragraph?\n",
    "In a paragraph\n2. is not a list\n- but this is\n",
    "**bold** start\n*em* start\n_under_ start\n`code` start\n[link](x) start\n",
    "unclosed\n```python\ncode goes on\n\nto the end",
    "- # heading in item\n- > quote in item\n- - two\n-\n- x\n",
    "a\n\n\n\nb\n\t\nc\n",
    "1) paren\n2) paren\n\n- [ ] task\n- [x] done\n",
]


NOTES = """Tides[^1] follow [the moon][m].

Name | Age
--- | ---
Ann | 31
So it is.

> [!NOTE]
> Mind the gap.

[^1]: Mostly,
that is.
[^b]: Or not.

[m]: https://example.com/moon "A moon"
"""


def without_maths(text: str) -> str:
    return text.replace("$$", "").replace("\\[", "").replace("\\]", "")


@pytest.mark.parametrize("text", [without_maths(reply) for reply in REPLIES] + MORE)
def test_blocks_are_those_that_markdown_it_sees(text: str) -> None:
    assert ours(text) == reference(text)


def blocks_of(*deltas: str) -> list[Block]:
    return document(*deltas).blocks


@pytest.mark.parametrize("text", [*REPLIES, *MORE, NOTES])
def test_blocks_are_the_same_wherever_a_delta_ends(text: str) -> None:
    whole = blocks_of(text)
    assert blocks_of(*text) == whole
    for at in range(0, len(text), 5):
        assert blocks_of(text[:at], text[at:]) == whole


def place_is_right(text: str, block: Block) -> None:
    assert 0 <= block.span.start < block.span.end <= len(text)
    for line, span in zip(block.lines, block.content, strict=True):
        assert text[span.start : span.end] == line


@settings(max_examples=200, deadline=None)
@given(texts)
def test_any_text_grows_into_the_same_blocks_in_their_places(text: str) -> None:
    whole = blocks_of(text)
    assert blocks_of(*text) == whole
    at = 0
    for block in whole:
        place_is_right(text, block)
        assert block.span.start >= at
        at = block.span.end
    for block in whole:
        check_nodes(text, inline(block), 0)


def check_nodes(text: str, nodes: tuple[Node, ...], at: int) -> None:
    for node in nodes:
        assert at <= node.span.start <= node.span.end <= len(text)
        at = node.span.end
        check_nodes(text, node.children, node.span.start)


def test_frozen_blocks_never_change_while_the_reply_grows() -> None:
    text = "\n".join(REPLIES)
    grown = Document()
    seen: list[Block] = []
    for char in text:
        grown.push(char)
        assert grown.frozen[: len(seen)] == seen
        seen = list(grown.frozen)
        for block in grown.tail:
            assert not block.closed
            assert [text[span.start : span.end] for span in block.content] == list(block.lines)
    grown.finish()
    assert grown.blocks == blocks_of(text)


def test_everything_pushed_is_on_show_at_once() -> None:
    grown = Document()
    for end in range(len(STEPS)):
        grown.push(STEPS[end])
        shown = max((block.span.end for block in grown.blocks), default=0)
        assert shown == len(STEPS[: end + 1].rstrip()) or STEPS[end] in "#>-`.:0123456789 \n["


def test_footnotes_references_notes_and_tables_without_bars_say_what_they_are() -> None:
    assert [(block.kind, block.text, block.info) for block in blocks_of(NOTES)] == [
        (Kind.PARAGRAPH, "Tides[^1] follow [the moon][m].", ""),
        (Kind.TABLE, "Name | Age\nAnn | 31", ""),
        (Kind.PARAGRAPH, "So it is.", ""),
        (Kind.PARAGRAPH, "[!NOTE]", ""),
        (Kind.PARAGRAPH, "Mind the gap.", ""),
        (Kind.FOOTNOTE, "Mostly,\nthat is.", "1"),
        (Kind.FOOTNOTE, "Or not.", "b"),
        (Kind.REFERENCE, '[m]: https://example.com/moon "A moon"', ""),
    ]
    cells = blocks_of(NOTES)[1].cells()
    assert [[NOTES[cell.start : cell.end] for cell in row] for row in cells] == [["Name", "Age"], ["Ann", "31"]]


def test_lists_code_and_tables_say_what_they_are() -> None:
    blocks = blocks_of(STEPS)
    items = [(block.ordinal, block.depth) for block in blocks if block.kind is Kind.ITEM]
    assert items == [(1, 1), (2, 1), (3, 1), (None, 2), (None, 2)]
    code = next(block for block in blocks if block.kind is Kind.CODE)
    assert code.info == "bash" and code.depth == 1
    assert code.text == "pip install requests\npip show requests"
    assert [block.quote for block in blocks if block.quote] == [1]
    table = next(block for block in blocks_of(TABLE) if block.kind is Kind.TABLE)
    assert [[TABLE[c.start : c.end] for c in row] for row in table.cells()][2] == ["Pro", "$9.99", "100 GB"]
    assert [block.checked for block in blocks_of(TABLE) if block.kind is Kind.ITEM] == [True, False, False]
    assert [block.level for block in blocks_of(TABLE) if block.kind is Kind.HEADING] == [2, 2]
    assert not any("hidden" in block.text for block in blocks_of(CODE) if block.kind is Kind.PARAGRAPH)


INLINE = (
    'Some **bold *and* em**, ~~struck~~ `co de` [a *link*](http://x.y/z "t") ![alt](i.png) '
    "<http://u.v>\\* &amp; a  \nend\nof"
)


def flat(text: str, nodes: tuple[Node, ...]) -> list[tuple[Style, str, str]]:
    found = []
    for node in nodes:
        found.append((node.style, text[node.span.start : node.span.end], node.href))
        found.extend(flat(text, node.children))
    return found


@pytest.mark.parametrize("quote", ["", "> "])
def test_inline_marks_are_found_in_their_places(quote: str) -> None:
    text = "\n".join(quote + line for line in f"x\n\n{INLINE}".split("\n"))
    block = blocks_of(text)[-1]
    found = flat(text, inline(block))
    assert (Style.STRONG, "**bold *and* em**", "") in found
    assert (Style.EMPHASIS, "*and*", "") in found
    assert (Style.STRIKE, "~~struck~~", "") in found
    assert (Style.CODE, "`co de`", "") in found
    assert (Style.LINK, '[a *link*](http://x.y/z "t")', "http://x.y/z") in found
    assert (Style.IMAGE, "![alt](i.png)", "i.png") in found
    assert (Style.LINK, "<http://u.v>", "http://u.v") in found
    assert (Style.TEXT, "\\*", "") in found or any(piece.endswith("\\*") for _, piece, _ in found)
    assert any(style is Style.BREAK for style, _, _ in found)
    assert found[-1] == (Style.TEXT, "of", "")
    assert [node.style for node in inline(block)].count(Style.SPACE) == 1


def test_a_hostile_reply_is_no_more_work_than_a_long_one() -> None:
    for unit in ("[", "*", "`", "> ", "- ", "| a ", "<div ", "\n> - ", "![", "**a", "&"):
        text = unit * (20_000 // len(unit))
        for block in blocks_of(text):
            if len(block.text) < 3000:
                inline(block)
