"""A network that is not there, or falls silent, is one clear line and never a hang; a slow one is waited for."""

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from speakstream.download import GRACE_SECONDS, Life, Network
from speakstream.errors import ModelError
from speakstream.model_sources import Artifact
from tests.models.server import WHEEL, Act, Server
from tests.models.tiny import AT_ONCE, NAME, Store, assert_prepared, assert_same, forbid_children, in_cache, one_line

HUB_FILE = "someone/Model-GGUF/model.gguf"
Broken = Callable[[], AbstractContextManager[int]]


@contextmanager
def refusing() -> Iterator[int]:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    yield port


@contextmanager
def silent() -> Iterator[int]:
    """A port where connections are accepted, and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


@contextmanager
def black_hole() -> Iterator[int]:
    """A port where not even a connection comes about: its queue is full, so the kernel drops the rest."""
    with ExitStack() as kept:
        listener = kept.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        for _ in range(64):
            client = kept.enter_context(socket.socket())
            client.settimeout(0.2)
            try:
                client.connect(address)
            except TimeoutError:
                break
        else:
            raise AssertionError("the queue is never full")
        yield int(address[1])


@pytest.mark.parametrize("network", [refusing, silent, black_hole])
def test_no_network_is_one_clear_line_at_once_that_says_what_else_to_do(
    network: Broken, cache: Path, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    with network() as port:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{port}/simple")
        why = r"\(.*Connection refused\)" if network is refusing else r"\(no answer within 1 seconds\)"
        with pytest.raises(ModelError, match=rf"{why}: connect to the network and try again, or run") as error:
            Store(cache, artifact, network=Network(patience=1)).resolve(NAME)
    line = one_line(error)
    assert NAME in line
    assert "pip download --no-deps tiny-model==1.0" in line and str(cache) in line
    assert in_cache(cache) == set()


def test_the_whole_of_it_is_within_five_seconds(cache: Path, artifact: Artifact) -> None:
    """Four for the network, and a second for pip to start, which takes a third of one."""
    assert Network().patience == 4
    with silent() as port:
        store = Store(cache, artifact, hub_url=f"http://127.0.0.1:{port}", network=Network())
        with pytest.raises(ModelError, match=r"\(no answer within 4 seconds\)"):
            store.resolve(HUB_FILE)


@pytest.mark.parametrize("network", [refusing, silent, black_hole])
def test_no_network_to_the_hub_is_one_clear_line(network: Broken, cache: Path, artifact: Artifact) -> None:
    with network() as port:
        store = Store(cache, artifact, hub_url=f"http://127.0.0.1:{port}", network=Network(patience=0.5))
        why = r"\(.*Connection refused\)" if network is refusing else r"\(no answer within 0\.5 seconds\)"
        with pytest.raises(ModelError, match=rf"{why}: connect to the network") as error:
            store.resolve(HUB_FILE)
    one_line(error)
    assert in_cache(cache) == set()


def test_what_is_in_the_cache_needs_no_network_at_all(
    index: Server, cache: Path, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Store(cache, artifact).resolve(NAME)
    forbid_children(monkeypatch)
    assert Store(cache, artifact).pull(NAME) == path


def test_a_person_who_is_more_patient_says_so_to_pip(
    index: Server, cache: Path, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_TIMEOUT", "0.3")
    index.silent_index = True
    with pytest.raises(ModelError, match=r"(within 0\.3 seconds|timed out.*)\): connect to the network"):
        Store(cache, artifact).resolve(NAME)


def test_a_server_that_falls_silent_in_mid_file_is_asked_again_for_the_rest(
    index: Server, cache: Path, artifact: Artifact
) -> None:
    index.acts.append(Act(first=1_000_000, then="hang"))
    store = Store(cache, artifact, network=Network(stall=0.5, pauses=AT_ONCE.pauses))
    assert_prepared(store.resolve(NAME))
    assert index.ranges[1].startswith("bytes=")
    assert "trying to go on from there" in store.notices[0]


@pytest.mark.parametrize("act", [Act(first=1_000_000, then="hang"), Act(silent=True)])
def test_a_server_that_stays_silent_is_given_up_with_one_line(
    index: Server, cache: Path, artifact: Artifact, act: Act
) -> None:
    index.acts.extend([act] + [Act(silent=True)] * 4)
    with pytest.raises(ModelError, match=r"\(.*(didn't respond|timed out).*\): connect to the network") as error:
        Store(cache, artifact, network=Network(stall=0.3, pauses=AT_ONCE.pauses)).resolve(NAME)
    one_line(error)
    assert index.client_gone.is_set()


def test_a_hub_that_falls_silent_in_mid_file_is_asked_again_for_the_rest(
    server: Server, cache: Path, artifact: Artifact, tiny_wheel: bytes
) -> None:
    path = "/someone/Model-GGUF/resolve/main/model.gguf"
    server.files[path] = b"GGUF" + tiny_wheel
    server.acts.append(Act(first=1_000_000, then="hang"))
    store = Store(cache, artifact, hub_url=server.url, network=Network(stall=0.5, pauses=AT_ONCE.pauses))
    assert_same(store.resolve(HUB_FILE).read_bytes(), server.files[path])
    assert server.ranges == ["", "bytes=1000000-"]
    assert "(nothing came for 0.5 seconds)" in store.notices[0]


def test_a_server_that_is_slow_but_alive_is_waited_for(index: Server, cache: Path, artifact: Artifact) -> None:
    """Each piece comes only after the one before it was seen, however long that takes."""
    index.acts.append(Act(first=100_000, then="trickle"))

    def seen(done: int, total: int) -> None:
        shown.append(done)
        index.go_on.set()

    shown: list[int] = []
    assert_prepared(Store(cache, artifact, progress=seen).resolve(NAME))
    assert len(index.seen) == 1
    assert len(shown) > 3


# --- how long ---


class Watched:
    """A child that is looked at four times a second, by a clock of its own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.life = Life(Network(patience=4, stall=30), lambda: self.now)
        self.life.hear({"event": "asking"})

    def shows(self, printed: int, done: int, seconds: float) -> bool:
        """Whether it is still waited for after ``seconds`` in which it showed no more than this."""
        goes_on = self.life.goes_on(printed, done)
        for _ in range(round(seconds * 4)):
            self.now += 0.25
            goes_on = self.life.goes_on(printed, done)
        return goes_on


def test_patience_runs_from_the_last_sign_of_life() -> None:
    watched = Watched()
    assert watched.shows(10, 0, seconds=4)
    assert not watched.shows(10, 0, seconds=0.25)
    assert watched.shows(11, 0, seconds=4)  # it has said something
    watched.life.hear({"event": "answer"})
    for done in range(1, 50):  # a byte every 40 seconds, for half an hour
        assert watched.shows(11, done, seconds=40)
    assert watched.shows(11, 50, seconds=30 + GRACE_SECONDS)
    assert not watched.shows(11, 50, seconds=0.25)


def test_a_partial_file_is_no_sign_of_life_until_it_grows() -> None:
    watched = Watched()
    assert watched.shows(10, 1_000_000, seconds=4)
    assert not watched.shows(10, 1_000_000, seconds=0.25)
    assert not watched.life.answered
    assert watched.shows(10, 1_000_001, seconds=4)
    assert watched.life.answered


def test_while_the_computer_sleeps_patience_does_not_run() -> None:
    watched = Watched()
    for _ in range(2):
        assert watched.shows(10, 0, seconds=1)
        watched.now += 8 * 3600
    assert watched.shows(10, 0, seconds=0)  # and it is still as patient as awake
    assert not watched.shows(10, 0, seconds=3)


def test_nobody_hears_of_the_wheel_but_the_index(index: Server, cache: Path, artifact: Artifact) -> None:
    Store(cache, artifact).resolve(NAME)
    assert [seen.path for seen in index.seen] == [WHEEL]
