"""The pronunciation lexicon: how a person wants words said, one ``word = respelling`` a line.

Pure: what is read from a text, written into one, and found in a reply. ``speakstream.pronunciation`` holds the
file; docs/speech.md says what people are told of it.
"""

import io
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from speakstream.errors import LexiconError
from speakstream.text.boundaries import ends_after

LONGEST_WORD, LONGEST_RESPELLING = 80, 200
"""Characters. A longer respelling could not be spoken as one segment."""

SHORTEST_PLURAL = 3
"""Characters of a word that is found with a plural "s" too: of shorter ones another word would come ("a", "as")."""

_LINE = re.compile(r"(?P<word>.+?)[ \t]*=[ \t]*(?P<respelling>[^=#]*?)(?P<comment>[ \t]+#.*)?[ \t]*")
_LETTERS = "A-Za-zÀ-ÖØ-öø-ſ"
_RESPELLING = re.compile(rf"[{_LETTERS}](?:[{_LETTERS} '-]*[{_LETTERS}])?")
_UNSAID = re.compile(rf"[^{_LETTERS} '-]")
_HEAD = re.compile(r"[^\W_]+|[^\s\w]|_")
_SHOWN = 60  # characters of a bad value that a message repeats
_PAUSES_WITHIN = re.compile(r"[—。！？](?=.)")

# What may not follow: it would make the word a part of a longer one ("don" in "don't", "node" in "node.js").
_NOT_AFTER_LETTER = r"_*[^\W_]|[\u0300-\u036f]|['’][^\W_]|[.@][^\W_]|&[^\W_](?!\w*;)|\+\+|#|://"
_NOT_AFTER_DIGIT = rf"{_NOT_AFTER_LETTER}|[.,:/-]\d"
_NOT_AFTER_MARK = r"[^\W\d_]"


@dataclass(frozen=True, slots=True)
class Entry:
    """A word as it is written, and how it is to be spelled for the voice to say it right."""

    word: str
    respelling: str

    @property
    def exact(self) -> bool:
        """Whether only the word exactly as written is meant; one in lower case stands for any case."""
        return self.word != self.word.lower()


@dataclass(frozen=True, slots=True)
class Match:
    """An entry found in a text that goes to ``end``; ``spoken`` is the respelling with the word's ending."""

    end: int
    spoken: str


class Lexicon:
    """Entries, and the way to find them in a text. Of two entries for the same word the last one holds."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries: tuple[Entry, ...] = tuple({entry.word: entry for entry in entries}.values())
        self._forms: dict[str, list[_Form]] = {}  # by how they begin, in lower case
        self._pairs: set[tuple[str, str]] = set()  # neighbours in entries of several words, in lower case
        forms = [_Form(written, entry) for entry in self.entries for written in _spellings(entry.word)]
        for form in sorted(forms, key=lambda form: (-len(form.written), not form.entry.exact)):
            for head in form.heads():
                self._forms.setdefault(head, []).append(form)
            words = [*map(_core, form.written.split())]
            self._pairs.update(itertools.pairwise(words))

    def __bool__(self) -> bool:
        return bool(self.entries)

    def match(self, text: str, at: int, end: int) -> Match | None:
        """The entry whose word stands at ``at`` in ``text[:end]``: the longest one, and one with a capital first."""
        head = _HEAD.match(text, at, end)
        forms = self._forms.get(head[0].lower()) if head else None
        if forms is None or (at and text[at].isalnum() and text[at - 1].isalnum()):
            return None
        for form in forms:
            if found := form.pattern.match(text, at, end):
                ending = (found["ending"] or "").lower().lstrip("'’")
                return Match(found.end(), form.entry.respelling + (f"'{ending}" if ending else ""))
        return None

    def respell(self, word: str) -> str | None:
        """How ``word`` is spoken, if all of it is an entry."""
        found = self.match(word, 0, len(word))
        return found.spoken if found and found.end == len(word) else None

    def joins(self, word: str, following: str) -> bool:
        """Whether an entry has these two words in a row: then speech must not pause between them."""
        return bool(self._pairs) and (_core(word), _core(following)) in self._pairs


@dataclass(frozen=True)
class _Form:
    """One spelling of an entry's word, as it is looked for."""

    written: str
    entry: Entry

    def heads(self) -> Iterator[str]:
        """How it may begin in a text: up to the first character that is no letter or digit."""
        lower = self.written.lower()
        head = _HEAD.match(lower)
        assert head is not None  # the parser lets no such word pass
        yield head[0]
        if head.end() == len(lower) and self._plural:
            yield f"{head[0]}s"

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when it is first needed: a lexicon may have thousands of entries."""
        last = self.written[-1]
        body = r"\s+".join(
            "".join("['’]" if char in "'’" else "[-‐‑]" if char == "-" else re.escape(char) for char in word)
            for word in self.written.split()
        )
        if not self.written.isascii() and not any(map(str.isalnum, self.written)):
            return re.compile(f"(?:{body}\ufe0f?)+(?P<ending>)")  # emoji, of which a run is named once
        if not any(map(str.isalnum, self.written)):
            unless = re.escape(last)
        elif not last.isalnum():
            unless = f"{re.escape(last)}|{_NOT_AFTER_MARK}"
        else:
            unless = _NOT_AFTER_DIGIT if last.isdecimal() else _NOT_AFTER_LETTER
        ending = r"['’](?i:s|ll|d|ve)" + ("|s" if self._plural else "")
        return re.compile(f"{body}(?P<ending>{ending})?(?!{unless})", re.NOFLAG if self.entry.exact else re.IGNORECASE)

    @property
    def _plural(self) -> bool:
        return len(self.written) >= SHORTEST_PLURAL and self.written[-1].isalpha()


EMPTY = Lexicon()


def parse(text: str, where: str) -> Lexicon:
    """The lexicon in the lines of a file. Raises LexiconError with ``where``, the line's number and what is wrong."""
    entries = []
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        try:
            entry = parse_line(line)
        except ValueError as error:
            raise LexiconError(f"{where}, line {number}: {error}") from None
        if entry is not None:
            entries.append(entry)
    return Lexicon(entries)


def parse_line(line: str) -> Entry | None:
    """The entry in a line; None for a comment or an empty line. Raises ValueError, one line for a person."""
    line = line.strip()
    if not line or line.startswith("#"):
        return None
    if found := _LINE.fullmatch(line):
        return checked(found["word"], found["respelling"])
    word, equals, respelling = line.partition("=")
    if not equals:
        raise ValueError(f"{_shown(line)} is no entry; write word = respelling")
    if not word:
        raise ValueError(f"{_shown(line)} has no word before the =; write word = respelling")
    return checked(word, respelling)  # which tells what is wrong with it


def checked(word: str, respelling: str) -> Entry:
    """The entry of a word and its respelling, if they will do. Raises ValueError, one line for a person."""
    word = " ".join(unicodedata.normalize("NFC", word).split())
    respelling = " ".join(unicodedata.normalize("NFC", respelling).replace("’", "'").split())
    _check_word(word)
    if not respelling:
        raise ValueError(f"{_shown(word)} has no respelling; write how it sounds, as in: Siobhan = shivawn")
    if len(respelling) > LONGEST_RESPELLING:
        raise ValueError(f"the respelling of {_shown(word)} is longer than {LONGEST_RESPELLING} characters; shorten it")
    if not _RESPELLING.fullmatch(respelling):
        wrong = _UNSAID.search(respelling)
        what = f"{wrong[0]!r} cannot be said" if wrong else "it must begin and end with a letter"
        raise ValueError(
            f"the respelling {_shown(respelling)}: {what}; "
            "write the sounds in letters, joined by spaces, hyphens or apostrophes"
        )
    return Entry(word, respelling)


def _check_word(word: str) -> None:
    if not word:
        raise ValueError("the word is empty; write word = respelling")
    if len(word) > LONGEST_WORD:
        raise ValueError(f"the word {_shown(word)} is longer than {LONGEST_WORD} characters; shorten it")
    if not word.isprintable():
        raise ValueError(f"the word {_shown(word)} has a character that cannot be seen; write it without")
    if word.startswith("#"):
        raise ValueError(f"the word {_shown(word)} begins with #, as comments do; write it without")
    if not any(unicodedata.category(char)[0] in "LNS" for char in word):
        raise ValueError(f"the word {_shown(word)} is made of marks only, which shape speech; use letters or digits")
    words = word.split()
    if "=" in words and len(words) > 1:
        raise ValueError(f"the word {_shown(word)} has a = between spaces; write word = respelling, with one =")
    for before, this, following in zip(["", *words], words, words[1:], strict=False):
        if any(ends_after(this, before, first, following) is not None for first in (False, not before)):
            raise ValueError(f"the word {_shown(word)}: speech pauses after {this!r}; make entries of its parts")
    if found := _PAUSES_WITHIN.search(word):
        raise ValueError(f"the word {_shown(word)}: speech pauses after {found[0]!r}; make entries of its parts")


def with_entry(text: str, new: Entry) -> str:
    """``text`` with the entry: in the place of the line that holds now, else at the end. All else stays as it is."""
    lines = list(io.StringIO(text, newline=""))
    for number in reversed(range(len(lines))):
        line = lines[number]
        if _word_in(line) == new.word:
            found = _LINE.fullmatch(line.strip())
            comment = (found["comment"] or "") if found else ""
            bare = line.rstrip("\r\n")
            indent = line[: len(line) - len(line.lstrip())]
            lines[number] = f"{indent}{new.word} = {new.respelling}{comment}{line[len(bare) :]}"
            return "".join(lines)
    newline = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines.append(newline)
    return "".join([*lines, f"{new.word} = {new.respelling}{newline}"])


def without(text: str, word: str) -> str:
    """``text`` without the lines of ``word``. All else stays as it is."""
    return "".join(line for line in io.StringIO(text, newline="") if _word_in(line) != word)


def _word_in(line: str) -> str | None:
    found = parse_line(line)
    return found.word if found else None


def _spellings(word: str) -> set[str]:
    """The word as texts may have it: an accent is a part of its letter, or a character of its own."""
    return {word, unicodedata.normalize("NFD", word)}


def _core(word: str) -> str:
    """A word of the segmenter's without the marks around it, in lower case."""
    return word.strip("\"'“”‘’«»()[]{}*_~`,;:.!?…").lower()


def _shown(value: str) -> str:
    return repr(value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…")
