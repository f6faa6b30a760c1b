"""A conversation as a file: what is in it, and that it is there whole or not at all."""

import json
import re
import threading
import wave
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from markdown_it import MarkdownIt

from speakstream.errors import HistoryError, SpeakStreamError, VoiceError
from speakstream.events import Metrics
from speakstream.export import as_markdown, export
from speakstream.export_speech import PAUSE
from speakstream.history import History, StoredMessage
from speakstream.loading import Resources
from speakstream.settings import Settings
from speakstream.tts import Voice
from tests.rig.recognise import Recogniser
from tests.scripted import WORD_SECONDS, ScriptedVoice, ready

DOCS = Path(__file__).parents[2] / "docs" / "history.md"


@pytest.fixture
def history() -> Iterator[History]:
    opened = History(None)
    yield opened
    opened.close()


def reply(
    history: History,
    conversation: int,
    text: str,
    heard: int | None = None,
    reason: str = "finished",
    voice: str = "hibari/heart",
    error: str = "",
) -> int:
    id = history.begin_reply(conversation, "tiny", voice).id
    history.append(id, text)
    history.end_reply(id, reason, heard, error, {"first_token": 0.12})
    return id


def talk(history: History, voice: str = "hibari/heart") -> int:
    """Two turns: the first heard whole, the second interrupted."""
    id = history.begin("pirate")
    history.add_prompt(id, "What is your favourite animal?")
    reply(history, id, "My favourite animal is the elephant.", 36, voice=voice)
    history.add_prompt(id, "And your favourite fruit?")
    reply(history, id, "My favourite fruit is the banana, of course.", 27, "interrupted", voice=voice)
    return id


# -- Markdown ---------------------------------------------------------------------------------------------


def test_markdown_has_who_said_what_when_and_what_was_heard(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    when = f"{datetime.fromtimestamp(1767225600.0):%Y-%m-%d %H:%M}"
    monkeypatch.setattr("speakstream.history.time.time", lambda: 1767225600.0)
    id = talk(history)
    reply(history, id, "Half", None, "failed", error="the model\nbroke")
    assert export(history, id, tmp_path / "talk.md") == f"wrote {tmp_path}/talk.md"
    assert (tmp_path / "talk.md").read_text() == (
        "# What is your favourite animal?\n\n"
        f"Begun {when} with pirate.\n\n"
        f"## You, {when}\n\n"
        "What is your favourite animal?\n\n"
        f"## tiny, {when}\n\n"
        "My favourite animal is the elephant.\n\n"
        "*Heard to the end from hibari/heart.*\n\n"
        f"## You, {when}\n\n"
        "And your favourite fruit?\n\n"
        f"## tiny, {when}\n\n"
        "My favourite fruit is the banana, of course.\n\n"
        "*Interrupted; heard from hibari/heart as far as “My favourite fruit is the b”.*\n\n"
        f"## tiny, {when}\n\n"
        "Half\n\n"
        "*Not spoken; failed: the model broke.*\n"
    )


@pytest.mark.parametrize(
    ("text", "heard", "reason", "says"),
    [
        ("One two three.", 14, "finished", "*Heard to the end from hibari/heart.*"),
        ("One two three.\n\n", 14, "finished", "*Heard to the end from hibari/heart.*"),
        ("One two three.", 0, "interrupted", "*Interrupted; nothing of it was heard.*"),
        ("One two three.", None, "interrupted", "*Not spoken; interrupted.*"),
        ("One two three.", None, "finished", "*Not spoken.*"),
        ("A b c d **e** `f g` h i", 19, "interrupted", "as far as “…b c d e f g”"),
        ("a_b [x] <y> z and more", 12, "interrupted", r"“ab \[x\] \<y\>”"),
    ],
)
def test_what_was_heard_is_said_in_words(
    history: History, text: str, heard: int | None, reason: str, says: str
) -> None:
    id = history.begin()
    reply(history, id, text, heard, reason)
    told = history.conversation(id)
    assert told is not None
    assert says in as_markdown(told, history.messages(id)).splitlines()[-1]


@pytest.mark.parametrize(
    "text",
    [
        "```python\nprint('never ended')",
        "~~~~\n```\ncode",
        "<!-- a comment that never ends",
        "<script>\nalert(1)",
        "<pre>\nx",
        "<?php",
        "<![CDATA[ x",
        "<!DOCTYPE",
        "- item\n\n      code in it",
        "> ```\n> quoted code",
        "1. one\n   ```\n   code in an item",
        "a paragraph",
        "| a | b |\n|---|---|\n| 1 |",
        "# heading",
        "",
        "   \n",
        "[x]: <",
    ],
)
def test_a_reply_that_was_cut_off_does_not_swallow_what_follows(history: History, text: str) -> None:
    id = history.begin()
    history.add_prompt(id, text)
    reply(history, id, text, 3, "interrupted")
    history.add_prompt(id, "And then?")
    told = history.conversation(id)
    assert told is not None
    tokens = MarkdownIt("commonmark").parse(as_markdown(told, history.messages(id)))
    headings = [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]
    assert [heading.split(",")[0] for heading in headings if not heading.startswith("heading")][1:] == [
        "You", "tiny", "You",
    ]  # fmt: skip
    assert tokens[-2].content == "And then?"


def test_nothing_that_commands_a_terminal_is_in_the_markdown(history: History) -> None:
    nasty = "\x1b]52;c;QQ==\x07\x9b31m\x1bPq\x1b\\‮\x00text"
    id = history.begin(nasty)
    history.add_prompt(id, nasty)
    reply(history, id, nasty, 50, "failed", nasty, nasty)
    told = history.conversation(id)
    assert told is not None
    text = as_markdown(told, history.messages(id), numbered=True)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert text.count("text") >= 5


# -- JSON -------------------------------------------------------------------------------------------------


def test_json_has_everything_and_its_keys_are_documented(history: History, tmp_path: Path) -> None:
    id = talk(history)
    export(history, id, tmp_path / "talk.JSON")
    data = (tmp_path / "talk.JSON").read_bytes()
    assert data.isascii()
    told = json.loads(data)
    assert (told["format"], told["version"]) == ("speakstream-conversation", 1)
    assert told["conversation"]["title"] == "What is your favourite animal?"
    assert [message["text"] for message in told["messages"]] == [message.text for message in history.messages(id)]
    last = told["messages"][-1]
    assert (last["role"], last["heard"], last["reason"], last["voice"], last["metrics"]) == (
        "assistant", 27, "interrupted", "hibari/heart", {"first_token": 0.12},
    )  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", last["created"])
    documented = DOCS.read_text(encoding="utf-8")
    for of in (told, told["conversation"], last):
        for key in of:
            assert f"| `{key}` |" in documented, key
    for key in Metrics(0.0).since_submitted():
        assert re.search(rf"^\|[^|]*`{key}`[^|]*\|", documented, re.MULTILINE), key


def test_text_of_every_kind_comes_through_json_unchanged(history: History, tmp_path: Path) -> None:
    text = '\x1b[31m \x9b é 👩‍👩‍👧 ‮ \0 " \\'
    id = history.begin()
    history.add_prompt(id, text)
    export(history, id, tmp_path / "a.json")
    data = (tmp_path / "a.json").read_bytes()
    assert not re.search(rb"[^\n -~]", data)
    assert json.loads(data)["messages"][0]["text"] == text


# -- which part, and which file ---------------------------------------------------------------------------


def texts(history: History, id: int, path: Path, message: int) -> list[str]:
    export(history, id, path, message=message, force=True)
    return [one["text"].split()[-1] for one in json.loads(path.read_bytes())["messages"]]


def test_a_turn_is_a_prompt_and_its_reply_whichever_of_them_is_named(history: History, tmp_path: Path) -> None:
    id = talk(history)
    a, b, c, d = (message.id for message in history.messages(id))
    path = tmp_path / "turn.json"
    assert texts(history, id, path, a) == texts(history, id, path, b) == ["animal?", "elephant."]
    assert texts(history, id, path, c) == texts(history, id, path, d) == ["fruit?", "course."]
    other = talk(history)
    with pytest.raises(HistoryError, match=f"conversation {other} has no message {a}; see: speakstream history show"):
        export(history, other, path, message=a, force=True)
    for missing in (99, history.begin()):
        with pytest.raises(HistoryError, match=f"there is no conversation {missing}; see: speakstream history list"):
            export(history, missing, path, force=True)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("talk.txt", r"talk.txt: there is no such kind of export; end the name with .md, .json or .wav"),
        ("talk", "there is no such kind of export"),
        ("there.md", "there.md is there already; name another file, or write over it with --force"),
        ("there.json", "is there already"),
        ("there.wav", "there.wav is there already"),
        ("beside.wav", "beside.srt is there already"),
        ("nowhere/talk.md", "there is no folder .*nowhere; make it first"),
        ("nowhere/talk.wav", "there is no folder .*nowhere; make it first"),
        ("folder.md", "folder.md: this is a folder; name a file"),
    ],
)
def test_a_file_that_cannot_or_must_not_be_written_is_told_first(
    history: History, tmp_path: Path, name: str, says: str
) -> None:
    id = talk(history)
    (tmp_path / "folder.md").mkdir()
    for there in ("there.md", "there.json", "there.wav", "beside.srt"):
        (tmp_path / there).write_text("mine")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(SpeakStreamError, match=says):
        export(history, id, tmp_path / name)
    assert sorted(tmp_path.iterdir()) == before
    assert all(file.read_text() == "mine" for file in before if file.is_file())


def test_a_file_is_written_over_when_that_is_asked_for(history: History, tmp_path: Path) -> None:
    (tmp_path / "talk.md").write_text("mine")
    export(history, talk(history), tmp_path / "talk.md", force=True)
    assert (tmp_path / "talk.md").read_text().startswith("# What is your favourite animal?")


# -- speech -----------------------------------------------------------------------------------------------


def recorded(path: Path) -> tuple[np.ndarray[tuple[int], np.dtype[np.float32]], int]:
    with wave.open(str(path)) as file:
        data = file.readframes(file.getnframes())
        return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768), file.getframerate()


def cue_times(path: Path) -> list[tuple[float, float, str]]:
    """Begin, end and text of each subtitle in an .srt or .vtt."""
    found = []
    for begins, stops, text in re.findall(r"(\S+) --> (\S+)\n(.*?)\n\n", path.read_text(), re.DOTALL):
        times = [
            sum(float(part.replace(",", ".")) * 60**power for power, part in enumerate(reversed(moment.split(":"))))
            for moment in (begins, stops)
        ]
        found.append((*times, " ".join(text.split())))
    return found


def test_the_replies_are_heard_whole_with_subtitles_and_a_voice_that_is_gone_is_told(
    history: History, tmp_path: Path, recogniser: Recogniser
) -> None:
    id = talk(history)
    history.add_prompt(id, "And a colour?")
    reply(history, id, "The colour of grass is green.", 10, voice="hibari/nobody")
    notices: list[str] = []
    progress: list[tuple[int, int]] = []
    done = export(
        history, id, tmp_path / "talk.wav", notify=notices.append, progress=lambda *figures: progress.append(figures)
    )
    samples, rate = recorded(tmp_path / "talk.wav")
    seconds = len(samples) / rate
    assert done == f"wrote {tmp_path}/talk.wav ({seconds:.0f} s) and {tmp_path}/talk.srt"
    heard = re.sub("[^a-z ]", "", recogniser.transcribe(samples, rate).text.lower())
    assert re.search("elephant .*banana of course .*grass is green", heard), "prompts are not read, replies whole"
    assert "what is your" not in heard and "pirate" not in heard
    assert len(notices) == 1
    assert "voice 'hibari/nobody' is unknown" in notices[0] and "hibari/heart speaks in its place" in notices[0]
    assert progress == [(0, 3), (1, 3), (2, 3), (3, 3)]
    found = cue_times(tmp_path / "talk.srt")
    assert [text for _, _, text in found] == [
        "My favourite animal is the elephant.",
        "My favourite fruit is the banana, of course.",
        "The colour of grass is green.",
    ]
    for (_, stops, _), (begins, _, _) in pairwise(found):
        assert begins - stops >= PAUSE * 0.9
        silence = samples[int((stops + 0.1) * rate) : int((begins - 0.1) * rate)]
        assert float(np.abs(silence).max()) < 0.01, "the subtitles and the sound are apart"
        word = samples[int(begins * rate) : int((begins + 0.5) * rate)]
        assert float(np.abs(word).max()) > 0.05
    assert found[-1][1] <= seconds + 0.8


def scripted(monkeypatch: pytest.MonkeyPatch, **voices: Voice) -> None:
    """Have these voices under their names, and no others."""

    def load(settings: Settings, *_: object) -> "Future[Voice]":
        name = settings.tts_model_name
        if name not in voices:
            raise VoiceError(f"voice {name!r} is unknown")
        return ready(voices[name])

    monkeypatch.setattr("speakstream.export_speech.load_voice", load)


def test_each_reply_is_spoken_by_the_voice_that_spoke_it(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, now = ScriptedVoice(name="ann"), ScriptedVoice(name="bob", sample_rate=2000), ScriptedVoice(name="now")
    scripted(monkeypatch, ann=ann, bob=bob)
    id = history.begin()
    for number, voice in enumerate(("ann", "bob", "", "ann", "gone", "gone", "now")):
        history.add_prompt(id, "Go on")
        reply(history, id, f"Reply {number} here.", None if not voice else 5, voice=voice)
    reply(history, id, "  ", 0)
    notices: list[str] = []
    export(history, id, tmp_path / "a.vtt", voice=ready(now), notify=notices.append)
    assert ann.said == ["Reply zero here.", "Reply three here."]
    assert bob.said == ["Reply one here."]
    assert now.said == ["Reply two here.", "Reply four here.", "Reply five here.", "Reply six here."]
    assert notices == ["voice 'gone' is unknown; now speaks in its place"]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.vtt", "a.wav"]
    assert (tmp_path / "a.vtt").read_text().startswith("WEBVTT\n\n")
    begins = [begin for begin, _, _ in cue_times(tmp_path / "a.vtt")]
    each = [later - earlier for earlier, later in pairwise(begins)]
    assert all(abs(gap - each[0]) < 0.01 for gap in each) and each[0] >= 3 * WORD_SECONDS + PAUSE


def test_the_settings_say_how_it_is_spoken(history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    voice = ScriptedVoice(name="ann")
    scripted(monkeypatch, ann=voice)
    id = talk(history, "ann")
    lengths = []
    for number, settings in enumerate((Settings(), replace(Settings(), tts_speed=2.0, tts_sample_rate=8000))):
        export(history, id, tmp_path / f"{number}.wav", settings=replace(settings, tts_model_name="ann"))
        samples, rate = recorded(tmp_path / f"{number}.wav")
        lengths.append(len(samples) / rate - PAUSE)
    assert rate == 8000
    assert lengths[1] < 0.7 * lengths[0]


def test_a_cancelled_export_leaves_nothing_and_waits_for_nobody(history: History, tmp_path: Path) -> None:
    id = talk(history, "")
    stopped = "stopped: nothing was written"
    resources, voice = Resources(), ScriptedVoice(gate=threading.Event())

    def cancel() -> None:
        voice.entered.wait()
        resources.cancelled.set()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    assert export(history, id, tmp_path / "a.wav", voice=voice, resources=resources) == stopped
    canceller.join()
    assert voice.running == 0 and voice.said == []
    loading: Future[Voice] = Future()
    assert export(history, id, tmp_path / "b.wav", voice=loading, resources=resources) == stopped
    assert export(history, id, tmp_path / "c.wav", voice=voice, resources=resources) == stopped
    assert voice.said == []
    assert list(tmp_path.iterdir()) == []
    resources.close()


@pytest.mark.parametrize("force", [False, True])
def test_a_voice_that_fails_leaves_what_was_there(history: History, tmp_path: Path, force: bool) -> None:
    if force:
        (tmp_path / "a.wav").write_text("mine")
    with pytest.raises(SpeakStreamError, match="the voice failed"):
        export(history, talk(history, ""), tmp_path / "a.wav", voice=ScriptedVoice(fail_at=1), force=force)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("a.wav", "mine")] * force


def test_a_conversation_without_words_has_no_speech(history: History, tmp_path: Path) -> None:
    id = history.begin()
    history.add_prompt(id, "Say nothing.")
    for messages in ((), ("", " \n")):
        for text in messages:
            reply(history, id, text)
        with pytest.raises(SpeakStreamError, match="there is nothing to speak, no reply here has words"):
            export(history, id, tmp_path / "a.wav", voice=ScriptedVoice())
    assert list(tmp_path.iterdir()) == []


def test_the_whole_of_a_stored_message_is_what_is_exported() -> None:
    """A field that is added to the stored message and not to the export would be lost without a word."""
    from speakstream.export import message_keys

    message = StoredMessage(1, 2, "user", "a", None, "", "", "", "", 0.0, {})
    assert set(message_keys(message)) == set(StoredMessage.__slots__)
