"""Turns made by hand, and what a side of them comes to."""

from speakstream.events import Metrics, SegmentTimes
from speakstream.latency.report import Result, Side, Take
from speakstream.latency.stages import waterfall

SPOKEN = ("The sky appears blue", "because of a phenomenon\ncalled Rayleigh scattering.", "It happens in the “air” 🎉.")


def metrics(prefill: float = 0.096) -> Metrics:
    """Those of one turn, made by hand: 12 ms to prepare, ``prefill`` seconds to read the prompt, and so on."""
    at = 100.0
    read = at + 0.012 + prefill
    tokens = [read + 0.001 + 0.0085 * number for number in range(40)]
    clause = tokens[6] + 0.0003
    return Metrics(
        at,
        prepared=at + 0.004,
        prefill_begun=at + 0.012,
        prefill_ended=read,
        first_token=tokens[0],
        last_token=tokens[-1],
        first_clause=clause,
        first_synthesis=clause + 0.0254,
        first_write=clause + 0.0255,
        first_taken=clause + 0.033,
        first_audio=clause + 0.055,
        first_audible=clause + 0.059,
        ended=clause + 7.2,
        prompt_tokens=42,
        cached_tokens=19,
        tokens=40,
        token_times=tokens,
        segments=[
            SegmentTimes(0.0, 1.2, clause + 0.0004, clause + 0.0254, clause + 0.0261, clause + 0.0265),
            SegmentTimes(1.22, 2.5, clause + 0.15, clause + 0.21, clause + 0.211, clause + 0.7),
            SegmentTimes(3.92, 3.1, clause + 1.5, clause + 1.58, clause + 1.581, clause + 4.2),
        ],
    )


TURN = waterfall(metrics(), SPOKEN)


def result(side: Side, prefills: list[float]) -> Result:
    """What a side came to whose turns took so long to read the prompt."""
    takes = [Take(metrics(prefill), "The sky …", SPOKEN) for prefill in prefills]
    return Result(side, "a model, a voice, a device", takes[0], takes)
