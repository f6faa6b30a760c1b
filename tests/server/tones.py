"""A voice of tones, one for each word, and the words of a recording of it: exact, where a recogniser only guesses."""

import threading
from collections.abc import Iterator
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from speakstream.audio.chunk import AudioChunk, WordTiming
from speakstream.tts import ALONE, Place

RATE = 24_000
WORD_SECONDS = 0.2
FADE_SECONDS = 0.01
LEVEL = 0.3

NAMES = (
    "alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "kilo", "lima", "mike",
    "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform", "victor", "whiskey", "xray",
    "yankee", "zulu",
)  # fmt: skip
"""Words that have a tone of their own; all others share the lowest one."""

LOWEST, STEP = 400.0, 100.0  # Hz

WINDOW_SECONDS = 0.02  # of the recording, in which a tone is told from its neighbours


class ToneVoice:
    """A Voice."""

    language = "en-US"
    sample_rate = RATE

    def __init__(self, name: str = "scripted/tones") -> None:
        self.name = name

    def synthesize(
        self, text: str, speed: float, cancelled: threading.Event, place: Place = ALONE
    ) -> Iterator[AudioChunk]:
        """See Voice."""
        size = int(WORD_SECONDS / speed * RATE)
        times = np.arange(size) / RATE
        fade = np.minimum(1.0, np.minimum(times, times[::-1]) / FADE_SECONDS)
        words, tones, at = [], [], 0
        for number, word in enumerate(text.split()):
            start = text.index(word, at)
            at = start + len(word)
            words.append(WordTiming(start, at, number * size / RATE, (number + 1) * size / RATE))
            tones.append(LEVEL * fade * np.sin(2 * np.pi * _pitch(word) * times))
        samples = np.concatenate(tones) if tones else np.zeros(0)
        yield AudioChunk(samples.astype(np.float32), RATE, tuple(words))

    def warm(self) -> None:
        """See Voice."""

    def close(self) -> None:
        """See Voice."""


def words_of(samples: NDArray[np.float32], rate: int) -> list[str]:
    """The names in a recording, in order; "?" for any other word. A word that is cut short counts as heard."""
    size = int(WINDOW_SECONDS * rate)
    found: list[str] = []
    for begin in range(0, len(samples) - size, size // 2):
        window = samples[begin : begin + size]
        if np.sqrt(np.mean(window**2)) < LEVEL / 4:
            found.append("")
            continue
        spectrum = np.abs(np.fft.rfft(window * np.hanning(size), 8 * size))
        pitch = float(np.argmax(spectrum)) * rate / (8 * size)
        number = round((pitch - LOWEST) / STEP) - 1
        found.append(NAMES[number] if 0 <= number < len(NAMES) else "?")
    steady = (name for name, run in groupby(found) if name and len(list(run)) >= 3)  # not where two words meet
    return [name for name, _ in groupby(steady)]


def _pitch(word: str) -> float:
    name = "".join(letter for letter in word.lower() if letter.isalpha())
    return LOWEST + STEP * (NAMES.index(name) + 1 if name in NAMES else 0)
