"""The colours the chat offers, and the person's choice among them.

"terminal" takes nothing but the terminal's own sixteen colours, and shows cursors in reverse video, so that it suits a
dark and a light palette alike. The three of SpeakStream's own keep to WCAG's contrast: 4.5 to 1, and 7 to 1
for the high-contrast one.
"""

import difflib
import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from textual.app import App
from textual.theme import Theme

from speakstream.errors import ThemeError, one_line
from speakstream.tui.remembered import remember, remembered, state_path

DEFAULT_THEME = "speakstream"


_OWN = (
    Theme(
        name="speakstream",
        primary="#5fb3c9",
        secondary="#8ab4f8",
        accent="#f2b863",
        warning="#f2b863",
        error="#f2777a",
        success="#8fcf8f",
        foreground="#e4e6ea",
        background="#14171c",
        surface="#1b1f26",
        panel="#242a33",
        variables={
            "border": "#5fb3c9",
            "border-blurred": "#3a4350",
            "block-cursor-background": "#5fb3c9",
            "block-cursor-foreground": "#0d1013",
            "block-cursor-text-style": "bold",
            "footer-key-foreground": "#f2b863",
            "input-selection-background": "#5fb3c9 40%",
            "text-disabled": "#98a1ad",
        },
    ),
    Theme(
        name="speakstream-light",
        primary="#0f6479",
        secondary="#2b5bb0",
        accent="#8a4b00",
        warning="#8a4b00",
        error="#ad1f2d",
        success="#1f6b2c",
        foreground="#1d2126",
        background="#fafaf7",
        surface="#f0f0eb",
        panel="#e4e5df",
        dark=False,
        variables={
            "border": "#0f6479",
            "border-blurred": "#aab0b5",
            "block-cursor-background": "#0f6479",
            "block-cursor-foreground": "#ffffff",
            "block-cursor-text-style": "bold",
            "footer-key-foreground": "#8a4b00",
            "input-selection-background": "#0f6479 30%",
            "text-disabled": "#5a6168",
            "foreground-muted": "#4a5057",
        },
    ),
    Theme(
        name="speakstream-contrast",
        primary="#ffff00",
        secondary="#00ffff",
        accent="#ffff00",
        warning="#ffd700",
        error="#ff9e9e",
        success="#7dff7d",
        foreground="#ffffff",
        background="#000000",
        surface="#000000",
        panel="#000000",
        text_alpha=1.0,
        variables={
            "border": "#ffffff",
            "border-blurred": "#b0b0b0",
            "block-cursor-background": "#ffff00",
            "block-cursor-foreground": "#000000",
            "block-cursor-text-style": "bold",
            "footer-key-foreground": "#ffff00",
            "input-selection-background": "#ffffff",
            "input-selection-foreground": "#000000",
            "text-muted": "#ffffff",
            "text-disabled": "#d0d0d0",
            "foreground-muted": "#e0e0e0",
            "scrollbar": "#ffffff",
            "scrollbar-background": "#303030",
        },
    ),
    Theme(
        name="terminal",
        ansi=True,
        primary="ansi_blue",
        secondary="ansi_cyan",
        accent="ansi_magenta",
        warning="ansi_yellow",
        error="ansi_red",
        success="ansi_green",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        variables={
            "ansi-background": "ansi_default",
            "ansi-foreground": "ansi_default",
            "border": "ansi_blue",
            "border-blurred": "ansi_bright_black",
            "block-cursor-foreground": "ansi_default",
            "block-cursor-background": "ansi_default",
            "block-cursor-text-style": "bold",
            "block-cursor-blurred-text-style": "underline",
            "block-hover-background": "ansi_default",
            "footer-key-foreground": "ansi_blue",
            "input-cursor-foreground": "ansi_default",
            "input-cursor-background": "ansi_default",
            "input-cursor-text-style": "reverse",
            "input-selection-foreground": "ansi_black",
            "input-selection-background": "ansi_cyan",
            "screen-selection-foreground": "ansi_black",
            "screen-selection-background": "ansi_cyan",
            "scrollbar": "ansi_bright_black",
            "scrollbar-hover": "ansi_blue",
            "scrollbar-active": "ansi_blue",
            "scrollbar-background": "ansi_default",
            "scrollbar-background-hover": "ansi_default",
            "scrollbar-background-active": "ansi_default",
        },
    ),
)

OFFERED: Mapping[str, str] = MappingProxyType(
    {
        "speakstream": "Dark; the usual one",
        "speakstream-light": "Light",
        "speakstream-contrast": "High contrast, on black",
        "terminal": "The terminal's own colours",
        "nord": "Dark, blue and grey",
        "tokyo-night": "Dark, violet",
        "dracula": "Dark, pink and green",
        "catppuccin-mocha": "Dark, soft",
        "catppuccin-latte": "Light, soft",
    }
)
"""What is offered: its name, and what it looks like in a few words."""


def ansi_color(environ: Mapping[str, str] = os.environ) -> bool | None:
    """For Textual's ``App(ansi_color=…)``: with NO_COLOR set, it would else make greys of all colours, and of the
    terminal's own black on black."""
    return True if environ.get("NO_COLOR") else None


def register_themes(app: App[Any]) -> None:
    """Make every theme in `OFFERED` one that ``app.theme`` takes."""
    for theme in _OWN:
        app.register_theme(theme)


def choose_theme(app: App[Any], name: str = "", *, keep: bool = False) -> None:
    """Show ``name``, and with ``keep`` also the next time; "": what was kept, or the usual one. Raises ThemeError."""
    if not name:
        name = remembered(state_path()).get("theme", DEFAULT_THEME)
        name = name if name in OFFERED else DEFAULT_THEME
    if name not in OFFERED:
        near = difflib.get_close_matches(name.lower(), OFFERED, 1)
        hint = f"did you mean {near[0]}?" if near else f"use one of {', '.join(OFFERED)}"
        raise ThemeError(f"there is no theme {one_line(name)}; {hint}")
    app.theme = name
    if keep:
        try:
            remember(state_path(), "theme", name)
        except OSError as error:
            raise ThemeError(f"{one_line(str(state_path()))}: the theme can't be kept ({error.strerror})") from error
