"""The processor and the memory."""

import ctypes
import os
import platform
import subprocess
import sys
from pathlib import Path

from speakstream.doctor.examination import Examination
from speakstream.doctor.findings import Findings, ok, warn

NEEDED_MEMORY = 500_000_000
"""Bytes that an answer takes with the default model: 435 MB were measured (docs/performance.md)."""

_WINDOWS_AVX2 = 40  # PF_AVX2_INSTRUCTIONS_AVAILABLE
_POWER_PROFILE = Path("/sys/firmware/acpi/platform_profile")
_CGROUP = Path("/sys/fs/cgroup")


def check_processor(_: Examination) -> Findings:
    """Cores, what they can do, and what else they do."""
    from speakstream.llm.llamacpp import usable_cores

    cores, present = usable_cores(), os.cpu_count() or 1
    fast = has_fast_vectors()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    saving = is_saving_power()
    facts = {"cores": cores, "present": present, "fast_vectors": fast, "load": load, "saving_power": saving}
    parts = [f"{cores} core{'s' if cores > 1 else ''}" + (f" of {present}" if present > cores else "")]
    parts += [] if fast is None else [vector_name() if fast else f"no {vector_name()}"]
    parts += [] if load is None else [f"load {load:.1f}"]
    parts += ["saving power"] if saving else []
    detail = ", ".join(parts)
    if fast is False:
        fix = "expect slow answers, and keep them short (MAX_NEW_TOKENS=100): llama.cpp owes its speed to them"
        yield warn("processor", detail, fix, **facts)
    elif saving:
        yield warn("processor", detail, "choose another power profile:\npowerprofilesctl set balanced", **facts)
    elif load is not None and load > cores + 1:
        yield warn("processor", detail, "other programs keep the cores busy: close some of them", **facts)
    elif cores == 1:
        yield warn("processor", detail, "give it a second core, if you can: model and voice share this one", **facts)
    else:
        yield ok("processor", detail, **facts)


def check_memory(_: Examination) -> Findings:
    """Memory that is there, and that is free, within what a container may have."""
    total, free = memory()
    if total is None:
        yield ok("memory", "this system does not tell how much there is")
    elif free is None:
        yield ok("memory", _gigabytes(total), total=total)
    elif free < NEEDED_MEMORY:
        fix = f"close other programs: an answer takes about {NEEDED_MEMORY / 1e6:.0f} MB"
        yield warn("memory", f"{_gigabytes(total)}, {_gigabytes(free)} free", fix, total=total, free=free)
    else:
        yield ok("memory", f"{_gigabytes(total)}, {_gigabytes(free)} free", total=total, free=free)


def vector_name() -> str:
    """The vector instructions that matter on this kind of processor."""
    return "NEON" if platform.machine().lower() in ("arm64", "aarch64") else "AVX2"


def has_fast_vectors() -> bool | None:
    """Whether the processor has them; None: this system does not tell."""
    if vector_name() == "NEON":
        return True  # every 64-bit ARM has it
    if sys.platform.startswith("linux"):
        try:
            text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        flags = next((line for line in text.splitlines() if line.startswith("flags")), "")
        return "avx2" in flags.split() if flags else None
    if sys.platform == "darwin":
        answer = _sysctl("hw.optional.avx2_0")
        return answer == "1" if answer else None
    if sys.platform == "win32":
        return bool(ctypes.windll.kernel32.IsProcessorFeaturePresent(_WINDOWS_AVX2))
    return None


def is_saving_power() -> bool:
    """Whether the firmware was told to be slow; only some Linux machines tell."""
    try:
        return _POWER_PROFILE.read_text(encoding="ascii").strip() in ("low-power", "quiet")
    except (OSError, ValueError):
        return False


def memory() -> tuple[int | None, int | None]:
    """Bytes in all, and bytes that can be had; None where this system does not tell."""
    if sys.platform.startswith("linux"):
        total, free = _linux_memory()
        limit, used = _number(_CGROUP / "memory.max"), _number(_CGROUP / "memory.current")
        if total is not None and free is not None and limit is not None and limit < total:
            return limit, max(0, min(free, limit - (used or 0)))
        return total, free
    if sys.platform == "darwin":
        answer = _sysctl("hw.memsize")
        return (int(answer) if answer else None), None  # what is free is a matter of opinion there
    return None, None


def _linux_memory() -> tuple[int | None, int | None]:
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except (OSError, ValueError):
        return None, None
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    total, free = (fields.get(name, "").split() for name in ("MemTotal", "MemAvailable"))
    return (int(total[0]) * 1024 if total else None), (int(free[0]) * 1024 if free else None)


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # no cgroup v2, or "max"
        return None


def _sysctl(name: str) -> str:
    try:
        done = subprocess.run(["sysctl", "-n", name], capture_output=True, text=True, timeout=2, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size < 10e9 else f"{size / 1e9:.0f} GB"
