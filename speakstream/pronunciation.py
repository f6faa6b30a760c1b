"""The user's pronunciation lexicon as a file: read, changed, and read again when somebody has changed it.

It stands in the user's configuration folder, beside ``.env``. What its lines mean is in ``text/lexicon.py``.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from speakstream.errors import LexiconError
from speakstream.files import write_whole
from speakstream.settings import user_config_folder
from speakstream.text.lexicon import Entry, Lexicon, parse, with_entry, without

MAX_FILE_BYTES = 1_000_000
"""A lexicon is some kilobytes; more is a file of another kind."""

SETTLING = 1_000_000_000
"""Nanoseconds for which an empty file is taken for one that is being saved."""

_Stamp = tuple[int, int, int]


def lexicon_path() -> Path:
    """The user's lexicon; it need not exist."""
    return user_config_folder() / "lexicon.txt"


def read_lexicon(path: Path) -> Lexicon:
    """The lexicon in a file; without a file, an empty one. Raises LexiconError, which names the line."""
    return parse(_text_of(path), str(path))


def add_entry(path: Path, entry: Entry) -> str | None:
    """Keep ``entry`` in the file; return the respelling that it takes the place of. Raises LexiconError.

    Comments and the order of the lines stay as they are.
    """
    text = _text_of(path)
    known = {known.word: known.respelling for known in parse(text, str(path)).entries}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, with_entry(text, entry))
    except OSError as error:
        raise _not_written(path, error) from error
    return known.get(entry.word)


def remove_entry(path: Path, word: str) -> bool:
    """Take the lines of ``word`` out of the file; False when there are none. Raises LexiconError."""
    text = _text_of(path)
    if all(entry.word != word for entry in parse(text, str(path)).entries):
        return False
    try:
        write_whole(path, without(text, word))
    except OSError as error:
        raise _not_written(path, error) from error
    return True


class LexiconFile:
    """The lexicon of a running program, which follows its file. Safe to ask from several threads."""

    def __init__(self, path: Path, notify: Callable[[str], None]) -> None:
        """``notify`` is given a line when the file turns bad later. Raises LexiconError when it is bad now."""
        self._path = path
        self._notify = notify
        self._lock = threading.Lock()
        self._stamp = _stamp(path)
        self._lexicon = read_lexicon(path)

    def current(self) -> Lexicon:
        """The lexicon as the file has it now, or as it was before the file turned bad."""
        wrong = ""
        with self._lock:
            stamp = _stamp(self._path)
            if stamp != self._stamp and not _is_being_written(stamp):
                self._stamp = stamp
                try:
                    self._lexicon = read_lexicon(self._path)
                except LexiconError as error:
                    wrong = str(error)
            lexicon = self._lexicon
        if wrong:
            self._notify(f"{wrong}; until then, the words are said as before")
        return lexicon


def _stamp(path: Path) -> _Stamp | None:
    """What changes when the file does; None: there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _is_being_written(stamp: _Stamp | None) -> bool:
    """Whether a file is empty because an editor has only just begun to save it."""
    return stamp is not None and stamp[1] == 0 and abs(time.time_ns() - stamp[0]) < SETTLING


def _text_of(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise LexiconError(f"{path}: {error.strerror or error}; make it a file that can be read") from error
    if len(data) > MAX_FILE_BYTES:
        raise LexiconError(f"{path}: it is larger than {MAX_FILE_BYTES // 1_000_000} MB; keep only the words you need")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise LexiconError(f"{path}: it is not UTF-8 text; save it as UTF-8") from None


def _not_written(path: Path, error: OSError) -> LexiconError:
    return LexiconError(f"{path}: {error.strerror or error}; make its folder one that can be written")
