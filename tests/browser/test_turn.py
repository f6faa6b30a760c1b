"""A turn with the real model and the real voice, heard where it leaves the page."""

import difflib
import statistics
from collections.abc import Iterable, Sequence

from tests.browser.conftest import Visit
from tests.rig.recognise import Recogniser, normalise, word_error_rate
from tests.server.serving import Served

MISHEARD = 0.2
"""Of the words, at most: the small recogniser does not know every name."""

APART = 0.2
"""Seconds, in the median, between a word's light and its sound, whose time the recogniser knows to a tenth."""

SKIPPED = 0.1
"""Of the words, at most: one that is shorter than a frame of a busy machine is not lit."""


def in_order(some: Iterable[str], all_of_them: Sequence[str]) -> bool:
    """Whether ``some`` are among them in the same order."""
    left = iter(all_of_them)
    return all(one in left for one in some)


def test_a_reply_is_heard_word_for_word_and_each_word_is_lit_as_it_sounds(
    server: Served, visit: Visit, recogniser: Recogniser
) -> None:
    client = visit(server.url)
    client.ask("Why is the sky blue?")
    client.finished()

    heard = client.sound().read(recogniser)
    text, spoken = client.wire.text(), client.wire.words()
    assert len(spoken) > 20
    assert word_error_rate(" ".join(spoken), heard.text) < MISHEARD, (text, heard.text)
    (_, prompt), (_, reply) = client.texts()
    assert (prompt, normalise(reply)) == ("Why is the sky blue?", normalise(text))
    assert client.wire.order.index("sound") < client.wire.order.index("ended"), "it is spoken while it is written"

    lit = client.lit()
    words = [word for word, _ in lit]
    assert in_order(words, spoken), (words, spoken)
    assert len(words) > (1 - SKIPPED) * len(spoken)
    known = [" ".join(normalise(word.text)) for word in heard.words]
    same = difflib.SequenceMatcher(None, [" ".join(normalise(word)) for word in words], known, autojunk=False)
    apart = [
        lit[block.a + number][1] - heard.words[block.b + number].begin
        for block in same.get_matching_blocks()
        for number in range(block.size)
    ]
    assert len(apart) > len(spoken) / 2
    assert abs(statistics.median(apart)) < APART, apart


def test_the_next_prompt_is_answered_with_the_first_in_mind_and_another_one_interrupts(
    server: Served, visit: Visit, recogniser: Recogniser
) -> None:
    client = visit(server.url)
    client.ask("Name three fish.")
    client.finished()
    client.forget()
    client.ask("Tell me a long story about a lighthouse.")
    client.heard(1.5)
    client.ask("What is the capital of France?")
    client.until(lambda: len(client.wire.of("ended")) == 2, "the last reply")
    client.until(lambda: bool(client.wire.of("spoken")), "its speech")
    client.quiet()

    interrupted, answered = (one["message"] for one in client.wire.of("ended"))
    assert (interrupted["reason"], answered["reason"]) == ("interrupted", "finished")
    assert 0 < interrupted["heard"] < 400
    assert [role for role, _ in client.texts()] == ["user", "assistant"] * 3
    heard = client.sound().read(recogniser)
    assert "Paris" in heard.text, heard.text
    newest = client.wire.of("speech")[-1]["speech"]
    after = client.wire.order[::-1].index("silence") if "silence" in client.wire.order else None
    assert after is None or client.wire.sound[-1].speech == newest, "sound of an interrupted speech came after it"
