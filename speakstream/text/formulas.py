"""Reads a formula in TeX aloud, on a line: E = mc^2, \\frac{a}{b}, \\sum_{i=1}^{n} i, \\sqrt[3]{x}.

A small reader, not TeX: a command it does not know is left out and its arguments are read. Formulas on lines of
their own are only announced. Fractions are read flat ("a plus b over two"), as they are in a classroom.
"""

import re

from speakstream.text import numerals
from speakstream.text.formula_words import (
    ACCENTS,
    CALLED,
    EXTREMES,
    FONTS,
    FUNCTIONS,
    LIMITED,
    MATRICES,
    SIGNS,
    WORDS,
)
from speakstream.text.vocabulary import GREEK

DEEPEST = 12
"""Groups within groups that are read."""

_TEXT = r"\\(?:text(?:bf|it|rm|tt|sf)?|mbox|hbox|mathrm|operatorname\*?)\s*+\{[^{}]*+\}"
_NAME = r"(?<![A-Za-z\\])(?:sin|cos|tan|log|ln|exp|max|min|lim|det|gcd|mod)(?![A-Za-z])"
_WORD = r"(?<![A-Za-z\\])[A-Za-z]{4,}+"
_TOKEN = re.compile(rf"{_TEXT}|\\[A-Za-z]++\*?|\\.|\d++(?:,\d{{3}})*+(?:\.\d++)?|{_NAME}|{_WORD}|[^\s]", re.DOTALL)
_SIZES = re.compile(r"\\(?:left|right|[bB]igg?[lrm]?|middle)(?![A-Za-z])\.?|(?<!\\)\\[,;:! ]|\\q?quad(?![A-Za-z])")
_LETTER = re.compile(
    r"\\(?:math(?:bb|bf|cal|frak|scr|sf|it)|boldsymbol|bm)\s*+(?:\{\s*+([A-Za-z])\s*+\}|(?<=\s)([A-Za-z])(?![A-Za-z]))"
)
_PLAIN_WORDS = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?")
_INVERSES = frozenset(("sine", "cosine", "tangent"))
_RAISED = {"\\circ": "degrees", "\\degree": "degrees", "°": "degrees", "\\prime": "prime", "'": "prime"}
_RAISED |= {"T": "transpose", "\\top": "transpose", "\\intercal": "transpose", "*": "star", "\\ast": "star"}
_RAISED |= {"\\star": "star", "\\dagger": "dagger", "+": "plus", "-": "minus"}


class _Reader:
    """Walks the tokens of a formula; every method reads on from where the last one ended."""

    def __init__(self, source: str) -> None:
        self.tokens: list[str] = _TOKEN.findall(_LETTER.sub(r" \1\2", _SIZES.sub(" ", source)))
        self.at = 0
        self.depth = 0
        self.closing: set[int] = set()  # places of bars that end an absolute value
        self.in_norm = False
        self.sets = 0  # open braces of sets

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def until(self, *ends: str) -> list[str]:
        """Words up to one of ``ends``, which is taken, or to the end."""
        words: list[str] = []
        while (token := self.peek()) and token not in ends:
            before = self.at
            words += self.item(words)
            if self.at == before:
                self.at += 1
        self.take()
        return words

    def argument(self) -> list[str]:
        """A group in braces, or the next item alone."""
        if self.peek() == "{":
            return self.group()
        token = self.take()
        if token in ("-", "+", "−"):
            return [SIGNS[token], *self.argument()]
        if token.startswith("\\"):
            return self.command(token[1:])
        return self.plain(token)

    def group(self) -> list[str]:
        self.take()
        self.depth += 1
        words = self.until("}") if self.depth < DEEPEST else []
        if self.depth >= DEEPEST:
            self.skip()
        self.depth -= 1
        return words

    def skip(self) -> None:
        """Over the rest of a group."""
        open_groups = 1
        while open_groups and (token := self.take()):
            open_groups += {"{": 1, "}": -1}.get(token, 0)

    def raw(self) -> str:
        """A group's characters, as they stand."""
        if self.peek() != "{":
            return self.take()
        self.take()
        parts: list[str] = []
        while (token := self.take()) and token != "}":
            parts.append(token)
        return "".join(parts)

    def item(self, before: list[str]) -> list[str]:
        """The next token with all that belongs to it; ``before`` was said in this group."""
        token = self.peek()
        if token == "{":
            return self.group()
        self.take()
        if token == "|":
            return self.bar()
        if token == "^":
            return self.power(bool(before))
        if token == "_":
            return self.argument()
        if token.startswith("\\"):
            return self.command(token[1:])
        if token == ":" and self.peek() == "=":
            self.take()
            return ["is defined as"]
        if token in "<>!" and self.peek() == "=":
            self.take()
            return [{"<": "is at most", ">": "is at least", "!": "is not equal to"}[token]]
        if token == "!":
            return ["factorial"]
        if token == ":":
            return ["such that" if self.sets > 0 else ","]
        if token.isalpha() and (self.peek() == "(" or (self.peek() == "[" and token in ("E", "P"))):
            return self.called(token)
        if token[0].isdecimal() and self.peek() == "(":
            return [*self.plain(token), "times"]
        return self.plain(token)

    def plain(self, token: str) -> list[str]:
        """A token that has no arguments."""
        if not token:
            return []
        if token[0].isdecimal():
            return [numerals.decimal(token)]
        if token in EXTREMES:
            return self.extreme(EXTREMES[token])
        if token in FUNCTIONS:
            return self.function(FUNCTIONS[token])
        if token.isascii() and token.isalpha():
            spelled = len(token) > 3 and not re.search("[aeiouyAEIOUY]", token)
            return [" ".join(token) if spelled else "A" if token == "a" else token]
        return ["prime" if token == "'" else GREEK.get(token) or SIGNS.get(token, "")]

    def called(self, letter: str) -> list[str]:
        """A letter before a bracket: a function, or a factor."""
        alone = self.tokens[self.at + 2 : self.at + 3] == [")"]
        return [*self.plain(letter), "of" if alone or letter in CALLED else "times"]

    def power(self, has_base: bool) -> list[str]:
        """What is raised, after what was said before it."""
        start = self.at
        text = self.raw()
        if text in _RAISED and (has_base or text not in "+-"):
            return [_RAISED[text]]
        if re.fullmatch(r"-?\d{1,9}", text):
            return [numerals.power(text)]
        self.at = start
        return ["to the", *self.argument()]

    def bar(self) -> list[str]:
        """|x| is an absolute value; a bar alone, as in P(A|B), is a condition."""
        if self.at - 1 in self.closing or len(self.closing) > DEEPEST:
            return []
        if self.sets > 0:
            return ["such that"]
        depth = 0
        for place in range(self.at, len(self.tokens)):
            depth += {"{": 1, "(": 1, "}": -1, ")": -1}.get(self.tokens[place], 0)
            if depth < 0:
                break
            if self.tokens[place] == "|" and depth == 0:
                self.closing.add(place)
                return ["the absolute value of"]
        return ["given"]

    def limits(self) -> tuple[list[str], list[str]]:
        """What stands below and above."""
        below: list[str] = []
        above: list[str] = []
        while self.peek() in ("_", "^", "\\limits", "\\nolimits"):
            token = self.take()
            if token == "_":
                below = self.argument()
            elif token == "^":
                above = self.argument()
        return below, above

    def function(self, name: str) -> list[str]:
        """A function's name with its base or power, before what it is taken of."""
        below, above = self.limits()
        if above == ["minus", "one"] and name in _INVERSES:
            return ["inverse", name]
        words = [name]
        if name == "log" and below:
            words += ["base", *below, *above, "of"]
        elif above:
            words.append("to the" if len(above) > 1 else {"two": "squared", "three": "cubed"}.get(above[0], "to the"))
            words += [] if words[-1].endswith("ed") else above
        return [*words, "of"] if self.peek() == "(" and not name.endswith("of") else words

    def extreme(self, name: str) -> list[str]:
        below, _ = self.limits()
        if not below:
            return [name, "of"]
        return [name, "as" if "limit" in name else "over", *below, "of"]

    def command(self, name: str) -> list[str]:
        """What is said for a command and its arguments."""
        if name.endswith("}"):
            return self.words(name)
        if name in ("frac", "dfrac", "tfrac", "cfrac"):
            return self.fraction()
        if name in ("binom", "dbinom", "tbinom"):
            return [*self.argument(), "choose", *self.argument()]
        if name == "sqrt":
            return self.root()
        if name in LIMITED:
            return self.limited(LIMITED[name])
        if name in EXTREMES:
            return self.extreme(EXTREMES[name])
        if name in FUNCTIONS:
            return self.function(FUNCTIONS[name])
        if name in ACCENTS:
            return [*self.argument(), ACCENTS[name]]
        if name == "begin":
            return self.environment()
        if name == "pmod":
            return ["mod", *self.argument()]
        if name in "{}":
            self.sets += 1 if name == "{" else -1
            return ["the set of"] if name == "{" else []
        if name == "mid" and self.sets > 0:
            return ["such that"]
        if name == "to" and ":" in self.tokens[: self.at]:
            return ["to"]  # f: A \\to B
        if name in ("|", "Vert", "lVert", "rVert"):
            self.in_norm = not self.in_norm
            return ["the norm of"] if self.in_norm else []
        return [] if name in FONTS else [WORDS.get(name, "")]

    def fraction(self) -> list[str]:
        start = self.at
        top = self.raw()
        bottom = self.raw()
        if re.fullmatch(r"\d{1,4}", top) and re.fullmatch(r"\d{1,4}", bottom):
            return [numerals.fraction(top, bottom)]
        self.at = start
        return [*self.argument(), "over", *self.argument()]

    def root(self) -> list[str]:
        if self.peek() != "[":
            return ["the square root of", *self.argument()]
        self.take()
        start = self.at
        words = " ".join(self.until("]"))
        degree = "".join(self.tokens[start : self.at - 1])
        ordinal = {"2": "square", "3": "cube"}.get(degree) or (
            numerals.ordinal(degree) if degree.isdecimal() else f"{words}th"
        )
        return [f"the {ordinal} root of", *self.argument()]

    def limited(self, name: str) -> list[str]:
        below, above = self.limits()
        if below and above:
            return [name, "from", *below, "to", *above, "of"]
        return [name, "over", *below, "of"] if below else [name, "of"]

    def words(self, text: str) -> list[str]:
        """\\text{...}: its words are not spelled."""
        text = text.partition("{")[2].rstrip("}")
        if text in EXTREMES or text in FUNCTIONS:
            return self.plain(text)
        digits = re.sub(r"\d+", lambda found: f" {numerals.cardinal(found[0])} ", text)
        return [" ".join(word) if word.isupper() and len(word) < 4 else word for word in _PLAIN_WORDS.findall(digits)]

    def environment(self) -> list[str]:
        """A matrix is announced by its size; the lines of others are read one after the other."""
        name = self.raw().rstrip("*")
        if name == "array" and self.peek() == "{":
            self.raw()
        words: list[str] = []
        rows = columns = column = 1
        while (token := self.peek()) and token != "\\end":
            if token in ("\\\\", "&"):
                self.take()
                rows += token != "&"
                column = column + 1 if token == "&" else 1
                columns = max(columns, column)
                words.append("," if token != "&" or name == "cases" else "")
            else:
                words += self.item(words)
        self.take()
        self.raw()
        if name not in MATRICES:
            return [*words, ","]
        return [f"a {numerals.cardinal(str(rows))} by {numerals.cardinal(str(columns))} matrix"]


_SURELY = re.compile(r"[\\^_={}]|^[A-Za-z]{1,2}['!]*$")
_PERHAPS = re.compile(r"[<>≤≥|!+*/()\-,Ͱ-Ͽ]")


def looks_like_formula(source: str) -> bool:
    """Whether what stands between two dollar signs is a formula; "5 a month, or " is none."""
    if _SURELY.search(source):
        return True
    return not source[0].isdecimal() and bool(_PERHAPS.search(source)) and not re.search("[A-Za-z]{4}", source)


def read_formula(source: str) -> str:
    """Words for a formula, with no digit and no TeX in them; "" when there is nothing to say."""
    words = " ".join(" ".join(_Reader(source).until()).split())
    return re.sub(r"[ ,]*,", ",", words).strip(", ")
