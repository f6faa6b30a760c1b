"""What a check finds: one line for a person, what mends it, and the facts for a program."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """How grave a finding is. Only ``FAIL`` means that something is broken."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"
    """Not looked at, because it was not wanted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line on the screen, and one entry of ``checks`` in the JSON."""

    name: str
    status: Status
    detail: str
    """What was found; further lines of it stand below the first."""
    fix: str = ""
    """What to do. A command to type stands on a line of its own, after a line that ends in a colon."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """The facts, as JSON can hold them."""
    section: str = ""

    def within(self, section: str) -> "Finding":
        """The same, in ``section``."""
        return replace(self, section=section)

    def as_json(self) -> dict[str, Any]:
        """What ``from_json`` reads."""
        fields = asdict(self)
        return {"section": fields.pop("section"), **fields}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "Finding":
        """The opposite of ``as_json``."""
        return cls(**{**fields, "status": Status(fields["status"])})


Findings = Iterator[Finding]


def ok(name: str, detail: str, **data: Any) -> Finding:
    """All is well."""
    return Finding(name, Status.OK, detail, data=data)


def warn(name: str, detail: str, fix: str, **data: Any) -> Finding:
    """SpeakStream works, and would work better."""
    return Finding(name, Status.WARN, detail, fix, data)


def fail(name: str, detail: str, fix: str, **data: Any) -> Finding:
    """Something is broken."""
    return Finding(name, Status.FAIL, detail, fix, data)


def skip(name: str, detail: str, **data: Any) -> Finding:
    """Nobody wanted to know."""
    return Finding(name, Status.SKIP, detail, data=data)


def parted(message: str, otherwise: str = "") -> tuple[str, str]:
    """The message of an error as what is wrong and what to do, which it says in this order, after ``;`` or ``:``.

    ``otherwise``: what to do where it does not say so. After ``:`` there may be the system's own words, which begin
    with a capital.
    """
    for mark in ("; ", ": "):
        wrong, found, remedy = message.rpartition(mark)
        if found and not (mark == ": " and remedy[:1].isupper()):
            return wrong, remedy.rstrip(".")
    return message.rstrip("."), otherwise
