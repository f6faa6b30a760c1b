"""Sound: PortAudio, the devices, and a chime on the one that will play."""

import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from speakstream.doctor import remedies
from speakstream.doctor.examination import Examination
from speakstream.doctor.findings import Findings, fail, ok, parted, skip, warn
from speakstream.doctor.surroundings import is_remote
from speakstream.errors import AudioError, one_line

if TYPE_CHECKING:
    from speakstream.audio.chunk import Samples
    from speakstream.audio.device import DeviceInfo

CHIME = (523.25, 659.26, 783.99)
"""Hz: C, E and G, one after the other, each ringing on into the next."""

CHIME_LEVEL = 0.12
"""Peak of one of its notes against full scale: about as loud as a quiet word."""

CHIME_SECONDS = 0.8
NOTE_SECONDS = 0.11  # from one note to the next
QUIET_SECONDS = 0.1  # before the first, while a sleeping loudspeaker wakes

PATIENCE_SECONDS = 6.0
"""For the chime to be heard: a device that sleeps may take 4 seconds to wake."""

LISTED = 3
"""Other devices that are named on the screen."""

_ORDINARY_FIRST = {"systemd", "init", "openrc-init", "runit", "s6-svscan", "dinit"}
"""Programs that are process 1 of a machine; anything else means a container."""


def check_sound(examination: Examination) -> Findings:
    """PortAudio, the devices, the chosen one, and the chime, as far as each lets the next be looked at."""
    from speakstream.audio import device

    try:
        found = device.devices()
    except AudioError as error:
        wrong, remedy = _parted(error)
        yield fail("PortAudio", wrong, remedies.portaudio() if "PortAudio is missing" in wrong else remedy)
        return
    import sounddevice

    number, text = sounddevice.get_portaudio_version()
    version = f"{number >> 16}.{number >> 8 & 255}.{number & 255}"
    yield ok("PortAudio", version, version=version, text=text, sounddevice=sounddevice.__version__)
    if not examination.settings.enable_audio:
        yield skip("device", "not looked for: ENABLE_AUDIO=false, the text is shown in silence")
        return
    if not found:
        yield from _no_device(examination)
        return
    try:
        chosen = device.find_device(examination.settings.audio_device or "")
    except AudioError as error:
        yield fail("device", *_parted(error), devices=[_facts(info) for info in found])
        return
    rate = examination.settings.tts_sample_rate or chosen.sample_rate
    yield from _device(chosen, rate, found)
    if not examination.plays:
        yield skip("test tone", "not played: --no-sound")
        return
    yield from _chime(examination, chosen, rate)


def _no_device(examination: Examination) -> Findings:
    place = what_lacks_sound()
    facts = {"devices": [], "ssh": is_remote(), "container": is_container()}
    if place:
        fix = f"the text is shown all the same; to keep the speech:\n{examination.program} say Hello -o hello.wav"
        yield warn("device", f"there is none {place}", fix, **facts)
    else:
        fix = f"plug one in, or restart the sound server, and try again:\n{remedies.restart_sound()}"
        yield fail("device", "there is none that can play", fix, **facts)


def _device(chosen: "DeviceInfo", rate: int, found: "list[DeviceInfo]") -> Findings:
    others = [info for info in found if info.index != chosen.index]
    asked = f"; {rate} Hz will be used (TTS_SAMPLE_RATE)" if rate != chosen.sample_rate else ""
    lines = [f"{_described(chosen)}{asked}"]
    lines += [f"also {_described(info)}" for info in others[:LISTED]]
    if len(others) > LISTED:
        lines.append(f"and {len(others) - LISTED} more: speakstream devices")
    facts = {"devices": [_facts(info) for info in found], "chosen": chosen.index, "rate": rate}
    if not _reaches_sound_server(found):
        fix = f"other programs may keep the device to themselves; {_plugin()}"
        yield warn("device", "\n".join([*lines, "the sound server that runs here cannot be reached"]), fix, **facts)
    else:
        yield ok("device", "\n".join(lines), **facts)


def _chime(examination: Examination, chosen: "DeviceInfo", rate: int) -> Findings:
    """Play the chime the way speech is played, and see that every sample was taken."""
    from speakstream.audio.chunk import AudioChunk
    from speakstream.audio.device import open_speaker
    from speakstream.loading import SWITCH_INTERVAL

    settings = examination.settings
    sys.setswitchinterval(SWITCH_INTERVAL)
    lost: list[str] = []
    try:
        speaker, device = open_speaker(
            str(chosen.index), rate, CHIME_SECONDS + 1, settings.chunk_size, settings.default_volume, lost.append
        )
    except AudioError as error:
        yield fail("test tone", *_parted(error), device=one_line(chosen.name))
        return
    samples = chime(rate)
    seconds = len(samples) / rate
    cancelled = threading.Event()
    patience = threading.Timer(PATIENCE_SECONDS, cancelled.set)
    patience.start()
    try:
        begun = time.monotonic()
        speaker.begin()
        speaker.write(AudioChunk(samples, rate), cancelled)
        speaker.drain(cancelled)
        heard, first = speaker.position(), speaker.first_heard()
    finally:
        patience.cancel()
        patience.join()
        device.close()
    latency = round(device.latency * 1000)
    facts = {
        "device": one_line(chosen.name),
        "rate": rate,
        "seconds": round(seconds, 3),
        "heard_seconds": round(heard, 3),
        "underruns": speaker.underruns,
        "latency_ms": latency,
        "first_sample_ms": None if first is None else round((first - begun) * 1000),
    }
    detail = f"{seconds:.1f} s played, underruns: {speaker.underruns}, latency {latency} ms"
    if lost or heard < seconds - 0.05:
        wrong = f"{one_line(chosen.name)} took {heard:.1f} of {seconds:.1f} s of sound"
        yield fail("test tone", wrong, "try another device: speakstream devices, then AUDIO_DEVICE", **facts)
    elif settings.default_volume == 0:
        yield warn("test tone", f"{detail}, in silence", "choose a DEFAULT_VOLUME above 0", **facts)
    elif speaker.underruns:
        fix = "close what keeps the machine busy; on PulseAudio and PipeWire prefer the device named default"
        yield warn("test tone", detail, fix, **facts)
    else:
        yield ok("test tone", f"{detail}\nheard nothing? look at the mixer, or: speakstream devices", **facts)


def chime(rate: int) -> "Samples":
    """Three notes that ring out, mono, shape (n,), at ``rate`` Hz."""
    import numpy as np

    moments = np.arange(int((QUIET_SECONDS + CHIME_SECONDS) * rate)) / rate
    samples = np.zeros(len(moments))
    for number, frequency in enumerate(CHIME):
        since = moments - QUIET_SECONDS - number * NOTE_SECONDS
        struck = np.clip(since / 0.008, 0.0, 1.0)  # no click at its beginning
        samples += np.where(since > 0, struck * np.exp(-since / 0.16) * np.sin(2 * np.pi * frequency * since), 0.0)
    samples *= CHIME_LEVEL * np.clip((moments[-1] - moments) / 0.05, 0.0, 1.0)  # nor at its end
    return samples.astype(np.float32)


def what_lacks_sound() -> str:
    """Where it is no wonder that there is no sound device; "": it is one."""
    if is_remote():
        return "over SSH"
    if is_container():
        return "in this container"
    return ""


def is_container() -> bool:
    """Whether this is a container, as far as it can be seen from inside."""
    marks = ("/.dockerenv", "/run/.containerenv", "/run/systemd/container")
    if "container" in os.environ or any(map(os.path.exists, marks)):
        return True
    try:
        first = Path("/proc/1/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return False
    return first not in _ORDINARY_FIRST


def _parted(error: AudioError) -> tuple[str, str]:
    return parted(
        str(error).removeprefix("no sound: "), f"restart the sound server, and try again:\n{remedies.restart_sound()}"
    )


def _reaches_sound_server(found: "list[DeviceInfo]") -> bool:
    """False: PulseAudio or PipeWire runs here, and none of the devices leads to it."""
    socket = Path(os.environ.get("XDG_RUNTIME_DIR") or "/nowhere") / "pulse" / "native"
    if not sys.platform.startswith("linux") or not socket.exists():
        return True
    return any(
        word in f"{info.name} {info.api}".lower() for info in found for word in ("pulse", "pipewire", "default", "jack")
    )


def _plugin() -> str:
    return remedies.install(remedies.SOUND_SERVER_PLUGIN, "ALSA's way to the sound server")


def _described(info: "DeviceInfo") -> str:
    return f"{info.index} {one_line(info.name)} ({info.api}, {info.sample_rate} Hz)"


def _facts(info: "DeviceInfo") -> dict[str, object]:
    return {
        "index": info.index,
        "name": one_line(info.name),
        "api": info.api,
        "channels": info.channels,
        "rate": info.sample_rate,
        "default": info.is_default,
    }
