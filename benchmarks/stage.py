"""Where everything is measured: the null sink, its recorder, and the product opened as ``chat`` would open it."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from benchmarks.choices import Choices
from speakstream.audio.speaker import Speaker
from speakstream.engine import Conversation, Engine
from speakstream.events import Event
from speakstream.llm import LanguageModel
from speakstream.loading import Resources, delivery, generation, load_model, load_voice, open_sound
from speakstream.settings import Settings
from speakstream.turn import Turn
from tests.rig.sound import NullSink, Recorder

THINKING_SECONDS = 1.0
"""Between two turns: the person reads and types, and ``Conversation.prefill`` runs."""

QUIET_SECONDS = 0.3
"""Silence that must have been recorded before anything is asked: no sound is taken for the next turn's."""

SOUND_TIMEOUT = 30.0

WARM_UP = "Say hello to everybody."


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage(Choices):
    """What every part that needs sound is given."""

    sink: NullSink
    recorder: Recorder

    def hush(self) -> None:
        """Wait for silence, and forget what was recorded so far."""
        self.recorder.wait_for_silence(QUIET_SECONDS, after=time.monotonic())
        self.recorder.clear()

    def onset(self, after: float, timeout: float = SOUND_TIMEOUT) -> float | None:
        """When the first sound after ``after`` left the sink; None if none came in time."""
        try:
            return self.recorder.wait_for_sound(after=after, timeout=timeout)
        except TimeoutError:
            return None


@contextmanager
def open_stage(choices: Choices) -> Iterator[Stage]:
    """A null sink as this process's default device, and its recording. Raises RigError where there can be none."""
    with NullSink() as sink:
        sink.apply()
        with Recorder(sink) as recorder:
            yield Stage(**asdict(choices), sink=sink, recorder=recorder)


@dataclass
class Product:
    """SpeakStream, loaded and warm, playing into the null sink."""

    settings: Settings
    engine: Engine
    model: LanguageModel
    speaker: Speaker
    events: list[Event] = field(default_factory=list)

    def conversation(self, engine: Engine | None = None, **options: Any) -> Conversation:
        """A new conversation whose system prompt is being prefilled; ``options`` replace those of Generation.

        Its events are added to ``events``, which is emptied here.
        """
        self.events.clear()
        conversation = Conversation(
            engine or self.engine,
            self.settings.system_prompt,
            replace(generation(self.settings), **options),
            delivery(self.settings),
            self.events.append,
            self.settings.max_chat_history,
        )
        conversation.prefill()
        return conversation


@contextmanager
def product(stage: Stage, **settings: Any) -> Iterator[Product]:
    """Load model, voice and device with the default settings, but greedy, and speak one turn to warm up."""
    chosen = Settings(**{"temperature": 0.0, **settings})
    resources = Resources()
    try:
        voice = load_voice(chosen, resources)
        model = load_model(chosen, resources, stage.progress)
        sink = open_sound(chosen, resources, stage.progress)
        assert isinstance(sink, Speaker)
        voice.result()
        opened = Product(chosen, Engine(model, voice, sink), model.result(), sink)
        conversation = opened.conversation(max_new_tokens=12)
        try:
            turn = conversation.ask(WARM_UP)
            if stage.onset(turn.metrics.submitted) is None:
                raise RuntimeError("the product is silent: nothing was recorded of its first turn")
            turn.wait(SOUND_TIMEOUT)
        finally:
            conversation.stop()
        stage.hush()
        yield opened
    finally:
        resources.close()


def ask(stage: Stage, conversation: Conversation, prompt: str) -> tuple[Turn, float | None]:
    """Think, wait for silence, submit; the turn and the seconds to the first sound at the monitor."""
    time.sleep(THINKING_SECONDS)
    stage.hush()
    submitted = time.monotonic()
    turn = conversation.ask(prompt)
    # Until there is something to hear, the recording is left alone: searching it takes the interpreter from the turn.
    while turn.metrics.first_write is None and not turn.wait(0.02):
        pass
    onset = stage.onset(submitted)
    return turn, None if onset is None else onset - submitted


def wait_for_text(turn: Turn, timeout: float) -> None:
    """Wait until the reply is complete; TimeoutError if that takes longer than ``timeout`` seconds."""
    if not turn.reply.read(sys.maxsize, timeout, turn.reply.cancelled)[1]:
        raise TimeoutError(f"the reply was not complete after {timeout} s: {turn.reply.text[:60]!r}")
