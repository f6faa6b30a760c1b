"""Real sound without a sound card: a private PulseAudio daemon, and a recorder on what would reach the ear.

``NullSink`` is the loudspeaker: a daemon of its own that takes nothing from the user's set-up and leaves
nothing behind. ``Recorder`` is the ear: it records the sink's monitor and says at which ``time.monotonic()``
each sample sounded. Both need Debian's ``pulseaudio``, ``pulseaudio-utils`` and ``libasound2-plugins``.

What this is not: a judge of the words (``tests.rig.recognise``), or an emulation of a real device's faults,
other than its vanishing (``NullSink.unload_sink``).
"""

import bisect
import itertools
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

RATE = 48_000
"""Samples a second of the sink and of the recording, so that nothing is resampled between the two."""

READY_SECONDS = 10.0
"""How long the daemon, a stream or a recording may take to come up before that is an error."""

POLL_SECONDS = 0.02

BLOCK_MILLISECONDS = 10
"""What the sink renders, and the recording receives, at once."""

FIT_BLOCKS = 200
"""How many blocks on either side of a sample tell its time: 2 s, in which no drift could be seen."""

FIT_PERCENTILE = 10

SAME_BLOCK_SECONDS = 0.001
"""Parts that are read closer together than this were rendered at once; the smallest block seen lasts 2 ms."""

THRESHOLD_DB = -40.0
"""Sound is what exceeds this peak, against full scale: well under any voice, well over a fade's tail."""

WINDOW_SECONDS = 0.01
"""The window of ``gaps``: longer than a period of the lowest voice's fundamental (100 Hz)."""

NEEDED = ("pulseaudio", "pactl", "parec")

ALSA_CONFIG = Path("/usr/share/alsa/alsa.conf")

# The hooks of the standard configuration load what the user and the machine have set up, and do so after
# every file of ALSA_CONFIG_PATH was read: without them the last word is ours.
ALSA_DEFAULT = """\
!@hooks []
pcm.!default { type pulse }
ctl.!default { type pulse }
"""


class RigError(Exception):
    """The rig itself does not work: a tool is missing, or the daemon or the recording did not come up."""


def missing_tools() -> list[str]:
    """The programs and files that the rig needs and this machine lacks; empty if it can run."""
    missing = [tool for tool in NEEDED if shutil.which(tool) is None]
    if not ALSA_CONFIG.exists():
        missing.append(str(ALSA_CONFIG))
    return missing


@dataclass(frozen=True, slots=True)
class SinkInput:
    """A stream that plays into the sink, as PulseAudio lists it."""

    index: int
    corked: bool
    """Attached but held: a stream that is open and not started."""
    specification: str
    """Sample format, channels and rate, as in ``float32le 1ch 48000Hz``."""
    application: str
    process: int | None
    """The process that plays it, where the client says so."""


class NullSink:
    """A private PulseAudio daemon whose one sink plays into nothing, in real time.

    Within the ``with`` block ``env`` points a process at it; ``apply()`` points this one. Raises ``RigError``
    on entry if a tool is missing or the daemon does not answer in ``READY_SECONDS``.
    """

    name = "ss"

    def __init__(self) -> None:
        self.env: dict[str, str] = {}
        self._daemon: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._module: str | None = None
        self._replaced: dict[str, str | None] = {}

    @property
    def monitor(self) -> str:
        """The source that carries what the sink plays."""
        return f"{self.name}.monitor"

    def __enter__(self) -> Self:
        if missing := missing_tools():
            raise RigError(
                f"the sound rig needs {', '.join(missing)}: install pulseaudio, pulseaudio-utils and libasound2-plugins"
            )
        # A Unix socket's path is limited to 108 bytes: a temp folder set by the user may be too deep for it.
        self._folder = Path(tempfile.mkdtemp(prefix="ssrig", dir="/tmp"))
        try:
            self._start(self._folder)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._unapply()
        finally:
            if self._daemon is not None:
                end(self._daemon)
                self._daemon = None
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None

    def _start(self, folder: Path) -> None:
        runtime, home = folder / "run", folder / "home"
        for private in (runtime, home):
            private.mkdir(mode=0o700)
        socket = folder / "pulse.sock"
        (folder / "client.conf").write_text("autospawn = no\nenable-shm = no\n")
        (folder / "daemon.conf").write_text(f"default-sample-rate = {RATE}\nenable-shm = no\n")
        (folder / "alsa.conf").write_text(ALSA_DEFAULT)
        self.env = {
            "PULSE_SERVER": f"unix:{socket}",
            "PULSE_SINK": self.name,
            "PULSE_COOKIE": str(folder / "cookie"),
            "PULSE_CLIENTCONFIG": str(folder / "client.conf"),
            "XDG_RUNTIME_DIR": str(runtime),
            "ALSA_CONFIG_PATH": f"{ALSA_CONFIG}:{folder / 'alsa.conf'}",
        }
        log = folder / "daemon.log"
        with log.open("wb") as messages:
            self._daemon = subprocess.Popen(
                [
                    "pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1",
                    "--disallow-exit=yes", "--high-priority=yes", "--log-target=stderr", "--log-level=notice",
                    "-L",
                    f"module-native-protocol-unix socket={socket} auth-anonymous=1 auth-cookie-enabled=0",
                ],
                env={
                    "PATH": os.environ["PATH"],
                    "LC_ALL": "C",
                    "HOME": str(home),
                    "XDG_RUNTIME_DIR": str(runtime),
                    "PULSE_CONFIG": str(folder / "daemon.conf"),
                    "DBUS_SESSION_BUS_ADDRESS": "disabled:",
                    "DBUS_SYSTEM_BUS_ADDRESS": "disabled:",
                },
                stdin=subprocess.DEVNULL,
                stdout=messages,
                stderr=messages,
            )  # fmt: skip
        daemon = self._daemon
        ready = poll(lambda: daemon.poll() is not None or self._answers(), READY_SECONDS)
        if not ready or daemon.poll() is not None:
            raise RigError(f"pulseaudio did not come up: {log.read_text(errors='replace').strip()[-500:]}")
        self.load_sink()

    def _answers(self) -> bool:
        return self._pactl_run("info").returncode == 0

    def _pactl_run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pactl", *arguments],
            env={**os.environ, **self.env, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=READY_SECONDS,
            check=False,
        )

    def pactl(self, *arguments: str) -> str:
        """What ``pactl`` prints for ``arguments``; raises ``RigError`` with its message if it fails."""
        done = self._pactl_run(*arguments)
        if done.returncode != 0:
            raise RigError(f"pactl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def apply(self) -> None:
        """Point this process at the sink, until the ``with`` block ends.

        To be called while no stream is open: where ``sounddevice`` is loaded already, PortAudio is started
        anew, for it lists the devices only then.
        """
        self._set(dict(self.env))

    def _unapply(self) -> None:
        if self._replaced:
            self._set(self._replaced)
            self._replaced = {}

    def _set(self, variables: "dict[str, str] | dict[str, str | None]") -> None:
        for name, value in variables.items():
            self._replaced.setdefault(name, os.environ.get(name))
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        sounddevice: Any = sys.modules.get("sounddevice")
        if sounddevice is not None:
            sounddevice._terminate()
            sounddevice._initialize()

    def unload_sink(self) -> None:
        """Take the device away, as when a headset is pulled out: its streams and recordings are killed."""
        if self._module is None:
            raise RigError("the sink is not loaded")
        self.pactl("unload-module", self._module)
        self._module = None

    @property
    def loaded(self) -> bool:
        """Whether the device is there."""
        return self._module is not None

    def load_sink(self) -> None:
        """Plug the device in (again). A ``Recorder`` that lost it goes on after ``reattach()``."""
        if self._module is not None:
            raise RigError("the sink is loaded already")
        # Without rewinds an idle sink renders 50 ms at a time and not 2 s: what opens it need not wait.
        self._module = self.pactl(
            "load-module", "module-null-sink", f"sink_name={self.name}", f"rate={RATE}", "norewinds=1"
        )

    def sink_inputs(self) -> list[SinkInput]:
        """The streams that play into the sink now, those of every process."""
        return [
            SinkInput(
                index=entry["index"],
                corked=entry["corked"],
                specification=entry["sample_specification"],
                application=entry["properties"].get("application.name", ""),
                process=int(entry["properties"].get("application.process.id", 0)) or None,
            )
            for entry in json.loads(self.pactl("-f", "json", "list", "sink-inputs"))
        ]

    def wait_for_streams(self, count: int = 1, timeout: float = READY_SECONDS) -> list[SinkInput]:
        """Wait until exactly ``count`` streams that are not corked play, or raise ``RigError``."""
        playing: list[SinkInput] = []

        def as_many() -> bool:
            playing[:] = [stream for stream in self.sink_inputs() if not stream.corked]
            return len(playing) == count

        if not poll(as_many, timeout):
            raise RigError(f"{len(playing)} streams attached after {timeout} s, not {count}")
        return playing

    def play(self, samples: Samples) -> None:
        """Play mono ``samples`` at ``RATE`` with PulseAudio's own player, and wait until they are out."""
        subprocess.run(
            ["pacat", "-d", self.name, "--raw", "--format=float32le", f"--rate={RATE}", "--channels=1"],
            env={**os.environ, **self.env},
            input=samples.astype("<f4").tobytes(),
            timeout=len(samples) / RATE + READY_SECONDS,
            check=True,
        )


class Recorder:
    """What the sink plays, sample by sample, with the time at which each sounded.

    Times are ``time.monotonic()``, which all processes of a machine share. Index 0 is the first sample kept:
    the first since the recording began or since ``clear()``. Every method may be called from any thread.
    """

    def __init__(self, sink: NullSink) -> None:
        self.sink = sink
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._grown = threading.Condition()  # its lock is reentrant
        self._kept = np.zeros(60 * RATE, np.int16)
        self._count = 0  # samples in _kept
        self._cleared = 0  # samples that clear() has dropped
        self._starts: list[int] = []  # of each block: the samples before it, counted from the very first
        self._arrivals: list[float] = []  # of each block: when its first part was read
        self._latest = 0.0  # when the last part of any block was read
        self._attached = False

    def __enter__(self) -> Self:
        self._attach()
        return self

    def __exit__(self, *_: object) -> None:
        self._detach()

    def reattach(self) -> None:
        """Record again after the sink has gone and come back. The time between is kept as silence."""
        self._detach()
        self._attach()

    @property
    def attached(self) -> bool:
        """Whether it records; false once the sink has gone."""
        with self._grown:
            return self._attached

    def _attach(self) -> None:
        self._process = subprocess.Popen(
            [
                "parec", "-d", self.sink.monitor, f"--latency-msec={BLOCK_MILLISECONDS}",
                "--format=s16le", f"--rate={RATE}", "--channels=1", "--raw",
            ],
            env={**os.environ, **self.sink.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )  # fmt: skip
        assert self._process.stdout is not None
        with self._grown:
            before = len(self._starts)
            self._attached = True
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), name="recorder")
        self._reader.start()
        with self._grown:
            self._grown.wait_for(lambda: len(self._starts) > before or not self._attached, READY_SECONDS)
            started = len(self._starts) > before
        if not started:
            self._detach()
            raise RigError(f"nothing could be recorded from {self.sink.monitor}")

    def _detach(self) -> None:
        if self._process is None or self._reader is None or self._process.stdout is None:
            return
        end(self._process)
        self._reader.join()
        self._process.stdout.close()
        self._process = self._reader = None

    def _read(self, pipe: IO[bytes]) -> None:
        odd = b""
        resuming = bool(self._starts)
        while block := os.read(pipe.fileno(), 1 << 16):
            arrival = time.monotonic()
            whole = odd + block
            cut = len(whole) & ~1
            odd = whole[cut:]
            samples = np.frombuffer(whole[:cut], "<i2")
            with self._grown:
                if resuming:
                    away = (arrival - self._zero(len(self._starts) - 1)) * RATE - self._cleared - self._count
                    self._keep(np.zeros(max(0, round(away)), np.int16))
                    resuming = False
                if arrival - self._latest > SAME_BLOCK_SECONDS:
                    self._starts.append(self._cleared + self._count)
                    self._arrivals.append(arrival)
                self._latest = arrival
                self._keep(samples)
                self._grown.notify_all()
        with self._grown:
            self._attached = False
            self._grown.notify_all()

    def _keep(self, samples: NDArray[np.int16]) -> None:
        total = self._count + len(samples)
        if total > len(self._kept):
            self._kept = np.concatenate([self._kept, np.zeros(max(total, len(self._kept)), np.int16)])
        self._kept[self._count : total] = samples
        self._count = total

    def clear(self) -> None:
        """Forget what was recorded so far; the recording goes on."""
        with self._grown:
            self._cleared += self._count
            self._count = 0

    def samples(self, start: int = 0, stop: int | None = None) -> Samples:
        """A copy of the samples from ``start`` to ``stop`` (or so far), in [-1, 1]."""
        with self._grown:
            kept = self._kept[start : self._count if stop is None else min(stop, self._count)]
            return kept.astype(np.float32) / np.float32(32768)

    def _zero(self, block: int) -> float:
        """The time at which the very first sample would have sounded, by the blocks around ``block``.

        The sink renders a block when the one before has been played, so that a block's first sample sounds
        when the block arrives. A block may be read late, so that the earliest of many are the truth; not the
        very earliest, which may be the later part of a block that was read in two. Only the blocks around
        count, for the sink's clock may drift against ours.

        Against the times at which PortAudio said that clicks would leave the device (``outputBufferDacTime``;
        100 clicks each with latencies of 9, 35, 100 and 300 ms, with both cores idle and with both busy, the
        first 5 of each run left out), this is within -1.2 and +0.8 ms; the medians are within -0.6 and +0.6.
        """
        around = slice(max(0, block - FIT_BLOCKS), block + FIT_BLOCKS + 1)
        starts = np.asarray(self._starts[around], np.float64)
        zeros = np.asarray(self._arrivals[around]) - starts / RATE
        return float(np.percentile(zeros, FIT_PERCENTILE))

    def time_of(self, index: int) -> float:
        """When sample ``index`` sounded, or, of one that is not recorded yet, will sound."""
        with self._grown:
            absolute = self._cleared + index
            return self._zero(bisect.bisect_right(self._starts, absolute) - 1) + absolute / RATE

    def index_at(self, moment: float) -> int:
        """The sample that sounded at ``moment``; below 0 if not kept, past the end if yet to come."""
        with self._grown:
            zero = self._zero(bisect.bisect_right(self._arrivals, moment) - 1)
            return round((moment - zero) * RATE) - self._cleared

    def _loud(self, start: int, threshold_db: float) -> NDArray[np.intp]:
        """The indices, from ``start`` on, of the samples whose magnitude is over the threshold."""
        over = 32768 * 10 ** (threshold_db / 20)
        kept = self._kept[start : self._count].astype(np.int32)
        return np.flatnonzero(np.abs(kept) > over) + start

    def _start_at(self, after: float | None) -> int:
        return 0 if after is None else max(0, self.index_at(after))

    def onset(self, after: float | None = None, threshold_db: float = THRESHOLD_DB) -> float | None:
        """When the first sample over the threshold sounded, at or after ``after``; None if none has yet."""
        with self._grown:
            loud = self._loud(self._start_at(after), threshold_db)
            return self.time_of(int(loud[0])) if len(loud) else None

    def silence_after(self, moment: float, threshold_db: float = THRESHOLD_DB) -> float:
        """When the last sample over the threshold after ``moment`` sounded, so far; else ``moment``."""
        with self._grown:
            loud = self._loud(self._start_at(moment), threshold_db)
            return self.time_of(int(loud[-1])) if len(loud) else moment

    def wait_for_sound(
        self, threshold_db: float = THRESHOLD_DB, after: float | None = None, timeout: float = 30.0
    ) -> float:
        """Wait until a sample over the threshold has sounded at or after ``after``, and return its time.

        Raises ``TimeoutError`` after ``timeout`` seconds and ``RigError`` if the sink goes.
        """
        with self._grown:
            looked = self._start_at(after)

            def sound() -> float | None:
                nonlocal looked
                loud = self._loud(looked, threshold_db)
                looked = max(looked, self._count)
                return self.time_of(int(loud[0])) if len(loud) else None

            return self._wait(sound, timeout, "no sound")

    def wait_for_silence(
        self,
        seconds: float,
        after: float | None = None,
        threshold_db: float = THRESHOLD_DB,
        timeout: float = 60.0,
    ) -> float:
        """Wait until ``seconds`` without a sample over the threshold have passed; when they began.

        Looks at what sounds at or after ``after``. Raises as ``wait_for_sound`` does.
        """
        with self._grown:
            quiet = looked = self._start_at(after)

            def silence() -> float | None:
                nonlocal quiet, looked
                loud = self._loud(looked, threshold_db)
                looked = max(looked, self._count)
                if len(loud):
                    quiet = int(loud[-1]) + 1
                return self.time_of(quiet) if self._count - quiet >= seconds * RATE else None

            return self._wait(silence, timeout, f"no {seconds} s of silence")

    def _wait(self, answer: Callable[[], float | None], timeout: float, failure: str) -> float:
        deadline = time.monotonic() + timeout
        while (found := answer()) is None:
            if not self._attached:
                raise RigError(f"{failure}: the sink went away")
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{failure} within {timeout} s")
            self._grown.wait(left)
        return found


def dbfs(samples: Samples) -> float:
    """The level of ``samples`` against full scale, root mean square, in dB; -inf for none or for zeros."""
    if len(samples) == 0:
        return -math.inf
    level = math.sqrt(float(np.mean(np.square(samples, dtype=np.float64))))
    return 20 * math.log10(level) if level > 0 else -math.inf


def gaps(
    samples: Samples, rate: int, threshold_db: float = THRESHOLD_DB, min_seconds: float = 0.1
) -> list[tuple[float, float]]:
    """The silences between sounds that last ``min_seconds`` or longer, as (begin, end) in seconds.

    A silence is a run of windows of ``WINDOW_SECONDS`` in which no sample is over the threshold. What comes
    before the first sound and after the last is none: it parts nothing.
    """
    window = max(1, round(WINDOW_SECONDS * rate))
    whole = np.append(samples, np.zeros(-len(samples) % window, np.float32)).reshape(-1, window)
    sounding = np.flatnonzero(np.max(np.abs(whole), axis=1, initial=0) > 10 ** (threshold_db / 20))
    return [
        (float(before + 1) * window / rate, float(following) * window / rate)
        for before, following in itertools.pairwise(sounding)
        if (following - before - 1) * window / rate >= max(min_seconds, window / rate)
    ]


def end(process: subprocess.Popen[bytes]) -> None:
    """End a child process of ours: ask, then kill, and reap it."""
    process.terminate()
    try:
        process.wait(READY_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def poll(condition: Callable[[], bool], timeout: float) -> bool:
    """Ask ``condition`` until it holds, at most ``timeout`` seconds; whether it held."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
