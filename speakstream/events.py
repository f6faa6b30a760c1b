"""What a turn tells its front end.

Events are delivered by one callback, on the thread that caused them. The word that is sounding is not an event:
front ends ask ``Timeline.word_at(sink.position())`` at their own frame rate.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

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


KEPT_TOKEN_TIMES = 8192
"""Tokens of a turn whose times are kept: all of any reply, and not all of a text that is read for hours."""


@dataclass(frozen=True, slots=True)
class SegmentTimes:
    """When a segment was made and written, ``time.monotonic()`` seconds, and its place in the speech."""

    offset: float  # seconds into the speech
    seconds: float  # without the pause after it
    begun: float  # the voice was given the text
    made: float  # it gave the samples
    resampled: float  # they have the sink's sample rate
    written: float  # the last of them is in the sink, which blocks while it is full


@dataclass(slots=True)
class Metrics:
    """Timestamps of one turn, ``time.monotonic()`` seconds; None until it happened.

    They are in the order in which they happen: docs/performance.md draws them. There is one of ``segments`` for each
    SegmentSpoken that was not cut off before it was written.
    """

    submitted: float
    prepared: float | None = None  # the model was given what fits its context
    prefill_begun: float | None = None  # it reads the prompt: the template is filled in, the tokens are counted
    prefill_ended: float | None = None
    first_token: float | None = None
    last_token: float | None = None
    first_clause: float | None = None
    first_synthesis: float | None = None  # the voice gave its first samples
    first_write: float | None = None  # they go to the sink
    first_taken: float | None = None  # the device's callback took the first sample
    first_audio: float | None = None  # it reached the DAC
    first_audible: float | None = None  # a sample over AUDIBLE_DB did
    ended: float | None = None
    prompt_tokens: int | None = None
    cached_tokens: int | None = None  # of these, not read again
    tokens: int = 0
    token_times: list[float] = field(default_factory=list)
    segments: list[SegmentTimes] = field(default_factory=list)
    speech_seconds: float = 0.0
    synthesis_seconds: float = 0.0
    underruns: int = 0

    @property
    def tokens_per_second(self) -> float | None:
        """Decoding rate, first token to last; None for fewer than two tokens."""
        if self.tokens < 2 or self.first_token is None or self.last_token is None:
            return None
        return (self.tokens - 1) / max(self.last_token - self.first_token, 1e-9)

    def since_submitted(self) -> dict[str, Any]:
        """Seconds after the prompt was submitted, for a table or JSON."""

        def after(moment: float | None) -> float | None:
            return None if moment is None else round(moment - self.submitted, 4)

        rate = self.tokens_per_second
        return {
            "prepared": after(self.prepared),
            "prefill_begun": after(self.prefill_begun),
            "prefill_ended": after(self.prefill_ended),
            "first_token": after(self.first_token),
            "last_token": after(self.last_token),
            "first_clause": after(self.first_clause),
            "first_synthesis": after(self.first_synthesis),
            "first_write": after(self.first_write),
            "first_taken": after(self.first_taken),
            "first_audio": after(self.first_audio),
            "first_audible": after(self.first_audible),
            "ended": after(self.ended),
            "prompt_tokens": self.prompt_tokens,
            "cached_tokens": self.cached_tokens,
            "tokens": self.tokens,
            "tokens_per_second": None if rate is None else round(rate, 1),
            "speech_seconds": round(self.speech_seconds, 3),
            "synthesis_seconds": round(self.synthesis_seconds, 4),
            "underruns": self.underruns,
            "token_times": [after(moment) for moment in self.token_times],
            "segments": [
                {
                    "offset": round(segment.offset, 4),
                    "seconds": round(segment.seconds, 4),
                    "begun": after(segment.begun),
                    "made": after(segment.made),
                    "resampled": after(segment.resampled),
                    "written": after(segment.written),
                }
                for segment in self.segments
            ],
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
