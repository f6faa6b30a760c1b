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
        now = self._clock()
        self._tokens = min(self._tokens + (now - self._counted) * self._rate, self._burst)
        self._counted = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
