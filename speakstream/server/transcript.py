"""What a session shows, as messages of the wire: places in UTF-16, the blocks of a reply as they change.

Of one lock: whoever holds a Transcript sees to it that one thread at a time uses it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from speakstream import happenings
from speakstream.history import StoredMessage
from speakstream.server import wire
from speakstream.server.shape import Utf16, block
from speakstream.text.document import Document
from speakstream.text.span import Span

_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(slots=True)
class Shown:
    """A message, and what of it was sent."""

    stored: StoredMessage
    text: str
    utf16: Utf16
    document: Document | None = None  # of a reply that is written, until all of it was sent
    sent: int = 0  # code points
    closed: int = 0  # blocks that were sent and will not change
    silent: list[wire.Silent] = field(default_factory=list)

    def grow(self, delta: str) -> None:
        """More of the reply."""
        delta = _SURROGATES.sub("\ufffd", delta)
        self.text += delta
        self.utf16.push(delta)
        if self.document is None:
            self.document = Document()
            self.document.push(self.text)
        else:
            self.document.push(delta)

    def blocks(self, document: Document, first: int = 0) -> list[dict[str, Any]]:
        """From number ``first`` on, as JSON."""
        return [block(one, self.text, self.utf16) for one in (*document.frozen[first:], *document.tail)]

    def message(self, whole: bool) -> wire.ShownMessage:
        """As it is told; not ``whole``: without its text, which was sent."""
        stored, blocks = self.stored, list[dict[str, Any]]()
        if whole and stored.role == "assistant":
            document = self.document
            if document is None:
                document = Document()
                document.push(self.text)
                if stored.reason != "writing":
                    document.finish()
            blocks = self.blocks(document)
            self.sent, self.closed = len(self.text), len(document.frozen)
        return wire.ShownMessage(
            stored.id,
            stored.role,
            self.text if whole else "",
            blocks,
            None if stored.heard is None else self.utf16.of(stored.heard),
            stored.reason,
            stored.error,
            stored.model,
            stored.voice,
            stored.created,
            {name: value for name, value in stored.metrics.items() if not isinstance(value, list)},
        )


def shown(stored: StoredMessage) -> Shown:
    """A message of the history."""
    text = _SURROGATES.sub("\ufffd", stored.text)
    return Shown(stored, text, Utf16(text))


class Transcript:
    """The messages of the conversation that is open, the newest ``most`` of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._conversation: int | None = None
        self._older = 0
        self._shown: dict[int, Shown] = {}

    def __contains__(self, message: int) -> bool:
        return message in self._shown

    def show(self, conversation: int | None, messages: Iterable[Shown], older: int) -> None:
        """Another conversation, in the place of the one before."""
        self._conversation, self._older = conversation, older
        self._shown = {one.stored.id: one for one in messages}

    def opened(self) -> wire.Opened:
        """All that is shown; what grows from now on is told by ``text``."""
        return wire.Opened(self._conversation, tuple(one.message(True) for one in self._shown.values()), self._older)

    def silents(self) -> list[wire.Silent]:
        """What of it is not read aloud, as far as that was told."""
        return [silent for one in self._shown.values() for silent in one.silent]

    def add(self, conversation: int | None, stored: StoredMessage) -> wire.Added:
        """At the end; the oldest one goes where there are too many."""
        self._conversation = conversation
        while len(self._shown) >= self._most:
            del self._shown[next(iter(self._shown))]
            self._older += 1
        self._shown[stored.id] = one = shown(stored)
        return wire.Added(one.message(True), conversation)

    def grow(self, message: int, delta: str) -> None:
        """More of a reply."""
        if (one := self._shown.get(message)) is not None:
            one.grow(delta)

    def text(self, message: int) -> wire.Text | None:
        """What a reply has grown by since this was asked last; None: by nothing."""
        one = self._shown.get(message)
        if one is None or (document := one.document) is None:
            return None
        told = wire.Text(message, one.text[one.sent :], one.closed, one.blocks(document, one.closed))
        one.sent, one.closed = len(one.text), len(document.frozen)
        if one.stored.reason != "writing":
            one.document = None
        return told

    def silent(self, happening: happenings.Silent) -> wire.Silent | None:
        """What is not read aloud; None: it was told, or is not shown."""
        one = self._shown.get(happening.message)
        if one is None:
            return None
        told = wire.Silent(happening.message, *_units(one, happening.span), happening.why)
        if told in one.silent:
            return None
        one.silent.append(told)
        return told

    def end(self, stored: StoredMessage) -> wire.Ended | None:
        """A reply is complete; what was not sent of it is still to be asked for."""
        one = self._shown.get(stored.id)
        if one is None:
            return None
        one.stored = stored
        if one.document is not None:
            one.document.finish()
        return wire.Ended(one.message(False))

    def segment(self, speech: int, spoken: happenings.Spoken) -> wire.Segment | None:
        """Where the words of the next part of a speech sound; None: its message is not shown."""
        one, segment = self._shown.get(spoken.message), spoken.segment
        if one is None:
            return None
        words = tuple(
            (*_units(one, word.span), _rounded(segment.offset + word.begins), _rounded(segment.offset + word.stops))
            for word in segment.words
        )
        begins, stops = _rounded(segment.offset), _rounded(segment.offset + segment.seconds)
        return wire.Segment(speech, *_units(one, segment.span), begins, stops, words)

    def point(self, message: int, unit: int) -> int:
        """The code point of a place in a message."""
        return self._shown[message].utf16.code_point(unit)


def _units(one: Shown, span: Span) -> tuple[int, int]:
    return one.utf16.of(span.start), one.utf16.of(span.end)


def _rounded(seconds: float) -> float:
    """To a tenth of a millisecond: shorter to send, and no one hears it."""
    return round(seconds, 4)
