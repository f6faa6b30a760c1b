"""The chat's application on scripted parts, for tests of what a person does in it."""

from collections.abc import Awaitable, Callable
from typing import Any

from textual.pilot import Pilot

from speakstream.chat_options import ChatOptions
from speakstream.engine import Engine
from speakstream.history import History
from speakstream.llm import Generation
from speakstream.session import Session, Start
from speakstream.settings import Settings
from speakstream.tui.app import ChatApp
from speakstream.turn import Delivery
from tests.scripted import HandSink, ScriptedModel, ScriptedVoice, ready
from tests.tui.pilot import run

PATIENCE = 30.0


class Talk(ChatApp):
    """The application with a scripted model, a scripted voice, and a sink in the test's hand."""

    def __init__(
        self,
        deltas: list[str] | None = None,
        *,
        history: History | None = None,
        resume: int | None = None,
        speaks: bool = True,
        **settings: Any,
    ) -> None:
        self.model = ScriptedModel(deltas if deltas is not None else ["One two three four five. ", "Six seven eight."])
        self.voice_, self.sink = ScriptedVoice(), HandSink()
        self.speaks = speaks
        self.history_ = history or History(None)
        super().__init__(ChatOptions(Settings(enable_audio=False, **settings), self.history_, resume=resume))

    def make_session(self) -> Session:
        engine = Engine(ready(self.model), None, None)
        if self.speaks:
            engine.voice, engine.sink = ready(self.voice_), self.sink
        start = Start("Be brief.", Generation(max_new_tokens=20), Delivery(), "scripted/voice" if self.speaks else "")
        return Session(engine, self.history_, start, self.hear, lambda name: ready(ScriptedVoice(name=name)))

    @property
    def screen_text(self) -> str:
        """What stands on the screen, line by line."""
        lines = ["".join(segment.text for segment in strip) for strip in self.screen._compositor.render_strips()]
        return "\n".join(line.rstrip() for line in lines)


def talk(app: Talk, act: Callable[[Talk, Pilot[int]], Awaitable[None]], size: tuple[int, int] = (100, 30)) -> None:
    """Run ``act`` in the application, and end all of it."""

    async def acting(pilot: Pilot[int]) -> None:
        await settled(pilot, lambda: app.session is not None)
        await act(app, pilot)

    try:
        run(app, acting, size)
    finally:
        app.finish()


async def settled(pilot: Pilot[int], done: Callable[[], bool]) -> None:
    """Let the application work until ``done``."""
    import time

    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, "it does not come"
        await pilot.pause(0.01)
    await pilot.pause()


async def typed(pilot: Pilot[int], text: str) -> None:
    """Type a text, and press Enter."""
    for char in text:
        await pilot.press(
            {" ": "space", "/": "slash", ".": "full_stop", "?": "question_mark", "-": "minus"}.get(char, char)
        )
    await pilot.press("enter")
