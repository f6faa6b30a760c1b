"""``speakstream chat``: its options, and which front end they begin: the screen, or the plain dialogue."""

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from speakstream.command_line import (
    DeviceName,
    ModelName,
    Number,
    VoiceName,
    as_unicode,
    read_settings,
    tell,
    wrong_usage,
)
from speakstream.errors import HistoryError, one_line

if TYPE_CHECKING:
    from speakstream.history import History
    from speakstream.personas import Persona
    from speakstream.settings import Settings

EPILOG = (
    "\b\nExamples:\n"
    "  speakstream chat\n"
    "  speakstream chat --resume\n"
    "  speakstream chat --persona teacher --speed 0.9\n"
    "  speakstream chat --plain < prompts.txt > replies.txt"
)

LAST = "last"


def persona_names(incomplete: str) -> list[str]:
    """The personas that complete what a shell has so far."""
    from speakstream.personas import personas

    return [persona.name for persona in personas(lambda line: None) if persona.name.startswith(incomplete)]


def chat(
    context: typer.Context,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="[ID]", help="Go on with the last conversation, or this one.")
    ] = None,
    persona: Annotated[
        str | None,
        typer.Option(metavar="NAME", autocompletion=persona_names, help="Who answers; options given here win over it."),
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Line after line: for screen readers, dumb terminals and pipes.")
    ] = False,
    theme: Annotated[str | None, typer.Option(metavar="NAME", help="The colours; in the chat: /theme.")] = None,
    voice: VoiceName = None,
    speed: Annotated[Number, typer.Option(metavar="X", help="How fast, 0.5 to 3; 1: as the voice is.")] = None,
    volume: Annotated[Number, typer.Option(metavar="X", help="How loud, 0 to 1.")] = None,
    device: DeviceName = None,
    model: ModelName = None,
    system: Annotated[str | None, typer.Option(metavar="TEXT", help="The system prompt.")] = None,
    seed: Annotated[Number, typer.Option(metavar="N", help="The same number, the same replies.")] = None,
    temperature: Annotated[
        Number, typer.Option(metavar="X", help="0: always the likeliest word; up to 2: lively.")
    ] = None,
    max_new_tokens: Annotated[Number, typer.Option(metavar="N", help="The longest reply, in tokens.")] = None,
    no_audio: Annotated[bool, typer.Option("--no-audio", help="Text only.")] = False,
    with_code: Annotated[bool, typer.Option("--with-code", help="Read code too, line by line.")] = False,
    with_tables: Annotated[bool, typer.Option("--with-tables", help="Read tables too, row by row.")] = False,
) -> None:
    """Talk in the terminal.

    What is said is kept: --resume goes on with it.
    """
    if resume is not None and resume != LAST and not (resume.isascii() and resume.isdigit() and len(resume) < 19):
        wrong_usage(f"--resume {resume!r} is not allowed: use a conversation's number, or {LAST}", "chat")
    if plain and theme is not None:
        wrong_usage("--plain has no colours: --theme is for the screen", "chat")
    if theme is not None:
        _check_theme(theme)
    settings = read_settings(
        context,
        {
            "tts_model_name": voice,
            "tts_speed": speed,
            "default_volume": volume,
            "audio_device": device,
            "llm_model_name": model,
            "system_prompt": system,
            "seed": seed,
            "temperature": temperature,
            "max_new_tokens": max_new_tokens,
            "enable_audio": False if no_audio else None,
            "read_code": with_code or None,
            "read_tables": with_tables or None,
        },
    )
    from speakstream.chat_options import ChatOptions
    from speakstream.history import History, history_path
    from speakstream.logfile import screen_kept, start_log

    log_path, trouble = start_log(settings.debug)
    if trouble:
        tell([trouble])
    given = {"system_prompt": system, "voice": voice, "speed": speed, "temperature": temperature}
    who = _persona(persona, settings, given) if persona is not None else None
    history = History(history_path() if settings.save_chat_history else None)
    try:
        history.purge()
        number = _conversation(history, resume, settings.save_chat_history) if resume is not None else None
        if not plain and (missing := no_screen()):
            tell([f"{missing}: going on as with --plain"])
            plain = True
        options = ChatOptions(settings, history, who, number, theme, log_path)
        if plain:
            from speakstream.plain import run

            status = run(options)
        else:
            from speakstream.tui.app import run as run_on_the_screen

            with screen_kept():
                status = run_on_the_screen(options)
    finally:
        history.close()
    if status:
        raise typer.Exit(status)


def no_screen() -> str:
    """Why this terminal cannot show the full chat, in a few words; "": it can."""
    for name, stream in (("input", sys.stdin), ("output", sys.stdout)):
        if not stream.isatty():
            return f"standard {name} is no terminal"
    if sys.platform != "win32" and os.environ.get("TERM", "dumb") == "dumb":
        return "this terminal can only write line after line (TERM)"
    return ""


def _check_theme(name: str) -> None:
    from speakstream.tui.themes import OFFERED

    if name not in OFFERED:
        wrong_usage(f"--theme {name!r} is not known: use one of {', '.join(OFFERED)}", "chat")


def _persona(name: str, settings: "Settings", given: dict[str, str | None]) -> "Persona":
    """Who answers. What the command line says too is as it says. Raises PersonaError, or VoiceError."""
    from speakstream.personas import find_persona
    from speakstream.tts import check_name

    found = find_persona(as_unicode(name))
    if found.voice is not None and settings.enable_audio and given["voice"] is None:
        check_name(found.voice)
    return replace(
        found,
        system_prompt=found.system_prompt if given["system_prompt"] is None else settings.system_prompt,
        voice=found.voice if given["voice"] is None else None,
        speed=found.speed if given["speed"] is None else None,
        temperature=found.temperature if given["temperature"] is None else None,
    )


def _conversation(history: "History", resume: str, is_kept: bool) -> int:
    """The conversation to go on with. Raises HistoryError when it is not there."""
    if not is_kept:
        raise HistoryError("--resume: conversations are not kept here (SAVE_CHAT_HISTORY=false)")
    if resume == LAST:
        latest = history.latest()
        if latest is None:
            raise HistoryError("--resume: there is no conversation yet; begin one: speakstream chat")
        return latest.id
    found = history.conversation(int(resume))
    if found is None or not found.messages:
        raise HistoryError(f"--resume: there is no conversation {one_line(resume)}; see: speakstream history list")
    return found.id
