"""Files on the hub."""

import hashlib
from pathlib import Path

import pytest

from speakstream.errors import ModelError
from speakstream.model_sources import Artifact
from tests.models.server import Act, Proxy, Server
from tests.models.tiny import Store, assert_same, forbid_children, in_cache, one_line

HUB_FILE = "someone/Model-GGUF/sub/model.Q8_0.gguf"
STORAGE = "/storage/model.gguf"
HUB_PATH = "/someone/Model-GGUF/resolve/main/sub/model.Q8_0.gguf"


def test_a_file_on_the_hub_is_fetched_listed_used_offline_and_removed(
    server: Server,
    cache: Path,
    artifact: Artifact,
    tiny_model: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
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


def test_a_file_on_the_hub_is_checked_against_what_the_hub_announced(
    server: Server, cache: Path, artifact: Artifact, tiny_model: bytes
) -> None:
    server.files[STORAGE] = tiny_model
    server.moved[HUB_PATH] = (STORAGE, {"X-Linked-Etag": f'"{artifact.sha256}"'})
    store = Store(cache, artifact, hub_url=server.url)
    assert store.resolve(HUB_FILE).read_bytes() == tiny_model
    assert store.notices == []


def test_what_is_not_what_the_hub_announced_is_fetched_once_more_and_not_kept(
    server: Server, cache: Path, artifact: Artifact, tiny_model: bytes
) -> None:
    server.files[STORAGE] = tiny_model
    server.moved[HUB_PATH] = (STORAGE, {"X-Linked-Etag": f'"{artifact.sha256}"'})
    server.acts.append(Act(content=b"GGUF" + bytes(100)))
    store = Store(cache, artifact, hub_url=server.url)
    assert store.resolve(HUB_FILE).read_bytes() == tiny_model
    assert f"instead of {artifact.sha256[:12]}…): fetching it again from the start." in store.notices[0]
    store.remove(HUB_FILE)
    server.acts.extend([Act(content=b"GGUF" + bytes(100))] * 2)
    with pytest.raises(ModelError, match=r"from 127\.0\.0\.1 is not the right one, twice \(SHA-256") as error:
        store.resolve(HUB_FILE)
    assert f"instead of {artifact.sha256[:12]}…" in one_line(error)
    assert in_cache(cache) == set()


def test_a_file_on_the_hub_is_gone_on_with_from_storage_that_moves(
    server: Server, cache: Path, artifact: Artifact, tiny_wheel: bytes
) -> None:
    model = b"GGUF" + tiny_wheel
    server.files[STORAGE] = model
    server.moved[HUB_PATH] = (STORAGE, {"X-Linked-Etag": f'"{hashlib.sha256(model).hexdigest()}"'})
    server.acts.extend([Act(first=1_000_000)] + [Act(first=0)] * 4)
    with pytest.raises(ModelError, match=r"goes on from 1\.0 MB\), or name a \.gguf file"):
        Store(cache, artifact, hub_url=server.url).resolve(HUB_FILE)
    server.files["/elsewhere"] = model
    server.moved[HUB_PATH] = ("/elsewhere", server.moved[HUB_PATH][1])
    store = Store(cache, artifact, hub_url=server.url)
    assert_same(store.resolve(HUB_FILE).read_bytes(), model)
    assert server.seen[-1].path == "/elsewhere" and server.seen[-1].range == "bytes=1000000-"
    assert store.notices[0].startswith(f"Going on with {HUB_FILE} from 1.0 MB of 2.0 MB.")


def test_what_the_hub_does_not_have_or_give_is_one_clear_line(server: Server, cache: Path, artifact: Artifact) -> None:
    store = Store(cache, artifact, hub_url=server.url)
    with pytest.raises(ModelError, match=rf"{HUB_FILE} is not to be had \(HTTP 404 from 127.*check its name") as error:
        store.resolve(HUB_FILE)
    one_line(error)
    server.files[HUB_PATH] = b"<html>please sign in</html>"
    with pytest.raises(ModelError, match="not a GGUF file"):
        store.resolve(HUB_FILE)
    server.files[HUB_PATH] = b"GGUF" + bytes(100)
    with pytest.raises(ModelError, match="MB free"):
        Store(cache, artifact, hub_url=server.url, free_bytes=lambda folder: 0).resolve(HUB_FILE)
    assert not (cache / "someone--Model-GGUF--sub--model.Q8_0.gguf").exists()


def test_the_hub_is_reached_through_a_proxy(
    server: Server, proxy: Proxy, cache: Path, artifact: Artifact, tiny_model: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files[HUB_PATH] = tiny_model
    monkeypatch.setenv("HTTP_PROXY", f"http://someone:secret@{proxy.address}")
    assert Store(cache, artifact, hub_url=server.url).resolve(HUB_FILE).read_bytes() == tiny_model
    assert proxy.through.requests == [f"GET {server.url}{HUB_PATH}"]
    assert proxy.through.credentials == {"someone:secret"}
