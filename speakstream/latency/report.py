"""What was measured, as text, JSON and SVG."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from speakstream.errors import one_line
from speakstream.events import Metrics
from speakstream.latency import chart
from speakstream.latency.chart import Look
from speakstream.latency.spread import conclusion, differences, median_turn, spreads
from speakstream.latency.stages import Waterfall, flow, summary, waterfall
from speakstream.latency.svg import Panel, drawing
from speakstream.settings import Settings


@dataclass(frozen=True, slots=True)
class Side:
    """The settings of one set of turns; ``changes``: how they differ from what is configured."""

    settings: Settings
    changes: str = ""

    @property
    def name(self) -> str:
        """For a heading."""
        return f"B: {self.changes}" if self.changes else "A: as configured"


@dataclass(frozen=True, slots=True)
class Take:
    """One turn: its timestamps, its reply, and what its segments say."""

    metrics: Metrics
    reply: str
    spoken: tuple[str, ...]

    @property
    def picture(self) -> Waterfall:
        """As it is drawn."""
        return waterfall(self.metrics, self.spoken)


@dataclass(slots=True)
class Result:
    """What one side came to. ``about``: the model, the voice, and where it sounded."""

    side: Side
    about: str = ""
    warm_up: Take | None = None
    takes: list[Take] = field(default_factory=list)

    @property
    def pictures(self) -> list[Waterfall]:
        """Of the turns that count."""
        return [take.picture for take in self.takes]


def as_text(prompt: str, results: Sequence[Result], look: Look) -> list[str]:
    """Lines for a terminal."""
    lines = chart.wrapped(one_line(prompt), look)
    compares = len(results) > 1
    longest = max(median_turn(result.pictures).total for result in results)
    for result in results:
        turn = median_turn(result.pictures)
        if compares:
            lines += ["", *(look.paint(line, "1") for line in chart.wrapped(result.side.name, look))]
        lines += chart.wrapped(result.about, look)
        lines += chart.wrapped(_turns(result), look)
        lines += ["", *chart.until_the_first_sound(turn, look, longest)]
        lines += ["", *chart.until_the_end(turn, look), ""]
        if len(result.takes) > 1 and not compares:
            lines += [*chart.table(spreads(result.pictures), look), ""]
        lines += [*chart.wrapped(summary(turn), look), *chart.wrapped(flow(turn), look)]
    if compares:
        found = differences(results[0].pictures, results[1].pictures)
        lines += ["", *chart.comparison(found, look), ""]
        lines += chart.wrapped(conclusion(found[-1], results[1].side.changes), look)
    return lines


def as_json(prompt: str, results: Sequence[Result]) -> dict[str, Any]:
    """Everything; times in seconds, from the prompt on."""
    told: dict[str, Any] = {"prompt": prompt, "sides": [_side(result) for result in results]}
    if len(results) > 1:
        found = differences(results[0].pictures, results[1].pictures)
        told["comparison"] = [
            {
                "stage": each.name,
                "difference": round(each.seconds, 4),
                "spread": round(each.spread, 4),
                "verdict": each.verdict,
            }
            for each in found
        ]
        told["conclusion"] = conclusion(found[-1], results[1].side.changes)
    return told


def as_svg(prompt: str, results: Sequence[Result]) -> str:
    """The median turn of each side."""
    compares = len(results) > 1
    panels = [
        Panel(
            result.side.name if compares else "",
            f"{result.about}; {_turns(result)}",
            median_turn(result.pictures),
        )
        for result in results
    ]
    end = ""
    if compares:
        total = differences(results[0].pictures, results[1].pictures)[-1]
        end = conclusion(total, results[1].side.changes)
    return drawing(one_line(prompt), panels, end)


def _turns(result: Result) -> str:
    warm_up = ""
    if result.warm_up is not None:
        warm_up = f"after a warm-up turn that is not counted ({result.warm_up.picture.total * 1000:.0f} ms)"
    count = len(result.takes)
    return f"the median of {count} turns, {warm_up}" if count > 1 else f"one turn, {warm_up}"


def _side(result: Result) -> dict[str, Any]:
    return {
        "changes": result.side.changes,
        "about": result.about,
        "warm_up": None if result.warm_up is None else _take(result.warm_up),
        "turns": [_take(take) for take in result.takes],
        "spread": {
            name: {"median": _round(of.median), "least": _round(of.least), "most": _round(of.most)}
            for name, of in spreads(result.pictures).items()
        },
    }


def _take(take: Take) -> dict[str, Any]:
    turn = take.picture
    return {
        "reply": take.reply,
        "first_sound": _round(turn.total),
        "stages": [
            {
                "name": stage.name,
                "begins": _round(stage.begins),
                "ends": _round(stage.ends),
                "seconds": _round(stage.seconds),
                "note": stage.note,
            }
            for stage in turn.stages
        ],
        "segments": [
            {name: _round(value) if isinstance(value, float) else value for name, value in asdict(row).items()}
            for row in turn.segments
        ],
        "metrics": take.metrics.since_submitted(),
    }


def _round(seconds: float) -> float:
    return round(seconds, 5)
