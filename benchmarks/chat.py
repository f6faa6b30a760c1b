"""One long chat that outgrows the model's context: does the 25th answer still come as fast as the first?

The history must hold whole replies, or the context would never fill; hearing 30 whole replies takes an hour.
So each reply is written to its end and heard for some seconds, and then skipped to its end
(``Turn.speak_from`` its last character): the turn ends as finished, and the conversation keeps all of it.
"""

import time
from typing import Any

from benchmarks.measure import spread
from benchmarks.prompts import CHAT
from benchmarks.report import Figure, Part, figure
from benchmarks.stage import Stage, ask, product, wait_for_text
from speakstream.engine import Conversation
from speakstream.events import Notice, Reason
from speakstream.turn import Delivery, Turn

HEARD_SECONDS = 2.0

WRITING_SECONDS = 300.0
"""Longest time for one reply's text; it is an error if it takes longer."""

MAX_NEW_TOKENS = 320

FIRST_COUNTED = 20
"""The first turn, counted from 1, of those whose median is the figure."""

QUICK_TURNS, QUICK_CONTEXT, QUICK_COUNTED = 7, 1024, 5


def run(stage: Stage) -> Part:
    """See the module. A quick run crosses a smaller context in fewer turns."""
    prompts = CHAT[:QUICK_TURNS] if stage.quick else CHAT
    first_counted = QUICK_COUNTED if stage.quick else FIRST_COUNTED
    settings: dict[str, Any] = {"max_new_tokens": MAX_NEW_TOKENS}
    if stage.quick:
        settings["context_length"] = QUICK_CONTEXT
    turns: list[dict[str, Any]] = []
    with product(stage, **settings) as opened:
        conversation = opened.conversation()
        try:
            for number, prompt in enumerate(prompts, 1):
                turn, first_audio = ask(stage, conversation, prompt)
                _hear_out(stage, turn)
                conversation.prefill()  # as a chat does after each turn
                turns.append(
                    {
                        "turn": number,
                        "prompt": prompt,
                        "first_audio": first_audio,
                        "product": turn.metrics.since_submitted(),
                        "reply": turn.reply.text,
                        "kept_whole": _kept_whole(conversation, turn),
                        "notices": [event.text for event in opened.events if isinstance(event, Notice)],
                        # without a limit of its own: what the chat would take in all
                        "history_tokens": opened.model.count(conversation.messages),
                    }
                )
                opened.events.clear()
                stage.progress(
                    f"chat, turn {number} of {len(prompts)}: "
                    f"{'silent' if first_audio is None else f'{first_audio * 1000:.0f} ms'}, "
                    f"{turns[-1]['history_tokens']} tokens of history"
                )
        finally:
            conversation.stop()
        context = opened.settings.context_length
    return Part(_figures(turns, first_counted, context), {"turns": turns, "context_length": context})


def _hear_out(stage: Stage, turn: Turn) -> None:
    """Wait for the whole text and some seconds of sound; then skip to the end, as a person might."""
    begun = time.monotonic()
    wait_for_text(turn, WRITING_SECONDS)
    if not turn.wait(max(0.0, HEARD_SECONDS - (time.monotonic() - begun))):
        turn.speak_from(Delivery(start=len(turn.reply.text)))
    turn.wait(10.0)
    turn.join()


def _kept_whole(conversation: Conversation, turn: Turn) -> bool:
    finished = turn.result is not None and turn.result.reason is Reason.FINISHED
    return finished and conversation.messages[-1].content == turn.reply.text.strip()


def _figures(turns: list[dict[str, Any]], first_counted: int, context: int) -> list[Figure]:
    late = spread(turn["first_audio"] for turn in turns if turn["turn"] >= first_counted)
    early = spread(turn["first_audio"] for turn in turns if turn["turn"] < first_counted)
    outgrown = [turn["turn"] for turn in turns if turn["notices"]]
    notes = [f"context of {context} outgrown at turns {', '.join(map(str, outgrown)) or '-'}"]
    if not outgrown or outgrown[0] >= first_counted:
        notes.append("NOT before the turns that count")
    if not all(turn["kept_whole"] for turn in turns):
        notes.append("some replies were NOT kept whole")
    name = f"long chat, turns {first_counted}-{len(turns)}, p50"
    return [
        figure(name, late, "median", "ms", 400, 200, "; ".join(notes)),
        figure(f"... turns 1-{first_counted - 1}, p50", early),
    ]
