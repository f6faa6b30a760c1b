"""What nobody else should read: taken out of what a person sees, and more of it out of what a person posts."""

import getpass
import os
import re
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_COMMON = {"root", "user", "admin", "guest", "home", "localhost", "ubuntu", "debian", "pi"}
"""Names that say nothing about a person or a machine."""

_KEYS = re.compile(r"\b(?:sk-|hf_|gh[pousr]_|glpat-|xox[a-z]-|AKIA|AIza|eyJ)[\w.-]{8,}")
"""What looks like a key, wherever it stands: a second line of defence."""

_CREDENTIALS = re.compile(r"(?<=//)[^/\s@]+@")


def short(text: object) -> str:
    """With ``~`` for the home folder, and ``.`` for the working one before what is in it."""
    shown = str(text)
    here, home = _working_folder(), _home()
    if len(here) > 1 and here != home:
        shown = re.sub(rf"(?<![\w/.~-]){re.escape(here)}(?=[/\\])", ".", shown)
    if len(home) > 1:
        shown = re.sub(rf"(?<![\w/.~-]){re.escape(home)}(?![\w.-])", "~", shown)
    return shown


def host(address: str) -> str:
    """The host, and the port, of a URL or of ``host:port``; nothing else of it."""
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(not understood)"
    return f"{parts.hostname}{port}" if parts.hostname else "(not understood)"


class Redactor:
    """Takes names of people and machines, home folders and keys out of what will be posted."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """``secrets``: known ones, wherever they may have got to."""
        self._secrets = sorted((secret for secret in secrets if len(secret) > 3), key=len, reverse=True)
        self._names = _pattern(_people())
        self._machine = _pattern(_machines())

    def __call__(self, value: Any) -> Any:
        """The same value, a string or what JSON can hold, without them."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {key: self(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self(item) for item in value]
        return value

    def _text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        text = _KEYS.sub("[secret]", _CREDENTIALS.sub("…@", text))
        for path in {_home(), os.path.realpath(_home())} if len(_home()) > 1 else ():
            text = re.sub(rf"{re.escape(path)}(?!\w)", "~", text)
        text = self._machine.sub("[host]", text) if self._machine else text
        return self._names.sub("[user]", text) if self._names else text


def _pattern(names: set[str]) -> re.Pattern[str] | None:
    found = sorted((re.escape(name) for name in names if len(name) > 2 and name.lower() not in _COMMON), key=len)
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(found[::-1])})(?![A-Za-z0-9])", re.IGNORECASE) if found else None


def _people() -> set[str]:
    """The login name, and the words of the full name: devices are called after people, too."""
    try:
        names = {getpass.getuser()}
    except (OSError, KeyError, ImportError):  # no entry for this number
        names = set()
    try:
        import pwd

        names.update(re.findall(r"[^\W\d_]+", pwd.getpwuid(os.getuid()).pw_gecos.partition(",")[0]))
    except (ImportError, KeyError):
        pass  # Windows has no such table, and a container may lack the entry
    home = Path(_home()).name
    return names | ({home} if home else set())


def _machines() -> set[str]:
    name = socket.gethostname()
    return {name, name.partition(".")[0]}


def _home() -> str:
    try:
        return str(Path.home())
    except RuntimeError:
        return ""


def _working_folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # it was deleted
        return ""
