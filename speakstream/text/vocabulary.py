"""The words behind units, symbols, Greek letters and languages of code: plain tables."""

import unicodedata


def word_set(text: str) -> frozenset[str]:
    """The words of ``text``, which stands for a long list."""
    return frozenset(text.split())


SYMBOLS = {
    "&&": "and", "||": "or", "==": "equals", "===": "equals", "!=": "is not equal to", "<=": "is at most",
    ">=": "is at least", "->": "to", "=>": "to", "-->": "to", "<-": "from", "&": "and", "@": "at",
    "%": "percent", "+": "plus", "=": "equals", "<": "is less than", ">": "is greater than",
    "≤": "is at most", "≥": "is at least", "≠": "is not equal to", "≈": "is about", "≡": "is identical to",
    "→": "to", "⇒": "implies", "←": "from", "↔": "to and from", "⇔": "if and only if", "↑": "up",
    "↓": "down", "×": "times", "⋅": "times", "·": "", "÷": "divided by", "±": "plus or minus",
    "∓": "minus or plus", "−": "minus", "°": "degrees", "∞": "infinity", "√": "the square root of",
    "∑": "the sum of", "∏": "the product of", "∫": "the integral of", "∂": "partial", "∆": "delta",
    "∇": "nabla", "∈": "in", "∉": "not in", "⊂": "is a subset of", "∪": "union", "∩": "intersection",
    "∅": "the empty set", "∀": "for all", "∃": "there exists", "¬": "not", "∧": "and", "∨": "or",
    "∝": "is proportional to", "©": "copyright", "®": "", "™": "", "§": "section", "¶": "paragraph",
    "№": "number", "‰": "per mille", "$": "dollar", "€": "euro", "£": "pound", "¥": "yen", "¢": "cents",
    "′": "prime", "″": "double prime", "^": "to the power of", "²": "squared", "³": "cubed", "¹": "",
    "ª": "", "º": "",
}  # fmt: skip

_GREEK_LETTERS = "αβγδεζηθικλμνξοπρστυφχψωΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ"
GREEK = {
    char: unicodedata.name(char).rsplit(" ", 1)[-1].lower().replace("lamda", "lambda") for char in _GREEK_LETTERS
} | {"µ": "mu", "ϕ": "phi", "ϵ": "epsilon", "ϑ": "theta", "ς": "sigma"}

LANGUAGES = {
    "py": "Python",
    "python": "Python", "python3": "Python", "js": "JavaScript", "javascript": "JavaScript",
    "jsx": "JavaScript", "ts": "TypeScript", "typescript": "TypeScript", "tsx": "TypeScript", "sh": "Shell",
    "bash": "Shell", "zsh": "Shell", "shell": "Shell", "console": "Shell", "terminal": "Shell", "c": "C",
    "cpp": "C plus plus", "c++": "C plus plus", "cxx": "C plus plus", "cs": "C sharp", "csharp": "C sharp",
    "c#": "C sharp", "fsharp": "F sharp", "java": "Java", "kotlin": "Kotlin", "swift": "Swift", "go": "Go",
    "golang": "Go", "rs": "Rust", "rust": "Rust", "rb": "Ruby", "ruby": "Ruby", "php": "PHP", "sql": "SQL",
    "html": "HTML", "css": "CSS", "scss": "CSS", "json": "JSON", "yaml": "YAML", "yml": "YAML",
    "toml": "TOML", "xml": "XML", "md": "Markdown", "markdown": "Markdown", "r": "R", "lua": "Lua",
    "perl": "Perl", "haskell": "Haskell", "hs": "Haskell", "scala": "Scala", "dart": "Dart",
    "dockerfile": "Docker", "makefile": "Make", "latex": "LaTeX", "tex": "LaTeX",
    "powershell": "PowerShell", "ps1": "PowerShell", "diff": "Diff", "mermaid": "Mermaid",
}  # fmt: skip
PLAIN_INFO = frozenset({"", "text", "txt", "plain", "plaintext", "output", "none", "markup", "ascii"})
