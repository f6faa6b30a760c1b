"""What the voice costs the model: tokens a second with and without speech, in pairs, A B A B."""

import statistics
from typing import Any

from benchmarks.prompts import CHAT
from benchmarks.report import Figure, Part
from benchmarks.stage import Product, Stage, ask, product, wait_for_text
from speakstream.engine import Engine

PROMPTS = CHAT[:6]
"""They get long answers."""

ROUNDS = 2

MAX_NEW_TOKENS = 200

WRITING_SECONDS = 120.0

LEAST_TOKENS = 40
"""A shorter reply tells nothing of a rate."""


def run(stage: Stage) -> Part:
    """See the module. Without a voice, the device stays open and plays silence: its share is under 1 %."""
    prompts, rounds = (PROMPTS[:3], 1) if stage.quick else (PROMPTS, ROUNDS)
    pairs: list[dict[str, Any]] = []
    with product(stage) as opened:
        silent = Engine(opened.engine.model, None, None)
        for number in range(rounds):
            stage.progress(f"tokens/s, round {number + 1} of {rounds}")
            for prompt in prompts:
                speaking = _turn(stage, opened, opened.engine, prompt)
                alone = _turn(stage, opened, silent, prompt)
                pairs.append({"prompt": prompt, "speaking": speaking, "alone": alone})
    return Part(_figures(pairs), {"pairs": pairs})


def _turn(stage: Stage, opened: Product, engine: Engine, prompt: str) -> dict[str, Any]:
    conversation = opened.conversation(engine, max_new_tokens=MAX_NEW_TOKENS)
    try:
        if engine.voice is None:
            stage.hush()
            turn = conversation.ask(prompt)
        else:
            turn, _ = ask(stage, conversation, prompt)
        wait_for_text(turn, WRITING_SECONDS)
    finally:
        conversation.stop()
    return {
        "tokens": turn.metrics.tokens,
        "tokens_per_second": turn.metrics.tokens_per_second,
        "synthesis_seconds": turn.metrics.synthesis_seconds,
        "reply": turn.reply.text,
    }


def _figures(pairs: list[dict[str, Any]]) -> list[Figure]:
    counted = [
        (pair["speaking"]["tokens_per_second"], pair["alone"]["tokens_per_second"])
        for pair in pairs
        if min(pair["speaking"]["tokens"], pair["alone"]["tokens"]) >= LEAST_TOKENS
    ]
    same = sum(pair["speaking"]["reply"] == pair["alone"]["reply"] for pair in pairs)
    if not counted:
        return [Figure("tokens/s while speaking, of those alone", None, "%", 0, 80, 95, at_least=True)]
    ratios = [100 * speaking / alone for speaking, alone in counted]
    speaking, alone = ([pair[side] for pair in counted] for side in (0, 1))
    return [
        Figure(
            "tokens/s while speaking, of those alone",
            statistics.median(ratios),
            "%",
            len(ratios),
            80,
            95,
            at_least=True,
            detail=f"pairs {min(ratios):.0f}-{max(ratios):.0f}; the same text in {same} of {len(pairs)}",
        ),
        *(
            Figure(
                f"... tokens/s {name}, p50",
                statistics.median(rates),
                "/s",
                len(rates),
                detail=f"{min(rates):.0f}-{max(rates):.0f}",
            )
            for name, rates in (("while speaking", speaking), ("without a voice", alone))
        ),
    ]
