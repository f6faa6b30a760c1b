"""How well what is said is understood: sentences read offline by the real voice, and recognised.

Each sentence of ``spoken.toml`` is spoken twice: through the text room, four to a paragraph, as a Turn speaks them;
and as it is written, straight to the voice, one by one. What a recogniser makes of it is held against how a person
would read the sentence, so that the difference between the two is what the text room is worth, and what is left is
what the text room, the voice and the recogniser get wrong together.

The recogniser writes what it hears in its own way ("$5", "8.30 am", "945"), so that the same sounds can be read as
several rows of words. The nearest of these counts, for both sides alike: as ``tests.rig.recognise`` spells it out, as
our own rules do, and with what may be a time taken for one.
"""

import difflib
import io
import random
import re
import statistics
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

import numpy as np

from benchmarks.choices import Choices
from benchmarks.measure import percentile, spread
from benchmarks.report import Figure, Part, figure
from benchmarks.sentences import expected
from benchmarks.silence import LOUD, between
from speakstream.audio.chunk import AudioChunk, Samples
from speakstream.audio.wavfile import WavFile
from speakstream.engine import Engine
from speakstream.events import Event as TurnEvent
from speakstream.events import SegmentSpoken
from speakstream.settings import Settings
from speakstream.text.speakable import speak
from speakstream.tts import ALONE, Place, Voice, open_voice
from speakstream.turn import Delivery
from tests.rig.recognise import Heard, edit_distance, normalise, recogniser
from tests.rig.sound import gaps

SENTENCES = Path(__file__).with_name("spoken.toml")

PARAGRAPH = 4
"""Sentences that are read together."""

QUICK_SENTENCES = 8

READING_SECONDS = 120.0

LONG_GAP = 0.15
"""Seconds of silence within a segment that need an explanation: longer than any sound of a word is closed for."""

NEAR_MARK = 0.08
"""Seconds by which a word's time may err when a gap is looked for after it."""

MARGIN = 0.05
"""Seconds of silence left around a sentence that is cut out of its paragraph."""

_TIME = re.compile(r"\b(1?\d)\.?([0-5]\d)\b")
"""A time without its colon."""

RESAMPLES = 2000
"""Draws of the sentences, with replacement, for the confidence interval."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One line of ``spoken.toml``."""

    text: str
    said: str


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word given to the voice, and the second of the paragraph at which we say that it begins."""

    text: str
    begins: float
    stops: float
    marked: bool  # a mark follows it: the voice may pause there


@dataclass
class Paragraph:
    """Some sentences, as they were read."""

    samples: Samples
    rate: int
    words: list[SpokenWord]
    edges: list[tuple[float, float]]  # of each sentence but the last: its last sound, and the next one's first
    segments: list[tuple[float, float]]


@dataclass
class Overheard:
    """A Voice that keeps what it is given and gives."""

    voice: Voice
    said: list[tuple[str, AudioChunk]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.voice, name)

    def synthesize(self, text: str, speed: float, cancelled: Event, place: Place = ALONE) -> Iterator[AudioChunk]:
        """See Voice."""
        for chunk in self.voice.synthesize(text, speed, cancelled, place):
            self.said.append((text, chunk))
            yield chunk


def run(choices: Choices) -> Part:
    """See the module."""
    sentences = load()
    if choices.quick:
        sentences = sentences[:: len(sentences) // QUICK_SENTENCES]
    voice = open_voice(Settings().tts_model_name)
    voice.warm()
    lines: list[dict[str, Any]] = []
    late, silences, unexplained, edges = (
        list[float](),
        list[float](),
        list[dict[str, Any]](),
        list[tuple[float, float]](),
    )
    try:
        for at in range(0, len(sentences), PARAGRAPH):
            some = sentences[at : at + PARAGRAPH]
            choices.progress(f"speech: {at + len(some)} of {len(sentences)} sentences")
            spoken = read([sentence.text for sentence in some], voice)
            silences += between(spoken.samples, spoken.rate, spoken.edges)
            unexplained += unexplained_gaps(spoken)
            edges.append(lead_and_tail(spoken))
            for sentence, heard, words in recognised(some, spoken):
                raw = recogniser().transcribe(as_written(sentence.text, voice), voice.sample_rate).text
                late += onsets(words, heard)
                lines.append(
                    {
                        "text": sentence.text,
                        "words": len(normalise(sentence.said)),
                        "heard": heard.text,
                        "errors": errors(sentence.said, heard.text),
                        "raw_heard": raw,
                        "raw_errors": errors(sentence.said, raw),
                    }
                )
    finally:
        voice.close()
    raw_values = {
        "sentences": lines,
        "onset_errors": late,
        "silences": silences,
        "unexplained_gaps": unexplained,
        "lead_and_tail": edges,
    }
    return Part(_figures(raw_values), raw_values)


def load() -> list[Sentence]:
    """The sentences, in order."""
    stored = tomllib.loads(SENTENCES.read_text("utf-8"))["line"]
    return [Sentence(line["text"], line.get("said", line["text"])) for line in stored]


# -- speaking ----------------------------------------------------------------------------------------------------


def read(sentences: Sequence[str], voice: Voice) -> Paragraph:
    """The ``sentences`` as one paragraph, spoken into memory as ``say --output`` speaks into a file."""
    overheard, events = Overheard(voice), list[TurnEvent]()
    pipe = io.BytesIO()
    sink = WavFile("-", voice.sample_rate, pipe=pipe)
    text = " ".join(sentences)
    turn = Engine(None, _ready(overheard), sink).read(lambda _: [text], events.append, Delivery())
    if not turn.wait(READING_SECONDS):
        turn.cancel()
    turn.join()
    if turn.speech is None or turn.speech.error or not overheard.said:
        raise RuntimeError(f"not spoken: {text[:60]!r}: {turn.speech and turn.speech.error}")
    samples = np.frombuffer(pipe.getvalue(), "<i2", offset=44).astype(np.float32) / np.float32(32768)
    segments = [event for event in events if isinstance(event, SegmentSpoken)]
    words = [
        word
        for segment, (spoken, chunk) in zip(segments, overheard.said, strict=True)
        for word in _words(segment.offset, spoken, chunk)
    ]
    starts = list(accumulate(len(sentence) + 1 for sentence in sentences))[:-1]
    edges = expected(events, starts)
    if len(edges) != len(starts):
        raise RuntimeError(f"a sentence of {text[:60]!r} was not spoken")
    return Paragraph(
        samples,
        voice.sample_rate,
        words,
        list(edges.values()),
        [(segment.offset, segment.offset + segment.seconds) for segment in segments],
    )


def _words(offset: float, spoken: str, chunk: AudioChunk) -> Iterator[SpokenWord]:
    for word in chunk.words:
        after = spoken[word.end :].lstrip()[:1]
        marked = not after or not (after.isalnum() or after in "'’-")
        yield SpokenWord(spoken[word.start : word.end], offset + word.begins, offset + word.stops, marked)


def as_written(text: str, voice: Voice) -> Samples:
    """``text`` straight to the voice."""
    parts = [chunk.samples for chunk in voice.synthesize(text, 1.0, Event())]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


T = TypeVar("T")


def _ready(value: T) -> "Future[T]":
    future: Future[T] = Future()
    future.set_result(value)
    return future


# -- what was heard ----------------------------------------------------------------------------------------------


def recognised(sentences: Iterable[Sentence], spoken: Paragraph) -> Iterator[tuple[Sentence, Heard, list[SpokenWord]]]:
    """Each sentence cut out of its paragraph, recognised; and its words, with times from the cut on."""
    ends = [*((last + first) / 2 for last, first in spoken.edges), len(spoken.samples) / spoken.rate]
    begin = 0.0
    for sentence, end in zip(sentences, ends, strict=True):
        words = [word for word in spoken.words if begin <= (word.begins + word.stops) / 2 < end]
        cut = spoken.samples[round(begin * spoken.rate) : round(end * spoken.rate)]
        yield (
            sentence,
            recogniser().transcribe(cut, spoken.rate),
            [SpokenWord(word.text, word.begins - begin, word.stops - begin, word.marked) for word in words],
        )
        begin = end


def errors(said: str, heard: str) -> int:
    """Words of ``said`` that were not understood, by the nearest reading of what the recogniser wrote."""
    meant = normalise(said)
    timed = _TIME.sub(r"\1:\2", heard)
    return min(_distance(meant, normalise(reading)) for reading in (heard, timed, speak(heard).text))


def _distance(meant: list[str], heard: list[str]) -> int:
    """Words that differ; two that the other side writes as one ("air scatters", "airscatters") do not."""
    return edit_distance(_joined(meant, heard), _joined(heard, meant))


def _joined(words: Sequence[str], others: Sequence[str]) -> list[str]:
    joined, at = list[str](), 0
    while at < len(words):
        both = "".join(words[at : at + 2])
        alone = at + 1 == len(words) or both not in others
        joined.append(words[at] if alone else both)
        at += 1 if alone else 2
    return joined


def onsets(words: Sequence[SpokenWord], heard: Heard) -> list[float]:
    """Of each word that was recognised where it stands: seconds by which it was heard later than we say."""
    ours = [(" ".join(normalise(word.text)), word.begins) for word in words]
    theirs = [(" ".join(normalise(word.text)), word.begin) for word in heard.words]
    matcher = difflib.SequenceMatcher(None, [text for text, _ in ours], [text for text, _ in theirs], autojunk=False)
    return [
        theirs[b + step][1] - ours[a + step][1]
        for a, b, length in matcher.get_matching_blocks()
        for step in range(length)
    ]


def unexplained_gaps(spoken: Paragraph) -> list[dict[str, Any]]:
    """Silences within a segment, longer than LONG_GAP, with no mark in the text that would explain them."""
    found = []
    for begin, end in gaps(spoken.samples, spoken.rate, min_seconds=LONG_GAP):
        inside = any(first < begin and end < last for first, last in spoken.segments)
        before = [word for word in spoken.words if word.begins < begin + NEAR_MARK and word.stops > begin - NEAR_MARK]
        if inside and not any(word.marked for word in before):
            found.append({"after": before[-1].text if before else "", "seconds": end - begin})
    return found


def lead_and_tail(spoken: Paragraph) -> tuple[float, float]:
    """Seconds of silence before the first sound, and after the last one."""
    loud = np.flatnonzero(np.abs(spoken.samples) > LOUD)
    if len(loud) == 0:
        raise RuntimeError("a paragraph without a sound")
    return float(loud[0]) / spoken.rate, float(len(spoken.samples) - 1 - loud[-1]) / spoken.rate


# -- what it comes to --------------------------------------------------------------------------------------------


def interval(lines: Sequence[dict[str, Any]], key: str) -> tuple[float, float]:
    """The 95 % interval of the word error rate: bootstrap over the sentences, always with the same draws."""
    chance = random.Random(0)
    rates = []
    for _ in range(RESAMPLES):
        drawn = chance.choices(lines, k=len(lines))
        rates.append(sum(line[key] for line in drawn) / sum(line["words"] for line in drawn))
    return percentile(rates, 2.5), percentile(rates, 97.5)


def _figures(raw: dict[str, Any]) -> list[Figure]:
    lines = raw["sentences"]
    words = sum(line["words"] for line in lines)
    figures = []
    for name, key in (
        ("word error rate, through the text room", "errors"),
        ("... as it is written, straight to the voice", "raw_errors"),
    ):
        count = sum(line[key] for line in lines)
        low, high = interval(lines, key)
        clean = sum(line[key] == 0 for line in lines)
        detail = f"95 % interval {100 * low:.1f}-{100 * high:.1f}; {count} of {words} words; {clean} sentences without"
        figures.append(Figure(name, 100 * count / words, "%", len(lines), detail=detail))
    late = raw["onset_errors"]
    off = spread(abs(seconds) for seconds in late)
    median = f"heard {1000 * statistics.median(late):+.0f} ms in the median" if late else ""
    lead, tail = zip(*raw["lead_and_tail"], strict=True)
    longest = max((gap["seconds"] for gap in raw["unexplained_gaps"]), default=0.0)
    return [
        *figures,
        figure("word onsets, off the recogniser's, p50", off, "median", "ms", 100, 100, note=median),
        figure("... p95", off, "p95"),
        figure("silence between two sentences, p50", spread(raw["silences"])),
        figure("silence before the first sound, longest", spread(lead), "most"),
        figure("silence after the last sound, longest", spread(tail), "most"),
        Figure(
            "silences that no mark explains",
            len(raw["unexplained_gaps"]),
            "",
            len(lines),
            detail=f"over {1000 * LONG_GAP:.0f} ms; the longest {1000 * longest:.0f} ms",
        ),
    ]
