"""What a person can choose among, as rows of a Picker. Some of it takes a while: not for the interface's thread."""

import json
import subprocess
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from speakstream.chat_options import ChatOptions
from speakstream.errors import AudioError, folded
from speakstream.tui.pickers import Row

if TYPE_CHECKING:
    from textual.app import App

FOLLOWS: Mapping[Literal["word", "newest", "off"], str] = MappingProxyType(
    {"word": "the spoken word", "newest": "the newest text", "off": "nothing"}
)
"""What the screen may follow, and what that is called."""

LISTING_SECONDS = 20
"""The most that listing the devices may take: a sound server that hangs must not hang the chat."""


def voices(current: str) -> list[Row]:
    """The voices of every engine that is there."""
    from speakstream.tts import voices as known

    return [
        Row(
            info.name,
            info.name,
            f"{info.language}, {info.about}" + ("" if info.on_disk else f", {info.megabytes:.0f} MB to fetch"),
            info.name == current,
        )
        for info in known()
    ]


def devices(current: str) -> list[Row]:
    """The sound devices that are there at this moment. Raises AudioError.

    A process of its own lists them: PortAudio looks for devices only when it starts, and ours is playing.
    """
    listing = subprocess.run(
        [sys.executable, "-m", "speakstream", "devices", "--json"],
        capture_output=True,
        timeout=LISTING_SECONDS,
        check=False,
    )
    if listing.returncode:
        raise AudioError(folded(listing.stderr.decode("utf-8", "replace").removeprefix("speakstream: ")))
    return [
        Row(device["name"], device["name"], f"{device['api']}, {device['sample_rate']} Hz", device["name"] == current)
        for device in json.loads(listing.stdout)
    ]


def personas(current: str) -> list[Row]:
    """None, and those there are."""
    from speakstream.personas import personas as known

    return [
        Row("none", "none", "as the settings have it", not current),
        *(Row(one.name, one.name, one.about or one.system_prompt, one.name == current) for one in known()),
    ]


def themes(app: "App[int]") -> list[Row]:
    """Those that are offered."""
    from speakstream.tui.themes import OFFERED

    return [Row(name, name, about, name == app.theme) for name, about in OFFERED.items()]


def places(options: ChatOptions) -> list[tuple[str, str]]:
    """Where the files are, for the help."""
    from speakstream.history import history_path
    from speakstream.keymap import keymap_path
    from speakstream.settings import user_config_folder

    return [
        ("Settings, personas, lexicon", str(user_config_folder())),
        ("Keys", str(keymap_path())),
        ("Conversations", str(history_path()) if options.settings.save_chat_history else "not kept"),
        ("Log", str(options.log_path) if options.log_path else "none"),
    ]
