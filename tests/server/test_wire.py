"""What a client sends is a message or a WireError, whatever it sends; and each message goes over and comes back."""

import json
from dataclasses import MISSING, fields
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakstream.server import wire
from speakstream.server.wire import CLIENT_TYPES, SERVER_TYPES, AudioFrame, WireError, decode, encode

SAFE = 2**53 - 1  # the greatest whole number that JavaScript counts to
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = sorted({part.name for kind in (*CLIENT_TYPES.values(), wire.Kept) for part in fields(kind)})


def values(hint: Any) -> st.SearchStrategy[Any]:
    """What a client may put into a field."""
    if get_origin(hint) is tuple:
        return st.lists(messages(get_args(hint)[0]), max_size=3).map(tuple)
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_args(hint):
        return st.one_of([values(one) for one in get_args(hint)])
    plain: dict[Any, st.SearchStrategy[Any]] = {
        int: st.integers(-SAFE, SAFE),
        float: st.floats(-SAFE, SAFE),
        str: st.text(st.characters(exclude_categories=["Cs"])),
        bool: st.booleans(),
        NoneType: st.none(),
    }
    return plain[hint]


def messages(kind: type) -> st.SearchStrategy[Any]:
    """Any message of a kind."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{part.name: values(hints[part.name]) for part in fields(kind)})


def bad(frame: str) -> str:
    """The line that a client is told."""
    with pytest.raises(WireError) as caught:
        decode(frame)
    said = str(caught.value)
    assert said and said.isprintable()
    return said


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ('{"type":"ask","text":"Hi 😀"}', wire.Ask("Hi 😀")),
        ('{"text":"Hi","type":"ask"}', wire.Ask("Hi")),
        ('{"type":"cancel"}', wire.Cancel()),
        ('{"type":"position","speech":3,"samples":4800}', wire.Position(3, 4800)),
        ('{"type":"set","speed":1}', wire.Set(speed=1.0)),
        ('{"type":"set","speed":1.25,"voice":null}', wire.Set(speed=1.25)),
        ('{"type":"speak","message":2,"stop":9,"aloud":true}', wire.Speak(2, 0, 9, True)),
        ('{"type":"hello"}', wire.Hello()),
        (
            '{"type":"hello","restore":[{"role":"user","text":"a"},{"role":"assistant","text":"b","heard":0}]}',
            wire.Hello(restore=(wire.Kept("user", "a"), wire.Kept("assistant", "b", 0))),
        ),
    ],
)
def test_a_message_is_read(frame: str, expected: Any) -> None:
    read = decode(frame)
    assert read == expected
    assert [type(getattr(read, part.name)) for part in fields(read)] == [
        type(getattr(expected, part.name)) for part in fields(expected)
    ], "a whole number where a number is meant is one, too"


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("\x00", "no JSON"),
        ("NaN", "no JSON"),
        ('{"type":"set","speed":NaN}', "no JSON"),
        ('{"type":"set","speed":Infinity}', "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("1" * 5_000, "no JSON"),
        ("null", "an object with a type"),
        ("[]", "an object with a type"),
        ('"ask"', "an object with a type"),
        ("{}", "no message of the type None"),
        ('{"type":"shout"}', "no message of the type 'shout'"),
        ('{"type":"Ask","text":"a"}', "no message of the type 'Ask'"),
        ('{"type":["ask"]}', "no message of the type ['ask']"),
        ('{"type":"text","message":1,"delta":"","first":0,"blocks":[]}', "no message of the type 'text'"),
        ('{"type":"kept","role":"user","text":"a"}', "no message of the type 'kept'"),
        ('{"type":"ask"}', "ask: text is missing"),
        ('{"type":"ask","text":null}', "ask.text: None is no text"),
        ('{"type":"ask","text":1}', "ask.text: 1 is no text"),
        ('{"type":"ask","text":"\\ud83d"}', "ask.text: half of a surrogate pair"),
        ('{"type":"ask","text":"a","loud":true}', "ask: there is no field 'loud'"),
        ('{"type":"pause","self":1}', "pause: there is no field 'self'"),
        ('{"type":"edit","message":1.0,"text":"a"}', "edit.message: 1.0 is no whole number"),
        ('{"type":"edit","message":true,"text":"a"}', "edit.message: True is no whole number"),
        ('{"type":"edit","message":"1","text":"a"}', "edit.message: '1' is no whole number"),
        ('{"type":"edit","message":9007199254740992,"text":"a"}', "is no whole number"),
        ('{"type":"set","speed":1e400}', "is no number"),
        ('{"type":"set","speed":true}', "set.speed: True is no number"),
        ('{"type":"set","voice":[]}', "set.voice: [] is no text"),
        ('{"type":"typing","text":"a","rests":0}', "typing.rests: 0 is no truth value"),
        ('{"type":"hello","audio":"mp3"}', "hello.audio: 'mp3' is none of pcm, wav, off"),
        ('{"type":"hello","audio":["pcm"]}', "hello.audio: ['pcm'] is none of pcm, wav, off"),
        ('{"type":"hello","restore":{}}', "hello.restore: {} is no list"),
        ('{"type":"hello","restore":[1]}', "hello.restore[0]: 1 is no object"),
        ('{"type":"hello","restore":[{"role":"user"}]}', "hello.restore[0]: text is missing"),
        ('{"type":"hello","restore":[{"role":"system","text":"a"}]}', "'system' is none of user, assistant"),
        ('{"type":"hello","restore":[{"role":"user","text":"a","id":1}]}', "hello.restore[0]: there is no field 'id'"),
        ('{"type":"shout","' + "x" * 5_000 + '":1}', "no message of the type 'shout'"),
        ('{"type":"ask","text":"a","' + "x" * 5_000 + '":1}', "ask: there is no field 'xxx"),
    ],
    ids=lambda text: text[:40],
)
def test_what_is_no_message_is_told_in_one_line(frame: str, said: str) -> None:
    line = bad(frame)
    assert said in line
    assert len(line) < 120


@pytest.mark.parametrize("name", CLIENT_TYPES)
def test_each_field_of_each_message_is_looked_at(name: str) -> None:
    kind = CLIENT_TYPES[name]
    required = [part.name for part in fields(kind) if part.default is MISSING and part.default_factory is MISSING]
    for part in fields(kind):
        message = {"type": name, **{one: "x" for one in required}, part.name: {"no": "value"}}
        assert name in bad(json.dumps(message))
    for missing in required:
        said = bad(json.dumps({"type": name, **{one: 1 for one in required if one != missing}}))
        assert "is missing" in said


@given(st.text() | JSON.map(json.dumps))
def test_anything_else_than_a_message_is_a_wire_error(frame: str) -> None:
    try:
        message = decode(frame)
    except WireError as error:
        assert "\n" not in str(error)
    else:
        assert type(message) in CLIENT_TYPES.values()


@given(st.sampled_from(sorted(CLIENT_TYPES)), st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5))
def test_so_is_a_message_with_any_values(name: str, told: dict[str, Any]) -> None:
    try:
        message = decode(json.dumps({**told, "type": name}))
    except WireError as error:
        assert str(error).isprintable()
    else:
        assert decode(encode(message)) == message


@given(st.one_of([messages(kind) for kind in CLIENT_TYPES.values()]))
def test_a_message_of_a_client_goes_over_and_comes_back(message: Any) -> None:
    assert decode(encode(message)) == message


def test_the_server_writes_compact_json_with_the_type_first() -> None:
    message = wire.Segment(1, 0, 5, 0.0, 0.5, ((0, 5, 0.1, 0.4),))
    expected = '{"type":"segment","speech":1,"start":0,"end":5,"begins":0.0,"stops":0.5,"words":[[0,5,0.1,0.4]]}'
    assert encode(message) == expected
    shown = wire.ShownMessage(1, "user", "é😀", [], None, "")
    assert json.loads(encode(wire.Opened(None, (shown,))))["messages"][0]["text"] == "é😀"
    assert "é😀" in encode(wire.Added(shown)), "and characters as they are, which are shorter so"


def test_types_are_told_apart_by_their_names() -> None:
    assert wire.type_of(wire.ShownMessage) == "shown_message"
    assert not CLIENT_TYPES.keys() & SERVER_TYPES.keys()


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.binary(max_size=64))
def test_a_frame_of_sound_goes_over_and_comes_back(speech: int, sequence: int, first: int, sound: bytes) -> None:
    frame = AudioFrame(speech, sequence, first, sound[: len(sound) // 2 * 2])
    assert AudioFrame.decode(frame.encode()) == frame


def test_its_header_is_twelve_bytes_little_endian() -> None:
    frame = AudioFrame(1, 2, 0x01020304, b"\x05\x06").encode()
    assert frame == bytes([1, 0, 0, 0, 2, 0, 0, 0, 4, 3, 2, 1, 5, 6])


@pytest.mark.parametrize("frame", [b"", b"\x00" * 11, b"\x00" * 13])
def test_bytes_that_are_no_sound_are_told(frame: bytes) -> None:
    with pytest.raises(WireError, match=f"{len(frame)} bytes is no sound"):
        AudioFrame.decode(frame)
