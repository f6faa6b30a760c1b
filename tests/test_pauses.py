"""The pauses a listener hears: chosen by mark and structure, scaled with the speed, measured in the recording."""

import statistics
import sys
import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest

from speakstream.audio.chunk import Samples
from speakstream.audio.device import open_speaker
from speakstream.audio.pacing import PAUSES
from speakstream.audio.speaker import Speaker
from speakstream.engine import Engine
from speakstream.events import Event, SegmentSpoken
from speakstream.loading import SWITCH_INTERVAL
from speakstream.text.span import Break
from speakstream.tts import Voice
from speakstream.turn import Delivery
from tests.rig.recognise import Recogniser, normalise
from tests.rig.sound import RATE, THRESHOLD_DB, NullSink, Recorder, gaps
from tests.scripted import Ledger, ready

pytestmark = pytest.mark.timeout(900)  # speech takes the time it takes

FIRST = "After the long rain, a"  # the first segment ends at this comma, before more has come
TEXT = f"""{FIRST}ll was calm.

# The boat

The river was wide, and nobody was there. We had everything we needed: we had a lamp and a map.
The boat was old — the oars were gone. We called the old man; he did not answer. Was it empty? Half of it was.

- Bring a warm coat
- Bring a good lamp
- Bring enough bread

## The way home

When the wind came, it began to rain. In the evening, we walked home. We were tired, but we were glad.
"""

KINDS = {  # the text at the end of what a pause follows
    "comma": ("river was wide,", "wind came,", "evening,", "tired,"),
    "comma at a cut": ("long rain,",),
    "colon or dash": ("needed:", "boat was old —", "old man;"),
    "sentence": ("and a map.", "oars were gone.", "answer.", "empty?", "to rain.", "home."),
    "item": ("warm coat", "good lamp", "enough bread"),
    "paragraph": ("was calm.", "Half of it was."),
    "heading": ("The boat", "way home"),
}
CHOSEN = {
    "comma": Break.COMMA,
    "comma at a cut": Break.COMMA,
    "colon or dash": Break.COLON,
    "sentence": Break.SENTENCE,
    "item": Break.ITEM,
    "paragraph": Break.PARAGRAPH,
    "heading": Break.HEADING,
}
HEARD_MORE = (0.02, 0.11)
"""Seconds, at least and at most, that a pause is heard to be longer than chosen: words fade in and out."""

SPEEDS = (1.0, 1.5)

Pauses = dict[str, list[float]]  # of each kind, in seconds


@pytest.fixture(scope="module")
def speaker(null_sink: NullSink, recording: Recorder) -> Iterator[Speaker]:
    """The loudspeaker of the machine, as ``say`` opens it."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL)
    made, device = open_speaker("", None, 3.0, 1024, 0.8, lambda _: None)
    yield made
    device.close()
    sys.setswitchinterval(before)


class Take(NamedTuple):
    """A reading: the words by where they end in the text, with the seconds in the recording at which they sound."""

    samples: Samples
    spoken: list[str]
    words: list[tuple[int, float, float]]


def read(text: str, speed: float, heart: Voice, speaker: Speaker, recording: Recorder, first: int = 0) -> Take:
    """Have ``text`` read; what follows its ``first`` characters comes when the first segment is on its way."""
    events, begun = Ledger(), threading.Event()

    def listen(event: Event) -> None:
        events(event)
        if isinstance(event, SegmentSpoken):
            begun.set()

    def deltas(cancelled: threading.Event) -> Iterator[str]:
        yield text[:first] if first else text
        if first:
            assert begun.wait(60)
            yield text[first:]

    recording.clear()
    turn = Engine(None, ready(heart), speaker).read(deltas, listen, Delivery(speed=speed))
    assert turn.wait(120)
    turn.join()
    recording.wait_for_silence(0.7)
    heard = speaker.first_heard()
    assert heard is not None
    began = recording.index_at(heard) / RATE
    return Take(
        recording.samples(),
        [segment.spoken for segment in events if isinstance(segment, SegmentSpoken)],
        [
            (word.span.end, began + segment.offset + word.begins, began + segment.offset + word.stops)
            for segment in events
            if isinstance(segment, SegmentSpoken)
            for word in segment.words
        ],
    )


def pauses(take: Take, text: str) -> Pauses:
    """The silence in the recording after each of the places in KINDS."""
    silences = gaps(take.samples, RATE, min_seconds=0.02)
    found: Pauses = {}
    for kind, places in KINDS.items():
        for place in places:
            at = text.index(place) + len(place)
            stops, begins = next((a[2], b[1]) for a, b in pairwise(take.words) if b[0] > at)
            near = [end - begin for begin, end in silences if begin < begins + 0.1 and end > stops - 0.1]
            found.setdefault(kind, []).append(max(near, default=0.0))
    return found


@pytest.fixture(scope="module")
def heard(heart: Voice, speaker: Speaker, recording: Recorder) -> dict[float, Pauses]:
    """The pauses at each speed."""
    made = {}
    for speed in SPEEDS:
        made[speed] = pauses(read(TEXT, speed, heart, speaker, recording, len(FIRST)), TEXT)
        print(f"\nspeed {speed}:", {kind: [round(pause, 3) for pause in each] for kind, each in made[speed].items()})
    return made


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("kind", CHOSEN)
def test_every_pause_is_as_long_as_its_mark_or_its_place_asks_for(
    kind: str, speed: float, heard: dict[float, Pauses]
) -> None:
    least, most = (PAUSES[CHOSEN[kind]] / speed + more for more in HEARD_MORE)
    assert least <= statistics.median(heard[speed][kind]) <= most


@pytest.mark.parametrize("speed", SPEEDS)
def test_the_stronger_a_break_is_the_longer_it_is_silent(speed: float, heard: dict[float, Pauses]) -> None:
    order = ["comma", "colon or dash", "sentence", "item", "paragraph", "heading"]
    medians = [statistics.median(heard[speed][kind]) for kind in order]
    assert medians == sorted(medians)
    assert min(heard[speed]["sentence"]) > max(heard[speed]["comma"])
    assert min(heard[speed]["paragraph"]) > max(heard[speed]["sentence"])


def test_pauses_grow_shorter_with_speed(heard: dict[float, Pauses]) -> None:
    for kind in ("sentence", "item", "paragraph", "heading"):
        slow, fast = (statistics.median(heard[speed][kind]) for speed in SPEEDS)
        assert 1.15 < slow / fast < SPEEDS[1] + 0.1


@pytest.mark.parametrize("speed", SPEEDS)
def test_a_comma_sounds_the_same_within_what_is_spoken_at_once_and_between(
    speed: float, heard: dict[float, Pauses]
) -> None:
    assert heard[speed]["comma at a cut"][0] == pytest.approx(statistics.median(heard[speed]["comma"]), abs=0.05)


SHORT = {"Yes.": "yes", "No.": "no", "OK!": "okay", "42.": "forty two", "Hello!": "hello", "Thanks.": "thanks"}


def test_short_replies_sound_whole(heart: Voice, speaker: Speaker, recording: Recorder, recogniser: Recogniser) -> None:
    """They are understood, and nothing of what the voice makes of them is lost at either end."""
    threshold = 10 ** (THRESHOLD_DB / 20)
    understood = []
    for text, words in SHORT.items():
        take = read(text, 1.0, heart, speaker, recording)
        (made,) = heart.synthesize(take.spoken[0], 1.0, threading.Event())
        sounding, expected = (
            np.flatnonzero(np.abs(samples) > threshold) / rate
            for samples, rate in ((take.samples, RATE), (made.samples * speaker.gain, made.sample_rate))
        )
        assert sounding[-1] - sounding[0] == pytest.approx(expected[-1] - expected[0], abs=0.01), text
        understood.append(" ".join(normalise(recogniser.transcribe(take.samples, RATE).text)) == words)
    print("short replies understood:", dict(zip(SHORT, understood, strict=True)))
    assert sum(understood) >= len(SHORT) - 1, "the recogniser is small, and mishears one of them"
