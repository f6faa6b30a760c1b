"""What is offered for what is typed; pure."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from speakstream.attachments import expand, names_in
from speakstream.tui.actions import ACTIONS
from speakstream.tui.completion import Choice, Offer, PromptCommand, Wanted, command_offers, offers, wanted

COMMANDS = [PromptCommand(action) for action in ACTIONS]
NAMES = [Choice(name) for name in ("docs/", "Draft.md", "my notes.txt", 'say "hi".txt', ".env", ".git/")]


def want(line: str, alone: bool = True) -> Wanted | None:
    """What is wanted at the ``|`` in ``line``."""
    return wanted(line.replace("|", ""), line.index("|"), alone, COMMANDS)


def completed(line: str, choose: Callable[[Wanted], tuple[Offer, ...]]) -> list[str]:
    """The line with each of the offers in it."""
    wants = want(line)
    assert wants is not None
    bare = line.replace("|", "")
    return [bare[: wants.start] + offer.insert + bare[wants.end :] for offer in choose(wants)]


@pytest.mark.parametrize(
    ("line", "kind", "typed", "source"),
    [
        ("/|", "command", "/", ""),
        ("/vo|", "command", "/vo", ""),
        ("/vo| now", "command", "/vo", ""),
        ("/voice |", "argument", "", "/voice"),
        ("/voice hi em|", "argument", "hi em", "/voice"),
        ("@|", "file", "", ""),
        ("see @no|", "file", "no", ""),
        ("see (@src/no|)", "file", "no", "src/"),
        ("see @~/a/.b|, and", "file", ".b", "~/a/"),
        ('see @"my no|', "file", "my no", ""),
        ('see @"my folder/no|" now', "file", "no", "my folder/"),
        ("/export @do|", "argument", "@do", "/export"),
    ],
)
def test_what_stands_before_the_cursor_is_recognised(line: str, kind: str, typed: str, source: str) -> None:
    found = want(line)
    assert found is not None
    assert (found.kind, found.typed, found.source) == (kind, typed, source)


@pytest.mark.parametrize(
    "line",
    [
        "|",
        "|/",
        "say /vo|",
        "/vo|ice",
        "// a|",
        "/qqq a|",
        "me@exa|",
        "@no|tes",
        "@ |",
        'see @"a b" |',
        "`@a|",
        "a@@b|",
    ],
)
def test_nothing_else_is(line: str) -> None:
    assert want(line) is None


def test_a_command_is_one_only_where_the_prompt_has_no_other_line() -> None:
    assert want("/vo|", alone=False) is None


def test_commands_that_begin_so_come_first_and_say_what_they_do() -> None:
    wants = want("/co|")
    assert wants is not None
    shown = command_offers(wants, COMMANDS)
    assert [offer.label for offer in shown][:3] == ["/copy", "/copy-code [number]", "/conversations"]
    assert shown[0].about == "Copy the selected message, or the last reply"


@pytest.mark.parametrize(
    ("line", "insert", "complete"),
    [
        ("/cop|", "/copy", False),
        ("/copy|", "/copy", True),
        ("/voice|", "/voice ", True),  # its argument may be left out
        ("/speed|", "/speed ", False),
    ],
)
def test_a_command_is_complete_when_nothing_more_is_needed(line: str, insert: str, complete: bool) -> None:
    wants = want(line)
    assert wants is not None
    offer = command_offers(wants, COMMANDS)[0]
    assert (offer.insert, offer.complete) == (insert, complete)


def test_arguments_are_found_by_any_part_of_them() -> None:
    choices = [Choice("hibari/heart", "US"), Choice("hibari/emma", "GB")]
    assert completed("/voice |", lambda wants: offers(wants, choices)) == ["/voice hibari/heart", "/voice hibari/emma"]
    assert completed("/voice EM|", lambda wants: offers(wants, choices)) == ["/voice hibari/emma"]
    assert completed("/voice x|", lambda wants: offers(wants, choices)) == []


def test_files_are_found_in_any_case_and_hidden_ones_by_a_dot() -> None:
    assert completed("see @|", lambda wants: offers(wants, NAMES)) == [
        "see @docs/",
        "see @Draft.md ",
        'see @"my notes.txt" ',
    ]
    assert completed("see @D|,", lambda wants: offers(wants, NAMES)) == ["see @docs/,", "see @Draft.md ,"]
    assert completed("see @.|", lambda wants: offers(wants, NAMES)) == ["see @.env ", "see @.git/"]


def test_names_with_spaces_are_put_in_quotes_and_a_folder_s_are_left_open() -> None:
    names = [Choice("a b/"), Choice("a c")]
    assert completed("@a|", lambda wants: offers(wants, names)) == ['@"a b/', '@"a c" ']
    assert completed('@"x y/a |" now', lambda wants: offers(wants, names)) == ['@"x y/a b/ now', '@"x y/a c"  now']


def test_a_file_s_name_is_complete_when_it_is_written_as_it_must_be() -> None:
    def is_complete(line: str) -> bool:
        wants = want(line)
        assert wants is not None
        return offers(wants, [Choice("a b.txt"), Choice("ab.txt"), Choice("ab/")])[0].complete

    assert is_complete("@ab.txt|") and is_complete('@"a b.txt|"')
    assert not is_complete('@"a b.txt|') and not is_complete("@ab|")


@given(name=st.text(alphabet=st.sampled_from("abc .,@\"'(é-"), min_size=1, max_size=8))
def test_what_is_offered_for_a_file_attaches_it(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """Whatever its name is; those that cannot be written in a prompt are not offered."""
    assume(name not in (".", ".."))
    folder = tmp_path_factory.mktemp("names")
    (folder / name).write_text("x")
    hidden = "." if name.startswith(".") else ""
    wants = wanted(f"@{hidden}", 1 + len(hidden), True, COMMANDS)
    assert wants is not None
    offered = offers(wants, [Choice(listed) for listed in names_in(folder)])
    assert [expand(offer.insert, folder).files for offer in offered] == [(folder / name,)] * len(offered)
    assert offered or '"' in name


def test_a_long_folder_is_cut(tmp_path: Path) -> None:
    for number in range(250):
        (tmp_path / f"{number:03}").touch()
    wants = want("@|")
    assert wants is not None
    assert len(offers(wants, [Choice(name) for name in names_in(tmp_path)])) == 200
