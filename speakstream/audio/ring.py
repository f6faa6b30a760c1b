"""A ring buffer of samples between one writing thread and one reading thread (the device callback).

Neither side ever waits for the other. Each index has one owner and only grows: ``_written`` belongs to the
writer, ``_read`` to the reader. The writer publishes ``_written`` after the samples are in place, the reader
publishes ``_read`` after it has copied them out, so each sees only finished work of the other. A third mark,
``_discard``, says up to where the reader shall skip; any thread may set it, and it never moves back.
"""

import numpy as np

from speakstream.audio.chunk import Samples


class RingBuffer:
    """Fixed memory for ``capacity`` mono float32 samples."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"a ring buffer of {capacity} samples holds nothing")
        self.capacity = capacity
        self._data: Samples = np.zeros(capacity, np.float32)
        self._written = 0
        self._read = 0
        self._discard = 0

    # -- the writer's side ---------------------------------------------------------------------------------

    def write(self, samples: Samples) -> int:
        """Append as many of ``samples`` as there is room for; return how many."""
        count = min(len(samples), self.capacity - (self._written - self._read))
        at = self._written % self.capacity
        first = min(count, self.capacity - at)
        self._data[at : at + first] = samples[:first]
        self._data[: count - first] = samples[first:count]
        self._written += count
        return count

    def discard(self) -> None:
        """Tell the reader to skip all that is written by now. Any thread may call this."""
        self._discard = max(self._discard, self._written)

    # -- the reader's side ---------------------------------------------------------------------------------

    def discarding(self) -> int:
        """How many samples the reader has still to skip."""
        return max(0, self._discard - self._read)

    def skip(self) -> None:
        """Skip what is to be discarded."""
        self._read = max(self._read, self._discard)

    def peek(self, out: Samples) -> int:
        """Copy the next samples into ``out`` without taking them; return how many there were."""
        count = min(len(out), self._written - self._read)
        at = self._read % self.capacity
        first = min(count, self.capacity - at)
        out[:first] = self._data[at : at + first]
        out[first:count] = self._data[: count - first]
        return count

    def take(self, out: Samples) -> int:
        """Copy the next samples into ``out``; return how many there were. The rest of ``out`` is left as it is."""
        count = self.peek(out)
        self._read += count
        return count

    # -- either side ---------------------------------------------------------------------------------------

    def __len__(self) -> int:
        """Samples written and neither taken nor to be skipped."""
        return max(0, self._written - max(self._read, self._discard))
