"""The benchmark must judge rightly: what it calls a gap, a miss or a median is what a person would."""

import numpy as np
import pytest

from benchmarks.measure import percentile, share, spread
from benchmarks.peer import boundaries
from benchmarks.prompts import CHAT, PARAGRAPHS, PROMPTS
from benchmarks.report import Figure, figure, table
from benchmarks.sentences import expected
from benchmarks.silence import between, continuity
from speakstream.events import SegmentSpoken, SpokenWord
from speakstream.text.span import Span
from tests.rig.sound import RATE, Samples

VOICE_RATE = 24_000


def sound(seconds: float, rate: int = RATE) -> Samples:
    return (0.3 * np.sin(2 * np.pi * 200 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def silence(seconds: float, rate: int = RATE) -> Samples:
    return np.zeros(round(seconds * rate), np.float32)


def speech(*seconds: float, rate: int = RATE) -> Samples:
    """Sound and silence in turn."""
    return np.concatenate([(silence if index % 2 else sound)(each, rate) for index, each in enumerate(seconds)])


def test_a_silence_is_measured_where_the_sentences_part_and_not_at_a_comma() -> None:
    recorded = np.concatenate([silence(0.5), speech(1.0, 0.12, 1.0, 0.25, 1.0, 0.3, 1.0)])
    found = between(recorded, RATE, [(2.1, 2.4), (3.4, 3.6)])
    assert found == pytest.approx([0.25, 0.3], abs=0.002)


def test_sentences_that_run_into_each_other_have_no_silence() -> None:
    assert between(speech(3.0), RATE, [(1.4, 1.6)]) == [0.0]


def voiced(seconds: float) -> Samples:
    """Noise stands for speech: no two parts of it are alike."""
    return (0.1 * np.random.default_rng(1).standard_normal(round(seconds * VOICE_RATE))).astype(np.float32)


def test_a_speech_that_is_recorded_as_it_was_written_has_no_gaps_whatever_its_pauses() -> None:
    noise = voiced(2.0)
    written = np.concatenate([noise[:24000], silence(0.25, VOICE_RATE), noise[24000:]])
    recorded = np.concatenate([silence(0.3, VOICE_RATE), 0.8 * written, silence(1.0, VOICE_RATE)])
    found = continuity(written, recorded, VOICE_RATE)
    assert (found.gaps, found.damaged) == ((), ())
    assert found.probes >= 8


def test_an_underrun_in_a_word_one_in_a_pause_and_a_loss_are_all_found() -> None:
    noise = voiced(5.0)
    pause = silence(0.25, VOICE_RATE)
    written = np.concatenate([noise[:48000], pause, noise[48000:]])
    recorded = np.concatenate(
        [
            noise[:24100],
            silence(0.04, VOICE_RATE),
            noise[24100:48000],
            pause,
            silence(0.2, VOICE_RATE),
            noise[48000:96000],
            noise[98400:],
            silence(1.0, VOICE_RATE),
        ]
    )
    found = continuity(written, recorded, VOICE_RATE)
    assert [length for _, length in found.gaps] == pytest.approx([0.04, 0.2, -0.1], abs=0.002)


def test_a_dropout_that_moves_nothing_is_damage() -> None:
    written = voiced(2.0)
    recorded = np.concatenate([written, silence(1.0, VOICE_RATE)])
    recorded[24000 : 24000 + 1200] = 0.0
    found = continuity(written, recorded, VOICE_RATE)
    assert found.gaps == ()
    assert found.damaged == pytest.approx([1.0])


def test_a_dropout_of_a_few_milliseconds_is_damage_too() -> None:
    written = voiced(2.0)
    recorded = np.concatenate([written, silence(1.0, VOICE_RATE)])
    recorded[24600 : 24600 + 120] = 0.0
    found = continuity(written, recorded, VOICE_RATE)
    assert found.gaps == ()
    assert found.damaged == pytest.approx([1.0])


def test_a_hiss_that_comes_half_a_sample_later_is_not_damaged() -> None:
    """As a sound server moves it that resamples from 44.1 to 48 kHz."""
    seconds = 2.0
    frequencies = np.fft.rfftfreq(round(seconds * RATE), 1 / RATE)
    spectrum = np.fft.rfft(np.random.default_rng(2).standard_normal(round(seconds * RATE)))
    spectrum[(frequencies < 6000) | (frequencies > 10_000)] = 0
    moved = spectrum * np.exp(-2j * np.pi * frequencies * 0.5 / RATE)
    written, recorded = (0.3 * np.fft.irfft(of).astype(np.float32) for of in (spectrum, moved))
    found = continuity(written, np.concatenate([recorded, silence(1.0)]), RATE)
    assert (found.gaps, found.damaged) == ((), ())
    assert found.probes > 15


def test_the_place_of_a_gap_is_between_the_words_around_the_boundary() -> None:
    first = SegmentSpoken(Span(0, 8), "One two.", (_word(0, 3, 0.0), _word(4, 8, 0.5)), 0.0, 1.0)
    second = SegmentSpoken(Span(9, 15), "Three.", (_word(9, 15, 0.1),), 1.25, 0.6)
    assert expected([first, second], [9]) == {9: (1.0, 1.35)}
    assert expected([first], [9]) == {}


def _word(start: int, end: int, begins: float) -> SpokenWord:
    return SpokenWord(Span(start, end), begins, begins + 0.5)


def test_the_peers_gaps_are_expected_only_where_a_fragment_ends_a_sentence() -> None:
    fragments = [("One,", 0.5), ("two three.", 1.0), ("Four.", 0.5), ("Five. Six.", 1.0)]
    places = boundaries(["One, two three.", "Four.", "Five.", "Six."], fragments)
    assert places == [pytest.approx((1.4, 1.6)), pytest.approx((1.9, 2.1))]


def test_a_figure_is_judged_by_its_bounds_in_either_direction() -> None:
    def verdict(value: float | None, reach: float, aim: float, at_least: bool = False) -> str:
        return Figure("", value, "", 1, reach, aim, at_least).verdict

    assert [verdict(value, 300, 120) for value in (120, 121, 301)] == ["aim", "reach", "MISSED"]
    assert [verdict(value, 80, 95, True) for value in (95, 94, 79)] == ["aim", "reach", "MISSED"]
    assert verdict(0, 0, 0) == "aim"
    assert verdict(None, 300, 120) == "-"
    assert Figure("", 5.0, "", 1).verdict == ""


def test_a_table_shows_what_could_not_be_measured_as_such() -> None:
    lines = table([figure("first", None), figure("second", spread([0.1, 0.3]))]).splitlines()
    assert "not measured" in lines[2]
    assert "| 200 ms " in lines[3]
    assert len({len(line) for line in lines}) == 1


def test_statistics_leave_out_what_was_not_measured() -> None:
    of = spread([0.2, None, 0.4])
    assert of is not None
    assert (of.count, of.least, of.most) == (2, 0.2, 0.4)
    assert spread([None]) is None
    assert percentile([1.0, 2.0, 3.0], 50) == 2.0
    assert share([0.1, 0.2, 0.5], 0.15, 0.4) == pytest.approx(1 / 3)


def test_there_are_as_many_prompts_turns_and_gaps_as_were_asked_for() -> None:
    assert len(set(PROMPTS)) >= 30
    assert len(set(CHAT)) == 30
    assert sum(len(paragraph) - 1 for paragraph in PARAGRAPHS) >= 20
