"""What SpeakStream was told and finds around it: settings, the way to the network, the terminal."""

import configparser
import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TextIO

from speakstream.doctor.examination import Examination
from speakstream.doctor.findings import Findings, fail, ok, parted, skip, warn
from speakstream.doctor.private import host, short
from speakstream.errors import LexiconError
from speakstream.settings import SETTINGS, Settings
from speakstream.terminal import is_rich_terminal, size_of

UNSHOWN = ("SYSTEM_PROMPT", "STOP")
"""Settings that hold a person's own words."""

SHOWN = 6
"""Changed settings that are listed on the screen."""

NARROW = 40
"""Columns below which text is hard to read."""

# --------------------------------------------------------------------------------------- settings


def check_settings(examination: Examination) -> Findings:
    """Each one that is not at its default, with its source; each that is wrong, with its place."""
    if examination.unread:
        yield fail("settings", examination.unread, "install what is missing among the packages, above")
        return
    loaded = examination.loaded
    changed = changed_settings(loaded.settings, loaded.sources, examination.errors)
    lines = [f"{name}={entry['value']}  {entry['source']}" for name, entry in changed.items()]
    if len(lines) > SHOWN + 1:
        lines[SHOWN:] = [f"and {len(lines) - SHOWN} more: {examination.program} doctor --json"]
    what = (
        f"{len(changed)} not at {'its default' if len(changed) == 1 else 'their defaults'}" if changed else "defaults"
    )
    yield ok("settings", "\n".join([what, *lines]), changed=changed)
    for name, error in examination.errors.items():
        wrong, remedy = parted(short(error))
        if name in UNSHOWN:
            wrong = f"{name} cannot be used ({short(loaded.sources[name])}; its text is not shown)"
        yield fail("setting", wrong, remedy, setting=name)
    for warning in loaded.warnings:
        wrong, remedy = parted(short(warning))
        yield warn("setting", wrong, remedy or "delete it, if it is not yours")


def changed_settings(
    settings: Settings, sources: Mapping[str, str], bad: Iterable[str] = ()
) -> dict[str, dict[str, str]]:
    """The settings that differ from their defaults: what may be shown of each, and where it comes from."""
    defaults = Settings()
    return {
        name: {"value": shown(name, getattr(settings, name.lower())), "source": _place(source)}
        for name, source in sources.items()
        if name not in bad and getattr(settings, name.lower()) != getattr(defaults, name.lower())
    }


def shown(name: str, value: object) -> str:
    """What anybody may see of a setting's value."""
    if value is None or value == "":
        return "(not set)"
    if SETTINGS[name].kind.secret:
        return "(set, not shown)"
    if name in UNSHOWN:
        return f"(set, {sum(map(len, value)) if isinstance(value, tuple) else len(str(value))} characters, not shown)"
    text = str(value).lower() if isinstance(value, bool) else short(value)
    return f"{text.partition('://')[0]}://{host(text)}" if "://" in text else text


def _place(source: str) -> str:
    return "environment" if source.startswith("environment variable") else short(source)


def check_lexicon(_: Examination) -> Findings:
    """The words that are said in the person's own way, if there are any; the words themselves are nobody's business."""
    from speakstream.pronunciation import lexicon_path, read_lexicon

    path = lexicon_path()
    try:
        count = len(read_lexicon(path).entries)
    except LexiconError as error:
        yield fail("lexicon", *parted(short(error)))
        return
    if count:
        yield ok("lexicon", f"{count} word{'s' if count > 1 else ''} in {short(path)}", words=count, path=str(path))


# ---------------------------------------------------------------------------------------- network

_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_PIP = {"index-url": "index", "extra-index-url": "further index", "proxy": "proxy"}


def check_network(_: Examination) -> Findings:
    """How a model would be fetched: proxies, and pip's index. Nothing is asked over the network."""
    proxies = {
        name: host(address)
        for name in _PROXIES
        if (address := os.environ.get(name) or os.environ.get(name.lower()))
    }  # fmt: skip
    options = pip_options(os.environ)
    index = {_PIP[name]: _hosts(value) for name, value in options.items() if name in _PIP}
    away = options.get("no-index", "").lower() in ("1", "true", "yes", "on")
    parts = [f"{name} {address}" for name, address in proxies.items()] or ["no proxy"]
    parts += [f"pip's {name}: {address}" for name, address in index.items()] or ["pip's own index"]
    facts = {"proxies": proxies, "pip": index, "no_index": away}
    unclear = [name for name, address in proxies.items() if address.startswith("(")]
    if unclear:
        yield warn("network", ", ".join(parts), f"write {unclear[0]} as in http://proxy.example:3128", **facts)
    elif away:
        fix = "unset PIP_NO_INDEX, or take no-index out of pip's configuration, before a model is fetched"
        yield warn("network", f"{', '.join(parts)}; pip may use no index", fix, **facts)
    else:
        yield ok("network", ", ".join(parts), **facts)


def pip_options(environ: Mapping[str, str]) -> dict[str, str]:
    """What pip is told by its files and its variables; the latter win, as with pip itself."""
    options: dict[str, str] = {}
    for path in _pip_files(environ):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (OSError, UnicodeDecodeError, configparser.Error):
            continue  # pip itself will tell
        for section in ("global", "download"):
            if parser.has_section(section):
                options.update({name.replace("_", "-"): value for name, value in parser.items(section)})
    for name, value in environ.items():
        if name.startswith("PIP_"):
            options[name[4:].lower().replace("_", "-")] = value
    return options


def _pip_files(environ: Mapping[str, str]) -> list[Path]:
    """Where pip looks for its configuration, the last one wins."""
    chosen = environ.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return []
    home = Path(os.path.expanduser("~"))
    if sys.platform == "win32":
        own = [home / "pip" / "pip.ini", Path(environ.get("APPDATA", home)) / "pip" / "pip.ini"]
        return [*own, Path(sys.prefix) / "pip.ini", *([Path(chosen)] if chosen else [])]
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    paths = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf"), home / ".pip" / "pip.conf"]
    paths.append(config / "pip" / "pip.conf")
    if sys.platform == "darwin":
        paths.append(home / "Library" / "Application Support" / "pip" / "pip.conf")
    return [*paths, Path(sys.prefix) / "pip.conf", *([Path(chosen)] if chosen else [])]


def _hosts(value: str) -> str:
    """The hosts of one or several addresses; a folder is only said to be one."""
    return ", ".join("a folder" if re.match("file:|[./~]", part) else host(part) for part in value.split())


# --------------------------------------------------------------------------------------- terminal


def check_terminal(_: Examination) -> Findings:
    """What can be shown where this runs."""
    out = _terminal()
    over = [what for what, there in (("over SSH", is_remote()), ("in tmux", "TMUX" in os.environ)) if there]
    if out is None:
        yield skip("terminal", ", ".join(["none here: the text is written plainly", *over]), terminal=False)
        return
    columns, rows = size_of(out)
    encoding = (out.encoding or "ascii").lower()
    lights = is_rich_terminal(out)
    term = os.environ.get("TERM", "")
    facts = {
        "terminal": True,
        "columns": columns,
        "rows": rows,
        "colours": colours(),
        "encoding": encoding,
        "lights_words": lights,
        "term": term,
        "ssh": is_remote(),
        "tmux": "TMUX" in os.environ,
    }
    words = "words are lit" if lights else "no word can be lit"
    unicode = "Unicode" if encoding.startswith("utf") else f"only {encoding}"
    parts = [f"{columns} x {rows}", f"{colours()} colours" if colours() else "no colours", unicode, *over]
    detail = f"{', '.join(parts)}; {words}"
    if not lights and sys.platform != "win32":
        named = f"TERM={term} tells that it knows no cursor" if term else "TERM is not set"
        yield warn("terminal", detail, f"{named}; if it does:\nexport TERM=xterm-256color", **facts)
    elif not encoding.startswith("utf"):
        fix = "chcp 65001" if sys.platform == "win32" else "export LC_ALL=C.UTF-8"
        yield warn("terminal", detail, f"have other letters shown, too:\n{fix}", **facts)
    elif columns < NARROW:
        yield warn("terminal", detail, f"make it at least {NARROW} columns wide", **facts)
    else:
        yield ok("terminal", detail, **facts)


def colours() -> int:
    """How many the terminal says it has; 0: none, or none are wanted."""
    term = os.environ.get("TERM", "dumb")
    if os.environ.get("NO_COLOR") or term == "dumb":
        return 0
    if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return 1 << 24
    return 256 if "256color" in term else 8


def is_remote() -> bool:
    """Whether this shell came over SSH."""
    return any(name in os.environ for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"))


def _terminal() -> TextIO | None:
    """The terminal that is looked at, also when standard output goes elsewhere."""
    return next((stream for stream in (sys.stdout, sys.stderr) if stream.isatty()), None)
