"""A real browser, and real servers for it. Nothing is skipped: without a browser, these tests fail."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browser.page import Client, browser_program
from tests.server.serving import SCRIPTED, Served

# Of package scope, all of it: Playwright keeps an event loop in this thread, in which no other test could begin one.

NO_GESTURE = "--autoplay-policy=no-user-gesture-required"

SHORT_REPLIES = {"SPEAKSTREAM_TEMPERATURE": "0", "SPEAKSTREAM_MAX_NEW_TOKENS": "60"}
"""The same reply each time, and no longer than a test needs."""

Visit = Callable[..., Client]


def pytest_configure(config: pytest.Config) -> None:
    """What a failed test tells of its pages."""
    config.stash[FAILED] = set()


FAILED = pytest.StashKey[set[str]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Remember which tests failed, for their pictures."""
    report = yield
    if report.failed:  # type: ignore[attr-defined]
        item.config.stash[FAILED].add(item.nodeid)
    return report


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def chromium() -> str:
    """The browser's program."""
    try:
        return browser_program()
    except FileNotFoundError as error:
        pytest.fail(str(error))


@pytest.fixture(scope="package")
def launch(playwright: Playwright, chromium: str) -> Callable[..., Browser]:
    """Starts a browser with some arguments more."""

    def start(*arguments: str) -> Browser:
        return playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", *arguments])

    return start


@pytest.fixture(scope="package")
def browser(launch: Callable[..., Browser]) -> Iterator[Browser]:
    with_sound = launch(NO_GESTURE)
    yield with_sound
    with_sound.close()


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Visit]:
    """Opens a page with nothing in its store, and the client in it. The test fails when the console has an error.

    ``strict``: the page's Content-Security-Policy holds, and so nothing can be listened to. The rest: of the context.
    """
    clients: list[Client] = []

    def open_page(url: str, in_browser: Browser | None = None, strict: bool = False, **options: Any) -> Client:
        context = (in_browser or browser).new_context(bypass_csp=not strict, service_workers="block", **options)
        clients.append(Client(context.new_page(), listens=not strict))
        clients[-1].open(url)
        return clients[-1]

    yield open_page
    failed = request.node.nodeid in request.config.stash[FAILED]
    for number, client in enumerate(clients):
        if failed:
            client.page.screenshot(path=tmp_path / f"page-{number}.png")
            print(f"{tmp_path}/page-{number}.png; console: {client.errors}; {client.wire.received[-3:]}")
        client.page.context.close()
    assert failed or [client.errors for client in clients] == [[] for _ in clients]


@pytest.fixture(scope="package")
def server(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The real one, with the real model and the real voice, which is greedy and brief."""
    with Served(tmp_path_factory.mktemp("home"), env=SHORT_REPLIES) as served:
        yield served


@pytest.fixture(scope="package")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose model and voice are scripted."""
    with Served(tmp_path_factory.mktemp("scripted"), command=SCRIPTED) as served:
        yield served
