"""What the server counts, in the text format of Prometheus. Numbers only: no prompt, no reply, no address."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from speakstream import events

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

SECONDS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.45, 0.7, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0)
"""The steps of the histograms: fine around the fifth of a second that is aimed for."""


class Metrics:
    """One server's. Thread-safe; none of it waits."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._turns = Counter(
            "speakstream_turns", "Replies that have ended, by how: finished, interrupted, failed", ["reason"],
            registry=registry,
        )  # fmt: skip
        self._tokens = Counter("speakstream_tokens", "Tokens written by the language model", registry=registry)
        self._prompt_tokens = Counter("speakstream_prompt_tokens", "Tokens of prompts", registry=registry)
        self._first_token = Histogram(
            "speakstream_first_token_seconds", "From a prompt to the first token of its reply",
            buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self._first_audio = Histogram(
            "speakstream_first_audio_seconds", "From a prompt to the first sound that is sent",
            buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self._speech = Counter("speakstream_speech_seconds", "Seconds of speech made for replies", registry=registry)
        self._underruns = Counter(
            "speakstream_underruns", "Times that a client was to play sound and had none", registry=registry
        )
        self._sessions = Gauge("speakstream_sessions", "Sessions that are open", registry=registry)
        self._queue = Gauge("speakstream_queue", "Turns that wait for the language model", registry=registry)
        self._refused = Counter("speakstream_refused", "Requests that were refused, by why", ["why"], registry=registry)
        self._sound_sent = Counter("speakstream_sound_bytes", "Bytes of PCM16 sound sent", registry=registry)
        self._sent = Counter("speakstream_sent_bytes", "Bytes sent over web sockets, sound included", registry=registry)
        for reason in events.Reason:  # a counter that is there from the start is a rate from the start
            self._turns.labels(reason.value)

    def turn_ended(self, reason: str, metrics: events.Metrics) -> None:
        """A reply has ended; ``reason``: one of ``events.Reason``."""
        self._turns.labels(reason).inc()
        self._tokens.inc(metrics.tokens)
        self._prompt_tokens.inc(metrics.prompt_tokens or 0)
        self._speech.inc(metrics.speech_seconds)
        if metrics.first_token is not None:
            self._first_token.observe(metrics.first_token - metrics.submitted)

    def first_audio(self, seconds: float) -> None:
        """So long after the prompt came, the first sound of its reply was sent."""
        self._first_audio.observe(seconds)

    def underruns(self, count: int) -> None:
        """A client had so many more."""
        self._underruns.inc(count)

    def sessions_open(self, count: int) -> None:
        """So many there are now."""
        self._sessions.set(count)

    def queue_length(self, count: int) -> None:
        """So many wait now."""
        self._queue.set(count)

    def refused(self, why: str) -> None:
        """A request was refused; ``why`` is one of a few words, never what the request said."""
        self._refused.labels(why).inc()

    def sent(self, bytes_of_sound: int, bytes_in_all: int) -> None:
        """One frame was sent."""
        self._sound_sent.inc(bytes_of_sound)
        self._sent.inc(bytes_in_all)

    def render(self) -> bytes:
        """All of it, as a scraper reads it."""
        return generate_latest(self._registry)
