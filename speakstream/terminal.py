"""Text in a terminal as it is generated, with the word that sounds lit in place.

Lines are broken here, not by the terminal, so that the place of every word is known. A word is lit by going up
to its row, writing it again in reverse video and coming back. Nothing is ever written above the screen's top, and
a word is put out before its row gets there, so that what has scrolled away is what was printed.

A row is lit only while it is certain where its words stand: not after the terminal was made too narrow for it,
nor with characters whose width terminals disagree about. Such characters are taken as wide as any terminal shows
them, so that no row is ever longer than it is taken for.
"""

import contextlib
import os
import re
import shutil
import sys
import threading
from collections import deque
from dataclasses import dataclass
from typing import Protocol, TextIO

from speakstream.cells import cells, certain
from speakstream.text.span import Span

_LIT, _PLAIN = "\x1b[7m", "\x1b[27m"
_DIM, _NOT_DIM = "\x1b[2m", "\x1b[22m"
_SAVE, _RESTORE = "\x1b7", "\x1b8"
_TOKEN = re.compile(r"\n|[^\S\n]+|\S{1,256}")
_TAB = "    "
_MARGIN = 2
"""Rows at the screen's top where nothing is lit: one is lost to a line break, one to a resize not yet known of."""

_PATIENCE = 6
"""Calls of ``light`` after which a word that has not grown is shown as it is."""


class Output(Protocol):
    """What is written to: a text stream, or the guarded standard output of ``printer.py``."""

    def write(self, text: str, /) -> object: ...

    def flush(self) -> object: ...

    def fileno(self) -> int: ...


@dataclass(frozen=True, slots=True)
class _Run:
    """A stretch of text on one row: where it stands in the reply and on the screen."""

    start: int
    text: str
    row: int
    column: int


class TerminalText:
    """Writes a growing text, wrapped at words, and lights one span of it at a time. Thread-safe."""

    def __init__(self, out: Output, size: tuple[int, int] | None = None, paced: bool = False) -> None:
        """``out``: a terminal; ``size``: columns and rows, None to ask it each time.

        ``paced``: the text runs no further ahead of the lit word than the screen shows both.
        """
        self._out = out
        self._size = size
        self._paced = paced
        self._lock = threading.Lock()
        self._buffer: list[str] = []
        self._columns, self._lines = size or size_of(out)
        self._row = 0
        self._column = 0
        self._anchor = 0  # the row of the word that sounded last
        self._tokens: deque[str] = deque()  # not laid out yet
        self._held = ""  # a word that may still grow
        self._still = 0  # looks at which word sounds since the text last grew
        self._offset = 0  # code points of the reply laid out so far
        self._space = ""  # white space before the next word
        self._in_word = False
        self._runs: deque[_Run] = deque()
        self._doubtful: set[int] = set()  # rows that are not lit
        self._ends: deque[tuple[int, int]] = deque()  # finished rows and their lengths in cells
        self._lit: list[_Run] = []

    def write(self, text: str) -> None:
        """Append text; a word appears when it is complete."""
        with self._lock:
            self._renew()
            tokens = _TOKEN.findall(self._held + text)
            self._held, self._still = "", 0
            if tokens and not tokens[-1].isspace() and len(tokens[-1]) < self._width:
                self._held = tokens.pop()
            self._tokens.extend(tokens)
            self._lay_out()
            self._send()

    def light(self, span: Span | None) -> None:
        """Light the text in ``span``, as far as it is on the screen, and nothing else. To be called steadily."""
        with self._lock:
            self._renew()
            self._still += 1
            sounds = span is not None and span.end > self._offset and not self._tokens
            if self._held and (sounds or self._still > _PATIENCE):
                self._tokens.append(self._held)
                self._held = ""
                self._lay_out()
            if span is not None:
                while self._paced and self._offset < span.end and self._tokens:
                    self._lay_out_one()
                runs = [part for run in self._near(span) if (part := _within(run, span))]
                if runs and runs[0].row > self._anchor:
                    self._anchor = runs[0].row
                    self._lay_out()
                self._relight([run for run in runs if self._shows(run, 0)])
            else:
                self._relight([])
            self._send()

    def unpace(self) -> None:
        """Nothing will sound (any more): show the text as it comes."""
        with self._lock:
            if self._paced:
                self._paced = False
                self._lay_out()
                self._send()

    def notice(self, text: str, out: TextIO) -> None:
        """A line that is not part of the text, on rows of its own; ``out`` is the same terminal."""
        import textwrap

        with self._lock:
            self._renew()
            if self._column:
                self._break_line()
            for line in textwrap.wrap(text, self._width) or [""]:
                self._make_room()
                self._send()
                out.write(f"{_DIM}{line}{_NOT_DIM}\n")
                out.flush()
                self._finish_row(len(line))

    def forget(self) -> None:
        """Others have written to the terminal: what stands where is no longer known."""
        with self._lock:
            self._forget_until(self._row)

    def close(self, rest: bool = True) -> None:
        """Nothing lit, the cursor on a new line. ``rest``: first what was not shown yet."""
        with self._lock:
            self._renew()
            self._relight([])
            if rest or not self._paced:
                self._tokens.extend(_TOKEN.findall(self._held))
                self._paced = False
                self._lay_out()
            self._held = ""
            if self._column:
                self._break_line()
            self._send()

    # -- inside: the layout -------------------------------------------------------------------------------------

    @property
    def _width(self) -> int:
        return max(self._columns - 1, 4)  # the last column is left free: what a terminal does there varies

    def _lay_out(self) -> None:
        while self._tokens and not (self._paced and self._row - self._anchor >= max(1, self._lines - _MARGIN - 2)):
            self._lay_out_one()

    def _lay_out_one(self) -> None:
        token = self._tokens.popleft()
        if token == "\n":
            self._space, self._in_word = "", False
            self._break_line()
        elif token.isspace():
            self._space += "".join(_TAB if mark == "\t" else " " for mark in token)
            self._in_word = False
        else:
            self._put(token)
            self._in_word = True
        self._offset += len(token)

    def _put(self, word: str) -> None:
        """Write a word, on the next row if it does not fit on this one; one longer than a row is broken."""
        start = self._offset
        space, self._space = self._space, ""
        width = cells(word)
        if self._column + len(space) + width > self._width and self._column and not self._in_word:
            self._break_line()
        elif space and (self._column or len(space) > 1):
            space = space[: self._width - 1]
            self._buffer.append(space)
            self._column += len(space)
        while word:
            fitting = _fitting(word, self._width - self._column)
            if not fitting:
                if self._column:
                    self._break_line()
                    continue
                fitting = word[0]
            self._buffer.append(fitting)
            self._runs.append(_Run(start, fitting, self._row, self._column))
            if not certain(fitting):
                self._doubtful.add(self._row)
            self._column += cells(fitting)
            start += len(fitting)
            word = word[len(fitting) :]

    def _break_line(self) -> None:
        self._make_room()
        self._buffer.append("\n")
        self._finish_row(self._column)
        self._column = 0

    def _finish_row(self, length: int) -> None:
        self._ends.append((self._row, length))
        self._row += 1
        while self._ends[0][0] < self._row - self._lines:
            self._ends.popleft()
        while self._runs and self._runs[0].row < self._row - self._lines:
            self._doubtful.discard(self._runs.popleft().row)

    def _make_room(self) -> None:
        """Before the screen may scroll: put out what would leave it."""
        if any(not self._shows(run, 1) for run in self._lit):
            self._relight([run for run in self._lit if self._shows(run, 1)])

    # -- inside: the light --------------------------------------------------------------------------------------

    def _near(self, span: Span) -> list[_Run]:
        """The newest runs, back to the one that begins at or before the span."""
        found: list[_Run] = []
        for run in reversed(self._runs):
            if run.start < span.end:
                found.append(run)
            if run.start <= span.start:
                break
        return found[::-1]

    def _shows(self, run: _Run, further: int) -> bool:
        """Whether a run can be lit, also after ``further`` line breaks."""
        return run.row not in self._doubtful and self._row + further - run.row <= self._lines - _MARGIN

    def _relight(self, runs: list[_Run]) -> None:
        if runs == self._lit:
            return
        for run in self._lit:
            if run not in runs:
                self._rewrite(run, "")
        for run in runs:
            if run not in self._lit:
                self._rewrite(run, _LIT)
        self._lit = runs

    def _rewrite(self, run: _Run, style: str) -> None:
        up = self._row - run.row
        if up >= self._lines:
            return  # the screen was made lower: it has scrolled away, lit as it was
        move = f"\x1b[{up}A" if up else ""
        there = f"\x1b[{run.column}C" if run.column else ""
        text = f"{style}{run.text}{_PLAIN}" if style else run.text
        self._buffer.append(f"{_SAVE}{move}\r{there}{text}{_RESTORE}")

    # -- inside: the terminal -----------------------------------------------------------------------------------

    def _renew(self) -> None:
        """Look whether the terminal has changed. Only rows that fit into it stand where they stood."""
        if self._size is not None:
            return
        columns, lines = size_of(self._out)
        if columns < self._columns:
            too_long = [row for row, length in (*self._ends, (self._row, self._column)) if length >= columns]
            self._columns = columns
            if too_long:
                self._forget_until(max(too_long))
                self._column %= columns
        self._columns, self._lines = columns, lines
        if not is_foreground(self._out):
            self._forget_until(self._row)  # a shell writes here now

    def _forget_until(self, row: int) -> None:
        """Rows up to ``row`` can no longer be found, and so not be lit."""
        self._doubtful.add(row)  # more may come on this one
        while self._runs and self._runs[0].row <= row:
            self._runs.popleft()
        self._lit = [run for run in self._lit if run.row > row]

    def _send(self) -> None:
        if self._buffer:
            text = "".join(self._buffer)
            self._buffer.clear()
            self._out.write(text)
            self._out.flush()


class Keyboard:
    """Keeps typed keys from being echoed into the text, where they would move it under the light."""

    def __init__(self, terminal: TextIO | Output) -> None:
        """``terminal``: what is typed on."""
        self._descriptor = terminal.fileno()
        self._before: int | None = None  # the flags that were changed

    def hush(self, by_key: bool = False) -> None:
        """Echo nothing from now on; keys are kept for whoever reads them next, and Ctrl-C works as ever.

        ``by_key``: they can be read one by one; else line by line.
        """
        import termios

        before = self._set(0 if by_key else termios.ICANON)
        self._before = before if self._before is None else self._before

    def restore(self) -> None:
        """As it was before ``hush``."""
        before, self._before = self._before, None
        if before is not None:
            self._set(before)

    def _set(self, wanted: int) -> int | None:
        """Set the terminal's echo and line mode to these flags; those before, or None where that can't be done."""
        import termios

        # in the background this would stop us, and the terminal is the shell's to set
        if not _is_foreground(self._descriptor):
            return None
        with contextlib.suppress(termios.error, OSError):  # the terminal may be gone
            modes = termios.tcgetattr(self._descriptor)
            before = modes[3] & (termios.ECHO | termios.ICANON)
            if before != wanted:
                modes[3] ^= before ^ wanted
                termios.tcsetattr(self._descriptor, termios.TCSANOW, modes)
            return int(before)
        return None


def _within(run: _Run, span: Span) -> _Run | None:
    """The part of a run that lies in ``span``."""
    start, end = max(run.start, span.start), min(run.start + len(run.text), span.end)
    if start >= end:
        return None
    before = run.text[: start - run.start]
    return _Run(start, run.text[start - run.start : end - run.start], run.row, run.column + cells(before))


def _fitting(word: str, room: int) -> str:
    """The longest beginning of ``word`` that takes no more than ``room`` cells."""
    if word.isascii():
        return word[: max(room, 0)]
    end = taken = 0
    while end < len(word) and (taken := taken + cells(word[end])) <= room:
        end += 1
    return word[:end]


def size_of(out: Output) -> tuple[int, int]:
    """Columns and rows of a terminal; of anything else what the environment says, or 80 and 24."""
    with contextlib.suppress(OSError, ValueError):  # no terminal after all
        size = os.get_terminal_size(out.fileno())
        if size.columns > 0 and size.lines > 0:
            return size.columns, size.lines
    fallback = shutil.get_terminal_size()
    return fallback.columns, fallback.lines


def is_foreground(out: Output) -> bool:
    """Whether the terminal is ours at present, and not a shell's that has put us in the background."""
    return _is_foreground(out.fileno())


def _is_foreground(descriptor: int) -> bool:
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:  # not our controlling terminal: then no shell contends for it
        return True


def is_rich_terminal(out: TextIO) -> bool:
    """Whether ``out`` is a terminal that understands cursor movement."""
    return out.isatty() and os.environ.get("TERM", "dumb") != "dumb" and sys.platform != "win32"
