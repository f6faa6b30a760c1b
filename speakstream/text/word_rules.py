"""Rules for words that are not said as they are spelled: short forms, initials, acronyms, stretched words, scripts."""

import re
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING

from speakstream.text.acronyms import SAID, is_shouted, read_capitals, spelled
from speakstream.text.code_names import read_identifier
from speakstream.text.label_rules import say_mixed
from speakstream.text.link_rules import say_identifier
from speakstream.text.rule import LATIN, LETTERS, WIDE, Found, Rule, rule, say
from speakstream.text.short_forms import (
    BEFORE_NUMBERS,
    DAYS,
    DIRECTIONS,
    ENDING,
    INITIALISMS,
    INWARD,
    MONTHS,
    ROMAN,
    STREETS,
    TITLES,
    TITLES_WITHOUT_STOP,
    WITH_CAPITAL,
    WITHOUT_STOP,
    WORDS_LIKE_TITLES,
)
from speakstream.text.stretched import unstretched
from speakstream.text.vocabulary import GREEK

if TYPE_CHECKING:
    from speakstream.text.speakable import Speaking

CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_STREET_NAMES = "|".join([*map(str.title, STREETS), *STREETS.values()])
_STREET_WORDS = frozenset(map(str.lower, STREETS.values()))
_AFTER_NAME = re.compile(r"(?:[A-Z][\w'’-]*|\d(?:st|nd|rd|th))[.,]? $")
_ONE_WORD = re.compile(
    "iPhone|iPad|iPod|iMac|iCloud|iTunes|eBay|eBook|JavaScript|TypeScript|GitHub|YouTube|LinkedIn|LaTeX|PayPal|WiFi|McCoy|"
    "(?:Mc|Mac|Fitz|De|Di|Du|La|Le|Van|O)[A-Z][a-z]+|TikTok|PlayStation|FedEx|WhatsApp|MasterCard|PowerPoint"
)
"""Names with capitals within that are one word; all others are read part by part, like names from code."""

_CLOSING = " \t\n*_\"')]”’"


_SLASHED = {
    "w/o": "without", "b/c": "because", "b/w": "between", "c/o": "care of", "s/he": "she or he", "n/a": "N A",
}  # fmt: skip

# Short forms


def _initialism(speaking: "Speaking", found: Found) -> bool:
    name = found[0].lower().rstrip(".")
    return say(INITIALISMS.get(name) or found[0].upper().replace(".", " ").strip(), speaking, found)


def _initial(speaking: "Speaking", found: Found) -> bool:
    return say(found[1], speaking, found)


def _direction(speaking: "Speaking", found: Found) -> bool:
    return say(DIRECTIONS[found[1].lower()], speaking, found)


def _direction_after(speaking: "Speaking", found: Found) -> bool:
    name = found[0].replace(".", "").lower()
    return speaking.previous in _STREET_WORDS and say(DIRECTIONS[name], speaking, found)


def _with(speaking: "Speaking", found: Found) -> bool:
    return say(_SLASHED.get(found[0].lower(), "with"), speaking, found)


def _short_form(speaking: "Speaking", found: Found) -> bool:
    word, stop = found[1], bool(found[2])
    name, text = word.lower(), speaking.text
    if word.isupper() and name not in TITLES and name not in DIRECTIONS:
        return False  # an acronym: "EST"
    after = text[found.end() : found.end() + 3].lstrip(" \n")[:1]
    if after == "(" and name in BEFORE_NUMBERS:
        after = text[found.end() : found.end() + 3].lstrip(" \n(")[:1]  # "Eq. (3)"
    for reading in _READINGS:
        if words := reading(name, word, stop, after, text, found.start()):
            speaking.say(words, found.start(), found.end())
            if stop and not text[found.end() :].strip(_CLOSING):
                speaking.mark(".")
            return True
    return False


def _title(name: str, word: str, stop: bool, after: str, text: str, at: int) -> str:
    if name not in TITLES or not (stop or name in TITLES_WITHOUT_STOP):
        return ""
    if word[0].isupper() and after.isupper():
        return "" if name in STREETS and _follows_name(text, at) and not _begins_sentence(text, at) else TITLES[name]
    if name in WORDS_LIKE_TITLES or (name in STREETS and word[0].isupper() and _follows_name(text, at)):
        return ""
    return TITLES[name] if stop or name in ("mr", "mrs") else ""


def _street(name: str, word: str, stop: bool, after: str, text: str, at: int) -> str:
    if not (name in STREETS and word[0].isupper() and (stop or not after.isupper())):
        return ""
    return STREETS[name] if _follows_name(text, at) or (stop and name in ("blvd", "ave", "rd", "pkwy", "hwy")) else ""


def _follows_name(text: str, at: int) -> bool:
    return _AFTER_NAME.search(text, max(at - 24, 0), at) is not None


def _begins_sentence(text: str, at: int) -> bool:
    """Whether the name before ``at`` is no more than a greeting's or a sentence's first word: "Hello Dr. Lee"."""
    return " " not in text[:at].strip() and not text[:at].strip()[:1].isdecimal()


def _before_number(name: str, word: str, stop: bool, after: str, text: str, at: int) -> str:
    if name not in BEFORE_NUMBERS or not (stop or name == "fig"):
        return ""
    numbered = after.isdecimal() or ROMAN.match(text[at : at + 16].partition(" ")[2])
    return BEFORE_NUMBERS[name] if numbered else ""


def _calendar(name: str, word: str, stop: bool, after: str, text: str, at: int) -> str:
    if not word[0].isupper():
        return ""
    if name in MONTHS:
        return MONTHS[name] if stop or after.isdecimal() else ""
    return DAYS.get(name, "") if stop else ""


def _versus(name: str, word: str, stop: bool, after: str, text: str, at: int) -> str:
    return "versus" if word == "v" and stop and after.isupper() and at > 0 else ""


def _general(name: str, word: str, stop: bool, after: str, text: str, at: int) -> str:
    if name in WITH_CAPITAL and not word[0].isupper():
        return ""
    if name == "min" and text[max(at - 2, 0) : at] in ("a ", "A "):
        return ""  # a minute
    if name == "aka":
        return INWARD["a.k.a"]
    return INWARD.get(name) or ENDING.get(name) or "" if stop or name in WITHOUT_STOP else ""


_READINGS: tuple[Callable[[str, str, bool, str, str, int], str], ...] = (
    _title,
    _street,
    _before_number,
    _calendar,
    _versus,
    _general,
)
"""Given the name in lower case, the word, whether a full stop follows, the character after, the text and the place."""


# Words


def _capitals(speaking: "Speaking", found: Found) -> bool:
    shouted = is_shouted(speaking.text, found.start(), found.end())
    if found[0] == "US" and not speaking.previous:
        shouted = False  # "us" never comes first
    return say(read_capitals(found[0], shouted), speaking, found)


def _ampersands(speaking: "Speaking", found: Found) -> bool:
    """ "R&D": all letters."""
    firms = [spelled(part) for part in found[1].split("&")]
    ending = "'s" if found[2] else ""
    return say(" and ".join(firms) + ending, speaking, found)


def _shouted_contraction(speaking: "Speaking", found: Found) -> bool:
    words = found[0].lower().replace("’", "'")
    return say(words.capitalize() if words[:2] in ("i'", "o'") else words, speaking, found)


def _special(speaking: "Speaking", found: Found) -> bool:
    return say(SAID[found[1]] + ("'s" if found[2] else ""), speaking, found)


def _joined(speaking: "Speaking", found: Found) -> bool:
    """ "onClick", "MySQL": a word with capitals within is read part by part."""
    if _ONE_WORD.fullmatch(found[1].removesuffix("s")) or _ONE_WORD.fullmatch(found[1]):
        return False
    words, ending = read_identifier(found[1]), "'s" if found[2] else ""  # of the lexicon, whole words only
    return say(words + ending, speaking, found)


def _stretched(speaking: "Speaking", found: Found) -> bool:
    words = unstretched(found[0])
    return bool(words) and say(words, speaking, found)


def _letters(speaking: "Speaking", found: Found) -> bool:
    return say(spelled(found[0]), speaking, found)


def _and(speaking: "Speaking", found: Found) -> bool:
    return say("and", speaking, found)


def _word(speaking: "Speaking", found: Found) -> bool:
    if ("-" in found[0] or "‐" in found[0] or "‑" in found[0]) and _by_parts(speaking, found):
        return True
    word = found[0].replace("’", "'").replace("‑", "-").replace("‐", "-")
    if not word.isascii():
        word = unicodedata.normalize("NFKC", word.replace("\u00ad", "").replace("\u200b", ""))
        if not any(map(str.isalpha, word)):
            return True  # combining marks on nothing
    return say(word, speaking, found)


def _by_parts(speaking: "Speaking", found: Found) -> bool:
    """A word with hyphens is said part by part if a part is in the lexicon or has capitals within."""
    parts = [part.span() for part in re.finditer("[^-‐‑]+", found[0])]
    if len(parts) < 2:
        return False
    words = [found[0][start:end] for start, end in parts]
    if not any(speaking.lexicon.respell(word) or (len(word) > 1 and not word[1:].islower()) for word in words):
        return False
    for (start, end), word in zip(parts, words, strict=True):
        if entry := speaking.lexicon.respell(word):
            speaking.say(entry, found.start() + start, found.start() + end)
        else:
            speaking.inside(found.start() + start, found.start() + end)
    return True


def _prefix(speaking: "Speaking", found: Found) -> bool:
    return say(found[0].removesuffix("-"), speaking, found)  # "mid-1990s": the number has its own rule


def _plural_option(speaking: "Speaking", found: Found) -> bool:
    return say(f"{found[1]}s", speaking, found)


def _sharp(speaking: "Speaking", found: Found) -> bool:
    words = {"+": "plus", "++": "plus plus", "#": "sharp"}[found[2]]
    return say(f"{found[1]} {words}", speaking, found)


def _greek(speaking: "Speaking", found: Found) -> bool:
    return say(GREEK[found[0]], speaking, found)


def _styled(speaking: "Speaking", found: Found) -> bool:
    """Letters of mathematics used as bold or italic type."""
    word = unicodedata.normalize("NFKC", found[0])
    return word.isascii() and say(read_identifier(word), speaking, found)


def _foreign(speaking: "Speaking", found: Found) -> bool:
    speaking.silent(found.start(), found.end())
    return True


word_rules: tuple[Rule, ...] = (
    rule("special", LETTERS, rf"({'|'.join(SAID)})(s|['’]s)?(?!\w)", _special),
    rule(
        "direction",
        "NSEW",
        rf"([NS]\.?[EW]|[NSEW])\b\.?(?=\s(?:[A-Z][a-z]+|\d+(?:st|nd|rd|th))(?:\s[A-Z][a-z]+){{0,2}}\s(?:{_STREET_NAMES})\b)",
        _direction,
    ),
    rule("direction", "NS", r"[NS]\.?[EW]\b\.?", _direction_after),
    rule(
        "initialism",
        LETTERS,
        r"(?:Ph|Ed|Psy)\.D\b\.?|(?:LL|M|B)\.(?:Sc|Ed|Phil|B|M)\b\.?|(?:e\.g|i\.e|E\.g|I\.e)\b\.?|(?:[A-Za-z]\.){2,}(?![A-Za-z])",
        _initialism,
    ),
    rule("initialism", LETTERS, r"([AaPp]\.[Mm])\b(?!\.)", _initialism),
    rule("initial", CAPITALS, r"([A-Z])\.(?=\s?[A-Z])", _initial),
    rule("short form", "wbcsnWBCSN", rf"(?i:{'|'.join(_SLASHED)})(?!\w)|[wW]/(?=\s|[a-z]{{2}})", _with),
    rule("short form", LETTERS, r"([A-Za-z]++)(\.?)(?![\w'’-])", _short_form),
    rule("sharp", CAPITALS, r"([A-Z])(\+\+|\+|#)(?!\w)", _sharp),
    rule("and", "'’‘", r"['’‘][nN]['’](?!\w)", _and),
    rule("ampersand", CAPITALS, r"([A-Z]{1,3}(?:&[A-Z]{1,3})+)(['’]?s)?(?!\w)", _ampersands),
    rule("dotted name", LETTERS, r"[A-Za-z]\w*+(?:\.[A-Za-z]\w*+)+", say_identifier),
    rule("prefix", LETTERS, r"[A-Z]?[a-z]{2,}-(?=['’]?\d)", _prefix),
    rule("mixed", LETTERS, r"[A-Za-z]++(?:-[A-Za-z]++)*+-?\d[A-Za-z0-9]*+(?:[-.][A-Za-z0-9]++)*+", say_mixed),
    rule("plural option", LETTERS, r"([A-Za-z]++)\(s\)", _plural_option),
    rule("letters", "wW", r"[wW]{3}(?!\w)", _letters),
    rule("letters", "T", r"TL;DR\b", _letters),
    rule("stretched", LETTERS, r"(?=[A-Za-z]*?([A-Za-z])\1\1)[A-Za-z]++(?![\w'’])", _stretched),
    rule("contraction", CAPITALS, r"[A-Z]++['’](?:[A-CE-RT-Z]|[A-Z]{2,})(?:['’][A-Z])?(?!\w)", _shouted_contraction),
    rule("capitals", CAPITALS, r"[A-Z]{2,}+(?:['’][sSdD]|s)?(?!\w)", _capitals),
    rule("joined", LETTERS, r"([A-Za-z][a-z]*+[A-Z][A-Za-z]*+|[A-Z]{2,}+[a-z]++[A-Za-z]*+)(['’]s)?(?![\w])", _joined),
    rule("word", LETTERS, rf"[{LATIN}]++(?:[-‐‑'’][{LATIN}]++)*+", _word),
    rule("styled", WIDE, "[\U0001d400-\U0001d7ffⒶ-ⓩ]++", _styled),
    rule("greek", WIDE, rf"[{''.join(GREEK)}](?![^\W\d_{LATIN}])", _greek),
    rule("script", WIDE, rf"(?:(?![{LATIN}])[^\W\d_])++", _foreign),
)
