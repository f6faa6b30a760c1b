"""Settings: what a person may change, read once at the start and passed in; nothing here is global state.

Sources, the first wins: flags, environment variables (``SPEAKSTREAM_PORT``), the nearest ``.env`` of the
working folder or above, the ``.env`` of the user's configuration folder, the defaults. The environment is
never written. The fields of `Settings` are the one table of names, defaults, allowed values and
descriptions: validation uses it, and the tests hold ``.env`` and ``docs/configuration.md`` to it.
"""
# ruff: noqa: RUF009 -- the calls in the class body make its fields

import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from speakstream import setting_kinds as kinds
from speakstream.errors import SettingsError
from speakstream.setting_kinds import Kind

PREFIX = "SPEAKSTREAM_"
MAX_FILE_BYTES = 1_000_000  # a .env is a few kilobytes; more is a file of another kind
MAX_MALFORMED_LINES = 10  # more of them, and the file is no .env at all: one warning, not a screenful
MAX_SHOWN = 80  # characters of a bad value that a message repeats

Engine = Literal["auto", "llamacpp", "transformers", "openai"]

# ------------------------------------------------------------------------------------------ the table


class Setting(NamedTuple):
    """One row of the table; `default` is spelled as in ``.env``."""

    name: str
    default: str
    kind: Kind
    about: str


def _setting(default: str, kind: Kind, about: str) -> Any:
    return field(default=kind.read(default), repr=not kind.secret, metadata={"row": (default, kind, about)})


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, validated; ``Settings()`` has the defaults. None means *auto* or *not set*."""

    host: str = _setting("127.0.0.1", kinds.host(), "The address that `serve` listens on")
    port: int = _setting("8000", kinds.whole(0, 65535), "The port that `serve` listens on; 0: any that is free")
    allow_lan: bool = _setting(
        "false", kinds.boolean(), "Let other machines reach `serve`, with an access token; false: this one only"
    )
    access_token: str | None = _setting(
        "", kinds.token(), "The token that `serve` asks for; empty: a new one each time, where others can reach it"
    )
    public_host: str | None = _setting(
        "", kinds.host(optional=True), "The name under which a proxy offers `serve`, which then asks for the token"
    )
    certfile: Path | None = _setting("", kinds.file(), "The certificate with which `serve` speaks https; empty: http")
    keyfile: Path | None = _setting("", kinds.file(), "The key of CERTFILE; empty: it is in the same file")
    max_sessions: int = _setting("16", kinds.whole(1, 1000), "People whom `serve` lets in at once")
    parallel_replies: int = _setting(
        "6", kinds.whole(1, 16), "Replies that `serve` has written at once, each with its CONTEXT_LENGTH in memory"
    )
    idle_timeout: int = _setting(
        "1800", kinds.whole(10, 604800), "Seconds after which `serve` ends a session in which nothing happens"
    )
    max_prompt_chars: int = _setting("8000", kinds.whole(100, 60000), "Characters that a prompt to `serve` may have")
    debug: bool = _setting("false", kinds.boolean(), "Show the traceback of an error and log more")

    llm_model_name: str = _setting(
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        kinds.name(),
        "The language model: a hub id, a file, or the name that a server knows",
    )
    llm_engine: Engine = _setting(
        "auto",
        kinds.choice("auto", "llamacpp", "transformers", "openai"),
        "What runs the language model; auto is the fastest that can run it here",
    )
    llm_threads: int | None = _setting(
        "auto",
        kinds.whole(1, 512, "auto"),
        "Processor threads of the language model; auto: what suits this machine",
    )
    llm_base_url: str | None = _setting("", kinds.url(), "The OpenAI-compatible server that runs the language model")
    llm_api_key: str | None = _setting("", kinds.secret(), "The key for LLM_BASE_URL; it is never shown")
    context_length: int = _setting(
        "4096", kinds.whole(256, 1048576), "Tokens the model may see at once; more need more memory"
    )

    max_new_tokens: int = _setting("512", kinds.whole(1, 1_000_000), "The longest answer, in tokens")
    do_sample: bool = _setting("true", kinds.boolean(), "Choose words by chance; false: always the likeliest")
    temperature: float = _setting("0.7", kinds.number(0, 2), "How freely words are chosen; 0: always the likeliest")
    top_p: float = _setting(
        "0.9", kinds.number(0, 1, above=True), "Choose among the likeliest that sum to this; 1: all"
    )
    top_k: int = _setting("40", kinds.whole(0, 1000), "Choose among this many of the likeliest; 0: all")
    min_p: float = _setting(
        "0.05", kinds.number(0, 1), "Leave out what is less likely than this share of the likeliest"
    )
    repeat_penalty: float = _setting("1.1", kinds.number(0.5, 2), "How strongly repetition is held back; 1: not at all")
    seed: int | None = _setting(
        "", kinds.whole(0, 2147483647, ""), "The same seed gives the same answer; empty: a new one each time"
    )
    stop: tuple[str, ...] = _setting("", kinds.strings(), "The answer ends before any of these")
    system_prompt: str = _setting(
        "You are a helpful assistant. Answer in short, clear sentences.",
        kinds.prose(),
        "What the model is told before the conversation",
    )

    tts_model_name: str = _setting("hibari/heart", kinds.name(), "The voice, as engine/name")
    tts_sample_rate: int | None = _setting(
        "auto", kinds.whole(8000, 192000, "auto"), "Samples per second of the sound; auto: the device's own"
    )
    tts_speed: float = _setting(
        "1.0", kinds.number(0.5, 3), "How fast the voice speaks; a voice that cannot goes to its own limit"
    )
    read_code: bool = _setting(
        "false", kinds.boolean(), "Read code aloud, line by line; false: only say that it is there"
    )
    read_tables: bool = _setting(
        "false", kinds.boolean(), "Read tables aloud, row by row; false: only say that one is there"
    )
    tts_base_url: str | None = _setting("", kinds.url(), "The OpenAI-compatible server that speaks")
    tts_api_key: str | None = _setting("", kinds.secret(), "The key for TTS_BASE_URL; it is never shown")

    enable_audio: bool = _setting("true", kinds.boolean(), "Speak; false: text only")
    audio_device: str | None = _setting(
        "", kinds.optional_name(), "The output device, by name or number; empty: the system's default"
    )
    default_volume: float = _setting("0.8", kinds.number(0, 1), "The volume at the start; 0: silent")
    chunk_size: int = _setting(
        "1024", kinds.whole(64, 65536), "Samples handed to the device, or sent to the browser, at once"
    )
    max_queue_size: int = _setting("10", kinds.whole(1, 1000), "Pieces of text made ready ahead of the voice")
    audio_buffer_seconds: float = _setting("3", kinds.number(0.2, 30), "Seconds of sound made ahead of what is heard")

    auto_scroll: bool = _setting("true", kinds.boolean(), "Follow the answer on the screen as it grows")
    save_chat_history: bool = _setting("true", kinds.boolean(), "Keep conversations on this machine")
    max_chat_history: int = _setting(
        "100", kinds.whole(1, 100_000), "Messages of one conversation that are restored and sent; none is deleted"
    )
    model_cache: Path | None = _setting("", kinds.folder(), "Where models are kept; empty: the user's cache folder")

    def __post_init__(self) -> None:
        for attribute, setting in zip(self.__slots__, SETTINGS.values(), strict=True):
            object.__setattr__(self, attribute, _read(setting, getattr(self, attribute), "given in code"))

    @classmethod
    def load(
        cls,
        flags: Mapping[str, object] | None = None,
        environ: Mapping[str, str] = os.environ,
        cwd: Path | None = None,
        user_config: Path | None = None,
    ) -> "Loaded":
        """Read all sources; `user_config` is a folder. SettingsError: a value that would be used is bad.

        `flags` maps names (in either case) to values; None means that the flag was not given.
        """
        loaded, errors = cls.examine(flags, environ, cwd, user_config)
        for error in errors.values():
            raise error
        return loaded

    @classmethod
    def examine(
        cls,
        flags: Mapping[str, object] | None = None,
        environ: Mapping[str, str] = os.environ,
        cwd: Path | None = None,
        user_config: Path | None = None,
    ) -> "tuple[Loaded, Mapping[str, SettingsError]]":
        """As `load`, with the default in the place of every bad value, and what is wrong with each, by name."""
        warnings: list[str] = []
        here = cwd.absolute() if cwd else _working_folder()
        own_path = (user_config or user_config_folder()) / ".env"
        project_path = _nearest(here, own_path) if here else None
        own = _from_file(own_path, True, warnings)
        project = _from_file(project_path, False, warnings, above=project_path.parent != here) if project_path else {}
        variables = _from_environ(environ, here, warnings)
        layers = [_from_flags(flags or {}, here), variables, project, own]
        _guard_keys(layers, project, own_path, warnings)
        _guard_access(layers, project, own_path, warnings)

        values: dict[str, Any] = {}
        errors: dict[str, SettingsError] = {}
        sources = dict.fromkeys(SETTINGS, "default")
        for name, setting in SETTINGS.items():
            if found := next((layer[name] for layer in layers if name in layer), None):
                sources[name] = found.source
                hint = f", or set {PREFIX}{name}" if found is project.get(name) else ""
                try:
                    value = _read(setting, found.value, found.source, hint)
                except SettingsError as error:
                    errors[name] = error
                    continue
                if isinstance(value, Path) and found.folder:
                    value = found.folder / value
                values[name.lower()] = value
        return Loaded(cls(**values), tuple(warnings), MappingProxyType(sources)), MappingProxyType(errors)


SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {row.name.upper(): Setting(row.name.upper(), *row.metadata["row"]) for row in fields(Settings)}
)


class Loaded(NamedTuple):
    """The settings, one-line warnings for the person, and where each came from (by upper-case name)."""

    settings: Settings
    warnings: tuple[str, ...]
    sources: Mapping[str, str]


def user_config_folder() -> Path:
    """The folder whose ``.env`` is the user's own; it need not exist."""
    from platformdirs import user_config_path

    return user_config_path("speakstream", appauthor=False)


def _read(setting: Setting, value: object, source: str, hint: str = "") -> object:
    try:
        return setting.kind.read(value)
    except ValueError:
        if setting.kind.secret:
            said = f"{setting.name} cannot be used ({source}; its value is not shown)"
        else:
            shown = _without_credentials(value) if setting.name.endswith("_URL") else repr(value)
            said = f"{setting.name} is {_one_line(shown)} ({source})"
        raise SettingsError(f"{said}; use {setting.kind.allowed}{hint}") from None


def _without_credentials(value: object) -> str:
    """The repr of a bad URL without what may be a password in it."""
    text, marks, _ = str(value).partition("?")
    kept = f"…@{text.rpartition('@')[2]}" if "@" in text else text
    return repr(f"{kept}?…" if marks else kept)


def _one_line(text: object, limit: int | None = MAX_SHOWN) -> str:
    """Printable on one line of a terminal, whatever a file or a path held."""
    line = "".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in str(text))
    return line if limit is None or len(line) <= limit else f"{line[:limit]}…"


# ---------------------------------------------------------------------------------------- the sources


class _Found(NamedTuple):
    value: object
    source: str  # for a person
    folder: Path | None  # what a relative path is relative to


_Layer = dict[str, _Found]


def _working_folder() -> Path | None:
    try:
        return Path.cwd()
    except OSError:  # it was deleted
        return None


def _from_flags(flags: Mapping[str, object], here: Path | None) -> _Layer:
    layer: _Layer = {}
    for flag, value in flags.items():
        if (name := flag.upper()) not in SETTINGS:
            raise SettingsError(f"{_one_line(flag)} is not a setting (command line){_suggest(name)}")
        if value is not None:
            layer[name] = _Found(value, "command line", here)
    return layer


def _from_environ(environ: Mapping[str, str], here: Path | None, warnings: list[str]) -> _Layer:
    layer: _Layer = {}
    for variable, value in environ.items():
        if variable.startswith(PREFIX):
            if (name := variable.removeprefix(PREFIX)) in SETTINGS:
                layer[name] = _Found(value, f"environment variable {variable}", here)
            else:
                warnings.append(f"environment variable {_one_line(variable)} is not a setting{_suggest(name, PREFIX)}")
    return layer


def _nearest(here: Path, own: Path) -> Path | None:
    """The first ``.env`` from `here` upwards, unless it is the user's own."""
    for folder in (here, *here.parents):
        path = folder / ".env"
        if os.path.lexists(path):
            try:
                return None if path.samefile(own) else path
            except OSError:
                return path
    return None


def _from_file(path: Path, is_own: bool, warnings: list[str], above: bool = False) -> _Layer:
    """The settings in a ``.env``; a name with the prefix beats the bare one, and the last line wins."""
    where = _one_line(path, limit=None)
    text = _text_of(path, above)
    if isinstance(text, _Trouble):
        if text.what:
            warnings.append(f"{where}: ignored, {text.what}")
        return {}
    bare: _Layer = {}
    prefixed: _Layer = {}
    said: list[str] = []
    malformed = 0
    for key, value, line, last_line in _bindings(text):
        name = key.removeprefix(PREFIX)
        at = f"line {line}" if line == last_line else f"lines {line} to {last_line}"
        if not key:
            said.append(f"{where}, {at}: not understood, ignored; write NAME=value")
            malformed += 1
        elif name not in SETTINGS:
            suggestion = _suggest(name, key[: -len(name)]) if is_own or key != name else _mistyped(name)
            if suggestion or is_own or key != name:
                said.append(f"{where}, {at}: {_one_line(key)} is not a setting{suggestion}")
        elif value is None:
            said.append(f"{where}, {at}: {key} has no value, ignored; write {key}=value")
        else:
            layer = bare if key == name else prefixed
            layer[name] = _Found(value, f"{where}, line {line}", path.absolute().parent)
        if malformed > MAX_MALFORMED_LINES:
            warnings.append(f"{where}: ignored, it does not hold lines of NAME=value")
            return {}
    warnings += said
    return bare | prefixed


class _Trouble(NamedTuple):
    what: str


def _text_of(path: Path, above: bool) -> str | _Trouble:
    """What a ``.env`` holds, or why it is not read; nothing to say when there is none."""
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):
            return _Trouble(f"it is a {'folder' if S_ISDIR(status.st_mode) else 'special file'}")
        if above and sys.platform != "win32" and status.st_uid not in (0, os.getuid()):
            return _Trouble("it belongs to another user")  # /tmp/.env, say
        if status.st_size > MAX_FILE_BYTES:
            return _Trouble(f"it is larger than {MAX_FILE_BYTES // 1_000_000} MB")
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return _Trouble("")
    except UnicodeDecodeError:
        return _Trouble("it is not UTF-8 text")
    except OSError as error:
        return _Trouble(f"it cannot be read ({error.strerror})")
    return _Trouble("it is not text") if "\0" in text else text


def _bindings(text: str) -> Iterable[tuple[str, str | None, int, int]]:
    """Name ("" when malformed), value, first and last line of each statement.

    python-dotenv's parser itself, not ``dotenv_values``: it knows the lines, and it does not log.
    It leaves ``$`` alone.
    """
    from io import StringIO

    from dotenv.parser import parse_stream  # 20 ms, most of it for what is not used here

    for binding in parse_stream(StringIO(text)):
        statement = binding.original.string.lstrip()
        before = binding.original.string[: len(binding.original.string) - len(statement)]
        line = binding.original.line + _newlines(before)
        if binding.key or binding.error:
            yield binding.key or "", binding.value, line, line + _newlines(statement.rstrip())


def _newlines(text: str) -> int:
    return len(re.findall(r"\r\n|\n|\r", text))


def _guard_keys(layers: list[_Layer], project: _Layer, own: Path, warnings: list[str]) -> None:
    """Take addresses out of `project` that would be sent a key which did not come from there.

    A ``.env`` comes along with any repository that is cloned; it must not say where the user's key goes.
    """
    for engine in ("LLM", "TTS"):
        key = next((layer[name] for layer in layers if (name := f"{engine}_API_KEY") in layer), None)
        if key is None or key is project.get(f"{engine}_API_KEY") or not str(key.value).strip():
            continue
        for name in (f"{engine}_BASE_URL", f"{engine}_MODEL_NAME"):
            found = next((layer[name] for layer in layers if name in layer), None)
            if found is None or found is not project.get(name):
                continue
            if "://" in (address := str(found.value)) or (name.endswith("_URL") and address.strip()):
                del project[name]
                warnings.append(
                    f"{found.source}: {name} ignored, it would be sent the {engine}_API_KEY "
                    f"that comes from elsewhere ({key.source}); to trust it, set it in "
                    f"{_one_line(own, limit=None)} or as {PREFIX}{name}"
                )


def _guard_access(layers: list[_Layer], project: _Layer, own: Path, warnings: list[str]) -> None:
    """Take out of `project` what would let others reach `serve`.

    A ``.env`` that comes along with a repository must neither open a port to the network nor know its token.
    """
    for name, harmless in (("ALLOW_LAN", (False,)), ("ACCESS_TOKEN", (None,))):
        found = next((layer[name] for layer in layers if name in layer), None)
        if found is None or found is not project.get(name):
            continue
        try:
            if SETTINGS[name].kind.read(found.value) in harmless:
                continue
        except ValueError:
            if name == "ACCESS_TOKEN":  # that of another program
                del project[name]
            continue
        del project[name]
        warnings.append(
            f"{found.source}: {name} ignored, it would let others reach `serve`; to have it so, set it in "
            f"{_one_line(own, limit=None)} or as {PREFIX}{name}"
        )


# --------------------------------------------------------------------------------------- misspellings

_LONG = 8  # letters; two wrong ones in a shorter name make another word (PORT, PATH)
_OTHERS_USE = ("HOST", "PORT", "DEBUG", "ACCESS_TOKEN")


def _suggest(name: str, prefix: str = "") -> str:
    """The nearest setting, for a name that was certainly meant as one."""
    nearest = min(SETTINGS, key=lambda known: _distance(name.upper(), known))
    near = _distance(name.upper(), nearest) <= (2 if len(nearest) >= _LONG else 1)
    return f"; did you mean {prefix}{nearest}?" if near else ""


def _mistyped(key: str) -> str:
    """The same for a name in a file that may belong to another program: only what is hardly anything else.

    Short names count only when case and marks differ (``top-p``). Long ones may have two wrong letters, but
    no digit and the same first letter: ``STT_API_KEY`` and ``TTS_SPEED_2`` are other people's names.
    """
    name = key.upper()
    for known in SETTINGS:
        if known not in _OTHERS_USE and re.sub("[^A-Z]", "", known) == re.sub("[-_. ]", "", name):
            return f"; did you mean {known}?"
    if not name or re.search("[0-9]", name):
        return ""
    for known in SETTINGS:
        if known not in _OTHERS_USE and len(known) >= _LONG and known[0] == name[0] and _distance(name, known) <= 2:
            return f"; did you mean {known}?"
    return ""


def _distance(a: str, b: str) -> int:
    """Letters inserted, left out, replaced or swapped with their neighbour (optimal string alignment)."""
    if abs(len(a) - len(b)) > 2:
        return 3
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, last, row = row, before, [i]
        for j, y in enumerate(b, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and y == a[i - 2]:
                best = min(best, last[j - 2] + 1)
            row.append(best)
    return row[-1]
