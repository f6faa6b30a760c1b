"""What only the llama.cpp engine promises: no open port, a cancel within prefill, its own errors."""

import os
import stat
import threading
from pathlib import Path

import pytest

from speakstream.errors import ModelError
from speakstream.llm import Generation, Message, ModelChoice, choose_engine
from speakstream.llm.llamacpp import BATCH, LlamaCpp, usable_cores
from tests.llm.test_engines import GREEDY, ask, poll, reply
from tests.models_fixture import threads_named

LONG = [Message("user", "There are many words here. " * 280)]


def listening_inodes() -> set[str]:
    """The inodes of all TCP sockets that listen, of every process."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:] if Path(table).exists() else []:
            fields = line.split()
            if fields[3] == "0A":
                found.add(fields[9])
    return found


def own_sockets() -> set[str]:
    found = set()
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{descriptor}")
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found


def test_no_tcp_port_is_open(llama: LlamaCpp) -> None:
    reply(llama, "Hi")
    assert own_sockets(), "it does listen on a Unix socket"
    assert not own_sockets() & listening_inodes()


def test_nobody_else_can_reach_the_private_socket(llama: LlamaCpp) -> None:
    assert llama._folder is not None
    assert stat.S_IMODE(os.stat(llama._folder).st_mode) == 0o700
    assert os.listdir(llama._folder) == ["llm.sock"]


def test_a_cancel_within_prefill_ends_it_and_the_engine_calls_no_more(llama: LlamaCpp) -> None:
    cancelled, got = threading.Event(), list[str]()
    begun = llama.callbacks
    asking = threading.Thread(target=lambda: got.extend(llama.stream(LONG, Generation(5, 0.0), cancelled)))
    asking.start()
    poll(lambda: llama.callbacks > begun + 1)  # prefill is under way: 1,400 tokens take seconds
    cancelled.set()
    asking.join(60)
    assert not asking.is_alive()
    assert got == [], "it was cancelled before the first token"
    assert llama.last_prompt is not None
    assert llama.last_prompt.tokens > 1000
    assert llama.last_prompt.ended is None
    assert llama.callbacks - begun < llama.last_prompt.tokens / BATCH, "most of the prompt was never computed"
    after = llama.callbacks
    assert not threads_named("llama.cpp")
    assert "Paris" in reply(llama, "What is the capital of France?")
    assert llama.callbacks - after < 200, "and nothing of the cancelled prompt went on behind it"


def test_a_conversation_is_not_computed_twice(llama: LlamaCpp) -> None:
    first = [*ask("What is the capital of France?")]
    answer = "".join(llama.stream(first, GREEDY, threading.Event()))
    llama.prefill([*first, Message("assistant", answer), Message("user", "")], threading.Event())
    reply_two = llama.stream(
        [*first, Message("assistant", answer), Message("user", "And of Spain?")], GREEDY, threading.Event()
    )
    assert "".join(reply_two)
    read = llama.last_prompt
    assert read is not None
    assert read.tokens - read.cached < 20, "only the new question is left to compute"


def test_a_file_that_is_no_model_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "no.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelError, match=r"no\.gguf could not be loaded"):
        LlamaCpp(ModelChoice("x", path, 512, 1))
    assert not threads_named("llama.cpp")


def test_closing_frees_threads_and_folder(weights: Path) -> None:
    before = len(os.listdir("/proc/self/task"))
    model = LlamaCpp(ModelChoice("x", weights, 512, 1))
    folder = model._folder
    assert reply(model, "Hi", Generation(3, 0.0))
    model.close()
    assert folder is not None and not os.path.exists(folder)
    poll(lambda: len(os.listdir("/proc/self/task")) <= before)


def test_the_context_length_is_what_was_asked_for(weights: Path) -> None:
    model = LlamaCpp(ModelChoice("x", weights, 512, 1))
    try:
        assert model.context_length == 512
        with pytest.raises(Exception, match="512"):
            reply(model, "word " * 600)
    finally:
        model.close()


def test_no_more_threads_are_used_than_there_are_cores() -> None:
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)


def test_auto_says_which_engine_it_chose_and_why() -> None:
    engine, why = choose_engine("auto")
    assert engine == "llamacpp"
    assert why


@pytest.mark.parametrize(
    ("engine", "says"), [("transformers", "not there yet"), ("vllm", "use one of: auto, llamacpp")]
)
def test_an_engine_that_is_not_there_is_named(engine: str, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        choose_engine(engine)


def test_it_can_be_closed_as_soon_as_it_is_loaded(weights: Path) -> None:
    """llama.cpp's own loop may not have begun by then, and must not be waited for without end."""
    for _ in range(3):
        model = LlamaCpp(ModelChoice("any", weights, 256, 1))
        folder = model._folder
        model.close()
        assert folder is not None and not os.path.exists(folder)


def test_as_many_replies_are_made_at_once_as_there_are_slots(weights: Path) -> None:
    model = LlamaCpp(ModelChoice("any", weights, 256, 1, slots=2))
    try:
        assert model.context_length == 256, "each has all of it"
        first = model.stream(ask("Tell me a long story."), GREEDY, threading.Event())
        next(first)
        assert "Paris" in reply(model, "What is the capital of France?"), "beside one that goes on"
        assert len(list(first)) > 5
        reads: list[int] = []

        def asking(prompt: str) -> None:
            reply(model, prompt)
            assert model.last_prompt is not None
            reads.append(model.last_prompt.tokens)

        threads = [threading.Thread(target=asking, args=(prompt,)) for prompt in ("Hi", "Hi " * 50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert max(reads) - min(reads) > 45, "each knows how its own prompt was read"
        with pytest.raises(Exception, match="256"):
            reply(model, "word " * 300)
    finally:
        model.close()
    assert not threads_named("llama.cpp")


def test_conversations_that_take_turns_are_not_computed_twice(weights: Path) -> None:
    """Three of them on two slots: none drives out another's."""
    model = LlamaCpp(ModelChoice("any", weights, 512, 1, slots=2))
    try:
        talks = [ask(f"{thing} are what I like best of all, and you?") for thing in ("Boats", "Trains", "Planes")]
        for number in range(3):
            for talk in talks:
                answer = "".join(model.stream(talk, GREEDY, threading.Event()))
                read = model.last_prompt
                assert read is not None
                assert number == 0 or read.tokens - read.cached < 40, "only what is new was left to compute"
                talk += [Message("assistant", answer), Message("user", "Tell me more.")]
    finally:
        model.close()
