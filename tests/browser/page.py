"""A page of the client as a person has it before them: what it shows, what it sounds like, what goes over the wire."""

import base64
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import ConsoleMessage, Dialog, Page, WebSocket

from speakstream.server.wire import AudioFrame
from tests.rig.recognise import Heard, Recogniser

EAR = Path(__file__).with_name("ear.js").read_text("utf-8")

WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
  violations.push(`${violatedDirective} ${blockedURI}`);
});
"""

PATIENCE = 60_000.0
"""Milliseconds after which something that should have happened has not."""

Samples = NDArray[np.float32]


CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def browser_program() -> str:
    """The path of a browser. Raises FileNotFoundError, which says what to do."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        raise FileNotFoundError(f"no browser: none of {', '.join(CHROMIUM)} is there; the README's test command has it")
    return found


@dataclass(frozen=True, slots=True)
class Sound:
    """What reached the loudspeaker, from the first sample on that was not silence."""

    samples: Samples
    rate: int
    first: int  # number of its first sample, by the AudioContext's clock
    listened: int  # number of the sample up to which there was nothing else

    @property
    def last(self) -> int:
        """The number of the sample after the last one that was not silence; ``first``: there was none."""
        sounding = np.flatnonzero(self.samples)
        return self.first + (int(sounding[-1]) + 1 if len(sounding) else 0)

    def seconds(self, frame: int) -> float:
        """The context's time at which a sample of this number sounded."""
        return frame / self.rate

    def read(self, recogniser: Recogniser) -> Heard:
        """What a listener understands; times are the context's."""
        heard = recogniser.transcribe(self.samples, self.rate)
        begun = self.seconds(self.first)
        return Heard(
            heard.text,
            tuple(word._replace(begin=word.begin + begun, end=word.end + begun) for word in heard.words),
        )


class Wire:
    """Every frame of the sockets that a page has opened, in order."""

    def __init__(self, page: Page) -> None:
        self.sockets: list[WebSocket] = []
        self.sent: list[dict[str, Any]] = []
        self.received: list[dict[str, Any]] = []
        self.sound: list[AudioFrame] = []
        self.order: list[str] = []
        """The types of what was received, sound among them: "sound"."""
        page.on("websocket", self._opened)

    def _opened(self, socket: WebSocket) -> None:
        self.sockets.append(socket)
        socket.on("framesent", self._sent)
        socket.on("framereceived", self._received)

    def _sent(self, data: str | bytes) -> None:
        try:
            self.sent.append(json.loads(data))
        except ValueError:
            self.sent.append({"type": "", "raw": data})  # by a page that sends what is no message on purpose

    def _received(self, data: str | bytes) -> None:
        if isinstance(data, bytes):
            self.sound.append(AudioFrame.decode(data))
            self.order.append("sound")
        else:
            self.received.append(json.loads(data))
            self.order.append(self.received[-1]["type"])

    def of(self, *types: str) -> list[dict[str, Any]]:
        """What was received of these types."""
        return [message for message in self.received if message["type"] in types]

    def clear(self) -> None:
        """Forget what has passed so far."""
        self.sent.clear()
        self.received.clear()
        self.sound.clear()
        self.order.clear()

    def text(self) -> str:
        """What was written since ``clear``."""
        return "".join(message["delta"] for message in self.of("text"))

    def words(self) -> list[str]:
        """The words that are spoken, in the order in which they sound; of ASCII text."""
        text = self.text()
        return [text[word[0] : word[1]] for segment in self.of("segment") for word in segment["words"]]


class Client:
    """A page with the client in it."""

    def __init__(self, page: Page, listens: bool = True) -> None:
        """``listens``: what it sounds like is kept; the page's policy must be off for that."""
        self.page = page
        self.wire = Wire(page)
        self.errors: list[str] = []
        """What a developer would find in the console; a test that expects some takes them out."""
        self.dialogs: list[str] = []
        self.requests: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.add_init_script(WATCH)
        if listens:
            page.add_init_script(EAR)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("dialog", self._dialog)

    def _dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} {message.location.get('url', '')}".strip())

    # -- what a person does --------------------------------------------------------------------------------

    def open(self, url: str) -> None:
        """Visit it, and wait until it can be used."""
        self.page.goto(url)
        self.connected()

    def connected(self) -> None:
        """Wait until it is connected."""
        self.wait("window.speakstream?.connection.state === 'open'")

    def ask(self, prompt: str) -> None:
        """Type a prompt and press Enter."""
        field = self.page.locator("#prompt")
        field.fill(prompt)
        field.press("Enter")

    def wait(self, expression: str) -> None:
        """Wait until something holds in the page. (Playwright's own way needs what the page's policy forbids.)"""
        self.until(lambda: bool(self.page.evaluate(expression)), expression)

    def until(self, holds: Callable[[], bool], what: str = "it") -> None:
        """Wait until something holds on this side, where frames are counted."""
        deadline = time.monotonic() + PATIENCE / 1000
        while not holds():
            assert time.monotonic() < deadline, f"{what} did not happen; {self.wire.received[-5:]}"
            self.page.wait_for_timeout(10)

    def heard(self, seconds: float) -> None:
        """Wait until so much was heard since the last ``forget``."""
        self.wait(f"ear.seconds >= {seconds}")

    def finished(self, turns: int = 1) -> None:
        """Wait until so many replies are written, and spoken to the end, since the last ``forget``."""
        self.until(lambda: len(self.wire.of("ended")) >= turns and len(self.wire.of("spoken")) >= turns, "the end")
        self.quiet()

    def quiet(self, seconds: float = 0.5) -> None:
        """Wait until so many seconds of silence have been heard."""
        self.wait(f"ear.silence >= {seconds}")

    def forget(self) -> None:
        """Forget what was heard, lit, and passed over the wire so far."""
        self.page.evaluate("ear.clear()")
        self.wire.clear()

    def stop(self) -> None:
        """Click the button."""
        self.page.locator("#stop").click()

    def stop_if_it_speaks(self) -> None:
        """Press Escape, which does no harm when nothing is spoken."""
        self.page.keyboard.press("Escape")

    # -- what there is -------------------------------------------------------------------------------------

    def sound(self) -> Sound:
        """All that was heard since the last ``forget``."""
        found = self.page.evaluate("ear.sound()")
        samples = np.frombuffer(base64.b64decode(found["data"]), np.float32)
        return Sound(samples, int(found["rate"]), found["first"], found["listened"])

    def lit(self) -> list[tuple[str, float]]:
        """The words that were lit, and when, in the context's time at the ear."""
        return [(one["text"], one["at"]) for one in self.page.evaluate("ear.lit")]

    def pressed(self) -> list[dict[str, Any]]:
        """Keys and buttons: ``what``, ``at`` (seconds since 1970, in ms), ``frame`` (of the context)."""
        found: list[dict[str, Any]] = self.page.evaluate("ear.pressed")
        return found

    def texts(self) -> list[tuple[str, str]]:
        """The messages on the page: role and text."""
        found = self.page.evaluate(
            "[...document.querySelectorAll('[data-message]')]"
            ".map(one => [one.dataset.role, one.querySelector('.body').innerText.trim()])"
        )
        return [(role, text) for role, text in found]
