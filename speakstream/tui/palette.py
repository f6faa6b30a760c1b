"""The actions in Textual's command palette, with their keys, in the place of Textual's own commands."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from speakstream.tui.actions import ACTIONS, Action
from speakstream.tui.key_names import key_labels

_NOT_OFFERED = frozenset(("palette", "page_up", "page_down", "select_up", "select_down"))
"""They make no sense from within a list."""


class ActionsProvider(Provider):
    """For ``App.COMMANDS``. The app's ``keys`` are as in `Keymap.keys`."""

    async def discover(self) -> Hits:
        for action in _OFFERED:
            yield DiscoveryHit(self._shown(Content(action.label), action), self._run(action), None, action.about)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for action in _OFFERED:
            score = max(matcher.match(action.label), matcher.match(action.command))
            if not score and query.lower() in action.about.lower():
                score = 0.1
            if score:
                label = self._shown(matcher.highlight(action.label), action)
                yield Hit(score, label, self._run(action), None, action.about)

    def _run(self, action: Action) -> Callable[[], Awaitable[bool]]:
        return partial(self.app.run_action, action.binding)

    def _shown(self, label: Content, action: Action) -> Content:
        keys: Mapping[str, str] = getattr(self.app, "keys", {})
        pressed = key_labels(keys.get(action.name, action.keys))
        return Content.assemble(label, (f"  {pressed}" if pressed else "", "dim not bold"))


_OFFERED = tuple(action for action in ACTIONS if action.name not in _NOT_OFFERED)
