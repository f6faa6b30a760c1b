"""``speakstream serve`` with a scripted model and a voice of tones: ``python -m tests.server.scripted_server serve``.

What the model says is decided by the prompt's last word: see REPLIES; to "recall", it says all prompts before. With
HASTY in the environment, the server waits HASTY_SECONDS wherever it waits for a client that may be gone.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any

from speakstream.cli import main
from speakstream.llm import Generation, LanguageModel, Message
from speakstream.loading import Resources
from speakstream.server import hall, visit
from speakstream.settings import Settings
from speakstream.tts import Voice, check_name
from tests.scripted import ScriptedModel, ready
from tests.server.hostile_replies import ESCAPES, MARKUP, WRAPPED
from tests.server.tones import NAMES, ToneVoice

REPLIES: dict[str, Sequence[str]] = {
    "short": ("Alpha bravo ", "charlie."),
    "alphabet": (*(f"{name} " for name in NAMES[:-1]), f"{NAMES[-1]}."),
    "long": tuple(f"{' '.join(NAMES)}. " for _ in range(12)),
    "wide": (
        f"```python\nletters = {NAMES!r}\n```\n\n",
        f"| {' | '.join(NAMES)} |\n|{' --- |' * len(NAMES)}\n| {' | '.join(NAMES)} |\n",
        f"\n{'Longwordwithoutaspace' * 20}\n\n- alpha\n    - bravo\n        - charlie\n\nThe end.\n",
    ),
    "blocks": (
        "## Title\n\nOne *two* `three`.\n\n> A quote.\n\n> [!WARNING]\n> Take care.\n\n",
        "3. three\n4. four\n   - [x] done\n   - [ ] to do\n\n```python\nprint(1)\n```\n\n",
        "| a | b |\n|---|--:|\n| 1 | 2 |\n",
        "\n---\n\n[A link](https://example.org/) and [none](javascript:alert(1)). The end.\n",
    ),
    "broken": ("Alpha bravo. ", "FAIL"),
    "markup": tuple(WRAPPED.replace("{}", MARKUP)),
    "escapes": tuple(WRAPPED.replace("{}", ESCAPES)),
}
"""By the prompt's last word. ``alphabet`` is one sentence of five seconds; ``long`` lasts a minute."""


HASTY_SECONDS = 3.0


class Model(ScriptedModel):
    """Answers at once."""

    def stream(self, messages: Sequence[Message], options: Generation, cancelled: threading.Event) -> Iterator[str]:
        """See LanguageModel."""
        prompt = messages[-1].content
        if prompt == "recall":
            yield " ".join(message.content for message in messages[:-1] if message.role == "user")
            return
        for delta in REPLIES.get(prompt.split()[-1], (f"You said: {prompt}",)):
            if cancelled.is_set():
                return
            if delta == "FAIL":
                raise RuntimeError(MARKUP)
            yield delta


def load_model(
    settings: Settings, resources: Resources, notify: Callable[[str], None], *more: Any, **options: Any
) -> "Future[LanguageModel]":
    """In the place of the real one."""
    return ready(Model(name="scripted", context_length=4096))


def load_voice(settings: Settings, resources: Resources, notify: Callable[[str], None]) -> "Future[Voice]":
    """In the place of the real one."""
    check_name(settings.tts_model_name)
    voice = ToneVoice(settings.tts_model_name)
    resources.closers.append(voice.close)
    return ready(voice)


if __name__ == "__main__":
    vars(hall).update(load_model=load_model, load_voice=load_voice)
    if "HASTY" in os.environ:
        vars(hall)["RESUME_SECONDS"] = HASTY_SECONDS
        vars(visit).update(HELLO_SECONDS=HASTY_SECONDS, SEND_SECONDS=HASTY_SECONDS)
    sys.argv[0] = "speakstream"
    main()
