"""The exact command that mends something on this very system."""

import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

INSTALLERS = {
    "debian": "apt-get install",
    "fedora": "dnf install",
    "arch": "pacman -S",
    "suse": "zypper install",
    "alpine": "apk add",
}
"""The families of Linux, as /etc/os-release calls them, and what installs a package there."""

PORTAUDIO = {
    "debian": "libportaudio2",
    "fedora": "portaudio",
    "arch": "portaudio",
    "suse": "libportaudio2",
    "alpine": "portaudio",
}

SOUND_SERVER_PLUGIN = {
    "debian": "libasound2-plugins",
    "fedora": "alsa-plugins-pulseaudio",
    "arch": "alsa-plugins",
    "suse": "alsa-plugins-pulse",
    "alpine": "alsa-plugins-pulse",
}
"""What lets ALSA, and so PortAudio, play through PulseAudio or PipeWire."""


def system_name() -> str:
    """The operating system as its people call it: "Debian GNU/Linux 12 (bookworm)"."""
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    if sys.platform.startswith("linux"):
        return _os_release().get("PRETTY_NAME", f"Linux {platform.release()}")
    return f"{platform.system()} {platform.release()}"


def linux_family(release: Mapping[str, str] | None = None) -> str:
    """Which of ``INSTALLERS`` this Linux belongs to; "" for none of them, or no Linux."""
    release = _os_release() if release is None else release
    names = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    families = {"rhel": "fedora", "centos": "fedora", "opensuse": "suse", "sles": "suse", "ubuntu": "debian"}
    for name in names:
        family = families.get(name.partition("-")[0], name)
        if family in INSTALLERS:
            return family
    return ""


def install(packages: Mapping[str, str], what: str) -> str:
    """How to install a system library, from its package's name in each family of Linux."""
    family = linux_family()
    if family:
        return f"install it:\n{as_root(f'{INSTALLERS[family]} {packages[family]}')}"
    names = ", ".join(sorted(set(packages.values())))
    return f"install the package of your system that holds {what} ({names})"


def portaudio() -> str:
    """How to get PortAudio: on macOS and Windows it comes with ``sounddevice``."""
    if sys.platform in ("darwin", "win32"):
        return f"install it again:\n{pip('--force-reinstall', 'sounddevice')}"
    return install(PORTAUDIO, "PortAudio")


def restart_sound() -> str:
    """How to have the sound server begin anew."""
    if sys.platform == "darwin":
        return as_root("killall coreaudiod")
    if sys.platform == "win32":
        return "net stop audiosrv & net start audiosrv"
    if shutil.which("pulseaudio") and not shutil.which("pipewire"):
        return "pulseaudio -k; pulseaudio --start"
    return "systemctl --user restart pipewire pipewire-pulse"


def as_root(command: str) -> str:
    """The command with what makes it an administrator's, where that is needed and there."""
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        return command
    leader = next((name for name in ("sudo", "doas") if shutil.which(name)), "")
    return f"{leader} {command}" if leader else f"su -c {quoted([command])}"


def pip(*words: str) -> str:
    """``pip install`` with these words, for the Python that runs SpeakStream."""
    if importlib.util.find_spec("pip") is None and shutil.which("uv"):
        return quoted(["uv", "pip", "install", "--python", python(), *words])
    return quoted([python(), "-m", "pip", "install", *words])


def python() -> str:
    """This Python, as short as it can be typed here."""
    return _typed(Path(sys.executable))


def program(argument: str) -> str:
    """SpeakStream's command, as this person typed it; ``argument`` is the first word of the command line."""
    path = Path(argument)
    if path.name in ("__main__.py", "-m", "-c") or not path.name:
        return f"{quoted([python()])} -m speakstream"
    return quoted([_typed(path if path.is_absolute() or os.sep in argument else Path(shutil.which(argument) or path))])


def quoted(words: Sequence[str]) -> str:
    """A command line of these words, for the shell that people have on this system."""
    if sys.platform == "win32":
        return " ".join(f'"{word}"' if set(word) & set(' <>&|^%"') else word for word in words)
    import shlex

    return shlex.join(words)


def _typed(path: Path) -> str:
    """A program by its name where that finds it, else by its shortest path from here."""
    found = shutil.which(path.name)
    if found and os.path.abspath(found) == os.path.abspath(path):
        return path.name
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def _os_release() -> Mapping[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}
