"""The whole path, heard: real model, real voice, real sound, and a recogniser at the other end."""

import difflib
import re
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from speakstream.audio.chunk import Samples
from speakstream.audio.device import open_speaker
from speakstream.audio.packer import CONTEXT_CHARACTERS, last_words
from speakstream.audio.speaker import Speaker
from speakstream.engine import Conversation, Engine
from speakstream.events import Reason, SegmentSpoken
from speakstream.llm import Generation
from speakstream.llm.llamacpp import LlamaCpp
from speakstream.loading import SWITCH_INTERVAL
from speakstream.settings import Settings
from speakstream.tts import Place, Voice
from speakstream.turn import Delivery
from tests.llm.test_engines import poll
from tests.rig.recognise import Recogniser, normalise, word_error_rate
from tests.rig.sound import RATE, THRESHOLD_DB, NullSink, Recorder, gaps
from tests.scripted import Ledger, ready

pytestmark = pytest.mark.timeout(900)  # speech takes the time it takes

NEVER = threading.Event()

PROMPTS = [
    "Why is the sky blue?",
    "How do I boil an egg?",
    "What does the heart do?",
    "Who was Albert Einstein?",
    "Give me a reason to go for a walk.",
    "What is bread made of?",
    "Describe a sunny day at the beach.",
    "How do birds fly?",
    "What is a computer?",
    "Tell me something about the moon.",
    "Why do cats purr?",
    "What should I eat for breakfast?",
    "How does a bicycle work?",
    "What is the use of trees?",
    "Why do people sleep?",
    "Explain what rain is.",
    "What makes a good friend?",
    "How do I learn to swim?",
    "What is the weather like in winter?",
    "Say something kind.",
]

PARAGRAPH = (
    "The river was calm. Nobody had seen the boat. It came around the bend without a sound. "
    "Was it empty? There was an old coat on the seat. Half of the oars were gone. Soon the rain began."
)


@pytest.fixture(scope="module")
def speaker(null_sink: NullSink, recording: Recorder) -> Iterator[Speaker]:
    """The loudspeaker of the machine, as ``say`` opens it."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL)
    made, device = open_speaker("", None, 3.0, 1024, 0.8, lambda _: None)
    yield made
    device.close()
    sys.setswitchinterval(before)


def engine(llama: LlamaCpp, voice: Voice, speaker: Speaker) -> Engine:
    return Engine(ready(llama), ready(voice), speaker)


@dataclass
class Take:
    """One answer: what was to be said, and what the monitor recorded of it."""

    segments: list[SegmentSpoken]
    samples: Samples
    began: float  # seconds into ``samples`` at which the speech began, as the program believes

    @property
    def text(self) -> str:
        return " ".join(segment.spoken for segment in self.segments)


@pytest.fixture(scope="module")
def takes(
    llama: LlamaCpp, heart: Voice, speaker: Speaker, recording: Recorder
) -> list[tuple[Take, list[SegmentSpoken]]]:
    """Twenty prompts, answered aloud."""
    made = []
    for prompt in PROMPTS:
        events = Ledger()
        options = Generation(max_new_tokens=16, temperature=0.0)
        talk = Conversation(engine(llama, heart, speaker), "You are a helpful assistant.", options, Delivery(), events)
        recording.clear()
        turn = talk.ask(prompt)
        assert turn.wait(120)
        turn.join()
        assert turn.result is not None and turn.result.reason is Reason.FINISHED
        recording.wait_for_silence(0.3)
        begun = speaker.first_heard()
        assert begun is not None
        segments = [event for event in events if isinstance(event, SegmentSpoken)]
        samples = recording.samples()
        made.append((Take(segments, samples, recording.index_at(begun) / RATE), segments))
    return made


def offline(voice: Voice, segments: list[SegmentSpoken]) -> Samples:
    """The same text, synthesized sentence by sentence, without any streaming or device."""
    parts: list[Samples] = []
    for segment in segments:
        for chunk in voice.synthesize(segment.spoken, 1.0, NEVER):
            parts += [chunk.samples, np.zeros(chunk.sample_rate // 4, np.float32)]
    return np.concatenate(parts)


def errors_of(reference: str, heard: str) -> tuple[int, int]:
    words = len(normalise(reference))
    return round(word_error_rate(reference, heard) * words), words


def test_what_comes_out_of_the_loudspeaker_is_as_clear_as_the_voice_itself(
    takes: list[tuple[Take, list[SegmentSpoken]]], heart: Voice, recogniser: Recogniser
) -> None:
    live = plain = words = 0
    for take, segments in takes:
        errors, count = errors_of(take.text, recogniser.transcribe(take.samples, RATE).text)
        live += errors
        words += count
        samples = offline(heart, segments)
        plain += errors_of(take.text, recogniser.transcribe(samples, heart.sample_rate).text)[0]
    print(f"word errors: live {live}, offline {plain}, of {words}")
    assert words > 180
    assert live / words <= plain / words + 0.02


def test_words_sound_when_the_program_says_they_do(
    takes: list[tuple[Take, list[SegmentSpoken]]], recogniser: Recogniser
) -> None:
    errors = []
    for take, segments in takes:
        told = [
            (segment.spoken.split(), [take.began + segment.offset + word.begins for word in segment.words])
            for segment in segments
        ]
        ours = [
            (normalise(word), moment)
            for words, moments in told
            if len(words) == len(moments)  # one written word for each spoken one: no numbers among them
            for word, moment in zip(words, moments, strict=True)
        ]
        heard = [(normalise(word.text), word.begin) for word in recogniser.transcribe(take.samples, RATE).words]
        matcher = difflib.SequenceMatcher(
            None, [" ".join(word) for word, _ in ours], [" ".join(word) for word, _ in heard], autojunk=False
        )
        for a, b, length in matcher.get_matching_blocks():
            errors += [abs(ours[a + k][1] - heard[b + k][1]) for k in range(length)]
    print(f"word onsets: median error {statistics.median(errors) * 1e3:.0f} ms over {len(errors)} words")
    assert len(errors) > 120
    assert statistics.median(errors) <= 0.1


def place(segments: list[SegmentSpoken], number: int) -> Place:
    """What the voice was told of the sentence around a segment."""
    before = re.split(r"[.!?…]", " ".join(segment.spoken for segment in segments[:number]))[-1].strip()
    return Place(last_words(before, CONTEXT_CHARACTERS), segments[number].spoken[-1].isalnum())


def test_first_and_last_words_are_not_clipped(takes: list[tuple[Take, list[SegmentSpoken]]], heart: Voice) -> None:
    """From the first sound to the last, the recording is as long as what was synthesized, to 15 ms."""
    threshold = 10 ** (THRESHOLD_DB / 20)
    apart = []
    for take, segments in takes:
        loud = np.flatnonzero(np.abs(take.samples) > threshold) / RATE
        (first,) = heart.synthesize(segments[0].spoken, 1.0, NEVER, place(segments, 0))
        (last,) = heart.synthesize(segments[-1].spoken, 1.0, NEVER, place(segments, len(segments) - 1))
        lead = np.flatnonzero(np.abs(first.samples) * 0.8 > threshold)[0] / first.sample_rate
        tail = np.flatnonzero(np.abs(last.samples) * 0.8 > threshold)[-1] / last.sample_rate
        expected = segments[-1].offset + segments[-1].seconds - (last.seconds - tail) - lead
        assert loud[-1] - loud[0] == pytest.approx(expected, abs=0.015), segments[0].spoken
        apart.append(abs(loud[0] - take.began - lead))
    assert statistics.median(apart) < 0.02, "it does not sound when the program says"
    assert max(apart) < 0.1, "the clocks of a busy machine differ for a moment, but not by more"


def test_the_pause_between_two_sentences_is_neither_a_gap_nor_a_rush(
    llama: LlamaCpp, heart: Voice, speaker: Speaker, recorder: Recorder
) -> None:
    turn = engine(llama, heart, speaker).read(lambda _: [PARAGRAPH], Ledger(), Delivery())
    assert turn.wait(60)
    turn.join()
    recorder.wait_for_silence(0.5)
    pauses = [end - begin for begin, end in gaps(recorder.samples(), RATE, min_seconds=0.15)]
    print("pauses:", [round(pause, 3) for pause in pauses])
    assert len(pauses) == 6, "one after each sentence but the last, and none within"
    assert all(0.15 <= pause <= 0.4 for pause in pauses)


def test_a_cut_is_silent_at_once(llama: LlamaCpp, heart: Voice, speaker: Speaker, recorder: Recorder) -> None:
    lags = []
    for _ in range(5):
        recorder.clear()
        turn = engine(llama, heart, speaker).read(lambda _: [PARAGRAPH], Ledger(), Delivery())
        recorder.wait_for_sound()
        poll(lambda: speaker.position() > 0.4)
        cut = time.monotonic()
        turn.cancel()
        turn.join()
        recorder.wait_for_silence(0.5)
        lags.append(recorder.silence_after(cut) - cut)
    print("silent after:", [f"{lag * 1e3:.0f} ms" for lag in lags])
    assert statistics.median(lags) < 1.0, "a backstop: benchmarks hold the times"
    assert len(recorder.samples()) > 0


def test_a_pause_goes_on_where_it_stopped(
    llama: LlamaCpp, heart: Voice, speaker: Speaker, recorder: Recorder, recogniser: Recogniser
) -> None:
    turn = engine(llama, heart, speaker).read(lambda _: [PARAGRAPH], Ledger(), Delivery())
    recorder.wait_for_sound()
    poll(lambda: speaker.position() > 1.0)
    speaker.pause()
    recorder.wait_for_silence(0.8, after=time.monotonic() + 0.2)
    held = speaker.position()
    speaker.resume()
    assert turn.wait(60)
    turn.join()
    assert held < speaker.position()
    recorder.wait_for_silence(0.5)
    heard = recogniser.transcribe(recorder.samples(), RATE)
    assert word_error_rate(PARAGRAPH, heard.text) <= 0.06


def test_talk_goes_on_without_a_gap_while_every_core_is_busy(
    llama: LlamaCpp, heart: Voice, speaker: Speaker, recorder: Recorder
) -> None:
    """A soak of a minute, model and voice working all the time."""
    import subprocess

    before = speaker.underruns
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        options = Generation(max_new_tokens=400, temperature=0.0)
        talk = Conversation(
            engine(llama, heart, speaker), "You are a helpful assistant.", options, Delivery(), Ledger()
        )
        turn = talk.ask("Tell me a very long story about the sea.")
        assert not turn.wait(60), "the story is longer than a minute"
        turn.cancel()
        turn.join()
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert speaker.underruns == before


def test_the_settings_reach_the_device(null_sink: NullSink) -> None:
    """AUDIO_DEVICE, TTS_SAMPLE_RATE, AUDIO_BUFFER_SECONDS, CHUNK_SIZE, DEFAULT_VOLUME."""
    settings = Settings()
    for wanted in ("default", "0", "DEFAU"):
        made, device = open_speaker(wanted, 22050, 1.5, 256, settings.default_volume, lambda _: None)
        device.close()
        assert device.name == "default"
        assert made.sample_rate == device.sample_rate == 22050
        assert made.gain == settings.default_volume
        assert made._ring.capacity == int(1.5 * 22050)
        assert made._chunk_size == 256
