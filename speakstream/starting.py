"""From settings to a running chat: what a front end of conversations begins with."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

from speakstream.engine import Engine
from speakstream.errors import SpeakStreamError
from speakstream.happenings import Changed, Happening, Told
from speakstream.history import History
from speakstream.llm import LanguageModel
from speakstream.loading import (
    Resources,
    Sound,
    delivery,
    generation,
    load_lexicon,
    load_model,
    load_voice,
    return_freed_memory,
)
from speakstream.personas import Persona
from speakstream.progress import Notify, Progress
from speakstream.session import Session, Start
from speakstream.settings import Settings
from speakstream.tts import Voice

PROGRESS_SECONDS = 0.2
"""Between two lines on how far a download is."""


def start_session(
    settings: Settings,
    history: History,
    listener: Callable[[Happening], None],
    resources: Resources,
    persona: Persona | None = None,
) -> Session:
    """A session whose model and voice begin to load now; ``open_sound`` is the first thing to call on it.

    ``persona``: the one that the session is given next; only its voice is loaded.
    Closing ``resources`` ends what still loads and gives everything back; close the session before that.
    Raises ModelError or VoiceError at once when there is none of that name.
    """

    def tell(line: str) -> None:
        listener(Told(line))

    sound = Sound(settings, tell, chats=True) if settings.enable_audio else None
    if sound is not None:
        resources.closers.append(sound.close)
    engine = Engine(None, None, None)
    start = Start(
        settings.system_prompt,
        generation(settings),
        delivery(settings),
        settings.tts_model_name if sound is not None else "",
        settings.default_volume,
        settings.max_chat_history,
    )
    session = Session(
        engine,
        history,
        start,
        listener,
        (lambda name: load_voice(replace(settings, tts_model_name=name), resources, tell))
        if sound is not None
        else None,
        sound,
    )

    def show(line: str) -> None:
        session.progress = line
        listener(Changed())

    resources.progress = lambda label: LineProgress(label, show)
    return_freed_memory()
    engine.model = load_model(settings, resources, tell)
    if sound is not None:
        session.voice = (persona.voice if persona is not None else None) or settings.tts_model_name
        engine.voice = load_voice(replace(settings, tts_model_name=session.voice), resources, tell)
        try:
            engine.lexicon = load_lexicon(tell)
        except SpeakStreamError as error:
            tell(str(error))

    def loaded(future: "Future[LanguageModel] | Future[Voice]") -> None:
        error = future.exception()
        if error is not None and not resources.cancelled.is_set():
            tell(str(error) if isinstance(error, SpeakStreamError) else f"loading failed: {error!r}")
        listener(Changed())

    engine.model.add_done_callback(loaded)
    if engine.voice is not None:
        engine.voice.add_done_callback(loaded)
    return session


class LineProgress:
    """A ProgressDisplay that hands on a line now and then, and "" at the end."""

    def __init__(self, label: str, show: Callable[[str], None]) -> None:
        self._label = label.rpartition("/")[2]
        self._show = show
        self._shown = 0.0

    def __enter__(self) -> Progress:
        return self._note

    def __exit__(self, *failure: object) -> None:
        if self._shown:
            self._show("")

    def before(self, notify: Notify) -> Notify:
        """See ProgressDisplay."""
        return notify

    def _note(self, done: int, total: int) -> None:
        if time.monotonic() - self._shown > PROGRESS_SECONDS:
            self._shown = time.monotonic()
            self._show(f"{self._label}: {done * 100 // total} %" if total else f"{self._label}: {done / 1e6:.0f} MB")
