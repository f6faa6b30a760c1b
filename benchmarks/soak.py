"""Minutes of talk with every core busy: not one gap that no pause explains.

Two witnesses: the speaker counts its underruns, and the recording is compared with what was written to it.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle
from typing import Any, cast

import numpy as np
import soxr

from benchmarks.measure import spread
from benchmarks.prompts import CHAT, PROMPTS
from benchmarks.report import Figure, Part, figure
from benchmarks.silence import LOUD, Samples, continuity
from benchmarks.stage import Product, Stage, ask, product
from speakstream.audio.chunk import AudioChunk, Sink
from tests.rig.sound import RATE, end

QUICK_SECONDS = 20.0

LONGEST_TURN = 300.0

LEAST_TURN = 5.0
"""The last turn speaks at least so many seconds."""


class Kept:
    """A Sink that plays, and keeps what was written."""

    def __init__(self, player: Sink) -> None:
        self._player = player
        self.chunks: list[AudioChunk] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._player, name)

    def write(self, chunk: AudioChunk, cancelled: threading.Event) -> None:
        """See Sink."""
        self.chunks.append(chunk)
        self._player.write(chunk, cancelled)

    def take(self) -> tuple[Samples, int]:
        """What was written since the last call, and its rate."""
        chunks, self.chunks = self.chunks, []
        if not chunks:
            return np.zeros(0, np.float32), RATE
        return np.concatenate([chunk.samples for chunk in chunks]), chunks[0].sample_rate


@contextmanager
def busy_cores() -> Iterator[int]:
    """As many busy loops as this process has cores, at the same priority; their number."""
    loops: list[subprocess.Popen[bytes]] = []
    try:
        for _ in os.sched_getaffinity(0):
            loops.append(subprocess.Popen([sys.executable, "-c", "while True: pass"], stderr=subprocess.DEVNULL))
        yield len(loops)
    finally:
        for loop in loops:
            end(loop)


def run(stage: Stage) -> Part:
    """See the module."""
    wanted = QUICK_SECONDS if stage.quick else stage.soak_seconds
    turns: list[dict[str, Any]] = []
    talked = 0.0
    with product(stage) as opened:
        kept = Kept(opened.speaker)
        spoken = Product(
            opened.settings,
            replace(opened.engine, sink=cast(Sink, kept)),
            opened.model,
            opened.speaker,
        )
        with busy_cores() as loops:
            for prompt in cycle((*CHAT, *PROMPTS)):
                if talked >= wanted:
                    break
                longest = min(LONGEST_TURN, max(LEAST_TURN, wanted - talked))
                turns.append(_turn(stage, spoken, kept, prompt, longest))
                talked += turns[-1]["talk_seconds"]
                stage.progress(
                    f"soak: {talked:.0f} of {wanted:.0f} s, "
                    f"{sum(turn['underruns'] for turn in turns)} underruns, "
                    f"{sum(len(turn['gaps']) for turn in turns)} gaps in the recording"
                )
    return Part(_figures(turns, talked, loops), {"turns": turns, "talk_seconds": talked, "busy_loops": loops})


def _turn(stage: Stage, opened: Product, kept: Kept, prompt: str, longest: float) -> dict[str, Any]:
    """One answer spoken to its end, or for ``longest`` seconds from its first sound on."""
    conversation = opened.conversation()
    kept.take()
    try:
        turn, first_audio = ask(stage, conversation, prompt)
        finished = turn.wait(longest)
        cut = time.monotonic()
    finally:
        conversation.stop()
    stage.recorder.wait_for_silence(1.0, after=time.monotonic())
    # Of a turn that is cut here, what the fade and the cut took away is not compared.
    recorded = stage.recorder.samples(0, None if finished else max(0, stage.recorder.index_at(cut)))
    sounding = np.flatnonzero(np.abs(recorded) > LOUD)
    written, rate = kept.take()
    found = continuity(soxr.resample(written, rate, RATE), recorded, RATE)  # gaps are whole samples only there
    return {
        "prompt": prompt,
        "first_audio": first_audio,
        "finished": finished,
        "underruns": turn.metrics.underruns,
        "probes": found.probes,
        "gaps": found.gaps,
        "damaged": found.damaged,
        "talk_seconds": float(sounding[-1] - sounding[0]) / RATE if len(sounding) else 0.0,
        "tokens_per_second": turn.metrics.tokens_per_second,
        "reply_characters": len(turn.reply.text),
    }


def _figures(turns: list[dict[str, Any]], talked: float, loops: int) -> list[Figure]:
    underruns = sum(turn["underruns"] for turn in turns)
    gaps = [length for turn in turns for _, length in turn["gaps"]]
    damaged = sum(len(turn["damaged"]) for turn in turns)
    probes = sum(turn["probes"] for turn in turns)
    first_audio = spread(turn["first_audio"] for turn in turns)
    found = f"{probes} places compared; the longest {max(gaps) * 1000:.0f} ms" if gaps else f"{probes} places"
    return [
        Figure(
            "underruns, counted by the speaker",
            underruns,
            "",
            len(turns),
            0,
            0,
            detail=f"{talked:.0f} s of talk, {loops} busy loops",
        ),
        Figure("... gaps in the recording that were not written", len(gaps), "", len(turns), 0, 0, detail=found),
        Figure("... places in the recording that are damaged", damaged, "", len(turns), 0, 0),
        figure("... time to first audio beside the busy loops, p50", first_audio),
    ]
