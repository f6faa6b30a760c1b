"""Scrolling through a conversation: what the screen follows, long ones, other sizes, selecting by keys."""

import re

from textual.pilot import Pilot

from speakstream.text.span import Span
from speakstream.tui.entry_rows import EntryRows
from speakstream.tui.transcript import Transcript
from tests.text.replies import REPLIES
from tests.tui.pilot import run
from tests.tui.transcript_host import Host, cell_of, drawn, long_chat, message, prompt, screen, shown, writing

# -- following ---------------------------------------------------------------------------------------------


def streams(transcript: Transcript, id: int, lines: int) -> None:
    for number in range(lines):
        transcript.grow(id, f"Streamed line {number}.\n\n")


def test_the_newest_text_is_followed_until_the_reader_scrolls_up() -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.follow = "newest"
        transcript.show(long_chat(9))
        transcript.add(writing(10))
        streams(transcript, 10, 20)
        await drawn(pilot, transcript)
        assert "Streamed line 19." in screen(transcript)[-2]
        transcript.scroll_up()
        await pilot.pause()
        place = screen(transcript)[:-1]
        streams(transcript, 10, 20)
        await drawn(pilot, transcript)
        assert screen(transcript)[:-1] == place, "what the reader looks at stays"
        assert "▼ End: follow again" in screen(transcript)[-1]
        transcript.focus()
        await pilot.press("end")
        streams(transcript, 10, 5)
        await drawn(pilot, transcript)
        assert "Streamed line 4." in screen(transcript)[-2]
        assert "follow again" not in shown(transcript)

    run(app, act)


def test_scrolling_to_the_end_follows_again_and_so_does_a_click_on_the_marker() -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.follow = "newest"
        transcript.show(long_chat(20))
        await pilot.pause()
        for back in ("scroll", "click"):
            transcript.scroll_page_up()
            await pilot.pause()
            assert "follow again" in shown(transcript)
            if back == "scroll":
                transcript.scroll_page_down()
            else:
                x, y = cell_of(transcript, "▼")
                await pilot.click(Transcript, offset=(x, y))
            await pilot.pause()
            assert "follow again" not in shown(transcript)
            assert "w20x59" in shown(transcript)

    run(app, act)


def test_the_word_that_sounds_is_kept_on_the_screen_and_the_screen_is_still_otherwise() -> None:
    app = Host()
    text = "\n\n".join(f"Line {number} of the reply." for number in range(60))
    words = [Span(*found.span()) for found in re.finditer(r"\S+", text)]

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.show([prompt(1, "Go.")])
        transcript.add(writing(2))
        transcript.grow(2, text)
        tops = set()
        for word in words:
            transcript.light(2, word, word.start)
            tops.add(transcript.scroll_offset.y)
            lit = [y for y in range(24) for part in transcript.render_line(y) if part.style and part.style.reverse]
            assert len(lit) == 1 and lit[0] < 23 - (word.start < len(text) // 2) * 6
        assert 5 < len(tops) < 20, "it scrolls in steps"
        transcript.light(2, words[100], words[100].start)
        transcript.scroll_page_up()
        await pilot.pause()
        transcript.scroll_page_up()
        place = transcript.scroll_offset.y
        transcript.light(2, words[101], words[101].start)
        assert transcript.scroll_offset.y == place, "it does not fight the reader"
        transcript.follow_again()
        await pilot.pause()
        assert any(part.style and part.style.reverse for y in range(23) for part in transcript.render_line(y))

    run(app, act)


def test_nothing_is_followed_when_that_is_off_but_ones_own_prompt_is_shown() -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.follow = "off"
        transcript.show(long_chat(20))
        transcript.scroll_home()
        await pilot.pause()
        transcript.add(prompt(21, "My own prompt."))
        assert "My own prompt." in shown(transcript)
        transcript.add(writing(22))
        place = transcript.scroll_offset.y
        streams(transcript, 22, 20)
        await drawn(pilot, transcript)
        assert transcript.scroll_offset.y == place
        assert "follow again" not in shown(transcript)

    run(app, act)


# -- long conversations ------------------------------------------------------------------------------------


def test_a_thousand_messages_are_shown_at_their_end_and_few_are_laid_out() -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.show(long_chat(1_000))
        assert transcript.laid_out <= 40
        assert "w1000x59" in shown(transcript)

    run(app, act)


def test_scrolling_through_what_is_not_laid_out_never_jumps() -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.follow = "off"
        transcript.show(long_chat(200))
        before = screen(transcript)
        for _ in range(60):
            transcript.scroll_relative(y=-5)
            after = screen(transcript)
            assert after[5:] == before[:-5]
            before = after
        transcript.scroll_home()
        assert screen(transcript)[:2] == ["  You", "  Prompt 1."]
        transcript.scroll_end()
        await pilot.pause()
        assert "w200x59" in shown(transcript)

    run(app, act)


def test_guesses_are_made_exact_in_idle_moments_and_the_screen_stays() -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.show(long_chat(300))
        transcript.scroll_page_up()
        await pilot.pause()
        before, total = screen(transcript), transcript.virtual_size.height
        while transcript.guesses:
            await pilot.pause()
        assert screen(transcript) == before
        assert transcript.virtual_size.height != total
        transcript.scroll_home()
        assert screen(transcript)[:2] == ["  You", "  Prompt 1."]

    run(app, act)


def test_another_width_keeps_the_readers_place_or_the_end() -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.show(long_chat(100))
        await pilot.resize_terminal(50, 30)
        await pilot.pause()
        assert "w100x59" in shown(transcript)
        for _ in range(5):
            transcript.scroll_page_up()
        await pilot.pause()
        place = re.findall(r"w\d+x\d+", shown(transcript))[0]
        for size in ((80, 24), (30, 40), (120, 20)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert place in "".join(screen(transcript)[:5])

    run(app, act)


def test_a_height_that_changes_keeps_the_end() -> None:
    """As when the prompt below grows while it is typed."""
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.show(long_chat(30))
        for height in (24, 17, 24, 40):
            transcript.styles.height = height
            await pilot.pause()
            assert "w30x59" in "".join(screen(transcript)[-4:])
            assert not transcript.suspended

    run(app, act, (80, 40))


def test_entry_rows() -> None:
    rows = EntryRows([3, 1, 5])
    assert [rows.at(row) for row in (-1, 0, 2, 3, 4, 8, 99)] == [(0, 0), (0, 0), (0, 2), (1, 0), (2, 0), (2, 4), (2, 4)]
    rows[1] = 10
    rows.append(2)
    assert (rows.total, rows.top(2), rows.at(13)) == (20, 13, (2, 0))


# -- keys --------------------------------------------------------------------------------------------------


def test_messages_are_selected_one_by_one_and_a_bar_shows_it() -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.show(long_chat(30))
        transcript.notice("something happened")
        transcript.move(-1)
        assert transcript.selected == 30
        transcript.move(-1)
        await pilot.pause()
        assert transcript.selected == 29
        barred = [row[2:] for row in screen(transcript) if row.startswith("▌")]
        assert barred == ["You", "Prompt 29."]
        for _ in range(40):
            transcript.move(-1)
        assert transcript.selected == 1
        assert screen(transcript)[0] == "▌ You"
        assert (transcript.newest("user"), transcript.newest("assistant")) == (1, 30)
        for _ in range(30):
            transcript.move(+1)
        assert transcript.selected is None
        transcript.go_to(15)
        assert "▌ Prompt 15." in screen(transcript)

    run(app, act)


def test_code_and_what_is_not_read_is_found() -> None:
    app = Host()
    code = "```python\nx = 1\n```\n\nand\n\n```\ny\nz\n```\n"

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        assert transcript.silent_near() is None
        transcript.show([message(1, code), prompt(2, "go on"), message(3, REPLIES[0]), message(4, "```\nnow\n```")])
        await pilot.pause()
        assert transcript.code_blocks(1) == ["x = 1", "y\nz"]
        assert transcript.code_blocks(99) == []
        assert transcript.silent_near() == (4, Span(0, 11))
        transcript.selected = 1
        assert transcript.silent_near() == (1, Span(code.index("```\ny"), len(code) - 1))
        transcript.selected = 3
        assert transcript.silent_near() is None

    run(app, act, (80, 40))


def test_code_that_is_read_aloud_is_not_marked() -> None:
    app = Host()

    async def act(pilot: Pilot[None]) -> None:
        transcript = app.transcript
        transcript.aloud = frozenset({"code"})
        transcript.show([message(1, "```python\nx = 1\n```")])
        await pilot.pause()
        assert screen(transcript)[1] == "  Python code, 1 line"
        transcript.aloud = frozenset()
        await pilot.pause()
        assert screen(transcript)[1] == "  ▷ Python code, 1 line: not read, Alt+H to hear it"
        transcript.hear_key = "F8"
        await pilot.pause()
        assert screen(transcript)[1].endswith("F8 to hear it")

    run(app, act)
