"""Rules for the signs and short formulas of mathematics in running text; TeX is read by ``formulas``."""

import re
from typing import TYPE_CHECKING

from speakstream.text import numerals
from speakstream.text.formulas import read_formula
from speakstream.text.rule import DIGIT, Found, Rule, describes, rule, say, sign
from speakstream.text.units import LENGTHS, UNIT, unit_words
from speakstream.text.vocabulary import GREEK, word_set

if TYPE_CHECKING:
    from speakstream.text.speakable import Speaking

_N = numerals.NUMBER
_GREEK = "".join(GREEK)
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱ"
_RAISED_PLAIN = str.maketrans(_RAISED, "0123456789+-ni")
_FUNCTIONS = {
    "sin": "sine", "cos": "cosine", "tan": "tangent", "log": "log", "ln": "natural log", "exp": "exponential",
    "sqrt": "the square root", "max": "max", "min": "min", "det": "determinant", "gcd": "G C D",
}  # fmt: skip
_BOUNDS = {
    "<": "less than", ">": "more than", "<=": "at most", ">=": "at least", "≤": "at most", "≥": "at least",
    "≈": "about", "~": "about", "≲": "at most about", "≳": "at least about",
}  # fmt: skip
_OPERATION = word_set("equals plus minus times by over is are compute calculate multiply what's")
_ROOTS = {"√": "the square root of", "∛": "the cube root of", "∜": "the fourth root of"}
_NOUN_FOLLOWS = re.compile(r"\s[a-z(]|[-\"″]")
_CALCULATED = re.compile(r"\s*(?:[=≈+^*/÷)]|−|[-–]\s)")


def _bound(speaking: "Speaking", found: Found) -> bool:
    if len(speaking.previous) == 1 and speaking.previous not in ("a", "i"):
        return False  # "x <3": a comparison
    return say(_BOUNDS[found[1]], speaking, found)


def _base(text: str) -> str:
    return GREEK.get(text) or (numerals.decimal(text) if text[0].isdecimal() else text)


def _power(speaking: "Speaking", found: Found) -> bool:
    mark, base, raised, written = found.groups()
    return say(f"{sign(mark)}{_base(base)} {_exponent(raised, written)}", speaking, found)


def _exponent(raised: str | None, written: str) -> str:
    exponent = raised.translate(_RAISED_PLAIN) if raised else written.strip("{}()")
    simple = re.fullmatch(r"[-+−]?(?:\d+(?:\.\d+)?|[a-zA-Z])", exponent)
    return numerals.power(exponent) if simple else f"to the {read_formula(exponent)}"


def _product_power(speaking: "Speaking", found: Found) -> bool:
    """ "mc²" is read letter by letter, "cm²" is a unit."""
    letters, raised, written = found.groups()
    if letters in LENGTHS:
        words = unit_words(letters + ("²" if "2" in (raised or written).translate(_RAISED_PLAIN) else "³"), False)
    else:
        words = f"{' '.join(letters)} {_exponent(raised, written)}"
    return say(words, speaking, found)


def _coefficient(speaking: "Speaking", found: Found) -> bool:
    return say(numerals.decimal(found[0]), speaking, found)


def _power_of_group(speaking: "Speaking", found: Found) -> bool:
    """Right after a bracket or a word: "(a + b)²"."""
    return say(_exponent(found[1], found[2]), speaking, found)


def _scientific(speaking: "Speaking", found: Found) -> bool:
    mark, digits, exponent = found.groups()
    power = numerals.power(str(int(exponent)))
    power = {"squared": "to the second", "cubed": "to the third"}.get(power, power)
    return say(f"{sign(mark)}{numerals.decimal(digits)} times ten {power}", speaking, found)


def _function(speaking: "Speaking", found: Found) -> bool:
    """ "f(" -> "f of"; what is in the brackets comes next."""
    name, primes = found.groups()
    if name in "aAI" or (name == "s" and speaking.text[found.start() - 1 : found.start()].isalnum()):
        return False
    return say(f"{name}{' prime' * len(primes)} of", speaking, found)


def _named_function(speaking: "Speaking", found: Found) -> bool:
    name, base = found.groups()
    words = _FUNCTIONS[name] + (f" base {numerals.cardinal(base)}" if base else "")
    return say(words if words.endswith("of") else f"{words} of", speaking, found)


def _minus(speaking: "Speaking", found: Found) -> bool:
    return say("minus", speaking, found)


def _divided(speaking: "Speaking", found: Found) -> bool:
    return say("divided by", speaking, found)


def _less(speaking: "Speaking", found: Found) -> bool:
    return say(f"{found[1]} minus {numerals.cardinal(found[2])}", speaking, found)


def _factorial(speaking: "Speaking", found: Found) -> bool:
    return say(f"{_base(found[1])} factorial", speaking, found)


def _root(speaking: "Speaking", found: Found) -> bool:
    return say(_ROOTS[found[0]], speaking, found)


def _over(speaking: "Speaking", found: Found) -> bool:
    return say(f"{_base(found[1])} over {_base(found[2] or found[3])}", speaking, found)


def _by(speaking: "Speaking", found: Found) -> bool:
    """3x3, 1920×1080; as a name of a screen it is read in pairs."""
    if "×" in found[0] and (_CALCULATED.match(speaking.text, found.end()) or speaking.previous in _OPERATION):
        return False
    parts = re.split("[x×]", found[0])
    screen = all(part.isdecimal() and len(part) in (3, 4) for part in parts) and any(len(part) == 4 for part in parts)
    return say(" by ".join(map(numerals.label if screen else numerals.decimal, parts)), speaking, found)


def _sized(speaking: "Speaking", found: Found) -> bool:
    """ "128 × 64 cells", "10 x 12 feet", and not "3 × 4 = 12"."""
    first, cross, second, unit = found.groups()
    counts = unit or cross == "x" or _NOUN_FOLLOWS.match(speaking.text, found.end())
    if speaking.previous in _OPERATION or not counts:
        return False
    words = f"{numerals.decimal(first)} by {numerals.decimal(second)}"
    return say(words + (f" {unit_words(unit, describes(speaking))}" if unit else ""), speaking, found)


def _times(speaking: "Speaking", found: Found) -> bool:
    return say(f"{numerals.decimal(found[1])} times", speaking, found)


def _times_range(speaking: "Speaking", found: Found) -> bool:
    return say(f"{numerals.decimal(found[1])} to {numerals.decimal(found[2])} times", speaking, found)


_EXPONENT = rf"(?:([{_RAISED}]{{1,6}})|\^(\{{[\w.+−-]{{1,8}}\}}|\([\w.+−-]{{1,8}}\)|[-−]?\d{{1,4}}|[a-zA-Z]))(?![\w^])"

maths_rules: tuple[Rule, ...] = (
    rule("bound", "<>≤≥≈≲≳~", r"(?<![\w)\]<>=-])(<=|>=|[<>≤≥≈≲≳~])(?=[-−+]?(?:[$€£¥₹]\s?)?\.?\d)", _bound),
    rule("coefficient", DIGIT, rf"{_N}(?=[A-Za-z]{_EXPONENT})", _coefficient),
    rule("power", "abcdefghijklmnopqrstuvwxyz", rf"(?<![A-Za-z])([a-z]{{2}}){_EXPONENT}", _product_power),
    rule("power", (DIGIT, "-−"), rf"((?<![\w)\]])[-−])?({_N}){_EXPONENT}", _power),
    rule(
        "power",
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" + _GREEK,
        rf"()(?<![A-Za-z])([A-Za-z]|[{_GREEK}]){_EXPONENT}",
        _power,
    ),
    rule("power", "^" + _RAISED, rf"(?<=[)\]])(?:([{_RAISED}]{{1,6}})|\^(-?\d{{1,4}}|[a-z]))(?!\w)", _power_of_group),
    rule("scientific", DIGIT + "-−", rf"((?<![\w)\]])[-−])?({_N})[eE]([-+]?\d{{1,3}})(?!\w)", _scientific),
    rule(
        "function",
        "bcdefghijklmnopqrstuvwxyzBCDEFGHJKLMNOPQRSTUVWXYZ",
        r"(?<![A-Za-z])([A-Za-z])(['′’]{0,2})\((?=[^\s()])",
        _function,
    ),
    rule("function", "sctlemdgha", rf"({'|'.join(_FUNCTIONS)})(?:_?(\d{{1,2}}))?\((?=[^\s()])", _named_function),
    rule("minus", "-−–", r"(?<![^\s(=+*/^²³)][a-z] )(?<=[b-hj-z²³)] )[-−–](?= (?:\d|[a-z](?![a-z])))", _minus),
    rule("minus", "nkxyijtm", r"(?<![\w-])([nkxyijtm])[-−](\d{1,2})(?![\w-])", _less),
    rule("divided", "/", r"(?<=[\da-z] )/(?= \d)", _divided),
    rule("factorial", DIGIT + "nkmrN", r"(\d{1,4}|[a-zN])!(?=\s?[=≈+×÷/*^)]|\s[-−]\s)", _factorial),
    rule("root", "√∛∜", r"[√∛∜]", _root),
    rule(
        "over",
        DIGIT + "abcdefghijklmnopqrstuvwxyz",
        r"(?<![\w/])(\d{1,4}|[a-z])/(?:(?<=\d/)([a-z])|(?<=[a-z]/)(\d{1,4}))(?![\w/])",
        _over,
    ),
    rule("by", DIGIT, rf"{_N}(?:[x×]{_N}){{1,3}}(?!\w)", _by),
    rule("by", DIGIT, rf"({_N})\s([x×])\s({_N})(?:({UNIT})|(?!\s?[=≈+*/^÷]|\w))", _sized),
    rule("times", DIGIT, rf"({_N})\s?[-–]\s?({_N})[x×](?![\w×])", _times_range),
    rule("times", DIGIT, rf"({_N})(?:[x×](?!\w|\s*[-+*/=^)\]])|X(?=\s[a-z]{{2}}))", _times),
)
