"""``speakstream history`` as a person meets it: what it prints, asks and refuses, and what it exits with."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from speakstream.history import History
from tests.program import Terminal, environment, speakstream


def the_file(home: Path) -> Path:
    return home / "data" / "speakstream" / "history.sqlite3"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home in which two conversations were held, and a third was deleted."""
    history = History(the_file(tmp_path))
    for prompt, answer in (
        ("Why is the sky blue?", "Because of Rayleigh scattering."),
        ("東京はどこですか、" * 10, "It is in Japan. The sky there is blue too."),
        ("Forget this.", "Forgotten."),
    ):
        id = history.begin("pirate" if "sky" in prompt else "")
        history.add_prompt(id, prompt)
        reply = history.begin_reply(id, "tiny", "").id
        history.append(reply, answer)
        history.end_reply(reply, "finished", None, "", {})
    history.delete(id)
    history.close()
    return tmp_path


def run(home: Path, *arguments: str, given: bytes = b"") -> tuple[int, str, str]:
    """The status and the two outputs of a command; both come from data that cannot command a terminal."""
    done = speakstream(home, "history", *arguments, given=given)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def ids(home: Path, *arguments: str) -> list[int]:
    return [told["id"] for told in json.loads(run(home, "list", "--json", *arguments)[1])]


def test_the_conversations_are_listed_the_newest_first(home: Path) -> None:
    status, out, err = run(home)
    assert status == 0
    rows = [re.split(r"  +", line, maxsplit=3) for line in out.splitlines()]
    assert [(row[0], row[2], row[3]) for row in rows] == [
        ("2", "2 messages", ("東京はどこですか、" * 10)[:59] + "…"),
        ("1", "2 messages", "Why is the sky blue? (pirate)"),
    ]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", row[1]) for row in rows)
    assert err == (
        "speakstream: to read one: speakstream history show ID; to go on with it: speakstream chat --resume ID\n"
    )
    assert run(home, "list") == (status, out, err)
    assert run(home, "list", "--limit", "1")[1] == out.splitlines(keepends=True)[0]
    told = json.loads(run(home, "list", "--json")[1])
    assert [(one["id"], one["messages"], one["persona"]) for one in told] == [(2, 2, ""), (1, 2, "pirate")]


@pytest.mark.parametrize(("columns", "widest"), [(80, 80), (40, 40), (24, 24)])
def test_the_list_fits_a_terminal_of_any_width(home: Path, columns: int, widest: int) -> None:
    with Terminal(home, ["history"], size=(columns, 24)) as terminal:
        status, written = terminal.finish()
    assert status == 0
    lines = written.decode().splitlines()
    assert any("Why is the sky" in line for line in lines) and any("東京" in line for line in lines)
    wide = [len(line) + len(re.findall("[\u3000-\u9fff]", line)) for line in lines]
    assert max(wide) < widest


def test_a_conversation_is_shown_whole_or_a_turn_of_it(home: Path) -> None:
    status, out, err = run(home, "show", "1")
    assert (status, err) == (0, "")
    assert re.fullmatch(
        r"# Why is the sky blue\?\n\nBegun [-\d: ]+ with pirate\.\n\n## You, [-\d: ]+, message 1\n\n"
        r"Why is the sky blue\?\n\n## tiny, [-\d: ]+, message 2\n\nBecause of Rayleigh scattering\.\n\n"
        r"\*Not spoken\.\*\n",
        out,
    )
    assert run(home, "show", "last")[1] == run(home, "show")[1] == run(home, "show", "2")[1]
    assert json.loads(run(home, "show", "1", "--json")[1])["messages"][1]["text"] == "Because of Rayleigh scattering."
    assert run(home, "show", "1", "--message", "2")[1] == out
    assert run(home, "show", "1", "--message", "3")[::2] == (
        1, "speakstream: conversation 1 has no message 3; see: speakstream history show 1\n",
    )  # fmt: skip


def test_a_search_finds_in_all_conversations(home: Path) -> None:
    status, out, err = run(home, "search", "sky", "bl")
    assert status == 0
    assert [re.split("  +", line)[0::2] for line in out.splitlines()] == [
        ["2", err and re.split("  +", out.splitlines()[0])[2], "It is in Japan. The sky there is blue too."],
        ["1", err and re.split("  +", out.splitlines()[1])[2], "Why is the sky blue?"],
    ]
    assert [re.split("  +", line)[1] for line in out.splitlines()] == ["4", "1"]
    assert err == "speakstream: to read one: speakstream history show ID --message NUMBER\n"
    found = json.loads(run(home, "search", "--json", "scattering")[1])
    assert [(one["conversation"]["id"], one["message"]["id"], one["excerpt"], one["marks"]) for one in found] == [
        (1, 2, "Because of Rayleigh scattering.", [[20, 30]])
    ]
    assert len(run(home, "search", "--limit", "1", "sky")[1].splitlines()) == 1
    assert run(home, "search", "forgotten") == (0, "", "speakstream: nothing was found for 'forgotten'\n")
    assert run(home, "search", "--", '"* OR (') == (0, "", "speakstream: nothing was found for '\"* OR ('\n")
    with Terminal(home, ["history", "search", "sky"], size=(50, 24)) as terminal:
        shown = terminal.finish()[1].decode().splitlines()
    assert "    message 4, reply: It is in Japan. The sky" in shown
    assert max(map(len, shown)) < 50


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["show", "77"], 1, "there is no conversation 77; see: speakstream history list"),
        (["show", "3"], 1, "there is no conversation 3; see: speakstream history list"),
        (["show", "0"], 1, "there is no conversation 0;"),
        (["show", "9" * 40], 1, "there is no conversation 9999"),
        (["show", "sky"], 2, "'sky' is no conversation: give its number, or last; see: speakstream history --help"),
        (["show", "\x1b[31m"], 2, r"'\x1b[31m' is no conversation"),
        (["show", "1", "--message", "x"], 2, "Invalid value for '--message'"),
        (["export", "77", "-o", "a.md"], 1, "there is no conversation 77;"),
        (["export", "1"], 2, "there is no file to write: give -o FILE.md, FILE.json or FILE.wav"),
        (["export", "1", "-o", "a.txt"], 1, "a.txt: there is no such kind of export"),
        (["export", "1", "-o", "nowhere/a.md"], 1, "nowhere/a.md: there is no folder nowhere; make it first"),
        (["rm"], 2, "Missing argument"),
        (["rm", "1"], 2, "rm asks before it erases, and there is nobody to ask here: give --yes"),
        (["rm", "--yes", "1", "77"], 1, "there is no conversation 77;"),
        (["restore", "77"], 1, "there is no conversation 77;"),
        (["search"], 2, "Missing argument"),
        (["shwo"], 2, "there is no command 'shwo'; did you mean show?"),
    ],
)
def test_what_is_not_possible_is_one_line_and_changes_nothing(
    home: Path, arguments: list[str], status: int, says: str
) -> None:
    before = the_file(home).read_bytes()
    code, out, err = run(home, *arguments, given=b"y\n")
    assert (code, out) == (status, "")
    assert says in err and err.count("\n") == 1 and err.startswith("speakstream: ")
    assert the_file(home).read_bytes() == before


def test_conversations_are_erased_several_at_once(home: Path) -> None:
    code, out, err = run(home, "rm", "--yes", "2", "last", "3", "2")
    assert (code, out) == (0, "")
    assert [line.partition(" (")[2] for line in err.splitlines()] == ["2 messages)"] * 2
    assert "erased: Forget this. (2 messages)" in err, "also a deleted one"
    assert ids(home) == [1]
    assert "東京".encode() not in the_file(home).read_bytes()


def test_erasing_asks_first(home: Path) -> None:
    for answer, status, left in ((b"\n", 1, [2, 1]), (b"n\n", 1, [2, 1]), (b"y\n", 0, [2])):
        with Terminal(home, ["history", "rm", "1"]) as terminal:
            terminal.wait_for(b"Erase 1 conversation for good? [y/N] ")
            assert b"Why is the sky blue?" in terminal.written
            terminal.type(answer)
            assert terminal.finish()[0] == status
        assert ids(home) == left


def test_what_was_deleted_is_listed_and_brought_back(home: Path) -> None:
    status, out, err = run(home, "list", "--deleted")
    assert status == 0 and out.startswith("3  ") and "Forget this." in out
    assert "speakstream history restore ID" in err
    assert run(home, "restore", "3") == (0, "", "speakstream: Forget this. is back in the list\n")
    assert ids(home) == [3, 2, 1] and ids(home, "--deleted") == []
    assert run(home, "list", "--deleted") == (0, "", "speakstream: no conversation is deleted\n")


def test_a_conversation_is_exported_to_a_file(home: Path) -> None:
    assert run(home, "export", "1", "-o", "a.md") == (0, "", "speakstream: wrote a.md\n")
    assert "Rayleigh" in (home / "a.md").read_text()
    assert run(home, "export", "1", "-o", "a.md")[::2] == (
        1, "speakstream: a.md is there already; name another file, or write over it with --force\n",
    )  # fmt: skip
    assert run(home, "export", "last", "--message", "4", "-o", "a.md", "--force")[0] == 0
    assert "Japan" in (home / "a.md").read_text()


def test_a_conversation_is_exported_as_speech(home: Path) -> None:
    code, out, err = run(home, "export", "1", "-o", "a.vtt")
    assert (code, out) == (0, "")
    assert re.fullmatch(r"speakstream: wrote a.wav \(\d s\) and a.vtt\n", err)
    assert "Because of Rayleigh scattering." in (home / "a.vtt").read_text()
    assert (home / "a.wav").read_bytes()[:4] == b"RIFF" and (home / "a.wav").stat().st_size > 50_000


def test_an_export_that_is_interrupted_leaves_nothing(home: Path) -> None:
    history = History(the_file(home))
    for number in range(200):
        reply = history.begin_reply(1, "tiny", "").id
        history.append(reply, f"This is reply {number}, and it takes a while to say all of it. " * 20)
        history.end_reply(reply, "finished", None, "", {})
    history.close()
    before = sorted(home.rglob("*"))
    with Terminal(home, ["history", "export", "1", "-o", "a.wav"]) as terminal:
        terminal.wait_for(b"speaking reply 2 of 201")
        terminal.type(b"\x03")
        status, written = terminal.finish()
    assert status == 130
    assert b"stopped: nothing was written" in written and b"Traceback" not in written
    assert sorted(home.rglob("*")) == before


def test_without_a_history_all_is_well_and_none_is_made(tmp_path: Path) -> None:
    none = "speakstream: no conversation is kept yet; to begin one: speakstream chat\n"
    assert run(tmp_path) == (0, "", none)
    assert run(tmp_path, "list", "--json") == (0, "[]\n", "")
    assert run(tmp_path, "search", "--json", "x") == (0, "[]\n", "")
    assert run(tmp_path, "show") == (1, "", none)
    assert run(tmp_path, "rm", "--yes", "last") == (1, "", none)
    assert list(tmp_path.iterdir()) == []


def test_a_history_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    the_file(tmp_path).parent.mkdir(parents=True)
    the_file(tmp_path).write_text("My diary\n" * 1000)
    code, out, err = run(tmp_path)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1 and "it is damaged, or no history at all; move it away" in err


NASTY = "\x1b]52;c;QQ==\x07\x1b]8;;http://x\x1b\\\x9b31m\x90q\x9c\x1b[2J\r\x08‮needle\x00"


def test_nothing_in_the_history_commands_the_terminal(home: Path) -> None:
    with closing(sqlite3.connect(the_file(home))) as database:  # past everything that would make it harmless
        database.execute("UPDATE conversations SET title = ?, persona = ?, renamed = 1 WHERE id = 1", (NASTY, NASTY))
        database.execute(
            "UPDATE messages SET text = ?, error = ?, model = ?, voice = ?, reason = 'failed', heard = 30"
            " WHERE conversation = 1",
            (NASTY,) * 4,
        )
        database.commit()
    commands = [
        ["list"], ["list", "--json"], ["show", "1"], ["show", "1", "--json"], ["search", "needle"],
        ["search", "--json", "needle"], ["search", NASTY.replace("\0", "")], ["export", "1", "-o", "a.md"],
        ["rm", "1"],
    ]  # fmt: skip
    for command in commands:
        done = speakstream(home, "history", *command)
        with Terminal(home, ["history", *command, *(["--force"] if command[0] == "export" else [])]) as terminal:
            if command[0] == "rm":
                terminal.wait_for(b"[y/N] ")
                terminal.type(b"y\n")
            _, written = terminal.finish()
        for output in (done.stdout, done.stderr, written.replace(b"\r\n", b"\n").replace(b"\r\x1b[K", b"")):
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", output.decode()), command
        assert b"needle" in written or command[0] == "export"
    exported = (home / "a.md").read_text()
    assert "needle" in exported and not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", exported)


def test_a_shell_completes_the_numbers(home: Path) -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "speakstream"], capture_output=True, text=True, cwd=home, check=False,
        env={
            **environment(home), "_SPEAKSTREAM_COMPLETE": "complete_bash", "COMP_WORDS": "speakstream history show ",
            "COMP_CWORD": "3",
        },
    )  # fmt: skip
    assert asked.stdout.split() == ["2", "1"], asked


def test_a_reader_that_goes_ends_it_quietly(home: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "speakstream", "history", "show", "1"], stdout=write, stderr=subprocess.PIPE, cwd=home,
        env=environment(home), check=False,
    )  # fmt: skip
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")
