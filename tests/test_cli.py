"""The command line: what it accepts, what it says when it can't, and what it exits with."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from speakstream import __version__
from speakstream.arguments import bare_read, without_debug
from tests.program import COMMAND, environment, no_sound, speakstream


def complaint(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    """The status, and the one line on standard error, of a call that fails."""
    done = speakstream(folder, *arguments, env=env)
    message = done.stderr.decode()
    assert done.stdout == b""
    assert message.count("\n") == 1, message
    assert message.startswith("speakstream: ")
    return done.returncode, message.removeprefix("speakstream: ").rstrip("\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sya", "hello"], "there is no command 'sya'; did you mean say?"),
        (["models", "pul"], "there is no command 'pul'; did you mean pull?"),
        (["say", "--voic", "x"], "there is no option --voic; did you mean --voice?"),
        (["--verson"], "there is no option --verson; did you mean --version?"),
        (["say", "two", "words"], "a prompt of several words needs quotes around it"),
        (["say"], "there is nothing to say: give a PROMPT"),
        (["say", "  "], "the prompt is empty"),
        (["say", "--read"], "--read needs a TEXT, or - for standard input, or --file FILE"),
        (["say", "--read", "--voice", "hibari/heart"], "--read needs a TEXT"),
        (["say", "--voice"], "requires an argument"),
        (["say", "--read", "a", "--file", "b"], "two texts to read"),
        (["say", "--read", "a", "b"], "a text to read and a prompt, 'b'"),
        (["say", "--file", "-"], "from standard input: speakstream say --read -"),
        (["say", "--play", "a"], "--play goes with --output"),
        (["say", "--json", "-o", "-", "a"], "--json and --output - both want standard output"),
        (["say", "--speed", "fast", "a"], "--speed 'fast' is not allowed: use a number from 0.5 to 3"),
        (["say", "--speed", "9", "a"], "--speed '9' is not allowed: use a number from 0.5 to 3"),
        (["say", "--volume", "2", "a"], "--volume '2' is not allowed: use a number from 0 to 1"),
        (["say", "--temperature", "-1", "a"], "--temperature '-1' is not allowed: use a number from 0 to 2"),
        (["say", "--seed", "x", "a"], "--seed 'x' is not allowed: use a whole number from 0"),
        (["say", "--max-new-tokens", "0", "a"], "--max-new-tokens '0' is not allowed: use a whole number from 1"),
    ],
)
def test_a_wrong_usage_says_what_is_right(tmp_path: Path, arguments: list[str], says: str) -> None:
    status, message = complaint(tmp_path, *arguments)
    assert says in message
    assert status == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["say", "--voice", "hibari/hart", "a"], "voice 'hibari/hart' is unknown; did you mean 'hibari/heart'?"),
        (["say", "--file", "nowhere.txt"], "--file nowhere.txt: there is no such file"),
        (["say", "--read", "--file", "."], "--file .: this is a folder"),
        (["say", "--read", "a", "-o", "nowhere/a.wav"], "nowhere/a.wav: No such file or directory"),
        (["say", "--read", "a", "--device", "loud"], "no sound"),
        (["models", "rm", "foo"], "Unknown model 'foo'"),
        (["devices"], "this machine has no sound device"),
    ],
)
def test_an_error_is_one_line_and_status_1(tmp_path: Path, arguments: list[str], says: str) -> None:
    status, message = complaint(tmp_path, *arguments, env=no_sound(tmp_path))
    assert says in message
    assert status == 1


def test_a_machine_whose_alsa_has_no_configuration_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    status, message = complaint(tmp_path, "devices", env={"ALSA_CONFIG_PATH": str(tmp_path / "empty")})
    assert status == 1
    assert "ALSA's configuration is missing or empty" in message


def test_an_unknown_model_is_named_with_the_nearest(tmp_path: Path) -> None:
    status, message = complaint(tmp_path, "say", "--no-audio", "--model", "SmolLM2-135M-Instuct", "a")
    assert status == 1
    assert "Unknown model 'SmolLM2-135M-Instuct' (did you mean HuggingFaceTB/SmolLM2-135M-Instruct?)" in message


def test_control_characters_in_a_name_are_spelled_out(tmp_path: Path) -> None:
    _, message = complaint(tmp_path, "say", "--file", "\x1b]52;c;AAAA\x07x")
    assert r"--file \x1b]52;c;AAAA\x07x: there is no such file" in message


def test_a_bad_setting_names_its_place(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TTS_SPEED=quick\n")
    status, message = complaint(tmp_path, "say", "a")
    assert status == 1
    assert "TTS_SPEED is 'quick'" in message and ".env, line 1" in message and "0.5 to 3" in message


def test_debug_may_stand_anywhere_and_shows_the_traceback(tmp_path: Path) -> None:
    for arguments in (["--debug", "models", "rm", "foo"], ["models", "rm", "foo", "--debug"]):
        done = speakstream(tmp_path, *arguments)
        assert done.returncode == 1
        assert b"Traceback (most recent call last)" in done.stderr
        assert done.stderr.splitlines()[-1].startswith(b"speakstream: Unknown model 'foo'")
    done = speakstream(
        tmp_path, "say", "--voice", "hibari/hart", "a", env={"SPEAKSTREAM_DEBUG": "true", **no_sound(tmp_path)}
    )
    assert b"Traceback" in done.stderr


def test_debug_is_found_before_the_end_of_the_options_only() -> None:
    assert without_debug(["say", "--debug", "a"]) == (["say", "a"], True)
    assert without_debug(["say", "a"]) == (["say", "a"], False)
    assert without_debug(["say", "--", "--debug"]) == (["say", "--", "--debug"], False)


def test_read_may_stand_alone_before_an_option() -> None:
    assert bare_read(["say", "--read", "--file", "F"]) == ["say", "--bare-read", "--file", "F"]
    assert bare_read(["say", "--read", "--file=F"]) == ["say", "--bare-read", "--file=F"]
    assert bare_read(["say", "--file", "F", "--read"]) == ["say", "--file", "F", "--bare-read"]
    assert bare_read(["say", "--read", "-"]) == ["say", "--read", "-"]
    assert bare_read(["say", "--read", "--5 degrees"]) == ["say", "--read", "--5 degrees"]
    assert bare_read(["say", "--read=a"]) == ["say", "--read=a"]
    assert bare_read(["say", "--", "--read"]) == ["say", "--", "--read"]
    assert bare_read(["models", "--read"]) == ["models", "--read"]


def test_help_is_for_reading_and_lists_everything(tmp_path: Path) -> None:
    short, long = speakstream(tmp_path, "-h"), speakstream(tmp_path, "--help")
    assert short.returncode == long.returncode == 0
    assert short.stdout == long.stdout
    text = long.stdout.decode()
    for command in ("say", "chat", "history", "serve", "devices", "voices", "models", "lexicon", "doctor", "latency"):
        assert re.search(rf"^  {command} +[A-Z]", text, re.MULTILINE)
    say = speakstream(tmp_path, "say", "-h").stdout.decode()
    for option in (
        "--read TEXT", "--file FILE", "-o, --output FILE.wav", "--play", "--voice NAME", "--speed X", "--volume X",
        "--device NAME", "--model NAME", "--system TEXT", "--seed N", "--temperature X", "--max-new-tokens N",
        "--no-audio", "--json", "--quiet", "--srt FILE", "--vtt FILE",
    ):  # fmt: skip
        assert f"  {option} " in say
    assert "bare-read" not in say
    assert max(map(len, f"{text}{say}".splitlines())) <= 80


def test_without_a_command_the_help_is_shown_as_a_wrong_usage(tmp_path: Path) -> None:
    done = speakstream(tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == speakstream(tmp_path, "--help").stdout


def test_help_loads_nothing_that_is_slow(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "speakstream", "--help"],
        capture_output=True, cwd=tmp_path, env=environment(tmp_path), check=True,
    )  # fmt: skip
    loaded = {line.rpartition(b"|")[2].strip().decode() for line in done.stderr.splitlines()}
    assert "speakstream.cli" in loaded
    assert not loaded & {"numpy", "onnxruntime", "sounddevice", "xllamacpp", "rich", "textual", "speakstream.say"}


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    assert speakstream(tmp_path, "--version").stdout.decode() == f"speakstream {__version__}\n"


def test_voices_are_listed_with_the_one_that_speaks_marked(tmp_path: Path) -> None:
    done = speakstream(tmp_path, "voices", env={"SPEAKSTREAM_TTS_MODEL_NAME": "hibari/emma"})
    rows = [line.split() for line in done.stdout.decode().splitlines()]
    assert [row[:2] for row in rows if row[0] == "*"] == [["*", "hibari/emma"]]
    assert any(row[0] == "hibari/heart" for row in rows)
    starts = {line.index("hibari/") for line in done.stdout.decode().splitlines()}
    assert len(starts) == 1, "the columns are not aligned"


def test_models_are_listed_and_a_cached_one_is_not_fetched_again(tmp_path: Path) -> None:
    listed = speakstream(tmp_path, "models").stdout.decode()
    assert re.search(r"^\*  HuggingFaceTB/SmolLM2-135M-Instruct +\d+ MB  Apache-2.0  ", listed, re.MULTILINE)
    done = speakstream(tmp_path, "models", "rm", "owner/repo/none.gguf", env={"SPEAKSTREAM_MODEL_CACHE": str(tmp_path)})
    assert done.returncode == 0
    assert b"owner/repo/none.gguf is not on disk: there is nothing to delete" in done.stderr
    empty = speakstream(tmp_path, "models", env={"SPEAKSTREAM_MODEL_CACHE": str(tmp_path)}).stdout.decode()
    assert "to fetch" in empty


def test_a_reader_that_goes_ends_a_listing_quietly(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*COMMAND, "voices"], stdout=write, stderr=subprocess.PIPE, cwd=tmp_path, env=environment(tmp_path), check=False
    )
    os.close(write)
    assert done.returncode == 141
    assert done.stderr in (b"", b"*  speaks; another one: --voice or TTS_MODEL_NAME\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_an_error_and_not_a_traceback(tmp_path: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, "voices"], stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, env=environment(tmp_path),
            check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == b"speakstream: standard output: No space left on device\n"


def test_bash_completes_commands_voices_and_models_after_the_installation(tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "speakstream"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m speakstream "$@"\n')
    program.chmod(0o755)
    env = {
        **environment(tmp_path),
        "HOME": str(tmp_path),
        "SHELL": "/bin/bash",
        "PATH": f"{folder}:{os.environ['PATH']}",
    }
    subprocess.run(["bash", "--norc", "-c", "speakstream --install-completion; true"], env=env, check=True, timeout=30)
    asked = subprocess.run(
        [
            "bash", "--norc", "-c",
            "source ~/.bashrc\n"
            'ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))\n'
            "_speakstream_completion speakstream; echo ${COMPREPLY[@]}; }\n"
            "ask speakstream s\nask speakstream say --voice hibari/e\nask speakstream say --model Hug\n"
            "speakstream lexicon add Siobhan shivawn\nask speakstream lexicon rm S\n",
        ],
        env=env, check=True, timeout=30, capture_output=True, text=True,
    )  # fmt: skip
    first, second, third, fourth = asked.stdout.splitlines()
    assert set(first.split()) == {"say", "serve"}
    assert second == "hibari/emma"
    assert third == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert fourth == "Siobhan"
