"""One session of the server: a Session, its sink, and what it shows. It outlives the connection over which it is used.

What happens is told over the connection of the moment; when another one takes its place, that is told all of it first.
``receive`` does at once what must not wait, and gives the rest to a thread of the seat's own, in order.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from speakstream import happenings
from speakstream.engine import Engine
from speakstream.errors import SpeakStreamError
from speakstream.history import History, StoredMessage
from speakstream.llm import LanguageModel
from speakstream.loading import delivery, generation
from speakstream.personas import find_persona
from speakstream.server import wire
from speakstream.server.bucket import Bucket
from speakstream.server.conversations import listed, restored
from speakstream.server.metrics import Metrics
from speakstream.server.outbox import Outbox
from speakstream.server.sink import SocketSink
from speakstream.server.transcript import Transcript, shown
from speakstream.server.wire import ClientMessage, Hello
from speakstream.session import Session, Start
from speakstream.settings import Settings
from speakstream.text.lexicon import Lexicon
from speakstream.tts import Voice

log = logging.getLogger(__name__)

WAITING_COMMANDS = 50
"""Commands that may wait for the one before; each of them ends what the one before began."""

PROMPTS, PROMPTS_AT_ONCE = 0.5, 20.0
"""Prompts a second that a client may ask in the long run, and how many at once: all of them are stored."""

ENDING = "the server is ending; try again in a moment"


@dataclass(frozen=True, slots=True)
class House:
    """What all seats share."""

    settings: Settings
    model: Callable[[Callable[[int], None]], Future[LanguageModel]]
    """A model that waits its turn, and tells the position."""
    voice: Callable[[str, Callable[[], float]], Future[Voice]]
    """A voice that waits its turn, given the seconds of sound that are left. Raises VoiceError."""
    lexicon: Callable[[], Lexicon]
    history: History | None
    metrics: Metrics
    quiet: Callable[[], None]
    """Called, by any thread, when a turn has ended."""


class Seat:
    """One of them. ``receive``, ``attach``, ``tell`` and ``close`` do not wait; ``begin`` does."""

    def __init__(self, id: str, house: House) -> None:
        self.id = id
        self.answering = False
        """From a prompt until all of its reply was written and heard."""
        self.ending = False
        """Set: no more is begun."""
        self._house = house
        self._settings = settings = house.settings
        self.sink = SocketSink(settings.audio_buffer_seconds, settings.chunk_size)
        self._lock = threading.Lock()  # of what is shown, and of who is told
        self._outbox: Outbox | None = None
        self._transcript = Transcript(settings.max_chat_history)
        self._queued = 0
        self._pending = 0
        self._prompts = Bucket(PROMPTS, PROMPTS_AT_ONCE)
        self._asked: float | None = None
        self._progress = ""
        self._engine = Engine(house.model(self._told_position), None, None, house.lexicon)
        self._session: Session | None = None
        self._notices: list[str] = []  # for the first connection
        self._history: History | None = None  # of its own
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="seat")

    # -- how it begins and ends ----------------------------------------------------------------------------

    def begin(self, hello: Hello) -> "Future[None]":
        """Begin the session; done when there is a conversation to show."""
        return self._worker.submit(self._begin, hello)

    def _begin(self, hello: Hello) -> None:
        settings, house, engine, notices = self._settings, self._house, self._engine, self._notices
        history = house.history if hello.keep else None
        if hello.keep and history is None:
            notices.append("this server keeps no conversations (SAVE_CHAT_HISTORY=false)")
        if history is None:
            history = self._history = History(None)
        speaks = settings.enable_audio
        start = Start(
            settings.system_prompt,
            generation(settings),
            delivery(settings),
            settings.tts_model_name if speaks else "",
            settings.default_volume,
            settings.max_chat_history,
        )
        session = Session(engine, history, start, self._happened, self._load_voice if speaks else None)
        session.progress = self._progress
        if speaks:
            engine.voice = self._load_voice(settings.tts_model_name)
        self._session = session
        try:
            if hello.keep and hello.conversation is not None and house.history is not None:
                session.open(hello.conversation)
            elif hello.restore and not (hello.keep and house.history is not None):
                session.open(restored(history, hello.restore))
        except SpeakStreamError as error:
            notices.append(str(error))

    def attach(self, outbox: Outbox, hello: Hello, resumed: bool) -> Outbox | None:
        """Tell a connection all there is, and from now on what happens; the connection before, if there is one."""
        session = self._session
        assert session is not None  # it was begun
        if hello.audio == "off" and self._engine.sink is not None:
            session.stop()  # nobody would hear it
        with self._lock:
            before, self._outbox = self._outbox, outbox
            self._engine.sink = None if hello.audio == "off" else self.sink
            outbox.put(wire.Welcome(self.id, resumed))
            outbox.put(self._status())
            outbox.put(self._transcript.opened())
            for silent in self._transcript.silents():
                outbox.put(silent)
            speech, samples = (hello.speech, hello.samples) if resumed else (0, 0)
            self.sink.attach(outbox, hello.audio == "wav", speech, samples)
            if self._queued:
                outbox.put(wire.Queue(self._queued))
            while self._notices:
                outbox.put(wire.Notice(self._notices.pop(0)))
        return before

    def detach(self, outbox: Outbox) -> bool:
        """The connection is gone; False: another one has its place already."""
        with self._lock:
            if self._outbox is not outbox:
                return False
            self._outbox = None
            self.sink.detach()
        return True

    def close(self) -> "Future[None]":
        """End what runs, at once; done when it has ended and all is saved."""
        self.ending = True
        if self._session is not None:
            self._session.stop()
        self.sink.clear()
        done = self._worker.submit(self._finish)
        self._worker.shutdown(wait=False)
        return done

    def _finish(self) -> None:
        if self._session is not None:
            self._session.close()
        if self._history is not None:
            self._history.close()

    @property
    def attached(self) -> bool:
        """Whether there is a connection."""
        return self._outbox is not None

    @property
    def busy(self) -> bool:
        """Whether anything is written, spoken, or held in a pause."""
        session = self._session
        return self.answering or self.sink.paused or (session is not None and session.now().speaking)

    # -- what it tells -------------------------------------------------------------------------------------

    def tell(self, message: Any) -> None:
        """Over the connection of the moment."""
        with self._lock:
            self._put(message)

    def show_progress(self, line: str) -> None:
        """Of a download that all wait for."""
        self._progress = line
        if self._session is not None:
            self._session.progress = line
        self.status_changed()

    def status_changed(self) -> None:
        """Tell what it runs on."""
        with self._lock:
            if self._outbox is not None and self._session is not None:
                self._outbox.later("status", self._status)

    def sound_sent(self) -> None:
        """The first sound of a speech was handed to the socket."""
        asked, self._asked = self._asked, None
        if asked is not None:
            self._house.metrics.first_audio(time.monotonic() - asked)

    def _put(self, message: Any) -> None:
        if self._outbox is not None and message is not None:
            self._outbox.put(message)

    def _status(self) -> wire.Status:
        assert self._session is not None
        now = self._session.status()
        return wire.Status(
            now.model,
            now.model_state,
            now.voice,
            now.voice_state,
            now.persona,
            now.speed,
            now.volume,
            now.progress,
            now.silent_because,
            now.context_used,
            now.context_length,
        )

    def _told_position(self, position: int) -> None:
        with self._lock:
            self._queued = position
            self._put(wire.Queue(position))

    def _happened(self, happening: happenings.Happening) -> None:
        """What the session tells, on any thread."""
        if isinstance(happening, happenings.Opened):
            opened = [shown(one) for one in happening.messages]  # not under the lock: that may take a while
        with self._lock:
            transcript = self._transcript
            match happening:
                case happenings.Opened(conversation, _, older):
                    transcript.show(conversation if self._keeps else None, opened, older)
                    if self._outbox is not None:
                        self._put(transcript.opened())
                case happenings.Added(message):
                    self.answering = message.role == "assistant" or self.answering
                    self._put(transcript.add(message.conversation if self._keeps else None, message))
                case happenings.Grown(message, delta):
                    transcript.grow(message, delta)
                    self._tell_text(message)
                case happenings.Silent():
                    self._put(transcript.silent(happening))
                case happenings.Spoken(message):
                    if (segment := transcript.segment(self.sink.speech, happening)) is not None:
                        self.sink.expect(message, segment)
                case happenings.Ended(message):
                    self._end(message)
                case happenings.Told(text):
                    self._put(wire.Notice(text))
                case happenings.Changed():
                    pass
        if isinstance(happening, happenings.Changed | happenings.Ended):
            self.status_changed()
        if isinstance(happening, happenings.Ended):
            self._house.quiet()

    def _end(self, message: StoredMessage) -> None:
        self.answering, self._queued = False, 0
        ended = self._transcript.end(message)
        self._tell_text(message.id)
        self._put(ended)
        if self._session is not None and (metrics := self._session.metrics) is not None:
            self._house.metrics.turn_ended(message.reason, metrics)

    def _tell_text(self, message: int) -> None:
        if self._outbox is not None:
            self._outbox.later(message, lambda: self._text(message))

    def _text(self, message: int) -> wire.Text | None:
        with self._lock:
            return self._transcript.text(message)

    @property
    def _keeps(self) -> bool:
        return self._history is None

    def _load_voice(self, name: str) -> "Future[Voice]":
        return self._house.voice(name, self.sink.buffered)

    # -- what a client asks --------------------------------------------------------------------------------

    def receive(self, message: ClientMessage) -> None:
        """Do it, or have it done. What can't be done is told."""
        self._guarded(message, self._take)

    def _take(self, message: ClientMessage) -> None:
        session = self._session
        assert session is not None
        match message:
            case wire.Position(speech, samples, underruns):
                before = self.sink.underruns
                self.sink.heard(speech, samples, underruns)
                if self.sink.underruns > before:
                    self._house.metrics.underruns(self.sink.underruns - before)
            case wire.Cancel(speech, samples):
                self.sink.heard(speech, samples)
                session.stop()
                if self._pending:  # what was asked before this is to be silent, too
                    self._submit(message, lambda _: session.stop())
            case wire.Pause():
                session.pause()
            case wire.Resume():
                session.resume()
            case wire.Typing(text, rests):
                session.typing(text[: self._settings.max_prompt_chars], rests)
            case wire.Ping(id):
                self.tell(wire.Pong(id))
            case wire.Hello():
                raise SpeakStreamError("hello is the first message, and comes once")
            case wire.Bye():
                pass  # see Visit
            case wire.Ask(text) | wire.Edit(_, text):
                self._check_prompt(text)
                self._asked = time.monotonic()
                self._submit(message, self._perform)
            case _:
                self._submit(message, self._perform)

    def _check_prompt(self, text: str) -> None:
        most = self._settings.max_prompt_chars
        if len(text) > most:
            raise SpeakStreamError(f"the prompt has {len(text)} characters; use at most {most} (MAX_PROMPT_CHARS)")
        if not text.strip():
            raise SpeakStreamError("the prompt is empty; write something")
        if not self._prompts.take():
            raise SpeakStreamError("these are too many prompts at once; wait a moment")

    def _submit(self, message: ClientMessage, perform: Callable[[Any], None]) -> None:
        """Have it done by the seat's own thread."""
        if self.ending:
            raise SpeakStreamError(ENDING)
        if self._pending >= WAITING_COMMANDS:
            raise SpeakStreamError("too much is asked at once; wait until some of it is done")
        with self._lock:
            self._pending += 1

        def work() -> None:
            try:
                if not self.ending:
                    self._guarded(message, perform)
            finally:
                with self._lock:
                    self._pending -= 1

        self._worker.submit(work)

    def _perform(self, message: ClientMessage) -> None:
        """What may take a moment, one at a time."""
        session = self._session
        assert session is not None
        match message:
            case wire.Ask(text):
                session.ask(text)
            case wire.Edit(number, text):
                session.edit(self._known(number), text)
            case wire.Sentence(step):
                session.sentence(1 if step > 0 else -1)
            case wire.Speak(number, start, stop, aloud):
                with self._lock:
                    self._known(number)
                    point = self._transcript.point(number, start)
                    until = None if stop is None else self._transcript.point(number, stop)
                session.speak(number, point, until, aloud)
            case wire.Set():
                self._set(session, message)
            case wire.New():
                session.new()
            case wire.Open(conversation):
                session.open(conversation)
            case wire.List(query):
                self.tell(wire.Conversations(query, tuple(listed(session.history, query))))
            case wire.Rename(conversation, title):
                session.history.rename(conversation, title)
            case wire.Delete(conversation, undo):
                if undo:
                    session.history.restore(conversation)
                else:
                    if conversation == session.conversation:
                        session.new()
                    session.history.delete(conversation)

    def _known(self, message: int) -> int:
        if message not in self._transcript:
            raise SpeakStreamError(f"there is no message {message} here")
        return message

    def _set(self, session: Session, asked: wire.Set) -> None:
        model = session.status().model
        if asked.model is not None and asked.model not in (model, self._settings.llm_model_name):
            raise SpeakStreamError("all share one model; choose another with: speakstream serve --model NAME")
        self.sink.keeps_pause = True
        try:
            if asked.persona is not None:
                session.set_persona(find_persona(asked.persona) if asked.persona else None)
            if asked.voice is not None:
                session.set_voice(asked.voice)
            if asked.speed is not None:
                session.set_speed(asked.speed)
            if asked.volume is not None:
                session.set_volume(asked.volume)
        finally:
            self.sink.keeps_pause = False

    def _guarded(self, message: ClientMessage, call: Callable[[Any], None]) -> None:
        """Whatever fails is told to the client, and ends nothing."""
        about = wire.type_of(type(message))
        try:
            call(message)
        except SpeakStreamError as error:
            self.tell(wire.Error(about, str(error)))
        except Exception:
            log.exception("%s failed", about)
            self.tell(wire.Error(about, "the server failed at this; its log says why"))
