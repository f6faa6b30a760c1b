"""Clauses into segments: what the voice is given at once, and the pause after it.

Short segments start sooner, long ones sound better. So the first segment goes at once, and later ones grow to
whole sentences as far as the sound still buffered allows. Sentences are never joined: the pause between them
is chosen here, not by the voice.
"""

import re
from collections import deque
from dataclasses import dataclass
from math import inf

from speakstream.audio.pacing import pause_after
from speakstream.text.span import Break, Clause, Piece, Span

COMFORT = 0.8
"""Seconds of sound buffered above which a segment may wait to become a whole sentence: the slowest voice that
keeps up at all makes a clause in less."""

MIN_FIRST_WORDS = {Break.COMMA: 2, Break.COLON: 2}
"""Fewest words of a first segment that ends so: it is no scrap that sounds cut off. A sentence may have any number,
a phrase has enough by itself."""

MAX_CHARACTERS = 260
"""Longest segment, in spoken characters (about 16 s): a cut must not wait for more synthesis than that."""

_MARK = re.compile("[,;:…]")
_MARKS = {",": Break.COMMA, ";": Break.COLON, ":": Break.COLON, "…": Break.COLON}

CONTEXT_CHARACTERS = 80
"""The most that a segment tells of its sentence so far: the voice speaks it, too, to find how the segment begins."""


@dataclass(frozen=True, slots=True)
class Segment:
    """What the voice synthesizes at once. ``pieces`` are ranges of ``spoken``, as in Clause.

    ``before`` is what was spoken of the same sentence in the segments before this one, or the end of it.
    ``breaks`` are the marks within that call for a pause: the code points of ``spoken`` after them, in order.
    """

    span: Span
    spoken: str
    pieces: tuple[Piece, ...]
    ends: Break
    before: str = ""
    breaks: tuple[tuple[int, Break], ...] = ()

    @property
    def goes_on(self) -> bool:
        """Whether the sentence goes on with no mark between."""
        return self.ends in (Break.NONE, Break.PHRASE)

    def pause(self, speed: float) -> float:
        """Seconds of silence after the segment."""
        return pause_after(self.ends, speed)


class Packer:
    """Collects clauses and gives segments. It lives in the voice thread."""

    def __init__(self, max_queue: int) -> None:
        """``max_queue``: sentences held before ``full`` says to bring no more."""
        self._clauses: deque[Clause] = deque()
        self._max_queue = max_queue
        self._sentences = 0
        self._started = False
        self._said = ""  # of the sentence that is being spoken

    def add(self, clause: Clause) -> None:
        """Append a clause that has something to say."""
        self._clauses.append(clause)
        if clause.ends >= Break.SENTENCE:
            self._sentences += 1

    @property
    def full(self) -> bool:
        """Whether as many segments wait as may."""
        return self._sentences >= self._max_queue

    def __len__(self) -> int:
        return len(self._clauses)

    def take(self, buffered: float, ended: bool) -> Segment | None:
        """The next segment, or None to wait for more clauses.

        ``buffered``: seconds of sound still ahead of the ear, infinite for a file. ``ended``: no more will come.
        """
        if not self._clauses:
            return None
        count = self._whole_sentence()
        if count is None:
            if not ended and (buffered > COMFORT or (not self._started and self._is_scrap())):
                return None
            count = len(self._clauses) if ended or not self._started else self._best_cut()
        self._started = True
        return self._join(count)

    def patience(self, buffered: float) -> float | None:
        """Seconds after which ``take`` is to be asked again without a new clause; None: no need to."""
        if not self._clauses or not self._started or buffered == inf:
            return None
        return max(buffered - COMFORT, 0.0) + 0.005

    def _whole_sentence(self) -> int | None:
        """How many clauses make the first sentence, or the longest segment; None if it is not all there."""
        characters = 0
        for index, clause in enumerate(self._clauses):
            characters += len(clause.spoken) + 1
            if characters > MAX_CHARACTERS and index > 0:
                return self._best_cut(index)
            if clause.ends >= Break.SENTENCE:
                return index + 1
        return None

    def _is_scrap(self) -> bool:
        words = sum(len(clause.pieces) for clause in self._clauses)
        return words < MIN_FIRST_WORDS.get(self._clauses[-1].ends, 0)

    def _best_cut(self, limit: int | None = None) -> int:
        """How many of the first ``limit`` clauses to speak now: up to the last mark, else all of them."""
        limit = len(self._clauses) if limit is None else limit
        for count in range(limit, 0, -1):
            if self._clauses[count - 1].ends >= Break.COMMA:
                return count
        return limit

    def _join(self, count: int) -> Segment:
        clauses = [self._clauses.popleft() for _ in range(count)]
        self._sentences -= sum(clause.ends >= Break.SENTENCE for clause in clauses)
        spoken, pieces, breaks = "", list[Piece](), dict[int, Break]()
        for clause in clauses:
            if spoken:
                spoken += " "
            breaks |= {len(spoken) + found.end(): _MARKS[found[0]] for found in _MARK.finditer(clause.spoken)}
            pieces += [Piece(p.start + len(spoken), p.end + len(spoken), p.span) for p in clause.pieces]
            spoken += clause.spoken
            if clause.ends >= Break.COMMA:
                breaks[len(spoken)] = clause.ends
        breaks.pop(len(spoken), None)
        span = Span(clauses[0].span.start, clauses[-1].span.end)
        segment = Segment(span, spoken, tuple(pieces), clauses[-1].ends, self._said, tuple(sorted(breaks.items())))
        if segment.ends >= Break.SENTENCE:
            self._said = ""
        else:
            self._said = last_words(f"{self._said} {spoken}".lstrip(), CONTEXT_CHARACTERS)
        return segment


def last_words(text: str, most: int) -> str:
    """The last whole words of ``text``, of ``most`` characters at most."""
    return text if len(text) <= most else text[-most - 1 :].partition(" ")[2]
