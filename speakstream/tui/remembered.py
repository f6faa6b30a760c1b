"""What the chat keeps of a person's choices between its runs: the theme, and the answer to what is asked only once.

One small file, ``state.toml`` in the configuration folder, that only its owner can read. Deleting it forgets them.
"""

import json
import logging
import tomllib
from pathlib import Path

from speakstream.files import write_whole
from speakstream.settings import user_config_folder

_log = logging.getLogger(__name__)


def state_path() -> Path:
    """Where the file is; it need not exist."""
    return user_config_folder() / "state.toml"


def remembered(path: Path) -> dict[str, str]:
    """What was kept, by name. A file that can't be used is as good as none, and the log says so."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        _log.warning("%s is not used: %s", path, error)
        return {}
    return {name: value for name, value in values.items() if isinstance(value, str)}


def remember(path: Path, name: str, value: str) -> None:
    """Keep ``value``, a line of printable text. Raises OSError."""
    values = remembered(path) | {name: value}
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)  # `write_whole` keeps it
    write_whole(path, "".join(f"{key} = {json.dumps(text, ensure_ascii=False)}\n" for key, text in values.items()))
