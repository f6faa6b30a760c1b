"""What a person can do in the chat: the one table of it.

The footer, the command palette, the help screen, the slash commands (``/`` and the name) and the file of keys are all
made from it, so that none of them can tell of something that the others do not know. An action's name is that of the
app's method ``action_<name>``, which is given the argument, or "", as one string.

The keys are such as every terminal can send. Alt with a sign, a digit, "b" or "f" is none: without the Kitty protocol,
Textual hears these as the sign alone, or as Ctrl with an arrow. Ctrl+Space has two names, one for either protocol.
"""

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Action:
    """One row."""

    name: str
    keys: str  # as Textual writes them, by commas; "": it has none
    label: str  # in the footer and the palette
    about: str  # one line
    argument: str = ""  # what the slash command takes: "<factor>", "[title]"
    footer: bool = False
    group: str = "Program"

    @property
    def command(self) -> str:
        """The slash command."""
        return "/" + self.name.replace("_", "-")

    @property
    def binding(self) -> str:
        """The action as Textual's bindings name it."""
        return f'{self.name}("")'


_SPEECH, _MESSAGES, _CONVERSATIONS, _SOUND, _PROGRAM = (
    "Speech",
    "Messages",
    "Conversations",
    "Voice and sound",
    "Program",
)

ACTIONS: tuple[Action, ...] = (
    Action("stop", "escape", "Stop", "Silence at once; the reply ends where it was heard", footer=True, group=_SPEECH),
    Action(
        "pause",
        "ctrl+@,ctrl+space,f5",
        "Pause",
        "Pause the speech, or go on exactly where it was",
        footer=True,
        group=_SPEECH,
    ),
    Action("previous", "alt+left,f6", "Back", "To the beginning of the sentence, or the one before", group=_SPEECH),
    Action("next", "alt+right,f7", "Forward", "To the next sentence", group=_SPEECH),
    Action(
        "replay", "ctrl+r", "Replay", "Speak the selected reply, or the last one, again", footer=True, group=_SPEECH
    ),
    Action("hear", "alt+h,f8", "Hear it", "Read aloud what was not spoken: code, a table", group=_SPEECH),
    Action("slower", "alt+j,f3", "Slower", "Speak a tenth slower, from the present word on", group=_SPEECH),
    Action("faster", "alt+l,f4", "Faster", "Speak a tenth faster, from the present word on", group=_SPEECH),
    Action("speed", "", "Speed", "Speak at this speed, 0.5 to 3", "<factor>", group=_SPEECH),
    Action("edit", "alt+e", "Edit", "Edit the selected prompt, or the last one, and ask anew", group=_MESSAGES),
    Action("copy", "alt+c", "Copy", "Copy the selected message, or the last reply", group=_MESSAGES),
    Action("copy_code", "alt+k", "Copy code", "Copy a code block of the selected message", "[number]", group=_MESSAGES),
    Action("select_up", "ctrl+up", "Select up", "Select the message before", group=_MESSAGES),
    Action("select_down", "ctrl+down", "Select down", "Select the message after", group=_MESSAGES),
    Action("page_up", "pageup", "Page up", "Scroll up a page", group=_MESSAGES),
    Action("page_down", "pagedown", "Page down", "Scroll down a page", group=_MESSAGES),
    Action(
        "follow", "alt+a", "Follow", "Follow the spoken word, the newest text, or neither", "[what]", group=_MESSAGES
    ),
    Action("new", "ctrl+n", "New", "Begin a new conversation", footer=True, group=_CONVERSATIONS),
    Action("conversations", "ctrl+o", "Chats", "Show or hide the conversations", footer=True, group=_CONVERSATIONS),
    Action("search", "ctrl+f", "Search", "Search all conversations", "[words]", group=_CONVERSATIONS),
    Action("rename", "", "Rename", "Rename this conversation", "[title]", group=_CONVERSATIONS),
    Action("delete", "", "Delete", "Delete this conversation; /undo brings it back", group=_CONVERSATIONS),
    Action("undo", "alt+u", "Undo", "Bring back the conversation deleted last", group=_CONVERSATIONS),
    Action(
        "export",
        "alt+x",
        "Export",
        "Write this conversation, or a turn of it, to a file: .md, .json or .wav",
        "[turn] [file]",
        group=_CONVERSATIONS,
    ),
    Action("mute", "alt+m", "Mute", "Silence, or sound again; the speech goes on", group=_SOUND),
    Action("louder", "alt+up,f10", "Louder", "A tenth louder", group=_SOUND),
    Action("softer", "alt+down,f9", "Softer", "A tenth softer", group=_SOUND),
    Action("volume", "", "Volume", "Set the volume, 0 to 100", "<percent>", group=_SOUND),
    Action("voice", "alt+v", "Voice", "Choose the voice", "[name]", group=_SOUND),
    Action("device", "alt+d", "Device", "Choose the sound device", "[name]", group=_SOUND),
    Action("persona", "alt+p", "Persona", "Choose who answers, and how", "[name]", group=_PROGRAM),
    Action("theme", "alt+t", "Theme", "Choose the colours", "[name]", group=_PROGRAM),
    Action("palette", "ctrl+p", "Palette", "Find an action by its name", group=_PROGRAM),
    Action("status", "alt+s", "Status", "Show the figures of the last turn", group=_PROGRAM),
    Action("log", "f12", "Log", "Show or hide the log", group=_PROGRAM),
    Action("help", "f1,ctrl+g", "Help", "Show all keys and commands", footer=True, group=_PROGRAM),
    Action("suspend", "ctrl+z", "Suspend", "Back to the shell; fg comes back here", group=_PROGRAM),
    Action("quit", "ctrl+q", "Quit", "Leave; everything is kept", footer=True, group=_PROGRAM),
)
"""In the order in which they are shown."""

BY_NAME = MappingProxyType({action.name: action for action in ACTIONS})
