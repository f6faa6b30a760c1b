"""What a message looks like: nothing is lost or shown twice, and every character knows its place in the message."""

from collections import Counter
from random import Random
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from speakstream.text import highlight
from speakstream.text.document import Block, Document
from speakstream.text.shown import shown
from speakstream.tui import layout_blocks, layout_flow
from speakstream.tui.entry import plain
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
TEXTS = st.one_of(
    st.sampled_from(REPLIES), st.lists(st.sampled_from(PIECES), max_size=60).map("".join), st.text().map(plain)
)
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


@given(TEXTS, WIDTHS)
def test_no_line_is_wider_than_the_screen_and_places_go_on(text: str, width: int) -> None:
    for line in laid(text, width):
        assert line.width <= width
        assert "\n" not in line.text
        assert len(line.places) == len(line.text) == (line.looks[-1][0] if line.looks else 0)
        ends = [end for end, _ in line.looks]
        assert ends == sorted(ends)
        shown_places = [place for place in line.places if place != NOWHERE]
        assert shown_places == sorted(shown_places)


@given(TEXTS, WIDTHS, st.randoms(use_true_random=False))
def test_how_the_text_came_in_pieces_does_not_change_the_lines(text: str, width: int, random: Random) -> None:
    document, layout, at = Document(), ReplyLayout(width, "Alt+H"), 0
    while at < len(text):
        before = layout.lines[:]
        step = random.choice((1, 2, 5, 40))
        document.push(text[at : at + step])
        at += step
        first = layout.update(text[:at], document)
        assert layout.lines[:first] == before[:first], "lines that are said to be the same are"
    document.finish()
    layout.update(text, document)
    assert layout.lines == laid(text, width)


@given(TEXTS, WIDTHS, st.data())
def test_the_place_of_a_cell_is_that_of_the_character_in_it(text: str, width: int, data: st.DataObject) -> None:
    lines = [line for line in laid(text, width) if line.text]
    if lines:
        line = data.draw(st.sampled_from(lines))
        column = 0
        for index, char in enumerate(line.text):
            if (cells := cell_len(line.text[: index + 1]) - cell_len(line.text[:index])) and char.isprintable():
                found = line.index_at(column)
                assert found is not None
                assert found <= index < line.cluster(found)[1]
            column += cells
        assert line.index_at(line.width) is None


TYPED = [*"ab \n\t", "word ", "  ", "好", "é", "😀", "x" * 50, "#", "**b**"]


@given(st.lists(st.sampled_from(TYPED)).map("".join), WIDTHS)
def test_a_prompt_is_shown_as_it_was_typed(text: str, width: int) -> None:
    lines = lay_out_plain(text, width)
    assert all(line.width <= width for line in lines)
    assert [char for _, char in visible(lines)] == [char for char in text if not char.isspace()]
    assert all(text[place] == char for place, char in visible(lines))
    if not text.strip(" \t") or max(map(len, text.expandtabs(4).split("\n"))) < width // 2:
        assert len(lines) == text.count("\n") + 1


def drawn(text: str, width: int, **options: object) -> list[str]:
    return [line.text.rstrip() for line in laid(dedent(text).strip("\n"), width, **options)]


def test_a_list_hangs_under_its_text() -> None:
    assert drawn(
        """
        1. First one, which is so long that it goes on
           - nested, and this one too goes on and on

           ```
           code
           ```
        2. [x] done
        - [ ] to do
        """,
        26,
    ) == [
        "1. First one, which is so",
        "   long that it goes on",
        "   – nested, and this one",
        "     too goes on and on",
        "",
        "   Code, 1 line",
        "    code",
        "",
        "2. [x] done",
        "[ ] to do",
    ]


TABLE = """
| Name | Price | What it is good for |
|:-----|------:|:-------------------:|
| Ada | $1 | a long description of it |
| Bob | $1,000 | none |
"""


def test_a_table_has_aligned_columns() -> None:
    assert drawn(TABLE, 60) == [
        "Name │  Price │   What it is good for",
        "─────┼────────┼─────────────────────────",
        "Ada  │     $1 │ a long description of it",
        "Bob  │ $1,000 │           none",
    ]


def test_a_table_that_is_too_wide_is_wrapped_in_its_cells() -> None:
    assert drawn(TABLE, 32) == [
        "Name │  Price │ What it is good",
        "     │        │       for",
        "─────┼────────┼─────────────────",
        "Ada  │     $1 │      a long",
        "     │        │  description of",
        "     │        │        it",
        "Bob  │ $1,000 │       none",
    ]


def test_a_table_that_is_far_too_wide_is_shown_row_by_row() -> None:
    assert drawn(TABLE, 24) == [
        "Name: Ada",
        "Price: $1",
        "What it is good for: a",
        "  long description of it",
        "",
        "Name: Bob",
        "Price: $1,000",
        "What it is good for:",
        "  none",
    ]


def test_a_long_line_of_code_goes_on_under_a_mark() -> None:
    lines = drawn("```py\nresult = compute(first_argument, second)\n```", 24)
    assert lines == ["Python code, 1 line", " result = compute(first_", " ↳ argument, second)"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[docs](https://a.example/x)", "docs (https://a.example/x)"),
        ("<https://a.example/x>", "https://a.example/x"),
        ("[https://a.example](https://a.example/)", "https://a.example"),
        ("<me@a.example>", "me@a.example"),
        ("![a cat](cat.png)", "[image: a cat] (cat.png)"),
        ("a **bold** _word_ with `code` and ~~no~~", "a bold word with code and no"),
        ("AT&amp;T \\*stars\\*", "AT&T *stars*"),
        ("[^1]: a note", "[^1]: a note"),
        ("> quoted\n> on", "│ quoted|│ on"),
        ("<b>tags</b> stay", "<b>tags</b> stay"),
        ("$$\nx^2\n$$", "  x^2"),
        ("Roses are red\nViolets are blue", "Roses are red|Violets are blue"),
        ("[red]no markup[/red]", "[red]no markup[/red]"),
    ],
)
def test_what_marks_become(text: str, expected: str) -> None:
    assert "|".join(drawn(text, 80)) == expected


def test_a_line_of_the_source_that_was_full_goes_on() -> None:
    full = "This line was broken by an editor because it had become full, and\n"
    assert drawn(full + "goes on here.", 90) == [full.strip() + " goes on here."]


def looks_of(lines: list[Line], word: str) -> set[str]:
    """The looks of a word that is drawn once."""
    (line,) = [line for line in lines if word in line.text]
    start, at = line.text.index(word), 0
    found: set[str] = set()
    for end, look in line.looks:
        if at < start + len(word) and end > start:
            found.update(look)
        at = end
    return found


def test_looks() -> None:
    lines = laid("# Top\n\n**bold *both***, `inline`\n\n```python\ndef f(): return 'text'  # why\n```\n", 60)
    assert looks_of(lines, "Top") == {"heading-1"}
    assert looks_of(lines, "both") == {"strong", "emphasis"}
    assert looks_of(lines, "inline") == {"code"}
    assert looks_of(lines, "def") == {"code-block", "keyword"}
    assert looks_of(lines, "text") == {"code-block", "string"}
    assert looks_of(lines, "why") == {"code-block", "comment"}


CODE = "Look:\n\n```python\nx = 1\ny = 2\n```\n\nThe end of it."


def test_what_is_not_read_says_so_and_how_to_hear_it() -> None:
    document, layout = Document(), ReplyLayout(60, "F8")
    document.push(CODE)
    document.finish()
    layout.update(CODE, document)
    assert [line.text for line in layout.lines if line.role] == ["Python code, 2 lines"]
    layout.silence(CODE.index("```"), "code")
    layout.update(CODE, document)
    (mark,) = [line for line in layout.lines if line.role]
    assert (mark.text, mark.role) == ("▷ Python code, 2 lines: not read, F8 to hear it", "silent")
    assert mark.about is not None
    assert CODE[mark.about.start : mark.about.end] == "```python\nx = 1\ny = 2\n```"
    assert layout.lines[-1].text == "The end of it."


@pytest.mark.parametrize(
    ("cut", "expected"),
    [
        (0, ["— stopped here —", "Look:", ""]),
        (CODE.index("end"), ["The — stopped here — end of it."]),
        (CODE.index(" of it"), ["The end — stopped here — of it."]),
        (len(CODE), ["The end of it. — stopped here —"]),
        (CODE.index("y = 2"), [" y = 2", "— stopped here —", "", "The end of it."]),
    ],
)
def test_the_mark_stands_where_the_reply_was_stopped(cut: int, expected: list[str]) -> None:
    lines = [line.text for line in laid(CODE, 60, cut=cut)]
    assert "|".join(expected) in "|".join(lines)
    assert sum("stopped" in line for line in lines) == 1


def test_a_delta_lays_out_only_the_block_that_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    laid_out = []
    real = layout_blocks.running_lines

    def counted(block: Block, *rest: Any) -> Any:
        laid_out.append(block.span.start)
        return real(block, *rest)

    monkeypatch.setattr("speakstream.tui.layout.running_lines", counted)
    document, layout, text = Document(), ReplyLayout(40), ""
    for number in range(200):
        delta = f"This is paragraph {number}.\n\n"
        text += delta
        document.push(delta)
        layout.update(text, document)
    assert len(laid_out) <= 3 * 200


def test_a_long_listing_is_coloured_a_few_lines_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    real = highlight.runs

    def counted(text: str, info: str) -> Any:
        read.append(len(text))
        return real(text, info)

    monkeypatch.setattr(highlight, "runs", counted)
    document, layout = Document(), ReplyLayout(60)
    text = "```python\n"
    document.push(text)
    for number in range(400):
        delta = f"value_{number} = compute({number})\n"
        text += delta
        document.push(delta)
        layout.update(text, document)
    assert sum(read) < 60 * len(text), "in all, each character was read a bounded number of times"
    document.finish()
    layout.update(text, document)
    assert layout.lines == laid(text, 60)


def test_wrapping_looks_at_each_character_a_bounded_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0

    class Columns(list[int]):
        def __getitem__(self, at: Any) -> Any:
            nonlocal looked
            looked += 1
            return super().__getitem__(at)

    monkeypatch.setattr(layout_flow, "_columns", lambda text: Columns(range(len(text) + 1)))
    text = "word " * 4_000 + "x" * 20_000
    lay_out_plain(text, 40)
    assert looked < 3 * len(text)
