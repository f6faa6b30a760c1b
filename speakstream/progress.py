"""Shows how far a download is: a bar in a terminal, a few plain lines elsewhere."""

import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol, Self, TextIO

Progress = Callable[[int, int], None]  # bytes done, bytes in all (0: not known)
Notify = Callable[[str], None]


class ProgressDisplay(Protocol):
    """Where a program shows how far a download is. Entered before it begins, left when it has ended in any way."""

    def __enter__(self) -> "Progress": ...

    def __exit__(self, *failure: object) -> None: ...

    def before(self, notify: Notify) -> Notify:
        """``notify``, for what is to be said while something is fetched."""


REDRAW_SECONDS = 0.1
LOG_SECONDS = 30.0  # between two lines of a log
RATE_SECONDS = 5.0  # the rate shown is that of the last few seconds
WIDEST_BAR = 30


class TerminalProgress:
    """A ``Progress`` that draws one line on a terminal; elsewhere a line at the start, at the end and now and then.

    Use it as a context manager: the line is ended also when the download is not.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        label: str = "the model",
        clock: Callable[[], float] = time.monotonic,
        columns: Callable[[], int] | None = None,
    ) -> None:
        self._label = label
        self._stream = stream or sys.stderr
        self._clock = clock
        self._columns = columns or _terminal_columns
        self._history: deque[tuple[float, int]] = deque()
        self._drawn = float("-inf")
        self._open = False  # a line was begun and not ended

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def __call__(self, done: int, total: int) -> None:
        """Show ``done`` of ``total`` bytes."""
        now = self._clock()
        if self._history and done < self._history[-1][1]:
            self._history.clear()  # another download begins
        self._history.append((now, done))
        while now - self._history[0][0] > RATE_SECONDS and len(self._history) > 2:
            self._history.popleft()
        finished = done >= total > 0
        if not self._stream.isatty():
            if finished:
                self._stream.write(f"Fetched {self._label} ({megabytes(done)})\n")
            elif not self._open:
                self._drawn = now
                self._stream.write(f"Fetching {self._label}{f' ({megabytes(total)})' if total else ''}\n")
            elif now - self._drawn >= LOG_SECONDS:
                self._drawn = now
                self._stream.write(f"Fetching {self._label}: {self._figures(done, total)}\n")
            self._open = not finished
        elif finished or now - self._drawn >= REDRAW_SECONDS:
            self._drawn, self._open = now, not finished
            self._stream.write(f"\r{self._line(done, total)}\x1b[K" + ("\n" if finished else ""))
        self._stream.flush()

    def before(self, notify: Notify) -> Notify:
        """``notify``, and the line that is being drawn is ended before each notice; it is drawn again after it."""

        def notice(line: str) -> None:
            if self._stream.isatty():
                self.close()
            notify(line)

        return notice

    def close(self) -> None:
        """End a line that is still being drawn."""
        if self._open and self._stream.isatty():
            self._stream.write("\n")
            self._stream.flush()
        self._open = False

    def _line(self, done: int, total: int) -> str:
        words = self._figures(done, total)
        room = self._columns() - len(self._label) - len(words) - 7  # the gaps, the brackets, the last column
        if not total or room < 5:
            return f"{self._label}  {words}"[: self._columns() - 1]
        width = min(room, WIDEST_BAR)
        filled = width * done // total
        return f"{self._label}  [{'#' * filled}{'-' * (width - filled)}]  {words}"

    def _figures(self, done: int, total: int) -> str:
        (start, before), (now, _) = self._history[0], self._history[-1]
        rate = (done - before) / (now - start) if now > start else 0.0
        words = f"{megabytes(done)} of {megabytes(total)}" if total else megabytes(done)
        if rate > 0:
            words += f"  {megabytes(round(rate))}/s" if rate >= 1e5 else f"  {rate / 1e3:.1f} kB/s"
            if done < total:
                words += f"  {_duration((total - done) / rate)} left"
        return words


def megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{whole} s"


def _terminal_columns() -> int:
    import shutil

    return shutil.get_terminal_size().columns
