"""The picture of a turn, in a terminal and as an SVG."""

import itertools
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakstream.cells import cells
from speakstream.events import Metrics, SegmentTimes
from speakstream.latency import chart
from speakstream.latency.chart import MOST_SEGMENTS, Look, nice_step
from speakstream.latency.report import Side, as_svg, as_text
from speakstream.latency.stages import NAMES, flow, milliseconds, summary, waterfall
from speakstream.settings import Settings
from tests.latency.turns import TURN, metrics, result


def drawn(look: Look) -> str:
    lines = [*chart.until_the_first_sound(TURN, look), "", *chart.until_the_end(TURN, look), ""]
    return "\n".join([*lines, *chart.wrapped(summary(TURN), look), *chart.wrapped(flow(TURN), look)])


WIDE = """\
prepare   ██▏                                       12 ms
prefill     █████████████████▎                      96 ms  23 new, 19 cached
tokens                       ╵╵ ╵╵ ╵╵ ╵· ·· · ··    52 ms  7 tokens
clause                                ▏              1 ms
voice                                 ▐████         25 ms  1.2 s of speech
resample                                   ▏        <1 ms
buffer                                     █▍        7 ms
device                                      ▐███▎   22 ms
onset                                           ▐    4 ms
          │0 ms   │50      │100     │150     │200

tokens    ║║║                                              40 in all
1         ▒██████                                          The sky appears blue
2          ▒······█████████████                    +1.0 s  because of a phenom…
3                 ▒·············████████████████   +2.4 s  It happens in the “…
          │0 s      │2         │4        │6
▒ the voice works  · waits  █ sounds  +: ready so long before its time

first sound after 219 ms: 12 prepare, 96 prefill, 52 tokens, 1 clause,
25 voice, 7 buffer, 22 device, 4 onset
no gap in the speech; at worst a segment was ready 1.0 s early"""

NARROW = """\
prepare   █▋                              12 ms
prefill    ▐████████████▎                 96 ms
tokens                  ╵╵╵╵╵ ╵╵······    52 ms
clause                         ▏           1 ms
voice                          ▐██▌       25 ms
resample                          ▏       <1 ms
buffer                            ▐▌       7 ms
device                             ▐██▌   22 ms
onset                                 ▐    4 ms
          │0 ms        │100         │200

tokens    ║║
1         ▒█████
2          ▒····██████████               +1.0 s
3               ▒·········█████████████  +2.4 s
          │0 s   │2      │4      │6
▒ the voice works  · waits  █ sounds  +: ready
so long before its time

first sound after 219 ms: 12 prepare,
96 prefill, 52 tokens, 1 clause, 25 voice,
7 buffer, 22 device, 4 onset
no gap in the speech; at worst a segment was
ready 1.0 s early"""

PLAIN = """\
prepare   ##                              12 ms
prefill    #############                  96 ms
tokens                  ''''' ''......    52 ms
clause                         #           1 ms
voice                          ####       25 ms
resample                          #       <1 ms
buffer                            ##       7 ms
device                             ###    22 ms
onset                                 #    4 ms
          |0 ms        |100         |200

tokens    ""
1         +#####
2          +....##########               +1.0 s
3               +.........#############  +2.4 s
          |0 s   |2      |4      |6
+ the voice works  . waits  # sounds  +: ready
so long before its time

first sound after 219 ms: 12 prepare,
96 prefill, 52 tokens, 1 clause, 25 voice,
7 buffer, 22 device, 4 onset
no gap in the speech; at worst a segment was
ready 1.0 s early"""


@pytest.mark.parametrize(
    ("look", "picture"), [(Look(80), WIDE), (Look(48), NARROW), (Look(48, unicode=False), PLAIN)], ids=str
)
def test_the_picture_of_a_turn(look: Look, picture: str) -> None:
    assert drawn(look) == picture


def test_without_unicode_every_character_is_ascii_and_every_mark_is_another() -> None:
    assert drawn(Look(80, unicode=False)).isascii()
    for unicode in (True, False):
        assert len({*Look(80, unicode).marks}) == 3, "colour never tells alone"


def test_colours_change_nothing_else() -> None:
    painted = drawn(Look(80, colour=True))
    assert painted != drawn(Look(80))
    assert re.sub(r"\x1b\[\d*m", "", painted) == drawn(Look(80))


@pytest.mark.parametrize("columns", [*range(40, 140, 7), 400])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_wider_than_the_terminal(columns: int, unicode: bool) -> None:
    results = [result(Side(Settings(), changes), [0.096, 0.1, 0.11]) for changes in ("", "LLM_THREADS=1")]
    for told in (results[:1], results):
        for line in as_text("Why is the sky blue? " * 9, told, Look(columns, unicode)):
            assert cells(line.translate({ord(mark): "x" for mark in "█▏▎▍▌▋▊▉▐▒║╵│·…“”"})) < columns


def test_a_long_speech_shows_its_first_segments_and_says_how_many_there_are() -> None:
    many = metrics()
    many.segments = [replace(many.segments[0], offset=index * 1.3) for index in range(MOST_SEGMENTS + 5)]
    lines = chart.until_the_end(waterfall(many), Look())
    assert len(lines) == MOST_SEGMENTS + 3
    assert lines[MOST_SEGMENTS].strip() == "and 6 segments more"


@given(st.floats(1e-4, 1e5), st.floats(1, 50))
def test_the_times_on_an_axis_are_round_and_not_too_many(length: float, parts: float) -> None:
    step = nice_step(length, parts)
    assert length / step <= parts * (1 + 1e-9)
    assert f"{step:.0e}"[0] in "125"


# -- stages and sums ---------------------------------------------------------------------------------------


def test_the_stages_follow_each_other_from_enter_to_the_first_sound() -> None:
    assert tuple(stage.name for stage in TURN.stages) == NAMES
    assert TURN.stages[0].begins == 0.0
    for one, following in itertools.pairwise(TURN.stages):
        assert one.ends == following.begins
    made = metrics()
    assert made.first_audible is not None
    assert TURN.total == pytest.approx(made.first_audible - made.submitted)


@given(st.lists(st.floats(0, 3), min_size=11, max_size=11))
def test_the_parts_of_the_summary_add_up_to_its_total(steps: list[float]) -> None:
    at = list(itertools.accumulate(steps, initial=1000.0))
    turn = waterfall(
        Metrics(
            at[0], prepared=at[1], prefill_begun=at[1], prefill_ended=at[2], first_token=at[3], first_clause=at[4],
            first_taken=at[9], first_audio=at[10], first_audible=at[11],
            segments=[SegmentTimes(0.0, 1.0, at[5], at[6], at[7], at[8])],
        )
    )  # fmt: skip
    assert sum(milliseconds(turn.stages)) == round(turn.total * 1000)
    total, _, parts = summary(turn).removeprefix("first sound after ").partition(" ms: ")
    assert sum(int(part.split()[0]) for part in parts.split(", ") if part) == int(total)


def test_of_a_turn_that_was_cut_the_stages_it_came_to_are_shown() -> None:
    cut = metrics()
    cut.prefill_ended = cut.first_clause = None
    assert [stage.name for stage in waterfall(cut).stages] == ["prepare", "prefill"]
    cut.first_token = None
    assert summary(waterfall(cut)) == "prepare done after 4 ms: 4 prepare"
    cut.prepared = None
    assert summary(waterfall(cut)) == "nothing was spoken"


def test_an_engine_that_tells_nothing_of_the_prompt_has_read_it_when_the_first_token_comes() -> None:
    untold = metrics()
    untold.prefill_begun = untold.prefill_ended = untold.prompt_tokens = untold.cached_tokens = None
    stages = waterfall(untold).stages
    assert [stage.name for stage in stages] == [*NAMES]
    assert milliseconds(stages)[:3] == [4, 105, 51]
    assert sum(milliseconds(stages)) == sum(milliseconds(TURN.stages))


def test_a_moment_that_another_thread_overtook_takes_no_time() -> None:
    early = metrics()
    assert early.first_taken is not None
    early.first_audio = early.first_taken - 0.001  # as with the silent clock
    stages = waterfall(early).stages
    assert stages[7].seconds == 0
    assert all(stage.seconds >= 0 for stage in stages)


def test_segments_sound_one_after_the_other_and_a_late_one_leaves_a_gap() -> None:
    assert [round(row.early, 2) for row in TURN.segments] == [0.0, 1.04, 2.37]
    assert flow(TURN) == "no gap in the speech; at worst a segment was ready 1.0 s early"
    late = metrics()
    late.underruns = 1
    late.segments[1] = replace(late.segments[1], made=late.submitted + 3.0, resampled=late.submitted + 3.0)
    rows = waterfall(late).segments
    assert rows[1].early < 0
    assert rows[1].sounds == pytest.approx(rows[0].sounds + 1.22 - rows[1].early)
    assert rows[2].sounds == pytest.approx(rows[1].sounds + 2.7), "and moves what follows"
    assert flow(waterfall(late)).startswith("1 gap in the speech; at worst a segment was ready 1.6 s late")
    late.underruns = 0
    assert waterfall(late).segments[1].early == 0, "the device did not run dry: it was in time, by a hair"


# -- the SVG -----------------------------------------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"


def test_the_svg_is_well_formed_and_has_every_stage_and_segment() -> None:
    prompt = "Is 1 < 2 & \"3\" > ]]> <script>alert('\x1b')</script>?"
    results = [result(Side(Settings(), changes), [0.096, 0.1, 0.11]) for changes in ("", "STOP=<b>&")]
    for told in (results[:1], results):
        root = ElementTree.fromstring(as_svg(prompt, told))
        assert root.get("role") == "img"
        texts = [element.text for element in root.iter(f"{SVG}text")]
        for name in NAMES:
            assert texts.count(name) == len(told) * (2 if name == "tokens" else 1)
        assert texts.count("segment 3") == len(told)
        assert root.findtext(f"{SVG}title") == prompt.replace("\x1b", r"\x1b")
        described = root.findtext(f"{SVG}desc") or ""
        assert described.count("first sound after ") == len(told)
        assert "prefers-color-scheme: dark" in (root.findtext(f"{SVG}style") or "")
        assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
            *("svg", "title", "desc", "style", "defs", "pattern", "rect", "text", "line", "g")
        }
        width, height = (float(root.get(side, "0")) for side in ("width", "height"))
        for rect in root.iter(f"{SVG}rect"):
            x, y, wide, high = (float(rect.get(name, "0")) for name in ("x", "y", "width", "height"))
            assert wide >= 1 and x + wide <= width and y + high <= height
    assert any(text and "STOP=<b>&" in text for text in texts)
