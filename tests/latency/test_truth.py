"""A turn's timestamps: in the order in which things happen, and as true as a recording can tell."""

import statistics
import sys
import time
from collections.abc import Iterator

import pytest

from speakstream.audio.device import open_speaker
from speakstream.audio.speaker import Speaker
from speakstream.engine import Conversation, Engine
from speakstream.errors import EngineError
from speakstream.events import Reason, SegmentSpoken
from speakstream.latency.stages import NAMES, waterfall
from speakstream.llm import Generation, LanguageModel
from speakstream.llm.llamacpp import LlamaCpp
from speakstream.loading import SWITCH_INTERVAL
from speakstream.tts import Voice
from speakstream.turn import Delivery, Turn
from tests.llm.test_engines import poll
from tests.rig.sound import NullSink, Recorder
from tests.scripted import Ledger, ScriptedModel, ready


@pytest.fixture(scope="module")
def speaker(null_sink: NullSink, recording: Recorder) -> Iterator[Speaker]:
    """The loudspeaker of the machine."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL)
    made, device = open_speaker("", None, 3.0, 1024, 0.8, lambda _: None)
    yield made
    device.close()
    sys.setswitchinterval(before)


def ask(model: LanguageModel, voice: Voice, speaker: Speaker, prompt: str, tokens: int = 12) -> tuple[Turn, Ledger]:
    events = Ledger()
    talk = Conversation(
        Engine(ready(model), ready(voice), speaker), "You are a helpful assistant.", Generation(tokens, 0.0),
        Delivery(), events,
    )  # fmt: skip
    return talk.ask(prompt), events


def in_order(*moments: float | None) -> None:
    known = [moment for moment in moments if moment is not None]
    assert len(known) == len(moments), moments
    assert known == sorted(known)


def test_the_timestamps_of_a_turn_are_in_the_order_in_which_things_happen(
    llama: LlamaCpp, heart: Voice, speaker: Speaker
) -> None:
    turn, events = ask(llama, heart, speaker, "Why is the sky blue?", 16)
    assert turn.wait(60)
    turn.join()
    of = turn.metrics
    first = of.segments[0]
    in_order(
        *(of.submitted, of.prepared, of.prefill_begun, of.prefill_ended, of.first_token, of.first_clause),
        *(first.begun, first.made, of.first_write, first.resampled, of.first_taken, of.first_audio),
        *(of.first_audible, of.ended),
    )
    assert of.first_synthesis == first.made
    assert of.prompt_tokens is not None and of.cached_tokens is not None
    assert 0 <= of.cached_tokens < of.prompt_tokens
    assert len(of.token_times) == of.tokens > 3
    assert [of.token_times[0], of.token_times[-1]] == [of.first_token, of.last_token]
    in_order(*of.token_times)
    spoken = [event for event in events if isinstance(event, SegmentSpoken)]
    assert len(of.segments) == len(spoken) > 1
    for times, event in zip(of.segments, spoken, strict=True):
        assert (times.offset, times.seconds) == (event.offset, event.seconds)
        in_order(times.begun, times.made, times.resampled, times.written)
    told = of.since_submitted()
    assert [told[name] is None for name in ("prepared", "prefill_begun", "first_taken", "first_audible")] == [False] * 4
    assert len(told["token_times"]) == of.tokens and len(told["segments"]) == len(of.segments)


def test_a_turn_cut_while_it_reads_the_prompt_knows_that_it_had_begun(
    llama: LlamaCpp, heart: Voice, speaker: Speaker
) -> None:
    before = llama.last_prompt
    turn, _ = ask(llama, heart, speaker, f"{time.monotonic()} " + "word " * 700)
    poll(lambda: llama.last_prompt is not before)
    turn.cancel()
    turn.join()
    assert turn.result is not None and turn.result.reason is Reason.INTERRUPTED
    of = turn.metrics
    in_order(of.submitted, of.prepared, of.prefill_begun, of.ended)
    assert (of.prefill_ended, of.first_token, of.first_audio, of.segments) == (None, None, None, [])
    assert [stage.name for stage in waterfall(of).stages] == ["prepare"]


def test_a_turn_cut_while_it_speaks_keeps_the_times_of_what_was_heard(
    llama: LlamaCpp, heart: Voice, speaker: Speaker
) -> None:
    turn, _ = ask(llama, heart, speaker, "Tell me a long story.", 60)
    poll(lambda: speaker.first_heard() is not None and speaker.position() > 0.3)
    turn.cancel()
    turn.join()
    assert turn.result is not None and turn.result.reason is Reason.INTERRUPTED
    of = turn.metrics
    in_order(
        *(of.submitted, of.prepared, of.prefill_begun, of.prefill_ended, of.first_token, of.first_clause),
        *(of.first_synthesis, of.first_write, of.first_taken, of.first_audio, of.first_audible, of.ended),
    )
    assert len(waterfall(of).stages) == len(NAMES)


def test_a_turn_whose_model_fails_keeps_the_times_of_what_was_said(heart: Voice, speaker: Speaker) -> None:
    model = ScriptedModel(("Hello there, my friend.\n\n", "x"), fail_at=1, error=EngineError("it fell over"))
    turn, _ = ask(model, heart, speaker, "Hi")
    assert turn.wait(60)
    turn.join()
    assert turn.result is not None and turn.result.reason is Reason.FAILED
    of = turn.metrics
    in_order(of.submitted, of.prepared, of.first_token, of.first_clause, of.first_synthesis, of.first_write,
             of.first_taken, of.first_audio, of.first_audible, of.ended)  # fmt: skip
    assert of.prefill_begun is None and of.prompt_tokens is None, "this model tells nothing of its prompt"
    assert len(waterfall(of).stages) == len(NAMES)


def test_the_first_sound_is_recorded_when_the_metrics_say(
    llama: LlamaCpp, heart: Voice, speaker: Speaker, recorder: Recorder
) -> None:
    errors = []
    for prompt in ("Name a color.", "How do I boil an egg?", "Say something kind.", "Who are you?", "What is rain?"):
        recorder.wait_for_silence(0.3, after=time.monotonic())
        recorder.clear()
        turn, _ = ask(llama, heart, speaker, prompt, 8)
        recorded = recorder.wait_for_sound(after=turn.metrics.submitted)
        poll(lambda: speaker.position() > 0.2)
        turn.cancel()
        turn.join()
        assert turn.metrics.first_audible is not None
        errors.append(recorded - turn.metrics.first_audible)
    print("recorded after the time in the metrics:", [f"{error * 1e3:+.1f} ms" for error in errors])
    assert abs(statistics.median(errors)) <= 0.02
    assert max(map(abs, errors)) <= 0.1
