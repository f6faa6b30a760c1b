"""One answer: a Reply is its text, a Speech reads it aloud from some place, a Turn holds both.

Reply and Speech end separately. Seeking, another speed or voice, a replay: each ends one Speech and starts
another on the same Reply. ``Turn.cancel`` ends both. Every thread here is joined before the next turn starts.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from speakstream.audio.chunk import AudioChunk, Samples, Sink, WordTiming
from speakstream.audio.pacing import paced
from speakstream.audio.packer import Packer, Segment
from speakstream.audio.pauses import heard_words
from speakstream.audio.timeline import Timeline
from speakstream.errors import SpeakStreamError
from speakstream.events import (
    KEPT_TOKEN_TIMES,
    Event,
    Metrics,
    Notice,
    NotSpoken,
    Reason,
    ReplyStarted,
    SegmentSpoken,
    SegmentTimes,
    SpokenWord,
    TextDelta,
    TurnEnded,
)
from speakstream.text.control import ControlFilter
from speakstream.text.lexicon import EMPTY, Lexicon
from speakstream.text.segmenter import Segmenter
from speakstream.text.span import Clause, Piece, Span
from speakstream.tts import Place, Voice

log = logging.getLogger(__name__)

Listener = Callable[[Event], None]


class Reply:
    """Append-only text with one writer and any number of readers."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self._deltas: list[str] = []
        self._length = 0
        self._ended = False
        self._grown = threading.Condition()

    def append(self, delta: str) -> int:
        """Add text; return the code point at which it begins."""
        with self._grown:
            offset = self._length
            self._deltas.append(delta)
            self._length += len(delta)
            self._grown.notify_all()
        return offset

    def end(self) -> None:
        """No more text will come."""
        with self._grown:
            self._ended = True
            self._grown.notify_all()

    def wake(self) -> None:
        """Let every waiting reader look again: something it waits for besides text has changed."""
        with self._grown:
            self._grown.notify_all()

    def read(self, index: int, timeout: float | None, cancelled: threading.Event) -> tuple[list[str], bool]:
        """The deltas from number ``index`` on, and whether they are the last.

        Waits up to ``timeout`` seconds (None: without end) for the first of them, or until ``cancelled``.
        """
        with self._grown:
            self._grown.wait_for(lambda: len(self._deltas) > index or self._ended or cancelled.is_set(), timeout)
            return self._deltas[index:], self._ended

    @property
    def ended(self) -> bool:
        """Whether the text is complete."""
        return self._ended

    @property
    def length(self) -> int:
        """Code points so far."""
        return self._length

    @property
    def text(self) -> str:
        """All of it, so far."""
        with self._grown:
            return "".join(self._deltas)


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a Speech is to sound."""

    speed: float = 1.0
    start: int = 0  # code point of the reply to begin at
    max_queue: int = 10
    aloud: frozenset[str] = frozenset()  # what is read although it is long: "code", "table"
    stop: int | None = None  # code point to end at: what begins there or later is not spoken


class Speech:
    """Reads a Reply aloud, from some place, until its end or a cut. Runs in one thread of its own."""

    def __init__(
        self,
        reply: Reply,
        voice: Callable[[threading.Event], Voice | None],
        sink: Sink,
        delivery: Delivery,
        listener: Listener,
        metrics: Metrics,
        ended: Callable[["Speech"], None],
        lexicon: Callable[[], Lexicon] = lambda: EMPTY,
    ) -> None:
        """``voice`` may block until the voice is loaded; None: cancelled meanwhile. ``ended`` is called at the end.

        ``lexicon`` is asked all the time: the sentences that are not spoken yet take a new one up.
        """
        self.cancelled = threading.Event()
        self.timeline = Timeline()
        self.delivery = delivery
        self.error = ""
        self.done = False  # nothing of it sounds any more
        self._reply = reply
        self._voice = voice
        self._sink = sink
        self._listener = listener
        self._metrics = metrics
        self._ended = ended
        self._lexicon = lexicon
        self._spoken_to = delivery.start  # code points that went to the voice
        self._noted_to = delivery.start  # and those whose NotSpoken was told
        self._offset = 0.0
        self._taken = 0
        self._reached_stop = False
        self._frozen: float | None = None
        self._audible_from: float | None = None
        self._underruns_before = sink.underruns
        sink.begin()
        self._thread = threading.Thread(target=self._run, name="voice")

    def start(self) -> None:
        """Begin to speak."""
        self._thread.start()

    def cancel(self) -> None:
        """Silence now. Does not wait; see ``join``."""
        if not self.cancelled.is_set() and not self.done:
            self._frozen = self._sink.position()
            self.cancelled.set()
            self._sink.clear()
            self._reply.wake()

    def join(self) -> None:
        """Wait until nothing of this speech runs any more."""
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def position(self) -> float:
        """Seconds heard; stays where it was at a cut."""
        return self._sink.position() if self._frozen is None else self._frozen

    def behind(self) -> int:
        """Code points of the reply that this speech has not taken up yet; it takes no more than it has room for."""
        return self._reply.length - self._taken

    def heard_until(self) -> int:
        """Code point of the reply up to which a person has heard it."""
        return self.timeline.heard_until(self.position()) or self.delivery.start

    def _run(self) -> None:
        try:
            self._speak()
            if not self.cancelled.is_set():
                self._sink.drain(self.cancelled)
        except SpeakStreamError as error:
            log.warning("the speech failed", exc_info=True)
            self.error = str(error)
        except Exception as error:
            log.exception("the speech failed")
            self.error = f"the voice failed: {error!r}"
        finally:
            self._frozen = self.position()  # the sink will count for another speech
            if self.cancelled.is_set() or self.error:
                self._sink.clear()  # a chunk may have raced the first clear
            self._note_first_sound()
            self._metrics.underruns += self._sink.underruns - self._underruns_before
            self.done = True
            self._ended(self)

    def _note_first_sound(self) -> None:
        metrics = self._metrics
        if metrics.first_audio is None and (heard := self._sink.first_heard()) is not None:
            metrics.first_taken, metrics.first_audio = self._sink.first_taken(), heard
            if self._audible_from is not None and self.position() > self._audible_from:
                metrics.first_audible = heard + self._audible_from

    def _speak(self) -> None:
        voice: Voice | None = None
        delivery = self.delivery
        segmenter, packer = Segmenter(self._lexicon(), delivery.aloud), Packer(delivery.max_queue)
        index, finished, timeout = 0, False, None
        while not self.cancelled.is_set():
            if (lexicon := self._lexicon()) is not segmenter.lexicon:  # read what is not spoken yet anew
                segmenter, packer = Segmenter(lexicon, delivery.aloud), Packer(delivery.max_queue)
                index, finished, self._taken = 0, False, 0
            if not finished and not packer.full:
                deltas, ended = self._reply.read(index, timeout, self.cancelled)
                if self._lexicon() is not segmenter.lexicon:  # it changed while there was nothing to read
                    continue
                index += len(deltas)
                for delta in deltas:
                    self._taken += len(delta)
                    self._collect(segmenter.push(delta), packer)
                if ended:
                    self._collect(segmenter.flush(), packer)
                finished = ended or self._reached_stop
                if self.cancelled.is_set():
                    return
            segment = packer.take(self._sink.buffered(), finished)
            if segment is not None:
                voice = voice or self._voice(self.cancelled)
                if voice is None:
                    return
                self._say(voice, segment)
                timeout = 0.0  # look at once what came meanwhile
            elif finished and not len(packer):
                return
            else:
                timeout = packer.patience(self._sink.buffered())

    def _collect(self, clauses: Iterable[Clause], packer: Packer) -> None:
        stop = self.delivery.stop
        for clause in clauses:
            if stop is not None and clause.span.start >= stop:
                self._reached_stop = True
                return
            if clause.not_spoken and clause.span.end > self._noted_to:
                self._noted_to = clause.span.end
                for span in clause.silent or (clause.span,):
                    self._listener(NotSpoken(span, clause.not_spoken))
            clause = _from(clause, self._spoken_to)
            if clause.spoken:
                if self._metrics.first_clause is None:
                    self._metrics.first_clause = time.monotonic()
                packer.add(clause)

    def _say(self, voice: Voice, segment: Segment) -> None:
        """Synthesize one segment and write it, with the pause that follows it."""
        metrics, begun, spoken = self._metrics, time.monotonic(), False
        self._spoken_to = segment.span.end
        place = Place(segment.before, segment.goes_on)
        for chunk in voice.synthesize(segment.spoken, self.delivery.speed, self.cancelled, place):
            if self.cancelled.is_set():
                return
            now = time.monotonic()
            metrics.synthesis_seconds += now - begun
            if metrics.first_synthesis is None:
                metrics.first_synthesis = now
            heard = replace(chunk, words=heard_words(chunk, segment.spoken))
            chunk = paced(heard, segment.breaks, self.delivery.speed)
            words = _reply_words(segment, chunk.words)
            self.timeline.add(self._offset, words)
            self._listener(SegmentSpoken(segment.span, segment.spoken, words, self._offset, chunk.seconds))
            self._write_segment(chunk, begun, now)
            begun, spoken = time.monotonic(), True
        if spoken:
            self._write(_silence(segment.pause(self.delivery.speed), voice.sample_rate))

    def _write_segment(self, chunk: AudioChunk, begun: float, made: float) -> None:
        """Write what the voice made between these two moments, and keep the times."""
        metrics, offset, before, writing = self._metrics, self._offset, self._sink.resample_seconds, time.monotonic()
        if metrics.first_write is None:
            metrics.first_write, self._audible_from = writing, chunk.audible_from
        self._write(chunk)
        resampled = writing + self._sink.resample_seconds - before
        metrics.segments.append(SegmentTimes(offset, chunk.seconds, begun, made, resampled, time.monotonic()))

    def _write(self, chunk: AudioChunk) -> None:
        self._offset += chunk.seconds
        self._sink.write(chunk, self.cancelled)
        self._metrics.speech_seconds = self._offset


class Turn:
    """One prompt and what came of it: a Reply, and the Speech that reads it at present."""

    def __init__(self, listener: Listener, speech: Callable[["Turn", Delivery], Speech] | None) -> None:
        """``speech``: makes a Speech of this turn's reply; None: the turn is silent."""
        self.reply = Reply()
        self.metrics = Metrics(submitted=time.monotonic())
        self.result: TurnEnded | None = None
        self._listener = listener
        self._make_speech = speech
        self._speech: Speech | None = None
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._source: threading.Thread | None = None
        self._source_done = False
        self._speech_done = speech is None
        self._heard = 0  # code point up to which earlier speeches were heard
        self._cancelled = False
        self._error = ""
        self._control = ControlFilter()

    # -- what a front end does with it ---------------------------------------------------------------------

    @property
    def speech(self) -> Speech | None:
        """The Speech of the moment; None when the turn is silent."""
        return self._speech

    def start(self, source: Callable[[threading.Event], Iterable[str]], delivery: Delivery) -> None:
        """Begin: ``source`` gives the text, deltas at a time, and ends when its event is set."""
        self._source = threading.Thread(target=self._write, args=(source,), name="llm")
        self._listener(ReplyStarted())
        self._source.start()
        self._begin_speech(delivery)

    @property
    def stopped(self) -> bool:
        """Whether it was cancelled before its end: then nothing more of it is ever spoken."""
        return self._cancelled

    def cancel(self) -> None:
        """Silence at once, and no more text. Does not wait; see ``join``. After its end, this ends a replay."""
        with self._lock:
            if self.result is None:
                self._cancelled = True
                self.reply.cancelled.set()
            speech = self._speech
        if speech is not None:
            speech.cancel()
        self.reply.wake()

    def speak_from(self, delivery: Delivery) -> None:
        """End the present Speech and read the same Reply from ``delivery.start`` on, while it may still grow.

        Also after the turn has ended: then it is a replay, which changes nothing of how the turn ended.
        """
        with self._lock:
            speech, self._speech = self._speech, None  # its end is not the turn's
            self._speech_done = False
        if speech is not None:
            speech.cancel()
            speech.join()
            self._heard = max(self._heard, speech.heard_until())
        self._begin_speech(delivery)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the turn has ended; False: ``timeout`` seconds went by first."""
        return self._over.wait(timeout)

    def join(self) -> None:
        """Wait until no thread of this turn runs any more."""
        if self._source is not None:
            self._source.join()
        if self._speech is not None:
            self._speech.join()

    def heard(self) -> str:
        """What a person has heard of the reply so far: of a silent turn, all that was written."""
        speech = self._speech
        if speech is None or speech.error:
            return self.reply.text
        text, end = self.reply.text, max(self._heard, speech.heard_until())
        while 0 < end < len(text) and not (text[end].isalnum() or text[end].isspace()):
            end += 1  # the marks that close the word
        return text[:end]

    # -- the two threads -----------------------------------------------------------------------------------

    def _begin_speech(self, delivery: Delivery) -> None:
        if self._make_speech is None:
            return
        with self._lock:
            if not self._cancelled:
                self._speech = self._make_speech(self, delivery)
                self._speech.start()
                return
            self._speech_done = True
        self._end_if_over()

    def _write(self, source: Callable[[threading.Event], Iterable[str]]) -> None:
        """The llm thread: text from the source into the reply."""
        metrics = self.metrics
        try:
            for delta in source(self.reply.cancelled):
                if self.reply.cancelled.is_set():
                    break
                metrics.last_token = time.monotonic()
                if metrics.first_token is None:
                    metrics.first_token = metrics.last_token
                metrics.tokens += 1
                if metrics.tokens <= KEPT_TOKEN_TIMES:
                    metrics.token_times.append(metrics.last_token)
                self._append(self._control.push(delta))
            self._append(self._control.flush())
        except SpeakStreamError as error:
            log.warning("the reply failed", exc_info=True)
            if not self.reply.cancelled.is_set():  # a cancelled fetch or load is no failure
                self._error = str(error)
        except Exception as error:
            log.exception("the reply failed")
            self._error = f"the language model failed: {error!r}"
        finally:
            self.reply.end()
            with self._lock:
                self._source_done = True
            self._end_if_over()

    def _append(self, text: str) -> None:
        if text:
            offset = self.reply.append(text)
            self._listener(TextDelta(text, offset))

    def speech_ended(self, speech: Speech) -> None:
        """Called by a Speech, last of all, in its thread."""
        with self._lock:
            if speech is not self._speech:
                return
            self._speech_done = True
        if speech.error:
            self._listener(Notice(f"the reply goes on in silence: {speech.error}"))
        self._end_if_over()

    def _end_if_over(self) -> None:
        with self._lock:
            if self.result is not None or not (self._source_done and self._speech_done):
                return
            self.metrics.ended = time.monotonic()
            if self._error:
                reason = Reason.FAILED
            elif self._cancelled:
                reason = Reason.INTERRUPTED
            else:
                reason = Reason.FINISHED
            heard = self.reply.text if reason is Reason.FINISHED else self.heard()
            self.result = TurnEnded(reason, heard, self.metrics, self._error)
        self._listener(self.result)
        self._over.set()


def _from(clause: Clause, start: int) -> Clause:
    """What of a clause is to be spoken when a speech begins at code point ``start``."""
    if start <= clause.span.start or not clause.spoken:
        return clause
    left = [piece for piece in clause.pieces if piece.span.end > start]
    if not left or clause.span.end <= start:
        return Clause(clause.span, "", (), clause.ends)
    cut = left[0].start
    pieces = tuple(Piece(p.start - cut, p.end - cut, p.span) for p in left)
    return Clause(Span(left[0].span.start, clause.span.end), clause.spoken[cut:], pieces, clause.ends)


def _reply_words(segment: Segment, timings: tuple[WordTiming, ...]) -> tuple[SpokenWord, ...]:
    """Times of the words as they are written: a piece sounds from its first spoken word to its last."""
    words, at = [], 0
    for piece in segment.pieces:
        while at < len(timings) and timings[at].end <= piece.start:
            at += 1
        last = at
        while last < len(timings) and timings[last].start < piece.end:
            last += 1
        if last > at:
            words.append(SpokenWord(piece.span, timings[at].begins, timings[last - 1].stops))
    return tuple(words)


def _silence(seconds: float, sample_rate: int) -> AudioChunk:
    samples: Samples = np.zeros(int(seconds * sample_rate), np.float32)
    return AudioChunk(samples, sample_rate)
