"""Sound devices through PortAudio: finding one, playing a Speaker on it, and getting it back when it vanishes."""

import contextlib
import ctypes
import difflib
import functools
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from speakstream.audio.clock import SilentClock
from speakstream.audio.garbage import Collector
from speakstream.audio.speaker import Speaker
from speakstream.errors import AudioError

log = logging.getLogger(__name__)

LATENCY = 0.03
"""Seconds of buffer asked of the device. With both cores busy the callback still came 20 ms ahead of the DAC; with
0.02 it was down to 6 ms, with PortAudio's "low" (9 ms) it underran."""

LOST_SECONDS = 0.8
"""A device that asked for no samples for so long is gone."""

WAKE_SECONDS = 4.0
"""A device that was just opened may take so long to ask for its first samples: an idle PulseAudio sink took 1.6 s."""

RETRIES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds between attempts to reopen; the last one repeats."""

GIVE_UP_SECONDS = 10.0
"""After so long without a device the speech goes on in silence, while the attempts go on, too."""

TO_A_FILE = "to keep the speech as a file: --output FILE.wav"
TO_A_BROWSER = "the text works all the same, and a browser where you sit can speak it: speakstream serve"
"""What a person can do on a machine without a sound device: of one reply, and in a chat."""


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """An output device, as PortAudio names it."""

    index: int
    name: str
    api: str
    channels: int
    sample_rate: int
    is_default: bool


def _portaudio() -> Any:
    """The sounddevice module, loaded without its libraries' noise.

    Raises AudioError where PortAudio is missing.
    """
    _hush_c_libraries()
    _check_alsa()
    try:
        import sounddevice
    except OSError as error:
        how = (
            "run: sudo apt-get install libportaudio2 (Debian, Ubuntu), or your system's portaudio package"
            if sys.platform.startswith("linux")
            else "reinstall sounddevice"
        )
        raise AudioError(f"no sound: PortAudio is missing ({error}); {how}") from error
    return sounddevice


@functools.cache
def _hush_c_libraries() -> None:
    """Point C's own ``stderr`` at nothing, once: PortAudio, ALSA and JACK write to the terminal otherwise.

    Python's ``sys.stderr`` is another thing, on the same file descriptor, and goes on. With a debug log all is left
    as it is.
    """
    if not sys.platform.startswith("linux") or log.isEnabledFor(logging.DEBUG):
        return
    with contextlib.suppress(OSError, AttributeError, ValueError):  # a C library without that symbol
        libc = ctypes.CDLL(None)
        libc.fopen.restype = ctypes.c_void_p
        quiet = libc.fopen(os.fsencode(os.devnull), b"w")
        if quiet:
            ctypes.c_void_p.in_dll(libc, "stderr").value = quiet


def _check_alsa() -> None:
    """Raise AudioError where ALSA's configuration names no devices: PortAudio aborts the process there."""
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError, ValueError):  # not installed: then PortAudio says so
        alsa = ctypes.CDLL("libasound.so.2")
        alsa.snd_config_update()
        found = ctypes.c_void_p()
        if alsa.snd_config_search(ctypes.c_void_p.in_dll(alsa, "snd_config"), b"pcm", ctypes.byref(found)) < 0:
            raise AudioError(
                "no sound: ALSA's configuration is missing or empty; unset ALSA_CONFIG_PATH, "
                "or run: sudo apt-get install --reinstall libasound2-data (Debian, Ubuntu)"
            )


def devices() -> list[DeviceInfo]:
    """Every device that can play. Raises AudioError where PortAudio is missing."""
    sd = _portaudio()
    try:
        default = sd.default.device[1]
        if default is None or default < 0:
            default = next((api["default_output_device"] for api in sd.query_hostapis()), -1)
        apis = [api["name"] for api in sd.query_hostapis()]
        return [
            DeviceInfo(
                device["index"],
                device["name"],
                apis[device["hostapi"]],
                device["max_output_channels"],
                int(device["default_samplerate"]),
                device["index"] == default,
            )
            for device in sd.query_devices()
            if device["max_output_channels"] > 0
        ]
    except sd.PortAudioError as error:
        raise AudioError(f"no sound: PortAudio could not list the devices ({error})") from error


def look_again() -> None:
    """Have PortAudio look for devices anew, which it does only when it starts.

    There must be no open stream in this process.
    """
    sd = _portaudio()
    sd._terminate()
    sd._initialize()


def find_device(wanted: str, instead: str = TO_A_FILE) -> DeviceInfo:
    """The device with this index, or with this text in its name (any case); "": the default one.

    Raises AudioError when there is none, or several, naming what there is; on a machine that has no device at all,
    what a person can do ``instead``.
    """
    found = devices()
    if not found:
        raise AudioError(
            f"no sound: this machine has no sound device (over SSH or in a container there is none); {instead}"
        )
    if not wanted:
        return next((device for device in found if device.is_default), found[0])
    if wanted.isdigit():
        for device in found:
            if device.index == int(wanted):
                return device
        raise AudioError(f"AUDIO_DEVICE={wanted}: no output device has this index; see: speakstream devices")
    matches = [device for device in found if wanted.lower() in device.name.lower()]
    exact = [device for device in matches if device.name.lower() == wanted.lower()]
    if len(exact or matches) == 1:
        return (exact or matches)[0]
    if matches:
        names = ", ".join(f"{device.index} {device.name!r}" for device in matches[:5])
        raise AudioError(f"AUDIO_DEVICE={wanted!r} fits several devices: {names}; give more of the name, or an index")
    near = difflib.get_close_matches(wanted, [device.name for device in found], 1, 0.4)
    hint = f"did you mean {near[0]!r}?" if near else "see: speakstream devices"
    raise AudioError(f"AUDIO_DEVICE={wanted!r} is no output device; {hint}")


class Device:
    """A driver that plays a Speaker on a sound device, and reopens it when it comes back."""

    def __init__(self, speaker: Speaker, device: DeviceInfo, notify: Callable[[str], None]) -> None:
        """Open the device (about 0.1 s). ``notify`` gets one line when it is lost and when it is back.

        Raises AudioError when it can't be opened.
        """
        self.name = device.name
        self.sample_rate = speaker.sample_rate
        self.latency = 0.0
        self.reopened = 0
        self._wanted = device
        self._speaker = speaker
        self._notify = notify
        self._stop = threading.Event()
        self._alive = time.monotonic()
        self._awake = threading.Event()
        self._stream: Any = None
        try:
            self._open(device.index)
        except Exception as error:
            raise AudioError(
                f"no sound: {device.name!r} could not be opened at {speaker.sample_rate} Hz ({error}); "
                "try another --device, or TTS_SAMPLE_RATE=48000"
            ) from error
        self._collector = Collector()
        self._watch = threading.Thread(target=self._supervise, name="sound device")
        self._watch.start()

    def close(self) -> None:
        """See Driver."""
        self._stop.set()
        self._watch.join()
        self._collector.close()
        self._close_stream()

    def _open(self, index: int | None) -> None:
        sd = _portaudio()
        channels = min(2, self._wanted.channels)

        def callback(out: Any, frames: int, moments: Any, status: Any) -> None:
            now = time.monotonic()
            ahead = moments.outputBufferDacTime - moments.currentTime
            if not 0.0 < ahead < 2.0:  # some hosts leave the times out
                ahead = self.latency
            self._alive = now
            self._awake.set()
            if status.output_underflow:
                self._speaker.note_underflow()
            self._speaker.render(out[:, 0], now + ahead)
            if channels == 2:
                out[:, 1] = out[:, 0]

        self._stream = sd.OutputStream(
            samplerate=self.sample_rate,
            device=index,
            channels=channels,
            dtype="float32",
            latency=LATENCY,
            blocksize=0,
            callback=callback,
        )
        self.latency = float(self._stream.latency)
        self._awake.clear()
        self._alive = time.monotonic() + WAKE_SECONDS
        self._stream.start()

    def _close_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            with contextlib.suppress(_portaudio().PortAudioError):  # it may be gone already
                stream.abort()
            with contextlib.suppress(_portaudio().PortAudioError):
                stream.close()

    def _supervise(self) -> None:
        while not self._stop.wait(LOST_SECONDS / 3):
            if self._speaker.idle:
                self._collector.tidy()
            alive = self._alive
            if time.monotonic() - alive <= LOST_SECONDS:
                continue
            # a second look: after the whole program was stopped (Ctrl-Z, a sleeping laptop) the calls go on at once
            if not self._stop.wait(LOST_SECONDS / 3) and self._alive == alive:
                self._recover()

    def _recover(self) -> None:
        """Reopen with back-off; meanwhile the speaker holds its position."""
        lost = time.monotonic()
        self._notify(f"the sound device {self.name!r} is gone; waiting for it to come back")
        self._close_stream()
        clock: SilentClock | None = None
        attempt, told = 0, False
        while not self._stop.wait(RETRIES[min(attempt, len(RETRIES) - 1)]):
            attempt += 1
            if clock is not None:
                clock.close()
                clock = None
            if self._reopens():
                self.reopened += 1
                self._notify(f"sound is back on {self.name!r}")
                return
            if time.monotonic() - lost > GIVE_UP_SECONDS:
                if not told:
                    self._notify("no sound device came back; going on in silence")
                told = True
                clock = SilentClock(self._speaker)
        if clock is not None:
            clock.close()

    def _reopens(self) -> bool:
        """Whether a device is there again, and asks for samples."""
        try:
            self._open(self._find_again())
        except Exception:  # whatever PortAudio says, it is not back yet: the next attempt will tell
            log.debug("the device could not be reopened", exc_info=True)
        else:
            deadline = time.monotonic() + WAKE_SECONDS
            while not self._stop.is_set() and time.monotonic() < deadline:
                if self._awake.wait(0.05):
                    return True
        self._close_stream()
        return False

    def _find_again(self) -> int:
        """The index of the same device, or of the default one, after PortAudio has looked anew."""
        look_again()
        found = devices()
        same = [device for device in found if device.name == self._wanted.name]
        default = [device for device in found if device.is_default]
        if not (same or default):
            raise AudioError("no device")
        chosen = (same or default)[0]
        self.name = chosen.name
        return chosen.index


def open_speaker(
    wanted: str,
    rate: int | None,
    buffer_seconds: float,
    chunk_size: int,
    gain: float,
    notify: Callable[[str], None],
    instead: str = TO_A_FILE,
) -> tuple[Speaker, Device]:
    """Find and open a device and give the Speaker that plays on it.

    ``rate``: Hz, None for the device's own; ``instead``: as in ``find_device``. Raises AudioError when there is no
    sound.
    """
    device = find_device(wanted, instead)
    speaker = Speaker(rate or device.sample_rate, buffer_seconds, chunk_size, gain)
    return speaker, Device(speaker, device, notify)
