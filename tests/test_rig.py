"""The rig that judges the sound must itself be right: in pitch, time and words, and when a device goes."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soxr

from tests.rig.recognise import Recogniser, normalise, word_error_rate
from tests.rig.sound import RATE, NullSink, Recorder, RigError, Samples, dbfs, gaps, poll

PITCH = 440.0

# A recording is good to 1.2 ms (tests.rig.sound); a busy machine may be late to read the device's clock.
TIME_TOLERANCE = 0.03


def tone(seconds: float, amplitude: float = 0.3) -> Samples:
    return (amplitude * np.sin(2 * np.pi * PITCH * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def pitch(samples: Samples) -> float:
    """The frequency, in Hz, of the strongest partial; good to 1 / length."""
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * RATE / len(samples))


def test_a_tone_is_heard_at_its_pitch_and_when_the_device_said(recorder: Recorder) -> None:
    import sounddevice

    left = tone(0.5)
    due: list[float] = []
    played = threading.Event()

    def fill(block: Samples, frames: int, times: object, status: object) -> None:
        nonlocal left
        if not due:
            due.append(times.outputBufferDacTime)  # type: ignore[attr-defined]
        block[:] = 0
        head, left = left[:frames], left[frames:]
        block[: len(head), 0] = head
        if not len(left):
            played.set()

    asked = time.monotonic()
    with sounddevice.OutputStream(samplerate=RATE, channels=1, latency=0.1, callback=fill) as stream:
        assert played.wait(10)
        ended = recorder.wait_for_silence(0.2, after=recorder.wait_for_sound(after=asked))
        device_clock = stream.time - time.monotonic()
    begun = recorder.onset(asked)
    assert begun is not None
    assert begun == pytest.approx(due[0] - device_clock, abs=TIME_TOLERANCE)
    assert ended - begun == pytest.approx(0.5, abs=0.002)
    heard = recorder.samples(recorder.index_at(begun), recorder.index_at(ended))
    assert pitch(heard) == pytest.approx(PITCH, abs=2)
    assert dbfs(heard) == pytest.approx(dbfs(tone(0.5)), abs=0.1)


def test_a_program_plays_into_the_sink_and_not_where_its_user_had_sound(
    null_sink: NullSink, recorder: Recorder, tmp_path: Path
) -> None:
    (tmp_path / ".asoundrc").write_text("pcm.!default { type hw card 7 }\n")
    program = (
        "import numpy, sounddevice\n"
        f"t = numpy.arange({RATE}) / {RATE}\n"
        f"tone = 0.3 * numpy.sin(2 * numpy.pi * {PITCH} * t)\n"
        # PortAudio's ALSA drops what the device still holds when a stream stops: silence takes that place.
        f"sounddevice.play(numpy.append(tone, numpy.zeros({RATE // 2})), {RATE}, blocking=True)\n"
    )
    started = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, "HOME": str(tmp_path), **null_sink.env}
    ) as player:
        (stream,) = null_sink.wait_for_streams()
        assert stream.process == player.pid
        began = recorder.wait_for_sound(after=started)
        assert player.wait(20) == 0
    ended = recorder.wait_for_silence(0.2, after=began)
    assert ended - began == pytest.approx(1.0, abs=0.002)
    assert recorder.silence_after(began) == pytest.approx(ended, abs=0.001)
    assert null_sink.sink_inputs() == []


def test_a_device_that_vanishes_is_noticed_and_its_return_is_heard(null_sink: NullSink, recorder: Recorder) -> None:
    null_sink.play(tone(0.2))
    null_sink.unload_sink()
    gone = time.monotonic()
    assert poll(lambda: not recorder.attached, 5)
    with pytest.raises(RigError, match="went away"):
        recorder.wait_for_sound(after=gone, timeout=5)
    with pytest.raises(RigError, match="set-sink-mute"):
        null_sink.pactl("set-sink-mute", null_sink.name, "0")
    null_sink.load_sink()
    recorder.reattach()
    back = time.monotonic()
    null_sink.play(tone(0.2))
    began = recorder.wait_for_sound(after=back)
    assert began - back < 2
    assert recorder.onset() is not None, "what was recorded before is kept"
    assert recorder.onset(gone) == pytest.approx(began, abs=0.001)
    assert recorder.time_of(len(recorder.samples())) == pytest.approx(time.monotonic(), abs=0.2)


def test_silence_is_an_error_where_sound_was_awaited(recorder: Recorder) -> None:
    asked = time.monotonic()
    with pytest.raises(TimeoutError, match="no sound"):
        recorder.wait_for_sound(after=asked, timeout=0.2)
    assert recorder.onset(asked) is None
    assert recorder.silence_after(asked) == asked


def test_two_sinks_are_strangers_and_leave_nothing_behind(null_sink: NullSink, recorder: Recorder) -> None:
    with NullSink() as other, Recorder(other) as elsewhere:
        runtime = Path(other.env["XDG_RUNTIME_DIR"])
        assert runtime.stat().st_mode & 0o777 == 0o700
        asked = time.monotonic()
        other.play(tone(0.1))
        elsewhere.wait_for_sound(after=asked)
        assert recorder.onset(asked) is None
    assert not runtime.parent.exists()
    assert null_sink.pactl("info")


def test_a_spoken_sentence_is_read_back(null_sink: NullSink, recorder: Recorder, recogniser: Recogniser) -> None:
    import hibari

    sentence = "The sky appears blue, because blue light is scattered more than red light."
    spoken = soxr.resample(hibari.Hibari()(sentence), hibari.SAMPLE_RATE, RATE)
    asked = time.monotonic()
    null_sink.play(spoken)
    began = recorder.wait_for_sound(after=asked)
    recorder.wait_for_silence(0.2, after=began)
    start = recorder.index_at(began) - RATE // 10
    heard = recogniser.transcribe(recorder.samples(start), RATE)
    assert word_error_rate(sentence, heard.text) < 0.1
    assert normalise(" ".join(word.text for word in heard.words)) == normalise(heard.text)
    assert all(word.begin <= word.end <= len(spoken) / RATE + 1 for word in heard.words)


def test_nothing_is_heard_in_silence(recogniser: Recogniser) -> None:
    assert recogniser.transcribe(np.zeros(RATE, np.float32), RATE).words == ()


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Don't pay $3.50 in 1999.", "do not pay three dollars and fifty cents in nineteen ninety-nine"),
        (
            "It's 1,250 dollars, or $100.",
            "it is one thousand two hundred and fifty dollars or one hundred dollars",
        ),
        ("At 3:30 p.m. on the 21st", "at three thirty PM on the twenty-first"),
        ("3.14, -5°C & 25%", "three point one four minus five degrees Celsius and twenty five percent"),
        ("Dr. Smith can’t; I cannot.", "doctor smith can not, I can't"),
        ("the U.S. in the 1980s and 2005", "the us in the nineteen-eighties and two thousand and five"),
        ("$2 million", "two million dollars"),
        ("one hundred and Tom", "One hundred and Tom!"),
    ],
)
def test_two_ways_to_write_the_same_words_are_equal(written: str, spoken: str) -> None:
    assert normalise(written) == normalise(spoken)


def test_word_error_rate_counts_what_was_inserted_dropped_and_replaced() -> None:
    assert word_error_rate("one two three four", "one three four") == 0.25
    assert word_error_rate("one two three four", "one two two three four") == 0.25
    assert word_error_rate("one two three four", "one too three for") == 0.5
    assert word_error_rate("one two", "") == 1
    assert word_error_rate("", "one two") == 2
    assert word_error_rate("", "") == 0


def test_gaps_are_the_silences_between_sounds() -> None:
    def silent(seconds: float) -> Samples:
        return np.zeros(round(seconds * RATE), np.float32)

    sound = np.concatenate([silent(0.3), tone(0.5), silent(0.2), tone(0.5), silent(0.05), tone(0.1), silent(0.4)])
    assert gaps(sound, RATE) == [pytest.approx((0.8, 1.0), abs=0.011)]
    assert len(gaps(sound, RATE, min_seconds=0.04)) == 2
    assert gaps(silent(1), RATE) == [] == gaps(silent(0), RATE)
    assert dbfs(silent(1)) == dbfs(silent(0)) == -np.inf
    assert dbfs(np.ones(10, np.float32)) == 0
