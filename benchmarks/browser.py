"""The page in Chromium, on the real server: from Enter to the first audible sample, from Escape to the last one.

The ear is in the page: it hears what reaches the AudioContext's destination, sample by sample, in the context's own
time (``tests/browser/ear.js``). What the browser says that its sound needs from there to the loudspeaker is added.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from benchmarks.choices import Choices
from benchmarks.measure import spread
from benchmarks.prompts import PROMPTS
from benchmarks.report import Figure, Part, figure
from tests.browser.page import Client, browser_program
from tests.browser.proxy import Proxy
from tests.server.serving import Served

TURNS = 20
STOPPED_TURNS = 10
JITTER_TURNS = 10

JITTER = 0.1
"""Seconds that the network holds what comes from the server, at most."""

HEARD_SECONDS = 1.5
THINKING_MS = 700.0
ENV = {"SPEAKSTREAM_TEMPERATURE": "0", "SPEAKSTREAM_MAX_NEW_TOKENS": "60"}
LATENCY = "speakstream.player.context.outputLatency || speakstream.player.context.baseLatency || 0"
ARGUMENTS = ("--no-sandbox", "--autoplay-policy=no-user-gesture-required")


def run(choices: Choices) -> Part:
    """See the module."""
    turns, stopped, jittery = (3, 2, 2) if choices.quick else (TURNS, STOPPED_TURNS, JITTER_TURNS)
    with (
        tempfile.TemporaryDirectory(prefix="ssbench") as folder,
        Served(Path(folder), env=ENV) as server,
        Proxy(server.port) as proxy,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=browser_program(), args=ARGUMENTS)
        choices.progress(f"the page, {turns} turns")
        raw: dict[str, Any] = {"version": browser.version, "turns": _turns(browser, server.url, turns)}
        choices.progress(f"the page, {stopped} turns that are stopped")
        raw["stopped"] = _stopped(browser, server.url, stopped)
        choices.progress(f"the page, {jittery} turns over a network with {1000 * JITTER:.0f} ms of jitter")
        proxy.weather.jitter = JITTER
        raw["jitter"] = _turns(browser, proxy.url, jittery)
        browser.close()
    return Part(figures(raw), raw)


def figures(raw: dict[str, Any]) -> list[Figure]:
    """The lines of the table, from the raw values."""
    turns, jitter = raw["turns"], raw["jitter"]
    device = max(turns["latency"])
    return [
        figure(
            "Enter in the browser to first audible sample", spread(turns["first"]), reach=450.0, aim=200.0,
            note=f"{1000 * device:.0f} ms of it behind the page; Chromium {raw['version']}",
        ),
        Figure("... underruns", turns["underruns"], "", len(turns["first"])),
        figure("Escape in the browser to last audible sample", spread(raw["stopped"])),
        Figure(
            f"underruns with {1000 * JITTER:.0f} ms of jitter", jitter["underruns"], "", len(jitter["first"]), 0, 0,
            detail=f"the first turn too; {sum(jitter['words'])} words",
        ),
        figure("... Enter to first audible sample", spread(jitter["first"])),
    ]  # fmt: skip


@contextmanager
def _client(browser: Browser, url: str) -> Iterator[Client]:
    """A page that has been used once, so that there is an AudioContext to measure with."""
    context = browser.new_context(bypass_csp=True, service_workers="block")
    client = Client(context.new_page())
    client.open(url)
    client.page.mouse.click(5, 300)
    yield client
    context.close()


def _turns(browser: Browser, url: str, turns: int) -> dict[str, Any]:
    """Each of the prompts in a conversation of its own, heard to its end."""
    found: dict[str, list[Any]] = {"first": [], "latency": [], "words": []}
    with _client(browser, url) as client:
        for number, prompt in enumerate(PROMPTS[: turns + 1]):
            _ask(client, prompt)
            client.finished()
            sound = client.sound()
            latency = client.page.evaluate(LATENCY)
            if number:  # before the first, there is no AudioContext whose time could be read
                found["first"].append((sound.first - _pressed(client, "Enter")) / sound.rate + latency)
                found["latency"].append(latency)
            found["words"].append(len(client.wire.words()))
        underruns = client.page.evaluate("speakstream.player.underruns")
    return {**found, "underruns": underruns}


def _stopped(browser: Browser, url: str, turns: int) -> Sequence[float]:
    """Seconds from Escape to the last sample that was not silence."""
    found = []
    with _client(browser, url) as client:
        for prompt in PROMPTS[:turns]:
            _ask(client, prompt)
            client.heard(HEARD_SECONDS)
            client.page.keyboard.press("Escape")
            client.quiet()
            client.until(lambda: bool(client.wire.of("ended")), "the end")
            sound = client.sound()
            found.append((sound.last - _pressed(client, "Escape")) / sound.rate + client.page.evaluate(LATENCY))
    return found


def _ask(client: Client, prompt: str) -> None:
    """In a new conversation, typed in one go."""
    client.page.locator("#new").click()
    client.wait("!document.querySelectorAll('#messages .message').length")
    client.page.locator("#prompt").fill(prompt)
    client.page.wait_for_timeout(THINKING_MS)
    client.forget()
    client.page.locator("#prompt").press("Enter")


def _pressed(client: Client, key: str) -> float:
    frames = [one["frame"] for one in client.pressed() if one["what"] == key]
    assert len(frames) == 1, frames
    frame: float = frames[0]
    return frame
