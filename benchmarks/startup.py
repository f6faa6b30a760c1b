"""The command line from a cold process: first sound of ``say``, ``--help``, and the memory that ``say`` takes.

A process is cold, the disk is not: everything has been read before, so it comes from the page cache.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.measure import spread
from benchmarks.report import figure
from benchmarks.stage import Part, Stage
from tests.rig.sound import end

PROMPT = "Why is the sky blue?"

MEMORY_PROMPT = "Tell me a long story about a lighthouse and a storm."
MEMORY_TOKENS = 160
MEMORY_SECONDS = 20.0
"""Of running; the text is complete long before, and the buffers are full."""

SAMPLE_SECONDS = 0.05

STARTS, HELPS, MEMORY_RUNS = 9, 21, 3

LONGEST_START = 30.0

WARM = "page cache warm"


def run_startup(stage: Stage) -> Part:
    """Process start to first sound, and ``--help``."""
    stage.progress("process start to first sound; --help")
    starts, helps = (2, 3) if stage.quick else (STARTS, HELPS)
    with _foreign_folder(stage) as (environment, folder):
        _first_sound(stage, environment, folder)  # reads everything into the page cache
        heard = [_first_sound(stage, environment, folder) for _ in range(starts)]
        _help(environment, folder)
        helped = [_help(environment, folder) for _ in range(helps)]
    figures = [
        figure("process start to first sound", spread(heard), "median", "ms", 2500, 1000, WARM),
        figure("speakstream --help", spread(helped), "median", "ms", 300, 150, WARM),
    ]
    return Part(figures, {"first_sound": heard, "help": helped, "page_cache": "warm"})


def run_memory(stage: Stage) -> Part:
    """The largest PSS of ``say``, its children included.

    Another process that maps the same weights or libraries makes it look smaller: then RSS is nearer the truth.
    """
    stage.progress("memory of say")
    runs: list[dict[str, Any]] = []
    with _foreign_folder(stage) as (environment, folder):
        for _ in range(1 if stage.quick else MEMORY_RUNS):
            runs.append(_memory(environment, folder))
    peaks = spread(run["peak_pss"] / 1e6 for run in runs)
    resident = max(run["peak_rss"] / 1e6 for run in runs)
    note = f"RSS at most {resident:.0f}"
    return Part([figure("peak memory of say (PSS)", peaks, "most", "MB", 450, 350, note)], {"runs": runs})


def _command() -> list[str]:
    """The installed script, as a person starts it; else the module."""
    script = Path(sys.executable).with_name("speakstream")
    return [str(script)] if script.exists() else [sys.executable, "-m", "speakstream"]


@contextmanager
def _foreign_folder(stage: Stage) -> Iterator[tuple[dict[str, str], str]]:
    """An environment and a working folder without anybody's settings."""
    with tempfile.TemporaryDirectory(prefix="ssbench") as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SPEAKSTREAM_")}
        yield {**environment, **stage.sink.env, "XDG_CONFIG_HOME": folder}, folder


def _say(environment: dict[str, str], folder: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*_command(), "say", "--temperature", "0", *arguments],
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """Ctrl-C, then whatever it takes."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(5.0)
    except subprocess.TimeoutExpired:
        end(process)


def _first_sound(stage: Stage, environment: dict[str, str], folder: str) -> float | None:
    stage.hush()
    begun = time.monotonic()
    process = _say(environment, folder, PROMPT)
    try:
        onset = stage.onset(begun, LONGEST_START)
    finally:
        _interrupt(process)
    return None if onset is None else onset - begun


def _help(environment: dict[str, str], folder: str) -> float:
    begun = time.monotonic()
    subprocess.run([*_command(), "--help"], env=environment, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - begun


def _memory(environment: dict[str, str], folder: str) -> dict[str, Any]:
    process = _say(environment, folder, "--max-new-tokens", str(MEMORY_TOKENS), MEMORY_PROMPT)
    begun = time.monotonic()
    samples: list[tuple[float, int, int]] = []
    try:
        while process.poll() is None and time.monotonic() - begun < MEMORY_SECONDS:
            took = [_rollup(member) for member in _family(process.pid)]
            samples.append(
                (
                    round(time.monotonic() - begun, 3),
                    sum(pss for pss, _ in took),
                    sum(rss for _, rss in took),
                )
            )
            time.sleep(SAMPLE_SECONDS)
    finally:
        if process.poll() is None:
            _interrupt(process)
    return {
        "peak_pss": max(pss for _, pss, _ in samples),
        "peak_rss": max(rss for _, _, rss in samples),
        "samples": samples,
        "status": process.returncode,
    }


def _family(process: int) -> list[int]:
    """A process and all its descendants."""
    members = [process]
    for member in members:
        for thread in Path(f"/proc/{member}/task").glob("*/children"):
            try:
                members += [int(child) for child in thread.read_text().split()]
            except OSError:
                continue  # it has just ended
    return members


def _rollup(process: int) -> tuple[int, int]:
    """(PSS, RSS) in bytes; zeros for a process that has just ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0, 0
    sizes = {line.split()[0]: int(line.split()[1]) * 1024 for line in lines[1:]}
    return sizes.get("Pss:", 0), sizes.get("Rss:", 0)
