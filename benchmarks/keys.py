"""How a person types: when each key is pressed. Pure, and the same each time."""

import math
import random
from collections.abc import Iterator

KEYS_PER_SECOND = 6.0
"""72 words a minute: a quick typist, who leaves type-ahead the least time."""

UNEVEN = 0.5
"""Standard deviation of the intervals' logarithm: half of them lie within a factor of 1.4 around the median."""


def typed(text: str, seed: str, rate: float = KEYS_PER_SECOND) -> Iterator[tuple[float, str]]:
    """Each state of the prompt, and the seconds at which its last key was pressed. Yields nothing for no text.

    The intervals are log-normal, ``rate`` keys a second in the mean; the same ``seed`` gives the same ones.
    """
    chance = random.Random(seed)
    median = math.exp(-UNEVEN * UNEVEN / 2) / rate
    at = 0.0
    for end in range(1, len(text) + 1):
        at += chance.lognormvariate(math.log(median), UNEVEN)
        yield at, text[:end]


def rest(seed: str, rate: float = KEYS_PER_SECOND) -> float:
    """Seconds between the last key and Enter: an interval like the others."""
    return next(typed(" ", f"{seed}, Enter", rate))[0]
