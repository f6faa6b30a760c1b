"""What is shown and not read aloud, named for a person in a few words: "Python code, 12 lines"."""

from speakstream.text.document import Block, Document, Kind
from speakstream.text.span import Span
from speakstream.text.vocabulary import LANGUAGES, PLAIN_INFO

QUOTED = 40
"""Characters that are quoted of words in another script."""

_AS_WRITTEN = (" plus plus", "++"), (" sharp", "#")


def describe(reply: str, span: Span, why: str) -> str:
    """What of ``reply`` stands in ``span`` and is not read aloud, ``why`` as in ``NotSpoken``."""
    if why == "script":
        words = " ".join(reply[span.start : span.end].split())
        return f"words in another script, {words if len(words) <= QUOTED else f'{words[:QUOTED]}…'}"
    document = Document()
    document.push(reply)
    document.finish()
    for block in document.blocks:
        if block.span.start < span.end and span.start < block.span.end and str(block.kind) == why:
            return describe_block(block)
    return _NAMES.get(why, why)


def describe_block(block: Block) -> str:
    """The same of a block that is at hand."""
    if block.kind is Kind.CODE:
        return f"{_language(block.info)}code, {_count(len(block.lines), 'line')}"
    if block.kind is Kind.TABLE:
        return f"a table, {_count(max(len(block.lines) - 1, 0), 'row')}"
    return _NAMES.get(str(block.kind), str(block.kind))


_NAMES = {
    "code": "code",
    "table": "a table",
    "math": "a formula",
    "html": "HTML",
    "reference": "where a link leads",
}


def _language(info: str) -> str:
    """ "python title=x" -> "Python "; "" for a block that is in no language, or in none that has a plain name."""
    words = info.split()
    mark = words[0].strip("{}.,:").lower() if words else ""
    name = LANGUAGES.get(mark) or ("" if mark in PLAIN_INFO or not mark.isalpha() else mark[:QUOTED])
    for said, written in _AS_WRITTEN:
        name = name.replace(said, written)
    return f"{name} " if name else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
