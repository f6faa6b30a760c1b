"""RealtimeTTS, the nearest peer, driven turn by turn: the same model, voice, prompts and loudspeaker as ours."""

import json
import os
import selectors
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any, Self

from benchmarks.silence import Range
from benchmarks.stage import Stage
from speakstream.models import ModelStore, cache_folder
from speakstream.settings import Settings
from tests.rig.sound import NullSink, end

DRIVER = Path(__file__).with_name("peer_realtimetts.py")

TRIMMED = "trimmed"
WIRINGS: dict[str, tuple[str, ...]] = {TRIMMED: (), "silence kept": ("--keep-silence",)}
"""Most of its engines trim the silence around a fragment, a few leave it in: both are measured."""

CUT_SECONDS = 2.0
"""An answer is cut so long after its first sound was made; it is not needed any more."""

LOADING_SECONDS = 60.0
TURN_SECONDS = 90.0


class PeerError(Exception):
    """The peer can't be measured: it did not start, or did not answer."""


class Peer:
    """The peer's process: loaded and warm within the ``with`` block."""

    def __init__(self, python: Path, sink: NullSink, wiring: str) -> None:
        settings = Settings()
        model = ModelStore(settings.model_cache or cache_folder()).resolve(settings.llm_model_name, Event())
        self._command = [str(python), "-P", str(DRIVER), "--model", str(model), *WIRINGS[wiring]]
        self._env = {**os.environ, **sink.env}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        # Unbuffered, so that what was not read is seen by the selector.
        self._process = subprocess.Popen(
            self._command,
            env=self._env,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._answer(LOADING_SECONDS)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        process, self._process = self._process, None
        if process is None or process.stdin is None or process.stdout is None:
            return
        process.stdin.close()
        try:
            process.wait(2.0)  # it ends with its input
        except subprocess.TimeoutExpired:
            end(process)
        process.stdout.close()

    def turn(self, message: dict[str, Any]) -> dict[str, Any]:
        """Have one turn spoken; the driver's answer. Raises PeerError."""
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
        except BrokenPipeError as error:
            raise PeerError(f"the peer ended with {self._process.poll()}") from error
        return self._answer(TURN_SECONDS)

    def _answer(self, timeout: float) -> dict[str, Any]:
        assert self._process is not None and self._process.stdout is not None
        deadline, line = time.monotonic() + timeout, b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(deadline - time.monotonic()):
                    raise PeerError(f"the peer did not answer within {timeout} s")
                part = self._process.stdout.read(1 << 16)
                if not part:
                    raise PeerError(f"the peer ended with {self._process.wait()}; run {DRIVER.name} in its environment")
                line += part
        answer: dict[str, Any] = json.loads(line)
        return answer


def answers(stage: Stage, wiring: str, prompts: Sequence[str]) -> list[dict[str, Any]]:
    """Each prompt answered by the peer: the seconds to its first sound at the monitor, and what it reports."""
    assert stage.peer is not None
    settings, turns = Settings(), list[dict[str, Any]]()
    with Peer(stage.peer, stage.sink, wiring) as driver:
        driver.turn({"prompt": "Say hello to everybody.", "max_tokens": 12})  # the first sound wakes the sink
        for prompt in prompts:
            stage.hush()
            told = driver.turn(
                {
                    "prompt": prompt,
                    "system": settings.system_prompt,
                    "max_tokens": settings.max_new_tokens,
                    "repeat_penalty": settings.repeat_penalty,
                    "cut_after": CUT_SECONDS,
                }
            )
            onset = stage.recorder.onset(after=told["submitted"])
            turns.append(
                {
                    "prompt": prompt,
                    "first_audio": None if onset is None else onset - told["submitted"],
                    "first_token": told["first_token"] and told["first_token"] - told["submitted"],
                    "fragments": told["fragments"],
                }
            )
    return turns


def boundaries(sentences: Sequence[str], fragments: Sequence[tuple[str, float]]) -> list[Range]:
    """Where the silences between ``sentences`` are to be expected, in seconds of the speech.

    Only those where one fragment ends with a sentence, for the others have no silence of their own.
    """
    ends, count = set[int](), 0
    for sentence in sentences[:-1]:
        count += len("".join(sentence.split()))
        ends.add(count)
    places, said, seconds = list[Range](), 0, 0.0
    for text, lasts in fragments:
        said += len("".join(text.split()))
        seconds += lasts
        if said in ends:
            places.append((seconds - 0.1, seconds + 0.1))
    return places
