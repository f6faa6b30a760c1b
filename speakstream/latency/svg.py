"""Waterfalls as one stand-alone SVG: no scripts, no fonts of its own, readable in light and in dark."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from speakstream.latency.chart import nice_step
from speakstream.latency.stages import Waterfall, flow, milliseconds, summary

WIDTH, MARGIN = 960, 24
_LEFT, _RIGHT = 104, 640
"""Where what is drawn begins and ends; left of it are the names, right of it the numbers and notes."""

_VALUE, _NOTE = 704, 720
_ROW, _BAR, _LINE = 22, 14, 20
_NOTE_CHARACTERS, _LINE_CHARACTERS, _BOLD_CHARACTERS = 30, 128, 104
"""What fits, in a wide font."""

_FILLS = {
    ".ground": ("#ffffff", "#14181d"),
    "text": ("#1c2128", "#e6edf3"),
    ".faint": ("#57606a", "#9aa4af"),
    ".model": ("#0a69a8", "#58a6e8"),
    ".voice": ("#8250b8", "#b998ee"),
    ".sound": ("#1a7f4b", "#4cc38a"),
}
_STROKES = {
    ".rule": ("#d8dee4", "#333b45"),
    ".waits": ("#57606a", "#9aa4af"),
    ".tick": ("#0a69a8", "#58a6e8"),
    ".hatch, .outline": ("#8250b8", "#b998ee"),
}
"""What has a colour: that in light, and that in dark. No variables: not every viewer knows them."""

_SHAPES = """
text { font: 13px system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
.heading { font-size: 17px; font-weight: 600; } .name { font-weight: 600; }
.tick { stroke-width: 1.5; } .later { stroke-opacity: 0.45; } .waits { stroke-dasharray: 2 4; }
.hatch { stroke-width: 2.5; } .outline { fill: url(#works); }
"""

_KINDS = {name: "sound" for name in ("resample", "buffer", "device", "onset")} | {"voice": "voice"}


@dataclass(frozen=True, slots=True)
class Panel:
    """One turn to draw, under a name ("": none) and a line about it."""

    name: str
    about: str
    turn: Waterfall


def drawing(heading: str, panels: Sequence[Panel], conclusion: str = "") -> str:
    """An SVG document of turns, all on one scale; ``conclusion``: a last line."""
    longest = max(panel.turn.total for panel in panels)
    end = max(_end(panel.turn) for panel in panels)
    page = _Page()
    page.text(heading, "heading", _ROW)
    told = []
    for panel in panels:
        turn = panel.turn
        said = [summary(turn), flow(turn)]
        told.append(". ".join(filter(None, [panel.name, panel.about, *said])))
        if panel.name:
            page.skip(_ROW // 2)
            page.text(panel.name, "name")
        page.text(panel.about, "faint")
        page.skip(_ROW // 4)
        _until_the_first_sound(page, turn, longest)
        page.text(said[0])
        page.skip(_ROW // 2)
        _until_the_end(page, turn, end)
        page.text(said[1])
    page.skip(_ROW // 2)
    if conclusion:
        page.text(conclusion, "name")
        told.append(conclusion)
    page.text(
        "hatched: the voice works on a segment · dotted: it is ready, and waits · solid: it sounds · "
        "+: ready so long before its time",
        "faint",
    )
    return page.document(heading, ". ".join(told))


class _Page:
    """Shapes, from top to bottom."""

    def __init__(self) -> None:
        self.y = MARGIN
        self._shapes: list[str] = []

    def skip(self, height: int) -> None:
        self.y += height

    def add(self, shape: str) -> None:
        self._shapes.append(shape)

    def text(self, text: str, kind: str = "", height: int = _LINE) -> None:
        """Lines of text, broken at words; each takes ``height``."""
        characters = _BOLD_CHARACTERS if kind in ("name", "heading") else _LINE_CHARACTERS
        for line in textwrap.wrap(text, characters, break_on_hyphens=False):
            self.words(MARGIN, line, kind)
            self.y += height

    def words(self, x: float, text: str, kind: str = "", anchor: str = "start") -> None:
        """Text on the present row."""
        self.add(f'<text x="{x:g}" y="{self.y + 12}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>')

    def bar(self, begins: float, ends: float, kind: str, told: str) -> None:
        """A bar on the present row, one pixel wide at least, which says ``told`` under a pointer."""
        self.add(
            f'<rect x="{begins:.1f}" y="{self.y + 2}" width="{max(ends - begins, 1):.1f}" height="{_BAR}" '
            f'class="{kind}"><title>{escape(told)}</title></rect>'
        )

    def line(self, x: float, top: float, to: float, bottom: float, kind: str) -> None:
        self.add(f'<line x1="{x:.1f}" y1="{top:g}" x2="{to:.1f}" y2="{bottom:g}" class="{kind}"/>')

    def document(self, title: str, description: str) -> str:
        height = self.y + MARGIN
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
            f'height="{height}" role="img" aria-label={quoteattr(title)}>\n'
            f"<title>{escape(title)}</title>\n<desc>{escape(description)}</desc>\n<style>{_style()}</style>\n"
            '<defs><pattern id="works" width="6" height="6" patternUnits="userSpaceOnUse" '
            'patternTransform="rotate(45)"><line x1="1" y1="0" x2="1" y2="6" class="hatch"/></pattern></defs>\n'
            f'<rect width="{WIDTH}" height="{height}" class="ground"/>\n' + "\n".join(self._shapes) + "\n</svg>\n"
        )


def _until_the_first_sound(page: _Page, turn: Waterfall, longest: float) -> None:
    scale = (_RIGHT - _LEFT) / max(longest, 1e-9)
    _axis(page, longest, 1000.0, "ms", len(turn.stages))
    for stage, count in zip(turn.stages, milliseconds(turn.stages), strict=True):
        told = f"{stage.name}: from {stage.begins * 1000:.1f} to {stage.ends * 1000:.1f} ms"
        if stage.name == "tokens":
            _ticks(page, turn, scale, stage.ends, told)
        else:
            kind = _KINDS.get(stage.name, "model")
            page.bar(_LEFT + stage.begins * scale, _LEFT + stage.ends * scale, kind, told)
        _row(page, stage.name, f"{count} ms" if count or not stage.seconds else "<1 ms", stage.note)


def _until_the_end(page: _Page, turn: Waterfall, end: float) -> None:
    scale = (_RIGHT - _LEFT) / max(end, 1e-9)
    _axis(page, end, 1.0, "s", len(turn.segments) + 1)
    _ticks(page, turn, scale, end, f"{len(turn.tokens)} tokens")
    _row(page, "tokens", "", f"{len(turn.tokens)} in all")
    for number, row in enumerate(turn.segments, 1):
        begun, made, sounds, stops = (_LEFT + moment * scale for moment in (row.begun, row.made, row.sounds, row.stops))
        middle = page.y + 2 + _BAR / 2
        page.line(made, middle, sounds, middle, "waits")
        page.bar(begun, made, "outline", f"the voice works from {row.begun:.3f} to {row.made:.3f} s: {row.text}")
        page.bar(sounds, stops, "sound", f"it sounds from {row.sounds:.3f} to {row.stops:.3f} s: {row.text}")
        _row(page, f"segment {number}", "" if number == 1 else f"{row.early:+.1f} s", row.text)


def _row(page: _Page, name: str, value: str, note: str) -> None:
    page.words(MARGIN, name)
    if value:
        page.words(_VALUE, value, anchor="end")
    if note:
        page.words(_NOTE, textwrap.shorten(note, _NOTE_CHARACTERS, placeholder=" …"), "faint")
    page.skip(_ROW)


def _ticks(page: _Page, turn: Waterfall, scale: float, complete: float, told: str) -> None:
    """A line for each token, a fainter one after ``complete``."""
    page.add(f"<g><title>{escape(told)}</title>")
    for moment in turn.tokens:
        if (x := _LEFT + moment * scale) <= _RIGHT:
            page.line(x, page.y + 3, x, page.y + _BAR + 1, "tick" if moment <= complete else "tick later")
    page.add("</g>")


def _axis(page: _Page, end: float, factor: float, unit: str, rows: int) -> None:
    """Times above the rows, and a rule down through them for each."""
    step = nice_step(end * factor, 8)
    at = 0.0
    while at <= end * factor:
        x = _LEFT + at / max(end * factor, 1e-9) * (_RIGHT - _LEFT)
        page.words(x, f"{at:g} {unit}" if not at else f"{at:g}", "faint", "middle")
        page.line(x, page.y + _ROW - 4, x, page.y + _ROW * (rows + 1), "rule")
        at += step
    page.skip(_ROW)


def _style() -> str:
    def colours(which: int) -> str:
        rules = [f"{what} {{ fill: {pair[which]}; }}" for what, pair in _FILLS.items()]
        return "\n".join([*rules, *(f"{what} {{ stroke: {pair[which]}; }}" for what, pair in _STROKES.items())])

    return f"{_SHAPES}{colours(0)}\n@media (prefers-color-scheme: dark) {{\n{colours(1)}\n}}\n"


def _end(turn: Waterfall) -> float:
    return max([turn.ended, *(row.stops for row in turn.segments)])
