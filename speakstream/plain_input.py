"""What a person types, line by line, for a front end that has no screen: from a terminal, or from a pipe.

And what wakes it while it waits for that.
"""

import codecs
import contextlib
import os
import select
import socket
import sys
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from io import TextIOWrapper
from typing import Protocol

from speakstream.text.control import ControlFilter

BLOCK = 65536


class Source:
    """Lines of standard input as they are complete; in a terminal the terminal's own editing makes them so."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.is_terminal = os.isatty(descriptor)
        self.ended = False
        """No more lines will come."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._begun = ""
        self._lines: deque[str] = deque()

    @property
    def waits(self) -> bool:
        """Whether a line is there that has been read already."""
        return bool(self._lines)

    def take(self) -> str | None:
        """The next line; None: it is not complete, or all were given. To be called when there is something to read.

        Lines that a terminal hands over at once were pasted: they are given as one.
        """
        if not self._lines:
            self._read()
            while self.is_terminal and not self.ended and self._has_more():
                self._read()
            if self.is_terminal and self._lines:
                self._lines = deque(["\n".join(self._lines)])
        return self._lines.popleft() if self._lines else None

    def take_begun(self) -> str:
        """What was read of a line that is not complete, for an editor to go on with."""
        begun, self._begun = self._begun, ""
        return begun

    def _has_more(self) -> bool:
        # on Windows, select knows no terminals
        return sys.platform != "win32" and bool(select.select([self.descriptor], [], [], 0)[0])

    def _read(self) -> None:
        try:
            data = os.read(self.descriptor, BLOCK)
        except OSError:  # the terminal is gone
            data = b""
        self.ended = not data
        text = self._decoder.decode(data, final=self.ended)
        if self.is_terminal:
            text = text.replace("\r", "\n")  # what was typed into an editor too fast for it
        *lines, self._begun = (self._begun + text).split("\n")
        self._lines.extend(lines)
        if self.ended and self._begun:
            self._lines.append(self._begun)
            self._begun = ""


class Breakable(Protocol):
    """What breaks off a wait of the main thread: see Interrupts."""

    breaks: bool


class Editor:
    """Lines of a terminal with keys to edit them, and Up for those before: as in every shell, by the same library."""

    def __init__(self, prompts: Iterable[str], commands: Sequence[str]) -> None:
        """``prompts``: former ones, the newest first; ``commands``: what Tab completes. Raises ImportError."""
        import readline

        if isinstance(sys.stdin, TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")  # some key sends what is no UTF-8
        self.unfinished = ""
        """What stands in the line before anything is typed: set it, or find what a signal broke off."""
        self._readline = readline
        self._commands = commands
        for prompt in reversed([*prompts]):
            readline.add_history(ControlFilter().push(prompt))
        readline.set_completer_delims("")
        readline.set_completer(self._complete)
        if "libedit" in (readline.__doc__ or ""):
            readline.parse_and_bind("bind ^I rl_complete")
        else:
            readline.parse_and_bind("tab: complete")
            readline.parse_and_bind("set enable-bracketed-paste on")  # what is pasted is one prompt, line ends and all
        readline.set_startup_hook(self._fill)

    def line(self, prompt: str, interrupts: Breakable) -> str | None:
        """Let a line be edited; None: a signal broke it off. Raises EOFError for Ctrl-D in an empty line."""
        try:
            interrupts.breaks = True
            line = input(prompt)
            interrupts.breaks = False
        except (KeyboardInterrupt, SystemError):  # the second, when another signal comes right behind the first
            if interrupts.breaks:
                raise
            self.unfinished = self._readline.get_line_buffer()
            return None
        except EOFError:
            interrupts.breaks = False
            raise
        return line

    def close(self) -> None:
        """Nothing of this is called any more."""
        self._readline.set_startup_hook(None)
        self._readline.set_completer(None)

    def _fill(self) -> None:
        self._readline.insert_text(self.unfinished)
        self.unfinished = ""

    def _complete(self, text: str, number: int) -> str | None:
        found = [command for command in self._commands if text.startswith("/") and command.startswith(text)]
        return found[number] if number < len(found) else None


def open_editor(prompts: Callable[[], Iterable[str]], commands: Sequence[str]) -> Editor | None:
    """An editor, where standard input and output are a terminal that can show one, and the library is there."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM", "dumb") == "dumb":
        return None
    try:
        return Editor(prompts(), commands)
    except ImportError:
        return None


class Bell:
    """Wakes a thread that waits in ``select``."""

    def __init__(self) -> None:
        self._read, self._written = socket.socketpair()
        self._read.setblocking(False)
        self._written.setblocking(False)

    def fileno(self) -> int:
        """What is watched."""
        return self._read.fileno()

    def ring(self) -> None:
        """Any thread may call this."""
        with contextlib.suppress(BlockingIOError):  # it rings already
            self._written.send(b"\0")

    def silence(self) -> None:
        """It was heard."""
        with contextlib.suppress(BlockingIOError):
            while self._read.recv(4096):
                pass
