"""A tiny app that is nothing but a transcript, messages for it, and what a person sees of it."""

from dataclasses import replace
from typing import Any

from rich.style import Style
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot

from speakstream.history import Role, StoredMessage
from speakstream.text.span import Span
from speakstream.tui.transcript import Transcript


def message(id: int, text: str, role: Role = "assistant", **changes: Any) -> StoredMessage:
    """A reply that was spoken to its end, unless ``changes`` say otherwise; or a prompt."""
    reply = role == "assistant"
    heard, reason, voice = (len(text), "finished", "hibari/heart") if reply else (None, "", "")
    stored = StoredMessage(id, 1, role, text, heard, reason, "", "Small-Instruct (llama.cpp)", voice, 0.0, {})
    return replace(stored, **changes)


def prompt(id: int, text: str) -> StoredMessage:
    return message(id, text, "user", model="")


def writing(id: int) -> StoredMessage:
    return message(id, "", reason="writing", heard=None)


class Host(App[None]):
    """An app that is nothing but a transcript, and keeps what it posts."""

    def __init__(self) -> None:
        super().__init__()
        self.posted: list[Message] = []

    def compose(self) -> ComposeResult:
        yield Transcript()

    @property
    def transcript(self) -> Transcript:
        return self.query_one(Transcript)

    def on_transcript_word_clicked(self, event: Transcript.WordClicked) -> None:
        self.posted.append(event)

    def on_transcript_silent_clicked(self, event: Transcript.SilentClicked) -> None:
        self.posted.append(event)


async def drawn(pilot: Pilot[None], transcript: Transcript) -> None:
    """Until all that has come is on the screen."""
    while transcript.behind:
        await pilot.pause()
    await pilot.pause()


def screen(transcript: Transcript) -> list[str]:
    """The rows as they are drawn."""
    return [transcript.render_line(y).text.rstrip() for y in range(transcript.size.height)]


def shown(transcript: Transcript) -> str:
    return "\n".join(screen(transcript))


def styles(transcript: Transcript, text: str) -> Style:
    """The style of ``text``, which is drawn once, in one style."""
    found = [
        segment.style
        for y in range(transcript.size.height)
        for segment in transcript.render_line(y)
        if text in segment.text
    ]
    assert len(found) == 1, f"{text!r} in {shown(transcript)}"
    assert found[0] is not None
    return found[0]


def cell_of(transcript: Transcript, text: str) -> tuple[int, int]:
    """Where ``text`` begins on the screen."""
    rows = screen(transcript)
    y = next(number for number, row in enumerate(rows) if text in row)
    return rows[y].index(text), y


def span_of(text: str, word: str) -> Span:
    return Span(text.index(word), text.index(word) + len(word))


def long_chat(count: int, words: int = 60) -> list[StoredMessage]:
    """Prompts and replies in turn, each sentence with a number of its own."""
    return [
        message(number, f"Reply {number}. " + " ".join(f"w{number}x{word}" for word in range(words)))
        if number % 2 == 0
        else prompt(number, f"Prompt {number}.")
        for number in range(1, count + 1)
    ]
