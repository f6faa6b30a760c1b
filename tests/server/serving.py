"""``speakstream serve`` as a process of its own, on a port that was free, with nothing of its user's around it."""

import http.client
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from tests.program import COMMAND, Running
from tests.rig.sound import poll

SCRIPTED = [sys.executable, "-m", "tests.server.scripted_server"]

READY_SECONDS = 60.0
"""To load the model and the voice."""

ADDRESS = re.compile(rb"https?://[\w.\[\]:-]+:(\d+)")


class Served(Running):
    """It, ready to be visited when the ``with`` block begins. ``home`` holds its settings and its history."""

    def __init__(
        self,
        home: Path,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        port: int = 0,
        command: Sequence[str] = COMMAND,
        token: str = "",
    ) -> None:
        """``token``: the one that is asked for."""
        root = str(Path(__file__).parents[2])
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        env = {"PYTHONPATH": root, "SPEAKSTREAM_ACCESS_TOKEN": token, **(env or {})}
        super().__init__(home, ["serve", "--port", str(port), *arguments], env, command)
        self.port = port

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            self.port = self._address()
            assert poll(lambda: self.get("/readyz")[0] == 200, READY_SECONDS), self.get("/readyz")
        except BaseException:
            self.__exit__()
            raise
        return self

    def _address(self) -> int:
        found: list[bytes] = []

        def told() -> bool:
            found[:] = ADDRESS.findall(self._written["out"] + self._written["err"])
            return bool(found) or self.process.poll() is not None

        assert poll(told, READY_SECONDS) and found, f"it does not start: {self._written!r}"
        return int(found[0])

    @property
    def url(self) -> str:
        """Where a browser goes."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page; (0, why) where there is no answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers=self._headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError as error:
            return 0, str(error)
        finally:
            connection.close()

    def gauge(self, name: str) -> float:
        """A value of /metrics, of all its labels together."""
        text = self.get("/metrics")[1]
        values = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)
        assert values, f"no {name} in {text}"
        return sum(map(float, values))

    def resident(self) -> int:
        """Its memory in bytes, its children's not counted."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1]) * 1024

    def vanish(self) -> None:
        """End it as a machine does that loses its power."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
