"""Rules for what stands in a reply to be followed or typed: links, images, HTML, code, files, addresses, keys."""

import re
from typing import TYPE_CHECKING

from speakstream.text import numerals
from speakstream.text.code_names import read_address, read_host, read_identifier
from speakstream.text.formulas import looks_like_formula, read_formula
from speakstream.text.rule import DIGIT, LETTERS, Found, Rule, rule, say
from speakstream.text.units import UNITS
from speakstream.text.vocabulary import word_set

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
_HOST = r"(?:[A-Za-z0-9-]++\.)+"
_STEP = r"/[\w.@+-]*[\w-]"
_KEYS = {
    "ctrl": "control", "cmd": "command", "alt": "alt", "option": "option", "shift": "shift", "esc": "escape",
    "del": "delete", "ins": "insert", "pgup": "page up", "pgdn": "page down", "fn": "F N", "win": "windows",
    "meta": "meta", "super": "super", "prtsc": "print screen", "⌘": "command", "⌥": "option", "⌃": "control",
    "⇧": "shift",
}  # fmt: skip
_MODIFIERS = "Ctrl|CTRL|Control|Cmd|CMD|Command|Alt|ALT|Option|Shift|SHIFT|Win|Windows|Meta|Super|Fn|[⌘⌥⌃⇧]"
_KEY = r"(?:[A-Z][a-z]++|[A-Z]{2,6}+|F\d\d?|[A-Z0-9]|[⌘⌥⌃⇧])(?!\w)"


_BREAKING_TAGS = word_set("br hr p li div tr td th dt dd summary")
_TAGS = word_set(
    "a abbr address article aside audio b base bdi bdo big blockquote body button canvas caption center cite code col "
    "colgroup data datalist del details dfn dialog dl em embed fieldset figcaption figure font footer form h1 h2 h3 "
    "h4 h5 h6 head header hgroup html i iframe img input ins kbd label legend link main map mark math menu meta meter "
    "nav nobr noscript object ol optgroup option output param picture pre progress q rp rt ruby s samp script search "
    "section select slot small source span strike strong style sub sup svg table tbody template textarea tfoot thead "
    "time title track tt u ul var video wbr think"
)
"""Tags that mark what is around them; what stands in other angle brackets is a placeholder, which is read."""


def _code(speaking: "Speaking", found: Found) -> bool:
    start = found.start(2)
    for word in re.finditer(r"\S+", found[2]):
        speaking.say(read_identifier(word[0], speaking.lexicon), start + word.start(), start + word.end())
    return True


def say_identifier(speaking: "Speaking", found: Found) -> bool:
    return say(read_identifier(found[0], speaking.lexicon), speaking, found)


def _url(speaking: "Speaking", found: Found) -> bool:
    host = found[1] if found[1].islower() else found[1].lower()
    return say(f"link to {read_host(host, speaking.lexicon)}".removesuffix(" to "), speaking, found)


def _domain(speaking: "Speaking", found: Found) -> bool:
    return say(read_host(found[1], speaking.lexicon), speaking, found)


def _email(speaking: "Speaking", found: Found) -> bool:
    name, host = read_address(found[1], speaking.lexicon), read_host(found[2], speaking.lexicon)
    return say(f"{name} at {host}", speaking, found)


def _windows_path(speaking: "Speaking", found: Found) -> bool:
    drive = f"{found[1].upper()} colon " if found[1] else ""
    return say(drive + read_identifier(found[2], speaking.lexicon), speaking, found)


def _handle(speaking: "Speaking", found: Found) -> bool:
    sign = "at" if found[1] == "@" else "hashtag"
    return say(f"{sign} {read_identifier(found[2], speaking.lexicon)}", speaking, found)


def _formula(speaking: "Speaking", found: Found) -> bool:
    return say(read_formula(found[1]) or "formula", speaking, found)


def _dollar_formula(speaking: "Speaking", found: Found) -> bool:
    """Between two dollar signs: a formula, and not what stands between two prices or names of the shell."""
    return looks_like_formula(found[1]) and say((read_formula(found[1]) or "formula") + found[2], speaking, found)


def _label(speaking: "Speaking", found: Found) -> bool:
    speaking.inside(found.start(1), found.end(1))
    return True


def _image(speaking: "Speaking", found: Found) -> bool:
    if not found[1].strip():
        return say("image", speaking, found)
    return _label(speaking, found)


def _citation(speaking: "Speaking", found: Found) -> bool:
    """The number of a source is passed over; an index, as in a[1], is not one."""
    before = speaking.text[max(found.start() - 2, 0) : found.start()]
    return not (before[-1:] == "_" or (before[-1:].isalpha() and not before[:-1].isalpha()))


def _nothing(speaking: "Speaking", found: Found) -> bool:
    return True


def _tag(speaking: "Speaking", found: Found) -> bool:
    name = found[1].lower()
    if name in _BREAKING_TAGS:
        speaking.mark(",")
    elif name not in _TAGS and found[0][1] != "/" and "=" not in found[0]:
        return say(read_identifier(found[0][1:-1], speaking.lexicon), speaking, found)  # "<your-name>"
    return True


def _raised(speaking: "Speaking", found: Found) -> bool:
    """A power after a letter, a unit or a number; elsewhere the number of a note, which is passed over."""
    word = re.search(r"(?:[^\W\d_]+|[\d)])$", speaking.text[max(found.start() - 8, 0) : found.start()])
    if not word or (len(word[0]) > 2 and word[0] not in UNITS):
        return True
    return say(numerals.power(found[1]), speaking, found)


def _raised_ordinal(speaking: "Speaking", found: Found) -> bool:
    return say(numerals.ordinal(found[1]), speaking, found)


def _lowered(speaking: "Speaking", found: Found) -> bool:
    return say(numerals.cardinal(found[1]), speaking, found)


def _keys(speaking: "Speaking", found: Found) -> bool:
    words = (_KEYS.get(key.lower()) or numerals.mixed(key) for key in re.split(r"\s?[+-]\s?", found[0]))
    return say(" ".join(words), speaking, found)


link_rules: tuple[Rule, ...] = (
    rule("path", "\\", r"()(\\\\\w[\w.$-]*+(?:\\[\w.$-]*\w)++)", _windows_path),
    rule("escape", "\\", r"\\\\?(?=[!-/:-@\[\]^_`{-~])(?![(\[])", _nothing),
    rule("formula", "\\", r"\\[(\[](.{1,400}?)\\[)\]]", _formula),
    rule("formula", "$", r"\$(?!\s)([^$\n]{1,400}+)(?<!\s)\$(?!\d)((?:th\b)?)", _dollar_formula),
    rule("image", "!", rf"!\[{_LABEL}\]{_LINK_TARGET}", _image),
    rule("citation", "[", rf"\[[1-9]\d{{0,2}}(?:\s?[,–-]\s?[1-9]\d{{0,2}})*+\](?:{_LINK_TARGET})?", _citation),
    rule("footnote", "[", r"\[\^[^\[\]\s]{1,100}\]", _nothing),
    rule("link", "[", rf"\[{_LABEL}\]{_LINK_TARGET}", _label),
    rule("reference", "[", rf"\[{_LABEL}\]\[[^\[\]]*+\]", _label),
    rule("code", "`", r"(`++)(.+?)(?<!`)\1(?!`)", _code),
    rule("autolink", "<", r"<(?:https?|ftp)://([^\s/<>]++)[^\s<>]*+>", _url),
    rule("raised", "<", r"<sup>\s*+(\d{1,3})\s*+</sup>", _raised),
    rule("lowered", "~", r"(?<=[A-Za-z)])~(\d{1,3})~", _lowered),
    rule("ordinal", DIGIT, r"(\d{1,9})<sup>\s*+(?:st|nd|rd|th)\s*+</sup>", _raised_ordinal),
    rule("tag", "<", r"</?([A-Za-z][A-Za-z0-9-]*+)(?:[\s/][^<>]*+)?>", _tag),
    rule("comment", "<", r"<!--.*?-->", _nothing),
    rule("keys", (LETTERS, "⌘⌥⌃⇧"), rf"(?:{_MODIFIERS})(?:\s?\+\s?{_KEY}|-[A-Z](?!\w))++", _keys),
    rule("keys", "CEP⌘⌥⌃⇧", r"(?:Ctrl|Cmd|Esc|PgUp|PgDn|PrtSc)(?!\w)|[⌘⌥⌃⇧]", _keys),
    rule("url", LETTERS, rf"(?:[A-Za-z][a-zA-Z0-9+-]{{1,9}}://|(?i:www\.)(?=\w))([A-Za-z0-9.@:-]*+){_URL_REST}", _url),
)

name_rules: tuple[Rule, ...] = (
    rule(
        "email", LETTERS, r"(?:mailto:)?([A-Za-z0-9][A-Za-z0-9._%+-]*+)@([A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)+)", _email
    ),
    rule("path", LETTERS, r"([A-Za-z]):((?:\\[\w.$-]*\w)++\\?|\\(?!\w))", _windows_path),
    rule(
        "domain",
        LETTERS,
        rf"({_HOST}(?:{_DOMAIN_ENDS}|{_DOMAIN_ENDS.upper()})(?![\w-]))(?:[:/]{_URL_REST})?(?!\.\w)",
        _domain,
    ),
    rule("file", (LETTERS, "._"), rf"[\w-]*+(?:[/.][\w-]++)*\.(?:{_FILE_ENDS})(?!\w)", say_identifier),
    rule("path", "~.", rf"(?:~|\.{{1,2}})(?:{_STEP})++/?", say_identifier),
    rule("path", "/", rf"(?<![\w)\]/.])(?:{_STEP})++/?", say_identifier),
    rule("file", ".", r"(?<![\w.])\.[a-z][\w-]*+(?:\.[\w-]++)*+", say_identifier),
    rule("flag", "-", r"(?<!\S)--[a-z][\w-]*+", say_identifier),
    rule("handle", "@#", r"(?<!\w)([@#])(\d*+[A-Za-z]\w*+)", _handle),
    rule(
        "identifier",
        LETTERS,
        r"[A-Za-z][A-Za-z0-9]*+(?:(?:_++[A-Za-z0-9]++)+|\.[A-Za-z_]\w*+)*+\(\)",
        say_identifier,
    ),
    rule("identifier", LETTERS, r"[A-Za-z][A-Za-z0-9]*+(?:_++[A-Za-z0-9]++)+", say_identifier),
)
