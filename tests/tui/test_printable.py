"""Whatever a widget holds, only characters reach the terminal: Textual writes out what it is given."""

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Static

from speakstream.tui.printable import ONLY_PRINTABLE
from tests.tui.hostile_chat import FORGED
from tests.tui.talk import Talk, talk


@pytest.mark.parametrize("forged", FORGED)
def test_no_widget_can_send_a_sequence(forged: str) -> None:
    [row] = ONLY_PRINTABLE.apply([Segment(f"a{forged}\tb\n")], Color(0, 0, 0))
    assert row.text.isprintable() and row.text[0] + row.text[-1] == "ab"


def test_text_is_left_alone() -> None:
    text = "naïve 日本語 \u05e9\u05dc\u05d5\u05dd 👩\u200d🚀 ❤\ufe0f e\u0301 a\u00a0b \ue0b0"
    style = Style(bold=True, color="red")
    assert ONLY_PRINTABLE.apply([Segment(text, style)], Color(0, 0, 0)) == [Segment(text, style)]


def test_a_style_brings_no_link() -> None:
    [row] = ONLY_PRINTABLE.apply([Segment("a", Style(link="http://x.invalid", bold=True))], Color(0, 0, 0))
    assert row.style is not None and row.style.link is None and row.style.bold


def test_all_that_is_drawn_goes_through_it() -> None:
    async def act(app: Talk, pilot: Pilot[int]) -> None:
        await app.mount(Static(Content("one\x1b]0;two\x07three")))
        await pilot.pause()
        assert "one]0;twothree" in app.screen_text

    talk(Talk(), act)
