"""A server that is killed in the middle of a turn, and comes back: so does the page, by itself."""

from pathlib import Path

from tests.browser.conftest import Visit
from tests.server.serving import SCRIPTED, Served
from tests.server.tones import NAMES, words_of


def test_after_the_server_was_killed_the_page_comes_back_with_its_conversation(tmp_path: Path, visit: Visit) -> None:
    with Served(tmp_path, command=SCRIPTED) as server:
        client = visit(server.url)
        client.ask("short")
        client.finished()
        client.ask("long")
        client.heard(2.5)
        server.vanish()
        client.wait("speakstream.connection.state !== 'open'")
        before = client.texts()
        port = server.port
    client.wire.clear()
    with Served(tmp_path, command=SCRIPTED, port=port):
        client.connected()
        client.until(lambda: bool(client.wire.of("opened")), "the conversation")
        client.quiet()
        assert client.texts() == before
        (welcome,) = client.wire.of("welcome")
        assert welcome["resumed"] is False
        assert [role for role, _ in before] == ["user", "assistant"] * 2

        client.forget()
        client.ask("alphabet")
        client.finished()
        sound = client.sound()
        assert words_of(sound.samples, sound.rate) == list(NAMES)
    client.errors = [error for error in client.errors if "WebSocket" not in error and "Failed to load" not in error]
