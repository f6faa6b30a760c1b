"""The Speaker, driven block by block: what sounds, what counts as heard, how a cut and a pause sound."""

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from speakstream.audio.chunk import AudioChunk, Samples
from speakstream.audio.clock import SilentClock
from speakstream.audio.speaker import Speaker

RATE = 8000
NEVER = threading.Event()


class Ear:
    """A driver in the test's hand: pulls blocks, and keeps what it heard."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, gain: float = 1.0, buffer_seconds: float = 1.0) -> None:
        self.now = 100.0
        monkeypatch.setattr("speakstream.audio.speaker.time.monotonic", lambda: self.now)
        self.speaker = Speaker(RATE, buffer_seconds, 64, gain)
        self.heard: list[Samples] = []

    def listen(self, frames: int, latency: float = 0.0) -> Samples:
        block = np.full(frames, 9.0, np.float32)  # the speaker must fill every sample
        self.speaker.render(block, self.now + latency)
        self.heard.append(block)
        self.now += frames / RATE
        return block


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Ear:
    return Ear(monkeypatch)


def tone(seconds: float, level: float = 0.5) -> AudioChunk:
    return AudioChunk(np.full(int(seconds * RATE), level, np.float32), RATE)


def test_silence_before_and_after_a_speech_is_no_underrun(ear: Ear) -> None:
    assert (ear.listen(100) == 0).all()
    ear.speaker.begin()
    assert (ear.listen(100) == 0).all()
    ear.speaker.write(tone(0.01), NEVER)
    drained = threading.Event()
    drained.set()
    ear.speaker.drain(drained)
    heard = ear.listen(200)
    assert heard[79] == 0.5
    assert (heard[80:] == 0).all()
    ear.listen(100)
    assert ear.speaker.underruns == 0


def test_a_gap_within_a_speech_is_one_underrun_and_not_counted_as_heard(ear: Ear) -> None:
    ear.speaker.begin()
    ear.speaker.write(tone(0.01), NEVER)
    for _ in range(5):
        ear.listen(100)
    assert ear.speaker.underruns == 1
    ear.speaker.write(tone(0.02), NEVER)
    ear.listen(160)
    assert ear.speaker.position() == pytest.approx(0.03, abs=2 / RATE)
    assert ear.speaker.underruns == 1


def test_the_position_is_what_the_ear_has_not_what_the_device_took(ear: Ear) -> None:
    ear.speaker.begin()
    ear.speaker.write(tone(0.5), NEVER)
    ear.listen(800, latency=0.05)  # takes 100 ms, to be heard from 50 ms later on
    assert ear.speaker.position() == pytest.approx(0.05, abs=2 / RATE)
    assert ear.speaker.buffered() == pytest.approx(0.45, abs=2 / RATE)
    ear.listen(800, latency=0.05)
    assert ear.speaker.position() == pytest.approx(0.15, abs=2 / RATE)
    assert ear.speaker.first_heard() == pytest.approx(100.05, abs=2 / RATE)
    assert ear.speaker.first_taken() == pytest.approx(100.0, abs=2 / RATE)
    ear.speaker.begin()
    assert ear.speaker.first_taken() is None, "nothing was taken of the next speech yet"


def test_a_pause_holds_the_position_and_resume_repeats_and_loses_nothing(ear: Ear) -> None:
    ear.speaker.begin()
    ramp: Samples = np.arange(1, 1001, dtype=np.float32) / np.float32(1000)
    ear.speaker.write(AudioChunk(ramp, RATE), NEVER)
    ear.listen(400)
    ear.speaker.pause()
    paused = ear.listen(400)
    held = ear.speaker.position()
    assert held == pytest.approx(400 / RATE, abs=2 / RATE)
    assert (paused[40:] == 0).all(), "after a fade of 5 ms there is silence"
    assert 0 < paused[20] < ramp[420], "and the fade goes down"
    assert (ear.listen(400) == 0).all()
    assert ear.speaker.position() == held
    ear.speaker.resume()
    resumed = ear.listen(400)
    assert resumed[40:] == pytest.approx(ramp[440:800]), "it goes on from the very sample it stopped at"
    assert ear.speaker.underruns == 0


def test_a_cut_fades_within_5_ms_and_the_next_speech_starts_at_zero(ear: Ear) -> None:
    ear.speaker.begin()
    ear.speaker.write(tone(1.0), NEVER)
    ear.listen(400)
    ear.speaker.clear()
    cut = ear.listen(400)
    assert cut[0] == pytest.approx(0.5, abs=0.02)
    assert np.abs(np.diff(cut[:41])).max() < 0.05, "no step: no click"
    assert (cut[40:] == 0).all()
    assert ear.speaker.position() == pytest.approx(0.05, abs=2 / RATE), "what was not heard is not counted"
    assert ear.speaker.buffered() == 0
    ear.speaker.begin()
    assert ear.speaker.position() == 0
    ear.speaker.write(tone(0.1, 0.25), NEVER)
    assert ear.listen(400)[100] == 0.25
    assert ear.speaker.position() == pytest.approx(0.05, abs=2 / RATE)


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_chunk_that_raced_a_cut_neither_sounds_nor_counts_as_an_underrun(ear: Ear, cancelled: bool) -> None:
    told = threading.Event()
    ear.speaker.begin()
    ear.speaker.write(tone(0.1), told)
    ear.listen(400)
    if cancelled:
        told.set()
    ear.speaker.clear()
    ear.speaker.write(tone(0.1), told)
    ear.listen(400)
    assert (ear.listen(1000) == 0).all()
    assert ear.speaker.underruns == 0


def test_volume_changes_without_a_click(ear: Ear) -> None:
    ear.speaker.begin()
    ear.speaker.write(tone(1.0), NEVER)
    ear.listen(400)
    ear.speaker.gain = 0.2
    heard = ear.listen(400)
    assert np.abs(np.diff(heard)).max() < 0.02
    assert heard[-1] == pytest.approx(0.1)
    assert ear.listen(50)[0] == pytest.approx(0.1)


@pytest.mark.parametrize("block", [1, 7, 64, 4096])
def test_any_block_size_gives_the_same_sound(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    ear = Ear(monkeypatch)
    ear.speaker.begin()
    samples = np.sin(np.arange(4000, dtype=np.float32) / 5)
    ear.speaker.write(AudioChunk(samples, RATE), NEVER)
    while sum(map(len, ear.heard)) < 4000:
        ear.listen(block)
    heard = np.concatenate(ear.heard)[:4000]
    assert heard[40:] == pytest.approx(samples[40:])


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_a_full_buffer_blocks_its_writer_and_a_cancel_frees_it() -> None:
    speaker, cancelled = Speaker(RATE, 0.1, 64, 1.0), threading.Event()
    speaker.begin()
    writer = threading.Thread(target=lambda: speaker.write(tone(5.0), cancelled))
    writer.start()
    wait_until(lambda: speaker.buffered() >= 0.1)
    assert writer.is_alive()
    assert speaker.buffered() == pytest.approx(0.1, abs=2 / RATE)
    cancelled.set()
    writer.join(30)
    assert not writer.is_alive()


def test_the_silent_clock_plays_to_the_end_at_the_pace_of_a_device() -> None:
    speaker = Speaker(RATE, 1.0, 64, 1.0)
    clock = SilentClock(speaker)
    try:
        speaker.begin()
        begun = time.monotonic()
        speaker.write(tone(0.3), NEVER)
        speaker.drain(NEVER)
        assert speaker.position() == pytest.approx(0.3, abs=2 / RATE)
        assert time.monotonic() - begun >= 0.25
        assert speaker.underruns == 0
    finally:
        clock.close()


def test_a_voice_at_another_rate_keeps_its_length_and_pitch(ear: Ear) -> None:
    ear.speaker.begin()
    t = np.arange(24000) / 24000
    sine = np.sin(2 * np.pi * 440 * t).astype(np.float32)
    done = threading.Event()
    for part in np.array_split(sine, 7):
        ear.speaker.write(AudioChunk(part.astype(np.float32), 24000), NEVER)
    done.set()
    ear.speaker._put(ear.speaker._resampler.flush(), NEVER)
    heard = ear.listen(RATE)
    spectrum = np.abs(np.fft.rfft(heard))
    assert int(spectrum.argmax()) == 440
    rest = np.delete(spectrum, range(430, 451))
    assert rest.max() < spectrum[440] / 300, "chunk borders leave no clicks"


def test_the_level_is_that_of_what_sounds_now_volume_included(monkeypatch: pytest.MonkeyPatch) -> None:
    ear = Ear(monkeypatch, gain=0.5)
    assert ear.speaker.level() == 0.0
    ear.speaker.begin()
    ear.speaker.write(tone(0.1, 0.8), NEVER)
    ear.listen(400, latency=0.02)  # reaches the DAC 0.02 s later
    ear.now -= 400 / RATE
    assert ear.speaker.level() == 0.0, "not heard yet"
    ear.now += 0.021
    assert ear.speaker.level() == pytest.approx(0.4, rel=0.1)
    ear.now += 1.0
    assert ear.speaker.level() == 0.0, "the device has stopped to call"


def test_a_paused_speech_has_no_level(ear: Ear) -> None:
    ear.speaker.begin()
    ear.speaker.write(tone(0.1, 0.8), NEVER)
    ear.listen(200)
    ear.speaker.pause()
    ear.listen(200)
    ear.listen(200)
    assert ear.speaker.level() == 0.0
