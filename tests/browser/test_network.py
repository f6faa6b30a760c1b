"""A network that goes away, is slow or uneven: no word is lost, and none is heard twice."""

import pytest

from tests.browser.conftest import Visit
from tests.browser.proxy import Proxy
from tests.server.serving import Served
from tests.server.tones import NAMES, words_of

AWAY = ("WebSocket", "Failed to load resource")
"""What a browser's console says of a server that is out of reach."""

LOST = "window.speakstream.connection.state !== 'open'"
DRY = "window.speakstream.player.buffered() === 0"


@pytest.mark.parametrize("until", [LOST, DRY], ids=["for a moment", "until there was nothing left to hear"])
def test_a_connection_that_is_lost_is_gone_on_with_at_the_same_sample(
    scripted: Served, visit: Visit, until: str
) -> None:
    with Proxy(scripted.port) as proxy:
        client = visit(proxy.url)
        client.ask("alphabet")
        client.heard(1.0)
        proxy.go_down()
        client.wait(until)
        client.wait(LOST)
        assert client.page.locator("#connection").is_visible(), "it says nothing"
        proxy.come_up()
        client.finished()
        sound = client.sound()

    assert words_of(sound.samples, sound.rate) == list(NAMES)
    assert [one["resumed"] for one in client.wire.of("welcome")] == [False, True]
    (_, (_, reply)) = client.texts()
    assert reply.lower().rstrip(".").split() == list(NAMES)
    frames = [(frame.first, len(frame.pcm) // 2) for frame in client.wire.sound]
    assert len({first for first, _ in frames}) == len(frames), "sound was sent again that had come"
    client.errors = [error for error in client.errors if not any(one in error for one in AWAY)]


def test_a_second_is_as_good_as_the_first_with_a_tenth_of_a_second_of_jitter(scripted: Served, visit: Visit) -> None:
    with Proxy(scripted.port) as proxy:
        client = visit(proxy.url)
        proxy.weather.jitter = 0.1
        for turn in range(2):
            client.forget()
            client.ask("alphabet")
            client.finished()
            sound = client.sound()
            assert words_of(sound.samples, sound.rate) == list(NAMES), turn
        told = [one["underruns"] for one in client.wire.sent if one["type"] == "position"]
        assert told and max(told) == 0


def test_a_network_that_is_slower_than_speech_leaves_gaps_and_takes_no_word(scripted: Served, visit: Visit) -> None:
    with Proxy(scripted.port) as proxy:
        client = visit(proxy.url)
        proxy.weather.rate = 40_000  # bytes a second; speech needs 48,000
        client.ask("alphabet")
        client.finished()
        sound = client.sound()
    assert words_of(sound.samples, sound.rate) == list(NAMES)
    assert client.page.locator("#connection").count() == 1
