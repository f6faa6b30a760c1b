"""Each prompt in a conversation of its own: time to first audio, and, cancelled mid-word, time to silence.

With ``--peer``, RealtimeTTS answers the same prompts in between, block by block, with nothing of ours loaded.
"""

import time
from collections.abc import Sequence
from typing import Any

from benchmarks import peer
from benchmarks.measure import spread
from benchmarks.peer_env import installed, missing
from benchmarks.prompts import PROMPTS
from benchmarks.report import Figure, Part, figure
from benchmarks.stage import Product, Stage, ask, product
from speakstream.llm import Message
from speakstream.turn import Turn
from tests.rig.sound import THRESHOLD_DB

SPOKEN_SECONDS = (1.0, 2.0, 3.0, 4.0)
"""Turns are cancelled so long after their first sound, in rotation: while the model still writes, and after."""

JUST_BEFORE = 0.02
"""A cancel counts if sound was on in the recording within so many seconds before it."""

AFTER_CANCEL = 0.5
"""Seconds of silence after which a cancelled turn is taken to have fallen silent."""

BLOCKS = 2
"""Parts of the prompts, the peer's turns between them: ours, peer, ours, peer."""

SLOW_PROMPTS = 4
"""Prompts of a block that the peer answers with its silence kept, which is the slower by far."""


def run(stage: Stage) -> Part:
    """See the module."""
    prompts = PROMPTS[:4] if stage.quick else PROMPTS
    ours: list[dict[str, Any]] = []
    peers: dict[str, list[dict[str, Any]]] = {wiring: [] for wiring in peer.WIRINGS}
    there = installed(stage.peer, ("RealtimeTTS",))
    for block in range(BLOCKS):
        own = prompts[block::BLOCKS]
        stage.progress(f"fresh prompts, block {block + 1} of {BLOCKS}: {len(own)} prompts")
        with product(stage) as opened:
            ours += _turns(stage, opened, own, len(ours))
        for wiring in peer.WIRINGS if there else ():
            same = own if wiring == peer.TRIMMED else own[:SLOW_PROMPTS]
            stage.progress(f"RealtimeTTS, {wiring}: {len(same)} of the same prompts")
            peers[wiring] += peer.answers(stage, wiring, same)
    figures = _figures(ours)
    for wiring, turns in peers.items():
        figures += _peer_figures(wiring, turns) if there else [missing(f"{_peer_name(wiring)}, p50")]
    return Part(figures, {"turns": ours, "peer": peers, "versions": there})


def _turns(stage: Stage, opened: Product, prompts: Sequence[str], before: int) -> list[dict[str, Any]]:
    return [_turn(stage, opened, prompt, before + index) for index, prompt in enumerate(prompts)]


def _turn(stage: Stage, opened: Product, prompt: str, index: int) -> dict[str, Any]:
    conversation = opened.conversation()
    try:
        turn, first_audio = ask(stage, conversation, prompt)
        turn.wait(SPOKEN_SECONDS[index % len(SPOKEN_SECONDS)])
        silent_after = _cancel(stage, turn)
        turn.join()
    finally:
        conversation.stop()
    return {
        "prompt": prompt,
        "prompt_tokens": opened.model.count([Message("user", prompt)]) - opened.model.count([Message("user", "")]),
        "first_audio": first_audio,
        "cancel_to_silence": silent_after,
        "product": turn.metrics.since_submitted(),
        "reply": turn.reply.text,
    }


def _cancel(stage: Stage, turn: Turn) -> float | None:
    """Cancel in the middle of a word; the seconds until the last sound, None if no sound was on."""
    speech = turn.speech
    deadline = time.monotonic() + 1.5
    while speech is not None and time.monotonic() < deadline and not turn.wait(0.005):
        now = speech.position()
        if speech.timeline.word_at(now) is not None and speech.timeline.word_at(now + 0.1) is not None:
            break
    if turn.result is not None:
        return None
    cancelled = time.monotonic()
    turn.cancel()
    stage.recorder.wait_for_silence(AFTER_CANCEL, after=cancelled)
    before = stage.recorder.onset(after=cancelled - JUST_BEFORE, threshold_db=THRESHOLD_DB)
    if before is None or before >= cancelled:
        return None
    return stage.recorder.silence_after(cancelled) - cancelled


def _figures(turns: list[dict[str, Any]]) -> list[Figure]:
    audio = spread(turn["first_audio"] for turn in turns)
    silence = spread(turn["cancel_to_silence"] for turn in turns)
    stages = {
        "first token": "first_token",
        "first clause": "first_clause",
        "first sound from the voice": "first_synthesis",
        "first sound at the DAC, as the product says": "first_audio",
    }
    rates = spread(turn["product"]["tokens_per_second"] for turn in turns)
    return [
        figure("time to first audio, p50", audio, "median", "ms", 300, 120),
        figure("time to first audio, p95", audio, "p95", "ms", 600, 250),
        *(figure(f"... {name}, p50", spread(turn["product"][key] for turn in turns)) for name, key in stages.items()),
        figure("... tokens/s until cancelled, p50", rates, "median", "/s"),
        figure("cancel to silence, p50", silence, "median", "ms", 150, 60),
        figure("cancel to silence, longest", silence, "most", "ms", 150, 60),
    ]


def _peer_figures(wiring: str, turns: list[dict[str, Any]]) -> list[Figure]:
    audio = spread(turn["first_audio"] for turn in turns)
    name = _peer_name(wiring)
    return [figure(f"{name}, p50", audio), figure(f"{name}, p95", audio, "p95")]


def _peer_name(wiring: str) -> str:
    return f"RealtimeTTS, {wiring}: time to first audio"
