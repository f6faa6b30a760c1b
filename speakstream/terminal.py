"""Text in a terminal as it is generated, with the word that sounds lit in place.

Lines are broken here, not by the terminal, so that the place of every word is known. A word is lit by going up
to its row, writing it again in reverse video and coming back: nothing is ever written above the screen's top,
so what has scrolled away stays as it was.
"""

import shutil
import sys
import threading
from collections import deque
from dataclasses import dataclass
from typing import TextIO

from speakstream.text.span import Span

_LIT, _PLAIN = "\x1b[7m", "\x1b[27m"
_REMEMBERED_ROWS = 400
"""Rows whose words can still be lit; no screen is higher."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A stretch of text on one row: where it stands in the reply and on the screen."""

    start: int
    text: str
    row: int
    column: int


class TerminalText:
    """Writes a growing text, wrapped at words, and lights one span of it at a time. Thread-safe."""

    def __init__(self, out: TextIO, size: tuple[int, int] | None = None) -> None:
        """``out``: a terminal; ``size``: columns and rows, None to ask it each time."""
        self._out = out
        self._size = size
        self._lock = threading.Lock()
        self._row = 0
        self._column = 0
        self._width = self._columns()
        self._offset = 0  # code points of the reply taken so far, the held word included
        self._held = ""  # a word that may still grow
        self._space = ""  # white space before it
        self._runs: deque[_Run] = deque()
        self._lit: list[_Run] = []

    def write(self, text: str) -> None:
        """Append text; a word appears when it is complete."""
        with self._lock:
            self._renew_after_resize()
            for character in text:
                if character == "\n":
                    self._put_held()
                    self._space = ""
                    self._break_line()
                elif character.isspace():
                    self._put_held()
                    self._space += " " if character != "\t" else "    "
                else:
                    self._held += character
                self._offset += 1
            self._out.flush()

    def flush(self) -> None:
        """Show what is held back."""
        with self._lock:
            self._put_held()
            self._out.flush()

    def light(self, span: Span | None) -> None:
        """Light the text in ``span``, as far as it is on the screen, and nothing else."""
        with self._lock:
            self._renew_after_resize()
            runs = [] if span is None else [part for run in self._runs if (part := _within(run, span))]
            if runs == self._lit:
                return
            for run in self._lit:
                self._rewrite(run, "")
            for run in runs:
                self._rewrite(run, _LIT)
            self._lit = runs
            self._out.flush()

    def notice(self, text: str) -> None:
        """A line that is not part of the text, on its own row."""
        with self._lock:
            if self._column:
                self._break_line()
            for line in _broken(text, self._width):
                self._out.write(f"\x1b[2m{line}\x1b[22m")
                self._break_line()
            self._out.flush()

    def close(self) -> None:
        """Nothing lit, the cursor on a new line."""
        self.light(None)
        with self._lock:
            self._put_held()
            if self._column:
                self._break_line()
            self._out.flush()

    # -- inside -------------------------------------------------------------------------------------------------

    def _columns(self) -> int:
        columns = (self._size or _size_of(self._out))[0]
        return max(columns - 1, 10)  # the last column is left free: what a terminal does there varies

    def _lines(self) -> int:
        return (self._size or _size_of(self._out))[1]

    def _renew_after_resize(self) -> None:
        """After a resize the terminal has broken the lines anew: what is above can no longer be found."""
        if self._size is None and self._columns() != self._width:
            self._width = self._columns()
            self._runs.clear()
            self._lit = []

    def _put_held(self) -> None:
        """Write the held word, on the next row if it does not fit on this one."""
        word, self._held = self._held, ""
        if not word:
            return
        start = self._offset - len(word)
        space, self._space = self._space, ""
        width = _cells(word)
        if self._column and self._column + len(space) + width > self._width:
            self._break_line()
        elif space and (self._column or len(space) > 1):
            space = space[: self._width - 1]
            self._out.write(space)
            self._column += len(space)
        while word:
            fitting = _fitting(word, self._width - self._column)
            if not fitting:
                if self._column:
                    self._break_line()
                    continue
                fitting = word[0]
            self._out.write(fitting)
            self._runs.append(_Run(start, fitting, self._row, self._column))
            self._column += _cells(fitting)
            start += len(fitting)
            word = word[len(fitting) :]
        while self._runs and self._runs[0].row < self._row - _REMEMBERED_ROWS:
            self._runs.popleft()

    def _break_line(self) -> None:
        self._out.write("\n")
        self._row += 1
        self._column = 0

    def _rewrite(self, run: _Run, style: str) -> None:
        up = self._row - run.row
        if up >= self._lines() - 1 or not run.text.isprintable():
            return
        move = f"\x1b[{up}A" if up else ""
        there = f"\x1b[{run.column}C" if run.column else ""
        back = f"\x1b[{up}B" if up else ""
        home = f"\x1b[{self._column}C" if self._column else ""
        text = f"{style}{run.text}{_PLAIN}" if style else run.text
        self._out.write(f"{move}\r{there}{text}{back}\r{home}")


def _within(run: _Run, span: Span) -> _Run | None:
    """The part of a run that lies in ``span``."""
    start, end = max(run.start, span.start), min(run.start + len(run.text), span.end)
    if start >= end:
        return None
    before = run.text[: start - run.start]
    return _Run(start, run.text[start - run.start : end - run.start], run.row, run.column + _cells(before))


def _fitting(word: str, cells: int) -> str:
    """The longest beginning of ``word`` that takes no more than ``cells``."""
    if len(word) <= cells and word.isascii():
        return word
    end = 0
    while end < len(word) and _cells(word[: end + 1]) <= cells:
        end += 1
    return word[:end]


def _broken(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width) or [""]


def _cells(text: str) -> int:
    """Columns that ``text`` takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _size_of(out: TextIO) -> tuple[int, int]:
    try:
        import os

        size = os.get_terminal_size(out.fileno())
        if size.columns > 0 and size.lines > 0:
            return size.columns, size.lines
    except (OSError, ValueError):
        pass  # no terminal after all
    fallback = shutil.get_terminal_size()
    return fallback.columns, fallback.lines


def is_rich_terminal(out: TextIO) -> bool:
    """Whether ``out`` is a terminal that understands cursor movement."""
    import os

    return out.isatty() and os.environ.get("TERM", "dumb") != "dumb" and sys.platform != "win32"
