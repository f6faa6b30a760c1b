"""Kinds of values that a setting can have: what is allowed, in words for a person, and how it is read."""

import re
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import NamedTuple


class Kind(NamedTuple):
    """What a value may be, in words for a person, and the function that reads it (ValueError: not allowed).

    Reading a value that was already read gives it back unchanged.
    """

    allowed: str
    read: Callable[[object], object]
    secret: bool = False


_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_BREAKS = re.compile("[\t\n\r\u2028\u2029]")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?\.?")
HTTP_URL = re.compile(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?(?:/[!-~]*)?", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9._~-]{16,128}")
_BOOLEANS = {"true": True, "yes": True, "on": True, "1": True}
_BOOLEANS |= {"false": False, "no": False, "off": False, "0": False}


def string(value: object, lines: bool = False) -> str:
    if not isinstance(value, str) or _CONTROLS.search(value) or (not lines and _LINE_BREAKS.search(value)):
        raise ValueError
    return value


def whole(low: int, high: int, none: str | None = None) -> Kind:
    """A whole number; the word `none` (``auto``, or nothing) reads as None."""

    def read(value: object) -> int | None:
        if none is not None and (value is None or str(value).strip().lower() == none):
            return None
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError
        text = str(value).strip()
        if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
            raise ValueError
        return int(text)

    words = {None: "", "": ", or empty"}.get(none, f", or {none}")
    return Kind(f"a whole number from {low} to {high}{words}", read)


def number(low: float, high: float, above: bool = False) -> Kind:
    """A finite number from `low` (or, with `above`, more than `low`) to `high`."""

    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError
        text = str(value).strip()
        number = float(text) if _NUMBER.fullmatch(text) else float("nan")
        if not isfinite(number) or not low <= number <= high or (above and number == low):
            raise ValueError
        return number + 0.0  # no negative zero

    return Kind(f"a number {f'above {low:g} and up' if above else f'from {low:g}'} to {high:g}", read)


def boolean() -> Kind:
    def read(value: object) -> bool:
        try:
            return _BOOLEANS[str(value).strip().lower()]
        except KeyError:
            raise ValueError from None

    return Kind("true or false (also yes/no, on/off, 1/0)", read)


def choice(*words: str) -> Kind:
    def read(value: object) -> str:
        word = string(value).strip().lower()
        if word not in words:
            raise ValueError
        return word

    return Kind(f"{', '.join(words[:-1])} or {words[-1]}", read)


def name() -> Kind:
    def read(value: object) -> str:
        if not (text := string(value).strip()):
            raise ValueError
        return text

    return Kind("a name on one line, not empty", read)


def optional_name() -> Kind:
    def read(value: object) -> str | None:
        return None if value is None else string(value).strip() or None

    return Kind("a name on one line, or empty", read)


def prose() -> Kind:
    return Kind("any text, or empty for none", lambda value: string(value, lines=True).strip())


def strings() -> Kind:
    def read(value: object) -> tuple[str, ...]:
        parts = value if isinstance(value, tuple | list) else string(value, lines=True).split("|")
        return tuple(string(part, lines=True) for part in parts if part != "")

    return Kind("strings separated by |, or empty for none", read)


def host(optional: bool = False) -> Kind:
    """A name or an address; with `optional`, nothing reads as None."""

    def read(value: object) -> str | None:
        text = "" if value is None and optional else string(value).strip()
        if not text and optional:
            return None
        if ":" in text:
            from ipaddress import ip_address  # not every Python has it loaded by now, and few need it

            ip_address(text)
        elif re.fullmatch(r"[0-9.]+", text):
            if not re.fullmatch(r"([0-9]{1,3}\.){3}[0-9]{1,3}", text) or max(map(int, text.split("."))) > 255:
                raise ValueError
        elif not _HOST.fullmatch(text):
            raise ValueError
        return text

    return Kind(f"a host name or an IP address, without scheme and port{', or empty' if optional else ''}", read)


def url() -> Kind:
    def read(value: object) -> str | None:
        text = "" if value is None else string(value).strip().rstrip("/")
        match = HTTP_URL.fullmatch(text)
        if text and (not match or int(match[1] or 1) not in range(1, 65536) or set(text) & set("@?#\\")):
            raise ValueError
        return text or None

    return Kind("an http:// or https:// address without user, ? and #, or empty", read)


def secret() -> Kind:
    def read(value: object) -> str | None:
        text = "" if value is None else string(value).strip()
        if not re.fullmatch("[!-~]*", text):  # it becomes part of an HTTP header
            raise ValueError
        return text or None

    return Kind("a key of ASCII letters, digits and marks without spaces, or empty", read, secret=True)


def token() -> Kind:
    """A secret that stands in an address and in a cookie as it is, and is too long to be guessed."""

    def read(value: object) -> str | None:
        text = "" if value is None else string(value).strip()
        if text and not _TOKEN.fullmatch(text):
            raise ValueError
        return text or None

    return Kind("16 to 128 ASCII letters, digits, dots and dashes (- . _ ~), or empty", read, secret=True)


def folder() -> Kind:
    return Kind("a folder, or empty", _path)


def file() -> Kind:
    return Kind("a file, or empty", _path)


def _path(value: object) -> Path | None:
    text = str(value) if isinstance(value, Path) else "" if value is None else string(value).strip()
    try:
        path = Path(text).expanduser()
    except RuntimeError:  # ~somebody who does not exist
        raise ValueError from None
    return path if text else None
