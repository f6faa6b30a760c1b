"""Whatever a person types, what was said is found by it, and nothing breaks."""

import re
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speakstream.history import Found, History

TEXTS = (
    "Why don't colours in the CAFÉ look the same at night?",
    "Rayleigh scattering: the sky's blue. See https://example.org/a_b?c=1%20d for more.",
    "今天天气怎么样? 東京の天気は晴れです。",
    "In C++ you write a->b, in Python a.b; 100% sure 👍🏽, $5.",
    "ประเทศไทย สวัสดี 한국어를 배워요 Привет, мир! Ελληνικά",
)


@pytest.fixture
def history() -> Iterator[History]:
    opened = History(None)
    for text in TEXTS:
        opened.add_prompt(opened.begin(), text)
    yield opened
    opened.close()


def marked(found: Found) -> list[str]:
    return [found.excerpt[start:end] for start, end in found.marks]


@pytest.mark.parametrize(
    ("query", "text", "hits"),
    [
        ("sky", 1, ["sky"]),
        ("ray scat", 1, ["Ray", "scat"]),
        ("SCATTERING", 1, ["scattering"]),
        ("cafe", 0, ["CAFÉ"]),
        ("café", 0, ["CAFÉ"]),
        ("don't", 0, ["don't"]),
        ("don’t", 0, ["don't"]),
        ("night?", 0, ["night"]),
        ('"the same"', 0, ["the same"]),
        ('"the sam"', None, []),
        ('"the sam', 0, ["the sam"]),
        ('"same the"', None, []),
        ("same look", 0, ["look", "same"]),
        ("ky", None, []),
        ("天气", 2, ["天气"]),
        ("の天", 2, ["の天"]),
        ("ไทย", 4, ["ไทย"]),
        ("한국어", 4, ["한국어"]),
        ("прив", 4, ["Прив"]),
        ("ΕΛΛΗΝΙΚΆ", 4, ["Ελληνικά"]),
        ("C++", 3, ["C++"]),
        ("c#", None, []),
        ("->", 3, ["->"]),
        ("👍", 3, ["👍"]),
        ("100%", 3, ["100%"]),
        ("%", None, ["%", "%"]),
        ("a_b", 1, ["a_b"]),
        ("axb", None, []),
        ("$5", 3, ["$5"]),
        ("NEAR", None, []),
        ("sky AND blue", None, []),
        ("sky OR night", None, []),
        ("sky NOT blue", None, []),
        ("text:sky", None, []),
        ("sky*", None, []),
        ("^sky", None, []),
        ("-sky", 1, ["sky"]),
        ("(sky", 1, ["sky"]),
        ("\x1b[31msky\x07\0", 1, ["sky"]),
        ("", None, []),
        ('"', None, []),
        ('""', None, []),
        (" \t\n", None, []),
        ("?!", None, []),
        ("\\", None, []),
        ("'; DROP TABLE messages; --", None, []),
        ("\ud800", None, []),
        ("sky " * 5000, 1, ["sky"]),
        ("s" * 100_000, None, []),
    ],
)
def test_what_is_typed_finds_what_was_meant(history: History, query: str, text: int | None, hits: list[str]) -> None:
    found = history.search(query)
    if text is not None:
        assert [one.message.text for one in found] == [TEXTS[text]]
    elif not hits:
        assert found == []
    assert [mark for one in found for mark in marked(one)] == hits


def test_the_newest_come_first_and_no_more_than_asked_for(history: History) -> None:
    for number in range(60):
        history.add_prompt(history.begin(), f"number {number}")
    found = history.search("number")
    assert [one.message.text for one in found] == [f"number {number}" for number in range(59, 9, -1)]
    assert len(history.search("number", 3)) == 3
    assert all(one.conversation.id == one.message.conversation for one in found)


def test_a_reply_is_found_when_it_is_complete_and_what_was_replaced_is_not(history: History) -> None:
    id = history.begin()
    history.add_prompt(id, "Tell me")
    reply = history.begin_reply(id, "tiny", "").id
    history.append(reply, "A kanga")
    history.append(reply, "roo.")
    assert history.search("kangaroo") == []
    history.end_reply(reply, "interrupted", None, "", {})
    assert [(one.message.id, marked(one)) for one in history.search("kangaroo")] == [(reply, ["kangaroo"])]
    history.cut(id, reply)
    assert history.search("kangaroo") == []
    history.delete(id)
    assert history.search("tell") == []
    history.restore(id)
    assert len(history.search("tell")) == 1
    history.erase(id)
    assert history.search("tell") == []


def test_a_conversation_is_found_by_the_name_that_a_person_gave_it(history: History) -> None:
    id = history.begin()
    first = history.add_prompt(id, "What colour is it?")
    history.rename(id, "Zebra talk")
    found = history.search("zeb")
    assert [(one.conversation.id, one.message, one.excerpt) for one in found] == [(id, first, "Zebra talk")]
    assert marked(found[0]) == ["Zeb"]


def test_an_excerpt_is_one_line_around_the_hit() -> None:
    history = History(None)
    history.add_prompt(
        history.begin(), "word\n\n" * 500 + "the \x1b[1m needle\x1b]8;;http://x\x07\there " + "word " * 500
    )
    (found,) = history.search("needle")
    assert re.fullmatch(r"…(word )+the needle here( word?)+…", found.excerpt)
    assert len(found.excerpt) <= 130
    assert marked(found) == ["needle"]
    history.close()


anything = st.text(st.characters() | st.sampled_from("\"'*^():+-%_\\ \n\t\0\x1b\x9b\ud800👍é́ア天"))


@settings(deadline=None)
@given(st.lists(anything, min_size=1, max_size=4), anything)
def test_no_query_fails_and_no_excerpt_breaks_a_line_or_a_terminal(texts: list[str], query: str) -> None:
    history = History(None)
    id = history.begin()
    for text in texts:
        history.add_prompt(id, text)
    for asked in (query, *texts):
        for found in history.search(asked):
            assert not any(unicodedata.category(mark) in ("Cc", "Cs", "Zl", "Zp") for mark in found.excerpt)
            at = 0
            for start, end in found.marks:
                assert at <= start < end <= len(found.excerpt)
                at = end
    history.close()


letters = st.characters(categories=["Ll", "Lu", "Nd"], max_codepoint=0x24F) | st.sampled_from("天気アィไทยжЯαβ")
words = st.text(letters, min_size=1, max_size=8)


@settings(deadline=None)
@given(st.lists(words, min_size=1, max_size=30), st.data())
def test_every_word_is_found_by_itself_and_by_its_beginning(texts: list[str], data: st.DataObject) -> None:
    history = History(None)
    history.add_prompt(history.begin(), " ".join(texts))
    word = data.draw(st.sampled_from(texts))
    for query in (word, f'"{word}"', word[: data.draw(st.integers(1, len(word)))], f"{texts[0]} {texts[-1]}"):
        found = history.search(query)
        assert len(found) == 1, query
        assert found[0].marks, query
    history.close()
