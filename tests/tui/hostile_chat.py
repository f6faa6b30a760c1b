"""``speakstream`` in which all is hostile that others decide: run it with ``python -m tests.tui.hostile_chat chat``.

The model's mouth, its errors, the names of voices, devices and models. The parts are those of ``tests.scripted_chat``.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from threading import Event

from speakstream import starting
from speakstream.cli import main
from speakstream.happenings import Happening, Status, Told
from speakstream.history import History
from speakstream.llm import Generation, Message
from speakstream.loading import Resources
from speakstream.personas import Persona
from speakstream.session import Session
from speakstream.settings import Settings
from speakstream.tui import choosing
from speakstream.tui.pickers import Row
from tests import scripted_chat
from tests.scripted import ScriptedModel

FORGED = (
    "\x1b]52;c;UFdORUQ=\x07", "\x1b]52;c;UFdORUQ=\x1b\\", "\x9d52;c;UFdORUQ=\x9c",  # the clipboard
    "\x1bPtmux;\x1b\x1b]52;c;UFdORUQ=\x07\x1b\\",
    "\x1b]8;;http://pwned.invalid\x1b\\PWNED\x1b]8;;\x1b\\",  # a link
    "\x1b]0;PWNED\x07", "\x1b]2;PWNED\x1b\\",  # the title
    "\x1b]1337;File=:UFdORUQ=\x07", "\x1bP$qPWNED\x1b\\", "\x90PWNED\x9c",
    "\x1bXPWNED\x1b\\", "\x1b^PWNED\x1b\\", "\x1b_PWNED\x1b\\", "\x9fPWNED\x9c",
    "\x1b[66;77H", "\x9b66;77H", "\x1b[38:5:1m", "\x9b38:5:1m", "\x1b[8m", "\x1b[2J",
    "\x1b[?1049l", "\x1b[?1000l", "\x1b[6n", "\x1bc", "\x1b#8", "\x1b(0", "\x1b=",
    "\x0e\x0f\x07\x08\x08\x7f\x05\x00\x85\x8d",
    "\u202ePWNED\u2066\u2069\u202c\ufeff\U000e0041",
)  # fmt: skip
"""What must not reach a terminal."""

MARKUP = "[bold red]M1[/] [@click=app.quit]M2[/] [link=http://pwned.invalid]M3[/link]"
"""What must reach it as it is."""

VILE = f"begun {' '.join(FORGED)} {MARKUP} done"

WRAPPED = (
    "# {}\n\n- {}\n\n> **{}**\n\n| a | b |\n| - | - |\n| {} | `{}` |\n\n```{}\nx = {}\n```\n\n"
    "[{}](http://x.invalid/{}) ![{}](y) $${}$$ <b>{}</b>\n\n\u2028\u2029The end.\n"
)
"""Markdown, with something in each of its places."""


class Model(ScriptedModel):
    """Writes it, in every place, character by character; or fails with it."""

    def stream(self, messages: Sequence[Message], options: Generation, cancelled: Event) -> Iterator[str]:
        if messages[-1].content.endswith("fail"):
            yield "It begins "
            raise RuntimeError(VILE)
        yield from WRAPPED.replace("{}", VILE)


def start_session(
    settings: Settings,
    history: History,
    listener: Callable[[Happening], None],
    resources: Resources,
    persona: Persona | None = None,
) -> Session:
    """As the scripted chat's, and the first notice is hostile."""
    listener(Told(VILE))
    return scripted_chat.start_session(settings, history, listener, resources)


def vile_status(session: Session, status: Callable[[Session], Status] = Session.status) -> Status:
    """What a device, a model and a voice call themselves."""
    return replace(status(session), model=VILE, voice=VILE, device=VILE, sample_rate=48000, progress="")


def vile_rows(current: str) -> list[Row]:
    """A device of that name."""
    return [Row(VILE, VILE, VILE, True), Row("other", "other", VILE, False, VILE)]


if __name__ == "__main__":
    vars(scripted_chat)["Model"] = partial(Model, name=VILE)
    vars(starting)["start_session"] = start_session
    vars(choosing)["devices"] = vars(choosing)["voices"] = vile_rows
    Session.status = vile_status  # type: ignore[method-assign, assignment]
    Session.open_sound = lambda self, wanted: None  # type: ignore[method-assign]
    sys.argv[0] = "speakstream"
    main()
