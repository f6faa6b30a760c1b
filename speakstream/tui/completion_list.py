"""The list above the prompt: what would complete what is typed. It shows and points; the prompt has the keys."""

from collections.abc import Callable

from textual.content import Content
from textual.events import Click
from textual.widget import Widget

from speakstream.errors import one_line
from speakstream.tui.completion import Offer

MAX_ROWS = 8

_CHOSEN, _OTHER = "› ", "  "
_GAP = 2


class CompletionList(Widget, can_focus=False):
    """Rows of a name and what it does. It lies over what is above, so that nothing moves when it comes and goes."""

    DEFAULT_CSS = """
    CompletionList {
        overlay: screen;
        display: none;
        width: 100%;
        height: auto;
        background: $panel;
        color: $foreground;
        & .completion-list--chosen {
            color: $block-cursor-foreground;
            background: $block-cursor-background;
            text-style: $block-cursor-text-style;
        }
        & .completion-list--about { color: $text-muted; }
        &:nocolor .completion-list--chosen { text-style: reverse; }
    }
    """
    COMPONENT_CLASSES = {"completion-list--chosen", "completion-list--about"}  # noqa: RUF012 -- as Textual declares it

    def __init__(self, take: Callable[[], None]) -> None:
        """``take``: a row was clicked; it is the chosen one now."""
        super().__init__()
        self._take = take
        self._offers: tuple[Offer, ...] = ()
        self._chosen = 0
        self._rows = 1

    @property
    def chosen(self) -> Offer | None:
        """The one that a key would take; None: the list is closed."""
        return self._offers[self._chosen] if self._offers else None

    def show(self, offers: tuple[Offer, ...], room: int) -> None:
        """Show ``offers`` in at most ``room`` rows, the first one chosen; without any, close."""
        rows = max(1, min(len(offers), MAX_ROWS, room))
        if (offers, rows) == (self._offers, self._rows):
            return
        if offers != self._offers:
            self._offers, self._chosen = offers, 0
        self._rows = rows
        self.styles.offset = (0, -self._rows)
        self.display = bool(offers)
        self.refresh(layout=True)

    def move(self, step: int) -> None:
        """Choose another row; behind the last comes the first."""
        self._chosen = (self._chosen + step) % len(self._offers)
        self.refresh()

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """As many rows as are shown."""
        return self._rows

    def render(self) -> Content:
        """The rows about the chosen one."""
        top = self._top()
        shown = self._offers[top : top + self._rows]
        labels = [Content(one_line(offer.label)) for offer in shown]
        column = min(max((label.cell_length for label in labels), default=0), max(self.size.width // 2, 12))
        about_style = self.get_visual_style("completion-list--about", partial=True)
        chosen_style = self.get_visual_style("completion-list--chosen", partial=True)
        rows = []
        for number, (offer, label) in enumerate(zip(shown, labels, strict=True), top):
            chosen = number == self._chosen
            row = Content.assemble(
                _CHOSEN if chosen else _OTHER,
                label if not offer.about else label.truncate(column, ellipsis=True, pad=True),
                (" " * _GAP + one_line(offer.about), "" if chosen else about_style) if offer.about else "",
            )
            more = self._more(number, top)
            row = row.truncate(max(self.size.width - len(more), 1), ellipsis=True, pad=True) + more
            rows.append(row.stylize(chosen_style) if chosen else row)
        return Content("\n").join(rows)

    def _top(self) -> int:
        """The number of the first row that is shown: the chosen one is in the middle, as far as can be."""
        return max(0, min(self._chosen - self._rows // 2, len(self._offers) - self._rows))

    def _more(self, number: int, top: int) -> str:
        """A mark at the end of the first and the last row, if others are behind it."""
        if number == top and top > 0:
            return " ↑"
        return " ↓" if number == top + self._rows - 1 and number + 1 < len(self._offers) else ""

    async def _on_click(self, event: Click) -> None:
        event.stop()
        number = self._top() + event.y
        if number < len(self._offers):
            self._chosen = number
            self._take()
