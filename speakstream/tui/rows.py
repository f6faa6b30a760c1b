"""What pickers and the sidebar are made of: a list with a cursor, and a line to type in, both without a frame."""

from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip
from textual.widgets import Input, OptionList

_REVERSE = Style(reverse=True)


class Line(Input):
    """One line of text."""

    DEFAULT_CSS = """
    Line {
        border: none;
        height: 1;
        padding: 0;
        background: transparent;
        &:focus { border: none; background-tint: transparent; }
        &:ansi > .input--cursor { color: ansi_default; background: ansi_default; text-style: reverse; }
    }
    """


class RowList(OptionList):
    """Rows of ``lines`` lines each, cut with … where they are too long.

    The cursor stands out as long as the keys go to the list, or to what stands beside it. Where there are no colours of
    our own to show it, it is in reverse video.
    """

    DEFAULT_CSS = """
    RowList {
        border: none;
        padding: 0;
        background: transparent;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        scrollbar-size-vertical: 1;
        &:focus { border: none; background-tint: transparent; }
        & > .option-list--option-highlighted { text-style: $block-cursor-blurred-text-style; }
        &.-led > .option-list--option-highlighted, &:focus > .option-list--option-highlighted {
            color: $block-cursor-foreground;
            background: $block-cursor-background;
            text-style: $block-cursor-text-style;
        }
    }
    """

    led = reactive(False, toggle_class="-led")
    """Whether what has the keys now moves the cursor here."""

    def __init__(self, lines: int = 1) -> None:
        super().__init__(markup=False)
        self._lines_each = lines

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        at_cursor = (self.scroll_offset.y + y) // self._lines_each == self.highlighted
        colourless = self.app.native_ansi_color or self.app.no_color
        if at_cursor and colourless and (self.has_focus or self.led):
            # CSS can't: Textual leaves "reverse" out of the styles of a list's rows
            return Strip(Segment.apply_style(strip, post_style=_REVERSE), strip.cell_length)
        return strip
