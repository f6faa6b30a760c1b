"""Runs a download as a child process, and shows how far it is.

A child can be ended at any moment, also while it looks up a name or waits for a silent address; Python code
in a thread cannot. What is downloaded, and what it is checked against, is decided in ``model_sources.py``.
"""

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Self, TextIO

from speakstream.errors import ModelError

if TYPE_CHECKING:
    from subprocess import Popen

Progress = Callable[[int, int], None]  # bytes done, bytes in all (0: not known)

CHILD_START_SECONDS = 30.0  # a slow disk may take its time to load pip
POLL_SECONDS = 0.1
REDRAW_SECONDS = 0.1
RATE_SECONDS = 5.0  # the rate shown is that of the last few seconds
WIDEST_BAR = 30


class FetchCancelled(ModelError):
    """The person stopped a fetch; nothing of it is left on the disk."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a child ended: its exit status, or None if it was given up, and all that it printed."""

    code: int | None
    log: str


def run_download(
    arguments: Sequence[str],
    log_path: Path,
    downloads: Path,
    *,
    total: Callable[[str], int],
    progress: Progress,
    patience: float,
    cancelled: Event | None,
    environ: Mapping[str, str],
) -> Finished:
    """Run ``download_child.py``, which downloads one file into the folder ``downloads``, and watch it grow.

    (pip prints its own progress only from version 24.1 on, so the largest file is what is measured.)
    ``total`` gives the bytes in all, from what was printed so far, and may raise. A child that shows no sign
    of life for ``patience`` seconds before its first byte is given up: that is what a network looks like that
    is not there. The child is dead when this returns or raises, and when this process dies.

    :raises FetchCancelled: ``cancelled`` was set.
    """
    import subprocess  # here, because most runs find their model in the cache

    with log_path.open("wb") as out:
        try:
            child = subprocess.Popen(
                [sys.executable, "-P", str(Path(__file__).with_name("download_child.py")), *arguments],
                stdin=subprocess.PIPE,  # nothing is written to it: it ends when this process does
                stdout=out,
                stderr=subprocess.STDOUT,
                env=environ,
                process_group=0 if os.name == "posix" else None,  # Ctrl-C is for us to act on, not for it
            )
        except OSError as error:
            raise ModelError(f"Cannot run {sys.executable!r} to fetch the model: {error}.") from error
        try:
            alive, seen, shown = time.monotonic(), (0, 0), 0
            while True:
                with suppress(subprocess.TimeoutExpired):
                    child.wait(POLL_SECONDS)
                log = log_path.read_text(encoding="utf-8", errors="replace")
                done, size = _largest(downloads), total(log)
                if child.returncode is not None:
                    if child.returncode == 0 and (shown != size or not size):
                        progress(size or done, size or done)
                    return Finished(child.returncode, log)
                check(cancelled)
                now = min(done, size) if size else done
                if now != shown:
                    shown = now
                    progress(now, size)
                if (len(log), done) != seen:
                    seen, alive = (len(log), done), time.monotonic()
                if not done and time.monotonic() - alive > (patience if log else CHILD_START_SECONDS):
                    return Finished(None, log)
        finally:
            _kill(child)


def check(cancelled: Event | None) -> None:
    """:raises FetchCancelled: ``cancelled`` is set."""
    if cancelled is not None and cancelled.is_set():
        raise FetchCancelled("Fetching the model was cancelled: nothing of it was kept.")


def _largest(folder: Path) -> int:
    """Bytes in the largest file below ``folder``, while others come and go in it."""
    largest = 0
    for parent, _, files in os.walk(folder):
        for file in files:
            with suppress(FileNotFoundError):
                largest = max(largest, os.stat(os.path.join(parent, file)).st_size)
    return largest


def _kill(child: "Popen[bytes]") -> None:
    import signal

    assert child.stdin is not None
    child.stdin.close()
    if child.poll() is None:
        if os.name == "posix":
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
        child.wait()


class TerminalProgress:
    """A ``Progress`` that draws one line on a terminal; elsewhere one line at the start and one at the end.

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
            if not self._open and not finished:
                of = f" ({megabytes(total)})" if total else ""
                self._stream.write(f"Fetching {self._label}{of}\n")
            self._open = not finished
            if finished:
                self._stream.write(f"Fetched {self._label} ({megabytes(done)})\n")
        elif finished or now - self._drawn >= REDRAW_SECONDS:
            self._drawn, self._open = now, not finished
            self._stream.write(f"\r{self._line(done, total)}\x1b[K" + ("\n" if finished else ""))
        self._stream.flush()

    def close(self) -> None:
        """End a line that is still being drawn."""
        if self._open and self._stream.isatty():
            self._stream.write("\n")
            self._stream.flush()
        self._open = False

    def _line(self, done: int, total: int) -> str:
        (start, before), (now, _) = self._history[0], self._history[-1]
        rate = (done - before) / (now - start) if now > start else 0.0
        words = f"{megabytes(done)} of {megabytes(total)}" if total else megabytes(done)
        if rate > 0:
            words += f"  {megabytes(round(rate))}/s"
            if done < total:
                words += f"  {_duration((total - done) / rate)} left"
        room = self._columns() - len(self._label) - len(words) - 7  # the gaps, the brackets, the last column
        if not total or room < 5:
            return f"{self._label}  {words}"[: self._columns() - 1]
        width = min(room, WIDEST_BAR)
        filled = width * done // total
        return f"{self._label}  [{'#' * filled}{'-' * (width - filled)}]  {words}"


def megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def _duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{whole} s"


def _terminal_columns() -> int:
    import shutil

    return shutil.get_terminal_size().columns
