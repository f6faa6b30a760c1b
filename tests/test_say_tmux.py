"""``speakstream say`` in terminals: a real one (tmux), and pseudo-terminals of which every byte is kept."""

import os
import re
import shlex
import shutil
import signal
import termios
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program import COMMAND, Terminal, no_sound
from tests.rig.sound import NullSink, Recorder, poll
from tests.tmux import Tmux

TEXT = (
    "The quick brown fox jumps over the lazy dog – and then it rests.\n\n"
    + "".join(f"Paragraph {number} has a few more words in it than the screen is wide.\n\n" for number in range(3))
    + "The very last words.\n"
)
LIT = "\x1b[7m"


def wrapped(text: str, columns: int) -> list[str]:
    rows: list[str] = []
    for line in text.rstrip("\n").split("\n"):
        rows += textwrap.wrap(line, columns - 1, break_on_hyphens=False) or [""]
    return rows


@pytest.fixture
def tmux_env(null_sink: NullSink, recorder: Recorder) -> Iterator[dict[str, str]]:
    """Sound, for programs in a tmux."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    yield null_sink.env


def test_words_are_lit_as_they_sound_and_the_scrollback_is_the_text(tmp_path: Path, tmux_env: dict[str, str]) -> None:
    (tmp_path / "text").write_text(TEXT)
    with Tmux(tmp_path, 40, 10, tmux_env) as tmux:
        modes = tmux.ask("display-message", "-p", "#{pane_tty}").strip()
        with open(modes) as tty:
            before = termios.tcgetattr(tty)
        tmux.run("say", "--file", "text", "--speed", "2")
        lit: list[str] = []
        for word in ("brown", "Paragraph", "wide", "last"):
            shown = tmux.wait_for(rf"{re.escape(LIT)}{word}\b", escapes=True)
            assert shown.count(LIT) == 1
            lit.append(word)
        tmux.wait_for("^status=0")
        assert tmux.everything() == "\n".join([*wrapped(TEXT, 40), "status=0", "$"])
        assert LIT not in tmux.everything(escapes=True)
        assert tmux.ask("display-message", "-p", "#{cursor_flag} #{pane_in_mode}").strip() == "1 0"
        with open(modes) as tty:
            assert termios.tcgetattr(tty) == before


def test_typed_keys_and_a_resize_do_not_corrupt_the_text(tmp_path: Path, tmux_env: dict[str, str]) -> None:
    (tmp_path / "text").write_text(TEXT)
    with Tmux(tmp_path, 60, 12, tmux_env) as tmux:
        tmux.run("say", "--file", "text", "--speed", "2")
        tmux.wait_for(rf"{re.escape(LIT)}fox", escapes=True)
        tmux.type("xyz", "Enter", "Enter")
        tmux.wait_for(rf"{re.escape(LIT)}rests", escapes=True)
        assert "xyz" not in tmux.screen()
        tmux.ask("resize-window", "-x", "50", "-y", "9")
        tmux.wait_for(rf"{re.escape(LIT)}last", escapes=True)
        shown = tmux.wait_for("^status=0")
        everything = tmux.everything()
        text = everything[: everything.index("status=0")]
        # rows from before the resize may be broken anew by tmux; not a word is lost, doubled or overwritten
        assert text.replace("\n", "").replace(" ", "") == TEXT.replace("\n", "").replace(" ", "")
        assert "The very last words.\nstatus=0" in shown


def test_ctrl_c_leaves_the_terminal_as_it_was(tmp_path: Path, tmux_env: dict[str, str], recorder: Recorder) -> None:
    (tmp_path / "text").write_text(TEXT)
    with Tmux(tmp_path, 40, 10, tmux_env) as tmux:
        tmux.run("say", "--file", "text")
        tmux.wait_for(rf"{re.escape(LIT)}brown", escapes=True)
        tmux.type("C-c")
        tmux.wait_for("^status=130")
        everything = tmux.everything(escapes=True)
        assert LIT not in everything
        assert "^C" not in everything
        assert "last words" not in everything, "what was never spoken is shown after Ctrl-C"
        rows = tmux.everything().split("\n")
        text = rows[: rows.index("status=130")]
        assert text == wrapped(TEXT, 40)[: len(text)]
        tmux.type("clear; stty -a | grep -o -w -e '-*echo'", "Enter")
        tmux.wait_for("^echo$")


def test_a_stop_and_a_continuation_keep_the_screen_and_the_echo(tmp_path: Path, tmux_env: dict[str, str]) -> None:
    (tmp_path / "text").write_text(TEXT)
    with Tmux(tmp_path, 60, 20, tmux_env) as tmux:
        tmux.run("say", "--file", "text", "--speed", "2")
        tmux.wait_for(rf"{re.escape(LIT)}fox", escapes=True)
        tmux.type("C-z")
        tmux.wait_for("Stopped")
        tmux.type("echo here", "Enter")
        shown = tmux.wait_for("^here")
        assert "echo here" in shown, "typed keys are not echoed while it is stopped"
        tmux.type("fg", "Enter")
        tmux.wait_for("The very last words.")
        tmux.wait_for(r"^\$ *\n*\Z")
        everything = tmux.everything()
        assert everything.count("The quick brown fox jumps over the lazy dog") == 1
        assert everything.count("echo here\nhere\n") == 1


def test_a_closed_terminal_leaves_no_process(tmp_path: Path, tmux_env: dict[str, str], null_sink: NullSink) -> None:
    with Tmux(tmp_path, 40, 10, tmux_env) as tmux:
        tmux.run("say", "--read", TEXT)
        tmux.wait_for(re.escape(LIT), escapes=True)
        [stream] = null_sink.wait_for_streams(1)
        assert stream.process is not None
        tmux.ask("set", "-g", "exit-empty", "off")
        tmux.ask("kill-session")
        gone = poll(lambda: not Path(f"/proc/{stream.process}").exists(), 10)
        assert gone, "it runs on without its terminal"


# -- pseudo-terminals -------------------------------------------------------------------------------------

OURS = re.compile(rb"\x1b\[7m|\x1b\[27m|\x1b\[2m|\x1b\[22m|\x1b[78]|\x1b\[\d+[AC]")
EVIL = (
    "Hello \x1b]52;c;QUJD\x07there \x1b]8;;http://example.org\x1b\\link\x1b]8;;\x1b\\ \x9b31mred\x9c "
    "\x1b[2J\x1b[1;1Hmoved \x1bP1$r\x1b\\ \x08\x08\x7f end\u202e.\n"
)


def test_no_control_sequence_of_a_text_reaches_a_terminal(
    tmp_path: Path, null_sink: NullSink, recorder: Recorder
) -> None:
    (tmp_path / "evil").write_text(EVIL)
    with Terminal(tmp_path, ["say", "--file", "evil", "--speed", "2"], null_sink.env) as terminal:
        status, written = terminal.finish()
    assert status == 0
    assert b"\x1b[7mHello" in written
    left = OURS.sub(b"", written)
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", left), left
    assert not re.search("[\x80-\x9f\u202e]", left.decode())
    assert b"52;c" not in left and b"example.org" not in left


def test_split_sequences_do_not_reach_a_terminal_either(tmp_path: Path) -> None:
    read, write = os.pipe()
    program = f"exec {shlex.join(COMMAND)} say --read - --no-audio <&{read}"
    (tmp_path / "run.sh").write_text(program)
    with Terminal(tmp_path, [], command=[shutil.which("bash") or "", "run.sh"], pass_fds=(read,)) as terminal:
        os.close(read)
        for piece in (b"one \x1b", b"]52;c;QUJD", b"\x07two \xc2", b"\x9b31mthree ", b"\x1b[", b"2Jfour\n"):
            os.write(write, piece)
            if b" " in piece:
                terminal.wait_for(piece.split(b" ")[0].split(b"m")[-1][-3:])
        os.close(write)
        status, written = terminal.finish()
    assert (status, written) == (0, b"one two three four\r\n")


def test_a_dumb_terminal_gets_plain_text(tmp_path: Path) -> None:
    with Terminal(tmp_path, ["say", "--read", EVIL], {"TERM": "dumb", **no_sound(tmp_path)}) as terminal:
        status, written = terminal.finish()
    assert status == 0
    assert b"\x1b" not in written
    assert b"Hello there link red moved" in written.replace(b"\r\n", b"\n")
    assert b"speakstream: no sound: " in written


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_a_killed_run_restores_the_echo(
    tmp_path: Path, null_sink: NullSink, recorder: Recorder, number: signal.Signals
) -> None:
    with Terminal(tmp_path, ["say", "--read", TEXT], null_sink.env) as terminal:
        terminal.wait_for(b"\x1b[7m")
        assert not termios.tcgetattr(terminal.slave)[3] & termios.ECHO
        terminal.process.send_signal(number)
        status, written = terminal.finish()
        assert status == 128 + number
        assert termios.tcgetattr(terminal.slave) == terminal.modes
    assert written.count(b"\x1b[7m") == written.count(b"\x1b[27m")


def test_a_typed_prompt_is_asked_for_and_ctrl_c_ends_the_typing(tmp_path: Path) -> None:
    with Terminal(tmp_path, ["say", "-", "--no-audio"]) as terminal:
        terminal.wait_for(b"type the prompt, then Ctrl-D")
        assert termios.tcgetattr(terminal.slave)[3] & termios.ECHO, "what is typed is not shown"
        terminal.type(b"Name")
        terminal.wait_for(b"Name")
        terminal.type(b"\x03")
        status, written = terminal.finish()
    assert status == 130
    assert b"Traceback" not in written


def test_wav_data_is_not_written_to_a_terminal(tmp_path: Path) -> None:
    with Terminal(tmp_path, ["say", "--read", "Hello.", "-o", "-"]) as terminal:
        status, written = terminal.finish()
    assert status == 2
    assert b"standard output is a terminal" in written and b"RIFF" not in written


def test_lists_fit_a_narrow_terminal(tmp_path: Path) -> None:
    for columns in (80, 40):
        with Terminal(tmp_path, ["voices"], size=(columns, 24)) as terminal:
            status, written = terminal.finish()
        assert status == 0
        rows = written.decode().replace("\r\n", "\n").split("\n")
        assert max(map(len, rows)) < columns, rows
        assert any("hibari/heart" in row for row in rows)
