"""A plain shell pipeline beside ``say``: the same model, voice and sampling, both from a cold process, in turn.

    python pipeline_reply.py MODEL PROMPT | hibari --play

The model's whole answer goes to the voice's own command line, which synthesizes all of it and gives the file to
``paplay``. It is what can be had without a program like this one, and what streaming is measured against.
"""

import importlib.util
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event
from typing import Any

from benchmarks.measure import spread
from benchmarks.report import Figure, Part, figure
from benchmarks.stage import Stage
from benchmarks.startup import LONGEST_START, first_sound, foreign_folder
from speakstream.models import ModelStore, cache_folder
from speakstream.settings import Settings

PROMPTS = (
    "Why is the sky blue?",
    "What is the capital of France?",
    "How do bees make honey?",
    "List three benefits of walking every day.",
    "What is the difference between weather and climate?",
)

ROUNDS = 2

REPLY = Path(__file__).with_name("pipeline_reply.py")

NAME = "shell pipeline, process start to first sound"


def run(stage: Stage) -> Part:
    """See the module."""
    prompts, rounds = (PROMPTS[:2], 1) if stage.quick else (PROMPTS, ROUNDS)
    if lacking := _lacking():
        return Part([Figure(NAME, None, "ms", 0, absent="not installed", detail=lacking)], {"lacking": lacking})
    settings = Settings()
    model = ModelStore(settings.model_cache or cache_folder()).resolve(settings.llm_model_name, Event())
    turns: list[dict[str, Any]] = []
    with foreign_folder(stage) as (environment, folder):
        _pipeline(stage, environment, folder, model, prompts[0])  # reads everything into the page cache
        first_sound(stage, environment, folder, prompts[0])
        for number in range(rounds):
            for prompt in prompts:
                stage.progress(f"pipeline, round {number + 1} of {rounds}: {prompt}")
                turns.append(
                    {
                        "prompt": prompt,
                        "pipeline": _pipeline(stage, environment, folder, model, prompt),
                        "say": first_sound(stage, environment, folder, prompt),
                    }
                )
    figures = [
        figure(NAME, spread(turn["pipeline"] for turn in turns)),
        figure("... say, the same prompts", spread(turn["say"] for turn in turns)),
    ]
    return Part(figures, {"turns": turns})


def _lacking() -> str:
    """What the pipeline needs and is not there, in words."""
    if importlib.util.find_spec("hibari.cli") is None:
        return "hibari's command line: pip install hibari-tts"
    if shutil.which("paplay") is None:
        return "paplay: apt-get install pulseaudio-utils"
    return ""


def _pipeline(stage: Stage, environment: dict[str, str], folder: str, model: Path, prompt: str) -> float | None:
    """Seconds from the shell's start to the first sound; None: it was silent."""
    reply = shlex.join([sys.executable, "-P", str(REPLY), str(model), prompt, str(Settings().max_new_tokens)])
    voice = shlex.join([sys.executable, "-m", "hibari.cli", "--play"])
    stage.hush()
    begun = time.monotonic()
    shell = subprocess.Popen(
        ["sh", "-c", f"{reply} | {voice}"],
        env={**environment, "TMPDIR": folder},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # so that all of it can be ended
    )
    try:
        onset = stage.onset(begun, LONGEST_START)
    finally:
        os.killpg(shell.pid, signal.SIGTERM)
        shell.wait()
    return None if onset is None else onset - begun
