"""``speakstream serve``: its options, and what it prints."""

import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer

from speakstream.command_line import ModelName, Number, VoiceName, discard_output, read_settings, tell, wrong_usage

EPILOG = (
    "\b\nExamples:\n"
    "  speakstream serve --open\n"
    "  speakstream serve --allow-lan\n"
    "  speakstream serve --allow-lan --certfile cert.pem --keyfile key.pem"
)


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Listen on this one; 127.0.0.1 if not.")] = None,
    port: Annotated[Number, typer.Option(metavar="N", help="Listen on this port; 0: any. 8000 if not.")] = None,
    allow_lan: Annotated[
        bool, typer.Option("--allow-lan", help="Let other machines in, with an access token.")
    ] = False,
    certfile: Annotated[Path | None, typer.Option(metavar="FILE", help="The certificate, in PEM: https.")] = None,
    keyfile: Annotated[Path | None, typer.Option(metavar="FILE", help="Its key, if that is another file.")] = None,
    public_host: Annotated[
        str | None, typer.Option(metavar="NAME", help="The name by which a proxy offers it; asks for a token, too.")
    ] = None,
    model: ModelName = None,
    voice: VoiceName = None,
    speed: Annotated[Number, typer.Option(metavar="X", help="How fast, 0.5 to 3; 1: as the voice is.")] = None,
    system: Annotated[str | None, typer.Option(metavar="TEXT", help="The system prompt.")] = None,
    max_sessions: Annotated[Number, typer.Option(metavar="N", help="People at once; 16 if not.")] = None,
    no_audio: Annotated[bool, typer.Option("--no-audio", help="Text only.")] = False,
    no_history: Annotated[
        bool, typer.Option("--no-history", help="Offer no conversations that are kept on this machine.")
    ] = False,
    open_browser: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Talk in the browser.

    Only this machine can reach it, unless you say --allow-lan.
    """
    if allow_lan and host in ("127.0.0.1", "::1", "localhost"):
        wrong_usage(f"--allow-lan and --host {host} contradict each other: leave one of them out", "serve")
    settings = read_settings(
        context,
        {
            "host": host,
            "port": port,
            "allow_lan": allow_lan or None,
            "certfile": str(certfile) if certfile is not None else None,
            "keyfile": str(keyfile) if keyfile is not None else None,
            "public_host": public_host,
            "llm_model_name": model,
            "tts_model_name": voice,
            "tts_speed": speed,
            "system_prompt": system,
            "max_sessions": max_sessions,
            "enable_audio": False if no_audio else None,
            "save_chat_history": False if no_history else None,
        },
    )
    from speakstream.logfile import start_log
    from speakstream.server.listening import UsageError
    from speakstream.server.run import Job, run

    if not settings.debug and (trouble := start_log(False)[1]):
        tell([trouble])
    token = settings.access_token or ""
    if not token and (settings.allow_lan or settings.public_host):
        token = secrets.token_urlsafe(32)
    try:
        status = run(Job(open_browser, sys.stdout.isatty()), settings, token, _print, lambda line: tell([line]))
    except UsageError as error:
        wrong_usage(str(error), "serve")
    if status:
        raise typer.Exit(status)


def _print(line: str) -> None:
    """On standard output; when nobody reads that any more, the server goes on."""
    try:
        print(line, flush=True)
    except OSError:
        discard_output()
