"""What is said for TeX's commands and for the signs in a formula: plain tables, used by ``formulas``."""

from speakstream.text.vocabulary import GREEK, word_set

_GREEK_NAMES = frozenset(GREEK.values())

WORDS = {
    # operations
    "times": "times", "cdot": "times", "ast": "times", "div": "divided by", "pm": "plus or minus", "oplus": "x or",
    "mp": "minus or plus", "otimes": "tensor", "bmod": "mod", "circ": "of", "star": "star", "setminus": "minus",
    # relations
    "leq": "is at most", "le": "is at most", "leqslant": "is at most", "geq": "is at least", "ge": "is at least",
    "geqslant": "is at least", "lt": "is less than", "gt": "is greater than", "ll": "is much less than",
    "gg": "is much greater than", "neq": "is not equal to", "ne": "is not equal to", "approx": "is about",
    "simeq": "is about", "sim": "is similar to", "cong": "is congruent to", "equiv": "is equivalent to",
    "propto": "is proportional to", "perp": "is perpendicular to", "parallel": "is parallel to",
    "coloneqq": "is defined as",
    # sets and logic
    "in": "in", "notin": "not in", "ni": "contains", "subset": "is a subset of", "subseteq": "is a subset of",
    "supset": "contains", "supseteq": "contains", "cup": "union", "cap": "intersection", "emptyset": "the empty set",
    "varnothing": "the empty set", "forall": "for all", "exists": "there exists", "nexists": "there is no",
    "neg": "not",
    "lnot": "not", "land": "and", "wedge": "and", "lor": "or", "vee": "or", "mid": "given", "therefore": "therefore",
    "because": "because", "implies": "implies", "Rightarrow": "implies", "impliedby": "is implied by",
    "Longrightarrow": "implies", "iff": "if and only if", "Leftrightarrow": "if and only if", "models": "models",
    "vdash": "proves",
    # arrows and dots
    "to": "approaches", "rightarrow": "to", "longrightarrow": "to", "leftarrow": "from", "mapsto": "maps to",
    "leftrightarrow": "to and from", "uparrow": "up", "downarrow": "down", "ldots": "and so on", "cdots": "and so on",
    "dots": "and so on", "vdots": "and so on", "ddots": "and so on",
    # names
    "infty": "infinity", "partial": "partial", "nabla": "nabla", "hbar": "h bar", "ell": "l", "Re": "the real part of",
    "Im": "the imaginary part of", "aleph": "aleph", "angle": "angle", "triangle": "triangle", "degree": "degrees",
    "prime": "prime", "\\": ",", "%": "percent", "$": "dollars", "#": "number", "&": "and", "dagger": "dagger",
    "top": "top", "bot": "bottom", "imath": "i", "jmath": "j", "colon": "",
}  # fmt: skip
WORDS |= {name: name for name in _GREEK_NAMES} | {name.capitalize(): name for name in _GREEK_NAMES}
WORDS |= {f"var{name}": name for name in _GREEK_NAMES}

FUNCTIONS = {
    "sin": "sine", "cos": "cosine", "tan": "tangent", "cot": "cotangent", "sec": "secant", "csc": "cosecant",
    "arcsin": "arc sine", "arccos": "arc cosine", "arctan": "arc tangent", "sinh": "hyperbolic sine",
    "cosh": "hyperbolic cosine", "tanh": "hyperbolic tangent", "log": "log", "lg": "log", "exp": "exponential of",
    "det": "the determinant of", "dim": "the dimension of", "ker": "the kernel of",
    "gcd": "the greatest common divisor of",
    "deg": "the degree of", "arg": "the argument of", "Pr": "the probability of", "mod": "mod", "tr": "the trace of",
    "ln": "the natural log of",
}  # fmt: skip
"""Names of functions: with a backslash or without."""

LIMITED = {
    "sum": "the sum", "prod": "the product", "int": "the integral", "iint": "the double integral",
    "iiint": "the triple integral", "oint": "the contour integral", "bigcup": "the union", "bigcap": "the intersection",
}  # fmt: skip
"""What has limits: "from ... to ... of", or "over ... of"."""

EXTREMES = {
    "lim": "the limit", "max": "the maximum", "min": "the minimum", "sup": "the supremum", "inf": "the infimum",
    "limsup": "the upper limit", "liminf": "the lower limit", "argmax": "the argument of the maximum",
    "argmin": "the argument of the minimum",
}  # fmt: skip
"""What has a condition below: "the limit as ... of", "the maximum over ... of"."""

ACCENTS = {
    "bar": "bar", "overline": "bar", "hat": "hat", "widehat": "hat", "tilde": "tilde", "widetilde": "tilde",
    "dot": "dot",
    "ddot": "double dot", "vec": "vector", "overrightarrow": "vector",
}  # fmt: skip
"""Said after what they stand over."""

FONTS = word_set(
    "mathbf mathrm mathit mathbb mathcal mathfrak mathsf mathtt mathscr boldsymbol bm pmb underline boxed cancel "
    "displaystyle textstyle underbrace overbrace operatorname substack limits nolimits ensuremath mathop mathbin"
)
"""Commands that change how something looks: it is read as if they were not there."""

SIGNS = {
    "=": "equals", "+": "plus", "-": "minus", "−": "minus", "*": "times", "/": "over", "<": "is less than",
    ">": "is greater than", "≤": "is at most", "≥": "is at least", "≠": "is not equal to", "≈": "is about",
    "%": "percent",
    "×": "times", "÷": "divided by", "±": "plus or minus", "·": "times", "→": "approaches", "∞": "infinity", "∈": "in",
    "°": "degrees", ":": "such that", ",": ",", ";": ",", "&": "", "~": "", "$": "dollars", "#": "number",
    "∂": "partial",
    "∑": "the sum of", "∏": "the product of", "∫": "the integral of", "√": "the square root of", "∇": "nabla",
    "′": "prime",
    "⋅": "times", "∪": "union", "∩": "intersection", "⊂": "is a subset of", "∀": "for all", "∃": "there exists",
}  # fmt: skip

MATRICES = word_set("matrix pmatrix bmatrix vmatrix Bmatrix Vmatrix smallmatrix array")

CALLED = frozenset("fghpquFGHPTOELVφψ")
"""Letters that are functions when a bracket follows: "f of x"; other letters are multiplied."""
