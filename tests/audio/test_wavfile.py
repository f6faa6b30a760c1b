"""WAV files that every program opens."""

import threading
import wave
from pathlib import Path

import numpy as np
import pytest

from speakstream.audio.chunk import AudioChunk
from speakstream.audio.wavfile import WavFile, wav_header
from speakstream.errors import AudioError

NEVER = threading.Event()


def test_a_file_holds_what_was_written_at_its_rate(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    sink = WavFile(str(path), 16000)
    sink.begin()
    sink.write(AudioChunk(np.array([0.0, 0.5, -0.5, 2.0, -2.0], np.float32), 16000), NEVER)
    sink.drain(NEVER)
    assert sink.position() == 5 / 16000
    sink.close()
    with wave.open(str(path)) as read:
        assert (read.getnchannels(), read.getsampwidth(), read.getframerate()) == (1, 2, 16000)
        samples = np.frombuffer(read.readframes(99), "<i2").tolist()
    assert samples == [0, 16384, -16384, 32767, -32767]


def test_another_rate_keeps_the_length(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    sink = WavFile(str(path), 48000, gain=0.5)
    for _ in range(3):
        sink.write(AudioChunk(np.full(8000, 0.5, np.float32), 24000), NEVER)
    sink.drain(NEVER)
    sink.close()
    with wave.open(str(path)) as read:
        assert read.getnframes() == pytest.approx(48000, abs=2)
        samples = np.frombuffer(read.readframes(48000), "<i2")
    assert samples[24000] == pytest.approx(0.25 * 32767, abs=40)


def test_the_length_of_a_stream_is_given_as_unknown() -> None:
    assert wav_header(24000, None)[4:8] == b"\xff\xff\xff\xff"
    assert len(wav_header(24000, 10)) == 44


def test_a_place_that_can_not_be_written_is_named() -> None:
    with pytest.raises(AudioError, match=r"/nowhere/a\.wav: No such file"):
        WavFile("/nowhere/a.wav", 24000)


def test_a_full_disk_is_one_clear_error() -> None:
    with pytest.raises(AudioError, match="/dev/full: No space left"):
        WavFile("/dev/full", 24000)
