"""What a bug report needs, as one Markdown file: findings, figures, packages and surroundings, and nothing private."""

import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from typing import Any

from speakstream import __version__
from speakstream.doctor import program, remedies
from speakstream.doctor.examination import Examination
from speakstream.doctor.findings import Finding, Status
from speakstream.doctor.private import Redactor, host, short
from speakstream.doctor.screen import as_text
from speakstream.doctor.surroundings import shown
from speakstream.settings import PREFIX, SETTINGS

COLUMNS = 100

FIGURES = "measurement"
"""The part of a finding's data in which the figures of the turn come."""

BESIDE = ("pip", "torch", "transformers", "piper-tts", "coqui-tts", "packaging", "protobuf")
"""Packages that are worth knowing about, although SpeakStream does not name them."""

AS_THEY_ARE = (
    "LANG", "LC_ALL", "LC_CTYPE", "TERM", "COLORTERM", "TERM_PROGRAM", "COLUMNS", "LINES", "NO_COLOR",
    "XDG_SESSION_TYPE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONUTF8",
    "PYTHONIOENCODING", "PYTHONPATH", "PYTHONHOME", "OMP_NUM_THREADS", "HF_HUB_OFFLINE", "HF_HOME", "PIP_NO_INDEX",
    "PULSE_SERVER", "PULSE_SINK", "PIPEWIRE_REMOTE", "ALSA_CONFIG_PATH", "ALSA_CARD", "JACK_DEFAULT_SERVER",
)  # fmt: skip
"""Environment variables that are written down; of all others not even the names."""

ONLY_WHETHER = ("TMUX", "SSH_CONNECTION", "SSH_TTY", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "container")
ONLY_HOST = (
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL", "PIP_PROXY", "HF_ENDPOINT",
)  # fmt: skip


def document(findings: Sequence[Finding]) -> dict[str, Any]:
    """What ``doctor --json`` prints."""
    measurement = next((finding.data[FIGURES] for finding in findings if FIGURES in finding.data), None)
    return {
        "ok": not broken(findings),
        "version": __version__,
        "checks": [_without_figures(finding).as_json() for finding in findings],
        "measurement": measurement,
    }


def broken(findings: Sequence[Finding]) -> bool:
    """Whether something does not work."""
    return any(finding.status is Status.FAIL for finding in findings)


def report(findings: Sequence[Finding], examination: Examination) -> str:
    """The report, as Markdown."""
    private = Redactor(secrets(examination))
    findings = [_redacted(finding, private) for finding in findings]
    values = document(findings)
    moment = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    parts = [
        "# SpeakStream: doctor's report",
        f"SpeakStream {__version__}, Python {platform.python_version()}, {remedies.system_name()}, "
        f"{platform.machine()}; {moment}",
        "Keys, prompts, names of people and of this machine, and the path to the home folder are left out.",
        "## Findings",
        _block("text", as_text(findings, COLUMNS)),
        "## Measured turn",
        _table(values["measurement"] or {"not measured": "see above"}),
        "## Packages",
        _table(packages()),
        "## Environment",
        _table(private(environment(os.environ, examination))),
        "## Everything, for a program",
        _block("json", json.dumps(values, indent=1, ensure_ascii=False)),
    ]
    return "\n\n".join(parts) + "\n"


def secrets(examination: Examination) -> list[str]:
    """What must not be in it, wherever it may have got to."""
    settings = examination.settings
    own = [str(getattr(settings, name.lower()) or "") for name, row in SETTINGS.items() if row.kind.secret]
    return [*own, settings.system_prompt] if settings.system_prompt != SETTINGS["SYSTEM_PROMPT"].default else own


def packages() -> dict[str, str]:
    """The versions of what is installed and matters."""
    try:
        names = [need.name for need in program.requirements()]
    except PackageNotFoundError:
        names = []
    versions = {name: program.version_of(name) for name in sorted({*names, *BESIDE})}
    return {name: version for name, version in versions.items() if version is not None}


def environment(environ: Mapping[str, str], examination: Examination) -> dict[str, str]:
    """The variables of the whitelist, and of each only what may be seen."""
    found = {name: short(environ[name]) for name in AS_THEY_ARE if name in environ}
    found |= {name: "(set)" for name in ONLY_WHETHER if name in environ}
    found |= {name: host(environ[name]) for name in ONLY_HOST if name in environ}
    for name in sorted(environ):
        setting = name.removeprefix(PREFIX)
        if name != setting and setting in SETTINGS:
            allowed = setting not in examination.errors and examination.loaded.sources[setting].endswith(name)
            value = getattr(examination.settings, setting.lower())
            found[name] = shown(setting, value) if allowed else "(set, not used)"
    return found


def _redacted(finding: Finding, private: Redactor) -> Finding:
    return Finding.from_json({**private(finding.as_json()), "section": finding.section, "name": finding.name})


def _without_figures(finding: Finding) -> Finding:
    """The figures of the turn stand in ``measurement``, once."""
    return replace(finding, data={name: value for name, value in finding.data.items() if name != FIGURES})


def _block(language: str, text: str) -> str:
    return f"```{language}\n{text.replace('```', '` ` `')}\n```"


def _table(rows: Mapping[str, object]) -> str:
    cells = (f"| {name} | {str(value).replace('|', '/')} |" for name, value in rows.items())
    return "\n".join(["| | |", "| --- | --- |", *cells])
