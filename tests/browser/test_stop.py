"""Silence, the instant that somebody wants it, and a history that knows how far they heard."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.browser.conftest import Visit
from tests.browser.page import Client
from tests.rig.recognise import Recogniser, word_error_rate
from tests.server.serving import Served
from tests.server.tones import NAMES, words_of

HEARD = 2.5
"""Seconds before somebody has enough."""

LATEST = 0.5
"""Seconds of sound after the key, at most: what `benchmarks/serve.py` measures, with room for a busy machine."""

FADE = 0.005
"""Seconds at the very end of the sound, which are quieter than what came before: no click."""


def by_button(client: Client) -> str:
    client.stop()
    return "stop"


def by_key(client: Client) -> str:
    client.page.keyboard.press("Escape")
    return "Escape"


@pytest.mark.parametrize("stop", [by_button, by_key])
def test_it_is_silent_in_the_middle_of_a_word_and_the_history_says_how_far_it_was_heard(
    scripted: Served, visit: Visit, stop: Callable[[Client], str]
) -> None:
    client = visit(scripted.url)
    client.ask("long")
    client.heard(HEARD)
    name = stop(client)
    client.quiet(1.5)

    sound = client.sound()
    pressed = next(one["frame"] for one in client.pressed() if one["what"] == name)
    assert pressed < sound.last < pressed + LATEST * sound.rate
    sounding = sound.samples[: sound.last - sound.first]
    fade = int(FADE * sound.rate)
    assert np.abs(sounding[-fade // 2 :]).max() < 0.7 * np.abs(sounding[-10 * fade :]).max(), "it ends with a click"

    client.until(lambda: bool(client.wire.of("ended")), "the end")
    (ended,) = client.wire.of("ended")
    assert ended["message"]["reason"] == "interrupted"
    heard = words_of(sound.samples, sound.rate)
    said = client.wire.text()[: ended["message"]["heard"]].lower().replace(".", "").split()
    assert said == list(NAMES * 2)[: len(said)]
    assert heard[: len(said) - 1] == said[:-1] and abs(len(heard) - len(said)) <= 1, (heard, said)
    assert client.page.get_by_text("stopped; the dimmer part was not heard").is_visible()
    assert not client.page.locator("[data-lit]").count()

    client.forget()
    client.ask("short")
    client.finished()
    sound = client.sound()
    assert words_of(sound.samples, sound.rate) == ["alpha", "bravo", "charlie"], "something of the first is left"


def test_what_was_heard_of_a_real_reply_is_what_the_history_keeps(
    server: Served, visit: Visit, recogniser: Recogniser
) -> None:
    client = visit(server.url)
    client.ask("How do bees make honey?")
    client.heard(4.0)
    client.stop()
    client.quiet(1.0)
    client.until(lambda: bool(client.wire.of("ended")), "the end")
    kept = client.wire.text()[: client.wire.of("ended")[0]["message"]["heard"]]
    heard = client.sound().read(recogniser)
    assert len(kept.split()) > 4
    assert word_error_rate(kept, heard.text) < 0.35, (kept, heard.text)


def test_a_pause_holds_every_word_and_goes_on_with_the_next_sample(scripted: Served, visit: Visit) -> None:
    client = visit(scripted.url)
    client.ask("alphabet")
    client.heard(1.5)
    client.page.locator("#pause").click()
    client.quiet(1.0)
    assert not client.wire.of("ended") or client.wire.of("ended")[0]["message"]["reason"] == "finished"
    client.page.locator("#pause").click()
    client.finished()
    sound = client.sound()
    assert words_of(sound.samples, sound.rate) == list(NAMES)
