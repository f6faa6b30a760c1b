"""What a model writes can't reach into the terminal, the clipboard or the reader's eyes."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speakstream.text.control import SEQUENCE_LIMIT, STRING_LIMIT, ControlFilter

DANGEROUS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")

CORPUS = [
    ("plain text, as it is", "plain text, as it is"),
    ("a\x1b[31mred\x1b[0m b", "ared b"),
    ("a\x1b[38;2;1;2;3mred\x1b[m b", "ared b"),
    ("cursor \x1b[2J\x1b[1;1Hhome", "cursor home"),
    ("clip \x1b]52;c;ZXZpbA==\x07board", "clip board"),
    ("clip \x1b]52;c;ZXZpbA==\x1b\\board", "clip board"),
    ("\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\ text", "link text"),
    ("title \x1b]0;owned\x9cdone", "title done"),
    ("8-bit \x9d52;c;AAAA\x07osc", "8-bit osc"),
    ("8-bit \x9b31mcsi", "8-bit csi"),
    ("dcs \x1bP1$qm\x1b\\done", "dcs done"),
    ("dcs \x1bPtmux;\x07still\x1b\\done", "dcs done"),
    ("8-bit dcs \x90q#0;2\x9cdone", "8-bit dcs done"),
    ("apc \x1b_Gf=100;AAAA\x1b\\pm \x1b^x\x1b\\sos \x1bXy\x1b\\end", "apc pm sos end"),
    ("charset \x1b(0\x1b)B\x1b%Gdone", "charset done"),
    ("two-byte \x1b7\x1b8\x1bc\x1bMdone", "two-byte done"),
    ("bell\x07 back\x08space del\x7f nul\x00 vt\x0b ff\x0c", "bell backspace del nul vt ff"),
    ("c1 \x84\x85\x8d\x99end", "c1 end"),
    ("lines\r\none\rtwo\n\rthree\r\r\nfour", "lines\none\ntwo\n\nthree\n\nfour"),
    ("tab\tstays\n", "tab\tstays\n"),
    ("separators\u2028here\u2029there", "separators\nhere\nthere"),
    ("over\u202eride\u202c iso\u2066late\u2069", "override isolate"),
    ("\ufeffmark \ufff9base\ufffaruby\ufffb tag\U000e0041", "mark baseruby tag"),
    ("lone \ud800 surrogate \udfff", "lone \ufffd surrogate \ufffd"),
    ("hebrew שלום arabic سلام", "hebrew שלום arabic سلام"),
    ("family 👨‍👩‍👧 heart ❤️ 👍🏽", "family 👨‍👩‍👧 heart ❤️ 👍🏽"),
    ("unfinished \x1b", "unfinished "),
    ("unfinished \x1b[12;", "unfinished "),
    ("unfinished \x1b]52;c;AAAA", "unfinished "),
    ("csi \x1b[12\x1b[31mrestarted", "csi restarted"),
    ("osc \x1b]0;x\x1b[31mrestarted", "osc restarted"),
    ("cancelled \x1b]0;x\x18text", "cancelled text"),
    ("line ends it \x1b]0;x\nnext line", "line ends it \nnext line"),
    ("not ascii \x1b[3é stays", "not ascii é stays"),
]


def filtered(*deltas: str) -> str:
    control = ControlFilter()
    return "".join([control.push(delta) for delta in deltas]) + control.flush()


@pytest.mark.parametrize(("raw", "text"), CORPUS)
def test_control_sequences_are_removed_wherever_a_delta_ends(raw: str, text: str) -> None:
    assert filtered(raw) == text
    assert filtered(*raw) == text
    for at in range(len(raw) + 1):
        assert filtered(raw[:at], raw[at:]) == text
    assert not DANGEROUS.search(filtered(*raw))


noisy = st.text(st.sampled_from("ab[]0;\\P_m \x1b\x07\x9b\x9c\x9d\x90\r\n\x18\u202e\ud800é"), max_size=60)


@settings(max_examples=300, deadline=None)
@given(noisy, st.lists(st.integers(0, 60), max_size=5))
def test_splitting_never_changes_what_is_kept(raw: str, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
    deltas = [raw[a:b] for a, b in pairwise(edges)]
    assert filtered(*deltas) == filtered(raw) == filtered(*raw)
    assert not DANGEROUS.search(filtered(raw))


@pytest.mark.parametrize("opening", ["\x1b]0;", "\x1bP", "\x9d", "\x1b_", "\x1bX"])
def test_a_control_string_without_an_end_costs_a_bounded_part_of_the_reply(opening: str) -> None:
    body = "x" * (3 * STRING_LIMIT)
    kept = filtered(opening + body)
    assert 2 * STRING_LIMIT <= len(kept) <= 2 * STRING_LIMIT + 2
    assert filtered(*(opening + body)) == kept


def test_endless_parameters_cost_a_bounded_part_of_the_reply() -> None:
    kept = filtered("\x1b[" + "1" * 10_000)
    assert len(kept) == 10_000 - SEQUENCE_LIMIT


def test_clean_deltas_pass_through_untouched() -> None:
    control = ControlFilter()
    delta = "nothing to see here\n"
    assert control.push(delta) is delta
