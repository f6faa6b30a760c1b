"""The conversation on the screen: what a person reads, hears and clicks, and that text is only text."""

import re
from dataclasses import replace
from typing import Any

import pytest
from textual.geometry import Region
from textual.pilot import Pilot

from speakstream.text.span import Span
from speakstream.tui.transcript import Transcript
from tests.text.replies import REPLIES
from tests.tui.pilot import run
from tests.tui.transcript_host import Host, cell_of, drawn, message, prompt, screen, shown, span_of, styles, writing

# -- streaming ---------------------------------------------------------------------------------------------


def test_a_reply_is_drawn_while_it_is_written_and_is_then_as_if_it_came_at_once() -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        for reply in REPLIES:
            transcript.show([prompt(1, "Go on.")])
            transcript.add(writing(2))
            for at in range(0, len(reply), 7):
                transcript.grow(2, reply[at : at + 7])
                if at % 210 == 0:
                    await drawn(pilot, transcript)
            transcript.end(message(2, reply, voice=""))
            await pilot.pause()
            streamed = screen(transcript)
            transcript.show([prompt(1, "Go on."), message(2, reply, voice="")])
            await pilot.pause()
            assert screen(transcript) == streamed

    run(app, act, (60, 50))


def test_many_deltas_are_laid_out_once_a_frame() -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.add(writing(1))
        await pilot.pause()
        before = transcript.laid_out
        for _ in range(200):
            transcript.grow(1, "word ")
        await drawn(pilot, transcript)
        assert transcript.laid_out - before == 1
        assert shown(transcript).count("word") == 200

    run(app, act)


def test_names_stand_above_what_they_say() -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.show([prompt(1, "*plain*\n  text"), message(2, "*Hello.*")])
        await pilot.pause()
        assert screen(transcript)[:6] == ["  You", "  *plain*", "    text", "", "  Small-Instruct", "  Hello."]
        transcript.speaker = "Teacher"
        await pilot.pause()
        assert screen(transcript)[4] == "  Teacher"

    run(app, act)


# -- what sounds -------------------------------------------------------------------------------------------

SENTENCE = "One two three **four** five."


def test_heard_sounding_and_to_come_look_different_without_colour() -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.show([message(1, SENTENCE)])
        transcript.light(1, span_of(SENTENCE, "three"), SENTENCE.index("three"))
        await pilot.pause()
        heard, lit, come = styles(transcript, "One two"), styles(transcript, "three"), styles(transcript, "five.")
        assert not (heard.reverse or heard.dim)
        assert lit.reverse and lit.bold and not lit.dim
        assert come.dim and not come.reverse
        transcript.light(None, None, 0)
        await pilot.pause()
        assert not styles(transcript, "five.").dim

    run(app, act)


def test_a_step_of_the_light_draws_only_the_rows_that_change(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Host()
    rows: list[int] = []

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        text = " ".join(f"word{number}" for number in range(100))
        transcript.show([message(1, text)])
        words = [Span(*found.span()) for found in re.finditer(r"\S+", text)]
        transcript.light(1, words[0], 0)
        await pilot.pause()
        real = transcript.refresh

        def counted(*regions: Region, **how: Any) -> Transcript:
            rows.extend(region.height for region in regions or [transcript.size.region])
            return real(*regions, **how)

        monkeypatch.setattr(transcript, "refresh", counted)
        for _ in range(30):
            transcript.light(1, words[0], 0)
        assert rows == [], "nothing was drawn for the same word"
        for word in words[1:50]:
            transcript.light(1, word, word.start)
        assert sum(rows) <= 2 * 50

    run(app, act)


def test_a_silent_reply_is_never_dim() -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        app.transcript.add(replace(writing(1), voice=""))
        app.transcript.grow(1, SENTENCE)
        app.transcript.light(1, None, 0)
        await drawn(pilot, app.transcript)
        assert not styles(app.transcript, "five.").dim

    run(app, act)


def test_the_announcement_of_code_lights_the_line_that_names_it() -> None:
    app = Host()
    text = "Look:\n\n```python\nx = 1\n```\n"

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.add(writing(1))
        transcript.grow(1, text + "\nDone.")
        block = Span(text.index("```"), text.rindex("```") + 3)
        transcript.silent(1, block, "code")
        transcript.light(1, block, block.start)
        await drawn(pilot, transcript)
        assert styles(transcript, "▷ Python code, 1 line: not read, Alt+H to hear it").reverse
        assert not styles(transcript, " = ").reverse

    run(app, act)


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (SENTENCE.index("three"), "  One two — stopped here — three four five."),
        (len(SENTENCE), "  One two three four five. — stopped here —"),
        (None, "  One two three four five. — stopped here —"),
    ],
)
def test_what_was_not_heard_of_an_interrupted_reply_is_dim_behind_a_mark(heard: int | None, expected: str) -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.add(writing(1))
        transcript.grow(1, SENTENCE)
        transcript.end(message(1, SENTENCE, reason="interrupted", heard=heard))
        await pilot.pause()
        assert screen(transcript)[1] == expected
        assert not styles(transcript, "— stopped here —").dim
        if heard == SENTENCE.index("three"):
            assert styles(transcript, "five.").dim and not styles(transcript, "One two").dim

    run(app, act)


def test_a_failure_is_told_below_what_came_of_the_reply() -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        app.transcript.show([message(1, "So far.", reason="failed", error="the model ran out of memory")])
        await pilot.pause()
        assert screen(app.transcript)[1:3] == ["  So far.", "  Failed: the model ran out of memory"]

    run(app, act)


# -- the mouse ---------------------------------------------------------------------------------------------


def test_a_click_tells_the_message_and_the_word() -> None:
    app = Host()
    text = "First **word** and\n\n| a | b |\n|---|---|\n| one | two |\n"

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.show([prompt(1, "asked"), message(2, text)])
        await pilot.pause()
        for word in ("word", "two"):
            x, y = cell_of(transcript, word)
            assert transcript.place_at(x + 1, y) == (2, text.index(word) + 1)
            await pilot.click(Transcript, offset=(x + 2, y))
            (clicked,) = app.posted
            assert isinstance(clicked, Transcript.WordClicked)
            assert (clicked.message, clicked.offset) == (2, text.index(word))
            app.posted.clear()
        x, y = cell_of(transcript, "▷ Table")
        await pilot.click(Transcript, offset=(x, y))
        (silent,) = app.posted
        assert isinstance(silent, Transcript.SilentClicked)
        assert (silent.message, silent.span) == (2, Span(text.index("| a"), len(text.rstrip())))
        app.posted.clear()
        for nothing in ("asked", "│", "─┼─"):
            await pilot.click(Transcript, offset=cell_of(transcript, nothing))
        assert transcript.place_at(0, 0) is None
        assert app.posted == []
        await pilot.click(Transcript, offset=cell_of(transcript, "Small"))
        assert transcript.selected == 2

    run(app, act)


def test_dragging_marks_text_and_is_no_click() -> None:
    app = Host()
    text = "Some text that is wrapped, since it is so long that it has to be.\n\n- an item\n"

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.show([message(1, text)])
        await pilot.pause()
        await pilot.mouse_down(Transcript, offset=cell_of(transcript, "text"))
        x, y = cell_of(transcript, "an item")
        await pilot.hover(Transcript, offset=(x + 1, y))
        await pilot.mouse_up(Transcript, offset=(x + 1, y))
        await pilot.pause()
        assert app.screen.get_selected_text() == text[5 : text.index("- an")] + "• an"
        assert app.posted == []

    run(app, act, (40, 20))


def test_a_double_click_does_not_mark_all_of_the_conversation() -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        app.transcript.show([message(1, SENTENCE)])
        await pilot.pause()
        await pilot.click(Transcript, offset=cell_of(app.transcript, "two"), times=2)
        await pilot.pause()
        assert app.screen.get_selected_text() is None

    run(app, act)


# -- all the rest ------------------------------------------------------------------------------------------


def test_an_empty_conversation_says_something_and_notices_stay_below_it() -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.empty = "Welcome.\nType a prompt."
        await pilot.pause()
        rows = screen(transcript)
        assert "Welcome." in rows[11] and "Type a prompt." in rows[12]
        assert abs(rows[11].index("Welcome.") - (80 - len("Welcome.")) // 2) <= 2
        transcript.notice("no sound device")
        transcript.show([])
        await pilot.pause()
        assert "Welcome." in shown(transcript) and "· no sound device" in shown(transcript)
        transcript.add(prompt(1, "Hello"))
        await pilot.pause()
        assert "Welcome." not in shown(transcript) and "· no sound device" in shown(transcript)
        transcript.show([])
        await pilot.pause()
        assert "Welcome." in shown(transcript) and "no sound device" not in shown(transcript)

    run(app, act)


HOSTILE = [
    "\x1b]52;c;aGVsbG8=\x07 \x1b[31mred\x1b[0m \x9b2J \x90q\x9c \x00\x07\x08\x7f",
    "[bold red]not markup[/bold red] [link=https://a.example]x[/link] [@click=app.bell]bell[/]",
    "right to left: שלום עולם, مرحبا; \u202eoverride\u202c \u2066isolate\u2069",
    "z\u0300\u0301\u0302" * 40 + " " + "\u200b" * 300 + "\u200d" * 30 + " 👨‍👩‍👧‍👦" * 30,
    "界" * 200 + "\n" + "|" * 300 + "\n" + "`" * 300 + "\n" + "> " * 100 + "deep\n" + "- " * 60 + "deep",
    "line\r\nends\rhere\u2028and\u2029there\x85now\x0b\x0c",
    "a\ud800b \U000e0041\ufeff\ufff9",
]


@pytest.mark.parametrize("width", [24, 80])
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(text: str, width: int) -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.show([prompt(1, text), message(2, text), message(3, "ok", reason="failed", error=text)])
        transcript.add(writing(4))
        for char in text:
            transcript.grow(4, char)
        transcript.notice(text)
        for _ in range(8):
            await pilot.pause()
            for y in range(transcript.size.height):
                strip = transcript.render_line(y)
                assert sum(segment.cell_length for segment in strip) == width - 1, "the bar at the right takes one"
                assert not re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]", strip.text)
            transcript.scroll_page_up()
        transcript.scroll_home()
        if "[bold" in text:
            assert "[bold red]" in shown(transcript)

    run(app, act, (width, 24))


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark", "ansi-light", "nord"])
def test_the_light_is_seen_in_every_theme(theme: str) -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        app.theme = theme
        app.transcript.show([message(number, reply) for number, reply in enumerate(REPLIES)])
        app.transcript.add(message(50, SENTENCE))
        app.transcript.light(50, span_of(SENTENCE, "three"), 0)
        await pilot.pause()
        assert styles(app.transcript, "three").reverse
        plain = styles(app.transcript, "One two")
        assert plain.color != plain.bgcolor or app.theme.startswith("ansi")

    run(app, act)


def test_events_of_messages_that_are_not_shown_change_nothing() -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.show([message(1, SENTENCE)])
        before = screen(transcript)
        transcript.grow(7, "elsewhere")
        transcript.silent(7, Span(0, 3), "code")
        transcript.end(message(7, "elsewhere"))
        transcript.light(7, Span(0, 3), 0)
        transcript.go_to(7)
        await drawn(pilot, transcript)
        assert screen(transcript) == before

    run(app, act)
