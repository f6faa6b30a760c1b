"""What a person can do with messages and conversations."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on

from speakstream.happenings import Told
from speakstream.tui.base import ChatScreenApp
from speakstream.tui.choosing import FOLLOWS
from speakstream.tui.clipboard import copy
from speakstream.tui.key_names import key_labels
from speakstream.tui.pickers import Ask
from speakstream.tui.sidebar import COVERS_BELOW, Sidebar

if TYPE_CHECKING:
    from speakstream.session import Session


class Conversing(ChatScreenApp):
    """The actions on messages and conversations."""

    # -- messages ------------------------------------------------------------------------------------------

    def action_edit(self, argument: str = "") -> None:
        number = self.selected("user")
        message = self.options.history.message(number) if number is not None else None
        if message is None:
            self.tell("there is no prompt to edit yet")
            return
        self._edited = message.id
        self.prompt.fill(message.text)
        self.prompt.focus()
        self.tell("editing a former prompt: Enter asks it anew, in its place; an empty one leaves all as it is")

    def action_copy(self, argument: str = "") -> None:
        number = self.transcript.selected or self.selected("assistant")
        message = self.options.history.message(number) if number is not None else None
        if message is None:
            self.tell("there is nothing to copy yet")
        else:
            copy(self, message.text, self.tell)

    def action_copy_code(self, argument: str = "") -> None:
        number = self.selected("assistant")
        blocks = self.transcript.code_blocks(number) if number is not None else []
        if not blocks:
            self.tell("there is no code in this reply")
            return
        which = self.number(argument or str(len(blocks)), "code block", 1, len(blocks), "/copy-code 1")
        if which is not None:
            copy(self, blocks[int(which) - 1], self.tell)

    def action_select_up(self, argument: str = "") -> None:
        self.transcript.move(-1)

    def action_select_down(self, argument: str = "") -> None:
        self.transcript.move(+1)

    def action_page_up(self, argument: str = "") -> None:
        self.transcript.action_page_up()

    def action_page_down(self, argument: str = "") -> None:
        self.transcript.action_page_down()

    def action_follow(self, argument: str = "") -> None:
        kinds = list(FOLLOWS)
        wanted = argument or kinds[(kinds.index(self.transcript.follow) + 1) % len(kinds)]
        chosen = next((kind for kind in kinds if kind == wanted), None)
        if chosen is None:
            self.tell(f"/follow {wanted}: use one of {', '.join(kinds)}")
            return
        if chosen == self.transcript.follow and chosen != "off":
            self.transcript.follow_again()
        self.transcript.follow = chosen
        self.tell(f"the screen follows {FOLLOWS[chosen]}")

    # -- conversations -------------------------------------------------------------------------------------

    def action_new(self, argument: str = "") -> None:
        self._edited = None
        self.with_session(lambda session: session.new())
        self.prompt.focus()

    def action_conversations(self, argument: str = "") -> None:
        sidebar = self.sidebar
        sidebar.display = not sidebar.display
        if sidebar.display:
            self.refresh_sidebar()
            sidebar.focus_list()
        else:
            self.prompt.focus()

    def action_search(self, argument: str = "") -> None:
        sidebar = self.sidebar
        sidebar.display = True
        self.refresh_sidebar()
        sidebar.focus_search(argument)

    @on(Sidebar.SearchChanged)
    def _search(self, message: Sidebar.SearchChanged) -> None:
        self.sidebar.show_found(self.options.history.search(message.query) if message.query.strip() else [])

    @on(Sidebar.Chosen)
    def _chosen(self, message: Sidebar.Chosen) -> None:
        def opening(session: "Session") -> None:
            session.open(message.conversation)
            if message.message is not None:
                self.call_later(self.transcript.go_to, message.message)

        self.with_session(opening)
        if self.size.width < COVERS_BELOW:
            self.sidebar.display = False
        self.prompt.focus()

    @on(Sidebar.Closed)
    def _sidebar_closed(self) -> None:
        self.sidebar.display = False
        self.prompt.focus()

    @on(Sidebar.New)
    def _sidebar_new(self) -> None:
        self.action_new()

    @on(Sidebar.Rename)
    def _renamed(self, message: Sidebar.Rename) -> None:
        self.rename_conversation(message.conversation, message.title)

    @on(Sidebar.Delete)
    def _deletes(self, message: Sidebar.Delete) -> None:
        self.delete_conversation(message.conversation)

    @on(Sidebar.Undo)
    def _undoes(self) -> None:
        self.action_undo()

    def current(self) -> int | None:
        """The conversation that is shown; None, and the person is told, when it has not begun."""
        conversation = self.session.conversation if self.session is not None else None
        if conversation is None:
            self.tell("this conversation has not begun yet")
        return conversation

    def action_rename(self, argument: str = "") -> None:
        if (conversation := self.current()) is None:
            return
        if argument:
            self.rename_conversation(conversation, argument)
            return
        stored = self.options.history.conversation(conversation)

        def renamed(title: str | None) -> None:
            if title:
                self.rename_conversation(conversation, title)

        self.push_screen(Ask("Rename this conversation", stored.title if stored else ""), renamed)

    def rename_conversation(self, conversation: int, title: str) -> None:
        self.guarded(lambda: self.options.history.rename(conversation, title))
        self.show_title()
        self.refresh_sidebar()

    def action_delete(self, argument: str = "") -> None:
        if (conversation := self.current()) is not None:
            self.delete_conversation(conversation)

    def delete_conversation(self, conversation: int) -> None:
        """May be undone."""
        if self.session is not None and self.session.conversation == conversation:
            self.with_session(lambda session: session.new())
        self.with_session(lambda session: session.history.delete(conversation))
        self._deleted = conversation
        self.do(self.call_later, self.refresh_sidebar)
        self.tell(f"conversation deleted; {key_labels(self.keys['undo'])} or /undo brings it back")

    def action_undo(self, argument: str = "") -> None:
        deleted, self._deleted = self._deleted, None
        if deleted is None:
            self.tell("nothing was deleted that could be brought back")
            return
        self.with_session(lambda session: session.history.restore(deleted))
        self.do(self.call_later, self.refresh_sidebar)
        self.tell("the conversation is back; it is in the list")

    def action_export(self, argument: str = "") -> None:
        if (conversation := self.current()) is None:
            return
        if argument:
            self.export_to(conversation, argument)
            return

        def named(path: str | None) -> None:
            if path:
                self.export_to(conversation, path)

        question = "Export to a file (.md, .json or .wav); only the selected turn: turn FILE"
        self.push_screen(Ask(question, f"conversation-{conversation}.md"), named)

    def export_to(self, conversation: int, wish: str) -> None:
        """In a thread of its own: speech takes a while. ``wish``: a file; behind "turn " it gets the selected turn."""
        message = self.selected("assistant")

        def exporting() -> None:
            from speakstream.export import export, wanted

            turn, name = wanted(wish)
            path = Path(name).expanduser()
            voice = self.session.voice_in_use() if self.session is not None else None
            done = export(
                self.options.history, conversation, path, message=message if turn else None, voice=voice,
                settings=self.options.settings, resources=self.resources, notify=lambda line: self.hear(Told(line)),
            )  # fmt: skip
            self.hear(Told(done))

        self.run_worker(partial(self.guarded, exporting), thread=True, exit_on_error=False)
