"""The help screen and the command palette: both are made of the actions, with the keys as they are now."""

from itertools import groupby
from typing import Any

import pytest
from textual.app import App
from textual.command import CommandList, CommandPalette
from textual.containers import VerticalScroll
from textual.pilot import Pilot
from textual.widgets import Static

from speakstream.keymap import DEFAULT_KEYMAP
from speakstream.tui.actions import ACTIONS
from speakstream.tui.help import MOUSE, PROMPT_KEYS, HelpScreen
from speakstream.tui.key_names import key_labels
from speakstream.tui.palette import ActionsProvider
from tests.tui.pilot import run

REMAPPED = dict(DEFAULT_KEYMAP.keys) | {"stop": "ctrl+x", "log": ""}
PLACES = [("Keys", "/a/very/long/path/" + "folder/" * 12 + "keys.toml"), ("Log", "/var/\x1b[31mlog")]


class Host(App[None]):
    """Has the actions, and notes which were run."""

    COMMANDS = {ActionsProvider}  # noqa: RUF012 -- as Textual declares it
    keys = REMAPPED

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("action_") and name.removeprefix("action_") in REMAPPED:
            return lambda argument: self.done.append(name.removeprefix("action_") + argument)
        raise AttributeError(name)

    def page(self) -> str:
        """All that the screen shows, also what is not scrolled to."""
        lines = []
        for part in self.screen.query(Static):
            lines += ["".join(segment.text for segment in part.render_line(y)) for y in range(part.size.height)]
        return "\n".join(line.rstrip() for line in lines)


def test_the_groups_are_together() -> None:
    groups = [group for group, _ in groupby(ACTIONS, lambda action: action.group)]
    assert len(groups) == len(set(groups))


@pytest.mark.parametrize("columns", [100, 80, 40, 24])
def test_every_action_is_there_with_its_keys_and_command(columns: int) -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        app.push_screen(HelpScreen(REMAPPED, PLACES))
        await pilot.pause()
        await pilot.pause()
        page = app.page()
        joined = "".join(page.split())  # wherever lines were broken
        for action in ACTIONS:
            assert action.group in page
            assert "".join(action.about.split()) in joined
            assert f"({action.command}{action.argument.replace(' ', '')})" in joined
        for what, about in (*PROMPT_KEYS, *MOUSE):
            assert what in page
            assert "".join(about.split()) in joined
        if columns >= 80:
            assert "Ctrl+X           Silence at once" in page
            assert "–                Show or hide the log" in page
        assert PLACES[0][1] in joined
        assert "/var/\\x1b[31mlog" in joined
        assert max(len(line) for line in page.splitlines()) <= columns - 4

    run(app, act, (columns, 24))


@pytest.mark.parametrize("key", ["escape", "q", "f1", "ctrl+g"])
def test_it_closes(key: str) -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        app.push_screen(HelpScreen(REMAPPED, PLACES))
        await pilot.press(key)
        assert not isinstance(app.screen, HelpScreen)

    run(app, act, (40, 24))


def test_keys_scroll_it() -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        app.push_screen(HelpScreen(REMAPPED, PLACES))
        await pilot.press("end")
        page = app.screen.query_one(VerticalScroll)
        assert page.scroll_target_y == page.max_scroll_y > 24

    run(app, act, (40, 24))


async def open_palette(app: Host, pilot: Pilot[Any], query: str) -> list[str]:
    """The commands that the palette offers for ``query``, with their keys."""
    app.push_screen(CommandPalette())
    await pilot.pause()
    await pilot.press(*query)
    await app.workers.wait_for_complete()
    await pilot.pause()
    commands = app.screen.query_one(CommandList)
    return [str(option.prompt).partition("\n")[0] for option in commands.options]


def test_the_palette_offers_the_actions_and_nothing_of_textuals_own() -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        offered = await open_palette(app, pilot, "")
        shown = [f"{action.label}  {key_labels(REMAPPED[action.name])}".rstrip() for action in ACTIONS]
        assert offered == [line for line in shown if line in offered]
        assert {"Stop  Ctrl+X", "Log", "Quit  Ctrl+Q"} <= set(offered)
        assert len(offered) > len(ACTIONS) - 6

    run(app, act)


@pytest.mark.parametrize(
    ("query", "first", "done"),
    [
        ("stp", "Stop  Ctrl+X", "stop"),
        ("slower", "Slower  Alt+J, F3", "slower"),
        ("exactly", "Pause  Ctrl+Space, F5", "pause"),
    ],
)
def test_the_palette_finds_an_action_by_its_name_or_by_what_it_does_and_runs_it(
    query: str, first: str, done: str
) -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        offered = await open_palette(app, pilot, query)
        assert offered[0] == first
        await pilot.press("enter")
        await pilot.pause()
        assert app.done == [done]

    run(app, act)
