"""The log of a program that owns the screen: a file, for whoever looks for the cause of a trouble afterwards.

Nothing of it is shown, and no prompt or reply is written into it. What cannot be written is dropped: a full disk must
not end a conversation.
"""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from speakstream.errors import one_line

MAX_BYTES, KEPT = 1_000_000, 2
"""When a new file is begun, and how many older ones are kept beside it."""

_FORMAT = "%(asctime)s %(process)d %(levelname)s %(threadName)s %(name)s: %(message)s"


def log_path() -> Path:
    """Where the log is; it need not exist."""
    from platformdirs import user_log_path

    return user_log_path("speakstream", appauthor=False) / "speakstream.log"


def start_log(debug: bool, path: Path | None = None) -> tuple[Path | None, str]:
    """Log into the file from now on, and nowhere else. The file; or None, and one line that says why there is none.

    ``debug``: everything; else what is worth knowing later.
    """
    root = logging.getLogger()
    for handler in [*root.handlers]:
        root.removeHandler(handler)
    path, trouble = path or log_path(), ""
    log: logging.Handler
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = _LogFile(path, maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8")
    except OSError as error:
        log, trouble = logging.NullHandler(), f"no log is kept: {path}: {error.strerror or error}; the chat goes on"
    log.setFormatter(_Plain(_FORMAT))
    root.addHandler(log)  # also of libraries, which would write to standard error where nobody listens
    root.setLevel(logging.WARNING)  # of libraries, their troubles
    logging.getLogger("speakstream").setLevel(logging.DEBUG if debug else logging.INFO)
    logging.captureWarnings(True)
    return (None if trouble else path), trouble


class _Plain(logging.Formatter):
    """Lines that a terminal may be shown: what errors quote may hold anything."""

    def format(self, record: logging.LogRecord) -> str:
        """See Formatter."""
        return "\n".join(one_line(line.expandtabs()) for line in super().format(record).split("\n"))


class _LogFile(RotatingFileHandler):
    """For the user's eyes only, and silent when it cannot be written."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return open(descriptor, "a", encoding=self.encoding, errors="backslashreplace")

    def handleError(self, record: logging.LogRecord) -> None:
        """Drop the record."""


@contextlib.contextmanager
def screen_kept() -> Iterator[None]:
    """Send to the log what anything writes to standard error past Python's logging.

    That is libraries in C, tracebacks of threads, a dying process. ``sys.__stderr__``, where Textual draws, stays the
    terminal: it gets a descriptor of its own.
    """
    log = logging.getLogger(__name__)
    handler = next((each for each in logging.getLogger().handlers if isinstance(each, _LogFile)), None)
    path = handler.baseFilename if handler else os.devnull
    before, before_original = sys.stderr, sys.__stderr__
    for stream in (sys.stdout, before):
        stream.flush()
    terminal = os.dup(1)
    kept = os.dup(2)
    try:
        noise = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(noise, 2)
        os.close(noise)
        screen = open(terminal, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
        sys.__stderr__ = screen  # type: ignore[misc]
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # the terminal is gone, with what was still to be written
                screen.close()
    finally:
        sys.stderr, sys.__stderr__ = before, before_original  # type: ignore[misc]
        before.flush()
        os.dup2(kept, 2)
        os.close(kept)
        os.close(terminal)
        log.debug("the screen is given back")
