"""OpenAI's API, asked by OpenAI's own client: over real sockets, on a scripted model and a voice of tones."""

import io
import json
import socket
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from speakstream.server.api import chat_asked
from speakstream.server.calls import MAX_BODY, Refused
from speakstream.settings import Settings
from tests.rig.sound import poll
from tests.server.serving import SCRIPTED, Served

MODEL = Settings().llm_model_name
HELLO: Any = [{"role": "user", "content": "Say something short"}]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("api"), command=SCRIPTED) as served:
        yield served


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key="any", max_retries=0) as client:
        yield client


def test_the_models_are_listed_and_found_by_name(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == [MODEL, "hibari"]
    assert client.models.retrieve(MODEL).id == MODEL
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4o")


def test_a_reply_comes_whole(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model=MODEL, messages=HELLO)
    (choice,) = reply.choices
    assert (choice.message.role, choice.message.content) == ("assistant", "Alpha bravo charlie.")
    assert choice.finish_reason == "stop"
    assert reply.usage is not None
    assert reply.usage.completion_tokens == 2
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + 2


def test_a_reply_comes_as_it_is_written(client: openai.OpenAI) -> None:
    usage: Any = {"include_usage": True}
    chunks = list(client.chat.completions.create(model=MODEL, messages=HELLO, stream=True, stream_options=usage))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "Alpha bravo charlie."
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices] == [None, None, None, "stop"]
    assert chunks[-1].choices == [] and chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 2
    assert len({chunk.id for chunk in chunks}) == 1


def test_as_many_tokens_as_may_be_are_a_length(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model=MODEL, messages=HELLO, max_completion_tokens=2)
    assert reply.choices[0].finish_reason == "length"


def test_a_model_that_fails_is_an_error_without_its_insides(client: openai.OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "be broken"}]
    with pytest.raises(openai.InternalServerError) as whole:
        client.chat.completions.create(model=MODEL, messages=messages)
    assert "RuntimeError" not in str(whole.value) and "Traceback" not in str(whole.value)
    with pytest.raises(openai.APIError, match="something went wrong"):
        list(client.chat.completions.create(model=MODEL, messages=messages, stream=True))


@pytest.mark.parametrize(
    ("more", "status", "says"),
    [
        ({"model": "gpt-4o"}, 404, "does not exist"),
        ({"model": 5}, 400, "model"),
        ({"messages": []}, 400, "messages"),
        ({"messages": ["x"]}, 400, "messages[0]"),
        ({"messages": [{"role": "tool", "content": "x"}]}, 400, "messages[0].role"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 400, "messages[0].content[0]"),
        ({"temperature": 3}, 400, "temperature"),
        ({"top_p": "x"}, 400, "top_p"),
        ({"max_tokens": 0}, 400, "max_tokens"),
        ({"max_tokens": True}, 400, "max_tokens"),
        ({"seed": 1.5}, 400, "seed"),
        ({"stop": [""]}, 400, "stop"),
        ({"n": 2}, 400, "n:"),
        ({"stream": "yes"}, 400, "stream"),
        ({"tools": [{"type": "function"}]}, 400, "tools"),
        ({"response_format": {"type": "json_object"}}, 400, "response_format"),
    ],
)
def test_what_cannot_be_done_is_named(more: dict[str, Any], status: int, says: str) -> None:
    with pytest.raises(Refused) as refused:
        chat_asked({"model": MODEL, "messages": HELLO, **more}, Settings())
    assert refused.value.status == status
    assert says in str(refused.value)


def test_what_is_asked_for_is_what_the_model_is_told() -> None:
    parts = [{"type": "text", "text": "One"}, {"type": "text", "text": "two"}]
    messages = [{"role": "developer", "content": "Be kind"}, {"role": "user", "content": parts}]
    body = {"model": MODEL, "messages": messages, "temperature": 0, "top_p": 0.5, "seed": -1, "stop": "END", "n": 1}
    asked = chat_asked({**body, "max_tokens": 5, "tools": [], "presence_penalty": 0}, Settings())
    assert [(message.role, message.content) for message in asked.messages] == [
        ("system", "Be kind"),
        ("user", "One\ntwo"),
    ]
    options = asked.options
    assert (options.temperature, options.top_p, options.max_new_tokens, options.stop) == (0, 0.5, 5, ("END",))
    assert options.seed == 0x7FFFFFFF
    assert chat_asked({**body, "max_tokens": 5, "max_completion_tokens": 7}, Settings()).options.max_new_tokens == 7


def test_messages_that_do_not_fit_are_refused_as_openai_does(client: openai.OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "word " * 5000}]
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model=MODEL, messages=messages)
    assert refused.value.code == "context_length_exceeded"


def post(served: Served, path: str, body: bytes, kind: str = "application/json", more: str = "") -> int:
    """The status of a request as it was written by hand."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    )
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as connection:
        connection.sendall(head.encode() + body)
        return int(connection.recv(65536).split()[1])


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/audio/speech"])
def test_a_request_that_is_none_is_refused(served: Served, path: str) -> None:
    assert post(served, path, b"{}", "text/plain") == 415
    assert post(served, path, b"{") == 400
    assert post(served, path, b"[1]") == 400
    assert post(served, path, b"[" * 100_000) == 400
    assert post(served, path, b'{"x":"' + b"x" * MAX_BODY + b'"}') == 413
    assert post(served, path, b"{}", more="Origin: http://evil.example\r\n") == 403
    assert post(served, path, b"{}", more="Origin: null\r\n") == 403


def test_speech_is_a_wav_file_that_python_reads(client: openai.OpenAI) -> None:
    sound = client.audio.speech.create(
        model="hibari", voice="heart", input="**Alpha** bravo.", response_format="wav"
    ).content
    with wave.open(io.BytesIO(sound)) as read:
        assert (read.getnchannels(), read.getsampwidth(), read.getframerate()) == (1, 2, 24000)
        seconds = len(read.readframes(read.getnframes())) / 48000
    assert 0.4 <= seconds < 1.5, "two words: the marks are not spoken"


def test_speech_comes_as_pcm_and_faster_when_it_is_asked_to(client: openai.OpenAI) -> None:
    def length(speed: float) -> int:
        return len(
            client.audio.speech.create(
                model="hibari", voice="hibari/emma", input="Alpha bravo charlie.", response_format="pcm", speed=speed
            ).content
        )

    assert length(2.0) < 0.8 * length(1.0)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"voice": "alloy"}, "hibari/heart"),
        ({"response_format": "mp3"}, "wav or pcm"),
        ({"speed": 4}, "0.5 to 3"),
        ({"input": " "}, "input"),
        ({"input": "x" * 50_001}, "50000"),
        ({"model": "tts-1"}, "hibari"),
        ({"stream_format": "sse"}, "audio"),
    ],
)
def test_a_speech_that_cannot_be_made_is_refused(client: openai.OpenAI, more: dict[str, Any], says: str) -> None:
    asked: dict[str, Any] = {"model": "hibari", "voice": "heart", "input": "x", "response_format": "wav", **more}
    with pytest.raises(openai.APIStatusError) as refused:
        client.audio.speech.create(**asked)
    assert says in str(refused.value)
    assert refused.value.status_code in (400, 404)


def test_who_goes_away_costs_nothing_more(served: Served) -> None:
    """A text of minutes, whose client leaves after its beginning: the thread that spoke it ends."""
    body = json.dumps({"model": "hibari", "voice": "heart", "input": "Alpha bravo charlie. " * 2000}).encode()
    head = "POST /v1/audio/speech HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    threads = Path(f"/proc/{served.process.pid}/task")

    def speaking() -> int:
        return len(list(threads.iterdir()))

    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as connection:
        before = speaking()
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        assert speaking() > before
    assert poll(lambda: speaking() <= before + 1, 30.0)  # the thread of the pool stays
