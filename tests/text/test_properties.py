"""What holds for any text: nothing is said twice, nothing is lost unmarked, deltas don't matter, work is linear."""

import functools
import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from speakstream.text import announced, rules, segmenter, speakable
from speakstream.text.rule import Rule
from speakstream.text.segmenter import Segmenter
from speakstream.text.span import Clause
from speakstream.text.speakable import Spoken
from tests.corpus import lines

LINES = [line.text for line in lines()]
MARKS = [
    *" \n.,;:!?…—-–\"'()[]{}*_`~#>|<=&@/\\^+$%",
    *(
        "\n\n",
        "\n- ",
        "\n1. ",
        "\n> ",
        "\n# ",
        "\n```\n",
        "\n| ",
        "**",
        "](",
        "![",
        "<b>",
        "</b>",
        "<!-- ",
        " -->",
        "[^1]",
    ),
    *(
        "[1]",
        "é",
        "你好",
        "שלום",
        "π",
        "😀",
        "👍🏽",
        "½",
        "７",
        "A",
        "FBI",
        "sooo",
        "3.5",
        "Dr. ",
        "U.S. ",
        ":)",
        "\u00a0",
        "\u200b",
    ),
]
pieces_of_text = st.sampled_from(LINES) | st.sampled_from(MARKS) | st.text(max_size=6)
texts = st.lists(pieces_of_text, max_size=8).map("".join)
broken_lines = st.tuples(st.sampled_from(LINES), st.integers(0, 400), st.sampled_from(MARKS)).map(
    lambda made: made[0][: made[1]] + made[2] + made[0][made[1] :]
)
anything = texts | broken_lines

HIDDEN = re.compile(
    r"""
      \]\((?:[^()\n]|\([^()\n]*\))*\)?     # where a link leads, and its title
    | \]\[[^\[\]]*\]                       # the name of a link's target
    | \[\^[^\[\]\s]*\]                     # the mark of a footnote
    | \[\d{1,3}(?:\s?[,–-]\s?\d{1,3})*\](?:\([^()\s]*\))?   # the number of a source
    | <sup>\s*\d{1,3}\s*</sup>             # the same, raised
    | </?[A-Za-z][^<>]*>                   # a tag
    | <!--(?:.|\n)*?(?:-->|\Z)             # a comment
    | &\#?[A-Za-z0-9]{1,31};               # an entity: what it stands for is read
    | \((?:R|TM|tm)\) | [¹ªº]              # trade marks, and marks of notes
    | \\[A-Za-z]+                          # a command of LaTeX
    | ^[ \t>]*(?:[-*+•]|\d{1,9}[.)])?[ \t]*\[[xX]\]   # a task's box: "done" is said for the marker
    """,
    re.VERBOSE | re.MULTILINE,
)


def clauses(*deltas: str) -> list[Clause]:
    reader = Segmenter()
    return [*itertools.chain.from_iterable(reader.push(delta) for delta in deltas), *reader.flush()]


def told(found: list[Clause]) -> Iterator[tuple[int, int]]:
    """The parts of the text that are said, announced, or marked as not spoken."""
    for clause in found:
        if clause.not_spoken and not clause.silent:
            yield clause.span.start, clause.span.end
        for span in (*clause.silent, *(piece.span for piece in clause.pieces)):
            yield span.start, span.end


def lost(text: str) -> str:
    """The letters and digits of ``text`` that are not told of, and that no documented rule hides."""
    seen = bytearray(len(text))
    for start, end in (*told(clauses(text)), *(hidden.span() for hidden in HIDDEN.finditer(text))):
        seen[start:end] = b"\1" * (end - start)
    return "".join(char for char, at in zip(text, seen, strict=True) if char.isalnum() and not at)


@settings(max_examples=500, deadline=None)
@given(anything)
def test_nothing_is_said_twice_or_out_of_order(text: str) -> None:
    spoken_to = 0
    for clause in clauses(text):
        assert spoken_to <= clause.span.start < clause.span.end <= len(text)
        at = 0
        place = clause.span.start
        for piece in clause.pieces:
            assert at <= piece.start < piece.end <= len(clause.spoken)
            assert place <= piece.span.start < piece.span.end <= clause.span.end
            at, place = piece.end, piece.span.end
        spoken_to = clause.span.end


@pytest.mark.parametrize("line", lines(), ids=lambda line: line.name)
def test_nothing_of_a_line_is_lost_that_is_not_marked(line: Any) -> None:
    assert lost(line.text) == ""


@settings(max_examples=500, deadline=None)
@given(anything)
def test_nothing_is_lost_that_is_not_marked(text: str) -> None:
    assert lost(text) == ""


@settings(max_examples=300, deadline=None)
@given(anything, st.lists(st.integers(0, 300), max_size=8))
def test_any_split_into_deltas_gives_the_same(text: str, at: list[int]) -> None:
    whole = clauses(text)
    assert clauses(*text) == whole
    edges = [0, *sorted(min(place, len(text)) for place in at), len(text)]
    assert clauses(*(text[a:b] for a, b in itertools.pairwise(edges))) == whole


@settings(max_examples=300, deadline=None)
@given(anything)
@example("٣ and ７ and ② and 𝟗")
def test_no_digit_reaches_the_voice(text: str) -> None:
    for clause in clauses(text):
        assert not re.search(r"\d", clause.spoken)


class Work:
    """Counts what is done for a text: rules tried, characters read aloud."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rules_tried = self.characters = 0
        rules_for, speak = rules.rules_for, speakable.speak

        @functools.cache
        def counted(char: str) -> tuple[Rule, ...]:
            return tuple(map(self._counted, rules_for(char)))

        def counting(text: str, *given: Any, **named: Any) -> Spoken:
            self.characters += len(text)
            return speak(text, *given, **named)

        monkeypatch.setattr(speakable, "rules_for", counted)
        for user in (segmenter, announced):
            monkeypatch.setattr(user, "speak", counting)

    def _counted(self, rule: Rule) -> Any:
        work = self

        class Pattern:
            def match(self, *place: Any) -> re.Match[str] | None:
                work.rules_tried += 1
                return rule.pattern.match(*place)

        class Counted:
            pattern, say = Pattern(), staticmethod(rule.say)

        return Counted


REPEATED = {
    "corpus": "\n\n".join(LINES),
    "capitals": "THE FBI AND NASA SAID NO TO US. ",
    "stretched": "sooooo waaaay looooong noooo " * 4,
    "initials": "J. R. R. U.S. e.g. Ph.D. A. B. ",
    "brackets": "[a](b [c](d ![e](f <g <h (i ",
    "angles": "a < b <c d= <!-- x > y ",
    "dots": "a.b.c.d ... . . . 1.2.3.4 ",
    "slashes": "/a/b c/d \\x\\y ~/z http://a/b ",
    "emoji": "😀 :) 👍🏽 <3 1️⃣ 🇫🇷 ",
    "entities": "a&amp;b &lt; &eacute; &x ",
    "one long word": "antidisestablishment",
    "hyphens": "a-B-c-D-e-F-",
    "underscores": "a_b __c__ ___ _",
}


@pytest.mark.parametrize("name", REPEATED)
def test_work_grows_with_the_text_and_no_faster(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unit = REPEATED[name] * (4000 // len(REPEATED[name]) + 1)
    tried, characters = [], []
    for times in (1, 8):
        work = Work(monkeypatch)
        clauses(unit * times)
        monkeypatch.undo()
        tried.append(work.rules_tried)
        characters.append(work.characters)
    length = len(unit) * 8
    assert tried[1] <= 8.5 * tried[0] + 200
    assert tried[1] <= 40 * length
    assert characters[1] <= 3 * length
