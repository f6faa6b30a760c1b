"""The plots of ``docs/performance.md``, drawn with matplotlib from stored results.

They are legible on a light page and on a dark one: no background, and mid-tones. The same results give the same
bytes.
"""

import importlib
import importlib.util
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.results import Result

GREY = "#7d8590"
COLOURS = ("#3b82f6", "#e8833a", "#2ea043", "#a371f7", "#d4577b", "#5aa9a6")

SIZE = (7.2, 3.4)  # inches

STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "speakstream",
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": GREY,
    "axes.facecolor": "none",
    "axes.labelcolor": GREY,
    "axes.edgecolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GREY,
    "grid.alpha": 0.25,
    "legend.frameon": False,
}


@dataclass(frozen=True, slots=True)
class Plot:
    """One file, and what draws it on axes from the raw values of a part."""

    part: str
    name: str
    about: str
    draw: Callable[[Any, dict[str, dict[str, Any]]], None]
    """Given the axes and the raw values of every part that there is."""


def available() -> bool:
    """Whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def draw(results: Iterable[Result], folder: Path) -> list[str]:
    """Draw what the results allow into ``folder``; the names of the files."""
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.use("svg")
    pyplot: Any = importlib.import_module("matplotlib.pyplot")
    raw = {result["part"]: result["raw"] for result in results}
    folder.mkdir(exist_ok=True)
    drawn = []
    for plot in PLOTS:
        if plot.part not in raw:
            continue
        with matplotlib.rc_context(STYLE):
            figure, axes = pyplot.subplots(figsize=SIZE, layout="constrained")
            try:
                plot.draw(axes, raw)
                figure.savefig(folder / plot.name, transparent=True, metadata={"Date": None})
            finally:
                pyplot.close(figure)
        drawn.append(plot.name)
    return drawn


# -- the plots ---------------------------------------------------------------------------------------------------


def _first_audio(axes: Any, raw: dict[str, dict[str, Any]]) -> None:
    """Every measurement as a dot, the median and the middle half; the fastest at the top."""
    fresh = raw["fresh"]
    rows = [("SpeakStream", _milliseconds(turn["first_audio"] for turn in fresh["turns"]))]
    rows += [
        (f"RealtimeTTS, {wiring}", _milliseconds(turn["first_audio"] for turn in turns))
        for wiring, turns in fresh["peer"].items()
    ]
    for key, name in (("say", "say, from a cold process"), ("pipeline", "shell pipeline, cold")):
        rows.append((name, _milliseconds(turn[key] for turn in raw.get("pipeline", {}).get("turns", ()))))
    rows = [row for row in rows if row[1]]
    for place, (_, values) in enumerate(rows):
        colour = COLOURS[place]
        axes.plot(values, _spread_out(place, len(values)), "o", color=colour, alpha=0.45, markersize=3.5)
        low, middle, high = _quartiles(values)
        axes.plot([low, high], [place, place], color=colour, linewidth=7, alpha=0.35, solid_capstyle="butt")
        axes.plot([middle, middle], [place - 0.28, place + 0.28], color=colour, linewidth=2)
        axes.annotate(f"{middle:.0f}", (middle, place - 0.32), color=colour, ha="center", va="bottom")
    axes.set_yticks(range(len(rows)), [f"{name} ({len(values)})" for name, values in rows])
    axes.set_ylim(len(rows) - 0.5, -0.7)
    axes.set_xscale("log")
    ticks = [100, 200, 300, 500, 1000, 2000, 3000, 5000]
    axes.set_xticks(ticks, [str(tick) for tick in ticks], minor=False)
    axes.set_xticks([], minor=True)
    axes.set_xlabel("prompt to first audible sample, ms (log); dots: turns, bar: middle half, line: median")


def _chat(axes: Any, raw: dict[str, dict[str, Any]]) -> None:
    turns = [turn for turn in raw["chat"]["turns"] if turn["first_audio"] is not None]
    numbers = [turn["turn"] for turn in turns]
    values = _milliseconds(turn["first_audio"] for turn in turns)
    axes.plot(numbers, values, "o", color=COLOURS[0], markersize=4, label="a turn")
    middles = [statistics.median(values[max(0, at - 2) : at + 3]) for at in range(len(values))]
    axes.plot(numbers, middles, color=COLOURS[0], linewidth=1.5, label="median of five")
    for place, turn in enumerate(turn for turn in turns if turn["notices"]):
        label = "" if place else "old turns are left out"
        axes.axvline(turn["turn"], color=COLOURS[1], linewidth=1, linestyle="--", label=label)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("turn of the chat")
    axes.set_ylabel("time to first audio, ms")
    axes.legend()


def _text(axes: Any, raw: dict[str, dict[str, Any]]) -> None:
    text = raw["text"]
    stages = dict.fromkeys(each["stage"] for each in text["passes"])
    for colour, stage in zip(COLOURS, stages, strict=False):
        rounds = [each["rates"] for each in text["passes"] if each["stage"] == stage and each["deltas"] == "tokens"]
        parts = list(zip(*rounds, strict=True))
        so_far = [text["bytes"] / len(parts) * (number + 1) / 1000 for number in range(len(parts))]
        axes.plot(so_far, [statistics.median(part) for part in parts], "o-", color=colour, markersize=3, label=stage)
        axes.fill_between(so_far, [min(part) for part in parts], [max(part) for part in parts], color=colour, alpha=0.2)
    axes.axhline(0.5, color=GREY, linewidth=1, linestyle="--", label="asked for")
    axes.set_yscale("log")
    ticks = [0.2, 0.5, 1, 2, 5, 10]
    axes.set_yticks(ticks, [str(tick) for tick in ticks], minor=False)
    axes.set_yticks([], minor=True)
    axes.set_xlim(left=0)
    axes.set_xlabel("text so far, kB of Markdown; line: median, band: all rounds")
    axes.set_ylabel("MB/s, deltas of tokens (log)")
    axes.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))


def _pauses(axes: Any, raw: dict[str, dict[str, Any]]) -> None:
    sentences = raw["sentences"]
    groups = {"SpeakStream, read": sentences["read"], "SpeakStream, answered": sentences["answered"]}
    groups |= {f"RealtimeTTS, {wiring}": speeches for wiring, speeches in sentences["peer"].items()}
    values = {
        name: _milliseconds(gap["silence"] for speech in speeches for gap in speech["gaps"])
        for name, speeches in groups.items()
    }
    values = {f"{name} ({len(of)})": of for name, of in values.items() if of}
    bins = range(0, int(max(max(of) for of in values.values())) + 50, 25)
    axes.axvspan(200, 300, color=COLOURS[2], alpha=0.15, linewidth=0, label="aim, 200-300 ms")
    axes.hist(list(values.values()), bins=bins, stacked=True, color=COLOURS[: len(values)], label=list(values))
    axes.set_xlabel("silence between two sentences, ms, in the recording")
    axes.set_ylabel("silences")
    axes.legend()


def _callback(axes: Any, raw: dict[str, dict[str, Any]]) -> None:
    ring = raw["ring"]
    curves = [(f"the call alone, {each['rate'] / 1000:g} kHz", each, "-") for each in ring["alone"]]
    for each in ring["paced"]:
        busy = f"{each['threads']} busy threads" if each["threads"] else "nothing beside it"
        curves.append((f"due to done, {busy}, {each['rate'] / 1000:g} kHz", each, "--"))
    left = [100 - percent for percent in ring["curve_percents"]]
    for colour, (name, each, line) in zip(COLOURS, curves, strict=False):
        axes.plot([100 * share for share in each["curve"]], left, line, color=colour, label=name)
    for place, label in ((100, "a block's time"), (100 * ring["buffer_blocks"], "all that the device holds")):
        axes.axvline(place, color=GREY, linewidth=1, linestyle=":")
        axes.annotate(label, (place, 0.06), rotation=90, ha="right", va="bottom")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(0.05, 110)
    axes.set_xlabel("% of a block's time (log)")
    axes.set_ylabel("% of the blocks take longer (log)")
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _memory(axes: Any, raw: dict[str, dict[str, Any]]) -> None:
    steps = raw["memory"]["steps"]
    names = [step["step"] for step in steps]
    before = [0.0] * len(steps)
    kinds = {"allocated": "allocated", "files": "libraries and other files", "weights": "the model's weights"}
    for colour, (kind, label) in zip(COLOURS, kinds.items(), strict=False):
        sizes = [step[kind] / 1e6 for step in steps]
        axes.bar(names, sizes, bottom=before, color=colour, width=0.6, label=label)
        before = [low + size for low, size in zip(before, sizes, strict=True)]
    for place, total in enumerate(before):
        axes.annotate(f"{total:.0f}", (place, total), ha="center", va="bottom")
    axes.set_xlabel("loaded one after the other")
    axes.set_ylabel("memory (PSS), MB")
    axes.legend()


PLOTS = (
    Plot("fresh", "first-audio.svg", "Time to first audio, SpeakStream and its peers", _first_audio),
    Plot("chat", "chat.svg", "Time to first audio over the turns of a long chat", _chat),
    Plot("text", "text.svg", "Throughput of the text room against the length so far", _text),
    Plot("sentences", "pauses.svg", "Silences between two sentences", _pauses),
    Plot("ring", "callback.svg", "What the device's callback costs, in shares of a block's time", _callback),
    Plot("memory", "memory.svg", "Memory, step by step", _memory),
)


def _milliseconds(seconds: Iterable[float | None]) -> list[float]:
    return [1000 * each for each in seconds if each is not None]


def _quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def _spread_out(place: int, count: int) -> list[float]:
    """Heights around ``place``, so that dots of one row do not hide each other."""
    return [place + 0.22 * ((index * 0.618) % 1 - 0.5) * 2 for index in range(count)]
