"""The pauses within a segment are those that were chosen, and the words keep their sound."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speakstream.audio.chunk import AudioChunk, Samples, WordTiming
from speakstream.audio.pacing import EDGES, PAUSES, SHORTEST_PAUSE, paced, pause_after
from speakstream.text.span import Break

RATE = 24_000
TEXT = "one, two: three"
COMMA, COLON = (4, Break.COMMA), (9, Break.COLON)


def said(*pauses: float, faint: float = 0.0) -> AudioChunk:
    """The words of TEXT, 0.3 s each, with pauses between them that are ``faint``."""
    samples: list[Samples] = []
    words, at = [], 0.0
    for word, pause in itertools.zip_longest(("one", "two", "three"), pauses, fillvalue=0.0):
        start = TEXT.index(str(word))
        words.append(WordTiming(start, start + len(str(word)), at, at + 0.3))
        samples += [np.full(int(0.3 * RATE), 0.5, np.float32), np.full(round(float(pause) * RATE), faint, np.float32)]
        at += 0.3 + float(pause)
    return AudioChunk(np.concatenate(samples), RATE, tuple(words))


def pauses(chunk: AudioChunk) -> list[float]:
    return [after.begins - before.stops for before, after in itertools.pairwise(chunk.words)]


@pytest.mark.parametrize("speed", [0.8, 1.0, 1.5])
@pytest.mark.parametrize("own", [0.06, 0.1, 0.45])
def test_a_voices_own_pause_is_made_as_long_as_the_mark_asks_for(own: float, speed: float) -> None:
    made = paced(said(own, own), [COMMA, COLON], speed)
    expected = [PAUSES[Break.COMMA] / speed + EDGES, PAUSES[Break.COLON] / speed + EDGES]
    assert pauses(made) == pytest.approx(expected, abs=0.016)
    assert made.seconds == pytest.approx(0.9 + sum(pauses(made)), abs=0.002)


def test_every_word_keeps_its_sound_and_its_place() -> None:
    made = paced(said(0.06, 0.5), [COMMA, COLON], 1.0)
    for word in made.words:
        sound = made.samples[int(word.begins * RATE) + 1 : int(word.stops * RATE) - 1]
        assert np.all(sound == 0.5)
    assert int(np.count_nonzero(made.samples == 0.5)) == pytest.approx(0.9 * RATE, abs=2)
    assert [(word.start, word.end) for word in made.words] == [(0, 3), (5, 8), (10, 15)]


@pytest.mark.parametrize(
    ("chunk", "breaks"),
    [
        (said(0.01, 0.01), [COMMA, COLON]),  # it reads on
        (said(0.3, 0.3, faint=0.1), [COMMA, COLON]),  # what is there is no silence
        (said(0.3, 0.3), []),
        (said(0.3, 0.3), [(15, Break.COMMA), (0, Break.COMMA)]),  # nothing is said after it, or before it
        (said(PAUSES[Break.COMMA] + EDGES, PAUSES[Break.COLON] + EDGES), [COMMA, COLON]),
        (AudioChunk(np.zeros(100, np.float32), RATE), [COMMA]),
    ],
)
def test_where_there_is_nothing_to_do_the_sound_stays_as_it_is(
    chunk: AudioChunk, breaks: list[tuple[int, Break]]
) -> None:
    assert paced(chunk, breaks, 1.0) is chunk


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 0.6), min_size=2, max_size=2), st.floats(0.5, 3))
def test_words_stay_in_order_and_within_the_sound(own: list[float], speed: float) -> None:
    made = paced(said(*own), [COMMA, COLON], speed)
    times = [time for word in made.words for time in (word.begins, word.stops)]
    assert times == sorted(times)
    assert times[0] >= 0 and times[-1] <= made.seconds + 1e-4


def test_a_stronger_break_never_has_a_shorter_pause() -> None:
    assert [PAUSES[kind] for kind in sorted(Break)] == sorted(PAUSES.values())
    assert pause_after(Break.SENTENCE, 2.0) == PAUSES[Break.SENTENCE] / 2
    assert pause_after(Break.PHRASE, 1.0) == SHORTEST_PAUSE
