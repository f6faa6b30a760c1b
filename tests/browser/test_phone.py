"""The page on a phone: all of it in reach of a thumb, nothing beyond the edge."""

from typing import Any

import pytest

from tests.browser.conftest import Visit
from tests.server.serving import Served

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 3,
    "is_mobile": True,
    "has_touch": True,
}

WIDER = "document.scrollingElement.scrollWidth - innerWidth"
BEYOND = """[...document.querySelectorAll("header *, footer *, .message, .message .body > *")]
    .filter(one => { const box = one.getBoundingClientRect();
                     return box.width && !one.closest(".unseen") && (box.left < -1 || box.right > innerWidth + 1); })
    .map(one => one.outerHTML.slice(0, 80))"""
SMALL = """[...document.querySelectorAll("button, select, input:not([type=checkbox])")]
    .map(one => [one, one.getBoundingClientRect()])
    .filter(([one, box]) => box.width && (box.width < 44 || box.height < 40))
    .map(([one, box]) => `${one.outerHTML.slice(0, 80)} ${box.width} x ${box.height}`)"""


@pytest.mark.parametrize("width", [390, 320])
def test_nothing_is_wider_than_the_screen_and_every_button_is_large_enough(
    scripted: Served, visit: Visit, width: int
) -> None:
    client = visit(scripted.url, **{**PHONE, "viewport": {"width": width, "height": 844}})
    assert client.page.evaluate(WIDER) <= 0
    assert client.page.evaluate(SMALL) == []
    client.ask("wide")
    client.until(lambda: bool(client.wire.of("ended")), "the end of the reply")
    assert client.page.evaluate(WIDER) <= 0
    assert client.page.evaluate(BEYOND) == []
    assert client.page.evaluate(SMALL) == []
    client.ask("long")
    client.page.locator("#stop").wait_for()
    for name in ("prompt", "stop", "pause", "previous", "next", "sound"):
        box = client.page.locator(f"#{name}").bounding_box()
        assert box is not None and box["y"] + box["height"] <= 844, name


def test_a_tap_on_a_word_speaks_from_there_and_the_list_gives_way_to_what_was_chosen(
    scripted: Served, visit: Visit
) -> None:
    client = visit(scripted.url, **PHONE)
    client.ask("alphabet")
    client.finished()
    box = client.page.evaluate(
        """() => { const range = document.createRange();
                   const node = document.evaluate("//*[@class='body']//text()[contains(., 'kilo')]", document, null,
                                                  XPathResult.FIRST_ORDERED_NODE_TYPE).singleNodeValue;
                   const at = node.data.indexOf("kilo");
                   range.setStart(node, at); range.setEnd(node, at + 4);
                   const { x, y, width, height } = range.getBoundingClientRect();
                   return { x: x + width / 2, y: y + height / 2 }; }"""
    )
    client.forget()
    client.page.touchscreen.tap(box["x"], box["y"])
    client.until(lambda: any(one["type"] == "speak" for one in client.wire.sent), "the wish to hear it")
    (asked,) = (one for one in client.wire.sent if one["type"] == "speak")
    assert asked["start"] == client.texts()[1][1].lower().index("kilo")
    client.heard(1.0)
    assert client.lit()[0][0] == "kilo"
    client.stop()

    client.page.locator("#sidebar-open").tap()
    assert client.page.locator("#sidebar").is_visible()
    client.page.locator("#sidebar-new").tap()
    assert not client.page.locator("#sidebar").is_visible()
    assert client.page.locator("#welcome").is_visible()
    client.page.locator("#sidebar-open").tap()
    client.page.locator("#chats .chat").tap()
    client.wait("document.querySelectorAll('#messages .message').length === 2")
