"""The parts of ``chat --plain`` that need no process: what is written, what is read, what is not read aloud."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakstream.happenings import Status
from speakstream.plain_commands import ago, status_lines
from speakstream.plain_input import Source
from speakstream.plain_page import LONGEST_WORD, Page
from speakstream.text.segmenter import Segmenter
from speakstream.text.skipped import describe
from speakstream.text.span import Span


class Paper:
    """What a page is written on."""

    def __init__(self) -> None:
        self.written = ""

    def write(self, text: str) -> int:
        self.written += text
        return len(text)


@pytest.fixture
def page() -> tuple[Page, Paper]:
    paper = Paper()
    return Page(paper, True), paper


TEXT = st.text(alphabet="ab \n", max_size=60)


@given(st.lists(st.one_of(TEXT, st.just(None))))
def test_a_reply_is_written_whole_and_what_is_told_meanwhile_stands_between_its_lines(
    steps: list[str | None],
) -> None:
    paper = Paper()
    page = Page(paper, True)
    for step in steps:
        if step is None:
            page.note_later("told")
        else:
            page.text(step)
    page.end_text()
    reply = "".join(step for step in steps if step is not None)
    lines = paper.written.split("\n")
    told = [line for line in lines if line.startswith("[")]
    assert told == ["[told]"] * steps.count(None)
    kept = "\n".join(line for line in lines if not line.startswith("["))
    assert kept == reply + ("\n" if reply and not reply.endswith("\n") else "")


def test_a_long_word_is_not_held_back_for_ever(page: tuple[Page, Paper]) -> None:
    page[0].text("字" * (LONGEST_WORD + 1))
    assert page[1].written == "字" * (LONGEST_WORD + 1)


def test_nothing_breaks_into_a_prompt_but_on_a_line_of_its_own(page: tuple[Page, Paper]) -> None:
    page[0].prompt()
    page[0].prompt()
    page[0].note_later("told")
    page[0].prompt()
    assert page[1].written == "> \n[told]\n> "


@given(st.text(alphabet="aé字\n😀"), st.data())
def test_lines_of_a_pipe_are_those_of_the_text_however_they_come(text: str, data: st.DataObject) -> None:
    raw = text.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=5)))
    read, write = os.pipe()
    source, lines = Source(read), list[str]()
    for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
        if end > start:
            os.write(write, raw[start:end])
            if (line := source.take()) is not None:
                lines.append(line)
            while source.waits:
                lines.append(source.take() or "")
    os.close(write)
    while not source.ended or source.waits:
        if (line := source.take()) is not None:
            lines.append(line)
    os.close(read)
    assert lines == [*text.split("\n")[:-1], *filter(None, text.split("\n")[-1:])]


def test_bytes_that_are_no_text_do_not_end_the_reading() -> None:
    read, write = os.pipe()
    os.write(write, b"a\xff\xfeb\n")
    os.close(write)
    assert Source(read).take() == "a\ufffd\ufffdb"
    os.close(read)


def test_commands_name_what_they_run_on() -> None:
    status = Status(
        model="A model", model_state="ready", voice="hibari/heart", voice_state="ready", device="Headphones",
        sample_rate=48000, silent_because="", progress="", speed=1.25, volume=0.5, muted=True, persona="teacher",
        context_used=100, context_length=4096, first_token=0.1, first_audio=0.25, tokens_per_second=80.0,
        prompt_tokens=20, cached_tokens=0, underruns=0,
    )  # fmt: skip
    assert status_lines(status) == [
        "model: A model",
        "voice: hibari/heart, speed 1.25",
        "sound: Headphones, 48000 Hz, volume 50 %, muted",
        "persona: teacher",
        "context: 100 of 4096 tokens",
        "last turn: first word after 0.10 s, first sound after 0.25 s, 80 tokens a second, 0 underruns",
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(5, "just now"), (60, "1 minute ago"), (7300, "2 hours ago"), (90000, "1 day ago")],
)
def test_times_are_told_in_words(seconds: float, said: str) -> None:
    assert ago(seconds) == said


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("A:\n\n```python\nx = 1\ny = 2\n```\n", "Python code, 2 lines"),
        ("A:\n\n- b\n\n  ```c++\n  int x;\n  ```\n", "C++ code, 1 line"),
        ("A:\n\n```\nplain\n```\n", "code, 1 line"),
        ("A:\n\n```\x1b]0;x\n1\n```\n", "code, 1 line"),
        ("A:\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\nB.", "a table, 2 rows"),
        ("A:\n\n$$\nx = 1\n$$\n", "a formula"),
        ("See [a].\n\n[a]: http://example.org\n\nB.", "where a link leads"),
        ("The word 東京 is here.", "words in another script, 東京"),
    ],
)
def test_what_is_not_read_aloud_has_a_name(reply: str, said: str) -> None:
    segmenter = Segmenter()
    skipped = [clause for clause in (*segmenter.push(reply), *segmenter.flush()) if clause.not_spoken]
    spans = [(span, clause.not_spoken) for clause in skipped for span in clause.silent or (clause.span,)]
    assert [describe(reply, span, why) for span, why in spans] == [said]


def test_a_long_run_of_another_script_is_shortened() -> None:
    assert describe("字" * 100, Span(0, 100), "script") == f"words in another script, {'字' * 40}…"
