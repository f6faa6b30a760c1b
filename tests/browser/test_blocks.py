"""Markdown as it is drawn: the elements that a browser, a screen reader and a reader need."""

from playwright.sync_api import Locator

from tests.browser.conftest import Visit
from tests.server.serving import Served


def test_every_kind_of_block_is_the_element_it_should_be(scripted: Served, visit: Visit) -> None:
    client = visit(scripted.url)
    client.ask("blocks")
    client.until(lambda: client.wire.text().endswith("The end.\n"), "the reply")
    client.stop_if_it_speaks()
    client.until(lambda: bool(client.wire.of("ended")), "the end of the turn")
    body = client.page.locator("[data-role=assistant] .body")

    def texts(found: Locator) -> list[str]:
        return [text.strip() for text in found.all_inner_texts()]

    assert texts(body.locator("h4")) == ["Title"], "below the page's own headings"
    assert (texts(body.locator("em")), texts(body.locator("p code"))) == (["two"], ["three"])
    quotes = body.locator("blockquote")
    assert quotes.count() == 2
    assert texts(quotes.nth(0)) == ["A quote."]
    assert quotes.nth(1).locator(".alert-warning").count() >= 1
    assert body.locator("ol > li").count() == 2
    assert body.locator("ol > li").first.get_attribute("value") == "3"
    assert body.locator("ol ul > li").count() == 2
    assert body.locator(".task").count() == 2 and body.locator(".task.checked").count() == 1
    assert texts(body.locator("pre")) == ["print(1)"]
    assert texts(body.locator("th")) == ["a", "b"] and texts(body.locator("td")) == ["1", "2"]
    assert body.locator("hr").count() == 1
    links = body.locator("a")
    assert [links.nth(number).get_attribute("href") for number in range(links.count())] == ["https://example.org/"]
