"""The peer: RealtimeTTS with the same model and the same voice, driven turn by turn to be measured.

A program of its own, in a virtual environment of its own: the benchmark that owns the recorder starts it with
the rig's environment, and it imports nothing of SpeakStream. RealtimeTTS plays to the default device; what is
measured is what sounds there, so nothing is measured here.

    python benchmarks/peer_realtimetts.py --model SmolLM2-135M-Instruct.Q8_0.gguf

After ``{"ready": true}`` it reads one JSON object per line, ``{"prompt": ..., "system": ..., "max_tokens":
..., "repeat_penalty": ..., "cut_after": ...}`` (only the first is needed), and answers each, once it has been
spoken, with ``{"submitted": ..., "first_token": ..., "ended": ..., "text": ..., "fragments": [[text, seconds],
...]}``; times are ``time.monotonic()``, which all processes of a machine share. With ``"text"`` in place of
the prompt it reads that text, and no model answers. ``cut_after`` drops what is left to say so many seconds
after the first fragment was synthesized; the fragment that sounds then is still finished. It ends with the end
of its input. If RealtimeTTS, or what it needs, can't be imported, it says so and exits with 3.

Its environment is that of ``requirements-peers.txt``.

What favours it is on: sentence fragments for the first sentence, everything loaded and warm, and the voice's
own silences cut by the library's own means, as most of its engines do (``--keep-silence`` leaves them in).
"""

import argparse
import importlib
import json
import os
import queue
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

SYSTEM = "You are a helpful assistant. Answer in short, clear sentences."
MAX_TOKENS = 128
NOT_IMPORTABLE = 3


class Model:
    """SmolLM2 in llama.cpp, with the settings that SpeakStream uses, so that only what follows it differs."""

    def __init__(self, path: Path, folder: str, threads: int) -> None:
        import xllamacpp

        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(path)
        parameters.hostnames = [f"{folder}/llm.sock"]  # no TCP port
        parameters.endpoint_slots = False
        parameters.n_ctx = 4096
        parameters.n_parallel = 1
        parameters.n_batch = parameters.n_ubatch = 64
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
        parameters.cache_ram_mib = 0
        parameters.n_cache_reuse = 32
        parameters.verbosity = -1
        self._server = xllamacpp.Server(parameters)

    def stream(self, messages: list[dict[str, str]], options: dict[str, Any], cut: threading.Event) -> Iterator[str]:
        """The answer's deltas, as they are written by a thread of its own; raises what the server reports."""
        deltas: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        failures: list[str] = []

        def receive(chunk: dict[str, Any]) -> bool:
            if "error" in chunk:
                failures.append(str(chunk["error"]))
            for choice in chunk.get("choices") or ():
                if delta := choice["delta"].get("content"):
                    deltas.put(delta)
            return cut.is_set()

        def write() -> None:
            request = {
                "messages": messages,
                "temperature": 0,
                **options,
                "stream": True,
                "cache_prompt": True,
            }
            try:
                self._server.handle_chat_completions(request, receive)
            finally:
                deltas.put(None)

        writer = threading.Thread(target=write, name="llm")
        writer.start()
        yield from iter(deltas.get, None)
        writer.join()
        if failures:
            raise RuntimeError(f"the model failed: {failures[0]}")


def make_engine(keep_silence: bool) -> Any:
    """Hibari as an engine of RealtimeTTS; the silence around each fragment is cut unless ``keep_silence``."""
    from hibari import SAMPLE_RATE, Hibari
    from RealtimeTTS import BaseEngine

    pyaudio: Any = importlib.import_module("pyaudio")  # there are no types for it

    class HibariEngine(BaseEngine):  # type: ignore[misc]
        def post_init(self) -> None:
            self.engine_name = "hibari"
            self.preload_sentence_tokenizer = True
            self.voice = Hibari()
            self.fragments: list[tuple[str, float]] = []  # what was said, and the seconds it lasts
            self.cut = threading.Event()  # say no more
            self.on_first_fragment: Callable[[], None] | None = None

        def get_stream_info(self) -> tuple[int, int, int]:
            return pyaudio.paInt16, 1, SAMPLE_RATE

        def synthesize(self, text: str, sentence_count: int = 0) -> bool:
            super().synthesize(text, sentence_count)
            if self.cut.is_set():
                return True
            samples = self.voice(text)
            if not keep_silence:
                samples = self._trim_silence(samples, SAMPLE_RATE)
            if not self.fragments and self.on_first_fragment is not None:
                self.on_first_fragment()
            self.fragments.append((text, len(samples) / SAMPLE_RATE))
            self.queue.put((np.clip(samples, -1, 1) * 32767).astype(np.int16).tobytes())
            return True

    return HibariEngine()


def speak(model: Model, stream: Any, turn: dict[str, Any], tokenizer: str, muted: bool = False) -> dict[str, Any]:
    """Answer one turn aloud, or read its text; returns when its last sample has been handed to the device."""
    engine = stream.engine
    engine.fragments.clear()
    engine.cut.clear()
    timers: list[threading.Timer] = []

    def cut() -> None:
        engine.cut.set()
        stream.player.buffer_manager.clear_buffer()

    def start_timer() -> None:
        timers.append(threading.Timer(turn["cut_after"], cut))
        timers[0].start()

    engine.on_first_fragment = start_timer if turn.get("cut_after") else None
    written: list[str] = []
    first_token: list[float] = []

    def answer() -> Iterator[str]:
        for delta in _deltas(model, turn, engine.cut):
            if not written:
                first_token.append(time.monotonic())
            written.append(delta)
            yield delta

    submitted = time.monotonic()
    stream.feed(answer())
    stream.play(fast_sentence_fragment=True, tokenizer=tokenizer, muted=muted)
    for timer in timers:
        timer.cancel()
        timer.join()
    return {
        "submitted": submitted,
        "first_token": first_token[0] if first_token else None,
        "ended": time.monotonic(),
        "text": "".join(written),
        "fragments": engine.fragments,
    }


def _deltas(model: Model, turn: dict[str, Any], cut: threading.Event) -> Iterator[str]:
    """What is to be spoken: a given text, word by word, or the model's answer."""
    if "text" in turn:
        yield from re.findall(r"\S+\s*", turn["text"])
        return
    messages = [
        {"role": "system", "content": turn.get("system", SYSTEM)},
        {"role": "user", "content": turn["prompt"]},
    ]
    options = {
        "max_tokens": turn.get("max_tokens", MAX_TOKENS),
        "repeat_penalty": turn.get("repeat_penalty", 1.0),
    }
    yield from model.stream(messages, options, cut)


def main() -> int:
    """Load, warm up, and answer turns until the input ends."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--model", type=Path, required=True, help="a GGUF file")
    options.add_argument("--threads", type=int, default=2, help="for the model")
    options.add_argument("--keep-silence", action="store_true", help="leave in the voice's own silences")
    # The library's own default, "nltk+rule-based", first downloads the data of NLTK.
    options.add_argument("--tokenizer", default="rule-based", help="how sentences are found")
    chosen = options.parse_args()

    # The library prints what goes wrong to standard output, where our answers go.
    with os.fdopen(os.dup(1), "w") as replies:
        os.dup2(2, 1)
        try:
            import hibari  # noqa: F401
            import xllamacpp  # noqa: F401
            from RealtimeTTS import TextToAudioStream
        except (ImportError, OSError) as problem:
            print(f"RealtimeTTS can't be measured here: {problem}", file=sys.stderr)
            return NOT_IMPORTABLE

        def reply(message: dict[str, Any]) -> None:
            print(json.dumps(message), file=replies, flush=True)

        with tempfile.TemporaryDirectory(prefix="peer") as folder:
            model = Model(chosen.model, folder, chosen.threads)
            stream = TextToAudioStream(make_engine(chosen.keep_silence))
            speak(model, stream, {"prompt": "Say hello.", "max_tokens": 16}, chosen.tokenizer, muted=True)
            reply({"ready": True})
            for line in sys.stdin:
                if line.strip():
                    reply(speak(model, stream, json.loads(line), chosen.tokenizer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
