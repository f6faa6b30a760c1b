"""What is spoken at this moment, and the transport: pause, go on, another sentence or place, cut and start again."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from speakstream.engine import Engine
from speakstream.happenings import Now
from speakstream.text.sentences import sentence_starts
from speakstream.turn import Delivery, Speech, Turn

LINGER = 0.15
"""Seconds that a word stays lit after it has sounded, unless the next one begins: else the light would flicker."""

BACK_SECONDS = 1.2
"""Before so much of a sentence was heard, going back means the sentence before."""


@dataclass(frozen=True, slots=True)
class Playing:
    """A message, and the turn that speaks it."""

    message: int
    turn: Turn

    @property
    def speech(self) -> Speech | None:
        """What sounds, or will; None when nothing does any more."""
        speech = self.turn.speech
        return None if speech is None or speech.done or speech.cancelled.is_set() else speech


class Playback:
    """The one thing that is spoken. ``stop``, ``pause``, ``resume`` and ``now`` never wait."""

    def __init__(self, engine: Engine) -> None:
        self.playing: Playing | None = None
        self._engine = engine
        self._paused = False

    def play(self, message: int, turn: Turn) -> None:
        """From now on, this is what is spoken."""
        self._paused = False
        self.playing = Playing(message, turn)

    def forget(self) -> None:
        """Nothing is."""
        self.playing = None

    def stop(self) -> None:
        """Silence, and no more text."""
        self._paused = False
        if self.playing is not None:
            self.playing.turn.cancel()

    def join(self) -> None:
        """Wait until nothing of it runs."""
        if self.playing is not None:
            self.playing.turn.join()

    def pause(self) -> None:
        """Hold the speech where it is."""
        sink = self._engine.sink
        if sink is not None and self.playing is not None and self.playing.speech is not None:
            self._paused = True
            sink.pause()

    def resume(self) -> None:
        """Go on from there."""
        self._paused = False
        if self._engine.sink is not None:
            self._engine.sink.resume()

    def toggle_pause(self) -> bool:
        """Pause, or go on; whether it is paused now."""
        if self._paused:
            self.resume()
        else:
            self.pause()
        return self._paused

    def start_at(self, delivery: Delivery) -> None:
        """Speak the same message from another place, or otherwise."""
        self._paused = False
        if self.playing is not None:
            self.playing.turn.speak_from(delivery)

    def cut(self) -> Callable[[Delivery], None]:
        """End the speech of the moment. What is returned starts it again at the present word, as a delivery says."""
        playing = self.playing
        speech = playing.speech if playing is not None else None
        if speech is None:
            return lambda delivery: None
        paused, start = self._paused, _present(speech)
        speech.cancel()

        def start_again(delivery: Delivery) -> None:
            kept = speech.delivery
            self.start_at(replace(delivery, start=start, stop=kept.stop, aloud=kept.aloud))
            if paused:
                self.pause()

        return start_again

    def sentence(self, step: int) -> int | None:
        """Where the next sentence begins (+1), or this one, or, right at its beginning, the one before (-1)."""
        speech = self.playing.turn.speech if self.playing is not None else None
        if self.playing is None or speech is None:
            return None
        starts = sentence_starts(self.playing.turn.reply.text, speech.delivery.aloud)
        at = _present(speech)
        if step > 0:
            return next((start for start in starts if start > at), None)
        behind = [start for start in starts if start <= at]
        if len(behind) > 1 and not speech.done:
            begins = speech.timeline.begins(behind[-1])
            if begins is not None and speech.position() - begins < BACK_SECONDS:
                behind.pop()
        return behind[-1] if behind else None

    def now(self) -> Now:
        """What is going on."""
        sink, playing = self._engine.sink, self.playing
        level, underruns = (sink.level(), sink.underruns) if sink is not None else (0.0, 0)
        if playing is None:
            return Now(level=level, underruns=underruns)
        reply, speech = playing.turn.reply, playing.turn.speech
        if sink is None or speech is None or speech.error:
            return Now(playing.message, heard=reply.length, writing=not reply.ended, underruns=underruns)
        position = speech.position()
        speaking = not speech.done and not speech.cancelled.is_set()
        word = speech.timeline.word_at(position) or speech.timeline.word_at(position - LINGER)
        return Now(
            playing.message,
            word if speaking else None,
            speech.heard_until(),
            speaking,
            self._paused and speaking,
            not reply.ended,
            sink.buffered() if speaking else 0.0,
            level,
            underruns,
        )


def _present(speech: Speech) -> int:
    """The code point of the word that sounds, or up to which it was heard."""
    word = speech.timeline.word_at(speech.position())
    return word.start if word is not None else speech.heard_until()
