"""A stateful filter that keeps terminal control sequences out of everything a model writes.

A model's text ends up in a terminal, a page and a voice. Escape sequences in it could set the clipboard
(OSC 52), forge links (OSC 8) or hide what was written; none of that is text, so all of it is removed, also
when a sequence is split over deltas at any place. The grammar is ECMA-48's, with xterm's OSC end (BEL).

Removed: ESC sequences of every kind, C1 controls in their 8-bit form, C0 controls other than line feed and
tab, DEL, bidirectional overrides and isolates, and characters that hide text (byte order mark, interlinear
annotation, tags). Kept: right-to-left letters, and the joiners and selectors that emoji are built of.
"""

import re
from enum import Enum

_SPECIAL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_CONTROLS = re.compile(f"[\t\n]|{_SPECIAL.pattern}")
_STRING_END = re.compile("[\x07\x18\x1a\x1b\x9c\n\r]")

STRING_LIMIT = 4096
"""A control string (OSC, DCS, ...) that has not ended after this many characters, or by the end of its
line, is taken as broken: what follows is text again, so that one stray ESC can't swallow a reply."""

SEQUENCE_LIMIT = 128
"""The same for the parameters of a CSI sequence or the intermediates of an escape sequence."""


class _State(Enum):
    TEXT = 0
    RETURN = 1  # a carriage return was given out as a line feed; one right after it is the same line end
    ESCAPE = 2
    CSI = 3
    STRING = 4
    OSC = 5
    STRING_ESCAPE = 6  # ESC inside a control string: a backslash ends it


_STRING_STATES = (_State.STRING, _State.OSC)
_INTRODUCERS = {
    "\x1b": _State.ESCAPE,
    "\x9b": _State.CSI,
    "\x9d": _State.OSC,
    "\x90": _State.STRING,
    "\x98": _State.STRING,
    "\x9e": _State.STRING,
    "\x9f": _State.STRING,
}
_ESCAPE_INTRODUCERS = {
    "\x1b": _State.ESCAPE,
    "[": _State.CSI,
    "]": _State.OSC,
    "P": _State.STRING,
    "X": _State.STRING,
    "^": _State.STRING,
    "_": _State.STRING,
}


class ControlFilter:
    """Takes deltas, gives back the same text without control sequences.

    How the text is split into deltas does not change the joined result. Time is linear, memory constant.
    """

    def __init__(self) -> None:
        self._state = _State.TEXT
        self._length = 0  # of the sequence that is being dropped

    def push(self, delta: str) -> str:
        """The part of ``delta`` that is text; "" while a control sequence is open."""
        if self._state is _State.TEXT and not _SPECIAL.search(delta):
            return delta
        kept: list[str] = []
        at = 0
        while at < len(delta):
            if self._state is _State.TEXT:
                special = _SPECIAL.search(delta, at)
                end = special.start() if special else len(delta)
                kept.append(delta[at:end])
                at = end
                if special:
                    kept.append(self._begin(delta[at]))
                    at += 1
            elif self._state in _STRING_STATES:
                at = self._skip_string(delta, at)
            elif self._take(delta[at]):
                at += 1
        return "".join(kept)

    def flush(self) -> str:
        """End of the text: an unfinished sequence is dropped, and the filter is as new."""
        self._state = _State.TEXT
        self._length = 0
        return ""

    def _begin(self, char: str) -> str:
        """What a special character in plain text is replaced by; may open a sequence."""
        if char in _INTRODUCERS:
            self._open(_INTRODUCERS[char])
        elif char == "\r":
            self._state = _State.RETURN
            return "\n"
        elif char in "\u2028\u2029":
            return "\n"
        elif "\ud800" <= char <= "\udfff":
            return "\ufffd"
        return ""

    def _open(self, state: _State) -> None:
        self._state = state
        self._length = 0

    def _skip_string(self, delta: str, at: int) -> int:
        """Drop a control string from ``at``; return where to go on."""
        limit = min(len(delta), at + STRING_LIMIT - self._length)
        end = _STRING_END.search(delta, at, limit)
        if not end:
            self._length += limit - at
            if self._length >= STRING_LIMIT:
                self._state = _State.TEXT
            return limit
        char = end[0]
        if char == "\x1b":
            self._state = _State.STRING_ESCAPE
        elif char in "\n\r":
            self._state = _State.TEXT
            return end.start()
        elif char != "\x07" or self._state is _State.OSC:
            self._state = _State.TEXT
        else:
            self._length += end.end() - at
            if self._length >= STRING_LIMIT:
                self._state = _State.TEXT
        return end.end()

    def _take(self, char: str) -> bool:
        """Let an open sequence take ``char``; False when it is not part of it and is to be read again."""
        state, self._state = self._state, _State.TEXT
        if state is _State.RETURN:
            return char == "\n"
        if state is _State.STRING_ESCAPE:
            if char == "\\":
                return True
            state = _State.ESCAPE
            self._length = 0
        if state is _State.ESCAPE and not self._length and char in _ESCAPE_INTRODUCERS:
            self._open(_ESCAPE_INTRODUCERS[char])
            return True
        self._length += 1
        middle = " " <= char <= "/" or (state is _State.CSI and "0" <= char <= "?")
        if middle and self._length < SEQUENCE_LIMIT:
            self._state = state
            return True
        return " " <= char <= "~"


def without_controls(text: str) -> str:
    """``text`` without any of the characters that the filter acts on, and without line feeds and tabs.

    For one row of a screen. It knows of no sequences: what is left of one is text.
    """
    return _CONTROLS.sub("", text)
