"""What a person can do about the speech: the transport, the voice, the device, the volume."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import on

from speakstream.errors import SpeakStreamError
from speakstream.tui import choosing
from speakstream.tui.base import ChatScreenApp
from speakstream.tui.pickers import Picker, Row
from speakstream.tui.themes import choose_theme
from speakstream.tui.transcript import Transcript

if TYPE_CHECKING:
    from speakstream.session import Session

STEP = 0.1
"""Of speed and volume, at a key."""


class Speaking(ChatScreenApp):
    """The actions on speech."""

    # -- the transcript ------------------------------------------------------------------------------------

    @on(Transcript.WordClicked)
    def _word_clicked(self, message: Transcript.WordClicked) -> None:
        self.speak(message.message, message.offset)

    @on(Transcript.SilentClicked)
    def _silent_clicked(self, message: Transcript.SilentClicked) -> None:
        self.speak(message.message, message.span.start, message.span.end, aloud=True)

    def speak(self, message: int, start: int = 0, stop: int | None = None, aloud: bool = False) -> None:
        """Read a message aloud from a place on."""
        session = self.session
        if session is not None and session.silent_because:
            self.tell(session.silent_because)
            return
        self.with_session(lambda session: session.speak(message, start, stop, aloud))
        self._frames.resume()

    # -- speech --------------------------------------------------------------------------------------------

    def action_stop(self, argument: str = "") -> None:
        if self.session is not None:
            self.session.stop()
            self.frame()

    def action_pause(self, argument: str = "") -> None:
        if self.session is not None:
            self.session.toggle_pause()
            self.frame()

    def action_previous(self, argument: str = "") -> None:
        self.with_session(lambda session: session.sentence(-1))

    def action_next(self, argument: str = "") -> None:
        self.with_session(lambda session: session.sentence(+1))

    def action_replay(self, argument: str = "") -> None:
        message = self.selected("assistant")
        if message is None:
            self.tell("there is no reply to speak yet")
        else:
            self.speak(message)

    def action_hear(self, argument: str = "") -> None:
        found = self.transcript.silent_near()
        if found is None:
            self.tell("all of it was spoken: there is no code or table here")
        else:
            message, span = found
            self.speak(message, span.start, span.end, aloud=True)

    def action_slower(self, argument: str = "") -> None:
        self.change_speed(-STEP)

    def action_faster(self, argument: str = "") -> None:
        self.change_speed(+STEP)

    def change_speed(self, step: float) -> None:
        """From the present word on."""
        self.with_session(lambda session: session.set_speed(session.speed + step))

    def action_speed(self, argument: str = "") -> None:
        if (speed := self.number(argument, "speed", 0.5, 3.0, "/speed 1.2")) is not None:
            self.with_session(lambda session: session.set_speed(speed))

    def number(self, argument: str, what: str, least: float, most: float, example: str) -> float | None:
        """The number in a command; None, and the person is told why, when it is not allowed."""
        try:
            value = float(argument.removesuffix("%").replace(",", "."))
            if least <= value <= most:
                return value
        except ValueError:
            pass
        self.tell(f"{what} {argument!r} is not allowed: use a number from {least:g} to {most:g}, as in {example}")
        return None

    # -- voice and sound -----------------------------------------------------------------------------------

    def action_mute(self, argument: str = "") -> None:
        if self.session is not None:
            self.session.set_muted(not self.session.muted)

    def action_louder(self, argument: str = "") -> None:
        self.change_volume(+STEP)

    def action_softer(self, argument: str = "") -> None:
        self.change_volume(-STEP)

    def change_volume(self, step: float) -> None:
        if self.session is not None:
            self.session.set_volume(self.session.volume + step)

    def action_volume(self, argument: str = "") -> None:
        volume = self.number(argument, "volume", 0, 100, "/volume 80")
        if volume is not None and self.session is not None:
            self.session.set_volume(volume / 100)

    def action_voice(self, argument: str = "") -> None:
        current = self.session.voice if self.session is not None else ""
        self.choose(
            "Voice", lambda: choosing.voices(current), argument, lambda name: lambda session: session.set_voice(name)
        )

    def action_device(self, argument: str = "") -> None:
        current = self.session.status().device if self.session is not None else ""
        self.choose(
            "Sound device",
            lambda: choosing.devices(current),
            argument,
            lambda name: lambda session: session.set_device(name),
        )

    def action_persona(self, argument: str = "") -> None:
        from speakstream.personas import find_persona

        current = self.session.persona.name if self.session is not None and self.session.persona else ""

        def chosen(name: str) -> "Callable[[Session], object]":
            return lambda session: session.set_persona(None if name == "none" else find_persona(name))

        self.choose("Persona", lambda: choosing.personas(current), argument, chosen)

    def action_theme(self, argument: str = "") -> None:
        if argument:
            self.set_theme(argument)
            return
        before = self.theme

        def chosen(name: str | None) -> None:
            if name:
                self.set_theme(name)
            else:
                self.theme = before

        self.push_screen(Picker("Theme", choosing.themes(self), preview=partial(choose_theme, self)), chosen)

    def set_theme(self, name: str) -> None:
        try:
            choose_theme(self, name, keep=True)
        except SpeakStreamError as error:
            self.tell(str(error))

    def choose(
        self,
        title: str,
        rows: Callable[[], Sequence[Row]],
        argument: str,
        job: "Callable[[str], Callable[[Session], object]]",
    ) -> None:
        """Let the person choose one of ``rows``, unless the argument has it already, and have it done."""
        if argument:
            self.with_session(job(argument))
            return

        def chosen(value: str | None) -> None:
            if value is not None:
                self.with_session(job(value))

        async def listed() -> Sequence[Row]:
            return await asyncio.to_thread(rows)

        self.push_screen(Picker(title, listed), chosen)
