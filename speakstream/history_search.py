"""What a person types into a search: read into terms, made into a query, and found again in a text. No I/O.

A word is found where a word begins with it, whatever its case and (of Latin letters) its accents; "a phrase" within
quotes as it stands; all of them have to be there. What an index of words does not know is looked for letter by letter:
signs ("C++", "->", an emoji), and the scripts that part no words.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from speakstream.text.control import ControlFilter

LONGEST_QUERY, MOST_TERMS = 400, 20
"""Characters and terms of a query; what is beyond is left out."""

EXCERPT, BEFORE = 120, 40
"""Characters of an excerpt, and how many of them stand before the first hit."""

_TERM = re.compile(r'"([^"]*)("|$)|([^\s"]+)')
_WORD = re.compile(r"[^\W_]+")
_ORDINARY = frozenset(".,;:!?…'’‘`\"“”„«»()[]{}-‐‑–—¿¡")
"""Marks that may be typed, and need not stand in the text."""

_UNPARTED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uf900-\ufaff\uff66-\uff9f\U00010000-\U0010ffff]"
)
"""Letters of Thai, Lao, Burmese, Khmer, Japanese and Chinese, and all beyond the first plane."""


@dataclass(frozen=True)
class Term:
    """One word or phrase that has to be there."""

    text: str
    whole: bool  # it ends with a whole word, not with the beginning of one

    @cached_property
    def by_letters(self) -> bool:
        """Whether it is (also) looked for letter by letter."""
        signs = any(not (mark.isalnum() or mark.isspace() or mark in _ORDINARY) for mark in self.text)
        return signs or not self.by_words

    @cached_property
    def by_words(self) -> bool:
        """Whether the index of words knows it."""
        return bool(_WORD.search(self.text)) and not _UNPARTED.search(self.text)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds it in a text that is ``folded``."""
        wanted = folded(self.text)[0]
        if self.by_letters:
            return re.compile(re.escape(wanted))
        words = r"[\W_]+".join(map(re.escape, _WORD.findall(wanted)))
        return re.compile(rf"(?<![^\W_]){words}" + (r"(?![^\W_])" if self.whole else ""))


def terms(query: str) -> list[Term]:
    """The terms of a query; none: it asks for nothing."""
    found = []
    for phrase, closed, word in _TERM.findall(plain(query)[:LONGEST_QUERY]):
        if text := (phrase or word).strip():
            found.append(Term(text, whole=bool(closed)))
    return found[:MOST_TERMS]


def match_expression(wanted: list[Term]) -> str:
    """For FTS5's MATCH; "": the index of words knows none of them."""
    return " ".join(f'"{term.text}"{"" if term.whole else "*"}' for term in wanted if term.by_words)


def like_patterns(wanted: list[Term]) -> list[str]:
    """For LIKE, with a backslash as the escape."""
    literal = (re.sub(r"([%_\\])", r"\\\1", term.text) for term in wanted if term.by_letters)
    return [f"%{text}%" for text in literal]


def is_in(wanted: list[Term], text: str) -> bool:
    """Whether a short text, a title say, has all the terms."""
    letters = folded(plain(text))[0]
    return all(term.pattern.search(letters) for term in wanted)


def excerpt(wanted: list[Term], text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """One line of ``text`` around the first hit, and where the hits stand in that line."""
    line = plain(text)
    letters, places = folded(line)
    places = [*places, len(line)]  # accents belong to the letter before them: a hit ends where the next letter stands
    spans = sorted(
        (places[hit.start()], places[hit.end()]) for term in wanted for hit in term.pattern.finditer(letters)
    )
    start = max(0, spans[0][0] - BEFORE) if spans and len(line) > EXCERPT else 0
    start = line.rfind(" ", 0, start) + 1 if start and line.rfind(" ", 0, start) >= start - BEFORE else start
    end = min(len(line), start + EXCERPT)
    before, after = "…" if start else "", "…" if end < len(line) else ""
    marks: list[tuple[int, int]] = []
    for first, last in spans:
        first, last = max(first, start), min(last, end)
        shift = len(before) - start
        if marks and first + shift <= marks[-1][1]:
            marks[-1] = marks[-1][0], max(marks[-1][1], last + shift)
        elif first < last:
            marks.append((first + shift, last + shift))
    return f"{before}{line[start:end]}{after}", tuple(marks)


def plain(text: str) -> str:
    """A text on one line, without control sequences."""
    return " ".join(ControlFilter().push(text).split())


def folded(text: str) -> tuple[str, "list[int] | range"]:
    """A text without case and accents, and of each of its characters the place in ``text``."""
    if text.isascii():
        return text.lower(), range(len(text))
    letters, places = [], []
    for place, mark in enumerate(text):
        for letter in _fold(mark):
            letters.append(letter)
            places.append(place)
    return "".join(letters), places


def _fold(mark: str) -> str:
    if mark.isascii():
        return mark.lower()
    parts = unicodedata.normalize("NFD", mark).casefold()
    bare = "".join(part for part in parts if not unicodedata.combining(part))
    return bare or ("" if unicodedata.combining(mark) else mark)
