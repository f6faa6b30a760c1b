"""The engine every front end drives: a language model, a voice and a sink, and the conversations held on them.

Nothing here knows of a terminal, a web server or a sound device.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from speakstream.audio.chunk import Sink
from speakstream.events import Event, Metrics, Notice, Reason, TurnEnded
from speakstream.llm import Generation, LanguageModel, Message, PromptRead, prompt_read
from speakstream.text.lexicon import EMPTY, Lexicon
from speakstream.tts import Voice
from speakstream.turn import Delivery, Listener, Speech, Turn

log = logging.getLogger(__name__)

T = TypeVar("T")

FULL, KEEP = 0.5, 0.25
"""When the old messages outgrow the first part of the context, the oldest are left out until they take the second.

The rest is for a long prompt and the reply. On two cores every 1,000 tokens behind a reply cost a third of its
speed, so a fuller context would make the conversation slow to answer long before it was full. Several turns go at a
time: the prompt cache then holds for many turns, where dropping one each turn would move it every time.
"""

TEMPLATE_MARGIN = 16
"""Tokens kept free for what a chat template adds around a reply."""


LOOK_SECONDS = 0.05
"""How often whoever waits for something that is still loading looks whether he is still wanted."""


def loaded(future: Future[T], cancelled: threading.Event) -> T | None:
    """What ``future`` brings; None: ``cancelled`` meanwhile. Raises what the loading raised."""
    while not cancelled.is_set():
        if futures.wait([future], LOOK_SECONDS).done:
            return future.result()
    return None


@dataclass(slots=True)
class Engine:
    """What answers and what speaks. ``model`` and ``voice`` may still be loading: they are waited for when needed.

    Another ``voice`` or ``sink`` is taken by the next Speech.
    """

    model: Future[LanguageModel] | None
    voice: Future[Voice] | None
    sink: Sink | None
    lexicon: Callable[[], Lexicon] = lambda: EMPTY
    """How words are to be said; asked again and again, so that a change is taken up at once."""

    def turn(self, listener: Listener) -> Turn:
        """A new turn, spoken if there are a voice and a sink."""
        if self.voice is None or self.sink is None:
            return Turn(listener, None)

        def speech(turn: Turn, delivery: Delivery) -> Speech:
            assert self.voice is not None and self.sink is not None  # they are changed, never taken away
            voice, sink = partial(loaded, self.voice), self.sink
            metrics = turn.metrics if turn.result is None else Metrics(time.monotonic())  # a replay has its own
            return Speech(turn.reply, voice, sink, delivery, listener, metrics, turn.speech_ended, self.lexicon)

        return Turn(listener, speech)

    def read(self, source: Callable[[threading.Event], Iterable[str]], listener: Listener, delivery: Delivery) -> Turn:
        """Speak a text that no model wrote. ``source`` yields it piece by piece."""
        turn = self.turn(listener)
        turn.start(source, delivery)
        return turn


class Conversation:
    """Messages, and the turns that add to them. One turn at a time: asking ends the one before."""

    def __init__(
        self,
        engine: Engine,
        system_prompt: str,
        options: Generation,
        delivery: Delivery,
        listener: Listener,
        max_messages: int = 100,
    ) -> None:
        """``max_messages``: the newest ones that are sent to the model; none is deleted."""
        self.messages: list[Message] = []
        self.system_prompt = system_prompt
        self.options = options
        self.delivery = delivery
        self._engine = engine
        self._listener = listener
        self._max_messages = max_messages
        self._turn: Turn | None = None
        self._sent_from = 0  # messages before this one no longer fit the context
        self._cut_off = ""  # the last words heard, when the last reply was interrupted
        self._counted: tuple[list[Message], int] = ([], 0)  # what comes before a prompt, and its tokens
        self._draft = ""
        self._warm: tuple[str, int, str] | None = None  # what was prefilled last, as ``_known`` tells it
        self._warming: tuple[threading.Thread, threading.Event] | None = None
        self._warm_lock = threading.Lock()

    @property
    def turn(self) -> Turn | None:
        """The newest turn."""
        return self._turn

    def ask(self, prompt: str, submitted: float | None = None) -> Turn:
        """Answer ``prompt``. A turn still running is interrupted, and joined, first.

        ``submitted``: when the person did, ``time.monotonic()`` seconds, for the metrics; None: now.
        """
        submitted = time.monotonic() if submitted is None else submitted
        self.stop()
        turn = self._engine.turn(self._heed)
        turn.metrics.submitted = submitted
        self.messages.append(Message("user", self._told(prompt)))
        self._cut_off = ""
        with self._warm_lock:
            self._turn = turn  # from now on, nothing is prefilled
        self._cool()
        turn.start(partial(self._stream, turn.metrics), self.delivery)
        return turn

    def stop(self) -> None:
        """Interrupt the running turn, if any, and wait until nothing of it runs."""
        self._cool()
        if self._turn is not None:
            self._turn.cancel()
            self._turn.join()

    def restore(self, messages: Iterable[Message], interrupted: bool = False) -> None:
        """Go on from these messages. ``interrupted``: the last one was cut off where it ends."""
        self.stop()
        self.messages = [*messages]
        self._turn = None
        self._warm = None
        self._sent_from = 0
        self._cut_off = _last_words(self.messages[-1].content) if interrupted else ""

    def prefill(self, draft: str = "") -> None:
        """Have what is known of the next prompt in the model's prompt cache: the conversation, and ``draft``.

        Never waits: one prefill runs at a time, and of those asked for meanwhile only the last. Does nothing while a
        turn runs, which it would slow down; the next ``ask`` cancels it.
        """
        with self._warm_lock:
            if self._turn is not None and self._turn.result is None:
                return
            self._draft = draft
            if self._warming is None and self._warm != self._known():
                cancelled = threading.Event()
                thread = threading.Thread(target=self._read_ahead, args=(cancelled,), name="prefill")
                self._warming = (thread, cancelled)
                thread.start()

    def _read_ahead(self, cancelled: threading.Event) -> None:
        read: tuple[str, int, str] | None = None
        while not cancelled.is_set():
            with self._warm_lock:
                self._warm = read
                if read == self._known():
                    self._warming = None
                    return
                read, draft = self._known(), self._draft
            try:
                if (model := self._model(cancelled)) is not None:
                    model.prefill(self._fitting(model, Message("user", self._told(draft)))[0], cancelled)
            except Exception:
                log.warning("the prompt could not be prefilled", exc_info=True)  # the turn itself will tell

    def _known(self) -> tuple[str, int, str]:
        """What there is to prefill; two that are equal are the same prompt."""
        return self.system_prompt, len(self.messages), self._draft

    def _cool(self) -> None:
        """End the prefill, and wait until nothing of it runs."""
        with self._warm_lock:
            warming, self._warming = self._warming, None
        if warming is not None:
            thread, cancelled = warming
            cancelled.set()
            thread.join()

    def _told(self, prompt: str) -> str:
        """The prompt as the model is told it."""
        return f'(You were interrupted after "{self._cut_off}".)\n{prompt}' if self._cut_off else prompt

    def _model(self, cancelled: threading.Event) -> LanguageModel | None:
        """The model; None: cancelled before it was loaded."""
        if self._engine.model is None:
            raise ValueError("this engine has no language model")
        return loaded(self._engine.model, cancelled)

    def _stream(self, metrics: Metrics, cancelled: threading.Event) -> Iterator[str]:
        """The llm thread: wait for the model, make the messages fit, generate."""
        model = self._model(cancelled)
        if model is None:
            return
        messages, tokens = self._fitting(model)
        room = max(1, model.context_length - tokens - TEMPLATE_MARGIN)
        options = replace(self.options, max_new_tokens=min(self.options.max_new_tokens, room))
        metrics.prepared = time.monotonic()
        try:
            for delta in model.stream(messages, options, cancelled):
                if metrics.prefill_ended is None:
                    _note_prompt(metrics, prompt_read(model, metrics.prepared))
                yield delta
        finally:
            if metrics.prefill_ended is None:  # cut off before the first token
                _note_prompt(metrics, prompt_read(model, metrics.prepared))

    def _fitting(self, model: LanguageModel, *more: Message) -> tuple[list[Message], int]:
        """The messages to send, and the most tokens that they take.

        As many of the newest as leave room for a reply; never without the system prompt.
        """
        reserve = min(self.options.max_new_tokens, model.context_length // 4) + TEMPLATE_MARGIN
        room = model.context_length - reserve
        oldest = max(self._sent_from, len(self.messages) - self._max_messages)
        sent = self._sent(oldest, more)
        if (most := self._most_tokens(model, sent, room * FULL)) <= room * FULL:
            return sent, most
        last = len(self.messages) - (0 if more else 1)  # what is asked now is always sent
        asked = model.count(self._sent(last, more))
        tokens, before = model.count(sent), oldest
        if tokens > min(room, asked + room * FULL):
            while tokens > min(room, asked + room * KEEP) and oldest < last:
                oldest = self._next_user(oldest + 1, last)
                tokens = model.count(self._sent(oldest, more))
            self._sent_from = oldest
        if oldest > before:
            dropped = oldest - before
            self._listener(Notice(f"the model's memory is full: it no longer sees the oldest {dropped} messages"))
        return self._sent(oldest, more), tokens

    def _most_tokens(self, model: LanguageModel, sent: list[Message], enough: float) -> int:
        """An upper bound of the tokens that ``sent`` takes.

        Where it may be more than ``enough``, all but the text of the last message is counted, and that is kept: a
        prompt that is asked after a prefill leaves nothing to count.
        """
        if (most := _most_tokens(sent)) <= enough:
            return most
        *before, last = sent
        if self._counted[0] != before:
            self._counted = (before, model.count([*before, replace(last, content="")]))
        return self._counted[1] + _most_tokens([last])

    def _sent(self, oldest: int, more: tuple[Message, ...]) -> list[Message]:
        system = [Message("system", self.system_prompt)] if self.system_prompt else []
        return [*system, *self.messages[oldest:], *more]

    def _next_user(self, index: int, last: int) -> int:
        while index < last and self.messages[index].role != "user":
            index += 1
        return index

    def _heed(self, event: Event) -> None:
        """Keep what was heard before the front end learns that the turn has ended."""
        if isinstance(event, TurnEnded):
            heard = event.heard.strip()
            if heard:
                self.messages.append(Message("assistant", heard))
            if event.reason is Reason.INTERRUPTED and heard:
                self._cut_off = _last_words(heard)
        self._listener(event)


def _last_words(text: str) -> str:
    return " ".join(text.split()[-6:])


def _note_prompt(metrics: Metrics, read: PromptRead | None) -> None:
    if read is not None:
        metrics.prefill_begun, metrics.prefill_ended = read.begun, read.ended
        metrics.prompt_tokens, metrics.cached_tokens = read.tokens, read.cached


def _most_tokens(messages: list[Message]) -> int:
    """An upper bound of what ``messages`` take, without asking the model: a token stands for a byte at least."""
    return sum(len(message.content.encode("utf-8", "surrogatepass")) + TEMPLATE_MARGIN for message in messages)
