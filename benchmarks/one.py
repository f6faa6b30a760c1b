"""``python -m benchmarks.one PART``: one part in a process of its own, as the runner starts it.

Each part begins with nothing loaded, and takes nothing with it when it fails.
"""

import argparse
import importlib
import json
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.choices import SOAK_SECONDS, Choices
from benchmarks.report import Part

INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class About:
    """A part: what it measures, by ``run`` in the module of its name."""

    text: str
    sound: bool = True  # ``run`` is given a Stage; else Choices


PARTS: dict[str, About] = {
    "memory": About("the memory of say, and what takes it"),
    "startup": About("process start to first sound; --help"),
    "pipeline": About("a shell pipeline of the same model and voice, beside say, both cold"),
    "text": About("throughput and memory of Document, speakable and Segmenter", sound=False),
    "ring": About("the ring buffer and the device's callback", sound=False),
    "splitting": About("where sentences part, beside pysbd and stream2sentence", sound=False),
    "fresh": About("time to first audio and to silence, beside RealtimeTTS"),
    "chat": About("a chat of 30 turns that outgrows its context"),
    "typeahead": About("the prompt read while it is typed, and not"),
    "interface": About("the chat's screen: start, keys, pages, work, underruns", sound=False),
    "sentences": About("the silence between sentences, beside RealtimeTTS"),
    "rate": About("tokens a second, with the voice and without"),
    "soak": About("talk with every core busy: underruns, gaps, damage"),
    "serve": About("many who listen at once to one server, and one beside a hundred attackers", sound=False),
    "browser": About("the page in Chromium: Enter to sound, Escape to silence, a network with jitter", sound=False),
    "speech": About("word errors, times of words and silence of what is read, recognised", sound=False),
}


def measure(name: str, choices: Choices) -> Part:
    """Run the part of this name in this process."""
    run = importlib.import_module(f"benchmarks.{name}").run
    if not PARTS[name].sound:
        part: Part = run(choices)
        return part
    from benchmarks.stage import open_stage

    with open_stage(choices) as stage:
        part = run(stage)
        return part


def main() -> int:
    """Measure and write the result; 1 if that failed, with the failure for the result."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.one", description=__doc__)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--into", type=Path, required=True, metavar="FILE", help="the result, as JSON")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--peer", type=Path)
    parser.add_argument("--soak", type=float, default=SOAK_SECONDS)
    parser.add_argument("--debug", action="store_true", help="the traceback of a failure")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what was opened is closed
    result: dict[str, Any]
    try:
        part = measure(chosen.part, Choices(quick=chosen.quick, peer=chosen.peer, soak_seconds=chosen.soak))
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if chosen.debug:
            raise
        chosen.into.write_text(json.dumps({"failure": f"{type(error).__name__}: {error}"}))
        return 1
    result = {"figures": [figure.as_json() for figure in part.figures], "raw": part.raw}
    chosen.into.write_text(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
