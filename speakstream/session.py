"""One person's chat: conversations kept in a History, answered and spoken by an Engine.

Every chat front end drives this, and nothing here knows of a terminal or a browser. What happens is saved first and
told then. ``stop``, ``pause``, ``resume``, ``typing``, ``now`` and ``status`` never wait; the other methods may take a
few tenths of a second, one at a time, and are for a thread that can wait.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from speakstream.audio.chunk import Sink
from speakstream.engine import Conversation, Engine
from speakstream.errors import HistoryError, SpeakStreamError
from speakstream.events import Event, Metrics, Notice, NotSpoken, Reason, SegmentSpoken, TextDelta, TurnEnded
from speakstream.happenings import (
    Added,
    Changed,
    Ended,
    Grown,
    Happening,
    Now,
    Opened,
    Readiness,
    Silent,
    Spoken,
    Status,
    Told,
)
from speakstream.history import History, StoredMessage
from speakstream.llm import Generation, Message
from speakstream.loading import Sound
from speakstream.personas import Persona, find_persona
from speakstream.playback import Playback
from speakstream.tts import Voice
from speakstream.turn import Delivery

__all__ = [
    "Added",
    "Changed",
    "Ended",
    "Grown",
    "Happening",
    "Now",
    "Opened",
    "Session",
    "Silent",
    "Spoken",
    "Start",
    "Status",
    "Told",
]

log = logging.getLogger(__name__)

SLOWEST, FASTEST = 0.5, 3.0


@dataclass(frozen=True, slots=True)
class Start:
    """How a session begins. A persona changes some of it."""

    system_prompt: str
    options: Generation
    delivery: Delivery
    voice: str = ""  # its name; "": nothing is spoken
    volume: float = 0.8
    max_messages: int = 100  # of one conversation that are restored and sent


class Session:
    """A chat. Its listener is called by several threads, and must not wait for the session."""

    def __init__(
        self,
        engine: Engine,
        history: History,
        start: Start,
        listener: Callable[[Happening], None],
        load_voice: Callable[[str], "Future[Voice]"] | None = None,
        sound: Sound | None = None,
    ) -> None:
        """``load_voice`` begins to load a voice by its name; ``sound`` has the device, which is opened here."""
        self.history = history
        self.conversation: int | None = None
        self.persona: Persona | None = None
        self.progress = ""  # set by whoever loads: see Status
        self.silent_because = ""
        self.voice, self.volume, self.muted = start.voice, start.volume, False
        self._engine = engine
        self._start = start
        self._listener = listener
        self._load_voice = load_voice
        self._sound = sound
        self._talk = Conversation(
            engine, start.system_prompt, start.options, start.delivery, self._heed, start.max_messages
        )
        self._work = threading.RLock()  # one method at a time that waits
        self._reply: int | None = None  # the message that the newest turn writes
        self._playback = Playback(engine)
        self._context_used: int | None = None
        self._saves = True
        self._asking = False  # the next prompt is there: no need to be ready for it
        self._typed = ""  # what is known of the next prompt

    # -- sound ---------------------------------------------------------------------------------------------

    def open_sound(self, wanted: str) -> None:
        """Open the sound device; without one, the chat goes on in silence and says why. Raises nothing."""
        with self._work:
            try:
                self._use_device(wanted)
            except SpeakStreamError as error:
                self.silent_because = str(error)
                self._listener(Told(str(error)))
            self._listener(Changed())

    def set_device(self, wanted: str) -> None:
        """Play on another device, from the present word on. Raises AudioError, and stays with the one before."""
        with self._work:
            before = self._sound.name if self._sound is not None else ""
            resume = self._playback.cut()
            try:
                self._use_device(wanted)
            except SpeakStreamError:
                if before:
                    self._use_device(before)
                raise
            finally:
                resume(self._talk.delivery)
                self._listener(Changed())

    def _use_device(self, wanted: str) -> None:
        if self._sound is None:
            raise SpeakStreamError("speech is off (ENABLE_AUDIO=false, --no-audio)")
        sink: Sink = self._sound.open(wanted)
        sink.gain = 0.0 if self.muted else self.volume
        self._engine.sink = sink
        self.silent_because = ""
        if self._engine.voice is None and self._load_voice is not None and self.voice:
            self._engine.voice = self._load_voice(self.voice)

    def set_voice(self, name: str) -> None:
        """Speak with another voice, from the present word on. Raises VoiceError, and stays with the one before."""
        if self._load_voice is None:
            raise SpeakStreamError("speech is off (ENABLE_AUDIO=false, --no-audio)")
        with self._work:
            loading = self._load_voice(name)
            loading.result()
            resume = self._playback.cut()
            self._engine.voice, self.voice = loading, name
            resume(self._talk.delivery)
            self._listener(Changed())

    def set_speed(self, speed: float) -> None:
        """Speak at this factor, also what is buffered, from the present word on."""
        with self._work:
            speed = min(max(round(speed, 2), SLOWEST), FASTEST)
            if speed != self._talk.delivery.speed:
                resume = self._playback.cut()
                self._talk.delivery = replace(self._talk.delivery, speed=speed)
                resume(self._talk.delivery)
            self._listener(Changed())

    @property
    def speed(self) -> float:
        """The present factor."""
        return self._talk.delivery.speed

    def set_volume(self, volume: float) -> None:
        """How loud, 0 to 1; takes effect at once, and ends a mute."""
        self.volume, self.muted = min(max(round(volume, 2), 0.0), 1.0), False
        self._set_gain()

    def set_muted(self, muted: bool) -> None:
        """No sound, while the speech goes on."""
        self.muted = muted
        self._set_gain()

    def _set_gain(self) -> None:
        if self._engine.sink is not None:
            self._engine.sink.gain = 0.0 if self.muted else self.volume
        self._listener(Changed())

    def set_persona(self, persona: Persona | None) -> None:
        """Who answers from the next prompt on; None: as the settings have it. Raises VoiceError."""
        with self._work:
            start, talk = self._start, self._talk
            speed, voice = start.delivery.speed, start.voice
            if persona is not None:
                speed, voice = persona.speed or speed, persona.voice or voice
            if voice != self.voice and self.voice and self._load_voice is not None:
                self.set_voice(voice)
            self.set_speed(speed)
            self.persona = persona
            talk.system_prompt = start.system_prompt if persona is None else persona.system_prompt
            talk.options = start.options
            if persona is not None and persona.temperature is not None:
                talk.options = replace(start.options, temperature=persona.temperature)
            talk.prefill(self._typed)
            self._listener(Changed())

    # -- transport -----------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Silence at once, and no more text; what was heard is kept. Never waits."""
        self._playback.stop()
        if (turn := self._talk.turn) is not None:
            turn.cancel()

    def pause(self) -> None:
        """Hold the speech where it is."""
        self._playback.pause()

    def resume(self) -> None:
        """Go on from there."""
        self._playback.resume()

    def toggle_pause(self) -> bool:
        """Pause, or go on; whether it is paused now."""
        return self._playback.toggle_pause()

    def now(self) -> Now:
        """What is going on at this moment. Never waits."""
        return self._playback.now()

    def sentence(self, step: int) -> None:
        """Go to the beginning of a sentence of what is spoken, or was last: +1 the next, -1 this one or the last."""
        with self._work:
            playing, start = self._playback.playing, self._playback.sentence(step)
            if playing is not None and start is not None:
                self.speak(playing.message, start)

    def speak(self, message: int, start: int = 0, stop: int | None = None, aloud: bool = False) -> None:
        """Read a message aloud from a code point on; ``aloud``: code and tables too.

        Of the reply that is being written, that is a jump; of any other message, a replay, which ends what is spoken.
        """
        with self._work:
            delivery = replace(self._talk.delivery, start=start, stop=stop)
            if aloud:
                delivery = replace(delivery, aloud=delivery.aloud | {"code", "table"})
            playing = self._playback.playing
            if playing is not None and playing.message == message and not playing.turn.stopped:
                self._playback.start_at(delivery)
                return
            stored = self.history.message(message)
            if stored is None:
                return
            self._end_turns()
            turn = self._engine.turn(partial(self._heed_replay, message))
            self._playback.play(message, turn)
            turn.start(lambda _: [stored.text], delivery)

    def _end_turns(self) -> None:
        """Interrupt what is written and spoken, and wait until nothing of it runs."""
        self.stop()
        self._playback.join()
        self._talk.stop()

    # -- conversations -------------------------------------------------------------------------------------

    def ask(self, prompt: str, told: str = "") -> None:
        """Answer ``prompt``; what is written or spoken is interrupted. Raises HistoryError: then nothing was asked.

        ``told``: as the model is told it, with the files that it names; "": as typed.
        """
        submitted = time.monotonic()
        with self._work:
            self._asking, self._typed = True, ""
            self._end_turns()
            self._asking = False
            if self.conversation is None:
                self.conversation = self.history.begin(self.persona.name if self.persona else "")
            asked = self.history.add_prompt(self.conversation, prompt, told)
            speaks = self._engine.voice is not None and self._engine.sink is not None
            reply = self.history.begin_reply(self.conversation, self._model_name(), self.voice if speaks else "")
            self._reply = reply.id
            self._listener(Added(asked))
            self._listener(Added(reply))
            self._playback.forget()
            self._playback.play(reply.id, self._talk.ask(told or prompt, submitted))

    def edit(self, message: int, prompt: str, told: str = "") -> None:
        """Ask ``prompt`` in the place of a former prompt; what came after that is shown no more."""
        with self._work:
            if self.conversation is None:
                return
            self._end_turns()
            self.history.cut(self.conversation, message)
            self._show(self.conversation)
            self.ask(prompt, told)

    def new(self) -> None:
        """Begin a new conversation."""
        with self._work:
            self._end_turns()
            self.conversation = None
            self._context_used = None
            self._playback.forget()
            self._talk.restore([])
            self._listener(Opened(None, ()))
            self._talk.prefill(self._typed)

    def open(self, conversation: int) -> None:
        """Go on with a conversation of the history, as its persona. Raises HistoryError when there is none of it."""
        with self._work:
            if (stored := self.history.conversation(conversation)) is None:
                raise HistoryError(f"there is no conversation {conversation}; see: speakstream history list")
            self._end_turns()
            self._answer_as(stored.persona)
            self._show(conversation)
            self._talk.prefill(self._typed)

    def _answer_as(self, name: str) -> None:
        """Have the persona of this name ("": none) answer; one that is gone is told, and changes nothing."""
        try:
            if name != (self.persona.name if self.persona else ""):
                self.set_persona(find_persona(name) if name else None)
        except SpeakStreamError as error:
            self._listener(Told(str(error)))

    def _show(self, conversation: int) -> None:
        messages = self.history.messages(conversation, self._start.max_messages)
        stored = self.history.conversation(conversation)
        self.conversation = conversation
        self._context_used = None
        self._playback.forget()
        told = [Message(one.role, _known(one)) for one in messages]
        last = messages[-1] if messages else None
        self._talk.restore(
            [one for one in told if one.content],
            last is not None and last.reason == "interrupted" and bool(_known(last)),
        )
        older = (stored.messages if stored else 0) - len(messages)
        self._listener(Opened(conversation, tuple(messages), max(older, 0)))

    def typing(self, draft: str, rests: bool = False) -> None:
        """The person types: what is known of the prompt is read already, or once the reply has ended. Never waits.

        Of a draft that is still written, those are the whole words; all of it when the typing ``rests``.
        """
        self._typed = "" if draft.startswith("/") else draft if rests else _settled(draft)
        if self._typed:  # at Enter the draft is emptied: that must not drive out what was read of it
            self._talk.prefill(self._typed)

    def voice_in_use(self) -> "Future[Voice] | None":
        """The voice, perhaps still loading; None when speech is off."""
        return self._engine.voice

    # -- what a display asks -------------------------------------------------------------------------------

    def status(self) -> Status:
        """What it runs on, and the figures of the last turn. Never waits."""
        turn, sound, sink = self._talk.turn, self._sound, self._engine.sink
        metrics = turn.metrics if turn is not None else None

        def after(moment: float | None) -> float | None:
            return None if moment is None or metrics is None else moment - metrics.submitted

        first_audio = metrics.first_audio if metrics is not None else None
        if first_audio is None and turn is not None and turn.result is None and sink is not None:
            first_audio = sink.first_heard()  # the metrics have it at the end
        model = self._engine.model
        ready = _readiness(model)
        loaded = model.result() if model is not None and ready == "ready" else None
        return Status(
            model=loaded.name if loaded is not None else "",
            model_state=ready,
            voice=self.voice,
            voice_state=_readiness(self._engine.voice) if sink is not None else "off",
            device=sound.name if sound is not None else "",
            sample_rate=sound.sample_rate if sound is not None else None,
            silent_because=self.silent_because,
            progress=self.progress,
            speed=self.speed,
            volume=self.volume,
            muted=self.muted,
            persona=self.persona.name if self.persona else "",
            context_used=self._context_used,
            context_length=loaded.context_length if loaded is not None else None,
            first_token=after(metrics.first_token if metrics is not None else None),
            first_audio=after(first_audio),
            tokens_per_second=metrics.tokens_per_second if metrics is not None else None,
            prompt_tokens=metrics.prompt_tokens if metrics is not None else None,
            cached_tokens=metrics.cached_tokens if metrics is not None else None,
            underruns=sink.underruns if sink is not None else 0,
        )

    @property
    def metrics(self) -> Metrics | None:
        """Of the newest turn."""
        turn = self._talk.turn
        return turn.metrics if turn is not None else None

    def close(self) -> None:
        """End what runs; everything is saved."""
        with self._work:
            self._end_turns()

    # -- what the engine tells -----------------------------------------------------------------------------

    def _heed(self, event: Event) -> None:
        """Events of the newest turn: saved first, told then."""
        message = self._reply
        if message is None:
            return
        match event:
            case TextDelta():
                self._save(self.history.append, message, event.text)
                self._listener(Grown(message, event.text))
            case NotSpoken():
                self._listener(Silent(message, event.span, event.why))
            case SegmentSpoken():
                if (turn := self._talk.turn) is not None:
                    self._save(self.history.set_heard, message, len(turn.heard()))
                self._listener(Spoken(message, event))
            case Notice():
                self._listener(Told(event.text))
            case TurnEnded():
                self._end(message, event)

    def _end(self, message: int, event: TurnEnded) -> None:
        metrics = event.metrics
        if metrics.prompt_tokens is not None:
            self._context_used = metrics.prompt_tokens + metrics.tokens
        turn = self._talk.turn
        speech = turn.speech if turn is not None else None
        spoken = speech is not None and not speech.error
        self._save(
            self.history.end_reply,
            message,
            str(event.reason),
            len(event.heard) if spoken else None,
            event.error,
            metrics.since_submitted(),
            self._model_name(),
            self.voice if spoken else "",
        )
        if (stored := self.history.message(message)) is not None:
            self._listener(Ended(stored))
        if event.reason is not Reason.FAILED and not self._asking:
            self._talk.prefill(self._typed)

    def _heed_replay(self, message: int, event: Event) -> None:
        """Events of a message that is read again: nothing of it is stored."""
        if isinstance(event, NotSpoken):
            self._listener(Silent(message, event.span, event.why))
        elif isinstance(event, SegmentSpoken):
            self._listener(Spoken(message, event))
        elif isinstance(event, Notice):
            self._listener(Told(event.text))

    def _save(self, call: Callable[..., None], *values: object) -> None:
        """Store something of a reply; when that fails, say so once and go on."""
        try:
            call(*values)
            self._saves = True
        except HistoryError as error:
            if self._saves:
                self._listener(Told(f"this conversation is not being saved: {error}"))
            self._saves = False

    def _model_name(self) -> str:
        model = self._engine.model
        return model.result().name if model is not None and _readiness(model) == "ready" else ""


def _readiness(future: "Future[Any] | None") -> Readiness:
    if future is None:
        return "off"
    if not future.done():
        return "loading"
    return "failed" if future.exception() is not None else "ready"


def _settled(draft: str) -> str:
    """What will hardly change any more: all of it behind the mark that ends a sentence, else the whole words."""
    return draft if draft.endswith((".", "?", "!")) else draft.rpartition(" ")[0]


def _known(message: StoredMessage) -> str:
    """What the model is told of a message: of an interrupted reply, what was heard."""
    if message.role == "assistant" and message.reason == "interrupted" and message.heard is not None:
        return message.text[: message.heard].strip()
    return (message.told or message.text).strip()
