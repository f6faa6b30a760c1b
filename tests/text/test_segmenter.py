"""A reply is cut where a reader would pause, as early as can be, and the same however it arrives."""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speakstream.text.announced import READABLE
from speakstream.text.segmenter import CLAUSE_LIMIT, HELD_LIMIT, Segmenter
from speakstream.text.span import Break, Clause
from tests.text.replies import REPLIES


def clauses(*deltas: str, aloud: frozenset[str] = frozenset()) -> list[Clause]:
    segmenter = Segmenter(aloud=aloud)
    return [*itertools.chain.from_iterable(segmenter.push(delta) for delta in deltas), *segmenter.flush()]


def cut(text: str) -> list[str]:
    return [text[clause.span.start : clause.span.end] for clause in clauses(text)]


MARKUP = re.compile(r"[\s*_~`#>|\-+=.)\d:•\[\]xX]+")


def check(text: str, found: list[Clause]) -> None:
    """Order, range and coverage, for any text."""
    at = 0
    for clause in found:
        assert at <= clause.span.start < clause.span.end <= len(text)
        assert MARKUP.sub("", text[at : clause.span.start]) == ""
        at = clause.span.end
        assert not text[clause.span.start].isspace() and not text[at - 1].isspace()
        assert not re.search(r"\d", clause.spoken)
        spoken, source = 0, clause.span.start
        for piece in clause.pieces:
            assert spoken <= piece.start < piece.end <= len(clause.spoken)
            assert source <= piece.span.start < piece.span.end <= clause.span.end
            assert clause.spoken[piece.start : piece.end].strip()
            spoken, source = piece.end, piece.span.end
        if clause.ends is Break.PHRASE:
            assert len(clause.pieces) >= 3
        assert clause.spoken or not clause.pieces
    assert MARKUP.sub("", text[at:]) == ""


@pytest.mark.parametrize("aloud", [frozenset(), READABLE], ids=["announced", "aloud"])
@pytest.mark.parametrize("reply", REPLIES)
def test_a_reply_is_cut_the_same_wherever_a_delta_ends(reply: str, aloud: frozenset[str]) -> None:
    whole = clauses(reply, aloud=aloud)
    check(reply, whole)
    assert clauses(*reply, aloud=aloud) == whole
    for size in (2, 3, 5, 7, 11, 40):
        assert clauses(*(reply[at : at + size] for at in range(0, len(reply), size)), aloud=aloud) == whole
    for at in range(0, len(reply), 3):
        assert clauses(reply[:at], reply[at:], aloud=aloud) == whole


PARTS = [
    *"abcXYZ019.,;:!?…—–-\"'()[]{}*_~`#>|+=<$%&@/\\^ \n\t",
    *"é你。שπ😀👍🏽\u200d\u0301\u00a0",
    "word ", "and ", "which ", "Dr. ", "e.g. ", "U.S. ", "etc. ", "3.14 ", "$9.99 ", "1. ", "- ",
    "- [ ] ", "## ", "\n\n", "\n- ", "\n  - ", "\n1) ", "\n> ", "```", "\n```py\n", "\n```\n", "~~~",
    "\n| a | b |\n|---|---|\n| 1 | 2 |", "\n| x", "\n---\n", "\n===", "\n***", "$$", "\n$$\n", "\\[",
    "\\]", "<div>", "</div>\n", "<!--", "-->", "<b>", "https://example.com/a ", "[link](http://x.y)",
    "![alt](i.png)", "`code span` ", "**bold** ", "    ", "two words of it ", "(aside, with comma) ",
    "“Yes,” ", "no.\" ", "? ", "...", "U.S. It ", "J. Smith ", "! 🎉 ", ". ", "[^1]", "\n[^1]: ", "\n[a]: http://b.c\n",
    "\n> [!NOTE]\n", "\n\na | b\n-|-\n", "c | d\n", "x" * 100, "long words and more of them " * 10,
]  # fmt: skip
texts = st.lists(st.sampled_from(PARTS), max_size=40).map("".join)


@settings(max_examples=400, deadline=None)
@given(texts, st.lists(st.integers(0, 400), max_size=6), st.sets(st.sampled_from(sorted(READABLE))).map(frozenset))
def test_any_text_is_cut_the_same_wherever_a_delta_ends(text: str, at: list[int], aloud: frozenset[str]) -> None:
    whole = clauses(text, aloud=aloud)
    check(text, whole)
    assert clauses(*text, aloud=aloud) == whole
    edges = [0, *sorted(min(place, len(text)) for place in at), len(text)]
    assert clauses(*(text[a:b] for a, b in itertools.pairwise(edges)), aloud=aloud) == whole


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_text_of_any_characters_is_cut_in_order_and_in_full(text: str) -> None:
    whole = clauses(text)
    check(text, whole)
    assert clauses(*text) == whole


EXAMPLES = [
    # sentences
    ("It works. It is fast! Is it? Yes…", ["It works.", "It is fast!", "Is it?", "Yes…"]),
    ("Dr. Smith met Mr. J. K. Lee. They spoke.", ["Dr. Smith met Mr. J. K. Lee.", "They spoke."]),
    ("It costs $29.95 now. Fine.", ["It costs $29.95 now.", "Fine."]),
    ("Use e.g. this or No. 5 here. Ok.", ["Use e.g. this or No. 5 here.", "Ok."]),
    ("I said no. No. Never.", ["I said no.", "No.", "Never."]),
    ("Apples, pears etc. are fruit. We eat fruit etc. Good.",
     ["Apples,", "pears etc. are fruit.", "We eat fruit etc.", "Good."]),
    ("In the U.S. the sun rises. In the U.S. It sets.",
     ["In the U.S. the sun rises.", "In the U.S.", "It sets."]),
    ("Open main.py now. See example.com. Go.", ["Open main.py now.", "See example.com.", "Go."]),
    ("Python 3.11.2 is out. Use v2.0.", ["Python 3.11.2 is out.", "Use v2.0."]),
    ('"Stop!" he said. "Why?" Nobody knew.', ['"Stop!"', "he said.", '"Why?"', "Nobody knew."]),
    ("(It rains.) We stay.", ["(It rains.)", "We stay."]),
    ("**Done.** Next one.", ["**Done.**", "Next one."]),
    ("Wait... what? Hm... Yes.", ["Wait...", "what?", "Hm...", "Yes."]),
    ("It ended at 5 p.m. Then we left.", ["It ended at 5 p.m.", "Then we left."]),
    # clauses
    ("Yes, we can: now; or later.", ["Yes,", "we can:", "now;", "or later."]),
    ("I came — I saw – I won - twice.", ["I came —", "I saw –", "I won -", "twice."]),
    ("A boat—the Marigold—sank.", ["A boat—", "the Marigold—", "sank."]),
    ("It has 1,000 seats and 10 - 3 = 7 doors.", ["It has 1,000 seats", "and 10 - 3 = 7 doors."]),
    ("On Jan. 5, 1923, it rained.", ["On Jan. 5, 1923,", "it rained."]),
    # phrases
    ("The sky is blue because light is scattered.", ["The sky is blue", "because light is scattered."]),
    ("A man who sings and dances.", ["A man who sings", "and dances."]),
    ("Bread and butter.", ["Bread and butter."]),
    ("There are animals such as dogs.", ["There are animals such as dogs."]),
    ("One two (three four) five six.", ["One two (three four)", "five six."]),
    ("It has many words (a, b and c) in it.", ["It has many words", "(a, b and c)", "in it."]),
    # what is not cut
    ("Run `a, b. C and d` now.", ["Run `a, b. C and d` now."]),
    ("See [this. And, that](http://x.y/a,b) too.", ["See [this. And, that](http://x.y/a,b) too."]),
    ("Go to https://x.org/a,b;c.d?e!f now. Ok.", ["Go to https://x.org/a,b;c.d?e!f now.", "Ok."]),
    ("![A cat, a hat. Two](c.png) here.", ["![A cat, a hat. Two](c.png) here."]),
    # lines and blocks
    ("One\ntwo.\nThree\n\nFour", ["One\ntwo.", "Three", "Four"]),
    ("# Title\nText", ["# Title", "Text"]),
    ("- a\n- b, c\n\nd", ["- a", "- b,", "c", "d"]),
    ("1. One. Two\n2. Three", ["1. One.", "Two", "2. Three"]),
    ("> quoted\n> text. More", ["quoted\n> text.", "More"]),
    ("a\n\n---\n\nb", ["a", "b"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), EXAMPLES)
def test_speech_pauses_where_a_reader_would(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def heard(text: str) -> list[tuple[str, Break]]:
    return [(clause.spoken, clause.ends) for clause in clauses(text)]


def test_pauses_fit_what_ends() -> None:
    assert heard("# Title\n\nOne, two: three. Four\n\n1. five\n2. six\n\nSeven") == [
        ("Title.", Break.HEADING),
        ("One,", Break.COMMA),
        ("two:", Break.COLON),
        ("three.", Break.SENTENCE),
        ("Four.", Break.PARAGRAPH),
        ("one, five.", Break.ITEM),
        ("two, six.", Break.ITEM),
        ("Seven.", Break.PARAGRAPH),
    ]
    assert heard("A long title\n===\ntext")[0] == ("A long title.", Break.HEADING)
    assert heard("The steps:\n- one")[0] == ("The steps:", Break.PARAGRAPH)
    assert heard("- It works (mostly)\n\nYes (no)") == [
        ("It works, mostly.", Break.ITEM),
        ("Yes, no.", Break.PARAGRAPH),
    ]
    assert heard("The sky is blue because")[0] == ("The sky is blue", Break.PHRASE)


@pytest.mark.parametrize(
    ("text", "spoken", "why"),
    [
        ("```python\na\n\nb\n```\nend", "Python code, three lines.", "code"),
        ("```\nx\n```\n", "Code, one line.", "code"),
        ("```c++\n```", "C plus plus code, zero lines.", "code"),
        ("~~~klingon\nx", "Klingon code, one line.", "code"),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n", "Table, two columns and two rows.", "table"),
        ("$$\nx\n$$", "Formula.", "math"),
        ("\\[ x \\]", "Formula.", "math"),
        ("<style>\nx\n</style>", "", "html"),
        ("[a]: http://b.c/d", "", "reference"),
        ("привет", "", "script"),
    ],
)
def test_what_is_not_read_is_announced_and_marked(text: str, spoken: str, why: str) -> None:
    first = clauses(text)[0]
    assert (first.spoken, first.not_spoken) == (spoken, why)
    assert first.span.start == 0
    assert first.span.end == len(text.removesuffix("\nend").rstrip())


FUNCTION = "```python\ndef f(x):\n    # add one\n\n    return x + 1\n}\n```\n"
PRICES = "| Plan | Price | Space |\n|---|---|---|\n| Free | $0 |  |\n| `Pro` | $9.99 | 5 GB, or more. | x |\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FUNCTION, ["Python code.", "def f x.", "hash add one.", "return x plus one.", ""]),
        (PRICES, [
            "Table, three columns: Plan, Price, Space.",
            "Free,", "Price zero dollars.",
            "pro,", "Price nine dollars and ninety-nine cents,", "Space five gigabytes, or more,", "x.",
        ]),
        ("Plan | Price\n--- | ---\nFree | $0\n", ["Table, two columns: Plan, Price.", "Free,", "Price zero dollars."]),
    ],
)  # fmt: skip
def test_code_and_tables_are_read_on_request(text: str, expected: list[str]) -> None:
    found = clauses(f"{text}\nEnd.", aloud=READABLE)
    assert [clause.spoken for clause in found] == [*expected, "End."]
    assert not any(clause.not_spoken for clause in found)


def test_a_cell_lights_up_while_its_column_is_named() -> None:
    row = [clause for clause in clauses(PRICES, aloud=READABLE) if clause.spoken.startswith("Price nine")]
    assert [(row[0].spoken[p.start : p.end], PRICES[p.span.start : p.span.end]) for p in row[0].pieces] == [
        ("Price nine dollars and ninety-nine cents", "$9.99")
    ]
    assert [clause.ends for clause in clauses(PRICES, aloud=READABLE)][1:3] == [Break.COMMA, Break.ITEM]


def test_code_is_read_while_it_is_being_written() -> None:
    segmenter = Segmenter(aloud=READABLE)
    arrived = [[clause.spoken for clause in segmenter.push(line)] for line in FUNCTION.splitlines(keepends=True)]
    assert arrived == [[], ["Python code."], ["def f x."], ["hash add one."], [], ["return x plus one."], [""]]


STRUCTURE = [
    ("It is so.[^1] And so.\n\n[^1]: Not quite.\n[^b]: Really.", ["It is so.[^1]", "And so.", "[^1]: Not quite.",
     "[^b]: Really."]),
    ("See [it][a].\n\n[a]: http://b.c 'd'\n[e]: /f\n\nOh.", ["See [it][a].", "[a]: http://b.c 'd'", "[e]: /f", "Oh."]),
    ("[Note]: this is read.", ["[Note]:", "this is read."]),
    ("> [!TIP]\n> Save it.", ["[!TIP]", "Save it."]),
    ("a | b\n--- | ---\nc | d\nEnd of it.", ["a | b\n--- | ---\nc | d", "End of it."]),
    ("a | b\n---", ["a | b"]),
    ("It ended at 5 p.m. It rained.", ["It ended at 5 p.m.", "It rained."]),
    ("The U.S. Senate met J. Smith. Today.", ["The U.S. Senate met J. Smith.", "Today."]),
    ("He runs Acme Inc. Today.", ["He runs Acme Inc.", "Today."]),
    ('"Is it?" Emma asked. "No!" The end.', ['"Is it?"', "Emma asked.", '"No!"', "The end."]),
    ("Done! 🎉 Next.\n✅ One.\n✅ Two.", ["Done! 🎉", "Next.", "✅ One.", "✅ Two."]),
    ("Wait . . . what? so. Well... I'm here.", ["Wait . . .", "what?", "so.", "Well...", "I'm here."]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), STRUCTURE)
def test_what_is_no_plain_sentence_is_cut_where_a_reader_would(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_letters_the_voice_has_no_sounds_for_are_told_where_they_stand() -> None:
    text = "She wrote שלום on the board and 안녕 below."
    found = clauses(text)
    assert {clause.not_spoken for clause in found if clause.silent} == {"script"}
    assert [text[span.start : span.end] for clause in found for span in clause.silent] == ["שלום", "안녕"]


def test_html_is_read_without_its_tags() -> None:
    assert heard('<div style="a: b; c.">\nHello there. Bye.\n</div>') == [
        ("Hello there.", Break.SENTENCE),
        ("Bye.", Break.SENTENCE),
        ("", Break.PARAGRAPH),
    ]
    assert heard("<script>\nvar x = 1;\n</script>") == [("", Break.ITEM)]


def test_a_price_lights_up_as_it_is_written() -> None:
    text = "1. It costs **$100**, really."
    first = clauses(text)[0]
    words = [(first.spoken[p.start : p.end], text[p.span.start : p.span.end]) for p in first.pieces]
    assert words == [("one", "1."), ("It", "It"), ("costs", "costs"), ("one hundred dollars", "$100")]


@pytest.mark.parametrize(
    ("arrived", "clause"),
    [
        ("The sky is blue because ", "The sky is blue"),
        ("Yes, w", "Yes,"),
        ("It works. I", "It works."),
        ("It ended at 5 p.m. Then we ", "It ended at 5 p.m."),
        ('"Why?" Nobody knew ', '"Why?"'),
        ("# Title\n", "# Title"),
        ("One line\n\n", "One line"),
        ("- item\n- n", "- item"),
        ("```\nx\n```\n", "```\nx\n```"),
        ("word " * 48 + "w", ("word " * 48).rstrip()),
    ],
)
def test_a_clause_is_spoken_as_soon_as_it_is_certain(arrived: str, clause: str) -> None:
    segmenter = Segmenter()
    before = [found for char in arrived[:-1] for found in segmenter.push(char)]
    now = segmenter.push(arrived[-1])
    assert before == []
    assert [arrived[found.span.start : found.span.end] for found in now] == [clause]


HOSTILE = {
    "no full stop": "word " * 4000,
    "no space": "x" * 20_000,
    "digits": "1" * 20_000,
    "control characters": "\x00\x1b[31m\x9b" * 3000,
    "lone surrogates": "\ud800 \udfff" * 3000,
    "right to left": "שלום " * 4000,
    "emoji": "😀🎉" * 5000,
    "joined emoji": "👨‍👩‍👧" * 2000,
    "combining": "e\u0301" * 5000,
    "brackets": "[" * 10_000,
    "parentheses": "(" * 10_000,
    "asterisks": "a*" * 5_000,
    "backticks": "` `` " * 2000,
    "quotes": "\"'" * 5000,
    "links": "[a](" * 3000,
    "quote marks": "> " * 5000,
    "bullets": "- " * 5000,
    "bars": "| a " * 3000,
    "bars and lines": "| a\n" * 3000,
    "tags": "<a " * 3000,
    "dollars": "$a_" * 3000,
    "white space": " " * 20_000,
    "line feeds": "\n" * 20_000,
    "unclosed code": "```\n" + "x\n" * 5000,
    "no end of a URL": "http://a" + ".b" * 5000,
    "initials": "A. " * 5000,
    "full stops": ". " * 5000,
    "a line of code": "```\n" + "a+" * 10_000,
    "a long row": "| a |\n|---|\n" + "| b " * 5000,
    "a long header": "a | " * 5000 + "\n---|---\n",
    "rows without bars before them": "a | b\n-|-\n" + "c" * 5000 + "|d\n" * 2000,
    "a label": "[" + "a" * 5000 + "]: b",
    "a footnote": "[^1]: " * 2000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_cut_in_bounded_memory(name: str) -> None:
    text = HOSTILE[name]
    segmenter = Segmenter(aloud=READABLE)
    found = []
    for at in range(0, len(text), 64):
        found.extend(segmenter.push(text[at : at + 64]))
        assert held_by(segmenter) <= 3 * HELD_LIMIT
    found.extend(segmenter.flush())
    check(text, found)
    assert found == clauses(text, aloud=READABLE)
    for clause in found:
        if clause.not_spoken not in ("math", "html"):
            assert len(clause.span) <= HELD_LIMIT + CLAUSE_LIMIT


def held_by(segmenter: Segmenter) -> int:
    """Characters of the reply that are kept."""
    scanner, announced = segmenter._scanner, segmenter._announced
    kept = len(segmenter._text) + len(scanner.pending[1]) + len(scanner._header or "")
    return kept + (len(announced._line) if announced else 0)


def test_the_cost_of_a_delta_does_not_grow_with_the_reply() -> None:
    paragraph = "The quick brown fox jumps over the lazy dog " * 20 + "\n\n"
    segmenter = Segmenter()
    held = []
    for _ in range(50):
        for at in range(0, len(paragraph), 5):
            segmenter.push(paragraph[at : at + 5])
        held.append(held_by(segmenter))
    assert set(held) == {held[0]}
