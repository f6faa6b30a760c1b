"""Lines with what is to be spoken of them and where they part, in TOML files by subject."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent

_LOOSE_APOSTROPHE = re.compile(r"(?<![^\W_])'|'(?![^\W_])")
_NO_WORD = re.compile(r"[^\w']+|_+")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the corpus."""

    name: str
    """Its file and place there."""

    text: str
    said: str
    """All that is spoken; only its words count, not its marks."""

    parts: tuple[str, ...]
    """The sentences, list items, headings and announced blocks of ``text``, in order, without white space around."""

    silent: tuple[str, ...]
    """Substrings of ``text`` that are shown and can't be spoken."""


def lines() -> list[Line]:
    """All lines of all files."""
    return [
        Line(
            f"{path.stem}:{number}",
            entry["text"],
            entry["said"],
            tuple(entry.get("parts", (entry["text"].strip(),))),
            tuple(entry.get("silent", ())),
        )
        for path in sorted(FOLDER.glob("*.toml"))
        for number, entry in enumerate(tomllib.loads(path.read_text("utf-8"))["line"], 1)
    ]


def words(spoken: str) -> list[str]:
    """The words of ``spoken`` in lower case; hyphens part them, marks are gone."""
    return _NO_WORD.sub(" ", _LOOSE_APOSTROPHE.sub(" ", spoken.lower())).split()
