"""Where speech pauses within a paragraph: what ends a sentence or a clause. ``phrases`` has what no mark ends.

Decided on one word that is complete (white space follows it), the word before it and the first visible
character after it, so that a clause is spoken as soon as it can be. Only where a short form or a quotation
leaves it open ("the U.S. It is", "the U.S. Senate") two words more are looked at.
"""

import re
from typing import Final, Literal

from speakstream.text.emoji_names import EMOTICONS
from speakstream.text.short_forms import (
    BEFORE_NUMBERS,
    DAYS,
    ENDING,
    INWARD,
    MONTHS,
    NEVER_LAST,
    ROMAN,
    STREETS,
    TITLES,
    UNITS_WITH_STOP,
    WORDS_LIKE_TITLES,
)
from speakstream.text.span import Break
from speakstream.text.vocabulary import word_set

CLOSERS = "\"'”’»›)]}*_~`"
_MARKS = ".!?…。！？,;:，；：、"
_DASHES = frozenset(("—", "–", "-", "--", "---", "―"))
_QUOTED = re.compile(r"[\"”’»)\]]")
_OPENERS = "\"'“‘«‹([{*_~`"
_OPERATORS = "=+-−*/×·<>≤≥"
_LIST_NUMBER = re.compile(r"\(?(?:\d{1,3}|[A-Za-z])[.)]$")
_STARTERS = word_set(
    "a after all also although an and another any anyone are as at because before both but can did do does each even "
    "every everyone finally first for from had has have he her here his how however i if in instead is it its just "
    "later let many maybe meanwhile most my next no nobody not nothing now often on once one only or others our "
    "perhaps please she should since so some somebody someone sometimes soon still that the their then there these "
    "they this those though to today tomorrow two under until was we were what when where which while who why will "
    "with without would yes yesterday yet you your"
)
"""Words that begin a sentence when they stand after a short form with a capital; other words are a name's next part."""

_SPEECH_VERBS = word_set(
    "said says asked asks replied replies answered answers whispered shouted cried called yelled added exclaimed "
    "demanded murmured muttered repeated wondered"
)
_NEVER_LAST = NEVER_LAST | frozenset(INWARD)
_NEEDS_NAME = frozenset(STREETS) - word_set("ave blvd rd pkwy hwy")  # a street only after a name
_NO_WORDS = word_set("pp ch vol vols figs eq eqs ext apt")  # short forms and nothing else
_VARIABLES = frozenset("bcdefghjklmnopqrstuvwxyz")
_CALENDAR = frozenset(MONTHS) | frozenset(DAYS)
_LABELS = word_set(
    "plan vitamin grade type group team option section appendix exhibit class step part hepatitis series"
)
"""Words that a letter stands after which is no initial: "vitamin C. Add"."""
_INITIALISM = re.compile(r"(?:[a-z]{1,2}\.){1,5}[a-z]{1,2}")
_WORD_MARKS = "\"'“‘«‹([{*_~`.,;:!?…"
_EMOJI = re.compile("[\u203c\u2049\u2190-\u21ff\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")
_ENTITY = re.compile(r"&#?\w{1,31};$")
_FACES = (":", ";")  # they begin an emoticon
_NOTES = re.compile(r"(?:\[\^?[\w-]{1,20}\])+$")

LOOKAHEAD_WORDS = 2
"""How many words after a word are looked at where the first character leaves open whether a sentence ends."""

UNSURE: Final = "unsure"
"""The answer of ``ends_if_sure`` when it must be asked again, with the next words."""


def ends_after(word: str, previous: str, first: bool, following: str) -> Break | None:
    """The break after ``word``, or None; ``following`` has the next LOOKAHEAD_WORDS words, or all that is left."""
    ends = ends_if_sure(word, previous, first, f"{following} " if following else "")
    assert ends != UNSURE
    return ends


def ends_if_sure(word: str, previous: str, first: bool, following: str) -> Break | Literal["unsure"] | None:
    """The break after ``word``, or None.

    ``previous`` is the word before it, ``first`` says that none was spoken since the last break. ``following``
    is the next visible character, or "" when only white space was seen for a long way. Where that does not
    tell, the answer is UNSURE; with more than one character it never is.
    """
    if word in _DASHES:
        if len(word) == 1 and following[:1].isdecimal() and _is_term(previous):
            return None  # minus
        return None if first else Break.COLON
    if previous and is_emoji(word):
        ended = None if _EMOJI.match(following) else ends_after(previous, "", False, "A")
        return ended if ended == Break.SENTENCE else None
    opened = word.rstrip(CLOSERS)
    core = opened.rstrip(_MARKS)
    if word[-1] == "]" and (notes := _NOTES.search(word)):
        return ends_if_sure(word[: notes.start()], previous, first, following) if notes.start() else None
    marks, closers = opened[len(core) :], word[len(opened) :]
    if not marks:
        return Break.COLON if word.endswith("—") else None
    last = marks[-1]
    if core.endswith("\\") and last in ",;:":
        return None  # a space in TeX
    if last in ",，、":
        in_date = core[-1:].isdecimal() and following[:1].isdecimal()
        return None if in_date else Break.COMMA
    if last in ";:；：":
        if last == ";" and _ENTITY.search(word):
            return None
        return Break.COLON
    if _EMOJI.match(following) or following[:1] in _FACES:
        return None  # it belongs to the sentence, and ends it
    return _strong_mark_ends(core, marks, closers, previous, first, following)


def _strong_mark_ends(
    core: str, marks: str, closers: str, previous: str, first: bool, following: str
) -> Break | Literal["unsure"] | None:
    lower, word_is_stop = following[:1].islower(), not core and marks == "."
    if any(mark in marks for mark in "!?！？"):
        if following[:1] in _OPERATORS and core[-1:].isalnum() and following:
            return None  # a factorial
        if lower:
            return Break.SENTENCE if marks[-1] in "?？" and not closers else Break.COMMA
        if following[:1].isupper() and _QUOTED.search(closers):
            return UNSURE if len(following) == 1 else Break.COMMA if _names_speaker(following) else Break.SENTENCE
        return Break.SENTENCE
    if word_is_stop and following[:1] == ".":
        return None  # an ellipsis with spaces
    if "…" in marks or len(marks) > 1 or (word_is_stop and previous == "."):
        if following[:1] == "I" and not closers:
            return UNSURE if len(following) == 1 else Break.COLON if _first(following) == "i" else Break.SENTENCE
        return Break.COLON if lower else Break.SENTENCE
    if marks == "。":
        return Break.SENTENCE
    if lower and _QUOTED.search(closers):
        return Break.COMMA
    ends = _full_stop_ends(core.lstrip(_OPENERS), previous, first, following)
    if ends == UNSURE and len(following) != 1:
        return Break.SENTENCE if _first(following) in _STARTERS else None
    return Break.SENTENCE if ends is True else UNSURE if ends == UNSURE else None


def _full_stop_ends(core: str, previous: str, first: bool, following: str) -> bool | Literal["unsure"]:
    """Whether a full stop ends a sentence; unsure when it ends a short form that a capital follows."""
    name, after = core.lower(), following[:1]
    capital: bool | Literal["unsure"] = (
        UNSURE if after.isupper() else not after or not (after.isalnum() or after in "(-–—&/+=")
    )
    if first and _LIST_NUMBER.match(core + "."):
        return False
    if core.isupper() and len(core) > 1 and name.isalpha() and name not in TITLES:
        return True  # an acronym: "EST"
    if name in UNITS_WITH_STOP and previous[-1:].isdecimal():
        return bool(capital)  # whatever follows: no name begins with a unit
    if name in STREETS and core[0].isupper() and (name not in _NEEDS_NAME or _is_name(previous)):
        return capital
    if name in TITLES:
        return not core[0].isupper() and name in WORDS_LIKE_TITLES and not after.isdecimal()
    if len(core) == 1 and core.isupper():
        if after.isdecimal() and core in "NSEW":
            return False
        return after != "(" if (core == "I" and previous[:1].islower()) or previous.lower() in _LABELS else capital
    if name in BEFORE_NUMBERS:
        if after.isupper() and name in _NO_WORDS:
            return UNSURE if len(following) == 1 else not ROMAN.match(following)
        return not (after.isdecimal() or (after == "(" and name in _NO_WORDS))
    if name in _CALENDAR and not core[0].isupper():
        return True
    if name in _NEVER_LAST:
        return False
    if name == "etc":
        return bool(capital)
    if name in ENDING or name in _CALENDAR or name == "v" or _INITIALISM.fullmatch(name):
        return capital
    return True


def _is_term(previous: str) -> bool:
    """Whether a number may be taken from it: "10", "x²", "2^n", "k"."""
    return previous[-1:].isdecimal() or previous[-1:] in tuple("²³") or "^" in previous or previous in _VARIABLES


def _is_name(previous: str) -> bool:
    """Whether a street may be called so: "Elm", "42nd"."""
    return len(previous) > 2 and (previous[0].isupper() or previous[0].isdecimal())


def _first(following: str) -> str:
    """The first word, in lower case, without marks and what is contracted with it."""
    return re.split("['’]", following.split(None, 1)[0].strip(_WORD_MARKS))[0].lower() if following.strip() else ""


def _names_speaker(following: str) -> bool:
    """ "Emma asked": after a quotation the sentence goes on."""
    words = following.split()
    return len(words) > 1 and words[1].strip(_WORD_MARKS) in _SPEECH_VERBS


def is_emoji(word: str) -> bool:
    """Whether ``word`` is an emoticon, or made of emoji or of symbols like them."""
    if word.isascii():
        return word in EMOTICONS
    return _EMOJI.match(word) is not None and not any(map(str.isalnum, word))
