"""What a part found: figures, raw values, and the figures as a table."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Self

from benchmarks.measure import Spread


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. ``reach`` and ``aim`` are bounds of ``value``; None: it is only shown."""

    name: str
    value: float | None  # None: it could not be measured
    unit: str  # "ms", "MB", "%", ...
    count: int  # measurements behind it
    reach: float | None = None
    aim: float | None = None
    at_least: bool = False  # more is better
    detail: str = ""  # the spread, in words
    absent: str = "not measured"  # said where there is no value

    @property
    def verdict(self) -> str:
        """ "aim", "reach" or "MISSED"; "" where nothing is asked for; "-" where nothing was measured."""
        if self.value is None or self.count == 0:
            return "-"
        if self.reach is None or self.aim is None:
            return ""
        for bound, verdict in ((self.aim, "aim"), (self.reach, "reach")):
            if self.value >= bound if self.at_least else self.value <= bound:
                return verdict
        return "MISSED"

    def as_json(self) -> dict[str, Any]:
        """All of it, the verdict too."""
        return {**asdict(self), "verdict": self.verdict}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """What ``as_json`` gave."""
        return cls(**{name: value for name, value in stored.items() if name != "verdict"})


@dataclass(frozen=True, slots=True)
class Part:
    """What one part of the benchmark found: lines of the table, and every raw value."""

    figures: list[Figure]
    raw: dict[str, Any]


def figure(
    name: str,
    of: Spread | None,
    statistic: str = "median",
    unit: str = "ms",
    reach: float | None = None,
    aim: float | None = None,
    note: str = "",
) -> Figure:
    """A line from a spread and the name of the ``statistic`` that counts; a spread in seconds becomes "ms"."""
    if of is None:
        return Figure(name, None, unit, 0, reach, aim, detail=note)
    scale = 1000.0 if unit == "ms" else 1.0
    detail = f"{number(of.least * scale)}-{number(of.most * scale)}"
    if statistic != "median":
        detail += f", p50 {number(of.median * scale)}"
    if statistic != "p95":
        detail += f", p95 {number(of.p95 * scale)}"
    value: float = getattr(of, statistic) * scale
    return Figure(name, value, unit, of.count, reach, aim, detail=f"{detail}; {note}" if note else detail)


def table(figures: Iterable[Figure], goals: bool = True) -> str:
    """The figures as a Markdown table, columns aligned; with ``goals`` what was asked for and the verdict."""
    rows = [_cells(figure) for figure in figures]
    rows.insert(0, ("figure", "reach", "aim", "measured", "n", "verdict", "spread"))
    if not goals:
        rows = [(name, measured, count, spread) for name, _, _, measured, count, _, spread in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    rows.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    )


def _cells(figure: Figure) -> tuple[str, ...]:
    sign = "≥ " if figure.at_least else ""
    return (
        figure.name,
        "" if figure.reach is None else f"{sign}{number(figure.reach)} {figure.unit}".rstrip(),
        "" if figure.aim is None else f"{sign}{number(figure.aim)} {figure.unit}".rstrip(),
        figure.absent if figure.value is None else f"{number(figure.value)} {figure.unit}".rstrip(),
        str(figure.count),
        figure.verdict,
        figure.detail,
    )


def number(value: float) -> str:
    """Three significant digits, and never an exponent."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    shown = f"{value:.{digits}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown
