"""What ``speakstream devices``, ``voices`` and ``models`` print: tables for people, one thing a row.

Rows go to standard output, what explains them to standard error, so that the rows can be piped on.
"""

import shutil
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from speakstream.cells import cells
from speakstream.errors import AudioError, folded, one_line
from speakstream.settings import Settings

if TYPE_CHECKING:
    from speakstream.audio.device import DeviceInfo

CHOSEN, OTHER = "*", " "

LISTING_SECONDS = 20
"""The most that another process may take to list the devices: a sound server that hangs must not hang us."""


def list_devices(settings: Settings, as_json: bool = False) -> None:
    """The sound devices that can play. Raises AudioError when there is none."""
    import dataclasses
    import json

    from speakstream.audio.device import devices, find_device

    found = devices()
    if not found:
        raise AudioError("this machine has no sound device (over SSH or in a container there is none)")
    if as_json:
        print(json.dumps([dataclasses.asdict(device) for device in found]))
        return
    chosen = find_device(settings.audio_device or "").index
    rows = [
        (
            CHOSEN if device.index == chosen else OTHER,
            f"{device.index:2}",
            one_line(device.name),
            device.api,
            f"{device.channels} ch",
            f"{device.sample_rate} Hz",
        )
        for device in found
    ]
    show(rows, "*  plays; another one: --device or AUDIO_DEVICE, with its index or part of its name")


def devices_anew() -> "list[DeviceInfo]":
    """The devices that are there at this moment, for a program whose own look was long ago. Raises AudioError.

    A process of its own lists them: PortAudio looks for devices only when it starts, and ours may be playing.
    """
    import json
    import subprocess

    from speakstream.audio.device import DeviceInfo

    command = [sys.executable, "-m", "speakstream", "devices", "--json"]
    try:
        listing = subprocess.run(command, capture_output=True, timeout=LISTING_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise AudioError(f"the sound server did not tell its devices within {LISTING_SECONDS} s") from None
    if listing.returncode:
        raise AudioError(folded(listing.stderr.decode("utf-8", "replace").removeprefix("speakstream: ")))
    return [DeviceInfo(**device) for device in json.loads(listing.stdout)]


def list_voices(settings: Settings) -> None:
    """The voices of the engines that are installed."""
    from speakstream.tts import voices

    rows = [
        (
            CHOSEN if voice.name == settings.tts_model_name else OTHER,
            voice.name,
            voice.language,
            voice.about,
            voice.licence,
            "on disk" if voice.on_disk else f"{voice.megabytes:.0f} MB to fetch",
        )
        for voice in voices()
    ]
    show(rows, "*  speaks; another one: --voice or TTS_MODEL_NAME")


def list_models(settings: Settings) -> None:
    """The language models that are known or on this disk."""
    from speakstream.models import ModelStore, cache_folder

    store = ModelStore(settings.model_cache or cache_folder())
    rows = [
        (
            CHOSEN if info.name == settings.llm_model_name else OTHER,
            one_line(info.name),
            f"{info.size / 1e6:.0f} MB",
            info.licence or "",
            "on disk" if info.on_disk else "to fetch",
        )
        for info in store.catalogue()
    ]
    show(
        rows,
        f"*  answers; another one: --model or LLM_MODEL_NAME, also owner/repo/file.gguf or a file; "
        f"kept in {_short(store.folder)}",
    )


def show(rows: Sequence[Sequence[str]], legend: str) -> None:
    """Columns as wide as their widest cell; on a terminal too narrow for that, each row on lines of its own."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    columns = shutil.get_terminal_size().columns
    if sys.stdout.isatty() and max(map(len, lines)) >= columns:
        lines = [broken(row, columns) for row in rows]
    print("\n".join(lines), flush=True)
    print("\n".join(textwrap.wrap(legend, columns - 1)) if sys.stderr.isatty() else legend, file=sys.stderr)


def broken(row: Sequence[str], columns: int) -> str:
    """The cells of a row, as many to a line as fit; further lines are indented."""
    lines = [row[0]]
    for cell in filter(None, row[1:]):
        if cells(lines[-1]) + cells(cell) + 2 < columns:
            lines[-1] += f"  {cell}"
        else:
            lines.append(f"     {cell}")
    return "\n".join(lines)


def _short(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
