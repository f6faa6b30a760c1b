"""``python -m benchmarks``: measures every part, or some of them; the tables, the stored results and the page."""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.choices import SOAK_SECONDS, Choices
from benchmarks.measure import machine
from benchmarks.one import INTERRUPTED, PARTS
from benchmarks.page import PAGE, heading, write_page
from benchmarks.peer_env import HOW, installed
from benchmarks.report import Figure, table
from benchmarks.results import Result, store

ROOT = Path(__file__).parent.parent

PAGE_ONLY = "page"

LONGEST_PART = 900.0
"""Seconds after which a part has failed; the soak has four times its length more."""

ENDING_SECONDS = 15.0

MISSED = 1

QUICK = "A QUICK RUN: too little to judge by.\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, keep the values; 1 if a figure was missed or a part failed, 130 if interrupted."""
    chosen = _arguments(arguments)
    if chosen.parts == [PAGE_ONLY]:
        write_page()
        return 0
    choices = Choices(quick=chosen.quick, peer=chosen.peer, soak_seconds=chosen.soak)
    about = machine()
    results: list[Result] = []
    interrupted = False
    try:
        for name in [name for name in PARTS if name in chosen.parts]:
            results.append(run_part(name, choices, about, chosen.debug))
            _keep(results[-1], chosen)
            _save(results, chosen)
    except KeyboardInterrupt:
        interrupted = True
    figures = [Figure.from_json(figure) for result in results for figure in result.get("figures", ())]
    failures = {result["part"]: result["failure"] for result in results if "failure" in result}
    print(f"{heading(about)}\n{QUICK if chosen.quick else ''}\n{table(figures)}")
    for name, failure in failures.items():
        print(f"\n{name} was not measured: {failure}")
    if any(figure.absent == "not installed" for figure in figures):
        print(f"\nPeers that are not installed were not measured. To get them: {HOW}")
    if interrupted:
        print("\nInterrupted: the rest was not measured.")
    if chosen.write and results:
        write_page()
        print(f"\nWritten: {PAGE.relative_to(ROOT)}")
    if interrupted:
        return INTERRUPTED
    return MISSED if failures or any(figure.verdict == "MISSED" for figure in figures) else 0


def run_part(name: str, choices: Choices, about: dict[str, Any], debug: bool = False) -> Result:
    """Measure one part in a process of its own; its result, or the failure in its place."""
    choices.progress(f"part: {name}")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ssbench") as folder:
        into = Path(folder) / "result.json"
        command = [
            sys.executable,
            "-m",
            "benchmarks.one",
            name,
            "--into",
            str(into),
            "--soak",
            str(choices.soak_seconds),
        ]
        command += ["--quick"] if choices.quick else []
        command += ["--peer", str(choices.peer)] if choices.peer is not None else []
        command += ["--debug"] if debug else []
        limit = LONGEST_PART + 4 * choices.soak_seconds
        ended = _wait(subprocess.Popen(command, cwd=ROOT, start_new_session=True), limit)
        took = round(time.monotonic() - begun, 1)
        found: dict[str, Any] = json.loads(into.read_text()) if into.exists() else {"failure": ended}
    if "failure" in found:
        choices.progress(f"{name} FAILED: {found['failure']}")
    return {"part": name, "quick": choices.quick, "machine": about, "took_seconds": took, **found}


def _wait(process: subprocess.Popen[bytes], limit: float) -> str:
    """Wait for the end of a part; how it ended, in words. Nothing that it started is left in its group."""
    try:
        status = process.wait(limit)
    except subprocess.TimeoutExpired:
        _end(process)
        return f"it took longer than {limit:g} s"
    except BaseException:
        _end(process)
        raise
    finally:
        with suppress(ProcessLookupError):  # as it should be
            os.killpg(process.pid, signal.SIGKILL)
    return f"it ended with {status}; --debug tells more"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let the part close what it has opened."""
    process.terminate()
    try:
        process.wait(ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _keep(result: Result, chosen: argparse.Namespace) -> None:
    if chosen.write and "failure" not in result:
        store(result)


def _save(results: list[Result], chosen: argparse.Namespace) -> None:
    """All so far: what was measured is kept, whatever comes after it."""
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(results, indent=1) + "\n")


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure SpeakStream on the real model, voice and sound, beside its peers.",
        epilog="\n".join(f"  {name:10} {about.text}" for name, about in PARTS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help="all (the default), page (from what is stored), or of:"
    )
    parser.add_argument("--quick", action="store_true", help="a little of each: does it run?")
    parser.add_argument("--peer", type=_interpreter, metavar="PYTHON", help="of the environment that has the peers")
    parser.add_argument("--soak", type=_seconds, default=SOAK_SECONDS, metavar="SECONDS", help="of talk (%(default)g)")
    parser.add_argument("--json", type=_file, metavar="FILE", help="write every raw value")
    parser.add_argument("--write", action="store_true", help="store the results and put them into the page")
    parser.add_argument("--debug", action="store_true", help="the traceback of a part that fails")
    chosen = parser.parse_args(arguments)
    named = chosen.parts or ["all"]
    for name in named:
        if name not in (*PARTS, "all", PAGE_ONLY):
            parser.error(f"{name!r} is no part; there are: all, {PAGE_ONLY}, {', '.join(PARTS)}")
    if PAGE_ONLY in named and named != [PAGE_ONLY]:
        parser.error(f"{PAGE_ONLY!r} measures nothing: give it alone, or --write with the other parts")
    chosen.parts = list(PARTS) if "all" in named else named
    return chosen


def _interpreter(text: str) -> Path:
    path = Path(text).absolute()  # and not resolved: a virtual environment is known by the link
    try:
        installed(path, ("pip",))
    except (OSError, subprocess.SubprocessError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} runs no Python; {HOW}") from error
    return path


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is not from 1 to 86400 seconds")
    return seconds


def _file(text: str) -> Path:
    path = Path(text)
    if not path.absolute().parent.is_dir() or path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} can't be written: name a file in a folder that is there")
    return path
