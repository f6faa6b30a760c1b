"""Code in colours, read by Pygments: which characters are keywords, strings, comments; and what its language is called.

Pygments is loaded with the first code that names a language.
"""

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from speakstream.text.vocabulary import PLAIN_INFO

if TYPE_CHECKING:
    from pygments.lexer import Lexer

HIGHLIGHTED = 20_000
"""Characters of a block up to which it is coloured: it takes some 2 ms for 1,000, and nobody may wait for it."""

_CLASSES = {
    "Comment": "comment",
    "Keyword": "keyword",
    "Operator.Word": "keyword",
    "Literal.String": "string",
    "Literal.Number": "number",
    "Name.Function": "name",
    "Name.Class": "name",
    "Name.Decorator": "name",
    "Name.Tag": "name",
    "Name.Builtin": "builtin",
    "Generic.Deleted": "deleted",
    "Generic.Inserted": "inserted",
}
"""Kinds of tokens, as Pygments names them, and the classes that front ends have a colour for."""

CLASSES = frozenset(_CLASSES.values())


def runs(text: str, info: str) -> Iterator[tuple[int, str]]:
    """The classes of ``text``, each with where it ends, in order and without gaps; "" is code of no class.

    ``info``: what stands behind the fence. The last one ends behind the text.
    """
    at = 0
    lexer = _lexer(info)
    if lexer is not None and len(text) <= HIGHLIGHTED:
        for start, token, part in lexer.get_tokens_unprocessed(text + "\n"):
            found = _class(str(token))
            if start >= at and found and part:
                if start > at:
                    yield start, ""
                at = start + len(part)
                yield at, found
    yield max(at, len(text)) + 1, ""


def language(info: str) -> str:
    """What people call the language that is named behind a fence; "" for none."""
    if _name(info).lower() in PLAIN_INFO:
        return ""
    lexer = _lexer(info)
    return _name(info) if lexer is None else str(lexer.name)


@cache
def _class(token: str) -> str:
    """The class of a kind of token, "Token.Literal.String.Doc"; "" for the common one."""
    kind = token.removeprefix("Token.")
    return next((one for name, one in _CLASSES.items() if f"{kind}.".startswith(f"{name}.")), "")


@lru_cache(64)
def _lexer(info: str) -> "Lexer | None":
    """What knows the language that is named behind a code block's fence."""
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    if _name(info).lower() in PLAIN_INFO:
        return None
    try:
        return get_lexer_by_name(_name(info).lower())
    except ClassNotFound:
        return None


def _name(info: str) -> str:
    words = info.split()
    return words[0].strip("{}.,:") if words else ""
