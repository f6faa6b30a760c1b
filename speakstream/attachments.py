"""Files named in a prompt: ``@notes.txt`` puts what the file holds behind the prompt, fenced and named.

``@"my notes.txt"`` names one with spaces, ``~`` is the home folder, and ``\\@`` is a plain @. An @ within a word, as in
an address, is left alone; so is ``@word`` where there is no such file and nothing about the word looks like a path.
"""

import codecs
import difflib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from speakstream.errors import AttachmentError, one_line
from speakstream.settings import SETTINGS
from speakstream.text.control import ControlFilter

MAX_FILE_BYTES = 64 * 1024
MAX_TOTAL_BYTES = 128 * 1024
"""Of all files in one prompt. Models with a long context can take that much; the default one can't by far."""

BYTES_A_TOKEN = 4
"""Of English text, about."""

MAX_NAMES = 20_000
"""Names of one folder that are looked at: it takes some hundredths of a second."""

MAX_SHOWN = 80
"""Characters of a name that a message repeats."""

_BEFORE = r"""(?<![^\s(\[{<"'])"""
_NAME = r"""[^\s"@]\S{0,999}"""
_REFERENCE = re.compile(rf"""{_BEFORE}(\\*)@(?:"([^"\n]{{1,1000}})"|({_NAME}))""")
_PLAIN_NAME = re.compile(_NAME)
_MARKS = ".,;:!?)]}>\"'…”’"
_SUFFIX = re.compile(r"[^.]\.[A-Za-z]\w*$")


@dataclass(frozen=True, slots=True)
class Expanded:
    """A prompt as the language model is to see it, and the files in it."""

    text: str
    files: tuple[Path, ...]


def expand(prompt: str, folder: Path) -> Expanded:
    """Put the files that ``prompt`` names behind it; names are relative to ``folder``.

    Raises AttachmentError, one line, for a file that is missing, too large or no text.
    """
    parts: list[str] = []
    contents: dict[Path, str] = {}
    total = at = 0
    for found in _REFERENCE.finditer(prompt):
        escape, quoted, plain = found.groups()
        parts.append(prompt[at : found.start()])
        at = found.end()
        if escape:
            parts.append(found[0][1:])
        elif file := _find(quoted or plain, folder, bool(quoted)):
            behind = found[0][1 + len(file.name) :] if plain else ""
            parts.append(f'"{file.name}"{behind}' if quoted else file.name + behind)
            if file.path not in contents:
                data = _read(file)
                total += len(data)
                if total > MAX_TOTAL_BYTES:
                    raise AttachmentError(
                        f"{file}: with it the files of this prompt hold more than {_kilobytes(MAX_TOTAL_BYTES)}, "
                        "the most that is attached; send some of them later"
                    )
                contents[file.path] = _fenced(file.name, _decoded(file, data))
        else:
            parts.append(found[0])
    parts.append(prompt[at:])
    return Expanded("\n\n".join(["".join(parts), *contents.values()]), tuple(contents))


def literal(text: str, before: str = "") -> str:
    """``text`` so that ``expand`` gives it back as it is, and names no file. ``before``: what it is put behind."""
    edge = before[-1:]
    return _REFERENCE.sub(lambda found: "\\" + found[0], edge + text)[len(edge) :]


def reference(path: str) -> str:
    """How a prompt names the file ``path``; "" when it can't."""
    if _PLAIN_NAME.fullmatch(path) and re.search(r"\w", path):
        return f"@{path}"
    return f'@"{path}"' if path and not set('"\n') & set(path) else ""


def names_in(folder: Path) -> list[str]:
    """The files and folders in ``folder``, sorted; a folder's name ends with "/". [] when it can't be read.

    Neither what is no plain file (a pipe, a device) nor names that can't be shown on a terminal.
    """
    names: list[str] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in islice(entries, MAX_NAMES):
            with suppress(OSError):  # a link that leads to itself
                if entry.name.isprintable() and (entry.is_dir() or entry.is_file()):
                    names.append(entry.name + ("/" if entry.is_dir() else ""))
    return sorted(names, key=lambda name: (name.rstrip("/").casefold(), name))


# -- inside -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _File:
    name: str  # as written
    path: Path
    mode: int
    size: int

    def __str__(self) -> str:
        return _shown(self.name)


def _find(name: str, folder: Path, quoted: bool) -> _File | None:
    """The file that a reference names; None: it is no reference. Raises AttachmentError."""
    if not quoted and not re.search(r"\w", name):
        return None
    names = [name] if quoted else list(_without_marks(name))
    for candidate in names:
        path = _path(candidate, folder)
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: no file can have this name
            continue
        except OSError as error:
            if not quoted and not _looks_like_a_path(candidate):
                continue  # a word too long for a name, say
            raise AttachmentError(_unreadable(candidate, error)) from error
        return _File(candidate, path, status.st_mode, status.st_size)
    if not quoted and not _looks_like_a_path(names[-1]):
        return None
    near = reference(_nearest(names[-1], folder))
    remedy = f"did you mean {near}? (a plain @ is written \\@)" if near else "a plain @ is written \\@"
    raise AttachmentError(f"there is no file {_shown(names[-1])}; {remedy}")


def _without_marks(name: str) -> Iterator[str]:
    """The name as it is written, and without the marks that end a sentence or a bracket behind it."""
    yield name
    while name and name[-1] in _MARKS:
        name = name[:-1]
        yield name


def _path(name: str, folder: Path) -> Path:
    try:
        return folder / Path(name).expanduser()
    except RuntimeError:  # ~somebody who does not exist
        return folder / name


def _looks_like_a_path(name: str) -> bool:
    return "/" in name or name.startswith("~") or bool(_SUFFIX.search(name))


def _nearest(name: str, folder: Path) -> str:
    """The name most like a file's that does not exist; "" when none is like it."""
    above, _, last = name.rpartition("/")
    above += "/" if "/" in name else ""
    names = names_in(_path(above, folder))[:2000]  # each is compared letter by letter
    near = difflib.get_close_matches(last, names, 1)
    return above + near[0] if near else ""


def _read(file: _File) -> bytes:
    """What a file holds. Raises AttachmentError; a device or a pipe is not even opened."""
    if S_ISDIR(file.mode):
        raise AttachmentError(f"{file} is a folder; name a file in it (a plain @ is written \\@)")
    _require_plain(file, file.mode)
    _require_small(file, file.size)
    try:
        # not to wait for ever, should the file have become a pipe in the meantime
        descriptor = os.open(file.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        try:
            _require_plain(file, os.fstat(descriptor).st_mode)
            data = b""
            while part := os.read(descriptor, MAX_FILE_BYTES + 1 - len(data)):
                data += part
        finally:
            os.close(descriptor)
    except OSError as error:
        raise AttachmentError(_unreadable(file.name, error)) from error
    _require_small(file, len(data))
    return data


def _require_plain(file: _File, mode: int) -> None:
    if not S_ISREG(mode):
        raise AttachmentError(f"{file} is a device or a pipe; only plain files can be attached")


def _require_small(file: _File, size: int) -> None:
    if size > MAX_FILE_BYTES:
        tokens = int(SETTINGS["CONTEXT_LENGTH"].default)
        raise AttachmentError(
            f"{file} is larger than {_kilobytes(MAX_FILE_BYTES)}, the most that is attached; the language model sees "
            f"{tokens:,} tokens at once by default (CONTEXT_LENGTH), about {_kilobytes(tokens * BYTES_A_TOKEN)} of text"
        )


def _decoded(file: _File, data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise AttachmentError(f"{file} is UTF-16 text; save it as UTF-8")
    if b"\0" in data:
        raise AttachmentError(f"{file} is not text; only UTF-8 text can be attached")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AttachmentError(f"{file} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    return ControlFilter().push(text)  # the colours of a log are no text either


def _fenced(name: str, text: str) -> str:
    longest = max(map(len, re.findall("`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    end = "" if not text or text.endswith("\n") else "\n"
    return f"{name}:\n{fence}\n{text}{end}{fence}"


def _unreadable(name: str, error: OSError) -> str:
    return f"{_shown(name)} cannot be read ({error.strerror or error}); attach a file that can"


def _shown(name: str) -> str:
    """A name in a message: on one line, and not too long."""
    line = one_line(name)
    return f"'{line if len(line) <= MAX_SHOWN else line[:MAX_SHOWN] + '…'}'"


def _kilobytes(size: int) -> str:
    return f"{size // 1024} KB"
