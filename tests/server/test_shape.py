"""What a browser draws: every shown character knows its place in the message, counted as JavaScript counts."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakstream.server.shape import ADDRESS, Utf16, block
from speakstream.text import highlight
from speakstream.text.document import Document
from speakstream.text.shown import shown
from tests.corpus import lines
from tests.text.replies import REPLIES

JSON = dict[str, Any]

PIECES = [
    *" \n\n*_`~#>|-+[]()<&\\.:!",
    *("\n\n", "\n- ", "\n  - ", "\n1. ", "\n> ", "\n# ", "\n```py\n", "\n```\n", "\n| a | b |\n|---|:-:|\n", "\n| "),
    *(
        "**",
        "``",
        "](http://a.example/b)",
        "](javascript:x)",
        "](b.html)",
        "![",
        "<b>",
        "<http://é.example/😀>",
        "  \n",
    ),
    *("[^1]", "\n[^1]: ", "\n- [x] ", "\n$$\n", "&amp;", "&#x1F600;", "\\*", "\n> [!TIP]\n"),
    *("word", "two words ", "é", "e\u0301", "你好。", "שלום", "😀", "👍🏽", "👨‍👩‍👧", "❤️", "\u200b", "\t", "x" * 70),
]
TEXTS = st.one_of(
    st.sampled_from(REPLIES),
    st.lists(st.sampled_from(PIECES), max_size=60).map("".join),
    st.text(st.characters(exclude_categories=["Cs"])),
)
CORPUS = [*REPLIES, *(line.text for line in lines())]


def units(text: str) -> int:
    """As JavaScript's ``length``."""
    return len(text.encode("utf-16-le")) // 2


def shapes(text: str, finish: bool = True) -> list[JSON]:
    """The blocks of a reply, as they are sent."""
    document, utf16 = Document(), Utf16(text)
    document.push(text)
    if finish:
        document.finish()
    return [block(one, text, utf16) for one in document.blocks]


def leaves(shape: JSON) -> Iterator[JSON]:
    """All that has text of its own, in the order in which it is drawn, without a marker."""
    nodes = [*shape.get("nodes", ()), *shape.get("lines", ()), *shape.get("children", ())]
    nodes += [node for row in shape.get("rows", ()) for cell in row for node in cell]
    for node in nodes:
        if "text" in node:
            yield node
        yield from leaves(node)


def characters(shape: JSON) -> Iterator[tuple[int, str]]:
    """Each unit that a block shows of the message, with its place; half of a surrogate pair is a character here."""
    for leaf in leaves(shape):
        if "at" in leaf:
            halves = leaf["text"].encode("utf-16-le")
            for number in range(0, len(halves), 2):
                yield leaf["at"] + number // 2, halves[number : number + 2].decode("utf-16-le", "surrogatepass")


@given(st.text(), st.integers(-3, 30), st.randoms(use_true_random=False))
def test_places_are_counted_as_javascript_does(text: str, place: int, random: Random) -> None:
    utf16, at = Utf16(), 0
    while at < len(text):
        step = random.randint(1, 4)
        utf16.push(text[at : at + step])
        at += step
    assert utf16.length == len(text.encode("utf-16-le", "surrogatepass")) // 2
    for code_point, char in enumerate([*text, ""]):
        begin = len(text[:code_point].encode("utf-16-le", "surrogatepass")) // 2
        assert utf16.of(code_point) == begin
        assert utf16.code_point(begin) == code_point
        assert char < "\U00010000" or utf16.code_point(begin + 1) == code_point
    assert 0 <= utf16.code_point(place) <= len(text)
    assert utf16.code_point(10**12) == len(text)


@given(TEXTS)
def test_each_character_is_the_one_at_its_place(text: str) -> None:
    source = text.encode("utf-16-le")
    for shape in shapes(text):
        assert 0 <= shape["start"] <= shape["end"] <= units(text)
        for place, char in characters(shape):
            there = source[2 * place : 2 * place + 2].decode("utf-16-le", "surrogatepass")
            stands_for = char in " \ufffd" or (place > 0 and ord(char) >= 0xDC00 and ord(char) <= 0xDFFF)
            assert char == there or there == "&" or stands_for, (text, place, char, there)


@pytest.mark.parametrize("text", CORPUS)
def test_what_is_drawn_is_what_is_shown_elsewhere(text: str) -> None:
    utf16 = Utf16(text)
    drawn = {pair for shape in shapes(text) for pair in characters(shape) if not pair[1].isspace()}
    for part in shown(text):
        for place, char in zip(part.places, part.text, strict=True):
            if not char.isspace() and text[place] == char and (part.kind != "item" or place > part.span.start):
                first = char.encode("utf-16-le")[:2].decode("utf-16-le", "surrogatepass")
                assert (utf16.of(place), first) in drawn


WORDS = ["plain", "é", "😀", "a😀b", "👨‍👩‍👧", "𝒳"]
MARKS = [("**", "**"), ("*", "*"), ("~~", "~~"), ("`", "`"), ("[", "](https://a.example)"), ("", "")]


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(MARKS)), min_size=1, max_size=12), st.booleans())
def test_a_word_knows_its_place_whatever_marks_and_emoji_stand_before_it(
    parts: list[tuple[str, tuple[str, str]]], entities: bool
) -> None:
    text, expected = "", []
    for word, (before, after) in parts:
        text += before
        expected.append((units(text), word))
        text += word + after + (" &amp; 😀 " if entities else " ")
    found = [(leaf["at"], leaf["text"]) for shape in shapes(text) for leaf in leaves(shape)]
    for place, word in expected:
        at, shown_text = max(leaf for leaf in found if leaf[0] <= place)
        assert shown_text.encode("utf-16-le")[2 * (place - at) :].startswith(word.encode("utf-16-le"))


@given(TEXTS, st.randoms(use_true_random=False))
def test_a_reply_that_came_in_pieces_ends_as_one_that_came_whole(text: str, random: Random) -> None:
    document, utf16, at, sent = Document(), Utf16(), 0, 0
    kept: list[JSON] = []
    while at < len(text):
        step = random.randint(1, 9)
        delta = text[at : at + step]
        document.push(delta)
        utf16.push(delta)
        at += len(delta)
        kept[sent:] = [block(one, text[:at], utf16) for one in document.blocks[sent:]]
        sent = len(document.frozen)
    document.finish()
    kept[sent:] = [block(one, text, utf16) for one in document.blocks[sent:]]
    assert kept == shapes(text)


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("a &amp; b", [{"text": "a &", "at": 0}, {"text": " b", "at": 7}]),
        ("😀 **b**", [{"text": "😀 ", "at": 0}, {"style": "strong", "children": [{"text": "b", "at": 5}]}]),
        ("`x`", [{"style": "code", "text": "x", "at": 1}]),
        ("a\nb", [{"text": "a", "at": 0}, {"style": "break", "at": 1}, {"text": "b", "at": 2}]),
        ("w" * 70 + "\nb", [{"text": "w" * 70 + " b", "at": 0}]),
        ("a<i>", [{"text": "a", "at": 0}, {"style": "html", "text": "<i>", "at": 1}]),
        (
            "[a](https://b.example)",
            [{"style": "link", "children": [{"text": "a", "at": 1}], "href": "https://b.example"}],
        ),
        (
            "[a](b.html)",
            [{"style": "link", "children": [{"text": "a", "at": 1}]}, {"style": "address", "text": "b.html", "at": 4}],
        ),
        ("![a](https://b.example/c)", [{"style": "image", "text": "a", "at": 2, "href": "https://b.example/c"}]),
        ("&#x1F600;😀", [{"text": "😀", "at": 0}, {"text": "😀", "at": 9}]),
    ],
)
def test_what_inline_marks_become(text: str, nodes: list[JSON]) -> None:
    assert shapes(text) == [{"kind": "paragraph", "start": 0, "end": units(text), "nodes": nodes}]


def test_code_that_goes_on_in_the_next_line_of_a_quote_is_drawn_in_parts_with_places() -> None:
    (shape,) = shapes("> see `one\n> two` 😀")
    assert shape["quote"] == 1
    assert shape["nodes"] == [
        {"text": "see ", "at": 2},
        {"style": "code", "children": [{"text": "one ", "at": 7}, {"text": "two", "at": 13}]},
        {"text": " 😀", "at": 17},
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("## T ##", {"kind": "heading", "level": 2, "nodes": [{"text": "T", "at": 3}]}),
        ("- a", {"kind": "item", "depth": 1, "nodes": [{"text": "a", "at": 2}]}),
        (
            "3) [x] a",
            {
                "kind": "item",
                "depth": 1,
                "ordinal": 3,
                "checked": True,
                "marker": {"text": "3)", "at": 0},
                "nodes": [{"text": "a", "at": 7}],
            },
        ),
        ("- [ ] a", {"kind": "item", "depth": 1, "checked": False, "nodes": [{"text": "a", "at": 6}]}),
        (
            "| a | b |\n|---|--:|\n| 😀 | c |",
            {
                "kind": "table",
                "rows": [
                    [[{"text": "a", "at": 2}], [{"text": "b", "at": 6}]],
                    [[{"text": "😀", "at": 22}], [{"text": "c", "at": 27}]],
                ],
                "align": ["left", "right"],
            },
        ),
        (
            "[^1]: a",
            {"kind": "footnote", "info": "1", "marker": {"text": "[^1]:", "at": 0}, "nodes": [{"text": "a", "at": 6}]},
        ),
        ("---", {"kind": "rule"}),
        ("$$\nx^2\n$$", {"kind": "math", "lines": [{"text": "x^2", "at": 3}]}),
        ("<div>\n</div>", {"kind": "html", "lines": [{"text": "<div>", "at": 0}, {"text": "</div>", "at": 6}]}),
        ("[n]: http://a.b", {"kind": "reference", "lines": [{"text": "[n]: http://a.b", "at": 0}]}),
        ("```\n\n b\n```", {"kind": "code", "lines": [{"text": "", "at": 4}, {"text": " b", "at": 5}]}),
    ],
)  # fmt: skip
def test_what_each_kind_of_block_becomes(text: str, expected: JSON) -> None:
    assert shapes(text) == [{"start": 0, "end": units(text), **expected}]


def test_a_note_says_of_which_kind_it_is() -> None:
    assert shapes("> [!WARNING]\n> Hot.")[0]["alert"] == "warning"
    assert "alert" not in shapes("[!WARNING]")[0]


def test_code_is_coloured_when_it_is_complete() -> None:
    text = '```python\ndef f():  # 😀!\n    """a\n    b"""\n```\n'
    (shape,) = shapes(text)
    assert (shape["info"], shape["language"]) == ("python", "Python")
    assert [line["text"] for line in shape["lines"]] == ["def f():  # 😀!", '    """a', '    b"""']
    assert [line["runs"] for line in shape["lines"]] == [
        [[3, "keyword"], [1, ""], [1, "name"], [5, ""], [5, "comment"]],
        [[4, ""], [4, "string"]],
        [[8, "string"]],
    ]
    growing = shapes(text[:25], finish=False)[-1]
    assert growing["open"] is True
    assert not any("runs" in line for line in growing["lines"])


@pytest.mark.parametrize("text", [text for text in CORPUS if "```" in text])
def test_the_colours_of_a_line_are_no_longer_than_the_line(text: str) -> None:
    for shape in shapes(text):
        for line in shape.get("lines", ()):
            runs = line.get("runs", [])
            assert sum(length for length, _ in runs) <= units(line["text"])
            assert {name for _, name in runs} <= highlight.CLASSES | {""}


@given(TEXTS)
def test_it_is_json_without_anything_that_could_run(text: str) -> None:
    for shape in shapes(text, finish=False):
        assert json.loads(json.dumps(shape)) == shape
        for href in hrefs(shape):
            assert href.startswith(("http://", "https://", "mailto:"))


def hrefs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from ([value["href"]] if "href" in value else [])
        value = list(value.values())
    for one in value if isinstance(value, list) else ():
        yield from hrefs(one)


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "&#106;avascript:alert(1)",
        "java%0ascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "data:image/svg+xml;base64,PHN2Zz4=",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://a.example/1",
        "//a.example",
        "/metrics",
        "?token=1",
        "https:a",
        "ftp://a.example",
        "tel:112",
    ],
)
@pytest.mark.parametrize(
    "form", ["[a]({})", "![a]({})", "[a](<{}>)", "<{}>", "**[a]({})**", "| a |\n|---|\n| [a]({}) |"]
)
def test_a_link_leads_only_where_a_click_is_safe(form: str, href: str) -> None:
    text = form.format(href)
    found = shapes(text)
    assert not list(hrefs(found))
    drawn = "".join(leaf["text"] for shape in found for leaf in leaves(shape))
    assert href.split(":")[-1][:5] in drawn or "%" in drawn, "and a person sees where it would have led"


def test_an_address_that_is_not_followed_has_its_place() -> None:
    (link, address) = shapes("😀 [a](/b)")[0]["nodes"][1:]
    assert "href" not in link
    assert address == {"style": ADDRESS, "text": "/b", "at": 7}
