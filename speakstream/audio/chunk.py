"""What a voice yields and a sink takes: samples with the times of their words."""

from dataclasses import dataclass
from threading import Event
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

AUDIBLE_DB = -40.0
"""A sample over this, against full scale, can be heard: well under any voice, well over what fades in before it."""


@dataclass(frozen=True, slots=True)
class WordTiming:
    """One word of the synthesized text, with the time at which it sounds.

    ``start`` and ``end`` are code points in the synthesized text; ``begins`` and ``stops`` are seconds from the
    chunk's first sample.
    """

    start: int
    end: int
    begins: float
    stops: float


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """Mono samples, shape (n,), float32 in [-1, 1], at ``sample_rate`` Hz, and the words in them."""

    samples: Samples
    sample_rate: int
    words: tuple[WordTiming, ...] = ()

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate

    @property
    def audible_from(self) -> float | None:
        """Seconds to the first sample over AUDIBLE_DB; None where there is none."""
        loud = np.abs(self.samples) > 10 ** (AUDIBLE_DB / 20)
        return int(loud.argmax()) / self.sample_rate if loud.any() else None


class Sink(Protocol):
    """Where sound goes: a loudspeaker, a file, a browser.

    One thread writes; any thread may call the rest. Positions count seconds of the current speech, in the
    order written, and never the zeros that fill an underrun or a pause.
    """

    gain: float
    """Volume, 0 to 1; may change at any time and takes effect without a click."""

    @property
    def underruns(self) -> int:
        """Times so far that a speech was to sound and nothing was there."""

    @property
    def resample_seconds(self) -> float:
        """Seconds spent so far, within ``write`` and ``drain``, on another sample rate."""

    def begin(self) -> None:
        """Start a new speech at position 0. What was left of the one before is dropped."""

    def write(self, chunk: AudioChunk, cancelled: Event) -> None:
        """Append ``chunk``; blocks while full, returns at once when ``cancelled`` is set."""

    def clear(self) -> None:
        """Silence now, after a fade of a few milliseconds; what was not heard is dropped."""

    def drain(self, cancelled: Event) -> None:
        """Return when the last sample written was heard, or ``cancelled`` is set."""

    def pause(self) -> None:
        """Hold the position in silence."""

    def resume(self) -> None:
        """Go on from where ``pause`` held."""

    def position(self) -> float:
        """Seconds of this speech heard: at the DAC, so without what the device still buffers."""

    def buffered(self) -> float:
        """Seconds written and not yet heard."""

    def level(self) -> float:
        """RMS of what sounds at this moment, volume included: 0, silence, to 1."""

    def first_taken(self) -> float | None:
        """``time.monotonic()`` at which the device asked for this speech's first sample; None as of ``first_heard``."""

    def first_heard(self) -> float | None:
        """``time.monotonic()`` at which this speech's first sample reached the DAC; None: not yet, or never."""

    def close(self) -> None:
        """Give the device or file back."""
