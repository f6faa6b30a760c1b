"""Reads a formula in TeX aloud, as far as that can be done on a line: E = mc^2, \\frac{a}{b}, \\sqrt{x}.

Not a TeX parser: what it does not know it leaves out. Formulas on lines of their own are only announced.
"""

import re

from speakstream.text import numerals
from speakstream.text.vocabulary import GREEK, SYMBOLS

_COMMANDS = {
    "times": "times", "cdot": "times", "div": "divided by", "pm": "plus or minus", "leq": "is at most",
    "le": "is at most", "geq": "is at least", "ge": "is at least", "neq": "is not equal to",
    "ne": "is not equal to", "approx": "is about", "sum": "the sum of", "prod": "the product of",
    "int": "the integral of", "infty": "infinity", "to": "to", "rightarrow": "to", "Rightarrow": "implies",
    "in": "in", "partial": "partial", "nabla": "nabla", "ldots": "and so on", "cdots": "and so on",
    "dots": "and so on", "log": "log", "ln": "log", "sin": "sine", "cos": "cosine", "tan": "tangent",
    "lim": "the limit of", "sqrt": "the square root of", "equiv": "is identical to",
    "propto": "is proportional to", "cup": "union", "cap": "intersection", "circ": "degrees",
    "hbar": "h bar", "forall": "for all", "exists": "there exists",
}  # fmt: skip
_COMMANDS |= {name: name.removeprefix("var").lower() for name in set(GREEK.values())}
_COMMANDS |= {name.capitalize(): name for name in set(GREEK.values())}
_POWERS = {"2": "squared", "3": "cubed"}
_FRAC = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_TOKEN = re.compile(
    r"\\([A-Za-z]+)|\^\s*(?:\{([^{}]*)\}|(-?[A-Za-z0-9]))|_\s*(?:\{([^{}]*)\}|([A-Za-z0-9]))|"
    r"(\d+(?:,\d{3})*(?:\.\d+)?)|([A-Za-z]+)|(\s+|[{}\\])|(.)",
    re.DOTALL,
)


def read_formula(source: str, depth: int = 0) -> str:
    """Words for a formula, with no digit and no TeX in them; "" when there is nothing to say."""
    if depth > 4:
        return ""
    source = _FRAC.sub(r" \1 \\over \2 ", source)
    words: list[str] = []
    for found in _TOKEN.finditer(source):
        command, group, single, lower, lower_single, number, letters, _, other = found.groups()
        if command:
            words.append("over" if command == "over" else _COMMANDS.get(command, ""))
        elif group is not None or single is not None:
            power = (group if group is not None else single).strip()
            words.append(_POWERS.get(power) or f"to the {read_formula(power, depth + 1)}")
        elif lower is not None or lower_single is not None:
            words.append(read_formula(lower if lower is not None else lower_single, depth + 1))
        elif number:
            words.append(numerals.decimal(number))
        elif letters:
            words.append(letters if len(letters) > 3 else " ".join(letters))
        elif other:
            words.append(
                {"-": "minus", "/": "over", "*": "times", "!": "factorial"}.get(other)
                or GREEK.get(other)
                or SYMBOLS.get(other, "")
            )
    return " ".join(" ".join(words).split())
