"""Rules for what stands in a reply to be followed or typed: links, images, code, files, formulas."""

import re
from typing import TYPE_CHECKING

from speakstream.text import numerals
from speakstream.text.formulas import read_formula
from speakstream.text.rule import LETTERS, Found, Rule, rule, say
from speakstream.text.vocabulary import GREEK

if TYPE_CHECKING:
    from speakstream.text.speakable import Speaking

_DOMAIN_ENDS = "com|org|net|edu|gov|io|dev|ai|app|co|me|info|uk|de|fr|eu|ca|us|ch|nl|jp|au|in|tv|xyz|example|test"
_FILE_ENDS = (
    "py|js|ts|jsx|tsx|json|ya?ml|toml|md|txt|csv|html?|css|sh|c|h|cpp|hpp|rs|go|java|rb|php|sql|xml|ini|cfg|env|log|"
    "pdf|png|jpe?g|gif|svg|wav|mp3|mp4|zip|tar|gz|exe|dll|so|lock|ipynb|onnx|gguf|docx?|xlsx?|pptx?"
)
_LINK_TARGET = r"\((?:<[^<>\n]*+>|(?:[^()\s]|\([^()\s]*+\))*+)(?:\s++(?:\"[^\"]*+\"|'[^']*+'))?\s*+\)"
_LABEL = r"((?:[^\[\]\\]|\\.|\[(?:[^\[\]\\]|\\.)*+\])*+)"
_URL_REST = r"(?:[^\s<>()\"`*]|\([^\s<>()]*+\))*?(?=[.,;:!?'\"’”*_\])}>]*+(?:[\s<>\"`*]|$))"
_IDENTIFIER = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+(?:\.\d+)?|[^\w\s]|[^\W\d_a-zA-Z]+")
_CODE_SYMBOLS = {
    ".": "dot", "-": "dash", "/": "slash", "\\": "backslash", "*": "star", "#": "hash", "$": "dollar",
    "|": "pipe", "~": "tilde", "^": "caret", "%": "percent", "@": "at", "&": "and", "+": "plus",
    "=": "equals", "<": "less than", ">": "greater than", "!": "not", ":": "", "_": "",
}  # fmt: skip
_CODE_OPERATORS = re.compile(r"\*\*|\+\+|--?|==?=?|!=|<=|>=|->|=>|&&|\|\||//|[^\w\s]")
_OPERATOR_WORDS = {
    "**": "to the power of", "++": "plus plus", "--": "dash dash", "==": "equals", "===": "equals",
    "!=": "is not equal to", "<=": "is at most", ">=": "is at least", "->": "arrow", "=>": "arrow",
    "&&": "and", "||": "or", "//": "slash slash",
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
            words.append(word if (word.isupper() and len(word) > 1) or len(name) == 1 else word.lower())
        elif part:
            words.append(GREEK.get(part[0], part[0]) if part[0] in GREEK or part[0] < "ɐ" else "")
    return " ".join(" ".join(words).split())


def _code(speaking: "Speaking", found: Found) -> bool:
    start = found.start(2)
    for word in re.finditer(r"\S+", found[2]):
        speaking.say(read_identifier(word[0]), start + word.start(), start + word.end())
    return True


def say_identifier(speaking: "Speaking", found: Found) -> bool:
    return say(read_identifier(found[0]), speaking, found)


def _read_host(host: str) -> str:
    host = host.lower().rpartition("@")[2].partition(":")[0].removeprefix("www.")
    return " dot ".join(numerals.mixed(part) for part in host.split(".") if part)


def _url(speaking: "Speaking", found: Found) -> bool:
    return say(f"link to {_read_host(found[1])}".removesuffix(" to "), speaking, found)


def _domain(speaking: "Speaking", found: Found) -> bool:
    return say(_read_host(found[1]), speaking, found)


def _email(speaking: "Speaking", found: Found) -> bool:
    name = read_identifier(found[1].replace("-", "--")).replace("dash dash", "dash")
    return say(f"{name} at {_read_host(found[2])}", speaking, found)


def _file(speaking: "Speaking", found: Found) -> bool:
    return say(read_identifier(found[0]), speaking, found)


def _handle(speaking: "Speaking", found: Found) -> bool:
    sign = "at" if found[1] == "@" else "hashtag"
    return say(f"{sign} {read_identifier(found[2])}", speaking, found)


def _formula(speaking: "Speaking", found: Found) -> bool:
    return say(read_formula(found[1]) or "formula", speaking, found)


def _label(speaking: "Speaking", found: Found) -> bool:
    speaking.inside(found.start(1), found.end(1))
    return True


def _tag(speaking: "Speaking", found: Found) -> bool:
    if found[1].lower() in ("br", "hr", "p", "li"):
        speaking.mark(",")
    return True


def _comment(speaking: "Speaking", found: Found) -> bool:
    return True


link_rules: tuple[Rule, ...] = (
    rule("formula", "\\", r"\\[(\[](.{1,400}?)\\[)\]]", _formula),
    rule(
        "formula",
        "$",
        r"\$(?=[^\s$])([^$\n]{0,200}?(?:[\\^_={}]|(?<=\$)[A-Za-z](?=\$))[^$\n]{0,200}?)(?<=\S)\$(?!\d)",
        _formula,
    ),
    rule("image", "!", rf"!\[{_LABEL}\]{_LINK_TARGET}", _label),
    rule("link", "[", rf"\[{_LABEL}\]{_LINK_TARGET}", _label),
    rule("reference", "[", rf"\[{_LABEL}\]\[[^\[\]]*+\]", _label),
    rule("code", "`", r"(`++)(.+?)(?<!`)\1(?!`)", _code),
    rule("autolink", "<", r"<https?://([^\s/<>]++)[^\s<>]*+>", _url),
    rule("tag", "<", r"</?([A-Za-z][A-Za-z0-9-]*+)(?:[\s/][^<>]*+)?>", _tag),
    rule("comment", "<", r"<!--.*?-->", _comment),
    rule("url", "hHwW", rf"(?i:https?://|www\.)([A-Za-z0-9.@:-]++){_URL_REST}", _url),
)

name_rules: tuple[Rule, ...] = (
    rule("email", LETTERS, r"([A-Za-z0-9][A-Za-z0-9._%+-]*+)@([A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)+)", _email),
    rule(
        "domain",
        LETTERS,
        rf"((?:[A-Za-z0-9-]++\.)+(?:{_DOMAIN_ENDS})(?![\w-]))(?:[:/]{_URL_REST})?(?!\.\w)",
        _domain,
    ),
    rule("file", (LETTERS, "._"), rf"[\w-]*+(?:[/.][\w-]++)*\.(?:{_FILE_ENDS})(?!\w)", _file),
    rule("path", "/~.", r"(?:~|\.{1,2})?(?:/[\w.-]*[\w-]){2,}/?", _file),
    rule("handle", "@#", r"([@#])([A-Za-z]\w*+)", _handle),
    rule(
        "identifier",
        LETTERS,
        r"[A-Za-z][A-Za-z0-9]*+(?:(?:_++[A-Za-z0-9]++)+|\.[A-Za-z_]\w*+)*+\(\)",
        say_identifier,
    ),
    rule("identifier", LETTERS, r"[A-Za-z][A-Za-z0-9]*+(?:_++[A-Za-z0-9]++)+", say_identifier),
)
