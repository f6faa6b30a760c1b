"""The program's log on the screen. Threads leave records in `LogLines`, and `LogPanel` looks there now and then.

Nobody is told when a record comes. So a flood of them costs the screen no more than a few do, and one that is made
while the panel is drawn does not have it drawn again at once.
"""

import logging
from collections import deque
from collections.abc import Sequence

from rich.text import Text
from textual.events import Resize
from textual.widgets import RichLog

from speakstream.errors import one_line

LINES = 1000
LINE_CHARACTERS = 1000
"""Of a record's line; the file has all of it."""

SECONDS = 0.2
"""Between two looks."""


class LogLines(logging.Handler):
    """Keeps the last `LINES` lines of the log, control characters spelled out. Any thread may log."""

    def __init__(self, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S"))
        self._lines: deque[str] = deque(maxlen=LINES)
        self._count = 0  # of all that ever came

    def emit(self, record: logging.LogRecord) -> None:
        """Called with the handler's lock held."""
        try:
            text = self.format(record)
        except (TypeError, ValueError) as error:  # logging would write on the screen
            text = f"{record.levelname} {record.name}: {record.msg!r} ({error})"
        lines = [one_line(line.expandtabs())[:LINE_CHARACTERS] for line in text.split("\n")]
        self._lines.extend(lines)
        self._count += len(lines)

    def since(self, count: int) -> tuple[int, Sequence[str]]:
        """How many lines ever came, and those after the first ``count`` that are still kept."""
        self.acquire()
        try:
            new = min(self._count - count, len(self._lines))
            return self._count, list(self._lines)[len(self._lines) - new :]
        finally:
            self.release()


class LogPanel(RichLog):
    """The log of the whole program from now on, the newest line at the bottom; drawn only while it is displayed."""

    DEFAULT_CSS = """
    LogPanel {
        height: 40%;
        padding: 0 1;
        min-height: 5;
        background: $surface;
        border-top: solid $border-blurred;
        border-title-color: $text-muted;
        scrollbar-size-vertical: 1;
    }
    LogPanel:focus { border-top: solid $border; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(max_lines=LINES, min_width=0, wrap=True, highlight=False, markup=False, id=id)
        self._source = LogLines()
        self._seen = 0
        self.border_title = "Log"

    def on_mount(self) -> None:
        logging.getLogger().addHandler(self._source)
        self.set_interval(SECONDS, self.look)

    def on_unmount(self) -> None:
        logging.getLogger().removeHandler(self._source)

    def on_resize(self, event: Resize) -> None:
        """Lines are wrapped when they are written."""
        self.clear()
        self._seen = 0
        self.look()

    def look(self) -> None:
        """Show what came since the last time; nothing while it is hidden."""
        if self.display and self.size.width:
            self._seen, lines = self._source.since(self._seen)
            if lines:
                self.write(Text("\n".join(lines)), scroll_end=self.is_vertical_scroll_end)
