"""What a turn tells its front end.

Events are delivered by one callback, on the thread that caused them. The word that is sounding is not an event:
front ends ask ``Timeline.word_at(sink.position())`` at their own frame rate.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from speakstream.text.span import Span


class Reason(StrEnum):
    """Why a turn ended."""

    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word of the reply and the seconds, from its segment's start, in which it sounds."""

    span: Span
    begins: float
    stops: float


@dataclass(slots=True)
class Metrics:
    """Timestamps of one turn, ``time.monotonic()`` seconds; None until it happened."""

    submitted: float
    first_token: float | None = None
    last_token: float | None = None
    first_clause: float | None = None
    first_synthesis: float | None = None  # the voice gave its first samples
    first_write: float | None = None  # they are in the sink
    first_audio: float | None = None  # the first sample reached the DAC
    ended: float | None = None
    tokens: int = 0
    speech_seconds: float = 0.0
    synthesis_seconds: float = 0.0
    underruns: int = 0

    @property
    def tokens_per_second(self) -> float | None:
        """Decoding rate, first token to last; None for fewer than two tokens."""
        if self.tokens < 2 or self.first_token is None or self.last_token is None:
            return None
        return (self.tokens - 1) / max(self.last_token - self.first_token, 1e-9)

    def since_submitted(self) -> dict[str, float | int | None]:
        """Seconds after the prompt was submitted, for a table or JSON."""

        def after(moment: float | None) -> float | None:
            return None if moment is None else round(moment - self.submitted, 4)

        rate = self.tokens_per_second
        return {
            "first_token": after(self.first_token),
            "last_token": after(self.last_token),
            "first_clause": after(self.first_clause),
            "first_synthesis": after(self.first_synthesis),
            "first_write": after(self.first_write),
            "first_audio": after(self.first_audio),
            "ended": after(self.ended),
            "tokens": self.tokens,
            "tokens_per_second": None if rate is None else round(rate, 1),
            "speech_seconds": round(self.speech_seconds, 3),
            "synthesis_seconds": round(self.synthesis_seconds, 4),
            "underruns": self.underruns,
        }


@dataclass(frozen=True, slots=True)
class ReplyStarted:
    """The prompt was handed to the model."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Text was appended to the reply, at code point ``offset``. Control sequences are already gone."""

    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class SegmentSpoken:
    """A segment was synthesized and now goes to the sink.

    It begins ``offset`` seconds into the speech, lasts ``seconds`` without the pause after it, and says ``spoken``.
    """

    span: Span
    spoken: str
    words: tuple[SpokenWord, ...]
    offset: float
    seconds: float


@dataclass(frozen=True, slots=True)
class NotSpoken:
    """The text in ``span`` is shown and not read aloud; ``why`` is one word: "code", "table", "script"."""

    span: Span
    why: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One line that a person should see: no sound device, older turns dropped, ..."""

    text: str


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The turn is over; nothing of it runs any more. ``heard`` is what a person heard of the reply."""

    reason: Reason
    heard: str
    metrics: Metrics = field(compare=False)
    error: str = ""  # one line, when reason is FAILED


Event = ReplyStarted | TextDelta | SegmentSpoken | NotSpoken | Notice | TurnEnded
