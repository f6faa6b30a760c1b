"""The words behind short forms: abbreviations, units, symbols, emoji, Greek letters, languages of code.

Plain tables. What uses them is in ``speakable`` (how a thing is read) and ``boundaries`` (where a sentence
ends).
"""

import re
import unicodedata
from functools import lru_cache


def word_set(text: str) -> frozenset[str]:
    """The words of ``text``, which stands for a long list."""
    return frozenset(text.split())


TITLES = {
    "mr": "Mister", "mrs": "Missus", "ms": "Ms", "dr": "Doctor", "prof": "Professor", "rev": "Reverend",
    "gen": "General", "sen": "Senator", "rep": "Representative", "gov": "Governor", "capt": "Captain",
    "lt": "Lieutenant", "col": "Colonel", "sgt": "Sergeant", "hon": "Honorable", "pres": "President",
    "mt": "Mount", "ft": "Fort", "st": "Saint",
}  # fmt: skip
"""Short forms that stand before a name: a full stop after one never ends a sentence. Keys are lower case."""

INWARD = {
    "e.g": "for example", "i.e": "that is", "eg": "for example", "ie": "that is", "vs": "versus",
    "approx": "approximately", "ca": "circa", "cf": "compare", "esp": "especially", "incl": "including",
    "viz": "namely", "fig": "figure", "figs": "figures", "eq": "equation", "vol": "volume", "pp": "pages",
    "p": "page", "ch": "chapter", "sec": "section", "no": "number", "nos": "numbers", "ed": "edition",
    "est": "established", "dept": "department", "univ": "university", "tel": "telephone",
}  # fmt: skip
"""Short forms that something follows: a full stop after one does not end a sentence."""

ENDING = {
    "etc": "et cetera", "inc": "Incorporated", "ltd": "Limited", "corp": "Corporation", "co": "Company",
    "jr": "Junior", "sr": "Senior", "ave": "Avenue", "blvd": "Boulevard", "rd": "Road", "al": "al",
    "min": "minimum", "max": "maximum", "avg": "average", "misc": "miscellaneous", "ext": "extension",
    "jan": "January", "feb": "February", "mar": "March", "apr": "April", "jun": "June", "jul": "July",
    "aug": "August", "sept": "September", "sep": "September", "oct": "October", "nov": "November",
    "dec": "December", "mon": "Monday", "tue": "Tuesday", "tues": "Tuesday", "wed": "Wednesday",
    "thu": "Thursday", "thurs": "Thursday", "fri": "Friday", "sat": "Saturday",
}  # fmt: skip
"""Short forms that may end a sentence: they do when a capital follows."""

ONLY_BEFORE_NUMBERS = word_set("no nos p pp ch sec vol fig figs eq ed ft min max col mar mon sat sun wed gen rep")
"""Short forms that are words too: read as short forms only when a number (or, for titles, a name) follows."""

MONTHS = word_set(
    "january february march april may june july august september october november december "
    "jan feb mar apr jun jul aug sep sept oct nov dec"
)

UNITS = {
    "km": ("kilometer", "kilometers"), "m": ("meter", "meters"), "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"), "µm": ("micrometer", "micrometers"),
    "μm": ("micrometer", "micrometers"), "nm": ("nanometer", "nanometers"), "mi": ("mile", "miles"),
    "ft": ("foot", "feet"), "yd": ("yard", "yards"), "in": ("inch", "inches"),
    "kg": ("kilogram", "kilograms"), "g": ("gram", "grams"), "mg": ("milligram", "milligrams"),
    "µg": ("microgram", "micrograms"), "μg": ("microgram", "micrograms"), "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"), "oz": ("ounce", "ounces"), "l": ("liter", "liters"),
    "L": ("liter", "liters"), "ml": ("milliliter", "milliliters"), "mL": ("milliliter", "milliliters"),
    "cl": ("centiliter", "centiliters"), "tsp": ("teaspoon", "teaspoons"),
    "tbsp": ("tablespoon", "tablespoons"), "gal": ("gallon", "gallons"), "s": ("second", "seconds"),
    "sec": ("second", "seconds"), "secs": ("second", "seconds"), "ms": ("millisecond", "milliseconds"),
    "µs": ("microsecond", "microseconds"), "μs": ("microsecond", "microseconds"),
    "ns": ("nanosecond", "nanoseconds"), "min": ("minute", "minutes"), "mins": ("minute", "minutes"),
    "h": ("hour", "hours"), "hr": ("hour", "hours"), "hrs": ("hour", "hours"), "yr": ("year", "years"),
    "yrs": ("year", "years"), "mph": ("mile per hour", "miles per hour"),
    "kph": ("kilometer per hour", "kilometers per hour"),
    "kmh": ("kilometer per hour", "kilometers per hour"), "rpm": ("R P M", "R P M"),
    "fps": ("F P S", "F P S"), "Hz": ("hertz", "hertz"), "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"), "GHz": ("gigahertz", "gigahertz"), "B": ("byte", "bytes"),
    "KB": ("kilobyte", "kilobytes"), "kB": ("kilobyte", "kilobytes"), "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"), "TB": ("terabyte", "terabytes"), "PB": ("petabyte", "petabytes"),
    "KiB": ("kibibyte", "kibibytes"), "MiB": ("mebibyte", "mebibytes"), "GiB": ("gibibyte", "gibibytes"),
    "TiB": ("tebibyte", "tebibytes"), "kbps": ("kilobit per second", "kilobits per second"),
    "Mbps": ("megabit per second", "megabits per second"),
    "Gbps": ("gigabit per second", "gigabits per second"), "W": ("watt", "watts"),
    "kW": ("kilowatt", "kilowatts"), "MW": ("megawatt", "megawatts"), "GW": ("gigawatt", "gigawatts"),
    "kWh": ("kilowatt hour", "kilowatt hours"), "V": ("volt", "volts"), "mV": ("millivolt", "millivolts"),
    "kV": ("kilovolt", "kilovolts"), "A": ("amp", "amps"), "mA": ("milliamp", "milliamps"),
    "mAh": ("milliamp hour", "milliamp hours"), "J": ("joule", "joules"), "kJ": ("kilojoule", "kilojoules"),
    "cal": ("calorie", "calories"), "kcal": ("kilocalorie", "kilocalories"), "N": ("newton", "newtons"),
    "Pa": ("pascal", "pascals"), "kPa": ("kilopascal", "kilopascals"), "psi": ("P S I", "P S I"),
    "dB": ("decibel", "decibels"), "ha": ("hectare", "hectares"), "px": ("pixel", "pixels"),
    "mol": ("mole", "moles"), "K": ("kelvin", "kelvins"), "Ω": ("ohm", "ohms"),
    "eV": ("electron volt", "electron volts"),
}  # fmt: skip

SPACED_ONLY = frozenset({"B", "K"})
"""Units that after a number without a space mean billion and thousand instead."""

NEVER_SPACED = frozenset({"in", "A", "s", "h", "L", "l", "N", "V", "J", "W"})
"""Units that after a space may be a word or a letter: "5 in a row"."""

SYMBOLS = {
    "&&": "and", "||": "or", "==": "equals", "===": "equals", "!=": "is not equal to", "<=": "is at most",
    ">=": "is at least", "->": "to", "=>": "to", "-->": "to", "<-": "from", "&": "and", "@": "at",
    "%": "percent", "+": "plus", "=": "equals", "<": "is less than", ">": "is greater than",
    "≤": "is at most", "≥": "is at least", "≠": "is not equal to", "≈": "is about", "≡": "is identical to",
    "→": "to", "⇒": "implies", "←": "from", "↔": "to and from", "⇔": "if and only if", "↑": "up",
    "↓": "down", "×": "times", "⋅": "times", "·": "", "÷": "divided by", "±": "plus or minus",
    "∓": "minus or plus", "−": "minus", "°": "degrees", "∞": "infinity", "√": "square root of",
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

_EMOJI = {
    "😀": "grinning face", "😃": "smiling face", "😄": "smiling face", "😁": "beaming face",
    "😊": "smiling face", "🙂": "smiling face", "😉": "winking face", "😂": "tears of joy",
    "🤣": "rolling laughing", "😍": "heart eyes", "😎": "sunglasses face", "😅": "nervous smile",
    "😢": "crying face", "😭": "sobbing face", "🤔": "thinking face", "❤": "heart", "♥": "heart",
    "✅": "check mark", "✔": "check mark", "✓": "check mark", "☑": "check box", "❌": "cross mark",
    "✗": "cross mark", "✘": "cross mark", "✖": "cross mark", "⚠": "warning", "👍": "thumbs up",
    "👎": "thumbs down", "👉": "pointing right", "👈": "pointing left", "👆": "pointing up",
    "👇": "pointing down", "🎉": "party popper", "🚀": "rocket", "🔥": "fire", "💡": "light bulb",
    "⭐": "star",
    "🌟": "star", "★": "star", "☆": "star", "✨": "sparkles", "👋": "waving hand", "🙏": "folded hands",
    "👏": "clapping hands", "💪": "flexed arm", "📌": "pin", "🔑": "key", "📝": "memo", "🎯": "bullseye",
    "💻": "laptop", "🤖": "robot", "🐍": "snake", "☀": "sun", "☕": "coffee", "ℹ": "information",
    "❓": "question mark", "❗": "exclamation mark", "➡": "right arrow", "⬅": "left arrow", "⬆": "up arrow",
    "⬇": "down arrow", "🏽": "", "👩": "woman", "👨": "man", "👧": "girl", "👦": "boy",
}  # fmt: skip
_DROPPED = re.compile(r"\b(?:heavy|white|black|negative|squared|emoji|modifier|sign|symbol|with .*)\b\s*")
_MODIFIERS = re.compile("[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff]")


@lru_cache(maxsize=1024)
def emoji_name(sequence: str) -> str:
    """A short name for one emoji, which may be a sequence of joined ones; skin tones are not named."""
    if len(sequence) == 2 and all("\U0001f1e6" <= char <= "\U0001f1ff" for char in sequence):
        return "flag " + " ".join(chr(ord(char) - 0x1F1E6 + ord("A")) for char in sequence)
    if "🏳" in sequence and "🌈" in sequence:
        return "rainbow flag"
    people = [part for part in _MODIFIERS.sub("", sequence).split("\u200d") if part]
    if len(people) > 2:
        return "family" if all(part in "👨👩👧👦👶" for part in people) else _one_name(people[0])
    names = [_one_name(part) for part in people if part not in "♀♂"]
    return " ".join(name for name in names if name)


def _one_name(char: str) -> str:
    known = _EMOJI.get(char)
    if known is not None:
        return known
    full = unicodedata.name(char[0], "").lower()
    return (_DROPPED.sub("", full).strip() or full).replace("-", " ")
