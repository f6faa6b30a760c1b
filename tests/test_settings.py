import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakstream.errors import SettingsError
from speakstream.settings import (
    MAX_FILE_BYTES,
    PREFIX,
    SETTINGS,
    Loaded,
    Settings,
    user_config_folder,
)

ROOT = Path(__file__).parent.parent


class Machine:
    """A working folder inside a project, a configuration folder, and an environment of their own."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.here = self.project / "deep" / "down"
        self.config = folder / "config"
        self.here.mkdir(parents=True)
        self.config.mkdir()
        self.project_env("")  # the search upwards ends here, whatever lies above the test's folder
        self.environ: dict[str, str] = {}

    def project_env(self, text: str) -> Path:
        path = self.project / ".env"
        path.write_text(text, encoding="utf-8")
        return path

    def own_env(self, text: str) -> Path:
        path = self.config / ".env"
        path.write_text(text, encoding="utf-8")
        return path

    def load(self, **flags: object) -> Loaded:
        return Settings.load(flags, self.environ, self.here, self.config)

    def error(self, **flags: object) -> str:
        with pytest.raises(SettingsError) as caught:
            self.load(**flags)
        return str(caught.value)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# --------------------------------------------------------------------------------- what is documented


def _statements(text: str) -> list[tuple[str, str, str]]:
    """(comment above, name, value as written) of every setting in the repository's .env."""
    found: list[tuple[str, str, str]] = []
    comment: list[str] = []
    for line in text.splitlines():
        if line.startswith("#"):
            comment.append(line.removeprefix("#").strip())
        else:
            if line:
                name, _, value = line.partition("=")
                found.append((" ".join(comment), name, value))
            comment = []
    return found


def test_the_env_file_holds_every_setting_once_with_its_default_and_a_comment() -> None:
    statements = _statements((ROOT / ".env").read_text(encoding="utf-8"))
    assert [name for _, name, _ in statements] == list(SETTINGS)
    for comment, name, value in statements:
        setting = SETTINGS[name]
        assert comment == f"{setting.about}. Allowed: {setting.kind.allowed}"
        assert value == (f'"{setting.default}"' if " " in setting.default else setting.default)


def test_the_env_file_changes_nothing(machine: Machine) -> None:
    machine.project_env((ROOT / ".env").read_text(encoding="utf-8"))
    loaded = machine.load()
    assert loaded.settings == Settings()
    assert loaded.warnings == ()
    assert "default" not in loaded.sources.values()


def test_the_documentation_lists_every_setting_with_default_range_and_meaning() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if re.match(r"\| `[A-Z]", line)]
    expected = []
    for setting in SETTINGS.values():
        default = f"`{setting.default}`" if setting.default else "(empty)"
        allowed = setting.kind.allowed.replace("by |", r"by `\|`")
        expected.append(f"| `{setting.name}` | {default} | {allowed} | {setting.about} |")
    assert rows == expected


def test_the_defaults_are_the_promised_ones() -> None:
    settings = Settings()
    assert (settings.host, settings.port, settings.debug) == ("127.0.0.1", 8000, False)
    assert settings.llm_model_name == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert settings.tts_model_name == "hibari/heart"
    assert (settings.tts_sample_rate, settings.llm_threads, settings.seed) == (None, None, None)
    assert (settings.temperature, settings.top_p, settings.top_k, settings.min_p) == (0.7, 0.9, 40, 0.05)
    assert settings.stop == ()
    assert settings.model_cache is None
    assert settings.system_prompt == "You are a helpful assistant. Answer in short, clear sentences."


def test_settings_cannot_be_changed_behind_anyones_back() -> None:
    settings = Settings()
    with pytest.raises(FrozenInstanceError):
        settings.port = 1  # type: ignore[misc]
    assert replace(settings, port=1).port == 1
    with pytest.raises(SettingsError, match="PORT is 65536 "):
        replace(settings, port=65536)


# ---------------------------------------------------------------------------------- which source wins


def test_each_source_wins_over_the_ones_below_it(machine: Machine) -> None:
    def port() -> tuple[int, str]:
        loaded = machine.load()
        return loaded.settings.port, loaded.sources["PORT"]

    assert port() == (8000, "default")
    own = machine.own_env("# mine\n\nPORT=1\n")
    assert port() == (1, f"{own}, line 3")
    project = machine.project_env("PORT=2\n")
    assert port() == (2, f"{project}, line 1")
    machine.environ["SPEAKSTREAM_PORT"] = "3"
    assert port() == (3, "environment variable SPEAKSTREAM_PORT")
    loaded = machine.load(port=4)
    assert (loaded.settings.port, loaded.sources["PORT"]) == (4, "command line")
    assert machine.load(port=None).settings.port == 3, "a flag that was not given changes nothing"


def test_host_port_and_debug_of_other_programs_are_ignored_in_the_environment(machine: Machine) -> None:
    machine.environ |= {"HOST": "elsewhere", "PORT": "nonsense", "DEBUG": "*", "TEMPERATURE": "9"}
    assert machine.load() == Loaded(Settings(), (), dict.fromkeys(SETTINGS, "default"))


def test_only_the_nearest_env_file_is_read(machine: Machine) -> None:
    machine.project_env("PORT=1\nTOP_K=7")
    (machine.here / ".env").write_text("PORT=2")
    settings = machine.load().settings
    assert (settings.port, settings.top_k) == (2, 40)


def test_the_prefix_works_in_a_file_and_wins_over_the_bare_name(machine: Machine) -> None:
    machine.project_env("SPEAKSTREAM_PORT=9000\nPORT=3000\nexport SPEAKSTREAM_TOP_K=3")
    loaded = machine.load()
    assert (loaded.settings.port, loaded.settings.top_k, loaded.warnings) == (9000, 3, ())


def test_the_cache_folder_can_be_set_through_the_environment(machine: Machine, tmp_path: Path) -> None:
    machine.environ["SPEAKSTREAM_MODEL_CACHE"] = str(tmp_path / "models")
    assert machine.load().settings.model_cache == tmp_path / "models"


def test_a_relative_cache_folder_stays_the_same_wherever_one_works_in_the_project(machine: Machine) -> None:
    machine.project_env("MODEL_CACHE=models")
    assert machine.load().settings.model_cache == machine.project / "models"
    assert machine.load(model_cache="mine").settings.model_cache == machine.here / "mine"
    assert machine.load(model_cache="~/mine").settings.model_cache == Path.home() / "mine"


def test_reading_the_settings_leaves_the_environment_alone(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEAKSTREAM_TOP_K", "5")
    machine.project_env("PORT=1\nLLM_API_KEY=k")
    before = dict(os.environ)
    loaded = Settings.load(cwd=machine.here, user_config=machine.config)
    assert dict(os.environ) == before
    assert (loaded.settings.port, loaded.settings.top_k) == (1, 5)


def test_a_dollar_sign_stays_a_dollar_sign(machine: Machine) -> None:
    machine.project_env('SYSTEM_PROMPT="It costs $5 or ${HOME}."\nAUDIO_DEVICE=$HOME')
    settings = machine.load().settings
    assert settings.system_prompt == "It costs $5 or ${HOME}."
    assert settings.audio_device == "$HOME"


def test_stop_strings_and_empty_values(machine: Machine) -> None:
    machine.own_env("SEED=7\nSTOP=a")
    machine.project_env('SEED=\nSTOP="###|\\n\\nUser:|"')
    settings = machine.load().settings
    assert settings.seed is None
    assert settings.stop == ("###", "\n\nUser:")


def test_the_users_own_file_is_their_own_when_they_work_in_its_folder(machine: Machine) -> None:
    machine.own_env("LLM_BASE_URL=http://localhost:1/v1")
    machine.environ["SPEAKSTREAM_LLM_API_KEY"] = "key"
    loaded = Settings.load({}, machine.environ, machine.config, machine.config)
    assert (loaded.settings.llm_base_url, loaded.warnings) == ("http://localhost:1/v1", ())


def test_the_users_folder_is_named_after_the_program() -> None:
    assert "speakstream" in user_config_folder().parts


# ------------------------------------------------------------------------------------------ bad values

BAD: dict[str, list[object]] = {
    "HOST": ["", "http://localhost", "localhost:8000", "999.1.1.1", "1.2.3", "::g", "a b", "-a"],
    "PORT": ["", "65536", "-1", "8e3", "8000.0", "٣", "1_000", True, 80.0],
    "DEBUG": ["", "maybe", "2", "*"],
    "LLM_MODEL_NAME": ["", "  ", "a\nb", "a\x1b[2Jb", "\udc80"],
    "LLM_ENGINE": ["", "cuda"],
    "CERTFILE": ["~nobody-of-that-name/x", "a\nb"],
    "MAX_SESSIONS": ["0", "1001"],
    "PARALLEL_REPLIES": ["0", "17"],
    "IDLE_TIMEOUT": ["9", "604801", "1800.5"],
    "MAX_PROMPT_CHARS": ["99", "60001"],
    "LLM_THREADS": ["0", "513", "many"],
    "LLM_BASE_URL": ["localhost", "ftp://x", "http://", "http://h:99999", "http://h/ v1"],
    "CONTEXT_LENGTH": ["255", "1048577"],
    "MAX_NEW_TOKENS": ["0", "1000001", "9" * 5000],
    "TEMPERATURE": ["nan", "inf", "-inf", "1e999", "-0.1", "2.01", "0,7", "", float("nan"), False],
    "TOP_P": ["0", "1.1", "1e-400"],
    "TOP_K": ["-1", "1001"],
    "MIN_P": ["-0.1", "1.1"],
    "REPEAT_PENALTY": ["0.4", "2.1"],
    "SEED": ["-1", "1.5", "x", "2147483648"],
    "STOP": ["\x00", 5],
    "SYSTEM_PROMPT": ["\x1b[0m", 5],
    "TTS_SAMPLE_RATE": ["7999", "192001", "cd"],
    "TTS_SPEED": ["0.4", "3.1"],
    "DEFAULT_VOLUME": ["-0.1", "80"],
    "CHUNK_SIZE": ["63", "65537"],
    "MAX_QUEUE_SIZE": ["0", "1001"],
    "AUDIO_BUFFER_SECONDS": ["0.1", "31"],
    "MAX_CHAT_HISTORY": ["0", "100001"],
    "MODEL_CACHE": ["~nobody-of-that-name/x", "a\nb"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in BAD for value in BAD[name]])
def test_a_bad_value_is_one_line_that_says_what_is_wrong_and_what_is_allowed(
    machine: Machine, name: str, value: object
) -> None:
    message = machine.error(**{name.lower(): value})
    assert message.startswith(f"{name} is {repr(value)[:80]}")
    assert "(command line)" in message
    assert message.endswith(SETTINGS[name].kind.allowed)
    assert message.isprintable()


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("HOST", "::1", "::1"),
        ("HOST", "my-box.local", "my-box.local"),
        ("PORT", " 65535 ", 65535),
        ("PORT", "0", 0),
        ("ACCESS_TOKEN", "0123456789-._~Az", "0123456789-._~Az"),
        ("ACCESS_TOKEN", "", None),
        ("CERTFILE", "", None),
        ("DEBUG", "ON", True),
        ("DEBUG", "No", False),
        ("DEBUG", 1, True),
        ("LLM_ENGINE", "LlamaCpp", "llamacpp"),
        ("LLM_THREADS", "AUTO", None),
        ("LLM_BASE_URL", "https://[::1]:8080/v1/", "https://[::1]:8080/v1"),
        ("TEMPERATURE", ".5", 0.5),
        ("TEMPERATURE", "0", 0.0),
        ("TOP_P", 1, 1.0),
        ("TTS_SAMPLE_RATE", "24000", 24000),
        ("AUDIO_DEVICE", "Kopfhörer (USB): 2,0", "Kopfhörer (USB): 2,0"),
        ("STOP", ["a|b", "c"], ("a|b", "c")),
        ("SYSTEM_PROMPT", "", ""),
        ("SYSTEM_PROMPT", "Eins\nزمین‌شناسی 👩‍💻", "Eins\nزمین‌شناسی 👩‍💻"),
    ],
)
def test_what_people_write_is_understood(machine: Machine, name: str, value: object, read: object) -> None:
    assert getattr(machine.load(**{name.lower(): value}).settings, name.lower()) == read


@given(name=st.sampled_from(sorted(SETTINGS)), value=st.text() | st.integers() | st.floats() | st.booleans())
def test_every_value_is_taken_or_refused_in_one_line(name: str, value: object) -> None:
    try:
        settings = Settings(**{name.lower(): value})  # type: ignore[arg-type]
    except SettingsError as error:
        message = str(error)
        assert message.isprintable()
        assert name in message
        if SETTINGS[name].kind.secret:
            assert "not shown" in message
        elif not name.endswith("_URL"):
            assert repr(value)[:20] in message
    else:
        assert replace(settings) == settings, "what was read reads the same again"


@given(name=st.sampled_from(sorted(SETTINGS)), value=st.text(st.characters(codec="utf-8"), max_size=30))
def test_every_value_in_a_file_is_taken_refused_or_warned_about(
    tmp_path_factory: pytest.TempPathFactory, name: str, value: str
) -> None:
    machine = Machine(tmp_path_factory.mktemp("any"))
    machine.project_env(f"{name}={value}\n")
    try:
        loaded = machine.load()
    except SettingsError as error:
        assert str(error).isprintable()
        assert str(error).startswith(name)
        assert str(machine.project / ".env") in str(error)
    else:
        assert all(warning.isprintable() for warning in loaded.warnings)


def test_a_bad_value_names_file_and_line_and_the_way_around_another_projects_file(machine: Machine) -> None:
    path = machine.project_env("# app\n\nDEBUG=app:*\n")
    assert machine.error() == (
        f"DEBUG is 'app:*' ({path}, line 3); use true or false (also yes/no, on/off, 1/0), or set SPEAKSTREAM_DEBUG"
    )
    machine.environ["SPEAKSTREAM_DEBUG"] = "true"
    assert machine.load().settings.debug is True


def test_a_bad_environment_variable_is_named(machine: Machine) -> None:
    machine.environ["SPEAKSTREAM_PORT"] = "http"
    assert machine.error() == (
        "PORT is 'http' (environment variable SPEAKSTREAM_PORT); use a whole number from 0 to 65535"
    )


def test_an_unknown_flag_is_refused_with_the_nearest_name(machine: Machine) -> None:
    assert machine.error(tempratur=1) == "tempratur is not a setting (command line); did you mean TEMPERATURE?"


# ------------------------------------------------------------------------------------------- misspellings


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("TEMPRATURE", "TEMPERATURE"),
        ("TEMPRETURE", "TEMPERATURE"),
        ("temperature", "TEMPERATURE"),
        ("SYSTEM_PROMT", "SYSTEM_PROMPT"),
        ("LLM_MODELNAME", "LLM_MODEL_NAME"),
        ("MAX_NEW_TOKEN", "MAX_NEW_TOKENS"),
        ("LLM_APIKEY", "LLM_API_KEY"),
        ("TOPP", "TOP_P"),
        ("top-k", "TOP_K"),
        ("TTS_SEPED", "TTS_SPEED"),
    ],
)
def test_a_slip_in_a_projects_file_is_pointed_out(machine: Machine, wrong: str, right: str) -> None:
    path = machine.project_env(f"{wrong}=0.5\n")
    assert machine.load().warnings == (f"{path}, line 1: {wrong} is not a setting; did you mean {right}?",)


@pytest.mark.parametrize(
    "name",
    [
        "PATH",
        "POST",
        "HOSTS",
        "PORTS",
        "HTTP_PORT",
        "DB_HOST",
        "HOME",
        "SPEED",
        "STEP",
        "TEMP",
        "TOP",
        "SHOP",
        "SEEDS",
        "DEBUGS",
        "host",
        "port",
        "MODEL",
        "NODE_ENV",
        "API_KEY",
        "AWS_API_KEY",
        "STT_API_KEY",
        "OPENAI_API_KEY",
        "VLM_MODEL_NAME",
        "STT_BASE_URL",
        "BASE_URL",
        "TTS_SPEED_2",
        "MIN_PY",
        "_",
        "DATABASE_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "LOG_LEVEL",
        "CHUNK_OVERLAP",
        "MAX_TOKENS",
        "MAX_POOL_SIZE",
        "MODEL_PATH",
        "X",
    ],
)
def test_other_programs_settings_are_left_alone(machine: Machine, name: str) -> None:
    machine.project_env(f"{name}=0.5\n")
    assert machine.load().warnings == ()


def test_in_ones_own_file_and_with_the_prefix_every_unknown_name_is_pointed_out(machine: Machine) -> None:
    own = machine.own_env("COLOUR=red\nPROT=1")
    project = machine.project_env("SPEAKSTREAM_COLOUR=red")
    machine.environ |= {"SPEAKSTREAM_TEMPRATURE": "1", "SPEAKSTREAM_\x1b[2J": "1", "SPEAKSTREAMER": "1"}
    assert set(machine.load().warnings) == {
        f"{own}, line 1: COLOUR is not a setting",
        f"{own}, line 2: PROT is not a setting; did you mean PORT?",
        f"{project}, line 1: SPEAKSTREAM_COLOUR is not a setting",
        "environment variable SPEAKSTREAM_TEMPRATURE is not a setting; did you mean SPEAKSTREAM_TEMPERATURE?",
        "environment variable SPEAKSTREAM_\\x1b[2J is not a setting",
    }


# -------------------------------------------------------------------------------------------------- keys

URL = "https://models.example.com/v1"
GIVE_KEY: dict[str, Callable[[Machine], object]] = {
    "environment": lambda machine: machine.environ.update({"SPEAKSTREAM_LLM_API_KEY": "sk-mine"}),
    "own file": lambda machine: machine.own_env("LLM_API_KEY=sk-mine"),
}


@pytest.mark.parametrize("origin", [*GIVE_KEY, "flag"])
@pytest.mark.parametrize("line", [f"LLM_BASE_URL={URL}", f"SPEAKSTREAM_LLM_BASE_URL={URL}"])
def test_a_cloned_repository_cannot_have_my_key_sent_to_its_server(machine: Machine, origin: str, line: str) -> None:
    path = machine.project_env(f"PORT=1\n{line}\n")
    if origin != "flag":
        GIVE_KEY[origin](machine)
    loaded = machine.load(llm_api_key="sk-mine") if origin == "flag" else machine.load()
    assert loaded.settings.llm_base_url is None
    assert loaded.settings.llm_api_key == "sk-mine"
    assert loaded.settings.port == 1
    (warning,) = loaded.warnings
    assert warning.startswith(f"{path}, line 2: LLM_BASE_URL ignored")
    assert warning.endswith(f"set it in {machine.config / '.env'} or as SPEAKSTREAM_LLM_BASE_URL")
    assert "sk-mine" not in warning


def test_a_model_name_that_is_an_address_cannot_have_my_key_either(machine: Machine) -> None:
    machine.project_env(f"LLM_MODEL_NAME={URL}\nTTS_MODEL_NAME=openai/{URL}")
    machine.environ |= {"SPEAKSTREAM_LLM_API_KEY": "sk-mine", "SPEAKSTREAM_TTS_API_KEY": "sk-mine"}
    loaded = machine.load()
    assert loaded.settings.llm_model_name == Settings().llm_model_name
    assert loaded.settings.tts_model_name == Settings().tts_model_name
    assert len(loaded.warnings) == 2


def test_my_own_address_stands_when_a_repository_names_another(machine: Machine) -> None:
    machine.own_env("TTS_API_KEY=sk-mine\nTTS_BASE_URL=http://localhost:1/v1")
    machine.project_env(f"TTS_BASE_URL={URL}")
    loaded = machine.load()
    assert loaded.settings.tts_base_url == "http://localhost:1/v1"
    assert len(loaded.warnings) == 1


def test_a_project_may_use_its_own_key_with_its_own_address(machine: Machine) -> None:
    machine.project_env(f"LLM_BASE_URL={URL}\nLLM_API_KEY=sk-theirs")
    machine.own_env("LLM_API_KEY=sk-mine")
    loaded = machine.load()
    assert (loaded.settings.llm_base_url, loaded.settings.llm_api_key) == (URL, "sk-theirs")
    assert loaded.warnings == ()


def test_an_address_i_named_myself_gets_my_key(machine: Machine) -> None:
    machine.project_env(f"LLM_BASE_URL={URL}")
    machine.own_env("LLM_API_KEY=sk-mine")
    machine.environ["SPEAKSTREAM_LLM_BASE_URL"] = URL
    loaded = machine.load()
    assert (loaded.settings.llm_base_url, loaded.settings.llm_api_key) == (URL, "sk-mine")
    assert loaded.warnings == ()


def test_a_projects_address_is_used_when_there_is_no_key_to_lose(machine: Machine) -> None:
    machine.project_env(f"LLM_BASE_URL={URL}")
    machine.own_env("LLM_API_KEY=")
    loaded = machine.load()
    assert (loaded.settings.llm_base_url, loaded.warnings) == (URL, ())


@pytest.mark.parametrize("line", ["ALLOW_LAN=yes", "ACCESS_TOKEN=known-to-its-author", "SPEAKSTREAM_ALLOW_LAN=true"])
def test_a_cloned_repository_cannot_let_others_reach_my_server(machine: Machine, line: str) -> None:
    path = machine.project_env(f"{line}\n")
    loaded = machine.load()
    assert (loaded.settings.allow_lan, loaded.settings.access_token) == (False, None)
    (warning,) = loaded.warnings
    name = line.removeprefix(PREFIX).partition("=")[0]
    assert warning == (
        f"{path}, line 1: {name} ignored, it would let others reach `serve`; to have it so, set it in "
        f"{machine.config / '.env'} or as SPEAKSTREAM_{name}"
    )


def test_my_own_file_may_let_others_reach_my_server(machine: Machine) -> None:
    machine.own_env("ALLOW_LAN=true\nACCESS_TOKEN=0123456789abcdef")
    machine.project_env("TOP_K=3")
    loaded = machine.load()
    assert (loaded.settings.allow_lan, loaded.settings.access_token) == (True, "0123456789abcdef")
    assert loaded.warnings == ()


def test_another_programs_access_token_is_none_of_ours(machine: Machine) -> None:
    machine.project_env("ACCESS_TOKEN=EAAC/x+y==\nACCESS_TOKENS=3")
    loaded = machine.load()
    assert (loaded.settings.access_token, loaded.warnings) == (None, ())


def test_a_key_is_never_shown(machine: Machine) -> None:
    machine.own_env("LLM_API_KEY=sk-hidden-1\nTTS_API_KEY=sk-hidden-2")
    loaded = machine.load()
    assert loaded.settings.tts_api_key == "sk-hidden-2"
    assert "sk-hidden" not in repr(loaded)
    path = machine.own_env("LLM_API_KEY='sk-hidden 3'")
    assert machine.error() == (
        f"LLM_API_KEY cannot be used ({path}, line 1; its value is not shown); "
        "use a key of ASCII letters, digits and marks without spaces, or empty"
    )
    machine.own_env("ACCESS_TOKEN=sk-hidden")  # too short
    assert machine.error().startswith("ACCESS_TOKEN cannot be used (")
    assert "sk-hidden" not in machine.error()
    machine.own_env("LLM_API_KEY sk-hidden-4\nTTS_API_KEY='sk-hidden-5")
    assert "sk-hidden" not in " ".join(machine.load().warnings)


@pytest.mark.parametrize("url", ["https://me:hidden@host/v1", "me:hidden@host", "https://host/?key=hidden"])
def test_a_password_in_an_address_is_refused_and_not_shown(machine: Machine, url: str) -> None:
    message = machine.error(llm_base_url=url)
    assert message.startswith("LLM_BASE_URL is ")
    assert "host" in message
    assert "hidden" not in message


# ------------------------------------------------------------------------------------------ odd files


def test_a_line_that_cannot_be_read_is_a_warning_with_its_number(
    machine: Machine, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    path = machine.project_env("\n# one\nnot a setting\nPORT=1\n\nTOP_K\nSTOP='open\nTOP_P=0.5\n")
    loaded = machine.load()
    assert (loaded.settings.port, loaded.settings.top_p) == (1, 0.5)
    assert loaded.warnings == (
        f"{path}, line 3: not understood, ignored; write NAME=value",
        f"{path}, line 6: TOP_K has no value, ignored; write TOP_K=value",
        f"{path}, line 7: not understood, ignored; write NAME=value",
    )
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_an_open_quote_names_all_the_lines_it_swallowed(machine: Machine) -> None:
    path = machine.project_env('STOP="open\r\nPORT=1\r\nSYSTEM_PROMPT="x"\r\nTOP_K=3\r\n')
    loaded = machine.load()
    assert loaded.warnings == (f"{path}, lines 1 to 3: not understood, ignored; write NAME=value",)
    assert loaded.settings.top_k == 3


def test_a_file_of_another_kind_is_one_warning(machine: Machine) -> None:
    path = machine.project_env("this is prose\n" * 1000)
    assert machine.load().warnings == (f"{path}: ignored, it does not hold lines of NAME=value",)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PORT=1\0\n", "it is not text"),
        (b"\xff\xfeP\0O\0R\0T\0", "it is not UTF-8 text"),
        (b"#" * (MAX_FILE_BYTES + 1), "it is larger than 1 MB"),
    ],
)
def test_a_file_that_is_no_text_is_a_warning(machine: Machine, content: bytes, why: str) -> None:
    path = machine.project_env("")
    path.write_bytes(content)
    loaded = machine.load()
    assert (loaded.settings, loaded.warnings) == (Settings(), (f"{path}: ignored, {why}",))


def test_a_folder_named_env_is_a_warning(machine: Machine) -> None:
    (machine.here / ".env").mkdir()
    assert machine.load().warnings == (f"{machine.here / '.env'}: ignored, it is a folder",)


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes in folders there")
def test_a_pipe_named_env_does_not_hang(machine: Machine) -> None:
    os.mkfifo(machine.here / ".env")
    assert machine.load().warnings == (f"{machine.here / '.env'}: ignored, it is a special file",)


def test_a_file_that_cannot_be_read_is_a_warning(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    path = machine.own_env("PORT=1")

    def refuse(self: Path, encoding: str) -> str:
        if self == path:
            raise PermissionError(13, "Permission denied")
        return ""

    monkeypatch.setattr(Path, "read_text", refuse)
    loaded = machine.load()
    assert loaded.warnings == (f"{path}: ignored, it cannot be read (Permission denied)",)
    assert loaded.settings == Settings()


@pytest.mark.skipif(sys.platform == "win32", reason="files have no owner number there")
def test_a_file_that_another_user_left_above_my_folder_is_not_mine(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = machine.project_env("HOST=0.0.0.0")
    os.chown(path, 12345, -1) if os.getuid() == 0 else monkeypatch.setattr(os, "getuid", lambda: 12345)
    loaded = machine.load()
    assert loaded.settings.host == "127.0.0.1"
    assert loaded.warnings == (f"{path}: ignored, it belongs to another user",)
    assert Settings.load({}, {}, machine.project, machine.config).settings.host == "0.0.0.0"


def test_a_working_folder_that_was_deleted_is_no_obstacle(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> Path:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "cwd", gone)
    assert Settings.load({}, {}, user_config=machine.config).settings == Settings()


def test_a_byte_order_mark_and_windows_line_ends_are_fine(machine: Machine) -> None:
    machine.project_env("\ufeffPORT=1\r\nTOP_K=3\r\n")
    loaded = machine.load()
    assert (loaded.settings.port, loaded.settings.top_k, loaded.warnings) == (1, 3, ())


# ------------------------------------------------------------------------------------------ the start


def test_the_start_does_not_wait_for_libraries_it_may_not_need() -> None:
    code = "import sys; old = {*sys.modules}; import speakstream.settings; print(*{*sys.modules} - old)"
    command = [sys.executable, "-S", "-c", code]  # without site-packages, whose .pth files import things too
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "speakstream.settings" in loaded
    assert not loaded & {"dotenv", "platformdirs", "logging", "asyncio", "numpy"}


def test_the_prefix_is_the_programs_name() -> None:
    assert PREFIX == "SPEAKSTREAM_"
