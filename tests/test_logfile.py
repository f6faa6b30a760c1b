"""The log of programs that own the screen."""

import contextlib
import logging
import stat
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from speakstream.logfile import KEPT, MAX_BYTES, log_path, start_log
from tests.program import PATIENCE, Terminal, environment


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """pytest has handlers of its own, and this process goes on."""
    root, ours = logging.getLogger(), logging.getLogger("speakstream")
    before, levels = [*root.handlers], (root.level, ours.level)
    yield
    for handler in [*root.handlers]:
        root.removeHandler(handler)
        if handler not in before:
            with contextlib.suppress(OSError):  # the disk is full
                handler.close()
    for handler in before:
        root.addHandler(handler)
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    logging.captureWarnings(False)


def test_a_log_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "speakstream.log"
    assert start_log(False, path) == (path, "")
    logging.getLogger("speakstream.turn").info("the line")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.read_text().endswith(" INFO MainThread speakstream.turn: the line\n")


@pytest.mark.parametrize("debug", [False, True])
def test_details_are_for_debugging(tmp_path: Path, debug: bool) -> None:
    path = tmp_path / "a.log"
    if debug:
        logging.getLogger().setLevel(logging.DEBUG)  # as --debug has it on the screen
    start_log(debug, path)
    logging.getLogger("speakstream.turn").debug("a detail")
    logging.getLogger("another.library").debug("no business of ours")
    logging.getLogger("another.library").warning("a warning of a library")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old habits", DeprecationWarning, stacklevel=1)
    text = path.read_text()
    assert ("a detail" in text) == debug
    assert "a warning of a library" in text and "old habits" in text
    assert "no business of ours" not in text


def test_a_log_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    start_log(False, path)
    log = logging.getLogger("speakstream.turn")
    for _ in range(5 * MAX_BYTES // 10_000):
        log.info("x" * 10_000)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 1 + KEPT
    assert all(file.stat().st_size <= MAX_BYTES for file in files)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_log_that_cannot_be_written_is_one_line_and_no_failure(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    path, trouble = start_log(True, tmp_path / "file" / "a.log")
    assert path is None
    assert trouble.startswith("no log is kept: ") and "\n" not in trouble
    logging.getLogger("speakstream.turn").error("the line")
    logging.getLogger("asyncio").error("the other line")
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_no_failure(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.log"
    path.symlink_to("/dev/full")
    assert start_log(False, path) == (path, "")
    logging.getLogger("speakstream.turn").error("the line")
    assert capfd.readouterr() == ("", "")


def test_it_is_where_logs_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert log_path().name == "speakstream.log"
    assert log_path().is_relative_to(tmp_path) or not sys.platform.startswith("linux")


NOISY = """
import os, sys, threading, warnings
from pathlib import Path
from speakstream.logfile import screen_kept, start_log
path = Path(sys.argv[1]) if len(sys.argv) > 1 else None
if path:
    start_log(False, path)
with screen_kept():
    os.write(2, b"noise of a library in C\\n")
    print("noise on standard error", file=sys.stderr)
    warnings.warn("noise of a warning")
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    sys.__stderr__.write("the screen\\n")
    sys.__stderr__.flush()
print("afterwards", file=sys.stderr)
os.write(2, b"and in C\\n")
"""


@pytest.mark.parametrize("logged", [True, False])
def test_what_others_write_goes_to_the_log_and_not_over_the_screen(tmp_path: Path, logged: bool) -> None:
    path = tmp_path / "a.log"
    arguments = [str(path)] if logged else []
    with Terminal(tmp_path, arguments, command=[sys.executable, "-W", "default", "-c", NOISY]) as program:
        status, written = program.finish()
    assert status == 0
    assert written == b"the screen\r\nafterwards\r\nand in C\r\n"
    if logged:
        text = path.read_text()
        for noise in ("library in C", "on standard error", "noise of a warning", "ZeroDivisionError"):
            assert noise in text


def test_the_screen_is_drawn_on_standard_output_when_standard_error_goes_elsewhere(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NOISY], capture_output=True, env=environment(tmp_path), timeout=PATIENCE, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"the screen\n", b"afterwards\nand in C\n")
