"""What the commands share: options, the settings of a run, what is said on standard error, and exit statuses."""

import contextlib
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from speakstream.arguments import NAMES
from speakstream.errors import one_line

if TYPE_CHECKING:
    from speakstream.settings import Settings

FAILED, WRONG_USAGE, INTERRUPTED, BROKEN_PIPE = 1, 2, 130, 141
"""Exit statuses."""

HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
"""How every group of commands asks for its help, and how wide that is."""


class State:
    """What the whole run shares: whether tracebacks and a log are shown."""

    def __init__(self, debug: bool) -> None:
        import logging

        self.debug = False
        logging.getLogger("speakstream").addHandler(logging.NullHandler())  # nothing on the screen, unless
        if debug:
            self.show_debug()

    def show_debug(self) -> None:
        """Show them from now on."""
        import logging

        if not self.debug:
            self.debug = True
            logging.basicConfig(level=logging.DEBUG, format="%(relativeCreated)7d %(threadName)s %(name)s: %(message)s")


def voice_names(incomplete: str) -> list[str]:
    """The voices that complete what a shell has so far."""
    from speakstream.tts import voices

    return [voice.name for voice in voices() if voice.name.startswith(incomplete)]


def model_names(incomplete: str) -> list[str]:
    """The models that complete what a shell has so far."""
    from speakstream.models import KNOWN_MODELS

    return [artifact.name for artifact in KNOWN_MODELS if artifact.name.startswith(incomplete)]


Number = str | None
"""A number stays a string here: Settings reads it, and its messages name what is allowed."""

VoiceName = Annotated[
    str | None, typer.Option(metavar="NAME", autocompletion=voice_names, help="One of: speakstream voices.")
]
DeviceName = Annotated[
    str | None, typer.Option(metavar="NAME", help="Index, or part of the name: speakstream devices.")
]
ModelName = Annotated[
    str | None,
    typer.Option(metavar="NAME", autocompletion=model_names, help="One of: speakstream models; or a .gguf file."),
]


def fail(message: str, status: int) -> NoReturn:
    """End the program with one line on standard error."""
    tell([message])
    discard_output()
    sys.exit(status)


def wrong_usage(message: str, command: str | None = "say") -> NoReturn:
    """End the program with what is wrong, and where the right usage stands."""
    fail(f"{message}; see: speakstream {command} --help", WRONG_USAGE)


def read_settings(context: typer.Context, flags: dict[str, Any] | None = None, quiet: bool = False) -> "Settings":
    """The settings of this run. A flag that is not allowed is a wrong usage, and named as it was typed."""
    from speakstream.settings import SETTINGS, Settings

    flags = {**(flags or {}), "debug": True if context.obj.debug else None}
    for name, value in flags.items():
        kind = SETTINGS[name.upper()].kind
        try:
            if value is not None:
                kind.read(value)
        except ValueError:
            wrong_usage(f"{NAMES[name]} {value!r} is not allowed: use {kind.allowed}", context.info_name)
    loaded = Settings.load(flags)
    if loaded.settings.debug:
        context.obj.show_debug()
    if not quiet:
        tell(loaded.warnings)
    return loaded.settings


def tell(lines: Iterable[str]) -> None:
    """Each on a line of standard error, broken at words where that is a terminal."""
    import shutil
    import textwrap

    for line in lines:
        shown = f"speakstream: {one_line(line)}"
        if sys.stderr.isatty():
            shown = textwrap.fill(shown, shutil.get_terminal_size().columns - 1, break_on_hyphens=False)
        print(shown, file=sys.stderr)


def as_unicode(argument: str) -> str:
    """An argument as text: bytes that are no UTF-8 become U+FFFD."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def discard_output() -> None:
    """What Python could not flush at exit has nowhere to go."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
