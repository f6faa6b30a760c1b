"""The peers' environment: what is installed there, and what is said of what is not."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import Figure

REQUIREMENTS = Path(__file__).with_name("requirements-peers.txt")

HOW = (
    f"python3 -m venv ../peers && ../peers/bin/pip install -r benchmarks/{REQUIREMENTS.name}, "
    "then --peer ../peers/bin/python"
)
"""How to get what is missing, from the repository's root."""

ASKING_SECONDS = 30.0

_ASK = """
import importlib.metadata, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


def installed(python: Path | None, packages: Sequence[str]) -> dict[str, str]:
    """Those of the ``packages`` that this interpreter has, with their versions; none where there is no interpreter.

    Raises CalledProcessError, OSError or TimeoutExpired if it does not run.
    """
    if python is None:
        return {}
    asked = subprocess.run(
        [str(python), "-c", _ASK, *packages], capture_output=True, text=True, timeout=ASKING_SECONDS, check=True
    )
    found: dict[str, str] = json.loads(asked.stdout)
    return found


def missing(name: str) -> Figure:
    """The line of the table for a peer that is not installed."""
    return Figure(name, None, "", 0, absent="not installed", detail=HOW)
