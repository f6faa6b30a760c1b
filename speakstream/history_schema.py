"""What the history's file is made of, as numbered migrations.

A file carries the number of the last one that was applied to it (``user_version``). A migration that was released is
never changed: what is to be different comes as one more at the end, and its file as a sample for the tests.
"""

import sqlite3

APPLICATION = 0x53504B48
"""In the header of the file, "SPKH": it tells it from the databases of other programs."""

_FIRST = (
    # AUTOINCREMENT: an id that was erased never comes back as another conversation's
    """CREATE TABLE conversations (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        title TEXT NOT NULL DEFAULT '',
        renamed INTEGER NOT NULL DEFAULT 0, -- 1: the title was given by the person
        persona TEXT NOT NULL,
        created REAL NOT NULL, -- seconds since 1970, as all times here
        updated REAL NOT NULL,
        deleted REAL -- when; NULL: it is not
    )""",
    """CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        conversation INTEGER NOT NULL REFERENCES conversations ON DELETE CASCADE,
        role TEXT NOT NULL, -- user or assistant
        text TEXT NOT NULL, -- of a reply: '' until it ended, see pieces
        heard INTEGER, -- code points of a reply; NULL: it is not spoken
        reason TEXT NOT NULL, -- how a reply ended; 'writing' until then; '' of a prompt
        error TEXT NOT NULL DEFAULT '',
        model TEXT NOT NULL DEFAULT '',
        voice TEXT NOT NULL DEFAULT '',
        created REAL NOT NULL,
        metrics TEXT NOT NULL DEFAULT '{}', -- JSON
        cut INTEGER NOT NULL DEFAULT 0, -- 1: another prompt or reply took its place
        writer TEXT NOT NULL DEFAULT '' -- of a reply: the lock of the process that writes it
    )""",
    "CREATE INDEX messages_of ON messages (conversation, cut)",
    "CREATE INDEX messages_writing ON messages (writer) WHERE reason = 'writing'",
    # a reply while it is written: a row a token, so that a token costs the same however long the reply is
    """CREATE TABLE pieces (
        message INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
        number INTEGER NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (message, number)
    ) WITHOUT ROWID""",
    "CREATE TABLE drafts (conversation INTEGER PRIMARY KEY, text TEXT NOT NULL)",  # 0: of one not begun yet
    "CREATE TRIGGER drafts_gone AFTER DELETE ON conversations BEGIN"
    " DELETE FROM drafts WHERE conversation = old.id; END",
    # the index of the search; the text itself is in messages alone
    """CREATE VIRTUAL TABLE words USING fts5 (
        text, content = '', prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2'
    )""",
    "CREATE TRIGGER words_added AFTER INSERT ON messages WHEN new.text != '' BEGIN"
    " INSERT INTO words (rowid, text) VALUES (new.id, new.text); END",
    "CREATE TRIGGER words_gone AFTER DELETE ON messages WHEN old.text != '' BEGIN"
    " INSERT INTO words (words, rowid, text) VALUES ('delete', old.id, old.text); END",
    "CREATE TRIGGER words_changed AFTER UPDATE OF text ON messages BEGIN"
    " INSERT INTO words (words, rowid, text) SELECT 'delete', old.id, old.text WHERE old.text != '';"
    " INSERT INTO words (rowid, text) SELECT new.id, new.text WHERE new.text != ''; END",
)

_TOLD = ("ALTER TABLE messages ADD COLUMN told TEXT NOT NULL DEFAULT ''",)  # a prompt with its files; '': as typed

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _TOLD)
"""Number N of them, from 1, leads from version N - 1 to version N."""


def migrate(database: sqlite3.Connection) -> None:
    """Bring a file up to date, all of it or nothing. Another process may do the same at the same time."""
    if version(database) == len(MIGRATIONS):
        return
    database.execute("BEGIN IMMEDIATE")
    try:
        for number, statements in enumerate(MIGRATIONS[version(database) :], version(database) + 1):
            for statement in statements:
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {number}")
        database.execute(f"PRAGMA application_id = {APPLICATION}")
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def version(database: sqlite3.Connection) -> int:
    """The number of the last migration that was applied."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])
