"""Voices: one protocol, and the engines behind it.

A voice is named ``engine/name`` ("hibari/heart"). An engine's module, and with it its libraries, is imported
only when it is chosen.
"""

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Protocol

from speakstream.audio.chunk import AudioChunk
from speakstream.errors import VoiceError


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text stands in its sentence. Its pitch and the length of its last word depend on that."""

    before: str = ""
    """What was said of the same sentence just before."""

    goes_on: bool = False
    """Whether more of the sentence follows at once, with no mark between."""


ALONE = Place()


class Voice(Protocol):
    """A neural voice. Every method may be called from several threads at once."""

    name: str
    """Shown to people: "hibari/heart"."""

    language: str
    """BCP 47: "en-US"."""

    sample_rate: int
    """Hz, of every chunk."""

    def synthesize(self, text: str, speed: float, cancelled: Event, place: Place = ALONE) -> Iterator[AudioChunk]:
        """Speak ``text``: chunks without silence around them, word spans in ``text``.

        ``speed`` is a factor, 1.0 the voice's own pace; a voice clamps it to what it can do. ``place`` is for
        voices that can speak a part as a part; others speak it as if it stood alone. Ends early when ``cancelled``
        is set. Raises VoiceError when the voice fails.
        """

    def warm(self) -> None:
        """Load what the first ``synthesize`` would have to wait for; may do nothing."""

    def close(self) -> None:
        """Free the voice. Nothing else may be called afterwards."""


@dataclass(frozen=True, slots=True)
class VoiceInfo:
    """One line of ``speakstream voices``."""

    name: str
    language: str
    about: str
    megabytes: float
    licence: str
    on_disk: bool


def _open_hibari(name: str, cache: Path | None) -> Voice:
    from speakstream.tts.hibari import HibariVoice

    return HibariVoice(name, cache)


def _list_hibari() -> list[VoiceInfo]:
    from speakstream.tts.hibari import catalogue

    return catalogue()


ENGINES: dict[str, Callable[[str, Path | None], Voice]] = {"hibari": _open_hibari}
"""Engine name to the opener of its voices, which imports it."""

CATALOGUES: dict[str, Callable[[], list[VoiceInfo]]] = {"hibari": _list_hibari}

PLANNED_ENGINES = {
    "tts_models": "Coqui",
    "coqui": "Coqui",
    "piper": "Piper",
    "http:": "a speech server",
    "https:": "a speech server",
}


def voices() -> list[VoiceInfo]:
    """Every voice of every installed engine."""
    return [info for catalogue in CATALOGUES.values() for info in catalogue()]


def check_name(name: str) -> None:
    """Raise VoiceError, with the nearest name, when no voice is called ``name``. Loads no voice."""
    engine = name.partition("/")[0]
    if engine in PLANNED_ENGINES:
        raise VoiceError(
            f"voice {name!r}: {PLANNED_ENGINES[engine]} voices are not there yet; use TTS_MODEL_NAME=hibari/heart"
        )
    known = [info.name for info in voices()]
    if name not in known:
        near = difflib.get_close_matches(name, known, 1, 0.5)
        hint = f"did you mean {near[0]!r}?" if near else "see: speakstream voices"
        raise VoiceError(f"voice {name!r} is unknown; {hint}")


def open_voice(name: str, cache: Path | None = None) -> Voice:
    """Load the voice ``engine/name``; ``cache`` is a folder in which an engine may keep what it prepares.

    Raises VoiceError for an unknown name, with the nearest one, and when loading fails.
    """
    engine, _, voice = name.partition("/")
    if engine not in ENGINES:
        check_name(name)
    return ENGINES[engine](voice, cache)
