"""The ring buffer: nothing lost, nothing twice, nothing in the wrong order."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speakstream.audio.ring import RingBuffer


def numbers(start: int, count: int) -> np.ndarray:
    return np.arange(start, start + count, dtype=np.float32)


@given(st.integers(1, 50), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=40))
@settings(max_examples=200, deadline=None)
def test_what_is_written_is_read_once_and_in_order(capacity: int, steps: list[tuple[int, int]]) -> None:
    ring, sent, seen = RingBuffer(capacity), 0, 0
    for write, read in steps:
        taken = ring.write(numbers(sent, write))
        assert taken == min(write, capacity - (sent - seen))
        sent += taken
        out = np.full(read, -1, np.float32)
        got = ring.take(out)
        assert got == min(read, sent - seen)
        assert out[:got].tolist() == list(range(seen, seen + got))
        assert (out[got:] == -1).all()
        seen += got
        assert len(ring) == sent - seen


def test_discarded_samples_are_never_heard_and_later_ones_are() -> None:
    ring = RingBuffer(10)
    ring.write(numbers(0, 6))
    ring.discard()
    ring.write(numbers(100, 3))
    assert len(ring) == 3
    assert ring.discarding() == 6
    ring.skip()
    out = np.zeros(5, np.float32)
    assert ring.take(out) == 3
    assert out[:3].tolist() == [100, 101, 102]
    assert ring.discarding() == 0


def test_peeking_takes_nothing() -> None:
    ring = RingBuffer(4)
    ring.write(numbers(0, 4))
    out = np.zeros(2, np.float32)
    assert ring.peek(out) == 2
    assert len(ring) == 4


def test_two_threads_lose_and_repeat_nothing() -> None:
    """A generator and a verifier, over a ring too small for either."""
    ring, total = RingBuffer(257), 300_000
    errors: list[str] = []

    def read() -> None:
        seen, out = 0, np.zeros(101, np.float32)
        while seen < total:
            got = ring.take(out)
            if out[:got].tolist() != list(range(seen, seen + got)):
                errors.append(f"wrong samples after {seen}")
                return
            seen += got

    reader = threading.Thread(target=read)
    reader.start()
    sent = 0
    while sent < total and reader.is_alive():
        sent += ring.write(numbers(sent, min(97, total - sent)))
    reader.join(60)
    assert not reader.is_alive()
    assert errors == []


def test_a_ring_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="0 samples"):
        RingBuffer(0)
