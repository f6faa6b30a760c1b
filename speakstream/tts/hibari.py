"""The hibari voices: 24 kHz neural English, about 70 times faster than real time on one core.

The graph's durations, an inner tensor, become an output by appending a few bytes to the model file: protobuf
concatenation merges messages, so ``graph { output { name } }`` adds an output. With them every phoneme, and so
every word, has its place in the samples: ``sum(durations) * FRAME == len(samples)``, exactly.
"""

import difflib
import json
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import onnxruntime
from hibari import dsp, voices

from speakstream.audio.chunk import AudioChunk, Samples, WordTiming
from speakstream.errors import VoiceError
from speakstream.tts import VoiceInfo

RATE = 24_000
FRAME = 600
"""Samples to a unit of the model's durations (25 ms)."""

SPEEDS = (0.5, 2.0)
"""The range hibari was made for; beyond it words blur."""

MAX_PHONEMES = 380
"""Longest input in one run; the model was trained on up to 400."""

_DURATIONS = b"/Clip_output_0"
_QUIET_DB = -45.0  # below the chunk's peak: silence
_WINDOW = 120  # samples (5 ms) to a step of the search for silence
_MARGIN = 2  # windows kept on either side of the words
_FADE = 72  # samples (3 ms): a cut into faint noise makes no click


class _Token(Protocol):
    """What hibari's G2P gives for a piece of text."""

    text: str
    whitespace: str
    phonemes: str | None


class HibariVoice:
    """One hibari voice; safe to call from several threads."""

    def __init__(self, name: str = "heart") -> None:
        """Load the voice (0.4 s); the dictionaries (0.4 s more) load on first use: see ``warm``.

        Raises VoiceError for an unknown name, or a voice that is not on disk and can't be fetched.
        """
        if name not in voices.VOICES:
            known = list(voices.VOICES)
            near = difflib.get_close_matches(name, known, 1) or known[:1]
            raise VoiceError(f"voice 'hibari/{name}' is unknown; did you mean 'hibari/{near[0]}'?")
        about = voices.VOICES[name]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            with open(voices.voice_path(name), "rb") as file:
                graph = file.read()
            self._session: Any = onnxruntime.InferenceSession(
                graph + _as_output(_DURATIONS), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise VoiceError(
                f"voice 'hibari/{name}' could not be loaded: {' '.join(str(error).split())[:200]}"
            ) from error
        with open(os.path.join(voices.ASSETS, "vocab.json"), encoding="utf-8") as vocab:
            self._ids: dict[str, int] = json.load(vocab)
        self.name = f"hibari/{name}"
        self.language: str = about["language"]
        self.sample_rate = RATE
        self._british: bool = about["british"]
        self._g2p: Any = None
        self._loading = threading.Lock()

    def warm(self) -> None:
        """See Voice: the dictionaries, and the net for unknown words."""
        for _ in self.synthesize("Zorvex, hello.", 1.0, threading.Event()):
            pass

    def synthesize(self, text: str, speed: float, cancelled: threading.Event) -> Iterator[AudioChunk]:
        """See Voice. One chunk, or several when ``text`` has more than MAX_PHONEMES phonemes."""
        speed = min(max(speed, SPEEDS[0]), SPEEDS[1])
        try:
            for tokens, offsets in self._parts(text):
                if cancelled.is_set():
                    return
                chunk = self._speak(tokens, offsets, speed, cancelled)
                if chunk is not None:
                    yield chunk
        except VoiceError:
            raise
        except Exception as error:
            raise VoiceError(f"{self.name} failed at {text[:40]!r}: {' '.join(str(error).split())[:200]}") from error

    def close(self) -> None:
        """See Voice."""
        self._session = self._g2p = None

    def _phonemizer(self) -> Any:
        with self._loading:
            if self._g2p is None:
                from hibari.g2p import G2P

                self._g2p = G2P(british=self._british)
            return self._g2p

    def _parts(self, text: str) -> Iterator[tuple[Sequence[_Token], Sequence[tuple[int, int]]]]:
        """Tokens with phonemes, and the span of each in ``text``, in runs the model can take at once."""
        from hibari.g2p.normalize import normalize

        g2p = self._phonemizer()
        normal: str = normalize(text)
        tokens: list[_Token] = g2p.phonemize_tokens(g2p.tokenize(normal))
        place = _places(text, normal)
        run: list[_Token] = []
        spans: list[tuple[int, int]] = []
        size = at = 0
        for token in tokens:
            length = len(token.phonemes or "") + 1
            if run and size + length > MAX_PHONEMES:
                yield run, spans
                run, spans, size = [], [], 0
            end = at + len(token.text)
            run.append(token)
            spans.append(_without_marks(text, place[min(at, len(normal))], place[min(end, len(normal))]))
            size += length
            at = end + len(token.whitespace)
        if run:
            yield run, spans

    def _speak(
        self,
        tokens: Sequence[_Token],
        spans: Sequence[tuple[int, int]],
        speed: float,
        cancelled: threading.Event,
    ) -> AudioChunk | None:
        ids = [0]
        counts: list[tuple[int, int]] = []
        for token in tokens:
            sounds = [self._ids[p] for p in (token.phonemes or "") if p in self._ids][:MAX_PHONEMES]
            gap = [self._ids[" "]] if token.whitespace else []
            ids += sounds + gap
            counts.append((len(sounds), len(gap)))
        if len(ids) == 1 or not any(_is_word(token) for token in tokens):
            return None
        ids.append(0)
        *spectrum, durations = self._session.run(
            None, {"ids": np.asarray([ids], np.int64), "speed": np.asarray([speed], np.float32)}
        )
        if cancelled.is_set():
            return None
        samples: Samples = dsp.synth(*(part[0] for part in spectrum), np.random.default_rng(0))
        frames = np.rint(durations.reshape(-1)).astype(int)
        if len(frames) != len(ids) or int(frames.sum()) * FRAME != len(samples):
            raise VoiceError(f"{self.name}: the durations do not fit the sound; hibari-tts has changed, use 0.2.1")
        first, last = _sounding(samples)
        edges = np.concatenate(([0], np.cumsum(frames))) * FRAME
        words: list[WordTiming] = []
        at, limit = 1, (last - first) / RATE
        for token, (start, end), (mine, space) in zip(tokens, spans, counts, strict=True):
            if mine and _is_word(token):
                begins = edges[at] / RATE - first / RATE
                stops = edges[at + mine] / RATE - first / RATE
                words.append(WordTiming(start, end, _within(begins, limit), _within(stops, limit)))
            at += mine + space
        if words:  # a first sound begins before its duration does: its word sounds from where it is heard
            words[0] = replace(words[0], begins=0.0)
        return AudioChunk(_faded(samples[first:last]), RATE, tuple(words))


def catalogue() -> list[VoiceInfo]:
    """The hibari voices, for ``speakstream voices``."""
    return [
        VoiceInfo(
            name=f"hibari/{name}",
            language=about["language"],
            about=f"{about['accent']} {about['gender']}",
            megabytes=about["bytes"] / 1e6,
            licence="Apache-2.0",
            on_disk=bool(about.get("bundled")) or os.path.exists(os.path.join(voices.cache_dir(), about["file"])),
        )
        for name, about in voices.VOICES.items()
    ]


def _as_output(name: bytes) -> bytes:
    """The protobuf message ``ModelProto{graph{output{name}}}`` (fields 7, 12, 1 of onnx.proto)."""
    value = b"\x0a" + bytes([len(name)]) + name
    graph = b"\x62" + bytes([len(value)]) + value
    return b"\x3a" + bytes([len(graph)]) + graph


def _is_word(token: _Token) -> bool:
    return any(p.isalpha() for p in token.phonemes or "")


def _within(seconds: float, limit: float) -> float:
    return float(min(max(seconds, 0.0), limit))


def _sounding(samples: Samples) -> tuple[int, int]:
    """The range of samples that is not silence around the words."""
    whole = len(samples) // _WINDOW
    peaks = np.abs(samples[: whole * _WINDOW]).reshape(whole, _WINDOW).max(axis=1)
    loud = np.nonzero(peaks > peaks.max() * 10 ** (_QUIET_DB / 20))[0]
    return max(0, int(loud[0]) - _MARGIN) * _WINDOW, min(whole, int(loud[-1]) + 1 + _MARGIN) * _WINDOW


def _faded(samples: Samples) -> Samples:
    faded = samples.copy()
    length = min(_FADE, len(faded) // 2)
    ramp = np.linspace(0.0, 1.0, length, dtype=np.float32)
    faded[:length] *= ramp
    faded[len(faded) - length :] *= ramp[::-1]
    return faded


def _without_marks(text: str, start: int, end: int) -> tuple[int, int]:
    """The span less the quotes, brackets and spaces at its ends."""
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    return start, end


def _places(text: str, normal: str) -> list[int]:
    """For every index of ``normal``, its place in ``text``: one table of len(normal) + 1 entries.

    The two are equal when ``text`` was spelled out before; where hibari changed it all the same, the
    unchanged runs around the change hold the rest in place.
    """
    if text == normal:
        return list(range(len(text) + 1))
    table = [0] * (len(normal) + 1)
    for _, a, b, c, d in difflib.SequenceMatcher(None, text, normal, autojunk=False).get_opcodes():
        for k in range(c, d):
            table[k] = min(a + (k - c), b)
    table[len(normal)] = len(text)
    return table
