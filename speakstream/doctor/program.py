"""Python, and the packages beside this one: looked up in their metadata, and not imported."""

import platform
import re
import struct
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import NamedTuple

from speakstream import __version__
from speakstream.doctor import remedies
from speakstream.doctor.examination import Examination
from speakstream.doctor.findings import Findings, fail, ok, warn
from speakstream.doctor.private import short

DISTRIBUTION = "speakstream"
NEEDED_PYTHON = (3, 11)

DEVELOPERS = ("test", "all")
"""Extras that are not for those who use the program."""


def check_python(_: Examination) -> Findings:
    """The interpreter, and where it puts packages."""
    version = platform.python_version()
    bits = struct.calcsize("P") * 8
    apart = sys.prefix != sys.base_prefix
    facts = {
        "version": version,
        "implementation": platform.python_implementation(),
        "bits": bits,
        "virtual_environment": apart,
        "prefix": sys.prefix,
        "platform": platform.platform(),
        "machine": platform.machine(),
        "system": remedies.system_name(),
        "speakstream": __version__,
    }
    where = f"in the virtual environment {short(sys.prefix)}" if apart else f"in {short(sys.prefix)}"
    wanted = ".".join(map(str, NEEDED_PYTHON))
    if sys.version_info < NEEDED_PYTHON:
        yield fail("Python", f"{version}, {where}", f"install Python {wanted} or newer, and SpeakStream in it", **facts)
    elif bits < 64 or platform.python_implementation() != "CPython":
        detail = f"{platform.python_implementation()} {version} with {bits} bits, {where}"
        yield warn("Python", detail, "use a CPython with 64 bits: the engines are built for it only", **facts)
    else:
        yield ok("Python", f"{version}, {where}", **facts)


def check_packages(_: Examination) -> Findings:
    """What SpeakStream needs, against what its own metadata says of it."""
    try:
        needs = [need for need in requirements() if not need.extra]
        installed = metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        yield warn(
            "packages",
            "SpeakStream runs from its source and is not installed: what it needs is not known",
            f"in the folder of its source:\n{remedies.pip('.')}",
        )
        return
    found = {need.name: version_of(need.name) for need in needs}
    facts = {need.name: {"needed": need.allowed, "installed": found[need.name]} for need in needs}
    missing = [need for need in needs if found[need.name] is None]
    unfit = [need for need in needs if (version := found[need.name]) is not None and not need.allows(version)]
    if missing or unfit:
        wrong = [f"missing: {', '.join(need.name for need in missing)}"] if missing else []
        wrong += [f"{need.name} {found[need.name]} does not fit {need.allowed}" for need in unfit]
        fix = f"install what fits:\n{remedies.pip(*(need.name + need.allowed for need in missing + unfit))}"
        yield fail("packages", "; ".join(wrong), fix, packages=facts)
    elif installed != __version__:
        detail = f"SpeakStream {__version__} runs, {installed} is installed: the two are not of one release"
        yield warn("packages", detail, f"in the folder of its source:\n{remedies.pip('.')}", packages=facts)
    else:
        yield ok("packages", f"all {len(needs)} are there, and new enough", packages=facts)


def check_extras(_: Examination) -> Findings:
    """What can be had on top."""
    try:
        names = [
            name for name in metadata.metadata(DISTRIBUTION).get_all("Provides-Extra") or [] if name not in DEVELOPERS
        ]
        needs = requirements()
    except metadata.PackageNotFoundError:
        return  # told already
    by_extra = {name: [need for need in needs if need.extra == name] for name in names}
    planned = [name for name, wanted in by_extra.items() if not wanted]
    there = [name for name in names if by_extra[name] and all(is_installed(need) for need in by_extra[name])]
    absent = [name for name in names if name not in (*planned, *there)]
    lines = []
    if there:
        lines.append(f"{', '.join(there)} {'are' if len(there) > 1 else 'is'} installed")
    if absent:
        command = remedies.pip(f"{DISTRIBUTION}[{','.join(absent)}]")
        lines.append(f"{', '.join(absent)} can be had: {command}")
    if planned:
        lines.append(f"{', '.join(planned)} {'are' if len(planned) > 1 else 'is'} not there yet")
    if lines:
        yield ok("extras", "\n".join(lines), installed=there, not_installed=absent, planned=planned)


class Requirement(NamedTuple):
    """A package that SpeakStream names in its metadata."""

    name: str
    allowed: str
    """As in ``>=1.0,<2``; "": any version."""

    extra: str
    """The extra that wants it; "": SpeakStream itself."""

    def allows(self, version: str) -> bool:
        """Whether a version will do. What is no plain comparison (``~=``, ``===``, ``==1.*``) is taken to allow it."""
        return all(_allows(part.strip(), version) for part in self.allowed.split(",") if part.strip())


_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9._-]+)\s*(\[[^]]*\])?\s*\(?([^;)]*)\)?\s*(?:;(.*))?")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")


def requirements() -> list[Requirement]:
    """All of them. Raises PackageNotFoundError when SpeakStream is not installed.

    Those for certain systems only (other markers than ``extra``) are left out, and so is SpeakStream itself.
    """
    found = []
    for line in metadata.requires(DISTRIBUTION) or ():
        match = _REQUIREMENT.match(line)
        if match is None or match[1] == DISTRIBUTION:
            continue
        marker = match[4] or ""
        extra = _EXTRA.search(marker)
        if not marker or extra:
            found.append(Requirement(match[1], match[3].strip(), extra[1] if extra else ""))
    return found


def version_of(name: str) -> str | None:
    """The installed version; None: not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def is_installed(need: Requirement) -> bool:
    """Whether it is there, in a version that fits."""
    version = version_of(need.name)
    return version is not None and need.allows(version)


def _allows(condition: str, version: str) -> bool:
    match = re.fullmatch(r"(>=|<=|==|!=|>|<)\s*([0-9.]+)", condition)
    if match is None:
        return True
    mine, theirs = _padded(_release(version), _release(match[2]))
    return {
        ">=": mine >= theirs,
        "<=": mine <= theirs,
        "==": mine == theirs,
        "!=": mine != theirs,
        ">": mine > theirs,
        "<": mine < theirs,
    }[match[1]]


def _release(version: str) -> list[int]:
    """The numbers of a version, without what comes after them (``rc1``, ``.post2``)."""
    match = re.match(r"v?(?:[0-9]+!)?([0-9]+(?:\.[0-9]+)*)", version)
    return [int(number) for number in match[1].split(".")] if match else []


def _padded(*versions: list[int]) -> Iterator[list[int]]:
    longest = max(map(len, versions))
    return (version + [0] * (longest - len(version)) for version in versions)
