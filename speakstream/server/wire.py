"""What passes over ``/ws``: every message a dataclass, one encoder, one decoder. docs/protocol.md shows each of them.

JSON text frames carry all but the sound, each an object whose ``type`` is its class's name in snake case. Binary frames
carry sound, from the server only: see ``AudioFrame``. Places in a text count UTF-16 code units, as JavaScript does;
times are seconds, and places in the sound are samples from the beginning of a speech.
"""

import json
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

VERSION = 1
"""Of this protocol; raised when a client of before would no longer understand."""

MAX_MESSAGE_BYTES = 64 * 1024
"""A longer frame closes the connection (1009)."""

POSITION_SECONDS = 0.1
"""How often a client tells its position while it plays."""

FULL, UNAUTHORIZED, IDLE, TOO_SLOW, TOO_MANY, TAKEN_OVER = 1013, 4401, 4000, 4001, 4002, 4003
"""Close codes, besides 1000 (left), 1009 (too long a frame) and 1012 (the server ends).

FULL: as many sessions as MAX_SESSIONS. UNAUTHORIZED: the access is no longer valid. IDLE: nothing came for long.
TOO_SLOW: what was sent was not read. TOO_MANY: messages came faster than allowed. TAKEN_OVER: the session goes on over
another connection.
"""


class WireError(ValueError):
    """A frame is no message; the text says what is wrong with it, in one line."""


# -- from the client ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """A message that the client kept: of a conversation to go on with."""

    role: Literal["user", "assistant"]
    text: str
    heard: int | None = None  # of an interrupted reply: the place up to which it was heard; null: to its end


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message. Begins a session, or goes on with one (``session``), where it was."""

    version: int = VERSION
    session: str = ""  # from Welcome: to go on after the connection was lost
    speech: int = 0  # of that session: the newest speech of which samples came ...
    samples: int = 0  # ... and how many, from its beginning: sound goes on behind them
    audio: Literal["pcm", "wav", "off"] = "pcm"  # binary frames; Audio messages; none
    keep: bool = False  # in the server's history, the one of ``speakstream chat``
    conversation: int | None = None  # of the server's history, to go on with
    restore: tuple[Kept, ...] = ()  # without ``keep``: the conversation so far


@dataclass(frozen=True, slots=True)
class Ask:
    """Answer this prompt. What is written or spoken is interrupted."""

    text: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Answer this prompt in the place of a former one; what came after that is gone."""

    message: int
    text: str


@dataclass(frozen=True, slots=True)
class Typing:
    """What is in the prompt so far; the model reads it already. ``rests``: for a while nothing was typed."""

    text: str
    rests: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Silence, and no more text. The client has cleared its own buffer already, and drops what still comes.

    ``samples`` of ``speech``, the newest, were heard.
    """

    speech: int = 0
    samples: int = 0


@dataclass(frozen=True, slots=True)
class Pause:
    """The client holds the sound where it is."""


@dataclass(frozen=True, slots=True)
class Resume:
    """The client goes on from there."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Go to the beginning of a sentence: 1 the next, -1 this one or the one before."""

    step: int


@dataclass(frozen=True, slots=True)
class Speak:
    """Read a message aloud from a place on: a seek in what is spoken, a replay of any other message."""

    message: int
    start: int = 0
    stop: int | None = None
    aloud: bool = False  # code and tables too


@dataclass(frozen=True, slots=True)
class Set:
    """Change what is not null. All of it takes effect on what is spoken, from the present word on."""

    speed: float | None = None  # 0.5 to 3
    voice: str | None = None
    volume: float | None = None  # 0 to 1; the client itself makes it louder
    model: str | None = None
    persona: str | None = None  # "": none


@dataclass(frozen=True, slots=True)
class Position:
    """``samples`` of ``speech`` were heard. Paces the server, which sends a few seconds more than that."""

    speech: int
    samples: int
    underruns: int = 0  # of this connection so far


@dataclass(frozen=True, slots=True)
class New:
    """Begin a new conversation."""


@dataclass(frozen=True, slots=True)
class Open:
    """Go on with a conversation of the server's history."""

    conversation: int


@dataclass(frozen=True, slots=True)
class List:
    """Which conversations the server's history has; ``query``: those with these words."""

    query: str = ""


@dataclass(frozen=True, slots=True)
class Rename:
    """Give a conversation of the server's history another title."""

    conversation: int
    title: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Take a conversation out of the server's history; ``undo``: put it back."""

    conversation: int
    undo: bool = False


@dataclass(frozen=True, slots=True)
class Ping:
    """Answered at once by a Pong with the same ``id``."""

    id: int = 0


@dataclass(frozen=True, slots=True)
class Bye:
    """The client leaves for good: nothing of the session is held for it."""


ClientMessage = (
    Hello | Ask | Edit | Typing | Cancel | Pause | Resume | Sentence | Speak | Set | Position | New | Open | List
    | Rename | Delete | Ping | Bye
)  # fmt: skip


# -- from the server ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """A prompt or a reply, as it is shown."""

    id: int
    role: Literal["user", "assistant"]
    text: str
    blocks: Sequence[Mapping[str, Any]]  # of a reply, see ``shape.block``; of a prompt: []
    heard: int | None  # the place up to which it was heard; null: it was not spoken
    reason: str  # "writing", then "finished", "interrupted" or "failed"; of a prompt: ""
    error: str = ""
    model: str = ""
    voice: str = ""
    created: float = 0.0  # seconds since 1970
    metrics: Mapping[str, Any] = field(default_factory=dict)  # seconds after the prompt came


@dataclass(frozen=True, slots=True)
class Welcome:
    """Answers Hello. ``resumed``: the session goes on; else it is new, also when another one was asked for."""

    session: str
    resumed: bool
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class Status:
    """What it runs on; sent whenever it has changed."""

    model: str
    model_state: str  # "loading", "ready", "failed", "off"
    voice: str
    voice_state: str
    persona: str
    speed: float
    volume: float
    progress: str  # of a download: "the model: 34 %"
    silent_because: str  # one line; "" when there is sound
    context_used: int | None  # tokens
    context_length: int | None


@dataclass(frozen=True, slots=True)
class Opened:
    """This conversation is shown now, in the place of any before. ``conversation``: null when it is not kept."""

    conversation: int | None
    messages: tuple[ShownMessage, ...]
    older: int = 0  # messages before these


@dataclass(frozen=True, slots=True)
class Added:
    """A prompt, or a reply that begins, at the end. ``conversation``: as in Opened; a new one has its number now."""

    message: ShownMessage
    conversation: int | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A reply has grown by ``delta``: its blocks from number ``first`` on are these now."""

    message: int
    delta: str
    first: int
    blocks: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Silent:
    """This part of a message is not read aloud; ``why`` in one word: "code", "table", "script"."""

    message: int
    start: int
    end: int
    why: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A reply is complete. Its text and blocks have come before: ``text`` and ``blocks`` are empty here."""

    message: ShownMessage


@dataclass(frozen=True, slots=True)
class Speech:
    """A speech begins: ``message`` is read aloud. Comes before any of its sound; what is left of others is dropped."""

    speech: int
    message: int
    sample_rate: int  # Hz; mono
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """Where the words of the next part of a speech sound. Comes before that sound."""

    speech: int
    start: int  # in the message
    end: int
    begins: float  # seconds into the speech
    stops: float
    words: tuple[tuple[int, int, float, float], ...]  # start, end, and from when to when: seconds into the speech


@dataclass(frozen=True, slots=True)
class Audio:
    """Sound as a WAV file in base64, for clients that asked for it (``audio: "wav"``)."""

    speech: int
    sequence: int
    first: int  # number of its first sample in the speech
    wav: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """All sound of this speech has been sent: so many samples."""

    speech: int
    samples: int


@dataclass(frozen=True, slots=True)
class Silence:
    """Stop at once what sounds of this speech and of all before."""

    speech: int


@dataclass(frozen=True, slots=True)
class Queue:
    """Others come first: so many turns are before this one. 0: it begins."""

    position: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation of a list."""

    id: int
    title: str
    updated: float  # seconds since 1970
    messages: int
    persona: str = ""
    excerpt: str = ""  # around what was sought


@dataclass(frozen=True, slots=True)
class Conversations:
    """Answers List."""

    query: str
    conversations: tuple[Conversation, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """One line that a person should see."""

    text: str


@dataclass(frozen=True, slots=True)
class Error:
    """What was asked can't be done; ``text`` is one line for a person, ``about`` the type of the message."""

    about: str
    text: str


@dataclass(frozen=True, slots=True)
class Pong:
    """Answers Ping."""

    id: int


@dataclass(frozen=True, slots=True)
class Closing:
    """The server ends, in so many seconds at the latest; what is running is finished or saved."""

    seconds: float


ServerMessage = (
    Welcome | Status | Opened | Added | Text | Silent | Ended | Speech | Segment | Audio | Spoken | Silence | Queue
    | Conversations | Notice | Error | Pong | Closing
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """A binary frame: this header, then PCM16 little-endian, mono."""

    speech: int
    sequence: int  # counts the frames of a speech from 0; starts again nowhere, so that a gap shows
    first: int  # number of its first sample in the speech
    pcm: bytes

    def encode(self) -> bytes:
        """As it goes over the wire."""
        return _HEADER.pack(self.speech, self.sequence, self.first) + self.pcm

    @classmethod
    def decode(cls, frame: bytes) -> "AudioFrame":
        """From the wire. Raises WireError."""
        if len(frame) < _HEADER.size or len(frame) % 2:
            raise WireError(f"a binary frame of {len(frame)} bytes is no sound")
        speech, sequence, first = _HEADER.unpack_from(frame)
        return cls(speech, sequence, first, frame[_HEADER.size :])


_HEADER = struct.Struct("<III")


# -- encoder and decoder -----------------------------------------------------------------------------------


def type_of(message: type) -> str:
    """The ``type`` of a message's class: "SetVoice" -> "set_voice"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", message.__name__).lower()


CLIENT_TYPES: Mapping[str, type] = {type_of(one): one for one in get_args(ClientMessage)}
SERVER_TYPES: Mapping[str, type] = {type_of(one): one for one in get_args(ServerMessage)}

_HINTS: Mapping[type, dict[str, Any]] = {one: get_type_hints(one) for one in (*CLIENT_TYPES.values(), Kept)}
_REQUIRED: Mapping[type, frozenset[str]] = {
    one: frozenset(
        part.name for part in fields(one) if part.default is part.default_factory  # both are MISSING
    )
    for one in _HINTS
}  # fmt: skip


def encode(message: Any) -> str:
    """A message, of either side, as a text frame."""
    return json.dumps({"type": type_of(type(message)), **_plain(message)}, ensure_ascii=False, separators=(",", ":"))


def decode(frame: str) -> ClientMessage:
    """A client's text frame as its message. Raises WireError for anything else."""
    try:
        read = json.loads(frame, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise WireError("the frame is no JSON") from error
    if not isinstance(read, dict):
        raise WireError("a message is an object with a type")
    name = read.pop("type", None)
    kind = CLIENT_TYPES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise WireError(f"there is no message of the type {_quoted(name)}")
    message: ClientMessage = _object(kind, read, str(name))
    return message


def _plain(message: Any) -> dict[str, Any]:
    return {part.name: _value(getattr(message, part.name)) for part in fields(message)}


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_value(one) for one in value]
    return _plain(value) if hasattr(value, "__dataclass_fields__") else value


def _object(kind: type, read: Mapping[str, Any], place: str) -> Any:
    hints = _HINTS[kind]
    if unknown := next((name for name in read if name not in hints), None):
        raise WireError(f"{place}: there is no field {_quoted(unknown)}")
    if missing := _REQUIRED[kind] - read.keys():
        raise WireError(f"{place}: {min(missing)} is missing")
    return kind(**{name: _checked(value, hints[name], f"{place}.{name}") for name, value in read.items()})


def _checked(value: Any, hint: Any, place: str) -> Any:
    """``value``, if it is what ``hint`` says."""
    if get_origin(hint) in (UnionType, Union):
        if value is None and NoneType in get_args(hint):
            return None
        (hint,) = (one for one in get_args(hint) if one is not NoneType)
    if get_origin(hint) is Literal:
        if isinstance(value, str) and value in get_args(hint):
            return value
        raise WireError(f"{place}: {_quoted(value)} is none of {', '.join(get_args(hint))}")
    if get_origin(hint) is tuple:
        if isinstance(value, list):
            one = get_args(hint)[0]
            return tuple(_checked(item, one, f"{place}[{number}]") for number, item in enumerate(value))
        raise WireError(f"{place}: {_quoted(value)} is no list")
    if hint in _HINTS:
        if isinstance(value, dict):
            return _object(hint, value, place)
        raise WireError(f"{place}: {_quoted(value)} is no object")
    if hint in (int, float) and type(value) in (int, hint) and abs(value) < 2**53:  # which JavaScript has exactly
        return hint(value)
    if type(value) is hint and hint in (str, bool):
        return _text(value, place) if hint is str else value
    raise WireError(f"{place}: {_quoted(value)} is no {_WORDS[hint]}")


_WORDS = {str: "text", int: "whole number", float: "number", bool: "truth value"}


def _text(text: str, place: str) -> str:
    """Text that can be stored and sent on: half of a surrogate pair is no character."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise WireError(f"{place}: half of a surrogate pair is no text") from error
    return text


def _no_number(name: str) -> None:
    raise WireError(f"{name} is no JSON")


def _quoted(value: Any) -> str:
    return ascii(value)[:40]
