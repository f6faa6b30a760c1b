"""The chat as a person has it: a real terminal, the real model and voice, and what the sound card would have played."""

import os
import re
import signal
from pathlib import Path

import numpy as np
import pytest

from speakstream.history import History, StoredMessage
from tests.rig.recognise import Recogniser, word_error_rate
from tests.rig.sound import RATE, THRESHOLD_DB, NullSink, Recorder, Samples, poll
from tests.tmux import Tmux

PATIENCE = 60.0
SPEAKS = "^ ?speaking "  # the line of status

SHORT = ("chat", "--temperature", "0", "--max-new-tokens", "24", "--system", "Answer in one short sentence.")
LONG = ("chat", "--temperature", "0", "--max-new-tokens", "300", "--system", "Tell a long story in many sentences.")


@pytest.fixture
def tmux_env(null_sink: NullSink, recorder: Recorder, weights: Path) -> dict[str, str]:
    """Sound, for programs in a tmux; the model is on disk."""
    return null_sink.env


def stored(folder: Path) -> list[StoredMessage]:
    """The last conversation, as another program finds it in the history."""
    path = folder / "data" / "speakstream" / "history.sqlite3"
    if not path.exists():
        path = next(folder.rglob("history.sqlite3"))
    history = History(path)
    latest = history.latest()
    messages = history.messages(latest.id) if latest is not None else []
    history.close()
    return messages


def ended(folder: Path, reason: str, count: int = 1) -> list[StoredMessage]:
    """Wait until so many replies have ended, the last for ``reason``; all messages."""

    def over() -> bool:
        replies = [message for message in stored(folder) if message.role == "assistant"]
        return len(replies) == count and replies[-1].reason == reason

    assert poll(over, PATIENCE), stored(folder)
    return stored(folder)


def begin(tmux: Tmux, *options: str) -> None:
    """Start the chat, and wait until it can be typed into."""
    tmux.run(*options)
    tmux.wait_for("Type a prompt|A prompt, /command")


def ask(tmux: Tmux, prompt: str) -> None:
    tmux.type("-l", prompt)
    tmux.wait_for(re.escape(prompt[-20:]))
    tmux.type("Enter")


def reply_on(screen: str) -> str:
    """The words of the newest reply, as they stand there."""
    rows = screen.split("\n")
    name = max(number for number, row in enumerate(rows) if row.startswith("  SmolLM2"))
    box = next(number for number in range(name, len(rows)) if rows[number].startswith("╭"))
    text = " ".join(row.rstrip("▁▂▃▄▅▆▇█ ") for row in rows[name + 1 : box])
    return " ".join(text.replace("▼ End: follow again", "").split())


def processes(folder: Path) -> list[int]:
    """The chats that run in this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if b"speakstream\0chat" in (entry / "cmdline").read_bytes() and os.readlink(entry / "cwd") == str(
                    folder
                ):
                    found.append(int(entry.name))
            except OSError:
                continue  # it has just ended
    return found


def test_a_prompt_is_answered_on_the_screen_aloud_and_in_the_history(
    tmp_path: Path, tmux_env: dict[str, str], recorder: Recorder, recogniser: Recogniser
) -> None:
    with Tmux(tmp_path, 80, 24, tmux_env) as tmux:
        begin(tmux, *SHORT)
        recorder.clear()
        ask(tmux, "What is the capital of France?")  # perhaps before the model is there: then it is answered when it is
        prompt, reply = ended(tmp_path, "finished")
        recorder.wait_for_silence(0.5)
        heard = recogniser.transcribe(recorder.samples(), RATE)
        assert prompt.text == "What is the capital of France?"
        assert reply.voice == "hibari/heart"
        assert reply.metrics["underruns"] == 0
        assert word_error_rate(reply.text, heard.text) <= 0.25, (reply.text, heard.text)
        assert reply_on(tmux.screen()) == " ".join(reply.text.split())
        tmux.type("C-q")
        tmux.wait_for("^status=0")
        assert not processes(tmp_path)


def test_escape_is_silence_and_the_history_has_what_was_heard(
    tmp_path: Path, tmux_env: dict[str, str], recorder: Recorder, recogniser: Recogniser
) -> None:
    with Tmux(tmp_path, 80, 24, tmux_env) as tmux:
        begin(tmux, *LONG)
        ask(tmux, "Tell me about the sea.")
        recorder.clear()
        tmux.wait_for(SPEAKS)
        begun = recorder.wait_for_sound()
        assert poll(lambda: len(recorder.samples()) > 4 * RATE, PATIENCE)  # some seconds of it
        tmux.type("Escape")
        reply = ended(tmp_path, "interrupted")[-1]
        tmux.wait_for("stopped here")
        still = recorder.wait_for_silence(1.0)
        assert reply.heard is not None and 0 < reply.heard < len(reply.text)
        heard = recogniser.transcribe(recorder.samples(), RATE).text
        said = reply.text[: reply.heard]
        assert word_error_rate(said, heard) <= 0.34, (said, heard)
        assert still > begun
        ask(tmux, "What did you say?")
        tmux.wait_for(SPEAKS)
        tmux.type("Escape")
        ended(tmp_path, "interrupted", 2)
        assert [message.text for message in stored(tmp_path) if message.role == "user"][-1] == "What did you say?"


def loud(samples: Samples) -> Samples:
    """Without the silence before and after."""
    sounding = np.flatnonzero(np.abs(samples) > 10 ** (THRESHOLD_DB / 20))
    return samples[sounding[0] : sounding[-1] + 1]


def test_a_resize_and_a_suspension_lose_nothing_while_it_speaks(
    tmp_path: Path, tmux_env: dict[str, str], recorder: Recorder, recogniser: Recogniser
) -> None:
    with Tmux(tmp_path, 80, 24, tmux_env) as tmux:
        begin(tmux, *LONG)
        recorder.clear()
        ask(tmux, "Tell me about the forest.")
        tmux.wait_for(SPEAKS)
        for columns in (40, 100):
            tmux.ask("resize-window", "-x", str(columns), "-y", "30")
            tmux.wait_for(f"^╭─{{{columns - 2}}}╮")
        recorder.wait_for_sound()
        tmux.type("C-z")
        tmux.wait_for("Stopped")
        recorder.wait_for_silence(0.5)
        before = loud(recorder.samples())
        recorder.clear()
        tmux.type("echo here", "Enter")
        tmux.wait_for("^here")
        tmux.type("fg", "Enter")
        tmux.wait_for(SPEAKS)
        recorder.wait_for_sound()
        tmux.type("-l", "still typing")
        tmux.wait_for("^│ still typing")
        assert poll(lambda: len(recorder.samples()) > 4 * RATE, PATIENCE)  # some seconds more
        tmux.type("Escape")
        reply = ended(tmp_path, "interrupted")[-1]
        recorder.wait_for_silence(0.5)
        heard = recogniser.transcribe(np.concatenate([before, loud(recorder.samples())]), RATE).text
        said = reply.text[: reply.heard]
        assert word_error_rate(said, heard) <= 0.25, (said, heard)


@pytest.mark.parametrize(("how", "status"), [("pane closed", 0), ("SIGTERM", 143), ("SIGKILL", 137)])
def test_however_it_ends_no_process_stays_and_no_message_is_lost(
    tmp_path: Path, tmux_env: dict[str, str], recorder: Recorder, how: str, status: int
) -> None:
    with Tmux(tmp_path, 80, 24, tmux_env) as tmux:
        tmux.add_window()
        begin(tmux, *LONG)
        ask(tmux, "Tell me about the mountains.")
        tmux.wait_for(SPEAKS)
        (running,) = processes(tmp_path)
        shown = reply_on(tmux.screen())
        if how == "pane closed":
            tmux.ask("kill-pane")
        else:
            os.kill(running, getattr(signal, how))
            tmux.wait_for(f"^ *status={status}")
            tmux.ask("kill-pane")
        assert poll(lambda: not processes(tmp_path), PATIENCE)
        recorder.wait_for_silence(0.5)
        prompt, reply = stored(tmp_path)
        assert prompt.text == "Tell me about the mountains."
        assert reply.reason == "interrupted"
        assert len(shown.split()) > 5 and " ".join(reply.text.split()).startswith(shown)
        begin(tmux, "chat", "--resume", "--no-audio")
        tmux.wait_for("— stopped here —")
