"""How each kind of thing in a reply is read aloud: one rule a kind, tried in this order.

A rule is a pattern, matched where the last one ended, the characters it may start with (so that few rules are
tried at each place) and what it says; one that answers False leaves the text to the rules after it. To have
something read in another way, change its rule or put one before it.
"""

import html
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from speakstream.text import numerals
from speakstream.text.formulas import read_formula
from speakstream.text.vocabulary import (
    ENDING,
    GREEK,
    INWARD,
    MONTHS,
    NEVER_SPACED,
    ONLY_BEFORE_NUMBERS,
    SPACED_ONLY,
    SYMBOLS,
    TITLES,
    UNITS,
    emoji_name,
    word_set,
)

if TYPE_CHECKING:
    from speakstream.text.speakable import Speaking

Found = re.Match[str]

LETTERS = "ASCII letters and those that stand above them"
DIGIT = "0123456789"
ANY = ""


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    starts: str  # the characters it may begin with; LETTERS for any letter, ANY for anything
    pattern: re.Pattern[str]
    say: Callable[["Speaking", Found], bool]


PLAIN_WORDS_WITH_RULES = frozenset(
    {*TITLES, *INWARD, *ENDING, *(code.lower() for code in numerals.CURRENCY_CODES)}
)
"""Words of plain letters that a rule may read in another way; all others are said as they stand."""

_N = r"(?:\d{1,3}(?:,\d{3})++(?!\d)|\d++)(?:\.\d++)?"
_LATIN = r"A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ\u0300-\u036f"
_CURRENCY = r"US\$|[$€£¥₹₩₽₿]"
_SCALE = r"\s?(?:(?:hundred|thousand|million|billion|trillion)\b|(?:bn|[kKMBT])\b)"
_UNIT_NAMES = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
_UNIT = rf"(?:{_UNIT_NAMES})(?![A-Za-z0-9µμΩ])(?:²|³|\^[23])?"
_DASH = r"\s?[-–—−]\s?"
_DOMAIN_ENDS = "com|org|net|edu|gov|io|dev|ai|app|co|me|info|uk|de|fr|eu|ca|us|ch|nl|jp|au|in|tv|xyz|example|test"
_FILE_ENDS = (
    "py|js|ts|jsx|tsx|json|ya?ml|toml|md|txt|csv|html?|css|sh|c|h|cpp|hpp|rs|go|java|rb|php|sql|xml|ini|cfg|env|log|"
    "pdf|png|jpe?g|gif|svg|wav|mp3|mp4|zip|tar|gz|exe|dll|so|lock|ipynb|onnx|gguf|docx?|xlsx?|pptx?"
)
_LINK_TARGET = r"\((?:<[^<>\n]*+>|(?:[^()\s]|\([^()\s]*+\))*+)(?:\s++(?:\"[^\"]*+\"|'[^']*+'))?\s*+\)"
_LABEL = r"((?:[^\[\]\\]|\\.|\[(?:[^\[\]\\]|\\.)*+\])*+)"
_EMOJI_CHAR = "[\U0001f000-\U0001faff☀-➿⬀-⯿⌀-⏿‼⁉ℹ〰〽㊗㊙♀♂]"
_EMOJI_TAIL = "[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff]*+"
_EMOJI = (
    "(?:[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3|"
    f"{_EMOJI_CHAR}{_EMOJI_TAIL}(?:\u200d{_EMOJI_CHAR}{_EMOJI_TAIL})*+)"
)
_NOT_PLURAL = word_set("was is has as its this his was's us plus thus yes perhaps always")
_BEFORE_YEARS = word_set("in since by from until till of during after before circa around year early late")


def _say(words: str, speaking: "Speaking", found: Found) -> bool:
    speaking.say(words, found.start(), found.end())
    return True


# What only shapes the text


def _nothing(speaking: "Speaking", found: Found) -> bool:
    return True


def _mark(speaking: "Speaking", found: Found) -> bool:
    marks = found[0]
    strongest = "?" if "?" in marks else "!" if "!" in marks else "…" if len(marks) > 1 or "…" in marks else marks
    speaking.mark(strongest)
    return True


def _wide_mark(speaking: "Speaking", found: Found) -> bool:
    speaking.mark({"。": ".", "！": "!", "？": "?"}.get(found[0], ","))
    return True


def _pause(speaking: "Speaking", found: Found) -> bool:
    speaking.mark(",")
    return True


def _label(speaking: "Speaking", found: Found) -> bool:
    speaking.inside(found.start(1), found.end(1))
    return True


def _tag(speaking: "Speaking", found: Found) -> bool:
    if found[1].lower() in ("br", "hr", "p", "li"):
        speaking.mark(",")
    return True


def _entity(speaking: "Speaking", found: Found) -> bool:
    char = html.unescape(found[0])
    return _say(SYMBOLS.get(char, ""), speaking, found)


# Code, links, names of things on a computer

_IDENTIFIER = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+(?:\.\d+)?|[^\w\s]|[^\W\d_a-zA-Z]+")
_CODE_SYMBOLS = {
    ".": "dot", "-": "dash", "/": "slash", "\\": "backslash", "*": "star", "#": "hash", "$": "dollar",
    "|": "pipe", "~": "tilde", "^": "caret", "%": "percent", "@": "at", "&": "and", "+": "plus", "=": "equals",
    "<": "less than", ">": "greater than", "!": "not", ":": "", "_": "",
}  # fmt: skip
_CODE_OPERATORS = re.compile(r"\*\*|\+\+|--?|==?=?|!=|<=|>=|->|=>|&&|\|\||//|[^\w\s]")
_OPERATOR_WORDS = {
    "**": "to the power of", "++": "plus plus", "--": "dash dash", "==": "equals", "===": "equals",
    "!=": "is not equal to", "<=": "is at most", ">=": "is at least", "->": "arrow", "=>": "arrow", "&&": "and",
    "||": "or", "//": "slash slash",
}  # fmt: skip


def read_identifier(name: str) -> str:
    """ "getUserName()" -> "get user name"; marks between words are named, brackets and quotes are not."""
    words: list[str] = []
    at = 0
    while at < len(name):
        operator = _CODE_OPERATORS.match(name, at)
        if operator:
            at = operator.end()
            if operator[0] == "-" and words and at < len(name) and name[at].isalnum():
                continue  # a hyphen within a name
            words.append(_OPERATOR_WORDS.get(operator[0]) or _CODE_SYMBOLS.get(operator[0], ""))
            continue
        part = _IDENTIFIER.match(name, at)
        at = part.end() if part else at + 1
        if part and part[0][0].isdecimal():
            words.append(numerals.decimal(part[0]))
        elif part and part[0].isascii():
            word = part[0]
            words.append(word if word.isupper() and len(word) > 1 or len(name) == 1 else word.lower())
        elif part:
            words.append(GREEK.get(part[0], part[0]) if part[0] in GREEK or part[0] < "ɐ" else "")
    return " ".join(" ".join(words).split())


def _code(speaking: "Speaking", found: Found) -> bool:
    start = found.start(2)
    for word in re.finditer(r"\S+", found[2]):
        speaking.say(read_identifier(word[0]), start + word.start(), start + word.end())
    return True


def _identifier(speaking: "Speaking", found: Found) -> bool:
    return _say(read_identifier(found[0]), speaking, found)


def _read_host(host: str) -> str:
    host = host.lower().rpartition("@")[2].partition(":")[0].removeprefix("www.")
    return " dot ".join(numerals.mixed(part) for part in host.split(".") if part)


def _url(speaking: "Speaking", found: Found) -> bool:
    return _say(f"link to {_read_host(found[1])}".removesuffix(" to "), speaking, found)


def _domain(speaking: "Speaking", found: Found) -> bool:
    return _say(_read_host(found[1]), speaking, found)


def _email(speaking: "Speaking", found: Found) -> bool:
    name = read_identifier(found[1].replace("-", "--")).replace("dash dash", "dash")
    return _say(f"{name} at {_read_host(found[2])}", speaking, found)


def _file(speaking: "Speaking", found: Found) -> bool:
    return _say(read_identifier(found[0]), speaking, found)


def _handle(speaking: "Speaking", found: Found) -> bool:
    sign = "at" if found[1] == "@" else "hashtag"
    return _say(f"{sign} {read_identifier(found[2])}", speaking, found)


def _hash_number(speaking: "Speaking", found: Found) -> bool:
    return _say(f"number {numerals.cardinal(found[1])}", speaking, found)


def _formula(speaking: "Speaking", found: Found) -> bool:
    return _say(read_formula(found[1]) or "formula", speaking, found)


def _emoji(speaking: "Speaking", found: Found) -> bool:
    if found[1][0] in "0123456789#*":
        name = {"#": "hash", "*": "star"}.get(found[1][0]) or numerals.cardinal(found[1][0])
    else:
        name = emoji_name(found[1])
    return _say(name, speaking, found)


# Numbers


def _sign(sign: str | None) -> str:
    return {"-": "minus ", "−": "minus ", "–": "minus ", "+": "plus ", "±": "plus or minus ", "~": "about "}.get(
        sign or "", ""
    )


def _date_iso(speaking: "Speaking", found: Found) -> bool:
    month, day = int(found[2]), int(found[3])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return False
    return _say(numerals.date(found[1], month, day), speaking, found)


def _date_us(speaking: "Speaking", found: Found) -> bool:
    month, day = int(found[1]), int(found[2])
    if month > 12 and day <= 12:
        month, day = day, month
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return False
    return _say(numerals.date(found[3], month, day), speaking, found)


def _dotted(speaking: "Speaking", found: Found) -> bool:
    word = " dot " if found[0].count(".") == 3 else " point "
    version = "version " if found[1] and found[1] in "vV" else ""
    return _say(version + word.join(numerals.cardinal(part) for part in found[2].split(".")), speaking, found)


def _phone(speaking: "Speaking", found: Found) -> bool:
    groups = re.findall(r"\d+", found[0])
    return _say(", ".join(numerals.spell_digits(group) for group in groups), speaking, found)


def _time(speaking: "Speaking", found: Found) -> bool:
    if int(found[1]) > 24 or int(found[2]) > 59:
        return False
    words = numerals.clock(found[1], found[2], "" if found[3] else found[4] or "")
    if found[3]:
        words += f" and {numerals.cardinal(found[3].lstrip('0') or '0')} seconds"
    return _say(words, speaking, found)


def _hour(speaking: "Speaking", found: Found) -> bool:
    return int(found[1]) <= 12 and _say(numerals.clock(found[1], "", found[2]), speaking, found)


def _ratio(speaking: "Speaking", found: Found) -> bool:
    return _say(" to ".join(numerals.cardinal(part) for part in found[0].split(":")), speaking, found)


def _money_range(speaking: "Speaking", found: Found) -> bool:
    sign = "$" if found[1] == "US$" else found[1]
    first = numerals.decimal(found[2])
    return _say(f"{first} to {numerals.money(sign, found[3], (found[4] or '').strip())}", speaking, found)


def _money(speaking: "Speaking", found: Found) -> bool:
    words = numerals.money(found[2], found[3], (found[4] or "").strip())
    return _say(_sign(found[1]) + words, speaking, found)


def _money_after(speaking: "Speaking", found: Found) -> bool:
    sign = numerals.CURRENCY_CODES.get(found[3], found[3])
    if sign == "¢":
        return _say(f"{numerals.decimal(found[1])} {'cent' if found[1] == '1' else 'cents'}", speaking, found)
    return _say(numerals.money(sign, found[1], (found[2] or "").strip()), speaking, found)


def _money_code(speaking: "Speaking", found: Found) -> bool:
    sign = numerals.CURRENCY_CODES[found[1]]
    return _say(numerals.money(sign, found[2], (found[3] or "").strip()), speaking, found)


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
        return _say(f"{numerals.year(first)} to {numerals.year(second)}", speaking, found)
    measure = ""
    if found[4]:
        read = _measure(second, found[4], bool(found[3]))
        if read is None:
            return False
        measure = read
    return _say(f"{numerals.decimal(first)} to {numerals.decimal(second)}{measure}", speaking, found)


def _measured(speaking: "Speaking", found: Found) -> bool:
    digits = found[2]
    measure = _measure(digits, found[4], bool(found[3]))
    if measure is None:
        return False
    return _say(f"{_sign(found[1])}{numerals.decimal(digits)}{measure}", speaking, found)


def _mixed_fraction(speaking: "Speaking", found: Found) -> bool:
    part = numerals.fraction(found[2], found[3])
    return _say(f"{numerals.cardinal(found[1])} and {part}", speaking, found)


def _fraction(speaking: "Speaking", found: Found) -> bool:
    top, bottom = found[1], found[2]
    if (top, bottom) == ("24", "7"):
        return _say("twenty-four seven", speaking, found)
    if int(top) >= int(bottom) > 2:
        return _say(f"{numerals.cardinal(top)} out of {numerals.cardinal(bottom)}", speaking, found)
    return _say(numerals.fraction(top, bottom), speaking, found)


_VULGAR = {"½": (1, 2), "¼": (1, 4), "¾": (3, 4), "⅓": (1, 3), "⅔": (2, 3), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8)}
_VULGAR |= {"⅞": (7, 8), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5), "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6)}


def _vulgar(speaking: "Speaking", found: Found) -> bool:
    top, bottom = _VULGAR[found[2]]
    whole = f"{numerals.cardinal(found[1])} and " if found[1] else ""
    return _say(whole + numerals.fraction(str(top), str(bottom)), speaking, found)


def _ordinal(speaking: "Speaking", found: Found) -> bool:
    return _say(numerals.ordinal(found[1]), speaking, found)


def _decade(speaking: "Speaking", found: Found) -> bool:
    digits = found[1]
    if len(digits) == 4 and not 1100 <= int(digits) <= 2090:
        return False
    return _say(numerals.decade(digits), speaking, found)


def _by(speaking: "Speaking", found: Found) -> bool:
    words = " by ".join(numerals.decimal(part) for part in re.split(r"\s?[x×]\s?", found[0]))
    return _say(words, speaking, found)


def _times(speaking: "Speaking", found: Found) -> bool:
    return _say(f"{numerals.decimal(found[1])} times", speaking, found)


def _power(speaking: "Speaking", found: Found) -> bool:
    power = {"2": "squared", "3": "cubed", "²": "squared", "³": "cubed"}.get(found[2])
    if power is None:
        power = f"to the {'minus ' if found[2][0] == '-' else ''}{numerals.cardinal(found[2].lstrip('-'))}"
    base = numerals.decimal(found[1]) if found[1][0].isdecimal() else found[1]
    return _say(f"{base} {power}", speaking, found)


def _scientific(speaking: "Speaking", found: Found) -> bool:
    minus = "minus " if found[2] == "-" else ""
    return _say(f"{numerals.decimal(found[1])} times ten to the {minus}{numerals.cardinal(found[3])}", speaking, found)


def _scaled(speaking: "Speaking", found: Found) -> bool:
    if found[3] == "K" and len(found[2]) == 1:
        return False  # 4K is a resolution
    return _say(f"{_sign(found[1])}{numerals.decimal(found[2])} {numerals.SCALES[found[3]]}", speaking, found)


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
    return _say(_sign(found[1]) + (words or numerals.decimal(digits)), speaking, found)


_MONTH_NAMES = frozenset(month.lower() for month in numerals.MONTHS)


def _other_digits(speaking: "Speaking", found: Found) -> bool:
    """Digits of other scripts, raised and lowered ones."""
    if found[0] in SYMBOLS:
        return False
    digits = "".join(str(unicodedata.digit(char)) for char in found[0])
    return _say(numerals.cardinal(digits), speaking, found)


def _mixed(speaking: "Speaking", found: Found) -> bool:
    return _say(numerals.mixed(found[0]), speaking, found)


# Words


def _initialism(speaking: "Speaking", found: Found) -> bool:
    name = found[0].lower().rstrip(".")
    if name in INWARD:
        return _say(INWARD[name], speaking, found)
    if name in ("a.m", "p.m"):
        return _say(f"{name}.", speaking, found)
    return _say(found[0].upper().replace(".", " ").strip(), speaking, found)


def _abbreviation(speaking: "Speaking", found: Found) -> bool:
    word, stop = found[1], found[2]
    name = word.lower()
    after = speaking.text[found.end() : found.end() + 2].lstrip(" \n")
    number = after[:1].isdecimal()
    words = ""
    if name in TITLES and after[:1].isupper() and word[0].isupper() and (stop or name in ("mr", "mrs", "dr")):
        words = TITLES[name]
    elif name == "st" and word == "St" and stop:
        words = "Street"
    elif name in ONLY_BEFORE_NUMBERS:
        words = INWARD.get(name) or ENDING.get(name) or "" if number and (stop or name in MONTHS) else ""
    elif name in MONTHS:
        words = ENDING.get(name, "") if word[0].isupper() and (stop or number) else ""
    elif stop or name in ("vs", "etc", "approx"):
        words = INWARD.get(name) or ENDING.get(name) or TITLES.get(name) or ""
    if not words:
        return False
    speaking.say(words, found.start(), found.end())
    if stop and not speaking.text[found.end() :].strip(" \t\n*_\"')]”’") and name in ENDING:
        speaking.mark(".")
    return True


def _word(speaking: "Speaking", found: Found) -> bool:
    word = found[0].replace("’", "'").replace("‑", "-").replace("‐", "-")
    return _say(word, speaking, found)


def _plural_option(speaking: "Speaking", found: Found) -> bool:
    return _say(f"{found[1]}s", speaking, found)


def _sharp(speaking: "Speaking", found: Found) -> bool:
    words = {"+": "plus", "++": "plus plus", "#": "sharp"}[found[2]]
    return _say(f"{found[1]} {words}", speaking, found)


def _greek(speaking: "Speaking", found: Found) -> bool:
    return _say(GREEK[found[0]], speaking, found)


def _foreign(speaking: "Speaking", found: Found) -> bool:
    speaking.foreign = True
    return True


def _symbol(speaking: "Speaking", found: Found) -> bool:
    symbol = found[0]
    text = speaking.text
    left = text[found.start() - 1 : found.start()]
    right = text[found.end() : found.end() + 1]
    if symbol in ("<", ">", "=", "+", "|", "||") and not (left.strip() or right.strip()) and not left + right:
        return True
    if symbol in ("<", ">") and not (right == " " and left == " ") and not right.isdecimal():
        return True  # a stray bracket
    if symbol == "^" and not (left.isalnum() and right.isalnum()):
        return True
    if symbol == "$" and not right.isalnum() and not left.isalnum():
        return True
    return _say(SYMBOLS[symbol], speaking, found)


def _dash(speaking: "Speaking", found: Found) -> bool:
    left = speaking.text[: found.start()].rstrip()[-1:]
    right = speaking.text[found.end() : found.end() + 2].lstrip()[:1]
    if found[0] in "-−–" and left.isdecimal() and right.isdecimal():
        return _say("minus", speaking, found)
    if len(found[0].strip()) > 1 or found[0] in "—―–" or not (left.isalnum() and right.isalnum()) or " " in (
        speaking.text[found.start() - 1 : found.start()],
        speaking.text[found.end() : found.end() + 1],
    ):
        speaking.mark(",")
    return True


def _star(speaking: "Speaking", found: Found) -> bool:
    left = speaking.text[: found.start()].rstrip(" ")[-1:]
    right = speaking.text[found.end() : found.end() + 2].lstrip(" ")[:1]
    if found[0] == "*" and left.isdecimal() and right.isdecimal():
        return _say("times", speaking, found)
    return True


def _about(speaking: "Speaking", found: Found) -> bool:
    return _say("about", speaking, found)


_SYMBOL = "|".join(re.escape(symbol) for symbol in sorted(SYMBOLS, key=len, reverse=True))
_URL_REST = r"(?:[^\s<>()\"`*]|\([^\s<>()]*+\))*?(?=[.,;:!?'\"’”*_\])}>]*+(?:[\s<>()\"`*]|$))"


def _rule(name: str, starts: str, pattern: str, say: Callable[["Speaking", Found], bool]) -> Rule:
    return Rule(name, starts, re.compile(pattern, re.DOTALL), say)


rules: tuple[Rule, ...] = (
    _rule("escape", "\\", r"\\\\?(?=[!-/:-@\[\]^_`{-~])(?![(\[])", _nothing),
    _rule("formula", "\\", r"\\[(\[](.{1,400}?)\\[)\]]", _formula),
    _rule("formula", "$", r"\$(?=[^\s$])([^$\n]{0,200}?(?:[\\^_={}]|(?<=\$)[A-Za-z](?=\$))[^$\n]{0,200}?)(?<=\S)\$(?!\d)", _formula),
    _rule("image", "!", rf"!\[{_LABEL}\]{_LINK_TARGET}", _label),
    _rule("link", "[", rf"\[{_LABEL}\]{_LINK_TARGET}", _label),
    _rule("reference", "[", rf"\[{_LABEL}\]\[[^\[\]]*+\]", _label),
    _rule("code", "`", r"(`++)(.+?)(?<!`)\1(?!`)", _code),
    _rule("autolink", "<", r"<https?://([^\s/<>]++)[^\s<>]*+>", _url),
    _rule("tag", "<", r"</?([A-Za-z][A-Za-z0-9-]*+)(?:[\s/][^<>]*+)?>", _tag),
    _rule("comment", "<", r"<!--.*?-->", _nothing),
    _rule("entity", "&", r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});", _entity),
    _rule("url", "hHwW", rf"(?i:https?://|www\.)([A-Za-z0-9.@:-]++){_URL_REST}", _url),
    _rule("emoji", ANY, rf"({_EMOJI})(?:\s*+\1)*+", _emoji),
    # numbers
    _rule("date", DIGIT, r"(\d{4})-(\d\d)-(\d\d)(?![\d-])", _date_iso),
    _rule("date", DIGIT, r"(\d{1,2})/(\d{1,2})/(\d{4})(?![\d/])", _date_us),
    _rule("dotted", DIGIT + "vV", r"([vV]?)(\d+(?:\.\d+){2,})(?![\w])", _dotted),
    _rule("dotted", "vV", r"([vV])(\d+(?:\.\d+)*)(?![\w])", _dotted),
    _rule("phone", DIGIT + "+(", r"(?:\+?\d{1,2}[-. ])?(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-.]\d{4}(?![\d-])", _phone),
    _rule("phone", DIGIT, r"\d{3}-\d{4}(?![\d-])", _phone),
    _rule("time", DIGIT, r"(\d{1,2}):(\d\d)(?::(\d\d))?(?:\s?([AaPp]\.?[Mm])\b(?:(?<=\.[Mm])\.)?)?(?![\d:])", _time),
    _rule("hour", DIGIT, r"(\d{1,2})\s?([AaPp]\.[Mm]\.|[AaPp][Mm]\b)", _hour),
    _rule("ratio", DIGIT, r"\d{1,4}(?::\d{1,4})++(?![\w:])", _ratio),
    _rule("money range", "$€£¥₹₩₽₿U", rf"({_CURRENCY})({_N}){_DASH}(?:{_CURRENCY})?({_N})({_SCALE})?", _money_range),
    _rule("money", "$€£¥₹₩₽₿U-−+~", rf"([-−+~]?)({_CURRENCY})\s?({_N})({_SCALE})?", _money),
    _rule("money", DIGIT, rf"({_N})({_SCALE})?\s?([€£¥₹₩₽₿¢]|(?:USD|EUR|GBP|JPY|INR)\b)", _money_after),
    _rule("money", "UEGJI", rf"(USD|EUR|GBP|JPY|INR)\s?({_N})({_SCALE})?", _money_code),
    _rule("range", DIGIT, rf"({_N})(?:\s?%)?(?:-|\s?[–—−]\s?|-)({_N})(?:(\s?)(%|°\s?[CFK]?\b|{_UNIT}))?(?![\w-])", _range),
    _rule("fraction", DIGIT, r"(\d{1,4})[ -](\d{1,2})/(\d{1,2})(?![\d/])", _mixed_fraction),
    _rule("fraction", DIGIT, r"(\d{1,4})/(\d{1,4})(?![\d/])", _fraction),
    _rule("fraction", DIGIT + "".join(_VULGAR), rf"(?:(\d{{1,6}})\s?)?([{''.join(_VULGAR)}])", _vulgar),
    _rule("scientific", DIGIT, rf"({_N})[eE]([-+]?)(\d{{1,3}})(?![\w])", _scientific),
    _rule("decade", DIGIT + "'’", r"['’]?(\d\d00|\d\d\d0|[1-9]0)['’]?s\b", _decade),
    _rule("power", DIGIT + LETTERS, r"(\d+(?:\.\d+)?|[A-Za-z])\^?(?:(?<=\^)\{?)((?<!\d)-?\d{1,3})\}?(?!\w)", _power),
    _rule("power", DIGIT + LETTERS, r"(\d+(?:\.\d+)?|[A-Za-z](?![A-Za-z]))([²³])", _power),
    _rule("measure", DIGIT + "-−+~±", rf"([-−+~±]?)({_N})(\s?)(%|°\s?[CFK]?(?![A-Za-z])|{_UNIT}(?:/{_UNIT})?)", _measured),
    _rule("ordinal", DIGIT, r"((?:\d{1,3}(?:,\d{3})+|\d+))(?:st|nd|rd|th)\b", _ordinal),
    _rule("by", DIGIT, rf"{_N}(?:\s?×\s?{_N}|x{_N})+(?!\w)", _by),
    _rule("times", DIGIT, rf"({_N})[x×](?!\w)", _times),
    _rule("scale", DIGIT + "-−+~", rf"([-−+~]?)({_N})(k|K|M|B|T|bn)(?![\w])", _scaled),
    _rule("number", "#", r"#(\d+)(?!\w)", _hash_number),
    _rule("mixed", DIGIT, r"\d+[A-Za-z][A-Za-z0-9]*+(?:-[A-Za-z0-9]++)*+", _mixed),
    _rule("number", DIGIT + "-−+~±.", rf"((?<![\w)\]])[-−+~±])?({_N}|\.\d++)", _number),
    _rule("digits", ANY, r"[\d⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉]++", _other_digits),
    # names and words
    _rule("email", LETTERS, r"([A-Za-z0-9][A-Za-z0-9._%+-]*+)@([A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)+)", _email),
    _rule("domain", LETTERS, rf"((?:[A-Za-z0-9-]++\.)+(?:{_DOMAIN_ENDS})(?![\w-]))(?:[:/]{_URL_REST})?(?!\.\w)", _domain),
    _rule("file", LETTERS + "._", rf"[\w-]*+(?:[/.][\w-]++)*\.(?:{_FILE_ENDS})(?!\w)", _file),
    _rule("path", "/~.", r"(?:~|\.{1,2})?(?:/[\w.-]*[\w-]){2,}/?", _file),
    _rule("handle", "@#", r"([@#])([A-Za-z]\w*+)", _handle),
    _rule("identifier", LETTERS, r"[A-Za-z][A-Za-z0-9]*+(?:(?:_++[A-Za-z0-9]++)+|\.[A-Za-z_]\w*+)*+\(\)", _identifier),
    _rule("identifier", LETTERS, r"[A-Za-z][A-Za-z0-9]*+(?:_++[A-Za-z0-9]++)+", _identifier),
    _rule("initialism", LETTERS, r"(?:[A-Za-z]\.){2,}(?![A-Za-z])|(?:e\.g|i\.e|E\.g|I\.e)\b\.?", _initialism),
    _rule("abbreviation", LETTERS, r"([A-Za-z]++)(\.?)(?![\w'’-])", _abbreviation),
    _rule("sharp", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", r"([A-Z])(\+\+|\+|#)(?!\w)", _sharp),
    _rule("dotted name", LETTERS, r"[A-Za-z]\w*+(?:\.[A-Za-z]\w*+)+", _identifier),
    _rule("mixed", LETTERS, r"[A-Za-z]++(?:-[A-Za-z]++)*+-?\d[A-Za-z0-9]*+(?:[-.][A-Za-z0-9]++)*+", _mixed),
    _rule("plural option", LETTERS, r"([A-Za-z]++)\(s\)", _plural_option),
    _rule("word", LETTERS, rf"[{_LATIN}]++(?:[-‐‑'’][{_LATIN}]++)*+", _word),
    _rule("greek", ANY, rf"[{''.join(GREEK)}](?![^\W\d_{_LATIN}])", _greek),
    _rule("script", ANY, rf"(?:(?![{_LATIN}])[^\W\d_])++", _foreign),
    # marks
    _rule("ellipsis", ".…", r"\.{2,}|…", _mark),
    _rule("mark", ",;:.!?", r"[,;:.](?!\w)|[!?]++", _mark),
    _rule("mark", "。，、！？；：", "[。，、！？；：]", _wide_mark),
    _rule("star", "*", r"\*++", _star),
    _rule("about", "~", r"~(?=\d)", _about),
    _rule("symbol", ANY, _SYMBOL, _symbol),
    _rule("dash", "-–—―−‒", r"[-–—―−‒]++", _dash),
    _rule("bracket", "([{)]}", r"[(\[{)\]}]", _pause),
)


@cache
def rules_for(char: str) -> tuple[Rule, ...]:
    """The rules that may begin with ``char``, in order."""
    letter = char.isalpha()
    return tuple(
        rule
        for rule in rules
        if rule.starts is ANY or char in rule.starts.replace(LETTERS, "") or (letter and LETTERS in rule.starts)
    )
