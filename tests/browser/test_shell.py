"""The page as an app: installed, and opened while the server is away."""

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.page import Client
from tests.server.serving import SCRIPTED, Served

KEPT = """async () => {
    const cache = await caches.open((await caches.keys())[0] ?? "none");
    return (await cache.keys()).map(one => new URL(one.url).pathname);
}"""


def test_the_page_opens_without_its_server_says_so_and_is_used_when_it_comes_back(
    tmp_path: Path, browser: Browser
) -> None:
    context = browser.new_context()
    client = Client(context.new_page(), listens=False)
    with Served(tmp_path, command=SCRIPTED) as server:
        client.open(server.url)
        client.until(lambda: not needed(client), "all of the page to be kept")
        client.ask("short")
        client.until(lambda: bool(client.wire.of("ended")), "the end of the reply")
        port = server.port
    client.page.reload()
    client.wait("document.querySelector('#status').textContent.includes('cannot be reached')")
    assert client.page.locator("#connection").inner_text() == "No connection"
    assert client.page.locator("#prompt").is_visible()
    with Served(tmp_path, command=SCRIPTED, port=port):
        client.connected()
        assert [text for _, text in client.texts()] == ["short", "Alpha bravo charlie."]
    context.close()


def needed(client: Client) -> set[str]:
    """Files of the page that are not kept yet."""
    loaded = client.page.evaluate("performance.getEntriesByType('resource').map(one => new URL(one.name).pathname)")
    return {"/", *(path for path in loaded if path.startswith("/static/"))} - set(client.page.evaluate(KEPT))


def test_the_manifest_makes_an_app_of_it(scripted: Served, launch: Callable[..., Browser]) -> None:
    manifest = json.loads(scripted.get("/manifest.webmanifest")[1])
    assert manifest["display"] == "standalone" and manifest["start_url"] == "/"
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    assert any(icon.get("purpose") == "maskable" for icon in manifest["icons"])
    browser = launch()
    page = browser.new_page()
    page.goto(scripted.url)
    found = page.context.new_cdp_session(page).send("Page.getInstallabilityErrors")
    browser.close()
    faults = {fault["errorId"] for fault in found["installabilityErrors"]}
    assert faults <= {"in-incognito"}, "a test's window is a private one, where nothing is installed"
