"""``speakstream chat`` on the command line: what it accepts, what it begins, and what it says when it can't."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from speakstream.arguments import bare_resume
from speakstream.history import History
from tests.program import COMMAND, PATIENCE, environment, speakstream
from tests.test_plain import SCRIPTED, Chat, scripted


def complaint(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    """The status, and the one line on standard error, of a call that fails."""
    done = speakstream(folder, "chat", *arguments, env=env)
    message = done.stderr.decode()
    assert done.stdout == b""
    assert message.count("\n") == 1 and message.startswith("speakstream: "), message
    return done.returncode, message.removeprefix("speakstream: ").rstrip("\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--resume", "first"], "--resume 'first' is not allowed: use a conversation's number, or last"),
        (["--resume=-1"], "--resume '-1' is not allowed"),
        (["--plain", "--theme", "nord"], "--plain has no colours: --theme is for the screen"),
        (["--theme", "blue"], "--theme 'blue' is not known: use one of speakstream, "),
        (["--speed", "9"], "--speed '9' is not allowed: use a number from 0.5 to 3; see: speakstream chat --help"),
        (["--volume", "loud"], "--volume 'loud' is not allowed"),
        (["--persona"], "requires an argument"),
        (["--plian"], "there is no option --plian; did you mean --plain?"),
        (["hello"], "(hello); see --help"),
    ],
)
def test_a_wrong_usage_says_what_is_right(tmp_path: Path, arguments: list[str], says: str) -> None:
    status, message = complaint(tmp_path, *arguments)
    assert says in message
    assert status == 2


@pytest.mark.parametrize(
    ("arguments", "env", "says"),
    [
        (["--resume"], {}, "--resume: there is no conversation yet; begin one: speakstream chat"),
        (["--resume", "7"], {}, "--resume: there is no conversation 7; see: speakstream history list"),
        (["--resume"], {"SPEAKSTREAM_SAVE_CHAT_HISTORY": "false"}, "conversations are not kept here"),
        (["--persona", "techer"], {}, "there is no persona 'techer'; did you mean teacher?"),
        (["--voice", "hibari/hart", "--plain"], {}, "voice 'hibari/hart' is unknown; did you mean 'hibari/heart'?"),
    ],
)
def test_an_error_is_one_line_and_status_1(
    tmp_path: Path, arguments: list[str], env: dict[str, str], says: str
) -> None:
    status, message = complaint(tmp_path, *arguments, env=env)
    assert says in message
    assert status == 1


def test_a_persona_whose_voice_is_gone_is_told_at_once(tmp_path: Path) -> None:
    own = tmp_path / "config" / "speakstream" / "personas"
    own.mkdir(parents=True)
    (own / "ghost.toml").write_text('system_prompt = "Boo."\nvoice = "hibari/nobody"\n')
    status, message = complaint(tmp_path, "--persona", "ghost", env={"XDG_CONFIG_HOME": str(tmp_path / "config")})
    assert (status, "voice 'hibari/nobody' is unknown" in message) == (1, True)


def test_a_damaged_history_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "data" / "speakstream" / "history.sqlite3"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database" * 1000)
    status, message = complaint(tmp_path, "--plain")
    assert status == 1
    assert "SAVE_CHAT_HISTORY=false" in message
    assert path.read_bytes() == b"no database" * 1000


def test_resume_may_stand_alone() -> None:
    assert bare_resume(["chat", "--resume"]) == ["chat", "--resume=last"]
    assert bare_resume(["chat", "--resume", "--plain"]) == ["chat", "--resume=last", "--plain"]
    assert bare_resume(["chat", "--resume", "3"]) == ["chat", "--resume", "3"]
    assert bare_resume(["chat", "--resume=3"]) == ["chat", "--resume=3"]
    assert bare_resume(["chat", "--resume", "last"]) == ["chat", "--resume", "last"]
    assert bare_resume(["say", "--resume"]) == ["say", "--resume"]


def run_scripted(
    folder: Path, *arguments: str, given: bytes = b"", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """The scripted chat through pipes, to its end."""
    return subprocess.run(
        [*SCRIPTED, "chat", *arguments],
        input=given,
        capture_output=True,
        cwd=folder,
        env=environment(folder, {**scripted(folder), **(env or {})}),
        timeout=PATIENCE,
        check=False,
    )


def test_a_terminal_that_can_only_write_lines_gets_the_plain_chat(tmp_path: Path) -> None:
    main, terminal = pty.openpty()
    for term, why in (("dumb", b"this terminal can only write line after line (TERM)"), ("xterm", b"output is no")):
        with subprocess.Popen(
            [*SCRIPTED, "chat", "--no-audio"],
            stdin=terminal,
            stdout=terminal if term == "dumb" else subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=environment(tmp_path, {**scripted(tmp_path), "TERM": term}),
        ) as program:
            assert program.stderr is not None
            assert why in program.stderr.readline()
            os.write(main, b"\x04")
            assert program.wait(PATIENCE) == 0
    os.close(main)
    os.close(terminal)


def test_conversations_are_kept_and_gone_on_with(tmp_path: Path) -> None:
    assert run_scripted(tmp_path, "--plain", "--no-audio", given=b"the first\n").returncode == 0
    assert run_scripted(tmp_path, "--plain", "--no-audio", given=b"the second\n").returncode == 0
    assert run_scripted(tmp_path, "--plain", "--no-audio", "--resume", "1", given=b"more\n").returncode == 0
    assert run_scripted(tmp_path, "--plain", "--no-audio", "--resume", given=b"and more\n").returncode == 0
    kept = History(tmp_path / "data" / "speakstream" / "history.sqlite3")
    prompts = {
        conversation.id: [message.text for message in kept.messages(conversation.id) if message.role == "user"]
        for conversation in kept.conversations()
    }
    kept.close()
    assert prompts == {1: ["the first", "more", "and more"], 2: ["the second"]}


def test_nothing_is_kept_when_that_is_not_wanted(tmp_path: Path) -> None:
    done = run_scripted(
        tmp_path, "--plain", "--no-audio", given=b"a secret, short\n", env={"SPEAKSTREAM_SAVE_CHAT_HISTORY": "false"}
    )
    assert (done.returncode, done.stdout) == (0, b"A short answer.\n")
    assert not (tmp_path / "data").exists()
    assert all(b"secret" not in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def test_no_prompt_and_no_reply_is_logged(tmp_path: Path) -> None:
    assert run_scripted(tmp_path, "--plain", "--debug", given=b"a secret, short\n").returncode == 0
    log = (tmp_path / "state" / "speakstream" / "log" / "speakstream.log").read_text()
    assert "secret" not in log and "A short answer" not in log


@pytest.mark.parametrize("how", ["--debug", "DEBUG"])
def test_debugging_fills_the_log_and_not_the_screen(tmp_path: Path, how: str) -> None:
    arguments, env = (["--debug"], {}) if how == "--debug" else ([], {"SPEAKSTREAM_DEBUG": "true"})
    done = run_scripted(tmp_path, "--plain", *arguments, given=b"be broken\n", env=env)
    assert done.returncode == 1
    assert done.stderr == b"speakstream: failed: the language model failed: RuntimeError('broken model')\n"
    assert "Traceback" in (tmp_path / "state" / "speakstream" / "log" / "speakstream.log").read_text()


def test_what_the_command_line_says_wins_over_the_persona(tmp_path: Path) -> None:
    own = tmp_path / "speakstream" / "personas"
    own.mkdir(parents=True)
    (own / "quick.toml").write_text('system_prompt = "Hurry."\nspeed = 2\nvoice = "hibari/emma"\n')
    for arguments, voice, speed in (
        ([], "hibari/emma", "2"),
        (["--speed", "0.8"], "hibari/emma", "0.8"),
        (["--voice", "scripted/voice"], "scripted/voice", "2"),
    ):
        with Chat(tmp_path, "--persona", "quick", *arguments) as chat:
            chat.ask("/status")
            chat.then(f"voice: {voice}, speed {speed}\r\n".encode())


def test_help_tells_all_options_and_examples(tmp_path: Path) -> None:
    done = speakstream(tmp_path, "chat", "-h")
    assert done.returncode == 0
    text = done.stdout.decode()
    for option in ("--resume [ID]", "--persona NAME", "--plain", "--theme NAME", "--voice NAME", "--no-audio"):
        assert f"  {option} " in text
    assert "  speakstream chat --resume\n" in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_plain_chat_loads_nothing_of_the_screen() -> None:
    code = "import sys, speakstream.plain; sys.exit('textual' in sys.modules or 'rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_help_loads_neither_the_screen_nor_the_history(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *COMMAND[1:], "chat", "--help"],
        capture_output=True, cwd=tmp_path, env=environment(tmp_path), check=True,
    )  # fmt: skip
    loaded = {line.rpartition(b"|")[2].strip().decode() for line in done.stderr.splitlines()}
    assert "speakstream.chat_command" in loaded
    assert not loaded & {"numpy", "sqlite3", "textual", "speakstream.plain", "speakstream.settings"}
