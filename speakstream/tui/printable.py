"""The last look at what is drawn: whatever a widget holds, and wherever it is from, only characters reach the terminal.

The engine filters what a model writes, and each list and line of ours its own texts. This is for what they forget, and
for Textual's own widgets, which write out what they are given.
"""

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from speakstream.text.control import without_controls


class OnlyPrintable(LineFilter):
    """Takes control characters out of the rows of the screen, and the links (OSC 8) out of their styles."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """See LineFilter. What is taken out is no column wide."""
        return [
            Segment(
                text if text.isprintable() else without_controls(text),
                style.update_link(None) if style is not None and style.link is not None else style,
                control,
            )
            for text, style, control in segments
        ]


ONLY_PRINTABLE = OnlyPrintable()
"""One for all rows: Textual keeps a filtered row for each filter."""
