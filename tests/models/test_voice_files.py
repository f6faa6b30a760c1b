"""A voice that is on the hub is fetched as a model is; only its own folder and its own messages are others.

hibari's other voices cannot be had where the tests run, so the file is that of the voice that its package brings,
offered by a server on loopback as another one.
"""

import hashlib
import os
import signal
import sys
from pathlib import Path
from threading import Event

import pytest
from hibari import voices

from speakstream.download import Network
from speakstream.errors import VoiceError
from speakstream.tts import open_voice
from speakstream.voice_files import fetch_voice
from tests.models.server import PATIENCE, Act, Server
from tests.models.tiny import AT_ONCE
from tests.program import Running, no_sound

VOICE = "hibari/emma"
FILE = voices.VOICES["emma"]["file"]
GRAPH = Path(voices.voice_path("heart")).read_bytes()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HIBARI_HOME", str(tmp_path / "hibari"))
    return tmp_path / "hibari"


@pytest.fixture
def hub(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    server.files[f"/voices/{FILE}"] = GRAPH
    monkeypatch.setattr(voices, "BASE_URL", f"{server.url}/voices/")
    monkeypatch.setitem(voices.VOICES["emma"], "sha256", hashlib.sha256(GRAPH).hexdigest())
    monkeypatch.setitem(voices.VOICES["emma"], "bytes", len(GRAPH))
    return server


def fetch(notices: list[str], shown: list[int], cancelled: Event | None = None, network: Network = AT_ONCE) -> None:
    fetch_voice(VOICE, lambda done, total: shown.append(done), notices.append, cancelled, network)


def test_a_voice_is_fetched_with_progress_goes_on_after_a_break_and_speaks(hub: Server, folder: Path) -> None:
    with pytest.raises(VoiceError, match=r"'hibari/emma' is not on this disk: `speakstream say --voice"):
        open_voice(VOICE)
    hub.acts.append(Act(first=3_000_000))
    notices: list[str] = []
    shown: list[int] = []
    fetch(notices, shown)
    assert hub.ranges == ["", "bytes=3000000-"]
    assert len(notices) == 1 and "at 3.0 MB" in notices[0]
    assert shown[-1] == len(GRAPH)
    assert {path.name for path in folder.iterdir()} == {FILE, ".lock"}
    fetch(notices, shown)
    assert len(hub.seen) == 2  # it is there now
    voice = open_voice(VOICE)
    assert list(voice.synthesize("Hello.", 1.0, Event()))
    voice.close()


def test_a_wrong_voice_is_refused_and_not_kept(hub: Server, folder: Path) -> None:
    hub.acts.extend([Act(content=bytes(len(GRAPH)))] * 2)
    with pytest.raises(VoiceError, match=rf"The file {FILE} from 127\.0\.0\.1 is not the right one, twice"):
        fetch([], [])
    assert {path.name for path in folder.iterdir()} == {".lock"}


def test_no_network_is_one_line_that_says_where_to_put_the_file(hub: Server, folder: Path) -> None:
    hub.acts.append(Act(silent=True))
    with pytest.raises(VoiceError, match=rf"no answer within 0\.5 seconds.*, or put {FILE} into {folder}\.$") as error:
        fetch([], [], network=Network(patience=0.5))
    assert "\n" not in str(error.value)


def test_a_voice_folder_that_cannot_be_made_is_one_line(hub: Server, folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    with pytest.raises(VoiceError, match=rf"The voice folder {folder} cannot be used .*: set HIBARI_HOME"):
        fetch([], [])


@pytest.mark.parametrize("voice", ["hibari/heart", "hibari/nobody", "another/voice"])
def test_other_voices_need_nothing(voice: str, folder: Path) -> None:
    fetch_voice(voice, lambda done, total: None, lambda line: None, None)
    assert not folder.exists()


PROGRAM = """
import os
from hibari import voices
voices.BASE_URL = os.environ["TEST_HUB"]
from speakstream.cli import main
main()
"""


def test_ctrl_c_while_say_fetches_its_voice_ends_it(hub: Server, folder: Path, tmp_path: Path) -> None:
    hub.acts.append(Act(first=1_000_000, then="hang"))
    environment = {"TEST_HUB": voices.BASE_URL, "HIBARI_HOME": str(folder)} | no_sound(tmp_path)
    arguments = ["say", "--voice", VOICE, "-o", os.devnull, "--read", "Hello."]
    with Running(tmp_path, arguments, environment, [sys.executable, "-c", PROGRAM]) as running:
        assert hub.reached.wait(PATIENCE)
        running.wait_for(b"Fetching hibari/emma (7.9 MB)", "err")
        running.process.send_signal(signal.SIGINT)
        status, _, err = running.finish()
    assert status == 130
    assert b"Traceback" not in err
    assert hub.client_gone.wait(PATIENCE)
