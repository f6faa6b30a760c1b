"""Turns a slice of a reply into words a voice can say, each with its place in the reply.

The voice's own pronunciation reads plain English words well; everything else is spelled out here: numbers,
money, dates, units, abbreviations, links, code, emoji, symbols. Markdown's marks are not read. The voice
never sees a digit. ``rules`` holds one rule for each kind of thing; this module holds what they share.
"""

import re
import unicodedata
from dataclasses import dataclass

from speakstream.text.code_names import read_identifier
from speakstream.text.lexicon import EMPTY, Lexicon
from speakstream.text.rule import LATIN
from speakstream.text.rules import PLAIN_WORDS_WITH_RULES, rules_for
from speakstream.text.span import Piece, Span

_PLAIN = re.compile(r" ?((?![A-Z]\.)[A-Za-z][a-z]*+(?:['’][a-z]++)*+)([.,;:!?]?)(?=[\s*)\]\"”]|$)")
_STRETCHED = re.compile(r"([a-z])\1\1")
_VISIBLE = re.compile(r"\S+")
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
    foreign: tuple[Span, ...]  # letters this voice has no sounds for


class Speaking:
    """The words said so far for one slice; rules write to it."""

    def __init__(self, text: str, start: int, lexicon: Lexicon = EMPTY) -> None:
        self.text = text
        self.start = start  # of the slice in the reply
        self.lexicon = lexicon  # comes before every rule
        self._foreign: list[Span] = []
        self._last = ""  # what was said last
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
        if words and end > start:
            self._add(words, start, end)

    def _add(self, words: str, start: int, end: int) -> None:
        """``say`` for what the voice can surely speak."""
        at = self._length
        if at:
            self._parts.append(" ")
            at += 1
        self._parts.append(words)
        self._length = at + len(words)
        self._mark = ""
        self._last = words
        self._pieces.append(Piece(at, self._length, Span(self.start + start, self.start + end)))

    @property
    def previous(self) -> str:
        """The last word said, in lower case: some numbers depend on it."""
        return self._last.rsplit(" ", 1)[-1].lower()

    def silent(self, start: int, end: int) -> None:
        """The voice has no sounds for ``text[start:end]``."""
        self._foreign.append(Span(self.start + start, self.start + end))

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
        lexicon = self.lexicon or None
        stretched = _STRETCHED.search(text, at, end)
        while at < end:
            plain = _PLAIN.match(text, at, end)
            if lexicon is not None:
                start = plain.start(1) if plain else at
                if entry := lexicon.match(text, start, end):
                    self.say(entry.spoken, start, entry.end)
                    at = entry.end
                    continue
            if (
                plain
                and (word := plain[1]).lower() not in PLAIN_WORDS_WITH_RULES
                and not (stretched and _STRETCHED.search(word))
            ):
                self._add(word.replace("’", "'"), plain.start(1), plain.end(1))
                if plain[2]:
                    self.mark(plain[2])
                at = plain.end()
                continue
            if not (text[at].isspace() or text[at] == "\\"):
                at = self._apply(at, end)
            elif hard := _HARD_BREAK.match(text, at, end):
                self.mark(",")
                at = hard.end()
            elif space := _SPACE.match(text, at, end):
                at = space.end()
            else:
                at = self._apply(at, end)

    def _apply(self, at: int, end: int) -> int:
        for rule in rules_for(self.text[at]):
            found = rule.pattern.match(self.text, at, end)
            if found and found.end() > at and rule.say(self, found):
                return found.end()
        return at + 1  # nothing to say for this character

    def result(self) -> Spoken:
        return Spoken("".join(self._parts), tuple(self._pieces), tuple(self._foreign))


def speak(text: str, start: int = 0, skip: int = 0, lexicon: Lexicon = EMPTY) -> Spoken:
    """The words for ``text``, which begins at ``start`` in the reply; its first ``skip`` are not said.

    Marks that shape intonation (``, ; : . ! ? …``) are kept; none is added at the end.
    """
    speaking = Speaking(text, start, lexicon)
    speaking.run(skip, len(text))
    return speaking.result()


def speak_code(text: str, start: int, lexicon: Lexicon = EMPTY) -> Spoken:
    """The same for a line of code: names and signs, as in a code span."""
    speaking = Speaking(text, start, lexicon)
    for word in _VISIBLE.finditer(text):
        speaking.say(read_identifier(word[0], lexicon), word.start(), word.end())
    return speaking.result()
