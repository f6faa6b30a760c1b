"""Copying, with real programs on the PATH in the place of the desktop's tools."""

import base64
import os
import signal
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot

from speakstream.tui.clipboard import OSC_52_BYTES, Tool, clipboard_tool, copied, copy, run_tool
from speakstream.tui.pickers import Picker
from speakstream.tui.remembered import remember, remembered, state_path
from tests.tui.pilot import run

TEXT = "A “reply”\nwith two lines, 日本 and 🎧"
KEEPS = '#!/bin/sh\necho "$0 $*" >"$(dirname "$0")/called"\nexec cat >"$(dirname "$0")/copied"\n'
FAILS = '#!/bin/sh\ncat >/dev/null\necho "Error: Can\'t open display: :7" >&2\nexit 1\n'

Environ = dict[str, str]


@pytest.fixture
def tools(tmp_path: Path) -> Callable[..., Environ]:
    """Makes programs of these names, and an environment whose PATH has them and the usual ones."""

    def make(*names: str, script: str = KEEPS, **environ: str) -> Environ:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        for name in names:
            (folder / name).write_text(script)
            (folder / name).chmod(0o755)
        return {"PATH": f"{folder}:/usr/bin:/bin"} | environ

    return make


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written to the terminal with OSC 52."""
    written: list[str] = []
    monkeypatch.setattr(
        HeadlessDriver, "write", lambda driver, data: written.append(data) if "\x1b]52" in data else None
    )
    return written


def osc52(text: str) -> str:
    return f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\a"


def copying(environ: Mapping[str, str], state: Path, *keys: str, text: str = TEXT) -> tuple[str, bool]:
    """What copying says, when a question is answered with ``keys``; and whether there was one."""
    said: list[str] = []
    asked: list[bool] = []

    async def act(pilot: Pilot[Any]) -> None:
        app = pilot.app

        async def work() -> None:
            said.append(await copied(app, text, state, environ))

        worker = app.run_worker(work())
        while not worker.is_finished and not isinstance(app.screen, Picker):
            await pilot.pause()
        asked.append(isinstance(app.screen, Picker))
        await pilot.press(*keys)
        await worker.wait()

    run(App(), act)
    return said[0], asked[0]


LOCAL = [
    ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "linux", ["wl-copy", "xclip"], "wl-copy"),
    ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "linux", ["xclip"], "xclip -selection clipboard"),
    ({"DISPLAY": ":0"}, "linux", ["wl-copy", "xclip", "xsel"], "xclip -selection clipboard"),
    ({"DISPLAY": ":0"}, "linux", ["wl-copy", "xsel"], "xsel --clipboard --input"),
    ({"WSL_DISTRO_NAME": "Debian", "DISPLAY": ":0"}, "linux", ["xclip", "clip.exe"], "clip.exe"),
    ({}, "win32", ["clip.exe"], "clip.exe"),
    ({"DISPLAY": ":0"}, "darwin", ["pbcopy", "xclip"], "pbcopy"),
]


@pytest.mark.parametrize(("environ", "platform", "there", "called"), LOCAL)
def test_the_desktops_own_tool_gets_the_text(
    tools: Callable[..., Environ], environ: Environ, platform: str, there: list[str], called: str, tmp_path: Path
) -> None:
    environ = tools(*there, **environ)
    tool = clipboard_tool(environ, platform)
    assert tool is not None
    assert run_tool(tool, TEXT, environ) == ""
    assert (tmp_path / "bin/called").read_text().strip() == f"{tmp_path}/bin/{called}"
    assert (tmp_path / "bin/copied").read_bytes().decode(tool.encoding) == TEXT
    assert tool.encoding == ("utf-16-le" if called == "clip.exe" else "utf-8")


@pytest.mark.parametrize(
    ("environ", "there"),
    [
        ({"DISPLAY": ":0", "SSH_CONNECTION": "10.0.0.1 2 10.0.0.2 22"}, ["xclip"]),
        ({"DISPLAY": ":0", "SSH_TTY": "/dev/pts/1"}, ["xclip"]),
        ({}, ["xclip", "wl-copy", "clip.exe"]),
        ({"DISPLAY": ":0"}, ["wl-copy"]),
    ],
)
def test_a_tool_that_would_fill_no_clipboard_or_the_wrong_one_is_not_used(
    tools: Callable[..., Environ], environ: Environ, there: list[str]
) -> None:
    assert clipboard_tool(tools(*there, **environ), "linux") is None


def test_a_child_that_stays_behind_to_serve_the_clipboard_is_not_waited_for(
    tools: Callable[..., Environ], tmp_path: Path
) -> None:
    script = f"#!/bin/sh\ncat >{tmp_path}/copied\nsleep 600 &\necho $! >{tmp_path}/child\n"
    environ = tools("xclip", script=script)
    assert run_tool(Tool(("xclip",)), TEXT, environ) == ""
    assert (tmp_path / "copied").read_text() == TEXT
    os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (FAILS, "xclip failed (Error: Can't open display: :7)"),
        ("#!/bin/sh\nexit 3\n", "xclip failed (exit status 3)"),
        ("#!/bin/sh\nprintf 'bad\\033[31m\\nthing' >&2; exit 1\n", "xclip failed (bad\\x1b[31m thing)"),
        ("#!/bin/sh\nexec sleep 600\n", "xclip gave no answer in 0.5 seconds"),
        ("#!/nowhere/sh\n", "xclip could not be started (No such file or directory)"),
    ],
)
def test_a_tool_that_fails_is_one_line(tools: Callable[..., Environ], script: str, why: str) -> None:
    long = TEXT * 10_000  # more than a pipe holds
    assert run_tool(Tool(("xclip",)), long, tools("xclip", script=script), seconds=0.5) == why


def test_with_a_tool_nothing_is_asked_and_nothing_is_sent_to_the_terminal(
    tools: Callable[..., Environ], sent: list[str], tmp_path: Path
) -> None:
    tool, display = ("pbcopy", {}) if sys.platform == "darwin" else ("xclip", {"DISPLAY": ":0"})
    environ = tools(tool, **display)
    assert copying(environ, tmp_path / "state.toml") == (f"copied {len(TEXT)} characters", False)
    assert copying(environ, tmp_path / "state.toml", text="x" * 12_345) == ("copied 12,345 characters", False)
    assert copying(environ, tmp_path / "state.toml", text="") == ("nothing to copy", False)
    assert sent == []
    assert not (tmp_path / "state.toml").exists()


SSH = {"SSH_CONNECTION": "10.0.0.1 2 10.0.0.2 22"}


def test_over_ssh_the_terminal_is_used_after_one_question(
    tools: Callable[..., Environ], sent: list[str], tmp_path: Path
) -> None:
    state = tmp_path / "config" / "state.toml"
    said = f"copied {len(TEXT)} characters through the terminal"
    assert copying(tools("xclip", **SSH), state, "enter") == (said, True)
    assert sent == [osc52(TEXT)]
    assert copying(tools("xclip", **SSH), state) == (said, False)
    assert sent == [osc52(TEXT)] * 2
    assert state.read_text() == 'osc52 = "yes"\n'
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.parent.stat().st_mode) == 0o700


def test_a_refusal_is_kept_and_told(tools: Callable[..., Environ], sent: list[str], tmp_path: Path) -> None:
    state = tmp_path / "state.toml"
    said = f'not copied: over SSH, this machine\'s clipboard is not yours; osc52 = "no" in {state}'
    assert copying(tools(**SSH), state, "down", "enter") == (said, True)
    assert copying(tools(**SSH), state) == (said, False)
    assert sent == []


def test_not_now_is_asked_again(tools: Callable[..., Environ], sent: list[str], tmp_path: Path) -> None:
    for _ in range(2):
        assert copying(tools(**SSH), tmp_path / "state.toml", "escape") == ("not copied", True)
    assert sent == []


def test_a_tool_that_fails_leads_to_the_terminal(
    tools: Callable[..., Environ], sent: list[str], tmp_path: Path
) -> None:
    remember(tmp_path / "state.toml", "osc52", "yes")
    tool = "pbcopy" if sys.platform == "darwin" else "xclip"
    said, _ = copying(tools(tool, script=FAILS, DISPLAY=":7"), tmp_path / "state.toml")
    assert said.endswith("through the terminal")
    assert sent == [osc52(TEXT)]


@pytest.mark.parametrize(("more", "goes"), [(0, True), (1, False)])
def test_what_no_terminal_takes_is_not_sent(
    tools: Callable[..., Environ], sent: list[str], tmp_path: Path, more: int, goes: bool
) -> None:
    remember(tmp_path / "state.toml", "osc52", "yes")
    text = "ü" * (OSC_52_BYTES // 2) + "x" * more
    said, _ = copying(tools(**SSH), tmp_path / "state.toml", text=text)
    if goes:
        assert len(sent[0]) == 100_000  # the longest sequence that hterm is sent
    else:
        assert said == (
            "not copied: 74,995 bytes, a terminal takes 74,994 at most; over SSH, this machine's clipboard is not yours"
        )
        assert sent == []


@pytest.mark.parametrize(("setting", "goes"), [("on", True), ("external", False), ("off", False)])
def test_a_tmux_that_would_keep_it_back_is_told_of(
    tools: Callable[..., Environ], sent: list[str], tmp_path: Path, setting: str, goes: bool
) -> None:
    remember(tmp_path / "state.toml", "osc52", "yes")
    script = f'#!/bin/sh\n[ "$*" = "show-options -sv set-clipboard" ] && echo {setting}\n'
    said, _ = copying(tools("tmux", script=script, TMUX="/tmp/tmux-0/default,1,0", **SSH), tmp_path / "state.toml")
    assert bool(sent) is goes
    assert ("tmux set -g set-clipboard on" in said) is not goes


def test_an_answer_that_cannot_be_kept_is_told(tools: Callable[..., Environ], sent: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    state = tmp_path / "file" / "state.toml"
    said, _ = copying(tools(**SSH), state, "enter")
    assert f"the answer can't be kept in {state} (File exists)" in said
    assert sent == [osc52(TEXT)]


@pytest.mark.parametrize("answer", ["maybe\x1b", "true"])
def test_only_yes_is_a_yes(tools: Callable[..., Environ], sent: list[str], tmp_path: Path, answer: str) -> None:
    remember(tmp_path / "state.toml", "osc52", answer)
    said, asked = copying(tools(**SSH), tmp_path / "state.toml")
    assert said.isprintable() and not asked
    assert sent == []


@pytest.mark.parametrize("size", [(80, 24), (40, 24)])
def test_the_question_says_what_will_happen_and_fits_the_screen(
    tools: Callable[..., Environ], tmp_path: Path, size: tuple[int, int]
) -> None:
    async def act(pilot: Pilot[Any]) -> None:
        app = pilot.app

        async def work() -> None:
            await copied(app, TEXT, tmp_path / "state.toml", tools(**SSH))

        worker = app.run_worker(work())
        while not isinstance(app.screen, Picker):
            await pilot.pause()
        await pilot.pause()
        screen = app.export_screenshot(simplify=True).replace("&#160;", " ")
        for word in ("Copy", "OSC", "SSH", "see", "Yes", "No", "Escape"):
            assert word in screen
        await pilot.press("escape")
        await worker.wait()

    run(App(), act, size)


def test_the_app_is_told_when_it_is_done(
    tools: Callable[..., Environ], sent: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("TMUX", "WSL_DISTRO_NAME", "WAYLAND_DISPLAY", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in tools(**SSH, HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path)).items():
        monkeypatch.setenv(name, value)
    told: list[str] = []

    async def act(pilot: Pilot[Any]) -> None:
        copy(pilot.app, TEXT, told.append)
        while not isinstance(pilot.app.screen, Picker):
            await pilot.pause()
        assert told == []
        await pilot.press("enter")
        await pilot.app.workers.wait_for_complete()

    run(App(), act)
    assert told == [f"copied {len(TEXT)} characters through the terminal"]
    assert remembered(state_path()) == {"osc52": "yes"}
    assert tmp_path in state_path().parents
