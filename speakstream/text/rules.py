"""How each kind of thing in a reply is read aloud: one rule a kind, tried in this order.

To have something read in another way, change its rule or put one before it. Rules for numbers are in
``number_rules``, those for links, code and names in ``link_rules``; words, emoji and marks are here.
"""

import html
import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from speakstream.text import numerals
from speakstream.text.link_rules import link_rules, name_rules, say_identifier
from speakstream.text.number_rules import number_rules, say_mixed
from speakstream.text.rule import ANY, LATIN, LETTERS, Found, Rule, rule, say
from speakstream.text.vocabulary import (
    ENDING,
    GREEK,
    INWARD,
    MONTHS,
    ONLY_BEFORE_NUMBERS,
    SYMBOLS,
    TITLES,
    emoji_name,
)

if TYPE_CHECKING:
    from speakstream.text.speakable import Speaking

PLAIN_WORDS_WITH_RULES = frozenset({*TITLES, *INWARD, *ENDING, *(code.lower() for code in numerals.CURRENCY_CODES)})
"""Words of plain letters that a rule may read in another way; all others are said as they stand."""

_EMOJI_CHAR = "[\U0001f000-\U0001faff☀-➿⬀-⯿⌀-⏿‼⁉ℹ〰〽㊗㊙♀♂]"
_EMOJI_TAIL = "[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff]*+"
_EMOJI = (
    "(?:[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3|"
    f"{_EMOJI_CHAR}{_EMOJI_TAIL}(?:\u200d{_EMOJI_CHAR}{_EMOJI_TAIL})*+)"
)
_SYMBOL = "|".join(re.escape(symbol) for symbol in sorted(SYMBOLS, key=len, reverse=True))


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


def _bracket(speaking: "Speaking", found: Found) -> bool:
    """A parenthesis is set off by pauses; one that is joined to a word, as in f(x), is not."""
    opened = speaking.text.rfind("(", 0, found.end())
    if not speaking.text[max(opened - 1, 0) : max(opened, 0)].strip() and opened >= 0:
        speaking.mark(",")
    return True


def _entity(speaking: "Speaking", found: Found) -> bool:
    char = html.unescape(found[0])
    return say(SYMBOLS.get(char, ""), speaking, found)


def _emoji(speaking: "Speaking", found: Found) -> bool:
    if found[1][0] in "0123456789#*":
        name = {"#": "hash", "*": "star"}.get(found[1][0]) or numerals.cardinal(found[1][0])
    else:
        name = emoji_name(found[1])
    return say(name, speaking, found)


def _initialism(speaking: "Speaking", found: Found) -> bool:
    name = found[0].lower().rstrip(".")
    if name in INWARD:
        return say(INWARD[name], speaking, found)
    if name == "ph.d":
        return say("P H D", speaking, found)
    if name in ("a.m", "p.m"):
        return say(f"{name}.", speaking, found)
    return say(found[0].upper().replace(".", " ").strip(), speaking, found)


def _with(speaking: "Speaking", found: Found) -> bool:
    return say("without" if found[1] else "with", speaking, found)


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
    if not word.isascii():
        word = unicodedata.normalize("NFKC", word.replace("\u00ad", "").replace("\u200b", ""))
        if not any(map(str.isalpha, word)):
            return True  # combining marks on nothing
    return say(word, speaking, found)


def _prefix(speaking: "Speaking", found: Found) -> bool:
    return say(found[0].removesuffix("-"), speaking, found)  # "mid-1990s": the number has its own rule


def _plural_option(speaking: "Speaking", found: Found) -> bool:
    return say(f"{found[1]}s", speaking, found)


def _sharp(speaking: "Speaking", found: Found) -> bool:
    words = {"+": "plus", "++": "plus plus", "#": "sharp"}[found[2]]
    return say(f"{found[1]} {words}", speaking, found)


def _greek(speaking: "Speaking", found: Found) -> bool:
    return say(GREEK[found[0]], speaking, found)


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
    return say(SYMBOLS[symbol], speaking, found)


def _dash(speaking: "Speaking", found: Found) -> bool:
    left = speaking.text[: found.start()].rstrip()[-1:]
    right = speaking.text[found.end() : found.end() + 2].lstrip()[:1]
    if found[0] in "-−–" and left.isdecimal() and right.isdecimal():
        return say("minus", speaking, found)
    if (
        len(found[0].strip()) > 1
        or found[0] in "—―–"
        or not (left.isalnum() and right.isalnum())
        or " "
        in (
            speaking.text[found.start() - 1 : found.start()],
            speaking.text[found.end() : found.end() + 1],
        )
    ):
        speaking.mark(",")
    return True


def _star(speaking: "Speaking", found: Found) -> bool:
    left = speaking.text[: found.start()].rstrip(" ")[-1:]
    right = speaking.text[found.end() : found.end() + 2].lstrip(" ")[:1]
    if found[0] == "*" and left.isdecimal() and right.isdecimal():
        return say("times", speaking, found)
    return True


def _about(speaking: "Speaking", found: Found) -> bool:
    return say("about", speaking, found)


rules: tuple[Rule, ...] = (
    rule("escape", "\\", r"\\\\?(?=[!-/:-@\[\]^_`{-~])(?![(\[])", _nothing),
    *link_rules,
    rule("entity", "&", r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});", _entity),
    rule("emoji", ANY, rf"({_EMOJI})(?:\s*+\1)*+", _emoji),
    *number_rules,
    *name_rules,
    rule("initialism", LETTERS, r"(?:[A-Za-z]\.){2,}(?![A-Za-z])|Ph\.D\b\.?|(?:e\.g|i\.e|E\.g|I\.e)\b\.?", _initialism),
    rule("abbreviation", "w", r"w/(o\b|(?=\s|[a-z]))", _with),
    rule("abbreviation", LETTERS, r"([A-Za-z]++)(\.?)(?![\w'’-])", _abbreviation),
    rule("sharp", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", r"([A-Z])(\+\+|\+|#)(?!\w)", _sharp),
    rule("dotted name", LETTERS, r"[A-Za-z]\w*+(?:\.[A-Za-z]\w*+)+", say_identifier),
    rule("prefix", LETTERS, r"[A-Z]?[a-z]{2,}-(?=\d)", _prefix),
    rule("mixed", LETTERS, r"[A-Za-z]++(?:-[A-Za-z]++)*+-?\d[A-Za-z0-9]*+(?:[-.][A-Za-z0-9]++)*+", say_mixed),
    rule("plural option", LETTERS, r"([A-Za-z]++)\(s\)", _plural_option),
    rule("word", LETTERS, rf"[{LATIN}]++(?:[-‐‑'’][{LATIN}]++)*+", _word),
    rule("greek", ANY, rf"[{''.join(GREEK)}](?![^\W\d_{LATIN}])", _greek),
    rule("script", ANY, rf"(?:(?![{LATIN}])[^\W\d_])++", _foreign),
    rule("ellipsis", ".…", r"\.{2,}|…", _mark),
    rule("mark", ",;:.!?", r"[,;:.](?!\w)|[,;]|(?!!=)[!?]++", _mark),
    rule("mark", "。，、！？；：", "[。，、！？；：]", _wide_mark),
    rule("star", "*", r"\*++", _star),
    rule("about", "~", r"~(?=\d)", _about),
    rule("symbol", ANY, _SYMBOL, _symbol),
    rule("dash", "-–—―−‒", r"[-–—―−‒]++", _dash),
    rule("bracket", "()", "[()]", _bracket),
)


@cache
def rules_for(char: str) -> tuple[Rule, ...]:
    """The rules that may begin with ``char``, in order."""
    return tuple(rule for rule in rules if rule.may_start_with(char))
