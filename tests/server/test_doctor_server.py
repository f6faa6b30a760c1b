"""``speakstream doctor --server``: a server that is well, and those that are not."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from speakstream.doctor.findings import Finding, Status
from speakstream.doctor.server import Address, examine_server, read_address
from speakstream.errors import SpeakStreamError
from speakstream.server.wire import VERSION, Hello, encode
from tests.program import speakstream
from tests.server.serving import SCRIPTED, Served


@pytest.mark.parametrize(
    ("url", "page", "token"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", ""),
        ("127.0.0.1:8000", "http://127.0.0.1:8000", ""),
        ("https://talk.example/", "https://talk.example", ""),
        ("ws://localhost:8000/ws", "http://localhost:8000", ""),
        ("wss://localhost/ws", "https://localhost", ""),
        ("http://10.0.0.5:8000/?token=abc", "http://10.0.0.5:8000", "abc"),
        ("http://[::1]:8000", "http://[::1]:8000", ""),
    ],
)
def test_an_address_is_read_as_it_is_meant(url: str, page: str, token: str) -> None:
    assert read_address(url) == Address(page, token)
    assert read_address(url, "given").token == "given"


@pytest.mark.parametrize("url", ["", "ftp://a", "http://", "http://a:99999", "http://a:b", "http://a:0", "foo bar://x"])
def test_what_is_no_address_is_said(url: str) -> None:
    with pytest.raises(SpeakStreamError, match="is no address; use one such as"):
        read_address(url)


def found(page: str, token: str = "") -> dict[str, Finding]:
    return {step.name: step for step in examine_server(Address(page, token)) if isinstance(step, Finding)}


@dataclass
class Fake:
    """A web server that says what it is told to."""

    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    @contextmanager
    def serve(self) -> Iterator[str]:
        answers = self.answers

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = answers.get(self.path, (404, b"no"))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *parts: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def config(**changed: Any) -> bytes:
    return json.dumps({"protocol": VERSION, "model": "m", "voice": "v", **changed}).encode()


WELL = {"/healthz": (200, b"ok"), "/readyz": (200, b"ready"), "/config": (200, config())}


@pytest.mark.parametrize(
    ("answers", "name", "says"),
    [
        ({}, "reached", "is no SpeakStream server (404)"),
        ({**WELL, "/readyz": (401, b"no")}, "ready", "wants an access token"),
        ({**WELL, "/readyz": (403, b"the host x is not known")}, "ready", "refuses: the host x is not known"),
        ({**WELL, "/readyz": (500, b"broken")}, "ready", "can't answer: broken"),
        ({**WELL, "/config": (200, b"<html>")}, "settings", "is not what a SpeakStream server says"),
        ({**WELL, "/config": (200, b"[]")}, "settings", "is not what a SpeakStream server says"),
        ({**WELL, "/config": (200, config(protocol=99))}, "settings", "version 99 of the protocol"),
        (WELL, "one turn", "its socket"),
    ],
)
def test_the_first_thing_that_is_wrong_is_told_and_is_the_last(
    answers: dict[str, tuple[int, bytes]], name: str, says: str
) -> None:
    with Fake(answers).serve() as page:
        findings = found(page)
    last = list(findings.values())[-1]
    assert (last.name, last.status) == (name, Status.FAIL)
    assert says in last.detail
    assert last.fix
    assert all(one.status is Status.OK for one in list(findings.values())[:-1])


def test_nobody_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    done = speakstream(tmp_path, "doctor", "--server", f"127.0.0.1:{port}")
    assert done.returncode == 1
    assert b"Connection refused" in done.stdout
    assert b"speakstream serve" in done.stdout
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--server", "ftp://a"], "is no address"),
        (["--server", "a:1", "--no-sound"], "--report and --no-sound are about this machine"),
        (["--token", "x"], "--token is for a --server"),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: list[str], says: str) -> None:
    done = speakstream(tmp_path, "doctor", *arguments)
    assert done.returncode == 2
    assert says in done.stderr.decode()


def test_a_server_that_is_well(tmp_path: Path) -> None:
    with Served(tmp_path, command=SCRIPTED, token="token-of-the-server") as served:
        told = speakstream(tmp_path, "doctor", "--server", served.url, "--token", "token-of-the-server")
        printed = speakstream(tmp_path, "doctor", "--server", f"{served.url}/?token=token-of-the-server", "--json")
    assert (told.returncode, told.stderr) == (0, b"")
    assert f"All is well. Open it: {served.url}" in told.stdout.decode()
    assert printed.returncode == 0
    checks = {check["name"]: check for check in json.loads(printed.stdout)["checks"]}
    assert list(checks) == [
        "reached", "ready", "settings", "one turn", "connection", "first text", "first sound", "sound", "underruns",
    ]  # fmt: skip
    measured = json.loads(printed.stdout)["measurement"]
    assert measured["samples"] > 0
    assert measured["sound_bytes"] == 2 * measured["samples"]
    assert measured["sound_bytes"] < measured["frame_bytes"] <= measured["all_bytes"]


def test_a_server_that_is_full(tmp_path: Path) -> None:
    env = {"SPEAKSTREAM_MAX_SESSIONS": "1"}
    with Served(tmp_path, command=SCRIPTED, env=env) as served, connect(f"ws{served.url[4:]}/ws") as other:
        other.send(encode(Hello()))
        assert json.loads(other.recv(30))["type"] == "welcome"
        findings = found(served.url)
    assert findings["one turn"].status is Status.FAIL
    assert "1 of 1 sessions" in findings["one turn"].detail
