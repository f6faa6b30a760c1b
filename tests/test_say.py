"""``speakstream say`` as a process: what it writes where, what is heard, and how it ends."""

import contextlib
import itertools
import json
import os
import re
import signal
import subprocess
import threading
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.program import COMMAND, PATIENCE, Running, environment, no_sound, speakstream
from tests.rig.recognise import Recogniser
from tests.rig.sound import RATE, NullSink, Recorder

PRICES = "Well, it costs $100 or *more*. The year was 1984!\n\n```python\nprint(1)\n```\n\nDone."
LONG = "This is a sentence that takes a while to be spoken, and so it goes on. " * 12


def events(output: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.decode("ascii").splitlines()]


def of(kind: str, all_events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in all_events if event["type"] == kind]


def recorded(path: Path) -> tuple[np.ndarray[Any, np.dtype[np.float64]], int]:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        rate, frames = file.getframerate(), file.getnframes()
        data = file.readframes(frames)
    assert len(data) == frames * 2
    return np.frombuffer(data, "<i2") / 32768, rate


# -- text, sound and JSON ---------------------------------------------------------------------------------


def test_json_gives_each_word_its_place_and_its_time(tmp_path: Path) -> None:
    done = speakstream(tmp_path, "say", "--read", PRICES, "--json", "-o", "a.wav")
    assert (done.returncode, done.stderr) == (0, b"")
    seen = events(done.stdout)
    assert [seen[0]["type"], seen[-1]["type"]] == ["started", "ended"]
    text = "".join(event["text"] for event in of("delta", seen))
    assert text == PRICES
    words = [word for segment in of("segment", seen) for word in segment["words"]]
    spoken = [text[word["start"] : word["end"]] for word in words]
    assert spoken[:10] == ["Well", "it", "costs", "$100", "or", "more", "The", "year", "was", "1984"]
    assert spoken[-1] == "Done"
    for word in words:
        assert word["begins"] < word["stops"]
    for one, following in itertools.pairwise(words):
        assert one["stops"] <= following["begins"]
    for segment in of("segment", seen):
        assert segment["begins"] <= segment["words"][0]["begins"]
        assert segment["words"][-1]["stops"] <= segment["stops"] + 0.001
        assert segment["start"] <= segment["words"][0]["start"]
        assert segment["words"][-1]["end"] <= segment["end"]
    assert [text[event["start"] : event["end"]][:9] for event in of("not_spoken", seen)] == ["```python"]
    end = seen[-1]
    assert (end["reason"], end["heard"], end["error"]) == ("finished", PRICES, "")
    samples, rate = recorded(tmp_path / "a.wav")
    assert len(samples) / rate == pytest.approx(end["metrics"]["speech_seconds"], abs=0.02)
    assert end["metrics"]["ended"] < end["metrics"]["speech_seconds"] / 2, "a file is written at the pace of speech"
    for word in words:  # at the times given there is sound
        part = samples[int(word["begins"] * rate) : int(word["stops"] * rate)]
        assert np.max(np.abs(part)) > 0.02


def test_a_prompt_is_answered_by_the_model_and_spoken(tmp_path: Path, recogniser: Recogniser) -> None:
    arguments = ["say", "Name three colors.", "--json", "--seed", "7", "--max-new-tokens", "24", "-o"]
    done = speakstream(tmp_path, *arguments, "a.wav")
    assert (done.returncode, done.stderr) == (0, b"")
    seen = events(done.stdout)
    deltas = of("delta", seen)
    text = "".join(event["text"] for event in deltas)
    assert len(deltas) > 3, "the text does not stream"
    assert [event["offset"] for event in deltas] == [
        0, *itertools.accumulate(len(event["text"]) for event in deltas[:-1])
    ]  # fmt: skip
    assert 0 < seen[-1]["metrics"]["tokens"] <= 24
    words = [text[w["start"] : w["end"]] for segment in of("segment", seen) for w in segment["words"]]
    assert words
    assert set(words) <= set(re.findall(r"\w+(?:['’.,:-]\w+)*", text)), "a word is lit whole, and without its marks"
    samples, rate = recorded(tmp_path / "a.wav")
    heard = recogniser.transcribe(samples.astype(np.float32), rate).text.lower()
    assert sum(word.lower() in heard for word in words) >= len(words) * 0.7
    again = events(speakstream(tmp_path, *arguments, "b.wav").stdout)
    assert "".join(event["text"] for event in of("delta", again)) == text, "the same seed gave another reply"


def test_the_prompt_comes_from_standard_input(tmp_path: Path) -> None:
    done = speakstream(
        tmp_path, "say", "-", "--no-audio", "--temperature", "0", "--max-new-tokens", "12", given=b"Name a color.\n"
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout.split()) >= 2
    assert done.stdout.endswith(b"\n")
    empty = speakstream(tmp_path, "say", "-", "--no-audio", given=b" \n")
    assert (empty.returncode, empty.stdout) == (1, b"")
    assert b"the prompt from standard input is empty" in empty.stderr


def test_a_file_is_read_with_and_without_read(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_bytes("Dear all,\n\nnaïve greetings.\n".encode() + b"\xff")
    for arguments in (["--file", "letter.txt"], ["--read", "--file", "letter.txt"], ["--read", "--file=letter.txt"]):
        done = speakstream(tmp_path, "say", *arguments, "--no-audio")
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.decode() == "Dear all,\n\nnaïve greetings.\n\ufffd\n"
    (tmp_path / "photo").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    done = speakstream(tmp_path, "say", "--file", "photo", "--no-audio")
    assert done.returncode == 1
    assert b"--file photo: this is not text" in done.stderr


def test_the_speech_alone_goes_to_standard_output(tmp_path: Path) -> None:
    done = speakstream(tmp_path, "say", "--read", "Hello there.", "-o", "-")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout[:4] == b"RIFF" and done.stdout[8:16] == b"WAVEfmt "
    assert b"Hello" not in done.stdout
    samples = np.frombuffer(done.stdout[44:], "<i2")
    assert len(samples) > 12000 and np.max(np.abs(samples)) > 3000


def test_speed_and_volume_change_what_is_written(tmp_path: Path) -> None:
    def made(*arguments: str) -> tuple[float, float]:
        done = speakstream(tmp_path, "say", "--read", "One sentence, to be compared.", "-o", "a.wav", *arguments)
        assert (done.returncode, done.stdout) == (0, b"One sentence, to be compared.\n")
        samples, rate = recorded(tmp_path / "a.wav")
        return len(samples) / rate, float(np.max(np.abs(samples)))

    seconds, peak = made()
    assert made("--speed", "2")[0] < seconds * 0.7
    assert made("--volume", "0.25")[1] == pytest.approx(peak / 4, rel=0.05)


def test_quiet_writes_nothing_but_the_speech(tmp_path: Path) -> None:
    done = speakstream(tmp_path, "say", "--quiet", "--read", "Hello.", env=no_sound(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_no_control_sequence_of_a_text_is_written_as_text(tmp_path: Path) -> None:
    (tmp_path / "evil").write_bytes(b"a\x1b]52;c;QUJD\x07b\x1b[2Jc\xc2\x9b31md\x1b]8;;http://x\x1b\\e")
    done = speakstream(tmp_path, "say", "--file", "evil", "--no-audio")
    assert done.stdout == b"abcde\n"


# -- what comes from another program ----------------------------------------------------------------------


def test_bytes_pass_through_unchanged_without_a_device(tmp_path: Path) -> None:
    given = b"plain\r\n\x1b[31mred\x1b[0m \xff\xfe\0 " + bytes(range(256)) + "– naïve\n".encode() * 5000
    done = speakstream(tmp_path, "say", "--read", "-", given=given, env=no_sound(tmp_path))
    assert done.returncode == 0
    assert done.stdout == given
    assert done.stderr.count(b"\n") == 1 and b"no sound" in done.stderr
    assert speakstream(tmp_path, "say", "--read", "-", "--no-audio", given=b"").stdout == b""


def test_it_speaks_while_the_other_program_is_still_writing(
    tmp_path: Path, null_sink: NullSink, recorder: Recorder, recogniser: Recogniser
) -> None:
    first, second = b"The first sentence is complete. ", b"Another sentence came \x1b[1mlater\x1b[0m.\n"
    with Running(tmp_path, ["say", "--read", "-"], null_sink.env) as program:
        program.give(first + b"And ")
        assert program.wait_for(first + b"And ") == first + b"And "
        recorder.wait_for_sound(timeout=PATIENCE)
        assert program.process.poll() is None
        program.give(second)
        program.give_no_more()
        status, out, err = program.finish()
    assert (status, out, err) == (0, first + b"And " + second, b"")
    heard = recogniser.transcribe(recorder.samples(), RATE).text.lower()
    assert "first sentence is complete" in heard
    assert "another sentence came later" in heard.replace(",", "")


def test_a_reader_that_goes_ends_it_quietly(tmp_path: Path) -> None:
    cases: list[tuple[list[str], bytes]] = [
        (["--read", "-", "--no-audio"], b"line\n" * 100_000),
        (["--read", "Hello there.", "--no-audio"], b""),
        (["--read", "Hello there.", "-o", "-"], b""),
        (["--read", "Hello there.", "-o", "a.wav", "--json"], b""),
    ]
    for arguments, given in cases:
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(
            [*COMMAND, "say", *arguments], input=given, stdout=write, stderr=subprocess.PIPE, cwd=tmp_path,
            env=environment(tmp_path), timeout=PATIENCE, check=False,
        )  # fmt: skip
        os.close(write)
        assert (done.returncode, done.stderr) == (141, b""), arguments


def test_a_program_that_writes_without_end_does_not_fill_the_memory(
    tmp_path: Path, null_sink: NullSink, recorder: Recorder
) -> None:
    with Running(tmp_path, ["say", "--read", "-"], null_sink.env) as program:

        def flood() -> None:
            with contextlib.suppress(BrokenPipeError):
                for _ in range(1000):
                    program.give(b"y is a word. " * 5000)

        writer = threading.Thread(target=flood)
        writer.start()
        assert program.grows_to(1_000_000), "what can be spoken in hours is read at once"
        assert not program.grows_to(10_000_000, patience=2), "it reads on and on"
        recorder.wait_for_sound(timeout=PATIENCE)
        program.process.send_signal(signal.SIGINT)
        status, _, err = program.finish()
        writer.join()
    assert (status, err) == (130, b"")


# -- no sound ---------------------------------------------------------------------------------------------


def test_without_a_device_the_text_comes_and_one_line_says_why(tmp_path: Path) -> None:
    done = speakstream(tmp_path, "say", "Name a color.", "--max-new-tokens", "10", env=no_sound(tmp_path))
    assert done.returncode == 0
    assert done.stdout.strip()
    message = done.stderr.decode()
    assert message.count("\n") == 1
    assert message.startswith("speakstream: no sound: this machine has no sound device")
    assert "--output FILE.wav" in message


def test_without_a_device_nothing_waits_for_a_silent_voice(tmp_path: Path) -> None:
    done = speakstream(tmp_path, "say", "--read", LONG, "--json", env=no_sound(tmp_path))
    seen = events(done.stdout)
    assert [event["text"] for event in of("notice", seen)] == [
        done.stderr.decode().removeprefix("speakstream: ").rstrip("\n")
    ]
    assert seen[-1]["metrics"]["ended"] < 1.0


def test_without_portaudio_one_line_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    done = speakstream(tmp_path, "say", "--read", "Hello.", env={"PYTHONPATH": str(tmp_path)})
    assert (done.returncode, done.stdout) == (0, b"Hello.\n")
    assert done.stderr.count(b"\n") == 1
    assert b"PortAudio is missing" in done.stderr and b"libportaudio2" in done.stderr


def test_a_device_asked_for_by_name_must_be_there(tmp_path: Path, null_sink: NullSink) -> None:
    done = speakstream(tmp_path, "say", "--read", "Hello.", "--device", "defalt", env=null_sink.env)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"'defalt' is no output device; did you mean 'default'?" in done.stderr


# -- how it ends ------------------------------------------------------------------------------------------

STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.mark.parametrize("number", list(STATUS))
def test_a_signal_silences_it_at_once(
    tmp_path: Path, null_sink: NullSink, recorder: Recorder, number: signal.Signals
) -> None:
    with Running(tmp_path, ["say", "--read", LONG], null_sink.env) as program:
        assert program.wait_for(LONG.encode()) == LONG.encode()
        sounded = recorder.wait_for_sound(timeout=PATIENCE)
        program.process.send_signal(number)
        status, out, err = program.finish(10)
    assert (status, out, err) == (STATUS[number], LONG.encode() + b"\n", b"")
    silent = recorder.wait_for_silence(0.5, after=sounded)
    assert silent - sounded < 1.0


@pytest.mark.parametrize(
    ("arguments", "given", "gate"),
    [
        (["say", "Tell me a long story.", "--json"], b"", b'"started"'),  # the model is loading
        (["say", "Tell me a long story.", "--json", "--no-audio"], b"", b'"delta"'),  # it decodes
        (["say", "Tell me a long story.", "--json", "-o", "a.wav"], b"", b'"segment"'),
        (["say", "--read", "-", "--no-audio"], b"some text", b"some text"),  # it waits for more
        (["say", "--read", "-"], b"some text", b"some text"),
    ],
    ids=["loading", "decoding", "writing a file", "reading", "reading, with a voice"],
)
def test_ctrl_c_ends_it_at_every_stage(tmp_path: Path, arguments: list[str], given: bytes, gate: bytes) -> None:
    with Running(tmp_path, arguments, no_sound(tmp_path)) as program:
        program.give(given)
        program.wait_for(gate)
        program.process.send_signal(signal.SIGINT)
        status, out, err = program.finish(10)
    assert status == 130
    assert b"Traceback" not in err and err.count(b"\n") <= 1
    if "--json" in arguments:
        end = events(out)[-1]
        assert (end["type"], end["reason"]) == ("ended", "interrupted")


def worked(process: int) -> float:
    """Seconds of processor time that a process has used."""
    ticks = Path(f"/proc/{process}/stat").read_text().split()[13:15]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def test_ctrl_c_ends_a_prefill(tmp_path: Path) -> None:
    prompt = ("Summarize this: " + "the quick brown fox jumps over the lazy dog. " * 280).encode()
    with Running(tmp_path, ["say", "-", "--json", "--no-audio"]) as program:
        program.give(prompt)
        program.give_no_more()
        program.wait_for(b'"started"')
        begun = worked(program.process.pid)
        while worked(program.process.pid) - begun < 2.5:  # loading takes half a second of work, the prefill ten
            assert program.process.poll() is None
        program.process.send_signal(signal.SIGINT)
        status, out, err = program.finish(3)
    assert (status, err) == (130, b"")
    assert [event["type"] for event in events(out)] == ["started", "ended"]


def test_an_interrupted_file_is_a_right_one(tmp_path: Path) -> None:
    with Running(tmp_path, ["say", "--read", "-", "--json", "-o", "a.wav"]) as program:
        program.give(b"The first sentence. The second one. The third ")
        program.wait_for(b'"segment"')
        program.process.send_signal(signal.SIGTERM)
        status, out, _ = program.finish()
    assert status == 143
    samples, rate = recorded(tmp_path / "a.wav")
    assert rate == 24000
    assert len(samples) / rate <= of("segment", events(out))[-1]["stops"] + 1.0


def test_a_reader_that_does_not_read_holds_nobody_up(tmp_path: Path) -> None:
    read, write = os.pipe()
    with subprocess.Popen(
        [*COMMAND, "say", "--read", "-", "--no-audio"], stdin=subprocess.PIPE, stdout=write, stderr=subprocess.PIPE,
        cwd=tmp_path, env=environment(tmp_path),
    ) as process:  # fmt: skip
        assert process.stdin is not None and process.stderr is not None
        os.set_blocking(process.stdin.fileno(), False)
        first = process.stdin.write(b"x" * 30_000)
        assert first == 30_000 and os.read(read, 1) == b"x"  # it has begun
        filled = False
        while not filled:  # until both pipes are full: then it waits for its reader
            try:
                os.write(process.stdin.fileno(), b"x" * 4096)
            except BlockingIOError:
                filled = True
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert process.stderr.read() == b""
        os.set_blocking(process.stdin.fileno(), True)
        process.stdin.close()
    os.close(read)
    os.close(write)


HANG = """
import sys, threading
import speakstream.say
def work(self):
    print("hanging", file=sys.stderr, flush=True)
    threading.Event().wait()
speakstream.say._Say._work = work
"""


@pytest.mark.parametrize("again", [True, False], ids=["a second Ctrl-C", "one Ctrl-C"])
def test_what_hangs_is_ended_all_the_same(tmp_path: Path, again: bool) -> None:
    (tmp_path / "sitecustomize.py").write_text(HANG)
    with Running(tmp_path, ["say", "--read", "a"], {"PYTHONPATH": str(tmp_path)}) as program:
        program.wait_for(b"hanging", "err")
        program.process.send_signal(signal.SIGINT)
        if again:
            with pytest.raises(subprocess.TimeoutExpired):
                program.process.wait(1)
            program.process.send_signal(signal.SIGINT)
        assert program.finish(1 if again else 10)[0] == 130


def test_closed_streams_are_no_trouble(tmp_path: Path) -> None:
    command = " ".join([*COMMAND, "say", "--no-audio", "--read"])
    for redirection, written in ((">&-", b""), ("2>&-", b"hello\n"), ("<&-", b"hello\n"), (">&- 2>&- <&-", b"")):
        for text in ("hello", "-"):
            done = subprocess.run(
                f"{command} {text} {redirection}",
                shell=True,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                cwd=tmp_path,
                env=environment(tmp_path),
                timeout=PATIENCE,
                check=False,
            )
            assert (done.returncode, done.stderr) == (0, b""), redirection
            assert done.stdout == (written if text == "hello" else b"")
