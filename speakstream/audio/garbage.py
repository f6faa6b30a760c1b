"""Python's full garbage collections, kept out of the speech.

Each holds the interpreter, and with it the sound callback, while it goes through all objects: 70 ms for the 110,000 of
a chat, where the device has 30 ms of sound. It came once in a reply of a minute, and was an underrun each time.
"""

import gc

_NEVER = 2**31 - 1


class Collector:
    """While it is open, full collections happen only in ``tidy``; the small ones, a millisecond each, go on."""

    def __init__(self) -> None:
        self._before = gc.get_threshold()
        gc.set_threshold(*self._before[:2], _NEVER)

    def tidy(self) -> None:
        """Collect if it is due. For moments at which nothing sounds."""
        if gc.get_count()[2] > self._before[2]:
            gc.collect()

    def close(self) -> None:
        """Let Python collect when it likes again."""
        gc.set_threshold(*self._before)
