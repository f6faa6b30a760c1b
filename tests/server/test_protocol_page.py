"""docs/protocol.md says what the code does."""

import json
import re
import subprocess
import sys
import wave
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from speakstream.server import wire
from tests.server.hosted import AnswersByPrompt, Hosted

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()


def part(title: str, level: int = 2) -> str:
    """What stands below a heading, up to the next one of its level."""
    marks = "#" * level
    found = re.search(rf"^{marks} {re.escape(title)}\n(.*?)(?=^#{{1,{level}}} |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"there is no {title!r}"
    return found[1]


def code(text: str, language: str) -> str:
    """The only block of code in this language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.mark.parametrize(
    ("title", "types"), [("From the client", wire.CLIENT_TYPES), ("From the server", wire.SERVER_TYPES)]
)
def test_each_message_is_there_and_no_other(title: str, types: dict[str, type]) -> None:
    assert re.findall(r"^### `(\w+)`$", part(title), re.MULTILINE) == list(types)


@pytest.mark.parametrize("name", [*wire.CLIENT_TYPES, *wire.SERVER_TYPES])
def test_a_message_has_its_fields_their_defaults_and_an_example(name: str) -> None:
    kind = {**wire.CLIENT_TYPES, **wire.SERVER_TYPES}[name]
    told = part(f"`{name}`", 3)
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\| `.*$", told, re.MULTILINE)]
    assert [row[0].strip("`") for row in rows] == [one.name for one in fields(kind)]
    for one, row in zip(fields(kind), rows, strict=True):
        assert row[1] == default(one), one.name
        assert len(row[2]) > 3, one.name
    example = json.loads(code(told, "json"))
    assert example.pop("type") == name
    assert list(example) == [one.name for one in fields(kind)]
    if name in wire.CLIENT_TYPES:
        assert isinstance(wire.decode(code(told, "json")), kind)
    else:
        for field, hint in get_type_hints(kind).items():
            assert same_kind(example[field], hint), field


def default(one: "Field[Any]") -> str:
    if one.default is not MISSING:
        return f"`{json.dumps(list(one.default) if isinstance(one.default, tuple) else one.default)}`"
    return ""


def same_kind(value: object, hint: object) -> bool:
    """Whether JSON's ``value`` may stand in a field of this type."""
    if hint is float:
        return isinstance(value, float | int)
    if hint in (str, int, bool):
        return type(value) is hint
    if hint == int | None:
        return value is None or type(value) is int
    return isinstance(value, dict if hint is wire.ShownMessage else list)


def test_the_close_codes_are_those_of_the_code() -> None:
    told = set(map(int, re.findall(r"^\| (\d{4}) \|", part("Close codes"), re.MULTILINE)))
    ours = {wire.FULL, wire.UNAUTHORIZED, wire.IDLE, wire.TOO_SLOW, wire.TOO_MANY, wire.TAKEN_OVER}
    assert told == {1000, 1001, 1008, 1009, 1012} | ours


def test_a_binary_frame_is_as_it_says() -> None:
    told = re.findall(r"^\| (\d+)-(\d*) \| (?:`(\w+)`)?", part("Frames"), re.MULTILINE)
    frame = wire.AudioFrame(1, 2, 3, b"\x04\x00").encode()
    for begin, end, name in told[:-1]:
        number = int.from_bytes(frame[int(begin) : int(end) + 1], "little")
        assert number == {"speech": 1, "sequence": 2, "first": 3}[name]
    assert frame[int(told[-1][0]) :] == b"\x04\x00"


def test_the_limits_are_those_of_the_code() -> None:
    assert wire.MAX_MESSAGE_BYTES == 64 * 1024
    assert wire.POSITION_SECONDS == 0.1
    assert f"version {wire.VERSION}" in PAGE


def test_the_client_in_a_few_lines_works(tmp_path: Path) -> None:
    (tmp_path / "client.py").write_text(code(part("A client in a few lines"), "python"))
    with Hosted(AnswersByPrompt()) as hosted:
        address = f"ws://127.0.0.1:{hosted.port}/ws"
        done = subprocess.run(
            [sys.executable, "client.py", address, "hello there", "a.wav"],
            cwd=tmp_path,
            capture_output=True,
            timeout=60,
        )
    assert (done.returncode, done.stderr.decode()) == (0, "")
    assert done.stdout.decode() == "You said hello there."
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert file.getnframes() > 0
        assert any(file.readframes(file.getnframes()))
