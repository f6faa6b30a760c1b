"""The chat's screen, in a pseudo-terminal: how fast it is there, how soon a key shows, what it costs.

What the terminal itself takes is not in it. The chat plays into the null sink with the real model and voice; this
process only types, reads what comes, and now and then looks into the history, as another chat would.
"""

import random
import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks.choices import Choices
from benchmarks.measure import Spread, spread
from benchmarks.prompts import CHAT, PARAGRAPHS
from benchmarks.report import Figure, Part, figure
from benchmarks.screen import CLEAR, ESCAPE, LETTERS, NEW, PAGE_UP, Screen
from benchmarks.startup import WARM
from speakstream.history import History, StoredMessage
from tests.rig.sound import NullSink

GREEDY = ("--temperature", "0")

STARTS = 7

MESSAGES = 1_000

PAGES = 60

STORIES = tuple(prompt for prompt in CHAT if "story" in prompt)
"""They get long answers."""

TURNS = 16
"""Replies to them: while every other one is written keys are pressed, in the rest the interface's work is measured."""

WRITTEN = 0.6
"""A reply that has not grown for so many seconds is complete."""

SAMPLE = 0.05

LONGEST_TURN = 300.0

QUICK_SECONDS = 20.0


@dataclass
class Turn:
    """One reply on the screen."""

    asked: float
    work: list[tuple[float, float, float]] = field(default_factory=list)  # moment, of the interface, of the program
    keys: list[tuple[float, float]] = field(default_factory=list)  # pressed, shown
    reply: StoredMessage | None = None

    def moment(self, name: str) -> float:
        """When a step of the turn was, by the product's own clock."""
        assert self.reply is not None
        return self.asked + float(self.reply.metrics[name] or 0.0)

    def busy(self, begin: float, end: float) -> tuple[float, float] | None:
        """Work over time between two moments: of the interface's thread, and of the program. None: too short."""
        within = [sample for sample in self.work if begin <= sample[0] <= end]
        if len(within) < 2 or within[-1][0] - within[0][0] < 10 * SAMPLE:
            return None
        (first, interface, program), (last, interface_after, program_after) = within[0], within[-1]
        return (interface_after - interface) / (last - first), (program_after - program) / (last - first)


def run(choices: Choices) -> Part:
    """See the module."""
    starts, turns, pages = (2, 4, 10) if choices.quick else (STARTS, TURNS, PAGES)
    soak_seconds = QUICK_SECONDS if choices.quick else choices.soak_seconds
    with NullSink() as sink, tempfile.TemporaryDirectory(prefix="ssbench") as folder:
        empty, full, talked = (Path(folder) / name for name in ("empty", "full", "talked"))
        for home in (empty, full, talked):
            home.mkdir()
        write_history(full, MESSAGES)
        whole = {**sink.env, "SPEAKSTREAM_MAX_CHAT_HISTORY": str(MESSAGES)}
        opened = _starts(choices, starts, whole, empty, full)
        choices.progress(f"{pages} pages up through {MESSAGES} messages")
        paged = _pages(pages, whole, full)
        streamed = _stream(choices, turns, sink.env, talked)
        soaked = _soak(choices, soak_seconds, sink.env, talked)
    raw = {"starts": opened, "pages": paged, "turns": streamed, "soak": soaked}
    return Part(figures(raw), raw)


def write_history(home: Path, messages: int) -> None:
    """A conversation of so many messages, numbered, in the history of a chat whose home this is."""
    history = History(history_file(home))
    conversation = history.begin()
    for number in range(1, messages + 1, 2):
        paragraph = PARAGRAPHS[number // 2 % len(PARAGRAPHS)]
        history.add_prompt(conversation, f"{marked(number)} {paragraph[-1]}")
        reply = history.begin_reply(conversation, "a model", "a voice")
        text = f"{marked(number + 1)} {' '.join(paragraph)}\n\n- **{paragraph[0]}**\n- `{paragraph[1]}`"
        history.append(reply.id, text)
        history.end_reply(reply.id, "finished", len(text), "", {})
    history.rename(conversation, "A long conversation")
    history.close()


def marked(number: int) -> str:
    """What a message of the long conversation begins with."""
    return f"§{number:04}"


def shown(came: bytes) -> list[int]:
    """The numbers of the messages that are in what came to the terminal."""
    return [int(number) for number in re.findall("§(\\d{4})".encode(), came)]


def further_up(top: int) -> Callable[[bytes], bool]:
    """Whether a message before number ``top`` is in what came to the terminal."""
    return lambda came: any(number < top for number in shown(came))


def history_file(home: Path) -> Path:
    """Where a chat in this home keeps its history."""
    return home / "data" / "speakstream" / "history.sqlite3"


def _starts(
    choices: Choices, times: int, env: Mapping[str, str], empty: Path, full: Path
) -> dict[str, list[float | None]]:
    """Seconds from the start of the process to the prompt, and to the conversation, in turns; the first is warm-up."""
    found: dict[str, list[float | None]] = {"prompt": [], "resumed_prompt": [], "resumed_conversation": []}
    for number in range(times + 1):
        choices.progress(f"process start to prompt: {number} of {times}")
        with Screen(empty, GREEDY, env) as screen:
            new = screen.ready(LETTERS[number])  # a draft of the last time may have the one before in it
        with Screen(full, (*GREEDY, "--resume"), env) as screen:
            resumed = screen.ready(LETTERS[number])
            conversation = screen.wait(lambda came: MESSAGES in shown(came)) - screen.begun
        if number:
            found["prompt"].append(new)
            found["resumed_prompt"].append(resumed)
            found["resumed_conversation"].append(conversation)
    return found


def _pages(times: int, env: Mapping[str, str], full: Path) -> list[float]:
    """Seconds from the key to a page of messages further up, nothing else going on."""
    took = []
    with Screen(full, (*GREEDY, "--resume"), env) as screen:
        screen.wait(lambda came: MESSAGES in shown(came))
        screen.ready(LETTERS[-1])
        screen.type(CLEAR)
        time.sleep(3.0)  # the model and the voice are loaded
        top = MESSAGES
        for _ in range(times):
            place, pressed = screen.places, time.monotonic()
            screen.type(PAGE_UP)
            took.append(screen.wait(further_up(top), place) - pressed)
            time.sleep(0.2)
            top = min(shown(screen.since(place)))
    return took


def _stream(choices: Choices, times: int, env: Mapping[str, str], home: Path) -> list[dict[str, Any]]:
    """Replies that are stopped when they are written; keys are pressed in every other one."""
    chance = random.Random("keys")
    turns = []
    with Screen(home, GREEDY, env) as screen:
        screen.ready(LETTERS[0])
        history = History(history_file(home))
        try:
            for number in range(times + 1):
                choices.progress(f"replies on the screen: {number} of {times}")
                screen.type(NEW)  # in one conversation the small model's replies soon get short
                turn = _turn(screen, history, STORIES[number % len(STORIES)], chance if number % 2 else None)
                if number:  # in the first one, model and voice still load
                    turns.append(_row(turn))
        finally:
            history.close()
    return turns


def _turn(screen: Screen, history: History, prompt: str, keys: random.Random | None, until: float = 0.0) -> Turn:
    """Ask, and watch until the reply is written, at least; with ``until``, heard to its end, or stopped then."""
    turn = Turn(screen.ask(prompt))
    letters = cycle(LETTERS)
    typed, length, grown = 0, 0, time.monotonic() + 10.0
    reply = _newest(history, prompt)
    while reply.reason == "writing":
        now = time.monotonic()
        turn.work.append((now, screen.worked(screen.interface), screen.worked()))
        if keys is None:
            time.sleep(SAMPLE)
        else:
            time.sleep(keys.uniform(0.1, 0.3))
            turn.keys.append(screen.echo(next(letters)))
            typed += 1
            if typed % len(LETTERS) == 0:
                screen.type(CLEAR)
        reply = _newest(history, prompt)
        if len(reply.text) > length:
            length, grown = len(reply.text), now
        if (not until and length and now - grown > WRITTEN) or (until and now > until):
            screen.type(ESCAPE)
            until = 0.0
        if now > turn.asked + LONGEST_TURN:
            raise TimeoutError(f"the reply to {prompt!r} does not end")
    turn.reply = reply
    return turn


def _newest(history: History, prompt: str) -> StoredMessage:
    """The reply to the prompt that was asked last, as it is stored now."""
    deadline = time.monotonic() + 30.0
    while time.monotonic() < deadline:
        latest = history.latest()
        messages = history.messages(latest.id, 2) if latest is not None else []
        if len(messages) == 2 and messages[0].text == prompt and messages[1].role == "assistant":
            return messages[1]
        time.sleep(0.005)
    raise TimeoutError(f"{prompt!r} was not asked")


def _row(turn: Turn) -> dict[str, Any]:
    """What is kept of a reply that was stopped when it was written."""
    begun, ended = turn.moment("first_token"), turn.moment("last_token")
    busy = turn.busy(begun, ended)
    assert turn.reply is not None
    return {
        "written": [shown - pressed for pressed, shown in turn.keys if begun <= pressed <= ended],
        "spoken": [shown - pressed for pressed, shown in turn.keys if pressed > ended],
        "busy": None if turn.keys else busy,
        "writing_seconds": ended - begun,
        "tokens_per_second": turn.reply.metrics["tokens_per_second"],
        "underruns": turn.reply.metrics["underruns"],
    }


def _soak(choices: Choices, seconds: float, env: Mapping[str, str], home: Path) -> list[dict[str, Any]]:
    """Prompt after prompt, heard to the end, for so many seconds of talk."""
    turns: list[dict[str, Any]] = []
    talked = 0.0
    with Screen(home, GREEDY, env) as screen:
        screen.ready(LETTERS[-1])
        history = History(history_file(home))
        try:
            prompts = cycle(CHAT)
            while talked < seconds:
                turn = _turn(screen, history, next(prompts), None, time.monotonic() + seconds - talked + 2.0)
                assert turn.reply is not None
                metrics = turn.reply.metrics
                ended = turn.moment("ended")
                talk = ended - turn.moment("first_audio") if metrics["first_audio"] is not None else 0.0
                talked += talk
                turns.append(
                    {
                        "busy": turn.busy(turn.moment("first_token"), ended),
                        "talk_seconds": talk,
                        "underruns": metrics["underruns"],
                        "first_audio": metrics["first_audio"],
                    }
                )
                choices.progress(
                    f"prompt after prompt: {talked:.0f} of {seconds:.0f} s of talk, "
                    f"{sum(turn['underruns'] for turn in turns)} underruns"
                )
        finally:
            history.close()
    return turns


def figures(raw: dict[str, Any]) -> list[Figure]:
    """The lines of the table, from the raw values."""
    starts, turns, soak = raw["starts"], raw["turns"], raw["soak"]
    prompt = spread(starts["prompt"])
    resumed = spread(map(max, starts["resumed_prompt"], starts["resumed_conversation"]))
    more = spread(slow - fast for slow, fast in zip(starts["resumed_conversation"], starts["prompt"], strict=True))
    written, spoken = (spread(key for turn in turns for key in turn[name]) for name in ("written", "spoken"))
    writing = [turn["busy"] for turn in turns if turn["busy"] is not None]
    talking = [turn["busy"] for turn in soak if turn["busy"] is not None]
    underruns = sum(turn["underruns"] for turn in (*turns, *soak))
    talked = sum(turn["talk_seconds"] for turn in soak)
    return [
        figure("chat: process start to prompt, a key shown", prompt, "median", "ms", 1000, 1000, WARM),
        figure(f"chat --resume, {MESSAGES} messages: later than an empty one by", more, "median", "ms", 1000, 1000),
        figure("... process start to prompt and conversation", resumed),
        figure(f"a page up through {MESSAGES} messages, p95", spread(raw["pages"]), "p95", "ms", 100, 50),
        figure("key to screen while the model writes, p95", written, "p95", "ms", 50, 50),
        figure("... while it speaks, nothing is written, p95", spoken, "p95", "ms", 50, 50),
        figure(
            "the interface's thread while text and speech stream, of one core",
            _percent(writing, 0),
            "median",
            "%",
            20,
            20,
        ),
        figure("... the whole program", _percent(writing, 1), "median", "%"),
        figure("the interface's thread from the first token to the last sound", _percent(talking, 0), "median", "%"),
        figure("... the whole program, first token to last sound", _percent(talking, 1), "median", "%"),
        Figure("underruns", underruns, "", len(turns) + len(soak), 0, 0, detail=f"{talked:.0f} s of talk and more"),
    ]


def _percent(shares: Sequence[tuple[float, float]], which: int) -> Spread | None:
    return spread(100 * share[which] for share in shares)
