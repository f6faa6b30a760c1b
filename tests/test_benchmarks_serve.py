"""What the benchmark of the server calls talk at once, without underruns, and as good beside an attack as alone."""

from typing import Any

import pytest

from benchmarks import serve
from benchmarks.serve_load import at_once
from tests.server.listener import Playing


def load(people: int, underruns: int = 0) -> dict[str, Any]:
    """So many who talked, all at the same time."""
    return {
        "people": people, "seconds": 60.0, "at_once": people, "first_audio": [0.2, None], "first_turn": [0.3],
        "tokens": 600, "underruns": underruns, "pss_before": 400e6, "pss": 400e6 + people * 10e6,
        "sound_bytes": 100_000, "frame_bytes": 101_000, "all_bytes": 103_000,
    }  # fmt: skip


def attack(beside: float) -> dict[str, Any]:
    """An honest client's first sounds."""
    memory = {"rss_alone": 100e6, "rss_beside": 110e6, "rss_beside_asking": 120e6}
    return {"alone": [0.1, 0.1], "beside": [beside, None], "beside_asking": [3.0], **memory}


def test_talk_at_once_is_talk_that_overlaps() -> None:
    assert at_once([(0.0, 2.0), (1.0, 3.0), (2.0, 4.0), (2.5, 2.6)]) == 3
    assert at_once([]) == 0


def test_a_run_of_the_server_is_judged() -> None:
    told = {one.name: one for one in serve.figures({"load": [load(1), load(6), load(16, 1)], "attack": attack(0.19)})}
    verdicts = {
        "bytes on the wire, of raw PCM16": ("aim", 1.01),
        "sessions that talk at once without underruns": ("aim", 6),
        "honest client beside 100 hostile connections: p95 of its first sound, of that alone": ("aim", 1.9),
        "6 at once: prompt to first sound frame, p50": ("", 200),
    }
    for name, (verdict, value) in verdicts.items():
        assert told[name].verdict == verdict, name
        assert told[name].value == pytest.approx(value), name


def test_an_underrun_and_a_client_that_is_slowed_down_are_seen() -> None:
    told = {one.name: one.verdict for one in serve.figures({"load": [load(1), load(4, 1)], "attack": attack(0.3)})}
    assert told["sessions that talk at once without underruns"] == "MISSED"
    assert told["honest client beside 100 hostile connections: p95 of its first sound, of that alone"] == "MISSED"


def test_a_clock_that_is_a_loudspeaker_runs_dry_as_one_does() -> None:
    playing = Playing(1, 1000)
    playing.push(50, 10.0)
    assert playing.heard(11.0) == 0, "less than what it begins with"
    playing.push(50, 11.0)
    assert playing.heard(11.05) == 50
    playing.push(100, 11.25)
    assert playing.underruns == 1 and playing.heard(11.3125) == 162
    playing.end(11.3125)
    assert playing.over(11.5) and playing.underruns == 1
