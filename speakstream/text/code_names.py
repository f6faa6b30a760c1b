"""How names from code, files and hosts are read: word by word, marks between them named, no words spelled.

"getUserName()" -> "get user name", "index.html" -> "index dot H T M L". A hyphen or an underscore within a name is
not said, but in what a person must type exactly (``read_address``).
"""

import re

from speakstream.text import numerals
from speakstream.text.acronyms import SAID, is_said_as_letters, read_capitals, spelled
from speakstream.text.lexicon import EMPTY, Lexicon
from speakstream.text.vocabulary import GREEK, word_set

_PART = re.compile(r"[A-Z]{2,}s?(?![a-z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+(?:\.\d+)?|[^\w\s]|[^\W\d_a-zA-Z]+")
_MARKS = {
    ".": "dot", "-": "dash", "/": "slash", "\\": "backslash", "*": "star", "#": "hash", "$": "dollar",
    "|": "pipe", "~": "tilde", "^": "caret", "%": "percent", "@": "at", "&": "and", "+": "plus",
    "=": "equals", "<": "less than", ">": "greater than", "!": "not", ":": "", "_": "",
}  # fmt: skip
_OPERATORS = {
    "**": "to the power of", "++": "plus plus", "--": "dash dash", "==": "equals", "===": "equals",
    "!=": "is not equal to", "<=": "is at most", ">=": "is at least", "->": "arrow", "=>": "arrow",
    "&&": "and", "||": "or", "//": "slash slash",
}  # fmt: skip
_MARK = re.compile(r"\*\*|\+\+|->|--?|=>|==?=?|!=|<=|>=|&&|\|\||//|[^\w\s]")
_SHORT_OPTIONS = re.compile("-[A-Za-z]{2,4}")  # "ls -la"
_ADDRESS_MARKS = {"_": "underscore", "-": "dash", ".": "dot", "+": "plus", "%": "percent"}
_WORDS = {
    "json": "jason", "jsonl": "jason L", "readme": "read me", "cmd": "command", "usr": "user", "src": "source",
    "stdin": "standard in", "stdout": "standard out", "stderr": "standard error", "www": "W W W",
    "mysql": "my S Q L", "nosql": "no S Q L", "gitlab": "git lab", "mkdir": "make dir", "chmod": "C H mod",
    "utf": "U T F", "exe": "E X E", "ini": "ini", "ascii": "ascii", "cuda": "cuda", "todo": "to do", "wasm": "wasm",
    "hdr": "header", "fn": "function",
}  # fmt: skip
_NOT_SPELLED = word_set("hmm psst nth brr shh pfft who us it era act led cat sat apt ids mit ent ada ma pa")
_ENDS_OF_HOSTS = word_set("co me so be is at it in to my no")
"""Of two letters and said as words; other countries are spelled."""


def read_identifier(name: str, lexicon: Lexicon = EMPTY) -> str:
    """ "getUserName()" -> "get user name"; marks between words are named, brackets and quotes are not."""
    if _SHORT_OPTIONS.fullmatch(name):
        return f"dash {spelled(name[1:])}"
    words: list[str] = []
    at = 0
    while at < len(name):
        if entry := lexicon.match(name, at, len(name)):
            words.append(entry.spoken)
            at = entry.end
            continue
        if mark := _MARK.match(name, at):
            at = mark.end()
            if mark[0] == "-" and words and at < len(name) and name[at].isalnum():
                continue  # a hyphen within a name
            words.append(_OPERATORS.get(mark[0]) or _MARKS.get(mark[0], ""))
            continue
        part = _PART.match(name, at)
        at = part.end() if part else at + 1
        if part:
            words.append(_read_part(part[0], lexicon))
    return " ".join(" ".join(words).split())


def read_address(name: str, lexicon: Lexicon = EMPTY) -> str:
    """The same with every mark named, for what must be typed: "jo_smith" -> "jo underscore smith"."""
    parts = (_ADDRESS_MARKS.get(part) or read_identifier(part, lexicon) for part in re.split(r"([_.+%-])", name))
    return " ".join(" ".join(parts).split())


def read_host(host: str, lexicon: Lexicon = EMPTY) -> str:
    """ "user@www.example.co.uk:80" -> "example dot co dot U K"."""
    host = host.rpartition("@")[2].partition(":")[0]
    labels = [label for label in host.split(".") if label]
    if len(labels) > 1 and labels[0].lower() == "www":
        del labels[0]
    said = [lexicon.respell(label) or read_address(label, lexicon) for label in labels]
    if len(labels) > 1 and len(last := labels[-1]) == 2 and last.isalpha() and last.lower() not in _ENDS_OF_HOSTS:
        said[-1] = lexicon.respell(last) or spelled(last)
    return " dot ".join(said)


def _read_part(part: str, lexicon: Lexicon) -> str:
    """A word, a number or a letter of a name."""
    if part[0].isdecimal():
        return numerals.decimal(part)
    if not part.isascii():
        return GREEK.get(part, part if part < "ɐ" else "")
    if respelled := lexicon.respell(part):
        return respelled
    if len(part) == 1:
        return "A" if part == "a" else part  # the letter, not the article
    lower = part.lower()
    if lower in _WORDS:
        return _WORDS[lower]
    if part.isupper() or part[:-1].isupper():
        return read_capitals(part, shouted=True)
    if lower in _NOT_SPELLED:
        return lower
    if is_said_as_letters(part) or (len(part) < 6 and not re.search("[aeiouy]", lower)):
        return spelled(part)
    return SAID.get(part, lower)
