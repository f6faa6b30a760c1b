"""``python -m benchmarks.turns``: every figure of the table, or some of them. See ``benchmarks``."""

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import chat, fresh, rate, sentences, soak, startup
from benchmarks.measure import machine
from benchmarks.report import Figure, table
from benchmarks.stage import Part, Stage
from tests.rig.sound import NullSink, Recorder

PARTS: dict[str, Callable[[Stage], Part]] = {
    # Memory first, while this process has nothing loaded that it could share with the one that is measured.
    "memory": startup.run_memory,
    "startup": startup.run_startup,
    "fresh": fresh.run,
    "chat": chat.run,
    "sentences": sentences.run,
    "rate": rate.run,
    "soak": soak.run,
}

INTERRUPTED = 130


def main() -> int:
    """Measure, print the table, write the raw values; 1 if a figure was missed or a part failed."""
    chosen = _arguments()
    signal.signal(signal.SIGTERM, _as_interrupt)
    about = machine()
    figures: list[Figure] = []
    raw: dict[str, Any] = {}
    failures: dict[str, str] = {}
    interrupted = False
    try:
        with NullSink() as sink:
            sink.apply()
            with Recorder(sink) as recorder:
                stage = Stage(sink, recorder, chosen.quick, chosen.peer, chosen.soak)
                for name in PARTS:
                    if name not in chosen.only:
                        continue
                    begun = time.monotonic()
                    stage.progress(f"part: {name}")
                    try:
                        part = PARTS[name](stage)
                    except Exception as error:
                        failures[name] = f"{type(error).__name__}: {error}"
                        stage.progress(f"{name} FAILED: {failures[name]}")
                        continue
                    figures += part.figures
                    raw[name] = {**part.raw, "took_seconds": round(time.monotonic() - begun, 1)}
    except KeyboardInterrupt:
        interrupted = True
    print(_heading(about, chosen))
    print(table(figures))
    for name, failure in failures.items():
        print(f"\n{name} was not measured: {failure}")
    if chosen.peer is None:
        print("\nRealtimeTTS was not measured: give --peer the interpreter of its environment.")
    if interrupted:
        print("\nInterrupted: the rest was not measured.")
    if chosen.json is not None:
        result = {
            "machine": about,
            "arguments": sys.argv[1:],
            "quick": chosen.quick,
            "interrupted": interrupted,
            "failures": failures,
            "figures": [figure.as_json() for figure in figures],
            "raw": raw,
        }
        chosen.json.write_text(json.dumps(result, indent=1) + "\n")
    if interrupted:
        return INTERRUPTED
    return 1 if failures or any(figure.verdict == "MISSED" for figure in figures) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.turns", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few turns of each: does it run?")
    parser.add_argument("--peer", type=Path, metavar="PYTHON", help="measure RealtimeTTS beside it")
    parser.add_argument("--soak", type=float, default=600.0, metavar="SECONDS", help="of talk (600)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every raw value")
    parser.add_argument("--only", type=_names, default=tuple(PARTS), metavar="NAME,...", help=f"of {', '.join(PARTS)}")
    return parser.parse_args()


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in PARTS:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(PARTS)}")
    return names


def _heading(about: dict[str, Any], chosen: argparse.Namespace) -> str:
    flags = ", ".join(flag for flag, there in about["flags"].items() if there)
    quick = "A QUICK RUN: too few turns to judge by.\n" if chosen.quick else ""
    return (
        f"{about['cpu']}, {about['cores']} cores ({flags}), {about['memory_mb']} MB, {about['kernel']}, "
        f"Python {about['python']}, {about['date']}, commit {about['commit'][:10]}"
        f"{' with changes' if about['uncommitted'] else ''}\n{quick}"
    )


def _as_interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
