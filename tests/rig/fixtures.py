"""The rig as pytest fixtures, one of each per session."""

from collections.abc import Iterator

import pytest

from tests.rig.recognise import Recogniser
from tests.rig.recognise import recogniser as the_recogniser
from tests.rig.sound import NullSink, Recorder, missing_tools


@pytest.fixture(scope="session")
def null_sink() -> Iterator[NullSink]:
    """A private sink, which is this process's default device too."""
    if missing := missing_tools():
        pytest.fail(
            f"no sound rig on this machine: {', '.join(missing)} missing; the README's test command installs it"
        )
    with NullSink() as sink:
        sink.apply()
        yield sink


@pytest.fixture(scope="session")
def recording(null_sink: NullSink) -> Iterator[Recorder]:
    """The recording of the whole session."""
    with Recorder(null_sink) as recorder:
        yield recorder


@pytest.fixture
def recorder(recording: Recorder) -> Recorder:
    """The recording, with nothing of earlier tests in it, and the sink that one of them may have lost."""
    if not recording.sink.loaded:
        recording.sink.load_sink()
    if not recording.attached:
        recording.reattach()
    recording.clear()
    return recording


@pytest.fixture(scope="session")
def recogniser() -> Recogniser:
    """A speech recogniser, loaded when first used."""
    return the_recogniser()
