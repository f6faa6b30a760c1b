"""Turns a slice of a reply into words a voice can say, each with its place in the reply.

The voice's own pronunciation reads plain English words well; everything else is spelled out here: numbers,
money, dates, units, abbreviations, links, code, emoji, symbols. Markdown's marks are not read. The voice
never sees a digit. ``rules`` holds one rule for each kind of thing; this module holds what they share.
"""

import re
import unicodedata
from dataclasses import dataclass

from speakstream.text.rule import LATIN
from speakstream.text.rules import PLAIN_WORDS_WITH_RULES, rules_for
from speakstream.text.span import Piece, Span

_PLAIN = re.compile(r" ?([A-Za-z]+(?:['’][A-Za-z]+)*)([.,;:!?]?)(?=\s|$)")
_SPACE = re.compile(r"\s+")
_HARD_BREAK = re.compile(r"(?: {2,}|\\)\n\s*")
_DIGIT = re.compile(r"\d")
_UNSPEAKABLE = re.compile(rf"[^{LATIN} ,.'-]")
_STRENGTH = {",": 0, ";": 1, ":": 1, ".": 2, "…": 2, "!": 3, "?": 4}
_NESTING_LIMIT = 4  # links in links, and the like


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is said for a slice: the text for the voice, and which part of the reply each word stands for."""

    text: str
    pieces: tuple[Piece, ...]
    foreign: bool  # the slice has letters this voice has no sounds for


class Speaking:
    """The words said so far for one slice; rules write to it."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.start = start  # of the slice in the reply
        self.previous = ""  # the last word said, in lower case: some numbers depend on it
        self.foreign = False
        self._parts: list[str] = []
        self._length = 0
        self._mark = ""
        self._pieces: list[Piece] = []
        self._depth = 0

    def say(self, words: str, start: int, end: int) -> None:
        """``words`` are heard while ``text[start:end]`` is lit."""
        if _DIGIT.search(words):  # a digit of some other script
            words = _DIGIT.sub(lambda found: f" {unicodedata.name(found[0], '').split()[-1].lower()} ", words)
            words = " ".join(words.split())
        if not words.isascii():
            words = " ".join(_UNSPEAKABLE.sub(" ", words).split())
        if not words or end <= start:
            return
        if self._parts:
            self._parts.append(" ")
            self._length += 1
        at = self._length
        self._parts.append(words)
        self._length += len(words)
        self._mark = ""
        self._pieces.append(Piece(at, self._length, Span(self.start + start, self.start + end)))
        self.previous = words.rsplit(" ", 1)[-1].lower()

    def mark(self, mark: str) -> None:
        """A mark that shapes intonation; of several in a row the strongest is kept."""
        if not self._pieces:
            return
        if not self._mark:
            self._parts.append(mark)
            self._length += 1
            self._mark = mark
        elif _STRENGTH[mark] > _STRENGTH[self._mark]:
            self._parts[-1] = self._mark = mark

    def inside(self, start: int, end: int) -> None:
        """Say ``text[start:end]`` by the rules."""
        self._depth += 1
        if self._depth <= _NESTING_LIMIT:
            self.run(start, end)
        self._depth -= 1

    def run(self, at: int, end: int) -> None:
        """Say the text from ``at`` to ``end``."""
        text = self.text
        while at < end:
            plain = _PLAIN.match(text, at, end)
            if plain and plain[1].lower() not in PLAIN_WORDS_WITH_RULES:
                word = plain[1]
                self.say(word.replace("’", "'") if "’" in word else word, plain.start(1), plain.end(1))
                if plain[2]:
                    self.mark(plain[2])
                at = plain.end()
                continue
            if hard := _HARD_BREAK.match(text, at, end):
                self.mark(",")
                at = hard.end()
                continue
            if space := _SPACE.match(text, at, end):
                at = space.end()
                continue
            at = self._apply(at, end)

    def _apply(self, at: int, end: int) -> int:
        for rule in rules_for(self.text[at]):
            found = rule.pattern.match(self.text, at, end)
            if found and found.end() > at and rule.say(self, found):
                return found.end()
        return at + 1  # nothing to say for this character

    def result(self) -> Spoken:
        return Spoken("".join(self._parts), tuple(self._pieces), self.foreign)


def speak(text: str, start: int = 0, skip: int = 0) -> Spoken:
    """The words for ``text``, which begins at ``start`` in the reply; its first ``skip`` are not said.

    Marks that shape intonation (``, ; : . ! ? …``) are kept; none is added at the end.
    """
    speaking = Speaking(text, start)
    speaking.run(skip, len(text))
    return speaking.result()
