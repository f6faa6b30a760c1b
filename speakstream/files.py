"""Text files that a person must never find half written."""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Make ``text`` the content of ``path``, all of it or nothing. Raises OSError.

    A link stays one, and a file keeps its mode. What is no file (a pipe, /dev/stdout) is written to as it is.
    """
    data = text.encode("utf-8", "replace")
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".speakstream-{secrets.token_hex(8)}")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            beside.chmod(target.stat().st_mode & 0o7777)
        beside.replace(target)
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()
