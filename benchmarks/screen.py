"""``speakstream chat`` in a pseudo-terminal, timed: what is typed, what reaches the terminal and when, who works."""

import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.program import COMMAND, environment

SIZE = (100, 30)
"""Columns and rows."""

PATIENCE = 60.0

LETTERS = "бвгджзийклмнптфцчшщэюя"
"""What no reply and no other part of the screen has in it: the echo of a key is the only place where it comes from."""

CORNER = "╰".encode()
"""Of the prompt's border."""

ENTER, ESCAPE, PAGE_UP, CLEAR, NEW = b"\r", b"\x1b", b"\x1b[5~", b"\x15", b"\x0e"

TICK = 1 / os.sysconf("SC_CLK_TCK")

ENDING_SECONDS = 20.0


class Screen:
    """A chat with the terminal to itself, from its start to the end of the ``with`` block."""

    def __init__(self, home: Path, arguments: Sequence[str], env: Mapping[str, str]) -> None:
        """``home`` is its working folder, and holds its configuration and its history."""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        self._came: list[tuple[float, bytes]] = []
        self._grown = threading.Condition()
        self._ending = threading.Event()
        self._reader = threading.Thread(target=self._read, name="screen")
        folder = shutil.which("env")
        assert folder is not None
        self.begun = time.monotonic()
        # Not subprocess: its start of a session leaves the process without a controlling terminal.
        self.process = os.posix_spawn(
            folder,
            ["env", "-C", str(home), *COMMAND, "chat", *arguments],
            environment(home, {"TERM": "xterm-256color", **env}),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.ttyname(slave), os.O_RDWR, 0),
                (os.POSIX_SPAWN_DUP2, 0, 1),
                (os.POSIX_SPAWN_DUP2, 0, 2),
            ],
            setsid=True,
        )
        os.close(slave)  # so that the end of the program is heard
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGTERM)
            if not self._ends():
                os.kill(self.process, signal.SIGKILL)
                os.waitpid(self.process, 0)
        self._ending.set()
        self._reader.join()
        os.close(self._master)

    def _ends(self) -> bool:
        deadline = time.monotonic() + ENDING_SECONDS
        while time.monotonic() < deadline:
            if os.waitpid(self.process, os.WNOHANG)[0]:
                return True
            time.sleep(0.01)
        return False

    def _read(self) -> None:
        data = b"-"
        while data and not self._ending.is_set():
            if select.select([self._master], [], [], 0.1)[0]:
                try:
                    data = os.read(self._master, 1 << 16)
                except OSError:  # the program has ended
                    data = b""
                with self._grown:
                    self._came.append((time.monotonic(), data))
                    self._grown.notify_all()

    @property
    def _over(self) -> bool:
        return bool(self._came) and not self._came[-1][1]

    @property
    def places(self) -> int:
        """A mark in what has come so far, for ``wait``."""
        return len(self._came)

    def since(self, place: int) -> bytes:
        """What has come behind the mark."""
        return b"".join(data for _, data in self._came[place:])

    def wait(self, shows: Callable[[bytes], bool], place: int = 0) -> float:
        """Wait until what came behind the mark ``shows`` something; when it did. Raises TimeoutError."""
        with self._grown:
            seen = place
            self._grown.wait_for(lambda: shows(self.since(place)) or self._over, PATIENCE)
            if not shows(self.since(place)):
                raise TimeoutError(f"the screen does not show it: {self.since(place)[-500:]!r}")
            while not shows(b"".join(data for _, data in self._came[place : seen + 1])):
                seen += 1
            return self._came[seen][0]

    def ready(self, letter: str) -> float:
        """Press a key as soon as the prompt is on the screen; the seconds from the start of the process to the echo."""
        self.wait(lambda came: CORNER in came)
        return self.echo(letter)[1] - self.begun

    def type(self, keys: bytes) -> None:
        """What a person types."""
        os.write(self._master, keys)

    def echo(self, letter: str) -> tuple[float, float]:
        """Press the key of a letter that is not on the screen: when, and when it is."""
        place, wanted = self.places, letter.encode()
        pressed = time.monotonic()
        self.type(wanted)
        return pressed, self.wait(lambda came: wanted in came, place)

    def ask(self, prompt: str) -> float:
        """Type a prompt in the place of what is there, and press Enter; when. It must fit one row."""
        place, end = self.places, prompt.encode()[-12:]
        self.type(CLEAR + prompt.encode())
        self.wait(lambda came: end in came, place)
        pressed = time.monotonic()
        self.type(ENTER)
        return pressed

    def worked(self, thread: int | None = None) -> float:
        """Seconds of processor time of the whole program, or of one of its threads."""
        task = f"/task/{thread}" if thread is not None else ""
        fields = Path(f"/proc/{self.process}{task}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * TICK

    @property
    def interface(self) -> int:
        """The thread of the interface: a program's first."""
        return self.process
