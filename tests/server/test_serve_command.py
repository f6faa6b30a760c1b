"""``speakstream serve`` as a person runs it: what it says, what it opens, how it ends. And what is promised."""

import re
import signal
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.program import speakstream
from tests.server.serving import SCRIPTED, Served

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["--host", "0.0.0.0"], 2, "add --allow-lan"),
        (["--host", "::"], 2, "add --allow-lan"),
        (["--allow-lan", "--host", "127.0.0.1"], 2, "contradict each other"),
        (["--port", "65536"], 2, "--port '65536' is not allowed: use a whole number from 0 to 65535"),
        (["--keyfile", "key.pem"], 2, "--keyfile goes with --certfile"),
        (["--certfile", "nowhere.pem"], 1, "nowhere.pem: No such file"),
        (["--certfile", "no.pem"], 1, "no certificate in PEM"),
        (["--host", "nowhere.invalid"], 1, "there is no such address here"),
        (["--port", "0", "--voice", "hibari/hart"], 1, "did you mean 'hibari/heart'?"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path: Path, arguments: list[str], status: int, says: str) -> None:
    (tmp_path / "no.pem").write_text("this is no certificate")
    done = speakstream(tmp_path, "serve", *arguments)
    message = done.stderr.decode()
    assert done.returncode == status
    assert says in message and message.count("\n") == 1, message


def test_a_model_that_cannot_be_loaded_ends_it(tmp_path: Path) -> None:
    done = speakstream(tmp_path, "serve", "--port", "0", "--no-audio", "--model", "./nowhere.gguf")
    assert done.returncode == 1
    assert b"nowhere.gguf" in done.stderr and b"Traceback" not in done.stderr


def test_only_this_machine_reaches_it_and_a_taken_port_is_named(tmp_path: Path) -> None:
    with Served(tmp_path, command=SCRIPTED) as served:
        listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if " 0A " in line]
        mine = [address for address in listening if int(address.split(":")[1], 16) == served.port]
        assert mine == [f"0100007F:{served.port:04X}"]
        (tmp_path / "other").mkdir()
        done = speakstream(tmp_path / "other", "serve", "--port", str(served.port))
        assert done.returncode == 1
        assert f"port {served.port} on 127.0.0.1 is in use" in done.stderr.decode()
        assert "--port" in done.stderr.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    with Served(tmp_path, command=SCRIPTED) as served:
        served.process.send_signal(number)
        status, out, err = served.finish()
    assert status == 128 + number
    assert b"SpeakStream listens on http://127.0.0.1:" in out and b"ready after" in out
    assert err == b""


def test_others_are_let_in_with_the_token_only_and_over_tls(tmp_path: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    from tests.program import Running

    arguments = ["serve", "--port", "0", "--allow-lan", "--certfile", "cert.pem", "--keyfile", "key.pem"]
    with Running(tmp_path, arguments, {"PYTHONPATH": str(ROOT)}, SCRIPTED) as running:
        said = running.wait_for(b"ready after").decode()
        port, token = re.findall(r"https://127\.0\.0\.1:(\d+)/\?token=([\w-]{40,})", said)[0]
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

        def status(path: str, headers: dict[str, str]) -> int:
            request = urllib.request.Request(f"https://127.0.0.1:{port}{path}", headers=headers)
            try:
                with urllib.request.urlopen(request, context=context, timeout=30) as answer:
                    return int(answer.status)
            except urllib.error.HTTPError as error:
                with error:
                    return error.code

        assert status("/config", {}) == 401
        assert status("/healthz", {}) == 200
        assert status("/config", {"Authorization": f"Bearer {token}"}) == 200
        assert status("/config", {"Authorization": f"Bearer {token}", "Host": "evil.example"}) == 403
        listening = Path("/proc/net/tcp").read_text()
        assert f"00000000:{int(port):04X}" in listening
