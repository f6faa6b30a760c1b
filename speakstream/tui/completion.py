"""What the prompt offers while a ``/command``, its argument or an ``@path`` is typed. Pure; no Textual, no files.

``wanted`` says what stands before the cursor, and where the names for it come from; ``offers`` chooses among the names.
They are two steps because the names of a folder, or of the voices, may take a while to get.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from speakstream.attachments import reference
from speakstream.tui.actions import Action

MAX_OFFERS = 200
"""More are not read; one more letter makes fewer of them."""

_FILE = re.compile(r"""(?:^|(?<=[\s(\[{<"']))@(?:"([^"]*)|([^\s"@][^\s"]*)?)$""")
_ARGUMENT = re.compile(r"(/\S+)\s+(.*)$")
_NAME_GOES_ON = re.compile(r"[\w./~-]")


@dataclass(frozen=True, slots=True)
class Choice:
    """A name that may be typed."""

    value: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class PromptCommand:
    """An action as a slash command. ``choices`` has what its argument may be; it may take a while, on a thread."""

    action: Action
    choices: Callable[[], Iterable[Choice | str]] = tuple

    @property
    def name(self) -> str:
        """With the slash: "/voice"."""
        return self.action.command


@dataclass(frozen=True, slots=True)
class Wanted:
    """What stands before the cursor and can be completed."""

    kind: Literal["command", "argument", "file"]
    start: int  # columns of what an offer takes the place of
    end: int
    text: str  # between them
    typed: str  # of the name
    source: str = ""  # of the names: a command, or a folder as it is written ("", "src/", "~/")


@dataclass(frozen=True, slots=True)
class Offer:
    """One row of the list."""

    label: str
    about: str
    insert: str  # in the place of what is typed
    complete: bool  # it is what is typed, and nothing more is needed


def wanted(line: str, column: int, alone: bool, commands: Sequence[PromptCommand]) -> Wanted | None:
    """What the cursor at ``column`` of ``line`` may complete; ``alone``: the prompt has no other line."""
    before, after = line[:column], line[column:]
    if alone and before.startswith("/") and before[1:2] != "/":
        if not after.strip() and (found := _ARGUMENT.match(before)):
            command = next((command for command in commands if command.name == found[1]), None)
            if command is not None:
                return Wanted("argument", found.start(2), len(line), line[found.start(2) :], found[2], command.name)
        elif not re.search(r"\s", before) and not _NAME_GOES_ON.match(after):
            return Wanted("command", 0, column, before, before)
    if (found := _FILE.search(before)) is None:
        return None
    quoted = found[1] is not None
    if not quoted and _NAME_GOES_ON.match(after):
        return None
    path = found[1] if quoted else found[2] or ""
    folder, slash, name = path.rpartition("/")
    end = column + 1 if quoted and after.startswith('"') else column
    return Wanted("file", found.start(), end, line[found.start() : end], name, folder + slash)


def offers(want: Wanted, names: Iterable[Choice]) -> tuple[Offer, ...]:
    """What to offer for ``want``, out of all ``names`` of its source; the best first."""
    if want.kind == "file":
        return tuple(_files(want, names))[:MAX_OFFERS]
    typed = want.typed.casefold().strip()
    known = [(name.value.casefold(), name) for name in names]
    begin = [name for folded, name in known if folded.startswith(typed)]
    inside = typed.lstrip("/")
    hold = [name for folded, name in known if inside and inside in folded and name not in begin]
    return tuple(Offer(name.value, name.about, name.value, want.text == name.value) for name in (*begin, *hold))[
        :MAX_OFFERS
    ]


def command_offers(want: Wanted, commands: Sequence[PromptCommand]) -> tuple[Offer, ...]:
    """The same for the commands themselves; what is inserted makes room for an argument."""
    by_name = {command.name: command for command in commands}
    made = []
    for offer in offers(want, [Choice(command.name, command.action.about) for command in commands]):
        argument = by_name[offer.label].action.argument
        insert = f"{offer.label} " if argument else offer.label
        needs_more = argument.startswith("<")
        made.append(Offer(f"{offer.label} {argument}".rstrip(), offer.about, insert, offer.complete and not needs_more))
    return tuple(made)


def _files(want: Wanted, names: Iterable[Choice]) -> Iterable[Offer]:
    typed = want.typed.casefold()
    for name in names:
        hidden = name.value.startswith(".") and not typed.startswith(".")
        if hidden or not name.value.casefold().startswith(typed):
            continue
        written = reference(want.source + name.value)
        if not written:
            continue
        is_folder = name.value.endswith("/")
        insert = written.removesuffix('"') if is_folder else f"{written} "  # a folder's files come next
        yield Offer(name.value, name.about, insert, want.text == written and not is_folder)
