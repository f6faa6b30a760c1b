"""Many turns, and two settings: what is said of them."""

import random

import pytest

from speakstream.latency.chart import Look
from speakstream.latency.report import Side, as_json, as_text
from speakstream.latency.spread import Difference, conclusion, differences, median_turn, spread, spreads
from speakstream.latency.stages import NAMES
from speakstream.settings import Settings
from tests.latency.turns import result


def test_a_spread_is_told_by_median_and_extremes_and_the_median_turn_is_drawn() -> None:
    of = result(Side(Settings()), [0.2, 0.1, 0.3, 0.12])
    assert spreads(of.pictures)["prefill"].median == pytest.approx(0.16)
    assert median_turn(of.pictures).stages[1].seconds == pytest.approx(0.12)
    told = as_text("Why?", [of], Look())
    assert "the median of 4 turns, after a warm-up turn that is not counted (323 ms)" in told
    assert "prefill        160      100      300" in told
    assert "first sound after 243 ms: 12 prepare, 120 prefill, 52 tokens, 1 clause," in told


def test_one_turn_says_that_it_is_one_and_that_another_was_not_counted() -> None:
    told = as_text("Why?", [result(Side(Settings()), [0.096])], Look())
    assert "one turn, after a warm-up turn that is not counted (219 ms)" in told
    assert not any("median" in line for line in told)


@pytest.mark.parametrize(
    ("base", "other", "says"),
    [
        ([100, 104, 98, 101, 99], [160, 158, 165, 162, 161], "with X=1 the first sound comes 61 ms later: 284 ms"),
        ([160, 158, 165, 162, 161], [100, 104, 98, 101, 99], "with X=1 the first sound comes 61 ms sooner: 223 ms"),
        ([100, 150, 98, 101, 99], [103, 158, 102, 101, 104], "no difference that can be told: 223 ms, and with X=1"),
        ([100, 100], [160, 160], "3 turns of each at least are needed to tell that from chance: --turns 5"),
        ([100], [100], "3 turns of each at least are needed"),
    ],
)
def test_a_difference_is_claimed_only_where_it_is_larger_than_chance(
    base: list[int], other: list[int], says: str
) -> None:
    sides = [result(Side(Settings()), [each / 1000 for each in values]).pictures for values in (base, other)]
    found = differences(*sides)
    assert [each.name for each in found] == [*NAMES, "total"]
    assert says in conclusion(found[-1], "X=1")
    assert found[0].seconds == 0 and found[0].verdict in ("within", "")


def test_settings_that_do_not_differ_seldom_seem_to() -> None:
    """Turns of one distribution, with hiccups, against turns of the same one."""
    rng = random.Random(1)

    def turns() -> list[float]:
        return [rng.gauss(0.2, 0.02) + (0.2 if rng.random() < 0.1 else 0.0) for _ in range(5)]

    claims = sum(Difference("", spread(turns()), spread(turns())).verdict != "within" for _ in range(1000))
    assert claims <= 30


def test_a_comparison_shows_both_turns_a_table_and_what_it_comes_to() -> None:
    sides = [
        result(Side(Settings(), changes), values)
        for changes, values in (("", [0.1, 0.101, 0.102]), ("LLM_THREADS=1", [0.2, 0.201, 0.202]))
    ]
    told = as_text("Why?", sides, Look(48))
    assert "A: as configured" in told and "B: LLM_THREADS=1" in told
    assert sum(line.startswith("prefill ") for line in told) == 3
    assert "ms             A      B   B - A  spread" in told
    assert "prefill      101    201    +100     3.6  slower" in told
    assert "voice         25     25       0       0  -" in told
    assert "spread: what chance alone may make; -: the" in told
    assert " ".join(told[-3:]).endswith("the first sound comes 100 ms later: 324 ms instead of 224 ms, while "
                                        "chance alone may make 4 ms")  # fmt: skip
    first, second = (max(len(line) for line in told if line.startswith(f"{name} ")) for name in ("onset", "prefill"))
    assert first <= second <= 48
    assert as_json("Why?", sides)["comparison"][1] == {
        "stage": "prefill", "difference": 0.1, "spread": 0.0036, "verdict": "slower"
    }  # fmt: skip
