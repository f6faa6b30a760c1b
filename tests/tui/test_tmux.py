"""The chat as a person has it: a real terminal, the real model and voice, and what the sound card would have played."""

import os
import re
import signal
from pathlib import Path

import pytest

from speakstream.history import History, StoredMessage
from tests.rig.recognise import Recogniser, word_error_rate
from tests.rig.sound import RATE, NullSink, Recorder, poll
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
        words = reply.text.split()
        assert " ".join(words[:3]) in tmux.wait_for(re.escape(words[0]))
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


def test_a_resize_and_a_suspension_lose_nothing_while_it_speaks(
    tmp_path: Path, tmux_env: dict[str, str], recorder: Recorder
) -> None:
    with Tmux(tmp_path, 80, 24, tmux_env) as tmux:
        begin(tmux, *LONG)
        ask(tmux, "Tell me about the forest.")
        tmux.wait_for(SPEAKS)
        for columns in ("40", "100"):
            tmux.ask("resize-window", "-x", columns, "-y", "30")
            tmux.wait_for(SPEAKS)
            assert all(len(line) <= int(columns) for line in tmux.screen().split("\n"))
        tmux.type("C-z")
        tmux.wait_for(r"Stopped")
        recorder.wait_for_silence(0.5)
        recorder.clear()
        tmux.type("fg", "Enter")
        tmux.wait_for(SPEAKS)
        recorder.wait_for_sound()
        tmux.type("-l", "still typing")
        tmux.wait_for("still typing")
        tmux.type("Escape")
        reply = ended(tmp_path, "interrupted")[-1]
        assert reply.heard


@pytest.mark.parametrize("how", ["pane closed", "SIGTERM", "SIGKILL"])
def test_however_it_ends_no_process_stays_and_no_message_is_lost(
    tmp_path: Path, tmux_env: dict[str, str], recorder: Recorder, how: str
) -> None:
    with Tmux(tmp_path, 80, 24, tmux_env) as tmux:
        tmux.ask("set-option", "-g", "remain-on-exit", "on")
        begin(tmux, *LONG)
        ask(tmux, "Tell me about the mountains.")
        tmux.wait_for(SPEAKS)
        (running,) = processes(tmp_path)
        shown = re.sub(r"\s+", " ", tmux.screen())
        if how == "pane closed":
            tmux.ask("respawn-pane", "-k", "sleep 1000")
        else:
            os.kill(running, getattr(signal, how))
        assert poll(lambda: not processes(tmp_path), PATIENCE)
        reply = ended(tmp_path, "interrupted")[-1]
        words = reply.text.split()
        assert len(words) > 5
        assert " ".join(words[:4]) in shown, "what was on the screen is in the history"
        recorder.wait_for_silence(0.5)
