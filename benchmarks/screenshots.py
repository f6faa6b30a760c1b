"""Pictures of the page for the README and the documentation: ``python -m benchmarks.screenshots``.

The real page in Chromium, the real server, the real model and voice. What they say changes with them, and so do these.
"""

import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from benchmarks.browser import ARGUMENTS
from tests.browser.page import Client, browser_program
from tests.server.serving import Served

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"

ENV = {"SPEAKSTREAM_TEMPERATURE": "0", "SPEAKSTREAM_MAX_NEW_TOKENS": "220", "SPEAKSTREAM_SAVE_CHAT_HISTORY": "false"}


@dataclass(frozen=True, slots=True)
class Picture:
    """One of them: the last prompt's reply is being spoken."""

    name: str
    prompts: tuple[str, ...]
    heard: float  # seconds
    sidebar: bool = False
    options: dict[str, Any] = field(default_factory=dict)


PICTURES = (
    Picture(
        "browser", ("Explain recursion, with an example in Python.",), 2.5,
        options={"viewport": {"width": 1100, "height": 720}, "color_scheme": "light"},
    ),
    Picture(
        "browser-dark", ("Why is the sky blue?", "Give me three tips for a good talk, as a list."), 4.0, sidebar=True,
        options={"viewport": {"width": 1100, "height": 720}, "color_scheme": "dark"},
    ),
    Picture(
        "browser-phone", ("Tell me a short story about a lighthouse.",), 4.0,
        options={
            "viewport": {"width": 390, "height": 780}, "is_mobile": True, "has_touch": True, "color_scheme": "light",
        },
    ),
)  # fmt: skip


def take(picture: Picture, browser: Browser, url: str) -> Path:
    """The file that was written."""
    context = browser.new_context(bypass_csp=True, service_workers="block", **picture.options)
    client = Client(context.new_page())
    client.open(url)
    if picture.sidebar:
        client.page.locator("#sidebar-open").click()
    *before, last = picture.prompts
    for prompt in before:
        client.ask(prompt)
        client.heard(1.0)
        client.stop()
        client.page.locator("#new").click()
        client.forget()
    client.ask(last)
    client.heard(picture.heard)
    client.wait("document.querySelector('[data-lit]') !== null")
    path = FOLDER / f"{picture.name}.png"
    client.page.screenshot(path=path)
    context.close()
    return path


def main() -> int:
    """Take them all."""
    with (
        tempfile.TemporaryDirectory(prefix="ssbench") as folder,
        Served(Path(folder), env=ENV) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=browser_program(), args=ARGUMENTS)
        for picture in PICTURES:
            print(take(picture, browser, server.url))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
