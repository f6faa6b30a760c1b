"""What emoji and emoticons are called, and the pattern that finds an emoji.

Names are those of Unicode's CLDR, from the ``emoji`` package; it is loaded with the first emoji (30 ms), since most
replies have none. The common ones have shorter names here.
"""

import re
import unicodedata
from functools import cache, lru_cache

from speakstream.text.vocabulary import word_set

_CHAR = "[\U0001f000-\U0001faff☀-➿⬀-⯿⌀-⏿‼⁉ℹ〰〽㊗㊙♀♂]"
_TAIL = "[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff]*+"
EMOJI = (
    "(?:[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3|"
    f"🏴[\U000e0061-\U000e007a]++\U000e007f|{_CHAR}{_TAIL}(?:\u200d{_CHAR}{_TAIL})*+)"
)
"""A pattern for one emoji: a flag, a keycap, or one or more joined ones."""

EMOTICONS = {
    ":)": "smiling face", ":-)": "smiling face", ":]": "smiling face", "=)": "smiling face", "(:": "smiling face",
    ":(": "frowning face", ":-(": "frowning face", "=(": "frowning face", ":'(": "crying face",
    ":,(": "crying face", ";)": "winking face", ";-)": "winking face", ":D": "grinning face",
    ":-D": "grinning face", "=D": "grinning face", "xD": "laughing face", "XD": "laughing face",
    ":P": "face with tongue out", ":-P": "face with tongue out", ":p": "face with tongue out",
    ":O": "surprised face", ":-O": "surprised face", ":o": "surprised face", ":|": "neutral face",
    ":/": "unsure face", ":-/": "unsure face", ":*": "kiss", "<3": "heart", "</3": "broken heart",
    "^_^": "happy face", "^^": "happy face", "-_-": "annoyed face", "T_T": "crying face", "o_O": "puzzled face",
    "¯\\_(ツ)_/¯": "shrug",
}  # fmt: skip

_SHORTER = {
    "😃": "smiling face", "😄": "smiling face", "😁": "beaming face", "😊": "smiling face", "🙂": "smiling face",
    "😂": "tears of joy", "🤣": "rolling laughing", "😍": "heart eyes", "😎": "sunglasses face",
    "😅": "nervous smile", "😭": "sobbing face", "❤": "heart", "♥": "heart", "✅": "check mark",
    "☑": "check box", "✗": "cross mark", "✘": "cross mark", "✖": "cross mark", "👉": "pointing right",
    "👈": "pointing left", "👆": "pointing up", "👇": "pointing down", "☝": "pointing up", "🎯": "bullseye",
    "★": "star", "☆": "star", "🌟": "star", "💪": "flexed arm", "📌": "pin", "🤖": "robot", "ℹ": "information",
    "☀": "sun", "☕": "coffee", "❓": "question mark", "❗": "exclamation mark", "💯": "one hundred",
    "🥇": "first place medal", "🥈": "second place medal", "🥉": "third place medal", "🎱": "eight ball",
    "🔢": "numbers", "🔟": "ten", "⌘": "command", "⌥": "option", "⌃": "control", "⌫": "delete", "⏎": "return",
    "♀": "", "♂": "", "♯": "sharp", "♭": "flat", "♮": "natural",
}  # fmt: skip
_DROPPED = re.compile(r"\b(?:heavy|white|black|negative|squared|emoji|modifier|sign|symbol|button)\b\s*")
_MODIFIERS = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}|🏴[\U000e0061-\U000e007a]+\U000e007f")
_ASIDE = re.compile(r"\s*\([^()]*\)| SAR China|[“”]")  # "A button (blood type)", "Hong Kong SAR China"
_WITH_ARTICLE = word_set("United Netherlands Philippines Bahamas Gambia Maldives Comoros Seychelles Central European")
"""First words of countries' names that take "the"; so do all that are islands, and the Dominican Republic."""


@lru_cache(maxsize=1024)
def emoji_name(sequence: str) -> str:
    """A short name for one emoji, which may be a sequence of joined ones; skin tones are not named."""
    plain = _MODIFIERS.sub("", sequence)
    if not plain:
        return ""
    if plain in _SHORTER:
        return _SHORTER[plain]
    full = _named(plain)
    if _FLAG.fullmatch(plain):
        if not full:
            return "flag"
        article = "the " if full.split()[0] in _WITH_ARTICLE or full.endswith(("Islands", "Republic")) else ""
        return f"flag of {article}{full}"
    if full:
        return "family" if full.startswith("family") else _DROPPED.sub("", full).strip() or full
    if len(plain) > 1:
        return " ".join(filter(None, map(emoji_name, plain.replace("\u200d", ""))))
    known = unicodedata.name(plain, "").lower().replace("-", " ")
    return _DROPPED.sub("", known).strip() or known


def _named(sequence: str) -> str:
    """The name in CLDR; "" for what is no emoji there."""
    name = _names().get(sequence.replace("\ufe0f", ""), "")
    return _ASIDE.sub("", name.strip(":").replace("_", " ").replace("’", "'").replace("&", "and"))


@cache
def _names() -> dict[str, str]:
    """CLDR's names by emoji, both without variation selectors."""
    import emoji

    return {char.replace("\ufe0f", ""): str(data["en"]) for char, data in emoji.EMOJI_DATA.items()}
