"""A sink that writes a WAV file (16-bit PCM, mono) as fast as the voice speaks."""

import io
import os
import struct
import sys
from math import inf
from threading import Event
from typing import Any, Protocol

import numpy as np

from speakstream.audio.chunk import AudioChunk, Samples
from speakstream.audio.resample import StreamResampler
from speakstream.errors import AudioError

_UNKNOWN = 0xFFFFFFFF  # length of a stream that can't be patched later
_HEADER = 44


def pcm16(samples: Samples) -> bytes:
    """float32 in [-1, 1] to little-endian 16-bit PCM; louder samples are clipped."""
    return (np.clip(samples, -1.0, 1.0) * 32767.0).round().astype("<i2").tobytes()


def wav_header(rate: int, data_bytes: int | None) -> bytes:
    """The 44 bytes before mono 16-bit PCM; ``None``: the length is not known yet."""
    size = _UNKNOWN if data_bytes is None else min(data_bytes + _HEADER - 8, _UNKNOWN)
    data = _UNKNOWN if data_bytes is None else min(data_bytes, _UNKNOWN)
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", size, b"WAVE", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16, b"data", data),
    )


class Pipe(Protocol):
    """Standard output, or what stands in for it."""

    def write(self, data: memoryview, /) -> int: ...

    def flush(self) -> object: ...


class WavFile:
    """The Sink behind ``say --output``. Its position is what was written."""

    def __init__(self, path: str, rate: int, gain: float = 1.0, pipe: Pipe | None = None) -> None:
        """``path``: a file, or "-" for ``pipe``, or else standard output; ``rate``: Hz.

        Raises AudioError when the file can't be made.
        """
        self.gain = gain
        self.path = path
        self.sample_rate = rate
        self._frames = 0
        self._begin = 0
        self._resampler = StreamResampler(rate)
        try:
            self._pipe = path == "-"
            self._file: Any = (pipe or sys.stdout.buffer) if self._pipe else io.FileIO(path, "w")
            self._write(wav_header(rate, None))
        except OSError as error:
            if hasattr(self, "_file") and not self._pipe:
                self._file.close()
            raise AudioError(f"{path}: {error.strerror or error}; give --output a file that can be written") from error

    @property
    def underruns(self) -> int:
        """None: nobody listens."""
        return 0

    @property
    def resample_seconds(self) -> float:
        """See Sink."""
        return self._resampler.seconds

    def begin(self) -> None:
        """See Sink."""
        self._begin = self._frames

    def write(self, chunk: AudioChunk, cancelled: Event) -> None:
        """See Sink. Never blocks on a full buffer; raises AudioError when the disk is full."""
        self._append(self._resampler.push(chunk.samples, chunk.sample_rate))

    def clear(self) -> None:
        """See Sink. What was written stays."""

    def drain(self, cancelled: Event) -> None:
        """See Sink."""
        self._append(self._resampler.flush())

    def pause(self) -> None:
        """See Sink. A file does not wait."""

    def resume(self) -> None:
        """See Sink."""

    def position(self) -> float:
        """See Sink."""
        return (self._frames - self._begin) / self.sample_rate

    def buffered(self) -> float:
        """Infinite: nobody waits for the next sample, so segments may become whole sentences."""
        return inf

    def level(self) -> float:
        """0: a file is not heard."""
        return 0.0

    def first_taken(self) -> float | None:
        """None: a file is not heard."""
        return None

    def first_heard(self) -> float | None:
        """None: a file is not heard."""
        return None

    def close(self) -> None:
        """Write the lengths into the header, where the file allows it."""
        if self._pipe or self._file.closed:
            return
        with self._file:
            if self._file.seekable():
                self._file.seek(0, os.SEEK_SET)
                self._write(wav_header(self.sample_rate, self._frames * 2))

    def _append(self, samples: Samples) -> None:
        try:
            self._write(pcm16(samples * np.float32(self.gain)))
        except BrokenPipeError:
            raise
        except OSError as error:
            raise AudioError(f"{self.path}: {error.strerror or error}; free some space or write elsewhere") from error
        self._frames += len(samples)

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]
        self._file.flush()
