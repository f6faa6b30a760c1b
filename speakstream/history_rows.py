"""What the history holds, as values, and the queries that read them. All of it within a transaction of the caller."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from speakstream import history_search
from speakstream.errors import HistoryError

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A prompt or a reply."""

    id: int
    conversation: int
    role: Role
    text: str  # the prompt as typed; the reply whole
    heard: int | None  # of a reply: code points of it that were heard; None: nothing was spoken (a silent turn)
    reason: str  # of a reply: "finished" | "interrupted" | "failed"; "writing" until it ended; of a prompt: ""
    error: str  # one line, when it failed
    model: str
    voice: str  # "" when silent
    created: float  # seconds since 1970
    metrics: Mapping[str, Any]  # Metrics.since_submitted(); {} until it ended
    told: str = ""  # of a prompt: as the model was told it, with the files it names; "": as typed


@dataclass(frozen=True, slots=True)
class StoredConversation:
    """What a list of conversations shows of one."""

    id: int
    title: str  # of the first prompt, one line, at most 60 characters, until it is renamed
    created: float
    updated: float
    messages: int  # how many
    persona: str  # its name; "" for none


@dataclass(frozen=True, slots=True)
class Found:
    """One hit of a search."""

    conversation: StoredConversation
    message: StoredMessage
    excerpt: str  # around the hit, plain text, one line
    marks: tuple[tuple[int, int], ...]  # where the words that were sought stand in the excerpt


_MESSAGE = (
    "m.id, m.conversation, m.role, m.text, m.heard, m.reason, m.error, m.model, m.voice, m.created, m.metrics, m.told"
)
_CONVERSATION = (
    "c.id, c.title, c.created, c.updated,"
    " (SELECT count(*) FROM messages n WHERE n.conversation = c.id AND n.cut = 0) AS count, c.persona"
)


def key(id: int) -> int:
    """An id as SQLite takes it; 0, which is nothing's, for a number that is larger than any."""
    return id if 0 <= id < 2**63 else 0


def most(limit: int | None) -> int:
    """A limit as SQLite takes it."""
    return -1 if limit is None else min(max(limit, 0), 2**31)


def conversations(database: sqlite3.Connection, limit: int | None, deleted: bool) -> list[StoredConversation]:
    """Those that have messages, the newest first; ``deleted``: those that are."""
    rows = database.execute(
        f"SELECT {_CONVERSATION} FROM conversations c WHERE (c.deleted IS NOT NULL) = ? AND count > 0"
        " ORDER BY c.updated DESC, c.id DESC LIMIT ?",
        (deleted, most(limit)),
    )
    return [StoredConversation(*row) for row in rows]


def conversation(database: sqlite3.Connection, id: int, deleted: bool = False) -> StoredConversation | None:
    """One of them; ``deleted``: also when it is."""
    query = f"SELECT {_CONVERSATION} FROM conversations c WHERE c.id = ? AND (c.deleted IS NULL OR ?)"
    return next((StoredConversation(*row) for row in database.execute(query, (key(id), deleted))), None)


def must_have(database: sqlite3.Connection, id: int) -> None:
    """Raise HistoryError when there is no such conversation, not even a deleted one."""
    if not database.execute("SELECT 1 FROM conversations WHERE id = ?", (key(id),)).fetchone():
        raise HistoryError(f"there is no conversation {id}; see: speakstream history list")


def messages(database: sqlite3.Connection, conversation: int, limit: int | None) -> list[StoredMessage]:
    """Its messages in order; ``limit``: only so many of the newest."""
    rows = database.execute(
        f"SELECT {_MESSAGE} FROM messages m WHERE m.conversation = ? AND m.cut = 0 ORDER BY m.id DESC LIMIT ?",
        (key(conversation), most(limit)),
    ).fetchall()
    return list(_messages(database, reversed(rows)))


def message(database: sqlite3.Connection, id: int) -> StoredMessage | None:
    """One message."""
    rows = database.execute(f"SELECT {_MESSAGE} FROM messages m WHERE m.id = ? AND m.cut = 0", (key(id),)).fetchall()
    return next(_messages(database, rows), None)


def written(database: sqlite3.Connection, message: int) -> str:
    """As much of a reply as there is while it is being written."""
    rows = database.execute("SELECT text FROM pieces WHERE message = ? ORDER BY number", (message,))
    return "".join(text for (text,) in rows)


def _messages(database: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> Iterator[StoredMessage]:
    for id, of, role, text, heard, reason, error, model, voice, created, metrics, told in rows:
        whole = written(database, id) if reason == "writing" else text
        yield StoredMessage(id, of, role, whole, heard, reason, error, model, voice, created, json.loads(metrics), told)


def prompts(database: sqlite3.Connection, limit: int) -> list[str]:
    """What was asked, each prompt once, the newest first."""
    newest = dict[str, None]()
    for (text,) in database.execute(
        "SELECT m.text FROM messages m JOIN conversations c ON c.id = m.conversation"
        " WHERE m.role = 'user' AND m.cut = 0 AND c.deleted IS NULL ORDER BY m.id DESC"
    ):
        if len(newest) >= limit:
            break
        newest[text] = None
    return list(newest)


def search(database: sqlite3.Connection, query: str, limit: int) -> list[Found]:
    """Messages that have all that is sought, the newest first; before them conversations that a person named so."""
    wanted = history_search.terms(query)
    if not wanted:
        return []
    conditions, values = ["m.cut = 0", "c.deleted IS NULL"], list[Any]()
    if match := history_search.match_expression(wanted):
        conditions.append("m.id IN (SELECT rowid FROM words WHERE words MATCH ?)")
        values.append(match)
    for pattern in history_search.like_patterns(wanted):
        conditions.append(r"m.text LIKE ? ESCAPE '\'")
        values.append(pattern)
    hits = database.execute(
        f"SELECT {_MESSAGE} FROM messages m JOIN conversations c ON c.id = m.conversation"
        f" WHERE {' AND '.join(conditions)} ORDER BY m.id DESC LIMIT ?",
        (*values, most(limit)),
    ).fetchall()
    found = _named(database, wanted)
    for hit in _messages(database, hits):
        of = conversation(database, hit.conversation)
        assert of is not None  # it is in the same snapshot
        found.append(Found(of, hit, *history_search.excerpt(wanted, hit.text)))
    return found[:limit]


def _named(database: sqlite3.Connection, wanted: list[history_search.Term]) -> list[Found]:
    """Conversations whose title, given by a person, has all that is sought; the message is their first."""
    found = []
    rows = database.execute(
        f"SELECT {_CONVERSATION} FROM conversations c WHERE c.renamed AND c.deleted IS NULL AND count > 0"
        " ORDER BY c.updated DESC, c.id DESC"
    ).fetchall()
    for row in rows:
        of = StoredConversation(*row)
        if history_search.is_in(wanted, of.title):
            first = database.execute(
                f"SELECT {_MESSAGE} FROM messages m WHERE m.conversation = ? AND m.cut = 0 ORDER BY m.id LIMIT 1",
                (of.id,),
            ).fetchall()
            found += [Found(of, hit, *history_search.excerpt(wanted, of.title)) for hit in _messages(database, first)]
    return found
