"""The command line from a cold process: first sound of ``say``, and ``--help``.

A process is cold, the disk is not: everything has been read before, so it comes from the page cache.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import spread
from benchmarks.report import Part, figure
from benchmarks.stage import Stage
from tests.rig.sound import end

PROMPT = "Why is the sky blue?"

STARTS, HELPS = 9, 21

LONGEST_START = 30.0

WARM = "page cache warm"


def run(stage: Stage) -> Part:
    """Process start to first sound, and ``--help``."""
    stage.progress("process start to first sound; --help")
    starts, helps = (2, 3) if stage.quick else (STARTS, HELPS)
    with foreign_folder(stage) as (environment, folder):
        first_sound(stage, environment, folder)  # reads everything into the page cache
        heard = [first_sound(stage, environment, folder) for _ in range(starts)]
        _help(environment, folder)
        helped = [_help(environment, folder) for _ in range(helps)]
    figures = [
        figure("process start to first sound", spread(heard), "median", "ms", 2500, 1000, WARM),
        figure("speakstream --help", spread(helped), "median", "ms", 300, 150, WARM),
    ]
    return Part(figures, {"first_sound": heard, "help": helped, "page_cache": "warm"})


def _command() -> list[str]:
    """The installed script, as a person starts it; else the module."""
    script = Path(sys.executable).with_name("speakstream")
    return [str(script)] if script.exists() else [sys.executable, "-m", "speakstream"]


@contextmanager
def foreign_folder(stage: Stage) -> Iterator[tuple[dict[str, str], str]]:
    """An environment and a working folder without anybody's settings."""
    with tempfile.TemporaryDirectory(prefix="ssbench") as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SPEAKSTREAM_")}
        yield {**environment, **stage.sink.env, "XDG_CONFIG_HOME": folder}, folder


def say(environment: dict[str, str], folder: str, *arguments: str) -> subprocess.Popen[bytes]:
    """``speakstream say``, started as a person starts it, greedy."""
    return subprocess.Popen(
        [*_command(), "say", "--temperature", "0", *arguments],
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def first_sound(stage: Stage, environment: dict[str, str], folder: str, prompt: str = PROMPT) -> float | None:
    """Seconds from the start of a cold ``say`` to its first sound; None: it was silent."""
    stage.hush()
    begun = time.monotonic()
    process = say(environment, folder, prompt)
    try:
        onset = stage.onset(begun, LONGEST_START)
    finally:
        end(process)
    return None if onset is None else onset - begun


def _help(environment: dict[str, str], folder: str) -> float:
    begun = time.monotonic()
    subprocess.run([*_command(), "--help"], env=environment, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - begun
