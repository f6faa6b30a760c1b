"""Rules for numbers and all that is made of them: dates, times, money, measures, fractions, years."""

import re
import unicodedata
from typing import TYPE_CHECKING

from speakstream.text import numerals
from speakstream.text.rule import ANY, DIGIT, LETTERS, Found, Rule, rule, say
from speakstream.text.vocabulary import NEVER_SPACED, SPACED_ONLY, SYMBOLS, UNITS, word_set

if TYPE_CHECKING:
    from speakstream.text.speakable import Speaking

_N = r"(?:\d{1,3}(?:,\d{3})++(?!\d)|\d++)(?:\.\d++)?"
_CURRENCY = r"US\$|[$€£¥₹₩₽₿]"
_SCALE = r"\s?(?:(?:hundred|thousand|million|billion|trillion)\b|(?:bn|[kKMBT])\b)"
_UNIT_NAMES = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
_UNIT = rf"(?:{_UNIT_NAMES})(?![A-Za-z0-9µμΩ]|\.[A-Za-z])(?:²|³|\^[23])?"
_DASH = r"\s?[-–—−]\s?"
_NOT_PLURAL = word_set("was is has as its this his was's us plus thus yes perhaps always")
_BEFORE_YEARS = word_set("in since by from until till of during after before circa around year early late")


def _hash_number(speaking: "Speaking", found: Found) -> bool:
    return say(f"number {numerals.cardinal(found[1])}", speaking, found)


def _sign(sign: str | None) -> str:
    return {
        "-": "minus ",
        "−": "minus ",
        "–": "minus ",
        "+": "plus ",
        "±": "plus or minus ",
        "~": "about ",
    }.get(sign or "", "")


def _date_iso(speaking: "Speaking", found: Found) -> bool:
    month, day = int(found[2]), int(found[3])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return False
    return say(numerals.date(found[1], month, day), speaking, found)


def _date_us(speaking: "Speaking", found: Found) -> bool:
    month, day = int(found[1]), int(found[2])
    if month > 12 and day <= 12:
        month, day = day, month
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return False
    return say(numerals.date(found[3], month, day), speaking, found)


def _dotted(speaking: "Speaking", found: Found) -> bool:
    word = " dot " if found[0].count(".") == 3 else " point "
    version = "version " if found[1] and found[1] in "vV" else ""
    return say(version + word.join(numerals.cardinal(part) for part in found[2].split(".")), speaking, found)


def _phone(speaking: "Speaking", found: Found) -> bool:
    groups = re.findall(r"\d+", found[0])
    return say(", ".join(numerals.spell_digits(group) for group in groups), speaking, found)


def _time(speaking: "Speaking", found: Found) -> bool:
    if int(found[1]) > 24 or int(found[2]) > 59:
        return False
    words = numerals.clock(found[1], found[2], "" if found[3] else found[4] or "")
    if found[3]:
        words += f" and {numerals.cardinal(found[3].lstrip('0') or '0')} seconds"
    return say(words, speaking, found)


def _hour(speaking: "Speaking", found: Found) -> bool:
    return int(found[1]) <= 12 and say(numerals.clock(found[1], "", found[2]), speaking, found)


def _ratio(speaking: "Speaking", found: Found) -> bool:
    return say(" to ".join(numerals.cardinal(part) for part in found[0].split(":")), speaking, found)


def _money_range(speaking: "Speaking", found: Found) -> bool:
    sign = "$" if found[1] == "US$" else found[1]
    first = numerals.decimal(found[2])
    return say(f"{first} to {numerals.money(sign, found[3], (found[4] or '').strip())}", speaking, found)


def _money(speaking: "Speaking", found: Found) -> bool:
    words = numerals.money(found[2], found[3], (found[4] or "").strip())
    return say(_sign(found[1]) + words, speaking, found)


def _money_after(speaking: "Speaking", found: Found) -> bool:
    sign = numerals.CURRENCY_CODES.get(found[3], found[3])
    if sign == "¢":
        return say(f"{numerals.decimal(found[1])} {'cent' if found[1] == '1' else 'cents'}", speaking, found)
    return say(numerals.money(sign, found[1], (found[2] or "").strip()), speaking, found)


def _money_code(speaking: "Speaking", found: Found) -> bool:
    sign = numerals.CURRENCY_CODES[found[1]]
    return say(numerals.money(sign, found[2], (found[3] or "").strip()), speaking, found)


def _unit_words(unit: str, digits: str, spaced: bool) -> str:
    """The unit's name after a number; "" when it is more likely a word or a scale."""
    base = unit.rstrip("²³")
    power = unit[len(base) :]
    if "^" in base:
        base, _, power = base.partition("^")
    power = {"²": "square ", "2": "square ", "³": "cubic ", "3": "cubic "}.get(power, "")
    if (base in SPACED_ONLY and not spaced) or (base in NEVER_SPACED and spaced):
        return ""
    one, many = UNITS[base]
    return power + (one if digits in ("1", "1.0") else many)


def _measure(digits: str, end: str, spaced: bool) -> str | None:
    """What follows a number: a percent sign, degrees or a unit; None when it is none of them."""
    if end == "%":
        return " percent"
    if end[0] == "°":
        scale = {"C": " Celsius", "F": " Fahrenheit", "K": " Kelvin"}.get(end[1:].strip().upper(), "")
        return f" {'degree' if digits == '1' else 'degrees'}{scale}"
    base, slash, per = end.partition("/")
    words = _unit_words(base, digits, spaced)
    if not words:
        return None
    if slash:
        name = _unit_words(per, "1", False)
        if not name:
            return None
        words += f" per {name}"
    return f" {words}"


def _range(speaking: "Speaking", found: Found) -> bool:
    first, second = found[1], found[2]
    years = len(first) == 4 and len(second) in (2, 4) and first.isdecimal() and 1100 <= int(first) <= 2099
    if years and second.isdecimal() and not found[4]:
        return say(f"{numerals.year(first)} to {numerals.year(second)}", speaking, found)
    measure = ""
    if found[4]:
        read = _measure(second, found[4], bool(found[3]))
        if read is None:
            return False
        measure = read
    return say(f"{numerals.decimal(first)} to {numerals.decimal(second)}{measure}", speaking, found)


def _measured(speaking: "Speaking", found: Found) -> bool:
    digits = found[2]
    measure = _measure(digits, found[4], bool(found[3]))
    if measure is None:
        return False
    return say(f"{_sign(found[1])}{numerals.decimal(digits)}{measure}", speaking, found)


def _mixed_fraction(speaking: "Speaking", found: Found) -> bool:
    part = numerals.fraction(found[2], found[3])
    return say(f"{numerals.cardinal(found[1])} and {part}", speaking, found)


def _fraction(speaking: "Speaking", found: Found) -> bool:
    top, bottom = found[1], found[2]
    if (top, bottom) in (("24", "7"), ("9", "11"), ("50", "50")):
        return say(f"{numerals.cardinal(top)} {numerals.cardinal(bottom)}", speaking, found)
    if int(top) >= int(bottom) > 2:
        return say(f"{numerals.cardinal(top)} out of {numerals.cardinal(bottom)}", speaking, found)
    return say(numerals.fraction(top, bottom), speaking, found)


_VULGAR = {
    "½": (1, 2),
    "¼": (1, 4),
    "¾": (3, 4),
    "⅓": (1, 3),
    "⅔": (2, 3),
    "⅛": (1, 8),
    "⅜": (3, 8),
    "⅝": (5, 8),
}
_VULGAR |= {"⅞": (7, 8), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5), "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6)}


def _vulgar(speaking: "Speaking", found: Found) -> bool:
    top, bottom = _VULGAR[found[2]]
    whole = f"{numerals.cardinal(found[1])} and " if found[1] else ""
    return say(whole + numerals.fraction(str(top), str(bottom)), speaking, found)


def _ordinal(speaking: "Speaking", found: Found) -> bool:
    return say(numerals.ordinal(found[1]), speaking, found)


def _round(speaking: "Speaking", found: Found) -> bool:
    words = {"10": "tens", "100": "hundreds"}
    return say(words.get(found[1], "thousands"), speaking, found)


def _decade(speaking: "Speaking", found: Found) -> bool:
    digits = found[1]
    if len(digits) == 4 and not 1100 <= int(digits) <= 2090:
        return False
    return say(numerals.decade(digits), speaking, found)


def _by(speaking: "Speaking", found: Found) -> bool:
    words = " by ".join(numerals.decimal(part) for part in re.split("[x×]", found[0]))
    return say(words, speaking, found)


def _times(speaking: "Speaking", found: Found) -> bool:
    return say(f"{numerals.decimal(found[1])} times", speaking, found)


def _power(speaking: "Speaking", found: Found) -> bool:
    power = {"2": "squared", "3": "cubed", "²": "squared", "³": "cubed"}.get(found[2])
    if power is None:
        power = f"to the {'minus ' if found[2][0] == '-' else ''}{numerals.cardinal(found[2].lstrip('-'))}"
    base = numerals.decimal(found[1]) if found[1][0].isdecimal() else found[1]
    return say(f"{base} {power}", speaking, found)


def _to(speaking: "Speaking", found: Found) -> bool:
    return say("to", speaking, found)


def _per(speaking: "Speaking", found: Found) -> bool:
    return say("per", speaking, found)


def _scientific(speaking: "Speaking", found: Found) -> bool:
    minus = "minus " if found[2] == "-" else ""
    return say(f"{numerals.decimal(found[1])} times ten to the {minus}{numerals.cardinal(found[3])}", speaking, found)


def _scaled(speaking: "Speaking", found: Found) -> bool:
    if found[3] == "K" and len(found[2]) == 1:
        return False  # 4K is a resolution
    return say(f"{_sign(found[1])}{numerals.decimal(found[2])} {numerals.SCALES[found[3]]}", speaking, found)


def _number(speaking: "Speaking", found: Found) -> bool:
    digits = found[2]
    words = ""
    plain = digits.isdecimal()
    if plain and speaking.previous in _MONTH_NAMES and 1 <= int(digits) <= 31:
        words = numerals.ordinal(digits)
    elif plain and len(digits) == 4 and not found[1] and 1100 <= int(digits) <= 2099:
        after = re.compile(r"\s+([a-z]+)").match(speaking.text, found.end())
        counted = bool(after) and after[1].endswith("s") and after[1] not in _NOT_PLURAL if after else False
        if speaking.previous in _BEFORE_YEARS or (int(digits) >= 1500 and not counted):
            words = numerals.year(digits)
    return say(_sign(found[1]) + (words or numerals.decimal(digits)), speaking, found)


_MONTH_NAMES = frozenset(month.lower() for month in numerals.MONTHS)


def _other_digits(speaking: "Speaking", found: Found) -> bool:
    """Digits of other scripts, raised and lowered ones."""
    if found[0] in SYMBOLS:
        return False
    if "①" <= found[0] <= "⑳":
        return say(numerals.cardinal(str(int(unicodedata.numeric(found[0])))), speaking, found)
    digits = "".join(str(unicodedata.digit(char)) for char in found[0])
    return say(numerals.cardinal(digits), speaking, found)


def say_mixed(speaking: "Speaking", found: Found) -> bool:
    return say(numerals.mixed(found[0]), speaking, found)


number_rules: tuple[Rule, ...] = (
    rule("date", DIGIT, r"(\d{4})-(\d\d)-(\d\d)(?![\d-])", _date_iso),
    rule("date", DIGIT, r"(\d{1,2})/(\d{1,2})/(\d{4})(?![\d/])", _date_us),
    rule("dotted", DIGIT + "vV", r"([vV]?)(\d+(?:\.\d+){2,})(?![\w])", _dotted),
    rule("dotted", "vV", r"([vV])(\d+(?:\.\d+)*)(?![\w])", _dotted),
    rule("phone", DIGIT + "+(", r"(?:\+?\d{1,2}[-. ])?(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-.]\d{4}(?![\d-])", _phone),
    rule("phone", DIGIT, r"\d{3}-\d{4}(?![\d-])", _phone),
    rule(
        "time",
        DIGIT,
        r"(\d{1,2}):(\d\d)(?::(\d\d))?(?:\s?([AaPp]\.?[Mm])\b(?:(?<=\.[Mm])\.)?)?(?![\d:])",
        _time,
    ),
    rule("hour", DIGIT, r"(\d{1,2})\s?([AaPp]\.[Mm]\.|[AaPp][Mm]\b)", _hour),
    rule("ratio", DIGIT, r"\d{1,4}(?::\d{1,4})++(?![\w:])", _ratio),
    rule(
        "money range",
        "$€£¥₹₩₽₿U",
        rf"({_CURRENCY})({_N}){_DASH}(?:{_CURRENCY})?({_N})({_SCALE})?",
        _money_range,
    ),
    rule("money", "$€£¥₹₩₽₿U-−+~", rf"((?<![\w)\]])[-−+~])?({_CURRENCY})\s?({_N})({_SCALE})?", _money),
    rule("money", DIGIT, rf"({_N})({_SCALE})?\s?([€£¥₹₩₽₿¢]|(?:USD|EUR|GBP|JPY|INR)\b)", _money_after),
    rule("money", "UEGJI", rf"(USD|EUR|GBP|JPY|INR)\s?({_N})({_SCALE})?", _money_code),
    rule(
        "range",
        DIGIT,
        rf"({_N})(?:\s?%)?(?:-|\s?[–—−]\s?|-)({_N})(?:(\s?)(%|°\s?[CFK]?\b|{_UNIT}))?(?!\w|-\d)",
        _range,
    ),
    rule("fraction", DIGIT, r"(\d{1,4})[ -](\d{1,2})/(\d{1,2})(?![\d/])", _mixed_fraction),
    rule("fraction", DIGIT, r"(\d{1,4})/(\d{1,4})(?![\d/])", _fraction),
    rule("fraction", DIGIT + "".join(_VULGAR), rf"(?:(\d{{1,6}})\s?)?([{''.join(_VULGAR)}])", _vulgar),
    rule("scientific", DIGIT, rf"({_N})[eE]([-+]?)(\d{{1,3}})(?![\w])", _scientific),
    rule("about", DIGIT, r"(10|100|1,?000)s(?=\s+of\b)", _round),
    rule("decade", DIGIT + "'’", r"['’]?(\d\d00|\d\d\d0|[1-9]0)['’]?s\b", _decade),
    rule(
        "power",
        (DIGIT, LETTERS),
        r"(\d+(?:\.\d+)?|[A-Za-z])\^?(?:(?<=\^)\{?)((?<!\d)-?\d{1,3})\}?(?!\w)",
        _power,
    ),
    rule("power", (DIGIT, LETTERS), r"(\d+(?:\.\d+)?|[A-Za-z](?![A-Za-z]))([²³])", _power),
    rule(
        "measure",
        DIGIT + "-−+~±",
        rf"((?<![\w)\]])[-−+~±])?({_N})(\s?)(%|°\s?[CFK]?(?![A-Za-z])|{_UNIT}(?:/{_UNIT})?)",
        _measured,
    ),
    rule("ordinal", DIGIT, r"((?:\d{1,3}(?:,\d{3})+|\d+))(?:st|nd|rd|th)\b", _ordinal),
    rule("by", DIGIT, rf"{_N}(?:[x×]{_N})+(?!\w)", _by),
    rule("times", DIGIT, rf"({_N})[x×](?!\w|\s*[-+*/=^)\]])", _times),
    rule("scale", DIGIT + "-−+~", rf"((?<![\w)\]])[-−+~])?({_N})(k|K|M|B|T|bn)(?![\w])", _scaled),
    rule("to", "-–—", r"(?:(?<=[AaPp][Mm])|(?<=[AaPp][Mm]\s)|(?<=\.[Mm]\.)|(?<=\.[Mm]\.\s))[-–—](?=\s?\d)", _to),
    rule("per", "/", r"(?<=[\d%])/(?=[A-Za-z])", _per),
    rule("number", "#", r"#(\d+)(?!\w)", _hash_number),
    rule("mixed", DIGIT, r"\d+[A-Za-z][A-Za-z0-9]*+(?:-[A-Za-z0-9]++)*+", say_mixed),
    rule("number", DIGIT + "-−+~±.", rf"((?<![\w)\]])[-−+~±])?({_N}|\.\d++)", _number),
    rule("digits", ANY, r"[\d⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉]++|[①-⑳]", _other_digits),
)
