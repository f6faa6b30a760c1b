"""Every setting does something: change it, and what a person hears or sees changes."""

import json
import threading
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from textual.pilot import Pilot

from speakstream.engine import Conversation, Engine
from speakstream.errors import AudioError, ModelError, SpeakStreamError, VoiceError
from speakstream.events import SegmentSpoken
from speakstream.llm import ModelChoice
from speakstream.llm.llamacpp import LlamaCpp
from speakstream.loading import Resources, delivery, generation, load_model, load_voice, open_sound
from speakstream.say import Job, run
from speakstream.settings import SETTINGS, Settings
from speakstream.turn import Delivery
from tests.program import speakstream
from tests.rig.sound import NullSink
from tests.scripted import HandSink, Ledger, ScriptedModel, ScriptedVoice, ready
from tests.tui.talk import Talk, talk

Test = TypeVar("Test", bound=Callable[..., None])

TESTED_HERE = set[str]()
"""Names that a test below changes."""


def changes(*names: str) -> Callable[[Test], Test]:
    """Say which settings a test is about."""
    TESTED_HERE.update(names)
    return lambda test: test


OF_THE_SERVER = {
    *("HOST", "PORT", "PUBLIC_HOST", "ACCESS_TOKEN", "MAX_SESSIONS", "PARALLEL_REPLIES", "IDLE_TIMEOUT"),
    *("MAX_PROMPT_CHARS", "ALLOW_LAN", "CERTFILE", "KEYFILE"),
}
"""What these change is tested in tests/server."""

OF_CLIENTS_TO_COME = {
    *("LLM_BASE_URL", "LLM_API_KEY", "TTS_BASE_URL", "TTS_API_KEY"),  # engines behind a server
}
"""Read and validated, and without effect until what they are for is there."""


def changed(**values: Any) -> Settings:
    return replace(Settings(), **values)


def wav(settings: Settings, tmp_path: Path, text: str = "One two three four five six.") -> tuple[int, float, float]:
    """Rate, seconds and loudest sample of a text read into a file with these settings."""
    path = tmp_path / "a.wav"
    assert run(Job(text=text, output=str(path), quiet=True), settings) == 0
    with wave.open(str(path)) as read:
        import numpy as np

        samples = np.frombuffer(read.readframes(read.getnframes()), "<i2")
        return read.getframerate(), len(samples) / read.getframerate(), float(np.abs(samples).max())


@changes("TTS_SAMPLE_RATE")
def test_a_sample_rate_is_that_of_the_file(tmp_path: Path) -> None:
    assert wav(Settings(), tmp_path)[0] == 24000
    assert wav(changed(tts_sample_rate=16000), tmp_path)[0] == 16000


@changes("TTS_SPEED")
def test_a_speed_shortens_the_speech(tmp_path: Path) -> None:
    assert wav(changed(tts_speed=2.0), tmp_path)[1] < 0.7 * wav(Settings(), tmp_path)[1]


@changes("READ_CODE", "READ_TABLES")
@pytest.mark.parametrize(
    ("name", "text", "announced", "read"),
    [
        ("read_code", "```py\nx = 1\n```", ["Python code, one line."], ["Python code.", "x equals one."]),
        (
            "read_tables",
            "| a | b |\n|---|---|\n| c | d |",
            ["Table, two columns and one row."],
            ["Table, two columns: a, b.", "c, b d."],
        ),
    ],
)
def test_code_and_tables_are_read_when_asked_for(name: str, text: str, announced: list[str], read: list[str]) -> None:
    assert said(Settings(), text) == announced
    assert said(changed(**{name: True}), text) == read


@changes("DEFAULT_VOLUME")
def test_a_volume_is_that_of_the_sound(tmp_path: Path, null_sink: NullSink) -> None:
    assert wav(changed(default_volume=0.4), tmp_path)[2] == pytest.approx(wav(Settings(), tmp_path)[2] / 2, rel=0.01)


@changes("ENABLE_AUDIO")
def test_without_audio_nothing_is_opened_or_loaded(capfd: pytest.CaptureFixture[str]) -> None:
    before = threading.active_count()
    assert run(Job(text="Hello."), changed(enable_audio=False)) == 0
    assert capfd.readouterr().out.strip() == "Hello."
    assert threading.active_count() == before


@changes("AUDIO_BUFFER_SECONDS", "CHUNK_SIZE", "AUDIO_DEVICE")
def test_the_device_the_buffer_and_the_chunks_are_those_asked_for(null_sink: NullSink) -> None:
    resources = Resources()
    try:
        speaker: Any = open_sound(changed(audio_buffer_seconds=1.5, chunk_size=256), resources, lambda _: None)
        assert speaker._ring.capacity == int(1.5 * speaker.sample_rate)
        assert speaker._chunk_size == 256
        with pytest.raises(AudioError, match="'kazoo' is no output device"):
            open_sound(changed(audio_device="kazoo"), resources, lambda _: None)
    finally:
        resources.close()


@changes("MAX_QUEUE_SIZE")
def test_the_queue_bounds_what_waits_for_the_voice() -> None:
    assert delivery(changed(max_queue_size=3)).max_queue == 3


@changes("TTS_MODEL_NAME", "LLM_ENGINE", "LLM_MODEL_NAME")
def test_an_unknown_voice_engine_or_model_is_an_error_at_once() -> None:
    with pytest.raises(VoiceError, match="hibari/nobody"):
        load_voice(changed(tts_model_name="hibari/nobody"), Resources())
    with pytest.raises(ModelError, match="transformers"):
        load_model(changed(llm_engine="transformers"), Resources(), print)
    resources = Resources()
    with pytest.raises(SpeakStreamError, match="nowhere"):
        load_model(changed(llm_model_name="./nowhere.gguf"), resources, print).result()
    resources.close()


@changes("MODEL_CACHE")
def test_weights_are_kept_where_the_setting_says(tmp_path: Path) -> None:
    resources = Resources()
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(ModelError, match="file"):
        load_model(changed(model_cache=blocked / "models"), resources, print).result()
    resources.close()


@changes("MAX_NEW_TOKENS", "TEMPERATURE", "TOP_P", "TOP_K", "MIN_P", "REPEAT_PENALTY", "SEED", "STOP", "DO_SAMPLE")
@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("max_new_tokens", 7, "max_new_tokens", 7),
        ("temperature", 0.2, "temperature", 0.2),
        ("top_p", 0.3, "top_p", 0.3),
        ("top_k", 5, "top_k", 5),
        ("min_p", 0.2, "min_p", 0.2),
        ("repeat_penalty", 1.5, "repeat_penalty", 1.5),
        ("seed", 11, "seed", 11),
        ("stop", ("END",), "stop", ("END",)),
        ("do_sample", False, "temperature", 0.0),
    ],
)
def test_sampling_is_as_set(name: str, value: Any, field: str, expected: Any) -> None:
    """What each of these does to a reply, the engine suite shows on the real model."""
    assert getattr(generation(Settings()), field) != expected
    assert getattr(generation(changed(**{name: value})), field) == expected


@changes("CONTEXT_LENGTH", "LLM_THREADS")
def test_the_context_and_the_threads_are_as_set(weights: Path) -> None:
    settings = changed(context_length=512, llm_threads=1)
    assert settings.llm_threads is not None
    model = LlamaCpp(ModelChoice("x", weights, settings.context_length, settings.llm_threads))
    assert model.context_length == 512
    assert "1 thread)" in model.name
    model.close()


@changes("SYSTEM_PROMPT", "MAX_CHAT_HISTORY")
def test_the_system_prompt_and_the_history_are_sent_as_set() -> None:
    settings = changed(system_prompt="Sing.", max_chat_history=1)
    model, sink = ScriptedModel(["La."]), HandSink()
    talk = Conversation(
        Engine(ready(model), ready(ScriptedVoice()), sink),
        settings.system_prompt,
        generation(settings),
        Delivery(),
        Ledger(),
        settings.max_chat_history,
    )
    for prompt in ("One", "Two"):
        turn = talk.ask(prompt)
        while not turn.wait(0.002):
            sink.play(1.0)
        turn.join()
    assert [message.content for message in model.asked[-1]] == ["Sing.", "Two"]


@changes("DEBUG")
def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    def errors(value: str) -> str:
        environ = {**os.environ, "SPEAKSTREAM_DEBUG": value, "SPEAKSTREAM_LLM_MODEL_NAME": "./nowhere.gguf"}
        asked = [sys.executable, "-m", "speakstream", "say", "--no-audio", "Hi"]
        return subprocess.run(asked, env=environ, capture_output=True, text=True, cwd=tmp_path).stderr

    assert "Traceback" not in errors("false")
    assert "Traceback" in errors("true")


def segments(text: str, how: Delivery) -> list[SegmentSpoken]:
    """What a scripted voice is given of a text that is read."""
    voice, sink, events = ScriptedVoice(), HandSink(), Ledger()
    turn = Engine(None, ready(voice), sink).read(lambda _: [text], events, how)
    while not turn.wait(0.002):
        sink.play(1.0)
    turn.join()
    return [event for event in events if isinstance(event, SegmentSpoken)]


def said(settings: Settings, text: str) -> list[str]:
    return [segment.spoken for segment in segments(text, delivery(settings))]


def test_segments_are_made_for_the_speed_asked_for() -> None:
    (segment,) = segments("One two three.", Delivery(speed=2.0))
    assert segment.seconds == pytest.approx(0.15)


@changes("AUTO_SCROLL")
@pytest.mark.parametrize(("auto_scroll", "follows"), [(True, "word"), (False, "off")])
def test_the_screen_follows_the_word_unless_it_shall_not(auto_scroll: bool, follows: str) -> None:
    async def act(app: Talk, pilot: Pilot[int]) -> None:
        assert app.transcript.follow == follows

    talk(Talk(auto_scroll=auto_scroll), act)


@changes("SAVE_CHAT_HISTORY")
@pytest.mark.parametrize("saved", ["true", "false"])
def test_conversations_are_kept_unless_they_shall_not(tmp_path: Path, saved: str) -> None:
    asked = speakstream(
        tmp_path, "chat", "--plain", "--no-audio", given=b"Hi\n", env={"SPEAKSTREAM_SAVE_CHAT_HISTORY": saved}
    )
    assert asked.returncode == 0
    listed = speakstream(tmp_path, "history", "list", "--json")
    assert [found["title"] for found in json.loads(listed.stdout)] == (["Hi"] if saved == "true" else [])


def test_every_setting_is_tested_above() -> None:
    assert set(SETTINGS) - TESTED_HERE == OF_CLIENTS_TO_COME | OF_THE_SERVER
