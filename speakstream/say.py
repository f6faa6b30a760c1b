"""``speakstream say``: one prompt, or one text, aloud. The front end without an interface of its own."""

import codecs
import logging
import os
import select
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from speakstream.audio.chunk import AudioChunk, Sink
from speakstream.engine import Conversation, Engine
from speakstream.errors import AudioError, SpeakStreamError
from speakstream.events import Event, Reason, SegmentSpoken
from speakstream.files import write_whole
from speakstream.interrupts import Interrupts, exit_status
from speakstream.loading import (
    Resources,
    delivery,
    generation,
    load_lexicon,
    load_model,
    load_voice,
    open_sound,
    return_freed_memory,
)
from speakstream.printer import Mode, Printer
from speakstream.settings import Settings
from speakstream.terminal import is_rich_terminal
from speakstream.tts import Voice
from speakstream.turn import Turn

log = logging.getLogger(__name__)

FRAME = 1 / 30
"""Seconds between looks at which word sounds."""

BROKEN_PIPE = 141
"""What a shell shows for a process that SIGPIPE ended."""

READ_AHEAD = 1_000_000
"""Characters read ahead of the voice (18 hours of speech): what comes faster without end must not fill the memory."""

BLOCK = 65536


@dataclass(frozen=True, slots=True)
class Job:
    """What one call of ``say`` is to do, as the command line understood it."""

    prompt: str | None = None  # answer this; None: what standard input holds
    text: str | None = None  # read this, no model
    text_file: Path | None = None  # or this file
    text_from_stdin: bool = False  # or what comes
    output: str = ""  # a WAV file, "-" for standard output
    play: bool = False  # play although there is an output
    srt: Path | None = None  # subtitles of what was heard
    vtt: Path | None = None
    as_json: bool = False
    quiet: bool = False

    @property
    def reads(self) -> bool:
        """Whether a given text is read, with no model behind it."""
        return self.text is not None or self.text_file is not None or self.text_from_stdin

    @property
    def subtitles(self) -> dict[str, Path]:
        """The files for subtitles, by the option that names them."""
        return {name: path for name, path in (("--srt", self.srt), ("--vtt", self.vtt)) if path is not None}


def run(job: Job, settings: Settings) -> int:
    """Do the job; return the exit status. Raises SpeakStreamError when it fails."""
    if job.text_file is not None:
        _check(job.text_file)
    for option, path in job.subtitles.items():
        _check_writable(option, path)
    return _Say(job, settings).run()


class _Say:
    """One run: what it has opened, and how it is ended from outside."""

    def __init__(self, job: Job, settings: Settings) -> None:
        self._job = job
        self._settings = settings
        self._resources = Resources()
        self._stopped = threading.Event()
        self._turn: Turn | None = None
        self._turn_lock = threading.Lock()
        self._input = Input(sys.stdin.fileno()) if job.text_from_stdin or not (job.reads or job.prompt) else None
        self._printer = Printer(output_mode(job, settings.debug), quiet=job.quiet, paced=job.reads, lost=self.stop)
        self._plays = settings.enable_audio and (job.play or not job.output)
        self._speaks = True
        self._segments: list[SegmentSpoken] = []  # for subtitles

    def stop(self) -> None:
        """Silence, and no more text. Any thread may call this, at any time; it waits for nothing."""
        with self._turn_lock:
            self._stopped.set()
            turn = self._turn
        if turn is not None:
            turn.cancel()
        self._resources.cancelled.set()
        if self._input is not None:
            self._input.stop()

    def run(self) -> int:
        printer = self._printer

        def end() -> None:
            printer.out.abandon()
            self.stop()

        try:
            with Interrupts(end, printer.restore_keyboard, printer.come_back) as interrupts:
                turn = None
                try:
                    turn = self._work()
                except SpeakStreamError:
                    if not interrupts.signal:  # what was stopped, say while it was fetched, is no failure
                        raise
                finally:
                    self._resources.close()
                    printer.close(rest=not self._stopped.is_set())
        finally:
            printer.out.close()
        if interrupts.signal:
            return exit_status(interrupts.signal)
        return self._status(turn)

    def _work(self) -> Turn | None:
        """Load, speak, wait for the end; None: stopped before it began."""
        job, settings, printer = self._job, self._settings, self._printer
        return_freed_memory()
        model = None if job.reads else load_model(settings, self._resources, printer.notice, job.prompt or None)
        voice = load_voice(settings, self._resources, printer.notice) if self._plays or job.output else None
        sink = self._open_sink(voice)
        self._speaks = sink is not None
        engine = Engine(model, None, None)
        if sink is not None:
            engine = Engine(model, voice, sink, load_lexicon(printer.notice))
        prompt = self._prompt()
        if self._stopped.is_set():
            return None
        if not (self._input is not None and sys.stdin.isatty()):  # who types wants to see it
            printer.hush_keyboard()
        if job.reads:
            turn = engine.read(self._text, self._heed, delivery(settings))
        else:
            conversation = Conversation(
                engine,
                settings.system_prompt,
                generation(settings),
                delivery(settings),
                self._heed,
                settings.max_chat_history,
            )
            turn = conversation.ask(prompt)
        with self._turn_lock:
            self._turn = turn
        if self._stopped.is_set():
            turn.cancel()
        while not turn.wait(FRAME if printer.lights else None):
            printer.light(turn)
        turn.join()
        self._write_subtitles(turn)
        return turn

    def _heed(self, event: Event) -> None:
        if isinstance(event, SegmentSpoken) and self._job.subtitles:
            self._segments.append(event)
        self._printer(event)

    def _write_subtitles(self, turn: Turn) -> None:
        """The subtitles of what was heard, also of a speech that was cut off. Raises SpeakStreamError."""
        speech, result = turn.speech, turn.result
        if not self._job.subtitles or speech is None or result is None:
            return
        from speakstream.subtitles import cues, srt, vtt

        whole = result.reason is Reason.FINISHED and not speech.error
        found = cues(turn.reply.text, self._segments, inf if whole else speech.position())
        for option, path in self._job.subtitles.items():
            try:
                write_whole(path, srt(found) if option == "--srt" else vtt(found))
            except OSError as error:
                raise SpeakStreamError(f"{option} {path}: {error.strerror or error}; name another file") from error

    def _status(self, turn: Turn | None) -> int:
        out = self._printer.out
        if out.broken:
            return BROKEN_PIPE
        if out.error is not None:
            raise SpeakStreamError(f"standard output: {out.error.strerror or out.error}")
        if turn is None or turn.result is None:
            return 1
        if turn.result.reason is Reason.FAILED:
            raise SpeakStreamError(turn.result.error)
        return 1 if turn.speech is not None and turn.speech.error else 0

    def _open_sink(self, voice: "Future[Voice] | None") -> Sink | None:
        """Where the sound goes; None, with a notice that says why, where there is none."""
        from speakstream.audio.wavfile import WavFile

        job, settings = self._job, self._settings
        speaker: Sink | None = None
        if self._plays:
            try:
                speaker = open_sound(settings, self._resources, self._printer.notice)
            except AudioError as error:
                if settings.audio_device or job.output or job.subtitles:
                    raise  # asked for by name: then it is an error
                log.info("no sound", exc_info=True)
                self._printer.notice(str(error))
        if not job.output:
            return speaker
        assert voice is not None
        rate = settings.tts_sample_rate or voice.result().sample_rate
        pipe = self._printer.out if job.output == "-" else None
        keeper = WavFile(job.output, rate, settings.default_volume, pipe)
        self._resources.closers.append(keeper.close)
        return keeper if speaker is None else Both(speaker, keeper)

    def _prompt(self) -> str:
        if self._job.reads or self._job.prompt is not None:
            return self._job.prompt or ""
        assert self._input is not None
        if sys.stdin.isatty():
            self._printer.notice("type the prompt, then Ctrl-D on a line of its own")
        prompt = "".join(_decoded(self._input.pieces(self._stopped)))
        if not prompt.strip() and not self._stopped.is_set():
            raise SpeakStreamError("the prompt from standard input is empty: there is nothing to answer")
        return prompt

    def _text(self, cancelled: threading.Event) -> Iterable[str]:
        """The text to read, piece by piece, no further ahead of the voice than need be."""
        job = self._job
        if job.text is not None:
            return [job.text]
        if self._input is not None:
            return self._paced(_decoded(self._passing_through(self._input.pieces(cancelled))), cancelled)
        assert job.text_file is not None
        return self._paced(_decoded(_file_pieces(job.text_file)), cancelled)

    def _passing_through(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._printer.pass_through(piece)
            if self._speaks or self._printer.mode not in ("bytes", "nothing"):  # else it has gone where it should
                yield piece

    def _paced(self, pieces: Iterable[str], cancelled: threading.Event) -> Iterator[str]:
        for piece in pieces:
            yield piece
            speech = self._turn.speech if self._turn is not None else None
            while speech is not None and not speech.error and speech.behind() > READ_AHEAD:
                if cancelled.wait(1.0):  # the voice takes minutes for what it is behind
                    return


def output_mode(job: Job, debug: bool) -> Mode:
    """What goes to standard output: the text, in one of its shapes, or what takes its place."""
    if job.output == "-":
        return "nothing"
    if job.as_json:
        return "json"
    if job.quiet or (job.text_from_stdin and sys.stdout.isatty() and sys.stdin.isatty()):
        return "nothing"  # what is typed is on the screen already
    if job.text_from_stdin and not sys.stdout.isatty():
        return "bytes"
    # a log on the same terminal would move the text under the light
    return "terminal" if is_rich_terminal(sys.stdout) and not debug else "text"


class Input:
    """Standard input, read as it comes, until its end or ``stop``."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._woken, self._waker = os.pipe()

    def stop(self) -> None:
        """Let ``pieces`` end, also one that waits for more. Any thread may call this."""
        os.write(self._waker, b"\0")

    def pieces(self, cancelled: threading.Event) -> Iterator[bytes]:
        """Bytes in the portions in which they come. Raises SpeakStreamError when they can't be read."""
        while not cancelled.is_set():
            try:
                if sys.platform != "win32":  # there, select knows no files
                    ready, _, _ = select.select([self._descriptor, self._woken], [], [])
                    if self._woken in ready:
                        return
                data = os.read(self._descriptor, BLOCK)
            except OSError as error:
                raise SpeakStreamError(f"standard input: {error.strerror or error}") from error
            if not data:
                return
            yield data


class Both:
    """A Sink that plays and keeps: the player sets the pace, and is what the rest is asked of."""

    def __init__(self, player: Sink, keeper: Sink) -> None:
        self._player, self._keeper = player, keeper

    def __getattr__(self, name: str) -> Any:
        return getattr(self._player, name)

    @property
    def gain(self) -> float:
        """That of both."""
        return self._player.gain

    @gain.setter
    def gain(self, value: float) -> None:
        self._player.gain = self._keeper.gain = value

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


def _check(path: Path) -> None:
    """Raise SpeakStreamError at once for a file that is not there; a named pipe will do, too."""
    if path.is_dir() or not path.exists():
        what = "this is a folder" if path.is_dir() else "there is no such file"
        raise SpeakStreamError(f"--file {path}: {what}; give a text file")


def _check_writable(option: str, path: Path) -> None:
    """Raise SpeakStreamError at once for a file that could not be written when all is said."""
    folder = path.parent
    if path.is_dir():
        raise SpeakStreamError(f"{option} {path}: this is a folder; name a file")
    if not folder.is_dir():
        raise SpeakStreamError(f"{option} {path}: there is no folder {folder}; make it, or name another file")
    if not os.access(path if path.exists() and not path.is_file() else folder, os.W_OK):
        raise SpeakStreamError(f"{option} {path}: it cannot be written there; name another file")


def _file_pieces(path: Path) -> Iterator[bytes]:
    """The bytes of a text file. Raises SpeakStreamError when it can't be read, or is no text."""
    try:
        with path.open("rb") as file:
            while data := file.read1(BLOCK):
                if b"\0" in data:
                    raise SpeakStreamError(f"--file {path}: this is not text; give a text file, in UTF-8")
                yield data
    except OSError as error:
        raise SpeakStreamError(f"--file {path}: {error.strerror or error}; give a text file") from error


def _decoded(pieces: Iterable[bytes]) -> Iterator[str]:
    """UTF-8 text as it comes; what is no UTF-8 becomes U+FFFD."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for piece in pieces:
        if text := decoder.decode(piece):
            yield text
    if text := decoder.decode(b"", final=True):
        yield text
