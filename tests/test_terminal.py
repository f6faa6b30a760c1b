"""Text in a terminal: laid out once, lit in place, never corrupted."""

import io
import random
import textwrap

import pytest

from speakstream.cells import cells, certain
from speakstream.terminal import TerminalText
from speakstream.text.span import Span

TEXT = (
    "The quick brown fox jumps over the lazy dog, and then it rests for a while.\n\n"
    "A second paragraph – with “quotes”, a very_long_word_that_fits_on_no_row_of_this_screen and an end.\n"
    "- one\n- two\n\nLast words."
)


class Screen(io.StringIO):
    """A terminal that understands what we send and nothing else; rows that scroll out are kept in ``gone``."""

    def __init__(self, columns: int, lines: int) -> None:
        super().__init__()
        self.columns, self.lines = columns, lines
        self.rows: list[list[tuple[str, bool]]] = [[]]
        self.gone: list[list[tuple[str, bool]]] = []
        self.row = self.column = 0
        self.reverse = False
        self.saved = (0, 0, False)

    def fileno(self) -> int:
        raise OSError

    def write(self, text: str) -> int:
        at = 0
        while at < len(text):
            mark = text[at]
            at += 1
            if mark == "\x1b" and text[at] in "78":
                if text[at] == "7":
                    self.saved = (self.row, self.column, self.reverse)
                else:
                    self.row, self.column, self.reverse = self.saved
                at += 1
            elif mark == "\x1b":
                assert text[at] == "["
                end = at + 1
                while text[end].isdigit():
                    end += 1
                self._control(int(text[at + 1 : end] or 1), text[end])
                at = end + 1
            elif mark == "\n":
                self._down()
                self.column = 0
            elif mark == "\r":
                self.column = 0
            else:
                self._put(mark)
        return len(text)

    def _control(self, number: int, kind: str) -> None:
        if kind == "A":
            assert number <= self.row, "the cursor went above the screen"
            self.row -= number
        elif kind == "C":
            self.column += number
        else:
            assert (kind, number) in (("m", 7), ("m", 27), ("m", 2), ("m", 22))
            if number in (7, 27):
                self.reverse = number == 7

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.rows):
            self.rows.append([])
        if len(self.rows) > self.lines:
            self.gone.append(self.rows.pop(0))
            self.row -= 1

    def _put(self, mark: str) -> None:
        width = cells(mark)
        assert self.column + width < self.columns, "the terminal would have broken the line"
        row = self.rows[self.row]
        row.extend([(" ", False)] * (self.column + width - len(row)))
        row[self.column] = (mark, self.reverse)
        for further in range(1, width):
            row[self.column + further] = ("", self.reverse)
        self.column += width

    def text(self) -> list[str]:
        return ["".join(mark for mark, _ in row).rstrip() for row in [*self.gone, *self.rows]]

    def lit(self) -> str:
        return "".join(mark for row in [*self.gone, *self.rows] for mark, lit in row if lit)


def wrapped(text: str, columns: int) -> list[str]:
    """The rows that Python's own wrapping makes of ``text``."""
    rows: list[str] = []
    for line in text.split("\n"):
        rows += textwrap.wrap(line, columns - 1, break_on_hyphens=False) or [""]
    return rows


def words(text: str) -> list[Span]:
    spans, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        spans.append(Span(at, at + len(word)))
        at += len(word)
    return spans


@pytest.mark.parametrize("columns", [12, 20, 40, 80, 200])
def test_text_is_wrapped_at_words_however_it_comes(columns: int) -> None:
    text = TEXT.replace("very_long_word_that_fits_on_no_row_of_this_screen ", "short ")
    for seed in range(5):
        screen, chance, at = Screen(columns, 100), random.Random(seed), 0
        shown = TerminalText(screen, (columns, 100))
        while at < len(text):
            size = chance.randint(1, 9)
            shown.write(text[at : at + size])
            at += size
        shown.close()
        assert screen.text() == [*wrapped(text, columns), ""]


def test_a_word_longer_than_a_row_is_broken_and_nothing_of_it_is_lost() -> None:
    word = "".join(chr(ord("a") + i % 26) for i in range(1000))
    for size in (1, 7, 1000):
        screen = Screen(30, 100)
        shown = TerminalText(screen, (30, 100))
        for at in range(0, 1000, size):
            shown.write(word[at : at + size])
        shown.write(" end\n")
        shown.close()
        assert "".join(screen.text()) == f"{word} end"
        assert [len(row) for row in screen.text()[:34]] == [29] * 34


@pytest.mark.parametrize("lines", [4, 6, 24])
@pytest.mark.parametrize("paced", [False, True])
def test_each_word_is_lit_where_it_stands_and_nothing_else_changes(lines: int, paced: bool) -> None:
    screen = Screen(24, lines)
    shown = TerminalText(screen, (24, lines), paced)
    seen = 0
    for word in words(TEXT):
        if not paced:
            shown.write(TEXT[seen : word.end + 1])  # the voice is right behind the text
            seen = word.end + 1
        elif not seen:
            shown.write(TEXT)
            seen = len(TEXT)
        shown.light(word)
        lit = screen.lit()
        assert lit == TEXT[word.start : word.end] or (lines == 4 and lit == "")  # a broken word takes three rows
        assert screen.column < 24
    shown.light(None)
    assert screen.lit() == ""
    shown.close()
    whole = Screen(24, 100)
    alone = TerminalText(whole, (24, 100))
    alone.write(TEXT)
    alone.close()
    assert screen.text() == whole.text()


def test_a_lit_word_is_put_out_before_it_scrolls_away() -> None:
    screen = Screen(20, 5)
    shown = TerminalText(screen, (20, 5))
    shown.write("lit word here\n")
    shown.light(Span(0, 3))
    assert screen.lit() == "lit"
    for number in range(10):
        shown.write(f"row {number}\n")
    assert screen.gone
    assert screen.lit() == ""
    shown.light(Span(0, 3))
    assert screen.lit() == "", "what has scrolled away is lit"
    assert screen.text() == ["lit word here", *(f"row {number}" for number in range(10)), ""]


def test_a_given_text_runs_no_further_ahead_than_the_screen_shows() -> None:
    text = "\n".join(f"row {number}" for number in range(50)) + "\n"
    screen = Screen(20, 10)
    shown = TerminalText(screen, (20, 10), paced=True)
    shown.write(text)
    assert "row 0" in screen.text()
    assert not screen.gone, "the beginning was scrolled away before it was spoken"
    for number in range(50):
        start = text.index(f"row {number}")
        shown.light(Span(start + 4, start + 4 + len(str(number))))
        assert screen.lit() == str(number)
    shown.close()
    assert screen.text() == [*text.split("\n")]


def test_what_was_not_spoken_is_not_shown_after_an_interruption() -> None:
    screen = Screen(20, 6)
    shown = TerminalText(screen, (20, 6), paced=True)
    shown.write("\n".join(f"row {number}" for number in range(50)))
    shown.close(rest=False)
    assert screen.text()[0] == "row 0"
    assert "row 40" not in screen.text()


def test_without_a_voice_the_rest_comes_at_once() -> None:
    screen = Screen(20, 6)
    shown = TerminalText(screen, (20, 6), paced=True)
    shown.write("\n".join(f"row {number}" for number in range(50)) + "\n")
    shown.unpace()
    assert screen.text() == [*(f"row {number}" for number in range(50)), ""]


def test_characters_of_doubtful_width_are_never_lit_and_harm_no_other_row() -> None:
    text = "before all\nhands 👍🏽👍🏽 e\u0301 नमस्ते\nafter 日本 all\n"
    screen = Screen(20, 10)
    shown = TerminalText(screen, (20, 10))
    shown.write(text)
    for wanted, lit in (("before", "before"), ("hands", ""), ("👍🏽👍🏽", ""), ("日本", "日本"), ("all\n", "all")):
        start = text.index(wanted)
        shown.light(Span(start, start + len(wanted.strip())))
        assert screen.lit() == lit
    shown.close()
    assert "".join(screen.text()).replace(" ", "") == text.replace("\n", "").replace(" ", "")


def test_widths_are_never_taken_too_small() -> None:
    assert cells("Grün – “naïve” Ωμέγα Привет") == len("Grün – “naïve” Ωμέγα Привет")
    assert cells("日本한국") == 8
    assert cells("👨‍👩‍👧") == 10  # one sign in some terminals, three with two gaps in others
    assert not certain("👍") and not certain("e\u0301") and not certain("\u00ad") and not certain("שלום")
    assert certain("日本 – “naïve”")


def test_a_word_at_the_end_is_shown_although_it_may_still_grow() -> None:
    screen = Screen(20, 10)
    shown = TerminalText(screen, (20, 10))
    shown.write("the end")
    assert screen.text() == ["the"]
    for _ in range(10):
        shown.light(None)
    assert screen.text() == ["the end"]
    shown.write("ing is near")
    shown.close()
    assert screen.text() == ["the ending is near", ""]


def test_a_megabyte_without_a_space_is_shown_in_no_time() -> None:
    out = io.StringIO()
    shown = TerminalText(out, (80, 24))
    for _ in range(250):
        shown.write("x" * 4000)
    shown.light(Span(999_990, 1_000_000))
    shown.close()
    assert out.getvalue().count("x") >= 1_000_000


def test_a_notice_stands_on_rows_of_its_own_and_the_light_still_finds_its_word() -> None:
    screen = Screen(30, 10)
    shown = TerminalText(screen, (30, 10))
    shown.write("one two ")
    shown.notice("speakstream: the device is gone; waiting for it", screen)
    shown.write("three four ")
    shown.light(Span(4, 7))
    assert screen.lit() == "two"
    shown.light(Span(8, 13))
    assert screen.lit() == "three"
    shown.close()
    assert screen.text() == ["one two", "speakstream: the device is", "gone; waiting for it", "three four", ""]
