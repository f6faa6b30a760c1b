"""The file in which a person gives the chat's actions other keys: ``keys.toml`` in the configuration folder.

    stop = "escape, ctrl+x"
    log = ""

Each line names an action and all of its keys; "" takes them away. Whatever cannot be used is told in one line, and the
rest still counts.
"""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from speakstream.errors import folded, one_line
from speakstream.settings import user_config_folder
from speakstream.tui.actions import ACTIONS, BY_NAME
from speakstream.tui.key_names import key_label, split_keys, types_text

_OF_THE_PROMPT = frozenset(
    ("enter", "ctrl+j", "tab", "shift+tab", "backspace", "delete", "left", "right", "up", "down", "home", "end")
)
_SENT_AS = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+h": "backspace", "ctrl+left_square_bracket": "escape"}


@dataclass(frozen=True, slots=True)
class Keymap:
    """The keys that count, and what of the file does not."""

    keys: Mapping[str, str]  # of every action, by its name: as in `Action.keys`
    warnings: tuple[str, ...] = ()  # a line each


DEFAULT_KEYMAP = Keymap(MappingProxyType({action.name: action.keys for action in ACTIONS}))


def keymap_path() -> Path:
    """Where the file is looked for; it need not exist."""
    return user_config_folder() / "keys.toml"


def read_keymap(path: Path) -> Keymap:
    """The keys of all actions, with those of the file at ``path``. Raises nothing: what is wrong is a warning."""
    where = one_line(str(path))
    try:
        lines = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return DEFAULT_KEYMAP
    except OSError as error:
        return Keymap(DEFAULT_KEYMAP.keys, (f"{where}: ignored, it cannot be read ({error.strerror})",))
    except ValueError as error:  # of TOML, or of UTF-8
        return Keymap(DEFAULT_KEYMAP.keys, (f"{where}: ignored, it is no TOML: {one_line(folded(error))}",))
    warnings: list[str] = []
    chosen: dict[str, tuple[str, ...]] = {}
    owners: dict[str, str] = {}
    for name, value in lines.items():
        try:
            keys = _keys_of(name, value)
            for key in keys:
                if key in owners:
                    raise ValueError(f"{key_label(key)} is the key of {owners[key]} above; this line is ignored")
        except ValueError as error:
            warnings.append(f"{where}: {one_line(name)}: {error}")
            continue
        chosen[name.replace("-", "_")] = keys
        owners |= dict.fromkeys(keys, name)
    for action in ACTIONS:
        if action.name not in chosen:
            chosen[action.name] = _left(action.name, split_keys(action.keys), owners, where, warnings)
    return Keymap(MappingProxyType({action.name: ",".join(chosen[action.name]) for action in ACTIONS}), tuple(warnings))


def _keys_of(name: str, value: object) -> tuple[str, ...]:
    """The keys of one line of the file. ValueError: why it can't be used."""
    if name.replace("-", "_") not in BY_NAME:
        near = difflib.get_close_matches(name, BY_NAME, 1)
        raise ValueError("no such action" + (f"; did you mean {near[0]}?" if near else "; F1 in the chat lists them"))
    if not isinstance(value, str):
        raise ValueError(f'its keys are written in quotes, as in {name} = "f5, ctrl+x"')
    try:
        keys = split_keys(value)
    except ValueError as error:
        raise ValueError(
            f'"{one_line(str(error))}" is no key; write it as in "ctrl+x", "alt+shift+s" or "f5"'
        ) from None
    for key in keys:
        if types_text(key):
            raise ValueError(f"{key_label(key)} types text; hold ctrl or alt with it")
        if key in _OF_THE_PROMPT:
            raise ValueError(f"{key_label(key)} belongs to the prompt; choose another")
        if key in _SENT_AS:
            raise ValueError(f"{key_label(key)} reaches no program, terminals send {key_label(_SENT_AS[key])} for it")
    return keys


def _left(
    name: str, default: tuple[str, ...], owners: Mapping[str, str], where: str, warnings: list[str]
) -> tuple[str, ...]:
    """What an action that the file does not name keeps of its ``default``."""
    kept = tuple(key for key in default if key not in owners)
    taken = [key for key in default if key in owners]
    if taken:
        rest = f"which keeps {key_label(kept[0])}" if kept else f'which has none now; give it one, or {name} = ""'
        warnings.append(f"{where}: {owners[taken[0]]}: {key_label(taken[0])} is taken from {name}, {rest}")
    return kept
