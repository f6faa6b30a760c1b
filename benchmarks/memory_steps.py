"""``python -m benchmarks.memory_steps``: what a process like ``say`` takes, step by step, as one line of JSON each.

It loads one thing after the other, where ``say`` loads them side by side, so that each has its share told. Run with
the null sink's environment: it plays a sentence.
"""

import json
import sys

from speakstream.engine import Engine
from speakstream.loading import Resources, delivery, load_model, load_voice, open_sound, return_freed_memory
from speakstream.settings import Settings

PROMPT = "Why is the sky blue?"
TOKENS = 60
SPEECH_SECONDS = 60.0


def main() -> int:
    """Load, speak, and tell after each step."""
    return_freed_memory()
    _tell("Python and imports")
    settings, resources = Settings(temperature=0.0, max_new_tokens=TOKENS), Resources()
    try:
        sink = open_sound(settings, resources, _ignore)
        _tell("sound device")
        voice = load_voice(settings, resources)
        voice.result()
        _tell("voice")
        model = load_model(settings, resources, _ignore, PROMPT)
        model.result()
        _tell("language model")
        from speakstream.engine import Conversation
        from speakstream.loading import generation

        conversation = Conversation(
            Engine(model, voice, sink), settings.system_prompt, generation(settings), delivery(settings), _ignore
        )
        conversation.ask(PROMPT).wait(SPEECH_SECONDS)
        conversation.stop()
        _tell("one answer")
    finally:
        resources.close()
    return 0


def _ignore(_: object) -> None:
    pass


def _tell(step: str) -> None:
    print(json.dumps({"step": step, **mappings()}), flush=True)


def mappings() -> dict[str, int]:
    """PSS of this process in bytes, by what is mapped: weights, libraries and other files, and allocated memory."""
    sums = {"weights": 0, "files": 0, "allocated": 0}
    kind = ""
    with open("/proc/self/smaps", encoding="utf-8") as smaps:
        for line in smaps:
            first, _, rest = line.partition(" ")
            if not first.endswith(":"):
                path = rest.split()[4] if len(rest.split()) > 4 else ""
                kind = "weights" if path.endswith(".gguf") else "files" if path.startswith("/") else "allocated"
            elif first == "Pss:":
                sums[kind] += int(rest.split()[0]) * 1024
    return sums


if __name__ == "__main__":
    sys.exit(main())
