"""The words of the command line, before and after the parser of arguments has seen them.

Three habits that it does not know are taught here: ``--debug`` may stand anywhere, ``--read`` may stand alone before
``--file``, and ``--resume`` with no number behind it.
"""

import difflib
import re
from collections.abc import Sequence
from typing import Any

_OF_SAY = {
    "tts_model_name": "--voice",
    "tts_speed": "--speed",
    "default_volume": "--volume",
    "audio_device": "--device",
    "llm_model_name": "--model",
    "system_prompt": "--system",
    "seed": "--seed",
    "temperature": "--temperature",
    "max_new_tokens": "--max-new-tokens",
    "enable_audio": "--no-audio",
    "read_code": "--with-code",
    "read_tables": "--with-tables",
}

NAMES = {
    **_OF_SAY,
    "host": "--host",
    "port": "--port",
    "allow_lan": "--allow-lan",
    "public_host": "--public-host",
    "certfile": "--certfile",
    "keyfile": "--keyfile",
    "max_sessions": "--max-sessions",
    "save_chat_history": "--no-history",
}
"""Settings that have a flag, by the flag's name."""

FLAGS = (
    *_OF_SAY.values(),
    *("--read", "--file", "--output", "--play", "--srt", "--vtt", "--json", "--quiet", "--help", "-o", "-h"),
)
"""All options of ``say``."""

BARE_READ = "--bare-read"
"""What becomes of a ``--read`` without a text; hidden, and checked where all options are known."""


def without_debug(arguments: Sequence[str]) -> tuple[list[str], bool]:
    """The arguments without ``--debug``, and whether it was among them. After ``--`` it is a word like any other."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    kept = [argument for argument in arguments[:end] if argument != "--debug"]
    return [*kept, *arguments[end:]], len(kept) < end


def bare_read(arguments: Sequence[str]) -> list[str]:
    """The arguments with each ``--read`` that no text follows written as ``BARE_READ``.

    What follows is a text, also when it begins with a dash, unless it is one of our options.
    """
    if list(arguments[:1]) != ["say"]:
        return [*arguments]
    end = arguments.index("--") if "--" in arguments else len(arguments)
    following = [*arguments[1:end], None]
    return [
        *(
            BARE_READ if argument == "--read" and (after is None or after.partition("=")[0] in FLAGS) else argument
            for argument, after in zip(arguments[:end], following, strict=False)
        ),
        *arguments[end:],
    ]


def bare_resume(arguments: Sequence[str]) -> list[str]:
    """The arguments with each ``--resume`` that no conversation follows written as ``--resume=last``."""
    if list(arguments[:1]) != ["chat"]:
        return [*arguments]
    following = [*arguments[1:], "-"]
    return [
        "--resume=last" if argument == "--resume" and after.startswith("-") else argument
        for argument, after in zip(arguments, following, strict=True)
    ]


def usage_message(error: Any) -> str:
    """What the parser of arguments found wrong, in one line, with the nearest name that it knows."""
    message = str(error.format_message())
    if type(error).__name__ == "NoSuchOption":
        wrong = error.option_name
        known, message = getattr(error, "possibilities", None) or [], f"there is no option {wrong}"
    else:
        match = re.match(r"No such command '(.*?)'", message)
        if "unexpected extra argument" in message:
            quotes = "a prompt of several words needs quotes around it"
            return f"{message.rstrip('.')}; {quotes if error.ctx.info_name in ('say', 'latency') else 'see --help'}"
        if match is None:
            return message.rstrip(".") + "; see --help"
        wrong, context = match[1], error.ctx
        known, message = [*context.command.commands], f"there is no command {wrong!r}"
    near = difflib.get_close_matches(wrong, known, 1, 0.5)
    return f"{message}; " + (f"did you mean {near[0]}?" if near else "see --help")
