"""Rules for dates, times of day, years, decades and eras."""

import re
from typing import TYPE_CHECKING

from speakstream.text import numerals
from speakstream.text.label_rules import VERSIONED
from speakstream.text.rule import DIGIT, Found, Rule, before, rule, say
from speakstream.text.units import unit_follows
from speakstream.text.vocabulary import word_set

if TYPE_CHECKING:
    from speakstream.text.speakable import Speaking

_MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FULL = {name[:3]: name for name in (*_MONTH_NAMES, *_DAY_NAMES)}
_MONTH = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?\.?|July?\.?|Aug(?:ust|\.)?|"
    r"Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)(?!\w)"
)
_DAY = (
    r"(?:Mon(?:day|\.)?|Tue(?:s(?:day)?)?\.?|Wed(?:nesday|\.)?|Thu(?:rs(?:day)?|r)?\.?|Fri(?:day|\.)?|"
    r"Sat(?:urday|\.)?|Sun(?:day|\.)?)(?!\w)"
)
_ZONE = r"(?:UTC|GMT|[ECMP][SD]?T|AK[SD]T|HST|BST|WES?T|CES?T|EES?T|IST|JST|KST|MSK|AE[SD]T|NZ[SD]T)(?![\w+−-])"
_HALF = r"\s?([AaPp])(?:\.\s?)?[Mm]\b\.?"

CALENDAR_WORDS = frozenset({*(name.lower() for name in (*_MONTH_NAMES, *_DAY_NAMES)), "ad"})
"""Words of plain letters that a rule may read together with what follows; the short forms are elsewhere."""

_MONTH_WORDS = frozenset(name.lower() for name in _MONTH_NAMES)
_BEFORE_DATES = word_set("on since until till before after by from through due dated")
_BEFORE_DAYS = word_set("on every each and or to until till through by from next last this")
_BEFORE_YEARS = word_set(
    "in since by from until till of during after before circa around about year early late mid through to and season"
)
_BEFORE_DECADES = word_set("the his her their my your our its early mid late upper lower high low")
_NOT_PLURAL = word_set("was is has as its this his was's us plus thus yes perhaps always")
_BOOKS = word_set(
    "genesis exodus leviticus numbers deuteronomy joshua judges ruth samuel kings chronicles ezra nehemiah esther "
    "job psalm psalms proverbs ecclesiastes isaiah jeremiah lamentations ezekiel daniel hosea joel amos obadiah "
    "jonah micah nahum habakkuk zephaniah haggai zechariah malachi matthew mark luke john acts romans corinthians "
    "galatians ephesians philippians colossians thessalonians timothy titus philemon hebrews james peter jude "
    "revelation surah"
)
_COUNTED = re.compile(r"\s+([a-z]+)")
_IN_MONTH = re.compile(r"\b[Ii]n\s+\w+\s+$")
_RATIO = re.compile(r"\bratio\b")
_RATIO_AFTER = re.compile(r"\s(?:ratio|aspect|screen|display|monitor|video|format)")


def _date(year: str, month: str | int, day: str | int) -> str:
    """ "2024", 5, 17 -> "May seventeenth twenty twenty-four"; "" for what is no date."""
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return ""
    words = f"{_MONTH_NAMES[int(month) - 1]} {numerals.ordinal(str(int(day)))}"
    return f"{words} {numerals.year(year)}" if year else words


def _whole_year(digits: str) -> str:
    """The year that two digits stand for: up to 2049."""
    return digits if len(digits) == 4 else f"{'20' if int(digits) < 50 else '19'}{digits}"


def _full(name: str) -> str:
    return _FULL[name[:3]]


def _say_or_leave(words: str, speaking: "Speaking", found: Found) -> bool:
    return bool(words) and say(words, speaking, found)


def _timestamp(speaking: "Speaking", found: Found) -> bool:
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    date = _date(year, month, day)
    if not date or int(hour) > 24 or int(minute) > 59:
        return False
    words = f"{date}, {clock(hour, minute)}"
    if int(second or "0") or fraction:
        words += f" and {numerals.decimal(f'{int(second)}.{fraction}' if fraction else str(int(second)))} seconds"
    if zone:
        words += " U T C" + ("" if zone == "Z" else _offset(zone))
    return say(words, speaking, found)


def _offset(digits: str) -> str:
    """ "+05:30" -> " plus five thirty"."""
    minutes = digits[-2:] if len(digits) > 3 else ""
    words = f" {'plus' if digits[0] == '+' else 'minus'} {numerals.cardinal(str(int(digits[1:3].rstrip(':'))))}"
    return f"{words} {numerals.cardinal(minutes)}" if minutes.strip("0") else words


def _zone_offset(speaking: "Speaking", found: Found) -> bool:
    return say(" ".join(found[1]) + _offset(found[2].replace("−", "-")), speaking, found)


def _iso(speaking: "Speaking", found: Found) -> bool:
    return _say_or_leave(_date(found[1], found[3], found[4]), speaking, found)


def _american(speaking: "Speaking", found: Found) -> bool:
    if len(found[3]) == 2 and speaking.previous in VERSIONED:
        return False  # Windows 7/8/10
    month, day = int(found[1]), int(found[2])
    if month > 12:  # the day comes first
        month, day = day, month
    return _say_or_leave(_date(_whole_year(found[3]), month, day), speaking, found)


def _european(speaking: "Speaking", found: Found) -> bool:
    return _say_or_leave(_date(found[3], found[2], found[1]), speaking, found)


def _month_and_day(speaking: "Speaking", found: Found) -> bool:
    """12/25, where a date is expected: "on 12/25", and not "by 1/2"."""
    if speaking.previous not in _BEFORE_DATES or found[0] == "9/11":
        return False
    if speaking.previous != "on" and int(found[2]) in (2, 3, 4, 5, 6, 8, 10, 12, 16):
        return False
    return _say_or_leave(_date("", found[1], found[2]), speaking, found)


def _iso_month(speaking: "Speaking", found: Found) -> bool:
    """2024-05; 2004-05 is a range of years, as two seasons are."""
    year, month = found[1], int(found[2])
    if not 1900 <= int(year) <= 2099 or not 1 <= month <= 12 or month > int(year[2:]):
        return False
    return say(f"{_MONTH_NAMES[month - 1]} {numerals.year(year)}", speaking, found)


def _day_first(speaking: "Speaking", found: Found) -> bool:
    """3 March 2024, as an American says it."""
    day, month, year = found.groups()
    word = month.rstrip(".")
    if not 1 <= int(day) <= 31 or (
        word in ("May", "March", "Mar") and not year and speaking.previous not in _BEFORE_DATES
    ):
        return False
    words = f"{_full(month)} {numerals.ordinal(day)}"
    return say(f"{words} {numerals.year(year)}" if year else words, speaking, found)


def _days_of_month(speaking: "Speaking", found: Found) -> bool:
    """ "5–7" after a month."""
    first, last = found.groups()
    if speaking.previous not in _MONTH_WORDS or not 1 <= int(first) < int(last) <= 31:
        return False
    return say(f"{numerals.ordinal(first)} to {numerals.ordinal(last)}", speaking, found)


def _names(speaking: "Speaking", found: Found) -> bool:
    return say(f"{_full(found[1])} to {_full(found[2])}", speaking, found)


def _day_name(speaking: "Speaking", found: Found) -> bool:
    """A short name of a day that is not a word here: "on Sun.", "Fri, 14 Feb"."""
    dated = found[2] is not None
    if not dated and speaking.previous not in _BEFORE_DAYS:
        return False
    return say(_full(found[1]), speaking, found)


def clock(hour: str, minute: str, half: str = "") -> str:
    """ "3", "30", "pm" -> "three thirty p.m."; "14", "05" -> "fourteen oh five"."""
    hours = numerals.cardinal(str(int(hour)))
    suffix = f" {half[0].lower()}.m." if half else ""
    if not minute or (minute == "00" and half):
        return hours + suffix
    if minute == "00":
        return f"{hours} hundred" if int(hour) > 12 or int(hour) == 0 else f"{hours} o'clock"
    oh = "oh " if minute[0] == "0" else ""
    return f"{hours} {oh}{numerals.cardinal(minute.lstrip('0'))}{suffix}"


def _time(speaking: "Speaking", found: Found) -> bool:
    hour, minute, second, fraction, half, zone = found.groups()
    if int(hour) > 24 or int(minute) > 59:
        return False
    if _RATIO.search(before(speaking, found)) or _RATIO_AFTER.match(speaking.text, found.end()):
        return False
    words = clock(hour, minute, "" if second else half or "")
    if second:
        words += f" and {numerals.decimal(f'{int(second)}.{fraction}' if fraction else str(int(second)))} seconds"
        words += f" {half.lower()}.m." if half else ""
    elif fraction:  # minutes and seconds
        words += f" point {numerals.spell_digits(fraction)}"
    return say(f"{words} {' '.join(zone)}" if zone else words, speaking, found)


def _hour(speaking: "Speaking", found: Found) -> bool:
    hour, half, zone = found.groups()
    if not 1 <= int(hour) <= 12:
        return False
    return say(clock(hour, "", half) + (f" {' '.join(zone)}" if zone else ""), speaking, found)


def _until(speaking: "Speaking", found: Found) -> bool:
    return say("to", speaking, found)


def _verse(speaking: "Speaking", found: Found) -> bool:
    if speaking.previous not in _BOOKS:
        return False
    words = f"{numerals.cardinal(found[1])} {numerals.cardinal(found[2])}"
    return say(f"{words} to {numerals.cardinal(found[3])}" if found[3] else words, speaking, found)


def _era(speaking: "Speaking", found: Found) -> bool:
    digits, era = found.groups()
    return say(f"{_year_words(digits)} {' '.join(era.replace('.', ''))}", speaking, found)


def _anno_domini(speaking: "Speaking", found: Found) -> bool:
    return say(f"A D {_year_words(found[1])}", speaking, found)


def _year_words(digits: str) -> str:
    return numerals.year(digits) if digits.isdecimal() and int(digits) < 2000 else numerals.cardinal(digits)


def _years(speaking: "Speaking", found: Found) -> bool:
    """1939–45, 2010–2015."""
    first, last = found.groups()
    if not 1100 <= int(first) <= 2099 or not int(first[-len(last) :]) < int(last) <= 2199:
        return False
    if unit_follows(speaking.text, found.end()):
        return False
    return say(f"{numerals.year(first)} to {numerals.year(last)}", speaking, found)


def _decade(speaking: "Speaking", found: Found) -> bool:
    mark, digits, owner = found.groups()
    if len(digits) == 4 and not 1100 <= int(digits) <= 2090:
        return False
    if len(digits) == 2 and not mark and not owner and speaking.previous not in _BEFORE_DECADES:
        return False  # 30s is half a minute
    return say(numerals.decade(digits), speaking, found)


def _short_year(speaking: "Speaking", found: Found) -> bool:
    return say(numerals.year(found[1]), speaking, found)


def _year(speaking: "Speaking", found: Found) -> bool:
    digits, owner = found.groups()
    number = int(digits)
    if not 1010 <= number <= 2099:
        return False
    after = _COUNTED.match(speaking.text, found.end())
    counted = bool(after) and after[1].endswith("s") and after[1] not in _NOT_PLURAL if after else False
    if owner or (speaking.previous in _BEFORE_YEARS and not (counted and number < 1900)):
        return say(numerals.year(digits) + ("'s" if owner else ""), speaking, found)
    return number >= 1500 and not counted and say(numerals.year(digits), speaking, found)


def _month_day(speaking: "Speaking", found: Found) -> bool:
    """The day after a month: "July 4", and not "in May 10 ships"."""
    if speaking.previous not in _MONTH_WORDS or not 1 <= int(found[1]) <= 31:
        return False
    if _IN_MONTH.search(before(speaking, found)) and _COUNTED.match(speaking.text, found.end()):
        return False
    return say(numerals.ordinal(found[1]), speaking, found)


date_rules: tuple[Rule, ...] = (
    rule(
        "timestamp",
        DIGIT,
        r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?(?!\w)",
        _timestamp,
    ),
    rule("date", DIGIT, r"(\d{4})([-/.])(\d\d?)\2(\d\d?)(?![\d/-]|\.\d)", _iso),
    rule("date", DIGIT, r"(\d{1,2})/(\d{1,2})/(\d{4}|\d\d)(?![\d/])", _american),
    rule("date", DIGIT, r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})(?![\w/]|\.\d)", _european),
    rule("date", DIGIT, r"(\d{1,2})/(\d{1,2})(?![\w/]|\.\d)", _month_and_day),
    rule("month", DIGIT, r"(\d{4})-(\d\d)(?![\w-])", _iso_month),
    rule("date", DIGIT, rf"(\d{{1,2}})(?:st|nd|rd|th)?\s({_MONTH})(?:,?\s(\d{{4}})(?!\d))?", _day_first),
    rule("days of a month", DIGIT, r"(\d{1,2})\s?[-–—]\s?(\d{1,2})(?![\w%°])", _days_of_month),
    rule("names", "JFMASOND", rf"({_MONTH})\s?[-–—]\s?({_MONTH})", _names),
    rule("names", "MTWFS", rf"({_DAY})\s?[-–—]\s?({_DAY})", _names),
    rule("day", "MTWFS", rf"({_DAY})(?<!day)(?:(?=(,)\s?(?:\d|[A-Z][a-z]{{2}}))|(?!\s?[-–—]\d))", _day_name),
    rule("verse", DIGIT, r"(\d{1,3}):(\d{1,3})(?:[-–](\d{1,3}))?(?![\d:])", _verse),
    rule(
        "time", DIGIT, rf"(\d{{1,2}}):(\d\d)(?::(\d\d))?(?:\.(\d{{1,6}}))?(?:{_HALF})?(?:\s({_ZONE}))?(?![\d:])", _time
    ),
    rule("hour", DIGIT, rf"(\d{{1,2}}){_HALF}(?:\s({_ZONE}))?", _hour),
    rule(
        "until",
        "-–—",
        r"(?:(?<=[AaPp][Mm])|(?<=[AaPp][Mm]\s)|(?<=\.[Mm]\.)|(?<=\.[Mm]\.\s)|(?<=:\d\d)|(?<=:\d\d\s)|(?<=\d0s))[-–—](?=\s?\d)"
        rf"|(?<=\d)[-–—](?={_MONTH}\s\d)|(?<=\d\s)[–—](?=\s{_MONTH}\s\d)",
        _until,
    ),
    rule("zone", "UG", r"(UTC|GMT)\s?([+−-]\d{1,2}(?::?\d\d)?)(?!\w)", _zone_offset),
    rule("era", DIGIT, r"(\d{1,4}|\d{1,3},\d{3})\s?(BCE?|CE|AD|B\.C\.(?:E\.)?|A\.D\.)(?!\w)", _era),
    rule("era", "A", r"(?:AD|A\.D\.)\s(\d{1,4})(?![\d,.:/-]?\d)", _anno_domini),
    rule("decade", DIGIT + "'’", r"(['’])?(\d\d00|\d\d\d0|[1-9]0)(['’])?s\b", _decade),
    rule("years", DIGIT, r"(\d{4})\s?[-–—]\s?(\d{4}|\d\d)(?![\w%°/:]|[,.]\d|-\d)", _years),
)

year_rules: tuple[Rule, ...] = (
    rule("year", "'’", r"['’](\d\d)(?!\w|['’]\w)", _short_year),
    rule("day of a month", DIGIT, r"(\d{1,2})(?![\w%°:/]|[,.]\d)", _month_day),
    rule("year", DIGIT, r"(\d{4})(['’]s)?(?![\w%°:/]|[,.]\d)", _year),
)
