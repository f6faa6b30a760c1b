"""Conversations that are kept: in this browser, or in the history of speakstream chat."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import Visit
from tests.browser.page import Client
from tests.program import speakstream
from tests.server.serving import SCRIPTED, Served

TITLES = "[...document.querySelectorAll('.chat-title')].map(one => one.textContent)"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "person"


@pytest.fixture
def own(home: Path) -> Iterator[Served]:
    """A server whose history is this test's alone."""
    home.mkdir()
    with Served(home, command=SCRIPTED) as server:
        yield server


def history(home: Path, *arguments: str) -> str:
    """What the terminal says."""
    done = speakstream(home, "history", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def say(client: Client, prompt: str) -> None:
    client.forget()
    client.ask(prompt)
    client.until(lambda: bool(client.wire.of("ended")), "the end of the reply")


@pytest.mark.parametrize("kept", ["here", "on the server"])
def test_they_are_listed_found_renamed_deleted_and_brought_back(own: Served, visit: Visit, kept: str) -> None:
    client = visit(own.url)
    page = client.page
    page.locator("#sidebar-open").click()
    if kept == "on the server":
        page.locator("#keep").click()
        client.until(lambda: any(one.get("keep") for one in client.wire.sent), "the wish to keep them there")
        client.connected()
    say(client, "penguins short")
    page.locator("#sidebar-new").click()
    client.wait("!document.querySelectorAll('#messages .message').length")
    say(client, "walruses short")
    client.wait(f"{TITLES}.length === 2")
    assert page.evaluate(TITLES) == ["walruses short", "penguins short"]

    page.locator("#search").fill("penguin")
    client.wait(f"{TITLES}.length === 1")
    page.locator(".chat").click()
    client.wait("document.querySelector('#title').textContent === 'penguins short'")
    assert [text for _, text in client.texts()] == ["penguins short", "Alpha bravo charlie."]
    page.locator("#search").fill("nothing of this kind")
    client.wait("!document.querySelector('#no-chats').hidden")
    page.locator("#search").fill("")
    client.wait(f"{TITLES}.length === 2")

    page.get_by_label("Rename “walruses short”").click()
    page.locator(".renaming").fill("About walruses")
    page.locator(".renaming").press("Enter")
    client.wait(f"{TITLES}.includes('About walruses')")
    page.get_by_label("Delete “About walruses”").click()
    client.wait(f"{TITLES}.length === 1")
    page.get_by_role("button", name="Undo").click()
    client.wait(f"{TITLES}.length === 2")

    page.reload()
    client.connected()
    client.wait("document.querySelectorAll('#messages .message').length === 2")
    assert [text for _, text in client.texts()] == ["penguins short", "Alpha bravo charlie."]
    say(client, "more short")
    assert len(client.texts()) == 4


def test_the_terminal_has_what_is_kept_on_the_server_and_nothing_else(own: Served, home: Path, visit: Visit) -> None:
    client = visit(own.url)
    say(client, "secret short")
    client.page.locator("#sidebar-open").click()
    client.page.locator("#keep").click()
    client.until(lambda: any(one.get("keep") for one in client.wire.sent), "the wish to keep them there")
    client.connected()
    say(client, "public short")
    client.stop_if_it_speaks()
    client.wait("document.querySelector('#stop').hidden")
    listed = history(home, "list")
    assert "public" in listed and "secret" not in listed


def test_a_conversation_is_exported_and_copied(scripted: Served, visit: Visit) -> None:
    client = visit(scripted.url, permissions=["clipboard-read", "clipboard-write"])
    page = client.page
    say(client, "short")
    client.stop_if_it_speaks()
    page.locator("#export").click()
    with page.expect_download() as markdown:
        page.locator("#export-markdown").click()
    text = markdown.value.path().read_text("utf-8")
    assert text.startswith("# short\n\n## You, ") and "Alpha bravo charlie." in text
    page.locator("#export").click()
    with page.expect_download() as found:
        page.locator("#export-json").click()
    kept = json.loads(found.value.path().read_text("utf-8"))
    assert kept["format"] == "speakstream-conversation"
    assert [one["text"] for one in kept["messages"]] == ["short", "Alpha bravo charlie."]
    page.locator("[data-role=assistant] [data-does=copy]").click()
    client.wait("document.querySelector('#announce').textContent === 'Copied'")
    assert page.evaluate("navigator.clipboard.readText()") == "Alpha bravo charlie."


def test_a_prompt_is_edited_and_a_reply_is_asked_for_anew(scripted: Served, visit: Visit) -> None:
    client = visit(scripted.url)
    say(client, "shrt")
    assert client.texts()[1][1] == "You said: shrt"
    client.page.locator("[data-role=user]").hover()
    client.page.locator("[data-does=edit]").click()
    assert client.page.locator("#prompt").input_value() == "shrt"
    say(client, "short")
    client.wait("document.querySelectorAll('#messages .message').length === 2")
    assert client.texts() == [("user", "short"), ("assistant", "Alpha bravo charlie.")]
    client.forget()
    client.page.locator("[data-does=again]").click()
    client.until(lambda: bool(client.wire.of("ended")), "the end of the reply")
    assert client.texts() == [("user", "short"), ("assistant", "Alpha bravo charlie.")]


def test_no_more_is_kept_than_the_limit_and_a_draft_is_not_lost(tmp_path: Path, visit: Visit) -> None:
    with Served(tmp_path, command=SCRIPTED, env={"SPEAKSTREAM_MAX_CHAT_HISTORY": "4"}) as server:
        client = visit(server.url)
        for prompt in ("one short", "two short", "three short"):
            say(client, prompt)
        client.page.locator("#prompt").fill("half a thought")
        client.page.reload()
        client.connected()
        client.wait("document.querySelectorAll('#messages .message').length === 4")
        assert [text for role, text in client.texts() if role == "user"] == ["two short", "three short"]
        assert client.page.locator("#prompt").input_value() == "half a thought"
