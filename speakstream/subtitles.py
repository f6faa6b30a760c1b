"""Subtitles of a speech: its text in cues of at most two lines, timed by its words, as SRT or WebVTT.

Pure formatting of what a turn tells: the reply's text and its SegmentSpoken events. Words are shown as they are
written, without Markdown's marks. Times count from the first sample of the speech, as in a WAV file; of a speech
that was played they are positions in what was heard, so that a time in which the program stood still is not in them.

Where cues end is chosen for the whole speech at once, by the least cost: after a sentence, else after a clause,
else before a conjunction or preposition, and within a phrase only where nothing else fits.
"""

import html
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from speakstream.events import SegmentSpoken, SpokenWord
from speakstream.text.boundaries import LOOKAHEAD_WORDS, ends_after
from speakstream.text.lines import Kind
from speakstream.text.phrases import may_end_before
from speakstream.text.segmenter import ASIDE_LIMIT
from speakstream.text.shown import Shown, shown
from speakstream.text.span import Break, Span

LINE, LINES = 42, 2
"""Characters to a line and lines to a cue, as television has them."""

LONGEST, SHORTEST = 7.0, 0.8
"""Seconds. A word that takes longer has a cue of its own; a shorter cue stays on as far as the next one lets it."""

_CUE = 8.0  # cost of one cue more
_INSIDE, _BLOCKS = 10.0, 16.0  # of a sentence, or a paragraph or item, that ends within a cue
_HASTE = 40.0  # of every second by which a cue cannot stay for SHORTEST
_UNEVEN = 0.6  # of every character that one line is longer than the other
_AFTER = {Break.SENTENCE: 0.0, Break.COLON: 4.0, Break.COMMA: 6.0}  # of a cue, or a line, that ends there
_SOFT, _HARD, _CLINGING = 15.0, 40.0, 60.0
_ASIDE = 15.0  # more, within brackets
_LINE_END = 0.6  # of the same cost, where a line ends and not a cue

_TOKEN = re.compile(r"(\s*)(\S*?—+(?=[^\s—])|\S+)")


@dataclass(frozen=True, slots=True)
class Cue:
    """Lines that are shown from one second of the speech to another."""

    begins: float
    stops: float
    lines: tuple[str, ...]


@dataclass(slots=True)
class _Unit:
    """What is never parted: tokens that sound as one ("July 4, 1776"), and those beside them that do not sound."""

    text: str
    begins: float
    stops: float
    block: int
    space: bool  # before it


def cues(text: str, segments: Sequence[SegmentSpoken], until: float = inf) -> list[Cue]:
    """The subtitles of the reply ``text``, as far as it was spoken, and heard: up to second ``until`` of the speech.

    As in ``Timeline.heard_until``, a word counts when half of it has sounded.
    """
    words = [
        SpokenWord(word.span, segment.offset + word.begins, min(segment.offset + word.stops, until))
        for segment in segments
        for word in segment.words
        if segment.offset + (word.begins + word.stops) / 2 <= until
    ]
    announced = {segment.words[0].span: segment.spoken for segment in segments if len(segment.words) == 1}
    units = _units(text, words, announced, cut_off=until < inf) if words else []
    found = [units[first:end] for first, end in pairwise([0, *_best_ends(units)])]
    following = [*(part[0].begins for part in found), until][1:]
    return [
        Cue(
            part[0].begins,
            max(part[-1].stops, min(part[0].begins + SHORTEST, after)),
            tuple(_lines(part)[0] or _shortened(part)),
        )
        for part, after in zip(found, following, strict=True)
    ]


def srt(found: Iterable[Cue]) -> str:
    """The cues as SubRip: numbered, with a comma before the milliseconds."""
    return "".join(
        f"{number}\n{_time(cue.begins, ',')} --> {_time(cue.stops, ',')}\n" + "\n".join(cue.lines) + "\n\n"
        for number, cue in enumerate(found, 1)
    )


def vtt(found: Iterable[Cue]) -> str:
    """The cues as WebVTT (https://www.w3.org/TR/webvtt1/)."""
    return "WEBVTT\n\n" + "".join(
        f"{_time(cue.begins, '.')} --> {_time(cue.stops, '.')}\n"
        + "\n".join(html.escape(line, quote=False) for line in cue.lines)
        + "\n\n"
        for cue in found
    )


def _time(seconds: float, mark: str) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{mark}{thousandths:03}"


# ------------------------------------------------------------------------------------------ text and times


def _units(text: str, words: list[SpokenWord], announced: dict[Span, str], cut_off: bool) -> list[_Unit]:
    """The text in units, each with the time of its words. ``cut_off``: what follows the last word was not heard."""
    limit = words[-1].span.end if cut_off and words else len(text)
    units: list[_Unit] = []
    seen: set[int] = set()  # numbers of the words that are shown
    at = 0
    for block, part in enumerate(shown(text)):
        unit: _Unit | None = None
        before = ""  # tokens at the beginning that do not sound
        for token, space, span in _tokens(part):
            while at < len(words) and words[at].span.end <= span.start:
                at += 1
            if span.start >= limit or (at < len(words) and _is_announcement(words[at], part)):
                break
            last = at
            while last < len(words) and words[last].span.start < span.end:
                last += 1
            if last == at and unit is None:
                before = f"{before}{token} "[-LINE:]
            elif last == at and unit is not None:
                unit.text += f"{' ' * space}{token}" if len(unit.text) + len(token) < LINE else ""
            elif unit is not None and at in seen:
                unit.text += f"{' ' * space}{token}"
                unit.stops = words[last - 1].stops
            else:
                unit = _Unit(before + token, words[at].begins, words[last - 1].stops, block, space)
                units.append(unit)
                before = ""
            seen.update(range(at, last))
    for number, word in enumerate(words):
        if number not in seen and word.span in announced:
            units.append(_Unit(announced[word.span], word.begins, word.stops, -number - 1, True))
    return sorted(units, key=lambda unit: unit.begins)


def _is_announcement(word: SpokenWord, part: Shown) -> bool:
    """Whether a word tells of a whole block, which is not read ("Python code, three lines")."""
    return word.span == part.span and part.kind in (Kind.CODE, Kind.TABLE, Kind.MATH, Kind.HTML)


def _tokens(block: Shown) -> Iterator[tuple[str, bool, Span]]:
    """What stands between spaces, or after a dash; whether a space is before it; and its place in the reply."""
    for found in _TOKEN.finditer(block.text):
        yield found[2], bool(found[1]), Span(block.places[found.start(2)], block.places[found.end() - 1] + 1)


# ------------------------------------------------------------------------------------------ cues and lines


def _best_ends(units: list[_Unit]) -> list[int]:
    """The numbers of the units that begin a cue, less the first, and the number of units: the least cost in sum."""
    count = len(units)
    after = _costs(units)
    least, begin = [0.0] + [inf] * count, [0] * (count + 1)
    for first in range(count):
        inside = 0.0
        for end in range(first + 1, count + 1):
            part = units[first:end]
            lines, parting = _lines(part)
            if len(part) > 1 and (part[-1].stops - part[0].begins > LONGEST or not lines):
                break
            stays = units[end].begins - part[0].begins if end < count else SHORTEST
            cost = least[first] + _CUE + parting + inside + max(0.0, SHORTEST - stays) * _HASTE + after[end]
            if cost < least[end]:
                least[end], begin[end] = cost, first
            if end < count and after[end] == 0:
                inside += _INSIDE if units[end].block == part[-1].block else _BLOCKS
    ends = [count] if count else []
    while ends and begin[ends[-1]]:
        ends.append(begin[ends[-1]])
    return ends[::-1]


def _lines(part: Sequence[_Unit]) -> tuple[list[str], float]:
    """The text of a cue in lines, two blocks on two lines, and what it costs to part it; none: it does not fit."""
    if part[0].block != part[-1].block:
        blocks = dict.fromkeys(unit.block for unit in part)
        texts = [_joined([unit for unit in part if unit.block == block]) for block in blocks]
        return (texts if len(texts) <= LINES and max(map(len, texts)) <= LINE else []), 0.0
    text = _joined(part)
    if len(text) <= LINE:
        return [text], 0.0
    lines: list[str] = []
    if len(text) > LINES * LINE + 1:
        return lines, 0.0
    words = text.split(" ")
    best, length = inf, 0
    for number in range(1, len(words)):
        length += len(words[number - 1]) + (number > 1)
        rest = len(text) - length - 1
        if max(length, rest) <= LINE:
            before = words[number - 2] if number > 1 else ""
            cost = _cost_after(before, words[number - 1], text[length + 1 :], text[:length])
            cost += _UNEVEN * abs(length - rest)
            if cost < best:
                best, lines = cost, [text[:length], text[length + 1 :]]
    return lines, best * _LINE_END


def _shortened(part: Sequence[_Unit]) -> list[str]:
    """The lines of something long that sounds as one: an address, say."""
    lines = textwrap.wrap(_joined(part), LINE, break_on_hyphens=False)
    return lines if len(lines) <= LINES else [*lines[: LINES - 1], lines[LINES - 1][: LINE - 1] + "…"]


def _joined(part: Sequence[_Unit]) -> str:
    return "".join(f"{' ' * unit.space}{unit.text}" for unit in part).strip()


def _costs(units: Sequence[_Unit]) -> list[float]:
    """What it costs to end a cue before each of the units, and at the end."""
    costs, text = [0.0], ""
    for number, (unit, other) in enumerate(pairwise(units), 1):
        if unit.block != other.block:
            costs.append(0.0)
            text = ""
            continue
        text = f"{text} {unit.text}"[-ASIDE_LIMIT:]
        before, word = ["", *text.split()][-2:]
        costs.append(_cost_after(before, word, _joined(units[number : number + LOOKAHEAD_WORDS]), text))
    return [*costs, 0.0]


def _cost_after(before: str, word: str, following: str, text: str) -> float:
    """What it costs to part a text after ``word``.

    ``text`` is what stands before that place, as far as brackets may be open; ``following`` what stands after it.
    """
    after = following.split(" ", 1)[0]
    if not any(map(str.isalnum, after)):
        return _HARD  # an emoji belongs to what it is about
    aside = _ASIDE if text.rfind("(") > text.rfind(")") else 0.0
    ends = ends_after(word, before, False, following)
    if ends is None and (word.endswith(")") or after.startswith("(")):
        ends = Break.COMMA
    if ends is not None:
        return _AFTER[ends] + aside
    if may_end_before(after, word, LINE):
        return _SOFT + aside
    return _HARD if may_end_before("because", word, LINE) else _CLINGING  # "the", "of": it clings to the next
