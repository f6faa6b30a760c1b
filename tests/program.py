"""The ``speakstream`` command as a person runs it: a process, watched through what it writes.

Nothing here waits for a time to pass: tests go on when a certain output has come.
"""

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Self

from tests.rig.sound import ALSA_CONFIG

COMMAND = [sys.executable, "-m", "speakstream"]
PATIENCE = 30.0
"""Seconds after which something that should have happened has not."""


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment, without its settings of SpeakStream; ``home`` holds no configuration, no history."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SPEAKSTREAM_")}
    for name in ("NO_COLOR", "COLUMNS", "LINES", "PYTHONIOENCODING"):
        kept.pop(name, None)
    folders = {"XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home / "data", "XDG_STATE_HOME": home / "state"}
    return {**kept, **{name: str(folder) for name, folder in folders.items()}, "LC_ALL": "C.UTF-8", **(more or {})}


def no_sound(home: Path) -> dict[str, str]:
    """What takes every sound device away from a process: ALSA's own configuration, and nothing it could reach."""
    (home / "alsa.conf").write_text("!@hooks []\n")
    return {
        "ALSA_CONFIG_PATH": f"{ALSA_CONFIG}:{home / 'alsa.conf'}",
        "PULSE_SERVER": f"unix:{home}/nobody",
        "PULSE_CLIENTCONFIG": os.devnull,
    }


def speakstream(
    folder: Path,
    *arguments: str | bytes,
    given: bytes = b"",
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run the command in ``folder`` to its end, with ``given`` on standard input."""
    return subprocess.run(
        [*COMMAND, *arguments],
        input=given,
        capture_output=True,
        cwd=folder,
        env=environment(folder, env),
        timeout=PATIENCE,
        check=False,
    )


class Running:
    """The command while it runs; killed at the end of the ``with`` block, if it still runs then."""

    def __init__(
        self,
        folder: Path,
        arguments: Sequence[str],
        env: Mapping[str, str] | None = None,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self.process = subprocess.Popen(
            [*command, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=environment(folder, env),
            bufsize=0,
            start_new_session=True,
        )
        self._grown = threading.Condition()
        self._written = {"out": b"", "err": b""}
        self._readers = [
            threading.Thread(target=self._read, args=(name, pipe))
            for name, pipe in (("out", self.process.stdout), ("err", self.process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

    def _read(self, name: str, pipe: IO[bytes]) -> None:
        while data := os.read(pipe.fileno(), 65536):
            with self._grown:
                self._written[name] += data
                self._grown.notify_all()

    def give(self, data: bytes) -> None:
        """Write to its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)

    def give_no_more(self) -> None:
        """End its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def wait_for(self, wanted: bytes, where: str = "out") -> bytes:
        """Wait until ``wanted`` was written; all that was written so far."""
        with self._grown:
            came = self._grown.wait_for(lambda: wanted in self._written[where], PATIENCE)
            assert came, f"{wanted!r} did not come; {self._written!r}"
            return self._written[where]

    def grows_to(self, size: int, patience: float = PATIENCE) -> bool:
        """Whether so many bytes come on its standard output within ``patience`` seconds."""
        with self._grown:
            return self._grown.wait_for(lambda: len(self._written["out"]) >= size, patience)

    def finish(self, patience: float = PATIENCE) -> tuple[int, bytes, bytes]:
        """Wait for its end: the status, and what it wrote to standard output and standard error."""
        status = self.process.wait(patience)
        for reader in self._readers:
            reader.join()
        return status, self._written["out"], self._written["err"]


class Terminal:
    """The command on a pseudo-terminal of its own, which keeps every byte that reaches it."""

    def __init__(
        self,
        folder: Path,
        arguments: Sequence[str],
        env: Mapping[str, str] | None = None,
        size: tuple[int, int] = (80, 24),
        command: Sequence[str] = COMMAND,
        pass_fds: Sequence[int] = (),
    ) -> None:
        import fcntl
        import pty
        import struct
        import termios

        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.modes = termios.tcgetattr(self.slave)
        self.written = b""
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import fcntl, os, sys, termios\n"
                "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
                "os.execv(sys.argv[1], sys.argv[1:])",
                *command,
                *arguments,
            ],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            cwd=folder,
            env=environment(folder, {"TERM": "xterm-256color", **(env or {})}),
            pass_fds=pass_fds,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for descriptor in (self.master, self.slave):
            if descriptor >= 0:
                os.close(descriptor)

    def wait_for(self, wanted: bytes) -> bytes:
        """Wait until ``wanted`` has reached the terminal; all that has."""
        deadline = time.monotonic() + PATIENCE
        while wanted not in self.written:
            ready = select.select([self.master], [], [], max(0.0, deadline - time.monotonic()))[0]
            assert ready, f"{wanted!r} did not come; {self.written!r}"
            self.written += os.read(self.master, 65536)
        return self.written

    def type(self, keys: bytes) -> None:
        """What a person types."""
        os.write(self.master, keys)

    def finish(self) -> tuple[int, bytes]:
        """Wait for the end: the status, and all that has reached the terminal."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it does not end; {self.written!r}"
            if select.select([self.master], [], [], 0.05)[0]:
                self.written += os.read(self.master, 65536)
        while select.select([self.master], [], [], 0)[0]:
            self.written += os.read(self.master, 65536)
        return self.process.returncode, self.written
