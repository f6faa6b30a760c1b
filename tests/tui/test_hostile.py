"""What others decide never reaches the terminal as a control sequence: every byte that does is looked at.

Others are the model, whatever is stored, errors, pastes, and the names of files, personas, devices and voices.
"""

import os
import re
import sys
from pathlib import Path

import pytest

from speakstream.history import History
from tests.program import PATIENCE, no_sound
from tests.rig.sound import poll
from tests.tmux import Tmux
from tests.tui.hostile_chat import MARKUP, VILE, WRAPPED

SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.?")
DRAWS = re.compile(r"\x1b\[[\d;]*m|\x1b\[\d+;\d+H|\x1b\[\?2026[hl]|\x1b\]22;\w+\x07")
"""Colours, the cursor, the begin and end of a frame, the mouse pointer: what a screen is drawn with."""

FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff\U000e0000-\U000e007f]"
)
FORGED_DRAWING = re.compile(r"\x1b\[66;77H|\x1b\[8m")
"""Of VILE: a place that is not on the screen, and concealed text."""


def gone(text: str) -> str:
    """A pattern of the screen without this text."""
    return rf"\A(?![\s\S]*{text})"


class Chat(Tmux):
    """A chat in a terminal, of which every byte is kept that reaches it."""

    def __init__(self, folder: Path) -> None:
        env = {"PYTHONPATH": str(Path(__file__).parents[2]), "SAID": str(folder / "said"), **no_sound(folder)}
        super().__init__(folder, 100, 40, env)
        self._raw = folder / "raw"

    def start(self, *arguments: str, module: str = "tests.tui.hostile_chat") -> None:
        """Run the chat of a module."""
        self.ask("set", "-g", "set-clipboard", "on")
        self.ask("set", "-g", "allow-passthrough", "on")
        self.ask("pipe-pane", "-O", f"cat >> '{self._raw}'")
        self.run("chat", *arguments, command=[sys.executable, "-m", module])

    def do(self, keys: str, *patterns: str) -> None:
        """Press a key by its name, or type a text, and wait until the screen matches."""
        self.type(*([keys] if keys in KEYS else ["-l", keys]))
        for pattern in patterns:
            self.wait_for(pattern)

    def leave(self) -> str:
        """Leave the chat; what it has sent to the terminal from its beginning to its end."""
        self.type("C-q")
        self.wait_for("^status=0")
        assert poll(lambda: b"status=0" in self._raw.read_bytes(), PATIENCE)
        written = self._raw.read_bytes()
        return written[written.index(b"\x1b[?1049h") : written.index(b"status=0")].decode()


KEYS = {"Enter", "Escape", "PPage", "BSpace", "C-f", "C-o", "F1", "F12"}

STEPS: tuple[tuple[str, ...], ...] = (
    ("Enter", "speaking"),  # the draft is sent, and the reply is as hostile
    ("/follow newest",),
    ("Enter", "The end"),
    ("Escape", "^ ready"),
    ("PPage", "follow again", "begun"),
    ("C-o", "Escape close", "begun PWNED"),
    ("Escape", gone("Escape close")),
    ("C-f", "Escape close"),
    ("M2", "Escape back", "begun PWNED"),
    ("Escape", "Escape close"),
    ("Escape", gone("Escape close")),
    ("/device",),
    ("Enter", "other"),
    ("Escape", gone("Sound device")),
    ("/voice",),
    ("Enter", "other"),
    ("Escape", gone("other")),
    ("/persona",),
    ("Enter", "as the settings have it", "begun.*PWNED"),
    ("Escape", gone("as the settings have it")),
    ("/rename",),
    ("Enter", "Rename this"),
    ("Escape", gone("Rename this")),
    ("/follow newest",),
    ("Enter", gone("follow again")),
    ("/status",),
    ("Enter", "Device: begun"),
    ("@zz", r"zz4\[bold\]"),
    ("Escape", gone("zz4")),
    *(("BSpace",) for _ in "@zz"),
    ("\x1b[200~/nosuch " + VILE.replace("\0", "") + "\x1b[201~", "M3"),  # a paste
    ("Enter", "there is no command"),
    ("fail",),
    ("Enter", "It begins", "failed.*begun"),
    ("F12", "ERROR|INFO"),
    ("F12", gone("INFO")),
    ("F1", "Escape closes"),
    ("Escape", gone("Escape closes")),
)
"""What is typed, and what the screen then shows."""


def sequences(written: str) -> list[str]:
    """The control sequences that draw nothing, in their order."""
    return [found for found in SEQUENCE.findall(written) if not DRAWS.fullmatch(found)]


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Those of an empty conversation."""
    with Chat(tmp_path_factory.mktemp("empty")) as chat:
        chat.start(module="tests.scripted_chat")
        chat.wait_for("Type a prompt")
        return sequences(chat.leave())


def assert_harmless(written: str, harmless: list[str]) -> None:
    assert sequences(written) == harmless
    text = SEQUENCE.sub("", written)
    assert not FORBIDDEN.search(text), FORBIDDEN.findall(text)
    assert not FORGED_DRAWING.search(written)


def prepare(folder: Path) -> None:
    """Conversations, files, personas and keys that are hostile wherever they can be."""
    path = folder / "data" / "speakstream" / "history.sqlite3"
    path.parent.mkdir(parents=True)
    history = History(path)
    for reason, error in (("failed", VILE), ("interrupted", "")):
        conversation = history.begin()
        history.add_prompt(conversation, VILE)
        reply = history.begin_reply(conversation, VILE, VILE)
        history.append(reply.id, WRAPPED.replace("{}", VILE))
        history.end_reply(reply.id, reason, 60, error, {}, VILE, VILE)
        history.rename(conversation, VILE)
    history.set_draft(2, VILE.replace("@", ""))
    history.close()

    config = folder / "speakstream"
    (config / "personas").mkdir(parents=True)
    toml = re.sub(r"\\x(..)", r"\\u00\1", VILE.encode("unicode_escape").decode())
    (config / "personas" / "begun\x1b]0;PWNED\x07.toml").write_text(f'system_prompt = "x"\nabout = "{toml}"\n')
    (config / "personas" / "bad.toml").write_text(f'"{toml}" = 1\n')
    (config / "keys.toml").write_text(f'"{toml}" = "f5"\nstop = "{toml}"\n')

    for name in (b"zz1\x1b]52;c;UFdORUQ=\x07", b"zz2\x9b31m\xff", "zz3\x9d0;PWNED\x9c\u202e".encode(), b"zz4[bold]"):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text("x")


def test_nothing_stored_or_named_or_written_is_a_sequence(tmp_path: Path, harmless: list[str]) -> None:
    prepare(tmp_path)
    with Chat(tmp_path) as chat:
        chat.start("--resume", "2")
        chat.wait_for("│ begun")
        for keys, *patterns in STEPS:
            chat.do(keys, *patterns)
        written = chat.leave()
        assert "PWNED" not in chat.ask("display-message", "-p", "#{pane_title} #{window_name}")
        assert not chat.ask("list-buffers"), "the clipboard was set"
    assert_harmless(written, harmless)
    assert all(mark in SEQUENCE.sub("", written) for mark in MARKUP.split())
    log = (tmp_path / "state" / "speakstream" / "log" / "speakstream.log").read_text()
    assert "M1" in log and not FORBIDDEN.search(log)
