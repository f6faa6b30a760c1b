"""What a run is told: how long, beside which peers, and where progress goes."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

SOAK_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What every part is given; those that need sound are given a ``Stage``."""

    quick: bool = False  # as little as shows that it runs
    peer: Path | None = None  # the interpreter of the peers' environment
    soak_seconds: float = SOAK_SECONDS

    def progress(self, text: str) -> None:
        """One line for the person who waits."""
        print(f"  {time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
