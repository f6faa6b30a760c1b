"""Names of keys: as Textual and ``keys.toml`` write them, and as a person reads them. Pure; no Textual."""

_NAMED = {
    "escape": "Escape",
    "enter": "Enter",
    "tab": "Tab",
    "space": "Space",
    "backspace": "Backspace",
    "delete": "Delete",
    "insert": "Insert",
    "home": "Home",
    "end": "End",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    **{f"f{number}": f"F{number}" for number in range(1, 25)},
}
_SIGNS = {
    "exclamation_mark": "!",
    "quotation_mark": '"',
    "number_sign": "#",
    "dollar_sign": "$",
    "percent_sign": "%",
    "ampersand": "&",
    "apostrophe": "'",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "asterisk": "*",
    "plus": "+",
    "comma": ",",
    "minus": "-",
    "full_stop": ".",
    "slash": "/",
    "colon": ":",
    "semicolon": ";",
    "less_than_sign": "<",
    "equals_sign": "=",
    "greater_than_sign": ">",
    "question_mark": "?",
    "at": "@",
    "left_square_bracket": "[",
    "backslash": "\\",
    "right_square_bracket": "]",
    "circumflex_accent": "^",
    "underscore": "_",
    "grave_accent": "`",
    "left_curly_bracket": "{",
    "vertical_line": "|",
    "right_curly_bracket": "}",
    "tilde": "~",
}
_MODIFIERS = {"ctrl": "Ctrl", "alt": "Alt", "shift": "Shift", "super": "Super", "hyper": "Hyper", "meta": "Meta"}
_ALSO = {
    "esc": "escape",
    "return": "enter",
    "del": "delete",
    "ins": "insert",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "page_up": "pageup",
    "page_down": "pagedown",
    "control": "ctrl",
    "option": "alt",
    "cmd": "super",
}
"""What people write too."""

_ONE_KEY = {"ctrl+space": ("ctrl+@", "ctrl+space"), "ctrl+@": ("ctrl+@", "ctrl+space")}
"""Older terminals send the one, those with the Kitty protocol the other."""


def key_label(keys: str) -> str:
    """The first of ``keys`` (parted by commas) for a person: "Ctrl+Space"; "" when there is none."""
    return _label(keys.split(",")[0].strip())


def key_labels(keys: str) -> str:
    """All of ``keys`` for a person: "Ctrl+Space, F5"."""
    return ", ".join(dict.fromkeys(_label(key.strip()) for key in keys.split(",") if key.strip()))


def split_keys(written: str) -> tuple[str, ...]:
    """The keys a person wrote, parted by commas, as Textual names them. ValueError: what is no key, as it is written.

    A comma that is itself the key stands behind a plus sign: "alt+,".
    """
    keys: list[str] = []
    for part in written.replace("+,", "+comma").split(","):
        if part.strip():
            name = _name(part.strip())
            keys += _ONE_KEY.get(name, (name,))
    return tuple(dict.fromkeys(keys))


def types_text(key: str) -> bool:
    """Whether ``key`` writes something where text is typed."""
    *modifiers, last = key.split("+")
    return set(modifiers) <= {"shift"} and (last not in _NAMED or last == "space")


def _name(written: str) -> str:
    """As Textual names it: its modifiers in the order of the alphabet."""
    if written == "+" or written.endswith("++"):
        written = written[:-1] + "plus"
    *modifiers, last = (word.strip() for word in written.split("+"))
    held = {_ALSO.get(word.lower(), word.lower()) for word in modifiers}
    key = _NAME_OF_SIGN.get(last, last)
    if len(key) > 1 or held:  # "Ctrl+X" means the key; a lone "G" is another than "g"
        key = _ALSO.get(key.lower(), key.lower())
    if key == "at" and held == {"ctrl"}:
        return "ctrl+@"
    known = key in _NAMED or key in _SIGNS or (len(key) == 1 and key.isalnum())
    if not known or not held <= _MODIFIERS.keys():
        raise ValueError(written)
    return "+".join([*sorted(held), key])


_NAME_OF_SIGN = {sign: name for name, sign in _SIGNS.items()}


def _label(key: str) -> str:
    if key == "ctrl+@":
        return "Ctrl+Space"
    *modifiers, last = key.split("+")
    held = [_MODIFIERS.get(word, word.title()) for word in sorted(modifiers, key=[*_MODIFIERS].index)]
    shown = _NAMED.get(last) or _SIGNS.get(last) or (last.upper() if len(last) == 1 and held else last)
    return "+".join([*held, shown])
