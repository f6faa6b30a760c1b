"""What must lie on the disk: the folder of the models, the language model, the voice."""

import base64
import hashlib
import os
import shutil
import tempfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speakstream.doctor import remedies
from speakstream.doctor.examination import Examination
from speakstream.doctor.findings import Findings, fail, ok, parted, warn
from speakstream.doctor.private import short
from speakstream.errors import ModelError, VoiceError

if TYPE_CHECKING:
    from speakstream.models import ModelInfo, ModelStore

BELONGS = ("*.gguf", "*--*.json", "hibari-*", ".lock", ".partial")
"""Models, what is known of them, what was prepared for a voice, the lock, and what is half fetched."""

FEW_BYTES = 50_000_000
"""Free space below which other programs will soon be in trouble, too."""


def check_model(examination: Examination) -> Findings:
    """The language model of the settings, read and compared with its checksums; it is not fetched."""
    from speakstream.llm import choose_engine

    try:
        engine, _ = choose_engine(examination.settings.llm_engine)
    except ModelError as error:
        yield fail("engine", *parted(str(error)))
        return
    name = examination.settings.llm_model_name
    flaws: list[str] = []
    store = _store(examination, flaws)
    try:
        sound = store.verify(name)
    except ModelError as error:
        yield fail("model", *parted(short(error), f"see:\n{examination.program} models"), model=short(name))
        return
    pull = f"fetch it{' again' if flaws else ''}:\n{examination.program} models pull"
    row = _row(store, name)
    if sound:
        path = row.path if row and row.path else Path(name).expanduser()
        facts = {"model": short(name), "path": str(path), "size": path.stat().st_size, "engine": engine}
        own = row is None
        known = "your own file, with no checksum to compare" if own else "SHA-256 verified"
        size = f"{path.stat().st_size / 1e6:.0f} MB"
        shown = short(path) if own else name.rpartition("/")[2]
        yield ok("model", f"{shown}, {size}, {known}", verified=not own, **facts)
    elif flaws:
        yield fail("model", short(flaws[0].rstrip(".")), pull, model=name, engine=engine, verified=False)
    elif packaged := _installed(name):
        detail = f"{name.rpartition('/')[2]} is in the package {packaged}, and not prepared yet"
        yield warn("model", detail, pull.replace("fetch it", "prepare it, which the first answer does otherwise"))
    else:
        missing = f"{name.rpartition('/')[2] if row else name} is not on this disk"
        size = f" ({row.size / 1e6:.0f} MB to fetch)" if row else ""
        yield fail("model", f"{missing}{size}", pull, model=name, engine=engine, verified=False)


def check_voice(examination: Examination) -> Findings:
    """The voice of the settings, and whether its file is still the one that its package brought."""
    from speakstream.tts import check_name, voices

    name = examination.settings.tts_model_name
    try:
        check_name(name)
    except VoiceError as error:
        yield fail("voice", *parted(str(error)), voice=name)
        return
    about = next(info for info in voices() if info.name == name)
    detail = f"{name}, {about.about}, {about.language}"
    if not about.on_disk:
        fix = f"let it be fetched:\n{examination.program} say --voice {name} --read Hello"
        yield fail("voice", f"{name} is not on this disk ({about.megabytes:.0f} MB to fetch)", fix, voice=name)
        return
    verified = _as_packaged(name)
    facts = {"voice": name, "language": about.language, "verified": verified}
    if verified is False:
        fix = f"install it again:\n{remedies.pip('--force-reinstall', '--no-deps', 'hibari-tts')}"
        yield fail("voice", f"{detail}: its file is not the one that its package brought", fix, **facts)
    else:
        yield ok("voice", f"{detail}, SHA-256 verified" if verified else detail, **facts)


def check_cache(examination: Examination) -> Findings:
    """The folder of the models: whether it can be written, what is in it, and how much more would fit."""
    folder = examination.cache
    elsewhere = "set SPEAKSTREAM_MODEL_CACHE to a folder that can be written"
    row = _row(_store(examination, []), examination.settings.llm_model_name)
    needed = to_fetch(examination.settings.llm_model_name) if row is None or not row.on_disk else 0
    ours, others = _contents(folder)
    used = sum(path.stat().st_size for path in (*ours, *others) if path.is_file())
    facts: dict[str, Any] = {
        "folder": str(folder),
        "bytes": used,
        "files": [path.name for path in ours],
        "others": [path.name for path in others],
        "needed": needed,
    }
    flaw = why_not_writable(folder)
    if flaw:
        tell = fail if needed else warn
        yield tell("cache", f"{short(folder)} cannot be written ({flaw})", elsewhere, writable=False, **facts)
        return
    free = shutil.disk_usage(_nearest(folder)).free
    facts |= {"writable": True, "free": free}
    contents = f"{used / 1e6:.0f} MB in it" if used else "empty"
    detail = f"{short(folder)}, {contents}, {_size(free)} free"
    if others:
        named = ", ".join(path.name for path in others[:3]) + (", …" if len(others) > 3 else "")
        detail += f"\nand what is not SpeakStream's: {named}"
    if free < needed:
        yield fail("cache", detail, f"make room: the model needs {_size(needed)}; or {elsewhere}", **facts)
    elif free < FEW_BYTES:
        yield warn("cache", detail, f"make room, or {elsewhere}", **facts)
    elif unfinished := [path.name for path in others if path.name.startswith(".tmp-")]:
        remove = remedies.quoted(["rm", "-r", *(str(folder / name) for name in unfinished)])
        fix = f"unless another SpeakStream is fetching now, delete what one that died has left:\n{remove}"
        yield warn("cache", detail, fix, unfinished=unfinished, **facts)
    else:
        yield ok("cache", detail, **facts)


def to_fetch(name: str) -> int:
    """Bytes that must be free while a model is fetched and prepared; 0: not known beforehand."""
    from speakstream.model_cache import SPARE_BYTES
    from speakstream.models import KNOWN_MODELS

    for artifact in KNOWN_MODELS:
        if artifact.name.casefold() == name.casefold():
            return artifact.size + max(artifact.wheel_size, artifact.prepared_size) + SPARE_BYTES
    return 0


def why_not_writable(folder: Path) -> str:
    """Try to write there, or where it would be made; nothing is left behind. "": it can be written."""
    place = _nearest(folder)
    try:
        if place == folder:
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"speakstream")
        else:
            Path(tempfile.mkdtemp(prefix=".speakstream-", dir=place)).rmdir()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _nearest(folder: Path) -> Path:
    """The folder itself, or what there is on the way to it."""
    return next((path for path in (folder, *folder.parents) if os.path.exists(path)), folder)


def _contents(folder: Path) -> tuple[list[Path], list[Path]]:
    """What belongs in the cache and is there, and what else is."""
    try:
        there = sorted(folder.iterdir())
    except OSError:
        return [], []
    ours = [path for path in there if any(map(path.match, BELONGS))]
    return ours, [path for path in there if path not in ours]


def _row(store: "ModelStore", name: str) -> "ModelInfo | None":
    """What the catalogue says of a model; None: it is a file of the person's own, or not on the disk."""
    return next((info for info in store.catalogue() if info.name.casefold() == name.casefold()), None)


def _store(examination: Examination, flaws: list[str]) -> "ModelStore":
    from speakstream.models import ModelStore

    return ModelStore(examination.cache, notify=flaws.append)


def _installed(name: str) -> str:
    """The installed package that holds a model; "": none does."""
    from speakstream.model_sources import installed
    from speakstream.models import KNOWN_MODELS

    artifacts = (artifact for artifact in KNOWN_MODELS if artifact.name.casefold() == name.casefold())
    return next((artifact.distribution for artifact in artifacts if installed(artifact, lambda _: None)), "")


def _as_packaged(name: str) -> bool | None:
    """Whether a voice's file has the checksum that its package recorded; None: it came from elsewhere."""
    from hibari import voices

    path = Path(voices.voice_path(name.partition("/")[2])).resolve()
    for file in metadata.files("hibari-tts") or ():
        if file.hash is not None and file.name == path.name and Path(str(file.locate())).resolve() == path:
            digest = hashlib.new(file.hash.mode, path.read_bytes()).digest()
            return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == file.hash.value
    return None


def _size(size: int) -> str:
    return f"{size / 1e9:.0f} GB" if size > 10e9 else f"{size / 1e9:.1f} GB" if size > 1e9 else f"{size / 1e6:.0f} MB"
