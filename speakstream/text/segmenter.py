"""Cuts a growing reply into clauses, each as soon as it is certain.

How the reply is split into deltas never changes the clauses. This holds by construction: blocks come from
``BlockScanner``, whose events have that property, and within a block each decision is taken on words that are
complete, in order, with a look-ahead whose end is fixed by the text and not by what happens to have arrived.

Memory is bounded: of the reply, only the clause that is being built is kept.
"""

import re
from collections.abc import Iterator

from speakstream.text import numerals
from speakstream.text.blocks import BlockScanner, Closed, Event, LineBreak, Opened, Text
from speakstream.text.boundaries import ends_after, soft_before
from speakstream.text.lines import Kind, cells
from speakstream.text.span import Break, Clause, Piece, Span
from speakstream.text.speakable import speak
from speakstream.text.vocabulary import LANGUAGES, PLAIN_INFO

CLAUSE_LIMIT = 240
"""Code points after which a clause is cut where no boundary was found: about fifteen seconds of speech."""

HELD_LIMIT = 2048
"""The same within a link, a code span or a URL, which are not cut."""

ASIDE_LIMIT = 80
"""A parenthesis that closes within so many code points is not cut at its commas."""

STEP = 1024
"""Characters of a delta taken in before clauses are cut: a long delta costs no more than many short ones."""

_VISIBLE = re.compile(r"\S")
_WORD = re.compile(r"[^\s—。！？]*+[—。！？]++(?=[\w\s])|\S++(?=\s)")
_ADDRESSES = ("http://", "https://", "www.", "[", "![", "<http")
_SPECIAL = re.compile(r"`+|[\[\]()]")
_MODIFIER = re.compile("[\u0300-\u036f\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_ENDS = {Kind.HEADING: Break.HEADING, Kind.ITEM: Break.ITEM}
_FINAL = (Break.SENTENCE, Break.ITEM, Break.PARAGRAPH, Break.HEADING)
_ANNOUNCED = (Kind.CODE, Kind.TABLE, Kind.HTML, Kind.MATH)


class Segmenter:
    """``push`` deltas, then ``flush``; both give the clauses that have become certain, in order."""

    def __init__(self) -> None:
        self._scanner = BlockScanner()
        self._block: Opened | None = None
        self._lines = 0  # of an announced block
        self._columns = 0  # of a table
        self._text = ""  # what of the block's text is not spoken yet; marks at a line's start are blanks
        self._base = 0  # of that in the reply
        self._lead = 0  # of it, a marker that is not said
        self._marker = Span(0, 0)
        self._prefix = ""  # said before the first clause: an item's number
        self._reset()

    def push(self, delta: str) -> list[Clause]:
        """The clauses that ``delta`` makes certain."""
        return list(self._take(self._scanner.push(delta)))

    def flush(self) -> list[Clause]:
        """The clauses that are left at the end of the reply."""
        return list(self._take(self._scanner.finish()))

    def _take(self, events: list[Event]) -> Iterator[Clause]:
        for event in events:
            match event:
                case Text() if self._spoken_block():
                    for at in range(0, len(event.text), STEP):
                        self._text += event.text[at : at + STEP]
                        yield from self._cut()
                case LineBreak() if self._spoken_block():
                    gap = event.content - self._base - len(self._text)
                    self._text += "\n" + " " * (gap - 1)
                    yield from self._cut()
                case Opened():
                    self._open(event)
                case LineBreak():
                    self._lines += 1
                case Text():
                    if not self._columns:
                        self._columns = len(cells(event.text))
                case Closed():
                    yield from self._close(event)

    def _spoken_block(self) -> bool:
        return self._block is not None and self._block.kind not in _ANNOUNCED

    def _open(self, block: Opened) -> None:
        self._block = block
        self._lines = self._columns = 0
        self._base = block.start
        self._text = " " * (block.content - block.start)
        self._lead = len(self._text)
        self._marker = Span(block.start, block.marker_end)
        self._prefix = ""
        if block.checked is not None:
            self._prefix = "done" if block.checked else "to do"
        elif block.ordinal is not None:
            self._prefix = numerals.cardinal(str(block.ordinal))
        self._reset()
        self._at = self._lead

    def _close(self, closed: Closed) -> Iterator[Clause]:
        block, self._block = self._block, None
        if block is None or block.kind is Kind.RULE:
            return
        if block.kind in _ANNOUNCED:
            yield self._announce(block, closed)
            return
        self._text += "\n"  # completes the last word
        ends = Break.HEADING if closed.underlined else _ENDS.get(block.kind, Break.PARAGRAPH)
        yield from self._cut(closing=True)
        yield from self._emit(len(self._text), ends)
        self._text = ""

    def _announce(self, block: Opened, closed: Closed) -> Clause:
        span = Span(block.start, closed.end)
        spoken = ""
        if block.kind is Kind.CODE:
            info = block.info.split()[0].strip("{}.,:").lower() if block.info.split() else ""
            name = LANGUAGES.get(info) or ("" if info in PLAIN_INFO or not info.isalpha() else info)
            spoken = f"{name} code, {_count(self._lines, 'line')}.".lstrip()
            spoken = spoken[0].upper() + spoken[1:]
        elif block.kind is Kind.TABLE:
            spoken = f"Table, {_count(self._columns, 'column')} and {_count(self._lines, 'row')}."
        elif block.kind is Kind.MATH:
            spoken = "Formula."
        pieces = (Piece(0, len(spoken) - 1, span),) if spoken else ()
        return Clause(span, spoken, pieces, Break.ITEM, str(block.kind))

    # Within a paragraph, heading or item

    def _reset(self) -> None:
        """Nothing of the clause that begins here has been read."""
        self._at = 0  # words before this were read
        self._words = 0  # of the clause, so far
        self._previous = ""
        self._ticks = 0  # length of the backtick run that opened a code span
        self._square = 0  # open square brackets
        self._round = 0  # open parentheses
        self._target = False  # in a link's target
        self._opened_at = 0  # where the outermost of these opened
        self._aside_at = 0

    def _cut(self, closing: bool = False) -> Iterator[Clause]:
        """Clauses from the text that has arrived; with ``closing``, all of the block has."""
        while True:
            text = self._text
            visible = _VISIBLE.search(text, self._at)
            start = visible.start() if visible else len(text)
            if self._at == 0 and start:
                self._drop(start)
                continue
            word = _WORD.match(text, start)
            end = word.end() if word else len(text)
            limit = self._limit(start, visible is not None)
            if end > limit:
                yield from self._force(start, end, limit)
                continue
            if not word:
                return
            core = word[0]
            if (
                self._words
                and not self._held(start)
                and not self._in_aside(start)
                and soft_before(core, self._previous, self._words)
                and (clause := self._phrase(start))
            ):
                yield clause
                self._drop(start)
                continue
            following = self._following(end)
            if following is None and not closing:
                return
            was_aside = self._in_aside(start) or core.startswith("(")
            self._scan_specials(core, start)
            ends = None
            if following is not None and not self._held(end):
                ends = ends_after(core, self._previous, not self._words, following)
                if ends in (Break.COMMA, Break.COLON) and self._in_aside(end):
                    ends = None
                elif ends is None and was_aside and not self._round and core.endswith(")"):
                    ends = Break.COMMA
            self._previous = core
            if any(map(str.isalnum, core)):
                self._words += 1
            self._at = end
            if ends is not None:
                yield from self._emit(end, ends)
                self._drop(end)

    def _limit(self, start: int, visible: bool) -> int:
        """Where the clause is cut if no boundary is found before; ``start`` is where its next word begins."""
        if visible and not self._held(start):
            self._ticks = self._square = 0  # never closed: only characters
            self._target = False
        if self._spans_open():
            return HELD_LIMIT
        first = not self._text[self._lead : start].strip()
        return HELD_LIMIT if first and self._text.startswith(_ADDRESSES, start) else CLAUSE_LIMIT + self._lead

    def _following(self, end: int) -> str | None:
        """The first visible character after a word; None when it has not arrived."""
        window = self._text[end : end + CLAUSE_LIMIT].lstrip()
        if window:
            return window[0]
        return "" if len(self._text) - end >= CLAUSE_LIMIT else None

    def _spans_open(self) -> bool:
        return bool(self._ticks or self._square or self._target)

    def _held(self, at: int) -> bool:
        """Whether a link, an image or a code span is open at ``at``, one that may yet close."""
        allowed = HELD_LIMIT if self._target else CLAUSE_LIMIT
        return self._spans_open() and at - self._opened_at < allowed

    def _in_aside(self, at: int) -> bool:
        return self._round > 0 and at - self._aside_at < ASIDE_LIMIT

    def _scan_specials(self, word: str, start: int) -> None:
        """Keep count of what opens and closes in a word."""
        for special in _SPECIAL.finditer(word):
            mark = special[0]
            at = start + special.start()
            before = word[special.start() - 1 : special.start()]
            after = word[special.end() : special.end() + 1]
            if before == "\\":
                continue
            if self._ticks:
                if len(mark) == self._ticks and mark[0] == "`":
                    self._ticks = 0
            elif mark[0] == "`":
                if not (before.isalnum() and after.isalnum()):
                    self._ticks = len(mark)
                    self._opened_at = self._opened_at if self._square else at
            elif self._target:
                self._round += 1 if mark == "(" else -1 if mark == ")" else 0
                self._target = self._round > 0
            elif mark == "[":
                self._opened_at = self._opened_at if self._square else at
                self._square += 1
            elif mark == "]":
                self._square = max(0, self._square - 1)
                if not self._square and after == "(":
                    self._target = True
                    self._round = 0
                    self._opened_at = at
            elif mark == "(" and after.strip():
                self._aside_at = at
                self._round += 1
            elif mark == ")":
                self._round = max(0, self._round - 1)

    def _force(self, start: int, end: int, limit: int) -> Iterator[Clause]:
        """No boundary for too long: cut before the word at ``start``, or in it when it is all there is."""
        if not self._text[self._lead : start].strip() and start < limit:
            start = limit
            while start > limit - 16 and (_MODIFIER.match(self._text, start) or self._text[start - 1] == "\u200d"):
                start -= 1
        yield from self._emit(start, Break.NONE)
        self._drop(start)

    def _phrase(self, end: int) -> Clause | None:
        """The clause up to ``end``, if it has words enough to stand alone."""
        for clause in self._emit(end, Break.PHRASE):
            if len(clause.pieces) >= 3:
                return clause
        return None

    def _emit(self, end: int, ends: Break) -> Iterator[Clause]:
        """The clause that is the text up to ``end``; none when that is white space only."""
        text = self._text[:end].rstrip()
        if not text and not (self._lead and self._prefix):
            return
        said = speak(text, self._base, min(self._lead, len(text)))
        spoken, pieces = said.text, said.pieces
        span = Span(self._base, self._base + len(text)) if text else self._marker
        if self._lead and self._prefix:
            spoken, pieces = self._with_prefix(spoken, pieces)
        foreign = "script" if said.foreign and not pieces else ""
        yield Clause(span, _finish(spoken, ends), pieces, ends, foreign)

    def _with_prefix(self, spoken: str, pieces: tuple[Piece, ...]) -> tuple[str, tuple[Piece, ...]]:
        """The number of an item, or the state of a task, said before its text."""
        prefix = self._prefix
        first = Piece(0, len(prefix), self._marker)
        if not spoken:
            return prefix, (first,)
        shift = len(prefix) + 2
        moved = tuple(Piece(piece.start + shift, piece.end + shift, piece.span) for piece in pieces)
        return f"{prefix}, {spoken}", (first, *moved)

    def _drop(self, end: int) -> None:
        """The text up to ``end`` is done with."""
        self._lead = 0
        self._text = self._text[end:]
        self._base += end
        self._reset()


def _finish(spoken: str, ends: Break) -> str:
    """The mark that shapes the intonation of the clause's end."""
    if not spoken:
        return ""
    if ends in (Break.NONE, Break.PHRASE):
        return spoken.rstrip(",")
    if ends in _FINAL and spoken[-1] not in ".!?…:;,":
        return spoken + "."
    if ends in _FINAL and spoken[-1] in ",;":
        return spoken[:-1] + "."
    if ends is Break.COMMA and spoken[-1].isalnum():
        return spoken + ","
    return spoken


def _count(number: int, noun: str) -> str:
    return f"{numerals.cardinal(str(number))} {noun}{'' if number == 1 else 's'}"
