"""A page that is loaded again has its conversation, and the model knows it."""

from tests.browser.conftest import Visit
from tests.browser.page import Client
from tests.server.serving import Served
from tests.server.tones import words_of


def reload(client: Client) -> None:
    """As a person does with F5."""
    client.wire.clear()
    client.page.reload()
    client.connected()


def test_the_conversation_is_there_again_and_goes_on(server: Served, visit: Visit) -> None:
    client = visit(server.url)
    client.ask("My name is Ada.")
    client.finished()
    before = client.texts()
    assert len(before) == 2

    reload(client)
    client.wait("document.querySelectorAll('[data-message]').length === 2")
    assert client.texts() == before
    (hello,) = (one for one in client.wire.sent if one["type"] == "hello")
    assert [one["role"] for one in hello["restore"]] == ["user", "assistant"]
    client.ask("What is my name?")
    client.finished()
    assert len(client.texts()) == 4


def test_the_model_is_told_again_what_was_said_before_the_reload(scripted: Served, visit: Visit) -> None:
    client = visit(scripted.url)
    for prompt in ("I am Ada. short", "I like the sea. short"):
        client.forget()
        client.ask(prompt)
        client.finished()
    reload(client)
    client.ask("recall")
    client.finished()
    assert client.wire.text() == "I am Ada. short I like the sea. short"


def test_a_reload_ends_what_was_spoken_and_the_reply_stands_there_as_interrupted(
    scripted: Served, visit: Visit
) -> None:
    client = visit(scripted.url)
    client.ask("long")
    client.heard(1.0)
    turns = scripted.gauge("speakstream_turns_total")
    reload(client)
    client.until(lambda: scripted.gauge("speakstream_turns_total") > turns, "the end of the turn on the server")
    assert [role for role, _ in client.texts()] == ["user", "assistant"]
    assert client.page.locator("[data-state=interrupted]").count() == 1

    client.ask("short")
    client.finished()
    sound = client.sound()
    assert words_of(sound.samples, sound.rate) == ["alpha", "bravo", "charlie"]
