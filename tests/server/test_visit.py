"""One connection: how it begins, what it may ask, and how it is closed. Over real sockets, on scripted parts."""

import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed

from speakstream.server import hall as halls
from speakstream.server import visit, wire
from speakstream.server.bucket import Bucket
from speakstream.server.outbox import PENDING_BYTES
from tests.scripted import ScriptedModel
from tests.server.hosted import Guest, Hosted, poll, samples


def test_a_client_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit, "HELLO_SECONDS", 0.05)
    with Hosted() as hosted:
        assert hosted.stranger().closed() == 1008
        assert hosted.seats() == 0


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        ('{"type":"ping","id":1}', "first message is hello"),
        ("nonsense", "no JSON"),
        ('{"type":"hello","version":99}', "reload the page"),
        (b"\x00\x01", "text frames"),
    ],
)
def test_the_first_message_is_hello(frame: str | bytes, says: str) -> None:
    with Hosted() as hosted:
        stranger = hosted.stranger()
        stranger.socket.send(frame)
        error = stranger.until("error")
        assert error["about"] == "hello"
        assert says in error["text"]
        assert stranger.closed() == 1008


def test_what_is_no_message_is_told_and_the_connection_stays() -> None:
    with Hosted() as hosted:
        guest = hosted.guest()
        for frame in ("", "[]", '{"type":"no"}', '{"type":"ask"}', '{"type":"ask","text":7}', "{" * 1000, b"\x00"):
            guest.socket.send(frame)
            assert guest.until("error")["about"] == "frame"
        guest.send(wire.Hello())
        assert guest.until("error")["about"] == "hello"
        guest.send(wire.Ping(5))
        assert guest.until("pong")["id"] == 5


def test_a_client_of_nothing_but_nonsense_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit, "MALFORMED_COST", 1.0)  # what it costs more is waited for
    with Hosted() as hosted:
        guest = hosted.guest()
        for _ in range(visit.MALFORMED + 1):
            guest.socket.send("nonsense")
        assert guest.closed() == wire.TOO_MANY


def test_who_sends_faster_than_anybody_could_is_closed_and_the_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit, "FLOOD_SECONDS", 0.5)
    with Hosted() as hosted:
        honest, guest = hosted.guest(), hosted.guest()
        with suppress(ConnectionClosed):
            for number in range(int(visit.BURST + visit.RATE)):
                guest.send(wire.Ping(number))
        assert guest.closed() == wire.TOO_MANY
        honest.synchronise()
        assert 'speakstream_refused_total{why="rate"} 1.0' in hosted.metrics.render().decode()


def test_who_sends_a_little_too_fast_is_read_more_slowly_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit, "BURST", 5.0)
    monkeypatch.setattr(visit, "RATE", 100.0)
    with Hosted() as hosted:
        guest = hosted.guest()
        begun = time.monotonic()
        for number in range(55):
            guest.send(wire.Ping(number))
        assert [guest.until("pong")["id"] for _ in range(55)] == list(range(55))
        assert time.monotonic() - begun > 0.4


def test_rubbish_is_read_more_slowly_than_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    paid: list[float] = []
    monkeypatch.setattr(Bucket, "owe", lambda _, tokens: paid.append(tokens))
    with Hosted() as hosted:
        guest = hosted.guest()
        guest.socket.send("nonsense")
        guest.send(wire.Ping(1))
        guest.until("pong")
    assert paid == [visit.MALFORMED_COST, 1.0]


def test_a_burst_is_no_flood() -> None:
    with Hosted() as hosted:
        guest = hosted.guest()
        for number in range(100):
            guest.send(wire.Ping(number))
        assert guest.until("pong", lambda pong: pong["id"] == 99)


@pytest.mark.parametrize("text", ["x" * wire.MAX_MESSAGE_BYTES, "é" * (wire.MAX_MESSAGE_BYTES // 2)])
def test_a_frame_that_is_too_long_closes_the_connection(text: str) -> None:
    with Hosted() as hosted:
        guest = hosted.guest()
        guest.socket.send(json.dumps({"type": "ask", "text": text}, ensure_ascii=False))
        assert guest.closed() == 1009


def test_bye_and_a_clean_close_free_the_seat_at_once_and_end_what_runs() -> None:
    leaves: list[Callable[[Guest], None]] = [
        lambda guest: guest.send(wire.Bye()),
        lambda guest: guest.leave(1000),
        lambda guest: guest.leave(1001),
    ]
    for leave in leaves:
        with Hosted(ScriptedModel(gates={1: threading.Event()}, context_length=4096)) as hosted:
            guest = hosted.guest()
            guest.send(wire.Ask("Hello"))
            guest.until("text")
            assert hosted.model.running == 1
            leave(guest)
            poll(lambda h=hosted: h.seats() == 0 and h.model.running == 0)  # type: ignore[misc]


def test_who_does_nothing_for_long_is_closed_and_who_listens_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halls, "RESUME_SECONDS", 10**6)  # no seat is held for one who was closed
    gate = threading.Event()
    with Hosted(ScriptedModel(gates={1: gate}, context_length=4096)) as hosted:
        hosted.hall.idle_timeout = 0.1
        listener = hosted.guest()
        listener.send(wire.Ask("Hello"))
        listener.until("text")
        paused = hosted.guest()
        paused.send(wire.Ask("Hello"))
        paused.until("text")
        paused.send(wire.Pause())
        assert hosted.guest().closed() == wire.IDLE
        assert hosted.guest().closed() == wire.IDLE
        for guest in (listener, paused):
            guest.synchronise()
        poll(lambda: hosted.seats() == 2)
        gate.set()


def test_pings_alone_keep_nobody_in() -> None:
    with Hosted() as hosted:
        hosted.hall.idle_timeout = 0.2
        guest = hosted.guest()
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                guest.synchronise()
                threading.Event().wait(0.02)  # slower than the limit of the rate
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == wire.IDLE


@pytest.mark.parametrize("messages", [150, 600])
def test_a_client_that_does_not_read_is_closed_and_slows_nobody(messages: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """3 MB fill the buffers of the system, and are waited for; 12 MB are more than wait."""
    monkeypatch.setattr(visit, "SEND_SECONDS", 0.3)
    with Hosted() as hosted:
        stalled, honest = hosted.guest(), hosted.guest()
        stalled.socket.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        seat = hosted.hall._seats[stalled.session]
        outbox = seat._outbox
        assert outbox is not None
        for _ in range(messages):
            outbox.put(wire.Notice("x" * 20_000))
        assert outbox._closed is (messages > 200)
        assert outbox._bytes <= PENDING_BYTES
        honest.send(wire.Ask("Hello"))
        assert honest.hear()["message"]["reason"] == "finished"
        assert samples(honest.sound(1))
        poll(lambda: not seat.attached)
        assert 'speakstream_refused_total{why="slow"} 1.0' in hosted.metrics.render().decode()
        assert hosted.seats() == 2, "its seat is held: it may come back"


def test_the_first_sound_and_what_is_sent_are_counted() -> None:
    with Hosted() as hosted:
        guest = hosted.guest()
        guest.send(wire.Ask("Hello"))
        guest.hear()
        guest.synchronise()
        rendered = hosted.metrics.render().decode()
        sound = sum(len(frame.pcm) for frame in guest.sound(1))
        assert "speakstream_first_audio_seconds_count 1.0" in rendered
        assert f"speakstream_sound_bytes_total {float(sound)}" in rendered
        assert 'speakstream_turns_total{reason="finished"} 1.0' in rendered
        assert "speakstream_sessions 1.0" in rendered
