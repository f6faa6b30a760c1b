"""The server from a built wheel, in an empty folder: every file of the page is in it, and the socket answers."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.sync.client import connect

from speakstream.server import wire
from tests.server.serving import Served

ROOT = Path(__file__).parents[2]

REFERENCES = re.compile(r"""(?:src|href)="([^":#?]+)"|(?:import|from|import\(|URL\()\s*["'](\.{0,2}/[^"']+)["']""")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel installs, and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("speakstream", "web_static"):
        shutil.copytree(ROOT / name, folder / "source" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "source" / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", folder, folder / "source"], check=True, timeout=200)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", folder / "site", wheel], check=True, timeout=100)
    return folder / "site"


def test_the_page_and_all_that_it_names_come_out_of_the_wheel(installed: Path, tmp_path: Path) -> None:
    where = [sys.executable, "-c", "import speakstream; print(speakstream.__file__)"]
    environ = {"PYTHONPATH": str(installed)}
    found = subprocess.run(where, env=environ, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert found.startswith(str(installed))
    with Served(tmp_path, "--no-audio", env=environ) as served:
        left, seen = ["/", "/sw.js", "/manifest.webmanifest"], set[str]()
        while left:
            path = left.pop()
            if path in seen:
                continue
            seen.add(path)
            if path.endswith((".png", ".ico")):
                assert (installed / "speakstream" / "web_static" / path.rpartition("/")[2]).is_file()
                continue
            status, text = served.get(path)
            assert status == 200, path
            base = "/static/" if path.startswith("/static/") else "/"
            for match in REFERENCES.finditer(text) if path.endswith(("/", ".js", ".html")) else ():
                name = match[1] or match[2]
                left.append(name if name.startswith("/") else base + name.removeprefix("./"))
        assert {"/", "/static/client.js", "/static/socket.js", "/static/worklet.js", "/static/debug.js"} <= seen
        with connect(f"ws://127.0.0.1:{served.port}/ws", compression=None, max_size=None) as socket:
            socket.send(wire.encode(wire.Hello()))
            assert json.loads(socket.recv(30))["type"] == "welcome"
