"""From a line to what Textual draws: looks become colours, what sounds is lit, what is still to come is dim."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from speakstream.text.span import Span
from speakstream.tui.entry import sounds
from speakstream.tui.layout_flow import Line, Look

GUTTER = 2
"""Columns at the left, for the bar of the selected message."""

MARGIN = 1
"""Columns at the right that stay free."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """How far a message has been heard, while it is spoken or after it was interrupted."""

    heard: int  # what comes after this place has not sounded
    word: Span | None  # that sounds
    announced: bool  # it is all of a block, of which only the name is said
    rest: str  # the look of what has not

    @property
    def limit(self) -> int:
        """Where what has not sounded begins."""
        return max(self.heard, self.word.end if self.word else 0)


class Palette:
    """The style of every look, put together once."""

    def __init__(self, base: Style, part: Callable[[str], Style], chosen: Style) -> None:
        """``base``: of the widget. ``part``: the style of one name. ``chosen``: of text marked by the mouse."""
        self.base = base
        self.chosen = chosen
        self._part = part
        self._styles: dict[Look, Style] = {(): base}

    def __getitem__(self, look: Look) -> Style:
        style = self._styles.get(look)
        if style is None:
            style = self._styles[look] = Style.combine([self.base, *(self._part(name) for name in look)])
        return style


def paint(
    line: Line,
    width: int,
    palette: Palette,
    selected: bool = False,
    hearing: Hearing | None = None,
    chosen: tuple[int, int] | None = None,
) -> Strip:
    """A row of the screen, ``width`` cells. ``chosen``: the characters marked by the mouse, the gutter's counted."""
    segments = [Segment("▌" if selected else " ", palette[("bar",)]), Segment(" ", palette.base)]
    overlays = _overlays(line, hearing) if hearing is not None else ()
    at = 0
    for end, look in line.looks:
        while at < end:
            stop, names = end, look
            for first, last, name in overlays:
                if first <= at < last:
                    stop, names = min(stop, last), (*names, name)
                elif at < first:
                    stop = min(stop, first)
            segments.append(Segment(line.text[at:stop], palette[names]))
            at = stop
    room, used = width - GUTTER - MARGIN, line.width
    if line.fill and used < room:
        segments.append(Segment(" " * (room - used), palette[line.fill]))
        used = room
    segments.append(Segment(" " * (width - GUTTER - used), palette.base))
    if chosen is not None:
        segments = _marked(segments, *chosen, palette.chosen)
    return Strip(segments, width)


def _overlays(line: Line, hearing: Hearing) -> Sequence[tuple[int, int, str]]:
    """Which characters of a line look otherwise for being, or not having been, heard."""
    end, word, limit = len(line.text), hearing.word, hearing.limit
    if line.first < 0:
        if line.about is None:
            return ()
        if hearing.announced and word is not None and line.role and sounds(line, word):
            return ((0, end, "lit"),)
        return ((0, end, hearing.rest),) if line.about.start >= limit else ()
    found = []
    if word is not None and not hearing.announced and line.first < word.end and line.last >= word.start:
        inside = [index for index, place in enumerate(line.places) if word.start <= place < word.end]
        if inside:
            found.append((line.cluster(inside[0])[0], line.cluster(inside[-1])[1], "lit"))
    if line.last >= limit:
        after = 0 if line.first >= limit else next(at for at, place in enumerate(line.places) if place >= limit)
        begin = max(line.cluster(after)[0], found[0][1] if found else 0)
        found.append((begin, end, hearing.rest))
    return found


def _marked(segments: Iterable[Segment], start: int, stop: int, style: Style) -> list[Segment]:
    """The same segments with some characters in another style; ``stop`` is -1 for all from ``start`` on."""
    result, at = [], 0
    for text, own, _ in segments:
        end = at + len(text)
        first = min(max(start, at), end)
        last = end if stop < 0 else max(min(stop, end), first)
        for part, look in (
            (text[: first - at], own),
            (text[first - at : last - at], (own or Style()) + style),
            (text[last - at :], own),
        ):
            if part:
                result.append(Segment(part, look))
        at = end
    return result
