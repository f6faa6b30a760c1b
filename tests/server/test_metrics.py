"""What a scraper reads."""

import re

from prometheus_client.parser import text_string_to_metric_families

from speakstream.events import Metrics as TurnMetrics
from speakstream.server.metrics import CONTENT_TYPE, Metrics


def values(metrics: Metrics) -> dict[str, float]:
    """Every sample of ours, by its name, labels included."""
    found = {}
    for family in text_string_to_metric_families(metrics.render().decode()):
        for sample in family.samples:
            labels = "".join(f"{{{value}}}" for value in sample.labels.values())
            found[f"{sample.name}{labels}"] = sample.value
    return {name.removeprefix("speakstream_"): value for name, value in found.items() if "speakstream" in name}


def test_a_turn_is_counted_with_its_tokens_and_times() -> None:
    metrics = Metrics()
    turn = TurnMetrics(10.0, first_token=10.12, prompt_tokens=30, tokens=7, speech_seconds=2.5)
    metrics.turn_ended("finished", turn)
    metrics.turn_ended("interrupted", TurnMetrics(20.0))
    metrics.first_audio(0.18)
    now = values(metrics)
    assert (now["turns_total{finished}"], now["turns_total{interrupted}"], now["turns_total{failed}"]) == (1, 1, 0)
    assert (now["tokens_total"], now["prompt_tokens_total"], now["speech_seconds_total"]) == (7, 30, 2.5)
    assert (now["first_token_seconds_bucket{0.1}"], now["first_token_seconds_bucket{0.15}"]) == (0, 1)
    assert (now["first_audio_seconds_bucket{0.15}"], now["first_audio_seconds_bucket{0.2}"]) == (0, 1)
    assert now["first_token_seconds_count"] == 1, "a turn without a token has no time to it"


def test_what_is_open_waits_is_refused_and_sent_is_counted() -> None:
    metrics = Metrics()
    metrics.sessions_open(3)
    metrics.sessions_open(2)
    metrics.queue_length(5)
    metrics.refused("origin")
    metrics.refused("origin")
    metrics.underruns(2)
    metrics.sent(960, 980)
    metrics.sent(0, 20)
    now = values(metrics)
    assert (now["sessions"], now["queue"], now["underruns_total"]) == (2, 5, 2)
    assert (now["refused_total{origin}"], now["sound_bytes_total"], now["sent_bytes_total"]) == (2, 960, 1000)


def test_two_servers_in_one_process_do_not_share_their_counts() -> None:
    one, other = Metrics(), Metrics()
    one.underruns(1)
    assert values(other)["underruns_total"] == 0


def test_it_is_the_text_format_of_prometheus() -> None:
    assert "version=0.0.4" in CONTENT_TYPE
    text = Metrics().render().decode()
    assert re.search(r"^# HELP speakstream_turns_total .+\n# TYPE speakstream_turns_total counter$", text, re.MULTILINE)
    assert "process_resident_memory_bytes" in text
