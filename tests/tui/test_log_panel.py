"""The log on the screen."""

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static

from speakstream.tui.log_panel import LINE_CHARACTERS, LINES, LogLines, LogPanel
from tests.tui.pilot import run

log = logging.getLogger("speakstream.test")


@pytest.fixture(autouse=True)
def _level() -> Iterator[None]:
    log.setLevel(logging.DEBUG)
    yield
    log.setLevel(logging.NOTSET)


class Host(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("above")
        yield LogPanel()

    @property
    def panel(self) -> LogPanel:
        return self.query_one(LogPanel)

    def texts(self) -> list[str]:
        self.panel.look()
        return [strip.text.rstrip() for strip in self.panel.lines]


def record(text: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord("speakstream.test", logging.WARNING, "file.py", 1, text, values, None)


def test_records_are_shown_with_their_level_and_control_characters_spelled_out() -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        log.warning("loaded %d\x1b]52;c;eA==\x07 [bold]x[/bold]", 3)
        log.debug("two\nlines")
        first, second, third = app.texts()
        assert first.endswith("WARNING speakstream.test: loaded 3\\x1b]52;c;eA==\\x07 [bold]x[/bold]")
        assert second.endswith("DEBUG speakstream.test: two")
        assert third == "lines"

    run(app, act, (120, 24))


def test_a_traceback_is_shown_line_by_line() -> None:
    lines = LogLines()
    try:
        raise ValueError("broken")
    except ValueError:
        log.addHandler(lines)
        log.exception("a command failed")
        log.removeHandler(lines)
    _, shown = lines.since(0)
    assert shown[0].endswith("ERROR speakstream.test: a command failed")
    assert shown[1] == "Traceback (most recent call last):"
    assert shown[-1] == "ValueError: broken"


def test_a_record_whose_values_do_not_fit_is_shown_and_writes_nothing_on_the_screen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = LogLines()
    lines.handle(record("%d of %d", "one"))
    assert lines.since(0)[1] == ["WARNING speakstream.test: '%d of %d' (%d format: a real number is required, not str)"]
    assert capsys.readouterr() == ("", "")


def test_memory_is_bounded() -> None:
    lines = LogLines()
    for number in range(3 * LINES):
        lines.handle(record("%d " + "x" * 3 * LINE_CHARACTERS, number))
    count, kept = lines.since(0)
    assert (count, len(kept), max(map(len, kept))) == (3 * LINES, LINES, LINE_CHARACTERS)
    assert lines.since(count - 2)[1] == kept[-2:]
    assert lines.since(count)[1] == []


def test_many_threads_may_log_at_once_and_each_record_is_shown_once() -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        await pilot.pause()

        def flood(name: int) -> None:
            for number in range(100):
                log.info("<%d %d>", name, number)

        threads = [threading.Thread(target=flood, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            app.panel.look()
        for thread in threads:
            thread.join()
        shown = app.texts()
        for name in range(4):
            mine = [line.rpartition("<")[2] for line in shown if f"<{name} " in line]
            assert mine == [f"{name} {number}>" for number in range(100)]

    run(app, act, (120, 24))


def test_it_is_drawn_only_while_it_is_shown_and_has_what_came_meanwhile() -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        app.panel.display = False
        await pilot.pause()
        log.info("meanwhile")
        assert app.texts() == []
        app.panel.display = True
        await pilot.pause()
        assert [line.partition(": ")[2] for line in app.texts()] == ["meanwhile"]

    run(app, act)


def test_long_lines_are_wrapped_again_for_another_width() -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        log.info("word " * 30)
        wide = len(app.texts())
        await pilot.resize_terminal(40, 24)
        await pilot.pause()
        narrow = app.texts()
        assert len(narrow) > wide
        assert max(len(line) for line in narrow) <= 38
        assert " ".join(narrow).count("word") == 30

    run(app, act)


def test_a_reader_who_scrolled_up_is_left_there() -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        for number in range(100):
            log.info("%d", number)
        app.panel.look()
        await pilot.pause()
        assert app.panel.is_vertical_scroll_end
        app.panel.scroll_to(y=5, animate=False)
        await pilot.pause()
        log.info("more")
        app.panel.look()
        await pilot.pause()
        assert app.panel.scroll_y == 5

    run(app, act)


def test_what_is_logged_while_it_is_drawn_waits_for_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Host()
    write = LogPanel.write

    def talking(panel: LogPanel, *values: Any, **named: Any) -> LogPanel:
        log.info("drawn")
        return write(panel, *values, **named)

    async def act(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        app.panel.look()
        monkeypatch.setattr(LogPanel, "write", talking)
        log.info("first")
        app.panel.look()
        monkeypatch.undo()
        assert len(app.panel.lines) == 1
        assert [line.partition(": ")[2] for line in app.texts()] == ["first", "drawn"]

    run(app, act)


def test_leaving_takes_the_handler_away() -> None:
    before = list(logging.getLogger().handlers)

    async def act(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        assert len(logging.getLogger().handlers) == len(before) + 1

    run(Host(), act)
    assert logging.getLogger().handlers == before
