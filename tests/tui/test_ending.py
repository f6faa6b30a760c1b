"""However the chat ends, the terminal is given back, no process stays, nothing is lost. On terminals of every kind."""

import fcntl
import os
import re
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path

import pytest
from textual.pilot import Pilot

from speakstream.history import History, StoredMessage
from tests.program import PATIENCE, Terminal, no_sound
from tests.rig.sound import poll
from tests.tui.talk import Talk, settled, talk

SEQUENCE = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
HOLD = (
    "import os\n"
    "from speakstream import starting\n"
    "session = starting.start_session\n"
    "def held(*parts):\n"
    "    os.read(int(os.environ['GATE']), 1)\n"
    "    return session(*parts)\n"
    "starting.start_session = held\n"
)
BREAK = (
    "from speakstream.tui.transcript import Transcript\n"
    "def broken(*parts): raise RuntimeError('broken \\x1b[2J widget')\n"
    "Transcript.grow = broken\n"
)


class Chat(Terminal):
    """The scripted chat on a pseudo-terminal; ``first`` is run in the process before it."""

    def __init__(self, folder: Path, *arguments: str, first: str = "", size: tuple[int, int] = (80, 24)) -> None:
        self._waiting, self._gate = os.pipe()
        self._seen = 0
        code = (
            "import runpy, sys\n"
            "from speakstream import starting\n"
            "from tests import scripted_chat\n"
            "from speakstream.session import Session\n"
            "starting.start_session = scripted_chat.start_session\n"
            "Session.open_sound = lambda self, wanted: None\n"
            f"{first}\n"
            "from speakstream.cli import main\n"
            "sys.argv[0] = 'speakstream'\n"
            "main()\n"
        )
        env = {"PYTHONPATH": str(Path(__file__).parents[2]), "SAID": str(folder / "said"), "GATE": str(self._waiting)}
        super().__init__(
            folder,
            ["chat", *arguments],
            {**env, "SPEAKSTREAM_AUDIO_DEVICE": ""},
            size,
            [sys.executable, "-c", code],
            (self._waiting,),
        )

    def __exit__(self, *failure: object) -> None:
        super().__exit__(*failure)
        os.close(self._waiting)
        os.close(self._gate)

    def shows(self, *words: str) -> None:
        """Wait until all ``words`` have been drawn since this was last called."""
        deadline = time.monotonic() + PATIENCE
        while not all(word in self._drawn() for word in words):
            ready = select.select([self.master], [], [], max(0.0, deadline - time.monotonic()))[0]
            assert ready, f"{words} did not come: {self._drawn()[-2000:]}"
            self.written += os.read(self.master, 65536)
        self._seen = len(self.written)

    def _drawn(self) -> str:
        return SEQUENCE.sub(b"", self.written[self._seen :]).decode("utf-8", "ignore")

    def ask(self, prompt: str) -> None:
        """Type a prompt."""
        self.shows("Type a prompt")
        self.type(f"{prompt}\r".encode())

    def go_on(self) -> None:
        """Open the gate."""
        os.write(self._gate, b"\0")

    def resize(self, columns: int, rows: int) -> None:
        """Make the window another size."""
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process.send_signal(signal.SIGWINCH)

    def hang_up(self) -> None:
        """Close the window."""
        os.close(self.slave)
        os.close(self.master)
        self.master = self.slave = -1


def stored(folder: Path) -> list[StoredMessage]:
    """What the newest conversation has."""
    history = History(folder / "data" / "speakstream" / "history.sqlite3")
    latest = history.latest()
    messages = history.messages(latest.id) if latest is not None else []
    history.close()
    return messages


def assert_given_back(chat: Chat, written: bytes) -> bytes:
    """The terminal is as it was; what was written to it after that."""
    assert termios.tcgetattr(chat.slave) == chat.modes
    modes: dict[bytes, bytes] = {}
    for numbers, what in re.findall(rb"\x1b\[\?([\d;]+)([hl])", written):
        modes[numbers] = what
    assert modes[b"1049"] == b"l" and modes[b"25"] == b"h" and modes[b"7"] == b"h"
    assert all(modes[number] == b"l" for number in (b"1000", b"1003", b"1004", b"1006", b"1015", b"2004"))
    assert written.count(b"\x1b[>25u") == written.count(b"\x1b[<u")
    return SEQUENCE.sub(b"", written[written.rindex(b"\x1b[?1049l") :])


@pytest.mark.parametrize(
    ("how", "status"), [("q", 0), ("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130), ("SIGQUIT", 131)]
)
def test_the_terminal_is_given_back(tmp_path: Path, how: str, status: int) -> None:
    with Chat(tmp_path) as chat:
        chat.ask("something slow")
        chat.shows("One two ")
        if how == "q":
            chat.type(b"\x11")
        else:
            chat.process.send_signal(getattr(signal, how))
        ended, written = chat.finish()
        assert ended == status
        assert not assert_given_back(chat, written), "something is written after the end"
    prompt, reply = stored(tmp_path)
    assert prompt.text == "something slow"
    assert reply.text == "One two thr" and reply.reason == "interrupted"


def test_a_crash_is_one_line_and_the_log_has_the_rest(tmp_path: Path) -> None:
    with Chat(tmp_path, first=BREAK) as chat:
        chat.ask("something short")
        status, written = chat.finish()
        assert status == 1
        after = assert_given_back(chat, written).decode().split()
    told = "speakstream: unexpected error: RuntimeError: broken \\x1b[2J widget; run again with --debug and report it"
    assert " ".join(after) == told
    log = (tmp_path / "state" / "speakstream" / "log" / "speakstream.log").read_text()
    assert "Traceback" in log and "in broken" in log and "\x1b" not in log
    assert stored(tmp_path)[-1].text == "A short answer."


def test_a_terminal_that_vanishes_ends_it(tmp_path: Path) -> None:
    with Chat(tmp_path) as chat:
        chat.ask("something long")
        chat.shows("So it goes")
        chat.type(b"begun")
        chat.shows("begun")
        chat.hang_up()
        assert chat.process.wait(PATIENCE) == 129
    assert stored(tmp_path)[-1].reason == "interrupted"
    history = History(tmp_path / "data" / "speakstream" / "history.sqlite3")
    assert history.draft(1) == "begun", "what was typed and not sent is lost"
    history.close()


def test_a_terminal_that_vanishes_while_it_is_suspended_ends_it(tmp_path: Path) -> None:
    with Chat(tmp_path) as chat:
        chat.ask("something long")
        chat.shows("So it goes")
        chat.type(b"\x1a")
        stopped = os.waitid(os.P_PID, chat.process.pid, os.WSTOPPED | os.WNOWAIT)
        assert stopped is not None and stopped.si_status == signal.SIGSTOP
        chat.hang_up()
        assert chat.process.wait(PATIENCE) == 129


IMPATIENT = (
    "from textual.drivers import _writer_thread\n"
    "_writer_thread.MAX_QUEUED_WRITES = 1\n"  # the interface soon waits for a terminal that takes no more
)


def fill(chat: Chat) -> None:
    """Have more written than the terminal holds, while nobody reads it."""
    chat.ask("something long")
    chat.shows("So it goes")
    for _ in range(60):
        chat.type(b"\x1bOP\x1b")  # the help comes and goes
    assert poll(lambda: not select.select([], [chat.slave], [], 0)[1], PATIENCE), "it is not full"


def test_a_terminal_that_takes_no_more_does_not_keep_it(tmp_path: Path) -> None:
    with Chat(tmp_path, first=IMPATIENT) as chat:
        fill(chat)
        chat.process.send_signal(signal.SIGTERM)
        assert chat.process.wait(PATIENCE) == 143
        assert termios.tcgetattr(chat.slave) == chat.modes


def test_nor_does_one_that_vanishes_then(tmp_path: Path) -> None:
    first = f"{IMPATIENT}import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)"  # as with nohup
    with Chat(tmp_path, first=first) as chat:
        fill(chat)
        chat.hang_up()
        assert chat.process.wait(PATIENCE) == 0
    assert stored(tmp_path)[-1].reason == "interrupted"


@pytest.mark.parametrize("size", [(1, 1), (10, 3), (20, 5), (40, 10)])
def test_it_runs_in_a_terminal_of_any_size(tmp_path: Path, size: tuple[int, int]) -> None:
    with Chat(tmp_path) as chat:
        chat.ask("something code")
        chat.shows("Look")
        chat.resize(*size)
        chat.type(b"\x0f")  # the conversations
        chat.type(b"\x1bOP")  # the help
        chat.resize(80, 24)
        chat.shows("Escape closes")
        chat.type(b"\x11")
        status, written = chat.finish()
        assert (status, assert_given_back(chat, written)) == (0, b"")
    assert stored(tmp_path)[-1].text.startswith("Look")


def test_a_prompt_typed_before_anything_is_loaded_is_answered(tmp_path: Path) -> None:
    with Chat(tmp_path, first=HOLD) as chat:
        chat.ask("first something short")
        chat.ask("and")
        chat.go_on()
        chat.shows("You said: and")
        chat.type(b"\x11")
        assert chat.finish()[0] == 0
    assert [message.text for message in stored(tmp_path) if message.role == "user"] == ["first something short", "and"]


def test_an_export_that_takes_long_does_not_keep_it(tmp_path: Path) -> None:
    with Chat(tmp_path) as chat:
        chat.ask("and stuck")
        chat.shows("gets stuck")
        chat.type(b"\x1b")
        chat.shows("stopped")
        chat.type(b"/export turn turn.md\r")
        chat.shows("wrote turn.md")
        chat.type(b"/export talk.wav\r")
        said = tmp_path / "said"
        assert poll(lambda: said.read_text().count("stuck") == 2, PATIENCE), "the export does not begin"
        chat.type(b"\x11")
        assert chat.finish()[0] == 0
    assert not list(tmp_path.glob("talk*"))


def test_without_a_sound_device_it_says_so_and_where_there_is_sound(tmp_path: Path) -> None:
    env = {**no_sound(tmp_path), "SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}
    with Terminal(tmp_path, ["chat"], env, size=(200, 24)) as terminal:
        terminal.wait_for(b"no sound: this machine has no sound device (over SSH or in a container there is none); ")
        terminal.wait_for(b"the text works all the same")
        terminal.wait_for(b"speakstream serve")
        terminal.type(b"\x11")
        assert terminal.finish()[0] == 0


def test_an_error_that_a_person_can_act_on_does_not_end_it() -> None:
    async def act(app: Talk, pilot: Pilot[int]) -> None:
        app.history_.close()
        for key in ("ctrl+o", "x"):  # an action, and an event: the conversations are listed, the draft is stored
            await pilot.press(key)
        await settled(pilot, lambda: app.screen_text.count("history is closed") >= 1)

    app = Talk()
    talk(app, act)
    assert app.failure is None
