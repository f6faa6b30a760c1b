"""A real terminal, tmux, with a shell in it: what a person types, and what stands on the screen."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tests.program import COMMAND, PATIENCE, environment
from tests.rig.sound import poll


class Tmux:
    """A terminal of its own, with a shell in it."""

    def __init__(self, folder: Path, columns: int, rows: int, env: dict[str, str]) -> None:
        self._folder, self._size = folder, (str(columns), str(rows))
        self._env = {**environment(folder, env), "PS1": "$ ", "TERM": "xterm-256color", "TMUX": ""}

    def __enter__(self) -> Self:
        columns, rows = self._size
        self.ask("new-session", "-d", "-x", columns, "-y", rows, *self._shell())
        self.wait_for(r"^\$")
        return self

    def __exit__(self, *_: object) -> None:
        self.ask("kill-server")

    def ask(self, *arguments: str) -> str:
        """Run a command of tmux."""
        return subprocess.run(
            ["tmux", "-S", str(self._folder / "tmux"), "-f", "/dev/null", *arguments],
            env=self._env, capture_output=True, text=True, check=True, timeout=PATIENCE,
        ).stdout  # fmt: skip

    def _shell(self) -> list[str]:
        return ["-c", str(self._folder), f"env PS1='$ ' {shutil.which('bash')} --norc --noprofile"]

    def add_window(self) -> None:
        """Open another window with a shell, behind this one: it comes to the front when this one is closed."""
        self.ask("new-window", "-d", *self._shell())

    def type(self, *keys: str) -> None:
        self.ask("send-keys", *keys)

    def run(self, *arguments: str, command: Sequence[str] = COMMAND) -> None:
        """Begin the command; the screen holds nothing but what it writes, and its status at the end."""
        (self._folder / "go.sh").write_text(f"clear\n{shlex.join([*command, *arguments])}\necho status=$?\n")
        self.type("tmux -S $PWD/tmux clear-history; . ./go.sh", "Enter")

    def screen(self, escapes: bool = False) -> str:
        return self.ask("capture-pane", "-p", *(["-e"] if escapes else []))

    def everything(self, escapes: bool = False) -> str:
        """The screen and all that has scrolled away, from the command's first row on."""
        shown = self.ask("capture-pane", "-p", "-S", "-", *(["-e"] if escapes else [])).rstrip("\n")
        return shown[shown.rindex("go.sh\n") + 6 :] if "go.sh\n" in shown else shown

    def wait_for(self, pattern: str, escapes: bool = False) -> str:
        """Wait until the screen matches."""
        last = ""

        def there() -> bool:
            nonlocal last
            last = self.screen(escapes)
            return re.search(pattern, last, re.MULTILINE) is not None

        assert poll(there, PATIENCE), f"{pattern!r} did not come:\n{last}"
        return last
