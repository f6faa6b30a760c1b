"""What a person can choose among, as rows of a Picker. Some of it takes a while: not for the interface's thread."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from speakstream.chat_options import ChatOptions
from speakstream.tui.pickers import Row

if TYPE_CHECKING:
    from textual.app import App

FOLLOWS: Mapping[Literal["word", "newest", "off"], str] = MappingProxyType(
    {"word": "the spoken word", "newest": "the newest text", "off": "nothing"}
)
"""What the screen may follow, and what that is called."""


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
    """The sound devices that are there at this moment. Raises AudioError."""
    from speakstream.listings import devices_anew

    return [
        Row(device.name, device.name, f"{device.api}, {device.sample_rate} Hz", device.name == current)
        for device in devices_anew()
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
