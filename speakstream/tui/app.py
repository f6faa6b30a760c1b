"""``speakstream chat``: the application, with all that a person can do in it."""

from speakstream.chat_options import ChatOptions
from speakstream.tui import choosing
from speakstream.tui.conversing import Conversing
from speakstream.tui.help import HelpScreen
from speakstream.tui.key_names import key_labels
from speakstream.tui.speaking import Speaking
from speakstream.tui.status import figures


class ChatApp(Speaking, Conversing):
    """The application. Each row of the table of actions has its method ``action_<name>``, given one string."""

    # -- the program ---------------------------------------------------------------------------------------

    def action_status(self, argument: str = "") -> None:
        if self.session is not None:
            for name, value in figures(self.session.status(), self.session.now()):
                self.transcript.notice(f"{name}: {value}")

    def action_log(self, argument: str = "") -> None:
        panel = self.log_panel
        panel.display = not panel.display

    def action_palette(self, argument: str = "") -> None:
        self.action_command_palette()

    def action_help(self, argument: str = "") -> None:
        self.push_screen(HelpScreen(self.keys, choosing.places(self.options)))

    def action_suspend(self, argument: str = "") -> None:
        """Back to the shell; the speech waits."""
        session = self.session
        was_paused = session is None or session.now().paused
        if session is not None and not was_paused:
            session.pause()
        self.action_suspend_process()
        if session is not None and not was_paused:
            session.resume()

    def action_interrupt(self) -> None:
        """Ctrl+C: copies what is marked, as everywhere; else it stops what runs; else it says how to leave."""
        if self.prompt.has_focus and self.prompt.selected_text:
            self.prompt.action_copy()
        elif self.screen.get_selected_text():
            self.screen.action_copy_text()
        elif self.session is not None and (self.session.now().speaking or self.session.now().writing):
            self.action_stop()
        else:
            self.tell(f"{key_labels(self.keys['quit'])} leaves; everything is kept")

    async def action_quit(self, argument: str = "") -> None:
        self.keep_draft(self.prompt.value)
        self.exit(0)


def run(options: ChatOptions) -> int:
    """The chat, until the person leaves; the exit status. Raises what has ended it, if an error did."""
    return ChatApp(options).run_to_the_end()
