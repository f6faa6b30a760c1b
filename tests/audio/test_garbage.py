"""Full garbage collections: none while something sounds, and not none at all."""

import gc
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from speakstream.audio.chunk import AudioChunk
from speakstream.audio.device import open_speaker
from speakstream.audio.garbage import Collector
from tests.llm.test_engines import poll
from tests.rig.sound import NullSink

NEVER = threading.Event()


@pytest.fixture
def full() -> Iterator[list[int]]:
    """Has an element for each full collection."""
    seen = list[int]()

    def note(phase: str, info: dict[str, Any]) -> None:
        if phase == "stop" and info["generation"] == 2:
            seen.append(info["collected"])

    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)


def make_garbage() -> None:
    """So much that a full collection is long due."""
    first, second, _ = gc.get_threshold()
    kept = [[number] for number in range(first * second * 15)]
    assert gc.get_count()[2] > 10, f"{len(kept)} objects are too few"


def test_a_full_collection_waits_until_it_is_asked_for(full: list[int]) -> None:
    before = gc.get_threshold()
    collector = Collector()
    make_garbage()
    assert full == []
    collector.tidy()
    assert len(full) == 1
    collector.tidy()
    assert len(full) == 1, "it was not due"
    collector.close()
    assert gc.get_threshold() == before


def test_the_device_collects_when_the_speech_has_ended(null_sink: NullSink, full: list[int]) -> None:
    speaker, device = open_speaker("", None, 3.0, 1024, 0.0, lambda _: None)
    try:
        speaker.begin()
        assert not speaker.idle
        speaker.write(AudioChunk(np.full(24_000, 0.1, np.float32), 24_000), NEVER)
        assert not speaker.idle
        full.clear()
        make_garbage()
        assert full == []
        speaker.drain(NEVER)
        poll(lambda: len(full) > 0)
        assert speaker.idle
    finally:
        device.close()
