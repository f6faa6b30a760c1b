"""What ``BlockScanner`` tells of a growing Markdown text: a block opened, text, a line's end, closed."""

from typing import NamedTuple

from speakstream.text.lines import Kind


class Opened(NamedTuple):
    """A block begins at ``start`` with its marker; its first line's content follows at ``content``."""

    kind: Kind
    start: int
    marker_end: int
    content: int
    quote: int = 0  # depth of block quotes around it
    depth: int = 0  # depth of lists around it, its own item included
    level: int = 0  # of a heading, 1 to 6
    ordinal: int | None = None  # of an ordered list's item
    checked: bool | None = None  # of a task
    info: str = ""  # of fenced code; a footnote's name; the end of HTML that is not to be read


class Text(NamedTuple):
    """More content of the open block, all on one line."""

    start: int
    text: str


class LineBreak(NamedTuple):
    """The open block goes on in a new line; that line's content begins at ``content``."""

    content: int


class Closed(NamedTuple):
    """The open block is over; a paragraph with an underline turns out to have been a heading of ``level``."""

    end: int
    underlined: bool = False
    level: int = 0


class Became(NamedTuple):
    """The open paragraph, of one line, turns out to be the header of a table, by the row from ``start`` to ``end``."""

    table: Opened
    header: str
    start: int
    end: int


Event = Opened | Text | LineBreak | Closed | Became
