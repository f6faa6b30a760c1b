"""Findings for a person: aligned lines, or, where there is no room for columns, one below the other."""

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TextIO

from speakstream.cells import cells
from speakstream.doctor.findings import Finding, Status
from speakstream.errors import one_line
from speakstream.terminal import is_rich_terminal, size_of

WIDEST = 100
"""Columns beyond which lines are hard to read."""

NARROW = 60
"""Columns below which there is no room for the sections beside the findings."""

SECTION, STATUS = 10, 6
"""Columns of the names of the sections, and of the words that tell how grave a finding is."""

WORDS = {Status.OK: "ok", Status.WARN: "warn", Status.FAIL: "FAIL", Status.SKIP: "skip"}
COLOURS = {Status.OK: "32", Status.WARN: "33", Status.FAIL: "1;31", Status.SKIP: "2"}
BOLD, DIM = "1", "2"

PLAIN = {"→": "->", "…": "...", "–": "-", "—": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "×": "x"}
"""What is written where a sign can't be."""


class Piece(NamedTuple):
    """A stretch of a line, and its colour as a terminal's number; "": as it is."""

    text: str
    colour: str = ""


Line = list[Piece]


class Screen:
    """Shows findings as they come."""

    def __init__(self, out: TextIO, columns: int | None = None) -> None:
        """``columns``: None for those of the terminal."""
        self._out = out
        self._columns = columns
        self._rich = is_rich_terminal(out)
        self._coloured = self._rich and not os.environ.get("NO_COLOR")
        self._section = ""
        self._doing = False

    @property
    def width(self) -> int:
        """Columns that are written to."""
        return min(self._columns or size_of(self._out)[0] - 1, WIDEST)

    def write(self, text: str, colour: str = "") -> None:
        """A line that is no finding."""
        self._put([[Piece(row, colour)] for row in wrapped(text, self.width)])

    def doing(self, what: str) -> None:
        """What is looked at now, where it can be taken back."""
        if self._rich:
            self._erase()
            text = f"{'' if self.width < NARROW else ' ' * SECTION}{what} …"
            self._send(f"\x1b[{DIM}m{text[: self.width]}\x1b[0m" if self._coloured else text[: self.width])
            self._doing = True

    def show(self, finding: Finding) -> None:
        """One finding; the first of a section with its name."""
        first, self._section = finding.section != self._section, finding.section
        self._put(lines(finding, first, self.width))

    def done(self) -> None:
        """Nothing more is looked at."""
        self._erase()

    def _put(self, rows: Iterable[Line]) -> None:
        self._erase()
        for row in rows:
            self._send("".join(map(self._painted, row)).rstrip() + "\n")

    def _painted(self, piece: Piece) -> str:
        return f"\x1b[{piece.colour}m{piece.text}\x1b[0m" if piece.colour and self._coloured else piece.text

    def _erase(self) -> None:
        if self._doing:
            self._send("\r\x1b[K")
            self._doing = False

    def _send(self, text: str) -> None:
        self._out.write(writable(text, self._out.encoding or "ascii"))
        self._out.flush()


def lines(finding: Finding, first: bool, width: int) -> list[Line]:
    """A finding as lines of at most ``width`` columns; only a command may be longer, for it must stay whole."""
    narrow = width < NARROW
    margin = STATUS if narrow else SECTION + STATUS
    room = max(width - margin, 12)
    head: Line = [] if narrow else [Piece(f"{finding.section if first else '':<{SECTION}}", BOLD)]
    head += [Piece(f"{WORDS[finding.status]:<{STATUS}}", COLOURS[finding.status])]
    rows: list[Line] = [[Piece(finding.section, BOLD)]] if narrow and first else []
    told = [one_line(text) for text in finding.detail.split("\n")]
    for number, text in enumerate([f"{finding.name}: {told[0]}", *told[1:]]):
        for row in wrapped(text, room, "" if number == 0 else "  "):
            rows.append([*head, Piece(row)])
            head = [Piece(" " * margin)]
    remedy, _, command = finding.fix.partition("\n")
    for row in wrapped(f"→ {one_line(remedy)}", room, "  ") if remedy else ():
        rows.append([Piece(" " * margin), Piece(row)])
    if command:
        rows.append([Piece(" " * (margin + 2)), Piece(one_line(command), BOLD)])
    return rows


def wrapped(text: str, width: int, further: str = "") -> list[str]:
    """Rows of at most ``width`` columns, broken between words if they can be; ``further`` begins all but the first."""
    rows, row = [], ""
    for word in text.split(" "):
        joined = f"{row} {word}" if row else word
        if cells(joined) <= width:
            row = joined
            continue
        if row.strip():
            rows.append(row)
            row = further + word
        else:
            row = joined
        while cells(row) > width:
            end = _fitting(row, width)
            rows.append(row[:end])
            row = further + row[end:]
    return [*rows, row]


def _fitting(text: str, width: int) -> int:
    """How many characters of ``text`` take no more than ``width`` columns; at least one more than a margin."""
    end = len(text)
    while end > 3 and cells(text[:end]) > width:
        end -= 1
    return end


def writable(text: str, encoding: str) -> str:
    """What of ``text`` an output in this encoding can show; signs of ours have a plain form."""
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        plain = "".join(PLAIN.get(mark, mark) for mark in text)
        return plain.encode("ascii" if encoding == "ascii" else encoding, "replace").decode(encoding)
    return text


def verdict(findings: Sequence[Finding], program: str) -> tuple[str, str]:
    """The last line, and its colour."""
    broken = sum(finding.status is Status.FAIL for finding in findings)
    doubtful = sum(finding.status is Status.WARN for finding in findings)
    warnings = f"{doubtful} warning{'s' if doubtful > 1 else ''}"
    if broken:
        also = f" and {warnings}" if doubtful else ""
        return f"{broken} broken{also}: what to do stands below each, after →", COLOURS[Status.FAIL]
    hear = f"{program} say 'Why is the sky blue?'"
    if doubtful:
        return f"It works, with {warnings}. Hear it: {hear}", COLOURS[Status.WARN]
    return f"All is well. Hear it: {hear}", COLOURS[Status.OK]


def as_text(findings: Sequence[Finding], columns: int) -> str:
    """All findings, for a file."""
    rows, section = [], ""
    for finding in findings:
        rows += lines(finding, finding.section != section, columns)
        section = finding.section
    return "\n".join("".join(piece.text for piece in row).rstrip() for row in rows)
