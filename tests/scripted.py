"""A model, a voice and a sink whose every step the test decides. For concurrency and failures only."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from speakstream.audio.chunk import AudioChunk, WordTiming
from speakstream.events import Event, TurnEnded
from speakstream.llm import Generation, Message
from speakstream.tts import ALONE, Place

T = TypeVar("T")

RATE = 1000
WORD_SECONDS = 0.1


@dataclass
class ScriptedModel:
    """Yields ``deltas``; before delta number N it waits for ``gates[N]``; ``fail_at`` raises there."""

    deltas: Sequence[str] = ("Hello there, ", "my friend. ", "How are you?")
    gates: dict[int, threading.Event] = field(default_factory=dict)
    fail_at: int | None = None
    error: Exception = field(default_factory=lambda: RuntimeError("broken model"))
    name: str = "scripted"
    context_length: int = 100
    asked: list[list[Message]] = field(default_factory=list)
    prefilled: list[list[Message]] = field(default_factory=list)
    options: list[Generation] = field(default_factory=list)
    running: int = 0
    reached: int = -1

    def stream(self, messages: Sequence[Message], options: Generation, cancelled: threading.Event) -> Iterator[str]:
        self.asked.append(list(messages))
        self.options.append(options)
        self.running += 1
        try:
            for number, delta in enumerate(self.deltas):
                self.reached = number
                gate = self.gates.get(number)
                while gate is not None and not gate.wait(0.005):
                    if cancelled.is_set():
                        return
                if cancelled.is_set():
                    return
                if number == self.fail_at:
                    raise self.error
                yield delta
            if self.fail_at == len(self.deltas):
                raise self.error
        finally:
            self.running -= 1

    def prefill(self, messages: Sequence[Message], cancelled: threading.Event) -> None:
        self.prefilled.append(list(messages))

    def count(self, messages: Sequence[Message]) -> int:
        return sum(len(message.content.split()) + 1 for message in messages)

    def close(self) -> None:
        pass


@dataclass
class ScriptedVoice:
    """A tenth of a second of sound for every word; waits for ``gate`` within each segment, if there is one."""

    gate: threading.Event | None = None
    fail_at: int | None = None
    name: str = "scripted/voice"
    language: str = "en-US"
    sample_rate: int = RATE
    said: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    running: int = 0
    entered: threading.Event = field(default_factory=threading.Event)

    def synthesize(
        self, text: str, speed: float, cancelled: threading.Event, place: Place = ALONE
    ) -> Iterator[AudioChunk]:
        self.places.append(place)
        self.running += 1
        try:
            self.entered.set()
            if len(self.said) == self.fail_at:
                raise RuntimeError("broken voice")
            while self.gate is not None and not self.gate.wait(0.005):
                if cancelled.is_set():
                    return
            self.said.append(text)
            words, at = [], 0
            for number, word in enumerate(text.split()):
                start = text.index(word, at)
                at = start + len(word)
                begins = number * WORD_SECONDS / speed
                words.append(WordTiming(start, at, begins, begins + WORD_SECONDS / speed))
            samples = np.ones(int(len(words) * WORD_SECONDS / speed * RATE), np.float32)
            yield AudioChunk(samples, RATE, tuple(words))
        finally:
            self.running -= 1

    def warm(self) -> None:
        pass

    def close(self) -> None:
        pass


@dataclass
class HandSink:
    """A sink that plays as far as the test says: ``play(seconds)``."""

    capacity: float = 100.0
    gain: float = 1.0
    underruns: int = 0
    resample_seconds: float = 0.0
    log: list[str] = field(default_factory=list)
    written: float = 0.0
    heard: float = 0.0
    cleared: bool = False
    grown: threading.Condition = field(default_factory=threading.Condition)
    full: threading.Event = field(default_factory=threading.Event)
    draining: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> None:
        self.log.append("begin")
        self.written = self.heard = 0.0
        self.cleared = False
        self.draining.clear()

    def write(self, chunk: AudioChunk, cancelled: threading.Event) -> None:
        self.log.append("write")
        left = chunk.seconds
        while left > 1e-9 and not cancelled.is_set():
            with self.grown:
                step = min(left, self.capacity - (self.written - self.heard))
                self.written += step
                left -= step
                if left > 1e-9:
                    self.full.set()
                    self.grown.wait(0.005)

    def play(self, seconds: float) -> None:
        """Let the ear hear so much more, or all that is there."""
        with self.grown:
            self.heard = min(self.heard + seconds, self.written)
            self.grown.notify_all()

    def clear(self) -> None:
        self.log.append("clear")
        self.cleared = True

    def drain(self, cancelled: threading.Event) -> None:
        self.log.append("drain")
        self.draining.set()
        while not cancelled.is_set() and self.heard < self.written - 1e-9:
            with self.grown:
                self.grown.wait(0.005)

    def pause(self) -> None:
        self.log.append("pause")

    def resume(self) -> None:
        self.log.append("resume")

    def position(self) -> float:
        return self.heard

    def buffered(self) -> float:
        return self.written - self.heard

    def level(self) -> float:
        return 0.0

    def first_taken(self) -> float | None:
        return None

    def first_heard(self) -> float | None:
        return None

    def close(self) -> None:
        self.log.append("close")


class Ledger(list[Event]):
    """All events of a turn, in the order they came."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = threading.Event()

    def __call__(self, event: Event) -> None:
        self.append(event)
        if isinstance(event, TurnEnded):
            self.ended.set()

    def of(self, kind: type) -> list[Event]:
        return [event for event in self if isinstance(event, kind)]


def ready(value: T) -> "Future[T]":
    """A future that has come."""
    future: Future[T] = Future()
    future.set_result(value)
    return future
