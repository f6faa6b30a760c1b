"""Rules for what is neither word nor number: emoji, emoticons, entities, symbols, dashes, brackets, punctuation."""

import html
import re
from typing import TYPE_CHECKING

from speakstream.text import numerals
from speakstream.text.acronyms import spelled
from speakstream.text.emoji_names import EMOJI, EMOTICONS, emoji_name
from speakstream.text.rule import DIGIT, LETTERS, WIDE, Found, Rule, rule, say
from speakstream.text.vocabulary import SYMBOLS

if TYPE_CHECKING:
    from speakstream.text.speakable import Speaking

_SYMBOL = "|".join(re.escape(symbol) for symbol in sorted(SYMBOLS, key=len, reverse=True))
_EMOTICON = "|".join(re.escape(face) for face in sorted(EMOTICONS, key=len, reverse=True))
_TITLE_BEFORE = re.compile(r"(?<![^\s*_`\"“(])[A-Z][^\s>]+ $")
_VARIABLE_BEFORE = re.compile(r"(?<![^\s(])(?:[a-zA-HJ-Z]|\d+) ?$")
_GOES_ON = re.compile(r"[ \n][a-z]")
_KEYCAPS = {"#": "pound", "*": "star"}


def _nothing(speaking: "Speaking", found: Found) -> bool:
    return True


def _mark(speaking: "Speaking", found: Found) -> bool:
    marks = found[0]
    if marks == "." and _GOES_ON.match(speaking.text, found.end()):
        return True  # after a unit or a name: an end would have ended the clause
    strongest = "?" if "?" in marks else "!" if "!" in marks else "…" if len(marks) > 1 or "…" in marks else marks
    speaking.mark(strongest)
    return True


def _spaced_ellipsis(speaking: "Speaking", found: Found) -> bool:
    speaking.mark("…")
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


def _square(speaking: "Speaking", found: Found) -> bool:
    """So is what stands in square brackets among words."""
    outside = speaking.text[found.start() - 1 : found.start()] if found[0] == "[" else speaking.text[found.end() :][:1]
    if found.start() and outside in (" ", "\n"):
        speaking.mark(",")
    return True


def _with_entities(speaking: "Speaking", found: Found) -> bool:
    """ "caf&eacute;": letters written as entities."""
    word = html.unescape(found[0])
    if re.fullmatch("[A-Z]{1,3}(?:&[A-Z]{1,3})+", word):
        return say(" and ".join(map(spelled, word.split("&"))), speaking, found)
    return word.isalpha() and say(word, speaking, found)


def _entity(speaking: "Speaking", found: Found) -> bool:
    char = html.unescape(found[0])
    if char in "—–…":
        speaking.mark("," if char != "…" else char)
        return True
    return say(SYMBOLS.get(char, ""), speaking, found)


def _emoji(speaking: "Speaking", found: Found) -> bool:
    first = found[1][0]
    if first in DIGIT or first in _KEYCAPS:
        return say(_KEYCAPS.get(first) or numerals.cardinal(first), speaking, found)
    return say(emoji_name(found[1]), speaking, found)


def _emoticon(speaking: "Speaking", found: Found) -> bool:
    if found[1] == "<3" and _VARIABLE_BEFORE.search(speaking.text, max(found.start() - 12, 0), found.start()):
        return False  # "x <3": a comparison
    return say(EMOTICONS[found[1]], speaking, found)


def _menu(speaking: "Speaking", found: Found) -> bool:
    """ "File > Save As": a way through menus, not a comparison."""
    if not _TITLE_BEFORE.search(speaking.text, max(found.start() - 32, 0), found.start()):
        return False
    speaking.mark(",")
    return True


def _bar(speaking: "Speaking", found: Found) -> bool:
    """A bar between spaces parts what stands beside it, as in a table without a header."""
    speaking.mark(",")
    return True


def _pound(speaking: "Speaking", found: Found) -> bool:
    return say("number" if found[1] else "pound", speaking, found)


def _listed(speaking: "Speaking", found: Found) -> bool:
    return say(found[1].upper(), speaking, found)  # "(a)": the letter, not the article


def _blank(speaking: "Speaking", found: Found) -> bool:
    return say("blank", speaking, found)


def _symbol(speaking: "Speaking", found: Found) -> bool:
    symbol = found[0]
    text = speaking.text
    left = text[found.start() - 1 : found.start()]
    right = text[found.end() : found.end() + 1]
    if symbol in ("<", ">", "=", "+", "|", "||") and not (left.strip() or right.strip()) and not left + right:
        return True
    if symbol in ("<", ">") and not (right == " " and left == " ") and not right.isdecimal():
        return True  # a stray bracket
    if symbol == "==" and left.isalnum() != right.isalnum():
        return True  # around marked words
    if symbol == "^" and not (left.isalnum() and right.isalnum()):
        return True
    if symbol == "$" and not right.isalnum() and not left.isalnum():
        return True
    return say(SYMBOLS[symbol], speaking, found)


def _dash(speaking: "Speaking", found: Found) -> bool:
    left = speaking.text[max(found.start() - 8, 0) : found.start()].rstrip()[-1:]
    right = speaking.text[found.end() : found.end() + 2].lstrip()[:1]
    if found[0] in "-−–" and left.isdecimal() and right.isdecimal():
        return say("minus", speaking, found)
    if (
        len(found[0].strip()) > 1
        or found[0] in "—―–"
        or not (left.isalnum() and right.isalnum())
        or " " in (speaking.text[found.start() - 1 : found.start()], speaking.text[found.end() : found.end() + 1])
    ):
        speaking.mark(",")
    return True


def _star(speaking: "Speaking", found: Found) -> bool:
    left = speaking.text[max(found.start() - 8, 0) : found.start()].rstrip(" ")[-1:]
    right = speaking.text[found.end() : found.end() + 2].lstrip(" ")[:1]
    if found[0] == "*" and left.isdecimal() and right.isdecimal():
        return say("times", speaking, found)
    return True


def _about(speaking: "Speaking", found: Found) -> bool:
    return say("about", speaking, found)


emoji_rules: tuple[Rule, ...] = (
    rule("with entities", (LETTERS, "&"), r"[A-Za-z]*+(?:&[A-Za-z]{2,8};[A-Za-z]*+)++", _with_entities),
    rule("entity", "&", r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});", _entity),
    rule("emoji", (WIDE, DIGIT, "#*"), rf"({EMOJI})(?:\s*+\1)*+", _emoji),
    rule(
        "emoticon",
        "".join({face[0] for face in EMOTICONS}),
        rf"(?<![^\s*_(])({_EMOTICON})(?:\s*+\1)*+(?=[\s.,;:!?*_]|$)",
        _emoticon,
    ),
)
"""They come before the rules for numbers and words."""

mark_rules: tuple[Rule, ...] = (
    rule("ellipsis", ".", r"\.(?:[ \u00a0]\.){2,}", _spaced_ellipsis),
    rule("ellipsis", ".…", r"\.{2,}|…", _mark),
    rule("mark", ",;:.!?", r"[,;:.](?!\w)|[,;]|(?!!=)[!?]++", _mark),
    rule("mark", "。，、！？；：", "[。，、！？；：]", _wide_mark),
    rule("star", "*", r"\*++", _star),
    rule("about", "~", r"~(?=\d)", _about),
    rule("menu", ">", r">(?= [*_`\"“]*+[A-Z]\w)", _menu),
    rule("bar", "|", r"(?<!\S)\|(?!\S)", _bar),
    rule("pound", "#", r"(?<!\S)#(?:(?=\s+(of)\b)|(?=\s|[.,;:!?]|$))", _pound),
    rule("listed", "(", r"(?<!\w)\(([a-zA-Z])\)", _listed),
    rule("trade mark", "(", r"(?<=\w)\((?:R|TM|tm)\)", _nothing),
    rule("blank", "_", r"(?<!\w)_{3,}+(?!\w)", _blank),
    rule("symbol", "".join(SYMBOLS), _SYMBOL, _symbol),
    rule("dash", "-–—―−‒", r"[-–—―−‒]++", _dash),
    rule("bracket", "()", "[()]", _bracket),
    rule("bracket", "[]", r"[\[\]]", _square),
)
"""They come last."""
