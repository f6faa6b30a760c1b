"""Subtitles: what is read in them, how it is parted, and that it is there when it is heard."""

import html
import itertools
import re
import signal
import wave
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from speakstream.audio.wavfile import WavFile
from speakstream.engine import Engine
from speakstream.events import SegmentSpoken
from speakstream.subtitles import LINE, LONGEST, SHORTEST, Cue, cues, srt, vtt
from speakstream.text.lexicon import EMPTY, Entry, Lexicon
from speakstream.text.shown import shown
from speakstream.turn import Delivery
from tests.program import PATIENCE, Running, no_sound, speakstream
from tests.rig.recognise import Recogniser
from tests.rig.sound import NullSink, Recorder
from tests.scripted import RATE, Ledger, ScriptedVoice, ready
from tests.text.replies import REPLIES, SKY, STEPS


def spoken(
    folder: Path, text: str, speed: float = 0.3, aloud: frozenset[str] = frozenset(), lexicon: Lexicon = EMPTY
) -> list[SegmentSpoken]:
    """What a turn tells of ``text``, read by a voice that takes a tenth of a second for a word at speed 1."""
    events = Ledger()
    sink = WavFile(str(folder / "scripted.wav"), RATE)
    engine = Engine(None, ready(ScriptedVoice()), sink, lambda: lexicon)
    turn = engine.read(lambda _: [text], events, Delivery(speed=speed, aloud=aloud))
    assert turn.wait(PATIENCE)
    turn.join()
    sink.close()
    return [event for event in events if isinstance(event, SegmentSpoken)]


def lines(folder: Path, text: str) -> list[tuple[str, ...]]:
    return [cue.lines for cue in cues(text, spoken(folder, text))]


# -- text and cues ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("speed", [0.2, 0.3, 1.0])
@pytest.mark.parametrize("reply", REPLIES)
def test_cues_fit_the_screen_and_follow_the_words(tmp_path: Path, reply: str, speed: float) -> None:
    segments = spoken(tmp_path, reply, speed)
    words = [(s.offset + w.begins, s.offset + w.stops) for s in segments for w in s.words]
    found = cues(reply, segments)
    begins, stops = {begin for begin, _ in words}, {stop for _, stop in words}
    assert found[0].begins == words[0][0] and found[-1].stops >= words[-1][1]
    for cue in found:
        assert 1 <= len(cue.lines) <= 2
        assert all(line and len(line) <= LINE and line == line.strip() for line in cue.lines), cue
        assert cue.begins in begins
        assert cue.stops in stops or cue.stops - cue.begins <= SHORTEST + 1e-9
        alone = len([begin for begin, _ in words if cue.begins <= begin < cue.stops]) == 1
        assert cue.stops - cue.begins <= LONGEST or alone
    for one, following in itertools.pairwise(found):
        assert one.begins < one.stops <= following.begins + 1e-9
        assert one.stops - one.begins >= min(SHORTEST, following.begins - one.begins) - 1e-9


def test_the_text_is_as_written_without_its_marks(tmp_path: Path) -> None:
    text = (
        "# A *short* title\n\n1. It costs **$100** &amp; more,\n   says [Ann](http://x.y).\n- [x] Run `a < b`.\n"
        "- two\\*\n\n> 5 km\n> <b>away</b>\n\n```python\nx = 1\n```\n\n![a cat](c.png) 你好 “Yes…”"
    )
    assert lines(tmp_path, text) == [
        ("A short title",),
        ("1. It costs $100 & more, says Ann.",),
        ("☑ Run a < b.",),
        ("two*",),
        ("5 km away",),
        ("Python code, one line.",),
        ("a cat 你好 “Yes…”",),
    ]


def test_nothing_that_is_spoken_is_missing(tmp_path: Path) -> None:
    for reply in (SKY, STEPS):
        read = " ".join(line for cue in lines(tmp_path, reply) for line in cue).split()
        blocks = [block.text for block in shown(reply) if block.kind != "code"]
        written = " ".join(blocks).split()
        assert [word for word in read if word not in ("Shell", "code,", "two", "lines.")] == [
            word for word in written if word not in ("two",)
        ]


def test_code_and_tables_that_are_read_are_shown_line_by_line(tmp_path: Path) -> None:
    text = "```python\ndef main():\n    run(1)\n```\n\n| City | Size |\n|---|---|\n| Paris | 2 |\n| **Rome** | 3 |\n"
    found = cues(text, spoken(tmp_path, text, aloud=frozenset({"code", "table"})))
    assert found[0].lines[0].startswith("Python code")
    assert [cue.lines for cue in found[1:]] == [
        ("def main():",),
        ("run(1)",),
        ("City Size",),
        ("Paris 2",),
        ("Rome 3",),
    ]


def test_a_respelled_word_is_shown_as_written(tmp_path: Path) -> None:
    text = "nginx\n\nSiobhan's nginx"
    lexicon = Lexicon([Entry("nginx", "engine ex"), Entry("Siobhan", "shivawn")])
    segments = spoken(tmp_path, text, lexicon=lexicon)
    assert [segment.spoken for segment in segments] == ["engine ex.", "shivawn's engine ex."]
    assert [cue.lines for cue in cues(text, segments)] == [("nginx",), ("Siobhan's nginx",)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # a cue ends with a sentence, else a clause, else before a conjunction or preposition
        (
            "The tide comes in twice a day. The moon pulls at the water while it passes overhead, and so does the sun.",
            [
                ("The tide comes in twice a day.",),
                ("The moon pulls at the water", "while it passes overhead,"),
                ("and so does the sun.",),
            ],
        ),
        (
            "The quick brown fox that lives behind the old stone house by the river jumps over the lazy dog.",
            [
                ("The quick brown fox",),
                ("that lives behind the old stone house", "by the river jumps over the lazy dog."),
            ],
        ),
        # abbreviations do not end one; brackets are not parted
        ("We asked Dr. Smith. He said no.", [("We asked Dr. Smith.",), ("He said no.",)]),
        (
            "Shorter wavelengths (blue, about 450 nm) are scattered more often than any of the longer ones (red).",
            [
                ("Shorter wavelengths (blue, about 450 nm)",),
                ("are scattered more often", "than any of the longer ones (red)."),
            ],
        ),
        # an address that is too long for the screen; what sounds as one stays together
        (
            "See https://example.com/" + "x" * 90 + " now.",
            [("See",), ("https://example.com/" + "x" * 22, "x" * 41 + "…"), ("now.",)],
        ),
        ("On July 4, 1776 it was.", [("On July 4, 1776 it was.",)]),
        ("", []),
        ("***", []),
    ],
)
def test_cues_end_where_a_reader_would_pause(tmp_path: Path, text: str, expected: list[tuple[str, ...]]) -> None:
    assert lines(tmp_path, text) == expected


def test_what_is_said_too_quickly_to_be_read_shares_a_cue(tmp_path: Path) -> None:
    text = "No. Never. I said no.\n\n- Yes.\n- And no."
    assert [cue.lines for cue in cues(text, spoken(tmp_path, text, 1.0))] == [
        ("No. Never. I said no.",),
        ("Yes.", "And no."),
    ]


def test_of_a_speech_that_was_cut_off_only_what_was_heard_is_there(tmp_path: Path) -> None:
    text = "One two three four. Five six seven (eight) nine.\n\nTen."
    segments = spoken(tmp_path, text, 1.0)
    words = [(s.offset + w.begins, s.offset + w.stops) for s in segments for w in s.words]
    until = words[5][0] + 0.06  # more than half of "six"
    assert cues(text, segments, until) == [Cue(words[0][0], until, ("One two three four. Five six",))]
    assert cues(text, segments, 0.0) == []


def test_the_formats_are_numbered_escaped_and_timed_in_thousandths() -> None:
    found = [Cue(0.0, 1.2345, ("a < b & c -->", "“d”")), Cue(3661.9996, 3663.0, ("e",))]
    assert srt(found) == (
        "1\n00:00:00,000 --> 00:00:01,234\na < b & c -->\n“d”\n\n2\n01:01:02,000 --> 01:01:03,000\ne\n\n"
    )
    assert vtt(found) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.234\na &lt; b &amp; c --&gt;\n“d”\n\n01:01:02.000 --> 01:01:03.000\ne\n\n"
    )
    assert (srt([]), vtt([])) == ("", "WEBVTT\n\n")


# -- with real sound --------------------------------------------------------------------------------------

SPEECH = """# Tides, explained

Tides follow the moon. She pulls at the sea, they say, and so it rises. Why? Fish know: foxes do not.

1. Spring tides cost **$100** & more.
2. Half of the houses have `thick` roofs.

The end of this text is a last sentence that is rather long, so that it takes more than one cue to be shown in full.
"""


class Shown(NamedTuple):
    """A cue, as it was read from a file."""

    begins: float
    stops: float
    text: str


def seconds(stamp: str) -> float:
    hours, minutes, rest = stamp.replace(",", ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def read(path: Path) -> list[Shown]:
    """The cues of an SRT or VTT file."""
    found = []
    content = path.read_bytes().decode("utf-8")
    for block in content.removeprefix("WEBVTT\n\n").split("\n\n"):
        if block:
            stamps, *text = block.split("\n")[1 if path.suffix == ".srt" else 0 :]
            begins, stops = stamps.split(" --> ")
            found.append(Shown(seconds(begins), seconds(stops), " ".join(text)))
    return found


def sounding(path: Path) -> tuple[list[tuple[float, float]], NDArray[np.float32], int]:
    """The stretches of a WAV file that sound, parted by 40 ms or more of silence; its samples, and their rate."""
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        data = file.readframes(file.getnframes())
    samples: NDArray[np.float32] = np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)
    step = rate // 200
    whole = len(samples) // step
    peaks = np.abs(samples[: whole * step]).reshape(whole, step).max(axis=1)
    loud = np.flatnonzero(peaks > peaks.max() / 100)
    parts = np.split(loud, np.flatnonzero(np.diff(loud) > 8) + 1)
    return [(float(part[0]) / 200, float(part[-1] + 1) / 200) for part in parts], samples, rate


@pytest.mark.parametrize("speed", ["1", "1.5"])
def test_cues_begin_and_end_with_the_sound(tmp_path: Path, recogniser: Recogniser, speed: str) -> None:
    (tmp_path / "speech.md").write_text(SPEECH, encoding="utf-8")
    done = speakstream(
        tmp_path, "say", "--read", "--file", "speech.md", "--speed", speed,
        "-o", "a.wav", "--srt", "a.srt", "--vtt", "a.vtt",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    found = read(tmp_path / "a.srt")
    assert [(cue.begins, cue.stops, html.unescape(cue.text)) for cue in read(tmp_path / "a.vtt")] == found
    assert found[0].text == "Tides, explained"
    assert "1. Spring tides cost $100 & more." in [cue.text for cue in found]
    parts, samples, rate = sounding(tmp_path / "a.wav")
    for cue in found:
        assert min(abs(cue.begins - begins) for begins, _ in parts) < 0.06, cue
        if cue.stops - cue.begins > SHORTEST + 0.001:
            assert min(abs(cue.stops - stops) for _, stops in parts) < 0.06, cue
    heard = recogniser.transcribe(samples, rate).words  # and what sounds then is what is shown
    words = []
    for cue in found:
        then = " ".join(w.text for w in heard if cue.begins < (w.begin + w.end) / 2 < cue.stops).lower()
        words += [(word, word in then) for word in re.findall(r"[a-z]{4,}", cue.text.lower())]
    assert sum(was_heard for _, was_heard in words) >= len(words) * 0.7, words


def test_the_words_of_json_are_those_of_the_text(tmp_path: Path) -> None:
    import json

    done = speakstream(tmp_path, "say", "--read", SPEECH, "--json", "-o", "a.wav")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    text = "".join(event["text"] for event in events if event["type"] == "delta")
    words = [word for event in events if event["type"] == "segment" for word in event["words"]]
    assert [word["text"] for word in words] == [text[word["start"] : word["end"]] for word in words]
    assert [word["text"] for word in words][:4] == ["Tides", "explained", "Tides", "follow"]
    assert "$100" in [word["text"] for word in words]
    parts, _, _ = sounding(tmp_path / "a.wav")
    assert words[0]["begins"] == pytest.approx(parts[0][0], abs=0.06)
    assert words[-1]["stops"] == pytest.approx(parts[-1][1], abs=0.06)


def test_subtitles_of_what_is_played_and_of_what_was_heard_of_it(
    tmp_path: Path, null_sink: NullSink, recorder: Recorder
) -> None:
    done = speakstream(tmp_path, "say", "--read", "Hello there.", "--srt", "a.srt", "--quiet", env=null_sink.env)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert [cue.text for cue in read(tmp_path / "a.srt")] == ["Hello there."]
    recorder.clear()
    (tmp_path / "b.vtt").write_text("before")
    text = "The first sentence. " + "This one takes a while to be spoken, and so it goes on and on. " * 5
    with Running(tmp_path, ["say", "--read", text, "--vtt", "b.vtt"], null_sink.env) as program:
        recorder.wait_for_sound(timeout=PATIENCE)
        program.process.send_signal(signal.SIGINT)
        status, _, err = program.finish()
    assert (status, err) == (130, b"")
    found = read(tmp_path / "b.vtt")
    assert len(found) <= 3 and text.startswith(" ".join(cue.text for cue in found))


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["--srt", "nowhere/a.srt"], 1, "--srt nowhere/a.srt: there is no folder nowhere; make it"),
        (["--vtt", "."], 1, "--vtt .: this is a folder; name a file"),
        (["--srt", "-"], 2, "--srt takes a file; standard output has the text"),
        (["--srt", "a", "--vtt", "a"], 2, "a is named twice: each output needs a file of its own"),
        (["--srt", "a", "-o", "a"], 2, "a is named twice"),
        (["--vtt", "a", "--no-audio"], 2, "--vtt and --no-audio contradict each other"),
        (["--srt", "a.srt"], 1, "no sound: this machine has no sound device"),
    ],
)
def test_what_cannot_be_written_is_told_before_anything_is_said(
    tmp_path: Path, arguments: list[str], status: int, says: str
) -> None:
    done = speakstream(tmp_path, "say", "--read", "Hello.", *arguments, env=no_sound(tmp_path))
    assert (done.returncode, done.stdout) == (status, b"")
    assert done.stderr.count(b"\n") == 1
    assert says in done.stderr.decode()
    assert {path.name for path in tmp_path.iterdir()} <= {"alsa.conf"}


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    done = speakstream(tmp_path, "say", "--read", "Hello.", "-o", "a.wav", "--srt", "/dev/full")
    assert done.returncode == 1
    assert done.stderr == b"speakstream: --srt /dev/full: No space left on device; name another file\n"
