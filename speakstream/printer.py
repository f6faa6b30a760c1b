"""Shows the events of a turn on standard output and standard error: as text, lit in a terminal, or as JSON.

``--json`` writes one object a line, each with a ``type``:

=============  =====================================================================================
``started``    the prompt was handed over
``delta``      ``text`` was appended to the reply, at ``offset``
``segment``    what goes to the loudspeaker, or the file, next: the text from ``start`` to ``end``, as
               ``spoken``; it sounds from second ``begins`` to second ``stops`` of the speech.
               ``words``: ``start`` and ``end`` of each in the reply, its ``text`` there, and the seconds
               of the speech at which it ``begins`` and ``stops``
``not_spoken`` the text from ``start`` to ``end`` is not read aloud; ``why``: "code", "table", "math",
               "html", "reference", "script"
``notice``     ``text``: a line for a person
``ended``      always the last: ``reason`` is "finished", "interrupted" or "failed"; ``heard`` what was heard
               of the reply, ``error`` why it failed, ``metrics`` seconds since the prompt was submitted
               (null: never happened), also of each token and segment, counts and rates
=============  =====================================================================================

``offset``, ``start`` and ``end`` count Unicode code points of the reply, which is all deltas joined. Seconds of
the speech count from its first sample: in a WAV file, that is the file's time.
"""

import contextlib
import json
import os
import select
import sys
import threading
from collections.abc import Callable
from typing import Any, Literal, TextIO

from speakstream.errors import one_line
from speakstream.events import Event, Notice, NotSpoken, SegmentSpoken, TextDelta, TurnEnded
from speakstream.terminal import Keyboard, TerminalText
from speakstream.text.span import Span
from speakstream.turn import Turn

Mode = Literal["nothing", "bytes", "text", "terminal", "json"]

LINGER = 0.15
"""Seconds that a word stays lit after it has sounded, unless the next one begins: else the light would flicker."""

ATOMIC = 4096
"""Bytes that a pipe takes without blocking once it is writable at all (PIPE_BUF)."""


class StandardOutput:
    """Standard output whose reader can't hold the program up: one that does not read, one that has gone."""

    def __init__(self, stream: TextIO, lost: Callable[[], None]) -> None:
        """``lost`` is called once, in the thread that writes, when no more can be written."""
        self.error: OSError | None = None
        self._stream = stream
        self._descriptor = stream.fileno()
        self._encoding = stream.encoding or "utf-8"
        self._lost = lost
        self._lock = threading.Lock()
        self._woken, self._waker = os.pipe()
        self._abandoned = False

    def write(self, data: str | bytes | memoryview) -> int:
        """Write all of it, unless that is no longer possible or ``abandon`` was called. Thread-safe."""
        raw = data.encode(self._encoding, "replace") if isinstance(data, str) else data
        with self._lock:
            if self.error is not None:
                return len(data)
            try:
                self._write(memoryview(raw))
            except OSError as error:
                self.error = error
        if self.error is not None:
            self._lost()
        return len(data)

    def flush(self) -> None:
        """Nothing is ever held back."""

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def abandon(self) -> None:
        """Wait for the reader no longer: what it can't take at once is dropped."""
        self._abandoned = True
        os.write(self._waker, b"\0")

    def close(self) -> None:
        """Free the pipe; standard output itself stays open."""
        os.close(self._woken)
        os.close(self._waker)

    @property
    def broken(self) -> bool:
        """Whether the reader has gone, or the terminal."""
        return isinstance(self.error, BrokenPipeError) or (self.error is not None and self._stream.isatty())

    def _write(self, left: memoryview) -> None:
        while left:
            if sys.platform != "win32":  # there, select knows no files
                ready = select.select([self._woken], [self._descriptor], [], 0 if self._abandoned else None)
                if not ready[1]:
                    if self._abandoned:
                        return
                    continue
            left = left[os.write(self._descriptor, left[:ATOMIC]) :]


class Printer:
    """A turn's listener: text to standard output, all else to standard error."""

    def __init__(self, mode: Mode, *, quiet: bool, paced: bool, lost: Callable[[], None]) -> None:
        """``paced``: in a terminal the text waits for the voice. ``lost``: see StandardOutput."""
        self.mode = mode
        self.out = StandardOutput(sys.stdout, lost)
        self._quiet = quiet
        self._terminal = TerminalText(self.out, paced=paced) if mode == "terminal" else None
        self._keyboard = Keyboard(self.out) if mode == "terminal" else None
        self._one_terminal = _same_terminal(sys.stdout, sys.stderr)
        self._mid_line = False
        self._tail = _Tail()

    def __call__(self, event: Event) -> None:
        """Show one event. Any thread may call this."""
        if isinstance(event, Notice):
            self.notice(event.text)
        elif self.mode == "json":
            self._tail.see(event)
            self.out.write(json.dumps(as_json(event, self._tail.between)) + "\n")
        elif isinstance(event, TextDelta):
            if self._terminal is not None:
                self._terminal.write(event.text)
            elif self.mode == "text":
                self.out.write(event.text)
                self._mid_line = not event.text.endswith("\n")

    def notice(self, text: str) -> None:
        """One line on standard error."""
        line = f"speakstream: {one_line(text)}"
        if self.mode == "json":
            self.out.write(json.dumps({"type": "notice", "text": text}) + "\n")
        if self._quiet:
            return
        with contextlib.suppress(OSError):  # nobody reads it
            if self._terminal is not None and self._one_terminal:
                self._terminal.notice(line, sys.stderr)
            else:
                lead = "\n" if self._mid_line and self._one_terminal else ""
                self._mid_line = self._mid_line and not lead
                print(f"{lead}{line}", file=sys.stderr, flush=True)

    def pass_through(self, data: bytes) -> None:
        """Standard input to standard output, unchanged."""
        if self.mode == "bytes":
            self.out.write(data)

    def hush_keyboard(self) -> None:
        """Typed keys are not echoed into the text."""
        if self._keyboard is not None:
            self._keyboard.hush()

    def come_back(self) -> None:
        """After a stop (Ctrl-Z): the shell has written to the terminal meanwhile."""
        if self._terminal is not None:
            self._terminal.forget()
        self.hush_keyboard()

    def restore_keyboard(self) -> None:
        """As it was."""
        if self._keyboard is not None:
            self._keyboard.restore()

    @property
    def lights(self) -> bool:
        """Whether words are lit: then ``light`` wants to be called many times a second."""
        return self._terminal is not None

    def light(self, turn: Turn) -> None:
        """Light the word that sounds now."""
        if self._terminal is None:
            return
        speech = turn.speech
        if speech is None or speech.error:
            self._terminal.unpace()
            self._terminal.light(None)
        else:
            now = speech.position()
            self._terminal.light(speech.timeline.word_at(now) or speech.timeline.word_at(now - LINGER))

    def close(self, rest: bool = True) -> None:
        """Leave the terminal as it was found, the cursor on a new line. ``rest``: show all of the text first."""
        if self._terminal is not None:
            self._terminal.close(rest)
        elif self._mid_line:
            self.out.write("\n")
        self.restore_keyboard()


class _Tail:
    """The end of the reply: what is not spoken yet. Text comes from one thread, and is asked for by another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._start = 0
        self._text = ""

    def see(self, event: Event) -> None:
        """Keep new text, drop what is before the segment that is spoken now."""
        with self._lock:
            if isinstance(event, TextDelta):
                self._text += event.text
            elif isinstance(event, SegmentSpoken):
                self._text = self._text[max(event.span.start - self._start, 0) :]
                self._start = max(event.span.start, self._start)

    def between(self, span: Span) -> str:
        """The text in ``span``, which is in the segment that is spoken now."""
        with self._lock:
            return self._text[span.start - self._start : span.end - self._start]


def as_json(event: Event, text: Callable[[Span], str]) -> dict[str, Any]:
    """One line of ``say --json``, see above. ``text`` gives what stands in a span of the reply."""
    match event:
        case TextDelta():
            return {"type": "delta", "offset": event.offset, "text": event.text}
        case SegmentSpoken():
            return {
                "type": "segment",
                "start": event.span.start,
                "end": event.span.end,
                "spoken": event.spoken,
                "begins": round(event.offset, 4),
                "stops": round(event.offset + event.seconds, 4),
                "words": [
                    {
                        "start": word.span.start,
                        "end": word.span.end,
                        "text": text(word.span),
                        "begins": round(event.offset + word.begins, 4),
                        "stops": round(event.offset + word.stops, 4),
                    }
                    for word in event.words
                ],
            }
        case NotSpoken():
            return {"type": "not_spoken", "start": event.span.start, "end": event.span.end, "why": event.why}
        case Notice():
            return {"type": "notice", "text": event.text}
        case TurnEnded():
            return {
                "type": "ended",
                "reason": str(event.reason),
                "heard": event.heard,
                "error": event.error,
                "metrics": event.metrics.since_submitted(),
            }
        case _:
            return {"type": "started"}


def _same_terminal(one: TextIO, other: TextIO) -> bool:
    with contextlib.suppress(OSError, ValueError):
        return one.isatty() and other.isatty() and os.fstat(one.fileno()).st_rdev == os.fstat(other.fileno()).st_rdev
    return False
