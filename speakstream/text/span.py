"""What passes from the text room to the voice: spans, spoken words and clauses."""

from dataclasses import dataclass
from enum import IntEnum


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The half-open range [start, end) of Unicode code points in the reply's text."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


class Break(IntEnum):
    """What ends a clause; a higher value is a stronger break and never a shorter pause."""

    NONE = 0  # cut for length only: no pause
    PHRASE = 1  # before a conjunction or preposition, no mark in the text: hardly a pause
    COMMA = 2
    COLON = 3  # colon, semicolon, dash, ellipsis within a sentence
    SENTENCE = 4
    ITEM = 5  # end of a list item, table row or announced block
    PARAGRAPH = 6
    HEADING = 7


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of spoken text and the text it stands for.

    ``start`` and ``end`` are code points in ``Clause.spoken``; ``span`` is the range in the reply. "$100" is
    one piece whose spoken text is "one hundred dollars". Pieces are in order and do not overlap, on either
    side; white space and marks between them belong to no piece.
    """

    start: int
    end: int
    span: Span


@dataclass(frozen=True, slots=True)
class Clause:
    """The smallest part of a reply that sounds right on its own.

    ``spoken`` is what the voice is given, with the marks that shape its intonation. It is empty when there is
    nothing to say. ``not_spoken`` says why the content is not read: "code", "table" and "math" are announced
    in ``spoken``, "html" and "reference" (where a link's name leads) are silent; of "script", which has letters the
    voice has no sounds for, those are, and ``silent`` says where they stand. ``span`` covers the clause in the reply,
    marks included, without the white space around it.
    """

    span: Span
    spoken: str
    pieces: tuple[Piece, ...]
    ends: Break
    not_spoken: str = ""
    silent: tuple[Span, ...] = ()
