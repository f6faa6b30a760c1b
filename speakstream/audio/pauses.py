"""Where words are heard: level tells at both ends of a chunk, and at the pauses within it.

A voice's own durations place a pause late, by up to 0.25 s: the last sound of a word lasts into it, and the mark lasts
into the next word. What a voice breathes after its last word is no part of that word.
"""

import itertools
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from speakstream.audio.chunk import AudioChunk, WordTiming

_MARKS = frozenset(",;:.!?…")

_STEP = 0.005
"""Seconds from one look at the level to the next."""

_QUIET_DB = -40.0
"""Below the chunk's peak: silence. Between words a voice breathes, and what it has said dies away."""

_SHORTEST = 4
"""Steps (20 ms) of a silence that is no consonant closing."""

_REACH = 0.15
"""Seconds before a word's time at which it may be heard already."""


def heard_words(chunk: AudioChunk, text: str) -> tuple[WordTiming, ...]:
    """The words of ``chunk``, which says ``text``, less the silence before, after and at the marks between them."""
    if not chunk.words:
        return chunk.words
    count = int(chunk.sample_rate * _STEP)
    step = count / chunk.sample_rate
    whole = len(chunk.samples) // count
    peaks = np.abs(chunk.samples[: whole * count]).reshape(whole, count).max(axis=1)
    loud = peaks > peaks.max(initial=0.0) * 10 ** (_QUIET_DB / 20)
    words = [*chunk.words]
    for number, (before, after) in enumerate(itertools.pairwise(chunk.words)):
        if not _MARKS.isdisjoint(text[before.end : after.start]):
            words[number : number + 2] = _beside_silence(words[number], after, loud, step)
    sounding = np.flatnonzero(loud) * step
    if not len(sounding):
        return chunk.words
    first = words[0]
    words[0] = replace(first, begins=max(first.begins, min(float(sounding[0]), _middle(first))))
    last = words[-1]
    words[-1] = replace(last, stops=min(last.stops, max(float(sounding[-1]) + step, _middle(last))))
    return tuple(words)


def _middle(word: WordTiming) -> float:
    return (word.begins + word.stops) / 2


def _beside_silence(
    before: WordTiming, after: WordTiming, loud: NDArray[np.bool_], step: float
) -> tuple[WordTiming, WordTiming]:
    """Two words as they stop and begin beside the longest silence that ends near their border."""
    start, end = int(_middle(before) / step) + 1, int(after.begins / step) + 1
    edges = np.flatnonzero(np.diff(np.concatenate(([True], loud[start:end], [True])).astype(np.int8)))
    silences = edges[1::2] - edges[::2]
    silences[(start + edges[1::2]) * step < after.begins - _REACH] = 0
    if silences.max(initial=0) < _SHORTEST:
        return before, after
    longest = 2 * int(silences.argmax())
    stops, begins = (min((start + float(edges[longest + side])) * step, after.begins) for side in (0, 1))
    return replace(before, stops=stops), replace(after, begins=begins)
