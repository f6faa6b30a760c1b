"""Rules for numbers that are names and count nothing: telephones, versions, addresses, serial numbers, rooms."""

import re
from typing import TYPE_CHECKING

from speakstream.text import numerals
from speakstream.text.rule import DIGIT, Found, Rule, before, rule, say
from speakstream.text.units import unit_follows
from speakstream.text.vocabulary import word_set

if TYPE_CHECKING:
    from speakstream.text.speakable import Speaking

_EMERGENCY = frozenset(("911", "999", "112", "988", "411", "311", "811", "211"))
_CALLED = re.compile(r"(?i:\b(?:call|dial|text|phone|ring|services|emergency|hotline|line)\w{0,3}\W{1,3})$")
_CALL_AFTER = re.compile(r"\s(?:call|operator|dispatch|emergency)")
_IN_PAIRS = word_set(
    "error status http room flight boeing airbus route highway interstate channel bus apartment apt suite unit "
    "extension extensions bureau form gate model code codes zip rtx gtx rx"
)
"""Words after which a number of three or four digits is read in pairs: "error 404"."""

_EUROPEAN = re.compile(r"[1-9]\d{0,2}(?:\.\d{3}){2}")
_SPELLED = frozenset(("code", "codes", "zip"))
_NAMED = re.compile(r"(?:^|[^A-Za-z])([A-Za-z]{2,16})(?: (?:is|was|number|no\.))? $")

VERSIONED = word_set(
    "version versions v release python java javascript node django flask rails ruby perl php go rust kotlin swift "
    "scala typescript ubuntu debian fedora android ios macos windows linux kernel usb bluetooth http tls numpy "
    "pandas scipy pytorch torch tensorflow cuda postgres postgresql mysql sqlite redis nginx docker kubernetes "
    "react angular vue gcc clang cmake pip npm openssl git excel unity unreal minecraft gpt llama hdmi"
)
"""Words after which the parts of a number are numbers, and not a fraction: "Python 3.11"."""


def _groups(text: str) -> str:
    return ", ".join(numerals.spell_digits(group) for group in re.findall(r"\d+", text))


def _spelled(speaking: "Speaking", found: Found) -> bool:
    return say(_groups(found[0]), speaking, found)


def _phone(speaking: "Speaking", found: Found) -> bool:
    """ "+1 415.555.0198", "(212) 555-0147", "1-800-555-0123"."""
    plus, country, area = found[1], found[2], found[3]
    rest = _groups(found[0][found.end(3) - found.start() :])
    if country and area in ("800", "888", "877", "866", "900"):
        head = f"{numerals.spell_digits(country)} {numerals.label(area)}"
    else:
        head = f"{numerals.spell_digits(country)}, " if country else ""
        head += numerals.spell_digits(area)
    return say(f"{'plus ' if plus else ''}{head}, {rest}", speaking, found)


def _toll_free(speaking: "Speaking", found: Found) -> bool:
    """1-800-FLOWERS: the letters are said as words are."""
    return say(f"one {numerals.label(found[1])}", speaking, found)


def _foreign_phone(speaking: "Speaking", found: Found) -> bool:
    return say(f"plus {_groups(found[0])}", speaking, found)


def _emergency(speaking: "Speaking", found: Found) -> bool:
    if found[0] not in _EMERGENCY:
        return False
    if not _CALLED.search(before(speaking, found)) and not _CALL_AFTER.match(speaking.text, found.end()):
        return False
    return say(numerals.spell_digits(found[0]), speaking, found)


def _dotted(speaking: "Speaking", found: Found) -> bool:
    """A version of three parts or more; four are an address, perhaps with a port or the length of a mask."""
    lead, digits, sign, more = found.groups()
    if digits.count(".") == 3:
        words = " dot ".join(numerals.cardinal(part) for part in digits.split("."))
        words += f" {'port' if sign == ':' else 'slash'} {numerals.label(more)}" if more else ""
        return say(words, speaking, found)
    if not lead and _EUROPEAN.fullmatch(digits):
        return more is None and say(numerals.cardinal(digits), speaking, found)  # 1.000.000
    return more is None and say(("version " if lead else "") + numerals.version(digits), speaking, found)


def _lettered_version(speaking: "Speaking", found: Found) -> bool:
    return say(f"version {numerals.version(found[1])}", speaking, found)


def _version(speaking: "Speaking", found: Found) -> bool:
    return speaking.previous in VERSIONED and say(numerals.version(found[0]), speaking, found)


def _label(speaking: "Speaking", found: Found) -> bool:
    named = _NAMED.search(before(speaking, found))
    name = named[1].lower() if named else ""
    if name not in (_SPELLED if len(found[0]) > 4 else _IN_PAIRS) or unit_follows(speaking.text, found.end()):
        return False
    return say(numerals.label(found[0]), speaking, found)


def _retirement(speaking: "Speaking", found: Found) -> bool:
    return say(f"{numerals.label(found[1])} {found[2]}", speaking, found)


def _scan_lines(speaking: "Speaking", found: Found) -> bool:
    return say(f"{numerals.label(found[1])} {found[2]}", speaking, found)


def _hash(speaking: "Speaking", found: Found) -> bool:
    """A long string of hexadecimal digits is named by its beginning; a short one is spelled."""
    text = found[0]
    if len(text) >= 16:
        return say(f"code beginning {_letters(text[:4])}", speaking, found)
    return say(_letters(text), speaking, found)


def _identifier(speaking: "Speaking", found: Found) -> bool:
    return say(f"U U I D beginning {_letters(found[0][:4])}", speaking, found)


def _hexadecimal(speaking: "Speaking", found: Found) -> bool:
    return say(f"hex {_letters(found[1])}", speaking, found)


def _machine(speaking: "Speaking", found: Found) -> bool:
    return say(", ".join(_letters(part) for part in re.split("[:-]", found[0])), speaking, found)


def _letters(text: str) -> str:
    return " ".join(numerals.DIGITS[int(char)] if char.isdecimal() else char.upper() for char in text)


def _color(speaking: "Speaking", found: Found) -> bool:
    name = "" if speaking.previous in ("color", "colour") else "color "
    return say(name + _letters(found[1]), speaking, found)


def _number_sign(speaking: "Speaking", found: Found) -> bool:
    return say(f"number {numerals.cardinal(found[1])}", speaking, found)


def _long(speaking: "Speaking", found: Found) -> bool:
    """A long number with nothing between its digits is a code, unless it is round."""
    return not found[0].endswith("000") and say(numerals.spell_digits(found[0]), speaking, found)


def _letter_range(speaking: "Speaking", found: Found) -> bool:
    return say(f"{found[1]} to {found[2]}", speaking, found)


def _label_range(speaking: "Speaking", found: Found) -> bool:
    """ "Q1–Q3": the letters are the same."""
    letters = " ".join(found[1])
    return say(f"{letters} {numerals.cardinal(found[2])} to {numerals.cardinal(found[3])}", speaking, found)


def _grade(speaking: "Speaking", found: Found) -> bool:
    return say(f"{found[1]} minus", speaking, found)


def say_mixed(speaking: "Speaking", found: Found) -> bool:
    return say(numerals.mixed(found[0]), speaking, found)


_HEX_TAIL = r"(?![\w]|-\w|\.\w)"

label_rules: tuple[Rule, ...] = (
    rule("UUID", DIGIT + "abcdefABCDEF", r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?!\w)", _identifier),
    rule(
        "machine",
        DIGIT + "abcdefABCDEF",
        r"[0-9a-fA-F]{2}([:-])(?:[0-9a-fA-F]{2}\1){4}[0-9a-fA-F]{2}(?![\w:-])",
        _machine,
    ),
    rule("hexadecimal", "0", r"0[xX]([0-9a-fA-F]{1,16})(?!\w)", _hexadecimal),
    rule(
        "hash", DIGIT + "abcdef", rf"(?=[0-9]{{0,64}}+[a-f])(?=[a-f]{{0,64}}+[0-9])[0-9a-f]{{7,64}}+{_HEX_TAIL}", _hash
    ),
    rule("color", "#", r"#([0-9a-fA-F]{6}|(?=[a-fA-F]*\d)[0-9]*[a-fA-F][0-9a-fA-F]{5,7})(?!\w)", _color),
    rule("phone", DIGIT + "+(", r"(?:(\+)?(\d{1,2})[-. ])?\(?(\d{3})(?:\) ?|[-. ])\d{3}[-. ]\d{4}(?![\w-])", _phone),
    rule("phone", "1", r"1[- ](8(?:00|33|44|55|66|77|88))[- ](?=[A-Z]{3})", _toll_free),
    rule("phone", DIGIT, r"\d{3}-\d{4}(?![\w-])", _spelled),
    rule("phone", DIGIT, r"0\d{2,4}(?:[ -]\d{3,4}){1,3}(?![\w-])", _spelled),
    rule("phone", "+", r"\+\d{1,3}(?:[-. ]?\(?\d{1,4}\)?){1,5}(?!\w)", _foreign_phone),
    rule("card", DIGIT, r"\d{4}(?:[ -]\d{4}){2,4}(?![\w-])", _spelled),
    rule("digits in groups", DIGIT, r"(?=[\d-]{9})\d{1,12}(?:-\d{1,12}){2,8}(?:-[Xx])?(?![\w-])", _spelled),
    rule("emergency", DIGIT, r"\d{3}(?![\w%°:/+-]|[,.]\d)", _emergency),
    rule("dotted", DIGIT + "vV", r"([vV]?)(\d{1,9}(?:\.\d{1,9}){2,8})(?:([:/])(\d{1,5}))?(?![\w/]|\.\d)", _dotted),
    rule("version", "vV", r"[vV](\d{1,9}(?:\.\d{1,9}){0,8})(?!\w)", _lettered_version),
    rule("version", DIGIT, r"\d{1,4}\.\d{1,4}(?![\w%°/]|\.\d)", _version),
    rule("label", DIGIT, r"\d{3,5}(?![\w%°:/]|[,.]\d|\s?[-–—]\s?\d)", _label),
    rule("plan", DIGIT, r"(\d{3})\(([a-z])\)", _retirement),
    rule("lines", DIGIT, r"(\d{3,4})([pi])(?!\w)", _scan_lines),
    rule("number", "#", r"#(\d{1,18})(?!\w)", _number_sign),
    rule("long number", DIGIT, r"\d{8,}+(?![\w%°/]|[,.]\d)", _long),
    rule("letter range", "AaKPT", r"([A-Za-z])(?:–|-(?=[Zz]\b))([A-Za-z])(?![\w-])", _letter_range),
    rule("label range", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", r"([A-Z]{1,2})(\d{1,3})[-–]\1(\d{1,3})(?![\w-])", _label_range),
    rule("grade", "ABCDF", r"([A-DF])[-−](?![\w-]|\s?\d)", _grade),
)
