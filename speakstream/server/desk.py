"""Fair order: one language model and a few voices, and many who want them at once."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from weakref import WeakSet

from speakstream.audio.chunk import AudioChunk
from speakstream.engine import LOOK_SECONDS
from speakstream.llm import Generation, LanguageModel, Message, PromptRead, ReplyEnd, reply_end
from speakstream.tts import ALONE, Place, Voice

KEPT_VOICES = 6
"""When more are loaded, those that nobody uses are closed, the ones used longest ago first."""


@dataclass(eq=False, slots=True)
class _Waiting:
    urgency: Callable[[], float]


class Desk:
    """So many at once; the others wait, who came first goes first. Thread-safe."""

    def __init__(self, places: int, told: Callable[[int], None] = lambda length: None) -> None:
        """``told`` is given the number of those who wait whenever it changes; it must not wait."""
        self._places = places
        self._told = told
        self._busy = 0
        self._waiting: list[_Waiting] = []
        self._beside: threading.Event | None = None  # stops what goes on while nobody is served
        self._changed = threading.Condition()

    def take(
        self,
        cancelled: threading.Event,
        told: Callable[[int], None] = lambda position: None,
        urgency: Callable[[], float] = lambda: 0.0,
    ) -> bool:
        """Wait for a place; False: ``cancelled`` meanwhile. Whoever has one gives it back: ``leave``.

        ``told`` is given the position, from 1, whenever it changes, and 0 when the waiting is over; it must not wait.
        Of those who wait, the one whose ``urgency`` is the smallest goes first.
        """
        one, position = _Waiting(urgency), 0
        with self._changed:
            if self._beside is not None:
                self._beside.set()
            self._waiting.append(one)
            try:
                while self._busy >= self._places or self._next() is not one:
                    if cancelled.is_set():
                        return False
                    if (now := self._waiting.index(one) + 1) != position:
                        position = now
                        told(position)
                        self._told(len(self._waiting))
                    self._changed.wait(LOOK_SECONDS)
                self._busy += 1
            finally:
                self._waiting.remove(one)
                self._changed.notify_all()
                if position:
                    self._told(len(self._waiting))
        if position:
            told(0)
        return True

    def leave(self) -> None:
        """Give the place back."""
        with self._changed:
            self._busy -= 1
            self._changed.notify_all()

    def begin_beside(self, stop: threading.Event) -> bool:
        """Whether something may be done that only matters while nobody is served; ``stop`` is set as soon as one is."""
        with self._changed:
            if self._busy or self._waiting or self._beside is not None:
                return False
            self._beside = stop
            return True

    def end_beside(self) -> None:
        """It is done."""
        with self._changed:
            self._beside = None

    def _next(self) -> _Waiting:
        return min(self._waiting, key=lambda one: one.urgency())


class _Either(threading.Event):
    """Set when it is set, or another one."""

    def __init__(self, other: threading.Event) -> None:
        super().__init__()
        self._other = other

    def is_set(self) -> bool:
        return super().is_set() or self._other.is_set()


class QueuedModel:
    """A LanguageModel that waits its turn."""

    def __init__(self, model: LanguageModel, desk: Desk, told: Callable[[int], None]) -> None:
        """``told``: see ``Desk.take``."""
        self.name = model.name
        self.context_length = model.context_length
        self._model = model
        self._desk = desk
        self._told = told

    @property
    def last_prompt(self) -> PromptRead | None:
        """See ``llm.prompt_read``."""
        return getattr(self._model, "last_prompt", None)

    @property
    def last_reply(self) -> ReplyEnd | None:
        """See ``llm.reply_end``."""
        return reply_end(self._model)

    def stream(self, messages: Sequence[Message], options: Generation, cancelled: threading.Event) -> Iterator[str]:
        """See LanguageModel."""
        if not self._desk.take(cancelled, self._told):
            return
        try:
            yield from self._model.stream(messages, options, cancelled)
        finally:
            self._desk.leave()

    def prefill(self, messages: Sequence[Message], cancelled: threading.Event) -> None:
        """See LanguageModel. Not while anybody is answered, or waits for it: that would be slowed down."""
        stop = _Either(cancelled)
        if self._desk.begin_beside(stop):
            try:
                self._model.prefill(messages, stop)
            finally:
                self._desk.end_beside()

    def count(self, messages: Sequence[Message]) -> int:
        """See LanguageModel."""
        return self._model.count(messages)

    def close(self) -> None:
        """The model is closed by who loaded it."""


class PooledVoice:
    """A Voice that others use, too; it waits its turn for every piece."""

    def __init__(self, voice: Voice, desk: Desk, buffered: Callable[[], float]) -> None:
        """``buffered``: seconds of sound that its listener has left. Who has least is served first."""
        self.name = voice.name
        self.language = voice.language
        self.sample_rate = voice.sample_rate
        self._voice = voice
        self._desk = desk
        self._buffered = buffered

    def synthesize(
        self, text: str, speed: float, cancelled: threading.Event, place: Place = ALONE
    ) -> Iterator[AudioChunk]:
        """See Voice. Its place is free while a chunk is written."""
        chunks = iter(self._voice.synthesize(text, speed, cancelled, place))
        while self._desk.take(cancelled, urgency=self._buffered):
            try:
                chunk = next(chunks, None)
            finally:
                self._desk.leave()
            if chunk is None:
                return
            yield chunk

    def warm(self) -> None:
        """It is warm."""

    def close(self) -> None:
        """The voice is closed by the pool."""


@dataclass(slots=True)
class _Loaded:
    voice: Future[Voice]
    users: "WeakSet[PooledVoice]" = field(default_factory=WeakSet)
    coming: int = 0  # users that wait for it


class VoicePool:
    """Voices, each loaded once; those that nobody uses are closed when there are many."""

    def __init__(self, load: Callable[[str], Future[Voice]], unload: Callable[[Voice], None], at_once: int) -> None:
        """``load`` begins to load a voice, and raises VoiceError for a name that is none; ``at_once``: syntheses."""
        self._load = load
        self._unload = unload
        self._desk = Desk(at_once)
        self._lock = threading.Lock()
        self._voices: dict[str, _Loaded] = {}  # the one used last is the last

    def voice(self, name: str, buffered: Callable[[], float] = lambda: 0.0) -> "Future[Voice]":
        """The voice of this name, perhaps still loading; ``buffered``: see PooledVoice. Raises VoiceError."""
        with self._lock:
            entry = self._voices.pop(name, None)
            if entry is None or (entry.voice.done() and entry.voice.exception() is not None):
                entry = _Loaded(self._load(name))
            self._voices[name] = entry
            entry.coming += 1
            idle = [
                known for known, one in self._voices.items() if one.voice.done() and not one.coming and not one.users
            ]
            surplus = [self._voices.pop(known) for known in idle[: max(len(self._voices) - KEPT_VOICES, 0)]]
        for one in surplus:
            if one.voice.exception() is None:
                self._unload(one.voice.result())
        given: Future[Voice] = Future()

        def loaded(voice: Future[Voice]) -> None:
            with self._lock:
                entry.coming -= 1
                if voice.exception() is None:
                    entry.users.add(pooled := PooledVoice(voice.result(), self._desk, buffered))
            if (error := voice.exception()) is not None:
                given.set_exception(error)
            else:
                given.set_result(pooled)

        entry.voice.add_done_callback(loaded)
        return given
