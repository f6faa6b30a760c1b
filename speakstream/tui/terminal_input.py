"""What comes in from the terminal: Textual's reading of it, mended where a chat suffers.

* Alt with Enter or a sign reaches most programs as ESC and the character. Textual hears it without the Alt, so that
  Alt+Enter would send the prompt.
* A paste is text, whatever is in it. Textual takes an ESC in one for the beginning of a key, and types what follows,
  line ends and all, as if a person had.
* A lone ESC is the Escape key when nothing has followed for a moment; it stops the speech, so the moment is short.
* A terminal that is gone ends the program.
* Of two changes of its size, one right after the other, the last is the one that counts.
"""

import asyncio
import contextlib
import os
import selectors
import signal
import sys
from collections.abc import Iterable
from time import monotonic
from typing import Any

from textual import constants, events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size
from textual.message import Message

from speakstream.tui.terminal_output import Screen

ESC = "\x1b"

ESCAPE_SECONDS = constants.ESCAPE_DELAY if "ESCDELAY" in os.environ else 0.05
"""For which the rest of a key's sequence is waited for. Terminals send it in one piece; ESCDELAY, in milliseconds, is
for a line that does not."""

READ_BYTES = 65_536

_EDGE = len(BRACKETED_PASTE_START) - 1
"""Characters of a mark that may have come with what was read before."""


class InputParser(XTermParser):
    """Characters in, messages out."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._pasted: str | None = None  # so far; None: no paste is going on
        self._before = ""  # the last characters that were parsed as keys

    @property
    def waits_until(self) -> float | None:
        """When what has begun is taken as it is, on the monotonic clock; None: nothing has."""
        return self._timeout_time

    def tick(self) -> Iterable[Message]:
        """What has become certain because nothing followed it."""
        for message in super().tick():
            self._before = ""
            yield message

    def feed(self, data: str) -> Iterable[Message]:
        """What has become certain with ``data``; "" is the end."""
        if not data:
            yield from super().feed("")
        while data:
            if self._pasted is None:
                start = (self._before + data).find(BRACKETED_PASTE_START)
                if start < 0:
                    yield from self._keys(data)
                    return
                start -= len(self._before)
                keys, data = data[: max(start, 0)], data[start + len(BRACKETED_PASTE_START) :]
                yield from self._keys(keys)
                if start < 0:  # it has begun as a key
                    yield from self._end_of_mark(start)
                self._pasted, self._before = "", ""
            else:
                searched = max(len(self._pasted) - _EDGE, 0)
                self._pasted += data
                end = self._pasted.find(BRACKETED_PASTE_END, searched)
                if end < 0:
                    return
                data = self._pasted[end + len(BRACKETED_PASTE_END) :]
                yield events.Paste(self._pasted[:end])
                self._pasted = None

    def _keys(self, data: str) -> Iterable[Message]:
        if not data:
            return
        self._before = (self._before + data)[-_EDGE:]
        yield from super().feed(data)
        if self._timeout_time is not None:
            self._timeout_time = monotonic() + ESCAPE_SECONDS

    def _end_of_mark(self, start: int) -> Iterable[Message]:
        """Let Textual's parser, which has the first ``-start`` characters of a paste's mark, see an empty paste."""
        for message in super().feed(BRACKETED_PASTE_START[-start:] + BRACKETED_PASTE_END):
            if not isinstance(message, events.Paste):
                yield message

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        if sequence[:1] == ESC and isinstance(ANSI_SEQUENCES_KEYS.get(sequence), str):
            sequence, alt = sequence[1:], True  # what Option types on one Mac terminal is Alt on all others
        for event in super()._sequence_to_key_events(sequence, alt):
            if not alt or event.key.startswith("ctrl+"):
                yield event
            else:
                yield events.Key(f"alt+{event.key.removeprefix('alt+')}", None)


def give_back_terminal(driver: Driver | None) -> None:
    """Before the program is ended by force: leave the terminal of its driver as it was."""
    if sys.platform != "win32" and isinstance(driver, TerminalDriver):
        driver.give_back()


def terminal_driver() -> type[Driver] | None:
    """The driver for ``App(driver_class=...)``; None: Textual's own, where this one can't run or is not wanted."""
    if sys.platform == "win32" or constants.DRIVER is not None:
        return None
    return TerminalDriver


if sys.platform != "win32":
    import select
    import termios
    from codecs import getincrementaldecoder

    from textual.drivers.linux_driver import LinuxDriver

    _LEAVE = b"".join(
        b"\x1b[" + mode for mode in b"?2026l ?1000l ?1003l ?1015l ?1006l ?1004l ?2004l ?7h <u ?1049l ?25h".split()
    )
    """Ends what Textual has begun: synchronized output, the mouse, focus, pastes, cut lines, keys, the other screen."""

    class TerminalDriver(LinuxDriver):
        """Textual's driver with the parser above, for a terminal that may go at any time."""

        def __init__(self, app: App[Any], **how: Any) -> None:
            super().__init__(app, **how)
            self._file: Any = Screen(self._file)
            self._in_use = False  # the terminal, as a whole screen

        def start_application_mode(self) -> None:
            """As Textual's."""
            self._in_use = True
            super().start_application_mode()  # type: ignore[no-untyped-call]
            # Textual reads the size in the signal's handler: a second signal interrupts it, and the older came last.
            loop = asyncio.get_running_loop()
            signal.signal(signal.SIGWINCH, lambda *_: loop.call_soon_threadsafe(self._resized))

        def stop_application_mode(self) -> None:
            """As Textual's."""
            self._in_use = False
            super().stop_application_mode()

        def _resized(self) -> None:
            if not self._in_band_window_resize:
                size = Size(*self._get_terminal_size())
                self.send_message(events.Resize(size, size))

        def give_back(self) -> None:
            """Leave the terminal as it was before, without waiting for anything. Any thread may call this."""
            if self.attrs_before is None:
                return
            with contextlib.suppress(termios.error, OSError):  # it is gone
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
                if self._in_use and select.select([], [self._file], [], 0)[1]:
                    os.write(self._file.fileno(), _LEAVE)

        def _run_input_thread(self) -> None:
            try:
                self.run_input_thread()
            except Exception as error:  # no keys would come any more
                self._app.call_later(self._app._handle_exception, error)

        def run_input_thread(self) -> None:
            """Read until the driver is told to stop, or the terminal is gone."""
            parser = InputParser(self._debug)
            decode = getincrementaldecoder("utf-8")("replace").decode
            with selectors.DefaultSelector() as selector:
                selector.register(self.fileno, selectors.EVENT_READ)
                while not self.exit_event.is_set():
                    until = parser.waits_until
                    if selector.select(0.1 if until is None else min(max(until - monotonic(), 0.0), 0.1)):
                        data = self._read()
                        if not data:
                            self._app.exit(0)
                            return
                        if text := decode(data):
                            self._process(parser.feed(text))
                    self._process(parser.tick())

        def _process(self, messages: Iterable[Message]) -> None:
            for message in messages:
                self.process_message(message)

        def _read(self) -> bytes:
            try:
                return os.read(self.fileno, READ_BYTES)
            except OSError:  # hung up
                return b""
