"""How often something may be done: so often a second in the long run, and more at once after a rest."""

import time
from collections.abc import Callable


class Bucket:
    """Holds up to ``burst`` tokens, into which ``rate`` a second fall. For one thread."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._tokens, self._counted = burst, clock()

    def take(self) -> bool:
        """Take one; False: there is none."""
        self._fill()
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def owe(self, tokens: float = 1.0, at_most: float = float("inf")) -> float | None:
        """Take so many, of which some may be owed: seconds until none is. None: that is more than ``at_most``."""
        self._fill()
        seconds = max(0.0, tokens - self._tokens) / self._rate
        if seconds > at_most:
            return None
        self._tokens -= tokens
        return seconds

    def _fill(self) -> None:
        now = self._clock()
        self._tokens = min(self._tokens + (now - self._counted) * self._rate, self._burst)
        self._counted = now
