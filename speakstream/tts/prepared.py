"""Files that are made once from what a voice's package holds, since they open faster or take less memory."""

import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)


def prepared(folder: Path | None, name: str, version: str, make: Callable[[Path], None]) -> Path | None:
    """The file ``name`` of this ``version`` in ``folder``, made by ``make`` when it is not there yet.

    Older versions go. None where it can't be written, or no folder is given. Several programs may make it at once:
    each makes its own, and the last one stays.
    """
    if folder is None:
        return None
    stem, ending = os.path.splitext(name)
    path = folder / f"{stem}-{version}{ending}"
    if path.exists():
        return path
    part = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        make(part)
        os.replace(part, path)
    except Exception as error:  # whatever a library raises where it can't write: the voice does without
        log.warning("%s could not be prepared, so the voice starts slower: %s", path, error)
        return None
    finally:
        with suppress(OSError):  # not there, or nowhere to be
            part.unlink()
    for old in folder.glob(f"{stem}-*{ending}"):
        if old != path:
            with suppress(OSError):  # in use, on some systems
                old.unlink()
    return path
