"""Files that a person must never find half written."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Make ``text`` the content of ``path``, all of it or nothing. Raises OSError.

    A link stays one, and a file keeps its mode. What is no file (a pipe, /dev/stdout) is written to as it is.
    """
    data = text.encode("utf-8", "replace")
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    with written_beside(path) as (beside,):
        beside.write_bytes(data)


@contextmanager
def written_beside(*paths: Path) -> Iterator[tuple[Path, ...]]:
    """A file to write beside each of ``paths``: when the block is left, all take their places, or else none does.

    Raises OSError. A link stays one, and a file keeps its mode.
    """
    targets = [Path(os.path.realpath(path)) for path in paths]
    besides = tuple(target.with_name(f".speakstream-{secrets.token_hex(8)}") for target in targets)
    try:
        yield besides
        for beside, target in zip(besides, targets, strict=True):
            with beside.open("rb+") as file:
                os.fsync(file.fileno())
            if target.exists():
                beside.chmod(target.stat().st_mode & 0o7777)
        for beside, target in zip(besides, targets, strict=True):
            beside.replace(target)
    finally:
        for beside in besides:
            with suppress(FileNotFoundError):
                beside.unlink()
