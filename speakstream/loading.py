"""From settings to a running engine: weights found, model, voice and device opened side by side."""

import ctypes
import logging
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, TypeVar

from speakstream.audio.chunk import Sink
from speakstream.llm import Generation, LanguageModel, Message, ModelChoice, choose_engine
from speakstream.progress import ProgressDisplay
from speakstream.pronunciation import LexiconFile, lexicon_path
from speakstream.settings import Settings
from speakstream.text.lexicon import Lexicon
from speakstream.text.lines import Kind
from speakstream.tts import Voice, check_name, open_voice
from speakstream.turn import Delivery

if TYPE_CHECKING:
    from speakstream.audio.device import Device
    from speakstream.audio.speaker import Speaker

log = logging.getLogger(__name__)

T = TypeVar("T")

SWITCH_INTERVAL = 0.0005
"""Seconds a thread may keep the interpreter from the sound callback. With Python's own 5 ms, three busy threads
gave underruns and stalls of 2 s; with this none."""


def return_freed_memory() -> None:
    """Have glibc give large blocks back when they are freed: it keeps them otherwise, 50 MB after loading."""
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):  # another C library: it does as it likes
            libc = ctypes.CDLL(None)
            libc.mallopt(_M_MMAP_THRESHOLD, 128 * 1024)
            libc.mallopt(_M_ARENA_MAX, 1)


_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # malloc.h


def _on_the_terminal(label: str) -> ProgressDisplay:
    from speakstream.progress import TerminalProgress

    return TerminalProgress(label=label)


@dataclass
class Resources:
    """What must be given back at the end, in the reverse order of opening."""

    cancelled: Event = field(default_factory=Event)
    threads: list[threading.Thread] = field(default_factory=list)
    closers: list[Callable[[], None]] = field(default_factory=list)
    fetching: threading.Lock = field(default_factory=threading.Lock)
    """Held while something is fetched: one line of the terminal shows how far it is."""
    progress: Callable[[str], ProgressDisplay] = _on_the_terminal
    """Given a label, where to show how far its download is."""

    def close(self) -> None:
        """Stop loading, join the loaders, close everything that was opened."""
        self.cancelled.set()
        for thread in self.threads:
            thread.join()
        while self.closers:
            self.closers.pop()()


def in_background(resources: Resources, name: str, work: Callable[[], T]) -> "Future[T]":
    """Run ``work`` on a thread of its own; its result, or its error, comes with the future."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            log.debug("%s failed", name, exc_info=True)
            future.set_exception(error)

    thread = threading.Thread(target=run, name=name)
    resources.threads.append(thread)
    thread.start()
    return future


def load_model(
    settings: Settings, resources: Resources, notify: Callable[[str], None], prompt: str | None = None, slots: int = 1
) -> "Future[LanguageModel]":
    """Find, fetch and load the language model in the background.

    ``prompt``: the only one there will be. The context is then no longer than it needs, which saves 70 MB, and the
    prompt is read at once, while the sound device and the voice are still being opened. ``slots``: replies at once.
    Raises ModelError at once when the engine is not there.
    """
    choose_engine(settings.llm_engine)

    def work() -> LanguageModel:
        from speakstream.llm import ENGINES
        from speakstream.models import ModelStore, cache_folder

        engine, _ = choose_engine(settings.llm_engine)
        folder = settings.model_cache or cache_folder()
        display = resources.progress(settings.llm_model_name)
        with resources.fetching, display as progress:
            store = ModelStore(folder, progress=progress, notify=display.before(notify))
            weights = store.resolve(settings.llm_model_name, resources.cancelled)
        context = settings.context_length
        if prompt is not None:
            context = min(context, _context_for(settings.system_prompt + prompt, settings.max_new_tokens))
        choice = ModelChoice(settings.llm_model_name, weights, context, settings.llm_threads or 0, slots)
        model = ENGINES[engine](choice)
        resources.closers.append(model.close)
        if prompt is not None:
            system = [Message("system", settings.system_prompt)] if settings.system_prompt else []
            model.prefill([*system, Message("user", prompt)], resources.cancelled)
        return model

    return in_background(resources, "load model", work)


def _context_for(text: str, reply: int) -> int:
    """Tokens that surely hold a prompt and its reply: no token is shorter than a byte; the rest is the template."""
    needed = len(text.encode("utf-8", "surrogatepass")) + reply + 128
    return -(-needed // 256) * 256


def load_voice(
    settings: Settings, resources: Resources, notify: Callable[[str], None] = lambda line: None
) -> "Future[Voice]":
    """Find, fetch, load and warm the voice in the background.

    Raises VoiceError at once when there is none of this name.

    Call this after ``load_model``: llama.cpp holds the interpreter while it loads, and then reads the prompt beside
    what is left to do here (0.1 s less to the first sound than the other way round).
    """
    check_name(settings.tts_model_name)

    def work() -> Voice:
        from speakstream.models import cache_folder
        from speakstream.voice_files import fetch_voice

        display = resources.progress(settings.tts_model_name)
        with resources.fetching, display as progress:
            fetch_voice(settings.tts_model_name, progress, display.before(notify), resources.cancelled)
        voice = open_voice(settings.tts_model_name, settings.model_cache or cache_folder())
        resources.closers.append(voice.close)
        voice.warm()
        return voice

    return in_background(resources, "load voice", work)


def load_lexicon(notify: Callable[[str], None]) -> Callable[[], Lexicon]:
    """The user's pronunciation lexicon, as its file has it whenever it is asked for.

    ``notify`` is given a line when the file turns bad later. Raises LexiconError when it is bad now.
    """
    return LexiconFile(lexicon_path(), notify).current


def open_sound(settings: Settings, resources: Resources, notify: Callable[[str], None]) -> Sink:
    """Open the sound device. Raises AudioError, one line that says what to do, where there is none."""
    sound = Sound(settings, notify)
    resources.closers.append(sound.close)
    return sound.open(settings.audio_device or "")


class Sound:
    """The sound device of a program, which may change it while nothing sounds."""

    def __init__(self, settings: Settings, notify: Callable[[str], None], chats: bool = False) -> None:
        """``chats``: more than one reply will be spoken, which matters to who has no device."""
        self._settings = settings
        self._notify = notify
        self._chats = chats
        self._device: Device | None = None
        self._looked = False

    @property
    def name(self) -> str:
        """The open device's name; "" without one."""
        return self._device.name if self._device is not None else ""

    @property
    def sample_rate(self) -> int | None:
        """Hz at which it runs."""
        return self._device.sample_rate if self._device is not None else None

    def open(self, wanted: str) -> "Speaker":
        """Open the device that ``wanted`` names ("": the default one) in the place of the one before.

        Raises AudioError, and there is none then.
        """
        from speakstream.audio.device import TO_A_BROWSER, TO_A_FILE, look_again, open_speaker

        settings = self._settings
        sys.setswitchinterval(SWITCH_INTERVAL)
        self.close()
        if self._looked:
            look_again()  # one may have been plugged in meanwhile
        self._looked = True
        speaker, self._device = open_speaker(
            wanted,
            settings.tts_sample_rate,
            settings.audio_buffer_seconds,
            settings.chunk_size,
            settings.default_volume,
            self._notify,
            TO_A_BROWSER if self._chats else TO_A_FILE,
        )
        return speaker

    def close(self) -> None:
        """Give the device back."""
        device, self._device = self._device, None
        if device is not None:
            device.close()


def generation(settings: Settings) -> Generation:
    """How the settings want a reply sampled."""
    return Generation(
        max_new_tokens=settings.max_new_tokens,
        temperature=settings.temperature if settings.do_sample else 0.0,
        top_p=settings.top_p,
        top_k=settings.top_k,
        min_p=settings.min_p,
        repeat_penalty=settings.repeat_penalty,
        seed=settings.seed,
        stop=settings.stop,
    )


def delivery(settings: Settings) -> Delivery:
    """How the settings want a reply spoken."""
    asked = {Kind.CODE: settings.read_code, Kind.TABLE: settings.read_tables}
    aloud = frozenset(str(kind) for kind, read in asked.items() if read)
    return Delivery(speed=settings.tts_speed, max_queue=settings.max_queue_size, aloud=aloud)
