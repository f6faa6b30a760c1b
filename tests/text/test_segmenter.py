"""A reply is cut where a reader would pause, as early as can be, and the same however it arrives."""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speakstream.text.segmenter import CLAUSE_LIMIT, HELD_LIMIT, Segmenter
from speakstream.text.span import Break, Clause
from tests.text.replies import REPLIES


def clauses(*deltas: str) -> list[Clause]:
    segmenter = Segmenter()
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


@pytest.mark.parametrize("reply", REPLIES)
def test_a_reply_is_cut_the_same_wherever_a_delta_ends(reply: str) -> None:
    whole = clauses(reply)
    check(reply, whole)
    assert clauses(*reply) == whole
    for size in (2, 3, 5, 7, 11, 40):
        assert clauses(*(reply[at : at + size] for at in range(0, len(reply), size))) == whole
    for at in range(0, len(reply), 3):
        assert clauses(reply[:at], reply[at:]) == whole


PARTS = [
    *"abcXYZ019.,;:!?…—–-\"'()[]{}*_~`#>|+=<$%&@/\\^ \n\t",
    *"é你。שπ😀👍🏽\u200d\u0301\u00a0",
    "word ", "and ", "which ", "Dr. ", "e.g. ", "U.S. ", "etc. ", "3.14 ", "$9.99 ", "1. ", "- ", "- [ ] ", "## ",
    "\n\n", "\n- ", "\n  - ", "\n1) ", "\n> ", "```", "\n```py\n", "\n```\n", "~~~", "\n| a | b |\n|---|---|\n| 1 | 2 |",
    "\n| x", "\n---\n", "\n===", "\n***", "$$", "\n$$\n", "\\[", "\\]", "<div>", "</div>\n", "<!--", "-->", "<b>",
    "https://example.com/a ", "[link](http://x.y)", "![alt](i.png)", "`code span` ", "**bold** ", "    ", "two words of it ",
    "(aside, with comma) ", "“Yes,” ", "no.\" ", "x" * 100, "long words and more of them " * 10,
]  # fmt: skip
texts = st.lists(st.sampled_from(PARTS), max_size=40).map("".join)


@settings(max_examples=400, deadline=None)
@given(texts, st.lists(st.integers(0, 400), max_size=6))
def test_any_text_is_cut_the_same_wherever_a_delta_ends(text: str, at: list[int]) -> None:
    whole = clauses(text)
    check(text, whole)
    assert clauses(*text) == whole
    edges = [0, *sorted(min(place, len(text)) for place in at), len(text)]
    assert clauses(*(text[a:b] for a, b in itertools.pairwise(edges))) == whole


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_text_of_any_characters_is_cut_in_order_and_in_full(text: str) -> None:
    whole = clauses(text)
    check(text, whole)
    assert clauses(*text) == whole
