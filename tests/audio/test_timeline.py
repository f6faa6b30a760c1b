"""Which word sounds when, and how much was heard at a cut."""

from speakstream.audio.timeline import Timeline
from speakstream.events import SpokenWord
from speakstream.text.span import Span


def timeline() -> Timeline:
    made = Timeline()
    made.add(0.0, (SpokenWord(Span(0, 3), 0.0, 0.2), SpokenWord(Span(4, 7), 0.3, 0.5)))
    made.add(1.0, (SpokenWord(Span(8, 12), 0.1, 0.5),))
    return made


def test_the_word_that_sounds_is_found_and_pauses_have_none() -> None:
    made = timeline()
    assert made.word_at(0.1) == Span(0, 3)
    assert made.word_at(0.25) is None
    assert made.word_at(0.3) == Span(4, 7)
    assert made.word_at(1.05) is None
    assert made.word_at(1.1) == Span(8, 12)
    assert made.word_at(9.0) is None
    assert Timeline().word_at(0.0) is None


def test_a_word_was_heard_when_half_of_it_sounded() -> None:
    made = timeline()
    assert made.heard_until(0.05) is None
    assert made.heard_until(0.1) == 3
    assert made.heard_until(0.35) == 3
    assert made.heard_until(0.4) == 7
    assert made.heard_until(1.2) == 7
    assert made.heard_until(2.0) == 12


def test_a_place_in_the_text_is_found_in_the_sound() -> None:
    made = timeline()
    assert made.begins(0) == 0.0
    assert made.begins(3) == 0.3
    assert made.begins(9) == 1.1
    assert made.begins(12) is None
