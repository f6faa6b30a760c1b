"""What each look of the transcript is in Textual's CSS. Every theme's variables give it its colours.

Nothing is said by colour alone: a name, a mark, a place or a text style says it too.
"""

from collections.abc import Mapping
from types import MappingProxyType

LOOKS: Mapping[str, str] = MappingProxyType(
    {
        "you": "color: $text-accent; text-style: bold;",
        "speaker": "color: $text-success; text-style: bold;",
        "notice": "color: $text-secondary; text-style: italic;",
        "error": "color: $text-error; text-style: bold;",
        "bar": "color: $text-accent;",
        "empty": "text-style: none;",
        "emphasis": "text-style: italic;",
        "strong": "text-style: bold;",
        "strike": "text-style: strike;",
        "code": "color: $text-warning; background: $surface;",
        "link": "text-style: underline;",
        "heading-1": "color: $text-primary; text-style: bold underline;",
        "heading-2": "color: $text-primary; text-style: bold;",
        "heading-3": "color: $text-primary; text-style: bold italic;",
        "quote": "text-style: italic;",
        "quote-bar": "color: $text-secondary;",
        "bullet": "color: $text-primary; text-style: bold;",
        "aside": "text-style: dim;",
        "math": "text-style: italic;",
        "table-header": "text-style: bold;",
        "table-border": "text-style: dim;",
        "rule": "text-style: dim;",
        "label": "text-style: dim italic;",
        "silent": "color: $text-secondary; text-style: italic;",
        "stopped": "color: $text-error; text-style: bold;",
        "code-block": "background: $surface;",
        "comment": "text-style: dim italic;",
        "keyword": "color: $text-accent; text-style: bold;",
        "string": "color: $text-success;",
        "number": "color: $text-warning;",
        "name": "color: $text-primary;",
        "builtin": "color: $text-secondary;",
        "deleted": "color: $text-error;",
        "inserted": "color: $text-success;",
        "to-come": "color: $foreground; text-style: dim;",
        "unheard": "color: $foreground; text-style: dim;",
        "lit": "text-style: bold reverse;",
        "follow": "text-style: bold reverse;",
    }
)
"""The names that looks are made of, and their styles."""

PREFIX = "transcript--"

CSS = f"""
TranscriptView {{
    overflow-x: hidden;
    overflow-y: scroll;
    scrollbar-size-vertical: 1;
    background: $background;
    color: $foreground;
    &:focus {{ scrollbar-color: $text-accent; }}
    {" ".join(f"& > .{PREFIX}{name} {{ {style} }}" for name, style in LOOKS.items())}
}}
"""
