"""Many turns in numbers: medians and spreads, and whether two settings differ."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from speakstream.latency.stages import NAMES, Waterfall

TOTAL = "total"

_NOTCH = 1.57

ENOUGH = 3
"""Turns of each setting below which no difference is believed."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What the turns of one setting took for one thing, in seconds.

    ``middle``: how far apart the ends of the middle half are.
    """

    count: int
    median: float
    least: float
    most: float
    middle: float


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing, under two settings."""

    name: str
    base: Spread
    other: Spread

    @property
    def seconds(self) -> float:
        """By how much the medians differ; above 0: the other one is slower."""
        return round(self.other.median - self.base.median, 6)

    @property
    def spread(self) -> float:
        """What chance alone may make of it, as the notches of a box plot do (McGill, Tukey and Larsen, 1978).

        With quartiles as here, two settings that do not differ exceed it in one or two comparisons of a hundred,
        with 3 turns as with 20, also where one turn in ten is an outlier.
        """
        return _NOTCH * (self.base.middle + self.other.middle) / math.sqrt(min(self.base.count, self.other.count))

    @property
    def verdict(self) -> str:
        """ "faster", "slower" or, where that may be chance, "within" the spread; "" for too few turns."""
        if min(self.base.count, self.other.count) < ENOUGH:
            return ""
        if abs(self.seconds) <= self.spread:
            return "within"
        return "slower" if self.seconds > 0 else "faster"


def spread(values: Sequence[float]) -> Spread:
    """Of one value or more."""
    low, _, high = statistics.quantiles(values, n=4) if len(values) > 1 else [values[0]] * 3
    return Spread(len(values), statistics.median(values), min(values), max(values), high - low)


def spreads(turns: Sequence[Waterfall]) -> dict[str, Spread]:
    """By the name of the stage, for those that every turn came to; and that of the total."""
    found: dict[str, Spread] = {}
    for name in NAMES:
        values = [stage.seconds for turn in turns for stage in turn.stages if stage.name == name]
        if len(values) == len(turns):
            found[name] = spread(values)
    return {**found, TOTAL: spread([turn.total for turn in turns])}


def median_turn(turns: Sequence[Waterfall]) -> Waterfall:
    """The one whose total is the median; of an even number, the lower of the two in the middle."""
    return sorted(turns, key=lambda turn: turn.total)[(len(turns) - 1) // 2]


def differences(base: Sequence[Waterfall], other: Sequence[Waterfall]) -> list[Difference]:
    """Stage by stage, and the total last."""
    one, two = spreads(base), spreads(other)
    return [Difference(name, one[name], two[name]) for name in one if name in two]


def conclusion(total: Difference, changed: str) -> str:
    """What the comparison comes to, in one line; ``changed``: the settings that differ."""
    base, other = round(total.base.median * 1000), round(total.other.median * 1000)
    by, apart = abs(other - base), round(total.spread * 1000)
    if not total.verdict:
        return (
            f"with {changed} the first sound came after {other} ms instead of {base} ms; "
            f"{ENOUGH} turns of each at least are needed to tell that from chance: --turns 5"
        )
    if total.verdict == "within":
        return (
            f"no difference that can be told: {base} ms, and with {changed} {other} ms, "
            f"while chance alone may make {apart} ms"
        )
    return (
        f"with {changed} the first sound comes {by} ms {'later' if total.verdict == 'slower' else 'sooner'}: "
        f"{other} ms instead of {base} ms, while chance alone may make {apart} ms"
    )
