"""Conversations on disk: every message as it happens, in one SQLite file.

What a call has returned for is in the file, whatever happens to the program afterwards. Several programs may have the
file open at once.
"""

import json
import re
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from speakstream import history_rows as rows
from speakstream.errors import HistoryError
from speakstream.history_file import explained, open_history
from speakstream.history_rows import Found, Role, StoredConversation, StoredMessage
from speakstream.history_search import plain
from speakstream.history_writers import Writer, clear_locks, is_alive

__all__ = ["Found", "History", "Role", "StoredConversation", "StoredMessage", "history_path"]

TITLE, LONGEST_TITLE = 60, 200
"""Characters of a title that is made of the first prompt, and of one that a person gives."""

DAY = 86400.0

KEPT = 30 * DAY
"""Seconds for which what was deleted may be restored."""

_SURROGATES = re.compile("[\ud800-\udfff]")


class History:
    """Conversations, prompts and replies. Thread-safe; every method returns only when what it does is stored.

    Every method raises HistoryError, one line with the remedy, when the file fails it, and for an id that is not there.
    """

    def __init__(self, path: Path | None) -> None:
        """``path``: the file, made when it is not there; None: in memory only."""
        self._path = path
        self._lock = threading.Lock()
        self._closed = False
        self._writer = Writer(path) if path else None
        self._pieces: dict[int, int] = {}  # of each reply that is being written here, how many
        self._database = open_history(path)
        try:
            self._end_abandoned()
        except BaseException:
            self._database.close()
            raise

    def close(self) -> None:
        """Close the file; replies that are still being written end as interrupted. May be called again."""
        if self._closed:
            return
        try:
            with self._writing() as database:
                for message in list(self._pieces):
                    _end(database, message, "interrupted")
        finally:
            with self._lock, explained(self._path):
                self._closed = True
                self._database.close()
                if self._writer is not None:
                    self._writer.close()

    # -- conversations -------------------------------------------------------------------------------------

    def begin(self, persona: str = "") -> int:
        """The id of a new conversation. It is listed as soon as it has a message."""
        now = time.time()
        with self._writing() as database:
            made = database.execute(
                "INSERT INTO conversations (persona, created, updated) VALUES (?, ?, ?)", (_storable(persona), now, now)
            )
            return made.lastrowid or 0

    def conversations(self, limit: int | None = None, deleted: bool = False) -> list[StoredConversation]:
        """Those that have messages, the newest first; ``deleted``: those that are, and no others."""
        with self._reading() as database:
            return rows.conversations(database, limit, deleted)

    def conversation(self, id: int, deleted: bool = False) -> StoredConversation | None:
        """One of them, with or without messages, or None; ``deleted``: also when it is."""
        with self._reading() as database:
            return rows.conversation(database, id, deleted)

    def latest(self) -> StoredConversation | None:
        """The one in which something happened last."""
        return next(iter(self.conversations(1)), None)

    def rename(self, id: int, title: str) -> None:
        """Give it another title, on one line; "": that of its first prompt again."""
        given = plain(title)[:LONGEST_TITLE].rstrip()
        with self._changing(id) as database:
            database.execute("UPDATE conversations SET title = ?, renamed = ? WHERE id = ?", (given, given != "", id))
            _name_after_prompt(database, id)

    def delete(self, id: int) -> None:
        """Take it out of every list; ``restore`` brings it back, for 30 days."""
        with self._changing(id) as database:
            database.execute("UPDATE conversations SET deleted = ? WHERE id = ?", (time.time(), id))

    def restore(self, id: int) -> None:
        """Undo ``delete``."""
        with self._changing(id) as database:
            database.execute("UPDATE conversations SET deleted = NULL WHERE id = ?", (id,))

    def erase(self, *ids: int) -> None:
        """Delete them for good: nothing of them is left in the file. None of them is, when one is not there."""
        with self._changing(*ids) as database:
            database.executemany("DELETE FROM conversations WHERE id = ?", [(id,) for id in ids])
        self._scrub()

    def purge(self) -> None:
        """Erase what was deleted over 30 days ago, and conversations that have had no message for a day."""
        now = time.time()
        with self._writing() as database:
            gone = database.execute(
                "DELETE FROM conversations WHERE deleted < ? OR (created < ? AND NOT EXISTS"
                " (SELECT 1 FROM messages WHERE messages.conversation = conversations.id))",
                (now - KEPT, now - DAY),
            ).rowcount
            if self._path is not None:
                clear_locks(self._path)
        if gone:
            self._scrub()

    # -- messages ------------------------------------------------------------------------------------------

    def messages(self, conversation: int, limit: int | None = None) -> list[StoredMessage]:
        """Its messages in order; ``limit``: only so many of the newest. Of a reply being written, what there is.

        A reply whose program is gone is interrupted.
        """
        self._end_abandoned()
        with self._reading() as database:
            return rows.messages(database, conversation, limit)

    def message(self, id: int) -> StoredMessage | None:
        """One message, also of a deleted conversation; None: there is none."""
        with self._reading() as database:
            return rows.message(database, id)

    def add_prompt(self, conversation: int, text: str, told: str = "") -> StoredMessage:
        """Store what was asked. ``told``: as the model is told it, where that is more than was typed."""
        with self._changing(conversation) as database:
            id = _add(database, conversation, role="user", text=_storable(text), told=_storable(told))
            _name_after_prompt(database, conversation)
            return _stored(database, id)

    def begin_reply(self, conversation: int, model: str, voice: str) -> StoredMessage:
        """Store that a reply begins; ``voice``: "" when it is not spoken."""
        with self._changing(conversation) as database:
            writer = ""
            if self._writer is not None:
                self._writer.show()
                writer = self._writer.name
            heard = 0 if voice else None
            id = _add(
                database, conversation, role="assistant", reason="writing", model=model, voice=voice, heard=heard,
                writer=writer,
            )  # fmt: skip
            message = _stored(database, id)
        self._pieces[id] = 0
        return message

    def append(self, message: int, delta: str) -> None:
        """Store more of a reply that was begun here: 20 to 150 µs, however long the reply is."""
        with self._lock, explained(self._path):
            number = self._written_here(message)
            self._pieces[message] = number + 1
            try:
                self._database.execute("INSERT INTO pieces VALUES (?, ?, ?)", (message, number, _storable(delta)))
            except sqlite3.IntegrityError:
                raise _gone(message) from None

    def end_reply(
        self,
        message: int,
        reason: str,
        heard: int | None,
        error: str,
        metrics: Mapping[str, Any],
        model: str = "",
        voice: str = "",
    ) -> None:
        """Store how a reply that was begun here ended; ``model``, ``voice``: those it had, if not as begun.

        ``heard``: None when nothing of it was spoken, by no voice then.
        """
        by = "" if heard is None else _storable(voice) or None
        with self._writing() as database:
            self._written_here(message)
            if not _end(database, message, reason):
                raise _gone(message)
            database.execute(
                "UPDATE messages SET heard = ?, error = ?, metrics = ?,"
                " model = coalesce(?, model), voice = coalesce(?, voice) WHERE id = ?",
                (heard, _storable(error), json.dumps(metrics), _storable(model) or None, by, message),
            )
            database.execute(
                "UPDATE conversations SET updated = ? WHERE id = (SELECT conversation FROM messages WHERE id = ?)",
                (time.time(), message),
            )
        del self._pieces[message]

    def set_heard(self, message: int, heard: int) -> None:
        """Store up to which code point a reply was heard, while it is spoken or later."""
        with self._writing() as database:
            changed = database.execute("UPDATE messages SET heard = ? WHERE id = ?", (heard, rows.key(message)))
            if not changed.rowcount:
                raise _gone(message)

    def cut(self, conversation: int, message: int) -> None:
        """Others take the place of this message and those after it. They stay in the file, and are shown nowhere."""
        with self._changing(conversation) as database:
            found = rows.message(database, message)
            if found is None or found.conversation != conversation:
                raise HistoryError(f"conversation {conversation} has no message {message}")
            database.execute("UPDATE messages SET cut = 1 WHERE conversation = ? AND id >= ?", (conversation, message))

    # -- the rest ------------------------------------------------------------------------------------------

    def search(self, query: str, limit: int = 50) -> list[Found]:
        """Messages that have all that is sought, the newest first; before them conversations that a person named so.

        ``query`` may be anything that a person types; ``history_search`` says how it is read.
        """
        with self._reading() as database:
            return rows.search(database, query, limit)

    def prompts(self, limit: int = 200) -> list[str]:
        """What was asked, each prompt once, the newest first."""
        with self._reading() as database:
            return rows.prompts(database, limit)

    def draft(self, conversation: int | None) -> str:
        """What was typed and not sent; None: for a conversation that is not begun yet."""
        with self._reading() as database:
            found = database.execute("SELECT text FROM drafts WHERE conversation = ?", (rows.key(conversation or 0),))
            return str(next(found, ("",))[0])

    def set_draft(self, conversation: int | None, text: str) -> None:
        """Store what is typed and not sent; "": nothing is."""
        with self._writing() as database:
            if conversation is not None:
                rows.must_have(database, conversation)
            if text:
                draft = conversation or 0, _storable(text)
                database.execute("INSERT OR REPLACE INTO drafts (conversation, text) VALUES (?, ?)", draft)
            else:
                database.execute("DELETE FROM drafts WHERE conversation = ?", (conversation or 0,))

    # -- transactions --------------------------------------------------------------------------------------

    def _reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """One state of the file, whatever others write meanwhile."""
        return self._transaction("BEGIN")

    def _writing(self) -> AbstractContextManager[sqlite3.Connection]:
        """All that is done, or nothing; others wait."""
        return self._transaction("BEGIN IMMEDIATE")

    @contextmanager
    def _changing(self, *ids: int) -> Iterator[sqlite3.Connection]:
        """Writing to conversations that have to be there."""
        with self._writing() as database:
            for id in ids:
                rows.must_have(database, id)
            yield database

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, explained(self._path):
            self._must_be_open()
            self._database.execute(begin)
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:  # a full disk has ended it already
                    self._database.execute("ROLLBACK")
                raise

    def _must_be_open(self) -> None:
        if self._closed:
            raise HistoryError("the history is closed: the program is ending")

    def _written_here(self, message: int) -> int:
        """How many pieces a reply has. Raises HistoryError when it is not being written by this History."""
        self._must_be_open()
        if message not in self._pieces:
            raise HistoryError(f"message {message} is not being written")
        return self._pieces[message]

    def _end_abandoned(self) -> None:
        """End the replies that a program was writing when it came to its own end."""
        path, own = self._path, self._writer
        if path is None or own is None:
            return
        query = "SELECT DISTINCT writer FROM messages WHERE reason = 'writing' AND writer != ?"
        with self._reading() as database:
            if not database.execute(query, (own.name,)).fetchone():
                return
        with self._writing() as database:
            for (writer,) in database.execute(query, (own.name,)).fetchall():
                if not is_alive(path, writer):
                    left = database.execute(
                        "SELECT id FROM messages WHERE reason = 'writing' AND writer = ?", (writer,)
                    )
                    for (message,) in left.fetchall():
                        _end(database, message, "interrupted")

    def _scrub(self) -> None:
        """Write the index of the search anew, and the log into the file: what was erased is in neither any more."""
        with self._writing() as database:
            database.execute("INSERT INTO words (words) VALUES ('optimize')")
        with self._lock, explained(self._path):
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def _storable(text: str) -> str:
    """The text, as long as it was: a lone surrogate, which no file can hold, becomes U+FFFD."""
    return _SURROGATES.sub("\ufffd", text)


def _add(database: sqlite3.Connection, conversation: int, **values: str | int | None) -> int:
    """Add a message at the end of a conversation; its id."""
    now = time.time()
    columns = {"conversation": conversation, "created": now, "text": "", "reason": "", **values}
    made = database.execute(
        f"INSERT INTO messages ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
        [_storable(value) if isinstance(value, str) else value for value in columns.values()],
    )
    database.execute("UPDATE conversations SET updated = ? WHERE id = ?", (now, conversation))
    return made.lastrowid or 0


def _stored(database: sqlite3.Connection, id: int) -> StoredMessage:
    message = rows.message(database, id)
    assert message is not None  # it was added in this transaction
    return message


def _end(database: sqlite3.Connection, message: int, reason: str) -> bool:
    """Make one text of the pieces of a reply, in which it can be found; False when the reply is gone."""
    text = rows.written(database, message)
    database.execute("DELETE FROM pieces WHERE message = ?", (message,))
    changed = database.execute("UPDATE messages SET text = ?, reason = ? WHERE id = ?", (text, reason, message))
    return changed.rowcount > 0


def _name_after_prompt(database: sqlite3.Connection, conversation: int) -> None:
    """Give a conversation the title of its first prompt, unless a person has named it."""
    first = database.execute(
        "SELECT substr(text, 1, 2000) FROM messages WHERE conversation = ? AND role = 'user' AND cut = 0"
        " ORDER BY id LIMIT 1",
        (conversation,),
    ).fetchone()
    if first is not None:
        named = "UPDATE conversations SET title = ? WHERE id = ? AND NOT renamed"
        database.execute(named, (_title(first[0]), conversation))


def _title(prompt: str) -> str:
    """A prompt on one line, cut after a word if there is one to cut after."""
    line = plain(prompt)
    if len(line) > TITLE:
        words = line[:TITLE].rpartition(" ")[0]
        line = (words if len(words) > TITLE // 2 else line[: TITLE - 1]).rstrip(" ,;:") + "…"
    return line or "Untitled"


def _gone(message: int) -> HistoryError:
    return HistoryError(f"message {message} is no longer in the history: its conversation was erased meanwhile")


def history_path() -> Path:
    """Where the user's conversations are kept; the file need not exist."""
    from platformdirs import user_data_path

    return user_data_path("speakstream", appauthor=False) / "history.sqlite3"
