"""A folder of fetched files: what is in it, what is on the way into it, and who may write.

A finished file lies beside a small JSON stamp. A file that still has the stamp's size and time is trusted; any
other is hashed. What has come of an unfinished one is kept in ``.partial`` and gone on from the next time;
everything else that is unfinished stands in a ``.tmp-`` folder. Both are in the folder itself, so that a file is
moved into its place by a rename, never from one file system to another. There is one lock for all of it: so
whoever holds the lock knows that any other ``.tmp-`` folder was left by a process that died.
"""

import errno
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event

from speakstream.download import check
from speakstream.errors import ModelError
from speakstream.progress import Notify, megabytes
from speakstream.transfer import discard

LOCK_POLL_SECONDS = 0.1
SPARE_BYTES = 16_000_000  # left free on the disk
FORGET_SECONDS = 7 * 86_400.0  # what nobody went on with for a week is deleted
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
BLOCK = 1 << 20


class CacheUnusable(ModelError):
    """The folder cannot be written, or its disk is full."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is known of a cached file without reading it."""

    name: str
    file: str
    source_sha256: str  # of what was fetched, before it was prepared
    sha256: str
    size: int
    mtime_ns: int


class CacheFolder:
    """One folder. ``what`` it is, and the environment ``variable`` that moves it, are for messages.

    Its disk's failures are raised as ``CacheUnusable``, one line that says what to do.
    """

    def __init__(
        self,
        path: Path,
        notify: Notify,
        *,
        what: str,
        variable: str,
        free_bytes: Callable[[Path], int] | None = None,
    ) -> None:
        self.path = path
        self.free_bytes = free_bytes or _free_bytes
        self._notify = notify
        self._what = f"{what} {path}"
        self._variable = variable
        self._wanted = ""  # what the space is for, in words

    # --- what is there ---

    def stamp_path(self, name: str) -> Path:
        return self.path / f"{name.replace('/', '--')}.json"

    def read_stamp(self, path: Path) -> Stamp | None:
        try:
            stamp = Stamp(**json.loads(path.read_bytes()))
        except (OSError, ValueError, TypeError):
            return None
        return stamp if stamp.file == Path(stamp.file).name else None  # never outside the folder

    def find(self, name: str, source_sha256: str = "", deep: bool = False) -> tuple[Path | None, str]:
        """The file called ``name``, or None and what is wrong with it ("" if there never was one).

        ``source_sha256``: what it must be made from, if that is known. ``deep`` reads it, and trusts no stamp.
        """
        stamp_path = self.stamp_path(name)
        stamp = self.read_stamp(stamp_path)
        if stamp is None or stamp.name != name:
            return None, f"{stamp_path} cannot be read" if stamp_path.exists() else ""
        if source_sha256 and stamp.source_sha256 != source_sha256:
            return None, f"The cached {name} is of another release"
        path = self.path / stamp.file
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

    def partial(self, file: str) -> Path:
        """Where what has come of ``file`` is kept."""
        return self.path / ".partial" / file

    # --- writing ---

    def install(self, name: str, made: Path, file: str, source_sha256: str, sha256: str) -> Path:
        """Move a finished file into place: the file first, so that no stamp ever vouches for another."""
        old = self.read_stamp(self.stamp_path(name))
        path = self.move(made, file)
        self._write_stamp(name, path, source_sha256, sha256)
        if old is not None and old.file != path.name:
            (self.path / old.file).unlink(missing_ok=True)
        return path

    def move(self, made: Path, file: str) -> Path:
        """Move a finished file to its name in one step, which lasts even if the power fails."""
        path = self.path / file
        _flush_to_disk(made)
        made.replace(path)
        _flush_to_disk(self.path)
        return path

    def remove(self, name: str, partials: tuple[str, ...]) -> int:
        """Delete a file, its stamp and what has come of it; returns the bytes freed."""
        stamp_path = self.stamp_path(name)
        if not stamp_path.exists() and not any(self.partial(file).exists() for file in partials):
            return 0
        with self.locked(None):
            stamp = self.read_stamp(stamp_path)
            paths = [self.partial(file) for file in partials] + [stamp_path]
            freed = 0
            for path in [*paths, self.path / stamp.file] if stamp else paths:
                if path.exists():
                    freed += path.stat().st_size
                    discard(path)
            return freed

    def _write_stamp(self, name: str, path: Path, source_sha256: str, sha256: str) -> None:
        now = path.stat()
        stamp = Stamp(name, path.name, source_sha256, sha256, now.st_size, now.st_mtime_ns)
        temporary = self.path / f".tmp-stamp-{os.getpid()}"
        temporary.write_text(json.dumps(asdict(stamp), indent=1), encoding="utf-8")
        _flush_to_disk(temporary)
        temporary.replace(self.stamp_path(name))

    @contextmanager
    def locked(self, cancelled: Event | None) -> Iterator[None]:
        """The folder for this process alone; made if need be."""
        from filelock import FileLock, Timeout

        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / ".lock")
            try:
                lock.acquire(timeout=0)
            except Timeout:
                self._notify("Another SpeakStream is fetching a model: waiting for it.")
                while not lock.is_locked:
                    check(cancelled)
                    with suppress(Timeout):
                        lock.acquire(timeout=LOCK_POLL_SECONDS)
        except (OSError, NotImplementedError) as error:  # the second: a file system without locks
            raise self._unusable(error) from error
        try:
            yield
        except OSError as error:
            raise self._unusable(error) from error
        finally:
            lock.release()

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """A folder for what is not to be kept; what dead processes left is swept too. Needs the lock."""
        import tempfile

        self._sweep()
        (self.path / ".partial").mkdir(exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".tmp-", dir=self.path))
        try:
            yield work
        finally:
            self._sweep()

    def _sweep(self) -> None:
        import shutil

        for stale in self.path.glob(".tmp-*"):
            if stale.is_dir():
                shutil.rmtree(stale, ignore_errors=True)
            else:
                stale.unlink(missing_ok=True)
        now = time.time()
        for part in self.path.glob(".partial/*"):
            if now - part.stat().st_mtime > FORGET_SECONDS:
                part.unlink()
        with suppress(OSError):  # there may be something in it
            (self.path / ".partial").rmdir()

    # --- space ---

    def require_space(self, name: str, needed: int) -> None:
        """:raises CacheUnusable: the disk has not so many bytes free."""
        needed += SPARE_BYTES
        self._wanted = f"{name} needs {megabytes(needed)} there"
        if (free := self.free_bytes(self.path)) < needed:
            raise CacheUnusable(
                f"{name} needs {megabytes(needed)} and the disk of the {self._what} has "
                f"{megabytes(free)} free: make room, or set {self._variable} to a folder on another disk."
            )

    def _unusable(self, error: OSError | NotImplementedError) -> CacheUnusable:
        if isinstance(error, OSError) and error.errno in FULL:
            return CacheUnusable(
                f"The disk of the {self._what} is full ({error.strerror}){'; ' * bool(self._wanted)}{self._wanted}: "
                f"make room, or set {self._variable} to a folder on another disk."
            )
        why = error.strerror if isinstance(error, OSError) else None
        return CacheUnusable(
            f"The {self._what} cannot be used ({why or error}): set {self._variable} to a folder that can be written."
        )


def sha256_of(path: Path, cancelled: Event | None = None) -> str:
    """:raises FetchCancelled: ``cancelled`` was set meanwhile."""
    import hashlib

    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            check(cancelled)
            digest.update(block)
    return digest.hexdigest()


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
