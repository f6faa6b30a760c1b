"""The parts of the benchmark that need no sound, on little: what they call an error, late or grown is that."""

import json
import multiprocessing
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from benchmarks import ring, splitting, text
from benchmarks.choices import Choices
from benchmarks.markdown import Writer, tenths
from benchmarks.measure import machine
from benchmarks.memory_steps import mappings
from benchmarks.peer_env import installed
from benchmarks.speech import (
    Paragraph,
    SpokenWord,
    errors,
    interval,
    lead_and_tail,
    load,
    onsets,
    unexplained_gaps,
)
from tests.corpus import Line
from tests.rig.recognise import Heard, HeardWord
from tests.test_benchmarks import silence, sound

SECOND = 24_000


# -- text --------------------------------------------------------------------------------------------------------


def test_the_markdown_is_the_same_each_time_and_has_everything_in_it() -> None:
    parts = tenths(200_000)
    assert parts == tenths(200_000)
    assert parts[0] == parts[-1] != parts[1]
    whole = "".join(parts)
    assert 190_000 < len(whole.encode()) < 210_000
    for wanted in ("```python", "| --- |", "- [x] ", "](https://", "\n> ", "# The", "1. **", "😊", "$", "`"):
        assert wanted in whole


@pytest.mark.parametrize("cut", text.DELTAS.values(), ids=list(text.DELTAS))
def test_deltas_of_any_size_are_the_whole_text(cut: Callable[[str], Iterator[str]]) -> None:
    whole = Writer(3).text(20_000)
    deltas = list(cut(whole))
    assert "".join(deltas) == whole
    assert len(deltas) > 100


def test_the_cost_of_a_delta_is_told_for_the_first_and_for_the_last_tenth() -> None:
    taken: list[str] = []
    found = text.passed(taken.append, [["ab", "c"], ["de"], ["fg", "h"]])
    assert taken == ["ab", "c", "de", "fg", "h"]
    assert len(found["rates"]) == 3
    assert found["first_tenth"].keys() == found["last_tenth"].keys() == {"mean", "median", "p99"}


def _keeps() -> text.Take:
    kept: list[bytes] = []
    return lambda delta: kept.append(delta.encode())


def _drops() -> text.Take:
    return len


def test_memory_that_is_held_is_seen_and_memory_that_is_given_back_is_not() -> None:
    parts = [["x" * 1000] * 100] * 5
    # in a process of its own: what is counted is the whole process's, with whatever earlier tests left running
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as alone:
        held = alone.submit(text.memory, _keeps, parts).result(120)
        dropped = alone.submit(text.memory, _drops, parts).result(120)
    assert held[-1] - held[0] > 390_000
    assert abs(dropped[-1] - dropped[0]) < 10_000


def test_the_text_part_measures_every_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "QUICK_SIZE", 10_000)
    part = text.run(Choices(quick=True))
    names = [figure.name for figure in part.figures]
    assert len(part.raw["passes"]) == 9
    assert all(figure.value is not None and figure.value > 0 for figure in part.figures[:-2])
    assert any(name.startswith("memory of the Segmenter") for name in names)


# -- ring --------------------------------------------------------------------------------------------------------


def test_the_ring_buffer_carries_samples_in_order_between_threads() -> None:
    assert ring.between_threads(200_000) > 0
    assert ring.alternating(200_000) > 0


def test_the_callback_is_measured_with_a_full_buffer_and_adds_no_memory() -> None:
    assert len(ring.alone(44_100, 300)) == 300
    assert ring.growth(48_000, 2_000) < 20_000


def test_the_callback_is_called_at_the_pace_of_a_device() -> None:
    late = ring.paced(48_000, 1, 0.15)
    assert len(late) == 20
    assert all(seconds > 0 for seconds in late)


# -- splitting ---------------------------------------------------------------------------------------------------


def line(whole: str, *parts: str) -> Line:
    return Line("prose:1", whole, whole, parts or (whole,), ())


def test_a_boundary_is_the_same_on_either_side_of_a_quote() -> None:
    text = 'He said "Hi." Then he left.'
    true = splitting.right(line(text, 'He said "Hi."', "Then he left."))
    assert true == {8: 13}
    assert splitting.ours(text).keys() == true.keys()
    assert splitting._after([('He said "Hi.', 13), ('" Then he left.', 27)], text).keys() == true.keys()


def test_a_split_too_many_costs_precision_and_one_too_few_recall() -> None:
    corpus = [line("One. Two. Six.", "One.", "Two.", "Six."), line("Dr. Who is it.")]
    score = splitting.scored(corpus, [{3: 6}, {2: 4}])
    assert (score["precision"], score["recall"]) == (0.5, 0.5)
    assert score["late"] == [2]
    assert score["texts_with_errors"] == ["prose:1", "prose:1"]


def test_we_know_a_boundary_soon_after_it() -> None:
    corpus = [line("It is late. We go home now.", "It is late.", "We go home now.")]
    score = splitting.scored(corpus, [splitting.ours(corpus[0].text)])
    assert score["f1"] == pytest.approx(1.0)
    assert score["late"][0] <= 3


def test_a_peer_that_is_not_installed_is_said_to_be_so() -> None:
    part = splitting.run(Choices(quick=True))
    absent = [figure for figure in part.figures if figure.absent == "not installed"]
    assert [figure.name.split(",")[0] for figure in absent] == ["pysbd", "stream2sentence"] * 2
    assert all("requirements-peers.txt" in figure.detail for figure in absent)


def test_what_an_environment_has_is_asked_of_its_interpreter() -> None:
    found = installed(Path(sys.executable), ("numpy", "no-such-package-anywhere"))
    assert found == {"numpy": np.__version__}
    assert installed(None, ("numpy",)) == {}


# -- speech ------------------------------------------------------------------------------------------------------


def test_there_are_a_hundred_sentences_and_what_is_said_of_them_is_words() -> None:
    sentences = load()
    assert len(sentences) >= 100
    assert len({sentence.text for sentence in sentences}) == len(sentences)
    for sentence in sentences:
        assert not any(character.isdigit() or character in "$%*`_/@" for character in sentence.said), sentence.said


@pytest.mark.parametrize(
    ("said", "heard", "count"),
    [
        ("It costs fourteen dollars and ninety nine cents.", "It costs $14.99.", 0),
        ("because air scatters light", "because airscatters light", 0),
        ("It leaves at six oh five.", "It leaves at 605.", 0),
        ("at eight thirty A M in the hall", "at 8.30 am in the hall", 0),
        ("the third door on the left", "the second door on the left", 1),
        ("the end of it", "the end", 2),
    ],
)
def test_what_sounds_the_same_is_no_error(said: str, heard: str, count: int) -> None:
    assert errors(said, heard) == count


def test_a_word_that_was_misheard_has_no_onset() -> None:
    words = [SpokenWord(name, at, at + 0.3, False) for name, at in (("one", 0.0), ("two", 0.5), ("three", 1.0))]
    heard = Heard("one too three", (HeardWord("One", 0.1, 0.3), HeardWord("too", 0.5, 0.8), HeardWord("three", 0.9, 1)))
    assert onsets(words, heard) == pytest.approx([0.1, -0.1])


def test_a_silence_in_a_segment_is_explained_by_a_mark_only() -> None:
    samples = np.concatenate(
        [
            silence(0.1, SECOND),
            sound(0.5, SECOND),
            silence(0.2, SECOND),
            sound(0.5, SECOND),
            silence(0.2, SECOND),
            sound(0.5, SECOND),
        ]
    )
    words = [SpokenWord("one", 0.1, 0.6, True), SpokenWord("two", 0.8, 1.3, False), SpokenWord("three", 1.5, 2.0, True)]
    spoken = Paragraph(samples, SECOND, words, [], [(0.0, 2.0)])
    (gap,) = unexplained_gaps(spoken)
    assert gap["after"] == "two"
    assert gap["seconds"] == pytest.approx(0.2, abs=0.02)
    spoken.segments = [(0.0, 1.4), (1.45, 2.0)]
    assert unexplained_gaps(spoken) == []
    assert lead_and_tail(spoken) == pytest.approx((0.1, 0.0), abs=0.002)


def test_the_interval_of_the_error_rate_holds_the_rate() -> None:
    lines = [{"words": 10, "errors": count % 3} for count in range(60)]
    low, high = interval(lines, "errors")
    assert 0.05 < low < 0.1 < high < 0.15
    assert (low, high) == interval(lines, "errors")


# -- the machine -------------------------------------------------------------------------------------------------


def test_the_machine_is_described_and_nobody_can_tell_where_it_is() -> None:
    about = machine()
    assert about["cpu"] and about["cores"] >= 1 and about["memory_mb"] > 100
    assert about["packages"]["numpy"] == np.__version__
    assert "avx2" in about["flags"]
    assert str(Path.home()) not in json.dumps(about)
    assert not any(isinstance(value, str) and value.startswith("/") for value in about.values())


def test_memory_is_told_by_what_is_mapped() -> None:
    sums = mappings()
    assert sums["allocated"] > 1e6 and sums["files"] > 1e6 and sums["weights"] >= 0
