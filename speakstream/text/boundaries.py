"""Where speech may pause within a paragraph: what ends a sentence, a clause, a phrase.

Decided on one word that is complete (white space follows it), the word before it and the first visible
character after it: never on more, so that a clause is spoken as soon as it can be.
"""

import re

from speakstream.text.span import Break
from speakstream.text.vocabulary import ENDING, INWARD, ONLY_BEFORE_NUMBERS, TITLES, word_set

CLOSERS = "\"'”’»›)]}*_~`"
_MARKS = ".!?…。！？,;:，；：、"
_DASHES = frozenset(("—", "–", "-", "--", "---", "―"))
_QUOTED = re.compile(r"[\"”’»)\]]")
_OPENERS = "\"'“‘«‹([{*_~`"
_LIST_NUMBER = re.compile(r"\(?(?:\d{1,3}|[A-Za-z])[.)]$")

_MINIMUM_WORDS = 3
_MANY_WORDS = 6
PHRASE_WORDS: dict[str, int] = dict.fromkeys(
    word_set(
        "because which that and but or so nor yet when whenever while where wherever who whom whose if "
        "although though unless until since whereas than then with without from into onto for by about after "
        "before through during between against among across around behind beyond within toward towards like "
        "via despite except including"
    ),
    _MINIMUM_WORDS,
) | dict.fromkeys(word_set("in on at to as of over under upon"), _MANY_WORDS)
"""Words that a soft boundary may stand before, and how many words must stand before that."""

_CLINGING = frozenset(PHRASE_WORDS) | word_set(
    "such rather other more less fewer even just only not well much many most as the a an this these "
    "those each every any be been being am it its i you we they he she do does did how what why up out "
    "down off away back far near next according due close prior able used both either neither whether "
    "very too also so one two three all some"
)
"""Words that hold on to the next one: no soft boundary after them ("such as", "more than", "one of")."""


def ends_after(word: str, previous: str, first: bool, following: str) -> Break | None:
    """The break after ``word``, or None.

    ``previous`` is the word before it, ``first`` says that none was spoken since the last break,
    ``following`` is the next visible character, or "" when only white space was seen for a long way.
    """
    if word in _DASHES:
        if len(word) == 1 and previous[-1:].isdecimal() and following.isdecimal():
            return None
        return None if first else Break.COLON
    opened = word.rstrip(CLOSERS)
    core = opened.rstrip(_MARKS)
    marks, closers = opened[len(core) :], word[len(opened) :]
    if not marks:
        return Break.COLON if word.endswith("—") else None
    last = marks[-1]
    if last in ",，、":
        in_date = core[-1:].isdecimal() and following.isdecimal()
        return None if in_date else Break.COMMA
    if last in ";:；：":
        return Break.COLON
    lower = following.islower()
    if "!" in marks or "?" in marks or "！" in marks or "？" in marks:
        return Break.COMMA if lower else Break.SENTENCE
    if "…" in marks or len(marks) > 1:
        return Break.COLON if lower else Break.SENTENCE
    if last == "。":
        return Break.SENTENCE
    if lower and _QUOTED.search(closers):
        return Break.COMMA
    return Break.SENTENCE if _full_stop_ends(core.lstrip(_OPENERS), previous, first, following) else None


def _full_stop_ends(core: str, previous: str, first: bool, following: str) -> bool:
    name = core.lower()
    capital = not following or following.isupper() or following in _OPENERS or not following.isalnum()
    if first and _LIST_NUMBER.match(core + "."):
        return False
    if len(core) == 1 and core.isupper():
        return not (previous[:1].isupper() or (core != "I" and following.isupper() and previous[-1:] == ".")) and (
            core == "I" or not previous or previous[:1].islower()
        )
    if name in TITLES:
        return name == "st" and previous[:1].isupper() and following.isupper() and len(previous) > 2
    if name in ONLY_BEFORE_NUMBERS:
        return not following.isdecimal()
    if name in INWARD:
        return False
    if name in ENDING or ("." in name and len(name) <= 5 and name.replace(".", "").isalpha()):
        return capital
    return True


def soft_before(word: str, previous: str, words: int) -> bool:
    """Whether a phrase may end before ``word``, when ``words`` of it stand there already."""
    if word.startswith("("):
        return words >= _MINIMUM_WORDS
    least = PHRASE_WORDS.get(word)
    return least is not None and words >= least and previous.strip(CLOSERS).lower() not in _CLINGING
