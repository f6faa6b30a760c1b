"""Numbers as an American reads them: cardinals, ordinals, years, decimals, fractions, powers, labels.

Arguments are digits as they stand in the text (thousands separators allowed); results hold no digit.
"""

import re
from functools import lru_cache

from num2words import num2words

from speakstream.text.acronyms import read_capitals

NUMBER = (
    r"(?:\d{1,3}(?:(?:,\d{3})++|(?:[\u202f\u2009\u00a0]\d{3})++|(?:_\d{3})++)(?!\d)"
    r"|\d{1,2}(?:,\d{2}(?=,))++,\d{3}(?!\d)|[1-9]\d{0,2}(?:(?: \d{3}){2,4}| 000)(?![\d/-]|\.\d{3})|\d++)(?:\.\d++)?"
)
"""The source of a pattern: a number with its thousands (or lakhs) parted or not, and a fraction."""

LONGEST = 18
"""Digits beyond which a number is read digit by digit: nobody follows a quintillion."""

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SCALES = {"k": "thousand", "K": "thousand", "M": "million", "m": "million", "B": "billion", "b": "billion"}
SCALES |= {"bn": "billion", "mn": "million", "T": "trillion", "t": "trillion", "tn": "trillion"}

_FRACTIONS = {2: "half", 4: "quarter"}
_PARTED = frozenset((*range(2, 21), 32, 64, 100, 1000))  # denominators that are read as ordinals
_DECADES = {"20": "twenties", "30": "thirties", "40": "forties", "50": "fifties", "60": "sixties"}
_DECADES |= {"70": "seventies", "80": "eighties", "90": "nineties", "10": "tens", "00": "hundreds"}
_NO_DIGIT = re.compile(r"\D+")


@lru_cache(maxsize=4096)
def _words(number: int, ordinal: bool = False) -> str:
    words = str(num2words(number, to="ordinal" if ordinal else "cardinal"))
    return words.replace(" and ", " ").replace(",", "")


def spell_digits(digits: str) -> str:
    """ "007" -> "zero zero seven"; whatever is not a digit is left out."""
    return " ".join(DIGITS[int(digit)] for digit in digits if digit.isdecimal())


def cardinal(digits: str) -> str:
    """ "1,234" -> "one thousand two hundred thirty-four"."""
    if not digits.isdecimal():
        digits = _NO_DIGIT.sub("", digits)
    if len(digits) > LONGEST or (len(digits) > 1 and digits[0] == "0"):
        return spell_digits(digits)
    return _words(int(digits))


def ordinal(digits: str) -> str:
    """ "21" -> "twenty-first"."""
    digits = _NO_DIGIT.sub("", digits)
    return spell_digits(digits) if len(digits) > LONGEST else _words(int(digits), True)


def decimal(digits: str) -> str:
    """A number that may have a fraction: "3.14" -> "three point one four"."""
    whole, point, fraction = digits.partition(".")
    words = cardinal(whole) if whole else "zero"
    return f"{words} point {spell_digits(fraction)}" if point and fraction else words


def version(digits: str) -> str:
    """Its parts are numbers, not fractions: "3.11.2" -> "three point eleven point two"."""
    return " point ".join(cardinal(part) for part in digits.split("."))


def year(digits: str) -> str:
    """ "1984" -> "nineteen eighty-four", "1900" -> "nineteen hundred", "05" -> "oh five"."""
    number = int(digits)
    if len(digits) == 2 and number < 10:
        return f"oh {_words(number)}"
    if not 1010 <= number <= 2099 or 2000 <= number <= 2009:
        return cardinal(digits)
    high, low = divmod(number, 100)
    if low == 0:
        return f"{_words(high)} hundred"
    return f"{_words(high)} {'oh ' if low < 10 else ''}{_words(low)}"


def label(digits: str) -> str:
    """A number that is a name, in pairs: "404" -> "four oh four", "747" -> "seven forty-seven", "9700" -> "ninety-seven
    hundred"; one of other lengths is read as a number, a long one digit by digit.
    """
    if digits[0] == "0" or len(digits) > 4:
        return spell_digits(digits) if len(digits) > 1 else DIGITS[0]
    high, low = divmod(int(digits), 100)
    if len(digits) < 3 or (high % 10 == 0 and low < 10):
        return _words(int(digits))
    return f"{_words(high)} {'hundred' if low == 0 else ('oh ' if low < 10 else '') + _words(low)}"


def decade(digits: str) -> str:
    """ "1990" -> "nineteen nineties", "90" -> "nineties"."""
    low = digits[-2:]
    if len(digits) == 2:
        return _DECADES[low]
    if digits == "2000":
        return "two thousands"
    return f"{_words(int(digits[:-2]))} {_DECADES[low]}"


def fraction(top: str, bottom: str) -> str:
    """ "1/2" -> "one half", "3/4" -> "three quarters", "10/23" -> "ten over twenty-three"."""
    below = int(bottom)
    above = int(top)
    if below not in _PARTED or not 0 < above < 2 * below:
        return f"{cardinal(top)} over {cardinal(bottom)}"
    name = _FRACTIONS.get(below) or _words(below, True)
    plural = {"half": "halves"}.get(name, f"{name}s")
    return f"{cardinal(top)} {name if above == 1 else plural}"


def power(exponent: str) -> str:
    """What follows a base: "2" -> "squared", "10" -> "to the tenth", "-3" -> "to the minus three"."""
    known = {"2": "squared", "3": "cubed"}.get(exponent)
    if known:
        return known
    if exponent.isdecimal():
        return f"to the {cardinal(exponent) if exponent in ('0', '1') else ordinal(exponent)}"
    sign = {"-": "minus ", "−": "minus ", "+": "plus "}.get(exponent[0], "")
    rest = exponent[1:] if sign else exponent
    return f"to the {sign}{decimal(rest) if rest[0].isdecimal() else rest}"


_PARTS = re.compile(r"\d+(?:\.\d+)?|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+")


def mixed(text: str) -> str:
    """Letters and digits in one word: "H2O" -> "H two O", "MP3" -> "M P three", "COVID-19" -> "Covid nineteen"."""
    words = []
    for part in _PARTS.findall(text):
        if "." in part:
            words.append(decimal(part))
        elif part[0].isdecimal():
            words.append(label(part))
        else:
            words.append(read_capitals(part) if part.isupper() else part)
    return " ".join(words)


_ROMAN = re.compile(r"(?=.)M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def roman(letters: str) -> int:
    """The value of a Roman numeral of any case, 0 when it is none: "xiv" -> 14, "IIX" -> 0."""
    letters = letters.upper()
    if not _ROMAN.fullmatch(letters):
        return 0
    values = [_ROMAN_VALUES[letter] for letter in letters]
    return sum(
        -value if value < following else value for value, following in zip(values, [*values[1:], 0], strict=True)
    )
