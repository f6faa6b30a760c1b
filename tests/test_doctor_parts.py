"""The doctor's parts: versions, remedies, what is private, the layout of the screen, the chime."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from speakstream.audio.device import DeviceInfo
from speakstream.cells import cells
from speakstream.doctor import machine, private, remedies, sound, storage
from speakstream.doctor.checks import CHECKS
from speakstream.doctor.examination import examination
from speakstream.doctor.findings import Finding, fail, ok, parted, warn
from speakstream.doctor.private import Redactor, host, short
from speakstream.doctor.program import Requirement, requirements
from speakstream.doctor.screen import NARROW, as_text, lines, verdict, wrapped, writable
from speakstream.doctor.sound import CHIME, CHIME_LEVEL, chime
from speakstream.doctor.surroundings import pip_options, shown


@pytest.mark.parametrize(
    ("allowed", "version", "fits"),
    [
        (">=1.26", "2.4.6", True),
        (">=1.26", "1.9", False),
        (">=1.26", "1.26", True),
        (">=1.26", "1.26.0rc1", True),
        ("<0.3,>=0.2.1", "0.2.1", True),
        ("<0.3,>=0.2.1", "0.3.0", False),
        ("<0.3,>=0.2.1", "0.2", False),
        ("==1.2", "1.2.0", True),
        ("!=1.2", "1.2.0", False),
        (">=2026.10.11549", "2026.9.20000", False),
        ("", "0", True),
        ("~=1.4", "9", True),
    ],
)
def test_versions_are_compared_as_numbers(allowed: str, version: str, fits: bool) -> None:
    assert Requirement("a", allowed, "").allows(version) == fits


def test_what_speakstream_needs_is_read_from_its_own_metadata() -> None:
    needs = {need.name: need for need in requirements()}
    assert needs["numpy"].allowed.startswith(">=") and not needs["numpy"].extra
    assert needs["pytest"].extra == "test"
    assert "speakstream" not in needs


@pytest.mark.parametrize(
    ("release", "family"),
    [
        ({"ID": "debian"}, "debian"),
        ({"ID": "ubuntu", "ID_LIKE": "debian"}, "debian"),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "debian"),
        ({"ID": "fedora"}, "fedora"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "fedora"),
        ({"ID": "manjaro", "ID_LIKE": "arch"}, "arch"),
        ({"ID": "opensuse-tumbleweed", "ID_LIKE": "opensuse suse"}, "suse"),
        ({"ID": "alpine"}, "alpine"),
        ({"ID": "nixos"}, ""),
        ({}, ""),
    ],
)
def test_each_linux_has_its_own_way_to_install(
    release: dict[str, str], family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert remedies.linux_family(release) == family
    monkeypatch.setattr(remedies, "_os_release", lambda: release)
    monkeypatch.setattr(sys, "platform", "linux")
    remedy = remedies.portaudio()
    assert (remedies.INSTALLERS[family] if family else "PortAudio") in remedy
    assert "portaudio" in remedy


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_where_portaudio_comes_with_a_package_that_is_installed_again(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert remedies.portaudio().endswith(" -m pip install --force-reinstall sounddevice")


def test_windows_gets_the_quotes_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert remedies.quoted(["pip", "install", "numpy>=1.26", "gguf"]) == 'pip install "numpy>=1.26" gguf'


def test_the_command_is_the_one_that_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "venv" / "bin" / "speakstream"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert remedies.program(str(program)) == remedies.program("venv/bin/speakstream") == "venv/bin/speakstream"
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    assert remedies.program(str(program)) == remedies.program("speakstream") == "speakstream"
    assert remedies.program("/somewhere/speakstream/__main__.py").endswith(" -m speakstream")


def test_an_error_is_parted_into_what_is_wrong_and_what_to_do() -> None:
    assert parted("TTS_SPEED is 'a; b' (.env, line 1); use a number") == (
        "TTS_SPEED is 'a; b' (.env, line 1)",
        "use a number",
    )
    assert parted("Unknown model 'x': name a file.") == ("Unknown model 'x'", "name a file")
    assert parted("It is broken.", "mend it") == ("It is broken", "mend it")
    assert parted("Cannot read 'x': Permission denied.", "see to it") == (
        "Cannot read 'x': Permission denied",
        "see to it",
    )


def test_a_finding_survives_the_pipe() -> None:
    finding = warn("name", "detail", "fix", number=1, text="é").within("Section")
    assert Finding.from_json(finding.as_json()) == finding


# ------------------------------------------------------------------------------------------------ private


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://joe:secret@proxy.example:3128/path?key=1", "proxy.example:3128"),
        ("proxy.example:3128", "proxy.example:3128"),
        ("joe:secret@proxy.example", "proxy.example"),
        ("https://index.example/t/token-in-the-path/simple", "index.example"),
        ("http://proxy:port", "(not understood)"),
        ("://", "(not understood)"),
    ],
)
def test_of_an_address_only_the_host_is_shown(address: str, shown: str) -> None:
    assert host(address) == shown


def test_names_of_people_and_machines_are_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private, "_people", lambda: {"anna", "Lindqvist", "root", "jo"})
    monkeypatch.setattr(private, "_machines", lambda: {"kestrel.lan", "kestrel"})
    monkeypatch.setattr(private, "_home", lambda: "/home/anna")
    redact = Redactor(["a-planted-key"])
    assert redact({"name": ["Anna's AirPods", 1, None, True], "anna": "kestrel.lan"}) == {
        "name": ["[user]'s AirPods", 1, None, True],
        "anna": "[host]",
    }
    assert redact("/home/anna/x, /home/annabel, /media/anna/disk") == "~/x, /home/annabel, /media/[user]/disk"
    assert redact("a-planted-key hf_abcdefgh12345 https://u:p@h/x") == "[secret] [secret] https://…@h/x"
    assert redact("root, Johanna, banana, kestrels") == "root, Johanna, banana, kestrels"


def test_paths_are_short_where_that_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private, "_home", lambda: "/home/anna")
    monkeypatch.setattr(private, "_working_folder", lambda: "/home/anna/work")
    assert short("/home/anna/work/.env, line 3") == "./.env, line 3"
    assert short("'/home/anna/.env' and /home/anna") == "'~/.env' and ~"
    assert short("/home/annabel/x /mnt/home/anna/x /home/anna-old") == (
        "/home/annabel/x /mnt/home/anna/x /home/anna-old"
    )
    monkeypatch.setattr(private, "_working_folder", lambda: "/home/anna")
    assert short("/home/anna/.env") == "~/.env"


def test_settings_show_no_more_than_they_may() -> None:
    assert shown("LLM_API_KEY", "sk-secret") == "(set, not shown)"
    assert shown("SYSTEM_PROMPT", "be kind") == "(set, 7 characters, not shown)"
    assert shown("STOP", ("a", "bc")) == "(set, 3 characters, not shown)"
    assert shown("LLM_BASE_URL", "https://models.example:8443/token/v1") == "https://models.example:8443"
    assert shown("DO_SAMPLE", False) == "false"
    assert shown("SEED", None) == "(not set)"


def test_pip_is_understood_as_it_understands_itself(tmp_path: Path) -> None:
    own = tmp_path / "pip.conf"
    own.write_text("[global]\nindex-url = https://a.example/simple\nproxy = p:1\n[download]\nno_index = true\n")
    options = pip_options({"PIP_CONFIG_FILE": str(own), "HOME": str(tmp_path), "PIP_INDEX_URL": "https://b.example"})
    assert options["index-url"] == "https://b.example"
    assert (options["proxy"], options["no-index"]) == ("p:1", "true")


# ------------------------------------------------------------------------------------------------- screen


@given(
    detail=some.text(max_size=200),
    fix=some.text(max_size=200).map(lambda text: text.replace("\n", " ")),
    width=some.integers(20, 120),
)
def test_no_row_is_wider_than_the_screen(detail: str, fix: str, width: int) -> None:
    finding = fail("a check", detail, fix).within("Section")
    for row in lines(finding, True, width):
        assert cells("".join(piece.text for piece in row).rstrip()) <= width
        assert all(piece.text.isprintable() for piece in row)


@given(text=some.text(some.characters(categories=("L", "N", "P")), min_size=1, max_size=80), width=some.integers(8, 60))
def test_no_letter_is_lost_when_a_line_is_broken(text: str, width: int) -> None:
    assert "".join("".join(wrapped(text, width, "  ")).split()) == "".join(text.split())


def test_columns_are_aligned_and_a_command_stays_whole() -> None:
    findings = [
        ok("one", "first\nsecond").within("Section"),
        fail("two", "is wrong", f"do this:\n{'a command that must not be broken ' * 5}").within("Section"),
    ]
    assert as_text(findings, 80).splitlines() == [
        "Section   ok    one: first",
        "                second",
        "          FAIL  two: is wrong",
        "                → do this:",
        f"                  {'a command that must not be broken ' * 5}".rstrip(),
    ]
    assert as_text(findings, NARROW - 1).splitlines()[:3] == ["Section", "ok    one: first", "      second"]


def test_the_last_line_counts() -> None:
    well, doubtful, bad = ok("a", "b"), warn("a", "b", "c"), fail("a", "b", "c")
    assert verdict([well], "speakstream")[0] == "All is well. Hear it: speakstream say 'Why is the sky blue?'"
    assert verdict([well, doubtful], "x")[0].startswith("It works, with 1 warning. ")
    assert verdict([bad, well], "x")[0].startswith("1 broken: ")
    assert verdict([bad, doubtful, bad, doubtful], "x")[0].startswith("2 broken and 2 warnings: ")


def test_what_an_output_cannot_show_becomes_plain() -> None:
    assert writable("→ “a” … é", "ascii") == '-> "a" ... ?'
    assert writable("→ é", "latin-1") == "-> é"
    assert writable("→ é", "utf-8") == "→ é"


# ------------------------------------------------------------------------------- the machine and its disk


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({}, "ok", "4 cores"),
        ({"has_fast_vectors": False}, "warn", "no "),
        ({"is_saving_power": True}, "warn", "saving power"),
        ({"load": 9.0}, "warn", "load 9.0"),
        ({"cores": 1}, "warn", "1 core"),
        ({"has_fast_vectors": None}, "ok", "4 cores, load 0.0"),
    ],
)
def test_a_slow_processor_is_a_warning(
    changes: dict[str, Any], status: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = {"has_fast_vectors": True, "is_saving_power": False, "load": 0.0, "cores": 4, **changes}
    for name in ("has_fast_vectors", "is_saving_power"):
        monkeypatch.setattr(machine, name, lambda name=name: facts[name])
    monkeypatch.setattr("speakstream.llm.llamacpp.usable_cores", lambda: facts["cores"])
    monkeypatch.setattr("os.getloadavg", lambda: (facts["load"], 0.0, 0.0))
    [finding] = machine.check_processor(examination("speakstream", False))
    assert (finding.status, bool(finding.fix)) == (status, status == "warn")
    assert says in finding.detail


@pytest.mark.parametrize(
    ("memory", "status", "detail"),
    [
        ((16_000_000_000, 9_000_000_000), "ok", "16 GB, 9.0 GB free"),
        ((16_000_000_000, 100_000_000), "warn", "16 GB, 0.1 GB free"),
        ((16_000_000_000, None), "ok", "16 GB"),
        ((None, None), "ok", "this system does not tell how much there is"),
    ],
)
def test_little_memory_is_a_warning(
    memory: tuple[int | None, int | None], status: str, detail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "memory", lambda: memory)
    [finding] = machine.check_memory(examination("speakstream", False))
    assert (finding.status, finding.detail) == (status, detail)


def test_a_container_has_no_more_memory_than_it_may_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    monkeypatch.setattr(machine, "_linux_memory", lambda: (16_000, 9_000))
    assert machine.memory() == (16_000, 9_000)
    (tmp_path / "memory.max").write_text("max\n")
    assert machine.memory() == (16_000, 9_000)
    (tmp_path / "memory.max").write_text("4000\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert machine.memory() == (4_000, 3_000)


@pytest.mark.parametrize(("free", "status"), [(100_000_000, "fail"), (10_000_000_000, "ok")])
def test_a_disk_that_is_too_full_for_the_model_is_found_out(
    free: int, status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPEAKSTREAM_MODEL_CACHE", str(tmp_path / "not" / "yet"))
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": free}))
    [finding] = storage.check_cache(examination("speakstream", False))
    assert finding.status == status
    assert finding.detail.startswith("./not/yet, empty, ")
    if status == "fail":
        assert re.match(r"make room: the model needs \d+ MB; or set SPEAKSTREAM_MODEL_CACHE", finding.fix)
    assert list(tmp_path.iterdir()) == [], "looking leaves nothing behind"


def test_what_a_fetch_that_died_has_left_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPEAKSTREAM_MODEL_CACHE", str(tmp_path))
    (tmp_path / ".tmp-abc").mkdir()
    [finding] = storage.check_cache(examination("speakstream", False))
    assert finding.status == "warn"
    assert finding.fix.endswith(f"\nrm -r {tmp_path}/.tmp-abc")


# --------------------------------------------------------------------------------------------------- sound


def test_of_many_devices_the_chosen_one_comes_first_and_the_rest_is_short() -> None:
    many = [DeviceInfo(index, f"Card {index}", "ALSA", 2, 48_000, index == 4) for index in range(7)]
    [finding] = sound._device(many[4], 44_100, many)
    assert finding.detail.splitlines() == [
        "4 Card 4 (ALSA, 48000 Hz); 44100 Hz will be used (TTS_SAMPLE_RATE)",
        "also 0 Card 0 (ALSA, 48000 Hz)",
        "also 1 Card 1 (ALSA, 48000 Hz)",
        "also 2 Card 2 (ALSA, 48000 Hz)",
        "and 3 more: speakstream devices",
    ]
    assert len(finding.data["devices"]) == 7


def test_a_sound_server_that_alsa_does_not_lead_to_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pulse").mkdir()
    (tmp_path / "pulse" / "native").touch()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    card = DeviceInfo(0, "HDA Intel: ALC (hw:0,0)", "ALSA", 2, 48_000, True)
    [finding] = sound._device(card, 48_000, [card])
    assert finding.status == "warn" and "cannot be reached" in finding.detail
    [finding] = sound._device(card, 48_000, [card, DeviceInfo(1, "pulse", "ALSA", 2, 48_000, False)])
    assert finding.status == "ok"


@pytest.mark.parametrize("rate", [8000, 44_100, 192_000])
def test_the_chime_is_short_quiet_and_has_no_click(rate: int) -> None:
    samples = chime(rate)
    assert samples.dtype == np.float32
    assert len(samples) < rate
    assert 0.05 < np.abs(samples).max() < 0.3
    assert samples[0] == 0 and abs(samples[-1]) < 1e-3
    steepest = 2 * np.pi * CHIME[-1] / rate  # of a sine of that frequency, from one sample to the next
    assert np.abs(np.diff(samples)).max() < 2 * CHIME_LEVEL * steepest


def test_the_page_on_troubles_has_a_section_for_each_of_the_screen() -> None:
    page = (Path(__file__).parent.parent / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)", page, re.MULTILINE) == list(dict.fromkeys(check.section for check in CHECKS))


def test_the_doctor_is_asked_without_loading_what_is_slow(tmp_path: Path) -> None:
    code = (
        "import sys, speakstream.doctor.command\n"
        "slow = {'numpy', 'onnxruntime', 'sounddevice', 'xllamacpp', 'soxr', 'speakstream.engine'}\n"
        "sys.exit(str(slow & set(sys.modules)) if slow & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
