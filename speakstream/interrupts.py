"""Ctrl-C and its kin, heard at once, whatever the main thread is doing.

Python runs signal handlers in the main thread, between two of its own instructions: not while it waits inside
PortAudio or llama.cpp. Here the signal's number goes through a socket to a thread, which acts on it. The second
Ctrl-C, or an end that takes too long, ends the process where it stands.
"""

import contextlib
import os
import select
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any, Self

PATIENCE = 3.0
"""Seconds that an orderly end may take: closing the sound device takes 0.1, a model's load 0.5."""

_ENDS = ("SIGINT", "SIGTERM", "SIGHUP")
_AT_ONCE = ("SIGQUIT",)
_STOPS = ("SIGTSTP", "SIGCONT")
_NOTHING = b"\0"

_NUDGE = getattr(signal, "SIGWINCH", None)
_NUDGES, _NUDGE_SECONDS = 3, 0.02
"""A signal that comes just before the main thread waits for a key is not heard there until the next key. So soon after
it that wait is broken off a few times, by a signal that readline, which waits, takes in C: one that Python takes would
run a handler while the first one's exception is on its way, which is an error."""


def exit_status(number: int) -> int:
    """What a shell shows for a process ended by this signal."""
    return 128 + number


class Interrupts:
    """While entered, signals end the work in an orderly way. To be entered in the main thread."""

    def __init__(
        self,
        end: Callable[[], None],
        leave: Callable[[], None],
        come_back: Callable[[], None] | None,
        ctrl_c: Callable[[], bool] | None = None,
    ) -> None:
        """Called in a thread of its own: ``end`` at the first signal, and must not wait.

        ``leave`` before the process is stopped (Ctrl-Z) or ended by force, ``come_back`` when it goes on; None: stops
        are another's business. ``ctrl_c`` is asked at each Ctrl-C whether the program takes it as something else than
        its end.
        """
        self.signal = 0
        """The number of the first signal; 0: none came."""
        self.breaks = False
        """Set while the main thread waits in a call of Python's own that only an exception ends: a signal that ends the
        work, a Ctrl-C or a return from a stop raises KeyboardInterrupt there, and unsets this."""
        self._end, self._leave, self._come_back, self._ctrl_c = end, leave, come_back, ctrl_c
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._read, self._write = socket.socketpair()
        self._write.setblocking(False)
        self._wakeup_before = signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        for name in (*_ENDS, *_AT_ONCE, *(_STOPS if self._come_back is not None else ())):
            number = getattr(signal, name, None)  # Windows has few of them
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # nohup wants it so
                self._before[number] = signal.signal(number, self._caught)
        self._thread = threading.Thread(target=self._watch, name="signals")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._wakeup_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        with contextlib.suppress(BlockingIOError):  # full: then the thread wakes anyway
            self._write.send(_NOTHING)
        self._write.shutdown(socket.SHUT_WR)
        self._thread.join()
        self._read.close()
        self._write.close()

    def _caught(self, number: int, _: object) -> None:
        if self.breaks and number != getattr(signal, "SIGTSTP", None):
            self.breaks = False
            raise KeyboardInterrupt

    def _watch(self) -> None:
        nudges = 0
        while True:
            patience = PATIENCE if self.signal else None
            nudged = nudges > 0 and self.breaks
            if not select.select([self._read], [], [], _NUDGE_SECONDS if nudged else patience)[0]:
                if not nudged:
                    self._force(self.signal)
                nudges -= 1
                self._nudge()
                continue
            numbers = self._read.recv(64)
            if not numbers or _NOTHING in numbers:
                return
            for number in numbers:
                self._act(number)
            nudges = _NUDGES

    def _nudge(self) -> None:
        if _NUDGE is not None and (main := threading.main_thread().ident) is not None:
            signal.pthread_kill(main, _NUDGE)

    def _act(self, number: int) -> None:
        name = signal.Signals(number).name
        come_back = self._come_back
        if name == "SIGTSTP" and come_back is not None:
            self._leave()
            os.kill(os.getpid(), signal.SIGSTOP)
        elif name == "SIGCONT" and come_back is not None:
            come_back()
        elif name == "SIGINT" and not self.signal and self._ctrl_c is not None and self._ctrl_c():
            return
        elif name in _AT_ONCE or (self.signal and name == "SIGINT"):
            self._force(number)
        elif name in _ENDS and not self.signal:
            self.signal = number
            self._end()

    def _force(self, number: int) -> None:
        self._leave()
        os._exit(exit_status(number))
