"""Which word sounds at which second of a speech."""

from bisect import bisect_right

from speakstream.events import SpokenWord
from speakstream.text.span import Span


class Timeline:
    """The words of one speech, in the order they sound. One thread adds; any thread asks."""

    def __init__(self) -> None:
        self._begins: list[float] = []
        self._words: list[SpokenWord] = []

    def add(self, offset: float, words: tuple[SpokenWord, ...]) -> None:
        """Append the words of a segment that begins ``offset`` seconds into the speech."""
        for word in words:
            # the word goes in before its time: whoever finds the time finds the word
            self._words.append(SpokenWord(word.span, offset + word.begins, offset + word.stops))
            self._begins.append(offset + word.begins)

    def word_at(self, seconds: float) -> Span | None:
        """The word that sounds at ``seconds``, or None in a pause and beyond the end."""
        index = bisect_right(self._begins, seconds) - 1
        if index < 0 or seconds >= self._words[index].stops:
            return None
        return self._words[index].span

    def heard_until(self, seconds: float) -> int | None:
        """Code point of the reply up to which a person has heard it at ``seconds``; None: nothing yet.

        A word counts as heard once half of it has sounded.
        """
        index = bisect_right(self._begins, seconds) - 1
        while index >= 0:
            word = self._words[index]
            if seconds >= (word.begins + word.stops) / 2:
                return word.span.end
            index -= 1
        return None

    def begins(self, offset: int) -> float | None:
        """Seconds at which the first word that ends after code point ``offset`` begins."""
        for word in self._words:
            if word.span.end > offset:
                return word.begins
        return None

    def __len__(self) -> int:
        return len(self._begins)
