"""``speakstream chat --plain``: the chat as a plain dialogue, for screen readers, dumb terminals and pipes.

What is written is never changed afterwards: no cursor movement, no colours, no redrawing. All of it is written by the
main thread, which waits for three things at once: a line, a signal, and what the session tells. Nothing is written into
a line that is being typed. While a reply is written, what is typed is not echoed; it appears when the line is complete,
or, unfinished, at the next prompt. A line of the program's own waits for the end of the reply's line.

From a pipe each line is a prompt, whatever it begins with: answered and spoken to the end before the next is read.
"""

import logging
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from speakstream.attachments import expand
from speakstream.chat_options import ChatOptions
from speakstream.command_line import BROKEN_PIPE, FAILED
from speakstream.errors import SpeakStreamError, one_line
from speakstream.happenings import Added, Changed, Ended, Grown, Happening, Now, Opened, Silent, Told
from speakstream.interrupts import Interrupts, exit_status
from speakstream.loading import Resources
from speakstream.plain_commands import COMMANDS, Commands
from speakstream.plain_input import Bell, Source, open_editor
from speakstream.plain_page import PROMPT, Page
from speakstream.printer import StandardOutput
from speakstream.starting import start_session
from speakstream.terminal import Keyboard
from speakstream.text.control import ControlFilter
from speakstream.text.skipped import describe

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
"""How often it is looked whether a reply's text is complete: no event tells that."""

PROGRESS_SECONDS = 10.0
"""Between two lines on how far a download is."""


def run(options: ChatOptions) -> int:
    """The dialogue, until the person leaves or standard input ends; the exit status. Raises SpeakStreamError."""
    return _Plain(options).run()


class _Plain:
    """One run."""

    def __init__(self, options: ChatOptions) -> None:
        self._options = options
        self._bell = Bell()
        self._out = StandardOutput(sys.stdout, self.leave)
        self._page = Page(self._out, sys.stdout.isatty())
        self._source = Source(sys.stdin.fileno())
        self._editor = open_editor(options.history.prompts, [action.command for action in COMMANDS])
        self._keyboard = Keyboard(sys.stdin) if self._source.is_terminal and sys.platform != "win32" else None
        self._happened: deque[Happening] = deque()
        self._left = False
        self._pressed = threading.Event()  # Ctrl-C, and nothing was done yet
        self._heard = threading.Event()  # a signal, by the thread that takes them
        self._reply: int | None = None  # that is shown as it grows
        self._dropped: int | None = None  # one that was stopped: no more of its text
        self._filter = ControlFilter()
        self._answering = False  # the reply has not ended
        self._failed = False
        self._told_progress = 0.0
        self._silent: list[Silent] = []
        self._resources = Resources()
        self._job: Resources | None = None  # that Ctrl-C cancels

    def run(self) -> int:
        """See ``run`` above."""
        ctrl_c = self._is_not_the_end if self._source.is_terminal else None
        resources = self._resources
        try:
            with Interrupts(self._end, self._stand_back, self._come_back, ctrl_c) as self._interrupts:
                options = self._options
                try:
                    self._session = start_session(
                        options.settings, options.history, self._hear, resources, options.persona
                    )
                    try:
                        self._commands = Commands(self._session, options.settings, self)
                        self._begin()
                        self._talk()
                        self._say_goodbye()
                    finally:
                        self._left = True
                        resources.cancelled.set()
                        self._session.close()
                finally:
                    resources.close()
                    self._restore_keyboard()
                    self._page.close()
                    if self._editor is not None:
                        self._editor.close()
        finally:
            self._out.close()
        if self._out.broken:
            return BROKEN_PIPE
        if self._out.error is not None:
            raise SpeakStreamError(f"standard output: {self._out.error.strerror or self._out.error}")
        if self._interrupts.signal:
            return exit_status(self._interrupts.signal)
        return FAILED if self._failed and not self._source.is_terminal else 0

    # -- called by other threads ---------------------------------------------------------------------------

    def _hear(self, happening: Happening) -> None:
        self._happened.append(happening)
        self._bell.ring()

    def _end(self) -> None:
        """A signal ends it all."""
        self._out.abandon()
        self._heard.set()
        self.leave()

    def _is_not_the_end(self) -> bool:
        """At Ctrl-C: whether the main thread can decide what it means. It cannot when it did not come to the last."""
        if self._left or self._pressed.is_set():
            return False
        if (job := self._job) is not None:
            job.cancelled.set()
        else:
            self._pressed.set()
        self._heard.set()
        self._bell.ring()
        return True

    def _stand_back(self) -> None:
        """Before a stop (Ctrl-Z), or a forced end."""
        self._restore_keyboard()

    def _come_back(self) -> None:
        self._heard.set()
        self._bell.ring()

    # -- what the commands ask for: see Host ---------------------------------------------------------------

    @property
    def silent(self) -> Sequence[Silent]:
        """See Host."""
        return self._silent

    def leave(self) -> None:
        """See Host. Any thread may call this."""
        self._left = True
        self._bell.ring()

    def stop(self) -> bool:
        """See Host."""
        now = self._session.now()
        if not (now.speaking or now.writing):
            return False
        self._session.stop()
        self._dropped = self._reply
        self._page.end_text()
        return True

    def offer(self, line: str) -> bool:
        """See Host."""
        if self._editor is None:
            return False
        self._editor.unfinished = ControlFilter().push(line)
        return True

    def show_conversation(self, conversation: int) -> None:
        """See Host."""
        history, page = self._options.history, self._page
        stored = history.conversation(conversation)
        if stored is None:
            return
        last = history.messages(conversation, 2)
        count = f"{stored.messages} message{'' if stored.messages == 1 else 's'}"
        page.note(f"conversation {conversation}, {stored.title!r}, {count}" + ("; the last:" if last else ""))
        for message in last:
            page.message(message.text, message.role == "user")
            if message.reason == "interrupted":
                page.note("stopped")
            elif message.reason == "failed":
                page.note(f"failed: {message.error}")

    @contextmanager
    def long_job(self) -> Iterator[Resources]:
        """See Host."""
        self._job = job = Resources(progress=self._resources.progress)
        try:
            yield job
        finally:
            self._job = None
            job.close()

    # -- the dialogue --------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._hush(by_key=False)
        options, settings = self._options, self._options.settings
        if settings.enable_audio:
            self._session.open_sound(settings.audio_device or "")
        if self._source.is_terminal:
            status = self._session.status()
            sound = f"voice {status.voice} on {status.device}" if status.device else "no sound"
            self._page.note(f"SpeakStream: {settings.llm_model_name}, {sound}")
            self._page.note("/help lists the commands; Enter alone stops the speech, Ctrl-D leaves")
        if options.resume is not None:
            self._session.open(options.resume)
        if options.persona is not None:
            self._session.set_persona(options.persona)
        if options.resume is not None and self._source.is_terminal:
            self.show_conversation(options.resume)

    def _say_goodbye(self) -> None:
        number = self._session.conversation
        if self._source.is_terminal and self._options.settings.save_chat_history and number is not None:
            self._page.note(f"this conversation is kept: speakstream chat --resume {number}")

    def _talk(self) -> None:
        while not self._left:
            now = self._session.now()  # first: all text that it knows of is then among what has happened
            try:
                self._show_happenings()
                if not now.writing:
                    self._page.end_text()
                if self._pressed.is_set():
                    self._pressed.clear()
                    self._interrupt()
                elif (line := self._next_line(now)) is not None:
                    self._take(line)
            except SpeakStreamError as error:
                self._failed = True
                self._page.note(str(error))

    def _next_line(self, now: Now) -> str | None:
        """A line, if there is one; else wait until one is there, or something has happened."""
        if not self._source.is_terminal:
            if not self._answering:
                return self._take_from_source()
            self._wait()
            return None
        if now.writing:
            self._hush(by_key=False)
            if not self._wait(LOOK_SECONDS, typed=True):
                return None
            if (line := self._take_from_source()) is not None:
                self._page.message(line, asked=True)  # it was typed unseen
            return line
        if self._editor is None:
            self._restore_keyboard()
            self._page.prompt()
            if not self._wait(typed=True):
                return None
            if (line := self._take_from_source()) is not None:
                self._page.typed(complete=True)
            return line
        self._hush(by_key=True)
        self._page.prompt()
        self._editor.unfinished += ControlFilter().push(self._source.take_begun())
        if not self._editor.unfinished and not self._wait(typed=True):
            return None
        return self._edit()

    def _take_from_source(self) -> str | None:
        """A line, where there is something to read; at the end of all, leave."""
        source = self._source
        if not source.is_terminal and not source.waits and not source.ended and not self._wait(typed=True):
            return None
        line = None if source.ended and not source.waits else source.take()
        if line is None and source.ended:
            self.leave()
        return line

    def _wait(self, timeout: float | None = None, typed: bool = False) -> bool:
        """Wait until the bell rings; ``typed``: or there is something to read, and whether there is."""
        watched: list[int | Bell] = [self._bell]
        if typed and sys.platform == "win32":  # there, select knows no files
            return True
        if typed:
            watched.append(self._source.descriptor)
        ready = select.select(watched, [], [], timeout)[0]
        if self._bell in ready:
            self._bell.silence()
            return False
        return bool(ready)

    def _edit(self) -> str | None:
        """A line from the editor; None: a signal broke it off, or there are no more."""
        assert self._editor is not None
        self._restore_keyboard()
        self._page.again()
        self._heard.clear()
        try:
            line = self._editor.line(PROMPT, self._interrupts)
        except EOFError:
            self.leave()
            return None
        self._page.typed(complete=line is not None)
        if line is None:
            self._heard.wait()  # what the signal means
        return line

    def _take(self, line: str) -> None:
        """Do what a line says."""
        self._hush(by_key=False)
        text, by_a_person = line.strip(), self._source.is_terminal
        if by_a_person and line.startswith("/"):
            self._answer(self._commands.obey(text))
        elif text:
            self._ask(text)
        elif by_a_person:
            self._say_stopped()

    def _ask(self, text: str) -> None:
        told = text
        if self._source.is_terminal:  # what comes through a pipe need not be a person's words
            try:
                told = expand(text, Path.cwd()).text
            except SpeakStreamError:
                self.offer(text)
                raise
        self._session.ask(text, told if told != text else "")
        self._answering = True
        if self._session.status().model_state == "loading" and self._source.is_terminal:
            self._page.note("the model is still loading")

    def _answer(self, answer: str | Sequence[str] | None) -> None:
        if isinstance(answer, str):
            self._page.note(answer)
        else:
            for line in answer or ():
                self._page.line(one_line(line))

    def _interrupt(self) -> None:
        """What Ctrl-C means: stop the speech; else give up the line; else leave."""
        if self._say_stopped():
            return
        if self._editor is not None and self._editor.unfinished:
            self._editor.unfinished = ""
        else:
            self.leave()

    def _say_stopped(self) -> bool:
        if stopped := self.stop():
            self._page.note("stopped")
        return stopped

    # -- what happens --------------------------------------------------------------------------------------

    def _show_happenings(self) -> None:
        page = self._page
        while self._happened:
            match self._happened.popleft():
                case Opened():
                    self._reply, self._silent = None, []
                case Added(message) if message.role == "assistant":
                    page.end_text()
                    if self._reply is not None:
                        page.blank_line()
                    self._reply, self._silent, self._filter = message.id, [], ControlFilter()
                case Grown(message, delta) if message == self._reply != self._dropped:
                    page.text(self._filter.push(delta))
                case Silent() as silent if silent not in self._silent:
                    self._tell_silent(silent)
                case Ended(message) if message.id == self._reply:
                    page.end_text()
                    self._answering, self._failed = False, message.reason == "failed"
                    if self._failed:
                        page.note(f"failed: {message.error}")
                case Told(text):
                    log.info("told: %s", text)
                    page.note_later(text)
                case Changed():
                    self._tell_progress()

    def _tell_silent(self, silent: Silent) -> None:
        stored = self._options.history.message(silent.message)
        if stored is None:
            return
        if self._silent and self._silent[0].message != silent.message:
            self._silent = []
        self._silent.append(silent)
        what = describe(stored.text, silent.span, silent.why)
        how = f"; /hear {len(self._silent)} reads it" if self._source.is_terminal else ""
        self._page.note_later(f"not read aloud: {what}{how}")

    def _tell_progress(self) -> None:
        progress = self._session.status().progress
        if progress and time.monotonic() - self._told_progress > PROGRESS_SECONDS:
            self._told_progress = time.monotonic()
            self._page.note_later(f"fetching {progress}")

    # -- the keyboard --------------------------------------------------------------------------------------

    def _hush(self, by_key: bool) -> None:
        if self._keyboard is not None:
            self._keyboard.hush(by_key)

    def _restore_keyboard(self) -> None:
        if self._keyboard is not None:
            self._keyboard.restore()
