"""Rules for measures: percentages, degrees, units, heights, places on the globe, what is counted per what."""

import re
from typing import TYPE_CHECKING

from speakstream.text import numerals
from speakstream.text.rule import DIGIT, Found, Rule, describes, rule, say, sign
from speakstream.text.units import BARE_RATE, DEGREES, HYPHENED, PER, UNIT, unit_words

if TYPE_CHECKING:
    from speakstream.text.speakable import Speaking

_N = numerals.NUMBER
_MARK = r"((?<![\w)\]])[-−+~±])?"
_HOUR_PARTS = ("hour", "minute", "second")
_PART = r"(\d{1,2}(?:\.\d{1,4})?)"
_FEET = r"(\d{1,2})\s?(?:['′’]|(?:ft|feet|foot)(?:\.|\b),?\s)\s?"
_TURN = re.compile(r"[ -](?:angle|turn|rotation|bend|corner|view)")
_DIRECTIONS = {"N": "north", "S": "south", "E": "east", "W": "west"}


def _measured(speaking: "Speaking", found: Found) -> bool:
    one = found[2] == "1" or describes(speaking) or (found[3] == "°" and _TURN.match(speaking.text, found.end()))
    words = unit_words(found[3], bool(one))
    return say(f"{sign(found[1])}{numerals.decimal(found[2])} {words}", speaking, found)


def _comma_measured(speaking: "Speaking", found: Found) -> bool:
    words = unit_words(found[3], describes(speaking))
    return say(f"{numerals.decimal(f'{found[1]}.{found[2]}')} {words}", speaking, found)


def _hyphened(speaking: "Speaking", found: Found) -> bool:
    return say(f"{numerals.decimal(found[1])} {unit_words(found[2], True)}", speaking, found)


def _length(digits: str, one: str, many: str, describing: bool) -> str:
    return f"{numerals.decimal(digits)} {one if digits == '1' or describing else many}"


def _height(speaking: "Speaking", found: Found) -> bool:
    one = describes(speaking)
    feet, inches = _length(found[1], "foot", "feet", one), _length(found[2], "inch", "inches", one)
    return say(f"{feet} {inches}", speaking, found)


def _inches(speaking: "Speaking", found: Found) -> bool:
    if found[2] == '"' and speaking.text.count('"', 0, found.start()) % 2:
        return False  # it closes a quotation
    return say(_length(found[1], "inch", "inches", describes(speaking)), speaking, found)


def _feet(speaking: "Speaking", found: Found) -> bool:
    return say(_length(found[1], "foot", "feet", describes(speaking)), speaking, found)


def _place(speaking: "Speaking", found: Found) -> bool:
    degrees, minutes, seconds, direction = found.groups()
    if not minutes and not direction:
        return False
    words = [_length(degrees, "degree", "degrees", False)]
    words += [_length(minutes, "minute", "minutes", False)] if minutes else []
    words += [_length(seconds, "second", "seconds", False)] if seconds else []
    words += [_DIRECTIONS[direction]] if direction else []
    return say(" ".join(words), speaking, found)


def _duration(speaking: "Speaking", found: Found) -> bool:
    """1h30, 2h 5m, 5m 30s: of what follows an hour, or comes before seconds, an "m" is a minute."""
    parts = zip(found.groups(), _HOUR_PARTS, strict=True)
    words = [_length(digits, name, f"{name}s", False) for digits, name in parts if digits]
    return len(words) > 1 and say(" ".join(words), speaking, found)


def _per(speaking: "Speaking", found: Found) -> bool:
    return say(f"per {unit_words(found[1], True)}" if found[1] else "per", speaking, found)


def _rate(speaking: "Speaking", found: Found) -> bool:
    return say(unit_words(found[0], False), speaking, found)


measure_rules: tuple[Rule, ...] = (
    rule("place", DIGIT, rf"({_N})°\s?(?:{_PART}['′’]\s?(?:{_PART}(?:[\"″”]|'')\s?)?)?(?:([NSEW])\b)?", _place),
    rule(
        "height",
        DIGIT,
        rf"{_FEET}{_PART}(?:\s?(?:[\"″”]|''|in(?:ch(?:es)?)?\b\.?(?!\w))|(?<=['′’]\d)|(?<=['′’]\d\d))(?!\w|\.\d)",
        _height,
    ),
    rule(
        "duration",
        DIGIT,
        r"(?:(\d{1,3})\s?h(?:rs?)?\s?(?=\d))?(?:(\d{1,2})(?:\s?m(?:ins?)?(?:\s?(?=\d))?|(?![\w:]|[.,]\d)))?(?:(\d{1,2})\s?s)?(?!\w)",
        _duration,
    ),
    rule("inches", DIGIT, rf"({_N})([\"″])(?!\w)", _inches),
    rule("feet", DIGIT, rf"({_N})(?:′|'(?=\s?(?:[x×]\s?\d|by\b|tall\b|high\b|wide\b|long\b|deep\b)))(?!\w)", _feet),
    rule("hyphened measure", DIGIT, rf"({_N})-({HYPHENED})", _hyphened),
    rule("measure", DIGIT + "-−+~±", rf"{_MARK}({_N})({DEGREES}|{UNIT})", _measured),
    rule("measure", DIGIT, rf"(?<!\d,)(\d{{1,4}}),(\d{{1,2}})({DEGREES}|{UNIT})", _comma_measured),
    rule("per", "/", rf"(?<=[\d%kKMBn€£¥₹])/({PER})(?![\w'’])", _per),
    rule("per", "/", r"(?:(?<=[\d%€£¥₹])|(?<=USD|EUR|GBP|CHF))/()(?=[A-Za-z]{2})", _per),
    rule("per", "/", r"(?<=[a-z]{2})/(s|sec|min|hr)(?![\w'’/])", _per),
    rule("rate", "kmcMGKTgLWltrp", BARE_RATE, _rate),
)
