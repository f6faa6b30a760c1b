"""Statistics of what was measured, and the machine it was measured on."""

import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

PACKAGES = (
    "speakstream",
    "xllamacpp",
    "hibari-tts",
    "onnxruntime",
    "numpy",
    "sounddevice",
    "soxr",
    "num2words",
    "markdown-it-py",
    "faster-whisper",
)
CPU_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8")
"""What llama.cpp and onnxruntime choose their kernels by."""


def percentile(values: Sequence[float], percent: float) -> float:
    """By linear interpolation between the two nearest of ``values``, which must not be empty."""
    return float(np.percentile(np.asarray(values, np.float64), percent))


@dataclass(frozen=True, slots=True)
class Spread:
    """What many measurements of one thing come to; in the unit of the measurements."""

    count: int
    least: float
    median: float
    p95: float
    most: float


def spread(values: Iterable[float | None]) -> Spread | None:
    """The spread of those ``values`` that are numbers; None where there are none."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Spread(len(known), min(known), statistics.median(known), percentile(known, 95), max(known))


def share(values: Sequence[float], least: float, most: float) -> float:
    """The part of ``values`` within [least, most], 0 to 1; of none, 0."""
    return sum(least <= value <= most for value in values) / max(1, len(values))


def machine() -> dict[str, Any]:
    """The machine, the interpreter, the packages and the state of the source: what figures depend on."""
    about = _fields(Path("/proc/cpuinfo"))
    flags = about.get("flags", "").split()
    memory = _fields(Path("/proc/meminfo")).get("MemTotal", "0 kB").split()[0]
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": about.get("model name", platform.processor()),
        "cores": len(os.sched_getaffinity(0)),
        "cpu_quota": _text(Path("/sys/fs/cgroup/cpu.max")),
        "flags": {flag: flag in flags for flag in CPU_FLAGS},
        "memory_mb": round(int(memory) * 1024 / 1e6),
        "load_average": os.getloadavg(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "libc": " ".join(platform.libc_ver()),
        "python": sys.version.split()[0],
        "packages": {name: _version(name) for name in PACKAGES},
        "commit": _git("rev-parse", "HEAD"),
        "uncommitted": bool(_git("status", "--porcelain")),
    }


def _fields(path: Path) -> dict[str, str]:
    """The first value of every ``name : value`` line."""
    found: dict[str, str] = {}
    for line in _text(path).splitlines():
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip(), value.strip())
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, check=False, cwd=Path(__file__).parent
        )
    except OSError:
        return ""
    return done.stdout.strip()
