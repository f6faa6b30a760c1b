"""Whatever a client sends: the server answers or closes as the protocol says, and nothing of it fails inside."""

import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from speakstream.server import wire
from tests.program import PATIENCE
from tests.rig.sound import poll
from tests.server.serving import SCRIPTED, Served

CLOSED = {1000, 1008, 1009, wire.TOO_MANY, 1002, 1003, 1007}
"""With which a connection may end after frames like these; 1011 would be a failure of the server's own."""

TOO_LONG = "(too long)"
"""Stands for a frame that is, so that an example can be read."""

LONG = st.sampled_from(["x", "[", '"', "ä"]).map(lambda letter: letter * 1_000)
WORDS = st.text(max_size=30) | LONG | st.sampled_from(["short", "alphabet", "broken", "", "\0", "\ud800", "\u202e"])
NUMBERS = st.integers(-2, 6) | st.integers(-(2**53) + 1, 2**53 - 1) | st.just(2**70)
RUBBISH: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=6,
)


def value(hint: Any) -> st.SearchStrategy[Any]:
    """Of the right kind."""
    known = {int: NUMBERS, float: st.floats(-1.0, 4.0), str: WORDS, bool: st.booleans(), type(None): st.none()}
    if hint in known:
        return known[hint]
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_origin(hint) is tuple:
        return st.lists(value(get_args(hint)[0]), max_size=4)
    if inner := get_args(hint):
        return st.one_of(*map(value, inner))
    return message(hint)


@st.composite
def message(draw: st.DrawFn, kind: type) -> dict[str, Any]:
    """One of this type, as JSON; now and then a field is missing, or is something else."""
    hints, found = get_type_hints(kind), {}
    for part in fields(kind):
        chance = draw(st.integers(0, 19))
        if chance:
            found[part.name] = draw(RUBBISH if chance == 1 else value(hints[part.name]))
    return found


@st.composite
def frames(draw: st.DrawFn) -> str | bytes:
    """A frame; most have the type of a message."""
    name = draw(st.sampled_from(["", *(name for name in wire.CLIENT_TYPES if name != "bye")]))
    if name:
        return json.dumps({"type": name, **draw(message(wire.CLIENT_TYPES[name]))})
    return draw(RUBBISH.map(json.dumps) | st.text(max_size=200) | st.binary(max_size=200) | LONG | st.just(TOO_LONG))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("fuzz"), command=SCRIPTED, env={"HASTY": "1"}) as served:
        yield served


def visit(server: Served) -> ClientConnection:
    """A socket, as the server's own page opens it; to be used in a ``with`` block."""
    return connect(f"ws://127.0.0.1:{server.port}/ws", origin=Origin(server.url), compression=None)


def answers(socket: ClientConnection) -> Iterator[dict[str, Any]]:
    """Messages, to the answer of the last Ping."""
    while True:
        data = socket.recv(PATIENCE)
        if isinstance(data, bytes):
            wire.AudioFrame.decode(data)
            continue
        answer: dict[str, Any] = json.loads(data)
        assert answer["type"] in wire.SERVER_TYPES
        yield answer
        if answer == {"type": "pong", "id": 4711}:
            return


def sendable(frame: str | bytes) -> str | bytes:
    """Text frames are UTF-8: half of a surrogate pair can only be there as an escape."""
    if frame == TOO_LONG:
        return "x" * (wire.MAX_MESSAGE_BYTES + 1)
    return frame.encode("utf-8", "replace").decode() if isinstance(frame, str) else frame


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(frames=st.lists(frames(), max_size=15))
def test_no_frames_break_a_session_in_any_other_way_than_the_protocol_says(
    server: Served, frames: list[str | bytes]
) -> None:
    told: list[dict[str, Any]] = []
    until = frames.index(TOO_LONG) + 1 if TOO_LONG in frames else len(frames)  # who goes on sending may miss the close
    last = [wire.encode(wire.Ping(4711))] if until == len(frames) and TOO_LONG not in frames else []
    with visit(server) as socket:
        try:
            for frame in (wire.encode(wire.Hello()), *frames[:until], *last):
                socket.send(sendable(frame))
            told.extend(answers(socket))
            socket.send(wire.encode(wire.Bye()))
            for _ in socket:
                pass  # until it is closed
        except ConnectionClosed as closed:
            if TOO_LONG in frames and closed.rcvd is None:
                return  # it was closed while the rest of that frame was still being sent
            assert closed.rcvd is not None, f"it was cut off: {closed}"
            assert closed.rcvd.code in CLOSED, closed
    inside = [one for one in told if one["type"] == "error" and "its log says why" in one["text"]]
    assert not inside, inside
    assert server.process.poll() is None


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=frames().filter(lambda frame: not (isinstance(frame, str) and '"hello"' in frame)))
def test_nothing_but_hello_opens_a_session(server: Served, first: str | bytes) -> None:
    with visit(server) as socket:
        socket.send(sendable(first))
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                answer = json.loads(socket.recv(PATIENCE))
                assert answer["type"] == "error" and answer["about"] == "hello"
        assert closed.value.rcvd is not None and closed.value.rcvd.code in {1002, 1007, 1008, 1009}


def test_afterwards_nobody_is_there_and_a_client_is_served(server: Served) -> None:
    assert poll(lambda: server.gauge("speakstream_sessions") == 0, PATIENCE)
    assert server.gauge("speakstream_queue") == 0
    with visit(server) as socket:
        for one in (wire.Hello(audio="off"), wire.Ask("short"), wire.Ping(4711)):
            socket.send(wire.encode(one))
        for data in socket:
            if isinstance(data, str) and json.loads(data)["type"] == "ended":
                break
