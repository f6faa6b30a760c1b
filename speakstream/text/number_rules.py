"""Rules for numbers: ranges, scores, fractions, ratios, ordinals, and those that only count; and the order of all.

What numbers are made into has rules of its own: ``date_rules``, ``label_rules``, ``maths_rules``, ``money_rules``,
``measure_rules``, ``roman_rules``, ``chemistry``.
"""

import re
import unicodedata
from typing import TYPE_CHECKING

from speakstream.text import numerals
from speakstream.text.chemistry import chemistry_rules
from speakstream.text.date_rules import date_rules, year_rules
from speakstream.text.label_rules import label_rules, say_mixed
from speakstream.text.maths_rules import maths_rules
from speakstream.text.measure_rules import measure_rules
from speakstream.text.money_rules import money_rules
from speakstream.text.roman_rules import roman_rules
from speakstream.text.rule import DIGIT, WIDE, Found, Rule, before, describes, rule, say, sign
from speakstream.text.units import DEGREES, UNIT, unit_words
from speakstream.text.vocabulary import SYMBOLS, word_set

if TYPE_CHECKING:
    from speakstream.text.speakable import Speaking

_N = numerals.NUMBER
_UNIT = rf"({DEGREES}|{UNIT})"
_OPERATION = word_set("equals plus minus times over")
_SCORED = re.compile(r"\b(?:scor|rat|grad|mark|gave|give|got|gets|earn|quiz|test|exam)", re.IGNORECASE)
_VULGAR = {
    "½": (1, 2), "¼": (1, 4), "¾": (3, 4), "⅓": (1, 3), "⅔": (2, 3), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8),
    "⅞": (7, 8), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5), "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅑": (1, 9),
    "⅒": (1, 10), "⅐": (1, 7),
}  # fmt: skip
_IDIOMS = frozenset((("24", "7"), ("9", "11"), ("20", "20")))
"""Pairs that are neither fractions nor scores; so is any pair that makes a hundred, 80/20, and a meter, 4/4 time."""


def _range(speaking: "Speaking", found: Found) -> bool:
    mark, low, low_unit, dash, high_mark, high, high_unit = found.groups()
    if "-" in dash and (speaking.previous in _OPERATION or (len(dash) > 1 and not low_unit)):
        return False  # 5-3 = 2, 10 - 3
    if low == high == "50":
        return say("fifty fifty", speaking, found)
    one = describes(speaking)
    first = sign(mark) + numerals.decimal(low)
    second = sign(high_mark) + numerals.decimal(high)
    if low_unit and low_unit.strip() != (high_unit or "").strip():
        first += f" {unit_words(low_unit, low == '1')}"
    if high_unit:
        second += f" {unit_words(high_unit, high == '1' or one)}"
    return say(f"{first} to {second}", speaking, found)


def _joined(speaking: "Speaking", found: Found) -> bool:
    """4-4-2."""
    return say(" ".join(map(numerals.cardinal, found[0].split("-"))), speaking, found)


def _ordinal_range(speaking: "Speaking", found: Found) -> bool:
    return say(f"{numerals.ordinal(found[1])} to {numerals.ordinal(found[2])}", speaking, found)


def _ordinal(speaking: "Speaking", found: Found) -> bool:
    return say(numerals.ordinal(found[1]), speaking, found)


def _round(speaking: "Speaking", found: Found) -> bool:
    words = {"10": "tens", "100": "hundreds"}
    return say(words.get(found[1], "thousands"), speaking, found)


def _ratio(speaking: "Speaking", found: Found) -> bool:
    return say(" to ".join(numerals.cardinal(part) for part in found[0].split(":")), speaking, found)


def _mixed_fraction(speaking: "Speaking", found: Found) -> bool:
    words = f"{numerals.cardinal(found[1])} and {numerals.fraction(found[2], found[3])}"
    return say(words + _of_what(found[4], describes(speaking)), speaking, found)


def _of_what(unit: str | None, one: bool) -> str:
    return f" {unit_words(unit, one)}" if unit else ""


def _fraction(speaking: "Speaking", found: Found) -> bool:
    top, bottom, unit = found.groups()
    above, below = int(top), int(bottom)
    if (
        (top, bottom) in _IDIOMS
        or speaking.text.startswith(" time", found.end())
        or (above + below == 100 and above >= below and not unit)
    ):
        return say(f"{numerals.cardinal(top)} {numerals.cardinal(bottom)}", speaking, found)
    likely = below > 20 and above > 1 and below not in (32, 64)
    scored = below >= 5 and above <= below and (likely or _SCORED.search(before(speaking, found, 40)))
    if not unit and (above == below or scored or (above > below and below in (5, 10))):
        return say(f"{numerals.cardinal(top)} out of {numerals.cardinal(bottom)}", speaking, found)
    if above > below:
        return say(f"{numerals.cardinal(top)} over {numerals.cardinal(bottom)}", speaking, found)
    return say(numerals.fraction(top, bottom) + _of_what(unit, True), speaking, found)


def _always(speaking: "Speaking", found: Found) -> bool:
    return say("twenty-four seven, three sixty-five", speaking, found)


def _score(speaking: "Speaking", found: Found) -> bool:
    """4.5/5."""
    return say(f"{numerals.decimal(found[1])} out of {numerals.decimal(found[2])}", speaking, found)


def _vulgar(speaking: "Speaking", found: Found) -> bool:
    top, bottom = _VULGAR[found[2]]
    whole = f"{numerals.cardinal(found[1])} and " if found[1] else ""
    one = not found[1] or describes(speaking)
    return say(whole + numerals.fraction(str(top), str(bottom)) + _of_what(found[3], one), speaking, found)


def _scaled(speaking: "Speaking", found: Found) -> bool:
    mark, digits, scale, more = found.groups()
    if scale == "K" and len(digits) == 1:
        return False  # 4K is a resolution
    words = f"{sign(mark)}{numerals.decimal(digits)} {numerals.SCALES[scale]}"
    return say(words + " plus" if more else words, speaking, found)


def _number(speaking: "Speaking", found: Found) -> bool:
    return say(sign(found[1]) + numerals.decimal(found[2]), speaking, found)


def _to(speaking: "Speaking", found: Found) -> bool:
    return say("to", speaking, found)


def _other_digits(speaking: "Speaking", found: Found) -> bool:
    """Digits of other scripts, raised and lowered ones."""
    if found[0] in SYMBOLS:
        return False
    if "①" <= found[0] <= "⑳":
        return say(numerals.cardinal(str(int(unicodedata.numeric(found[0])))), speaking, found)
    digits = "".join(str(unicodedata.digit(char)) for char in found[0])
    return say(numerals.cardinal(digits), speaking, found)


_MARK = r"((?<![\w)\]])[-−+~±])?"

number_rules: tuple[Rule, ...] = (
    *date_rules,
    *label_rules,
    *roman_rules,
    rule("hundreds", DIGIT, r"(10|100|1,?000)s(?=\s+of\b)", _round),
    rule("numbers joined", DIGIT, r"\d{1,3}(?:-\d{1,3}){2,8}(?![\w-])", _joined),
    rule(
        "range",
        DIGIT + "-−+~±",
        rf"{_MARK}({_N}){_UNIT}?(-|\s?[–—]\s?|\s-\s)((?<=[–—])[-−]|)({_N}){_UNIT}?(?!\w|-\d|[.,:/]\d|\s?=)",
        _range,
    ),
    *maths_rules,
    *money_rules,
    *measure_rules,
    *year_rules,
    rule("ordinals", DIGIT, r"(\d++)(?:st|nd|rd|th)\s?[-–—]\s?(\d++)(?:st|nd|rd|th)(?!\w)", _ordinal_range),
    rule("ordinal", DIGIT, r"(\d{1,3}(?:,\d{3})++|\d++)(?:st|nd|rd|th)(?!\w)", _ordinal),
    rule("idiom", "2", r"24/7/365(?!\w)", _always),
    rule("score", DIGIT, r"(\d{1,3}\.\d{1,2})/(\d{1,3})(?![\w/]|[.,]\d)", _score),
    rule("fraction", DIGIT, rf"(\d{{1,4}})[ -](\d{{1,2}})/(\d{{1,2}})(?!\d|/){_UNIT}?", _mixed_fraction),
    rule("fraction", DIGIT, rf"(?<!/)(\d{{1,4}})/(\d{{1,4}})(?!\d|/|[.,]\d){_UNIT}?", _fraction),
    rule("fraction", DIGIT + "".join(_VULGAR), rf"(?:(\d{{1,6}})\s?)?([{''.join(_VULGAR)}]){_UNIT}?", _vulgar),
    rule("ratio", DIGIT, r"\d{1,4}(?::\d{1,4}){1,4}(?![\w:])", _ratio),
    rule("scale", DIGIT + "-−+~±", rf"{_MARK}({_N})(k|K|M|B|T|bn)(\+)?(?![\w])", _scaled),
    rule("to", "-–—", r"(?<=[\d%°])[-–—](?=\d)|(?<=\d\s)[–—](?=\s\d)", _to),
    rule("mixed", DIGIT, r"\d+[A-Za-z][A-Za-z0-9]*+(?:-[A-Za-z0-9]++)*+", say_mixed),
    *chemistry_rules,
    rule("number", DIGIT + "-−+~±.", rf"{_MARK}({_N}|\.\d++)", _number),
    rule("digits", (WIDE, DIGIT), r"[\d⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉]++|[①-⑳]", _other_digits),
)
