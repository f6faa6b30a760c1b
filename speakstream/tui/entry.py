"""One message of the transcript, or a line of the program's own: its text, and its lines at one width."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from speakstream.history import StoredMessage
from speakstream.text.control import ControlFilter
from speakstream.text.document import Document, Kind
from speakstream.text.span import Span
from speakstream.tui.layout import ReplyLayout, lay_out_plain
from speakstream.tui.layout_blocks import READABLE
from speakstream.tui.layout_flow import BLANK, Flow, Line, wrap

Role = Literal["user", "assistant", "notice", "welcome"]

_PLAIN = re.compile(r"[\n\t\x20-\x7e\xa0-\u1fff\u2010-\u2027\u3000-\ud7ff]*")
"""Text in which there is surely no control character."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What entries need to know to be laid out."""

    width: int
    height: int  # of the screen's part that shows them
    speaker: str  # who answers; "": the model
    hear_key: str
    aloud: frozenset[str]  # kinds of blocks that are read


class Entry:
    """See above. Until ``lay_out`` the height is a guess."""

    def __init__(self, role: Role, text: str, message: StoredMessage | None = None) -> None:
        self.role: Role = role
        self.text = plain(text)
        self.message = message
        self.exact = False  # how high it is, is known for the present width
        self.lines: Sequence[Line] = ()
        self._live = message is not None and message.reason == "writing"
        self._silent: list[tuple[int, str]] = []
        self._document: Document | None = None
        self._layout: ReplyLayout | None = None

    @classmethod
    def of(cls, message: StoredMessage) -> "Entry":
        """The entry of a message."""
        return cls(message.role, message.text, message)

    @property
    def id(self) -> int | None:
        """Of the message."""
        return None if self.message is None else self.message.id

    @property
    def writing(self) -> bool:
        """Whether more of it may come."""
        return self.message is not None and self.message.reason == "writing"

    @property
    def unheard(self) -> int | None:
        """The place from which on it was not heard, since it was interrupted; None when there is none."""
        message = self.message
        return message.heard if message is not None and message.reason == "interrupted" else None

    def guess(self, width: int) -> int:
        """About how many rows it takes at a width."""
        return len(self.text) // max(width, 1) + self.text.count("\n") // 2 + 4

    # -- what changes it -----------------------------------------------------------------------------------

    def grow(self, delta: str) -> None:
        """More text. ``lay_out`` shows it."""
        delta = plain(delta)
        self.text += delta
        if self._document is not None:
            self._document.push(delta)

    def silence(self, start: int, why: str) -> None:
        """What begins at ``start`` is not read aloud. ``lay_out`` shows it."""
        self._silent.append((start, why))
        if self._layout is not None:
            self._layout.silence(start, why)

    def end(self, message: StoredMessage) -> None:
        """The message is complete, as it is stored."""
        self.message, self.text = message, plain(message.text)
        self.forget()

    def forget(self) -> None:
        """Let go of the lines: they must be made anew."""
        self.lines, self._layout, self._document = (), None, None

    # -- its lines -----------------------------------------------------------------------------------------

    def lay_out(self, setting: Setting) -> int:
        """Bring the lines up to date; the first that is another now."""
        before, self.lines = self.lines, self._laid(setting)
        same = 0
        if before:
            for one, other in zip(before, self.lines, strict=False):
                if one is not other and one != other:
                    break
                same += 1
        return same

    def _laid(self, setting: Setting) -> list[Line]:
        width, message = setting.width, self.message
        if self.role == "welcome":
            return _centred(self.text, setting)
        if self.role == "notice" or message is None:
            return [*wrap(Flow(self.text, ("notice",)), width, Flow("· ", ("notice",)), Flow("  ")), BLANK]
        if self.role == "user":
            return [_header("You", ("you",), width), *lay_out_plain(self.text, width), BLANK]
        name = setting.speaker or message.model.split(" (")[0].split("/")[-1] or "Reply"
        lines = [_header(name, ("speaker",), width), *self._reply(setting)]
        if message.reason == "failed":
            lines += wrap(Flow(f"Failed: {plain(message.error) or 'unknown error'}", ("error",)), width)
        elif self.writing and len(lines) == 1:
            lines.append(Flow("…", ("aside",)).line())
        return [*lines, BLANK]

    def _reply(self, setting: Setting) -> list[Line]:
        message = self.message
        assert message is not None  # a reply has one
        if self._layout is None or self._document is None:
            self._document = self._parsed()
            interrupted, heard = message.reason == "interrupted", message.heard
            cut = (len(self.text) if heard is None else heard) if interrupted else None
            unread = READABLE - setting.aloud if message.voice and not self._live else frozenset[Kind]()
            heard_to = len(self.text) if heard is None or not interrupted else heard
            self._layout = ReplyLayout(setting.width, setting.hear_key, cut, unread, heard_to)
            for start, why in self._silent:
                self._layout.silence(start, why)
        self._layout.update(self.text, self._document)
        return self._layout.lines

    def _parsed(self) -> Document:
        document = Document()
        document.push(self.text)
        if not self.writing:
            document.finish()
        return document

    # -- what is in it -------------------------------------------------------------------------------------

    def silent_spans(self) -> Iterator[Span]:
        """The blocks that are not read aloud and can be, as far as it is laid out."""
        for line in self.lines:
            if line.role == "silent" and line.about is not None:
                yield line.about

    def code(self) -> list[str]:
        """Its code blocks."""
        return [block.text for block in (self._document or self._parsed()).blocks if block.kind is Kind.CODE]

    def announces(self, word: Span) -> bool:
        """Whether ``word`` is all of a block that a line names."""
        return any(line.role != "" and sounds(line, word) for line in self.lines)

    def line_of(self, word: Span) -> int | None:
        """The line on which a word stands, or that names the block that ``word`` is."""
        for number, line in enumerate(self.lines):
            if line.role and sounds(line, word):
                return number
            if line.first < word.end and line.last >= word.start and shows(line, word):
                return number
        return None


def shows(line: Line, word: Span) -> bool:
    """Whether any of ``word`` is drawn on ``line``."""
    return any(word.start <= place < word.end for place in line.places)


def sounds(line: Line, word: Span) -> bool:
    """Whether ``line`` names a block that is announced: the announcement stands for all of the block."""
    about = line.about
    return about is not None and word.start == about.start and word.end == about.end


def plain(text: str) -> str:
    """``text`` with a sign in the place of each control character: every other one keeps its place."""
    if _PLAIN.fullmatch(text):
        return text
    return "".join(char if char.isprintable() else _visible(char) for char in text.replace("\r\n", " \n"))


def _visible(char: str) -> str:
    kept = ControlFilter().push(char)
    return kept if len(kept) == 1 else "\ufffd"


def _header(name: str, look: tuple[str, ...], width: int) -> Line:
    return wrap(Flow(plain(name), look), width)[0]


def _centred(text: str, setting: Setting) -> list[Line]:
    """A few lines in the middle of the screen."""
    lines = lay_out_plain(text, min(setting.width, 60), ("empty",))
    above = max(0, (setting.height - len(lines)) // 2)
    left = [Flow(" " * max(0, (setting.width - line.width) // 2)) for line in lines]
    shown = []
    for space, line in zip(left, lines, strict=True):
        space.append(line, shown=False)
        shown.append(space.line())
    return [BLANK] * above + shown
