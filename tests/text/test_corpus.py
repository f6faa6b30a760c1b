"""Every line of the corpus: what is said, where it parts, and what is left silent."""

import pytest

from speakstream.text.segmenter import Segmenter
from speakstream.text.span import Break, Clause
from tests.corpus import Line, lines, words

LINES = lines()


def clauses(text: str) -> list[Clause]:
    segmenter = Segmenter()
    return [*segmenter.push(text), *segmenter.flush()]


def parts(text: str, found: list[Clause]) -> list[str]:
    """``found`` joined up to each sentence's end, as they stand in ``text``; a block that is not shown is no part."""
    joined: list[str] = []
    start = None
    for clause in found:
        if clause.not_spoken in ("html", "reference") and not clause.spoken and start is None:
            continue
        start = clause.span.start if start is None else start
        if clause.ends >= Break.SENTENCE:
            joined.append(text[start : clause.span.end].strip())
            start = None
    if start is not None:
        joined.append(text[start : found[-1].span.end].strip())
    return joined


def test_corpus_is_large() -> None:
    assert len(LINES) >= 300
    assert len({line.text for line in LINES}) == len(LINES)


@pytest.mark.parametrize("line", LINES, ids=[line.name for line in LINES])
def test_spoken(line: Line) -> None:
    assert words(" ".join(clause.spoken for clause in clauses(line.text))) == words(line.said)


@pytest.mark.parametrize("line", LINES, ids=[line.name for line in LINES])
def test_parted(line: Line) -> None:
    assert parts(line.text, clauses(line.text)) == list(line.parts)


@pytest.mark.parametrize("line", [line for line in LINES if line.silent], ids=lambda line: line.name)
def test_silent(line: Line) -> None:
    found = [line.text[c.span.start : c.span.end] for c in clauses(line.text) if c.not_spoken]
    for silent in line.silent:
        assert any(silent in clause for clause in found)
