"""A conversation, or a turn of it, as a file to keep: Markdown to read, JSON to work with, speech to hear.

Files are written whole or not at all, and none that is there is written over unless that is asked for.
"""

import json
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

from speakstream.errors import HistoryError, SpeakStreamError, one_line
from speakstream.files import write_whole
from speakstream.history import Found, History, StoredConversation, StoredMessage
from speakstream.history_search import plain
from speakstream.text.control import ControlFilter

if TYPE_CHECKING:
    from speakstream.loading import Resources
    from speakstream.settings import Settings
    from speakstream.tts import Voice

FORMAT, VERSION = "speakstream-conversation", 1
"""What the JSON says of itself. A key may be added; another meaning of one would be another version."""

QUOTED_WORDS = 6
"""Of the last words that were heard of an interrupted reply."""


def export(
    history: History,
    conversation: int,
    path: Path,
    *,
    message: int | None = None,
    force: bool = False,
    voice: "Future[Voice] | Voice | None" = None,
    settings: "Settings | None" = None,
    resources: "Resources | None" = None,
    notify: Callable[[str], None] = lambda line: None,
    progress: Callable[[int, int], None] = lambda done, count: None,
) -> str:
    """Write a conversation to a file of the kind that its name ends with; return a line that says what was written.

    ``.md`` and ``.json`` hold all of it. ``.wav`` holds the replies, spoken, with subtitles in an ``.srt`` beside it;
    ``.srt`` and ``.vtt`` mean the same, with subtitles of that kind. ``message``: only the turn that has this message.
    ``force``: write over files that are there.

    The rest is for speech. ``voice`` is open and stays so: it speaks the replies that it spoke, and those whose own
    voice is gone; without it that is the one of ``settings``. Other voices are opened with ``resources``; where there
    are none, they are closed at the end. ``notify`` is given a line for each voice that is gone, ``progress`` the
    replies that are done and how many there are. Setting ``resources.cancelled`` ends it, with nothing written.

    Raises HistoryError for a conversation or message that is not there, SpeakStreamError for a file that can't be
    written, VoiceError and AudioError when the speech fails.
    """
    told, messages = part(history, conversation, message)
    kind = path.suffix.lower()
    if kind in (".md", ".json"):
        _check((path,), force)
        text = as_markdown(told, messages) if kind == ".md" else as_json(document(told, messages))
        try:
            write_whole(path, text)
        except OSError as error:
            raise SpeakStreamError(f"{path}: {error.strerror or error}; name another file") from error
        return f"wrote {path}"
    if kind in (".wav", ".srt", ".vtt"):
        from speakstream.export_speech import write_speech

        wav, subtitles = path.with_suffix(".wav" if kind != ".wav" else path.suffix), path
        if kind == ".wav":
            subtitles = path.with_suffix(".srt")
        _check((wav, subtitles), force)
        replies = [message for message in messages if message.role == "assistant"]
        seconds = write_speech(replies, wav, subtitles, voice, settings, resources, notify, progress)
        if seconds is None:
            return "stopped: nothing was written"
        return f"wrote {wav} ({_length(seconds)}) and {subtitles}"
    raise SpeakStreamError(
        f"{path}: there is no such kind of export; end the name with .md, .json or .wav (or .vtt: with such subtitles)"
    )


def wanted(argument: str) -> tuple[bool, str]:
    """What follows ``/export``: whether it is one turn only ("turn talk.md"), and the name of the file."""
    only, _, name = argument.partition(" ")
    return (True, name.strip()) if only == "turn" and name.strip() else (False, argument)


def part(history: History, conversation: int, message: int | None) -> tuple[StoredConversation, list[StoredMessage]]:
    """A conversation and its messages, or those of the turn that has ``message``: a prompt and what answers it.

    Raises HistoryError when there is no such conversation or message.
    """
    told = history.conversation(conversation)
    messages = history.messages(conversation)
    if told is None or not messages:
        raise HistoryError(f"there is no conversation {conversation}; see: speakstream history list")
    if message is None:
        return told, messages
    ids = [one.id for one in messages]
    if message not in ids:
        raise HistoryError(
            f"conversation {conversation} has no message {message}; see: speakstream history show {conversation}"
        )
    first = last = ids.index(message)
    while first > 0 and messages[first].role != "user":
        first -= 1
    while last + 1 < len(messages) and messages[last + 1].role != "user":
        last += 1
    return told, messages[first : last + 1]


# -- Markdown ---------------------------------------------------------------------------------------------


def as_markdown(told: StoredConversation, messages: Sequence[StoredMessage], numbered: bool = False) -> str:
    """For a reader, in local time; without control sequences. ``numbered``: with the ids of the messages."""
    persona = f" with {plain(told.persona)}" if told.persona else ""
    parts = [f"# {plain(told.title)}", f"Begun {_local(told.created)}{persona}."]
    for message in messages:
        who = "You" if message.role == "user" else plain(message.model) or "Reply"
        number = f", message {message.id}" if numbered else ""
        parts.append(f"## {who}, {_local(message.created)}{number}")
        if text := _self_contained(ControlFilter().push(message.text)):
            parts.append(text)
        if message.role == "assistant":
            parts.append(f"*{_escaped(outcome(message))}*")
    return "\n\n".join(parts) + "\n"


def outcome(message: StoredMessage) -> str:
    """How a reply ended and what of it was heard, in words."""
    parts = []
    if message.reason in ("interrupted", "writing"):
        parts.append("interrupted" if message.reason == "interrupted" else "still being written")
    elif message.reason == "failed":
        parts.append(f"failed: {plain(message.error)}")
    if message.heard is None:
        parts.insert(0, "not spoken")
    else:
        text = message.text[: message.heard]
        by = f" from {plain(message.voice)}" if message.voice else ""
        if message.heard >= len(message.text.rstrip()):
            parts.append(f"heard to the end{by}")
        elif words := re.sub(r"[*_`#]+", "", plain(text)).split():  # the marks mean nothing out of their place
            parts.append(f"heard{by} as far as “{'…' * (len(words) > QUOTED_WORDS)}{' '.join(words[-QUOTED_WORDS:])}”")
        else:
            parts.append("nothing of it was heard")
    said = "; ".join(parts)
    return f"{said[0].upper()}{said[1:]}."


_ENDINGS = ("-->", "?>", "]]>", ">", "</script>", "</pre>", "</style>", "</textarea>")
_SENTINEL = "nothing-else-is-called-this"


def _self_contained(text: str) -> str:
    """Markdown after which something new can begin: what a reply left open (code, a comment) is closed."""
    text = text.strip("\n")
    parser = MarkdownIt("commonmark")
    if not text.strip() or _ends(parser, text):
        return text
    fences = {token.markup for token in parser.parse(text) if token.type == "fence"}
    for ending in (*sorted(fences), *_ENDINGS):
        if _ends(parser, f"{text}\n{ending}"):
            return f"{text}\n{ending}"
    return text


def _ends(parser: MarkdownIt, text: str) -> bool:
    *_, opening, inline, closing = [None, None, *parser.parse(f"{text}\n\n{_SENTINEL}\n")]
    return (
        opening is not None
        and inline is not None
        and closing is not None
        and (opening.type, opening.level) == ("paragraph_open", 0)
        and inline.content == _SENTINEL
    )


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_<>\[\]])", r"\\\1", text)


def _local(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment):%Y-%m-%d %H:%M}"


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


# -- JSON -------------------------------------------------------------------------------------------------


def document(told: StoredConversation, messages: Sequence[StoredMessage]) -> dict[str, Any]:
    """A conversation as JSON has it; docs/history.md says what the keys mean."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "conversation": conversation_keys(told),
        "messages": [message_keys(message) for message in messages],
    }


def conversation_keys(told: StoredConversation) -> dict[str, Any]:
    """A conversation without its messages."""
    return {
        "id": told.id,
        "title": told.title,
        "persona": told.persona,
        "created": _utc(told.created),
        "updated": _utc(told.updated),
        "messages": told.messages,
    }


def message_keys(message: StoredMessage) -> dict[str, Any]:
    """A message; what only a reply has is null, empty or {} of a prompt."""
    return {
        "id": message.id,
        "conversation": message.conversation,
        "role": message.role,
        "created": _utc(message.created),
        "text": message.text,
        "told": message.told,
        "heard": message.heard,
        "reason": message.reason,
        "error": message.error,
        "model": message.model,
        "voice": message.voice,
        "metrics": dict(message.metrics),
    }


def found_keys(found: Found) -> dict[str, Any]:
    """A hit of a search."""
    return {
        "conversation": conversation_keys(found.conversation),
        "message": message_keys(found.message),
        "excerpt": found.excerpt,
        "marks": [list(mark) for mark in found.marks],
    }


def as_json(value: object) -> str:
    """In ASCII: no control sequence reaches a terminal, and nothing of the text is lost."""
    return json.dumps(value, indent=1) + "\n"


def _utc(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# -- files ------------------------------------------------------------------------------------------------


def _check(paths: Sequence[Path], force: bool) -> None:
    """Raise SpeakStreamError before the work for files that are there, or could not be written after it."""
    for path in paths:
        name = one_line(str(path))
        if path.is_dir():
            raise SpeakStreamError(f"{name}: this is a folder; name a file")
        if not path.parent.is_dir():
            raise SpeakStreamError(f"{name}: there is no folder {one_line(str(path.parent))}; make it first")
        if path.exists() and not path.is_file():
            raise SpeakStreamError(f"{name}: this is no ordinary file; name another")
        if path.exists() and not force:
            raise SpeakStreamError(f"{name} is there already; name another file, or write over it with --force")
