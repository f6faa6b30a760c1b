"""Where sentences part, against the corpus: SpeakStream, pysbd and stream2sentence.

The corpus (``tests/corpus``) says of each text what its sentences are. A boundary is counted in letters and digits
before it, so that it does not matter on which side a quote or a Markdown mark is taken to be. Prose and Markdown are
told apart: the peers were made for prose. The texts are given one character at a time where that can be done, and of
each boundary that is right it is told how many characters had to come before it was known.
"""

import json
import statistics
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.choices import Choices
from benchmarks.measure import percentile
from benchmarks.peer_env import installed, missing
from benchmarks.report import Figure, Part
from speakstream.text.segmenter import Segmenter
from speakstream.text.span import Break
from tests.corpus import Line, lines

DRIVER = Path(__file__).with_name("peer_splitters.py")

PEERS = ("pysbd", "stream2sentence")

STREAMS = ("SpeakStream", "stream2sentence")
"""What takes a text bit by bit."""

STRUCTURE = "structure"
"""The file of the corpus whose texts are Markdown blocks."""

QUICK_LINES = 40

PEER_SECONDS = 120.0

Boundaries = dict[int, int]
"""Letters and digits before a boundary, and the characters that had been read when it was known."""


def run(choices: Choices) -> Part:
    """See the module."""
    corpus = [line for line in lines() if right(line) is not None]
    if choices.quick:
        corpus = corpus[:: max(1, len(corpus) // QUICK_LINES)]
    found: dict[str, list[Boundaries]] = {"SpeakStream": [ours(line.text) for line in corpus]}
    versions = installed(choices.peer, PEERS)
    if versions and choices.peer is not None:
        choices.progress(f"splitting: {', '.join(versions)}, {len(corpus)} texts")
        found |= theirs(choices.peer, [line.text for line in corpus], tuple(versions))
    figures, raw = list[Figure](), dict[str, Any]()
    for kind, chosen in (
        ("prose", [not line.name.startswith(STRUCTURE) for line in corpus]),
        ("Markdown", [line.name.startswith(STRUCTURE) for line in corpus]),
    ):
        texts = [line for line, this in zip(corpus, chosen, strict=True) if this]
        for name in ("SpeakStream", *PEERS):
            if name not in found:
                figures.append(missing(f"{name}, {kind}: F1"))
                continue
            boundaries = [each for each, this in zip(found[name], chosen, strict=True) if this]
            score = scored(texts, boundaries)
            raw[f"{name}, {kind}"] = score
            figures += _figures(name, kind, score)
    return Part(figures, {**raw, "texts": len(corpus), "versions": versions})


def right(line: Line) -> dict[int, int] | None:
    """The true boundaries, as letters and digits before each and its index in the text; None: none can be told."""
    places: dict[int, int] = {}
    at = 0
    for part in line.parts:
        start = line.text.find(part, at)
        if start < 0:
            return None
        at = start + len(part)
        places[_letters(line.text[:at])] = at
    return _inner(places, line.text)


def ours(text: str) -> Boundaries:
    """What the Segmenter finds, fed one character at a time."""
    segmenter, places = Segmenter(), Boundaries()
    for read in range(1, len(text) + 2):
        clauses = segmenter.push(text[read - 1]) if read <= len(text) else segmenter.flush()
        for clause in clauses:
            if clause.ends >= Break.SENTENCE:
                places.setdefault(_letters(text[: clause.span.end]), min(read, len(text)))
    return _inner(places, text)


def theirs(python: Path, texts: Sequence[str], names: Sequence[str]) -> dict[str, list[Boundaries]]:
    """What the peers find. Raises CalledProcessError or TimeoutExpired."""
    answered = subprocess.run(
        [str(python), "-P", str(DRIVER)],  # not to find our modules under the names of theirs
        input="".join(json.dumps(text) + "\n" for text in texts),
        capture_output=True,
        text=True,
        timeout=PEER_SECONDS,
        check=True,
    )
    answers = [json.loads(line) for line in answered.stdout.splitlines()]
    return {name: [_after(answer[name], text) for answer, text in zip(answers, texts, strict=True)] for name in names}


def _after(sentences: Iterable[tuple[str, int]], text: str) -> Boundaries:
    """The boundary after each of the sentences; each gives its text, and how much had been read then."""
    places, letters = Boundaries(), 0
    for sentence, read in sentences:
        letters += _letters(sentence)
        places.setdefault(letters, read)
    return _inner(places, text)


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _inner(places: dict[int, int], text: str) -> dict[int, int]:
    """Without what is before the first letter or after the last: it parts nothing."""
    return {letters: at for letters, at in places.items() if 0 < letters < _letters(text)}


def scored(corpus: Sequence[Line], found: Sequence[Boundaries]) -> dict[str, Any]:
    """Precision, recall and F1 of the boundaries ``found``, those that are wrong, and how late the right ones were."""
    hits, wrong, missed = 0, 0, 0
    late: list[int] = []
    errors: list[str] = []
    for line, places in zip(corpus, found, strict=True):
        true = right(line) or {}
        same = true.keys() & places.keys()
        hits += len(same)
        wrong += len(places.keys() - true.keys())
        missed += len(true.keys() - places.keys())
        late += [max(0, places[letters] - true[letters]) for letters in same]
        if true.keys() != places.keys():
            errors.append(line.name)
    precision, recall = hits / max(1, hits + wrong), hits / max(1, hits + missed)
    return {
        "texts": len(corpus),
        "boundaries": hits + missed,
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / max(1e-9, precision + recall),
        "late": sorted(late),
        "texts_with_errors": errors,
    }


def _figures(name: str, kind: str, score: dict[str, Any]) -> list[Figure]:
    detail = (
        f"precision {100 * score['precision']:.1f} %, recall {100 * score['recall']:.1f} %, "
        f"{len(score['texts_with_errors'])} of {score['texts']} texts with an error"
    )
    figures = [Figure(f"{name}, {kind}: F1", 100 * score["f1"], "%", score["boundaries"], detail=detail)]
    late: list[int] = score["late"]
    if name not in STREAMS:
        figures.append(Figure("... known after", None, "", 0, absent="the whole text"))
    elif late:
        detail = f"p95 {percentile(late, 95):.0f}, most {max(late)}"
        figures.append(Figure("... known after, p50", statistics.median(late), "characters", len(late), detail=detail))
    return figures
