"""Type-ahead, on and off: what is left to read after Enter when the prompt was read while it was typed.

The same prompts, typed at the same pace, through ``Session.typing`` and without it, in turns; the conversation so far
is in the prompt cache both times. Once in a new conversation, once behind as many tokens as a long one sends.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.keys import KEYS_PER_SECOND, rest, typed
from benchmarks.measure import spread
from benchmarks.prompts import CHAT, PARAGRAPHS, PROMPTS
from benchmarks.report import Figure, Part, figure
from benchmarks.stage import Product, Stage, product
from speakstream.engine import Engine
from speakstream.happenings import Ended, Grown, Happening
from speakstream.history import History
from speakstream.llm import Message
from speakstream.llm.llamacpp import LlamaCpp
from speakstream.loading import delivery, generation
from speakstream.session import Session, Start

FRESH, LONG = PROMPTS[5:17], PROMPTS[17:29]
"""What is typed into a new conversation, and into a long one; half of the prompts without their last mark."""

LONG_TOKENS = 1_600
"""Of the long conversation: at half of the context, less a prompt, the oldest turns would be left out."""

USELESS = " ".join(" ".join(sentences) for sentences in PARAGRAPHS)
"""Pasted, read ahead, and deleted before Enter: the worst that type-ahead can do."""

USELESS_TIMES = 12

THINKING_SECONDS = 0.5

LONGEST = 60.0


@dataclass
class Chat:
    """A session on the product, and when its replies grew and ended."""

    session: Session
    opened: Product
    grown: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    first_token: float = 0.0

    def heed(self, happening: Happening) -> None:
        """The session's listener."""
        if isinstance(happening, Grown) and not self.grown.is_set():
            self.first_token = time.monotonic()
            self.grown.set()
        elif isinstance(happening, Ended):
            self.ended.set()

    @property
    def model(self) -> LlamaCpp:
        """The default one, which tells how it read a prompt."""
        assert isinstance(self.opened.model, LlamaCpp)
        return self.opened.model

    def reads(self) -> bool:
        """Whether the model is within a prompt."""
        read = self.model.last_prompt
        return read is not None and read.ended is None

    def wait_for_prefill(self) -> None:
        """Wait until nothing is read ahead any more."""
        wait_until(lambda: all(thread.name != "prefill" for thread in threading.enumerate()))


@contextmanager
def chatting(opened: Product) -> Iterator[Chat]:
    """A session whose history is kept in memory."""
    settings, history = opened.settings, History(None)
    start = Start(
        settings.system_prompt,
        generation(settings),
        delivery(settings),
        settings.tts_model_name,
        settings.default_volume,
        settings.max_chat_history,
    )
    engine = Engine(opened.engine.model, opened.engine.voice, opened.speaker)
    heed: list[Chat] = []
    session = Session(engine, history, start, lambda happening: heed[0].heed(happening))
    heed.append(Chat(session, opened))
    try:
        yield heed[0]
    finally:
        session.close()
        history.close()


def wait_until(is_so: Any) -> None:
    """Wait until ``is_so()``. Raises TimeoutError."""
    deadline = time.monotonic() + LONGEST
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {LONGEST:g} s in vain")
        time.sleep(0.005)


def run(stage: Stage) -> Part:
    """See the module."""
    fresh, long, times = (FRESH[:2], LONG[:2], 2) if stage.quick else (FRESH, LONG, USELESS_TIMES)
    with product(stage) as opened, chatting(opened) as chat:
        pairs = {"new": _pairs(stage, chat, fresh, None, "a new conversation")}
        conversation, tokens = _long_conversation(chat)
        pairs["long"] = _pairs(stage, chat, long, conversation, f"a conversation of {tokens} tokens")
        useless = _useless(stage, chat, times, conversation)
    return Part(
        _figures(pairs, useless, tokens),
        {"pairs": pairs, "useless": useless, "long_tokens": tokens, "keys_per_second": KEYS_PER_SECOND},
    )


def _long_conversation(chat: Chat) -> tuple[int, int]:
    """A stored conversation of about LONG_TOKENS tokens: its number, and how many they are."""
    history = chat.session.history
    conversation = history.begin()
    told = [Message("system", chat.opened.settings.system_prompt)]
    tokens = 0
    for number, prompt in enumerate(CHAT):
        reply = " ".join(PARAGRAPHS[number % len(PARAGRAPHS)])
        more = [*told, Message("user", prompt), Message("assistant", reply)]
        count = chat.opened.model.count(more)
        if count > LONG_TOKENS:
            break
        told, tokens = more, count
        history.add_prompt(conversation, prompt)
        stored = history.begin_reply(conversation, "", "")
        history.append(stored.id, reply)
        history.end_reply(stored.id, "finished", None, "", {})
    return conversation, tokens


def _pairs(
    stage: Stage, chat: Chat, prompts: Sequence[str], conversation: int | None, name: str
) -> list[dict[str, Any]]:
    """Each prompt with and without type-ahead; every other one the other way round."""
    pairs = []
    for number, whole in enumerate(prompts):
        prompt = whole if number % 4 < 2 else whole.rstrip(".?")
        stage.progress(f"type-ahead in {name}: {number + 1} of {len(prompts)}")
        order = ("on", "off") if number % 2 else ("off", "on")
        turns = {mode: _turn(stage, chat, prompt, conversation, mode == "on") for mode in order}
        pairs.append({"prompt": prompt, "first": order[0], **turns})
    return pairs


def _begin(stage: Stage, chat: Chat, conversation: int | None) -> None:
    """Have the conversation as it is before the prompt, read by the model, and silence."""
    if conversation is None:
        chat.session.new()
    else:
        chat.session.open(conversation)
    chat.wait_for_prefill()
    time.sleep(THINKING_SECONDS)
    stage.hush()


def _turn(stage: Stage, chat: Chat, prompt: str, conversation: int | None, ahead: bool) -> dict[str, Any]:
    _begin(stage, chat, conversation)
    begun, worked = time.monotonic(), time.process_time()
    for at, text in typed(prompt, prompt):
        time.sleep(max(0.0, begun + at - time.monotonic()))
        if ahead:
            chat.session.typing(text)
    time.sleep(max(0.0, begun + at + rest(prompt) - time.monotonic()))
    share = (time.process_time() - worked) / (time.monotonic() - begun)
    return {"busy_share": share, **_enter(stage, chat, prompt, conversation)}


def _enter(stage: Stage, chat: Chat, prompt: str, conversation: int | None) -> dict[str, Any]:
    """Ask, and wait for the first sound; then the turn is taken back."""
    chat.grown.clear()
    chat.ended.clear()
    submitted = time.monotonic()
    chat.session.ask(prompt)
    asked = time.monotonic() - submitted
    if not chat.grown.wait(LONGEST):
        raise TimeoutError(f"no answer to {prompt!r}")
    # Until there is something to hear, the recording is left alone: searching it takes the interpreter from the turn.
    while not chat.session.now().buffered and not chat.ended.wait(0.02):
        pass
    onset = stage.onset(submitted)
    read = chat.model.last_prompt
    chat.session.stop()
    if not chat.ended.wait(LONGEST):
        raise TimeoutError(f"the answer to {prompt!r} does not end")
    if conversation is not None:
        kept = chat.session.history.messages(conversation)
        chat.session.history.cut(conversation, kept[-2].id)
    return {
        "asked": asked,
        "first_token": chat.first_token - submitted,
        "first_audio": None if onset is None else onset - submitted,
        "left_to_read": None if read is None else read.tokens - read.cached,
    }


def _useless(stage: Stage, chat: Chat, times: int, conversation: int) -> list[dict[str, Any]]:
    """Enter while something is read ahead that is not asked in the end, and at a moment when nothing is read."""
    pairs = []
    for number in range(times):
        stage.progress(f"Enter while a prefill runs: {number + 1} of {times}")
        prompt = LONG[number % len(LONG)]
        order = (True, False) if number % 2 else (False, True)
        pair: dict[str, Any] = {"prompt": prompt}
        for reading in order:
            _begin(stage, chat, conversation)
            if reading:
                chat.session.typing(f"{USELESS} ")
                wait_until(chat.reads)
                time.sleep(0.2 + 0.05 * number)  # anywhere within a batch
                pair["was_reading"] = chat.reads()
            pair["reading" if reading else "idle"] = _enter(stage, chat, prompt, conversation)
        pairs.append(pair)
    return pairs


def _figures(pairs: dict[str, list[dict[str, Any]]], useless: list[dict[str, Any]], tokens: int) -> list[Figure]:
    figures = []
    for name, where in (("new", "a new conversation"), ("long", f"{tokens} tokens deep")):
        for key, what in (("first_token", "first token"), ("first_audio", "first audio")):
            figures += compared(pairs[name], key, f"{what}, {where}")
    gave_way = spread(pair["on"]["asked"] for where in pairs.values() for pair in where)
    late = spread(pair["reading"]["first_token"] - pair["idle"]["first_token"] for pair in useless)
    figures += [
        figure("Enter after typing: until the reading ahead has given way, p95", gave_way, "p95", "ms", 100, 50),
        figure(f"Enter while a paste that is deleted again is read, {tokens} tokens deep: later by, p50", late),
    ]
    for name, where in (("new", "a new conversation"), ("long", f"{tokens} tokens deep")):
        on, off = (spread(100 * pair[mode]["busy_share"] for pair in pairs[name]) for mode in ("on", "off"))
        note = "" if off is None else f"without {off.median:.0f}"
        figures.append(figure(f"of one core busy while typing, {where}, p50", on, "median", "%", note=note))
    return figures


def compared(pairs: Sequence[dict[str, Any]], key: str, name: str) -> list[Figure]:
    """What type-ahead saves, in the median of the pairs, and both sides of it. ``key``'s values are in seconds."""
    known = [pair for pair in pairs if pair["on"][key] is not None and pair["off"][key] is not None]
    saved = spread(pair["off"][key] - pair["on"][key] for pair in known)
    if saved is None:
        return [Figure(f"saved by type-ahead: {name}, p50", None, "ms", 0, 0, 10, at_least=True)]
    sooner = sum(pair["off"][key] > pair["on"][key] for pair in known)
    return [
        replace(
            figure(f"saved by type-ahead: {name}, p50", saved, "median", "ms", 0, 10, f"sooner in {sooner}"),
            at_least=True,
        ),
        *(
            figure(f"... {words}", spread(pair[mode][key] for pair in known))
            for mode, words in (("on", "with"), ("off", "without"))
        ),
    ]
