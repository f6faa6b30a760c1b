"""SmolLM2 and other GGUF models through llama.cpp (the ``xllamacpp`` bindings), in this process.

llama.cpp's server runs on threads of its own; requests go to it by a function call. It insists on listening
somewhere, too: on a Unix socket in a private folder, which only serves to count tokens, so that no TCP port
is open. Where Unix sockets do not exist it listens on loopback and wants a random key.
"""

import http.client
import json
import os
import queue
import re
import secrets
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speakstream.errors import EngineError, ModelError, folded
from speakstream.llm import Generation, Message, ModelChoice, PromptRead, ReplyEnd

BATCH = 64
"""Tokens prefilled at once. Prefill can only be cancelled between batches: 64 stop within about 0.2 s on two
cores; 128 were hardly faster, 32 a quarter slower at times (docs/performance.md)."""

CACHE_REUSE = 32
"""Shortest run of tokens, after a dropped turn, that is moved in the cache instead of computed again."""

SAME = 0.75
"""Part of a prompt that a slot must hold already to be taken for it. llama.cpp's own tenth is reached by the system
prompt alone: one session's first prompt then drove out what another one's slot held, and each was read anew."""

SAVED_MIB = 256
"""Of prompts that had to leave their slot and may come back: 11,000 tokens of the default model. Four conversations in
turn on two slots had their first token after 0.1 s with it, and after 0.5 s without."""

SPINS = "1000"
"""Turns that a thread of llama.cpp's waits for another one before it sleeps (an option of GNU OpenMP). By default it is
300,000, which is longer than a time slice: with both of two cores busy otherwise, a prompt of 25 tokens then took 7 s,
and takes 0.25 s with this; with none busy, nothing is lost."""

_ANSWER_TIMEOUT = 20.0
"""Seconds for a token count; it waits for no decoding, so this only catches a dead server."""


def usable_cores() -> int:
    """Cores this process may really use: affinity and the container's CPU quota, at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()[:2]
        if quota != "max":
            cores = min(cores, max(1, round(int(quota) / int(period))))
    except (OSError, ValueError):
        pass  # no cgroup v2 here: affinity alone decides
    return max(1, cores)


def decoding_threads(cores: int) -> int:
    """Threads that make tokens one after another, of ``cores`` that read the prompt: half of them.

    Decoding waits for memory, not for arithmetic: on two cores a second thread gave nothing (131 and 139 tokens/s)
    and cost everything once something else wanted the core, for llama.cpp's threads spin while they wait for each
    other: beside two busy loops one thread made 72-83 tokens/s, two made 20-28, with stalls of up to 1.4 s. Half of
    the cores also leaves one to the voice.
    """
    return max(1, cores // 2)


_QUANTIZATION = re.compile(r"[.-]((?:I?Q\d\w*|B?F16|F32))$", re.IGNORECASE)
"""What a GGUF file's name ends with: how its weights are stored."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_ANSWER_TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@dataclass(slots=True)
class _Prompt:
    """How far a prompt was read, and how its reply ended."""

    read: PromptRead | None = None
    end: ReplyEnd | None = None

    def note(self, total: int, cache: int, processed: int, **_: object) -> None:
        """llama.cpp reports before the first batch of the prompt and after each."""
        now, before = time.monotonic(), self.read
        begun = now if before is None or processed == cache else before.begun
        self.read = PromptRead(begun, now if processed == total else None, total, cache)


class LlamaCpp:
    """A GGUF model in llama.cpp. As many replies are made at once as it has slots; one more caller waits its turn."""

    def __init__(self, choice: ModelChoice) -> None:
        """Load the weights (about half a second for the default model).

        Raises ModelError when the file is no GGUF that llama.cpp can run.
        """
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)  # read when the library is loaded
        try:
            import xllamacpp
        except ImportError as error:
            raise ModelError(f"the llamacpp engine needs xllamacpp ({error}); run: pip install xllamacpp") from error
        threads = choice.threads or usable_cores()
        params = xllamacpp.CommonParams()
        params.model.path = str(choice.weights)
        params.n_ctx = choice.context_length * choice.slots
        params.n_parallel = choice.slots
        params.n_batch = params.n_ubatch = BATCH
        params.cpuparams.n_threads = decoding_threads(threads)
        params.cpuparams_batch.n_threads = threads
        params.n_cache_reuse = CACHE_REUSE
        # On a CPU flash attention is the slower one: 2,800 tokens deep it made 26 tokens/s, and 54 without it.
        params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.cache_ram_mib = SAVED_MIB if choice.slots > 1 else 0
        if choice.slots > 1:
            params.slot_prompt_similarity = SAME
        params.endpoint_slots = False
        params.endpoint_metrics = True  # for ``close``
        params.verbosity = -1
        # The model is ours and small: no trial load to fit it to the memory (0.2 s), no warm-up run (0.02 s).
        params.fit_params = False
        params.warmup = False
        self._folder: str | None = None
        self._key = ""
        if hasattr(socket, "AF_UNIX"):
            self._folder = _private_folder()
            params.hostnames = [os.path.join(self._folder, "llm.sock")]
        else:
            self._key = secrets.token_urlsafe(32)
            params.hostnames = ["127.0.0.1"]
            params.port = 0
            params.api_keys = [self._key]
        try:
            self._server: Any = xllamacpp.Server(params)
        except Exception as error:
            self._remove_folder()
            raise ModelError(
                f"{choice.weights} could not be loaded by llama.cpp ({folded(error)}); "
                "give a GGUF chat model, or free some memory"
            ) from error
        name, quantization = _QUANTIZATION.sub("", stem := choice.weights.stem), _QUANTIZATION.search(stem)
        kind = f"{quantization[1]}, " if quantization else ""
        self.name = f"{name} (llama.cpp, {kind}{threads} thread{'s' if threads > 1 else ''})"
        self.context_length = choice.context_length
        self._slots = choice.slots
        self._free = threading.Semaphore(choice.slots)
        self.callbacks = 0
        """Calls from the engine so far: after a cancel none may follow."""
        self._newest = _Prompt()
        self._own = threading.local()  # its ``prompt``: the newest that this thread asked with

    @property
    def last_prompt(self) -> PromptRead | None:
        """See ``prompt_read``."""
        prompt: _Prompt = self._newest if self._slots == 1 else getattr(self._own, "prompt", self._newest)
        return prompt.read

    @property
    def last_reply(self) -> ReplyEnd | None:
        """See ``reply_end``."""
        prompt: _Prompt = getattr(self._own, "prompt", self._newest)
        return prompt.end

    def stream(self, messages: Sequence[Message], options: Generation, cancelled: threading.Event) -> Iterator[str]:
        """See LanguageModel. Generates on an inner thread, which has ended when the iterator ends."""
        request = _messages(messages) | {
            "stream": True,
            "cache_prompt": True,
            "return_progress": True,
            "timings_per_token": False,
            "max_tokens": options.max_new_tokens,
            "temperature": options.temperature,
            "top_p": options.top_p,
            "top_k": options.top_k,
            "min_p": options.min_p,
            "repeat_penalty": options.repeat_penalty,
            "stop": list(options.stop),
        }
        if options.seed is not None:
            request["seed"] = options.seed
        return self._deltas(request, cancelled)

    def prefill(self, messages: Sequence[Message], cancelled: threading.Event) -> None:
        """See LanguageModel."""
        request = _messages(messages) | {
            "stream": True,
            "cache_prompt": True,
            "return_progress": True,
            "max_tokens": 1,
            "temperature": 0.0,
        }
        for _ in self._deltas(request, cancelled):
            pass

    def count(self, messages: Sequence[Message]) -> int:
        """See LanguageModel."""
        prompt = self._ask("/apply-template", _messages(messages))["prompt"]
        tokens = self._ask("/tokenize", {"content": prompt, "add_special": False, "parse_special": True})
        return len(tokens["tokens"])

    def close(self) -> None:
        """See LanguageModel."""
        with ExitStack() as slots:
            for _ in range(self._slots):
                slots.enter_context(self._free)
            # Its loop forgets that it was told to stop if that came before it began, and the destructor then waits
            # for it without end. What goes through its queue is answered by a loop that runs.
            with suppress(EngineError):
                self._fetch("GET", "/metrics")
            self._server = None  # its destructor stops and joins llama.cpp's threads
            self._remove_folder()

    def _deltas(self, request: dict[str, Any], cancelled: threading.Event) -> Iterator[str]:
        with self._free:
            if cancelled.is_set():
                return
            self._own.prompt = prompt = _Prompt()
            arrived: queue.SimpleQueue[str | BaseException | None] = queue.SimpleQueue()
            abandoned = threading.Event()
            worker = threading.Thread(
                target=self._run, args=(request, prompt, arrived.put, cancelled, abandoned), name="llama.cpp"
            )
            worker.start()
            try:
                while (item := arrived.get()) is not None:
                    if isinstance(item, BaseException):
                        raise item
                    if cancelled.is_set():
                        return
                    yield item
            finally:
                abandoned.set()
                worker.join()

    def _run(
        self,
        request: dict[str, Any],
        prompt: "_Prompt",
        put: Any,
        cancelled: threading.Event,
        abandoned: threading.Event,
    ) -> None:
        """Drive one request; ``put`` gets the deltas, at most one error, then None."""

        def on_chunk(chunk: dict[str, Any]) -> bool:
            self.callbacks += 1
            if cancelled.is_set() or abandoned.is_set():
                return True
            progress = chunk.get("prompt_progress")
            if progress is not None:
                prompt.note(**progress)
                self._newest = prompt
            error = chunk.get("error")
            if error is not None:
                put(EngineError(f"the language model refused the request: {folded(error.get('message', error))}"))
                return True
            for choice in chunk.get("choices") or ():
                text = (choice.get("delta") or {}).get("content")
                if text:
                    put(text)
                if (why := choice.get("finish_reason")) is not None:
                    prompt.end = ReplyEnd(chunk.get("timings", {}).get("predicted_n", 0), why == "length")
            return False

        try:
            self._server.handle_chat_completions(request, on_chunk)
        except Exception as error:
            put(EngineError(f"the language model failed: {folded(error)}"))
        finally:
            put(None)

    def _ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._fetch("POST", path, json.dumps(body)))
        if "error" in answer:
            raise EngineError(f"the language model could not count tokens: {folded(answer['error'])}")
        return answer

    def _fetch(self, method: str, path: str, body: str | None = None) -> bytes:
        connection: http.client.HTTPConnection
        if self._folder is not None:
            connection = _UnixConnection(os.path.join(self._folder, "llm.sock"))
        else:
            address = str(self._server.listening_address).removeprefix("http://")
            connection = http.client.HTTPConnection(address, timeout=_ANSWER_TIMEOUT)
        try:
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._key}"}
            connection.request(method, path, body, headers)
            return connection.getresponse().read()
        except (OSError, http.client.HTTPException) as error:
            raise EngineError(f"the language model does not answer: {folded(error)}") from error
        finally:
            connection.close()

    def _remove_folder(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _messages(messages: Sequence[Message]) -> dict[str, Any]:
    # a lone surrogate is no text that can be sent; it becomes U+FFFD
    def clean(text: str) -> str:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    return {"messages": [{"role": m.role, "content": clean(m.content)} for m in messages]}


def _private_folder() -> str:
    """A new folder, mode 0700, short enough for a Unix socket's path (104 bytes on macOS)."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    for parent in (base, None, "/tmp"):
        try:
            folder = tempfile.mkdtemp(prefix="speakstream-", dir=parent)
        except OSError:
            continue
        if len(os.fsencode(folder)) <= 90:
            return folder
        os.rmdir(folder)
    raise ModelError("no folder for a private socket; set TMPDIR to a short, writable folder")
