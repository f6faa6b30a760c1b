"""Personas: who answers, and how. Each is a TOML file; its name is the file's.

    about = "Explains things step by step"
    system_prompt = "You are a patient teacher."
    voice = "hibari/emma"
    speed = 0.9
    temperature = 0.3

Only the system prompt has to be there; what is left out stays as it is set. Some are built in
(``speakstream/persona_files``); a person's own stand in ``personas`` in the configuration folder, and the one of the
same name is used in the place of a built-in one, also when it is broken.
"""

import difflib
import logging
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from types import MappingProxyType
from typing import Any

from speakstream.errors import PersonaError, folded, one_line
from speakstream.setting_kinds import Kind, name
from speakstream.settings import MAX_SHOWN, SETTINGS, user_config_folder

log = logging.getLogger(__name__)

MAX_FILE_BYTES = 64 * 1024
"""A persona is some hundred bytes; more is a file of another kind."""

BUILT_IN = Path(__file__).parent / "persona_files"

_KINDS: MappingProxyType[str, Kind] = MappingProxyType(
    {
        "about": name(),
        "system_prompt": SETTINGS["SYSTEM_PROMPT"].kind,
        "voice": SETTINGS["TTS_MODEL_NAME"].kind,
        "speed": SETTINGS["TTS_SPEED"].kind,
        "temperature": SETTINGS["TEMPERATURE"].kind,
    }
)


@dataclass(frozen=True, slots=True)
class Persona:
    """One of them; None: that stays as it is set."""

    name: str
    system_prompt: str
    source: Path
    about: str = ""  # one line for a person
    voice: str | None = None
    speed: float | None = None
    temperature: float | None = None


def personas_folder() -> Path:
    """Where a person's own are; it need not exist."""
    return user_config_folder() / "personas"


def personas(notify: Callable[[str], None] = log.warning, folder: Path | None = None) -> list[Persona]:
    """All that can be used, by name. ``notify`` is given one line for each file that can't."""
    usable: list[Persona] = []
    for path in _files(folder).values():
        try:
            usable.append(read_persona(path))
        except PersonaError as error:
            notify(str(error))
    return usable


def find_persona(name: str, folder: Path | None = None) -> Persona:
    """The persona ``name``, in any case. Raises PersonaError: there is none, or its file can't be used."""
    files = _files(folder)
    path = files.get(name) or {known.casefold(): path for known, path in files.items()}.get(name.casefold())
    if path is None:
        near = difflib.get_close_matches(name.casefold(), files, 1)
        remedy = f"did you mean {near[0]}?" if near else f"there are: {', '.join(files)}"
        raise PersonaError(f"there is no persona {name[:MAX_SHOWN]!r}; {remedy}")
    return read_persona(path)


def read_persona(path: Path) -> Persona:
    """The persona in a file. Raises PersonaError, one line."""
    values: dict[str, Any] = {}
    table = _table(path)
    for key, value in table.items():
        if key not in _KINDS:
            near = difflib.get_close_matches(key.lower(), _KINDS, 1)
            remedy = f"did you mean {near[0]}?" if near else f"use {', '.join(_KINDS)}"
            raise _unusable(path, f"there is no {key[:MAX_SHOWN]!r} in a persona; {remedy}")
        try:
            values[key] = _KINDS[key].read(value)
        except ValueError:
            shown = repr(value)
            shown = shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}…"
            raise _unusable(path, f"{key} is {shown}; use {_KINDS[key].allowed}") from None
    if "system_prompt" not in values:
        raise _unusable(path, 'it has no system_prompt; add a line system_prompt = "You are ..."')
    return Persona(path.stem, source=path, **values)


# -- inside -----------------------------------------------------------------------------------------------


def _files(folder: Path | None) -> dict[str, Path]:
    """Name and file of each persona, by name; a person's own before the built-in ones."""
    found = {path.stem: path for place in (BUILT_IN, folder or personas_folder()) for path in _toml_files(place)}
    return dict(sorted(found.items(), key=lambda item: item[0].casefold()))


def _toml_files(folder: Path) -> list[Path]:
    """Not those that an editor hides, nor names that can't be shown."""
    try:
        paths = list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise PersonaError(f"{folder}: {error.strerror or error}; make it a folder that can be read") from error
    return [path for path in paths if path.suffix == ".toml" and path.name[0] != "." and path.name.isprintable()]


def _table(path: Path) -> dict[str, Any]:
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):  # a pipe would be waited for
            raise _unusable(path, "it is no plain file")
        if status.st_size > MAX_FILE_BYTES:
            raise _unusable(path, f"it is larger than {MAX_FILE_BYTES // 1024} KB")
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise _unusable(path, "it is not UTF-8 text; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise _unusable(path, f"it is not TOML: {folded(error)}") from None
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error


def _unusable(path: Path, what: str) -> PersonaError:
    return PersonaError(f"{one_line(str(path))}: {what}")
