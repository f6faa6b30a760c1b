"""How many columns of a terminal a text takes, and whether all terminals agree on it.

They disagree about emoji, combining marks and, in East Asian locales, about accented letters and typographic marks.
"""

import os
import unicodedata


def cells(text: str) -> int:
    """Columns that ``text`` takes at most: two for each character of doubtful width."""
    if text.isascii():
        return len(text)
    return sum(2 if _is_wide(mark) or not certain(mark) else 1 for mark in text)


def certain(text: str) -> bool:
    """Whether every terminal gives ``text`` the same width."""
    return text.isascii() or all(_is_certain(mark) for mark in text)


_ALPHABETS = (0x20, 0x2FF), (0x370, 0x482), (0x48A, 0x58F), (0x1E00, 0x1FFF), (0x2010, 0x2027), (0x2030, 0x205E)
_MORE = (0x2070, 0x209C), (0x20A0, 0x20BF), (0x2100, 0x214F), (0x2190, 0x21FF), (0x2200, 0x22FF), (0x2500, 0x257F)
_EAST_ASIAN = (0x3001, 0x3029), (0x3041, 0x3096), (0x30A0, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xFF01, 0xFF5E)
_EMOJI_TOO = frozenset("©®‼⁉™ℹ↔↕↖↗↘↙↩↪")
"""Signs that some terminals show as emoji."""


def _is_certain(mark: str) -> bool:
    if mark.isascii():
        return True
    code = ord(mark)
    if any(low <= code <= high for low, high in _EAST_ASIAN):
        return True
    if mark in _EMOJI_TOO or not any(low <= code <= high for low, high in (*_ALPHABETS, *_MORE)):
        return False
    if unicodedata.category(mark) in ("Cf", "Cn", "Mn", "Me"):
        return False
    return unicodedata.east_asian_width(mark) != "A" or not _is_east_asian_locale()


def _is_wide(mark: str) -> bool:
    return unicodedata.east_asian_width(mark) in "WF"


def _is_east_asian_locale() -> bool:
    """There, terminals may show accented letters and typographic marks two columns wide."""
    chosen = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or ""
    return chosen[:2] in ("ja", "ko", "zh")
