"""Copying: with the desktop's own tool where there is one, else through the terminal, once the person has agreed.

A terminal sets the clipboard of the machine at which a person sits when it is sent OSC 52. It is the only way over SSH,
but the text then passes through everything in between, and any program could do the same: so it is asked for, once.
"""

import os
import shutil
import subprocess
import sys
from asyncio import to_thread
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from textual.app import App

from speakstream.errors import folded, one_line
from speakstream.tui.pickers import Picker, Row
from speakstream.tui.remembered import remember, remembered, state_path

OSC_52_BYTES = 74_994
"""Of text, before base64 makes four bytes of three: Chromium's osc52.sh for hterm sends no sequence over 100,000 bytes,
and other terminals drop longer ones without a word."""

TOOL_SECONDS = 5.0
"""A tool that takes longer hangs: the desktop it talks to is gone."""

_QUESTION = (
    "{why} SpeakStream can send the text to your terminal instead, with the control sequence OSC 52: the terminal puts"
    " it on the clipboard of the machine at which you sit, if it allows that. The terminal, and what lies between (SSH,"
    " tmux), will see the text. The answer is kept in {path}."
)


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that puts its standard input on the clipboard."""

    command: tuple[str, ...]
    encoding: str = "utf-8"


def clipboard_tool(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Tool | None:
    """The one to use here; None over SSH, where it would fill the clipboard of the wrong machine."""
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return None
    for tool in _candidates(environ, platform):
        if shutil.which(tool.command[0], path=environ.get("PATH")):
            return tool
    return None


def _candidates(environ: Mapping[str, str], platform: str) -> list[Tool]:
    if platform == "darwin":
        return [Tool(("pbcopy",))]
    tools = []
    if platform == "win32" or environ.get("WSL_DISTRO_NAME"):
        tools.append(Tool(("clip.exe",), "utf-16-le"))  # it takes UTF-8 for the old code page
    if environ.get("WAYLAND_DISPLAY"):
        tools.append(Tool(("wl-copy",)))
    if environ.get("DISPLAY"):
        tools += [Tool(("xclip", "-selection", "clipboard")), Tool(("xsel", "--clipboard", "--input"))]
    return tools


def run_tool(tool: Tool, text: str, environ: Mapping[str, str] = os.environ, seconds: float = TOOL_SECONDS) -> str:
    """Why it failed, on one line; "" when ``text`` is on the clipboard. Blocks for at most ``seconds``."""
    name = tool.command[0]
    with TemporaryFile() as said:  # no pipe: those of X11 and Wayland leave a child behind that would hold it open
        try:
            done = subprocess.run(
                (shutil.which(name, path=environ.get("PATH")) or name, *tool.command[1:]),
                input=text.encode(tool.encoding, "replace"),
                stdout=subprocess.DEVNULL,
                stderr=said,
                timeout=seconds,
                check=False,
                env=dict(environ),
                start_new_session=True,  # that child serves the clipboard when this terminal is long closed
            )
        except subprocess.TimeoutExpired:
            return f"{name} gave no answer in {seconds:g} seconds"
        except OSError as error:
            return f"{name} could not be started ({error.strerror})"
        said.seek(0)
        why = one_line(folded(said.read(1000).decode("utf-8", "replace").strip() or f"exit status {done.returncode}"))
    return f"{name} failed ({why})" if done.returncode else ""


def copy(app: App[Any], text: str, tell: Callable[[str], object]) -> None:
    """Copy ``text``, and ``tell`` in one line what came of it: now, or when the person has answered."""

    async def copying() -> None:
        tell(await copied(app, text, state_path()))

    app.run_worker(copying(), group="clipboard")


async def copied(app: App[Any], text: str, state: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Copy ``text``; what came of it, in one line. It may ask: for a worker of ``app`` only.

    ``state``: the file in which the answer is kept (`remembered.state_path`).
    """
    if not text:
        return "nothing to copy"
    text = text.encode("utf-8", "replace").decode()
    done = f"copied {len(text):,} character{'s' if len(text) > 1 else ''}"
    tool = clipboard_tool(environ)
    why = await to_thread(run_tool, tool, text, environ) if tool else _no_tool(environ)
    if not why:
        return done
    if (size := len(text.encode())) > OSC_52_BYTES:
        return f"not copied: {size:,} bytes, a terminal takes {OSC_52_BYTES:,} at most; {why}"
    held = await to_thread(_tmux_holds_it, environ)
    if held:
        return f"not copied: {why}; for tmux to pass it on to the terminal: tmux set -g set-clipboard on"
    answer = remembered(state).get("osc52")
    forgets = ""
    if answer is None:
        answer = await app.push_screen_wait(_question(why, state))
        if answer is None:
            return "not copied"
        try:
            remember(state, "osc52", answer)
        except OSError as error:
            forgets = f"; the answer can't be kept in {one_line(str(state))} ({error.strerror})"
    if answer != "yes":
        return f'not copied: {why}; osc52 = "{one_line(answer)}" in {one_line(str(state))}{forgets}'
    App.copy_to_clipboard(app, text)  # of the class: the app's own comes here
    return f"{done} through the terminal{forgets}"


def _no_tool(environ: Mapping[str, str]) -> str:
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return "over SSH, this machine's clipboard is not yours"
    if sys.platform == "darwin":
        return "pbcopy is missing"
    if environ.get("WAYLAND_DISPLAY"):
        return "no clipboard tool is installed, install wl-clipboard"
    if environ.get("DISPLAY"):
        return "no clipboard tool is installed, install xclip or xsel"
    return "there is no desktop here whose clipboard could be used"


def _question(why: str, state: Path) -> Picker:
    rows = (
        Row("yes", "Yes", "send it to the terminal, now and from now on"),
        Row("no", "No", "and do not ask again"),
    )
    about = _QUESTION.format(why=f"{why[:1].upper()}{why[1:]}.", path=one_line(str(state)))
    return Picker("Copy through the terminal?", rows, about=f"{about} Escape: not now.", filtered=False)


def _tmux_holds_it(environ: Mapping[str, str]) -> bool:
    """Whether this runs in a tmux that keeps OSC 52 from the terminal, as it does unless it is told otherwise."""
    if not environ.get("TMUX"):
        return False
    try:
        asked = subprocess.run(
            ("tmux", "show-options", "-sv", "set-clipboard"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TOOL_SECONDS,
            check=False,
            env=dict(environ),
        )
    except (OSError, subprocess.TimeoutExpired):
        return False  # it cannot be known: try
    return asked.returncode == 0 and asked.stdout.strip() != b"on"
