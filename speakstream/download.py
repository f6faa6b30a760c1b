"""Runs a download as a child process, and watches over it.

A child can be ended at any moment, also while it looks up a name or waits for a silent address; Python code
in a thread cannot. What is downloaded, and what it is checked against, is decided in ``model_sources.py``; how,
in ``download_child.py`` and ``transfer.py``.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread
from typing import IO, TYPE_CHECKING, Any

from speakstream.errors import ModelError
from speakstream.progress import Progress
from speakstream.transfer import size_of

if TYPE_CHECKING:
    from subprocess import Popen

CHILD_START_SECONDS = 30.0  # a slow disk may take its time to load pip
GRACE_SECONDS = 15.0  # for the child to notice a stall itself, which it does unless a name is looked up in vain
POLL_SECONDS = 0.1
AWAKE_SECONDS = 1.0  # more of them from one poll to the next: the computer slept, and the child with it


class FetchCancelled(ModelError):
    """The person stopped a fetch; what has come is kept for the next one."""


@dataclass(frozen=True, slots=True)
class Network:
    """How long a network is waited for, in seconds. docs/troubleshooting.md says what it comes to."""

    patience: float = 4.0  # for a silent one, before its first answer: five in all, with pip's own start
    stall: float = 30.0  # for one that was there before
    pauses: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)  # after connections that brought nothing; then it is given up


@dataclass(frozen=True, slots=True)
class Job:
    """One file to download: from ``url``, or, without one, the wheel of ``requirement`` through pip."""

    target: str  # what is there of it already is gone on from
    downloads: str  # a folder for everything temporary
    url: str = ""
    requirement: str = ""
    pip_path: str = ""  # where pip is, if not where modules are found
    size: int = 0  # bytes that it must have; 0: not known
    sha256: str = ""  # what it will be checked against; "": not known
    fresh: bool = False  # past every cache on the way


@dataclass(frozen=True, slots=True)
class Finished:
    """How a child ended: its exit status, or None if it was given up; why, in its own words; all that it printed."""

    code: int | None
    failure: dict[str, Any]
    log: str


class Life:
    """How long a child may show nothing new, which depends on what it has shown before."""

    def __init__(self, network: Network, clock: Callable[[], float] = time.monotonic) -> None:
        self.answered = False  # the network is there
        self.patience = CHILD_START_SECONDS  # seconds
        self._network = network
        self._clock = clock
        self._shown: tuple[int, int] = (0, 0)
        self._looked = clock()
        self._silent = 0.0  # seconds, while this process was awake

    def hear(self, event: dict[str, Any]) -> None:
        """What the child said last."""
        kind = event["event"]
        if kind == "patience":  # the person's own, set for pip
            self._network = Network(event["seconds"], event["seconds"], self._network.pauses)
        elif kind == "asking":
            self.patience = self._network.patience
        elif kind in ("found", "answer", "again"):
            self._is_there()

    def goes_on(self, printed: int, done: int) -> bool:
        """Whether to wait on; ``printed`` and ``done`` are bytes, of its log and of the file."""
        if done > self._shown[1] > 0:
            self._is_there()
        now = self._clock()
        self._silent += min(now - self._looked, AWAKE_SECONDS)
        self._looked = now
        if (printed, done) != self._shown:
            self._shown, self._silent = (printed, done), 0.0
        return self._silent <= self.patience

    def _is_there(self) -> None:
        self.answered = True
        self.patience = self._network.stall + GRACE_SECONDS


def run_download(
    job: Job,
    *,
    hear: Callable[[dict[str, Any]], None],
    progress: Progress,
    network: Network,
    cancelled: Event | None,
) -> Finished:
    """Run ``download_child.py``, and watch the file grow. ``hear`` is told what the child says, and may raise.

    A child that shows no sign of life is given up; a slow network is one. It is dead when this returns or
    raises, and when this process dies.

    :raises FetchCancelled: ``cancelled`` was set.
    """
    from subprocess import TimeoutExpired  # here, because most runs find their model in the cache

    life, size, shown, heard = Life(network), job.size, -1, 0
    child, log = _start(job, network), _Log()
    reader = Thread(target=log.read, args=(child.stdout,), name="download log")
    reader.start()
    try:
        while True:
            with suppress(TimeoutExpired):
                child.wait(POLL_SECONDS)
                reader.join()
            printed = log.text
            events = _events(printed)
            for event in events[heard:]:
                life.hear(event)
                size = event["size"] if event["event"] == "answer" else size
                hear(event)
            heard = len(events)
            done = max(size_of(Path(job.target)), _largest(Path(job.downloads)))
            if child.returncode is not None:
                if child.returncode == 0 and shown != (size or done):
                    progress(size or done, size or done)
                return Finished(child.returncode, _failure(events), printed)
            check(cancelled)
            goes_on = life.goes_on(len(printed), done)
            now = min(done, size) if size else done
            if life.answered and now != shown:
                shown = now
                progress(now, size)
            if not goes_on:
                return Finished(None, {"why": f"no answer within {life.patience:g} seconds"}, printed)
    finally:
        _kill(child)
        reader.join()


class _Log:
    """All that a child prints, as it comes. In memory: the disk may be what fails."""

    def __init__(self) -> None:
        self._printed = b""

    @property
    def text(self) -> str:
        return self._printed.decode("utf-8", "replace")

    def read(self, pipe: IO[bytes]) -> None:
        while data := os.read(pipe.fileno(), 65536):
            self._printed += data
        pipe.close()


def check(cancelled: Event | None) -> None:
    """:raises FetchCancelled: ``cancelled`` is set."""
    if cancelled is not None and cancelled.is_set():
        raise FetchCancelled("Fetching was stopped: the next time it goes on from here.")


def _start(job: Job, network: Network) -> "Popen[bytes]":
    import subprocess

    # what pip keeps for a while goes where nothing is left behind, and where it can be seen to grow
    environ = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), job.downloads)
    more = {"stall": network.stall, "pauses": network.pauses}
    script = str(Path(__file__).with_name("download_child.py"))
    try:
        return subprocess.Popen(
            [sys.executable, "-P", script, json.dumps(asdict(job) | more)],
            stdin=subprocess.PIPE,  # nothing is written to it: it ends when this process does
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environ,
            process_group=0 if os.name == "posix" else None,  # Ctrl-C is for us to act on, not for it
        )
    except OSError as error:
        raise ModelError(f"Cannot run {sys.executable!r} to fetch the model: {error}.") from error


def _events(log: str) -> list[dict[str, Any]]:
    """What the child said among all that was printed; its last line may be half written."""
    lines = log.splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.startswith('{"event": ') and line.endswith("}\n")]


def _failure(events: list[dict[str, Any]]) -> dict[str, Any]:
    return next((event for event in events if event["event"] == "failed"), {})


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
