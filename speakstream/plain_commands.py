"""The slash commands of ``chat --plain``: what the screen has keys and lists for, each with a short answer in words."""

import difflib
import re
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from speakstream.attachments import expand
from speakstream.errors import SpeakStreamError
from speakstream.happenings import Silent, Status
from speakstream.history import StoredConversation, StoredMessage
from speakstream.loading import Resources
from speakstream.session import Session
from speakstream.settings import SETTINGS, Settings
from speakstream.tui.actions import ACTIONS, Action

Answer = str | Sequence[str] | None
"""One line about what was done, or the lines that were asked for; None: what happens tells enough."""

LISTED = 20
"""Conversations, or hits of a search, that are listed at once."""

STEP = 0.1

ONLY_ON_THE_SCREEN = frozenset(
    (
        "copy",
        "copy_code",
        "select_up",
        "select_down",
        "page_up",
        "page_down",
        "follow",
        "theme",
        "palette",
        "log",
        "suspend",
    )
)
"""Actions that mean nothing without one."""

_HERE = {
    "replay": "Speak the last reply again",
    "hear": "Read aloud what was not: the last such part, or the one of this number",
    "edit": "Ask the last prompt again, in these words",
    "conversations": "List the conversations",
    "mute": "Silence, or sound again; the speech goes on",
    "voice": "Tell the voices, or choose one",
    "device": "Tell the sound devices, or choose one",
    "persona": "Tell who may answer, or choose; none: as the settings have it",
    "status": "Tell what this runs on, and the figures of the last turn",
    "help": "List the commands",
}
_ARGUMENTS = {"hear": "[number]", "edit": "[prompt]", "speed": "[factor]", "volume": "[percent]"}

COMMANDS: tuple[Action, ...] = (
    *(
        replace(
            action, about=_HERE.get(action.name, action.about), argument=_ARGUMENTS.get(action.name, action.argument)
        )
        for action in ACTIONS
        if action.name not in ONLY_ON_THE_SCREEN
    ),
    Action("open", "", "Open", "Go on with the conversation of this number", "<number>"),
)
"""What works here: ``_Commands.<name>`` does it."""

_OTHER_NAMES = {"/exit": "/quit", "/bye": "/quit", "/list": "/conversations", "/resume": "/open"}


class Host(Protocol):
    """What the commands need of the loop that reads them."""

    @property
    def silent(self) -> Sequence[Silent]:
        """What of the last reply was not read aloud, in order."""

    def stop(self) -> bool:
        """Silence, and no more text; whether there was anything to stop."""

    def leave(self) -> None:
        """End the program."""

    def offer(self, line: str) -> bool:
        """Put this into the next line, to be edited; whether that can be done."""

    def show_conversation(self, conversation: int) -> None:
        """Its title, and how far it had come."""

    def long_job(self) -> AbstractContextManager[Resources]:
        """For what takes a while: Ctrl-C cancels these resources meanwhile."""


class Commands:
    """Obeys lines that begin with a slash."""

    def __init__(self, session: Session, settings: Settings, host: Host) -> None:
        self._session = session
        self._settings = settings
        self._host = host
        self._deleted: int | None = None

    def obey(self, line: str) -> Answer:
        """Do what ``line`` says. Raises SpeakStreamError, one line, when that is not possible."""
        name, _, argument = line.partition(" ")
        name = _OTHER_NAMES.get(name.lower(), name.lower())
        by_command = {action.command: action for action in COMMANDS}
        if name not in by_command:
            raise SpeakStreamError(_unknown(name, list(by_command)))
        call: Callable[[str], Answer] = getattr(self, by_command[name].name)
        return call(argument.strip())

    # -- speech --------------------------------------------------------------------------------------------

    def stop(self, _: str) -> Answer:
        return "stopped" if self._host.stop() else "nothing is being spoken"

    def pause(self, _: str) -> Answer:
        if not self._session.now().speaking:
            return "nothing is being spoken"
        return "paused; /pause goes on" if self._session.toggle_pause() else "going on"

    def previous(self, _: str) -> Answer:
        self._session.sentence(-1)
        return None

    def next(self, _: str) -> Answer:
        self._session.sentence(1)
        return None

    def replay(self, _: str) -> Answer:
        reply = self._last("assistant")
        if reply is None or not reply.text:
            return "there is no reply yet"
        if not self._speaks():
            return self._silent()
        self._session.speak(reply.id)
        return "speaking it again"

    def hear(self, argument: str) -> Answer:
        skipped = self._host.silent
        if not skipped:
            return "there is nothing that was not read aloud"
        number = _whole(argument or str(len(skipped)), 1, len(skipped), "number")
        if not self._speaks():
            return self._silent()
        part = skipped[number - 1]
        self._session.speak(part.message, part.span.start, part.span.end, aloud=True)
        return "reading it"

    def slower(self, _: str) -> Answer:
        return self.speed(f"{max(self._session.speed - STEP, 0.5):g}")

    def faster(self, _: str) -> Answer:
        return self.speed(f"{min(self._session.speed + STEP, 3.0):g}")

    def speed(self, argument: str) -> Answer:
        kind = SETTINGS["TTS_SPEED"].kind
        if argument:
            try:
                factor = float(str(kind.read(argument)))
            except ValueError:
                raise SpeakStreamError(f"speed {argument!r} is not allowed: use {kind.allowed}") from None
            self._session.set_speed(factor)
        return f"speed {self._session.speed:g}"

    # -- messages and conversations ------------------------------------------------------------------------

    def edit(self, argument: str) -> Answer:
        prompt = self._last("user")
        if prompt is None:
            return "there is no prompt yet"
        if argument:
            told = expand(argument, Path.cwd()).text
            self._session.edit(prompt.id, argument, told if told != argument else "")
            return None
        if self._host.offer(f"/edit {prompt.text}"):
            return None
        return f"the last prompt was: {prompt.text}; write /edit and the new one"

    def new(self, _: str) -> Answer:
        self._session.new()
        return "a new conversation"

    def conversations(self, _: str) -> Answer:
        found = self._session.history.conversations()
        if not found:
            return "there are no conversations yet"
        lines = [self._listed(conversation) for conversation in found[:LISTED]]
        more = len(found) - len(lines)
        if more:
            lines.append(f"and {more} older ones; /search finds in all of them")
        return [*lines, "/open and a number goes on with one"]

    def open(self, argument: str) -> Answer:
        if not argument:
            return "give its number: /open 3; /conversations lists them"
        self._session.open(_whole(argument, 1, 2**63 - 1, "number"))
        return self._opened()

    def search(self, argument: str) -> Answer:
        if not argument:
            return "give what to look for: /search some words"
        found = self._session.history.search(argument, LISTED)
        if not found:
            return f"nothing was found for {argument!r}"
        return [f"{hit.conversation.id}: {hit.conversation.title}: {hit.excerpt}" for hit in found]

    def rename(self, argument: str) -> Answer:
        conversation = self._present()
        if argument:
            self._session.history.rename(conversation.id, argument)
            conversation = self._present()
        return f"the title is {conversation.title!r}"

    def delete(self, _: str) -> Answer:
        conversation = self._present()
        self._session.new()
        self._session.history.delete(conversation.id)
        self._deleted = conversation.id
        return f"deleted {conversation.title!r}; /undo brings it back"

    def undo(self, _: str) -> Answer:
        if self._deleted is None:
            return "nothing was deleted"
        self._session.history.restore(self._deleted)
        self._session.open(self._deleted)
        self._deleted = None
        return self._opened()

    def export(self, argument: str) -> Answer:
        from speakstream.export import export, wanted

        conversation = self._present()
        if not argument:
            return "give a file to write: /export talk.md, .json or .wav; the last turn alone: /export turn talk.md"
        turn, name = wanted(argument)
        path, voice = Path(name).expanduser(), self._session.voice_in_use()
        last = self._session.history.messages(conversation.id, 1)[0].id if turn else None
        with self._host.long_job() as resources:
            return export(
                self._session.history, conversation.id, path, message=last, voice=voice, settings=self._settings,
                resources=resources,
            )  # fmt: skip

    # -- voice, sound, program -----------------------------------------------------------------------------

    def mute(self, _: str) -> Answer:
        self._session.set_muted(not self._session.muted)
        return "no sound; /mute brings it back" if self._session.muted else "sound again"

    def louder(self, _: str) -> Answer:
        return self._at_volume(self._session.volume + STEP)

    def softer(self, _: str) -> Answer:
        return self._at_volume(self._session.volume - STEP)

    def volume(self, argument: str) -> Answer:
        if not argument:
            return self._at_volume(None)
        return self._at_volume(_whole(argument.removesuffix("%").strip(), 0, 100, "volume") / 100)

    def _at_volume(self, volume: float | None) -> Answer:
        if volume is not None:
            self._session.set_volume(volume)
        return f"volume {round(self._session.volume * 100)} %{', muted' if self._session.muted else ''}"

    def voice(self, argument: str) -> Answer:
        if not argument:
            from speakstream.tts import voices

            return [f"{voice.name}{_chosen(voice.name == self._session.voice)}: {voice.about}" for voice in voices()]
        self._session.set_voice(argument)
        return f"voice {self._session.voice}"

    def device(self, argument: str) -> Answer:
        if not argument:
            from speakstream.listings import devices_anew

            present = self._session.status().device
            return [f"{device.index}: {device.name}{_chosen(device.name == present)}" for device in devices_anew()]
        self._session.set_device(argument)
        return f"device {self._session.status().device}"

    def persona(self, argument: str) -> Answer:
        from speakstream.personas import find_persona, personas

        if not argument:
            present, warnings = self._session.persona, list[str]()
            names = [
                f"{one.name}{_chosen(present is not None and one.name == present.name)}"
                for one in personas(warnings.append)
            ]
            return [*warnings, *names, f"none{_chosen(present is None)}"]
        self._session.set_persona(None if argument.lower() == "none" else find_persona(argument))
        present = self._session.persona
        return f"{present.name} answers" if present else "no persona: as the settings have it"

    def status(self, _: str) -> Answer:
        return status_lines(self._session.status())

    def help(self, _: str) -> Answer:
        rows = [(f"{action.command} {action.argument}".strip(), action.about) for action in COMMANDS]
        return [
            "Write a prompt and press Enter.",
            "While it speaks, the next prompt interrupts it; Enter alone or Ctrl-C stops it. Ctrl-D leaves.",
            "The name of a file behind @ puts the file into the prompt.",
            "A prompt that begins with a slash needs a space before it.",
            *(f"{command}: {about}" for command, about in rows),
        ]

    def quit(self, _: str) -> Answer:
        self._host.leave()
        return None

    # -- what they share -----------------------------------------------------------------------------------

    def _last(self, role: str) -> StoredMessage | None:
        """The newest message of this conversation by ``role``."""
        conversation = self._session.conversation
        if conversation is None:
            return None
        return next((one for one in reversed(self._session.history.messages(conversation)) if one.role == role), None)

    def _present(self) -> StoredConversation:
        """This conversation. Raises SpeakStreamError for one that was not begun."""
        found = self._session.history.conversation(self._session.conversation or 0)
        if found is None or not found.messages:
            raise SpeakStreamError("this conversation has no messages yet")
        return found

    def _opened(self) -> Answer:
        if self._session.conversation is not None:
            self._host.show_conversation(self._session.conversation)
        return None

    def _speaks(self) -> bool:
        return self._session.status().voice_state != "off"

    def _silent(self) -> str:
        return self._session.status().silent_because or "speech is off (ENABLE_AUDIO=false, --no-audio)"

    def _listed(self, conversation: StoredConversation) -> str:
        count = f"{conversation.messages} message{'' if conversation.messages == 1 else 's'}"
        here = ", this one" if conversation.id == self._session.conversation else ""
        return f"{conversation.id}: {conversation.title} ({count}, {ago(time.time() - conversation.updated)}{here})"


def status_lines(status: Status) -> list[str]:
    """What a chat runs on, and the figures of the last turn."""
    voice = "none" if status.voice_state == "off" else f"{status.voice}, speed {status.speed:g}"
    rate = f", {status.sample_rate} Hz" if status.sample_rate else ""
    volume = f"volume {round(status.volume * 100)} %{', muted' if status.muted else ''}"
    lines = [
        f"model: {status.model or status.model_state}",
        f"voice: {voice}",
        f"sound: {status.device}{rate}, {volume}" if status.device else f"sound: none; {status.silent_because}",
    ]
    if status.persona:
        lines.append(f"persona: {status.persona}")
    if status.context_used is not None and status.context_length is not None:
        lines.append(f"context: {status.context_used} of {status.context_length} tokens")
    figures = [
        f"first word after {status.first_token:.2f} s" if status.first_token is not None else "",
        f"first sound after {status.first_audio:.2f} s" if status.first_audio is not None else "",
        f"{status.tokens_per_second:.0f} tokens a second" if status.tokens_per_second is not None else "",
        f"{status.underruns} underruns" if status.device else "",
    ]
    if status.first_token is not None:
        lines.append(f"last turn: {', '.join(figure for figure in figures if figure)}")
    return lines


def ago(seconds: float) -> str:
    """ "3 hours ago"."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def _unknown(name: str, known: Sequence[str]) -> str:
    if name[1:].replace("-", "_") in ONLY_ON_THE_SCREEN:
        return f"{name} needs the screen: leave, and start without --plain"
    near = difflib.get_close_matches(name, known, 1, 0.5)
    hint = f"did you mean {near[0]}?" if near else "see /help"
    return f"there is no command {name}; {hint} (to ask it as a prompt, put a space before it)"


def _whole(text: str, least: int, most: int, what: str) -> int:
    if not re.fullmatch("[0-9]{1,19}", text) or not least <= int(text) <= most:
        allowed = f"from {least} to {most}" if most < 2**63 - 1 else f"from {least}"
        raise SpeakStreamError(f"{what} {text!r} is not allowed: use a whole number {allowed}")
    return int(text)


def _chosen(is_it: bool) -> str:
    return " (this one)" if is_it else ""
