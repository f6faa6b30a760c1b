"""Which rows the entries of a long list take, one below the other, when their heights change one by one."""

from bisect import bisect_right
from collections.abc import Iterable


class EntryRows:
    """Heights, and where each entry begins. What comes before a changed height is not reckoned again."""

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._heights = list(heights)
        self._tops = [0]  # of the entries that are reckoned, and where the next begins

    def __len__(self) -> int:
        return len(self._heights)

    def __getitem__(self, entry: int) -> int:
        return self._heights[entry]

    def __setitem__(self, entry: int, height: int) -> None:
        if self._heights[entry] != height:
            self._heights[entry] = height
            del self._tops[entry + 1 :]

    def append(self, height: int) -> None:
        """One more entry, at the end."""
        self._heights.append(height)

    @property
    def total(self) -> int:
        """Rows in all."""
        return self.top(len(self._heights))

    def top(self, entry: int) -> int:
        """The first row of an entry; of the one after the last, how many rows there are."""
        tops = self._tops
        for height in self._heights[len(tops) - 1 : entry]:
            tops.append(tops[-1] + height)
        return tops[entry]

    def at(self, row: int) -> tuple[int, int]:
        """The entry that shows a row, and the row in it; the nearest where there is none. There must be an entry."""
        last = len(self._heights) - 1
        self.top(last)
        entry = max(0, min(bisect_right(self._tops, row) - 1, last))
        return entry, max(0, min(row - self._tops[entry], self._heights[entry] - 1))
