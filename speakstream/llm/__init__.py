"""Language models: one protocol, and the engines behind it.

An engine is found by name in ``ENGINES``; its module, and with it its libraries, is imported only when it is
chosen.
"""

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Literal, Protocol

from speakstream.errors import ModelError

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation, as the model is given it."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Generation:
    """How a reply is sampled. The names are llama.cpp's; 0 turns ``top_k`` and ``min_p`` off."""

    max_new_tokens: int = 512
    temperature: float = 0.7  # 0: always the likeliest token
    top_p: float = 0.9
    top_k: int = 40
    min_p: float = 0.05
    repeat_penalty: float = 1.1
    seed: int | None = None  # None: a different reply each time
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PromptRead:
    """How a prompt was read, ``time.monotonic()`` seconds; None: not yet, or cancelled before."""

    begun: float  # the template is filled in, the tokens are counted
    ended: float | None
    tokens: int
    cached: int  # of these, not read again


class LanguageModel(Protocol):
    """A chat model. Every method may be called from several threads at once."""

    name: str
    """Shown to people: "SmolLM2-135M-Instruct (llama.cpp, Q8_0)"."""

    context_length: int
    """Tokens the model can hold, prompt and reply together."""

    def stream(self, messages: Sequence[Message], options: Generation, cancelled: Event) -> Iterator[str]:
        """Yield the reply as it is generated; end early, also within prefill, when ``cancelled`` is set.

        Raises EngineError when the model fails, or when the messages do not fit ``context_length``.
        """

    def prefill(self, messages: Sequence[Message], cancelled: Event) -> None:
        """Have the messages in the prompt cache, so that a reply that begins with them starts sooner."""

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens that ``messages`` take, chat template included."""

    def close(self) -> None:
        """Free the model. Nothing else may be called afterwards."""


def prompt_read(model: LanguageModel, since: float) -> PromptRead | None:
    """How ``model`` read the prompt that it was given at ``since``; None: not begun, or the engine can't tell.

    An engine that can tell keeps it in an attribute ``last_prompt``, from the first token of a reply to its last: the
    one of the thread that asks, where it makes several replies at once.
    Optional, therefore no part of the protocol: nothing but metrics depends on it.
    """
    found: PromptRead | None = getattr(model, "last_prompt", None)
    return found if found is not None and found.begun >= since else None


@dataclass(frozen=True, slots=True)
class ReplyEnd:
    """How a reply ended that was not cancelled."""

    tokens: int
    cut_off: bool  # it had as many as it might have, or the context was full


def reply_end(model: LanguageModel) -> ReplyEnd | None:
    """How the newest reply ended that this thread had of ``model``; None: it did not, or the engine can't tell.

    An engine that can tell keeps it in an attribute ``last_reply``: as ``prompt_read``, no part of the protocol.
    """
    found: ReplyEnd | None = getattr(model, "last_reply", None)
    return found


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """What an engine is opened with."""

    name: str  # as the person wrote it
    weights: Path
    context_length: int
    threads: int  # 0: the cores this process may use
    slots: int = 1  # replies made at once, each with a context of its own


def _open_llamacpp(choice: ModelChoice) -> LanguageModel:
    from speakstream.llm.llamacpp import LlamaCpp

    return LlamaCpp(choice)


ENGINES: dict[str, Callable[[ModelChoice], LanguageModel]] = {"llamacpp": _open_llamacpp}
"""Engine name to its opener, which imports it."""

PLANNED_ENGINES = ("transformers", "openai")


def choose_engine(engine: str) -> tuple[str, str]:
    """Resolve ``LLM_ENGINE`` to (engine, why).

    Raises ModelError when it is not there, naming what is.
    """
    if engine == "auto":
        if importlib.util.find_spec("xllamacpp") is None:
            raise ModelError("LLM_ENGINE=auto found no engine: xllamacpp is missing; run: pip install xllamacpp")
        return "llamacpp", "the fastest engine for a GGUF on a CPU"
    if engine in PLANNED_ENGINES:
        raise ModelError(f"LLM_ENGINE={engine} is not there yet; use LLM_ENGINE=llamacpp or auto")
    if engine not in ENGINES:
        raise ModelError(f"LLM_ENGINE={engine} is unknown; use one of: auto, {', '.join(ENGINES)}")
    return engine, "as LLM_ENGINE says"
