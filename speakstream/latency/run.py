"""The front end of ``speakstream latency``: runs the turns, and shows what came of them."""

import json
import os
import re
import shutil
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from speakstream.audio.chunk import AudioChunk, Sink
from speakstream.audio.clock import SilentClock
from speakstream.audio.speaker import Speaker
from speakstream.cells import certain
from speakstream.engine import Conversation, Engine
from speakstream.errors import AudioError, SettingsError, SpeakStreamError, one_line
from speakstream.events import Event, Notice, Reason, SegmentSpoken
from speakstream.interrupts import Interrupts, exit_status
from speakstream.latency.chart import Look
from speakstream.latency.report import Result, Side, Take, as_json, as_svg, as_text
from speakstream.llm import LanguageModel, Message
from speakstream.loading import (
    SWITCH_INTERVAL,
    Resources,
    delivery,
    generation,
    load_lexicon,
    load_model,
    load_voice,
    open_sound,
    return_freed_memory,
)
from speakstream.settings import Settings
from speakstream.terminal import is_rich_terminal
from speakstream.tts import Voice
from speakstream.turn import Turn

PROMPT = "Why is the sky blue?"

MAX_NEW_TOKENS = "40"
"""About ten seconds of speech: several segments, and not a long wait."""

SEED = 1
"""Where the settings have none: every turn gets the same reply, so that turns can be compared."""

SILENT_RATE = 48_000
"""Hz of the silent clock, unless the settings say: that of most devices, so that there is something to resample."""

AWAKE_SECONDS = 0.1
"""Of silence played before the first turn: an idle sound server takes its time to wake, and that is no turn's."""

_NEXT = re.compile(r",(?=\s*\w+\s*=)")


@dataclass(frozen=True, slots=True)
class Job:
    """What one call of ``latency`` is to do. ``sides``: one, or two to compare."""

    sides: tuple[Side, ...]
    prompt: str = PROMPT
    turns: int = 1
    svg: Path | None = None
    as_json: bool = False
    silent: bool = False


def read_changes(text: str) -> dict[str, str]:
    """``NAME=VALUE[,NAME=VALUE]`` as settings; a comma within a value stays. Raises SettingsError for other shapes."""
    changes: dict[str, str] = {}
    for part in _NEXT.split(text):
        name, equals, value = part.partition("=")
        if not equals or not name.strip():
            raise SettingsError(f"{part.strip()!r} is no setting; write NAME=VALUE, for instance LLM_THREADS=1")
        changes[name.strip().upper().removeprefix("SPEAKSTREAM_")] = value.strip()
    return changes


def run(job: Job) -> int:
    """Do the job; return the exit status. Raises SpeakStreamError when it fails."""
    if job.svg is not None and (job.svg.is_dir() or not job.svg.absolute().parent.is_dir()):
        what = "this is a folder" if job.svg.is_dir() else "there is no such folder"
        raise SpeakStreamError(f"--svg {job.svg}: {what}; give a file that can be written")
    return _Latency(job).run()


class _Latency:
    """One run: what it has opened, and how it is ended from outside."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._status = _StatusLine()
        self._resources = Resources()
        self._lexicon = load_lexicon(self._status.notice)
        self._sound = _Sound(job.silent, self._status.notice)
        self._models: dict[object, Future[LanguageModel]] = {}
        self._voices: dict[object, Future[Voice]] = {}
        self._stopped = threading.Event()
        self._turn: Turn | None = None
        self._turn_lock = threading.Lock()

    def stop(self) -> None:
        """Silence, and no more turns. Any thread may call this; it waits for nothing."""
        with self._turn_lock:
            self._stopped.set()
            turn = self._turn
        if turn is not None:
            turn.cancel()
        self._resources.cancelled.set()

    def run(self) -> int:
        results: list[Result] = []
        with Interrupts(self.stop, self._status.clear, lambda: None) as interrupts:
            try:
                results = self._measure()
            except SpeakStreamError:
                if not self._stopped.is_set():
                    raise
            finally:
                self._sound.close()
                self._resources.close()
                self._status.clear()
        if interrupts.signal:
            return exit_status(interrupts.signal)
        self._show(results)
        return 0

    def _measure(self) -> list[Result]:
        """A warm-up turn of each side, then all turns, the sides in turn. Ends early when stopped."""
        return_freed_memory()
        sys.setswitchinterval(SWITCH_INTERVAL)
        for side in self._job.sides:
            self._load(side.settings)
        results = [Result(side) for side in self._job.sides]
        for number in range(self._job.turns + 1):
            for result in results:
                self._status.show(self._progress(number, result))
                take = self._take(result)
                if take is None:
                    return []
                if number:
                    result.takes.append(take)
                else:
                    result.warm_up = take
        return results

    def _load(self, settings: Settings) -> None:
        """Have the model and the voice loaded; what both sides want alike, once."""
        if (voice := _voice_key(settings)) not in self._voices:
            self._voices[voice] = load_voice(settings, self._resources)
        if (model := _model_key(settings)) not in self._models:
            self._models[model] = load_model(settings, self._resources, self._status.notice)

    def _progress(self, number: int, result: Result) -> str:
        side = f" ({result.side.name})" if len(self._job.sides) > 1 else ""
        return f"turn {number} of {self._job.turns}{side} ..." if number else f"warm-up turn{side} ..."

    def _take(self, result: Result) -> Take | None:
        """One turn, as the first of a chat: the system prompt is in the model's cache. None: stopped."""
        settings = result.side.settings
        models, voice = self._models[_model_key(settings)], self._voices[_voice_key(settings)]
        model, sink = models.result(), self._sound.open(settings, self._stopped)
        voice.result()
        if not result.about:
            result.about = f"{model.name}, {settings.tts_model_name}, {self._sound.name}"
        system = [Message("system", settings.system_prompt)] if settings.system_prompt else []
        model.prefill([*system, Message("user", "")], self._stopped)
        spoken: list[str] = []

        def listen(event: Event) -> None:
            if isinstance(event, SegmentSpoken):
                spoken.append(event.spoken)
            elif isinstance(event, Notice):
                self._status.notice(event.text)

        options = generation(settings)
        conversation = Conversation(
            Engine(models, voice, sink, self._lexicon),
            settings.system_prompt,
            replace(options, seed=SEED if options.seed is None else options.seed),
            delivery(settings),
            listen,
        )
        with self._turn_lock:
            if self._stopped.is_set():
                return None
            turn = self._turn = conversation.ask(self._job.prompt)
        turn.wait()
        turn.join()
        if self._stopped.is_set():
            return None
        return _checked(turn, spoken)

    def _show(self, results: list[Result]) -> None:
        job = self._job
        if job.svg is not None:
            try:
                job.svg.write_text(as_svg(job.prompt, results), encoding="utf-8")
            except OSError as error:
                raise SpeakStreamError(
                    f"--svg {job.svg}: {error.strerror or error}; give a file that can be written"
                ) from error
        if job.as_json:
            print(json.dumps(as_json(job.prompt, results), indent=1), flush=True)
        else:
            print("\n".join(as_text(job.prompt, results, look())), flush=True)
        if job.svg is not None:
            self._status.notice(f"the picture is written: {job.svg}")


def look() -> Look:
    """What standard output can show."""
    encoding = sys.stdout.encoding or "ascii"
    try:
        "█▏▐▒╵║│·…".encode(encoding)
        # blocks are as wide as "±" is: where that may take two columns, bars would not be straight
        blocks = certain("±") and os.environ.get("TERM") != "linux"
    except UnicodeEncodeError:
        blocks = False
    colour = is_rich_terminal(sys.stdout) and not os.environ.get("NO_COLOR")
    return Look(shutil.get_terminal_size().columns, blocks, colour)


def _model_key(settings: Settings) -> object:
    """What a loaded model depends on."""
    return (
        settings.llm_model_name,
        settings.llm_engine,
        settings.llm_threads,
        settings.context_length,
        settings.model_cache,
    )


def _voice_key(settings: Settings) -> object:
    """What a loaded voice depends on."""
    return settings.tts_model_name, settings.model_cache


def _checked(turn: Turn, spoken: list[str]) -> Take:
    """The turn as a take. Raises SpeakStreamError when it failed, or nobody could hear it."""
    assert turn.result is not None
    if turn.result.reason is Reason.FAILED:
        raise SpeakStreamError(turn.result.error)
    if turn.speech is not None and turn.speech.error:
        raise SpeakStreamError(turn.speech.error)
    if turn.metrics.first_audio is None:
        raise SpeakStreamError(
            f"nothing was spoken: the reply was {one_line(turn.reply.text[:60])!r}; "
            "give another PROMPT, or more --max-new-tokens"
        )
    return Take(turn.metrics, turn.reply.text, tuple(spoken))


class _Sound:
    """What plays: one device at a time, or the silent clock. Opened anew when a side wants it otherwise."""

    def __init__(self, silent: bool, notice: Callable[[str], None]) -> None:
        self.name = ""
        self._silent = silent
        self._notice = notice
        self._key: object = None
        self._sink: Sink | None = None
        self._resources = Resources()

    def open(self, settings: Settings, cancelled: threading.Event) -> Sink:
        """The sink, open and awake. Raises AudioError when a device that was asked for by name can't be used."""
        key = (
            self._silent or not settings.enable_audio,
            settings.audio_device,
            settings.tts_sample_rate,
            settings.audio_buffer_seconds,
            settings.chunk_size,
        )
        if self._sink is None or key != self._key:
            self.close()
            self._key = key
            self._sink = self._device(settings) or self._clock(settings)
            self._sink.begin()
            rate = SILENT_RATE
            self._sink.write(AudioChunk(np.zeros(int(AWAKE_SECONDS * rate), np.float32), rate), cancelled)
            self._sink.drain(cancelled)
        self._sink.gain = settings.default_volume
        return self._sink

    def close(self) -> None:
        """Give the device back."""
        self._resources.close()
        self._resources, self._sink = Resources(), None

    def _device(self, settings: Settings) -> Sink | None:
        if self._silent or not settings.enable_audio:
            return None
        from speakstream.audio.device import find_device

        try:
            sink = open_sound(settings, self._resources, self._notice)
            self.name = f"sound device {find_device(settings.audio_device or '').name!r}"
        except AudioError as error:
            if settings.audio_device:
                raise
            self._notice(str(error))
            return None
        return sink

    def _clock(self, settings: Settings) -> Sink:
        speaker = Speaker(
            settings.tts_sample_rate or SILENT_RATE,
            settings.audio_buffer_seconds,
            settings.chunk_size,
            settings.default_volume,
        )
        self._resources.closers.append(SilentClock(speaker).close)
        self.name = "a silent clock in the place of a sound device, whose latency is not in these figures"
        return speaker


class _StatusLine:
    """One line of a terminal's standard error, written over and at last gone; nothing where that is no terminal."""

    def __init__(self) -> None:
        self._shown = False
        self._lock = threading.Lock()

    def show(self, text: str) -> None:
        """In the place of what stood there."""
        if sys.stderr.isatty():
            with self._lock:
                self._shown = True
                print(f"\r{text[: shutil.get_terminal_size().columns - 1]}\x1b[K", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Leave the line empty."""
        with self._lock:
            if self._shown:
                self._shown = False
                print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def notice(self, text: str) -> None:
        """A line that stays."""
        self.clear()
        print(f"speakstream: {one_line(text)}", file=sys.stderr, flush=True)
