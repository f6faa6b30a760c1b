"""The errors a person can act on.

Every message is one line that names the bad value and the remedy. The command line prints it and exits;
a traceback is shown only with ``--debug``.
"""


class SpeakStreamError(Exception):
    """Base of all errors SpeakStream raises on purpose; ``str(error)`` is one line for a person."""


class SettingsError(SpeakStreamError):
    """A setting has a value that is not allowed."""


class LexiconError(SpeakStreamError):
    """The pronunciation lexicon has a line that can't be used, or could not be read or written."""


class ThemeError(SpeakStreamError):
    """There is no such theme, or the choice of one could not be kept."""


class ModelError(SpeakStreamError):
    """Weights could not be found, fetched, verified or loaded."""


class EngineError(SpeakStreamError):
    """A language model failed while it was running."""


class VoiceError(SpeakStreamError):
    """A voice could not be loaded, or failed while it was speaking."""


class AudioError(SpeakStreamError):
    """A sound device or an audio file could not be used."""


class HistoryError(SpeakStreamError):
    """The conversations on disk could not be read or written, or have nothing of that name."""


class AttachmentError(SpeakStreamError):
    """A file named in a prompt can't be put behind it."""


class PersonaError(SpeakStreamError):
    """There is no such persona, or its file can't be used."""


def one_line(text: str) -> str:
    """What a message quotes may hold anything: control characters and line ends are spelled out."""
    return "".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in text)


def folded(error: object) -> str:
    """What a library's error says, on one line and not too long; the name of its class where it says nothing."""
    return " ".join(str(error).split())[:300] or type(error).__name__
