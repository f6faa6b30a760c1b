"""Files in a prompt: what is attached, what is refused and how, and what is left alone."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakstream.attachments import MAX_FILE_BYTES, MAX_TOTAL_BYTES, expand, literal, names_in, reference
from speakstream.errors import AttachmentError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder with a bit of everything."""
    (tmp_path / "notes.txt").write_text("Buy milk.\n")
    (tmp_path / "my notes.txt").write_text("Call Ann.")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "plan.md").write_text("# Plan\n```py\nx = 1\n```\n")
    (tmp_path / "Makefile").write_text("all:\n")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


# -- what is attached -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "begins", "files"),
    [
        ("Sum up @notes.txt", "Sum up notes.txt\n\nnotes.txt:\n```\nBuy milk.\n```", ["notes.txt"]),
        ("Is @notes.txt, or (@./notes.txt) done?", "Is notes.txt, or (./notes.txt) done?\n\nnotes.txt:", ["notes.txt"]),
        ('Sum up @"my notes.txt".', 'Sum up "my notes.txt".\n\nmy notes.txt:\n```\nCall Ann.\n```', ["my notes.txt"]),
        ("@Makefile: why?", "Makefile: why?\n\nMakefile:\n```\nall:\n```", ["Makefile"]),
        ("@docs/plan.md!", "docs/plan.md!\n\ndocs/plan.md:\n````\n# Plan\n```py\nx = 1\n```\n````", ["plan.md"]),
        ("@notes.txt\n@docs/plan.md", "notes.txt\ndocs/plan.md\n\nnotes.txt:", ["notes.txt", "plan.md"]),
    ],
)
def test_a_file_is_put_behind_the_prompt(folder: Path, prompt: str, begins: str, files: list[str]) -> None:
    expanded = expand(prompt, folder)
    assert expanded.text.startswith(begins)
    assert [path.name for path in expanded.files] == files


def test_the_home_folder_may_be_written_with_a_tilde(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert expand("@~/notes.txt", Path("/")).files == (folder / "notes.txt",)


def test_what_is_no_text_in_a_text_is_left_out(folder: Path) -> None:
    (folder / "log").write_bytes(b"\xef\xbb\xbfone\x1b[31m red\r\n\x1b]52;c;AAAA\x07two")
    assert expand("@log", folder).text == "log\n\nlog:\n```\none red\ntwo\n```"


# -- what is left alone -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "prompt",
    [
        "Write to me@example.org and ann.lee+x@mail.example.com",
        "Ask @ann about it, or @bob?",
        "@ alone, @@twice, user@notes.txt and @",
        "What does @property do? And `@notes.txt` in code?",
        "Wait @... no @. @..",
        "",
    ],
)
def test_other_signs_stay_as_they_are(folder: Path, prompt: str) -> None:
    assert expand(prompt, folder) == expand(prompt, folder / "docs")
    assert (expand(prompt, folder).text, expand(prompt, folder).files) == (prompt, ())


def test_a_backslash_makes_a_plain_sign(folder: Path) -> None:
    assert (
        expand(r"Explain \@notes.txt and (\@app.route('/')", folder).text == "Explain @notes.txt and (@app.route('/')"
    )


@given(st.text(alphabet=st.sampled_from("a@\\ \"'(.\n/"), max_size=40), st.sampled_from(["", " ", "x", "(", "\\"]))
def test_a_literal_text_comes_out_as_it_went_in(text: str, before: str) -> None:
    expanded = expand(before + literal(text, before), Path("/nowhere"))
    assert (expanded.text, expanded.files) == (before + text, ())


# -- what is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        ("Read @notse.txt", r"there is no file 'notse.txt'; did you mean @notes.txt? (a plain @ is written \@)"),
        ('Read @"my note.txt"', r"there is no file 'my note.txt'; did you mean @" + '"my notes.txt"?'),
        ("Read @docs/plam.md", r"there is no file 'docs/plam.md'; did you mean @docs/plan.md?"),
        ("@qqq/zzz", r"there is no file 'qqq/zzz'; a plain @ is written \@"),
        ("@nobody/\x1b[31m", r"there is no file 'nobody/\x1b[31m'; a plain"),
        ("@~nobody-at-all/x", "there is no file '~nobody-at-all/x'; a plain"),
        ("@docs", r"'docs' is a folder; name a file in it (a plain @ is written \@)"),
        ("@pipe", "'pipe' is a device or a pipe; only plain files can be attached"),
        ("@/dev/zero", "'/dev/zero' is a device or a pipe"),
        ("@a/" + "b" * 300, f"'a/{'b' * 78}…'"),
    ],
)
def test_a_refusal_is_one_line_that_names_the_file(folder: Path, prompt: str, says: str) -> None:
    with pytest.raises(AttachmentError) as refused:
        expand(prompt, folder)
    assert says in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x7fELF\0\1", "'it' is not text; only UTF-8 text can be attached"),
        (b"caf\xe9", r"'it' is not UTF-8 text \(byte 3\); save it as UTF-8"),
        ("text".encode("utf-16"), "'it' is UTF-16 text; save it as UTF-8"),
        (b"x" * (MAX_FILE_BYTES + 1), r"'it' is larger than 64 KB.*4,096 tokens at once by default \(CONTEXT_LENGTH\)"),
    ],
)
def test_what_cannot_be_read_by_a_language_model_is_refused(folder: Path, data: bytes, says: str) -> None:
    (folder / "it").write_bytes(data)
    with pytest.raises(AttachmentError, match=says):
        expand("@it", folder)


def test_all_files_together_have_a_limit(folder: Path) -> None:
    most = MAX_TOTAL_BYTES // MAX_FILE_BYTES
    for number in range(most + 1):
        (folder / f"{number}.txt").write_bytes(b"x" * MAX_FILE_BYTES)
    names = [f"@{number}.txt" for number in range(most)]
    assert len(expand(" ".join(names * 2), folder).files) == most
    with pytest.raises(
        AttachmentError, match=rf"'{most}\.txt': with it the files of this prompt hold more than 128 KB"
    ):
        expand(" ".join([*names, f"@{most}.txt"]), folder)


def test_a_file_that_cannot_be_read_is_told(folder: Path) -> None:
    (folder / "loop").symlink_to("loop")
    with pytest.raises(AttachmentError, match=r"'\./loop' cannot be read \(Too many levels of symbolic links\)"):
        expand("@./loop", folder)


# -- names ------------------------------------------------------------------------------------------------


def test_names_are_listed_with_folders_marked_and_nothing_that_cannot_be_attached(folder: Path) -> None:
    (folder / "a\x1b[31m.txt").write_text("x")
    (folder / "loop").symlink_to("loop")
    (folder / "docs.txt").write_text("x")
    assert names_in(folder) == ["docs/", "docs.txt", "Makefile", "my notes.txt", "notes.txt"]
    assert names_in(folder / "nowhere") == []


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"], exclude_characters="/"), min_size=1, max_size=20))
def test_a_reference_names_its_file(name: str) -> None:
    """As the completion writes it, also within a sentence; a name in double quotes can't be written."""
    written = reference(name)
    assert written or '"' in name
    if written:
        with pytest.raises(AttachmentError) as refused:
            expand(f"See {reference('nowhere/' + name)} now", Path("/"))
        assert str(refused.value).startswith("there is no file 'nowhere/")
