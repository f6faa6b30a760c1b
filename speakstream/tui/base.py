"""The chat's screen, joined to the session, which runs on threads of its own. What a person can do is in ``app.py``."""

import asyncio
import difflib
import logging
import queue
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.filter import LineFilter
from textual.message import Message
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Footer, Static

from speakstream.chat_options import ChatOptions
from speakstream.errors import SpeakStreamError, one_line
from speakstream.happenings import Added, Changed, Ended, Grown, Happening, Now, Opened, Silent, Told
from speakstream.keymap import keymap_path, read_keymap
from speakstream.tui import choosing
from speakstream.tui.actions import ACTIONS, BY_NAME
from speakstream.tui.clipboard import copy
from speakstream.tui.ending import EndingApp
from speakstream.tui.key_names import key_label, split_keys
from speakstream.tui.log_panel import LogPanel
from speakstream.tui.palette import ActionsProvider
from speakstream.tui.pickers import Picker, Row
from speakstream.tui.printable import ONLY_PRINTABLE
from speakstream.tui.prompt import Choice, PromptCommand, PromptInput
from speakstream.tui.sidebar import Sidebar
from speakstream.tui.status import StatusLine
from speakstream.tui.terminal_input import terminal_driver
from speakstream.tui.themes import ansi_color, choose_theme, register_themes
from speakstream.tui.transcript import Transcript

if TYPE_CHECKING:
    from speakstream.loading import Resources
    from speakstream.session import Session

log = logging.getLogger(__name__)

FRAME = 1 / 25
"""Seconds between looks at which word sounds, while something is written or spoken."""

IDLE_FRAME = 0.5

WIDGETS_KEYS = frozenset({"stop", "page_up", "page_down", "select_up", "select_down"})
"""Actions whose keys belong to the widget that has the focus, if it wants them."""


COMMANDS = MappingProxyType({action.command: action for action in ACTIONS})

DRAFT_SECONDS = 0.5
"""After the last key, until the draft is stored."""

EMPTY = (
    "SpeakStream\n\nType a prompt and press Enter: the answer is spoken while it is written.\n{help} shows all keys."
)


class Happened(Message):
    """Something the session tells, brought to the interface's thread."""

    def __init__(self, happening: Happening) -> None:
        super().__init__()
        self.happening = happening


class ChatScreenApp(EndingApp, inherit_bindings=False):
    """The application without its actions."""

    CSS = """
    #title {
        height: 1;
        padding: 0 1;
        background: $panel;
        color: $text-muted;
        text-style: bold;
        text-overflow: ellipsis;
        text-wrap: nowrap;
    }

    #middle {
        height: 1fr;
    }

    #transcript {
        width: 1fr;
    }

    #bottom {
        height: auto;
    }
    """
    TITLE = "SpeakStream"
    COMMANDS = {ActionsProvider}  # noqa: RUF012 -- as Textual declares it
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "interrupt", "Interrupt", show=False, priority=True)]

    def __init__(self, options: ChatOptions) -> None:
        super().__init__(driver_class=terminal_driver(), ansi_color=ansi_color())
        self.options = options
        self.session: Session | None = None
        self.resources: Resources | None = None
        self._jobs: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._worker = threading.Thread(target=self._work, name="session")
        self._now = Now()
        self._draft_timer: Timer | None = None
        self._draft: str | None = None  # what is typed and not stored yet
        self._edited: int | None = None  # the prompt that the next one takes the place of
        self._deleted: int | None = None
        keymap = read_keymap(keymap_path())
        self.keys: Mapping[str, str] = keymap.keys
        self._key_warnings = keymap.warnings
        for action in ACTIONS:  # not `set_keymap`: it can neither take keys away nor give any to what had none
            if keys := self.keys[action.name]:
                priority = action.name not in WIDGETS_KEYS
                self._bindings.bind(keys, action.binding, action.label, action.footer, key_label(keys), priority)
        # kept, since a query finds only what is on the screen on top
        self.title_line = Static("", id="title")
        self.sidebar = Sidebar(id="sidebar")
        self.transcript = Transcript(id="transcript")
        self.log_panel = LogPanel(id="log")
        self.prompt = PromptInput(history=options.history.prompts(), commands=self.commands(), id="prompt")
        self.status_line = StatusLine(id="status")

    # -- the widgets ---------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield self.title_line
        with Horizontal(id="middle"):
            yield self.sidebar
            yield self.transcript
        yield self.log_panel
        with Vertical(id="bottom"):
            yield self.prompt
            yield self.status_line
            yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Show the screen; what takes long begins behind it."""
        register_themes(self)
        choose_theme(self, self.options.theme or "")
        self.prompt.give_up({key for keys in self.keys.values() for key in keys.split(",")})
        self.transcript.hear_key = _first_key(self.keys["hear"], "/hear")
        settings = self.options.settings
        self.transcript.follow = "word" if settings.auto_scroll else "off"
        read = {"code": settings.read_code, "table": settings.read_tables}
        self.transcript.aloud = frozenset(kind for kind, aloud in read.items() if aloud)
        self.sidebar.display = False
        self.log_panel.display = self.options.settings.debug
        self.prompt.fill(self.options.history.draft(self.options.resume))
        self.prompt.focus()
        self._frames = self.set_interval(FRAME, self.frame, pause=True)
        self.set_interval(IDLE_FRAME, self.frame)
        self.show_title()
        self.transcript.empty = EMPTY.format(help=_first_key(self.keys["help"], "/help"))
        for warning in self._key_warnings:
            self.tell(warning)
        self.do(self._begin)  # before all that a person asks for
        self.call_after_refresh(self._worker.start)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What has a key of its own waits while a question or the help is open, but for those of the shell."""
        return action not in BY_NAME or action in ("suspend", "quit") or not isinstance(self.screen, ModalScreen)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What all that is drawn goes through."""
        return [*super().get_line_filters(), ONLY_PRINTABLE]

    def copy_to_clipboard(self, text: str) -> None:
        """As widgets call it, for Ctrl+C: with the same consent as everywhere."""
        self._clipboard = text  # Ctrl+V pastes it
        copy(self, text, self.tell)

    # -- the session and its thread ------------------------------------------------------------------------

    def do(self, job: Callable[..., object], *values: object) -> None:
        """Run a method of the session that may wait, after those before it. Any thread may call this."""
        self._jobs.put(lambda: job(*values))

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except SpeakStreamError as error:
                self.hear(Told(str(error)))
            except Exception as error:
                log.exception("a command failed")
                self.hear(Told(f"unexpected error: {error!r}; the log has more"))

    def get_key_display(self, binding: Binding) -> str:
        """The footer's short way to write a key: ^r, esc; Ctrl+Space reaches a program as Ctrl+@."""
        return "^space" if binding.key == "ctrl+@" else super().get_key_display(replace(binding, key_display=None))

    def make_session(self) -> "Session":
        """In the session's thread: import what is slow, begin to load."""
        from speakstream.loading import Resources
        from speakstream.starting import start_session

        self.resources = Resources()
        options = self.options
        return start_session(options.settings, options.history, self.hear, self.resources, options.persona)

    def _begin(self) -> None:
        options = self.options
        self.session = session = self.make_session()
        if options.settings.enable_audio:
            session.open_sound(options.settings.audio_device or "")
        if options.resume is not None:
            session.open(options.resume)
        if options.persona is not None:
            session.set_persona(options.persona)

    def hear(self, happening: Happening) -> None:
        """The session's listener: any thread."""
        self.post_message(Happened(happening))

    def on_unmount(self) -> None:
        """Have threads of the interface end, which Textual waits for: an export, say."""
        if self.resources is not None:
            self.resources.cancelled.set()

    def finish(self) -> None:
        """After the screen has gone: end what runs. Everything is saved."""
        if self._draft is not None:
            self.keep_draft(self._draft)
        if self.session is not None:
            self.session.stop()
        if self.resources is not None:
            self.resources.cancelled.set()
        self._jobs.put(None)
        if self._worker.ident is not None:
            self._worker.join()
        if self.session is not None:
            self.session.close()
        if self.resources is not None:
            self.resources.close()

    # -- what happens --------------------------------------------------------------------------------------

    @on(Happened)
    def _show_happening(self, message: Happened) -> None:
        transcript = self.transcript
        match message.happening:
            case Opened(conversation, messages, older):
                kept = f"{older} older messages are kept: speakstream history show {conversation}" if older else ""
                transcript.show(messages, kept)
                self.show_title()
                self.refresh_sidebar()
            case Added(added):
                transcript.add(added)
                self._frames.resume()
                self.show_title()
                self.refresh_sidebar()
            case Grown(number, delta):
                transcript.grow(number, delta)
            case Silent(number, span, why):
                transcript.silent(number, span, why)
            case Ended(ended):
                transcript.end(ended)
            case Told(text):
                self.tell(text)
            case Changed():
                self.frame()
                self.show_title()

    def frame(self) -> None:
        """Light the word that sounds, move the meter."""
        session = self.session
        if session is None:
            return
        now = session.now()
        busy = now.speaking or now.writing
        if busy or self._now.speaking:
            self.transcript.light(now.message if now.speaking else None, now.word, now.heard)
        self._now = now
        self.status_line.show(session.status(), now)
        if busy:
            self._frames.resume()
        else:
            self._frames.pause()

    def tell(self, text: str) -> None:
        """A line of the program's own."""
        log.info("told: %s", text)
        self.transcript.notice(one_line(text))

    # -- the prompt ----------------------------------------------------------------------------------------

    @on(PromptInput.Submitted)
    def _submitted(self, message: PromptInput.Submitted) -> None:
        text = message.text
        if text.startswith("/"):
            self.command(text)
        elif text.strip():
            self.ask(text)

    @on(PromptInput.Typing)
    def _typing(self, message: PromptInput.Typing) -> None:
        if self.session is not None:
            self.session.typing(message.text)
        self.keep_draft_soon(message.text)

    def command(self, text: str) -> None:
        """A slash command."""
        name, _, argument = text.strip().partition(" ")
        action = COMMANDS.get(name.lower())
        if action is None:
            near = difflib.get_close_matches(name.lower(), COMMANDS, 1, 0.5)
            self.tell(f"there is no command {name}; " + (f"did you mean {near[0]}?" if near else "/help shows all"))
            return
        getattr(self, f"action_{action.name}")(argument.strip())

    def ask(self, text: str) -> None:
        """Answer a prompt, with the files that it names; of an edited one, in its place."""
        from speakstream.attachments import expand

        try:
            expanded = expand(text, Path.cwd())
        except SpeakStreamError as error:
            self.prompt.take_back()  # nothing is lost
            self.tell(str(error))
            return
        self.keep_draft("")
        edited, self._edited = self._edited, None
        told = expanded.text if expanded.text != text else ""

        def asking(session: "Session") -> None:
            if edited is None:
                session.ask(text, told)
            else:
                session.edit(edited, text, told)

        self.with_session(asking)

    def selected(self, role: str) -> int | None:
        """The selected message, if it is a prompt, or a reply, as ``role`` says; else the last one of that role."""
        return self.transcript.newest(role)

    def guarded(self, job: Callable[[], object]) -> None:
        """Do something short, or in a thread of its own, that may fail; an error is told. Any thread may call this."""
        try:
            job()
        except SpeakStreamError as error:
            self.hear(Told(str(error)))

    def with_session(self, job: "Callable[[Session], object]") -> None:
        """Run ``job`` in the session's thread, as soon as there is a session."""

        def work() -> None:
            if self.session is not None:
                job(self.session)

        self.do(work)

    def keep_draft_soon(self, text: str) -> None:
        """Store what is typed, when the typing rests."""
        self._draft = text
        if self._draft_timer is not None:
            self._draft_timer.stop()
        self._draft_timer = self.set_timer(DRAFT_SECONDS, partial(self._typing_rests, text))

    def _typing_rests(self, text: str) -> None:
        if self.session is not None:
            self.session.typing(text, rests=True)
        self.keep_draft(text)

    def keep_draft(self, text: str) -> None:
        """Store what is typed and not sent."""
        self._draft = None
        if self._draft_timer is not None:
            self._draft_timer.stop()
            self._draft_timer = None
        conversation = self.session.conversation if self.session is not None else self.options.resume
        self.guarded(lambda: self.options.history.set_draft(conversation, text))

    def commands(self) -> list[PromptCommand]:
        """The slash commands, for the prompt's completion."""
        choices: dict[str, Callable[[], Iterable[Choice | str]]] = {
            "voice": lambda: [Choice(row.value, row.about) for row in choosing.voices("")],
            "persona": lambda: [Choice(row.value, row.about) for row in choosing.personas("")],
            "theme": lambda: [Choice(row.value, row.about) for row in choosing.themes(self)],
            "follow": lambda: choosing.FOLLOWS,
            "speed": lambda: ("0.8", "1", "1.2", "1.5", "2"),
        }
        return [PromptCommand(action, choices.get(action.name, tuple)) for action in ACTIONS]

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

    def show_title(self) -> None:
        """The conversation's title, and who answers."""
        session = self.session
        stored = None
        if session is not None and session.conversation is not None:
            stored = self.options.history.conversation(session.conversation)
        said = ["SpeakStream", stored.title if stored else "New conversation"]
        if session is not None and session.persona is not None:
            said.append(session.persona.name)
        self.title_line.update(Content(" · ".join(said)))

    def refresh_sidebar(self) -> None:
        """Its list, as the history has it now."""
        sidebar = self.sidebar
        if sidebar.display:
            current = self.session.conversation if self.session is not None else None
            sidebar.show(self.options.history.conversations(), current)


def _first_key(keys: str, command: str) -> str:
    """How an action is asked for: by its first key, or, where it has none, by its command."""
    return key_label(split_keys(keys)[0]) if keys else command
