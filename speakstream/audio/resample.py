"""Sample-rate conversion of a stream, without clicks where chunks meet."""

import time
from typing import Any

import numpy as np
import soxr

from speakstream.audio.chunk import Samples


class StreamResampler:
    """Any rate in, one rate out; soxr does the work. The state carries over from chunk to chunk."""

    def __init__(self, rate: int) -> None:
        """``rate``: Hz of what comes out."""
        self.seconds = 0.0
        """Spent on it so far."""
        self._rate = rate
        self._from = 0
        self._stream: Any = None

    def push(self, samples: Samples, rate: int) -> Samples:
        """Samples at ``rate`` Hz to samples at the output's rate; a few milliseconds stay inside for the next call."""
        if rate != self._from:
            tail = self.flush()
            self._from = rate
            self._stream = (
                None if rate == self._rate else soxr.ResampleStream(rate, self._rate, 1, dtype="float32", quality="HQ")
            )
            if len(tail):
                return np.concatenate((tail, self.push(samples, rate)))
        if self._stream is None:
            return samples
        begun = time.monotonic()
        out: Samples = self._stream.resample_chunk(samples)
        self.seconds += time.monotonic() - begun
        return out

    def flush(self) -> Samples:
        """What is still inside; the next ``push`` starts anew."""
        if self._stream is None:
            return np.zeros(0, np.float32)
        out: Samples = self._stream.resample_chunk(np.zeros(0, np.float32), last=True)
        self.reset()
        return out

    def reset(self) -> None:
        """Drop what is inside."""
        self._from = 0
        self._stream = None
