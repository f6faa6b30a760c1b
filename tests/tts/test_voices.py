"""The voice suite: what every Voice does, on its real weights."""

import threading
from itertools import pairwise

import numpy as np
import pytest

from speakstream.audio.chunk import AudioChunk
from speakstream.errors import VoiceError
from speakstream.tts import Voice, open_voice, voices
from tests.rig.recognise import Recogniser, word_error_rate

NEVER = threading.Event()
SENTENCE = "The quick brown fox jumps over the lazy dog, and then it sleeps."


def speak(voice: Voice, text: str, speed: float = 1.0) -> list[AudioChunk]:
    return list(voice.synthesize(text, speed, NEVER))


def whole(chunks: list[AudioChunk]) -> np.ndarray:
    return np.concatenate([chunk.samples for chunk in chunks])


def spoken_words(voice: Voice, text: str) -> list[str]:
    return [text[word.start : word.end] for chunk in speak(voice, text) for word in chunk.words]


def test_what_is_said_is_understood(voice: Voice, recogniser: Recogniser) -> None:
    heard = recogniser.transcribe(whole(speak(voice, SENTENCE)), voice.sample_rate)
    assert word_error_rate(SENTENCE, heard.text) == 0


def test_chunks_are_mono_float_at_the_rate_of_the_voice(voice: Voice) -> None:
    for chunk in speak(voice, SENTENCE):
        assert chunk.sample_rate == voice.sample_rate
        assert chunk.samples.dtype == np.float32
        assert chunk.samples.ndim == 1
        assert 0.05 < np.abs(chunk.samples).max() <= 1.0


def test_every_word_has_its_place_in_text_and_time(voice: Voice) -> None:
    assert spoken_words(voice, SENTENCE) == [word.strip(".,") for word in SENTENCE.split()]
    for chunk in speak(voice, SENTENCE):
        for word in chunk.words:
            assert 0 <= word.begins < word.stops <= chunk.seconds + 1e-6
        for one, other in pairwise(chunk.words):
            assert one.stops <= other.begins + 1e-6


def test_words_sound_when_their_times_say(voice: Voice, recogniser: Recogniser) -> None:
    chunks = speak(voice, SENTENCE)
    heard = recogniser.transcribe(whole(chunks), voice.sample_rate)
    ours = [word.begins for chunk in chunks for word in chunk.words]
    errors = [abs(begins - told) for (_, begins, _), told in zip(heard.words, ours, strict=True)]
    assert float(np.median(errors)) <= 0.1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("O'Neil's well-known cat", ["O'Neil's", "well-known", "cat"]),
        ("It's three point five oh.", ["It's", "three", "point", "five", "oh"]),
        ("Hello — you, there: go!", ["Hello", "you", "there", "go"]),
        ('"Quoted" (aside) words', ["Quoted", "aside", "words"]),
    ],
)
def test_words_are_found_between_all_kinds_of_marks(voice: Voice, text: str, words: list[str]) -> None:
    assert spoken_words(voice, text) == words


def test_the_silence_around_the_words_is_trimmed(voice: Voice) -> None:
    for text in (SENTENCE, "Yes.", "Six fish.", "Half of it is off"):
        samples = whole(speak(voice, text))
        loud = np.nonzero(np.abs(samples) > 0.01)[0] / voice.sample_rate
        assert loud[0] < 0.06, f"{text!r} starts at once"
        assert len(samples) / voice.sample_rate - loud[-1] < 0.12, f"{text!r} ends at once"


def test_a_faster_voice_takes_less_time(voice: Voice) -> None:
    slow, normal, fast = (len(whole(speak(voice, SENTENCE, speed))) for speed in (0.7, 1.0, 1.6))
    assert slow > 1.2 * normal > 1.2 * 1.2 * fast


def test_a_speed_beyond_the_voice_is_clamped(voice: Voice) -> None:
    assert len(whole(speak(voice, SENTENCE, 99.0))) == len(whole(speak(voice, SENTENCE, 2.0)))


@pytest.mark.parametrize("text", ["", " ", ".", "...", "?!", "—", "\n"])
def test_nothing_to_say_is_silence_and_no_error(voice: Voice, text: str) -> None:
    assert speak(voice, text) == []


@pytest.mark.parametrize("text", ["Yes.", "A", "Oh!", "Zxqvbn", "e", "Bzzzzzzzzzzzzzzzzzzzzzzzzzt"])
def test_very_short_and_strange_words_sound(voice: Voice, text: str) -> None:
    assert len(whole(speak(voice, text))) > 0.1 * voice.sample_rate


@pytest.mark.parametrize("text", ["\U0001f600", "مرحبا", "中文", "\ud800", "\x00\x1b", "á" * 50, "%$#@", "[x](/y/)"])
def test_any_text_ends_without_an_error(voice: Voice, text: str) -> None:
    speak(voice, text)


def test_a_text_longer_than_the_model_takes_is_spoken_whole(voice: Voice, recogniser: Recogniser) -> None:
    text = " ".join([SENTENCE] * 8)
    chunks = speak(voice, text)
    assert len(chunks) > 1
    assert sum(len(chunk.words) for chunk in chunks) == 8 * 13
    heard = recogniser.transcribe(whole(chunks), voice.sample_rate)
    assert word_error_rate(text, heard.text) < 0.05


def test_a_cancelled_voice_says_nothing_more(voice: Voice) -> None:
    cancelled = threading.Event()
    chunks = voice.synthesize(" ".join([SENTENCE] * 8), 1.0, cancelled)
    next(iter(chunks))
    cancelled.set()
    assert list(chunks) == []


def test_several_threads_can_speak_at_once(voice: Voice) -> None:
    alone = len(whole(speak(voice, SENTENCE)))
    lengths: list[int] = []
    threads = [threading.Thread(target=lambda: lengths.append(len(whole(speak(voice, SENTENCE))))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert lengths == [alone] * 4


def test_a_misspelled_voice_gets_the_nearest_name() -> None:
    for wrong in ("hibari/hart", "hibari/Heart", "hibri/heart"):
        with pytest.raises(VoiceError, match="did you mean 'hibari/heart'"):
            open_voice(wrong)
    with pytest.raises(VoiceError, match="not there yet"):
        open_voice("piper/en_US-joe-medium")


def test_voices_are_listed_with_what_a_person_chooses_by() -> None:
    heart = next(info for info in voices() if info.name == "hibari/heart")
    assert (heart.language, heart.on_disk, heart.licence) == ("en-US", True, "Apache-2.0")
