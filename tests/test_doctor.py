"""``speakstream doctor``: what it says of a machine that is well, and of one on which much is broken."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from speakstream.cells import cells
from speakstream.doctor.checks import CHECKS
from speakstream.doctor.command import examine
from speakstream.doctor.examination import examination
from speakstream.doctor.findings import Finding
from speakstream.doctor.sound import CHIME
from speakstream.model_sources import SMOLLM2
from tests.program import COMMAND, PATIENCE, Running, Terminal, environment, no_sound, speakstream
from tests.rig.sound import RATE, NullSink, Recorder, Samples

KEY, PASSWORD, PIRATE = "sk-planted-1234567890", "hunter2-of-the-proxy", "Always answer as Captain Hook."

NO_PORTAUDIO = """
import sys
class NoPortAudio:
    def find_spec(self, name, path=None, target=None):
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
sys.meta_path.insert(0, NoPortAudio())
"""
"""What ``import sounddevice`` does where the system has no PortAudio."""

CRASHING = NO_PORTAUDIO.replace('raise OSError("PortAudio library not found")', "__import__('os').abort()")


def hooked(folder: Path, code: str) -> dict[str, str]:
    """What has every Python that starts run ``code`` first."""
    (folder / "hook").mkdir()
    (folder / "hook" / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": str(folder / "hook")}


def much_is_broken(folder: Path) -> dict[str, str]:
    """A machine without PortAudio, with a folder that cannot be, a bad ``.env``, and secrets all over the place."""
    (folder / "file").touch()
    (folder / ".env").write_text(
        f"TTS_SPEED=quick\nTEMPRATURE=0.3\nLLM_API_KEY={KEY}\nSYSTEM_PROMPT='{PIRATE}'\nno setting at all\n"
        f"LLM_BASE_URL=https://joe:{PASSWORD}@models.example/v1\nCONTEXT_LENGTH=1\n"
    )
    return {
        **hooked(folder, NO_PORTAUDIO),
        "SPEAKSTREAM_MODEL_CACHE": str(folder / "file" / "models"),
        "HTTPS_PROXY": f"http://joe:{PASSWORD}@proxy.example:3128",
        "PIP_INDEX_URL": f"https://__token__:{PASSWORD}@index.example/simple",
    }


def examined(done: subprocess.CompletedProcess[bytes]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The JSON document on standard output, and its checks by name."""
    document: dict[str, Any] = json.loads(done.stdout)
    return document, {check["name"]: check for check in document["checks"]}


def level(samples: Samples, frequency: float) -> float:
    """Root mean square of what ``samples`` hold at one frequency."""
    turning = np.exp(-2j * np.pi * frequency * np.arange(len(samples)) / RATE)
    return float(abs(np.dot(samples, turning))) * 2**0.5 / max(1, len(samples))


# ------------------------------------------------------------------------------------ a healthy machine


def test_where_all_is_well_it_says_so_and_the_chime_and_a_sentence_are_heard(
    tmp_path: Path, null_sink: NullSink, recorder: Recorder, weights: Path
) -> None:
    done = speakstream(tmp_path, "doctor", "--json", "--report", "doctor.md", env=null_sink.env)
    document, checks = examined(done)
    assert (done.returncode, document["ok"]) == (0, True), done.stdout.decode()
    assert done.stderr == b"speakstream: the report is in doctor.md\n"

    assert {check["section"] for check in checks.values()} >= {check.section for check in CHECKS}
    assert checks["model"]["data"]["verified"] and checks["voice"]["data"]["verified"]
    assert checks["device"]["data"]["devices"] and checks["device"]["data"]["rate"] >= 44_100
    tone = checks["test tone"]["data"]
    assert tone["heard_seconds"] == pytest.approx(tone["seconds"], abs=0.05)
    assert 0 < tone["latency_ms"] < 500
    for check in document["checks"]:
        assert list(check) == ["section", "name", "status", "detail", "fix", "data"]
        assert check["status"] in ("ok", "warn", "skip")
        assert bool(check["fix"]) == (check["status"] == "warn"), check

    measured = document["measurement"]
    assert 0 < measured["first_token"] < measured["first_audible"]
    assert measured["tokens_per_second"] > 0 and measured["tokens"] > 8
    assert measured["device"] and measured["speech_seconds"] > 1

    recorder.wait_for_silence(0.5)
    first = recorder.onset()
    assert first is not None
    chime = recorder.samples(recorder.index_at(first), recorder.index_at(first) + RATE // 2)
    for note in CHIME:
        assert level(chime, note) > 0.005, f"the note of {note} Hz is not in the recording"
        assert level(chime, note) > 5 * level(chime, note * 1.09), "that is a noise and no note"
    spoken = recorder.samples(recorder.index_at(first) + 2 * RATE)
    assert np.abs(spoken).max() > 0.1, "the turn is not in the recording"

    text = (tmp_path / "doctor.md").read_text()
    for wanted in (
        "## Findings",
        "ok    PortAudio: ",
        "| first_audible |",
        "| numpy |",
        "| xllamacpp |",
        '"measurement": {',
    ):
        assert wanted in text, wanted
    assert str(Path.home()) + "/" not in text
    if len(name := socket.gethostname()) > 2 and name != "localhost":
        assert not re.search(rf"\b{re.escape(name)}\b", text)


def test_over_ssh_without_a_device_it_warns_and_measures_in_silence(tmp_path: Path, weights: Path) -> None:
    env = {**no_sound(tmp_path), "SSH_CONNECTION": "192.0.2.1 5 192.0.2.2 22"}
    done = speakstream(tmp_path, "doctor", env=env)
    text = done.stdout.decode()
    assert done.returncode == 0, text
    assert re.search(r"warn  device: there is none over SSH\n +→ .*:\n +\S.* say Hello -o hello\.wav\n", text)
    assert re.search(r"ok    underruns: 0, without a device", text) or "warn  underruns" in text
    assert "It works, with " in text
    assert "test tone" not in text
    assert "\x1b" not in text
    assert done.stderr == b""


# ----------------------------------------------------------------------------------- much that is broken


def test_on_a_machine_where_much_is_broken_each_thing_has_its_remedy(tmp_path: Path) -> None:
    done = speakstream(tmp_path, "doctor", "--json", env=much_is_broken(tmp_path))
    assert (done.returncode, done.stderr) == (1, b"")
    document, checks = examined(done)
    assert not document["ok"] and document["measurement"] is None
    for check in document["checks"]:
        assert bool(check["fix"]) == (check["status"] in ("warn", "fail")), check
    assert checks["PortAudio"]["status"] == "fail"
    assert checks["PortAudio"]["detail"] == "PortAudio is missing (PortAudio library not found)"
    assert "portaudio" in checks["PortAudio"]["fix"]
    assert checks["cache"]["status"] == "fail" and "cannot be written" in checks["cache"]["detail"]
    assert "SPEAKSTREAM_MODEL_CACHE" in checks["cache"]["fix"]
    pull = f"fetch it:\n{Path(sys.executable).name} -m speakstream models pull"
    assert checks["model"]["status"] == "fail" and checks["model"]["fix"].endswith(pull.partition("\n")[2])
    assert checks["one turn"]["status"] == "fail" and checks["one turn"]["fix"] == checks["model"]["fix"]
    assert checks["voice"]["status"] == "ok", "the one thing that is not broken"
    told = [(check["status"], check["detail"]) for check in document["checks"] if check["name"] == "setting"]
    for status, begins in (
        ("fail", "TTS_SPEED is 'quick' (./.env, line 1)"),
        ("fail", "CONTEXT_LENGTH is '1' (./.env, line 7)"),
        ("fail", "LLM_BASE_URL is "),
        ("warn", "./.env, line 2: TEMPRATURE is not a setting"),
        ("warn", "./.env, line 5: not understood"),
    ):
        assert [found for found in told if found[0] == status and found[1].startswith(begins)], (begins, told)
    assert "did you mean TEMPERATURE?" in [check["fix"] for check in document["checks"]]
    changed = checks["settings"]["data"]["changed"]
    assert changed["LLM_API_KEY"] == {"value": "(set, not shown)", "source": "./.env, line 3"}
    assert changed["MODEL_CACHE"] == {"value": "./file/models", "source": "environment"}
    assert checks["network"]["data"]["proxies"] == {"HTTPS_PROXY": "proxy.example:3128"}
    assert checks["network"]["data"]["pip"]["index"] == "index.example"


def test_nothing_secret_is_shown_printed_or_written(tmp_path: Path) -> None:
    env = much_is_broken(tmp_path)
    shown = speakstream(tmp_path, "doctor", "--report", "doctor.md", env=env)
    printed = speakstream(tmp_path, "doctor", "--json", "--debug", env=env)
    report = (tmp_path / "doctor.md").read_bytes()
    assert shown.returncode == printed.returncode == 1
    assert b"## Environment" in report and b"| HTTPS_PROXY | proxy.example:3128 |" in report
    assert b"models.example" in report, "the bad address is told, without what may be a password in it"
    for written in (shown.stdout, shown.stderr, printed.stdout, printed.stderr, report):
        for secret in (KEY, PASSWORD, PIRATE, "joe", "__token__"):
            assert secret.encode() not in written
    home = f"{Path.home()}/".encode()
    assert home not in report


def test_a_model_that_was_altered_is_found_out(tmp_path: Path) -> None:
    cache = tmp_path / "models"
    cache.mkdir()
    (cache / SMOLLM2.prepared_file).write_bytes(b"GGUF and not what it was")
    stamp = {
        "name": SMOLLM2.name,
        "file": SMOLLM2.prepared_file,
        "source_sha256": SMOLLM2.sha256,
        "sha256": "0" * 64,
        "size": (cache / SMOLLM2.prepared_file).stat().st_size,
        "mtime_ns": 1,
    }
    (cache / f"{SMOLLM2.name.replace('/', '--')}.json").write_text(json.dumps(stamp))
    (cache / "holiday.jpg").write_bytes(b"")
    done = speakstream(
        tmp_path, "doctor", "--json", "--no-sound", env={"SPEAKSTREAM_MODEL_CACHE": "models", **no_sound(tmp_path)}
    )
    document, checks = examined(done)
    assert done.returncode == 1
    assert checks["model"]["status"] == "fail"
    assert checks["model"]["detail"] == f"./models/{SMOLLM2.prepared_file} was altered after it was checked"
    assert checks["model"]["fix"].startswith("fetch it again:\n") and "models pull" in checks["model"]["fix"]
    assert checks["one turn"]["detail"] == "not measured: it needs the model"
    assert checks["cache"]["data"]["others"] == ["holiday.jpg"]
    assert document["measurement"] is None


def test_a_missing_package_is_named_with_the_command_that_installs_it(tmp_path: Path) -> None:
    python = without_packages(tmp_path / "venv", "num2words", "soxr")
    done = subprocess.run(
        [python, "-m", "speakstream", "doctor", "--json"],
        capture_output=True, cwd=tmp_path, env=environment(tmp_path, no_sound(tmp_path)), timeout=PATIENCE, check=False,
    )  # fmt: skip
    document, checks = examined(done)
    assert (done.returncode, done.stderr, document["ok"]) == (1, b"", False)
    assert checks["packages"]["detail"] == "missing: num2words, soxr"
    assert re.search(r"\n\S+ -m pip install 'num2words>=[0-9.]+' 'soxr>=[0-9.]+'$", checks["packages"]["fix"])
    assert checks["Python"]["data"]["virtual_environment"]
    assert "No module named" in checks["one turn"]["detail"]


def test_without_the_package_that_reads_the_command_line_one_line_says_so(tmp_path: Path) -> None:
    python = without_packages(tmp_path / "venv", "typer")
    done = subprocess.run(
        [python, "-m", "speakstream", "doctor"],
        capture_output=True, cwd=tmp_path, env=environment(tmp_path), timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == (
        f"speakstream: No module named 'typer'; run: {python} -m pip install typer\n"
    )  # fmt: skip


def without_packages(folder: Path, *hidden: str) -> Path:
    """The Python of a new environment that has all packages of this one but some."""
    venv.create(folder, with_pip=False, symlinks=True)
    there = next(folder.glob("lib/python*/site-packages"))
    for entry in Path(np.__file__).parent.parent.iterdir():
        if not re.match(rf"({'|'.join(hidden)})(-|\.|$)", entry.name):
            (there / entry.name).symlink_to(entry)
    return folder / "bin" / "python"


# ------------------------------------------------------------------------------ what hangs, and what dies


def found(*names: str, limit: float | None = None) -> list[Finding]:
    """What some of the checks find, as the program makes them."""
    chosen = [check if limit is None else replace_limit(check, limit) for check in CHECKS if check.name in names]
    return [step for step in examine(examination("speakstream", True), checks=chosen) if isinstance(step, Finding)]


def replace_limit(check: Any, limit: float) -> Any:
    return check._replace(limit=limit) if check.name == "sound" else check


def test_a_sound_server_that_does_not_answer_is_given_up(
    tmp_path: Path, null_sink: NullSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(path))
        deaf.listen()
        for name, value in {**null_sink.env, "PULSE_SERVER": f"unix:{path}"}.items():
            monkeypatch.setenv(name, value)
        findings = found("sound", "voice", limit=3)
    assert [finding.name for finding in findings][:1] == ["voice"]
    assert findings[-1].status == "fail"
    assert "no answer within 3 s" in findings[-1].detail
    assert findings[-1].fix.startswith("restart the sound server:\n")


def test_a_library_that_ends_its_process_does_not_end_the_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in hooked(tmp_path, CRASHING).items():
        monkeypatch.setenv(name, value)
    findings = {finding.name: finding for finding in found("cache", "sound", "model")}
    assert findings["sound"].status == "fail"
    assert findings["sound"].detail.startswith("ended its process with SIGABRT")
    assert any("sitecustomize" in line for line in findings["sound"].data["output"]), "where it happened"
    assert findings["cache"].status == findings["model"].status == "ok"


def test_ctrl_c_ends_it_and_takes_the_empty_report_away(tmp_path: Path) -> None:
    with Running(tmp_path, ["doctor", "--report", "doctor.md"], no_sound(tmp_path)) as running:
        running.wait_for(b"voice: ")
        running.process.send_signal(signal.SIGINT)
        status, _, complaint = running.finish()
    assert status == 130
    assert complaint == b""
    assert not (tmp_path / "doctor.md").exists()


# ------------------------------------------------------------------------------------------- on the screen


@pytest.mark.parametrize("columns", [80, 40])
def test_it_fits_the_terminal_and_says_in_words_what_it_shows_in_colour(tmp_path: Path, columns: int) -> None:
    env = much_is_broken(tmp_path)
    with Terminal(tmp_path, ["doctor"], env, size=(columns, 24)) as terminal:
        status, written = terminal.finish()
    assert status == 1
    text = re.sub(r"[^\n]*\r(?!\n)(\x1b\[K)?", "", written.decode().replace("\r\n", "\n"))  # what was taken back
    assert "\x1b[32mok    \x1b[0m" in text and "\x1b[1;31mFAIL  \x1b[0m" in text and "\x1b[33mwarn  \x1b[0m" in text
    rows = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
    commands = re.compile(r" +(\S*python|apt-get|sudo|su|dnf|pacman|zypper|apk) ")
    assert [row for row in rows if cells(row) >= columns and not commands.match(row)] == []
    assert ("Sound" in rows) == (columns == 40), "the names of the sections stand alone only where there is no room"


def test_without_colours_and_unicode_it_is_as_plain_as_that(tmp_path: Path) -> None:
    env = {**much_is_broken(tmp_path), "NO_COLOR": "1", "PYTHONIOENCODING": "ascii"}
    with Terminal(tmp_path, ["doctor"], env) as terminal:
        written = terminal.finish()[1]
    assert b"\x1b[" not in written.replace(b"\x1b[K", b"")
    assert written.isascii()
    assert b"-> " in written and b"FAIL" in written
    assert b"only ascii" in written, "and the terminal is told to be so"


# ------------------------------------------------------------------------------------------- wrong usage


def test_a_report_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "doctor.md").write_text("mine")
    done = speakstream(tmp_path, "doctor", "--report", "doctor.md")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == (b"speakstream: --report doctor.md: there is such a file, and it is kept; name another one\n")
    assert (tmp_path / "doctor.md").read_text() == "mine"


def test_a_report_that_cannot_be_is_told_at_once(tmp_path: Path) -> None:
    done = speakstream(tmp_path, "doctor", "--report", "nowhere/doctor.md")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"speakstream: --report nowhere/doctor.md: No such file or directory; name another file\n"


def test_an_option_that_is_none_is_a_wrong_usage(tmp_path: Path) -> None:
    done = speakstream(tmp_path, "doctor", "--sound")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"did you mean --no-sound?" in done.stderr


def test_a_reader_that_goes_ends_it_quietly(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*COMMAND, "doctor"], stdout=write, stderr=subprocess.PIPE, cwd=tmp_path,
        env=environment(tmp_path), timeout=PATIENCE, check=False,
    )  # fmt: skip
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")
