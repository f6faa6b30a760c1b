"""What a chat tells its front end, and what a front end may ask of it many times a second."""

from dataclasses import dataclass
from typing import Literal

from speakstream.events import SegmentSpoken
from speakstream.history import StoredMessage
from speakstream.text.span import Span


@dataclass(frozen=True, slots=True)
class Opened:
    """Another conversation is shown: its messages, the oldest first. None: a new one, not begun yet."""

    conversation: int | None
    messages: tuple[StoredMessage, ...]
    older: int = 0  # messages before these, which are kept and not shown


@dataclass(frozen=True, slots=True)
class Added:
    """A prompt, or a reply that begins, was added at the end."""

    message: StoredMessage


@dataclass(frozen=True, slots=True)
class Grown:
    """Text was appended to a reply."""

    message: int
    delta: str


@dataclass(frozen=True, slots=True)
class Silent:
    """The text in ``span`` of a message is not read aloud; ``why`` as in ``NotSpoken``."""

    message: int
    span: Span
    why: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """The next part of what is read aloud of a message: told right before its sound is written to the sink."""

    message: int
    segment: SegmentSpoken


@dataclass(frozen=True, slots=True)
class Ended:
    """A reply is complete: as it is stored now."""

    message: StoredMessage


@dataclass(frozen=True, slots=True)
class Told:
    """One line that a person should see."""

    text: str


@dataclass(frozen=True, slots=True)
class Changed:
    """Voice, speed, persona, device, title or readiness is another: ask again."""


Happening = Opened | Added | Grown | Silent | Spoken | Ended | Told | Changed


@dataclass(frozen=True, slots=True)
class Now:
    """What is going on at this moment, for a display that asks many times a second."""

    message: int | None = None  # that is spoken, or written
    word: Span | None = None  # that sounds, in the message's text
    heard: int = 0  # code points of it that a person has heard
    speaking: bool = False
    paused: bool = False
    writing: bool = False
    buffered: float = 0.0  # seconds made and not heard
    level: float = 0.0  # RMS of what sounds, 0 to 1
    underruns: int = 0


Readiness = Literal["loading", "ready", "failed", "off"]


@dataclass(frozen=True, slots=True)
class Status:
    """What a chat runs on, and the figures of the last turn; None: not known."""

    model: str  # as it names itself, once it is loaded
    model_state: Readiness
    voice: str
    voice_state: Readiness  # "off": nothing is spoken
    device: str  # "" without one
    sample_rate: int | None
    silent_because: str  # one line; "" when there is sound
    progress: str  # of a download: "the model: 34 %"; "" without one
    speed: float
    volume: float
    muted: bool
    persona: str
    context_used: int | None  # tokens
    context_length: int | None
    first_token: float | None  # seconds after Enter
    first_audio: float | None
    tokens_per_second: float | None
    prompt_tokens: int | None
    cached_tokens: int | None
    underruns: int
