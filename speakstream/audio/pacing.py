"""How long the pauses are: after a segment, and at the marks within one.

A voice makes pauses of its own at commas, colons and dashes within what it is given, now long, now short. Where it
pauses at all they are set to what is chosen here, so that a comma sounds the same wherever a segment is cut.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from speakstream.audio.chunk import AudioChunk, Samples, WordTiming
from speakstream.text.span import Break

PAUSES = {
    Break.NONE: 0.0,
    Break.PHRASE: 0.0,
    Break.COMMA: 0.10,
    Break.COLON: 0.15,
    Break.SENTENCE: 0.20,
    Break.ITEM: 0.28,
    Break.PARAGRAPH: 0.40,
    Break.HEADING: 0.45,
}
"""Seconds of silence after each break at speed 1. A listener finds EDGES more."""

SHORTEST_PAUSE = 0.02
"""Seconds after any segment: room for the resampler's filter to ring out."""

EDGES = 0.035
"""Seconds that words take to die away and to swell again, unheard: part of every pause."""

_OWN = 0.05
"""Seconds of silence from which on a voice has paused at a mark: less may be a consonant closing."""

_QUIET_DB = -35.0
"""Below the chunk's peak: silence."""

_ENOUGH = 0.015
"""Seconds by which a pause may differ from what is chosen."""

_STEP = 0.005
"""Seconds: how exactly the times of words at a pause are known."""

_FADE = 0.004
"""Seconds: a cut into what is not quite silent makes no click."""


def pause_after(ends: Break, speed: float) -> float:
    """Seconds of silence after a segment that ends so."""
    return max(PAUSES[ends] / speed, SHORTEST_PAUSE)


def paced(chunk: AudioChunk, breaks: Sequence[tuple[int, Break]], speed: float) -> AudioChunk:
    """``chunk`` with the pauses chosen for the breaks within it, each at a code point of the synthesized text.

    The times of the words must be those at which they are heard. Where the voice reads on over a mark it still does.
    """
    rate, sounding = chunk.sample_rate, np.abs(chunk.samples)
    quiet = sounding.max(initial=0.0) * 10 ** (_QUIET_DB / 20)
    parts: list[Samples] = []
    words = list[WordTiming]()
    taken, shift = 0, 0.0  # samples taken over so far; seconds added so far
    for at, ends in breaks:
        index = next((i for i, word in enumerate(chunk.words) if word.start >= at), 0)
        if index <= len(words):
            continue  # it is in another chunk, or nothing is said before it
        stops, begins = chunk.words[index - 1].stops, chunk.words[index].begins
        inside = sounding[int((stops + _STEP) * rate) : int((begins - _STEP) * rate)]
        change = PAUSES[ends] / speed + EDGES - (begins - stops)
        if abs(change) < _ENOUGH or begins - stops < _OWN or inside.max(initial=0.0) > quiet:
            continue
        middle, by = int((stops + begins) / 2 * rate), int(change * rate)
        low = middle + min(by, 0) // 2
        parts += [chunk.samples[taken:low], np.zeros(max(by, 0), np.float32)]
        words += [_moved(word, shift) for word in chunk.words[len(words) : index]]
        taken, shift = low - min(by, 0), shift + by / rate
    if not parts:
        return chunk
    parts.append(chunk.samples[taken:])
    words += [_moved(word, shift) for word in chunk.words[len(words) :]]
    faded = [_faded(part, number > 0, number < len(parts) - 1, rate) for number, part in enumerate(parts)]
    return replace(chunk, samples=np.concatenate(faded), words=tuple(words))


def _moved(word: WordTiming, by: float) -> WordTiming:
    return replace(word, begins=word.begins + by, stops=word.stops + by)


def _faded(samples: Samples, at_start: bool, at_end: bool, rate: int) -> Samples:
    faded = samples.copy()
    ramp = np.linspace(0.0, 1.0, min(int(_FADE * rate), len(faded)), dtype=np.float32)
    if at_start:
        faded[: len(ramp)] *= ramp
    if at_end:
        faded[len(faded) - len(ramp) :] *= ramp[::-1]
    return faded
