"""One file over HTTP, gone on with after every break: what the child process of ``download.py`` does.

What has come stands in the target itself; beside it ``TARGET.json`` says what it is the beginning of. So the
next try goes on from there, and so does the next process, whatever ended this one. A server that cannot go on,
or whose file is another one by now, is asked for all of it again.

How the bytes are asked for, and what they must be in the end, is not known here.

RFC 9110: 13.1.5 (If-Range), 14 (ranges), 15.3.7 (206), 15.5.17 (416).
"""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

BLOCK = 1 << 13  # bytes to a read; what is read when a connection breaks is lost

Tell = Callable[..., None]  # tell("event", value=...): an event for the parent process


class Broken(Exception):
    """The connection failed or ended early: another try may go on from here."""


class Unreachable(Broken):
    """There was no connection at all."""


class Refused(Exception):
    """An answer that another try would not change."""

    def __init__(self, why: str, status: int = 0) -> None:
        super().__init__(why)
        self.status = status  # of HTTP, if that is why


class Wrong(Exception):
    """What is there is not the file that is wanted; ``str()`` says what it is."""


class Answer(Protocol):
    """A server's answer to one request; ``read`` and the request itself raise ``Broken`` or ``Refused``."""

    status: int
    headers: Mapping[str, str]  # whatever the case of their names
    source: str  # the host it came from
    announced: str  # the SHA-256 that the server itself names, or ""

    def read(self, most: int) -> bytes: ...

    def close(self) -> None: ...


Ask = Callable[[Mapping[str, str]], Answer]  # with these headers


@dataclass(frozen=True, slots=True)
class Part:
    """What an unfinished file is the beginning of."""

    size: int  # bytes of the whole; 0: not known
    validator: str  # a strong ETag, or a date; "": the server gave neither
    announced: str  # as in Answer


def note_of(target: Path) -> Path:
    """The file beside ``target`` that says what it is a part of."""
    return target.with_name(f"{target.name}.json")


def size_of(target: Path) -> int:
    """Bytes that have come."""
    return target.stat().st_size if target.exists() else 0


def read_part(target: Path) -> Part | None:
    """What ``target`` is the beginning of; None if there is nothing to go on from."""
    try:
        return Part(**json.loads(note_of(target).read_bytes())) if target.exists() else None
    except (OSError, ValueError, TypeError):
        return None


def discard(target: Path) -> None:
    """Forget what has come."""
    target.unlink(missing_ok=True)
    note_of(target).unlink(missing_ok=True)


def transfer(
    ask: Ask,
    target: Path,
    tell: Tell,
    *,
    size: int = 0,
    pinned: bool = False,
    pauses: Sequence[float],
    reached: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Bring ``target`` to its end, over as many connections as that takes.

    Every connection that brings the file further is a success; after one that does not there is a pause, each
    time the next one of ``pauses``, and then it is given up. ``size``: the bytes it must have, 0 if that is not
    known. ``pinned``: it is checked against a known SHA-256 in the end, so that a server without ETags may be
    trusted to go on with the same file. ``reached``: the network is known to be there; otherwise a first
    connection that does not come about is an error at once.

    :raises Broken: the last try was in vain, too.
    :raises Refused: the server has no such file for us.
    :raises Wrong: it has another size than ``size``.
    :raises OSError: the disk failed.
    """
    furthest, vain = size_of(target), 0
    while True:
        try:
            _go_on(ask, target, tell, size, pinned)
            return
        except Broken as error:
            here = size_of(target)
            vain = 0 if here > furthest else vain
            furthest = max(furthest, here)
            reached = reached or here > 0 or not isinstance(error, Unreachable)
            if not reached or vain >= len(pauses):
                raise
            tell("again", why=str(error), at=here)
            sleep(pauses[vain])
            vain += 1


def _go_on(ask: Ask, target: Path, tell: Tell, size: int, pinned: bool) -> None:
    part = read_part(target)
    if part is None or not (part.validator or pinned):
        part = None
        discard(target)
    have = size_of(target)
    if part is not None and have == part.size > 0:
        return
    headers = {"Accept-Encoding": "identity"}
    if part is not None and have:
        headers["Range"] = f"bytes={have}-"
        if part.validator:
            headers["If-Range"] = part.validator
    with closing(ask(headers)) as answer:
        begins = _begins(answer, have, part) if have and part is not None else _whole(answer)
        if begins is not None:
            _receive(answer, target, tell, begins, part, size)
            return
    discard(target)
    _go_on(ask, target, tell, size, pinned)  # once: now there is nothing to go on from


def is_busy(status: int) -> bool:
    """Whether the same request may succeed later."""
    return status in (408, 425, 429) or status >= 500


def _whole(answer: Answer) -> int:
    """Where the body begins when all of the file was asked for."""
    if answer.status == 200:
        return 0
    raise _unwilling(answer)


def _begins(answer: Answer, have: int, part: Part) -> int | None:
    """Where the body begins when the file was asked for from ``have`` on; None: what we have is of no use."""
    if answer.status == 200:
        return 0
    if answer.status == 416:
        return None
    if answer.status == 206:
        span = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", "").strip())
        fits = span is not None and int(span[1]) == have and (not part.size or span[2] in ("*", str(part.size)))
        same = _validator(answer) in ("", part.validator) and answer.announced in ("", part.announced)
        return have if fits and same else None
    raise _unwilling(answer)


def _unwilling(answer: Answer) -> Exception:
    why = f"HTTP {answer.status} from {answer.source}"
    return Broken(why) if is_busy(answer.status) else Refused(why, answer.status)


def _validator(answer: Answer) -> str:
    """What tells this version of the file from others, byte for byte; weak ETags do not."""
    tag = answer.headers.get("ETag") or ""
    return tag if tag.startswith('"') else answer.headers.get("Last-Modified") or ""


def _receive(answer: Answer, target: Path, tell: Tell, begins: int, part: Part | None, size: int) -> None:
    if part is None or not begins:
        length = answer.headers.get("Content-Length") or ""
        part = Part(int(length) if length.isdecimal() else size, _validator(answer), answer.announced)
    if size and part.size != size:
        raise Wrong(f"{part.size} bytes instead of {size}")
    whole = part.size
    tell("answer", size=whole, at=begins, source=answer.source)
    with target.open("r+b" if begins else "wb") as out:
        if not begins:
            note_of(target).write_text(json.dumps(asdict(part)), encoding="utf-8")
        out.seek(begins)
        while block := answer.read(BLOCK):
            out.write(block)
            out.flush()
            if whole and out.tell() > whole:
                raise Wrong(f"more than {whole} bytes")
        if whole and out.tell() < whole:
            raise Broken(f"the connection ended after {out.tell()} of {whole} bytes")
