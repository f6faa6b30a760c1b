"""Which processes are writing a reply at this moment: each holds a lock on a file of its own beside the history.

The system frees the lock with the process, however that ends: no process id that another may have by now, no clock.
All of this happens within a write transaction of the history, so in one process at a time.
"""

import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock


class Writer:
    """This process, or one of the histories that it has open."""

    def __init__(self, history: Path) -> None:
        self.name = secrets.token_hex(8)
        self._path = _path(history, self.name)
        self._lock: BaseFileLock | None = None

    def show(self) -> None:
        """Others see from now on that this one writes. Raises OSError."""
        self._lock = self._lock or _locked(self._path)

    def close(self) -> None:
        """It writes no more."""
        if self._lock is not None:
            _free(self._lock, self._path)
            self._lock = None


def is_alive(history: Path, name: str) -> bool:
    """Whether the writer of this name still runs. The lock of one that is gone is taken away."""
    path = _path(history, name)
    if not path.exists():
        return False
    lock = _locked(path)
    if lock is None:
        return True
    _free(lock, path)
    return False


def clear_locks(history: Path) -> None:
    """Take away the locks of all writers that are gone."""
    beginning = _path(history, "").name
    for path in history.parent.glob("*"):
        if path.name.startswith(beginning):
            is_alive(history, path.name.removeprefix(beginning))


def _path(history: Path, name: str) -> Path:
    return history.with_name(f"{history.name}-writer-{name}")


def _locked(path: Path) -> "BaseFileLock | None":
    """The lock; None: another has it. Raises OSError."""
    from filelock import FileLock, Timeout

    lock = FileLock(path, mode=0o600, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    return lock


def _free(lock: "BaseFileLock", path: Path) -> None:
    lock.release()
    with suppress(FileNotFoundError):
        path.unlink()
