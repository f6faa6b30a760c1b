"""``speakstream`` as a process whose model and voice are scripted: run it with ``python -m tests.scripted_chat chat``.

The last word of a prompt chooses the reply from ``REPLIES``. Where a reply waits, it goes on when a byte is written to
the descriptor that ``GATE`` names. What the voice is given goes to the file that ``SAID`` names, a line each.
"""

import os
import select
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future

from speakstream import plain, starting
from speakstream.audio.chunk import AudioChunk
from speakstream.audio.clock import SilentClock
from speakstream.audio.speaker import Speaker
from speakstream.cli import main
from speakstream.engine import Engine
from speakstream.happenings import Changed, Happening
from speakstream.history import History
from speakstream.llm import Generation, LanguageModel, Message
from speakstream.loading import Resources, delivery, generation, in_background
from speakstream.personas import Persona
from speakstream.session import Session, Start
from speakstream.settings import Settings
from speakstream.tts import ALONE, Place, Voice
from tests.scripted import RATE, ScriptedModel, ScriptedVoice, ready

WAIT = "(wait)"
"""Not said: here the reply waits."""

HOSTILE = (
    "\x1b]52;c;QUFBQQ==\x07copied \x1b]8;;http://x.invalid\x1b\\link\x1b]8;;\x1b\\ "
    "\x9b31mred \x90dcs\x9c \u202eback \x08\x7f\x1b[2J\x1b[H\x1bP1;2|q\x1b\\end."
)

FETCHED = "a/model-to-fetch"
"""The name of a model that is there when the gate is open."""

REPLIES: dict[str, Sequence[str]] = {
    "short": ("A short ", "ans", "wer."),
    "other": ("Another answer.",),
    "long": ("So it goes on and on. " * 40,),
    "slow": ("One two thr", WAIT, "ee four.\nFive six.\n"),
    "code": ("Look:\n\n```python\nx = 1\ny = 2\n```\n\nDone.\n",),
    "hostile": tuple(HOSTILE),
    "mute": ("Silence one. Silence two. Sil", WAIT, "ence three.\nAnd four."),
    "stuck": ("The voice gets stuck.",),
    "broken": ("It begins ", "FAIL"),
}


class Model(ScriptedModel):
    """Answers by the prompt's last word."""

    def stream(self, messages: Sequence[Message], options: Generation, cancelled: threading.Event) -> Iterator[str]:
        for delta in REPLIES.get(messages[-1].content.split()[-1], (f"You said: {messages[-1].content}",)):
            if delta == "FAIL":
                raise RuntimeError("broken model")
            if delta == WAIT:
                gate = int(os.environ["GATE"])
                while not select.select([gate], [], [], 0.005)[0]:
                    if cancelled.is_set():
                        return
                os.read(gate, 1)
            else:
                yield delta


class TellingVoice(ScriptedVoice):
    """Tells what it was given; gets stuck, and fails at silence."""

    def synthesize(
        self, text: str, speed: float, cancelled: threading.Event, place: Place = ALONE
    ) -> Iterator[AudioChunk]:
        with open(os.environ["SAID"], "a") as said:
            said.write(f"{text}\n")
        while "stuck" in text:
            if cancelled.wait(0.01):
                return
        if "two" in text and "ilence" in text:
            raise RuntimeError("broken voice")
        yield from super().synthesize(text, speed, cancelled, place)


def start_session(
    settings: Settings,
    history: History,
    listener: Callable[[Happening], None],
    resources: Resources,
    persona: Persona | None = None,
) -> Session:
    """A session on scripted parts, played by a silent clock."""
    start = Start(
        settings.system_prompt, generation(settings), delivery(settings), "scripted/voice", settings.default_volume
    )
    if not settings.enable_audio:
        return Session(Engine(ready(Model(context_length=4096)), None, None), history, start, listener)
    speaker = Speaker(RATE, 3.0, 64, settings.default_volume)
    resources.closers.append(SilentClock(speaker).close)

    engine = Engine(ready(Model(context_length=4096)), ready(TellingVoice()), speaker)

    def load_voice(name: str) -> "Future[Voice]":
        return ready(TellingVoice(name=name))

    session = Session(engine, history, start, listener, load_voice)
    if settings.llm_model_name == FETCHED:
        engine.model = in_background(resources, "load model", lambda: fetched(session, listener))
    return session


def fetched(session: Session, listener: Callable[[Happening], None]) -> LanguageModel:
    """The model, once the gate is open."""
    for percent in (10, 11):
        session.progress = f"the model: {percent} %"
        listener(Changed())
    select.select([int(os.environ["GATE"])], [], [])
    session.progress = ""
    return Model(context_length=4096)


if __name__ == "__main__":
    vars(plain)["start_session"] = vars(starting)["start_session"] = start_session
    Session.open_sound = lambda self, wanted: None  # type: ignore[method-assign]
    sys.argv[0] = "speakstream"
    main()
