"""Which silences of a recording part two sentences, and which nobody meant. Pure: samples and times only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.rig.sound import THRESHOLD_DB, gaps

Samples = NDArray[np.float32]
Range = tuple[float, float]
"""Begin and end, in seconds."""

LOUD = 10 ** (THRESHOLD_DB / 20)

SHORTEST = 0.03
"""Seconds: what is searched for a silence between sentences; shorter ones also occur within words."""

REACH = 0.35
"""Seconds by which a silence may lie beside the place where it is expected."""

PROBE_SECONDS = 0.1
"""What was written is looked for in the recording in probes of this length, one after the other."""

PROBE_LEVEL = 0.01
"""Probes with a lower root mean square are too quiet to be told apart."""

ALIKE = 0.99
"""Correlation from which on a probe is found: in 857 probes, live and with every core busy, the right place gave 0.998
or more. 2 ms of silence in a probe bring it down to 0.99. The best wrong place within 3 s gave 0.76 in the median, 0.97
in the 95th percentile (a vowel that comes again): hence near places first."""

FINER = 8
"""Places looked at for each sample. The device's rate (44.1 kHz by default) is not the recording's, so that the sound
server moves what it plays by a part of a sample, another one each time. Half a sample at 48 kHz takes 0.13 from the
likeness of a hissing sound at 8 kHz, and was once taken for damage; a sixteenth takes less than 0.003."""

FAINTEST = 0.001
"""Share of a probe's energy under which nothing is like it: 30 dB less is no other volume, but silence."""

NEAR_SECONDS, FAR_SECONDS = 0.05, 3.0
"""How far from its place, on both sides, a probe is looked for: first near, and if it is not there, far."""

SHIFT_SECONDS = 0.002
"""A change of place by more is a gap: no device block is shorter."""


def between(samples: Samples, rate: int, expected: Sequence[Range]) -> list[float]:
    """The length in seconds of the silence at each of the ``expected`` places, 0 where there is none.

    ``expected`` are, in order, the last sound before and the first sound after each silence, in seconds of
    the speech; the speech's first sound is the first in ``samples``. What the places err by is learnt from
    one silence for the next.
    """
    sounding = np.flatnonzero(np.abs(samples) > LOUD)
    if len(sounding) == 0:
        return [0.0] * len(expected)
    shift = float(sounding[0]) / rate
    found = gaps(samples, rate, min_seconds=SHORTEST)
    lengths: list[float] = []
    for last, following in expected:
        begin, end = last + shift, following + shift
        near = [gap for gap in found if gap[1] > begin - REACH and gap[0] < end + REACH]
        best = max(near, key=lambda gap: _overlap(gap, (begin, end)) + (gap[1] - gap[0]) / 10, default=None)
        if best is None:
            lengths.append(0.0)
            continue
        # ``gaps`` counts whole windows: the samples around its middle say it exactly
        middle = int(np.searchsorted(sounding, (best[0] + best[1]) / 2 * rate))
        quiet = (float(sounding[middle - 1] + 1) / rate, float(sounding[middle]) / rate)
        lengths.append(quiet[1] - quiet[0])
        shift += (quiet[0] + quiet[1] - begin - end) / 2
    return lengths


def _overlap(one: Range, other: Range) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))


@dataclass(frozen=True, slots=True)
class Continuity:
    """How a recording differs from what was written to the sink."""

    probes: int  # how many parts of what was written were looked for
    gaps: tuple[Range, ...]  # (second of what was written, seconds inserted there; below 0: left out)
    damaged: tuple[float, ...]  # seconds of what was written that are not to be found, and no gap explains


def continuity(written: Samples, recorded: Samples, rate: int) -> Continuity:
    """Look for what was ``written`` in what was ``recorded``, part by part; volume does not matter.

    Whatever stands between two parts in the recording and did not when they were written is a gap. Where the
    recording ends before the speech does, so does the comparison.
    """
    size = round(PROBE_SECONDS * rate)
    near, far = round(NEAR_SECONDS * rate), round(FAR_SECONDS * rate)
    lag: float = _first_sound(recorded) - _first_sound(written)
    probes, gaps_found, missing = 0, list[Range](), list[float]()
    for start in range(0, len(written) - size, size):
        probe = written[start : start + size]
        if start + lag + size + near > len(recorded):
            break
        if np.sqrt(np.mean(probe * probe)) < PROBE_LEVEL:
            continue
        probes += 1
        at, likeness = _find(probe, recorded, start + lag, near)
        if likeness < ALIKE:
            at, likeness = _find(probe, recorded, start + lag, far)
        if likeness < ALIKE:
            missing.append(start / rate)
            continue
        inserted = at - start - lag
        if probes > 1 and abs(inserted) > SHIFT_SECONDS * rate:
            gaps_found.append((start / rate, inserted / rate))
        lag = at - start
    explained = {round(second / PROBE_SECONDS) - 1 for second, _ in gaps_found}
    damaged = (second for second in missing if round(second / PROBE_SECONDS) not in explained)
    return Continuity(probes, tuple(gaps_found), tuple(damaged))


def _find(probe: Samples, within: Samples, around: float, reach: int) -> tuple[float, float]:
    """Where the ``probe`` starts, at most ``reach`` samples from ``around``, and how alike it is there, -1 to 1."""
    begin, end = max(0, round(around) - reach), round(around) + reach
    part = within[begin : end + len(probe)].astype(np.float64)
    if len(part) < len(probe):
        return begin, -1.0
    length = 1 << (len(part) + len(probe)).bit_length()
    product = np.fft.rfft(part, length) * np.conj(np.fft.rfft(probe.astype(np.float64), length))
    places = len(part) - len(probe) + 1
    correlation = np.fft.irfft(product, length * FINER)[: places * FINER] * FINER
    energy = np.concatenate(([0.0], np.cumsum(part * part)))
    own = float(np.sum(probe * probe))
    norms = np.sqrt(np.maximum(energy[len(probe) :] - energy[:places], FAINTEST * own) * own)
    likeness = correlation / np.repeat(norms, FINER)
    best = int(np.argmax(likeness))
    return begin + best / FINER, float(likeness[best])


def _first_sound(samples: Samples) -> int:
    sounding = np.flatnonzero(np.abs(samples) > LOUD)
    return int(sounding[0]) if len(sounding) else 0
