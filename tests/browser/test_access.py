"""Usable by everybody: with the keyboard alone, with a screen reader, with little sight, without motion."""

from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any

import pytest

from tests.browser.conftest import Visit
from tests.browser.page import Client
from tests.server.serving import Served

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
"""axe-core, which knows the rules of WCAG."""


def faults(client: Client) -> list[str]:
    """What it finds, with the elements in which it is."""
    client.page.evaluate(AXE)
    found: list[dict[str, Any]] = client.page.evaluate("async rules => (await axe.run(rules)).violations", RULES)
    return [
        f"{one['id']}: {one['help']}: {node['html'][:90]} {' '.join(why['message'] for why in node['any'])}"
        for one in found
        for node in one["nodes"]
    ]


def welcome(client: Client) -> None:
    pass


def reply(client: Client) -> None:
    client.ask("wide")
    client.until(lambda: bool(client.wire.of("ended")), "the end of the reply")
    client.stop_if_it_speaks()
    client.wait("document.querySelector('#stop').hidden")


def failure(client: Client) -> None:
    client.ask("broken")
    client.until(lambda: bool(client.wire.of("ended")), "the end of the reply")


def conversations(client: Client) -> None:
    reply(client)
    client.page.locator("#sidebar-open").click()
    client.page.locator("#chats .chat").wait_for()


def sound_panel(client: Client) -> None:
    client.page.locator("#sound").click()


def help_page(client: Client) -> None:
    client.page.locator("#help").click()


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
@pytest.mark.parametrize("state", [welcome, reply, failure, conversations, sound_panel, help_page])
def test_axe_finds_no_fault(scripted: Served, visit: Visit, state: Callable[[Client], None], theme: str) -> None:
    client = visit(scripted.url, reduced_motion="reduce")
    client.page.evaluate("theme => document.querySelector('#theme').value = theme", theme)
    client.page.evaluate("document.querySelector('#theme').dispatchEvent(new Event('change'))")
    state(client)
    assert client.page.evaluate("document.documentElement.dataset.theme") == theme
    assert faults(client) == []


def tabbed(client: Client) -> Iterator[str]:
    """The ids of what the Tab key comes to, from the beginning of the page on, until it leaves the page."""
    for _ in range(client.page.evaluate("document.querySelectorAll('*').length")):
        client.page.keyboard.press("Tab")
        if client.page.evaluate("document.activeElement === document.body"):
            return
        yield client.page.evaluate("document.activeElement.id")


def test_the_tab_key_comes_to_everything_in_the_order_in_which_it_stands(scripted: Served, visit: Visit) -> None:
    client = visit(scripted.url)
    client.page.evaluate("document.activeElement.blur()")
    client.page.mouse.click(640, 5)
    reached = list(tabbed(client))
    wanted = ["sidebar-open", "new", "export", "help", "prompt", "sound"]
    assert [name for name in reached if name in wanted] == wanted, reached
    client.page.locator("#sidebar-open").focus()
    assert client.page.evaluate(
        "(() => { const style = getComputedStyle(document.activeElement); return style.outlineStyle; })()"
    ) in ("solid", "auto", "none")


def test_all_of_a_turn_goes_by_keys_alone(scripted: Served, visit: Visit) -> None:
    client = visit(scripted.url)
    keys = client.page.keyboard
    assert client.page.evaluate("document.activeElement.id") == "prompt", "a person can type at once"
    keys.type("long")
    keys.press("Enter")
    client.heard(0.5)
    keys.press("Control+Space")
    client.wait("speakstream.app.speech.paused")
    assert client.page.locator("#pause").get_attribute("aria-label") == "Go on"
    client.quiet()
    keys.press("Control+Space")
    client.wait("!speakstream.app.speech.paused")
    keys.press("Escape")
    client.quiet()
    client.until(lambda: bool(client.wire.of("ended")), "the end")
    assert client.wire.of("ended")[0]["message"]["reason"] == "interrupted"

    keys.press("ArrowUp")
    assert client.page.locator("#prompt").input_value() == "long"
    keys.press("ArrowDown")
    assert client.page.locator("#prompt").input_value() == ""
    client.page.locator("#prompt").blur()
    keys.press("?")
    assert client.page.locator("#help-dialog").is_visible()
    keys.press("Escape")
    assert not client.page.locator("#help-dialog").is_visible()
    keys.press("l")
    assert client.page.locator("#sidebar").is_visible()
    assert client.page.evaluate("document.activeElement.id") == "search"
    keys.press("Escape")
    assert not client.page.locator("#sidebar").is_visible()
    client.page.evaluate("document.activeElement.blur()")
    keys.press("/")
    assert client.page.evaluate("document.activeElement.id") == "prompt"
    client.page.locator("#prompt").blur()
    client.forget()
    keys.press("r")
    client.heard(0.5)
    keys.press("+")
    client.until(lambda: any(one["type"] == "set" for one in client.wire.sent), "another speed")
    keys.press("Escape")


def test_a_screen_reader_is_told_of_the_reply_and_of_a_lost_connection(scripted: Served, visit: Visit) -> None:
    client = visit(scripted.url)
    client.page.evaluate(
        """window.said = []; new MutationObserver(() => said.push(document.querySelector("#announce").textContent))
           .observe(document.querySelector("#announce"), { childList: true, characterData: true, subtree: true })"""
    )
    client.ask("short")
    client.finished()
    assert client.page.evaluate("said") == ["The reply is complete"]
    client.page.locator("#prompt").blur()
    client.page.keyboard.press("m")
    client.forget()
    client.ask("alphabet")
    client.until(lambda: bool(client.wire.of("ended")), "the end")
    client.wait("said.length === 2")
    assert client.page.evaluate("said[1]").startswith("alpha bravo"), "without sound, the reply itself is told"
    assert client.page.locator("#announce").get_attribute("aria-live") == "polite"
