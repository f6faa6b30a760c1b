"""The real language model and the real voice, loaded once for all tests."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from speakstream.llm import LanguageModel, ModelChoice
from speakstream.llm.llamacpp import LlamaCpp
from speakstream.models import ModelStore, cache_folder
from speakstream.settings import Settings
from speakstream.tts import Voice, open_voice


@pytest.fixture(scope="session")
def weights() -> Path:
    """The default model's file, in the cache of whoever runs the tests; fetched when it is not there."""
    return ModelStore(cache_folder()).resolve(Settings().llm_model_name)


@pytest.fixture(scope="session")
def llama(weights: Path) -> Iterator[LlamaCpp]:
    """The default model in llama.cpp, with a small context so that it can overflow soon."""
    model = LlamaCpp(ModelChoice(Settings().llm_model_name, weights, 2048, 2))
    yield model
    model.close()


@pytest.fixture(scope="session", params=["llamacpp"])
def language_model(request: pytest.FixtureRequest) -> LanguageModel:
    """Every engine, one after the other."""
    found: LanguageModel = request.getfixturevalue({"llamacpp": "llama"}[request.param])
    return found


@pytest.fixture(scope="session")
def heart() -> Iterator[Voice]:
    """The default voice."""
    voice = open_voice("hibari/heart", cache_folder())
    yield voice
    voice.close()


@pytest.fixture(scope="session", params=["hibari/heart"])
def voice(request: pytest.FixtureRequest) -> Voice:
    """A voice of every engine, one after the other."""
    found: Voice = request.getfixturevalue({"hibari/heart": "heart"}[request.param])
    return found


def threads_named(name: str) -> list[threading.Thread]:
    """The living threads of this process that are called ``name``."""
    return [thread for thread in threading.enumerate() if thread.name == name]
