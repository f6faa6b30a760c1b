"""``speakstream serve`` and many who listen at once: the first sound, the wire, tokens, memory, and attackers.

Listeners without a browser speak the wire, and their loudspeaker is a clock. All of them, and those who attack, run on
the machine that serves them.
"""

import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.choices import Choices
from benchmarks.measure import percentile, spread
from benchmarks.report import Figure, Part, figure
from benchmarks.serve_load import beside_attackers, talk
from tests.server.serving import Served
from tests.server.test_hostile import COUNT

PEOPLE = (1, 3, 4, 6, 16)
TALK_SECONDS = 60.0

ATTACKED_TURNS = 20

GREEDY = {"SPEAKSTREAM_TEMPERATURE": "0"}


def run(choices: Choices) -> Part:
    """See the module."""
    quick = choices.quick
    people, seconds = ((1, 4), 5.0) if quick else (PEOPLE, TALK_SECONDS)
    with tempfile.TemporaryDirectory(prefix="ssbench") as folder, Served(Path(folder), env=GREEDY) as server:
        raw = {
            "load": [talk(choices, server, count, seconds) for count in people],
            "attack": beside_attackers(choices, server, Path(folder), 3 if quick else ATTACKED_TURNS),
        }
    return Part(figures(raw), raw)


def figures(raw: dict[str, Any]) -> list[Figure]:
    """The lines of the table, from the raw values."""
    load, attack = raw["load"], raw["attack"]
    sound, framed, whole = (sum(each[f"{kind}_bytes"] for each in load) for kind in ("sound", "frame", "all"))
    return [
        Figure(
            "bytes on the wire, of raw PCM16", framed / sound, "", len(load), 1.05, 1.02,
            detail=f"text, words and all: {whole / sound:.3f}",
        ),
        Figure(
            "sessions that talk at once without underruns", smooth(load), "", len(load), 3, 6, at_least=True,
            detail=f"of {', '.join(str(one['people']) for one in load)}; {load[0]['seconds']:.0f} s each",
        ),
        *(line for one in load for line in _load(one)),
        *_attack(attack),
    ]  # fmt: skip


def smooth(load: Sequence[dict[str, Any]]) -> int:
    """How many talked at once, of those runs that come before the first underrun."""
    before = itertools.takewhile(lambda one: not one["underruns"], load)
    return max((one["at_once"] for one in before), default=0)


def _load(one: dict[str, Any]) -> list[Figure]:
    people = one["people"]
    rate, memory = one["tokens"] / one["seconds"], (one["pss"] - one["pss_before"]) / people / 1e6
    return [
        figure(f"{people} at once: prompt to first sound frame, p50", spread(one["first_audio"])),
        figure("... when all ask at the same moment", spread(one["first_turn"])),
        Figure("... tokens a second, all together", rate, "", one["tokens"], detail=f"{one['underruns']} underruns"),
        Figure("... memory a session (PSS)", memory, "MB", people, detail=f"the server: {one['pss'] / 1e6:.0f} MB"),
    ]


def _attack(attack: dict[str, Any]) -> list[Figure]:
    grown = [(attack[f"rss_{name}"] - attack["rss_alone"]) / 1e6 for name in ("beside", "beside_asking")]
    ratio = _ratio(attack["beside"], attack["alone"])
    return [
        Figure(
            f"honest client beside {COUNT} hostile connections: p95 of its first sound, of that alone", ratio, "times",
            len(attack["beside"]), 2, 2,
        ),
        figure("... alone", spread(attack["alone"]), "p95"),
        figure("... beside them", spread(attack["beside"]), "p95"),
        Figure("... the server's memory grows by", grown[0], "MB", 1),
        figure("... beside them, when some ask for replies, too", spread(attack["beside_asking"]), "p95"),
        Figure("... the server's memory grows by so much then", grown[1], "MB", 1),
    ]  # fmt: skip


def _ratio(beside: Sequence[float | None], alone: Sequence[float | None]) -> float | None:
    known = [[value for value in values if value is not None] for values in (beside, alone)]
    return percentile(known[0], 95) / percentile(known[1], 95) if all(known) else None
