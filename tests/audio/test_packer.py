"""What is spoken at once, and how long the pause after it is."""

from math import inf

import pytest

from speakstream.audio.pacing import PAUSES
from speakstream.audio.packer import COMFORT, MAX_CHARACTERS, Packer, Segment
from speakstream.text.span import Break, Clause, Piece, Span


def clause(text: str, ends: Break, at: int = 0) -> Clause:
    pieces, start = [], 0
    for word in text.split():
        start = text.index(word, start)
        pieces.append(Piece(start, start + len(word), Span(at + start, at + start + len(word))))
        start += len(word)
    return Clause(Span(at, at + len(text)), text, tuple(pieces), ends)


def packer(*clauses: Clause, max_queue: int = 10) -> Packer:
    made = Packer(max_queue)
    for one in clauses:
        made.add(one)
    return made


def spoken(segment: Segment | None) -> str:
    assert segment is not None
    return segment.spoken


def test_the_first_clause_is_spoken_at_once() -> None:
    assert spoken(packer(clause("The sky is blue", Break.PHRASE)).take(0.0, False)) == "The sky is blue"


def test_the_first_words_are_no_scrap() -> None:
    made = packer(clause("Well,", Break.COMMA))
    assert made.take(0.0, False) is None
    made.add(clause("it is blue,", Break.COMMA, 6))
    assert spoken(made.take(0.0, False)) == "Well, it is blue,"


@pytest.mark.parametrize(("text", "ends"), [("One day,", Break.COMMA), ("The steps:", Break.COLON)])
def test_two_words_that_a_mark_ends_are_none(text: str, ends: Break) -> None:
    assert spoken(packer(clause(text, ends)).take(0.0, False)) == text


def test_a_short_sentence_is_not_kept_waiting() -> None:
    assert spoken(packer(clause("Yes.", Break.SENTENCE)).take(0.0, False)) == "Yes."


def test_the_last_words_are_spoken_whatever_they_are() -> None:
    assert spoken(packer(clause("So", Break.NONE)).take(0.0, True)) == "So"


def started() -> Packer:
    made = packer(clause("One two three.", Break.SENTENCE))
    made.take(0.0, False)
    return made


def test_later_clauses_wait_for_their_sentence_while_enough_is_buffered() -> None:
    made = started()
    made.add(clause("The sky is blue", Break.PHRASE, 20))
    assert made.take(COMFORT + 0.1, False) is None
    assert made.patience(COMFORT + 0.1) == pytest.approx(0.105)
    made.add(clause("because of the air.", Break.SENTENCE, 36))
    assert spoken(made.take(COMFORT + 0.1, False)) == "The sky is blue because of the air."


def test_when_the_sound_runs_low_what_is_there_is_spoken_up_to_the_last_mark() -> None:
    made = started()
    made.add(clause("First this,", Break.COMMA, 20))
    made.add(clause("and then some", Break.PHRASE, 32))
    assert spoken(made.take(0.1, False)) == "First this,"
    assert spoken(made.take(0.1, False)) == "and then some"


def test_sentences_are_never_joined_so_that_the_pause_between_them_is_chosen() -> None:
    made = packer(clause("One.", Break.SENTENCE), clause("Two.", Break.PARAGRAPH, 5))
    first, second = made.take(9.0, True), made.take(9.0, True)
    assert (spoken(first), spoken(second)) == ("One.", "Two.")
    assert first is not None and second is not None
    assert first.pause(1.0) == PAUSES[Break.SENTENCE]
    assert second.pause(2.0) == PAUSES[Break.PARAGRAPH] / 2


def test_a_file_is_never_in_a_hurry() -> None:
    made = packer(clause("The sky is blue", Break.PHRASE))
    assert made.take(inf, False) is None
    assert made.patience(inf) is None


def test_a_sentence_without_end_is_parted() -> None:
    words = clause("word " * 19 + "word,", Break.COMMA)
    made = packer(*(words for _ in range(10)))
    segment = made.take(9.0, False)
    assert segment is not None
    assert len(segment.spoken) <= MAX_CHARACTERS


def test_pieces_keep_their_place_in_text_and_speech() -> None:
    made = packer(clause("It costs", Break.PHRASE), clause("ten dollars,", Break.COMMA, 9))
    segment = made.take(0.0, True)
    assert segment is not None
    assert [segment.spoken[p.start : p.end] for p in segment.pieces] == ["It", "costs", "ten", "dollars,"]
    assert [p.span.start for p in segment.pieces] == [0, 3, 9, 13]
    assert segment.span == Span(0, 21)


def test_the_marks_within_a_segment_are_told_for_their_pauses() -> None:
    made = packer(clause("Now,", Break.COMMA), clause("it is", Break.PHRASE), clause("so:", Break.COLON))
    made.add(clause("good.", Break.SENTENCE))
    segment = made.take(9.0, False)
    assert segment is not None
    assert segment.spoken == "Now, it is so: good."
    assert segment.breaks == ((4, Break.COMMA), (14, Break.COLON))


def test_no_more_sentences_are_held_than_the_queue_allows() -> None:
    made = packer(clause("One.", Break.SENTENCE), max_queue=2)
    assert not made.full
    made.add(clause("Two.", Break.SENTENCE))
    assert made.full
    made.take(9.0, False)
    assert not made.full
