"""Pictures of the chat for the README and the documentation, drawn by the application itself.

    python -m benchmarks.pictures

It is the real application, without a terminal, on conversations written for it (``pictures_talk``) and at a moment
that stands still: no model, no voice, no sound, no network. The same source gives the same bytes each time.
"""

import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from threading import Event
from typing import Self
from unittest.mock import patch

from textual.pilot import Pilot
from textual.widgets import Input

from benchmarks.pictures_talk import CONVERSATIONS, NOW, SOUNDS, WORDS
from speakstream.chat_options import ChatOptions
from speakstream.engine import Engine
from speakstream.happenings import Now, Silent, Status
from speakstream.history import History
from speakstream.llm import Generation, LanguageModel, Message
from speakstream.session import Session, Start
from speakstream.settings import Settings
from speakstream.text.segmenter import Segmenter
from speakstream.text.span import Span
from speakstream.tui.app import ChatApp
from speakstream.turn import Delivery

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"

HOME = "/home/you"
"""Where the files are of the person whose screen this is."""

MODEL, VOICE = "SmolLM2-135M-Instruct (llama.cpp, Q8_0, 2 threads)", "hibari/heart"

FIRST_TOKEN, FIRST_AUDIO, RATE = 0.09, 0.22, 104.0
"""Seconds, and tokens a second, as docs/performance.md has them."""

STILL_SECONDS = 0.3
"""A screen that has not changed for so long is complete."""

Act = Callable[["Still", Pilot[int]], Awaitable[None]]
"""What is done before a picture is taken."""


class Clock(datetime):
    """It stands."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        """The moment of the pictures."""
        return cls.fromtimestamp(NOW.timestamp(), tz)


class Nobody:
    """A LanguageModel that is never asked."""

    name, context_length = MODEL, 4096

    def prefill(self, messages: Sequence[Message], cancelled: Event) -> None:
        """See LanguageModel."""

    def count(self, messages: Sequence[Message]) -> int:
        """See LanguageModel."""
        return 0


class Moment(Session):
    """A session at one moment of the last conversation, while its last reply is spoken and still written."""

    speaks = False
    """Not before all of it is shown."""

    def now(self) -> Now:
        """See Session."""
        if not self.speaks:
            return Now()
        message = self.spoken()
        start = WORDS.index(SOUNDS)
        word = Span(start, start + len(SOUNDS.split()[0]))
        return Now(message, word, word.start, True, False, True, buffered=6.4, level=0.11)

    def spoken(self) -> int:
        """The message that is spoken."""
        latest = self.history.latest()
        assert latest is not None
        return self.history.messages(latest.id)[-1].id

    def status(self) -> Status:
        """See Session."""
        return Status(
            model=MODEL,
            model_state="ready",
            voice=VOICE,
            voice_state="ready",
            device="default",
            sample_rate=44_100,
            silent_because="",
            progress="",
            speed=1.0,
            volume=0.8,
            muted=False,
            persona="",
            context_used=430,
            context_length=4096,
            first_token=FIRST_TOKEN,
            first_audio=FIRST_AUDIO,
            tokens_per_second=RATE,
            prompt_tokens=200,
            cached_tokens=170,
            underruns=0,
        )


class Still(ChatApp):
    """The chat at that moment."""

    def __init__(self, history: History, theme: str) -> None:
        latest = history.latest()
        assert latest is not None
        log = Path(HOME) / ".local/state/speakstream/log/speakstream.log"
        settings = Settings(enable_audio=False, debug=False)
        super().__init__(ChatOptions(settings, history, resume=latest.id, theme=theme, log_path=log))
        self.prompt.cursor_blink = False

    def make_session(self) -> Session:
        """See ChatScreenApp."""
        model: Future[LanguageModel] = Future()
        model.set_result(Nobody())  # type: ignore[arg-type]  # nothing is asked that it lacks
        start = Start("", Generation(), Delivery(), VOICE)
        return Moment(Engine(model, None, None), self.options.history, start, self.hear)

    async def settle(self, pilot: Pilot[int]) -> None:
        """Wait until the conversation is shown, with the word that sounds lit."""
        while self.session is None or self.session.conversation is None:
            await pilot.pause(0.01)
        await pilot.pause()
        assert isinstance(self.session, Moment)
        for span in silent_spans(WORDS):
            self.hear(Silent(self.session.spoken(), *span))
        await pilot.pause(STILL_SECONDS)
        self.session.speaks = True
        self.frame()


def silent_spans(reply: str) -> list[tuple[Span, str]]:
    """What is not read aloud of a reply, and why."""
    segmenter = Segmenter()
    clauses = [*segmenter.push(reply), *segmenter.flush()]
    return [
        (span, clause.not_spoken) for clause in clauses if clause.not_spoken for span in clause.silent or (clause.span,)
    ]


def write_history(history: History) -> None:
    """Store the conversations, each at its time."""
    last = CONVERSATIONS[-1][1][-1]
    for when, talk in CONVERSATIONS:
        with patch("time.time", when.timestamp):
            conversation = history.begin()
            for said in talk:
                prompt, text, heard = said
                history.add_prompt(conversation, prompt)
                reply = history.begin_reply(conversation, MODEL, VOICE)
                history.append(reply.id, text)
                if heard:
                    history.end_reply(reply.id, "interrupted", text.index(heard) + len(heard), "", {})
                elif said is not last:
                    history.end_reply(reply.id, "finished", len(text), "", {})


@dataclass(frozen=True, slots=True)
class Picture:
    """One of them."""

    name: str
    about: str
    columns: int
    rows: int
    act: Act
    theme: str = "speakstream"


async def nothing(app: Still, pilot: Pilot[int]) -> None:
    """As it is."""


async def search(app: Still, pilot: Pilot[int]) -> None:
    """Look for something in all conversations."""
    app.action_search("tea")
    app.query_one(Input).cursor_blink = False


async def show_help(app: Still, pilot: Pilot[int]) -> None:
    """The screen of all keys."""
    app.action_help()


PICTURES = (
    Picture("chat", "The chat: a reply is written and spoken, the word that sounds is lit", 100, 30, nothing),
    Picture("light", "The same in 80 columns, light", 80, 24, nothing, "speakstream-light"),
    Picture("narrow", "The same in 40 columns", 40, 24, nothing),
    Picture("search", "All conversations searched", 100, 30, search),
    Picture("help", "The help screen", 100, 30, show_help),
)


def draw(picture: Picture) -> str:
    """The picture, as an SVG."""
    folders = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "SPEAKSTREAM_"))}
    folders.pop("NO_COLOR", None)

    async def taken(app: Still) -> str:
        async with app.run_test(size=(picture.columns, picture.rows)) as pilot:
            await app.settle(pilot)
            await picture.act(app, pilot)
            before, svg = "", "-"
            while before != svg:
                await pilot.pause(STILL_SECONDS)
                before, svg = svg, app.export_screenshot(title="speakstream chat")
            return svg

    history = History(None)
    with (
        patch.dict(os.environ, {**folders, "HOME": HOME}, clear=True),
        patch("speakstream.tui.sidebar.datetime", Clock),
    ):
        write_history(history)
        app = Still(history, picture.theme)
        try:
            return without_fonts(asyncio.run(taken(app)))
        finally:
            app.finish()
            history.close()


def without_fonts(svg: str) -> str:
    """The picture with the fonts of whoever looks at it: nothing is fetched."""
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL).replace("Fira Code,", "")


def main() -> int:
    """Draw all of them."""
    FOLDER.mkdir(exist_ok=True)
    for picture in PICTURES:
        svg = draw(picture)
        path = FOLDER / f"{picture.name}.svg"
        path.write_text(svg, "utf-8")
        print(f"{path.relative_to(FOLDER.parent.parent)}: {len(svg.encode()) / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
