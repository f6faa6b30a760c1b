"""Speech by the API: a text goes in, and its sound comes out as it is synthesized, as ``say --read`` would speak it.

https://platform.openai.com/docs/api-reference/audio/createSpeech
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from speakstream.audio.chunk import AudioChunk
from speakstream.audio.resample import StreamResampler
from speakstream.audio.wavfile import pcm16, wav_header
from speakstream.engine import Engine
from speakstream.errors import SpeakStreamError, VoiceError
from speakstream.events import Event, Reason
from speakstream.loading import delivery
from speakstream.server.calls import Refused
from speakstream.server.hall import Hall
from speakstream.settings import Settings
from speakstream.text.lexicon import Lexicon
from speakstream.tts import ENGINES, Voice, check_name, voices

FORMATS = {"wav": "audio/wav", "pcm": "audio/pcm"}
"""What can be made, by its name in the request."""

MAX_INPUT = 50_000
"""Characters of a text: an hour."""

AHEAD_SECONDS = 5.0
"""Of sound made ahead of a client that reads slowly."""

SLOWEST, FASTEST = 0.5, 3.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A speech, as it was asked for."""

    text: str
    voice: str
    speed: float
    format: str

    @property
    def media_type(self) -> str:
        """Of the answer."""
        return FORMATS[self.format]


class Speaker:
    """Speaks texts."""

    def __init__(self, settings: Settings, hall: Hall, lexicon: Callable[[], Lexicon]) -> None:
        self._settings = settings
        self._hall = hall
        self._lexicon = lexicon

    def asked(self, body: dict[str, Any]) -> Asked:
        """What a request asks for. Raises Refused, which names the field."""
        if not self._settings.enable_audio:
            raise Refused(400, "this server speaks nothing (ENABLE_AUDIO=false)", "unsupported")
        known = [one.name for one in voices()]
        model = body.get("model")
        if model is not None and model not in (*engines(), *known):
            raise Refused(
                404, f"The model {str(model)[:80]!r} does not exist here; use one of {', '.join(engines())}",
                "model_not_found", "model",
            )  # fmt: skip
        text = body.get("input")
        if not isinstance(text, str) or not text.strip() or len(text) > MAX_INPUT:
            raise Refused(400, f"input: give a text of up to {MAX_INPUT} characters", None, "input")
        kind = body.get("response_format") or "wav"
        if kind not in FORMATS:
            raise Refused(
                400, f"response_format: {str(kind)[:40]!r} is not made here; use {' or '.join(FORMATS)}",
                None, "response_format",
            )  # fmt: skip
        if body.get("stream_format") not in (None, "audio"):
            raise Refused(400, "stream_format: the sound is sent as it is; use audio", None, "stream_format")
        voice = body.get("voice") or (model if model in known else self._settings.tts_model_name)
        return Asked(text, self._voice(voice, known), self._speed(body.get("speed")), kind)

    def _voice(self, given: Any, known: list[str]) -> str:
        if not isinstance(given, str):
            raise Refused(400, "voice: give a name", None, "voice")
        found = given if given in known else next((name for name in known if name.partition("/")[2] == given), given)
        try:
            check_name(found)
        except VoiceError as error:
            raise Refused(400, f"{error}; there are {', '.join(known)}", "voice_not_found", "voice") from error
        return found

    def _speed(self, given: Any) -> float:
        if given is None:
            return self._settings.tts_speed
        if isinstance(given, bool) or not isinstance(given, int | float) or not isfinite(given):
            raise Refused(400, "speed: give a number", None, "speed")
        if not SLOWEST <= given <= FASTEST:
            raise Refused(400, f"speed: {given} is not possible; use {SLOWEST} to {FASTEST}", None, "speed")
        return float(given)

    def pieces(self, wanted: Asked, cancelled: threading.Event) -> Iterator[bytes]:
        """The sound, piece by piece. In a thread. Raises Refused, or SpeakStreamError."""
        sink = PieceSink(self._settings.tts_sample_rate)
        voice: Future[Voice] = self._hall.voice(wanted.voice, sink.buffered)
        how = replace(delivery(self._settings), speed=wanted.speed)

        def heed(event: Event) -> None:
            """What is not spoken, and why a speech failed, stands in the turn."""

        turn = Engine(None, voice, sink, self._lexicon).read(lambda _: [wanted.text], heed, how)
        begun = False
        try:
            for rate, piece in sink.pieces(lambda: turn.result is not None, cancelled):
                if not begun and wanted.format == "wav":
                    piece = wav_header(rate, None) + piece
                begun = True
                yield piece
        finally:
            turn.cancel()
            turn.join()
        if cancelled.is_set():
            return
        speech = turn.speech
        if speech is not None and speech.error:
            raise SpeakStreamError(speech.error)
        if turn.result is not None and turn.result.reason is Reason.FAILED:
            raise SpeakStreamError(turn.result.error)
        if not begun:
            raise Refused(400, "input: there is nothing in it that can be spoken", None, "input")


class PieceSink:
    """The Sink whose sound is taken out piece by piece, and is heard, for all we know, from the first one on."""

    def __init__(self, rate: int | None) -> None:
        """``rate``: Hz; None: that of the voice."""
        self.gain = 1.0
        self.resample_seconds = 0.0
        self._rate = rate or 0  # 0: not known yet
        self._resampler: StreamResampler | None = None
        self._changed = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._written = 0  # samples
        self._taken = 0
        self._since: float | None = None  # when the first piece was taken
        self._closed = False

    @property
    def underruns(self) -> int:
        """None: nobody plays it here."""
        return 0

    def pieces(self, over: Callable[[], bool], cancelled: threading.Event) -> Iterator[tuple[int, bytes]]:
        """The sample rate and PCM16, as it comes, until ``over`` or ``cancelled``."""
        while True:
            with self._changed:
                while not self._waiting and not over() and not cancelled.is_set():
                    self._changed.wait(0.05)
                if cancelled.is_set() or not self._waiting:
                    return
                piece = self._waiting.popleft()
                self._taken += len(piece) // 2
                self._since = self._since or time.monotonic()
                self._changed.notify_all()
            yield self._rate, piece

    def begin(self) -> None:
        """See Sink."""

    def write(self, chunk: AudioChunk, cancelled: threading.Event) -> None:
        """See Sink."""
        if self._resampler is None:
            self._rate = self._rate or chunk.sample_rate
            self._resampler = StreamResampler(self._rate)
        self._append(pcm16(self._resampler.push(chunk.samples, chunk.sample_rate)))
        with self._changed:
            while self._ahead() > AHEAD_SECONDS and not cancelled.is_set():
                self._changed.wait(0.1)

    def _append(self, sound: bytes) -> None:
        if sound:
            with self._changed:
                self._waiting.append(sound)
                self._written += len(sound) // 2
                self._changed.notify_all()

    def _ahead(self) -> float:
        """Seconds that were written and not taken."""
        return (self._written - self._taken) / self._rate if self._rate else 0.0

    def drain(self, cancelled: threading.Event) -> None:
        """See Sink. What was written is taken some time."""
        if self._resampler is not None:
            self._append(pcm16(self._resampler.flush()))

    def clear(self) -> None:
        """See Sink."""
        with self._changed:
            self._waiting.clear()
            self._changed.notify_all()

    def pause(self) -> None:
        """See Sink. Nobody asks for it."""

    def resume(self) -> None:
        """See Sink."""

    def position(self) -> float:
        """See Sink."""
        return self._written / self._rate if self._rate else 0.0

    def buffered(self) -> float:
        """Seconds that a listener would have left who plays it while it comes: the first segment is short, then."""
        return max(self.position() - (time.monotonic() - self._since), 0.0) if self._since is not None else 0.0

    def level(self) -> float:
        """0: it is not heard here."""
        return 0.0

    def first_taken(self) -> float | None:
        """When the first piece was taken."""
        return self._since

    def first_heard(self) -> float | None:
        """None: it is not heard here."""
        return None

    def close(self) -> None:
        """See Sink."""


def engines() -> tuple[str, ...]:
    """The names that a speech's ``model`` may have."""
    return tuple(ENGINES)
