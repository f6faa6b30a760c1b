"""Speech to a browser: the Sink whose sound goes over the wire, paced by the positions that the client tells.

What was sent and not heard is kept, so that a client that comes back after its connection was lost goes on where it
was. Without a client the sound is made as far ahead as with one, and then waits.
"""

import base64
import threading
import time
from collections import deque

from speakstream.audio.chunk import AudioChunk
from speakstream.audio.resample import StreamResampler
from speakstream.audio.wavfile import pcm16, wav_header
from speakstream.server import wire
from speakstream.server.outbox import Frame, Outbox
from speakstream.server.wire import AudioFrame

FIRST_SECONDS = 0.02
"""The first frame of a speech is no longer: it arrives sooner."""

SHORTEST, LONGEST = 0.02, 0.06
"""Seconds of all others. CHUNK_SIZE is taken within that."""

FEWEST = 500
"""Samples of a frame: less, and the headers are more than 2 % of what is sent."""

WAV_SECONDS = 0.5
"""Of a WAV file for simple clients, which can't put short ones together without a gap."""

KEPT_SEGMENTS = 500
"""Half an hour of speech: where the words are that a client which comes back is told."""


class SocketSink:
    """One session's. One thread writes; any thread may call the rest."""

    def __init__(self, buffer_seconds: float, chunk_size: int) -> None:
        """``buffer_seconds``: of sound sent ahead of what was heard; ``chunk_size``: samples of a frame, about."""
        self.gain = 1.0  # the client itself makes it louder
        self.underruns = 0
        self.resample_seconds = 0.0
        self.keeps_pause = False
        """While set, a new speech begins as the one before was: paused, or not."""
        self._buffer_seconds = buffer_seconds
        self._chunk_size = chunk_size
        self._changed = threading.Condition()
        self._outbox: Outbox | None = None
        self._wav = False
        self._paused = False
        self._told_underruns = 0  # over this connection
        self._speech = 0
        self._start_anew()

    def _start_anew(self) -> None:
        self._message = 0
        self._rate = 0  # of what is sent; 0: nothing was written yet
        self._resampler: StreamResampler | None = None
        self._announced = False  # Speech was sent
        self._coming: list[wire.Segment] = []  # whose sound is written next
        self._segments: deque[wire.Segment] = deque(maxlen=KEPT_SEGMENTS)
        self._kept: deque[AudioFrame] = deque()  # sent and not heard
        self._sequence = self._sent = self._heard = 0
        self._complete = self._cleared = self._over = False
        self._first_sent: float | None = None
        self._first_heard: float | None = None

    # -- Sink ----------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """See Sink."""
        with self._changed:
            self._speech += 1
            self._paused = self._paused and self.keeps_pause
            self._start_anew()

    def write(self, chunk: AudioChunk, cancelled: threading.Event) -> None:
        """See Sink. Whoever sets ``cancelled`` calls ``clear``, which wakes this."""
        if self._resampler is None:
            self._rate, self._resampler = chunk.sample_rate, StreamResampler(chunk.sample_rate)
        before = self._resampler.seconds
        samples = self._resampler.push(chunk.samples, chunk.sample_rate)
        self.resample_seconds += self._resampler.seconds - before
        with self._changed:
            self._announce()
        self._send(pcm16(samples), cancelled)

    def clear(self) -> None:
        """See Sink."""
        with self._changed:
            if self._announced and not self._cleared and not self._over and self._outbox is not None:
                self._outbox.drop_sound(self._speech)
                self._outbox.put(wire.Silence(self._speech))
            self._cleared = True
            self._kept.clear()
            self._changed.notify_all()

    def drain(self, cancelled: threading.Event) -> None:
        """See Sink."""
        if self._resampler is not None:
            self._send(pcm16(self._resampler.flush()), cancelled)
        with self._changed:
            self._complete = True
            if self._announced and not self._cleared and self._outbox is not None:
                self._outbox.put(wire.Spoken(self._speech, self._sent))
            self._changed.wait_for(lambda: self._heard >= self._sent or self._stopped(cancelled))
            self._over = True

    def pause(self) -> None:
        """See Sink. It is the client that holds the sound; a client that comes back is told."""
        self._paused = True

    def resume(self) -> None:
        """See Sink."""
        self._paused = False

    @property
    def paused(self) -> bool:
        """Whether the client holds the sound."""
        return self._paused

    def position(self) -> float:
        """See Sink. What the client told last: it does so right before it asks for anything."""
        return self._heard / self._rate if self._rate else 0.0

    def buffered(self) -> float:
        """See Sink."""
        return (self._sent - self._heard) / self._rate if self._rate and not self._cleared else 0.0

    def level(self) -> float:
        """See Sink. Only the client knows."""
        return 0.0

    def first_taken(self) -> float | None:
        """See Sink."""
        return self._first_sent if self._first_heard is not None else None

    def first_heard(self) -> float | None:
        """See Sink."""
        return self._first_heard

    def close(self) -> None:
        """See Sink."""
        self.clear()

    # -- the session's side --------------------------------------------------------------------------------

    @property
    def speech(self) -> int:
        """The number of the present speech, from 1."""
        return self._speech

    def expect(self, message: int, segment: wire.Segment) -> None:
        """What is written next is this part of ``message``. Called by the thread that writes."""
        with self._changed:
            self._message = message
            self._coming.append(segment)

    def heard(self, speech: int, samples: int, underruns: int | None = None) -> None:
        """The client tells what it has played. What can't be is not believed."""
        with self._changed:
            if underruns is not None and underruns > self._told_underruns:
                self.underruns += underruns - self._told_underruns
                self._told_underruns = underruns
            samples = min(samples, self._sent)
            if speech != self._speech or samples <= self._heard:
                return
            self._heard = samples
            if self._first_heard is None and self._first_sent is not None:
                self._first_heard = max(self._first_sent, time.monotonic() - samples / self._rate)
            while self._kept and _end(self._kept[0]) <= samples:
                self._kept.popleft()
            self._changed.notify_all()

    def attach(self, outbox: Outbox, wav: bool, speech: int = 0, samples: int = 0) -> None:
        """Send over this connection. Its client has so many ``samples`` of ``speech``: the rest is sent again."""
        with self._changed:
            self._outbox, self._wav, self._told_underruns = outbox, wav, 0
            if not self._announced or self._cleared or self._over:
                return
            outbox.put(wire.Speech(self._speech, self._message, self._rate, self._paused))
            for segment in self._segments:
                outbox.put(segment)
            there = samples if speech == self._speech else 0
            for frame in self._kept:
                if _end(frame) > there:
                    self._deliver(_from(frame, there))
            if self._complete:
                outbox.put(wire.Spoken(self._speech, self._sent))

    def detach(self) -> None:
        """The connection is gone."""
        with self._changed:
            self._outbox = None

    # -- inside --------------------------------------------------------------------------------------------

    def _announce(self) -> None:
        """Tell what the sound that comes now says."""
        coming, self._coming = self._coming, []
        if self._cleared:
            return
        self._segments += coming
        outbox = self._outbox
        if not self._announced:
            self._announced = True
            if outbox is not None:
                outbox.put(wire.Speech(self._speech, self._message, self._rate, self._paused))
        if outbox is not None:
            for segment in coming:
                outbox.put(segment)

    def _send(self, pcm: bytes, cancelled: threading.Event) -> None:
        """Send samples as the client hears those before."""
        at, ahead = 0, int(self._buffer_seconds * self._rate)
        while at < len(pcm):
            with self._changed:
                size = min(self._frame_size(), (len(pcm) - at) // 2)
                while not self._stopped(cancelled) and self._sent + size > self._heard + ahead:
                    self._changed.wait()
                if self._stopped(cancelled):
                    return
                frame = AudioFrame(self._speech, self._sequence, self._sent, pcm[at : at + 2 * size])
                self._kept.append(frame)
                self._sequence += 1
                self._sent += size
                if self._first_sent is None:
                    self._first_sent = time.monotonic()
                self._deliver(frame)
            at += 2 * size

    def _stopped(self, cancelled: threading.Event) -> bool:
        return self._cleared or cancelled.is_set()

    def _frame_size(self) -> int:
        """Samples of the next frame."""
        most = int(self._buffer_seconds * self._rate)
        if self._wav:
            return min(int(WAV_SECONDS * self._rate), most)
        if self._sequence == 0:
            return int(FIRST_SECONDS * self._rate)
        wanted = min(max(self._chunk_size, int(SHORTEST * self._rate)), int(LONGEST * self._rate))
        return min(max(wanted, FEWEST), most)

    def _deliver(self, frame: AudioFrame) -> None:
        if self._outbox is None:
            return
        data: bytes | str = frame.encode()
        if self._wav:
            wav = base64.b64encode(wav_header(self._rate, len(frame.pcm)) + frame.pcm).decode()
            data = wire.encode(wire.Audio(frame.speech, frame.sequence, frame.first, wav))
        self._outbox.sound(Frame(data, len(frame.pcm), frame.speech))


def _end(frame: AudioFrame) -> int:
    """The number of the sample after its last."""
    return frame.first + len(frame.pcm) // 2


def _from(frame: AudioFrame, sample: int) -> AudioFrame:
    """What of it comes from this sample on."""
    if sample <= frame.first:
        return frame
    return AudioFrame(frame.speech, frame.sequence, sample, frame.pcm[2 * (sample - frame.first) :])
