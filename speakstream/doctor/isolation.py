"""Checks made in another process, which may hang, or be ended by a library, and is then started anew.

A sound server that does not answer blocks PortAudio for ever, and a library that was built for another processor
ends its process. Neither may happen to the doctor.
"""

import contextlib
import json
import logging
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import IO, Any, Self

from speakstream.doctor import remedies
from speakstream.doctor.child import RECORD
from speakstream.doctor.examination import Check, Examination
from speakstream.doctor.findings import Finding, Findings, fail

log = logging.getLogger(__name__)

KEPT_LINES = 20
"""Of what libraries wrote last, for the report."""

LEAVE_SECONDS = 2.0
"""For the process to end by itself when it is no longer needed."""


class Ward:
    """The other process. Within the ``with`` block it can be asked; afterwards nothing of it is left."""

    def __init__(self, debug: bool) -> None:
        """``debug``: it writes a log, which goes to ours."""
        self._debug = debug
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._records: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._noise: deque[str] = deque(maxlen=KEPT_LINES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end(LEAVE_SECONDS)

    def findings_of(self, check: Check, examination: Examination) -> Findings:
        """What a check finds; its death or its silence is a finding, too."""
        try:
            if self._process is None:
                self._start()
        except OSError as error:
            wrong = f"its process could not be started: {error.strerror or error}"
            yield fail(check.name, wrong, "close other programs, and try again").within(check.section)
            return
        self._noise.clear()
        deadline = time.monotonic() + check.limit
        self._ask({"check": check.name, "program": examination.program, "plays": examination.plays})
        last = ""
        while True:
            try:
                record = self._records.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                self._end(0.0)
                yield self._silence(check, last).within(check.section)
                return
            if record is None:
                return
            if isinstance(record, int):
                self._end(0.0)
                yield self._death(check, record).within(check.section)
                return
            finding = Finding.from_json(record)
            last = finding.name
            yield finding

    def _silence(self, check: Check, last: str) -> Finding:
        where = f" after {last}" if last else ""
        fix = f"restart the sound server:\n{remedies.restart_sound()}" if check.name == "sound" else "try again"
        return fail(check.name, f"no answer within {check.limit:g} s{where}", fix, output=list(self._noise))

    def _death(self, check: Check, status: int) -> Finding:
        name = _signal_name(status)
        said = _last_words(self._noise)
        detail = f"ended its process with {name}" + (f": {said}" if said else "")
        fix = {
            "SIGILL": "a library was built for a newer processor; use another machine, or build xllamacpp for this one",
            "SIGKILL": "the system ended it, most likely for want of memory: close other programs",
        }.get(name, "have it looked into, with what `doctor --report doctor.md` writes")
        return fail(check.name, detail, fix, status=status, output=list(self._noise))

    # -- the process ----------------------------------------------------------------------------------------------

    def _start(self) -> None:
        """Begin anew, with the same Python and the same places to import from."""
        code = f"import sys; sys.path[:] = {sys.path!r}; from speakstream.doctor.child import main; main({self._debug})"
        self._records = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self._process.stdout is not None
        self._reader = threading.Thread(
            target=self._read, args=(self._process, self._process.stdout, self._records.put), name="ward"
        )
        self._reader.start()

    def _ask(self, request: dict[str, Any]) -> None:
        assert self._process is not None and self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it is dead: its reader tells
            self._process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
            self._process.stdin.flush()

    def _read(self, process: "subprocess.Popen[bytes]", pipe: IO[bytes], put: Any) -> None:
        for line in pipe:
            noise, found, record = line.partition(RECORD)
            if text := noise.decode("utf-8", "replace").rstrip():
                self._noise.append(text)
                log.debug("%s", text)
            if found:
                put(json.loads(record))
        put(process.wait())

    def _end(self, patience: float) -> None:
        process, self._process = self._process, None
        if process is None or self._reader is None:
            return
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
        self._reader.join()
        process.stdout.close()


def _last_words(lines: Iterable[str]) -> str:
    """What was written before Python told that its process is ended."""
    said = ""
    for line in lines:
        if line.startswith("Fatal Python error"):
            break
        said = line.strip() or said
    return said[:200]


def _signal_name(status: int) -> str:
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"status {status}"
