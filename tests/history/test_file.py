"""The file itself: whose it is, how older ones are brought up to date, and what is said when it can't be used."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from speakstream import history_file, history_schema
from speakstream.errors import HistoryError
from speakstream.history import History, history_path
from speakstream.history_schema import MIGRATIONS
from tests.program import environment

VERSIONS = Path(__file__).parent / "versions"


def filled(path: Path, sentences: int = 1) -> Path:
    """A history with one conversation."""
    history = History(path)
    id = history.begin()
    for number in range(sentences):
        history.add_prompt(id, f"Sentence {number} of a conversation that should not be lost. " * 20)
    history.close()
    return path


def complaint(path: Path) -> str:
    """The one line with which a file is refused."""
    with pytest.raises(HistoryError) as caught:
        History(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ") and "\n" not in message
    return message.removeprefix(f"{path}: ")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# -- whose it is ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_nobody_else_can_read_it_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    path = tmp_path / "share" / "speakstream" / "history.sqlite3"
    before = os.umask(mask)
    try:
        history = History(path)
        reply = history.begin_reply(history.begin(), "tiny", "").id
        history.append(reply, "secret")
        assert mode(path.parent) == 0o700
        files = list(path.parent.iterdir())
        assert len(files) == 4, "the file, its log, the index of the log, the lock of its writer"
        assert {file.name: mode(file) for file in files} == {file.name: 0o600 for file in files}
        history.close()
    finally:
        os.umask(before)


def test_a_file_that_others_can_read_becomes_private_and_its_folder_is_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    path = filled(tmp_path / "history.sqlite3")
    path.chmod(0o644)
    History(path).close()
    assert (mode(path), mode(tmp_path)) == (0o600, 0o755)


def test_it_is_kept_in_the_users_data_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from speakstream.history import history_path; print(history_path(), end='')"],
        capture_output=True, text=True, check=True, env=environment(tmp_path),
    )  # fmt: skip
    assert done.stdout == str(tmp_path / "data" / "speakstream" / "history.sqlite3")
    assert history_path().name == "history.sqlite3"


def test_what_is_erased_is_not_in_the_file_any_more(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    history = History(path)
    for word in ("Xylophone", "Quetzalcoatl"):
        id = history.begin(f"persona {word}")
        history.add_prompt(id, f"{word} " * 300 + "what is it?")
        reply = history.begin_reply(id, word, word)
        history.append(reply.id, f"A {word}-like thing. " * 300)
        history.end_reply(reply.id, "failed", 3, f"no {word}", {word: 1})
        history.set_draft(id, f"And {word}")
    history.cut(id, reply.id)

    def bytes_of_all() -> bytes:
        return b"".join(file.read_bytes() for file in tmp_path.iterdir()).lower()

    assert b"quetzal" in bytes_of_all()
    history.erase(id)
    assert b"quetzal" not in bytes_of_all()
    assert b"xylophone" in bytes_of_all()
    assert len(history.search("xylo")) == 2
    history.close()


# -- older and newer files --------------------------------------------------------------------------------


def schema(path: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return sorted(database.execute("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master").fetchall())


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
def test_a_file_of_every_version_is_brought_up_to_date_with_all_that_is_in_it(tmp_path: Path, version: int) -> None:
    path = tmp_path / "history.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.executescript((VERSIONS / f"{version}.sql").read_text(encoding="utf-8"))
    history = History(path)
    assert [(told.id, told.title, told.messages, told.persona) for told in history.conversations()] == [
        (2, "Café talk", 2, "pirate"), (1, "Why is the sky blue?", 2, ""),
    ]  # fmt: skip
    sky = history.messages(1)
    assert [(m.id, m.role, m.text, m.heard, m.reason) for m in sky] == [
        (1, "user", "Why is the sky blue?", None, ""),
        (2, "assistant", "Because of Rayleigh scattering.", 31, "finished"),
    ]
    assert (sky[1].model, sky[1].voice, sky[1].created, sky[1].metrics) == (
        "tiny", "hibari/heart", 1767225601.0, {"tokens": 6},
    )  # fmt: skip
    reply = history.messages(2)[1]
    assert (reply.text, reply.reason, reply.heard) == ("Aye, captain", "interrupted", 3)
    assert [found.message.id for found in history.search("captain")] == [5]
    assert [found.message.id for found in history.search("cafe")] == [4, 4], "by its name, and in its prompt"
    assert (history.draft(None), history.draft(1)) == ("Tell me", "And green?")
    history.restore(3)
    assert [m.text for m in history.messages(3)] == ["Gone"]
    new = history.begin()
    assert new == 4
    history.add_prompt(new, "Still works")
    history.close()
    assert schema(path) == schema(filled(tmp_path / "new.sqlite3")), "an old file and a new one have become different"


def fake_migration(monkeypatch: pytest.MonkeyPatch, *statements: str) -> None:
    """One more migration, as a later version of the program has it."""
    migrations = (*MIGRATIONS, statements)
    for module in (history_schema, history_file):
        monkeypatch.setattr(module, "MIGRATIONS", migrations)


def test_a_migration_is_made_once_and_keeps_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path / "history.sqlite3")
    fake_migration(monkeypatch, "ALTER TABLE messages ADD COLUMN stars INTEGER NOT NULL DEFAULT 5")
    for _ in range(2):
        history = History(path)
        assert history.conversations()[0].messages == 1
        history.close()
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT stars FROM messages").fetchall() == [(5,)]
        assert database.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path / "history.sqlite3")
    before = schema(path)
    with monkeypatch.context() as patched:
        fake_migration(patched, "ALTER TABLE messages ADD COLUMN stars INTEGER", "DELETE FROM messages", "BROKEN")
        assert "syntax error" in complaint(path)
    assert schema(path) == before
    history = History(path)
    assert history.conversations()[0].messages == 1
    history.close()


def test_a_newer_file_is_refused_and_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history.sqlite3"
    with monkeypatch.context() as patched:
        fake_migration(patched, "CREATE TABLE more (a)")
        filled(path)
    before = path.read_bytes()
    said = complaint(path)
    assert (
        f"a newer SpeakStream has written it (format {len(MIGRATIONS) + 1}; this one knows {len(MIGRATIONS)})" in said
    )
    assert "update this one" in said
    assert path.read_bytes() == before


# -- what can't be used -----------------------------------------------------------------------------------


def another_programs(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.executescript("CREATE TABLE bookmarks (url); INSERT INTO bookmarks VALUES ('https://example.org')")


def without_its_end(path: Path) -> None:
    data = filled(path, 200).read_bytes()
    path.write_bytes(data[: len(data) // 2])


def with_a_hole(path: Path) -> None:
    data = bytearray(filled(path, 200).read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)


def with_another_header(path: Path) -> None:
    data = bytearray(filled(path).read_bytes())
    data[:16] = bytes(16)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: path.write_text("My diary, page 1\n" * 500), "it is damaged, or no history at all; move it away"),
        (lambda path: path.write_bytes(os.urandom(50_000)), "it is damaged, or no history at all; move it away"),
        (with_another_header, "it is damaged, or no history at all; move it away"),
        (another_programs, "this is a database of another program; move it away"),
        (without_its_end, "it is damaged; put a copy back, or move it away"),
        (with_a_hole, "it is damaged; put a copy back, or move it away"),
    ],
)
def test_a_file_that_is_no_history_or_damaged_is_never_written_over(
    tmp_path: Path, make: Callable[[Path], object], says: str
) -> None:
    path = tmp_path / "history.sqlite3"
    make(path)
    before = path.read_bytes()

    def use() -> None:
        history = History(path)
        try:
            history.conversations()
            for number in range(1, 300):
                history.message(number)
            history.search("sentence")
        finally:
            history.close()

    with pytest.raises(HistoryError) as caught:
        use()
    message = str(caught.value)
    assert message.startswith(f"{path}: {says}") and "\n" not in message
    assert message.endswith("SAVE_CHAT_HISTORY=false")
    assert path.read_bytes() == before


def test_an_empty_file_is_taken_for_a_new_history(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    path.touch()
    assert filled(path).stat().st_size > 0


def test_a_folder_or_a_pipe_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "history.sqlite3").mkdir()
    assert complaint(tmp_path / "history.sqlite3").startswith("this is a folder; move it away")
    os.mkfifo(tmp_path / "pipe")
    assert complaint(tmp_path / "pipe").startswith("this is no ordinary file; move it away")


def test_a_file_in_the_place_of_its_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "speakstream").write_text("")
    said = complaint(tmp_path / "speakstream" / "history.sqlite3")
    assert "see to its folder, or chat without it: SAVE_CHAT_HISTORY=false" in said


@contextmanager
def unprivileged() -> Iterator[Path]:
    """A folder of a user who may not do everything: of nobody, where the tests run as the superuser."""
    outside = Path(tempfile.mkdtemp())
    outside.chmod(0o777)
    superuser = os.getuid() == 0
    if superuser:
        os.setresuid(65534, 65534, 0)
    try:
        folder = outside / "speakstream"
        folder.mkdir()
        yield folder
        folder.chmod(0o700)
    finally:
        if superuser:
            os.setresuid(0, 0, 0)
        shutil.rmtree(outside)


def test_a_file_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    with unprivileged() as folder:
        path = filled(folder / "history.sqlite3")
        path.chmod(0o400)
        said = complaint(path)
        assert said.startswith("it cannot be written; give yourself the right to write it and its folder")
        assert mode(path) == 0o400


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_that_may_not_be_written_is_told(there: bool) -> None:
    with unprivileged() as folder:
        path = folder / "history.sqlite3"
        if there:
            filled(path)
        folder.chmod(0o500)
        said = complaint(path)
        folder.chmod(0o700)
        assert ("give yourself the right" if there else "Permission denied; see to its folder") in said
        assert path.exists() == there


def test_a_full_disk_is_told_and_what_was_stored_stays(tmp_path: Path) -> None:
    path = filled(tmp_path / "history.sqlite3")
    history = History(path)
    id = history.begin()
    reply = history.begin_reply(id, "tiny", "").id
    history.append(reply, "kept")
    pages = history._database.execute("PRAGMA page_count").fetchone()[0]
    history._database.execute(f"PRAGMA max_page_count = {pages}")
    calls: list[Callable[[], object]] = [
        lambda: history.add_prompt(id, "x" * 50_000),
        lambda: history.append(reply, "x" * 50_000),
        lambda: history.set_draft(id, "x" * 50_000),
    ]
    for call in calls:
        with pytest.raises(HistoryError, match="the disk is full; free some space"):
            call()
    history._database.execute("PRAGMA max_page_count = 1000000")
    history.append(reply, " and more")
    history.end_reply(reply, "finished", None, "", {})
    assert [m.text for m in history.messages(id)] == ["kept and more"]
    history.close()


def test_a_file_that_another_program_keeps_locked_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_file, "PATIENCE", 0.05)
    path = filled(tmp_path / "history.sqlite3")
    history = History(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HistoryError, match="another program keeps it locked; end that one, then try again"):
            history.begin()
        assert len(history.conversations()) == 1, "it can still be read"
        other.execute("ROLLBACK")
        history.begin()
    history.close()
