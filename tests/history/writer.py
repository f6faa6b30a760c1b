"""A program that talks into a history as fast as it can, and prints what is stored as soon as it is.

Run by the tests as a process: ``python -m tests.history.writer FILE NAME COUNT``. It never ends by itself; after
COUNT things it waits.
"""

import json
import os
import sys
from itertools import count
from pathlib import Path
from typing import Any

from speakstream.history import History


def write(path: Path, name: str, most: float) -> None:
    """One conversation after another. Each line on standard output is something that the file has."""

    so_far = count(1)

    def stored(*what: Any) -> None:
        os.write(1, json.dumps(what).encode() + b"\n")
        if next(so_far) >= most:
            sys.stdin.read()

    history = History(path)
    for number in count():
        conversation = history.begin(name)
        for turn in range(3):
            text = f"{name} asks {number} {turn}"
            stored("prompt", conversation, history.add_prompt(conversation, text).id, text)
            reply = history.begin_reply(conversation, "model", "voice").id
            stored("reply", conversation, reply)
            for piece in range(25):
                text = f" {name}{piece}ñ"
                history.append(reply, text)
                stored("piece", conversation, reply, text)
            history.end_reply(reply, "finished", 7, "", {"tokens": 25})
            stored("end", conversation, reply)


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
