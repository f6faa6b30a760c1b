"""What a chat begins to load."""

from concurrent.futures import Future
from dataclasses import replace

import pytest

from speakstream import starting
from speakstream.history import History
from speakstream.loading import Resources
from speakstream.personas import Persona, find_persona
from speakstream.session import Session
from speakstream.settings import Settings
from speakstream.tts import Voice
from tests.scripted import ScriptedModel, ScriptedVoice, ready


@pytest.mark.parametrize(
    ("own", "loaded"), [(None, ["hibari/heart"]), ("hibari/other", ["hibari/other"])], ids=["settings", "persona"]
)
def test_only_the_voice_of_the_persona_is_loaded(
    monkeypatch: pytest.MonkeyPatch, own: str | None, loaded: list[str]
) -> None:
    asked = list[str]()

    def load_voice(settings: Settings, *rest: object) -> "Future[Voice]":
        asked.append(settings.tts_model_name)
        return ready(ScriptedVoice(name=settings.tts_model_name))

    monkeypatch.setattr(starting, "load_voice", load_voice)
    monkeypatch.setattr(starting, "load_model", lambda *_: ready(ScriptedModel(["Yes."])))
    persona: Persona = replace(find_persona("teacher"), voice=own)
    resources, history = Resources(), History(None)
    session: Session = starting.start_session(Settings(), history, lambda happening: None, resources, persona)
    session.set_persona(persona)
    assert asked == loaded
    assert session.status().voice == loaded[0]
    session.set_persona(None)
    assert asked == [*loaded, *(["hibari/heart"] if own else [])]
    session.close()
    resources.close()
    history.close()
