"""The player: without an audio worklet, when sound is late, in step with the system's keys and the screen."""

from tests.browser.conftest import Visit
from tests.browser.page import Client
from tests.browser.proxy import Proxy
from tests.server.serving import Served
from tests.server.tones import NAMES, words_of

NO_WORKLET = """
const { addModule } = AudioWorklet.prototype;
AudioWorklet.prototype.addModule = function (address, ...more) {
  if (String(address).endsWith("/worklet.js")) return Promise.reject(new Error("there is none here"));
  return addModule.call(this, address, ...more);
};
"""
"""As on a page that came over http from another machine."""

SCREEN = """
window.locks = [];
navigator.wakeLock.request = async (kind) => {
  const lock = { kind, released: false, release: async () => { lock.released = true; } };
  locks.push(lock);
  return lock;
};
"""


def without_worklet(client: Client) -> None:
    client.page.add_init_script(NO_WORKLET)
    client.page.reload()
    client.connected()


def test_without_an_audio_worklet_every_word_is_heard_and_lit_and_a_stop_is_silence(
    scripted: Served, visit: Visit
) -> None:
    client = visit(scripted.url)
    without_worklet(client)
    client.ask("alphabet")
    client.finished()
    sound = client.sound()
    assert client.page.evaluate("speakstream.player.way") == "scheduled"
    assert words_of(sound.samples, sound.rate) == list(NAMES)
    assert client.page.evaluate("speakstream.player.underruns") == 0
    lit = [word.lower().rstrip(".") for word, _ in client.lit()]
    assert len(lit) > 20 and lit == [name for name in NAMES if name in lit]

    client.forget()
    client.ask("long")
    client.heard(1.0)
    client.page.locator("#pause").click()
    client.quiet(1.0)
    client.page.locator("#pause").click()
    client.heard(2.0)
    client.stop()
    client.quiet(1.0)
    client.until(lambda: bool(client.wire.of("ended")), "the end")
    heard = client.wire.of("ended")[0]["message"]["heard"]
    said = client.wire.text()[:heard].lower().replace(".", "").split()
    sound = client.sound()
    words = words_of(sound.samples, sound.rate)
    assert abs(len(words) - len(said)) <= 1 and words[: len(said) - 1] == said[:-1]


def test_sound_that_stays_away_is_a_gap_that_is_counted_told_and_learnt_from(scripted: Served, visit: Visit) -> None:
    with Proxy(scripted.port) as proxy:
        client = visit(proxy.url)
        before = client.page.evaluate("speakstream.player.jitter.target")
        proxy.weather.rate = 30_000  # bytes a second, where speech needs 48,000
        client.ask("alphabet")
        client.finished()
        gaps = client.page.evaluate("speakstream.player.underruns")
        assert gaps > 0
        told = [one["underruns"] for one in client.wire.sent if one["type"] == "position"]
        assert max(told) == gaps
        assert client.page.evaluate("speakstream.player.jitter.target") > before
        assert "gap" in client.page.locator("#figures").inner_text()
        sound = client.sound()
    assert words_of(sound.samples, sound.rate) == list(NAMES), "a gap takes no word"


def test_the_screen_stays_on_and_the_system_knows_while_something_is_spoken(scripted: Served, visit: Visit) -> None:
    client = visit(scripted.url)
    client.page.add_init_script(SCREEN)
    client.page.reload()
    client.connected()
    state = "navigator.mediaSession.playbackState"
    client.ask("long")
    client.heard(0.5)
    assert client.page.evaluate(state) == "playing"
    client.wait("locks.length === 1 && !locks[0].released")
    assert client.page.evaluate("navigator.mediaSession.metadata.title") == "long"
    client.page.locator("#pause").click()
    client.wait(f"{state} === 'paused' && locks[0].released")
    client.page.locator("#pause").click()
    client.wait(f"{state} === 'playing'")
    client.stop()
    client.wait(f"{state} === 'none' && locks.every((lock) => lock.released)")
