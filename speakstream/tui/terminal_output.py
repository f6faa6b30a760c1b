"""What goes out to the terminal, which may be gone: its window was closed, the connection was cut."""

import logging
from typing import TextIO

log = logging.getLogger(__name__)


class Screen:
    """A terminal's file that may fail. Then what is written is dropped.

    Textual writes from a thread of its own, which would end at a failure; and the interface would wait for ever until
    that thread has taken what comes next.
    """

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal
        self._gone = False

    def write(self, text: str) -> int:
        """As a file's."""
        if not self._gone:
            try:
                self._terminal.write(text)
            except OSError as error:
                self._lose(error)
        return len(text)

    def flush(self) -> None:
        """As a file's."""
        if not self._gone:
            try:
                self._terminal.flush()
            except OSError as error:
                self._lose(error)

    def fileno(self) -> int:
        """As a file's."""
        return self._terminal.fileno()

    def isatty(self) -> bool:
        """As a file's."""
        return self._terminal.isatty()

    def _lose(self, error: OSError) -> None:
        self._gone = True
        log.info("the terminal is gone: %s", error)
