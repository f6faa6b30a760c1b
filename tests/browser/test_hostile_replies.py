"""Nothing a model writes does anything in the page but stand there to be read. The page's own policy holds here."""

import pytest

from tests.browser.conftest import Visit
from tests.browser.page import Client
from tests.server.serving import Served

ELEMENTS = """[...document.querySelectorAll("#messages *")].map(one => one.localName)"""
LINKS = """[...document.querySelectorAll("#messages a")].map(one => [one.protocol, one.rel, one.target])"""
ATTRIBUTES = (
    """[...document.querySelectorAll("#messages *")].flatMap(one => [...one.attributes].map(each => each.name))"""
)
IDS = """[...document.querySelectorAll("[id]")].map(one => one.id)"""

HARMLESS = {
    *("article", "h1", "h2", "h3", "h4", "h5", "h6", "div", "p", "span", "ul", "ol", "li", "blockquote", "hr", "br"),
    *("em", "strong", "s", "code", "pre", "a", "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption"),
    *("button", "svg", "path", "small", "mark"),
}
"""What the page makes of itself. No script, no picture, no frame, no form, no style."""


def nothing_happened(client: Client, url: str) -> None:
    page = client.page
    assert set(page.evaluate(ELEMENTS)) <= HARMLESS
    assert all(protocol in ("http:", "https:", "mailto:") for protocol, _, _ in page.evaluate(LINKS))
    assert all("noopener" in rel and target == "_blank" for _, rel, target in page.evaluate(LINKS))
    assert not {name for name in page.evaluate(ATTRIBUTES) if name.startswith("on") or name in ("src", "srcdoc")}
    ids = page.evaluate(IDS)
    assert len(ids) == len(set(ids)), "an element of the page was doubled"
    assert page.evaluate("violations") == []
    assert client.dialogs == []
    assert [request for request in client.requests if not request.startswith((url, "blob:"))] == []
    assert page.url == f"{url}/"


@pytest.mark.parametrize("kind", ["markup", "escapes"])
def test_what_a_model_writes_stands_there_as_text_also_after_a_reload(
    scripted: Served, visit: Visit, kind: str
) -> None:
    client = visit(scripted.url, strict=True)
    client.ask(kind)
    client.until(lambda: client.wire.text().endswith("The end.\n"), "the end of the reply")
    client.stop_if_it_speaks()
    client.until(lambda: bool(client.wire.of("ended")), "the end of the turn")
    nothing_happened(client, scripted.url)
    (_, (_, before)) = client.texts()
    assert "PWNED" in before if kind == "markup" else "begun" in before
    assert before.endswith("The end.")

    client.page.reload()
    client.connected()
    assert client.texts()[1][1] == before
    nothing_happened(client, scripted.url)


def test_what_a_person_types_and_what_an_error_says_are_text_too(scripted: Served, visit: Visit) -> None:
    client = visit(scripted.url, strict=True)
    client.ask("<img src=x onerror=alert('PWNED')> broken")
    client.until(lambda: bool(client.wire.of("ended")), "the end of the reply")
    nothing_happened(client, scripted.url)
    assert client.texts()[0] == ("user", "<img src=x onerror=alert('PWNED')> broken")
    assert client.page.locator("#title").inner_text() == "<img src=x onerror=alert('PWNED')> broken"
    assert client.page.locator(".failed").is_visible()

    client.page.locator("#sidebar-open").click()
    client.page.locator("#search").fill("<img")
    client.wait("document.querySelector('#chats .excerpt')?.textContent.includes('<img')")
    nothing_happened(client, scripted.url)
