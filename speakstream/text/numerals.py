"""Numbers as an American reads them: cardinals, ordinals, years, decimals, money, clock times and dates.

Arguments are digits as they stand in the text (thousands separators allowed); results hold no digit.
"""

import re
from functools import lru_cache

from num2words import num2words

LONGEST = 18
"""Digits beyond which a number is read digit by digit: nobody follows a quintillion."""

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
SCALES = {"k": "thousand", "K": "thousand", "M": "million", "m": "million", "B": "billion", "b": "billion"}
SCALES |= {"bn": "billion", "mn": "million", "T": "trillion", "t": "trillion", "tn": "trillion"}
_FRACTIONS = {2: "half", 4: "quarter"}
_DECADES = {"20": "twenties", "30": "thirties", "40": "forties", "50": "fifties", "60": "sixties"}
_DECADES |= {"70": "seventies", "80": "eighties", "90": "nineties", "10": "tens", "00": "hundreds"}
_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "₩": ("won", "won", "jeon", "jeon"),
    "₽": ("ruble", "rubles", "kopek", "kopeks"),
    "₿": ("bitcoin", "bitcoins", "", ""),
    "US$": ("U S dollar", "U S dollars", "cent", "cents"),
}
CURRENCY_CODES = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}


@lru_cache(maxsize=4096)
def _words(number: int, ordinal: bool) -> str:
    words = str(num2words(number, to="ordinal" if ordinal else "cardinal"))
    return words.replace(" and ", " ").replace(",", "")


def spell_digits(digits: str) -> str:
    """ "007" -> "zero zero seven"; whatever is not a digit is left out."""
    return " ".join(DIGITS[int(digit)] for digit in digits if digit.isdecimal())


def cardinal(digits: str) -> str:
    """ "1,234" -> "one thousand two hundred thirty-four"."""
    digits = digits.replace(",", "")
    if len(digits) > LONGEST or (len(digits) > 1 and digits[0] == "0"):
        return spell_digits(digits)
    return _words(int(digits), False)


def ordinal(digits: str) -> str:
    """ "21" -> "twenty-first"."""
    digits = digits.replace(",", "")
    return spell_digits(digits) if len(digits) > LONGEST else _words(int(digits), True)


def decimal(digits: str) -> str:
    """A number that may have a fraction: "3.14" -> "three point one four"."""
    whole, point, fraction = digits.partition(".")
    words = cardinal(whole) if whole else "zero"
    return f"{words} point {spell_digits(fraction)}" if point and fraction else words


def year(digits: str) -> str:
    """ "1984" -> "nineteen eighty-four", "2005" -> "two thousand five", "1900" -> "nineteen hundred"."""
    number = int(digits)
    if not 1010 <= number <= 2099 or 2000 <= number <= 2009:
        return cardinal(digits)
    high, low = divmod(number, 100)
    if low == 0:
        return f"{_words(high, False)} hundred"
    return f"{_words(high, False)} {'oh ' if low < 10 else ''}{_words(low, False)}"


def decade(digits: str) -> str:
    """ "1990" -> "nineteen nineties", "90" -> "nineties"."""
    low = digits[-2:]
    if len(digits) == 2:
        return _DECADES[low]
    if digits == "2000":
        return "two thousands"
    return f"{_words(int(digits[:-2]), False)} {_DECADES[low]}"


def fraction(top: str, bottom: str) -> str:
    """ "1/2" -> "one half", "3/4" -> "three quarters", "10/64" -> "ten over sixty-four"."""
    below = int(bottom)
    above = int(top)
    if not 2 <= below <= 20 or not 0 < above < 2 * below:
        return f"{cardinal(top)} over {cardinal(bottom)}"
    name = _FRACTIONS.get(below) or _words(below, True)
    plural = {"half": "halves"}.get(name, f"{name}s")
    return f"{cardinal(top)} {name if above == 1 else plural}"


def money(sign: str, digits: str, scale: str = "") -> str:
    """ "$", "3.50" -> "three dollars and fifty cents"; "€", "2", "million" -> "two million euros"."""
    one, many, cent, cents = _CURRENCIES[sign]
    if scale:
        return f"{decimal(digits)} {SCALES.get(scale, scale.lower())} {many}"
    whole, _, rest = digits.replace(",", "").partition(".")
    if rest and (len(rest) != 2 or not cent):
        return f"{decimal(digits)} {many}"
    parts = []
    if int(whole or "0") or not int(rest or "0"):
        parts.append(f"{cardinal(whole or '0')} {one if whole.lstrip('0') == '1' else many}")
    if int(rest or "0"):
        parts.append(f"{cardinal(rest.lstrip('0'))} {cent if int(rest) == 1 else cents}")
    return " and ".join(parts)


def clock(hour: str, minute: str, half: str = "") -> str:
    """ "3", "30", "pm" -> "three thirty p.m."; "14", "05" -> "fourteen oh five"."""
    hours = cardinal(hour.lstrip("0") or "0")
    suffix = f" {half[0].lower()}.m." if half else ""
    if not minute or (minute == "00" and half):
        return hours + suffix
    if minute == "00":
        return f"{hours} hundred" if int(hour) > 12 or int(hour) == 0 else f"{hours} o'clock"
    oh = "oh " if minute[0] == "0" else ""
    return f"{hours} {oh}{cardinal(minute.lstrip('0'))}{suffix}"


def date(year_digits: str, month: int, day: int) -> str:
    """ "2024", 5, 17 -> "May seventeenth twenty twenty-four"."""
    return f"{MONTHS[month - 1]} {_words(day, True)} {year(year_digits)}"


_LETTERS_OR_DIGITS = re.compile(r"[0-9]+|[^\W\d_]+")


def mixed(text: str) -> str:
    """Letters and digits in one word, "H2O" -> "H two O"; a run of five digits or more is read one by one."""
    words = []
    for run in _LETTERS_OR_DIGITS.findall(text):
        if run[0].isdecimal():
            words.append(cardinal(run) if len(run) < 5 else spell_digits(run))
        else:
            words.append(run)
    return " ".join(words)
