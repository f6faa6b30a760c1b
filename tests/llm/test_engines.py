"""The engine suite: what every LanguageModel does, on its real weights."""

import threading
import time
from collections.abc import Callable
from itertools import islice

import pytest

from speakstream.errors import EngineError
from speakstream.llm import Generation, LanguageModel, Message

SYSTEM = Message("system", "You are a helpful assistant.")
GREEDY = Generation(max_new_tokens=24, temperature=0.0)


def ask(prompt: str) -> list[Message]:
    return [SYSTEM, Message("user", prompt)]


def reply(model: LanguageModel, prompt: str, options: Generation = GREEDY) -> str:
    return "".join(model.stream(ask(prompt), options, threading.Event()))


def poll(condition: Callable[[], bool]) -> None:
    """Wait for something that another thread is about to do."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.001)


def test_a_question_is_answered(language_model: LanguageModel) -> None:
    assert "Paris" in reply(language_model, "What is the capital of France?")


def test_the_reply_comes_in_pieces_as_it_is_made(language_model: LanguageModel) -> None:
    deltas = list(language_model.stream(ask("Count to five."), GREEDY, threading.Event()))
    assert 5 < len(deltas) <= 24
    assert all(deltas)


def test_greedy_replies_repeat(language_model: LanguageModel) -> None:
    assert reply(language_model, "Tell me of the sea.") == reply(language_model, "Tell me of the sea.")


def test_a_seed_repeats_a_reply_and_another_changes_it(language_model: LanguageModel) -> None:
    def seeded(seed: int) -> str:
        return reply(language_model, "Tell me a story.", Generation(24, 1.0, seed=seed))

    assert seeded(1) == seeded(1)
    assert len({seeded(seed) for seed in range(4)}) > 1


def test_without_a_seed_replies_differ(language_model: LanguageModel) -> None:
    hot = Generation(max_new_tokens=24, temperature=1.5)
    assert len({reply(language_model, "Tell me a story.", hot) for _ in range(4)}) > 1


def test_one_likeliest_token_is_as_good_as_greedy(language_model: LanguageModel) -> None:
    top = Generation(max_new_tokens=24, temperature=1.0, top_k=1, seed=3)
    assert reply(language_model, "Tell me a story.", top) == reply(language_model, "Tell me a story.")


@pytest.mark.parametrize("options", [Generation(24, 1.0, top_p=0.01, seed=3), Generation(24, 1.0, min_p=1.0, seed=3)])
def test_narrow_sampling_is_as_good_as_greedy(language_model: LanguageModel, options: Generation) -> None:
    assert reply(language_model, "Tell me a story.", options) == reply(language_model, "Tell me a story.")


def test_a_repeat_penalty_changes_a_reply_that_repeats(language_model: LanguageModel) -> None:
    prompt = "Repeat the word 'moon' ten times."
    plain = reply(language_model, prompt, Generation(40, 0.0, repeat_penalty=1.0))
    punished = reply(language_model, prompt, Generation(40, 0.0, repeat_penalty=1.8))
    assert plain != punished


def test_a_reply_is_no_longer_than_allowed(language_model: LanguageModel) -> None:
    short = Generation(max_new_tokens=5, temperature=0.0)
    assert len(list(language_model.stream(ask("Tell me a long story."), short, threading.Event()))) <= 5


def test_a_stop_string_ends_the_reply_before_it(language_model: LanguageModel) -> None:
    whole = reply(language_model, "What is the capital of France?")
    word = whole.split()[3]
    stopped = reply(language_model, "What is the capital of France?", Generation(24, 0.0, stop=(word,)))
    assert stopped == whole[: whole.index(word)]


def test_tokens_are_counted_with_the_template(language_model: LanguageModel) -> None:
    short, long = language_model.count(ask("Hi")), language_model.count(ask("Hi " * 100))
    assert short > 10, "the template takes some"
    assert 95 < long - short < 205


def test_a_cancelled_reply_does_not_begin(language_model: LanguageModel) -> None:
    cancelled = threading.Event()
    cancelled.set()
    assert list(language_model.stream(ask("Hi"), GREEDY, cancelled)) == []


def test_a_cancel_between_two_tokens_ends_the_reply(language_model: LanguageModel) -> None:
    cancelled = threading.Event()
    stream = language_model.stream(ask("Tell me a long story."), Generation(500, 0.0), cancelled)
    got = list(islice(stream, 3))
    cancelled.set()
    assert list(stream) == []
    assert len(got) == 3
    assert "Paris" in reply(language_model, "What is the capital of France?"), "and the next one is whole"


def test_closing_the_iterator_ends_the_reply(language_model: LanguageModel) -> None:
    before = threading.active_count()
    stream = language_model.stream(ask("Tell me a long story."), Generation(500, 0.0), threading.Event())
    next(iter(stream))
    stream.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_what_does_not_fit_the_context_is_an_error_that_says_so(language_model: LanguageModel) -> None:
    with pytest.raises(EngineError, match="context"):
        reply(language_model, "word " * 3 * language_model.context_length)
    assert reply(language_model, "Hi"), "and the model goes on"


@pytest.mark.parametrize("text", ["a \ud800 b", "\x00\x1b[31m", "\U0001f600" * 50, "مرحبا", ""])
def test_any_text_can_be_sent(language_model: LanguageModel, text: str) -> None:
    assert isinstance(reply(language_model, text, Generation(4, 0.0)), str)
    assert language_model.count(ask(text)) > 0


def test_two_callers_both_get_their_whole_reply(language_model: LanguageModel) -> None:
    alone = {prompt: reply(language_model, prompt) for prompt in ("Count to five.", "Name three colours.")}
    together: dict[str, str] = {}
    threads = [
        threading.Thread(target=lambda p=prompt: together.update({p: reply(language_model, p)})) for prompt in alone
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert together == alone


def test_prefilling_leaves_the_reply_as_it_was(language_model: LanguageModel) -> None:
    before = reply(language_model, "What is the capital of France?")
    language_model.prefill(ask("What is the"), threading.Event())
    assert reply(language_model, "What is the capital of France?") == before
