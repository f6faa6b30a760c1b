"""The memory that ``say`` takes, at its peak, and step by step what takes it."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import spread
from benchmarks.report import Figure, Part, figure
from benchmarks.stage import Stage
from benchmarks.startup import foreign_folder, say
from tests.rig.sound import end

PROMPT = "Tell me a long story about a lighthouse and a storm."
TOKENS = 160
SECONDS = 12.0
"""Of running; the text is complete long before, and the buffers are full."""

SAMPLE_SECONDS = 0.05

RUNS = 3

STEPS_SECONDS = 120.0

KINDS = ("weights", "files", "allocated")
"""Of what is mapped: the model's weights, libraries and other files, and what was allocated."""

ENDED = (0, 143)
"""The status of ``say``: by itself, or by the signal that asks it to."""


def run(stage: Stage) -> Part:
    """The largest PSS of ``say``, its children included; then the steps.

    Another process that maps the same weights or libraries makes it look smaller: then RSS is nearer the truth.
    """
    stage.progress("memory of say")
    runs: list[dict[str, Any]] = []
    with foreign_folder(stage) as (environment, folder):
        for _ in range(1 if stage.quick else RUNS):
            runs.append(_memory(environment, folder))
        stage.progress("memory, step by step")
        steps = _steps(environment)
    peaks = spread(run["peak_pss"] / 1e6 for run in runs)
    resident = max(run["peak_rss"] / 1e6 for run in runs)
    note = f"RSS at most {resident:.0f}"
    figures = [figure("peak memory of say (PSS)", peaks, "most", "MB", 450, 350, note)]
    before = 0
    for step in steps:
        total = step["weights"] + step["files"] + step["allocated"]
        detail = ", ".join(f"{kind} {step[kind] / 1e6:.0f}" for kind in KINDS)
        figures.append(Figure(f"... {step['step']}", (total - before) / 1e6, "MB more", 1, detail=f"so far: {detail}"))
        before = total
    return Part(figures, {"runs": runs, "steps": steps})


def _steps(environment: dict[str, str]) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory_steps"],
        env=environment,
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=STEPS_SECONDS,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def _memory(environment: dict[str, str], folder: str) -> dict[str, Any]:
    process = say(environment, folder, "--max-new-tokens", str(TOKENS), PROMPT)
    begun = time.monotonic()
    samples: list[tuple[int, int]] = []
    try:
        while process.poll() is None and time.monotonic() - begun < SECONDS:
            took = [rollup(member) for member in _family(process.pid)]
            samples.append((sum(pss for pss, _ in took), sum(rss for _, rss in took)))
            time.sleep(SAMPLE_SECONDS)
    finally:
        if process.poll() is None:
            end(process)
    if process.returncode not in ENDED:
        raise RuntimeError(f"say ended with {process.returncode}")
    return {
        "peak_pss": max(pss for pss, _ in samples),
        "peak_rss": max(rss for _, rss in samples),
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


def rollup(process: int) -> tuple[int, int]:
    """(PSS, RSS) in bytes; zeros for a process that has just ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0, 0
    sizes = {line.split()[0]: int(line.split()[1]) * 1024 for line in lines[1:]}
    return sizes.get("Pss:", 0), sizes.get("Rss:", 0)
