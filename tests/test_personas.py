"""Personas: the built-in ones, a person's own, and files that can't be used."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakstream.errors import PersonaError
from speakstream.personas import MAX_FILE_BYTES, Persona, find_persona, personas, personas_folder, read_persona
from speakstream.setting_kinds import Kind
from speakstream.settings import SETTINGS
from speakstream.tts import voices

CHAT_MD = Path(__file__).parent.parent / "docs" / "chat.md"


def write(folder: Path, name: str, text: str) -> Path:
    """Have a persona's file; the folder is the persona folder itself."""
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def all_of(folder: Path) -> tuple[dict[str, Persona], list[str]]:
    """The personas by name, and what was told."""
    told: list[str] = []
    return {persona.name: persona for persona in personas(told.append, folder)}, told


def test_the_built_in_ones_can_be_used_everywhere(tmp_path: Path) -> None:
    found, told = all_of(tmp_path)
    assert not told
    assert list(found) == ["brief", "poet", "steps", "storyteller", "teacher"]
    known = {voice.name for voice in voices()}
    for persona in found.values():
        assert persona.system_prompt and persona.about and "\n" not in persona.about
        assert persona.voice is None or persona.voice in known


def test_the_documentation_tells_of_them_and_its_example_works(tmp_path: Path) -> None:
    page = CHAT_MD.read_text(encoding="utf-8")
    for persona in all_of(tmp_path)[0].values():
        assert f"| `{persona.name}` | {persona.about} |" in page
    example = page.split("This is `personas/pirate.toml`:\n\n```toml\n")[1].split("```")[0]
    pirate = read_persona(write(tmp_path, "pirate", example))
    assert pirate.about and pirate.system_prompt and pirate.speed and pirate.temperature
    assert pirate.voice in {voice.name for voice in voices()}


def test_a_person_s_own_file_is_read_whole_and_goes_before_a_built_in_one(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "teacher",
        '\ufeffabout = "Mine"\nsystem_prompt = """\nYou teach.\nSlowly."""\nvoice = "hibari/emma"\nspeed = 2\n'
        "temperature = 0\n",
    )
    found, told = all_of(tmp_path)
    assert not told
    assert found["teacher"] == Persona("teacher", "You teach.\nSlowly.", path, "Mine", "hibari/emma", 2.0, 0.0)
    assert len(found) == len(all_of(tmp_path / "nowhere")[0])


def test_what_is_left_out_stays_as_it_is_set(tmp_path: Path) -> None:
    path = write(tmp_path, "bare", 'system_prompt = ""\n')
    assert find_persona("bare", tmp_path) == Persona("bare", "", path)


def test_they_are_found_in_the_configuration_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    personas_folder().mkdir(parents=True)
    write(personas_folder(), "pirate", 'system_prompt = "You are a pirate."')
    assert find_persona("Pirate").system_prompt == "You are a pirate."


def test_a_broken_file_is_one_line_and_hides_no_other(tmp_path: Path) -> None:
    broken = write(tmp_path, "teacher", "system_prompt = You teach.\n")
    write(tmp_path, ".#brief", "an editor's own")
    (tmp_path / "notes.txt").write_text("no persona")
    found, told = all_of(tmp_path)
    assert list(found) == ["brief", "poet", "steps", "storyteller"]  # and not the built-in teacher in its place
    assert told == [f"{broken}: it is not TOML: Invalid value (at line 1, column 17)"]
    with pytest.raises(PersonaError, match="it is not TOML"):
        find_persona("teacher", tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('voice = "hibari/heart"', 'it has no system_prompt; add a line system_prompt = "You are ..."'),
        ('sytem_prompt = "x"', "there is no 'sytem_prompt' in a persona; did you mean system_prompt?"),
        ('"\\n" = 1', r"there is no '\n' in a persona; use about, system_prompt, voice, speed, temperature"),
        ('system_prompt = "x"\nspeed = 9', "speed is 9; use a number from 0.5 to 3"),
        ('system_prompt = "x"\nspeed = true', "speed is True; use a number from 0.5 to 3"),
        ('system_prompt = "x"\nspeed = nan', "speed is nan; use a number from 0.5 to 3"),
        ('system_prompt = "x"\ntemperature = "hot"', "temperature is 'hot'; use a number from 0 to 2"),
        ('system_prompt = "x"\nvoice = ""', "voice is ''; use a name on one line, not empty"),
        ('system_prompt = "x"\nabout = "a\\nb"', r"about is 'a\nb'; use a name on one line, not empty"),
        ("system_prompt = [1]", "system_prompt is [1]; use any text, or empty for none"),
        ("[system_prompt]\nx = 1", "system_prompt is {'x': 1}; use any text"),
        (f'system_prompt = "{"x" * MAX_FILE_BYTES}"', "it is larger than 64 KB"),
    ],
)
def test_an_error_is_one_line_that_names_file_value_and_remedy(tmp_path: Path, text: str, says: str) -> None:
    path = write(tmp_path, "mine", text)
    with pytest.raises(PersonaError) as refused:
        read_persona(path)
    assert str(refused.value).startswith(f"{path}: {says}")
    assert str(refused.value).isprintable()


def test_what_is_no_text_file_is_told_and_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"caf\xe9")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "gone.toml").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.toml")
    assert [line.removeprefix(f"{tmp_path}/") for line in all_of(tmp_path)[1]] == [
        "bytes.toml: it is not UTF-8 text; save it as UTF-8",
        "folder.toml: it is no plain file",
        "gone.toml: No such file or directory",
        "pipe.toml: it is no plain file",
    ]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("tacher", "there is no persona 'tacher'; did you mean teacher?"),
        ("qq", "there is no persona 'qq'; there are: brief, poet, steps, storyteller, teacher"),
        ("a\x1bb", r"there is no persona 'a\x1bb'; there are: brief"),
        ("../teacher", "there is no persona '../teacher'; did you mean teacher?"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(PersonaError) as refused:
        find_persona(name, tmp_path)
    assert str(refused.value).startswith(says)


def allowed(kind: Kind, value: float) -> bool:
    try:
        kind.read(value)
    except ValueError:
        return False
    return True


@given(st.floats(-1, 5), st.floats(-1, 5))
def test_the_ranges_are_those_of_the_settings(
    tmp_path_factory: pytest.TempPathFactory, speed: float, temperature: float
) -> None:
    path = write(
        tmp_path_factory.getbasetemp(), "mine", f'system_prompt = ""\nspeed = {speed!r}\ntemperature = {temperature!r}'
    )
    fine = allowed(SETTINGS["TTS_SPEED"].kind, speed) and allowed(SETTINGS["TEMPERATURE"].kind, temperature)
    try:
        persona = read_persona(path)
    except PersonaError:
        assert not fine
    else:
        assert fine and (persona.speed, persona.temperature) == (speed, temperature)
