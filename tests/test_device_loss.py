"""A sound device that goes away in the middle of a word."""

import threading

import numpy as np
import pytest

from speakstream.audio.chunk import AudioChunk
from speakstream.audio.device import open_speaker
from speakstream.engine import Engine
from speakstream.events import Reason
from speakstream.tts import Voice
from speakstream.turn import Delivery
from tests.llm.test_engines import poll
from tests.rig.recognise import Recogniser, word_error_rate
from tests.rig.sound import RATE, NullSink, Recorder
from tests.scripted import Ledger, ready
from tests.test_sound import PARAGRAPH

NEVER = threading.Event()


def test_a_device_that_vanishes_and_comes_back_goes_on_from_there(
    null_sink: NullSink, recorder: Recorder, heart: Voice, recogniser: Recogniser
) -> None:
    notices: list[str] = []
    speaker, device = open_speaker("", None, 3.0, 1024, 0.8, notices.append)
    try:
        turn = Engine(None, ready(heart), speaker).read(lambda _: [PARAGRAPH], Ledger(), Delivery())
        recorder.wait_for_sound()
        poll(lambda: speaker.position() > 2.0)
        null_sink.unload_sink()
        poll(lambda: bool(notices))
        held = speaker.position()
        assert 2.0 < held < 4.0
        null_sink.load_sink()
        recorder.reattach()
        poll(lambda: device.reopened == 1)
        assert turn.wait(60)
        turn.join()
        assert turn.result is not None and turn.result.reason is Reason.FINISHED
        recorder.wait_for_silence(0.5)
        heard = recogniser.transcribe(recorder.samples(), RATE)
    finally:
        device.close()
    assert ["gone" in notices[0], "back" in notices[1], len(notices)] == [True, True, 2]
    assert "boat" in heard.text.lower()
    assert "rain began" in heard.text.lower(), "it was read to the end"
    assert word_error_rate(PARAGRAPH, heard.text) < 0.25, "little was lost and nothing was said twice"


def test_without_any_device_speech_keeps_its_pace_in_silence(
    null_sink: NullSink, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("speakstream.audio.device.GIVE_UP_SECONDS", 1.0)
    notices: list[str] = []
    speaker, device = open_speaker("", None, 3.0, 1024, 0.8, notices.append)
    try:
        speaker.begin()
        speaker.write(AudioChunk(np.full(24000, 0.1, np.float32), 24000), NEVER)
        null_sink.unload_sink()
        speaker.drain(NEVER)
        assert speaker.position() == pytest.approx(1.0, abs=0.02)
        assert "going on in silence" in notices[-1]
    finally:
        device.close()
        null_sink.load_sink()
        recorder.reattach()
