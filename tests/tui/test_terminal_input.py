"""What a terminal sends, and what becomes of it."""

import os
import pty
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events

from speakstream.tui.actions import ACTIONS
from speakstream.tui.terminal_input import ESCAPE_SECONDS, InputParser
from tests.program import PATIENCE

HOST = """
import os, sys
from textual.app import App
from speakstream.tui.terminal_input import terminal_driver

class Host(App):
    def on_ready(self): tell("ready")
    def on_key(self, event): tell(f"key {event.key} {event.character!r}")
    def on_paste(self, event): tell(f"paste {event.text!r}")

def tell(line): os.write(int(sys.argv[1]), (line + "\\n").encode())

Host(driver_class=terminal_driver()).run()
tell("ended")
"""


def heard(*pieces: str) -> list[tuple[str, str | None]]:
    """The keys (with what they type) and pastes that the terminal's ``pieces`` are, when nothing follows them."""
    parser = InputParser()
    messages = [message for piece in pieces for message in parser.feed(piece)]
    messages += parser.feed("")
    return [
        (message.key, message.character) if isinstance(message, events.Key) else ("paste", message.text)
        for message in messages
        if isinstance(message, events.Key | events.Paste)
    ]


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("\x1b\r", "alt+enter"),
        ("\x1b[13;2u", "shift+enter"),
        ("\x1b[13;3u", "alt+enter"),
        ("\n", "ctrl+j"),
        ("\x1b,", "alt+comma"),
        ("\x1b=", "alt+equals_sign"),
        ("\x1b-", "alt+minus"),
        ("\x1b1", "alt+1"),
        ("\x1b ", "alt+space"),
        ("\x1b\x7f", "ctrl+w"),
        ("\x1bf", "ctrl+right"),
        ("\x1b[1;3D", "alt+left"),
        ("\x1b", "escape"),
    ],
)
def test_keys_with_alt_are_what_they_are(sent: str, key: str) -> None:
    assert [name for name, _ in heard(sent)] == [key]


def test_every_letter_with_alt_that_does_something_arrives_from_any_terminal() -> None:
    letters = [key[-1] for action in ACTIONS for key in action.keys.split(",") if key[:-1] == "alt+"]
    assert letters
    for letter in letters:
        assert heard(f"\x1b{letter}") == [(f"alt+{letter}", None)]
        assert heard(f"\x1b[{ord(letter)};3u") == [(f"alt+{letter}", None)]


def test_letters_type_themselves() -> None:
    assert heard("é!\U0001f469\u200d") == [
        ("é", "é"),
        ("exclamation_mark", "!"),
        ("woman", "\U0001f469"),
        ("zero_width_joiner", "\u200d"),
    ]


def test_escape_is_not_waited_for_long() -> None:
    parser = InputParser()
    assert parser.waits_until is None
    assert list(parser.feed("\x1b")) == []
    assert parser.waits_until is not None
    assert ESCAPE_SECONDS <= 0.05


@pytest.mark.parametrize("pasted", ["", "two\rlines", "a\x1b[31mb\rc", "\x1b]52;c;AA\x07\rrm\r", "\x1b", "x" * 10_000])
def test_a_paste_is_one_thing_whatever_is_in_it(pasted: str) -> None:
    assert heard(f"a\x1b[200~{pasted}\x1b[201~b") == [("a", "a"), ("paste", pasted), ("b", "b")]


@given(
    st.lists(st.sampled_from(["a", "\r", "\x1b[31m", "\x1b", "\x1b[200", "\x1b[20"]), max_size=5).map("".join),
    st.sets(st.integers(0, 40)),
)
def test_how_it_comes_in_pieces_makes_no_difference(pasted: str, cuts: set[int]) -> None:
    sent = f"k\x1b[200~{pasted}\x1b[201~\x1b[A\x1b[200~2\x1b[201~"
    places = sorted({0, len(sent), *(cut for cut in cuts if cut < len(sent))})
    pieces = [sent[start:end] for start, end in pairwise(places)]
    assert heard(*pieces) == [("k", "k"), ("paste", pasted), ("up", None), ("paste", "2")]


def test_a_real_terminal_s_keys_arrive_and_its_end_ends_the_program(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    terminal, theirs = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-c", HOST, str(writing)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        pass_fds=[writing],
        cwd=tmp_path,
        env={**os.environ, "TERM": "xterm-256color"},
    )
    os.close(writing)
    os.close(theirs)
    try:
        with open(reading, encoding="utf-8") as told:
            assert told.readline() == "ready\n"
            os.write(terminal, b"\x1b\r")
            assert told.readline() == "key alt+enter None\n"
            os.write(terminal, "h\xe9".encode("latin-1") + b"\x1b[200~a\x1b[31m\rb\x1b[201~")
            lines = [told.readline() for _ in range(3)]
            assert lines == ["key h 'h'\n", "key replacement_character '\ufffd'\n", "paste 'a\\x1b[31m\\rb'\n"]
            os.write(terminal, b"\x1b")
            assert told.readline() == "key escape '\\x1b'\n"
            os.close(terminal)
            assert told.read() == "ended\n"
        assert running.wait(PATIENCE) == 0
    finally:
        running.kill()
        running.wait()
