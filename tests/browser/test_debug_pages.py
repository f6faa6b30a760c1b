"""The pages that show what goes on: every frame of the socket, and what the sound goes through."""

import json
from typing import Any

import numpy as np
import pytest

from tests.browser.conftest import Visit
from tests.browser.page import Client
from tests.browser.test_access import faults
from tests.server.serving import Served

WIDER = "document.scrollingElement.scrollWidth - innerWidth"


def types(client: Client, way: str) -> list[str]:
    found: list[str] = client.page.evaluate(
        f"[...document.querySelectorAll('#frames tr[data-way={way}]')].map(one => one.dataset.type)"
    )
    return found


def test_every_frame_is_shown_and_a_person_sends_his_own(scripted: Served, visit: Visit) -> None:
    client = visit(f"{scripted.url}/static/debug.html")
    page = client.page
    assert types(client, "sent")[0] == "hello"
    assert types(client, "received")[:3] == ["welcome", "status", "opened"]

    page.locator("#text").fill('{"type":"ask","text":"short"}')
    page.locator("#send").click()
    client.wait("document.querySelector('#frames tr[data-type=\"(sound)\"]') !== null")
    assert {"added", "text", "speech", "segment"} <= set(types(client, "received"))
    assert page.locator("#frames").inner_text().count("Alpha bravo") > 0

    page.locator("#text").fill("{no JSON")
    page.locator("#send").click()
    assert page.locator("#problem").inner_text().startswith("Not sent, for this is no JSON")
    sent = types(client, "sent")
    page.locator("#anyway").check()
    page.locator("#send").click()
    client.wait("document.querySelector('#frames tr[data-type=error]') !== null")
    assert types(client, "sent")[len(sent) :] == ["(raw)"]

    page.locator("#filter").fill("welcome")
    assert set(types(client, "received")) == {"welcome"}
    with page.expect_download() as download:
        page.locator("#export").click()
    kept = json.loads(download.value.path().read_text("utf-8"))
    assert [one["type"] for one in kept][:1] == ["hello"]
    assert len(kept) > 10, "the filter is for the eyes"
    page.locator("#copy").click()
    client.wait("document.querySelector('#copied').textContent !== ''")
    assert page.locator("#copied").inner_text() == "Copied."
    page.locator("#clear").click()
    assert types(client, "received") == []


def test_a_connection_that_is_broken_on_purpose_comes_back_with_its_session(scripted: Served, visit: Visit) -> None:
    client = visit(f"{scripted.url}/static/debug.html")
    client.page.locator("#break").click()
    client.until(lambda: len(client.wire.of("welcome")) == 2, "the session to go on")
    first, second = client.wire.of("welcome")
    assert second["resumed"] and second["session"] == first["session"]


@pytest.mark.parametrize("example", range(18))
def test_every_example_is_a_message_that_the_server_knows(scripted: Served, visit: Visit, example: int) -> None:
    client = visit(f"{scripted.url}/static/debug.html")
    client.page.locator("#example").select_option(str(example))
    sent = json.loads(client.page.locator("#text").input_value())
    client.page.locator("#send").click()
    if sent["type"] == "bye":
        client.wait("document.querySelector('#state').textContent.startsWith('Closed')")
        return
    client.page.locator("#text").fill('{"type":"ping","id":4711}')
    client.page.locator("#send").click()
    client.until(lambda: any(one["id"] == 4711 for one in client.wire.of("pong")), "the answer")
    problems = [
        one["text"] for one in client.wire.of("error") if "field" in one["text"] or "no message of" in one["text"]
    ]
    assert problems == []


def report(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.page.evaluate("speakstream.report()")
    return found


@pytest.mark.parametrize("rate", [24000, 44100])
def test_a_tone_is_played_to_its_last_sample_without_a_gap(scripted: Served, visit: Visit, rate: int) -> None:
    client = visit(f"{scripted.url}/static/audio-debug.html")
    client.page.locator("#rate").select_option(str(rate))
    client.page.locator("#tone").click()
    client.wait("speakstream.report().tones.length === 1")
    (tone,) = report(client)["tones"]
    assert (tone["rate"], tone["position"], tone["underruns"]) == (rate, 3 * rate, 0)
    client.quiet()
    sound = client.sound()
    assert sound.rate == rate
    heard = np.trim_zeros(sound.samples)
    assert 3 * rate - 10 < len(heard) <= 3 * rate, "it begins and ends softly, with a few samples of nothing"
    assert max(len(one) for one in np.split(heard, np.flatnonzero(heard))) < 10, "there is a hole in it"


def test_frames_that_come_late_teach_the_player_to_wait(scripted: Served, visit: Visit) -> None:
    client = visit(f"{scripted.url}/static/audio-debug.html")
    client.page.locator("#jitter").fill("200")
    for tones in (1, 2, 3):
        client.page.locator("#tone").click()
        client.wait(f"speakstream.report().tones.length === {tones}")
    found = report(client)
    assert [tone["position"] for tone in found["tones"]] == [72000] * 3, "a sample was lost in a gap"
    assert found["tones"][-1]["target"] > 0.04, "of 200 ms, the first 150 are what frames come ahead"
    assert found["underruns"] == sum(tone["underruns"] for tone in found["tones"])


def test_a_tone_is_no_matter_of_the_server_and_one_that_is_cut_off_does_not_count(
    scripted: Served, visit: Visit
) -> None:
    client = visit(f"{scripted.url}/static/audio-debug.html")
    client.page.locator("#prompt").fill("long")
    client.page.locator("#speak").click()
    client.wait("speakstream.player.position() > 12000")
    client.page.locator("#tone").click()
    client.until(lambda: any(one["message"]["reason"] == "interrupted" for one in client.wire.of("ended")), "the stop")
    client.wire.clear()
    client.wait("speakstream.player.position() > 12000")
    client.page.locator("#stop").click()
    client.page.locator("#tone").click()
    client.wait("speakstream.report().tones.length > 0")
    assert [tone["position"] for tone in report(client)["tones"]] == [3 * 24000]
    assert {one["type"] for one in client.wire.sent} <= {"cancel", "ping"}, "the server is told of places in a tone"
    client.page.evaluate("speakstream.connection.break()")
    client.until(lambda: bool(client.wire.of("welcome")), "the session to go on")
    hello = next(one for one in client.wire.sent if one["type"] == "hello")
    assert (hello["speech"], hello["samples"]) == (0, 0)


def test_a_turn_through_the_server_is_timed_and_reported(scripted: Served, visit: Visit) -> None:
    client = visit(f"{scripted.url}/static/audio-debug.html")
    client.page.locator("#prompt").fill("short")
    client.page.locator("#speak").click()
    client.wait("document.querySelector('#times').textContent.includes('last sound heard')")
    found = report(client)
    times = found["turn"]
    assert 0 < times["first sound arrived"] <= times["first sound heard"] < times["last sound heard"]
    assert found["unlocked"] and found["way"] == "worklet" and found["connection"]["sound"] > 24000
    with client.page.expect_download() as download:
        client.page.locator("#download").click()
    kept = json.loads(download.value.path().read_text("utf-8"))
    assert kept["page"] == "speakstream audio report 1" and "short" not in json.dumps(kept)


@pytest.mark.parametrize("name", ["debug", "audio-debug"])
def test_they_fit_a_phone_and_axe_finds_no_fault(scripted: Served, visit: Visit, name: str) -> None:
    client = visit(f"{scripted.url}/static/{name}.html", viewport={"width": 390, "height": 844})
    assert client.page.evaluate(WIDER) <= 0
    inside = "[...document.querySelectorAll('.scroll')].every((one) => one.scrollWidth <= one.clientWidth)"
    assert client.page.evaluate(inside), "a frame cannot be read without scrolling sideways"
    assert faults(client) == []
