"""How the chat ends, whatever ends it: the person, a signal, a terminal that is gone, an error of ours.

In each case the terminal is given back as it was, nothing runs on, and everything is saved.
"""

import logging
import signal
from collections.abc import Mapping
from typing import Any

from textual.app import App
from textual.message import Message

from speakstream.errors import SpeakStreamError
from speakstream.interrupts import Interrupts, exit_status
from speakstream.tui.terminal_input import give_back_terminal

log = logging.getLogger(__name__)


class EndingApp(App[int]):
    """An application that ends in good order."""

    failure: Exception | None = None
    """The error that has ended it."""

    def tell(self, text: str) -> None:
        """Show the person one line."""
        raise NotImplementedError

    def finish(self) -> None:
        """After the screen has gone: end what runs."""
        raise NotImplementedError

    def _handle_exception(self, error: Exception) -> None:
        log.error("the chat ends: %r", error, exc_info=error)
        if not self._exit:  # it ends already: what was just about to be shown misses its parts
            self.failure = self.failure or error
        super()._handle_exception(error)

    def _print_error_renderables(self) -> None:
        """Whoever runs the application gets ``failure``, and the log has the traceback, which Textual would print."""
        self._exit_renderables.clear()

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except SpeakStreamError as error:
            if not self._is_mounted:  # there is no screen to tell it on
                raise
            self.tell(str(error))

    async def run_action(self, action: Any, default_namespace: Any = None, namespaces: Any = None) -> bool:
        """As Textual's; an error that a person can act on is told."""
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except SpeakStreamError as error:
            self.tell(str(error))
            return True

    def run_to_the_end(self) -> int:
        """Run it; the exit status. Raises what has ended it, if an error did. For the main thread."""
        with Interrupts(self._end, lambda: give_back_terminal(self._driver), None) as interrupts:
            before = {number: signal.getsignal(number) for number in _TEXTUALS}
            try:
                status = self.run()
            finally:
                _restore(before)
                self.finish()
        if self.failure is not None:
            raise self.failure
        return exit_status(interrupts.signal) if interrupts.signal else status or 0

    def _end(self) -> None:
        """A signal has come. Called by a thread of its own."""
        self.exit(0)


_TEXTUALS = [getattr(signal, name) for name in ("SIGTSTP", "SIGCONT", "SIGWINCH") if hasattr(signal, name)]
"""Signals that Textual takes, and does not give back."""


def _restore(handlers: Mapping[int, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)
