"""The keys: how they are named, that terminals can send them, and the file in which a person changes them."""

import re
import string
from pathlib import Path

import pytest
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.events import Key
from textual.keys import Keys, _character_to_key
from textual.pilot import Pilot

from speakstream.keymap import DEFAULT_KEYMAP, Keymap, read_keymap
from speakstream.tui.actions import ACTIONS, BY_NAME
from speakstream.tui.key_names import key_label, key_labels, split_keys
from tests.tui.pilot import run

CHAT_MD = Path(__file__).parent.parent.parent / "docs" / "chat.md"


@pytest.mark.parametrize(
    ("keys", "first", "every"),
    [
        ("ctrl+r", "Ctrl+R", "Ctrl+R"),
        ("ctrl+@,ctrl+space,f5", "Ctrl+Space", "Ctrl+Space, F5"),
        ("escape", "Escape", "Escape"),
        ("alt+comma,alt+full_stop", "Alt+,", "Alt+,, Alt+."),
        ("alt+shift+s", "Alt+Shift+S", "Alt+Shift+S"),
        ("ctrl+shift+left", "Ctrl+Shift+Left", "Ctrl+Shift+Left"),
        ("pageup", "PgUp", "PgUp"),
        ("", "", ""),
    ],
)
def test_keys_are_shown_as_people_write_them(keys: str, first: str, every: str) -> None:
    assert (key_label(keys), key_labels(keys)) == (first, every)


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        ("Ctrl+X, esc", ("ctrl+x", "escape")),
        ("shift+alt+s", ("alt+shift+s",)),
        ("alt+,", ("alt+comma",)),
        ("alt+,,f5", ("alt+comma", "f5")),
        ("ctrl++", ("ctrl+plus",)),
        ("Ctrl+Space", ("ctrl+@", "ctrl+space")),
        ("ctrl+@", ("ctrl+@", "ctrl+space")),
        ("option+PgUp", ("alt+pageup",)),
        ("f5,f5", ("f5",)),
        ("alt+ü", ("alt+ü",)),
        (" ", ()),
    ],
)
def test_keys_may_be_written_in_several_ways(written: str, keys: tuple[str, ...]) -> None:
    assert split_keys(written) == keys


@pytest.mark.parametrize("written", ["hello", "ctrl-x", "ctrl+", "f25", "foo+k", "ctrl+nothing", "+x"])
def test_what_is_no_key_is_told_as_it_was_written(written: str) -> None:
    with pytest.raises(ValueError, match=re.escape(written)):
        split_keys(f"f5, {written}")


def test_names_are_those_of_textual() -> None:
    for sign in set(string.punctuation) - {"@"}:  # with Ctrl, "@" is Ctrl+Space
        assert split_keys(f"ctrl+{sign}") == (f"ctrl+{_character_to_key(sign)}",)
    known = {key.value for key in Keys}
    for name in ("escape", "pageup", "pagedown", "insert", "f1", "f24", "ctrl+@", "ctrl+up", "shift+tab"):
        assert set(split_keys(name)) & known


def _sent(key: str) -> str:
    """What a terminal without the Kitty protocol sends for a key (xterm's defaults)."""
    *modifiers, last = key.split("+")
    arrows = {"up": "A", "down": "B", "right": "C", "left": "D"}
    if last in arrows and modifiers:
        return f"\x1b[1;{ {'alt': 3, 'ctrl': 5}[modifiers[0]] }{arrows[last]}"
    if match := re.fullmatch("f([0-9]+)", last):
        number = int(match[1])
        return f"\x1bO{'PQRS'[number - 1]}" if number < 5 else f"\x1b[{[15, 17, 18, 19, 20, 21, 23, 24][number - 5]}~"
    if key == "ctrl+@":
        return "\x00"
    if modifiers == ["ctrl"]:
        return chr(ord(last) & 0x1F)
    if modifiers == ["alt"]:
        return f"\x1b{last}"
    return {"pageup": "\x1b[5~", "pagedown": "\x1b[6~", "escape": "\x1b[27u"}[key]


def test_any_terminal_can_send_the_keys_of_every_action() -> None:
    for action in ACTIONS:
        for key in action.keys.split(",") if action.keys else ():
            if key != "ctrl+space":  # the Kitty protocol's name of ctrl+@
                parser = XTermParser()
                heard = [*parser.feed(_sent(key)), *parser.feed("")]  # "" is the end: no more of a sequence comes
                assert [event.key for event in heard if isinstance(event, Key)] == [key], action.name


def test_no_two_actions_have_a_key_and_all_may_stand_in_the_file(tmp_path: Path) -> None:
    keys = [key for action in ACTIONS for key in action.keys.split(",") if key]
    assert len(keys) == len(set(keys))
    file = tmp_path / "keys.toml"
    file.write_text("".join(f'{action.name} = "{action.keys}"\n' for action in ACTIONS))
    assert read_keymap(file) == Keymap(DEFAULT_KEYMAP.keys, ())


def test_without_a_file_the_keys_are_the_usual_ones(tmp_path: Path) -> None:
    assert read_keymap(tmp_path / "keys.toml") is DEFAULT_KEYMAP


@pytest.mark.parametrize(
    ("text", "changed", "warnings"),
    [
        ('stop = "escape, ctrl+x"', {"stop": "escape,ctrl+x"}, []),
        ('log = ""', {"log": ""}, []),
        ('speed = "alt+i"', {"speed": "alt+i"}, []),
        ('copy-code = "alt+y"', {"copy_code": "alt+y"}, []),
        ('stop = "ctrl+r"\nreplay = "escape"', {"stop": "ctrl+r", "replay": "escape"}, []),
        ('stpo = "f9"', {}, ["stpo: no such action; did you mean stop?"]),
        ("stop = 5", {}, ['stop: its keys are written in quotes, as in stop = "f5, ctrl+x"']),
        ('stop = "ctlr+x"', {}, ['stop: "ctlr+x" is no key; write it as in "ctrl+x", "alt+shift+s" or "f5"']),
        ('stop = "x"', {}, ["stop: x types text; hold ctrl or alt with it"]),
        ('stop = "enter"', {}, ["stop: Enter belongs to the prompt; choose another"]),
        ('stop = "ctrl+i"', {}, ["stop: Ctrl+I reaches no program, terminals send Tab for it"]),
        (
            'stop = "ctrl+x"\nlog = "ctrl+x"\nmute = "ctrl+y"',
            {"stop": "ctrl+x", "mute": "ctrl+y"},
            ["log: Ctrl+X is the key of stop above; this line is ignored"],
        ),
        (
            'mute = "ctrl+r"',
            {"mute": "ctrl+r", "replay": ""},
            ['mute: Ctrl+R is taken from replay, which has none now; give it one, or replay = ""'],
        ),
        (
            'mute = "f5"',
            {"mute": "f5", "pause": "ctrl+@,ctrl+space"},
            ["mute: F5 is taken from pause, which keeps Ctrl+Space"],
        ),
    ],
)
def test_the_file_gives_other_keys_and_what_is_wrong_in_it_is_told(
    tmp_path: Path, text: str, changed: dict[str, str], warnings: list[str]
) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(text)
    keymap = read_keymap(file)
    assert keymap.keys == dict(DEFAULT_KEYMAP.keys) | changed
    assert [warning.removeprefix(f"{file}: ") for warning in keymap.warnings] == warnings


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    assert read_keymap(tmp_path) == Keymap(
        DEFAULT_KEYMAP.keys, (f"{tmp_path}: ignored, it cannot be read (Is a directory)",)
    )
    file = tmp_path / "keys.toml"
    for content in (b"\xff\xfe", b"stop = ", b'stop = "f9"\nstop = "f8"'):
        file.write_bytes(content)
        keymap = read_keymap(file)
        assert keymap.keys == DEFAULT_KEYMAP.keys
        (warning,) = keymap.warnings
        assert warning.startswith(f"{file}: ignored, it is no TOML: ")


def test_keys_of_the_file_do_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    file.write_text('stop = "ctrl+r"\nreplay = "escape"\nlog = ""\nspeed = "alt+i"')
    done: list[str] = []

    class Host(App[None]):
        def __init__(self) -> None:
            super().__init__()
            for name, keys in read_keymap(file).keys.items():
                if keys:
                    self.bind(keys, f"note('{name}')")

        def action_note(self, name: str) -> None:
            done.append(name)

    async def act(pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+r", "escape", "f12", "alt+i")

    run(Host(), act)
    assert done == ["stop", "replay", "speed"]


def test_the_page_has_every_action_with_its_keys() -> None:
    rows = [
        f"| {action.label} | {key_labels(action.keys) or '–'} | `{f'{action.command} {action.argument}'.rstrip()}` |"
        f" {action.about} | `{action.name}` |"
        for action in ACTIONS
    ]
    page = [line for line in CHAT_MD.read_text(encoding="utf-8").splitlines() if re.search(r"\| `[a-z_]+` \|$", line)]
    assert page == rows
    assert len(BY_NAME) == len(ACTIONS)
