"""A word's times are those at which it is heard, whatever the voice's durations say of a pause."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speakstream.audio.chunk import AudioChunk, Samples, WordTiming
from speakstream.audio.pauses import heard_words

RATE = 24_000


def sound(*parts: tuple[float, float], rate: int = RATE) -> Samples:
    """Noise of each length in seconds and loudness, one after the other."""
    noise = np.random.default_rng(0).uniform(-1, 1, sum(int(seconds * rate) for seconds, _ in parts))
    loudness = np.concatenate([np.full(int(seconds * rate), level) for seconds, level in parts])
    samples: Samples = (noise * loudness).astype(np.float32)
    return samples


def chunk(text: str, times: list[tuple[float, float]], samples: Samples, rate: int = RATE) -> AudioChunk:
    words, at = [], 0
    for word, (begins, stops) in zip(text.replace(",", " ").replace(".", " ").split(), times, strict=True):
        start = text.index(word, at)
        at = start + len(word)
        words.append(WordTiming(start, at, begins, stops))
    return AudioChunk(samples, rate, tuple(words))


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000])
def test_a_pause_at_a_mark_is_where_it_is_silent(rate: int) -> None:
    samples = sound((0.02, 0.001), (0.5, 0.5), (0.25, 0.002), (0.4, 0.3), (0.1, 0.003), rate=rate)
    said = chunk("well, yes.", [(0.0, 0.65), (0.82, 1.27)], samples, rate)
    times = [time for word in heard_words(said, "well, yes.") for time in (word.begins, word.stops)]
    assert times == pytest.approx([0.02, 0.52, 0.77, 1.17], abs=0.011)


def test_silence_within_words_and_between_words_without_a_mark_is_no_pause() -> None:
    samples = sound((0.3, 0.5), (0.1, 0.0), (0.3, 0.5), (0.01, 0.0), (0.3, 0.5))
    said = chunk("two words, more", [(0.0, 0.38), (0.42, 0.7), (0.7, 1.0)], samples)
    assert heard_words(said, "two words, more") == said.words


def test_a_chunk_without_words_or_sound_stays_as_it_is() -> None:
    assert heard_words(AudioChunk(sound((0.1, 0.5)), RATE), "") == ()
    silent = chunk("a, b", [(0.0, 0.1), (0.1, 0.2)], np.zeros(4800, np.float32))
    assert heard_words(silent, "a, b") == silent.words


levels = st.lists(st.tuples(st.floats(0.01, 0.4), st.sampled_from([0.0, 0.002, 0.1, 0.5])), min_size=1, max_size=8)


@settings(max_examples=100, deadline=None)
@given(levels, st.lists(st.floats(0, 1), min_size=2, max_size=8))
def test_words_stay_in_order_and_none_is_lost(parts: list[tuple[float, float]], places: list[float]) -> None:
    samples = sound(*parts)
    seconds = len(samples) / RATE
    edges = sorted({round(place * seconds, 3) for place in places})
    times = list(itertools.pairwise(edges))
    text = ", ".join("abcdefgh"[: len(times)])
    heard = heard_words(chunk(text, times, samples), text)
    assert len(heard) == len(times)
    for (begins, stops), word in zip(times, heard, strict=True):
        assert begins - 0.16 <= word.begins < word.stops <= stops
    for one, following in itertools.pairwise(heard):
        assert one.stops <= following.begins + 1e-9
