"""One way of reading aloud: what it is for, how it is found and what is then said."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from speakstream.text.speakable import Speaking

Found = re.Match[str]

LETTERS = "letters"
"""In ``Rule.starts``: any letter, of any script."""

DIGIT = "0123456789"

WIDE = "wide"
"""In ``Rule.starts``: any character beyond ASCII."""

LATIN = r"A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ\u0300-\u036fﬀ-ﬆＡ-Ｚａ-ｚ\u00ad\u200b"
"""The letters (and combining marks) an English voice has sounds for, for a character class."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``pattern`` is matched where the last rule ended; ``say`` answers False to leave the text to others."""

    name: str
    starts: tuple[str, ...]  # the characters it may begin with, so that few rules are tried at each place
    pattern: re.Pattern[str]
    say: Callable[["Speaking", Found], bool]

    def may_start_with(self, char: str) -> bool:
        return (
            any(char in start for start in self.starts if start not in (LETTERS, WIDE))
            or (LETTERS in self.starts and char.isalpha())
            or (WIDE in self.starts and not char.isascii())
        )


def rule(name: str, starts: str | tuple[str, ...], pattern: str, say: Callable[["Speaking", Found], bool]) -> Rule:
    """A rule from the source of its pattern, in which ``.`` matches line feeds too."""
    return Rule(name, starts if isinstance(starts, tuple) else (starts,), re.compile(pattern, re.DOTALL), say)


def say(words: str, speaking: "Speaking", found: Found) -> bool:
    """Say ``words`` for all that was found."""
    speaking.say(words, found.start(), found.end())
    return True


def before(speaking: "Speaking", found: Found, length: int = 24) -> str:
    """What stands before what was found, as far as a rule may look."""
    return speaking.text[max(0, found.start() - length) : found.start()]


_SIGNS = {"-": "minus ", "−": "minus ", "–": "minus ", "+": "plus ", "±": "plus or minus ", "~": "about "}


def sign(mark: str | None) -> str:
    """What is said for a sign before a number, with a space after it."""
    return _SIGNS.get(mark or "", "")


def describes(speaking: "Speaking") -> bool:
    """Whether a measure that comes now describes a noun, and so is singular: "a five-dollar bill"."""
    return speaking.previous in ("a", "an")
