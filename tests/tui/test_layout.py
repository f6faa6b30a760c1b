"""What a message looks like: nothing is lost or shown twice, and every character knows its place in the message."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speakstream.text.document import Document
from speakstream.text.shown import shown
from speakstream.tui.layout import ReplyLayout, lay_out_plain
from speakstream.tui.layout_flow import NOWHERE, Line
from tests.text.replies import REPLIES

PIECES = [
    *" \n\n*_`~#>|-+[]()<&\\.:!",
    *("\n\n", "\n- ", "\n  - ", "\n1. ", "\n> ", "\n# ", "\n```py\n", "\n```\n", "\n| a | b |\n|---|:-:|\n", "\n| "),
    *(
        "**",
        "``",
        "](http://a.example/b)",
        "![",
        "<b>",
        "</b>",
        "[^1]",
        "\n[^1]: ",
        "\n- [x] ",
        "\n$$\n",
        "&amp;",
        "\\*",
    ),
    *(
        "word",
        "two words ",
        "é",
        "e\u0301",
        "你好。",
        "שלום",
        "😀",
        "👍🏽",
        "👨‍👩‍👧",
        "❤️",
        "\u200b",
        "\u00a0",
        "\t",
        "x" * 70,
    ),
]
TEXTS = st.one_of(st.sampled_from(REPLIES), st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
WIDTHS = st.integers(24, 120)


def laid(text: str, width: int, **options: object) -> list[Line]:
    """The lines of a complete reply."""
    document = Document()
    document.push(text)
    document.finish()
    layout = ReplyLayout(width, "Alt+H", **options)  # type: ignore[arg-type]
    layout.update(text, document)
    return layout.lines


def visible(lines: list[Line]) -> list[tuple[int, str]]:
    """The characters of the message that are shown, each with its place."""
    pairs = [pair for line in lines for pair in zip(line.places, line.text, strict=True)]
    return [(place, char) for place, char in pairs if place != NOWHERE and not char.isspace()]


@given(TEXTS, WIDTHS)
def test_nothing_is_lost_and_nothing_is_shown_twice(text: str, width: int) -> None:
    characters = visible(laid(text, width))
    assert max(Counter(place for place, _ in characters).values(), default=1) == 1
    assert sorted(characters) == sorted(visible(laid(text, 10_000)))
    expected = Counter(char for part in shown(text) for char in part.text if not char.isspace())
    missing = expected - Counter(char for _, char in characters)
    assert not set(missing) - set("☑☐.0123456789"), "markers of items are drawn as they are written"


@given(TEXTS, WIDTHS)
def test_each_character_is_the_one_at_its_place(text: str, width: int) -> None:
    for place, char in visible(laid(text, width)):
        assert char in (text[place], "•", "–", "·") or text[place] == "&"
