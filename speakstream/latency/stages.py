"""A turn's metrics as a picture: the stages from Enter to the first sound, and the segments that follow.

All times here are seconds after Enter. ``docs/performance.md`` says what each stage is.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from speakstream.errors import one_line
from speakstream.events import Metrics, SegmentTimes

NAMES = ("prepare", "prefill", "tokens", "clause", "voice", "resample", "buffer", "device", "onset")
"""The stages, in order. Each begins where the one before ends."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stretch of the way to the first sound; ``note`` says how much was done in it."""

    name: str
    begins: float
    ends: float
    note: str = ""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ends - self.begins


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A segment: the voice works on it from ``begun`` to ``made``, and it sounds from ``sounds`` to ``stops``.

    ``early``: seconds that it was ready before it had to sound; below 0: a gap as long as that.
    """

    text: str
    begun: float
    made: float
    sounds: float
    stops: float
    early: float


@dataclass(frozen=True, slots=True)
class Waterfall:
    """One turn."""

    stages: tuple[Stage, ...]
    tokens: tuple[float, ...]
    segments: tuple[SegmentRow, ...]
    underruns: int
    ended: float

    @property
    def total(self) -> float:
        """From Enter to the first sound; the stages add up to it."""
        return self.stages[-1].ends if self.stages else 0.0


def waterfall(metrics: Metrics, spoken: Sequence[str] = ()) -> Waterfall:
    """The picture of a turn. ``spoken``: what its segments say."""
    ended = metrics.submitted if metrics.ended is None else metrics.ended
    return Waterfall(
        _stages(metrics),
        tuple(moment - metrics.submitted for moment in metrics.token_times),
        _segments(metrics, spoken),
        metrics.underruns,
        ended - metrics.submitted,
    )


def _stages(metrics: Metrics) -> tuple[Stage, ...]:
    """As many as the turn came to: a turn that was cut has fewer, one that nobody hears ends with the resampling."""
    told = metrics.prefill_ended is not None  # an engine that can't tell: the prompt is read when a token comes
    first = metrics.segments[0] if metrics.segments else None
    moments: tuple[float | None, ...] = (
        metrics.prefill_begun if told else metrics.prepared,
        metrics.prefill_ended if told else metrics.first_token,
        metrics.first_clause,
        *((first.begun, first.made, first.resampled) if first is not None else (None, None, None)),
        metrics.first_taken,
        metrics.first_audio,
        metrics.first_audible,
    )
    stages: list[Stage] = []
    at = metrics.submitted
    for name, moment in zip(NAMES, moments, strict=True):
        if moment is None:
            break
        ends = max(at, moment)  # taken on several threads: by microseconds, one may have been overtaken
        stages.append(Stage(name, at - metrics.submitted, ends - metrics.submitted, _note(name, metrics, first)))
        at = ends
    return tuple(stages)


def _note(name: str, metrics: Metrics, first: SegmentTimes | None) -> str:
    if name == "prefill" and metrics.prompt_tokens is not None:
        cached = metrics.cached_tokens or 0
        return f"{metrics.prompt_tokens - cached} new, {cached} cached"
    if name == "tokens" and metrics.first_clause is not None:
        return _count(sum(moment <= metrics.first_clause for moment in metrics.token_times), "token")
    if name == "voice" and first is not None:
        return f"{first.seconds:.1f} s of speech"
    return ""


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _segments(metrics: Metrics, spoken: Sequence[str]) -> tuple[SegmentRow, ...]:
    """When each sounded follows from the first sound and the places in the speech.

    Where the sink ran dry, what came too late for its place sounds as long after it was ready as the first one did.
    """
    if metrics.first_audio is None:
        return ()
    rows: list[SegmentRow] = []
    delay = metrics.first_audio - metrics.segments[0].resampled
    due = metrics.first_audio
    for index, segment in enumerate(metrics.segments):
        if index:
            due += segment.offset - metrics.segments[index - 1].offset
        early = due - (segment.resampled + delay)
        if not metrics.underruns:
            early = max(early, 0.0)  # the delay is only known to a block of the device
        due = max(due, due - early)
        rows.append(
            SegmentRow(
                one_line(" ".join(spoken[index].split())) if index < len(spoken) else "",
                segment.begun - metrics.submitted,
                segment.made - metrics.submitted,
                due - metrics.submitted,
                due + segment.seconds - metrics.submitted,
                early,
            )
        )
    return tuple(rows)


def milliseconds(stages: Sequence[Stage]) -> list[int]:
    """The stages in whole milliseconds, rounded so that they add up to the rounded total."""
    ends = [0, *(round(stage.ends * 1000) for stage in stages)]
    return [later - earlier for earlier, later in itertools.pairwise(ends)]


def summary(turn: Waterfall) -> str:
    """The way to the first sound, in one line."""
    if not turn.stages:
        return "nothing was spoken"
    parts = [
        f"{count} {stage.name}" for stage, count in zip(turn.stages, milliseconds(turn.stages), strict=True) if count
    ]
    what = "first sound" if len(turn.stages) >= NAMES.index("device") + 1 else f"{turn.stages[-1].name} done"
    return f"{what} after {round(turn.total * 1000)} ms: {', '.join(parts)}"


def flow(turn: Waterfall) -> str:
    """How speech ran beside writing, in one line."""
    heard = f"{_count(turn.underruns, 'gap')} in the speech" if turn.underruns else "no gap in the speech"
    latest = min((row.early for row in turn.segments[1:]), default=None)
    if latest is None:
        return heard
    return f"{heard}; at worst a segment was ready {abs(latest):.1f} s {'early' if latest >= 0 else 'late'}"
