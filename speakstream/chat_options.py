"""What a front end of ``speakstream chat`` begins with, as the command line understood it."""

from dataclasses import dataclass
from pathlib import Path

from speakstream.history import History
from speakstream.personas import Persona
from speakstream.settings import Settings


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """One run of the chat. Whoever made it closes ``history`` afterwards."""

    settings: Settings
    history: History
    persona: Persona | None = None
    resume: int | None = None  # the conversation to go on with; it is there
    theme: str | None = None  # None: the one chosen last
    log_path: Path | None = None
    """Where the log is written; None: it could not be."""
