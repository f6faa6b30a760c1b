"""How often something may be done: so often a second in the long run, and more at once after a rest."""

import time
from collections import OrderedDict
from collections.abc import Callable


class Bucket:
    """Holds up to ``burst`` tokens, into which ``rate`` a second fall. For one thread."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._tokens, self._counted = burst, clock()

    def wait(self, tokens: float = 1.0) -> float:
        """Seconds until there are so many."""
        now = self._clock()
        self._tokens = min(self._tokens + (now - self._counted) * self._rate, self._burst)
        self._counted = now
        return max(0.0, tokens - self._tokens) / self._rate

    def take(self) -> bool:
        """Take one; False: there is none."""
        return self.owe(at_most=0.0) is not None

    def owe(self, tokens: float = 1.0, at_most: float = float("inf")) -> float | None:
        """Take so many, of which some may be owed: seconds until none is. None: that is more than ``at_most``."""
        seconds = self.wait(tokens)
        if seconds > at_most:
            return None
        self._tokens -= tokens
        return seconds


class Buckets:
    """One for each address, of the ``most`` that came last."""

    def __init__(self, rate: float, burst: float, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._new: Callable[[], Bucket] = lambda: Bucket(rate, burst, clock)
        self._most = most
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def of(self, address: str) -> Bucket:
        """Its own; a full one when it is not remembered."""
        bucket = self._buckets.pop(address, None) or self._new()
        self._buckets[address] = bucket
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return bucket
