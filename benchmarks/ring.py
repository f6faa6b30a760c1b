"""The ring buffer, and what the device's callback costs while other threads hold the interpreter.

The callback is what may never be late: PortAudio asks for a block, and whatever ``Speaker.render`` does must be done
before the blocks that the device still holds have been played. Two things are measured: the call alone, and, at the
pace of a device, the time from the moment a block is due until it is filled. The second has in it what the thread
waits for the interpreter, and what the machine takes to wake it.
"""

import gc
import statistics
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks.choices import Choices
from benchmarks.measure import percentile
from benchmarks.report import Figure, Part, number
from speakstream.audio.chunk import AudioChunk, Samples
from speakstream.audio.device import LATENCY
from speakstream.audio.ring import RingBuffer
from speakstream.audio.speaker import Speaker
from speakstream.loading import SWITCH_INTERVAL
from speakstream.settings import Settings

RATES = (44_100, 48_000)
BLOCK_SECONDS = 0.0075
"""What PortAudio asks for at once, a quarter of the latency asked of it."""

CHUNK = 1024
"""What the voice's thread writes at once."""

BUSY_THREADS = 3
"""Python threads that never give the interpreter up: model, voice and front end never do that for long."""

SAMPLES, QUICK_SAMPLES = 50_000_000, 2_000_000
BLOCKS, QUICK_BLOCKS = 20_000, 2_000
PACED_SECONDS, QUICK_PACED_SECONDS = 10.0, 1.0
WARM_BLOCKS = 500

CURVE = (*range(0, 100, 5), 96, 97, 98, 99, 99.3, 99.5, 99.7, 99.8, 99.9, 99.95)
"""The percentiles that are kept for the plot."""

NEVER = threading.Event()


def run(choices: Choices) -> Part:
    """See the module."""
    samples = QUICK_SAMPLES if choices.quick else SAMPLES
    blocks = QUICK_BLOCKS if choices.quick else BLOCKS
    seconds = QUICK_PACED_SECONDS if choices.quick else PACED_SECONDS
    choices.progress("ring: throughput")
    raw: dict[str, Any] = {
        "in_one_thread": alternating(samples),
        "between_threads": between_threads(samples // 10),
        "alone": [],
        "paced": [],
        "curve_percents": CURVE,
        "buffer_blocks": LATENCY / BLOCK_SECONDS,
    }
    for rate in RATES:
        choices.progress(f"ring: the callback at {rate} Hz")
        raw["alone"].append({"rate": rate, **_in_blocks([cost / BLOCK_SECONDS for cost in alone(rate, blocks)])})
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL)  # as the program sets it
    try:
        for rate in RATES:
            for threads in (0, BUSY_THREADS):
                choices.progress(f"ring: the callback at the pace of a device, {rate} Hz, {threads} busy threads")
                raw["paced"].append({"rate": rate, "threads": threads, **_paced(rate, threads, seconds)})
    finally:
        sys.setswitchinterval(before)
    choices.progress("ring: memory")
    raw["grown_bytes"] = growth(RATES[-1], blocks)
    return Part(_figures(raw, blocks), raw)


def alternating(samples: int) -> float:
    """Samples a second written in chunks and taken in blocks, in one thread."""
    ring = RingBuffer(int(RATES[-1] * Settings().audio_buffer_seconds))
    chunk, block = np.ones(CHUNK, np.float32), _block(RATES[-1])
    done, begun = 0, time.perf_counter()
    while done < samples:
        ring.write(chunk)
        while taken := ring.take(block):
            done += taken
    return done / (time.perf_counter() - begun)


def between_threads(samples: int) -> float:
    """Samples a second from one thread to another; RuntimeError if they do not come in order."""
    ring = RingBuffer(int(RATES[-1] * Settings().audio_buffer_seconds))
    count = np.arange(1 << 20, dtype=np.float32)  # each one exact
    block = _block(RATES[-1])

    def write() -> None:
        written = 0
        while written < samples:
            at = written % len(count)
            written += ring.write(count[at : at + min(CHUNK, samples - written)])

    writer = threading.Thread(target=write, name="writer")
    begun, taken = time.perf_counter(), 0
    writer.start()
    while taken < samples:
        came = ring.take(block)
        expected = (taken + np.arange(came)) % len(count)
        if not np.array_equal(block[:came], expected):
            writer.join()
            raise RuntimeError(f"the ring buffer gave other samples than were written, from sample {taken} on")
        taken += came
    writer.join()
    return samples / (time.perf_counter() - begun)


def alone(rate: int, blocks: int) -> list[float]:
    """Seconds that each of so many calls of ``render`` took, with a full buffer and nothing else running."""
    speaker, block = _speaker(rate), _block(rate)
    took = []
    for index in range(blocks + WARM_BLOCKS):
        _refill(speaker)
        begun = time.perf_counter()
        speaker.render(block, time.monotonic())
        if index >= WARM_BLOCKS:
            took.append(time.perf_counter() - begun)
    if speaker.underruns:
        raise RuntimeError(f"the buffer was to be full, and ran dry {speaker.underruns} times")
    return took


def paced(rate: int, threads: int, seconds: float) -> list[float]:
    """Seconds from the moment each block was due until it was filled, with so many busy threads."""
    speaker, block = _speaker(rate), _block(rate)
    late: list[float] = []
    ended = threading.Event()

    def play() -> None:
        begun = time.monotonic()
        for index in range(round(seconds / BLOCK_SECONDS)):
            due = begun + index * BLOCK_SECONDS
            time.sleep(max(0.0, due - time.monotonic()))
            speaker.render(block, due + LATENCY)
            late.append(time.monotonic() - due)
        ended.set()

    with _busy(threads):
        player = threading.Thread(target=play, name="callback")
        player.start()
        while not ended.is_set():  # as the voice's thread: blocks while the buffer is full
            speaker.write(_sound(rate), ended)
        player.join()
    return late


def growth(rate: int, blocks: int) -> int:
    """Bytes that Python holds more after so many calls of ``render``."""
    speaker, block = _speaker(rate), _block(rate)
    held = []
    tracemalloc.start()
    try:
        for count in (WARM_BLOCKS, blocks):
            for _ in range(count):
                _refill(speaker)
                speaker.render(block, time.monotonic())
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    return held[1] - held[0]


def _speaker(rate: int) -> Speaker:
    settings = Settings()
    speaker = Speaker(rate, settings.audio_buffer_seconds, settings.chunk_size, settings.default_volume)
    speaker.begin()
    return speaker


def _sound(rate: int) -> AudioChunk:
    return AudioChunk(np.full(CHUNK, 0.1, np.float32), rate)


def _refill(speaker: Speaker) -> None:
    """Keep it from running dry, without ever blocking."""
    while speaker.buffered() < 0.1:
        speaker.write(_sound(speaker.sample_rate), NEVER)


def _block(rate: int) -> Samples:
    return np.zeros(int(BLOCK_SECONDS * rate), np.float32)


@contextmanager
def _busy(threads: int) -> Iterator[None]:
    stop = threading.Event()

    def burn() -> None:
        while not stop.is_set():
            sum(range(1000))

    burners = [threading.Thread(target=burn, name="busy") for _ in range(threads)]
    for burner in burners:
        burner.start()
    try:
        yield
    finally:
        stop.set()
        for burner in burners:
            burner.join()


def _paced(rate: int, threads: int, seconds: float) -> dict[str, Any]:
    late = paced(rate, threads, seconds)
    return {**_in_blocks([each / BLOCK_SECONDS for each in late]), "underruns": sum(each > LATENCY for each in late)}


def _in_blocks(shares: Sequence[float]) -> dict[str, Any]:
    """The distribution of costs, in shares of a block's time."""
    return {
        "count": len(shares),
        "median": statistics.median(shares),
        "p99": percentile(shares, 99),
        "most": max(shares),
        "curve": [percentile(shares, percent) for percent in CURVE],
    }


def _figures(raw: dict[str, Any], blocks: int) -> list[Figure]:
    rate = RATES[-1]
    figures = [
        Figure(
            f"ring buffer, {name}", raw[key] / 1e6, "million samples/s", 1, detail=f"{raw[key] / rate:,.0f} × real time"
        )
        for name, key in (("one thread", "in_one_thread"), ("between two threads, checked", "between_threads"))
    ]
    for each in raw["alone"]:
        figures.append(_cost(f"callback at {each['rate']} Hz, the call alone, median", each))
    for each in raw["paced"]:
        busy = f"{each['threads']} threads hold the interpreter" if each["threads"] else "nothing beside it"
        figures.append(_cost(f"callback at {each['rate']} Hz, due to done, {busy}, median", each))
        if each["threads"]:
            figures.append(
                Figure("... done later than the device's buffer lasts", each["underruns"], "blocks", each["count"])
            )
    grown = raw["grown_bytes"] / 1e3
    figures.append(Figure(f"memory that {blocks:,} callbacks add", grown, "kB", blocks))
    return figures


def _cost(name: str, of: dict[str, Any]) -> Figure:
    detail = f"p99 {number(100 * of['p99'])} %, longest {number(100 * of['most'])} %"
    return Figure(name, 100 * of["median"], "% of a block's time", of["count"], detail=detail)
