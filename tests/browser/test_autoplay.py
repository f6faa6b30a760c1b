"""A browser that lets no page make sound before somebody has clicked or typed: the page says so, and loses no word.

What asks the page anything counts as a click for it, so this page tells of itself, in its console.
"""

import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage

from tests.browser.page import PATIENCE
from tests.server.serving import Served
from tests.server.tones import NAMES, RATE, WORD_SECONDS

PROBE = """
(async () => {
  const until = async (holds) => { while (!holds()) await new Promise((done) => setTimeout(done, 20)); };
  const tell = (name) => console.log(`probe:${JSON.stringify({
    name,
    activated: navigator.userActivation.hasBeenActive,
    unlocked: speakstream.player.unlocked,
    banner: document.querySelector("#banner").hidden ? "" : document.querySelector("#banner-text").textContent,
    status: document.querySelector("#status").textContent,
    position: speakstream.player.position(),
    received: speakstream.player.received().samples,
  })}`);
  await until(() => window.speakstream?.connection.state === "open");
  await until(() => document.querySelector("#status").textContent.includes("scripted"));
  tell("opened");
  speakstream.app.ask("alphabet");
  await until(() => speakstream.player.received().samples > 24000);
  tell("blocked");
  await until(() => speakstream.player.position() > 12000);
  tell("heard");
  await until(() => speakstream.app.speech.message === null);
  tell("done");
})();
"""


def test_before_the_first_gesture_the_page_says_why_it_is_silent_and_then_every_word_is_heard(
    scripted: Served, launch: Callable[..., Browser]
) -> None:
    told: dict[str, dict[str, Any]] = {}

    def console(message: ConsoleMessage) -> None:
        if message.text.startswith("probe:"):
            probe = json.loads(message.text.removeprefix("probe:"))
            told[probe["name"]] = probe

    browser = launch("--autoplay-policy=document-user-activation-required")
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("console", console)
    page.add_init_script(PROBE)

    def wait_for(name: str) -> dict[str, Any]:
        while name not in told:
            page.wait_for_event("console")
        return told[name]

    page.goto(scripted.url)
    opened = wait_for("opened")
    assert "sound begins with your first click or key" in opened["status"]
    blocked = wait_for("blocked")
    assert not blocked["activated"] and not blocked["unlocked"]
    assert blocked["position"] == 0, "what nobody could hear counts as heard"
    assert "click or a key" in blocked["banner"]

    page.mouse.click(400, 300)
    heard = wait_for("heard")
    assert heard["unlocked"] and heard["banner"] == ""
    done = wait_for("done")
    assert done["position"] == done["received"] > len(NAMES) * WORD_SECONDS * RATE, "not all of it was heard"
    assert "first click" not in done["status"]
    browser.close()
