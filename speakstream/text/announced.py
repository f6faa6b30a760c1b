"""Blocks that are announced or silent: code, tables, formulas, scripts. Code and tables are read aloud on request.

On request the announcement comes at the block's beginning, and then code line by line, as inline code is read,
and a table row by row, each cell after its column's name ("Free, Price zero dollars"); the first cell, which
says what the row is about, stands alone.
"""

from collections.abc import Iterator

from speakstream.text import numerals
from speakstream.text.block_events import Closed, Opened
from speakstream.text.lexicon import Lexicon
from speakstream.text.lines import Kind, cells
from speakstream.text.span import Break, Clause, Piece, Span
from speakstream.text.speakable import Spoken, speak, speak_code
from speakstream.text.vocabulary import LANGUAGES, PLAIN_INFO

ANNOUNCED = (Kind.CODE, Kind.TABLE, Kind.HTML, Kind.MATH, Kind.REFERENCE)

READABLE = frozenset((str(Kind.CODE), str(Kind.TABLE)))
"""Kinds that can be read aloud."""

LINE_LIMIT = 240
"""Characters of a line or cell that are read as one clause."""

ROW_LIMIT = 2048
"""Characters of a row that are kept until its end; a longer one is read in parts."""

_MARKS = ".,;:!?… "


class Announced:
    """One such block, while it grows; each step gives the clauses that have become certain."""

    def __init__(self, block: Opened, aloud: bool, lexicon: Lexicon, header_given: bool = False) -> None:
        """``header_given``: the table's header was said before it could be told from text."""
        self._header_given = header_given
        self._block = block
        self._aloud = aloud
        self._lexicon = lexicon
        self._lines = 0  # of code; of a table, its rows
        self._columns: list[str] = []  # what is said of each in the header
        self._line = ""  # what of the present line is not read yet
        self._at = block.content  # of that in the reply
        self._begun = False  # the announcement is made

    def text(self, text: str) -> Iterator[Clause]:
        """More of the present line; a table's header is always given whole."""
        if self._block.kind is Kind.TABLE and not self._columns:
            yield from self._header(text)
        elif self._aloud:
            self._line += text
            while len(self._line) > ROW_LIMIT:
                yield from self._read(Break.NONE)

    def line_break(self, content: int) -> Iterator[Clause]:
        """The present line is over; the next begins at ``content``."""
        yield from self._begin()
        yield from self._read(Break.ITEM)
        self._lines += 1
        self._at = content

    def close(self, closed: Closed) -> Iterator[Clause]:
        """The block is over."""
        if self._aloud:
            yield from self._begin()
            yield from self._read(Break.PARAGRAPH)
        else:
            yield self._announcement(closed.end, str(self._block.kind))

    def _begin(self) -> Iterator[Clause]:
        if self._aloud and not self._begun:
            self._begun = True
            yield self._announcement(self._block.marker_end)

    def _header(self, row: str) -> Iterator[Clause]:
        said = [speak(row[a:b], self._at + a, lexicon=self._lexicon) for a, b in cells(row)]
        self._columns = [cell.text.rstrip(_MARKS) for cell in said]
        if self._header_given or not self._aloud:
            return
        self._begun = True
        spoken, pieces = f"Table, {_count(len(said), 'column')}", list[Piece]()
        for cell, words in zip(said, self._columns, strict=True):
            if words:
                spoken += ", " if pieces else ": "
                pieces += [_moved(piece, len(spoken)) for piece in cell.pieces]
                spoken += words
        yield Clause(Span(self._block.start, self._at + len(row.rstrip())), f"{spoken}.", tuple(pieces), Break.ITEM)
        self._at += len(row)

    def _read(self, ends: Break) -> Iterator[Clause]:
        """What there is of the line, aloud."""
        line, start = self._line[:ROW_LIMIT], self._at
        self._line = self._line[ROW_LIMIT:]
        self._at += len(line)
        parts = list(self._code(line, start) if self._block.kind is Kind.CODE else self._cells(line, start))
        last = max((number for number, (said, _) in enumerate(parts) if said.pieces), default=-1)
        for number, (said, span) in enumerate(parts):
            spoken = said.text.rstrip(_MARKS)
            if number < last:
                yield Clause(span, f"{spoken}," if spoken else "", said.pieces, Break.COMMA, *_silent(said))
            elif number == last:
                yield Clause(span, f"{spoken}." if ends else spoken, said.pieces, ends, *_silent(said))
            else:
                yield Clause(span, "", (), Break.NONE, *_silent(said))

    def _code(self, line: str, start: int) -> Iterator[tuple[Spoken, Span]]:
        for a, b in _ranges(line, 0, len(line)):
            yield speak_code(line[a:b], start + a, self._lexicon), Span(start + a, start + b)

    def _cells(self, line: str, start: int) -> Iterator[tuple[Spoken, Span]]:
        for number, cell in enumerate(cells(line)):
            column = self._columns[number] if 0 < number < len(self._columns) else ""
            for a, b in _ranges(line, *cell):
                said = speak(line[a:b], start + a, lexicon=self._lexicon)
                if said.pieces and column:
                    said, column = _after(column, said), ""
                yield said, Span(start + a, start + b)

    def _announcement(self, end: int, not_spoken: str = "") -> Clause:
        block, spoken = self._block, ""
        if block.kind is Kind.CODE:
            info = block.info.split()[0].strip("{}.,:").lower() if block.info.split() else ""
            name = LANGUAGES.get(info) or ("" if info in PLAIN_INFO or not info.isalpha() else info)
            lines = "" if self._aloud else f", {_count(self._lines, 'line')}"
            spoken = f"{speak(name, lexicon=self._lexicon).text} code{lines}.".lstrip()
            spoken = spoken[0].upper() + spoken[1:]
        elif block.kind is Kind.TABLE:
            rows = "" if self._aloud else f" and {_count(self._lines, 'row')}"
            spoken = f"Table, {_count(len(self._columns), 'column')}{rows}."
        elif block.kind is Kind.MATH:
            spoken = "Formula."
        span = Span(block.start, end)
        pieces = (Piece(0, len(spoken) - 1, span),) if spoken else ()
        return Clause(span, spoken, pieces, Break.ITEM, not_spoken)


def _silent(said: Spoken) -> tuple[str, tuple[Span, ...]]:
    """The last two fields of its clause."""
    return "script" if said.foreign else "", said.foreign


def _moved(piece: Piece, by: int) -> Piece:
    return Piece(piece.start + by, piece.end + by, piece.span)


def _after(column: str, said: Spoken) -> Spoken:
    """A cell's words after its column's name, which sounds while the first of them is lit."""
    first, *rest = (_moved(piece, len(column) + 1) for piece in said.pieces)
    return Spoken(f"{column} {said.text}", (Piece(0, first.end, first.span), *rest), said.foreign)


def _ranges(line: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of ``line[start:end]`` that are read as one clause, without white space around them."""
    while start < end:
        stop = end
        if end - start > LINE_LIMIT:
            space = line.rfind(" ", start + 1, start + LINE_LIMIT)
            stop = space if space > 0 else start + LINE_LIMIT
        part = line[start:stop]
        first = start + len(part) - len(part.lstrip())
        if last := len(part.strip()):
            yield first, first + last
        start = stop


def _count(number: int, noun: str) -> str:
    return f"{numerals.cardinal(str(number))} {noun}{'' if number == 1 else 's'}"
