"""What was measured is kept and told: the runner's results, and the page made of them."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import page, plots, results, runner
from benchmarks.one import PARTS
from benchmarks.page import BEGIN, END, HOW_TO_PLOT, measured, replaced
from benchmarks.report import Figure
from tests.rig.sound import poll

ROOT = Path(__file__).parent.parent

MACHINE = {
    "date": "2026-01-02T03:04:05+00:00",
    "cpu": "A Processor",
    "cores": 2,
    "flags": {"avx2": True, "avx512f": False},
    "memory_mb": 8000,
    "load_average": [0.1, 0.2, 0.3],
    "system": "Linux 6.1",
    "python": "3.11.2",
    "packages": {"numpy": "2.0.0", "xllamacpp": ""},
    "commit": "0123456789abcdef",
    "uncommitted": False,
}

FIGURES = [
    Figure("time to first audio, p50", 120.0, "ms", 34, 300, 120, detail="90-240"),
    Figure("... without a goal", 0.5, "", 3),
    Figure("RealtimeTTS, trimmed", None, "", 0, absent="not installed", detail="how to get it"),
]

GOLDEN = """\
## Figures

- Machine: A Processor, 2 cores (AVX2), 8 GB, Linux 6.1, Python 3.11.2, numpy 2.0.0; 2026-01-02, commit 0123456789, load before 0.1.
- Not measured: memory, startup, pipeline, text, ring, splitting, chat, typeahead, interface, sentences, rate, soak, serve, browser, speech.

### What was asked for

| figure                   | reach  | aim    | measured | n  | verdict | spread |
| ------------------------ | ------ | ------ | -------- | -- | ------- | ------ |
| time to first audio, p50 | 300 ms | 120 ms | 120 ms   | 34 | aim     | 90-240 |

### Time to first audio and to silence, beside RealtimeTTS

`python -m benchmarks fresh`, 42 s

![Time to first audio, SpeakStream and its peers](performance/first-audio.svg)

| figure                   | measured      | n  | spread        |
| ------------------------ | ------------- | -- | ------------- |
| time to first audio, p50 | 120 ms        | 34 | 90-240        |
| ... without a goal       | 0.5           | 3  |               |
| RealtimeTTS, trimmed     | not installed | 0  | how to get it |
"""  # noqa: E501


def result(part: str, raw: dict[str, Any] | None = None, **more: Any) -> results.Result:
    return {
        "part": part,
        "quick": False,
        "machine": MACHINE,
        "took_seconds": 42.0,
        "figures": [figure.as_json() for figure in FIGURES],
        "raw": raw or {},
        **more,
    }


def turn(first_audio: float | None, **more: Any) -> dict[str, Any]:
    return {"first_audio": first_audio, **more}


RAW: dict[str, dict[str, Any]] = {
    "fresh": {"turns": [turn(0.2), turn(0.3), turn(None)], "peer": {"trimmed": [turn(0.6)], "silence kept": []}},
    "pipeline": {"turns": [{"say": 1.4, "pipeline": 3.1}]},
    "chat": {"turns": [turn(0.2 + 0.01 * number, turn=number, notices=["old"] * (number == 3)) for number in range(6)]},
    "text": {
        "bytes": 1000,
        "passes": [{"stage": stage, "deltas": "tokens", "rates": [1.0] * 10} for stage in ("Document", "Segmenter")],
    },
    "sentences": {
        "read": [{"gaps": [{"silence": 0.25}, {"silence": 0.31}]}],
        "answered": [],
        "peer": {"trimmed": [{"gaps": [{"silence": 0.0}]}], "silence kept": []},
    },
    "ring": {
        "alone": [{"rate": 48_000, "curve": [0.001, 0.01]}],
        "paced": [{"rate": 48_000, "threads": 3, "curve": [0.1, 0.9]}],
        "curve_percents": [0, 99],
        "buffer_blocks": 4.0,
    },
    "memory": {"steps": [{"step": "voice", "weights": 0, "files": 3_000_000, "allocated": 5_000_000}]},
}


def test_the_page_is_made_of_the_results() -> None:
    assert measured([result("fresh")], ["first-audio.svg"]) == GOLDEN


def test_without_matplotlib_the_page_says_how_to_get_the_plots() -> None:
    text = measured([result("fresh")], None)
    assert HOW_TO_PLOT in text
    assert "svg" not in text.replace(HOW_TO_PLOT, "")


def test_the_page_tells_a_quick_run_and_another_machine() -> None:
    other = {**MACHINE, "cpu": "Another"}
    text = measured([result("fresh", quick=True), result("text", machine=other)], [])
    assert "too little to judge by: fresh." in text
    assert "Another, 2 cores" in text and "(for text)" in text


def test_the_page_lists_the_sentences_that_were_misheard() -> None:
    right = {"text": "All is well.", "heard": "All is well.", "errors": 0, "raw_errors": 1}
    wrong = {"text": "Call `f(a|b)`.", "heard": "Fall of a or b.", "errors": 2, "raw_errors": 3}
    text = measured([result("speech", {"sentences": [right, wrong]})], [])
    assert "| `` Call `f(a/b)`. `` | `` Fall of a or b. `` | 2 | 3 |" in text
    assert "All is well" not in text
    assert "Every sentence was understood" in measured([result("speech", {"sentences": [right]})], [])


def test_what_is_written_by_hand_is_left_alone() -> None:
    text = f"# Title\n\nby hand\n\n{BEGIN}\n\nold\n\n{END}\n\n## More\n"
    assert replaced(text, "new\n") == f"# Title\n\nby hand\n\n{BEGIN}\n\nnew\n\n{END}\n\n## More\n"
    assert replaced(replaced(text, "new\n"), "new\n") == replaced(text, "new\n")


@pytest.mark.parametrize("text", ["", BEGIN, f"{END}\n{BEGIN}", f"{BEGIN}{END}{BEGIN}{END}"])
def test_a_page_without_its_marks_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must have the lines"):
        replaced(text, "new")


def test_the_page_of_this_repository_has_its_marks() -> None:
    assert "new" in replaced(page.PAGE.read_text("utf-8"), "new")


def test_every_plot_is_drawn_small_and_the_same_each_time(tmp_path: Path) -> None:
    stored = [result(part, raw) for part, raw in RAW.items()]
    drawn = plots.draw(stored, tmp_path)
    assert drawn == [plot.name for plot in plots.PLOTS]
    first = {name: (tmp_path / name).read_bytes() for name in drawn}
    plots.draw(stored, tmp_path)
    for name, data in first.items():
        assert b"<svg" in data and len(data) < 200_000
        assert (tmp_path / name).read_bytes() == data, name
    assert b"RealtimeTTS, trimmed (1)" in first["first-audio.svg"]
    assert b"shell pipeline, cold (1)" in first["first-audio.svg"]


def test_results_are_stored_short_and_read_again(tmp_path: Path) -> None:
    raw = {"turns": [{"reply": "long " * 1000, "first_audio": 0.123456789, "product": {"token_times": [1.0] * 99}}]}
    results.store(result("fresh", raw), tmp_path)
    results.store(result("text"), tmp_path)
    read = results.stored(tmp_path)
    assert [each["part"] for each in read] == ["text", "fresh"], "in the order of the parts"
    assert read[1]["raw"] == {"turns": [{"first_audio": 0.1235, "product": {}}]}
    assert [Figure.from_json(figure) for figure in read[1]["figures"]] == FIGURES
    assert (tmp_path / "fresh.json").stat().st_size < 3000


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["turns"], "'turns' is no part; there are: all, page, memory"),
        (["page", "text"], "'page' measures nothing"),
        (["--peer", "/no/such/python"], "'/no/such/python' runs no Python"),
        (["--soak", "0"], "'0' is not from 1 to 86400 seconds"),
        (["--soak", "long"], "'long' is not from 1 to 86400 seconds"),
        (["--json", "/no/such/folder/file"], "'/no/such/folder/file' can't be written"),
    ],
)
def test_a_wrong_argument_is_named_before_anything_is_measured(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        runner.main(arguments)
    assert ended.value.code == 2
    assert named in capsys.readouterr().err


def test_the_help_lists_every_part(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        runner.main(["--help"])
    shown = capsys.readouterr().out
    assert all(name in shown and about.text in shown for name, about in PARTS.items())


def test_a_part_that_fails_leaves_the_others_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no sound server
    file = tmp_path / "all.json"
    assert runner.main(["startup", "splitting", "--quick", "--json", str(file)]) == 1
    shown = capsys.readouterr()
    assert "startup was not measured: RigError: the sound rig needs pulseaudio" in shown.out
    assert "SpeakStream, prose: F1" in shown.out
    assert "not installed" in shown.out and "requirements-peers.txt" in shown.out
    kept = {each["part"]: each for each in json.loads(file.read_text())}
    assert "RigError" in kept["startup"]["failure"]
    assert kept["splitting"]["figures"]


def test_what_was_measured_before_it_is_ended_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "all.json"
    command = [sys.executable, "-m", "benchmarks", "splitting", "text", "--quick", "--json", str(file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        for shown in process.stderr:
            if "part: splitting" in shown:
                process.terminate()
                break
        out = process.stdout.read()
        process.stderr.read()
    assert process.returncode == 130
    assert "Interrupted: the rest was not measured." in out
    assert [each["part"] for each in json.loads(file.read_text())] == ["text"]


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ("time.sleep(99)", "it took longer than 0.05 s"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", f"it ended with {-signal.SIGSEGV}; --debug tells more"),
    ],
)
def test_a_part_that_hangs_or_crashes_leaves_nothing_running(then: str, told: str) -> None:
    script = (
        "import os, signal, subprocess, time\n"
        "print(subprocess.Popen(['sleep', '99'], stdout=subprocess.DEVNULL).pid, flush=True)\n"
        f"{then}"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as part:
        assert part.stdout is not None
        started = int(part.stdout.readline())
        assert runner._wait(part, 0.05 if "sleep" in then else 30.0) == told
        assert part.returncode is not None
    assert poll(lambda: _has_ended(started), 10.0), "what it started runs on"


def _has_ended(process: int) -> bool:
    try:
        return "(zombie)" in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return True
