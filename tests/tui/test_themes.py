"""The colours: that all themes can be shown, read, and kept."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.color import Color
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from speakstream.errors import ThemeError
from speakstream.tui.help import HelpScreen
from speakstream.tui.log_panel import LogPanel
from speakstream.tui.pickers import Picker, Row
from speakstream.tui.remembered import remember, remembered, state_path
from speakstream.tui.sidebar import Sidebar
from speakstream.tui.themes import DEFAULT_THEME, OFFERED, ansi_color, choose_theme, register_themes
from tests.tui.pilot import run
from tests.tui.test_sidebar import THREE


class Host(App[None]):
    def compose(self) -> ComposeResult:
        yield Sidebar()
        yield TextArea("a prompt")
        yield LogPanel()

    def on_mount(self) -> None:
        register_themes(self)
        self.query_one(Sidebar).show(THREE, 2)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("speakstream.tui.themes.state_path", lambda: tmp_path / "state.toml")
    yield


def luminance(color: Color) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [part / 255 for part in (color.r, color.g, color.b)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(text: Color, ground: Color) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    lighter, darker = sorted((luminance(ground + text), luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def color_of(value: str, ground: Color) -> Color:
    if value.startswith("auto"):
        return ground.get_contrast_text(float(value.removeprefix("auto").strip(" %") or 100) / 100)
    return Color.parse(value)


@pytest.mark.parametrize(
    ("name", "least"), [("speakstream", 4.5), ("speakstream-light", 4.5), ("speakstream-contrast", 7.0)]
)
def test_text_can_be_read(name: str, least: float) -> None:
    app = App[None]()
    register_themes(app)
    colors = app.available_themes[name].to_color_system().generate()
    for text in ("foreground", "text", "text-muted", "text-disabled", "foreground-muted", "footer-key-foreground",
                 "primary", "accent", "warning", "error", "success", "text-error", "text-warning"):  # fmt: skip
        for ground in ("background", "surface", "panel"):
            under = Color.parse(colors[ground])
            assert contrast(color_of(colors[text], under), under) >= least, (text, ground)
    cursor = Color.parse(colors["block-cursor-background"])
    assert contrast(color_of(colors["block-cursor-foreground"], cursor), cursor) >= least


@pytest.mark.parametrize("name", OFFERED)
def test_every_theme_shows_every_screen(name: str) -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        choose_theme(app, name)
        await pilot.pause()
        app.push_screen(HelpScreen({}, []))
        await pilot.pause()
        app.push_screen(Picker("Voice", [Row("a", "a", current=True), Row("b", "b", disabled="no")]))
        await pilot.pause()
        assert app.theme == name
        assert "Voice" in app.export_screenshot()

    run(app, act)


def colors_sent(app: Host) -> set[str]:
    """The colours of all cells on the screen, as they go to the terminal."""
    found: set[str] = set()
    for line in app.screen._compositor.render_strips():
        for filter in app.get_line_filters():
            line = line.apply_filter(filter, app.screen.background_colors[1])
        for segment in line:
            if segment.style is not None:
                found |= {str(color.type.name) for color in (segment.style.color, segment.style.bgcolor) if color}
    return found


def test_the_terminals_theme_sends_none_but_the_terminals_own_colours() -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        choose_theme(app, "terminal")
        await pilot.pause()
        assert colors_sent(app) <= {"DEFAULT", "STANDARD"}
        for screen in (Picker("Voice", [Row("a", "a"), Row("b", "b", disabled="no")]), HelpScreen({}, [])):
            app.push_screen(screen)
            await pilot.pause()
            assert colors_sent(app) <= {"DEFAULT", "STANDARD"}
        choose_theme(app, "speakstream")
        await pilot.pause()
        assert "TRUECOLOR" in colors_sent(app)

    run(app, act)


@pytest.mark.parametrize("name", ["speakstream", "speakstream-light", "terminal"])
def test_with_no_color_no_colour_is_sent(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Host(ansi_color=ansi_color(os.environ))

    async def act(pilot: Pilot[Any]) -> None:
        choose_theme(app, name)
        await pilot.pause()
        assert colors_sent(app) == {"DEFAULT"}

    run(app, act)


def test_the_cursor_of_a_line_is_reversed_where_there_are_no_colours_of_our_own() -> None:
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        choose_theme(app, "terminal")
        app.query_one(Sidebar).focus_search()
        await pilot.pause()
        style = app.query_one(Input).get_component_rich_style("input--cursor")
        assert style.reverse
        assert style.color is not None and style.color.is_default
        assert style.bgcolor is not None and style.bgcolor.is_default

    run(app, act)


@pytest.mark.parametrize(
    ("kept", "shown"),
    [(None, DEFAULT_THEME), ("nord", "nord"), ("gone", DEFAULT_THEME), ("textual-dark", DEFAULT_THEME)],
)
def test_the_theme_that_was_kept_is_shown_again(tmp_path: Path, kept: str | None, shown: str) -> None:
    if kept:
        remember(tmp_path / "state.toml", "theme", kept)
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        choose_theme(app)
        assert app.theme == shown

    run(app, act)


def test_only_a_choice_that_is_to_be_kept_is_kept(tmp_path: Path) -> None:
    state = tmp_path / "state.toml"
    remember(state, "osc52", "no")
    app = Host()

    async def act(pilot: Pilot[Any]) -> None:
        choose_theme(app, "dracula")
        assert remembered(state) == {"osc52": "no"}
        choose_theme(app, "nord", keep=True)
        assert remembered(state) == {"osc52": "no", "theme": "nord"}
        with pytest.raises(ThemeError, match=r"^there is no theme nrod; did you mean nord\?$"):
            choose_theme(app, "nrod", keep=True)
        with pytest.raises(ThemeError, match=r"^there is no theme zzz; use one of speakstream, "):
            choose_theme(app, "zzz")
        assert app.theme == "nord"
        state.unlink()
        state.mkdir()
        with pytest.raises(ThemeError, match="the theme can't be kept"):
            choose_theme(app, "dracula", keep=True)
        assert app.theme == "dracula"

    run(app, act)


@pytest.mark.parametrize("content", [b"theme = ", b"\xff", b"theme = 5"])
def test_a_state_file_that_cannot_be_used_is_as_good_as_none(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state.toml").write_bytes(content)
    assert remembered(tmp_path / "state.toml") == {}
    assert bool(caplog.messages) is (content != b"theme = 5")


def test_what_is_kept_may_be_any_line(tmp_path: Path) -> None:
    text = 'a "quoted" \\ line = # ü 日本'
    remember(tmp_path / "new" / "state.toml", "theme", text)
    remember(tmp_path / "new" / "state.toml", "osc52", "yes")
    assert remembered(tmp_path / "new" / "state.toml") == {"theme": text, "osc52": "yes"}
    assert state_path().name == "state.toml"
