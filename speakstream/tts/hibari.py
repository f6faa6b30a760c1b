"""The hibari voices: 24 kHz neural English, about 70 times faster than real time on one core.

The graph's durations, an inner tensor, become an output by appending a few bytes to the model file: protobuf
concatenation merges messages, so ``graph { output { name } }`` adds an output. With them every phoneme, and so
every word, has its place in the samples: ``sum(durations) * FRAME == len(samples)``, exactly.
"""

import difflib
import json
import logging
import os
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime
from hibari import dsp, voices

from speakstream.audio.chunk import AudioChunk, Samples, WordTiming
from speakstream.errors import VoiceError, folded
from speakstream.tts import ALONE, Place, VoiceInfo
from speakstream.tts.prepared import prepared

log = logging.getLogger(__name__)

RATE = 24_000
FRAME = 600
"""Samples to a unit of the model's durations (25 ms)."""

SPEEDS = (0.5, 2.0)
"""The range hibari was made for; beyond it words blur."""

MAX_PHONEMES = 380
"""Longest input in one run; the model was trained on up to 400."""

GOING_ON = " perhaps"
"""Said after a part whose sentence goes on in words that are not known yet, and cut off again: the last word is then as
long as in the whole sentence (alone 2.8 times that) and its pitch 0.4 semitones lower (alone 8), medians of 70 cuts. It
begins with a moment of silence, the closure of the p, so that nothing of it is heard."""

_PAUSING = str.maketrans({"…": "...", ";": ":"})
"""Marks over which the voice often reads on (at every second "…"), and those for the same at which it pauses."""

_DURATIONS = b"/Clip_output_0"
_PROVIDERS = ["CPUExecutionProvider"]
_QUIET_DB = -45.0  # below the chunk's peak: silence
_WINDOW = 120  # samples (5 ms) to a step of the search for silence
_LEAD, _TAIL = 1, 2  # windows kept before and after the words
_SLACK = 240  # samples (10 ms): how far from where a word is said to stop it is cut off
_FADE = 72  # samples (3 ms): a cut into faint noise makes no click


class _Token(Protocol):
    """What hibari's G2P gives for a piece of text."""

    text: str
    tag: str
    whitespace: str
    phonemes: str | None


@dataclass(frozen=True, slots=True)
class _Run:
    """What the model takes at once; of it, what is in ``text[start:end]`` is to be heard."""

    text: str
    tokens: list[_Token]
    spans: list[tuple[int, int]]
    start: int
    end: int


class HibariVoice:
    """One hibari voice; safe to call from several threads."""

    def __init__(self, name: str = "heart", cache: Path | None = None) -> None:
        """Load the voice; its dictionaries open on first use: see ``warm``.

        ``cache``: the folder that holds what is prepared once (2 s) and opens in 0.03 s; None: prepared every time.
        Raises VoiceError for an unknown name, or a voice that is not on disk: see voice_files.py.
        """
        if name not in voices.VOICES:
            known = list(voices.VOICES)
            near = difflib.get_close_matches(name, known, 1) or known[:1]
            raise VoiceError(f"voice 'hibari/{name}' is unknown; did you mean 'hibari/{near[0]}'?")
        about = voices.VOICES[name]
        try:
            self._session = _session(name, cache)
        except FileNotFoundError as error:
            raise VoiceError(
                f"voice 'hibari/{name}' is not on this disk: `speakstream say --voice hibari/{name} --read Hello` "
                "fetches it"
            ) from error
        except Exception as error:
            raise VoiceError(f"voice 'hibari/{name}' could not be loaded: {folded(error)}") from error
        with open(os.path.join(voices.ASSETS, "vocab.json"), encoding="utf-8") as vocab:
            self._ids: dict[str, int] = json.load(vocab)
        self.name = f"hibari/{name}"
        self.language: str = about["language"]
        self.sample_rate = RATE
        self._accent = "gb" if about["british"] else "us"
        self._cache = cache
        self._g2p: Any = None
        self._loading = threading.Lock()

    def warm(self) -> None:
        """See Voice: the dictionaries, and the net for unknown words."""
        for _ in self.synthesize("Zorvex, hello.", 1.0, threading.Event()):
            pass

    def synthesize(
        self, text: str, speed: float, cancelled: threading.Event, place: Place = ALONE
    ) -> Iterator[AudioChunk]:
        """See Voice. One chunk, or several when ``text`` has more than MAX_PHONEMES phonemes."""
        speed = min(max(speed, SPEEDS[0]), SPEEDS[1])
        try:
            for run in self._runs(text, place):
                if cancelled.is_set():
                    return
                chunk = self._speak(run, speed, cancelled)
                if chunk is not None:
                    yield chunk
        except VoiceError:
            raise
        except Exception as error:
            raise VoiceError(f"{self.name} failed at {text[:40]!r}: {folded(error)}") from error

    def close(self) -> None:
        """See Voice."""
        with self._loading:
            if self._g2p is not None:
                self._g2p.close()
            self._session = self._g2p = None

    def _phonemizer(self) -> Any:
        with self._loading:
            if self._g2p is None:
                from speakstream.tts.dictionaries import CompactG2P

                self._g2p = CompactG2P(self._accent, self._cache)
            return self._g2p

    def _runs(self, text: str, place: Place) -> list[_Run]:
        """``text`` in runs that the model can take at once, the first one with its surroundings if they fit."""
        if place != ALONE:
            start = len(place.before) + 1 if place.before else 0
            whole = f"{place.before} {text}"[-start - len(text) :] + (GOING_ON if place.goes_on else "")
            runs = self._split(whole)
            if len(runs) == 1:
                return [replace(runs[0], start=start, end=start + len(text))]
        return self._split(text)

    def _split(self, text: str) -> list[_Run]:
        from hibari.g2p.normalize import normalize

        g2p = self._phonemizer()
        normal: str = normalize(text).translate(_PAUSING)
        tokens: list[_Token] = g2p.phonemize_tokens(_spelled(g2p.tokenize(normal)))
        table = _places(text, normal)
        runs: list[_Run] = []
        size = at = 0
        for token in tokens:
            length = len(token.phonemes or "") + 1
            if not runs or (runs[-1].tokens and size + length > MAX_PHONEMES):
                runs.append(_Run(text, [], [], 0, len(text)))
                size = 0
            end = at + len(token.text)
            runs[-1].tokens.append(token)
            runs[-1].spans.append((table[min(at, len(normal))], table[min(end, len(normal))]))
            size += length
            at = end + len(token.whitespace)
        return runs

    def _speak(self, run: _Run, speed: float, cancelled: threading.Event) -> AudioChunk | None:
        ids = [0]
        places: list[tuple[int, int]] = []  # of each token's sounds in ids
        for token in run.tokens:
            sounds = [self._ids[p] for p in (token.phonemes or "") if p in self._ids][:MAX_PHONEMES]
            places.append((len(ids), len(ids) + len(sounds)))
            ids += sounds + ([self._ids[" "]] if token.whitespace else [])
        kept = [i for i, (start, end) in enumerate(run.spans) if start >= run.start and end <= run.end]
        if not any(_is_word(run.tokens[i]) for i in kept):
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
        edges = np.concatenate(([0], np.cumsum(frames))) * FRAME
        low, high = 0, len(samples)
        if kept[0] > 0:
            low = _quietest(samples, edges[places[kept[0] - 1][1]] - 4 * _SLACK, edges[places[kept[0]][0]] - _SLACK)
        if kept[-1] + 1 < len(places):
            high = _quietest(samples, edges[places[kept[-1]][1]] - _SLACK, edges[places[kept[-1]][1]] + _SLACK)
        first, last = _sounding(samples[low:high])
        first, last = first + low, last + low
        words: list[WordTiming] = []
        limit = (last - first) / RATE
        for i in kept:
            if places[i][0] < places[i][1] and _is_word(run.tokens[i]):
                begins, stops = (_within((edges[at] - first) / RATE, limit) for at in places[i])
                start, end = _without_marks(run.text, *run.spans[i])
                words.append(WordTiming(start - run.start, end - run.start, begins, stops))
        if words:  # a first sound begins before its duration does: its word sounds from where it is heard
            words[0] = replace(words[0], begins=0.0)
        return AudioChunk(_faded(samples[first:last]), RATE, tuple(words))


def _session(name: str, cache: Path | None) -> Any:
    """The voice's graph with its durations, ready to run; optimized once when it can be kept (150 ms, then 25)."""
    graph = Path(voices.voice_path(name, download_missing=False)).read_bytes() + _as_output(_DURATIONS)
    levels = onnxruntime.GraphOptimizationLevel

    def optimize(part: Path) -> None:
        options = _options(levels.ORT_ENABLE_EXTENDED)  # as far as it holds on every processor
        options.optimized_model_filepath = str(part)
        onnxruntime.InferenceSession(graph, options, providers=_PROVIDERS)

    version = f"{onnxruntime.__version__}-{zlib.crc32(graph):08x}"
    if path := prepared(cache, f"hibari-{name}.onnx", version, optimize):
        try:
            return onnxruntime.InferenceSession(path, _options(levels.ORT_DISABLE_ALL), providers=_PROVIDERS)
        except Exception as error:  # the library has errors of many kinds
            log.warning("%s is damaged and will be made again: %s", path, error)
            path.unlink(missing_ok=True)
    return onnxruntime.InferenceSession(graph, _options(levels.ORT_ENABLE_ALL), providers=_PROVIDERS)


def _options(level: Any) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.graph_optimization_level = level
    return options


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


def _spelled(tokens: list[_Token]) -> list[_Token]:
    """A capital "A" is a letter's name, not the article, beside another capital or inside a sentence ("plan A is")."""
    texts = ["", *(token.text for token in tokens), ""]
    capital = [len(text) == 1 and text.isupper() for text in texts]
    for at, token in enumerate(tokens, 1):
        inside = texts[at - 1].isalnum() and not texts[at + 1][:1].isupper()
        if token.text == "A" and (capital[at - 1] or capital[at + 1] or inside):
            token.tag = "NNP"
    return tokens


def _is_word(token: _Token) -> bool:
    return any(p.isalpha() for p in token.phonemes or "")


def _within(seconds: float, limit: float) -> float:
    return float(min(max(seconds, 0.0), limit))


def _quietest(samples: Samples, low: int, high: int) -> int:
    """The quietest place from ``low`` to ``high``, about where one word stops and the next begins."""
    low, high = max(0, low), min(len(samples), max(high, low + 2 * _WINDOW))
    power = np.convolve(samples[low:high] ** 2, np.ones(_WINDOW), "valid")
    return int(low + _WINDOW // 2 + np.argmin(power))


def _sounding(samples: Samples) -> tuple[int, int]:
    """The range of samples that is not silence around the words."""
    whole = len(samples) // _WINDOW
    peaks = np.abs(samples[: whole * _WINDOW]).reshape(whole, _WINDOW).max(axis=1)
    loud = np.nonzero(peaks > peaks.max() * 10 ** (_QUIET_DB / 20))[0]
    return max(0, int(loud[0]) - _LEAD) * _WINDOW, min(whole, int(loud[-1]) + 1 + _TAIL) * _WINDOW


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
