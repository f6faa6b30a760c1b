"""Speech over the wire: paced by what was heard, whole after a lost connection, silent at once. No server."""

import base64
import io
import json
import threading
import wave
from typing import Any

import numpy as np
import pytest

from speakstream.audio.chunk import AudioChunk
from speakstream.server import wire
from speakstream.server.outbox import Frame, Outbox
from speakstream.server.sink import SocketSink
from speakstream.server.wire import AudioFrame
from tests.llm.test_engines import poll
from tests.server.hosted import samples

RATE = 24_000
NEVER = threading.Event()


class Sent(Outbox):
    """An outbox that is read by the test."""

    def __init__(self) -> None:
        self.all: list[Any] = []

    def put(self, message: Any) -> None:
        self.all.append(message)

    def sound(self, frame: Frame) -> None:
        self.all.append(AudioFrame.decode(frame.data) if isinstance(frame.data, bytes) else frame)

    def drop_sound(self, speech: int) -> None:
        self.all.append(f"drop {speech}")

    @property
    def frames(self) -> list[AudioFrame]:
        return [one for one in self.all if isinstance(one, AudioFrame)]

    @property
    def end(self) -> int:
        """Samples that were sent."""
        return max((one.first + len(one.pcm) // 2 for one in self.frames), default=0)


def ramp(seconds: float, rate: int = RATE, start: int = 0) -> AudioChunk:
    count = int(seconds * rate)
    return AudioChunk(((np.arange(start, start + count) % 32000) / 32767).astype(np.float32), rate)


def begun(buffer_seconds: float = 1.0, chunk_size: int = 1024, wav: bool = False) -> tuple[SocketSink, Sent]:
    sink, sent = SocketSink(buffer_seconds, chunk_size), Sent()
    sink.attach(sent, wav)
    sink.begin()
    return sink, sent


def in_thread(call: Any, *values: Any) -> threading.Thread:
    thread = threading.Thread(target=call, args=values)
    thread.start()
    return thread


def test_the_speech_is_told_before_its_segments_and_these_before_their_sound() -> None:
    sink, sent = begun()
    segment = wire.Segment(sink.speech, 0, 5, 0.0, 0.1, ())
    sink.expect(7, segment)
    sink.write(ramp(0.1), NEVER)
    sink.write(ramp(0.1), NEVER)
    assert sent.all[:2] == [wire.Speech(1, 7, RATE), segment]
    assert len(sent.frames) == len(sent.all) - 2
    assert [frame.sequence for frame in sent.frames] == list(range(len(sent.frames)))
    assert len(samples(sent.frames)) == 2 * int(0.2 * RATE)


def test_what_is_sent_is_the_sound_as_pcm16_clipped() -> None:
    sink, sent = begun()
    sink.write(AudioChunk(np.array([0.0, 0.5, 1.0, -1.0, 7.0, -7.0], np.float32), RATE), NEVER)
    assert np.frombuffer(samples(sent.frames), "<i2").tolist() == [0, 16384, 32767, -32767, 32767, -32767]


@pytest.mark.parametrize(("chunk_size", "rate"), [(64, 24_000), (1024, 24_000), (65536, 24_000), (1024, 8_000)])
def test_headers_are_at_most_a_fiftieth_of_what_is_sent(chunk_size: int, rate: int) -> None:
    sink, sent = begun(10.0, chunk_size)
    sink.write(ramp(5.0, rate), NEVER)
    sizes = [Frame(frame.encode()).size for frame in sent.frames]
    assert sum(sizes) <= 1.02 * 2 * 5 * rate
    assert len(sent.frames[0].pcm) == 2 * rate // 50, "the first one is short: it arrives sooner"
    assert max(len(frame.pcm) for frame in sent.frames) / 2 / rate <= 0.0625


def test_no_more_is_sent_ahead_of_what_was_heard_than_fits_the_buffer() -> None:
    sink, sent = begun(buffer_seconds=1.0)
    writing = in_thread(sink.write, ramp(3.0), NEVER)
    poll(lambda: sent.end > 0.9 * RATE)
    for heard in range(0, 3 * RATE, RATE // 10):
        sink.heard(1, heard)
        poll(lambda at=heard: sent.end > min(at + RATE, 3 * RATE) - 1024)  # type: ignore[misc]
        assert sent.end <= heard + RATE
    writing.join(10)
    assert sink.buffered() == pytest.approx((sent.end - heard) / RATE)
    assert sink.position() == heard / RATE


def test_positions_that_cannot_be_are_not_believed() -> None:
    sink, _ = begun()
    sink.write(ramp(0.5), NEVER)
    sink.heard(1, 10**9)
    assert sink.position() == 0.5, "no more than was sent"
    sink.heard(1, 100)
    assert sink.position() == 0.5, "it never goes back"
    sink.heard(1, -5)
    sink.begin()
    sink.write(ramp(0.5), NEVER)
    sink.heard(1, 4800)
    sink.heard(3, 4800)
    assert sink.position() == 0.0, "of another speech"
    sink.heard(2, 4800)
    assert sink.position() == 0.2


def test_a_cut_ends_a_write_that_waits_and_silences_the_client() -> None:
    sink, sent = begun(buffer_seconds=0.5)
    cancelled = threading.Event()
    writing = in_thread(sink.write, ramp(2.0), cancelled)
    poll(lambda: sent.end > 0.4 * RATE)
    cancelled.set()
    sink.clear()
    writing.join(10)
    assert not writing.is_alive()
    assert sent.all[-2:] == ["drop 1", wire.Silence(1)]
    before = len(sent.all)
    sink.write(ramp(0.1), threading.Event())
    sink.clear()
    assert len(sent.all) == before, "nothing more of it is sent, and the silence once"
    assert sink.buffered() == 0.0


def test_a_drain_ends_when_all_was_heard() -> None:
    sink, sent = begun()
    sink.write(ramp(0.5), NEVER)
    draining = in_thread(sink.drain, NEVER)
    poll(lambda: bool(sent.all) and sent.all[-1] == wire.Spoken(1, RATE // 2))
    sink.heard(1, RATE // 2 - 1)
    assert draining.is_alive()
    sink.heard(1, RATE // 2)
    draining.join(10)
    assert not draining.is_alive()


def test_a_cut_ends_a_drain_of_a_client_that_tells_nothing() -> None:
    sink, sent = begun()
    cancelled = threading.Event()
    sink.write(ramp(0.5), cancelled)
    draining = in_thread(sink.drain, cancelled)
    poll(lambda: isinstance(sent.all[-1], wire.Spoken))
    cancelled.set()
    sink.clear()
    draining.join(10)
    assert not draining.is_alive()


def test_another_sample_rate_later_becomes_that_of_the_first() -> None:
    sink, sent = begun(buffer_seconds=5.0)
    sink.write(ramp(0.5, 24_000), NEVER)
    sink.write(AudioChunk(np.ones(16_000, np.float32) * 0.5, 16_000), NEVER)
    in_thread(sink.drain, NEVER).join(0.0)
    poll(lambda: isinstance(sent.all[-1], wire.Spoken))
    pcm = np.frombuffer(samples(sent.frames), "<i2")
    assert abs(len(pcm) - 1.5 * 24_000) < 100
    assert abs(int(np.median(pcm[20_000:34_000])) - 16384) < 50
    assert sink.resample_seconds > 0
    sink.clear()


@pytest.mark.parametrize("there", [0, 480, 5000, 12_000])
def test_a_client_that_comes_back_gets_what_it_has_not_and_nothing_twice(there: int) -> None:
    sink, first = begun()
    segment = wire.Segment(1, 0, 5, 0.0, 0.5, ())
    sink.expect(7, segment)
    sink.write(ramp(0.5), NEVER)
    sink.heard(1, min(there, 4000))
    sink.detach()
    sink.write(ramp(0.25, start=12_000), NEVER)
    assert first.end == 12_000
    again = Sent()
    sink.attach(again, False, 1, there)
    assert again.all[:2] == [wire.Speech(1, 7, RATE), segment]
    sink.write(ramp(0.1, start=18_000), NEVER)
    whole = samples(first.frames)[: 2 * there] + samples(again.frames)
    assert whole == (np.arange(20_400).astype("<i2")).tobytes()


def test_a_client_that_has_nothing_of_the_speech_gets_all_of_it_and_whether_it_is_paused() -> None:
    sink, _ = begun()
    sink.write(ramp(0.2), NEVER)
    sink.pause()
    again = Sent()
    sink.attach(again, False, speech=0, samples=0)
    assert again.all[0] == wire.Speech(1, 0, RATE, paused=True)
    assert again.frames[0].first == 0
    assert again.end == 4800


def test_a_speech_that_is_over_is_not_told_again() -> None:
    sink, _ = begun()
    sink.write(ramp(0.2), NEVER)
    sink.heard(1, 4800)
    sink.drain(NEVER)
    again = Sent()
    sink.attach(again, False, 1, 4800)
    assert again.all == []


def test_a_pause_outlasts_a_speech_only_while_its_voice_or_speed_is_changed() -> None:
    sink, sent = begun()
    sink.pause()
    sink.keeps_pause = True
    sink.begin()
    sink.write(ramp(0.1), NEVER)
    assert sent.all[0] == wire.Speech(2, 0, RATE, paused=True)
    sink.keeps_pause = False
    sink.begin()
    assert not sink.paused


def test_underruns_are_added_up_over_connections() -> None:
    sink, sent = begun()
    sink.heard(1, 0, 2)
    sink.heard(1, 0, 2)
    sink.attach(sent, False)
    sink.heard(1, 0, 1)
    assert sink.underruns == 3


def test_the_first_sound_was_heard_when_the_client_says_so() -> None:
    sink, _ = begun()
    assert sink.first_heard() is None
    sink.write(ramp(0.1), NEVER)
    assert sink.first_taken() is None
    sink.heard(1, 100)
    taken, heard = sink.first_taken(), sink.first_heard()
    assert taken is not None and heard is not None
    assert heard >= taken


def test_simple_clients_get_wav_files() -> None:
    sink, sent = begun(wav=True)
    sink.write(ramp(1.0), NEVER)
    frames = [one for one in sent.all if isinstance(one, Frame)]
    assert len(frames) == 2
    message = frames[1].data
    assert isinstance(message, str)
    told = json.loads(message)
    assert (told["type"], told["speech"], told["sequence"], told["first"]) == ("audio", 1, 1, 12_000)
    with wave.open(io.BytesIO(base64.b64decode(told["wav"]))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        assert file.readframes(file.getnframes()) == ramp_bytes(12_000, 24_000)


def ramp_bytes(start: int, end: int) -> bytes:
    return np.arange(start, end).astype("<i2").tobytes()
