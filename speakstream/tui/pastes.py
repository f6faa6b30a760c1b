"""Large pastes: the prompt shows a marker in the place of the text, and the text is sent. Pure; no Textual."""

import re

from speakstream.attachments import literal
from speakstream.text.control import ControlFilter

MAX_CHARACTERS = 2_000
MAX_LINES = 20
"""What is longer than either is folded into a marker."""


def clean(text: str) -> str:
    """``text`` without control sequences, with tabs and plain line ends."""
    return ControlFilter().push(text)


class Pastes:
    """The texts behind the markers of one prompt. A marker that was changed is text like any other."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._markers = re.compile("(?!)")
        self._literal: dict[tuple[str, str], str] = {}  # by marker and what stands before it; not made at each key

    def fold(self, text: str) -> str:
        """``text`` itself, or the marker that stands for it from now on."""
        lines = text.rstrip("\n").count("\n") + 1
        if len(text) <= MAX_CHARACTERS and lines <= MAX_LINES:
            return text
        what = f"{lines:,} lines" if lines > MAX_LINES else f"{len(text):,} characters"
        marker, number = f"[pasted {what}]", 1
        while marker in self._texts:
            number += 1
            marker = f"[pasted {what}, {number}]"
        self._texts[marker] = text
        self._markers = re.compile("|".join(map(re.escape, self._texts)))
        return marker

    def whole(self, shown: str) -> str:
        """``shown`` with the texts in the places of their markers. What was pasted so names no files."""
        parts = [""]
        at = 0
        for found in self._markers.finditer(shown):
            before = shown[at : found.start()]
            key = found[0], (before or parts[-1])[-1:]
            if key not in self._literal:
                self._literal[key] = literal(self._texts[found[0]], key[1])
            parts += before, self._literal[key]
            at = found.end()
        return "".join([*parts, shown[at:]])

    def places(self, line: str) -> list[tuple[int, int]]:
        """The columns of the markers in ``line``."""
        return [found.span() for found in self._markers.finditer(line)]
