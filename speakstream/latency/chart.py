"""Waterfalls and tables for a terminal: lines of text, with eighths of blocks where it has them."""

import math
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from speakstream.cells import cells
from speakstream.latency.spread import Difference, Spread
from speakstream.latency.stages import SegmentRow, Waterfall, milliseconds

NARROWEST, WIDEST = 40, 132
"""Columns that a chart takes; a narrower terminal breaks its lines."""

LABEL, VALUE = 9, 8
_NOTES_FROM = 64
"""Columns from which there is room for what was done in each stage."""

_SPREAD_FROM = 48
"""Columns from which there is room for the spread in a comparison."""

MOST_SEGMENTS = 12

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_COLOURS = {
    "prepare": "36", "prefill": "36", "tokens": "36", "clause": "36",
    "voice": "35",
    "resample": "32", "buffer": "32", "device": "32", "onset": "32",
}  # fmt: skip
"""The model's, the voice's, the sound's: every bar has its name beside it, too."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the terminal can show."""

    columns: int = 80
    unicode: bool = True
    colour: bool = False

    @property
    def width(self) -> int:
        """Columns of a line; the last one is left free: what a terminal does there varies."""
        return min(max(self.columns, NARROWEST), WIDEST) - 1

    @property
    def note(self) -> int:
        """Columns for a note at a line's end; 0: there is no room."""
        return max(20, self.width // 4) if self.columns >= _NOTES_FROM else 0

    @property
    def bar(self) -> int:
        """Columns for what is drawn."""
        return self.width - LABEL - 1 - VALUE - (self.note + 2 if self.note else 0)

    @property
    def marks(self) -> tuple[str, str, str]:
        """Of a segment: the voice works on it, it waits, it sounds."""
        return ("▒", "·", "█") if self.unicode else ("+", ".", "#")

    def shown(self, text: str) -> str:
        """``text`` with "?" for what can't be shown."""
        return text if self.unicode else text.encode("ascii", "replace").decode("ascii")

    def paint(self, text: str, code: str) -> str:
        """``text`` in a colour, where there are colours; spaces stay as they are."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text.strip() else text


def until_the_first_sound(turn: Waterfall, look: Look, longest: float | None = None) -> list[str]:
    """The stages, one to a line. ``longest``: seconds that the width stands for; by itself, the turn's own."""
    scale = look.bar / max(longest or turn.total, 1e-9)
    complete = next((stage.ends for stage in turn.stages if stage.name == "tokens"), 0.0)
    lines = []
    for stage, count in zip(turn.stages, milliseconds(turn.stages), strict=True):
        if stage.name == "tokens":
            drawn = _ticks(turn.tokens, scale, look, complete)
        else:
            drawn = look.paint(_bar(stage.begins * scale, stage.ends * scale, look), _COLOURS[stage.name])
        value = f"{count} ms" if count or stage.seconds == 0 else "<1 ms"
        lines.append(_line(stage.name, drawn, value, stage.note, look))
    return [*lines, _axis(longest or turn.total, 1000.0, "ms", look)]


def until_the_end(turn: Waterfall, look: Look) -> list[str]:
    """Tokens and segments over the whole turn: how speech runs beside writing."""
    end = max([turn.ended, *(row.stops for row in turn.segments)])
    scale = look.bar / max(end, 1e-9)
    lines = [_line("tokens", _ticks(turn.tokens, scale, look, end), "", f"{len(turn.tokens)} in all", look)]
    shown = turn.segments if len(turn.segments) <= MOST_SEGMENTS else turn.segments[: MOST_SEGMENTS - 1]
    for number, row in enumerate(shown, 1):
        early = "" if number == 1 else f"{row.early:+.1f} s"
        lines.append(_line(f"{number}", _segment(row, scale, look), early, row.text, look))
    if left := len(turn.segments) - len(shown):
        lines.append(f"{'':{LABEL}} and {left} segments more")
    works, waits, sounds = look.marks
    legend = f"{works} the voice works  {waits} waits  {sounds} sounds"
    if len(turn.segments) > 1:
        legend += "  +: ready so long before its time"
    return [*lines, _axis(end, 1.0, "s", look), *wrapped(legend, look)]


def table(spreads: dict[str, Spread], look: Look) -> list[str]:
    """Median and spread of each stage over several turns."""
    lines = [f"{'ms':{LABEL}}{'median':>9}{'least':>9}{'most':>9}"]
    for name, of in spreads.items():
        lines.append(f"{name:{LABEL}}" + "".join(f"{_ms(value):>9}" for value in (of.median, of.least, of.most)))
    return lines


def comparison(differences: Sequence[Difference], look: Look) -> list[str]:
    """Both medians of each stage, how they differ, and whether that may be chance."""
    roomy = look.columns >= _SPREAD_FROM
    lines = [f"{'ms':{LABEL}}{'A':>7}{'B':>7}{'B - A':>8}" + (f"{'spread':>8}" if roomy else "")]
    for each in differences:
        sign = "+" if each.seconds > 0 else "-" if each.seconds < 0 else ""
        verdict = "-" if each.verdict == "within" else look.paint(each.verdict, "1")
        lines.append(
            f"{each.name:{LABEL}}{_ms(each.base.median):>7}{_ms(each.other.median):>7}"
            f"{sign + _ms(abs(each.seconds)):>8}{_ms(each.spread) if roomy else '':>{8 * roomy}}  {verdict}".rstrip()
        )
    told = "spread: what chance alone may make"
    if any(each.verdict == "within" for each in differences):
        told += "; -: the difference is within it"
    return [*lines, *wrapped(told, look)]


def wrapped(text: str, look: Look) -> list[str]:
    """Broken at words; a number stays with what it counts."""
    glued = re.sub(r"(?<=\d) (?=\w)", "\xa0", look.shown(text))
    return [line.replace("\xa0", " ") for line in textwrap.wrap(glued, look.width, break_on_hyphens=False)]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f}" if seconds * 1000 >= 9.95 or seconds == 0 else f"{seconds * 1000:.1f}"


def _line(label: str, drawn: str, value: str, note: str, look: Look) -> str:
    line = f"{label:{LABEL}} {drawn}{value:>{VALUE}}"
    return f"{line}  {_cut(note, look)}".rstrip() if look.note else line.rstrip()


def _cut(note: str, look: Look) -> str:
    """A note, no wider than there is room."""
    dots = "…" if look.unicode else "..."
    note = look.shown(note)
    if cells(note) <= look.note:
        return note
    kept = ""
    for mark in note:
        if cells(kept + mark) > look.note - cells(dots):
            break
        kept += mark
    return kept.rstrip() + dots


def _bar(begins: float, ends: float, look: Look) -> str:
    """A bar from one place to another, in columns. However short, it is seen: an eighth of a column at least."""
    width = look.bar
    if not look.unicode:
        first = min(int(begins), width - 1)
        last = max(min(round(ends), width), first + 1)
        return (" " * first + "#" * (last - first)).ljust(width)
    eighths = max(round(ends * 8), round(begins * 8) + 1)
    first, inside = divmod(min(round(begins * 8), width * 8 - 1), 8)
    last, rest = divmod(min(eighths, width * 8), 8)
    if first == last:
        return (" " * first + _EIGHTHS[max(rest - inside, 1)]).ljust(width)
    # a column can only be filled from its left; of its right part, there is the half
    head = "█" if inside < 2 else "▐"
    return (" " * first + head + "█" * (last - first - 1) + _EIGHTHS[rest].strip()).ljust(width)


def _ticks(moments: Sequence[float], scale: float, look: Look, complete: float) -> str:
    """A mark for each moment, a bolder one where several fall into one column, a fainter one after ``complete``."""
    faint, one, more = ("·", "╵", "║") if look.unicode else (".", "'", '"')
    marks = [" "] * look.bar
    for moment in moments:
        if (column := int(moment * scale)) < look.bar:
            marks[column] = faint if moment > complete else one if marks[column] == " " else more
    return look.paint("".join(marks), _COLOURS["tokens"])


def _segment(row: SegmentRow, scale: float, look: Look) -> str:
    begun = min(int(row.begun * scale), look.bar - 1)
    made = min(max(round(row.made * scale), begun + 1), look.bar)
    starts = min(max(round(row.sounds * scale), made), look.bar)
    stops = min(max(round(row.stops * scale), starts + 1), look.bar)
    works, waits, sounds = look.marks
    return (
        " " * begun
        + look.paint(works * (made - begun), _COLOURS["voice"])
        + waits * (starts - made)
        + look.paint(sounds * (stops - starts), _COLOURS["device"])
        + " " * (look.bar - stops)
    )


def _axis(end: float, factor: float, unit: str, look: Look) -> str:
    """Times under the bars, as many as there is room for; ``factor``: how many units a second has."""
    mark = "│" if look.unicode else "|"
    room = len(f"{end * factor:.0f}") + 5
    step = nice_step(end * factor, look.bar / room)
    line, at = "", 0.0
    while at <= end * factor:
        column = int(at / (end * factor) * look.bar)
        label = f"{mark}{at:g}" + (f" {unit}" if not at else "")
        if column + len(label) > look.bar + VALUE:
            break
        line = line.ljust(column) + label
        at += step
    return f"{'':{LABEL}} {line}"


def nice_step(length: float, parts: float) -> float:
    """1, 2 or 5 times a power of ten, so that ``length`` has no more than ``parts`` steps."""
    least = length / max(parts, 1.0)
    power = 10.0 ** math.floor(math.log10(max(least, 1e-9)))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)
