"""The loudspeaker: a ring buffer played by a driver, with volume, pause, cut and the position at the ear.

``Speaker`` is the Sink; what pulls samples out of it is a driver: the sound device (``device.py``) or, where there
is none, a silent clock (``clock.py``) that keeps the same pace.
"""

import math
import threading
import time
from typing import Protocol

import numpy as np

from speakstream.audio.chunk import AudioChunk, Samples
from speakstream.audio.resample import StreamResampler
from speakstream.audio.ring import RingBuffer

FADE_SECONDS = 0.005
"""A cut, a pause and a change of volume take this long: too short to hear, too long to click."""

LEVEL_SECONDS = 0.3
"""A level older than this says nothing: the device has stopped to call."""

_LOG = 128
"""Blocks whose times at the DAC are remembered: more than any device buffers."""


class Driver(Protocol):
    """What plays a Speaker."""

    sample_rate: int
    """Hz at which it calls ``Speaker.render``."""

    name: str
    """Shown to people."""

    def close(self) -> None:
        """Stop calling ``render``."""


class Speaker:
    """A Sink that plays in real time."""

    def __init__(self, sample_rate: int, buffer_seconds: float, chunk_size: int, gain: float) -> None:
        """``sample_rate``: Hz of the driver; ``chunk_size``: frames written at once."""
        self.sample_rate = sample_rate
        self.gain = gain
        self.underruns = 0
        self._ring = RingBuffer(max(chunk_size, int(buffer_seconds * sample_rate)))
        self._chunk_size = chunk_size
        self._resampler = StreamResampler(sample_rate)
        self._fade = max(1, int(FADE_SECONDS * sample_rate))
        self._ramp = np.linspace(0.0, 1.0, self._fade, dtype=np.float32)
        self._gains: Samples = np.zeros(0, np.float32)
        self._paused = False
        self._epoch = 0  # the speech that is written
        self._ended = True  # nothing more will come: an empty ring is no underrun; only who writes sets it
        self._frames_written = 0
        self._cleared = False  # from ``clear`` to the next ``begin`` nothing sounds, whatever is still written
        # what only render touches:
        self._playing_epoch = 0
        self._consumed = 0
        self._silent = True  # the last block ended in silence
        self._starved = False
        self._gain_now = gain
        # what render publishes: (time at the DAC, epoch, frames before, frames in the block, RMS)
        self._log: list[tuple[float, int, int, int, float]] = [(0.0, 0, 0, 0, 0.0)] * _LOG
        self._blocks = 0
        self._first: tuple[int, float, float] = (0, 0.0, 0.0)  # epoch, when it was taken, its time at the DAC

    # -- Sink ----------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """See Sink."""
        self._ring.discard()
        self._resampler.reset()
        self._frames_written = 0
        self._paused = False
        self._ended = True
        self._cleared = False
        self._epoch += 1

    def write(self, chunk: AudioChunk, cancelled: threading.Event) -> None:
        """See Sink."""
        self._put(self._resampler.push(chunk.samples, chunk.sample_rate), cancelled)

    def clear(self) -> None:
        """See Sink."""
        self._cleared = True
        self._ring.discard()

    def drain(self, cancelled: threading.Event) -> None:
        """See Sink."""
        self._put(self._resampler.flush(), cancelled)
        self._ended = True
        while not cancelled.is_set() and (left := self.buffered()) > 0:
            cancelled.wait(min(max(left, 0.002), 0.05))

    def pause(self) -> None:
        """See Sink."""
        self._paused = True

    def resume(self) -> None:
        """See Sink."""
        self._paused = False

    @property
    def resample_seconds(self) -> float:
        """See Sink."""
        return self._resampler.seconds

    @property
    def idle(self) -> bool:
        """Whether the last speech is over, and no other has begun."""
        over = self._cleared or (self._ended and self._frames_written > 0)
        return over and self.buffered() == 0.0

    @property
    def paused(self) -> bool:
        """Whether ``pause`` holds the position."""
        return self._paused

    def position(self) -> float:
        """See Sink."""
        return self._heard_frames(time.monotonic()) / self.sample_rate

    def buffered(self) -> float:
        """See Sink."""
        if self._cleared:
            return 0.0
        return max(0, self._frames_written - self._heard_frames(time.monotonic())) / self.sample_rate

    def level(self) -> float:
        """See Sink."""
        now = time.monotonic()
        for back in range(1, min(self._blocks, _LOG) + 1):
            moment, *_, level = self._log[(self._blocks - back) % _LOG]
            if moment <= now:
                return level if now - moment < LEVEL_SECONDS else 0.0
        return 0.0

    def first_taken(self) -> float | None:
        """See Sink."""
        epoch, moment, _ = self._first
        return moment if epoch == self._epoch else None

    def first_heard(self) -> float | None:
        """See Sink."""
        epoch, _, moment = self._first
        return moment if epoch == self._epoch else None

    def close(self) -> None:
        """See Sink. The driver is closed by whoever opened it."""
        self.clear()

    # -- the driver's side ---------------------------------------------------------------------------------

    def render(self, out: Samples, dac_time: float) -> None:
        """Fill ``out``, shape (n,), with what will sound from ``dac_time`` (``time.monotonic()``) on.

        Called by the driver's thread alone. It never waits and always fills the block.
        """
        # The epoch is read before the mark to discard: ``begin`` sets them in the other order, so that a new epoch
        # is never seen while samples of the old one are still to be played.
        epoch = self._epoch
        cut = self._ring.discarding() > 0
        if cut:
            self._go_silent(out)
            self._ring.skip()
        if epoch != self._playing_epoch:
            self._playing_epoch = epoch
            self._consumed = 0
        before = self._consumed
        heard = 0
        if self._paused and not cut:
            self._go_silent(out)  # the samples of the fade are not taken: resume plays them again
        elif not cut:
            heard = self._play(out)
        if heard and before == 0:
            self._first = (epoch, min(time.monotonic(), dac_time), dac_time)
        self._consumed = before + heard
        self._apply_gain(out)
        level = math.sqrt(float(np.dot(out, out)) / len(out)) if heard or cut else 0.0
        self._log[self._blocks % _LOG] = (dac_time, epoch, before, heard, level)
        self._blocks += 1

    def note_underflow(self) -> None:
        """The device ran dry: we came too late. Counted when a speech was sounding, for only then it is heard."""
        if not self._silent:
            self.underruns += 1

    def _play(self, out: Samples) -> int:
        frames = len(out)
        heard = self._ring.take(out)
        if heard and self._silent:
            length = min(self._fade, heard)
            out[:length] *= self._ramp[:length]
        if heard < frames:
            out[heard:] = 0.0
            if not (self._ended or self._cleared or self._starved) and self._consumed + heard > 0:
                self._starved = True
                self.underruns += 1
        else:
            self._starved = False
        self._silent = heard < frames
        return heard

    def _go_silent(self, out: Samples) -> None:
        """Fade out what would have come next, then silence to the block's end."""
        length = 0 if self._silent else min(self._fade, len(out))
        there = self._ring.peek(out[:length])
        out[:there] *= self._ramp[: max(there, 1)][::-1][:there]
        out[there:] = 0.0
        self._silent = True

    def _apply_gain(self, out: Samples) -> None:
        target = self.gain
        if target != self._gain_now:
            if len(self._gains) < len(out):
                self._gains = np.zeros(len(out), np.float32)
            gains = self._gains[: len(out)]
            length = min(self._fade, len(out))
            np.multiply(self._ramp[:length], target - self._gain_now, out=gains[:length])
            gains[:length] += self._gain_now
            gains[length:] = target
            np.multiply(out, gains, out=out)
            self._gain_now = target
        elif target != 1.0:
            np.multiply(out, np.float32(target), out=out)

    # -- inside --------------------------------------------------------------------------------------------

    def _put(self, samples: Samples, cancelled: threading.Event) -> None:
        if len(samples):
            self._ended = False
        while len(samples) and not cancelled.is_set():
            count = self._ring.write(samples[: self._chunk_size])
            if self._cleared:  # meanwhile
                self._ring.discard()
            self._frames_written += count
            samples = samples[count:]
            if len(samples) and count == 0:
                cancelled.wait(self._chunk_size / self.sample_rate)  # until a chunk's room is free

    def _heard_frames(self, now: float) -> int:
        """Frames of the present speech that have reached the DAC by ``now``."""
        for back in range(1, min(self._blocks, _LOG) + 1):
            moment, epoch, before, frames, _ = self._log[(self._blocks - back) % _LOG]
            if epoch != self._epoch:
                return 0
            if moment <= now:
                return before + min(frames, int((now - moment) * self.sample_rate))
        return 0
