"""The pronunciation lexicon as a person meets it: the commands, the file, and what is heard."""

import json
import os
import subprocess
import threading
import time
import wave
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from speakstream.engine import Engine
from speakstream.errors import LexiconError
from speakstream.events import NotSpoken
from speakstream.pronunciation import LexiconFile, add_entry, read_lexicon, remove_entry
from speakstream.text.lexicon import EMPTY, Entry, Lexicon
from speakstream.turn import Delivery
from tests.program import PATIENCE, Running, no_sound, speakstream
from tests.rig.recognise import Recogniser
from tests.rig.sound import RATE, NullSink, Recorder
from tests.scripted import HandSink, Ledger, ScriptedVoice, ready


def home(folder: Path) -> dict[str, str]:
    """The environment in which the configuration is kept apart from where the program runs."""
    return {"XDG_CONFIG_HOME": str(folder / "config")}


def the_file(folder: Path) -> Path:
    return folder / "config" / "speakstream" / "lexicon.txt"


def write(folder: Path, text: str) -> None:
    """Have ``text`` in the lexicon's file."""
    the_file(folder).parent.mkdir(parents=True, exist_ok=True)
    the_file(folder).write_text(text, encoding="utf-8")


def run(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    return speakstream(folder, *arguments, env={**home(folder), **(env or {})})


def told(folder: Path, *arguments: str) -> str:
    """What ``speakstream lexicon`` tells when all goes well."""
    done = run(folder, "lexicon", *arguments)
    assert (done.returncode, done.stdout) == (0, b"")
    return done.stderr.decode().rstrip("\n")


# -- the commands -----------------------------------------------------------------------------------------


def test_a_word_is_added_listed_replaced_and_removed(tmp_path: Path) -> None:
    nothing = "no word is in the lexicon; to add one: speakstream lexicon add Siobhan shivawn"
    assert told(tmp_path) == told(tmp_path, "list") == nothing
    assert json.loads(run(tmp_path, "lexicon", "list", "--json").stdout) == []
    assert told(tmp_path, "add", "Siobhan", "shi-vawn") == "Siobhan is now said: shi-vawn"
    assert told(tmp_path, "add", "nginx", "engine", "ex") == "nginx is now said: engine ex"
    assert told(tmp_path, "add", "Siobhan", "shivawn") == "Siobhan is now said: shivawn (it was: shi-vawn)"
    assert told(tmp_path, "add", "Siobhan", "shivawn") == "Siobhan is still said: shivawn"
    assert the_file(tmp_path).read_text() == "Siobhan = shivawn\nnginx = engine ex\n"
    listed = run(tmp_path, "lexicon", "list")
    assert listed.stdout == b"Siobhan  shivawn    as written\nnginx    engine ex  any case\n"
    assert str(the_file(tmp_path)) in listed.stderr.decode()
    assert json.loads(run(tmp_path, "lexicon", "list", "--json").stdout) == [
        {"word": "Siobhan", "respelling": "shivawn", "exact": True},
        {"word": "nginx", "respelling": "engine ex", "exact": False},
    ]
    assert told(tmp_path, "rm", "Siobhan").startswith("Siobhan is out of the lexicon")
    assert the_file(tmp_path).read_text() == "nginx = engine ex\n"


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["rm", "Sioban"], 1, "'Sioban' is not in the lexicon; did you mean Siobhan?"),
        (["rm", "zzz"], 1, "'zzz' is not in the lexicon; see: speakstream lexicon list"),
        (["add", "C++", "c++"], 1, "the respelling 'c++': '+' cannot be said; write the sounds in letters"),
        (["add", "a\nb = c", "d"], 1, "has a = between spaces"),
        (["add", "#tag", "tag"], 1, "the word '#tag' begins with #"),
        (["add", "word"], 2, "Missing argument 'RESPELLING'; see --help"),
        (["ad", "word"], 2, "there is no command 'ad'; did you mean add?"),
        (["list", "--jsn"], 2, "there is no option --jsn; did you mean --json?"),
    ],
)
def test_an_error_is_one_line(tmp_path: Path, arguments: list[str], status: int, says: str) -> None:
    write(tmp_path, "Siobhan = shivawn\n")
    done = run(tmp_path, "lexicon", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (status, b"", 1)
    assert says in done.stderr.decode()
    assert the_file(tmp_path).read_text() == "Siobhan = shivawn\n"


@pytest.mark.parametrize(
    "arguments", [["lexicon"], ["lexicon", "add", "a", "b"], ["say", "--read", "x", "-o", "a.wav"]]
)
def test_a_bad_line_is_named_and_nothing_is_changed(tmp_path: Path, arguments: list[str]) -> None:
    write(tmp_path, "# mine\nSQL = s3quel\n")
    done = run(tmp_path, *arguments)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (1, b"", 1)
    assert f"{the_file(tmp_path)}, line 2: the respelling 's3quel': '3' cannot be said" in done.stderr.decode()
    assert the_file(tmp_path).read_text() == "# mine\nSQL = s3quel\n"


def test_without_a_device_a_word_that_is_tried_is_kept_all_the_same(tmp_path: Path) -> None:
    done = run(tmp_path, "lexicon", "add", "--try", "Siobhan", "shivawn", env=no_sound(tmp_path))
    assert (done.returncode, done.stdout) == (0, b"Siobhan\n")
    assert b"Siobhan is now said: shivawn\n" in done.stderr and b"no sound" in done.stderr
    assert the_file(tmp_path).read_text() == "Siobhan = shivawn\n"


# -- the file ---------------------------------------------------------------------------------------------


def test_a_change_leaves_links_modes_and_what_else_a_person_wrote(tmp_path: Path) -> None:
    real, path = tmp_path / "dotfiles", tmp_path / "lexicon.txt"
    real.write_bytes("\ufeff# mine\r\nSQL = sequel # yes\r\n".encode())
    real.chmod(0o640)
    path.symlink_to(real)
    assert add_entry(path, Entry("SQL", "squeal")) == "sequel"
    assert add_entry(path, Entry("naïve", "nah-eve")) is None
    assert path.is_symlink() and real.stat().st_mode & 0o777 == 0o640
    assert real.read_bytes().decode() == "# mine\r\nSQL = squeal # yes\r\nnaïve = nah-eve\r\n"
    assert remove_entry(path, "SQL") and not remove_entry(path, "sql")
    assert read_lexicon(path).entries == (Entry("naïve", "nah-eve"),)
    assert os.listdir(tmp_path) == [name for name in os.listdir(tmp_path) if not name.startswith(".")]


def test_a_file_that_cannot_be_used_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.txt"
    path.write_bytes(b"caf\xe9 = kaffay\n")
    with pytest.raises(LexiconError, match=r"lexicon\.txt: it is not UTF-8 text; save it as UTF-8"):
        read_lexicon(path)
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(LexiconError, match="it is larger than 1 MB"):
        read_lexicon(path)
    with pytest.raises(LexiconError, match="Is a directory"):
        read_lexicon(tmp_path)
    with pytest.raises(LexiconError, match="File exists; make its folder one that can be written"):
        (tmp_path / "folder").symlink_to(tmp_path / "nowhere")
        add_entry(tmp_path / "folder" / "lexicon.txt", Entry("a", "b"))


def test_a_running_program_follows_the_file_and_keeps_the_last_good_one(tmp_path: Path) -> None:
    path, notices = tmp_path / "lexicon.txt", list[str]()
    lexicon = LexiconFile(path, notices.append)
    assert lexicon.current() is lexicon.current() and not lexicon.current()
    add_entry(path, Entry("SQL", "sequel"))
    good = lexicon.current()
    assert good.entries == (Entry("SQL", "sequel"),)
    path.write_text("SQL = s3quel\n")
    assert [lexicon.current(), lexicon.current()] == [good, good]
    assert len(notices) == 1
    assert notices[0].startswith(f"{path}, line 1: the respelling 's3quel'")
    assert notices[0].endswith("until then, the words are said as before")
    path.write_text("SQL = squeal\n")
    better = lexicon.current()
    assert better.entries == (Entry("SQL", "squeal"),)
    path.write_text("")  # as an editor does before it saves
    assert lexicon.current() is better
    os.utime(path, (0, 0))
    assert not lexicon.current()
    path.write_text("SQL = squeal\n")
    assert lexicon.current().entries == better.entries
    path.unlink()
    assert not lexicon.current()
    assert len(notices) == 1
    path.write_text("SQL\n")
    with pytest.raises(LexiconError, match="line 1: 'SQL' is no entry"):
        LexiconFile(path, notices.append)


# -- in speech --------------------------------------------------------------------------------------------


def test_a_speech_takes_a_change_up_with_the_next_sentence() -> None:
    text = "Siobhan came home.\n\n```\nx\n```\n\nThen Siobhan left. Siobhan's cat stayed."
    voice, sink, events = ScriptedVoice(), HandSink(capacity=0.05), Ledger()
    lexicons = [EMPTY]
    engine = Engine(None, ready(voice), sink, lambda: lexicons[-1])
    turn = engine.read(lambda _: [text], events, Delivery())
    assert sink.full.wait(PATIENCE)  # the first sentence goes to the sink; all others wait for it
    lexicons.append(Lexicon([Entry("Siobhan", "shivawn")]))
    while not turn.wait(0.002):
        sink.play(1.0)
    turn.join()
    assert voice.said == [
        "Siobhan came home.",
        "Code, one line.",
        "Then shivawn left.",
        "shivawn's cat stayed.",
    ]
    assert len(events.of(NotSpoken)) == 1, "a block that is not read is told of once"


def test_a_change_is_taken_up_while_the_program_speaks(tmp_path: Path) -> None:
    with Running(tmp_path, ["say", "--read", "-", "--json", "-o", "a.wav"], home(tmp_path)) as program:
        program.give(b"Siobhan came home. And ")
        program.wait_for(b'"spoken": "Siobhan came home."')
        told(tmp_path, "add", "Siobhan", "shivawn")
        program.give(b"Siobhan left again. And ")
        program.wait_for(b'"spoken": "And shivawn left again."')
        write(tmp_path, "Siobhan = shiv4wn\n")
        program.give(b"Siobhan stayed away. And ")
        program.wait_for(b'"spoken": "And shivawn stayed away."')
        program.give(b"that was it.")
        program.give_no_more()
        status, out, err = program.finish()
    assert status == 0
    assert err.count(b"\n") == 1 and b"line 1: the respelling 'shiv4wn'" in err
    assert out.count(b'"notice"') == 1


def recorded(path: Path) -> tuple[np.ndarray[tuple[int], np.dtype[np.float32]], int]:
    with wave.open(str(path)) as file:
        data = file.readframes(file.getnframes())
        return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768), file.getframerate()


def test_the_voice_is_heard_to_say_it(tmp_path: Path, recogniser: Recogniser) -> None:
    def heard() -> str:
        text = "The name of the new server is nginx, and it works well."
        done = run(tmp_path, "say", "--read", text, "-o", "a.wav")
        assert (done.returncode, done.stderr) == (0, b"")
        return recogniser.transcribe(*recorded(tmp_path / "a.wav")).text.lower()

    before = heard()
    told(tmp_path, "add", "nginx", "elephant")
    assert "elephant" not in before and "works well" in before
    assert "new server is elephant and it works well" in heard().replace(",", "")


def test_a_word_that_is_tried_is_heard(
    tmp_path: Path, null_sink: NullSink, recorder: Recorder, recogniser: Recogniser
) -> None:
    done = run(tmp_path, "lexicon", "add", "nginx", "a big elephant", "--try", env=null_sink.env)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"nginx\n", b"nginx is now said: a big elephant\n")
    assert "elephant" in recogniser.transcribe(recorder.samples(), RATE).text.lower()


def test_asking_for_the_lexicon_again_and_again_reads_the_file_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lexicon.txt"
    path.write_text("SQL = sequel\n")
    read = list[Path]()
    original = Path.read_bytes

    def counted(self: Path) -> bytes:
        read.append(self)
        return original(self)

    monkeypatch.setattr(Path, "read_bytes", counted)
    lexicon = LexiconFile(path, lambda _: None)
    threads = [threading.Thread(target=lambda: [lexicon.current() for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == [path]
    os.utime(path, ns=(time.time_ns(), time.time_ns()))
    lexicon.current()
    assert read == [path, path]
