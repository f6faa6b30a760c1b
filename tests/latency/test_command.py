"""``speakstream latency`` as a process: what it measures, writes and says, and how it ends."""

import itertools
import json
import signal
import string
import termios
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import pytest

from speakstream.errors import SettingsError
from speakstream.latency.chart import LABEL
from speakstream.latency.report import Side
from speakstream.latency.run import Job, read_changes, run
from speakstream.latency.stages import NAMES
from speakstream.settings import Settings
from tests.program import Terminal, no_sound, speakstream

pytestmark = pytest.mark.usefixtures("weights")  # a fetch would have its own lines


def test_changes_are_read_as_settings_and_a_comma_may_stand_in_a_value() -> None:
    assert read_changes("LLM_THREADS=1") == {"LLM_THREADS": "1"}
    assert read_changes("llm_threads = 1, SPEAKSTREAM_TTS_SPEED=2") == {"LLM_THREADS": "1", "TTS_SPEED": "2"}
    assert read_changes("SYSTEM_PROMPT=Be kind, and short.,TOP_K=1") == {
        "SYSTEM_PROMPT": "Be kind, and short.", "TOP_K": "1"
    }  # fmt: skip
    for wrong in ("", "LLM_THREADS", "=1"):
        with pytest.raises(SettingsError, match="write NAME=VALUE"):
            read_changes(wrong)


WORDLESS = "|".join([*string.ascii_letters, *string.digits])
"""A reply that ends before any of these has nothing to speak."""


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["--turns", "0"], 2, "--turns '0' is not allowed: use a whole number from 1 to 100; see: speakstream latency"),
        (["--turns", "many"], 2, "--turns 'many' is not allowed"),
        (["  "], 2, "the prompt is empty"),
        (["two", "words"], 2, "a prompt of several words needs quotes around it"),
        (["--max-new-tokens", "0"], 2, "--max-new-tokens '0' is not allowed: use a whole number from 1"),
        (["--compare", "LLM_THREDS=1"], 2, "LLM_THREDS is not a setting (command line); did you mean LLM_THREADS?"),
        (["--compare", "LLM_THREADS=x"], 2, "LLM_THREADS is 'x' (command line); use a whole number from 1 to 512"),
        (["--compare", "fast"], 2, "--compare: 'fast' is no setting; write NAME=VALUE, for instance LLM_THREADS=1"),
        (["--compare", "TTS_SPEED=1"], 2, "--compare TTS_SPEED=1: that is what is set anyway"),
        (["--svg", "."], 1, "--svg .: this is a folder; give a file that can be written"),
        (["--svg", "nowhere/a.svg"], 1, "--svg nowhere/a.svg: there is no such folder"),
        (["--voice", "hibari/hart"], 1, "voice 'hibari/hart' is unknown; did you mean 'hibari/heart'?"),
        (["--device", "loud"], 1, "no sound"),
        (["--compare", "TTS_MODEL_NAME=hibari/hart"], 1, "did you mean 'hibari/heart'?"),
        (["--max-new-tokens", "4"], 1, "nothing was spoken: the reply was"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, arguments: list[str], status: int, says: str) -> None:
    done = speakstream(tmp_path, "latency", *arguments, env={"SPEAKSTREAM_STOP": WORDLESS, **no_sound(tmp_path)})
    assert done.stdout == b""
    *notices, message = done.stderr.decode().splitlines()
    assert message.startswith("speakstream: ") and says in message
    assert all("this machine has no sound device" in notice for notice in notices)
    assert done.returncode == status


def test_json_has_every_stage_in_order_also_without_a_device(tmp_path: Path) -> None:
    done = speakstream(
        tmp_path, "latency", "--json", "--turns", "2", "--max-new-tokens", "9", "What is rain?",
        env={"SPEAKSTREAM_TEMPERATURE": "0", **no_sound(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stderr.count(b"\n") == 1 and b"this machine has no sound device" in done.stderr
    told = json.loads(done.stdout)
    assert told["prompt"] == "What is rain?"
    (side,) = told["sides"]
    assert "a silent clock in the place of a sound device, whose latency is not in these figures" in side["about"]
    assert len(side["turns"]) == 2
    for turn in (side["warm_up"], *side["turns"]):
        assert [stage["name"] for stage in turn["stages"]] == [*NAMES]
        for one, following in itertools.pairwise(turn["stages"]):
            assert one["begins"] <= one["ends"] == following["begins"]
        assert turn["stages"][-1]["ends"] == turn["first_sound"]
        assert turn["metrics"]["first_audible"] == pytest.approx(turn["first_sound"], abs=0.001)
        assert turn["metrics"]["tokens"] == len(turn["metrics"]["token_times"]) > 3
        assert turn["metrics"]["ended"] > turn["first_sound"]
        assert len(turn["segments"]) == len(turn["metrics"]["segments"]) >= 1
    one, two = side["turns"]
    assert one["reply"] == two["reply"] != ""
    assert one["metrics"]["cached_tokens"] == two["metrics"]["cached_tokens"], "the prompt itself was not kept"
    assert one["metrics"]["prompt_tokens"] - one["metrics"]["cached_tokens"] > 5
    assert side["spread"]["total"]["least"] == min(one["first_sound"], two["first_sound"])


def test_two_settings_are_measured_in_one_run_and_drawn_in_ascii_where_that_is_all_there_is(tmp_path: Path) -> None:
    done = speakstream(
        tmp_path, "latency", "--silent", "--compare", "tts_speed=2,LLM_THREADS=1", "--turns", "1",
        "--max-new-tokens", "6", "--svg", "a.svg", "Name a color.",
        env={"PYTHONIOENCODING": "ascii", "COLUMNS": "48"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"speakstream: the picture is written: a.svg\n")
    told = done.stdout.decode("ascii").splitlines()
    assert "A: as configured" in told and "B: tts_speed=2,LLM_THREADS=1" in told
    assert max(map(len, told)) < 48
    assert "1 thread), hibari/heart, a silent clock" in done.stdout.decode().replace("\n", " ")
    rows = Counter(line[:LABEL].rstrip() for line in told)
    assert [rows[name] for name in ("prepare", "onset", "total", "1")] == [3, 3, 1, 2]
    assert "turns of each at least are needed to tell" in " ".join(told)
    ElementTree.parse(tmp_path / "a.svg")


def test_ctrl_c_ends_it_at_once_and_leaves_the_terminal_clean(tmp_path: Path) -> None:
    with Terminal(tmp_path, ["latency", "--silent", "--turns", "100", "--max-new-tokens", "6", "Hi"]) as terminal:
        terminal.wait_for(b"turn 1 of 100")
        begun = time.monotonic()
        terminal.process.send_signal(signal.SIGINT)
        status, written = terminal.finish()
        assert time.monotonic() - begun < 10, "a backstop"
        assert status == 130
        assert written.endswith(b"\r\x1b[K"), "the line that told how far it was is gone"
        assert b"Traceback" not in written and b"\n" not in written
        assert termios.tcgetattr(terminal.slave) == terminal.modes


def test_nothing_of_a_run_goes_on_behind_it(tmp_path: Path) -> None:
    """In process: no thread is left, whatever the run opened."""
    before = threading.active_count()
    settings = Settings(max_new_tokens=4, temperature=0.0)
    assert run(Job((Side(settings),), prompt="Hi", as_json=True, silent=True)) == 0
    assert threading.active_count() == before
