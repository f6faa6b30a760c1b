"""Conversations as a client lists them, and as it gives back those that it kept itself."""

from collections.abc import Iterable

from speakstream.history import History
from speakstream.server import wire
from speakstream.server.shape import Utf16
from speakstream.server.wire import Kept

LISTED = 200
"""The most of a list."""


def restored(history: History, kept: Iterable[Kept]) -> int:
    """A conversation of a client's own, in a history of its own."""
    conversation = history.begin()
    for one in kept:
        if one.role == "user":
            history.add_prompt(conversation, one.text)
            continue
        heard = None if one.heard is None else Utf16(one.text).code_point(one.heard)
        reply = history.begin_reply(conversation, "", "")
        history.append(reply.id, one.text)
        history.end_reply(reply.id, "finished" if heard is None else "interrupted", heard, "", {})
    return conversation


def listed(history: History, query: str) -> list[wire.Conversation]:
    """Those of a history that have what is sought; "": all."""
    if not query.strip():
        return [
            wire.Conversation(one.id, one.title, one.updated, one.messages, one.persona)
            for one in history.conversations(LISTED)
        ]
    found: dict[int, wire.Conversation] = {}
    for hit in history.search(query, LISTED):
        one = hit.conversation
        told = wire.Conversation(one.id, one.title, one.updated, one.messages, one.persona, hit.excerpt)
        found.setdefault(one.id, told)
    return list(found.values())
