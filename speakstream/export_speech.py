"""The replies of a conversation, spoken into a WAV file as fast as the voices can, with subtitles beside it."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np

from speakstream import events
from speakstream.audio.chunk import AudioChunk
from speakstream.audio.wavfile import WavFile
from speakstream.engine import LOOK_SECONDS, Engine, loaded
from speakstream.errors import SpeakStreamError
from speakstream.files import written_beside
from speakstream.history import StoredMessage
from speakstream.loading import Resources, delivery, load_lexicon, load_voice
from speakstream.progress import Notify, Progress
from speakstream.settings import Settings
from speakstream.subtitles import Cue, cues, srt, vtt
from speakstream.tts import Voice
from speakstream.turn import Delivery

PAUSE = 1.0
"""Seconds between two replies."""


def write_speech(
    replies: Sequence[StoredMessage],
    wav: Path,
    subtitles: Path,
    voice: "Future[Voice] | Voice | None",
    settings: Settings | None,
    resources: Resources | None,
    notify: Notify,
    progress: Callable[[int, int], None],
) -> float | None:
    """Write all the text of the replies; the seconds that it takes, or None: cancelled, and nothing was written.

    The arguments are those of ``export``; ``subtitles`` ends with .srt or .vtt. Raises SpeakStreamError.
    """
    settings, used = settings or Settings(), resources or Resources(progress=_Nowhere)
    try:
        voices = _Voices(voice, settings, used, notify)
        with written_beside(wav, subtitles) as (sound, text):
            found, seconds = _speak(replies, sound, wav, voices, settings, used.cancelled, notify, progress)
            text.write_text(srt(found) if subtitles.suffix.lower() == ".srt" else vtt(found), encoding="utf-8")
        return seconds
    except _Cancelled:
        return None
    except OSError as error:
        raise SpeakStreamError(f"{wav}: {error.strerror or error}; free some space or name another file") from error
    finally:
        if resources is None:
            used.close()


class _Cancelled(Exception):
    """What was begun is to be thrown away."""


class _Voices:
    """The voices that spoke the replies, each opened when it is needed."""

    def __init__(
        self, current: "Future[Voice] | Voice | None", settings: Settings, resources: Resources, notify: Notify
    ) -> None:
        """``current`` speaks where there is no other; None: the one of ``settings`` does."""
        self._current = current
        self._settings, self._resources, self._notify = settings, resources, notify
        self._open: dict[str, Voice] = {}

    def of(self, reply: StoredMessage) -> Voice:
        """The voice that spoke it, or else the current one. Raises SpeakStreamError, _Cancelled."""
        name = reply.voice
        if not name or name == (self._settings.tts_model_name if self._current is None else self._the_current().name):
            return self._the_current()
        if name not in self._open:
            try:
                self._open[name] = self._load(name)
            except SpeakStreamError as error:
                current = self._the_current()
                self._notify(f"{error}; {current.name} speaks in its place")
                self._open[name] = current
        return self._open[name]

    def _the_current(self) -> Voice:
        if self._current is None:
            self._current = self._load(self._settings.tts_model_name)
        elif isinstance(self._current, Future):
            self._current = _waited_for(self._current, self._resources.cancelled)
        return self._current

    def _load(self, name: str) -> Voice:
        settings = replace(self._settings, tts_model_name=name)
        return _waited_for(load_voice(settings, self._resources, self._notify), self._resources.cancelled)


def _waited_for(voice: "Future[Voice]", cancelled: Event) -> Voice:
    try:
        found = loaded(voice, cancelled)
    except SpeakStreamError:
        if cancelled.is_set():  # a fetch that was broken off
            raise _Cancelled from None
        raise
    if found is None:
        raise _Cancelled
    return found


def _speak(
    replies: Sequence[StoredMessage],
    sound: Path,
    wav: Path,
    voices: _Voices,
    settings: Settings,
    cancelled: Event,
    notify: Notify,
    progress: Callable[[int, int], None],
) -> tuple[list[Cue], float]:
    """Write ``sound``, which will be called ``wav``; the subtitles, and the seconds of it."""
    lexicon, how = load_lexicon(notify), delivery(settings)
    replies = [reply for reply in replies if reply.text.strip()]
    sink: WavFile | None = None
    found: list[Cue] = []
    seconds = 0.0
    try:
        for number, reply in enumerate(replies):
            progress(number, len(replies))
            voice: Future[Voice] = Future()
            voice.set_result(voices.of(reply))
            if sink is None:
                sink = WavFile(str(sound), settings.tts_sample_rate or voice.result().sample_rate)
                sink.path = str(wav)  # what its errors name
            text, spoken = _read(reply.text, Engine(None, voice, sink, lexicon), how, cancelled)
            if spoken and number + 1 < len(replies):
                silence = np.zeros(int(PAUSE * sink.sample_rate), np.float32)
                sink.write(AudioChunk(silence, sink.sample_rate), cancelled)
            found += [
                replace(cue, begins=cue.begins + seconds, stops=cue.stops + seconds) for cue in cues(text, spoken)
            ]
            seconds += sink.position()
    finally:
        if sink is not None:
            sink.close()
    if not found:
        raise SpeakStreamError(f"{wav}: there is nothing to speak, no reply here has words; export to .md or .json")
    progress(len(replies), len(replies))
    return found, seconds


def _read(text: str, engine: Engine, how: Delivery, cancelled: Event) -> tuple[str, list[events.SegmentSpoken]]:
    """Speak one reply; its text as it was taken, and what was spoken. Raises SpeakStreamError, _Cancelled."""
    spoken: list[events.SegmentSpoken] = []

    def heed(event: events.Event) -> None:
        if isinstance(event, events.SegmentSpoken):
            spoken.append(event)

    if cancelled.is_set():
        raise _Cancelled
    turn = engine.read(lambda _: [text], heed, how)
    while not turn.wait(LOOK_SECONDS):
        if cancelled.is_set():
            turn.cancel()
    turn.join()
    if cancelled.is_set():
        raise _Cancelled
    if turn.speech is not None and turn.speech.error:
        raise SpeakStreamError(turn.speech.error)
    return turn.reply.text, spoken


class _Nowhere:
    """A ProgressDisplay for programs whose screen is not to be written on."""

    def __init__(self, label: str) -> None:
        pass

    def __enter__(self) -> Progress:
        return lambda done, total: None

    def __exit__(self, *failure: object) -> None:
        pass

    def before(self, notify: Notify) -> Notify:
        """See ProgressDisplay."""
        return notify
