"""One turn, from the prompt to the ear, with the real model, the real voice and, where there is one, the device."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from speakstream.doctor.examination import Examination
from speakstream.doctor.findings import Finding, Findings, fail, ok, warn
from speakstream.errors import AudioError, SpeakStreamError, one_line

if TYPE_CHECKING:
    from speakstream.audio.chunk import Sink
    from speakstream.events import Event
    from speakstream.loading import Resources
    from speakstream.turn import Turn

PROMPT = "Why do birds sing? Answer in two short sentences."
SYSTEM_PROMPT = "You are a helpful assistant. Answer in short, clear sentences."
"""The default one: whoever has a longer one waits longer, and the figures would not compare."""

ENOUGH_TOKENS, LONGEST_REPLY = 24, 80
"""To measure their rate; the reply is no longer, since only its first sentence is heard."""

LISTEN_SECONDS = 6.0
"""The reply is cut off at the end of its first sentence, and after so long in any case."""

TURN_SECONDS = 25.0
"""After so long the turn is given up."""

FRAME = 0.02  # seconds between looks at how far it is


@dataclass(frozen=True, slots=True)
class Expected:
    """What a figure should be, and what to do where it is not."""

    name: str
    figure: Callable[[dict[str, Any]], float | None]
    good: Callable[[float], bool]
    words: Callable[[dict[str, Any]], str]
    remedy: str


def _faster_than_real_time(measured: dict[str, Any]) -> float | None:
    made, spent = measured["speech_seconds"], measured["synthesis_seconds"]
    return made / spent if spent else None


EXPECTED = (
    Expected(
        "loading",
        lambda m: m["load_seconds"],
        lambda seconds: seconds <= 10,
        lambda m: f"model and voice in {m['load_seconds']:.1f} s",
        "a model on a faster disk (SPEAKSTREAM_MODEL_CACHE), or a smaller one",
    ),
    Expected(
        "first sound",
        lambda m: m["first_audible"],
        lambda seconds: seconds <= 0.6,
        lambda m: f"{m['first_audible']:.2f} s after the prompt (first token: {m['first_token']:.2f} s)",
        "it should take less than 0.6 s: close what keeps the machine busy, or give it more cores",
    ),
    Expected(
        "writing",
        lambda m: m["tokens_per_second"],
        lambda rate: rate >= 10,
        lambda m: f"{m['tokens_per_second']:.0f} tokens a second; the voice says about 5",
        "below 10 the voice has to wait: close what keeps the machine busy, or choose a smaller model",
    ),
    Expected(
        "speaking",
        _faster_than_real_time,
        lambda factor: factor >= 3,
        lambda m: f"{_faster_than_real_time(m):.0f} times as fast as it sounds",
        "below 3 there will be gaps: close what keeps the machine busy, or choose a faster voice",
    ),
    Expected(
        "underruns",
        lambda m: m["underruns"],
        lambda count: count == 0,
        lambda m: f"{m['underruns']}{'' if m['device'] else ', without a device'}",
        "each is a click: close what keeps the machine busy, or raise AUDIO_BUFFER_SECONDS",
    ),
)
"""docs/performance.md has what was measured, and on what machine; here is what an answer needs to sound right."""


def check_turn(examination: Examination) -> Findings:
    """Load everything, ask, listen to a sentence, cut it off, and compare."""
    from speakstream.loading import Resources

    resources = Resources()
    try:
        measured = _measure(examination, resources)
    except SpeakStreamError as error:
        wrong, _, remedy = str(error).partition("; ")
        fix = remedy or f"see what it says:\n{examination.program} say Hello --debug"
        yield fail("one turn", wrong, fix)
        return
    finally:
        resources.close()
    for expected in EXPECTED:
        finding = _compared(expected, measured, examination)
        yield finding if expected is not EXPECTED[0] else replace(finding, data={"measurement": measured})


def _compared(expected: Expected, measured: dict[str, Any], examination: Examination) -> Finding:
    figure = expected.figure(measured)
    if figure is None:
        fix = f"listen to an answer, and report it:\n{examination.program} say Hello --debug"
        return fail(expected.name, "not reached: the reply was too short, or nothing of it sounded", fix)
    if expected.good(figure):
        return ok(expected.name, expected.words(measured), figure=figure)
    return warn(expected.name, expected.words(measured), expected.remedy, figure=figure)


def _measure(examination: Examination, resources: "Resources") -> dict[str, Any]:
    from speakstream.engine import Conversation, Engine
    from speakstream.events import Reason, SegmentSpoken
    from speakstream.llm import Message
    from speakstream.loading import delivery, generation, load_model, load_voice

    settings = examination.settings
    notices: list[str] = []
    begun = time.monotonic()
    voice = load_voice(settings, resources)
    model = load_model(settings, resources, notices.append)
    sink, device = _open_sink(examination, resources)
    voice.result()
    loaded = model.result()
    load_seconds = time.monotonic() - begun
    loaded.prefill([Message("system", SYSTEM_PROMPT), Message("user", "")], threading.Event())

    sentence_end = [LISTEN_SECONDS]

    def listen(event: "Event") -> None:
        if isinstance(event, SegmentSpoken) and event.spoken.rstrip("\"'”’)")[-1:] in tuple(".!?"):
            sentence_end[0] = min(sentence_end[0], event.offset + event.seconds)

    options = replace(generation(settings), max_new_tokens=LONGEST_REPLY, temperature=0.0)
    conversation = Conversation(Engine(model, voice, sink), SYSTEM_PROMPT, options, delivery(settings), listen)
    turn = conversation.ask(PROMPT)
    try:
        _listen_until(turn, lambda: sentence_end[0])
    finally:
        conversation.stop()
    result = turn.result
    if result is not None and result.reason is Reason.FAILED:
        raise SpeakStreamError(result.error)
    if turn.speech is not None and turn.speech.error:
        raise SpeakStreamError(turn.speech.error)
    figures = {name: value for name, value in turn.metrics.since_submitted().items() if not isinstance(value, list)}
    return {"load_seconds": round(load_seconds, 3), "device": device, "model": loaded.name, **figures}


def _listen_until(turn: "Turn", end: Callable[[], float]) -> None:
    """Wait until so many seconds of the speech were heard and enough tokens came, or all is over."""
    deadline = time.monotonic() + TURN_SECONDS
    while not turn.wait(FRAME) and time.monotonic() < deadline:
        speech = turn.speech
        measured = turn.reply.ended or turn.metrics.tokens >= ENOUGH_TOKENS
        if measured and speech is not None and speech.position() >= end():
            return


def _open_sink(examination: Examination, resources: "Resources") -> "tuple[Sink, str]":
    """The device of the settings and its name; or the silent clock, and ""."""
    from speakstream.audio.clock import SilentClock
    from speakstream.audio.speaker import Speaker
    from speakstream.loading import open_sound

    settings = examination.settings
    if examination.plays and settings.enable_audio:
        try:
            return open_sound(settings, resources, lambda _: None), one_line(settings.audio_device or "default")
        except AudioError:
            pass  # the check of the sound has told
    speaker = Speaker(48_000, settings.audio_buffer_seconds, settings.chunk_size, 0.0)
    clock = SilentClock(speaker)
    resources.closers.append(clock.close)
    return speaker, ""
