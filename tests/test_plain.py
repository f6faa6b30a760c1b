"""``speakstream chat --plain`` as a process: on terminals of several kinds, and through pipes."""

import os
import re
import select
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from speakstream.history import History, StoredMessage
from speakstream.plain_commands import COMMANDS, ONLY_ON_THE_SCREEN, Commands
from speakstream.tui.actions import ACTIONS
from tests.llm.test_engines import poll
from tests.program import PATIENCE, Running, Terminal, environment, speakstream
from tests.rig.sound import NullSink, Recorder
from tests.scripted_chat import FETCHED, HOSTILE

SCRIPTED = [sys.executable, "-m", "tests.scripted_chat"]
PASTE_MODE = re.compile(rb"\x1b\[\?2004[hl]")
READY = b"> "


def scripted(folder: Path, gate: int = 0) -> dict[str, str]:
    """The environment of the scripted program."""
    return {
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "SAID": str(folder / "said"),
        "GATE": str(gate),
        "SPEAKSTREAM_AUDIO_DEVICE": "",
    }


def history(folder: Path) -> History:
    path = folder / "data" / "speakstream" / "history.sqlite3"
    path.parent.mkdir(parents=True, exist_ok=True)
    return History(path)


def stored(folder: Path) -> list[StoredMessage]:
    """What the newest conversation has."""
    kept = history(folder)
    try:
        latest = kept.latest()
        return kept.messages(latest.id) if latest else []
    finally:
        kept.close()


class Dialogue(Terminal):
    """A chat on a terminal of its own."""

    seen = 0

    def then(self, wanted: bytes) -> bytes:
        """Wait until ``wanted`` comes after all that was waited for before; what came up to its end."""
        while wanted not in self.written[self.seen :]:
            assert select.select([self.master], [], [], PATIENCE)[0], f"{wanted!r} did not come; {self.written!r}"
            self.written += os.read(self.master, 65536)
        start, self.seen = self.seen, self.written.index(wanted, self.seen) + len(wanted)
        return self.written[start : self.seen]

    def ask(self, prompt: str) -> None:
        """Type a line, as soon as one can be typed."""
        self.then(READY)
        self.type(prompt.encode())
        self.then(prompt.encode())
        self.type(b"\r")


class Chat(Dialogue):
    """A scripted one, and the gate at which its replies wait."""

    def __init__(self, folder: Path, *arguments: str, term: str = "xterm-256color") -> None:
        self._waiting, self._gate = os.pipe()
        super().__init__(
            folder,
            ["chat", "--plain", *arguments],
            {**scripted(folder, self._waiting), "TERM": term},
            command=SCRIPTED,
            pass_fds=(self._waiting,),
        )

    def __exit__(self, *failure: object) -> None:
        super().__exit__(*failure)
        os.close(self._waiting)
        os.close(self._gate)

    def go_on(self) -> None:
        """Let the reply go on that waits."""
        os.write(self._gate, b"\0")


def plain_text(written: bytes) -> str:
    """What reached the terminal, as its lines; there is nothing in it that moves a cursor or changes a colour."""
    text = PASTE_MODE.sub(b"", written).decode().replace("\r\n", "\n").replace("\r", "")
    assert all(mark == "\n" or mark.isprintable() for mark in text), text
    return text


# -- on a terminal ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_a_dialogue_is_lines_of_text_and_nothing_else(tmp_path: Path, term: str) -> None:
    with Chat(tmp_path, term=term) as chat:
        chat.ask("something short")
        chat.then(b"A short answer.\r\n")
        chat.ask("and another")
        chat.then(b"You said: and another\r\n")
        chat.then(READY)
        chat.type(b"\x04")
        status, written = chat.finish()
    assert status == 0
    lines = plain_text(written).split("\n")
    begun = next(number for number, line in enumerate(lines) if "something short" in line)
    assert lines[0].startswith("[SpeakStream: ")
    assert [line.replace("> > ", "> ") for line in lines[begun : begun + 5]] == [
        "> something short",
        "A short answer.",
        "> and another",
        "You said: and another",
        "> ",
    ]
    if term == "dumb":
        assert b"\x1b" not in written


def test_a_word_is_never_written_in_parts(tmp_path: Path) -> None:
    with Chat(tmp_path) as chat:
        chat.ask("something slow")
        chat.then(b"One two ")
        chat.go_on()
        assert chat.then(b"Five six.\r\n") == b"three four.\r\nFive six.\r\n"


@pytest.mark.parametrize("key", [b"\x03", b"\r", b"/stop\r"], ids=["Ctrl-C", "Enter", "/stop"])
@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_a_speech_is_stopped_and_the_dialogue_goes_on(tmp_path: Path, key: bytes, term: str) -> None:
    with Chat(tmp_path, term=term) as chat:
        chat.ask("something long")
        chat.then(READY)  # the text is there, the speech goes on
        chat.type(key)
        chat.then(b"[stopped]\r\n")
        chat.ask("something short")
        chat.then(b"A short answer.\r\n")
        chat.then(READY)
        chat.type(b"\x04")
        assert chat.finish()[0] == 0
    replies = [message for message in stored(tmp_path) if message.role == "assistant"]
    assert replies[0].reason == "interrupted"
    assert replies[0].heard is not None and replies[0].heard < len(replies[0].text)


def test_a_reply_is_stopped_while_it_is_written_and_a_second_ctrl_c_leaves(tmp_path: Path) -> None:
    with Chat(tmp_path) as chat:
        chat.ask("something slow")
        chat.then(b"One two ")
        chat.type(b"\x03")
        assert b"three" not in chat.then(b"[stopped]\r\n")
        chat.then(READY)
        chat.type(b"\x03")
        status, written = chat.finish()
    assert status == 0
    assert b"[this conversation is kept: speakstream chat --resume 1]" in written
    assert [message.text for message in stored(tmp_path)] == ["something slow", "One two thr"]


def test_what_is_typed_while_a_reply_is_written_does_not_get_into_it(tmp_path: Path) -> None:
    with Chat(tmp_path) as chat:
        chat.ask("something slow")
        chat.then(b"One two ")
        chat.type(b"/speed 2\r")
        assert plain_text(chat.then(b"[speed 2]\r\n")) == "\n> /speed 2\n[speed 2]\n"
        chat.type(b"something sho")  # and this is not complete
        chat.go_on()
        assert chat.then(b"Five six.\r\n") == b"three four.\r\nFive six.\r\n"
        assert plain_text(chat.then(b"something sho")).endswith("> something sho")
        chat.type(b"rt\r")
        chat.then(b"A short answer.\r\n")


def test_the_next_prompt_interrupts(tmp_path: Path) -> None:
    with Chat(tmp_path) as chat:
        chat.ask("something long")
        chat.ask("something short")
        chat.then(b"A short answer.\r\n")
        chat.then(READY)
        chat.type(b"\x04")
        chat.finish()
    assert [message.reason for message in stored(tmp_path)][:3] == ["", "interrupted", ""]


def test_a_line_survives_the_ctrl_c_that_stops_the_speech_and_is_given_up_at_the_next(tmp_path: Path) -> None:
    with Chat(tmp_path) as chat:
        chat.ask("something long")
        chat.then(READY)
        chat.type(b"something sh")
        chat.then(b"something sh")
        chat.type(b"\x03")
        chat.then(b"[stopped]\r\n")
        chat.then(b"something sh")
        chat.type(b"ort\r")
        chat.then(b"A short answer.\r\n")
        chat.then(READY)
        chat.type(b"/stop\r")
        chat.then(b"]\r\n")
        chat.then(READY)
        chat.type(b"nothing")
        chat.then(b"nothing")
        chat.type(b"\x03")
        chat.then(READY)
        chat.type(b"\x04")
        assert chat.finish()[0] == 0
    assert len(stored(tmp_path)) == 4


def test_a_prompt_typed_before_the_model_is_there_is_answered_when_it_is(tmp_path: Path) -> None:
    with Chat(tmp_path, "--model", FETCHED) as chat:
        chat.then(b"[fetching the model: 1")
        chat.ask("something short")
        chat.then(b"[the model is still loading]\r\n")
        chat.go_on()
        assert b"fetching" not in chat.then(b"A short answer.\r\n")
        chat.then(READY)
        chat.type(b"\x04")
        assert chat.finish()[0] == 0


def test_a_file_that_is_named_is_told_to_the_model_and_kept_as_it_was_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Buy milk.")
    with Chat(tmp_path, "--no-audio") as chat:
        chat.ask("look at @notes.txt")
        chat.then(b"Buy milk.\r\n")
        chat.ask("/edit read @notes.txt")
        chat.then(b"Buy milk.\r\n")
        chat.then(READY)
        chat.type(b"\x04")
        chat.finish()
    assert stored(tmp_path)[0].text == "read @notes.txt"


def test_up_brings_back_former_prompts_also_of_other_days(tmp_path: Path) -> None:
    kept = history(tmp_path)
    kept.add_prompt(kept.begin(), "an old prompt, short")
    kept.close()
    with Chat(tmp_path) as chat:
        chat.then(READY)
        chat.type(b"\x1b[A")
        chat.then(b"an old prompt, short")
        chat.type(b"\r")
        chat.then(b"A short answer.\r\n")


@pytest.mark.parametrize(
    ("term", "pasted"),
    [("xterm-256color", b"\x1b[200~one\ntwo short\x1b[201~\r"), ("dumb", b"one\rtwo short\r")],
)
def test_what_is_pasted_is_one_prompt(tmp_path: Path, term: str, pasted: bytes) -> None:
    with Chat(tmp_path, term=term) as chat:
        chat.then(READY)
        chat.type(pasted)
        chat.then(b"A short answer.\r\n")
    assert [message.text for message in stored(tmp_path) if message.role == "user"] == ["one\ntwo short"]


def test_code_is_named_and_read_on_request(tmp_path: Path) -> None:
    with Chat(tmp_path) as chat:
        chat.ask("some code")
        chat.then(b"[not read aloud: Python code, 2 lines; /hear 1 reads it]\r\n")
        chat.ask("/hear 1")
        chat.then(b"[reading it]\r\n")
        chat.ask("/hear 2")
        chat.then(b"[number '2' is not allowed: use a whole number from 1 to 1]\r\n")
        chat.then(READY)
        chat.type(b"\x04")
        chat.finish()
    assert "x equals one" in (tmp_path / "said").read_text()


def test_a_line_of_the_programs_own_waits_for_the_end_of_the_replys_line(tmp_path: Path) -> None:
    with Chat(tmp_path) as chat:
        chat.ask("be mute")
        chat.then(b"Silence one. Silence two. ")
        log = tmp_path / "state" / "speakstream" / "log" / "speakstream.log"
        poll(lambda: "told: the reply goes on in silence" in log.read_text())
        chat.go_on()
        after = plain_text(chat.then(b"four."))
        assert after.startswith("Silence three.\n[the reply goes on in silence: ")
        assert after.endswith("]\nAnd four.")


def test_a_reply_that_fails_is_one_line_and_the_dialogue_goes_on(tmp_path: Path) -> None:
    with Chat(tmp_path) as chat:
        chat.ask("something broken")
        chat.then(b"It begins \r\n")
        chat.then(b"[failed: the language model failed: RuntimeError('broken model')]\r\n")
        chat.ask("something short")
        chat.then(b"A short answer.\r\n")


def test_nothing_that_a_model_or_the_history_holds_reaches_the_terminal_as_a_control_sequence(tmp_path: Path) -> None:
    kept = history(tmp_path)
    conversation = kept.begin()
    kept.add_prompt(conversation, f"{HOSTILE} asked")
    reply = kept.begin_reply(conversation, HOSTILE, "")
    kept.append(reply.id, HOSTILE)
    kept.end_reply(reply.id, "failed", None, HOSTILE, {})
    kept.rename(conversation, HOSTILE)
    kept.close()
    with Chat(tmp_path, "--resume") as chat:
        chat.ask("be hostile")
        for command in ("/conversations", "/search end", "/rename", "/open 1", "/status", "/edit"):
            chat.ask(command)
        chat.then(b"/edit be hostile")
        chat.type(b"\x15")
        chat.type(b"\x1b[A" * 9)  # through the former prompts
        chat.type(b"\x15\x04")
        status, written = chat.finish()
    assert status == 0
    printed = re.sub(rb"\x1b\[[KCD0-9]*[KCDP@]|\x08|\x07", b"", PASTE_MODE.sub(b"", written))  # readline's own
    assert b"copied link" in written
    for bad in (b"\x1b", b"\xc2\x9b", b"\xc2\x90", b"\x9c", "\u202e".encode(), b"\x7f"):
        assert bad not in printed
    assert b"\x1b]" not in written and b"\x1b[2J" not in written and b"\x1bP" not in written


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("typed", [b"", b"half a line"], ids=["no line", "a line"])
def test_it_ends_in_order_when_it_is_told_to(tmp_path: Path, number: int, status: int, typed: bytes) -> None:
    with Chat(tmp_path) as chat:
        chat.ask("something long")
        chat.then(READY)
        chat.type(typed)
        chat.then(typed)
        chat.process.send_signal(number)
        assert chat.finish()[0] == status
        assert termios.tcgetattr(chat.slave) == chat.modes
    assert stored(tmp_path)[-1].reason == "interrupted"


@pytest.mark.parametrize("typed", [b"", b"half a line"], ids=["no line", "a line"])
def test_it_is_suspended_and_comes_back(tmp_path: Path, typed: bytes) -> None:
    with Chat(tmp_path) as chat:
        chat.ask("something long")
        chat.then(READY)
        chat.type(typed)
        chat.then(typed)
        chat.process.send_signal(signal.SIGTSTP)
        assert os.WIFSTOPPED(os.waitpid(chat.process.pid, os.WUNTRACED)[1])
        if not typed:
            assert termios.tcgetattr(chat.slave) == chat.modes
        chat.process.send_signal(signal.SIGCONT)
        if typed:
            chat.then(typed)
            chat.type(b"\x15")
        chat.type(b"something short\r")
        chat.then(b"A short answer.\r\n")
        chat.then(READY)
        chat.type(b"\x03\x04")
        chat.finish()
        assert termios.tcgetattr(chat.slave) == chat.modes


# -- commands ---------------------------------------------------------------------------------------------


def test_every_action_works_here_or_is_known_to_need_the_screen() -> None:
    names = {action.name for action in COMMANDS}
    assert {action.name for action in ACTIONS} - names == set(ONLY_ON_THE_SCREEN)
    assert all(callable(getattr(Commands, name)) for name in names)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("/speed 1.5", "[speed 1.5]"),
        ("/speed fast", "[speed 'fast' is not allowed: use a number from 0.5 to 3]"),
        ("/faster", "[speed 1.1]"),
        ("/slower", "[speed 0.9]"),
        ("/volume 30", "[volume 30 %]"),
        ("/volume", "[volume 80 %]"),
        ("/volume 130", "[volume '130' is not allowed: use a whole number from 0 to 100]"),
        ("/softer", "[volume 70 %]"),
        ("/louder", "[volume 90 %]"),
        ("/mute", "[no sound; /mute brings it back]"),
        ("/voice hibari/emma", "[voice hibari/emma]"),
        ("/voice", "hibari/emma: British female"),
        ("/persona teacher", "[teacher answers]"),
        ("/persona", "none (this one)"),
        ("/pause", "[nothing is being spoken]"),
        ("/stop", "[nothing is being spoken]"),
        ("/replay", "[there is no reply yet]"),
        ("/hear", "[there is nothing that was not read aloud]"),
        ("/conversations", "[there are no conversations yet]"),
        ("/open 7", "[there is no conversation 7; see: speakstream history list]"),
        ("/search nothing", "[nothing was found for 'nothing']"),
        ("/rename", "[this conversation has no messages yet]"),
        ("/undo", "[nothing was deleted]"),
        ("/status", "voice: scripted/voice, speed 1"),
        ("/help", "/quit: Leave; everything is kept"),
        (
            "/spede 2",
            "[there is no command /spede; did you mean /speed? (to ask it as a prompt, put a space before it)]",
        ),
        ("/copy", "[/copy needs the screen: leave, and start without --plain]"),
        (" /usr is not a command, keep it short", "A short answer."),
        ("@nowhere.txt", "[there is no file 'nowhere.txt'; a plain @ is written \\@]"),
    ],
)
def test_a_command_has_a_short_answer(tmp_path: Path, command: str, answer: str) -> None:
    with Chat(tmp_path, term="dumb") as chat:
        chat.ask(command)
        chat.then(f"{answer}\r\n".encode())
        chat.then(READY)
        chat.type(b"/exit\r")
        assert chat.finish()[0] == 0


def test_conversations_are_renamed_deleted_brought_back_found_and_opened(tmp_path: Path) -> None:
    with Chat(tmp_path, "--no-audio", term="dumb") as chat:
        for line, *answer in (
            ("the first, short", "A short answer."),
            ("/rename Holidays", "[the title is 'Holidays']"),
            ("/new", "[a new conversation]"),
            ("the second, other", "Another answer."),
            ("/conversations", "1: Holidays (2 messages, just now)", "/open and a number goes on with one"),
            ("/delete", "[deleted 'the second, other'; /undo brings it back]"),
            ("/open 2", "[there is no conversation 2; see: speakstream history list]"),
            ("/undo", "[conversation 2, 'the second, other', 2 messages; the last:]", "Another answer."),
            ("/search answer", "1: Holidays: A short answer."),
            ("/open 1", "[conversation 1, 'Holidays', 2 messages; the last:]", "A short answer."),
            ("/edit in other words, other", "Another answer."),
        ):
            chat.ask(line)
            for written in answer:
                chat.then(f"{written}\r\n".encode())
        chat.then(READY)
        chat.type(b"/quit\r")
        assert chat.finish()[0] == 0
    assert [message.text for message in stored(tmp_path)] == ["in other words, other", "Another answer."]


def test_edit_puts_the_last_prompt_into_the_line(tmp_path: Path) -> None:
    with Chat(tmp_path) as chat:
        chat.ask("something short")
        chat.then(b"A short answer.\r\n")
        chat.ask("/edit")
        chat.then(b"> /edit something short")
        chat.type(b"\x17other\r")
        chat.then(b"Another answer.\r\n")
    assert stored(tmp_path)[0].text == "something other"


def test_a_conversation_is_written_to_a_file_and_ctrl_c_ends_what_takes_long(tmp_path: Path) -> None:
    with Chat(tmp_path) as chat:
        chat.ask("get stuck")
        chat.then(b"stuck.\r\n")
        chat.then(READY)
        chat.type(b"\x03")
        chat.then(b"[stopped]\r\n")
        chat.ask("/export talk.md")
        chat.then(b"[wrote talk.md]\r\n")
        chat.ask("something short")
        chat.then(b"A short answer.\r\n")
        chat.ask("/export turn turn.md")
        chat.then(b"[wrote turn.md]\r\n")
        before = (tmp_path / "said").read_text().count("stuck")
        chat.ask("/export talk.wav")
        poll(lambda: (tmp_path / "said").read_text().count("stuck") > before)
        chat.type(b"\x03")
        chat.then(b"[stopped: nothing was written]\r\n")
        chat.then(READY)
        chat.type(b"\x04")
        assert chat.finish()[0] == 0
    assert "get stuck" in (tmp_path / "talk.md").read_text()
    turn = (tmp_path / "turn.md").read_text()
    assert "something short" in turn
    assert "A short answer." in turn
    assert "## You" in turn and turn.count("## You") == 1
    assert not (tmp_path / "talk.wav").exists()


# -- through pipes ----------------------------------------------------------------------------------------


def test_each_line_of_a_pipe_is_a_prompt_and_replies_alone_are_written(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    given = b"something short\n\n  \n/speed 2\nsee @secret.txt\nthe last, other"
    with Running(tmp_path, ["chat", "--plain"], scripted(tmp_path), SCRIPTED) as program:
        program.give(given)
        program.give_no_more()
        status, out, err = program.finish()
    assert (status, err) == (0, b"")
    assert out == b"A short answer.\n\nYou said: /speed 2\n\nYou said: see @secret.txt\n\nAnother answer.\n"
    assert [message.reason for message in stored(tmp_path) if message.role == "assistant"] == ["finished"] * 4


@pytest.mark.parametrize(("given", "status"), [(b"a broken\na short\n", 0), (b"a short\na broken\n", 1)])
def test_the_status_is_that_of_the_last_prompt(tmp_path: Path, given: bytes, status: int) -> None:
    with Running(tmp_path, ["chat", "--plain"], scripted(tmp_path), SCRIPTED) as program:
        program.give(given)
        program.give_no_more()
        ended, out, err = program.finish()
    assert ended == status
    assert b"A short answer.\n" in out
    assert err == b"speakstream: failed: the language model failed: RuntimeError('broken model')\n"


def test_a_pipe_is_answered_line_by_line_as_it_comes(tmp_path: Path) -> None:
    with Running(tmp_path, ["chat", "--plain", "--no-audio"], scripted(tmp_path), SCRIPTED) as program:
        program.give(b"something short\nsome oth")
        program.wait_for(b"A short answer.\n")
        program.give(b"er\n")
        program.wait_for(b"Another answer.\n")
        program.process.send_signal(signal.SIGINT)
        assert program.finish()[0] == 130


def test_a_reader_that_goes_ends_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*SCRIPTED, "chat", "--plain", "--no-audio"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=tmp_path,
        env=environment(tmp_path, scripted(tmp_path)),
        bufsize=0,
    ) as program:
        assert program.stdin is not None and program.stdout is not None
        program.stdin.write(b"something long\n")
        assert program.stdout.read(1) == b"S"
        program.stdout.close()
        program.stdin.write(b"something long\n")
        assert program.wait(PATIENCE) == 141


# -- the real thing ---------------------------------------------------------------------------------------


def test_the_real_model_is_talked_to_and_silenced(tmp_path: Path, null_sink: NullSink, recorder: Recorder) -> None:
    arguments = ["chat", "--plain", "--seed", "3", "--max-new-tokens", "200"]
    env = {**null_sink.env, "TERM": "dumb"}
    with Dialogue(tmp_path, arguments, env) as chat:
        chat.ask("Tell me a long story about a ship.")
        chat.ask("/speed 1.5")  # the text is there
        chat.then(b"[speed 1.5]\r\n")
        recorder.wait_for_sound()
        chat.then(READY)
        chat.type(b"\x03")
        chat.then(b"[stopped]\r\n")
        recorder.wait_for_silence(0.5)
        chat.ask("/status")
        chat.then(b"voice: hibari/heart, speed 1.5\r\n")
        chat.then(b"tokens a second")
        chat.then(READY)
        chat.type(b"\x04")
        status, written = chat.finish()
    assert status == 0
    assert b"[this conversation is kept: speakstream chat --resume 1]\r\n" in written
    prompt, reply = stored(tmp_path)
    assert (prompt.text, reply.reason) == ("Tell me a long story about a ship.", "interrupted")
    assert reply.heard is not None and 0 < reply.heard < len(reply.text)
    assert " ".join(reply.text.split()) in " ".join(plain_text(written).split())
    with Dialogue(tmp_path, [*arguments, "--resume"], env) as chat:
        chat.then(b"> Tell me a long story about a ship.\r\n")
        chat.then(b"[stopped]\r\n")
        chat.ask("What was it about?")
        chat.then(READY)
        chat.type(b"/conversations\r")
        chat.then(b"1: Tell me a long story about a ship. (4 messages, just now, this one)\r\n")
        chat.then(READY)
        chat.type(b"\x04")
        assert chat.finish()[0] == 0


def test_the_real_model_answers_a_pipe(tmp_path: Path) -> None:
    done = speakstream(
        tmp_path, "chat", "--no-audio", "--temperature", "0", "--max-new-tokens", "8",
        given=b"Name a color.\nName another one.\n",
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stderr == b"speakstream: standard input is no terminal: going on as with --plain\n"
    assert len(done.stdout.decode().split("\n\n")) == 2
    assert len(stored(tmp_path)) == 4
