"""Cuts a growing reply into clauses, each as soon as it is certain.

How the reply is split into deltas never changes the clauses. This holds by construction: blocks come from
``BlockScanner``, whose events have that property, and within a block each decision is taken on words that are
complete, in order, with a look-ahead whose end is fixed by the text and not by what happens to have arrived.

Memory is bounded: of the reply, only the clause that is being built is kept.
"""

import re
from typing import Literal

from speakstream.text import numerals, phrases
from speakstream.text.announced import ANNOUNCED, Announced
from speakstream.text.block_events import Became, Closed, Event, LineBreak, Opened, Text
from speakstream.text.blocks import BlockScanner
from speakstream.text.boundaries import LOOKAHEAD_WORDS, UNSURE, ends_after, ends_if_sure, is_emoji
from speakstream.text.lexicon import EMPTY, Lexicon
from speakstream.text.lines import Kind
from speakstream.text.span import Break, Clause, Piece, Span
from speakstream.text.speakable import speak

CLAUSE_LIMIT = 240
"""Code points after which a clause is cut where no boundary was found: about fifteen seconds of speech."""

HELD_LIMIT = 2048
"""The same within a link, a code span or a URL, which are not cut."""

ASIDE_LIMIT = 80
"""A parenthesis that closes within so many code points is not cut at its commas."""

STEP = 1024
"""Characters of a delta taken in before clauses are cut: a long delta costs no more than many short ones."""

_VISIBLE = re.compile(r"\S")
_WORD = re.compile(r"\s*+([^\s—。！？]*+[—。！？]++(?=[\w\s])|\S++(?=\s))")
_AHEAD = re.compile(rf"(?:\s*+\S++(?=\s)){{{LOOKAHEAD_WORDS}}}")
_INNER_ENDS = ("—", "。", "！", "？")  # may end a word with no white space after it
_ADDRESSES = ("http://", "https://", "www.", "[", "![", "<http")
_SPECIAL = re.compile(r"`+|[\[\]()<>]|\$(?!\d)")
_FORMULA_OPENS = re.compile(r"\$(?:[A-Za-z]{1,2}(?![A-Za-z_])|[\\{|]|-[A-Za-z\\])")
_AREA_CODE = re.compile(r"\(\d{3}\)")
_MODIFIER = re.compile("[\u0300-\u036f\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_ENDS = {Kind.HEADING: Break.HEADING, Kind.ITEM: Break.ITEM}
_WEAK = (Break.COMMA, Break.COLON)
_FINAL = (Break.SENTENCE, Break.ITEM, Break.PARAGRAPH, Break.HEADING)


class Segmenter:
    """``push`` deltas, then ``flush``; both give the clauses that have become certain, in order."""

    def __init__(self, lexicon: Lexicon = EMPTY, aloud: frozenset[str] = frozenset()) -> None:
        """``aloud``: which blocks are read although they are long, of ``announced.READABLE``."""
        self.lexicon = lexicon
        """May be changed at any time; it holds for the clauses that have not been given yet."""
        self._aloud = aloud
        self._scanner = BlockScanner()
        self._ready: list[Clause] = []
        self._block: Opened | None = None
        self._announced: Announced | None = None  # the open block, if it is one that is not simply read
        self._text = ""  # what of the block's text is not spoken yet; marks at a line's start are blanks
        self._base = 0  # of that in the reply
        self._lead = 0  # of it, a marker that is not said
        self._marker = Span(0, 0)
        self._html = False  # the open block is HTML
        self._prefix = ""  # said before the first clause: an item's number
        self._reset()

    def push(self, delta: str) -> list[Clause]:
        """The clauses that ``delta`` makes certain."""
        if len(delta) <= STEP and self._scanner.goes_on(delta):
            if self._announced is None:
                self._read(delta)
            else:
                self._ready += self._announced.text(delta)
        else:
            for event in self._scanner.push(delta):
                self._take(event)
        ready, self._ready = self._ready, []
        return ready

    def flush(self) -> list[Clause]:
        """The clauses that are left at the end of the reply."""
        for event in self._scanner.finish():
            self._take(event)
        ready, self._ready = self._ready, []
        return ready

    def _take(self, event: Event) -> None:
        match event:
            case Opened():
                self._open(event)
            case Closed():
                self._close(event)
            case Became():
                self._become(event)
            case Text() if self._announced:
                self._ready += self._announced.text(event.text)
            case LineBreak() if self._announced:
                self._ready += self._announced.line_break(event.content)
            case Text():
                for at in range(0, len(event.text), STEP):
                    self._read(event.text[at : at + STEP])
            case LineBreak():
                gap = event.content - self._base - len(self._text)
                self._read("\n" + " " * (gap - 1))

    def _read(self, text: str) -> None:
        """More text of the block; a piece of a word settles nothing."""
        self._text += text
        if self._waiting or not text.isalnum() or len(self._text) > CLAUSE_LIMIT:
            self._cut()

    def _open(self, block: Opened) -> None:
        self._block = block
        if block.kind in ANNOUNCED and (block.kind is not Kind.HTML or block.info):  # of other HTML the text is read
            self._announced = Announced(block, block.kind in self._aloud, self.lexicon)
            return
        self._html = block.kind is Kind.HTML
        self._base = block.start
        self._text = " " * (block.content - block.start)
        self._lead = len(self._text)
        self._marker = Span(block.start, block.marker_end)
        self._prefix = ""
        if block.checked is not None:
            self._prefix = "done" if block.checked else "to do"
        elif block.ordinal is not None:
            self._prefix = numerals.cardinal(str(block.ordinal))
        elif block.kind is Kind.FOOTNOTE:
            self._prefix = f"footnote {speak(block.info).text}".rstrip()
        self._reset()
        self._at = self._lead

    def _become(self, event: Became) -> None:
        """What was read as a paragraph is a table's header: what of it was not given yet is not read."""
        given = self._base > event.table.start
        if given:
            self._emit(len(self._text), Break.ITEM)
        table = event.table._replace(start=event.start, marker_end=event.end) if given else event.table
        self._announced = Announced(table, table.kind in self._aloud, self.lexicon, given)
        self._ready += self._announced.text(event.header)
        self._text = ""

    def _close(self, closed: Closed) -> None:
        block, self._block = self._block, None
        announced, self._announced = self._announced, None
        if announced is not None:
            self._ready += announced.close(closed)
        elif block is not None and block.kind is not Kind.RULE:
            self._text += "\n"  # completes the last word
            ends = Break.HEADING if closed.underlined else _ENDS.get(block.kind, Break.PARAGRAPH)
            self._cut(closing=True)
            self._emit(len(self._text), ends)
            self._text = ""

    # Within a paragraph, heading or item

    def _reset(self) -> None:
        """Nothing of the clause that begins here has been read."""
        self._at = 0  # words before this were read
        self._waiting = False  # for what follows the word at that place
        self._words = 0  # of the clause, so far
        self._previous = ""
        self._ticks = 0  # length of the backtick run that opened a code span
        self._square = 0  # open square brackets
        self._round = 0  # open parentheses
        self._target = False  # in a link's target
        self._dollar = False  # in a formula between dollar signs
        self._tag = False  # in an HTML tag
        self._spanning = False  # one of these is open
        self._opened_at = 0  # where the outermost of these opened
        self._aside_at = 0

    def _cut(self, closing: bool = False) -> None:
        """Clauses from the text that has arrived; with ``closing``, all of the block has."""
        while True:
            text = self._text
            found = _WORD.match(text, self._at)
            if found:
                start, end = found.span(1)
            elif len(text) <= CLAUSE_LIMIT:
                self._waiting = text.endswith(_INNER_ENDS)
                return
            else:
                visible = _VISIBLE.search(text, self._at)
                start, end = visible.start() if visible else len(text), len(text)
            if self._at == 0 and start:
                self._drop(start)
                continue
            if self._spanning and start < len(text) and not self._held(start):
                self._ticks = self._square = 0  # never closed: only characters
                self._target = self._dollar = self._tag = self._spanning = False
            if end > CLAUSE_LIMIT and end > (limit := self._limit(start)):
                self._force(start, end, limit)
                continue
            if not found:
                self._waiting = True
                return
            word = found[1]
            if self._words >= phrases.SHORTEST and phrases.may_end_before(word, self._previous, self._words):
                held = self._held(start) or self._in_aside(start) or self.lexicon.joins(self._previous, word)
                if not held and self._emit(start, Break.PHRASE):
                    self._drop(start)
                    continue
            if word.isalpha():  # no mark that ends, opens or closes anything
                self._previous = word
                self._words += 1
                self._at = end
                continue
            ends = self._ends_after(word, end, closing)
            if ends == UNSURE:
                self._waiting = True
                return
            if self._round or self._spanning or _SPECIAL.search(word):
                ends = self._within(word, start, end, ends)
            if word.isascii() or not is_emoji(word):
                self._previous = word
            self._words += word[0].isalnum() or any(map(str.isalnum, word))
            self._at = end
            if ends is not None:
                self._emit(end, ends)
                self._drop(end)

    def _ends_after(self, word: str, end: int, closing: bool) -> Break | Literal["unsure"] | None:
        """The break after a word; unsure while what decides it has not arrived."""
        following = self._following(end)
        if following is None:
            return None if closing else UNSURE  # the end of a block is a break of its own
        ends = ends_if_sure(word, self._previous, not self._words, following)
        if ends == UNSURE:
            ahead = _AHEAD.match(self._text, end, end + CLAUSE_LIMIT)
            if not ahead and not closing and len(self._text) - end < CLAUSE_LIMIT:
                return UNSURE
            words = ahead[0] if ahead else self._text[end : end + CLAUSE_LIMIT]
            ends = ends_after(word, self._previous, not self._words, words.strip())
        return ends

    def _within(self, word: str, start: int, end: int, ends: Break | None) -> Break | None:
        """The break after a word that stands in brackets or a code span, or opens or closes one."""
        was_aside = self._in_aside(start) or word.startswith("(")
        self._scan_specials(word, start)
        if self._held(end) or (ends in _WEAK and self._in_aside(end)):
            return None
        if ends is None and was_aside and not self._round and word.endswith(")") and not _AREA_CODE.fullmatch(word):
            last = not self._following(end)  # the end of the block is a break of its own
            return None if last else Break.COMMA
        return ends

    def _limit(self, start: int) -> int:
        """Where the clause is cut if no boundary is found before; ``start`` is where its next word begins."""
        if self._spanning:
            return HELD_LIMIT
        first = not self._text[self._lead : start].strip()
        return HELD_LIMIT if first and self._text.startswith(_ADDRESSES, start) else CLAUSE_LIMIT + self._lead

    def _following(self, end: int) -> str | None:
        """The first visible character after a word; None when it has not arrived."""
        visible = _VISIBLE.search(self._text, end, end + CLAUSE_LIMIT)
        if visible:
            if not visible[0].isascii() and is_emoji(visible[0]) and "\n" in self._text[end : visible.start()]:
                return ""  # it begins the next line
            return visible[0]
        return "" if len(self._text) - end >= CLAUSE_LIMIT else None

    def _held(self, at: int) -> bool:
        """Whether a link, an image or a code span is open at ``at``, one that may yet close."""
        allowed = HELD_LIMIT if self._target else CLAUSE_LIMIT
        return self._spanning and at - self._opened_at < allowed

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
            elif mark == "$":
                if self._dollar:
                    self._dollar = not before
                elif not before.isalnum() and _FORMULA_OPENS.match(word, special.start()):
                    self._dollar = True
                    self._opened_at = self._opened_at if self._square else at
            elif self._dollar:
                continue
            elif mark == "<":
                if not self._tag and (after.isalpha() or after in ("/", "!")):
                    self._tag = True
                    self._opened_at = self._opened_at if self._square else at
            elif mark == ">":
                self._tag = False
            elif self._tag:
                continue
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
        self._spanning = bool(self._ticks or self._square or self._target or self._dollar or self._tag)

    def _force(self, start: int, end: int, limit: int) -> None:
        """No boundary for too long: cut before the word at ``start``, or in it when it is all there is."""
        if not self._text[self._lead : start].strip() and start < limit:
            start = limit
            while start > limit - 16 and (_MODIFIER.match(self._text, start) or self._text[start - 1] == "\u200d"):
                start -= 1
        self._emit(start, Break.NONE)
        self._drop(start)

    def _emit(self, end: int, ends: Break) -> bool:
        """Give the clause that is the text up to ``end``; False when there is none, or too short a phrase."""
        text = self._text[:end].rstrip()
        if not text and not (self._lead and self._prefix):
            return False
        said = speak(text, self._base, min(self._lead, len(text)), self.lexicon)
        spoken, pieces = said.text, said.pieces
        span = Span(self._base, self._base + len(text)) if text else self._marker
        if self._lead and self._prefix:
            spoken, pieces = self._with_prefix(spoken, pieces)
        if ends is Break.PHRASE and len(pieces) < phrases.SHORTEST:
            return False
        if ends is Break.PHRASE:
            spoken = spoken[: pieces[-1].end]  # a full stop there is that of a short form
        unsaid = "script" if said.foreign else "html" if self._html and not pieces else ""
        self._ready.append(Clause(span, _finish(spoken, ends), pieces, ends, unsaid, said.foreign))
        return True

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
        rest = self._text[end:].lstrip()
        self._base += len(self._text) - len(rest)
        self._text = rest
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
