"""What ``chat --plain`` writes: line after line, by one thread, and nothing of it is changed afterwards."""

import contextlib
import os
import sys
from typing import Protocol

from speakstream.command_line import tell
from speakstream.errors import one_line
from speakstream.text.control import ControlFilter

PROMPT = "> "

LONGEST_WORD = 24
"""Characters of a word that are held back until it is complete: screen readers stumble over parts of words."""


class Sheet(Protocol):
    """What a page is written on."""

    def write(self, text: str, /) -> object: ...


class Page:
    """Replies as they grow, lines of the program's own in brackets, and the prompt.

    Where standard output is no terminal, replies and answers alone go there, and the rest to standard error.
    """

    def __init__(self, out: Sheet, is_terminal: bool) -> None:
        """``out``: standard output."""
        self.prompted = False
        """The prompt stands at the end of it."""
        self._out = out
        self._is_terminal = is_terminal
        self._at_start = True  # of a line
        self._held = ""  # a word that may still grow
        self._waiting: list[str] = []  # lines of our own, for the end of the reply's line

    def text(self, text: str) -> None:
        """More of a reply; a word appears when it is complete."""
        text = self._held + text
        cut = max(text.rfind(" "), text.rfind("\n")) + 1
        if len(text) - cut > LONGEST_WORD:  # no word, or in a script that puts no spaces between them
            cut = len(text)
        text, self._held = text[:cut], text[cut:]
        if text and self.prompted:
            self._begin_line()
        end = text.rfind("\n") + 1
        if end and self._waiting:
            self._write(text[:end])
            self._let_wait_no_longer()
            text = text[end:]
        self._write(text)

    def end_text(self) -> None:
        """The reply is complete, as far as it goes."""
        held, self._held = self._held, ""
        self._write(held)
        if not self._at_start and not self.prompted:
            self._write("\n")
        self._let_wait_no_longer()

    def line(self, text: str) -> None:
        """An answer to a command, on a line of its own."""
        self._begin_line()
        self._write(f"{text}\n")

    def note(self, text: str) -> None:
        """A line of the program's own, now."""
        if self._is_terminal:
            self.line(f"[{one_line(text)}]")
            return
        if self.prompted:
            self._begin_line()
        with contextlib.suppress(OSError):  # nobody reads it
            tell([text])

    def note_later(self, text: str) -> None:
        """The same, but not within a line of a reply."""
        if self._at_start or self.prompted:
            self.note(text)
        else:
            self._waiting.append(text)

    def message(self, text: str, asked: bool) -> None:
        """A stored message; ``asked``: a prompt."""
        safe = ControlFilter().push(text).strip("\n")
        self.line(f"{PROMPT if asked else ''}{safe}")

    def blank_line(self) -> None:
        """What parts two replies where no prompt does."""
        if not self._is_terminal:
            self._write("\n")

    def prompt(self) -> None:
        """The prompt, if it does not stand there."""
        if not self.prompted:
            self._begin_line()
            self.prompted = True
            self._beside(PROMPT)

    def again(self) -> None:
        """To the beginning of the prompt's line: an editor writes the prompt once more."""
        self._beside("\r")

    def typed(self, complete: bool) -> None:
        """A line was typed behind the prompt; ``complete``: with Enter, which was echoed."""
        if not complete:
            self._beside("\n")
        self.prompted, self._at_start = False, True

    def close(self) -> None:
        """End the last line."""
        self.end_text()
        self._begin_line()

    # -- inside --------------------------------------------------------------------------------------------

    def _begin_line(self) -> None:
        if self.prompted:
            self.typed(complete=False)
        if not self._at_start:
            self._write("\n")

    def _let_wait_no_longer(self) -> None:
        waiting, self._waiting = self._waiting, []
        for text in waiting:
            self.note(text)

    def _write(self, text: str) -> None:
        if text:
            self._out.write(text)
            self._at_start = text.endswith("\n")

    def _beside(self, text: str) -> None:
        """What is for the person only."""
        if self._is_terminal:
            self._out.write(text)
        else:
            with contextlib.suppress(OSError):  # nobody reads it
                os.write(sys.stderr.fileno(), text.encode())
