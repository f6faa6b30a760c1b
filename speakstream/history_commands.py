"""What ``speakstream history`` does: list the conversations that are kept, show, search, export, delete them.

What is stored may be anything; nothing of it reaches the terminal as a control sequence.
"""

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

from speakstream.cells import cells
from speakstream.command_line import tell, wrong_usage
from speakstream.errors import HistoryError
from speakstream.export import as_json, as_markdown, conversation_keys, document, export, found_keys, part
from speakstream.history import Found, History, StoredConversation, history_path
from speakstream.history_search import plain
from speakstream.interrupts import Interrupts, exit_status
from speakstream.listings import broken
from speakstream.settings import Settings

LAST = "last"
"""The conversation in which something happened last."""

GAP, INDENT = "  ", "    "
NARROW = 20
"""Columns; with fewer for the title, it has a line of its own."""

_NONE = "no conversation is kept yet; to begin one: speakstream chat"


def list_conversations(limit: int | None, deleted: bool, as_objects: bool) -> None:
    """Print the conversations, the newest first."""
    with _history() as history:
        found = history.conversations(limit, deleted) if history is not None else []
    if as_objects:
        print(as_json([conversation_keys(told) for told in found]), end="")
    elif found:
        _print_rows([_row(told) for told in found], sys.stdout)
        if deleted:
            tell(["to bring one back: speakstream history restore ID; each is erased 30 days after it was deleted"])
        else:
            tell(["to read one: speakstream history show ID; to go on with it: speakstream chat --resume ID"])
    else:
        tell(["no conversation is deleted" if deleted else _NONE])


def show_conversation(wanted: str, message: int | None, as_object: bool) -> None:
    """Print a conversation, or a turn of it. Raises HistoryError when it is not there."""
    with _history() as history:
        told, messages = part(*_chosen(history, wanted), message)
    print(as_json(document(told, messages)) if as_object else as_markdown(told, messages, numbered=True), end="")


def search_conversations(query: str, limit: int, as_objects: bool) -> None:
    """Print where all the words of ``query`` stand, the newest first."""
    with _history() as history:
        found = history.search(query, limit) if history is not None else []
    if as_objects:
        print(as_json([found_keys(one) for one in found]), end="")
    elif found:
        _print_found(found)
        tell(["to read one: speakstream history show ID --message NUMBER"])
    else:
        tell([f"nothing was found for {query!r}"])


def export_conversation(wanted: str, path: Path, message: int | None, force: bool, settings: Settings) -> int:
    """Write a conversation, or a turn of it, to a file; the exit status. Raises SpeakStreamError when that fails."""
    from speakstream.loading import Resources

    resources = Resources()
    with _history() as history, Interrupts(resources.cancelled.set, _nothing, _nothing) as interrupts:
        opened, id = _chosen(history, wanted)
        try:
            done = export(
                opened, id, path, message=message, force=force, settings=settings, resources=resources,
                notify=lambda line: tell([line]), progress=_show_progress,
            )  # fmt: skip
        finally:
            _show_progress(0, 0)
            resources.close()
        tell([done])
    return exit_status(interrupts.signal) if interrupts.signal else 0


def remove_conversations(wanted: Sequence[str], sure: bool) -> int:
    """Erase conversations for good, once the person is sure; the exit status. Raises HistoryError."""
    if not sure and not (sys.stdin.isatty() and sys.stderr.isatty()):
        wrong_usage("rm asks before it erases, and there is nobody to ask here: give --yes", "history rm")
    with _history() as history:
        ids = list(dict.fromkeys(_chosen(history, one, deleted=True)[1] for one in wanted))
        opened, _ = _chosen(history, wanted[0], deleted=True)
        told = [one for id in ids if (one := opened.conversation(id, deleted=True)) is not None]
        if not sure:
            _print_rows([_row(one) for one in told], sys.stderr)
            print(f"Erase {_count(len(ids), 'conversation')} for good? [y/N] ", end="", file=sys.stderr, flush=True)
            if sys.stdin.readline().strip().lower() not in ("y", "yes"):
                tell(["nothing was erased"])
                return 1
        opened.erase(*ids)
    tell([f"erased: {plain(one.title)} ({_count(one.messages, 'message')})" for one in told])
    return 0


def restore_conversation(wanted: str) -> None:
    """Bring back a conversation that was deleted. Raises HistoryError when it is not there."""
    with _history() as history:
        opened, id = _chosen(history, wanted, deleted=True)
        opened.restore(id)
        told = opened.conversation(id)
    assert told is not None  # it was there a moment ago
    tell([f"{plain(told.title)} is back in the list"])


def conversation_ids(incomplete: str) -> list[tuple[str, str]]:
    """The conversations that complete what a shell has so far, with their titles."""
    with _history() as history:
        found = history.conversations() if history is not None else []
    return [(str(told.id), plain(told.title)) for told in found if str(told.id).startswith(incomplete)]


@contextmanager
def _history() -> Iterator[History | None]:
    """The user's history; None: there is none, and none is made."""
    path = history_path()
    if not path.exists():
        yield None
        return
    history = History(path)
    try:
        yield history
    finally:
        history.close()


def _chosen(history: History | None, wanted: str, deleted: bool = False) -> tuple[History, int]:
    """The history, and the id of the conversation that a person named. ``deleted``: it may be."""
    if wanted != LAST and not (wanted.isascii() and wanted.isdigit()):
        wrong_usage(f"{wanted!r} is no conversation: give its number, or {LAST}", "history")
    if history is None:
        raise HistoryError(_NONE)
    if wanted == LAST:
        if (latest := history.latest()) is None:
            raise HistoryError(_NONE)
        return history, latest.id
    id = int(wanted[:20])
    told = history.conversation(id, deleted)
    if told is None or not (told.messages or deleted):
        raise HistoryError(f"there is no conversation {wanted[:20]}; see: speakstream history list")
    return history, id


# -- what is printed --------------------------------------------------------------------------------------


def _row(told: StoredConversation) -> tuple[str, ...]:
    persona = f" ({plain(told.persona)})" if told.persona else ""
    return str(told.id), _when(told.updated), _count(told.messages, "message"), plain(told.title) + persona


def _print_rows(rows: Sequence[tuple[str, ...]], out: TextIO) -> None:
    """Columns as wide as their widest cell; on a terminal the last one is cut to what is left of the line."""
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)][:-1]
    columns = shutil.get_terminal_size().columns - 1
    room = columns - sum(widths) - len(GAP) * len(widths)
    for *first, last in rows:
        start = GAP.join(cell + " " * (width - cells(cell)) for cell, width in zip(first, widths, strict=True))
        if not out.isatty():
            print(f"{start}{GAP}{last}", file=out)
        elif room >= NARROW:
            print(f"{start}{GAP}{_cut(last, room)}", file=out)
        else:
            print(broken([*first, _cut(last, columns - len(INDENT) - 1)], columns), file=out)
    out.flush()


def _cut(text: str, room: int) -> str:
    """As much of a text as fits."""
    if cells(text) <= room:
        return text
    while text and cells(text) >= room:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _print_found(found: Sequence[Found]) -> None:
    """The hits: on a terminal under the title of each conversation, elsewhere each on a line."""
    on_terminal = sys.stdout.isatty()
    columns = shutil.get_terminal_size().columns
    before: int | None = None
    for one in found:
        told, message = one.conversation, one.message
        who = "you" if message.role == "user" else "reply"
        if not on_terminal:
            print(f"{told.id}  {message.id}  {_when(message.created)}  {who}  {one.excerpt}")
            continue
        if told.id != before:
            _print_rows([_row(told)], sys.stdout)
        before = told.id
        text = f"message {message.id}, {who}: {one.excerpt}"
        print(textwrap.fill(text, columns - 1, initial_indent=INDENT, subsequent_indent=INDENT))
    sys.stdout.flush()


def _when(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment):%Y-%m-%d %H:%M}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _show_progress(done: int, count: int) -> None:
    if sys.stderr.isatty():
        line = "" if done == count else f"speaking reply {done + 1} of {count}"
        print(f"\r{line}\x1b[K", end="", file=sys.stderr, flush=True)


def _nothing() -> None:
    pass
