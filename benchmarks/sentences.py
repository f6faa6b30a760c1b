"""The silence between two sentences of a paragraph, as it was recorded: in texts read aloud, and in answers."""

import re
import time
from collections.abc import Iterator, Sequence
from itertools import accumulate
from threading import Event
from typing import Any

from benchmarks import peer
from benchmarks.measure import share, spread
from benchmarks.peer_env import installed, missing
from benchmarks.prompts import PARAGRAPHS
from benchmarks.report import Figure, Part
from benchmarks.silence import Range, between
from benchmarks.stage import Product, Stage, ask, product
from speakstream.events import Event as TurnEvent
from speakstream.events import SegmentSpoken
from speakstream.loading import delivery
from speakstream.turn import Turn
from tests.rig.sound import RATE, Recorder

ANSWERED = (
    "Why is the sky blue?",
    "Tell me a short story about a lighthouse.",
    "What is photosynthesis, and why does life on Earth depend on it?",
)
"""Answered whole, so that some gaps are heard while the model writes."""

ANSWER_TOKENS = 120

SLOW_PARAGRAPHS = 1
"""Paragraphs that the peer reads with its silence kept, which takes half as long again."""

LONGEST_SPEECH = 120.0

SENTENCE_END = re.compile(r"[.!?][\"”’)]*[ \t]+(?=[A-Z\"“‘(])")

REACH, AIM = (0.150, 0.400), (0.200, 0.300)
"""Seconds of silence that every gap is to have."""


def run(stage: Stage) -> Part:
    """See the module."""
    paragraphs = PARAGRAPHS[:1] if stage.quick else PARAGRAPHS
    answered = ANSWERED[:1] if stage.quick else ANSWERED
    raw: dict[str, Any] = {"read": [], "answered": [], "peer": {wiring: [] for wiring in peer.WIRINGS}}
    with product(stage) as opened:
        for number, paragraph in enumerate(paragraphs, 1):
            stage.progress(f"paragraph {number} of {len(paragraphs)}, read")
            raw["read"].append(_read(stage, opened, paragraph))
        for prompt in answered:
            stage.progress(f"answered whole: {prompt}")
            raw["answered"].append(_answered(stage, opened, prompt))
    raw["versions"] = installed(stage.peer, ("RealtimeTTS",))
    for wiring in peer.WIRINGS if raw["versions"] else ():
        same = paragraphs if wiring == peer.TRIMMED else paragraphs[:SLOW_PARAGRAPHS]
        stage.progress(f"RealtimeTTS, {wiring}: {len(same)} paragraphs")
        raw["peer"][wiring] = _read_by_peer(stage, wiring, same)
    figures = [
        *_figures("silence between sentences, read", raw["read"], judged=True),
        *_figures("silence between sentences, answered", raw["answered"], judged=True),
    ]
    for wiring, speeches in raw["peer"].items():
        name = f"RealtimeTTS, {wiring}: silence between sentences"
        figures += _figures(name, speeches, judged=False) if raw["versions"] else [missing(name)]
    return Part(figures, raw)


def _read(stage: Stage, opened: Product, paragraph: Sequence[str]) -> dict[str, Any]:
    text = " ".join(paragraph)
    opened.events.clear()
    stage.hush()

    def words(_: Event) -> Iterator[str]:
        yield from re.findall(r"\S+\s*", text)

    turn = opened.engine.read(words, opened.events.append, delivery(opened.settings))
    return _spoken_out(stage, opened, turn, list(accumulate(len(sentence) + 1 for sentence in paragraph))[:-1])


def _answered(stage: Stage, opened: Product, prompt: str) -> dict[str, Any]:
    conversation = opened.conversation(max_new_tokens=ANSWER_TOKENS)
    try:
        turn, _ = ask(stage, conversation, prompt)
        return _spoken_out(stage, opened, turn, None)
    finally:
        conversation.stop()


def _spoken_out(stage: Stage, opened: Product, turn: Turn, boundaries: list[int] | None) -> dict[str, Any]:
    """Wait for the end, and measure at each of the ``boundaries``, code points of the text; None: find them."""
    try:
        if not turn.wait(LONGEST_SPEECH):
            raise TimeoutError(f"a text was not spoken within {LONGEST_SPEECH} s: {turn.reply.text[:60]!r}")
    finally:
        turn.cancel()
        turn.join()
    _wait_for_end(stage.recorder)
    text = turn.reply.text
    if boundaries is None:
        boundaries = [found.end() for found in SENTENCE_END.finditer(text)]
    places = expected(opened.events, boundaries)
    lengths = between(stage.recorder.samples(), RATE, list(places.values()))
    return {
        "text": text,
        "underruns": turn.metrics.underruns,
        "gaps": [
            {"before": text[at : at + 30], "expected": place, "silence": length}
            for (at, place), length in zip(places.items(), lengths, strict=True)
        ],
    }


def _wait_for_end(recorder: Recorder) -> None:
    recorder.wait_for_silence(1.0, after=time.monotonic())


def expected(events: Sequence[TurnEvent], boundaries: Sequence[int]) -> dict[int, Range]:
    """For each boundary, the end of the word before it and the beginning of the one after, in speech seconds."""
    words = [
        (word.span, event.offset + word.begins, event.offset + word.stops)
        for event in events
        if isinstance(event, SegmentSpoken)
        for word in event.words
    ]
    places: dict[int, Range] = {}
    for boundary in boundaries:
        before = [stops for span, _, stops in words if span.end <= boundary]
        after = [begins for span, begins, _ in words if span.start >= boundary]
        if before and after:
            places[boundary] = (before[-1], after[0])
    return places


def _read_by_peer(stage: Stage, wiring: str, paragraphs: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    assert stage.peer is not None
    speeches: list[dict[str, Any]] = []
    with peer.Peer(stage.peer, stage.sink, wiring) as driver:
        driver.turn({"text": "Hello to everybody."})
        for paragraph in paragraphs:
            stage.hush()
            told = driver.turn({"text": " ".join(paragraph)})
            _wait_for_end(stage.recorder)
            places = peer.boundaries(paragraph, told["fragments"])
            lengths = between(stage.recorder.samples(), RATE, places)
            speeches.append(
                {
                    "fragments": told["fragments"],
                    "gaps": [
                        {"expected": place, "silence": length} for place, length in zip(places, lengths, strict=True)
                    ],
                }
            )
    return speeches


def _figures(name: str, speeches: list[dict[str, Any]], judged: bool) -> list[Figure]:
    """Two lines: how many are as they are asked to be, in the two ranges."""
    lengths = [gap["silence"] for speech in speeches for gap in speech["gaps"]]
    of = spread(lengths)
    if of is None:
        return [Figure(f"{name}: within 150-400 ms", None, "%", 0)]
    detail = f"{of.least * 1000:.0f}-{of.most * 1000:.0f} ms, p50 {of.median * 1000:.0f}"
    wide, narrow = 100 * share(lengths, *REACH), 100 * share(lengths, *AIM)
    bound = 100.0 if judged else None
    return [
        Figure(f"{name}: within 150-400 ms", wide, "%", of.count, bound, bound, True, detail),
        Figure("... within 200-300 ms", narrow, "%", of.count, 0.0 if judged else None, bound, True, detail),
    ]
