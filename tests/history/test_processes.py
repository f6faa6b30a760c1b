"""Several programs on one history, some of which are killed while they write."""

import json
import random
import subprocess
import sys
from collections.abc import Iterable
from math import inf
from pathlib import Path
from typing import Any, Self

import pytest

from speakstream.history import History
from tests.program import PATIENCE

KILLS = 12


class Writing:
    """The program of ``writer.py``, and what it has said to be stored; killed at the end of the block."""

    def __init__(self, path: Path, name: str, most: float = inf) -> None:
        """``most``: the number of things after which it waits."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.history.writer", str(path), name, str(most)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None and self.process.stdin is not None
        self._in = self.process.stdin
        self._out = self.process.stdout
        self.lines: list[bytes] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._in.close()
        self._out.close()

    def wait_for(self, count: int) -> None:
        """Wait until so many things more are stored."""
        for _ in range(count):
            line = self._out.readline()
            assert line, f"the writer ended by itself: {self.process.wait(PATIENCE)}"
            self.lines.append(line)

    def kill(self) -> None:
        """End it at once, wherever it is, as ``kill -9`` does."""
        self.process.kill()
        self.process.wait(PATIENCE)
        self.lines += self._out.readlines()

    def stored(self) -> Iterable[list[Any]]:
        """What it has said to be stored, all of it that was said whole."""
        return [json.loads(line) for line in self.lines if line.endswith(b"\n")]


def compare(history: History, stored: Iterable[list[Any]], killed: bool) -> None:
    """Hold that everything that was said to be stored is there, and no more than one thing besides."""
    texts, pieces, ended = dict[int, str](), dict[int, list[str]](), set[int]()
    conversations = set[int]()
    for kind, conversation, message, *text in stored:
        conversations.add(conversation)
        if kind == "prompt":
            texts[message] = text[0]
        elif kind == "reply":
            pieces[message] = []
        elif kind == "piece":
            pieces[message] += text
        else:
            ended.add(message)
    assert pieces
    more = 0
    for conversation in conversations:
        for message in history.messages(conversation):
            if message.role == "user":
                more += message.id not in texts
                assert message.text == texts.get(message.id, message.text)
                continue
            said = pieces.get(message.id, [])
            more += message.text.count("ñ") - len(said)
            assert message.text.startswith("".join(said))
            if message.id in ended:
                assert (message.reason, message.heard, message.metrics) == ("finished", 7, {"tokens": 25})
            elif killed and message.reason != "finished":  # it was killed between the storing and the telling
                assert (message.reason, message.heard) == ("interrupted", 0)
    assert 0 <= more <= 1


def test_nothing_that_was_stored_is_lost_when_programs_are_killed(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    chance = random.Random(4)
    killed: list[Writing] = []
    with Writing(path, "steady") as steady:
        for number in range(KILLS):
            with Writing(path, f"killed{number}") as writing:
                writing.wait_for(chance.randint(1, 150))
                steady.wait_for(20)
                writing.kill()
                killed.append(writing)
            history = History(path)  # one more program, while the steady one writes
            compare(history, writing.stored(), killed=True)
            assert history.search(f"killed{number}")
            history.close()
        steady.kill()
    history = History(path)
    for writing in (*killed, steady):
        compare(history, writing.stored(), killed=True)
    assert history._database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    history._database.execute("INSERT INTO words (words) VALUES ('integrity-check')")
    assert history._database.execute("SELECT count(*) FROM pieces").fetchone() == (0,)
    history.purge()
    history.close()
    assert [file.name for file in tmp_path.iterdir()] == ["history.sqlite3"], "the locks of the dead are gone"


def test_a_reply_that_another_program_is_writing_is_left_alone_until_that_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    with Writing(path, "other", 5) as other:
        other.wait_for(5)
        _, conversation, reply, _ = json.loads(other.lines[-1])
        here = History(path)
        mine = here.begin_reply(here.begin(), "tiny", "").id
        here.append(mine, "mine")
        there = History(path)  # another one in this very process
        for history in (here, there):
            theirs = history.messages(conversation)[1]
            assert (theirs.id, theirs.text, theirs.reason) == (reply, " other0ñ other1ñ other2ñ", "writing")
            own = history.message(mine)
            assert own is not None and (own.text, own.reason) == ("mine", "writing")
        other.kill()
        left = here.messages(conversation)[1]  # found without opening the file anew
        assert (left.text, left.reason, left.heard) == (" other0ñ other1ñ other2ñ", "interrupted", 0)
        assert [found.message for found in here.search("other2")] == [left]
        here.end_reply(mine, "finished", None, "", {})
        assert [m.reason for m in there.messages(here.conversations()[0].id)] == ["finished"]
        here.close()
        there.close()


def test_two_programs_that_begin_a_new_file_at_once_both_can(tmp_path: Path) -> None:
    for number in range(5):
        path = tmp_path / str(number) / "history.sqlite3"
        with Writing(path, "one") as one, Writing(path, "two") as two:
            for writing in (one, two):
                writing.wait_for(30)
            for writing in (one, two):
                writing.kill()
            history = History(path)
            for writing in (one, two):
                compare(history, writing.stored(), killed=True)
            history.close()


@pytest.mark.parametrize("writes", [50, 200])
def test_a_token_costs_the_same_however_long_the_reply_is(tmp_path: Path, writes: int) -> None:
    """In pages, not in seconds: what SQLite adds to its log for a token."""
    history = History(tmp_path / "history.sqlite3")
    history._database.execute("PRAGMA wal_autocheckpoint = 0")
    reply = history.begin_reply(history.begin(), "tiny", "").id
    log = tmp_path / "history.sqlite3-wal"
    for _ in range(writes * 100):
        history.append(reply, " token")
    before = log.stat().st_size
    for _ in range(100):
        history.append(reply, " token")
    frame = 4096 + 24
    assert log.stat().st_size - before <= 120 * frame
    history.close()
