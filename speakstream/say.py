"""``speakstream say``: one prompt, or one text, aloud. The front end without an interface of its own."""

import codecs
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speakstream.audio.chunk import AudioChunk, Sink
from speakstream.engine import Conversation, Engine
from speakstream.errors import AudioError, SpeakStreamError
from speakstream.events import Event, NotSpoken, Notice, Reason, SegmentSpoken, TextDelta, TurnEnded
from speakstream.loading import (
    Resources,
    delivery,
    generation,
    load_model,
    load_voice,
    open_sound,
)
from speakstream.settings import Settings
from speakstream.terminal import TerminalText, is_rich_terminal
from speakstream.tts import Voice
from speakstream.turn import Turn

FRAME = 1 / 30
"""Seconds between looks at which word sounds."""

INTERRUPTED = 130
BROKEN_PIPE = 141


@dataclass(frozen=True, slots=True)
class Job:
    """What one call of ``say`` is to do, as the command line understood it."""

    prompt: str = ""
    text: str | None = None  # read this, no model; None: answer ``prompt``
    text_file: Path | None = None
    text_from_stdin: bool = False
    output: str = ""  # a WAV file, "-" for standard output
    play: bool = False  # play although there is an output
    as_json: bool = False
    quiet: bool = False

    @property
    def reads(self) -> bool:
        """Whether a given text is read, with no model behind it."""
        return self.text is not None or self.text_file is not None or self.text_from_stdin


class Printer:
    """Shows the events of a turn: text to standard output, all else to standard error."""

    def __init__(self, job: Job) -> None:
        self._job = job
        out = sys.stdout
        silent = job.quiet or job.output == "-"
        self.broken = threading.Event()
        self.passes_through = (
            job.text_from_stdin and not silent and not job.as_json and not is_rich_terminal(out)
        )
        self._text = "" if silent or self.passes_through else "json" if job.as_json else "plain"
        self._terminal = TerminalText(out) if self._text == "plain" and is_rich_terminal(out) else None
        self._ends_with_newline = True
        self.turn: Turn | None = None

    def __call__(self, event: Event) -> None:
        """Show one event. Any thread may call this."""
        if self._text == "json":
            self._write(json.dumps(as_json(event)) + "\n")
        elif isinstance(event, TextDelta):
            self._show(event.text)
        if isinstance(event, Notice) and not self._job.quiet:
            self.notice(event.text)

    def notice(self, text: str) -> None:
        """One line on standard error."""
        if self._job.quiet:
            return
        if self._terminal is not None and sys.stderr.isatty():
            self._terminal.notice(f"speakstream: {text}")
        else:
            print(f"speakstream: {text}", file=sys.stderr, flush=True)

    def pass_through(self, data: bytes) -> None:
        """Standard input to standard output, unchanged."""
        self._guard(lambda: _write_all(sys.stdout.fileno(), data))

    def light(self, turn: Turn) -> None:
        """Light the word that sounds now."""
        speech = turn.speech
        if self._terminal is not None and speech is not None:
            self._guard(lambda: self._terminal.light(speech.timeline.word_at(speech.position())))  # type: ignore[union-attr]

    @property
    def lights(self) -> bool:
        """Whether words are lit at all."""
        return self._terminal is not None

    def close(self) -> None:
        """Leave the terminal as it was found, the cursor on a new line."""
        if self._terminal is not None:
            self._guard(self._terminal.close)
        elif self._text == "plain" and not self._ends_with_newline:
            self._write("\n")

    def _show(self, text: str) -> None:
        if self._terminal is not None:
            self._guard(lambda: self._terminal.write(text))  # type: ignore[union-attr]
        elif self._text == "plain":
            self._write(text)
            self._ends_with_newline = text.endswith("\n")

    def _write(self, text: str) -> None:
        def write() -> None:
            sys.stdout.write(text)
            sys.stdout.flush()

        self._guard(write)

    def _guard(self, action: Callable[[], object]) -> None:
        """Note that nobody reads any more; the main thread then ends the turn."""
        if self.broken.is_set():
            return
        try:
            action()
        except (BrokenPipeError, ValueError):
            self.broken.set()


def as_json(event: Event) -> dict[str, Any]:
    """One line of ``say --json``; spans are code points of the reply, times are seconds."""
    match event:
        case TextDelta():
            return {"type": "delta", "offset": event.offset, "text": event.text}
        case SegmentSpoken():
            words = [
                {
                    "start": w.span.start,
                    "end": w.span.end,
                    "begins": round(w.begins, 4),
                    "stops": round(w.stops, 4),
                }
                for w in event.words
            ]
            return {
                "type": "segment",
                "start": event.span.start,
                "end": event.span.end,
                "spoken": event.spoken,
                "offset": round(event.offset, 4),
                "seconds": round(event.seconds, 4),
                "words": words,
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


class Both:
    """A Sink that plays and keeps: the first one sets the pace."""

    def __init__(self, player: Sink, keeper: Sink) -> None:
        self._player, self._keeper = player, keeper

    def __getattr__(self, name: str) -> Any:
        return getattr(self._player, name)

    def begin(self) -> None:
        self._player.begin()
        self._keeper.begin()

    def write(self, chunk: AudioChunk, cancelled: threading.Event) -> None:
        self._keeper.write(chunk, cancelled)
        self._player.write(chunk, cancelled)

    def drain(self, cancelled: threading.Event) -> None:
        self._keeper.drain(cancelled)
        self._player.drain(cancelled)

    def close(self) -> None:
        self._player.close()
        self._keeper.close()


def run(job: Job, settings: Settings) -> int:
    """Do the job; return the exit status. Raises SpeakStreamError when it can't be begun."""
    printer = Printer(job)
    resources = Resources()
    interrupts = _Interrupts(resources)
    try:
        with interrupts:
            return _run(job, settings, printer, resources, interrupts)
    finally:
        resources.close()
        printer.close()


def _run(
    job: Job, settings: Settings, printer: Printer, resources: Resources, interrupts: "_Interrupts"
) -> int:
    model = None if job.reads else load_model(settings, resources, printer.notice)
    plays = settings.enable_audio and (job.play or not job.output)
    voice = load_voice(settings, resources) if plays or job.output else None
    sink = _open_sink(job, settings, resources, printer, voice, plays)
    engine = Engine(model, voice if sink is not None else None, sink)
    if job.reads:
        turn = engine.read(_source(job, printer), printer, delivery(settings))
    else:
        conversation = Conversation(
            engine,
            settings.system_prompt,
            generation(settings),
            delivery(settings),
            printer,
            settings.max_chat_history,
        )
        turn = conversation.ask(job.prompt)
    interrupts.turn = turn
    while not turn.wait(FRAME if printer.lights else 0.25):
        if interrupts.signal or printer.broken.is_set():
            turn.cancel()
        elif sink is not None:
            printer.light(turn)
    turn.join()
    result = turn.result
    if interrupts.signal:
        return 128 + interrupts.signal
    if printer.broken.is_set():
        # what Python would still flush at exit has nowhere to go
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    if result is not None and result.reason is Reason.FAILED:
        raise SpeakStreamError(result.error)
    return 1 if turn.speech is not None and turn.speech.error else 0


def _open_sink(
    job: Job,
    settings: Settings,
    resources: Resources,
    printer: Printer,
    voice: "Future[Voice] | None",
    plays: bool,
) -> Sink | None:
    """Where the sound goes; None, with a notice that says why, where there is none."""
    from speakstream.audio.wavfile import WavFile

    speaker: Sink | None = None
    if plays:
        try:
            speaker = open_sound(settings, resources, printer.notice)
        except AudioError as error:
            if settings.audio_device or job.output:
                raise  # asked for by name: then it is an error
            printer.notice(str(error))
    if not job.output:
        return speaker
    assert voice is not None
    rate = settings.tts_sample_rate or voice.result().sample_rate
    keeper = WavFile(job.output, rate, settings.default_volume)
    resources.closers.append(keeper.close)
    return keeper if speaker is None else Both(speaker, keeper)


def _source(job: Job, printer: Printer) -> Callable[[threading.Event], Iterable[str]]:
    """The text to read, piece by piece."""

    def given(cancelled: threading.Event) -> Iterator[str]:
        if job.text is not None:
            yield job.text
            return
        if job.text_file is not None:
            try:
                with job.text_file.open("rb") as file:
                    yield from _decoded(file.fileno(), cancelled, None)
            except OSError as error:
                raise SpeakStreamError(
                    f"{job.text_file}: {error.strerror or error}; give --file a text file"
                ) from error
            return
        yield from _decoded(
            sys.stdin.fileno(), cancelled, printer.pass_through if printer.passes_through else None
        )

    return given


def _decoded(
    descriptor: int, cancelled: threading.Event, pass_through: Callable[[bytes], None] | None
) -> Iterator[str]:
    """UTF-8 text as it arrives; what is no UTF-8 becomes U+FFFD."""
    import select

    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while not cancelled.is_set():
        if not select.select([descriptor], [], [], 0.1)[0]:
            continue
        data = os.read(descriptor, 65536)
        if pass_through is not None and data:
            pass_through(data)
        text = decoder.decode(data, final=not data)
        if text:
            yield text
        if not data:
            return


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


class _Interrupts:
    """Ctrl-C, a closed terminal and SIGTERM end the turn; a second Ctrl-C ends the program where it stands."""

    def __init__(self, resources: Resources) -> None:
        self.signal = 0
        self.turn: Turn | None = None
        self._resources = resources
        self._before: dict[int, Any] = {}

    def __enter__(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
            with contextlib.suppress(ValueError):  # not the main thread: then nobody sends us signals
                self._before[number] = signal.signal(number, self._on_signal)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, _: object) -> None:
        if self.signal and number == signal.SIGINT:
            os._exit(INTERRUPTED)
        self.signal = number
        self._resources.cancelled.set()
        if self.turn is not None:
            self.turn.cancel()
        else:
            raise KeyboardInterrupt
