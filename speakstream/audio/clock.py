"""A silent clock: plays a Speaker to nobody, at the pace of a sound device."""

import threading
import time

import numpy as np

from speakstream.audio.speaker import Speaker

BLOCK_SECONDS = 0.02


class SilentClock:
    """A driver without a device, so that everything else behaves as if there were one."""

    name = "no sound device"

    def __init__(self, speaker: Speaker) -> None:
        self.sample_rate = speaker.sample_rate
        self._speaker = speaker
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="silent clock")
        self._thread.start()

    def _run(self) -> None:
        block = np.zeros(max(1, int(BLOCK_SECONDS * self.sample_rate)), np.float32)
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            self._speaker.render(block, max(due, time.monotonic()))  # never in the past, as with a device
            due = max(due + len(block) / self.sample_rate, time.monotonic() - 1.0)

    def close(self) -> None:
        """See Driver."""
        self._stop.set()
        self._thread.join()
