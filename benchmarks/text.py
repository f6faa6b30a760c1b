"""The text room's throughput: a megabyte of Markdown through Document, speakable and Segmenter, alone and together.

A reply comes a few characters at a time, so three sizes of deltas are measured. The last tenth of the text is its
first again: what a delta costs there, after 900 kB, against what it cost at the beginning is what the length so far
costs. Memory is measured apart from time, for watching it takes most of the time.
"""

import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from benchmarks.choices import Choices
from benchmarks.markdown import characters, lines, tenths, tokens
from benchmarks.measure import percentile
from benchmarks.report import Figure, Part
from speakstream.text.document import Document
from speakstream.text.lines import Kind
from speakstream.text.segmenter import Segmenter
from speakstream.text.speakable import speak

SIZE, QUICK_SIZE = 1_000_000, 50_000
"""Bytes of UTF-8."""

ROUNDS = 3

WATCHED_SIZE = 300_000
"""Bytes of the text whose memory is watched: watching it is five times as slow."""

GOAL = 0.5  # MB/s

DELTAS: dict[str, Callable[[str], Iterator[str]]] = {
    "4 characters": characters,
    "tokens": tokens,
    "lines": lines,
}

Take = Callable[[str], object]


def _document() -> Take:
    return Document().push


def _segmenter() -> Take:
    return Segmenter().push


def _both() -> Take:
    document, segmenter = Document(), Segmenter()

    def take(delta: str) -> None:
        document.push(delta)
        segmenter.push(delta)

    return take


STAGES: dict[str, Callable[[], Take]] = {
    "Document": _document,
    "Segmenter": _segmenter,
    "Document and Segmenter": _both,
}
"""What a delta goes through. The Segmenter has what is said spelled out by ``speakable``: that is in its cost."""


def run(choices: Choices) -> Part:
    """See the module."""
    parts = tenths(QUICK_SIZE if choices.quick else SIZE)
    rounds = 1 if choices.quick else ROUNDS
    raw: dict[str, Any] = {"bytes": sum(map(_size, parts)), "passes": []}
    for size, cut in DELTAS.items():
        deltas = [list(cut(part)) for part in parts]
        for stage, make in STAGES.items():
            choices.progress(f"text: {stage}, deltas of {size}")
            for _ in range(rounds):
                raw["passes"].append({"stage": stage, "deltas": size, **passed(make(), deltas)})
    choices.progress("text: speakable alone")
    spoken = prose(parts)
    raw["speakable"] = [speakable(spoken) for _ in range(rounds)]
    choices.progress("text: memory")
    watched = parts if choices.quick else tenths(WATCHED_SIZE)
    raw["watched_bytes"] = sum(map(_size, watched))
    raw["memory"] = {name: memory(make, [list(tokens(part)) for part in watched]) for name, make in STAGES.items()}
    return Part(_figures(raw), raw)


def passed(take: Take, parts: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Push every delta of every part; MB/s, in all and by parts, and microseconds a delta in the first and the last."""
    clock = time.perf_counter
    rates: list[float] = []
    costs: list[list[float]] = []
    begun = clock()
    for number, deltas in enumerate(parts):
        part_begun = clock()
        if number in (0, len(parts) - 1):
            costs.append(_each(take, deltas))
        else:
            for delta in deltas:
                take(delta)
        rates.append(_size("".join(deltas)) / 1e6 / (clock() - part_begun))
    total = sum(_size("".join(deltas)) for deltas in parts) / 1e6
    return {
        "rate": total / (clock() - begun),
        "rates": rates,
        "first_tenth": _costs(costs[0]),
        "last_tenth": _costs(costs[-1]),
    }


def _each(take: Take, deltas: Sequence[str]) -> list[float]:
    """Microseconds that each of the ``deltas`` took."""
    clock = time.perf_counter
    took = []
    for delta in deltas:
        begun = clock()
        take(delta)
        took.append((clock() - begun) * 1e6)
    return took


def _costs(took: Sequence[float]) -> dict[str, float]:
    return {"mean": statistics.fmean(took), "median": statistics.median(took), "p99": percentile(took, 99)}


def prose(parts: Iterable[str]) -> list[str]:
    """The text of every block that is read aloud, as a Document gives it."""
    document = Document()
    for part in parts:
        for delta in lines(part):
            document.push(delta)
    document.finish()
    silent = (Kind.CODE, Kind.TABLE, Kind.HTML, Kind.MATH, Kind.RULE)
    return [block.text for block in document.blocks if block.kind not in silent]


def speakable(texts: Sequence[str]) -> float:
    """MB/s of spelling out ``texts``, each at once."""
    begun = time.perf_counter()
    for text in texts:
        speak(text)
    return sum(map(_size, texts)) / 1e6 / (time.perf_counter() - begun)


def memory(make: Callable[[], Take], parts: Sequence[Sequence[str]]) -> list[float]:
    """Bytes that Python holds for what takes the deltas, after each part; the clauses that it gives are dropped."""
    held: list[float] = []
    for warm in (parts[:1], parts):  # caches and tables are filled before anything counts
        held.clear()
        tracemalloc.start()
        try:
            take = make()
            before = _allocated()
            for deltas in warm:
                for delta in deltas:
                    take(delta)
                held.append(_allocated() - before)
        finally:
            tracemalloc.stop()
    return held


def _allocated() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def _size(text: str) -> int:
    return len(text.encode())


def _figures(raw: dict[str, Any]) -> list[Figure]:
    figures = []
    for size in DELTAS:
        for stage in STAGES:
            passes = [each for each in raw["passes"] if (each["stage"], each["deltas"]) == (stage, size)]
            goal = GOAL if stage == "Document and Segmenter" else None
            figures.append(_rate(f"{stage}, deltas of {size}", [each["rate"] for each in passes], goal))
    figures.append(_rate("speakable alone, block by block", raw["speakable"], None))
    figures += [_growth(size, raw["passes"]) for size in DELTAS]
    held = raw["memory"]["Segmenter"]
    grown = (max(held[1:]) - held[0]) / 1e3
    figures.append(Figure("memory of the Segmenter: the most after a tenth, above the first", grown, "kB", len(held)))
    share = raw["memory"]["Document"][-1] / raw["watched_bytes"]
    figures.append(Figure("memory of the Document, for each byte of text", share, "bytes", len(held)))
    return figures


def _rate(name: str, rates: Sequence[float], goal: float | None) -> Figure:
    detail = f"{min(rates):.2f}-{max(rates):.2f}"
    return Figure(name, statistics.median(rates), "MB/s", len(rates), goal, goal, at_least=True, detail=detail)


def _growth(size: str, passes: Sequence[dict[str, Any]]) -> Figure:
    of = [each for each in passes if each["stage"] == "Document and Segmenter" and each["deltas"] == size]
    ratios = [each["last_tenth"]["mean"] / each["first_tenth"]["mean"] for each in of]
    first, last = (statistics.median(each[tenth]["mean"] for each in of) for tenth in ("first_tenth", "last_tenth"))
    detail = f"{first:.1f} and {last:.1f} µs"
    name = f"cost of a delta of {size}, in the last tenth against the first"
    return Figure(name, statistics.median(ratios), "times", len(of), detail=detail)
