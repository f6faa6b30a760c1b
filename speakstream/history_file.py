"""The history's SQLite file: made, opened and found sound, and what goes wrong with it in words for a person."""

import os
import sqlite3
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from speakstream.errors import HistoryError, folded, one_line
from speakstream.history_schema import APPLICATION, MIGRATIONS, migrate, version

PATIENCE = 10.0
"""Seconds to wait for another process that writes. A write takes milliseconds; erasing a great deal, a second."""

_ELSE = "or chat without it: SAVE_CHAT_HISTORY=false"
_AWAY = f"move it away to begin a new one, {_ELSE}"
_REMEDIES = {
    sqlite3.SQLITE_NOTADB: f"it is damaged, or no history at all; {_AWAY}",
    sqlite3.SQLITE_CORRUPT: f"it is damaged; put a copy back, or {_AWAY}",
    sqlite3.SQLITE_FULL: f"the disk is full; free some space, {_ELSE}",
    sqlite3.SQLITE_READONLY: f"it cannot be written; give yourself the right to write it and its folder, {_ELSE}",
    sqlite3.SQLITE_PERM: f"it cannot be opened; give yourself the right to read and write it, {_ELSE}",
    sqlite3.SQLITE_CANTOPEN: f"it cannot be opened; give yourself the right to read and write it, {_ELSE}",
    sqlite3.SQLITE_BUSY: "another program keeps it locked; end that one, then try again",
    sqlite3.SQLITE_IOERR: f"the disk does not take it or give it back; see to the disk, {_ELSE}",
}


def open_history(path: Path | None) -> sqlite3.Connection:
    """The database, up to date, made if need be; None: in memory. Raises HistoryError; it is then as it was."""
    with explained(path):
        if path is not None:
            _make(path)
        database = sqlite3.connect(path or ":memory:", PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            if path is not None:
                _check(database, path)
                _use_wal(database)
            database.execute("PRAGMA synchronous = NORMAL")  # with WAL, only a power cut can lose the last writes
            database.execute("PRAGMA foreign_keys = ON")
            database.execute("PRAGMA secure_delete = ON")  # what is erased is not to be found in the file any more
            migrate(database)
        except BaseException:
            database.close()
            raise
    return database


@contextmanager
def explained(path: Path | None) -> Iterator[None]:
    """What SQLite and the system say, as a HistoryError: one line, with the remedy."""
    where = one_line(str(path or "the history in memory"))
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:  # a wrong use of the module, not a trouble of the file
            raise
        said = _REMEDIES.get(code & 0xFF, f"{folded(error)}; move it away to begin a new one, {_ELSE}")
        raise HistoryError(f"{where}: {said}") from error
    except OSError as error:
        raise HistoryError(f"{where}: {error.strerror or error}; see to its folder, {_ELSE}") from error


def _make(path: Path) -> None:
    """The file, for its owner alone, empty if it was not there. Raises OSError, HistoryError.

    A file that is there is not opened here: closing it would free the locks that SQLite has on it in this process.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            what = "a folder" if stat.S_ISDIR(mode) else "no ordinary file"
            raise HistoryError(f"{one_line(str(path))}: this is {what}; {_AWAY}") from None
        if not os.access(path, os.R_OK | os.W_OK):
            raise HistoryError(f"{one_line(str(path))}: {_REMEDIES[sqlite3.SQLITE_READONLY]}") from None
        if sys.platform != "win32" and mode & 0o077 and path.stat().st_uid == os.getuid():
            path.chmod(mode & 0o700)


def _check(database: sqlite3.Connection, path: Path) -> None:
    """Raise HistoryError for a file that is another program's, or a later version's."""
    where = one_line(str(path))
    database.execute("BEGIN")  # all from one state of the file, which another process may be making just now
    number = version(database)
    application = database.execute("PRAGMA application_id").fetchone()[0]
    tables = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    database.execute("COMMIT")
    if application != APPLICATION and tables:
        raise HistoryError(f"{where}: this is a database of another program; {_AWAY}")
    if number > len(MIGRATIONS):
        raise HistoryError(
            f"{where}: a newer SpeakStream has written it (format {number}; this one knows {len(MIGRATIONS)}); "
            f"update this one, or {_AWAY}"
        )


def _use_wal(database: sqlite3.Connection) -> None:
    """Readers and a writer beside each other. Of two that begin a file at once, SQLite lets one fail, not wait."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)
