"""What was measured, kept: one small JSON file for each part, beside the machine it was measured on."""

import json
import math
from pathlib import Path
from typing import Any

from benchmarks.one import PARTS

FOLDER = Path(__file__).with_name("results")

LEFT_OUT = ("reply", "token_times", "segments")
"""What no table or plot is made of, and takes most of the room."""

DIGITS = 4
"""Significant digits that are kept."""

Result = dict[str, Any]
"""``part``, ``quick``, ``machine``, ``took_seconds``, ``figures`` and ``raw``."""


def small(value: Any) -> Any:
    """``value`` without what is left out, its numbers rounded."""
    if isinstance(value, dict):
        return {name: small(each) for name, each in value.items() if name not in LEFT_OUT}
    if isinstance(value, list | tuple):
        return [small(each) for each in value]
    if isinstance(value, float) and value and math.isfinite(value):
        return round(value, DIGITS - 1 - math.floor(math.log10(abs(value))))
    return value


def store(result: Result, folder: Path = FOLDER) -> None:
    """Write the file of the result's part."""
    folder.mkdir(exist_ok=True)
    (folder / f"{result['part']}.json").write_text(_text(small(result)), "utf-8")


def stored(folder: Path = FOLDER) -> list[Result]:
    """What is stored, in the order of the parts."""
    files = (folder / f"{name}.json" for name in PARTS)
    return [json.loads(file.read_text("utf-8")) for file in files if file.exists()]


def _text(result: Result) -> str:
    """JSON with a line for each value of the first two levels: what changed can be seen, and it stays short."""
    lines = []
    for name, value in result.items():
        if isinstance(value, dict) and value:
            inner = ",\n".join(f"  {_one_line(key)}: {_one_line(each)}" for key, each in value.items())
            lines.append(f" {_one_line(name)}: {{\n{inner}\n }}")
        elif isinstance(value, list) and value:
            inner = ",\n".join(f"  {_one_line(each)}" for each in value)
            lines.append(f" {_one_line(name)}: [\n{inner}\n ]")
        else:
            lines.append(f" {_one_line(name)}: {_one_line(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _one_line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
