"""Words in capitals, stretched words, names from code and emoji, each by itself; sentences are in the corpus."""

import pytest

from speakstream.text.acronyms import pronounceable, read_capitals
from speakstream.text.code_names import read_address, read_host
from speakstream.text.emoji_names import emoji_name
from speakstream.text.stretched import unstretched


@pytest.mark.parametrize(
    "word",
    ["launch", "school", "strength", "supply", "news", "eighth", "offline", "crowd", "exclude", "knight", "queue"],
)
def test_english_words_can_be_pronounced(word: str) -> None:
    assert pronounceable(word)


@pytest.mark.parametrize("word", ["html", "https", "rsvp", "adhd", "oecd", "ieee", "uuid", "smtp", "lgbtq", "aaaa"])
def test_other_letters_can_not(word: str) -> None:
    assert not pronounceable(word)


@pytest.mark.parametrize(
    ("word", "alone", "shouted"),
    [
        ("FBI", "F B I", "F B I"),
        ("URLs", "U R L's", "U R L's"),
        ("EU's", "E U's", "E U's"),
        ("NASA's", "Nasa's", "Nasa's"),
        ("WHO", "W H O", "who"),
        ("NOT", "not", "not"),
        ("BOB", "B O B", "bob"),
        ("AI", "A I", "A I"),
        ("IEEE", "I triple E", "I triple E"),
        ("IMPORTANT", "important", "important"),
    ],
)
def test_capitals_are_read_by_what_they_are(word: str, alone: str, shouted: str) -> None:
    assert read_capitals(word) == alone
    assert read_capitals(word, shouted=True) == shouted


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("soooo", "so"),
        ("Goooood", "Good"),
        ("helllooo", "hello"),
        ("waaaayyy", "way"),
        ("HMMMM", "hmm"),
        ("aaaah", "ah"),
        ("www", ""),
        ("XIII", ""),
    ],
)
def test_a_stretched_word_is_said_as_the_word(word: str, said: str) -> None:
    assert unstretched(word) == said


@pytest.mark.parametrize(
    ("emoji", "name"),
    [
        ("🎉", "party popper"),
        ("👍🏿", "thumbs up"),
        ("👨‍👩‍👧‍👦", "family"),
        ("🤷‍♂️", "man shrugging"),
        ("🇳🇱", "flag of the Netherlands"),
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", "flag of Scotland"),
        ("🇽🇽", "flag"),
        ("★", "star"),
        ("🏽", ""),
        ("🥇", "first place medal"),
    ],
)
def test_emoji_have_names(emoji: str, name: str) -> None:
    assert emoji_name(emoji) == name


def test_hosts_and_addresses_can_be_typed_from_what_is_said() -> None:
    assert read_host("user@www.my-shop.co.uk:80") == "my dash shop dot co dot U K"
    assert read_address("jo_smith-lee+x") == "jo underscore smith dash lee plus x"
